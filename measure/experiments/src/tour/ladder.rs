//! Draws an exchange as a ladder between client and server, as textbooks do.

use std::borrow::Cow;

use socklab_compare::format::Numbers;
use socklab_core::transcript::{Arrow, Line, Transcript};
use socklab_text::{Messages, escape};

/// The distance between the two ends, in characters, where there is room. With the time a row has
/// 75.
const WIDTH: usize = 64;

/// Draws what passes between the two ends, as the client saw it, in the order of time, in lines of
/// at most `width` characters.
pub(super) fn ladder(client: &[Transcript], width: usize, messages: &dyn Messages) -> String {
    let distance = WIDTH.min(width - 11);
    let ends = [messages.say("tour-client"), messages.say("tour-server")];
    let apart = distance - ends[0].chars().count();
    let mut text = format!("{:>9}  {}{:>apart$}\n", "ms", ends[0], ends[1]);
    for line in client.iter().flat_map(|one| &one.lines) {
        let Some((to_server, said)) = crossing(line, messages) else {
            continue;
        };
        let at = Numbers::new(messages).fixed(line.at.as_secs_f64() * 1e3, 1);
        let said = cut(&said, distance - 10);
        let line = "─".repeat(distance - 8 - said.chars().count());
        text.push_str(&match to_server {
            true => format!("{at:>9}  │── {said} {line}─▶│\n"),
            false => format!("{at:>9}  │◀─{line} {said} ──│\n"),
        });
    }
    text
}

/// The message that a line of the client's transcript sends or receives, and in which direction.
fn crossing<'a>(line: &'a Line, messages: &dyn Messages) -> Option<(bool, Cow<'a, str>)> {
    let carried = || {
        let payload = line.payload.as_deref().unwrap_or_default();
        let text = String::from_utf8_lossy(payload);
        escape::text(&text).into_owned().into()
    };
    Some(match (line.arrow, line.event_name()) {
        (Arrow::Out, "open") if line.word(2) == Some("tcp") => {
            (true, messages.say("tour-connects").into())
        }
        (Arrow::Out, "send") => (true, carried()),
        (Arrow::In, "datagram" | "bytes") => (false, carried()),
        (Arrow::In, "end") => (false, messages.say("tour-closes").into()),
        _ => return None,
    })
}

fn cut(text: &str, most: usize) -> Cow<'_, str> {
    match text.char_indices().nth(most) {
        None => text.into(),
        Some(_) => text
            .chars()
            .take(most - 1)
            .chain(['…'])
            .collect::<String>()
            .into(),
    }
}
