//! What a rehearsal says of a message, in messages.

use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::register::Decision;
use socklab_core::submit::{Part, Remark, review};

use crate::say;
use socklab_text::Messages;
use socklab_text::escape;

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
    pub(super) messages: &'static dyn Messages,
    pub(super) quiet: bool,
}

impl Reviewer {
    /// Shows what came, part by part, with what is to be said of each, and what was answered. In
    /// one piece, so that what several connections sent does not mix.
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
        let messages = self.messages;
        let review = review(&received.bytes, decision, received.complete.as_secs());
        let mut lines = vec![messages.say_with(
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
                messages.say_with(id, &[("text", &shown(text))])
            ));
            for remark in review.remarks.iter().filter(|one| one.part() == part) {
                let said = self.remark(remark);
                let id = if remark.is_wrong() {
                    "rehearsal-wrong"
                } else {
                    "rehearsal-note"
                };
                lines.push(format!("    {}", messages.say_with(id, &[("said", &said)])));
            }
        };
        part("rehearsal-message", Part::Message, &received.bytes);
        if let Some([name, dni, code]) = review.parts {
            part("rehearsal-name", Part::Name, name);
            part("rehearsal-dni", Part::Dni, dni);
            part("rehearsal-code", Part::Code, code);
        }
        if !review.remarks.iter().any(Remark::is_wrong) {
            lines.push(format!("  {}", messages.say("rehearsal-right")));
        }
        let answer = messages.say_with("rehearsal-answer", &[("text", &shown(answer))]);
        lines.push(format!("  {answer}"));
        lines
    }

    fn remark(&self, remark: &Remark) -> String {
        let messages = self.messages;
        let count = |id: &str, count: usize| messages.say_with(id, &[("count", &count)]);
        let seconds = |id: &str, seconds: u64| messages.say_with(id, &[("seconds", &seconds)]);
        match remark {
            Remark::Empty => messages.say("rehearsal-nothing"),
            Remark::Separators(found) => count("rehearsal-separators", *found),
            Remark::Separator(other) => {
                messages.say_with("rehearsal-separator", &[("other", &other.to_string())])
            }
            Remark::Utf16 => messages.say("rehearsal-utf16"),
            Remark::Bom => messages.say("rehearsal-bom"),
            Remark::After(bytes) => count("rehearsal-after", *bytes),
            Remark::Swapped => messages.say("rehearsal-swapped"),
            Remark::NameEmpty => messages.say("name-empty"),
            Remark::NameTooLong(bytes) => count("rehearsal-name-long", *bytes),
            Remark::NameNul => messages.say("reply-name-nul"),
            Remark::NameNotUtf8 => messages.say("rehearsal-name-not-utf8"),
            Remark::NameAmpersand => messages.say("rehearsal-name-ampersand"),
            Remark::NameQuoted => messages.say("rehearsal-name-quoted"),
            Remark::Dni(error) => say::dni(messages, *error),
            Remark::DniBlanks => messages.say("rehearsal-dni-blanks"),
            Remark::Code(error) => say::code(messages, *error),
            Remark::CodeBlanks => messages.say("rehearsal-code-blanks"),
            Remark::CodeBehind(time) => seconds("reply-code-behind", *time),
            Remark::CodeAhead(time) => seconds("reply-code-ahead", *time),
            Remark::CodeHours(hours) => {
                messages.say_with("rehearsal-code-hours", &[("hours", hours)])
            }
            Remark::CodeZeros(dni) => {
                let dni = dni.as_str().to_owned();
                messages.say_with("rehearsal-code-zeros", &[("dni", &dni)])
            }
            Remark::CodeTwice => messages.say("rehearsal-code-twice"),
            Remark::CodeNotEncoded => messages.say("rehearsal-code-not-encoded"),
            Remark::CodeLetter => messages.say("rehearsal-code-letter"),
            Remark::CodeUsed => messages.say("reply-code-used"),
            Remark::CodeWrong => messages.say("rehearsal-code-wrong"),
        }
    }
}

/// Bytes as they can be shown on a line.
fn shown(bytes: &[u8]) -> String {
    let mut line = Vec::with_capacity(bytes.len());
    escape::write(bytes, &mut line);
    String::from_utf8_lossy(&line).into_owned()
}
