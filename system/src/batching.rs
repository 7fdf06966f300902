//! Batches: several datagrams from one peer, or to one peer, in one call.
//!
//! On receiving, Linux joins consecutive datagrams of one peer that have equal length (GRO,
//! `UDP_GRO`). On sending, it splits a long buffer into datagrams of a given length (GSO,
//! `UDP_SEGMENT`; udp(7)). So one call carries up to 64 datagrams.

use std::io;

use socklab_core::Received;

/// How many datagrams one call sends at most (`UDP_MAX_SEGMENTS` up to Linux 6.8).
const MAX_BATCH: usize = 64;

/// How a UDP socket sends and receives several datagrams in one call, if it does.
#[derive(Debug, Default)]
pub(crate) struct Batching {
    /// Whether the system moves several datagrams in one call on this socket.
    pub(crate) enabled: bool,
    /// The shortest segment length of a batch that the system refused, although it sent the first
    /// datagram alone. Such segments exceed a packet on that route, or the network card cannot
    /// split them.
    refused: Option<u16>,
    /// The part of the last batch that the machine has not taken yet.
    rest: Option<Box<(Received, Vec<u8>)>>,
}

impl Batching {
    /// How many datagrams one call sends at most.
    pub(crate) fn max_batch(&self) -> usize {
        match self.enabled {
            true => MAX_BATCH,
            false => 1,
        }
    }

    /// Keeps the part of a batch that the machine did not take, until it wants more.
    pub(crate) fn keep(&mut self, received: &Received, rest: &[u8]) {
        if let Received::Batch { link, segment, .. } = *received {
            let received = Received::Batch {
                link,
                len: rest.len(),
                segment,
                arrival: None,
            };
            self.rest = Some(Box::new((received, rest.to_vec())));
        }
    }

    /// Takes the part that was kept, as if it had just been received.
    #[inline]
    pub(crate) fn take_rest(&mut self, buffer: &mut [u8]) -> Option<Received> {
        let (received, bytes) = *self.rest.take()?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        Some(received)
    }

    /// Sends a batch with `send`, which gets its bytes and the length of its segments. If the
    /// system refuses batches of this length, or there is only one datagram, `send` gets the first
    /// datagram alone, without a length. Returns how many bytes were sent.
    ///
    /// # Errors
    /// Those of `send`.
    #[cfg_attr(not(target_os = "linux"), expect(dead_code))]
    pub(crate) fn send(
        &mut self,
        bytes: &[u8],
        segment: usize,
        mut send: impl FnMut(&[u8], Option<u16>) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let first = &bytes[..segment];
        let length = u16::try_from(segment).ok();
        let works = |length: &u16| self.refused.is_none_or(|refused| *length < refused);
        let Some(length) = length.filter(|length| segment < bytes.len() && works(length)) else {
            return send(first, None);
        };
        match send(bytes, Some(length)) {
            Err(error) if is_due_to_batching(&error) => {
                // If the first datagram alone is refused too, the batch was not the cause: a peer
                // can, for example, name port 0 as its own.
                let sent = send(first, None)?;
                self.refused = Some(length);
                Ok(sent)
            }
            sent => sent,
        }
    }
}

/// Whether the system may have refused a batch although it would send each datagram alone.
fn is_due_to_batching(error: &io::Error) -> bool {
    #[cfg(target_os = "linux")]
    {
        use nix::errno::Errno;
        let code = error.raw_os_error().map(Errno::from_raw);
        matches!(code, Some(Errno::EINVAL | Errno::EMSGSIZE | Errno::EIO))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = error;
        false
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_os = "linux")]
    use std::io::ErrorKind;

    use socklab_core::Link;

    use super::*;

    /// Sends a batch of two segments; the system answers with these. Returns which calls were made.
    #[cfg(target_os = "linux")]
    fn tried(
        batching: &mut Batching,
        segment: usize,
        all: Result<usize, i32>,
        one: Result<usize, i32>,
    ) -> (Vec<&'static str>, io::Result<usize>) {
        let failed = io::Error::from_raw_os_error;
        let mut tried = Vec::new();
        let sent = batching.send(&[0; 100_000][..2 * segment], segment, |bytes, length| {
            let is_batch = length.is_some();
            assert_eq!(bytes.len(), if is_batch { 2 * segment } else { segment });
            tried.push(if is_batch { "all" } else { "one" });
            if is_batch { all } else { one }.map_err(failed)
        });
        (tried, sent)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_length_that_is_refused_is_sent_one_by_one() {
        use nix::libc::{EAGAIN, EINVAL, EMSGSIZE};
        let mut batching = Batching::default();
        for error in [EINVAL, EMSGSIZE] {
            // The first by itself is refused too: it was not the batch.
            let (calls, sent) = tried(&mut batching, 1400, Err(error), Err(EINVAL));
            assert_eq!(calls, ["all", "one"]);
            assert_eq!(sent.unwrap_err().raw_os_error(), Some(EINVAL));
        }
        let (calls, sent) = tried(&mut batching, 1400, Err(EAGAIN), Ok(1));
        assert_eq!(calls, ["all"], "no room is no refusal");
        assert_eq!(sent.unwrap_err().kind(), ErrorKind::WouldBlock);
        let (calls, sent) = tried(&mut batching, 1400, Err(EMSGSIZE), Ok(1400));
        assert_eq!((calls, sent.unwrap()), (vec!["all", "one"], 1400));
        // From now on neither this length nor a longer one is tried, and shorter ones are.
        for (segment, tries) in [(1400, "one"), (1399, "all"), (9000, "one"), (70_000, "one")] {
            let mut all = || tried(&mut batching, segment.min(50_000), Ok(2), Ok(1));
            assert_eq!(all().0, [tries], "{segment}");
        }
    }

    #[test]
    fn what_was_not_taken_comes_again() {
        let (mut batching, mut buffer) = (Batching::default(), [0; 16]);
        let link = Link::first("127.0.0.1:1".parse().unwrap());
        assert!(batching.take_rest(&mut buffer).is_none());
        let received = Received::Batch {
            link,
            len: 10,
            segment: 4,
            arrival: None,
        };
        batching.keep(&received, b"efghij");
        let again = batching.take_rest(&mut buffer);
        assert!(matches!(
            again,
            Some(Received::Batch { link: from, len: 6, segment: 4, .. }) if from == link
        ));
        assert_eq!(&buffer[..6], b"efghij");
        assert!(batching.take_rest(&mut buffer).is_none());
    }
}
