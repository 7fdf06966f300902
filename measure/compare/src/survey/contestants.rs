//! Texts about a contestant: which figure in Stevens shows how it waits, and why it has no result.

use super::AbsentReason;
use crate::names::Names;
use socklab_text::{Messages, system_error};

/// A contestant that uses at least this share of a core while idle counts as polling.
pub const POLLS: f64 = 0.5;

/// The figure of Stevens, Fenner and Rudoff, *UNIX Network Programming*, vol. 1, 3rd edition, 6.2,
/// that shows how one of our models waits. Empty for other contestants.
pub fn stevens(contestant: &str) -> &'static str {
    let model = contestant.split(" (").next().unwrap_or(contestant);
    match model {
        "blocking" | "blocking-iterative" | "blocking-pool" | "blocking-batched"
        | "blocking-process" | "blocking-prefork" => "6.1",
        "nonblocking" => "6.2",
        "select" | "poll" | "epoll-level" | "mio" | "mio-loops" | "mio-batched" | "tokio"
        | "async-std" => "6.3",
        "signal-driven" => "6.4",
        "uring" => "6.5",
        _ => "",
    }
}

/// Why a contestant has no figure, as the text of a cell.
pub fn absent(why: &AbsentReason, messages: &dyn Messages) -> String {
    match why {
        AbsentReason::Serves(count) => messages.say_with("survey-serves", &[("count", &count)]),
        AbsentReason::Stopped { .. } => messages.say("survey-stopped"),
        AbsentReason::Differs { .. } => messages.say("survey-differs"),
        AbsentReason::NotSlow | AbsentReason::Failed(_) => "–".to_owned(),
    }
}

/// What went wrong with a contestant, as a sentence. Returns `None` if it only cannot serve that
/// many clients at once.
pub fn failure(model: &str, why: &AbsentReason, messages: &dyn Messages) -> Option<String> {
    let names = Names::new(messages);
    let model = names.name(model);
    Some(match why {
        AbsentReason::Stopped { after, said } if said.is_empty() => messages.say_with(
            "survey-failure-silent",
            &[("model", &model), ("after", after)],
        ),
        AbsentReason::Stopped { after, said } => messages.say_with(
            "survey-failure-stopped",
            &[
                ("model", &model),
                ("after", after),
                ("said", &names.name(said)),
            ],
        ),
        AbsentReason::Differs { expected, got } => messages.say_with(
            "survey-failure-differs",
            &[
                ("model", &model),
                ("expected", &names.name(expected)),
                ("got", &names.name(got)),
            ],
        ),
        AbsentReason::Failed(why) => messages.say_with(
            "survey-failure-failed",
            &[
                ("model", &model),
                ("said", &names.name(&system_error::quoted(messages, why))),
            ],
        ),
        AbsentReason::NotSlow => messages.say_with("survey-failure-not-slow", &[("model", &model)]),
        AbsentReason::Serves(_) => return None,
    })
}
