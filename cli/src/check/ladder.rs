//! What happened, rung by rung: we on the left, the program on the right.

use socklab_check::{Act, Finding, Outcome, Step};

use socklab_text::{Messages, escape};

/// The most characters of a text that a rung shows.
const SHORT: usize = 34;

/// How wide the left column is.
const LEFT: usize = 24;

/// Bytes as they can be shown on a line.
pub(crate) fn shown(bytes: &[u8]) -> String {
    let mut line = Vec::with_capacity(bytes.len());
    escape::write(bytes, &mut line);
    String::from_utf8_lossy(&line).into_owned()
}

/// The rungs of one scenario.
pub(crate) fn ladder(
    outcome: &Outcome,
    program: &str,
    role: &str,
    messages: &dyn Messages,
) -> Vec<String> {
    let we = match role {
        "" => "socklab".to_owned(),
        role => messages.say_with("check-we", &[("role", &role)]),
    };
    let mut lines = vec![format!("     {:LEFT$}     {}", we, escape::text(program))];
    let first = |step: &&Step| step.act == Act::Started;
    let steps = outcome.steps.iter().skip_while(first);
    for (number, step) in (1..).zip(steps) {
        lines.push(rung(number, step, messages));
    }
    lines
}

fn rung(number: usize, step: &Step, messages: &dyn Messages) -> String {
    let (ours, arrow, text) = said(step, messages);
    let mark = match step.right {
        Some(true) => "  ✓",
        Some(false) => "  ✗",
        None => "",
    };
    let line = step.line.map_or_else(String::new, |line| {
        format!("  {}", messages.say_with("check-line", &[("line", &line)]))
    });
    if ours {
        let left = fill(&text, LEFT);
        format!("{number:2}   {left} {arrow}")
    } else {
        format!("{number:2}   {:LEFT$} {arrow} {text}{line}{mark}", "")
    }
}

fn fill(text: &str, width: usize) -> String {
    let length = text.chars().count();
    format!("{text}{}", " ".repeat(width.saturating_sub(length)))
}

/// Whether it is ours, the arrow, and the messages of a step.
fn said(step: &Step, messages: &dyn Messages) -> (bool, &'static str, String) {
    let (to, from, none) = ("──►", "◄──", "   ");
    let quote =
        |bytes: &[u8]| messages.say_with("check-quote", &[("text", &short(bytes, messages))]);
    match &step.act {
        Act::Started => (true, none, messages.say("check-starts-again")),
        Act::Listens(at) => (
            false,
            none,
            messages.say_with("check-listens", &[("address", at)]),
        ),
        Act::WeConnect => (true, to, messages.say("check-connects")),
        Act::Connects => (false, from, messages.say("check-connects")),
        Act::WeSend(bytes) => (true, to, quote(bytes)),
        Act::Sends(bytes) => (false, from, quote(bytes)),
        Act::WeFinish => (true, to, messages.say("check-finishes")),
        Act::WeReset => (true, to, messages.say("check-resets")),
        Act::WeImpair(words) if words.is_empty() => {
            (true, none, messages.say("check-network-clean"))
        }
        Act::WeImpair(words) => {
            let said = messages.say_with("check-network", &[("words", words)]);
            (true, none, said)
        }
        Act::Closes => (false, from, messages.say("check-closes")),
        Act::WeType(bytes) => (
            true,
            to,
            messages.say_with("check-types", &[("text", &quote(bytes))]),
        ),
        Act::Shows(bytes) => (
            false,
            none,
            messages.say_with("check-shows", &[("text", &quote(bytes))]),
        ),
        Act::Silent => (false, none, messages.say("check-silent")),
        Act::WaitsIn(call) => (
            false,
            none,
            messages.say_with("check-waits", &[("call", call)]),
        ),
        Act::Exits(Some(code)) => (
            false,
            none,
            messages.say_with("check-exits", &[("code", code)]),
        ),
        Act::Exits(None) => (false, none, messages.say("check-killed")),
    }
}

/// A text, cut to what fits, with its length if it was cut.
fn short(bytes: &[u8], messages: &dyn Messages) -> String {
    let text = shown(bytes);
    if text.chars().count() <= SHORT {
        return text;
    }
    let begin: String = text.chars().take(SHORT - 12).collect();
    let count = messages.say_with("check-bytes", &[("count", &bytes.len())]);
    format!("{begin}… ({count})")
}

/// What was expected, what came, and where they part.
pub(crate) fn difference(finding: &Finding, messages: &dyn Messages) -> Vec<String> {
    let names = [
        messages.say("check-expected"),
        messages.say("check-received"),
    ];
    let width = names
        .iter()
        .map(|name| name.chars().count())
        .max()
        .unwrap_or(0)
        + 2;
    let empty = messages.say("check-empty");
    let value = |bytes: &Vec<u8>| {
        if bytes.is_empty() {
            empty.clone()
        } else {
            shown(bytes)
        }
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
            lines.push(format!(" {}{}", fill(name, width), window(value, from)));
        }
    }
    if let Some(at) = cut {
        let dots = usize::from(from > 0);
        lines.push(format!("{}^", " ".repeat(1 + width + at - from + dots)));
    }
    lines
}

/// What can be seen of a long text around a place.
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
