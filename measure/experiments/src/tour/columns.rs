//! Two transcripts as one table, in the order of time.

use std::fmt::Write as _;

use socklab_core::transcript::{Line, Transcript};
use socklab_text::escape;

/// The table of what two ends saw, each under its title, in lines of at most `width` characters.
pub(super) fn side_by_side(
    left: (&str, &[Transcript]),
    right: (&str, &[Transcript]),
    width: usize,
) -> String {
    // Each end has a column; the time before them and the gaps take 13 characters.
    let width = (width - 13) / 2;
    let mut rows: Vec<(bool, &Line)> = Vec::new();
    for (is_right, (_, transcripts)) in [(false, left), (true, right)] {
        let lines = transcripts.iter().flat_map(|one| &one.lines);
        rows.extend(lines.map(|line| (is_right, line)));
    }
    // A stable sort keeps the order of simultaneous events on one side.
    rows.sort_by_key(|(_, line)| line.at);
    let mut text = format!("{:>9}  {:width$}  {}\n", "ms", left.0, right.0);
    for (is_right, line) in rows {
        let millis = line.at.as_secs_f64() * 1000.0;
        let event = cut(&escape::text(&line.event().to_string()), width);
        let _ = match is_right {
            false => writeln!(text, "{millis:9.3}  {event}"),
            true => writeln!(text, "{millis:9.3}  {:width$}  {event}", ""),
        };
    }
    text
}

fn cut(event: &str, width: usize) -> String {
    match event.char_indices().nth(width) {
        None => event.to_owned(),
        Some(_) => event.chars().take(width - 1).chain(['…']).collect(),
    }
}
