//! A submission server's replies, in its language.

use socklab_core::register::{Cause, Decision, Entry, Refusal, Reply, Wording};

use socklab_text::Messages;

/// The replies among the messages.
pub(crate) struct Replies {
    pub(crate) messages: &'static dyn Messages,
    /// Whether foreigners' numbers are taken.
    pub(crate) nie: bool,
}

impl Wording for Replies {
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>) {
        let messages = self.messages;
        let text = match reply {
            Reply::Decided(decision) => decided(messages, decision),
            Reply::DniLetter if self.nie => messages.say("reply-dni-letter-nie"),
            Reply::DniLetter => messages.say("reply-dni-letter"),
            Reply::NameNul => messages.say("reply-name-nul"),
            Reply::NameBlank => messages.say("name-empty"),
            Reply::Format => messages.say("reply-format"),
            Reply::Late | Reply::Busy => messages.say("reply-busy"),
        };
        to.extend_from_slice(text.as_bytes());
    }
}

/// What a decision is in messages.
pub(crate) fn decided(messages: &dyn Messages, decision: &Decision) -> String {
    let entry = |id: &str, entry: &Entry| {
        let said = messages.say_with(id, &[("number", &entry.number)]);
        match entry.receipt {
            Some(receipt) => {
                let receipt = receipt.as_str().to_owned();
                said + &messages.say_with("reply-receipt", &[("receipt", &receipt)])
            }
            None => said,
        }
    };
    match decision {
        Decision::Accepted(place) => entry("reply-accepted", place),
        Decision::Already(place) => entry("reply-already", place),
        Decision::OtherName => messages.say("reply-other-name"),
        Decision::Unavailable => messages.say("reply-unavailable"),
        Decision::Refused(refusal) => refused(messages, *refusal),
    }
}

fn refused(messages: &dyn Messages, refusal: Refusal) -> String {
    let seconds = |id: &str, seconds: u64| messages.say_with(id, &[("seconds", &seconds)]);
    match refusal {
        Refusal::WrongCode(Cause::Unknown) => messages.say("reply-code-wrong"),
        Refusal::WrongCode(Cause::Behind(time)) => seconds("reply-code-behind", time),
        Refusal::WrongCode(Cause::Ahead(time)) => seconds("reply-code-ahead", time),
        Refusal::WrongCode(Cause::Zeros) => messages.say("reply-zeros"),
        Refusal::UsedCode => messages.say("reply-code-used"),
        Refusal::Unknown => messages.say("reply-unknown"),
        Refusal::Letter => messages.say("reply-dni-letter"),
        Refusal::Throttled(time) => seconds("reply-throttled", time),
        Refusal::Clock(_) => messages.say("reply-clock"),
        Refusal::Undisclosed => messages.say("reply-refused"),
    }
}
