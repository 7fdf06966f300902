//! A submission server's replies, in its language.

use std::sync::Arc;

use socklab_core::register::{Cause, Decision, Entry, Refusal, Reply, Wording};

use crate::words::Words;

/// The replies among the messages.
pub(crate) struct Replies {
    pub(crate) words: Arc<Words>,
    /// Whether foreigners' numbers are taken.
    pub(crate) nie: bool,
}

impl Wording for Replies {
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>) {
        let words = &self.words;
        let text = match reply {
            Reply::Decided(decision) => decided(words, decision),
            Reply::DniLetter if self.nie => words.say("reply-dni-letter-nie"),
            Reply::DniLetter => words.say("reply-dni-letter"),
            Reply::NameNul => words.say("reply-name-nul"),
            Reply::Format => words.say("reply-format"),
            Reply::Late | Reply::Busy => words.say("reply-busy"),
        };
        to.extend_from_slice(text.as_bytes());
    }
}

/// What a decision is in words.
pub(crate) fn decided(words: &Words, decision: &Decision) -> String {
    let entry = |id: &str, entry: &Entry| {
        let said = words.say_with(id, &[("number", &entry.number)]);
        match entry.receipt {
            Some(receipt) => {
                let receipt = receipt.as_str().to_owned();
                said + &words.say_with("reply-receipt", &[("receipt", &receipt)])
            }
            None => said,
        }
    };
    match decision {
        Decision::Accepted(place) => entry("reply-accepted", place),
        Decision::Already(place) => entry("reply-already", place),
        Decision::OtherName => words.say("reply-other-name"),
        Decision::Unavailable => words.say("reply-unavailable"),
        Decision::Refused(refusal) => refused(words, *refusal),
    }
}

fn refused(words: &Words, refusal: Refusal) -> String {
    let seconds = |id: &str, seconds: u64| words.say_with(id, &[("seconds", &seconds)]);
    match refusal {
        Refusal::WrongCode(Cause::Unknown) => words.say("reply-code-wrong"),
        Refusal::WrongCode(Cause::Behind(time)) => seconds("reply-code-behind", time),
        Refusal::WrongCode(Cause::Ahead(time)) => seconds("reply-code-ahead", time),
        Refusal::WrongCode(Cause::Zeros) => words.say("reply-zeros"),
        Refusal::UsedCode => words.say("reply-code-used"),
        Refusal::Unknown => words.say("reply-unknown"),
        Refusal::Letter => words.say("reply-dni-letter"),
        Refusal::Throttled(time) => seconds("reply-throttled", time),
        Refusal::Clock(_) => words.say("reply-clock"),
        Refusal::Undisclosed => words.say("reply-refused"),
    }
}
