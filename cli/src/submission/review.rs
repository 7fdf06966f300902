//! Puts the review of a rehearsed message into words.

use std::cmp::Reverse;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use socklab_core::register::Decision;
use socklab_core::submit::{MAX_MESSAGE, Part, Remark, review};

use crate::print;
use crate::wording;
use socklab_text::{Messages, Variable, escape};

/// What was received on a connection.
pub(super) struct Received {
    peer: SocketAddr,
    pub(super) bytes: Vec<u8>,
    /// In how many calls the bytes were received.
    pub(super) pieces: u32,
    /// When the last byte came, as Unix time.
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

/// Prints reviews, and counts what was wrong.
pub(crate) struct Reviewer {
    messages: &'static dyn Messages,
    quiet: bool,
    counts: Mutex<Counts>,
}

/// What a rehearsal has counts so far.
#[derive(Default)]
struct Counts {
    messages: u64,
    right: u64,
    /// Each mistake as it is worded, and how many messages had it.
    causes: Vec<(String, u64)>,
}

impl Reviewer {
    pub(super) fn new(messages: &'static dyn Messages, quiet: bool) -> Self {
        let counts = Mutex::default();
        Reviewer {
            messages,
            quiet,
            counts,
        }
    }

    /// What to explain to the class: each cause with the number of messages that had it, the
    /// commonest first. `None` if no message came.
    pub(crate) fn summary(&self) -> Option<String> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.messages == 0 {
            return None;
        }
        let (count, right) = (counts.messages, counts.right);
        let heading = [("count", &count as &dyn Variable), ("right", &right)];
        let mut lines = vec![self.messages.say_with("rehearsal-summary", &heading)];
        counts.causes.sort_by_key(|(_, count)| Reverse(*count));
        for (said, count) in &counts.causes {
            let values = [("count", count as &dyn Variable), ("said", said)];
            lines.push(format!(
                "  {}",
                self.messages.say_with("rehearsal-cause", &values)
            ));
        }
        Some(lines.join("\n"))
    }

    fn count(&self, remarks: &[Remark]) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        counts.messages += 1;
        let mut right = true;
        for remark in remarks.iter().filter(|one| one.is_wrong()) {
            right = false;
            let said = match remark {
                // Leave out the student's digits, because a class may see this.
                Remark::CodeZeros(_) => self.with_zeros("…"),
                _ => self.remark(remark),
            };
            match counts.causes.iter_mut().find(|(known, _)| *known == said) {
                Some((_, count)) => *count += 1,
                None => counts.causes.push((said, 1)),
            }
        }
        counts.right += u64::from(right);
    }

    fn with_zeros(&self, dni: &str) -> String {
        let messages = self.messages;
        let dni = dni.to_owned();
        messages.say_with("rehearsal-code-zeros", &[("dni", &dni)])
    }

    /// Shows the message part by part, with remarks on each, and the answer. It is printed at once,
    /// so that the reviews of several connections do not mix.
    pub(super) fn say(&self, received: &Received, decision: Option<&Decision>, answer: &[u8]) {
        let lines = self.lines(received, decision, answer);
        if !self.quiet {
            print::line(&lines.join("\n"));
        }
    }

    fn lines(
        &self,
        received: &Received,
        decision: Option<&Decision>,
        answer: &[u8],
    ) -> Vec<String> {
        let messages = self.messages;
        let review = review(&received.bytes, decision, received.complete.as_secs());
        self.count(&review.remarks);
        let mut lines = vec![messages.say_with(
            match received.bytes.len() < MAX_MESSAGE {
                true => "rehearsal-from",
                false => "rehearsal-from-cut",
            },
            &[
                ("peer", &received.peer),
                ("bytes", &received.bytes.len()),
                ("pieces", &received.pieces),
            ],
        )];
        let mut part = |id: &str, part: Part, text: &[u8]| {
            lines.push(format!(
                "  {}",
                messages.say_with(id, &[("text", &escape::bytes(text))])
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
        // Show only the beginning of a TLS record: its bytes would not help a student.
        let tls = review.remarks.contains(&Remark::Tls);
        let message =
            &received.bytes[..received.bytes.len().min(if tls { 16 } else { MAX_MESSAGE })];
        part("rehearsal-message", Part::Message, message);
        if let Some([name, dni, code]) = review.parts {
            part("rehearsal-name", Part::Name, name);
            part("rehearsal-dni", Part::Dni, dni);
            part("rehearsal-code", Part::Code, code);
        }
        if !review.remarks.iter().any(Remark::is_wrong) {
            lines.push(format!("  {}", messages.say("rehearsal-right")));
        }
        let answer = messages.say_with("rehearsal-answer", &[("text", &escape::bytes(answer))]);
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
            Remark::Tls => messages.say("rehearsal-tls"),
            Remark::CStruct => messages.say("rehearsal-struct"),
            Remark::Bom => messages.say("rehearsal-bom"),
            Remark::After(bytes) => count("rehearsal-after", *bytes),
            Remark::Swapped => messages.say("rehearsal-swapped"),
            Remark::NameEmpty => messages.say("name-empty"),
            Remark::NameTooLong(bytes) => count("rehearsal-name-long", *bytes),
            Remark::NameNul => messages.say("reply-name-nul"),
            Remark::NameNotUtf8 => messages.say("rehearsal-name-not-utf8"),
            Remark::NameAmpersand => messages.say("rehearsal-name-ampersand"),
            Remark::NameQuoted => messages.say("rehearsal-name-quoted"),
            Remark::Dni(error) => wording::dni(messages, *error),
            Remark::DniBlanks => messages.say("rehearsal-dni-blanks"),
            Remark::Code(error) => wording::code(messages, *error),
            Remark::CodeBlanks => messages.say("rehearsal-code-blanks"),
            Remark::CodeBehind(time) => seconds("reply-code-behind", *time),
            Remark::CodeAhead(time) => seconds("reply-code-ahead", *time),
            Remark::CodeHours(hours) => {
                messages.say_with("rehearsal-code-hours", &[("hours", hours)])
            }
            Remark::CodeZeros(dni) => self.with_zeros(dni.as_str()),
            Remark::CodeTwice => messages.say("rehearsal-code-twice"),
            Remark::CodeNotEncoded => messages.say("rehearsal-code-not-encoded"),
            Remark::CodeLetter => messages.say("rehearsal-code-letter"),
            Remark::CodeUsed => messages.say("reply-code-used"),
            Remark::CodeWrong => messages.say("rehearsal-code-wrong"),
        }
    }
}
