//! A submission server's replies, in its language.

use std::sync::Arc;

use socklab_core::register::{Cause, Decision, Entry, Refusal, Reply, Wording};

use crate::words::Words;

/// The replies among the messages.
pub(crate) struct Replies(pub(crate) Arc<Words>);

impl Wording for Replies {
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>) {
        let text = match reply {
            Reply::Decided(decision) => decided(&self.0, decision),
            Reply::DniLetter => self.0.say("reply-dni-letter"),
            Reply::NameNul => self.0.say("reply-name-nul"),
            Reply::Format => self.0.say("reply-format"),
            Reply::Late | Reply::Busy => self.0.say("reply-busy"),
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
        Refusal::Throttled(time) => seconds("reply-throttled", time),
        Refusal::Locked => words.say("reply-locked"),
        Refusal::Clock(_) => words.say("reply-clock"),
        Refusal::Undisclosed => words.say("reply-refused"),
    }
}
