//! A submission server's replies, in its language.

use std::sync::Arc;

use socklab_core::register::{Decision, Refusal, Reply, Wording};

use crate::words::Words;

/// The replies among the messages.
pub(crate) struct Replies(pub(crate) Arc<Words>);

impl Wording for Replies {
    fn word(&self, reply: &Reply<'_>, to: &mut Vec<u8>) {
        let words = &self.0;
        let text = match reply {
            Reply::Decided(Decision::Accepted { number }) => {
                words.say_with("reply-accepted", &[("number", number)])
            }
            Reply::Decided(Decision::Already { number }) => {
                words.say_with("reply-already", &[("number", number)])
            }
            Reply::Decided(Decision::Refused(Refusal::WrongCode)) => words.say("reply-code-wrong"),
            Reply::Decided(Decision::Refused(Refusal::UsedCode)) => words.say("reply-code-used"),
            Reply::Decided(Decision::Unavailable) => words.say("reply-unavailable"),
            Reply::DniLetter => words.say("reply-dni-letter"),
            Reply::Format => words.say("reply-format"),
            Reply::Late => words.say("reply-busy"),
        };
        to.extend_from_slice(text.as_bytes());
    }
}
