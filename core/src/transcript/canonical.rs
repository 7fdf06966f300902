//! What two runs of the same exchange have in common.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::Transcript;
use super::line::{Arrow, Line};

impl Transcript {
    /// The transcript without what a runtime, a network or a clock may change: times, runtime and
    /// addresses are dropped, and bytes of a stream that came in pieces are joined.
    ///
    /// Two runs of one exchange have the same canonical text on every runtime.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "exercise {}", self.header.exercise);
        let _ = writeln!(text, "role {}", self.header.role.name());
        for line in self.joined() {
            let _ = writeln!(text, "{}", line.event());
        }
        text
    }

    /// The lines that stay, with the pieces of a stream joined.
    fn joined(&self) -> Vec<Line> {
        let mut lines: Vec<Line> = Vec::new();
        for line in &self.lines {
            match (line.arrow, line.verb()) {
                // A name's address.
                (Arrow::Mark, _) if line.word(1) == Some("=") => {}
                // When the last bytes leave is the system's business, and races with the peer's
                // end; where a machine acts on it, the state that follows shows it.
                (Arrow::In, "finished") => {}
                // Waiting for the same thing a little longer is not news.
                (Arrow::Mark, "deadline") if last_deadline(&lines) == line.word(1) => {}
                (Arrow::In, "bytes") => join(&mut lines, line),
                _ => lines.push(line.clone()),
            }
        }
        lines
    }
}

fn last_deadline(lines: &[Line]) -> Option<&str> {
    let is_deadline = |line: &&Line| line.arrow == Arrow::Mark && line.verb() == "deadline";
    lines.iter().rev().find(is_deadline)?.word(1)
}

/// Adds a piece to the one before, if only marks lie between: had both come at once, those marks
/// would not be there.
fn join(lines: &mut Vec<Line>, piece: &Line) {
    let before = lines.iter().rposition(|line| line.arrow != Arrow::Mark);
    if let Some(at) = before
        && lines[at].arrow == Arrow::In
        && lines[at].words == piece.words
        && let (Some(payload), Some(more)) = (&mut lines[at].payload, &piece.payload)
    {
        payload.extend_from_slice(more);
        lines.truncate(at + 1);
    } else {
        lines.push(piece.clone());
    }
}
