//! The inputs of a machine.

use alloc::vec::Vec;
use core::net::SocketAddr;

use crate::fault::{Doing, Fault};
use crate::link::{Link, Socket};
use crate::register::{Decision, StoreId};
use crate::words::words;

words! {
    /// Which limit on a server's connections was reached.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    pub enum ExceededLimit {
        /// The server holds as many connections as it may.
        Total = "over-total",
        /// It holds as many from this peer's address (or /64 network of IPv6) as it may.
        PerAddress = "over-per-address",
    }
}

/// One thing that happened. A driver reports each as it happens, with the time.
#[derive(Clone, Copy, Debug)]
pub enum Input<'a> {
    /// The machine begins. Always the first input, once.
    Start,
    /// A datagram server's socket is bound and can hear.
    Bound {
        /// Which socket.
        socket: Socket,
        /// The socket's own address. If port 0 was asked for, this has the real port.
        local: SocketAddr,
    },
    /// A link is up: an [`Open`](crate::Output::Open) succeeded, or a connection was accepted.
    Opened {
        /// The new link.
        link: Link,
        /// This end's address.
        local: SocketAddr,
        /// The limit that an accepted connection exceeds. The machine may only tell the peer so;
        /// after [`REFUSAL_TIMEOUT`](crate::REFUSAL_TIMEOUT) it is stopped. Always `None` for a
        /// client.
        exceeded: Option<ExceededLimit>,
    },
    /// A whole datagram came, possibly empty.
    Datagram {
        /// From whom.
        link: Link,
        /// Its payload.
        bytes: &'a [u8],
    },
    /// Some bytes of a stream came, at least one. They may be cut anywhere.
    Bytes {
        /// From whom.
        link: Link,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// The peer of a stream will send no more.
    End {
        /// Which peer.
        link: Link,
    },
    /// The system has taken everything that was sent on a link before
    /// [`Finish`](crate::Output::Finish). When asked once, it reported no error.
    Finished {
        /// Which link.
        link: Link,
    },
    /// The system reported an error. After it a stream is dead; a datagram socket is not.
    Fault {
        /// On which socket.
        socket: Socket,
        /// What was being done.
        doing: Doing,
        /// The error.
        fault: Fault,
    },
    /// The user typed a line (without its line end). Comes only while the machine's interest asks
    /// for one.
    Line(&'a [u8]),
    /// The user's input has ended: there will be no more lines.
    InputEnd,
    /// The machine's deadline has passed.
    Timer,
    /// The register has decided on an attempt.
    Stored {
        /// The number that the machine gave the attempt.
        id: StoreId,
        /// What the register decided.
        decision: &'a Decision,
    },
    /// The program must end: the machine finishes what it must, and begins no more.
    Stop,
}

/// The user's answer to a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LineEvent {
    /// A line, without its line end.
    Line(Vec<u8>),
    /// The input has ended.
    End,
}

impl LineEvent {
    /// The same as an input of the machine.
    pub fn input(&self) -> Input<'_> {
        match self {
            LineEvent::Line(line) => Input::Line(line),
            LineEvent::End => Input::InputEnd,
        }
    }
}
