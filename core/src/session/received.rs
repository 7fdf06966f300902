//! The result of a receive.

use crate::link::Link;
use crate::time::Mono;

/// What came out of a receive; the payload is in the buffer.
#[derive(Clone, Copy, Debug)]
pub enum Received {
    /// A datagram of so many bytes, and when the kernel had it, where that is known.
    Datagram(Link, usize, Option<Mono>),
    /// Several datagrams of one peer, side by side.
    Train {
        /// From whom.
        link: Link,
        /// How many bytes they have together.
        len: usize,
        /// How long each is; only the last may be shorter.
        segment: usize,
        /// When the kernel had the first, where that is known.
        arrived: Option<Mono>,
    },
    /// So many bytes of a stream, at least one.
    Bytes(usize),
    /// The end of a stream.
    End,
}

impl Received {
    /// How many bytes of payload came.
    pub const fn len(&self) -> usize {
        match *self {
            Received::Datagram(_, len, _) | Received::Train { len, .. } | Received::Bytes(len) => {
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
