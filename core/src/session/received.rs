//! The result of a receive.

use crate::link::Link;
use crate::time::Mono;

/// The result of a receive; the payload is in the buffer.
#[derive(Clone, Copy, Debug)]
pub enum Received {
    /// A datagram of this length, and when the kernel received it, if that is known.
    Datagram(Link, usize, Option<Mono>),
    /// Several datagrams of one peer, side by side.
    Batch {
        /// From whom.
        link: Link,
        /// The length of all of them together.
        len: usize,
        /// The length of each; only the last may be shorter.
        segment: usize,
        /// When the kernel received the first, if that is known.
        arrival: Option<Mono>,
    },
    /// This many bytes of a stream, at least one.
    Bytes(usize),
    /// The end of a stream.
    End,
}

impl Received {
    /// How many bytes of payload came.
    pub const fn len(&self) -> usize {
        match *self {
            Received::Datagram(_, len, _) | Received::Batch { len, .. } | Received::Bytes(len) => {
                len
            }
            Received::End => 0,
        }
    }

    /// Whether there is no payload: the end of a stream, or an empty datagram.
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
