//! Shows a scenario as a ladder diagram: we are on the left, the program is on the right.

use socklab_check::{Act, Finding, ScenarioOutcome, Step};

use socklab_text::{Messages, Variable, escape};

/// How many characters of a text a rung shows.
const SHORT: usize = 34;

/// The width of the left column.
const LEFT: usize = 24;

/// The rungs of one scenario.
pub(crate) fn ladder(
    outcome: &ScenarioOutcome,
    program: &str,
    role: &str,
    messages: &dyn Messages,
) -> Vec<String> {
    let we = match role {
        "" => "socklab".to_owned(),
        role => messages.say_with("check-we", &[("role", &role)]),
    };
    let mut lines = vec![format!("     {we:LEFT$}     {}", escape::text(program))];
    let first = |step: &&Step| step.act == Act::Started;
    let steps = outcome.steps.iter().skip_while(first);
    for (number, step) in (1..).zip(steps) {
        lines.push(rung(number, step, messages));
    }
    lines
}

fn rung(number: usize, step: &Step, messages: &dyn Messages) -> String {
    let (side, arrow, text) = act(step, messages);
    let mark = match step.right {
        Some(true) => "  ✓",
        Some(false) => "  ✗",
        None => "",
    };
    let line = step.line.map_or_else(String::new, |line| {
        format!("  {}", messages.say_with("check-line", &[("line", &line)]))
    });
    match side {
        Side::Ours => format!("{number:2}   {text:LEFT$} {arrow}"),
        Side::Theirs => format!("{number:2}   {:LEFT$} {arrow} {text}{line}{mark}", ""),
    }
}

/// Who made a step.
enum Side {
    Ours,
    Theirs,
}

/// Who made a step, its arrow, and its text.
fn act(step: &Step, messages: &dyn Messages) -> (Side, &'static str, String) {
    use Side::{Ours, Theirs};

    let (to, from, none) = ("──►", "◄──", "   ");
    let say = |id: &str| messages.say(id);
    let with = |id: &str, name: &str, value: &dyn Variable| messages.say_with(id, &[(name, value)]);
    let quote = |bytes: &[u8]| with("check-quote", "text", &short(bytes, messages));
    match &step.act {
        Act::Started => (Ours, none, say("check-starts-again")),
        Act::Listens(at) => (Theirs, none, with("check-listens", "address", at)),
        Act::WeConnect => (Ours, to, say("check-connects")),
        Act::Connects => (Theirs, from, say("check-connects")),
        Act::WeSend(bytes) => (Ours, to, quote(bytes)),
        Act::Sends(bytes) => (Theirs, from, quote(bytes)),
        Act::WeFinish => (Ours, to, say("check-finishes")),
        Act::WeReset => (Ours, to, say("check-resets")),
        Act::WeImpair(text) if text.is_empty() => (Ours, none, say("check-network-clean")),
        Act::WeImpair(text) => (Ours, none, with("check-network", "words", text)),
        Act::Closes => (Theirs, from, say("check-closes")),
        Act::WeType(bytes) => (Ours, to, with("check-types", "text", &quote(bytes))),
        Act::Shows(bytes) => (Theirs, none, with("check-shows", "text", &quote(bytes))),
        Act::Silent => (Theirs, none, say("check-silent")),
        Act::WaitsIn(call) => (Theirs, none, with("check-waits", "call", call)),
        Act::Exits(Some(code)) => (Theirs, none, with("check-exits", "code", code)),
        Act::PortClosed => (Theirs, none, say("check-port-closed")),
        Act::Exits(None) => (Theirs, none, say("check-killed")),
    }
}

/// Shortens a text to fit, and adds its length if it was cut.
fn short(bytes: &[u8], messages: &dyn Messages) -> String {
    let text = escape::bytes(bytes);
    if text.chars().count() <= SHORT {
        return text;
    }
    let begin: String = text.chars().take(SHORT - 12).collect();
    let count = messages.say_with("check-bytes", &[("count", &bytes.len())]);
    format!("{begin}… ({count})")
}

/// Shows what was expected, what was received, and the first difference.
pub(crate) fn difference(finding: &Finding, messages: &dyn Messages) -> Vec<String> {
    let names = [
        messages.say("check-expected"),
        messages.say("check-received"),
    ];
    let widths = names.iter().map(|name| name.chars().count());
    let width = widths.max().unwrap_or(0) + 2;
    let empty = messages.say("check-empty");
    let value = |bytes: &Vec<u8>| match bytes.is_empty() {
        true => empty.clone(),
        false => escape::bytes(bytes),
    };
    let [expected, received] =
        [&finding.expected, &finding.received].map(|one| one.as_ref().map(value));
    let mut lines = Vec::new();
    let (from, cut) = match (&expected, &received) {
        (Some(a), Some(b)) => {
            let same = a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count();
            let long = a.chars().count().max(b.chars().count()) > 60;
            (if long { same.saturating_sub(20) } else { 0 }, Some(same))
        }
        _ => (0, None),
    };
    for (name, value) in names.iter().zip([&expected, &received]) {
        if let Some(value) = value {
            lines.push(format!(" {name:width$}{}", window(value, from)));
        }
    }
    if let Some(at) = cut {
        let dots = usize::from(from > 0);
        lines.push(format!("{}^", " ".repeat(1 + width + at - from + dots)));
    }
    lines
}

/// The part of a long text that is shown, with an ellipsis at each cut.
fn window(text: &str, from: usize) -> String {
    let mut seen: String = text.chars().skip(from).take(60).collect();
    if text.chars().count() > from + 60 {
        seen.push('…');
    }
    if from > 0 {
        seen.insert(0, '…');
    }
    seen
}
