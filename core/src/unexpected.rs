//! Messages from a peer that cannot be right, although the exchange can go on.

use crate::uppercase::upper;
use crate::words::words;
use alloc::vec::Vec;

words! {
    /// What is odd about a message from a peer.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum UnexpectedKind {
        /// The reply is not the capitals of what was sent.
        Reply = "wrong-reply",
        /// The greeting is not the server's.
        Banner = "wrong-banner",
        /// The whole answer came, but the stream did not end.
        NoEnd = "no-end",
        /// A line has begun, but its end does not come.
        Unended = "unended-line",
        /// The text is written `b'…'`, as Python prints bytes.
        PythonBytes = "python-bytes",
        /// The text is the last word but for its case, or for blanks and line ends around it.
        AlmostFin = "almost-fin",
        /// In a chat: the text is the capitals of what this side just said.
        OwnCapitals = "own-capitals",
    }
}

/// Something odd, with what it is compared to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unexpected<'a> {
    /// What is odd.
    pub kind: UnexpectedKind,
    /// What the peer was asked, if it was.
    pub question: &'a [u8],
    /// What had to come, if that is known.
    pub expected: &'a [u8],
    /// What came.
    pub received: &'a [u8],
}

impl<'a> Unexpected<'a> {
    /// Something odd in itself.
    pub const fn of(kind: UnexpectedKind, received: &'a [u8]) -> Self {
        Unexpected {
            kind,
            question: &[],
            expected: &[],
            received,
        }
    }

    /// Checks a text that anyone may write. `is_fin` recognises the last word.
    pub(crate) fn check_text(text: &'a [u8], is_fin: impl Fn(&[u8]) -> bool) -> Option<Self> {
        let kind = if is_python_bytes(text) {
            UnexpectedKind::PythonBytes
        } else if is_almost_fin(text) && !is_fin(text) {
            UnexpectedKind::AlmostFin
        } else {
            return None;
        };
        Some(Unexpected::of(kind, text))
    }
}

fn is_python_bytes(text: &[u8]) -> bool {
    match text {
        [b'b', quote @ (b'\'' | b'"'), .., end] => quote == end && text.len() > 3,
        _ => false,
    }
}

/// Checks the length first, so that it is cheap for longer texts.
fn is_almost_fin(text: &[u8]) -> bool {
    const LONGEST: usize = 16;
    text.len() <= LONGEST && text.trim_ascii().eq_ignore_ascii_case(b"fin")
}

/// Whether `text` is another's capitals, and not the same.
pub(crate) fn is_capitals_of(text: &[u8], other: &[u8]) -> bool {
    let mut capitals = Vec::new();
    text != other && {
        upper(other, &mut capitals);
        capitals == text
    }
}
