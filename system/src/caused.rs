//! What operations on a socket lead to.

use std::io;
use std::net::SocketAddr;

use socklab_core::{Doing, Link, Mono};

use crate::observed::Moved;

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
    /// A datagram, how many bytes it has, and when the kernel had it, where that is known.
    Datagram(Link, usize, Option<Mono>),
    /// Some bytes of a stream.
    Bytes(Link, usize),
    /// The end of a stream.
    End(Link),
}

impl Received {
    /// What an observer is told of it.
    pub fn moved(&self) -> Moved {
        let (items, bytes, arrived) = match *self {
            Received::Datagram(_, len, arrived) => (1, len, arrived),
            Received::Bytes(_, len) => (1, len, None),
            Received::End(_) => (0, 0, None),
        };
        Moved {
            items,
            bytes,
            arrived,
        }
    }
}
