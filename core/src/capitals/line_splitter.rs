//! A stream cut into lines.

use alloc::vec::Vec;

/// How many bytes an empty buffer may keep room for.
const IDLE_CAPACITY: usize = 1024;

/// A stream cut into lines, whatever its pieces.
#[derive(Debug, Default)]
pub(super) struct LineSplitter {
    /// The beginning of a line whose end has not come.
    pub(super) partial: Vec<u8>,
}

impl LineSplitter {
    /// Takes the next line off the front of `bytes`, without its end (LF or CRLF). `None` if the
    /// line has not ended: then its beginning is kept.
    pub(super) fn next<'a, 'b: 'a>(&'a mut self, bytes: &mut &'b [u8]) -> Option<&'a [u8]> {
        let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
            self.partial.extend_from_slice(bytes);
            *bytes = &[];
            return None;
        };
        let (line, rest) = (&bytes[..end], &bytes[end + 1..]);
        *bytes = rest;
        if self.partial.is_empty() {
            return Some(line.strip_suffix(b"\r").unwrap_or(line));
        }
        self.partial.extend_from_slice(line);
        Some(self.partial.strip_suffix(b"\r").unwrap_or(&self.partial))
    }

    /// Forgets the line that [`next`](Self::next) gave.
    pub(super) fn forget(&mut self) {
        self.partial.clear();
        self.partial.shrink_to(IDLE_CAPACITY);
    }

    /// Whether the partial line is already longer than `most` bytes. A carriage return
    /// does not count, as it may belong to the line's end.
    pub(super) fn is_over(&self, most: usize) -> bool {
        let partial = &self.partial;
        partial.strip_suffix(b"\r").unwrap_or(partial).len() > most
    }
}
