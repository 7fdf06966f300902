//! Sends that leave with one call.

use core::ops::Range;

use super::{Op, Outbox};
use crate::link::{Link, Transport, max_datagram};

/// Sends that can leave in one call.
#[derive(Clone, Debug)]
pub(crate) struct Batch {
    /// The first of them.
    pub(crate) first: usize,
    /// The output after the last of them.
    pub(crate) end: usize,
    /// Where their bytes lie.
    pub(crate) bytes: Range<usize>,
    /// How long each datagram is; the last may be shorter. Of a stream, how long all is.
    pub(crate) segment: usize,
}

impl Outbox {
    /// If output `first` is a send: the sends from there on that can leave in one call, at most
    /// `max_batch` datagrams.
    ///
    /// On a stream these are all sends in a row, because its bytes may be cut anywhere. Datagrams
    /// leave together as equal segments to one peer, of which only the last may be shorter; all of
    /// them have no more bytes than one datagram may have, or the system would refuse them.
    #[inline]
    pub(crate) fn batch(
        &self,
        first: usize,
        transport: Transport,
        max_batch: usize,
    ) -> Option<Batch> {
        let Op::Send(link, range) = self.ops[first] else {
            return None;
        };
        let mut batch = Batch {
            first,
            end: first + 1,
            bytes: range.range(),
            segment: range.end - range.start,
        };
        if transport == Transport::Stream || max_batch > 1 {
            self.extend(link, transport, max_batch, &mut batch);
        }
        Some(batch)
    }

    /// To whom a batch leaves, and its bytes.
    #[inline]
    pub(crate) fn send_of(&self, batch: &Batch) -> Option<(&Link, &[u8])> {
        let link = self.link_of(batch.first)?;
        Some((link, &self.to_send[batch.bytes.clone()]))
    }

    /// Adds to a batch what can leave with its first send.
    fn extend(&self, link: usize, transport: Transport, max_batch: usize, batch: &mut Batch) {
        let (most_bytes, mut datagrams) = (max_datagram(self.links[link].peer), 1);
        for (index, op) in self.ops.iter().enumerate().skip(batch.end) {
            let range = match op {
                Op::Send(to, range) if range.start == batch.bytes.end && *to == link => range,
                _ if op.is_for_user() => continue,
                _ => break,
            };
            let len = range.end - range.start;
            let mut full = true;
            if transport == Transport::Stream {
                batch.segment += len;
            } else {
                let fits = 0 < len && len <= batch.segment && batch.bytes.len() + len <= most_bytes;
                if !fits || datagrams == max_batch {
                    break;
                }
                datagrams += 1;
                full = len == batch.segment;
            }
            batch.bytes.end = range.end;
            batch.end = index + 1;
            if !full {
                break;
            }
        }
    }

    /// The output that is next when the first `len` bytes of a batch of datagrams are sent.
    pub(crate) fn after(&self, batch: &Batch, len: usize) -> usize {
        let reached = batch.bytes.start + len;
        let mut later = batch.first + 1..batch.end;
        let unsent = later.find(|index| match &self.ops[*index] {
            Op::Send(_, range) => range.start >= reached,
            _ => false,
        });
        unsent.unwrap_or(batch.end)
    }
}
