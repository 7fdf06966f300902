//! What a rehearsal says of a message, in words.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use socklab_core::register::Decision;
use socklab_core::submit::{Part, Remark, review};

use crate::escape;
use crate::say;
use crate::words::Words;

/// What came on a connection.
pub(super) struct Received {
    peer: SocketAddr,
    pub(super) bytes: Vec<u8>,
    /// In how many calls it was received.
    pub(super) pieces: u32,
    /// When its last byte came, as Unix time.
    pub(super) complete: Duration,
}

impl Received {
    pub(super) fn new(peer: SocketAddr) -> Self {
        Received {
            peer,
            bytes: Vec::new(),
            pieces: 0,
            complete: Duration::ZERO,
        }
    }
}

/// Says it.
pub(super) struct Reviewer {
    pub(super) words: Arc<Words>,
    pub(super) quiet: bool,
}

impl Reviewer {
    /// Shows what came, part by part, with what is to be said of each, and what was answered. In one piece, so that what
    /// several connections sent does not mix.
    pub(super) fn say(&self, received: &Received, decision: Option<&Decision>, answer: &[u8]) {
        if self.quiet {
            return;
        }
        say::line(&self.lines(received, decision, answer).join("\n"));
    }

    fn lines(
        &self,
        received: &Received,
        decision: Option<&Decision>,
        answer: &[u8],
    ) -> Vec<String> {
        let words = &self.words;
        let review = review(&received.bytes, decision, received.complete.as_secs());
        let mut lines = vec![words.say_with(
            "rehearsal-from",
            &[
                ("peer", &received.peer),
                ("bytes", &received.bytes.len()),
                ("pieces", &received.pieces),
            ],
        )];
        let mut part = |id: &str, part: Part, text: &[u8]| {
            lines.push(format!(
                "  {}",
                words.say_with(id, &[("text", &shown(text))])
            ));
            for remark in review.remarks.iter().filter(|one| one.part() == part) {
                let said = self.remark(remark);
                let id = if remark.is_wrong() {
                    "rehearsal-wrong"
                } else {
                    "rehearsal-note"
                };
                lines.push(format!("    {}", words.say_with(id, &[("said", &said)])));
            }
        };
        part("rehearsal-message", Part::Message, &received.bytes);
        if let Some([name, dni, code]) = review.parts {
            part("rehearsal-name", Part::Name, name);
            part("rehearsal-dni", Part::Dni, dni);
            part("rehearsal-code", Part::Code, code);
        }
        if !review.remarks.iter().any(Remark::is_wrong) {
            lines.push(format!("  {}", words.say("rehearsal-right")));
        }
        let answer = words.say_with("rehearsal-answer", &[("text", &shown(answer))]);
        lines.push(format!("  {answer}"));
        lines
    }

    fn remark(&self, remark: &Remark) -> String {
        let words = &self.words;
        let count = |id: &str, count: usize| words.say_with(id, &[("count", &count)]);
        let seconds = |id: &str, seconds: u64| words.say_with(id, &[("seconds", &seconds)]);
        match remark {
            Remark::Nothing => words.say("rehearsal-nothing"),
            Remark::Separators(found) => count("rehearsal-separators", *found),
            Remark::Separator(other) => {
                words.say_with("rehearsal-separator", &[("other", &other.to_string())])
            }
            Remark::Utf16 => words.say("rehearsal-utf16"),
            Remark::Bom => words.say("rehearsal-bom"),
            Remark::After(bytes) => count("rehearsal-after", *bytes),
            Remark::Swapped => words.say("rehearsal-swapped"),
            Remark::NameEmpty => words.say("name-empty"),
            Remark::NameTooLong(bytes) => count("rehearsal-name-long", *bytes),
            Remark::NameNul => words.say("reply-name-nul"),
            Remark::NameNotUtf8 => words.say("rehearsal-name-not-utf8"),
            Remark::NameAmpersand => words.say("rehearsal-name-ampersand"),
            Remark::NameQuoted => words.say("rehearsal-name-quoted"),
            Remark::Dni(error) => say::dni(words, *error),
            Remark::DniBlanks => words.say("rehearsal-dni-blanks"),
            Remark::Code(error) => say::code(words, *error),
            Remark::CodeBlanks => words.say("rehearsal-code-blanks"),
            Remark::CodeBehind(time) => seconds("reply-code-behind", *time),
            Remark::CodeAhead(time) => seconds("reply-code-ahead", *time),
            Remark::CodeHours(hours) => words.say_with("rehearsal-code-hours", &[("hours", hours)]),
            Remark::CodeZeros(dni) => {
                let dni = dni.as_str().to_owned();
                words.say_with("rehearsal-code-zeros", &[("dni", &dni)])
            }
            Remark::CodeTwice => words.say("rehearsal-code-twice"),
            Remark::CodeNotEncoded => words.say("rehearsal-code-not-encoded"),
            Remark::CodeLetter => words.say("rehearsal-code-letter"),
            Remark::CodeUsed => words.say("reply-code-used"),
            Remark::CodeWrong => words.say("rehearsal-code-wrong"),
        }
    }
}

/// Bytes as they can be shown on a line.
fn shown(bytes: &[u8]) -> String {
    let mut line = Vec::with_capacity(bytes.len());
    escape::write(bytes, &mut line);
    String::from_utf8_lossy(&line).into_owned()
}
