//! What operations on a socket lead to.

use std::io;
use std::net::SocketAddr;

use socklab_core::{Doing, Link};

/// What carrying out an output causes, to be fed when all outputs are carried out.
#[derive(Debug)]
pub enum Caused {
    /// A socket is open and connected.
    Opened {
        /// To whom.
        link: Link,
        /// Its own address.
        local: SocketAddr,
    },
    /// All was sent, and no more will be.
    Finished(Link),
    /// It failed.
    Fault(Doing, io::Error),
}

/// What came out of a receive; the payload is in the buffer.
#[derive(Clone, Copy, Debug)]
pub enum Received {
    /// A datagram, and how many bytes it has.
    Datagram(Link, usize),
    /// Some bytes of a stream.
    Bytes(Link, usize),
    /// The end of a stream.
    End(Link),
}

impl Received {
    /// How many datagrams or pieces of a stream, and how many bytes.
    pub fn items(&self) -> (u32, usize) {
        match self {
            Received::Datagram(_, len) | Received::Bytes(_, len) => (1, *len),
            Received::End(_) => (0, 0),
        }
    }
}
