//! The canonical form of a transcript, which is the same for all runs of an exchange.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::Transcript;
use super::line::{Arrow, Line, mask};

impl Transcript {
    /// The transcript without anything that depends on the runtime, the network or the clock.
    /// Times, runtime and addresses are dropped, and bytes of a stream that came in pieces are
    /// joined.
    ///
    /// Two runs of one exchange have the same canonical text on every runtime.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(text, "exercise {}", self.header.exercise);
        let _ = writeln!(text, "role {}", self.header.role.name());
        // A machine begins without a deadline.
        let mut waiting_for = Some(String::from("none"));
        for mut step in self.steps() {
            if self.header.masked {
                // A character may have been cut into two pieces, which were masked separately.
                step.remask();
            }
            // Drop a deadline that only moved: runs differ in how often it moves.
            if let Some(deadline) = &step.deadline {
                let reason = deadline.word(1).map(String::from);
                if reason == waiting_for {
                    step.deadline = None;
                }
                waiting_for = reason;
            }
            for line in step.lines() {
                let _ = writeln!(text, "{}", line.event());
            }
        }
        text
    }

    /// The inputs with their effects, with the pieces of a stream joined.
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in self.lines.iter().map(without_local) {
            match (line.arrow, line.event_name()) {
                // A line that gives a name's address.
                (Arrow::Mark, _) if line.word(1) == Some("=") => {}
                (Arrow::In, _) => steps.push(Step::new(line)),
                _ => {
                    if let Some(step) = steps.last_mut() {
                        step.add(line);
                    }
                }
            }
        }
        // Drop each input `finished`: when the last bytes leave depends on the system, and races
        // with the peer's end of stream. If the machine acts on it, its outputs show that.
        for step in &mut steps {
            if step
                .input
                .as_ref()
                .is_some_and(|input| input.event_name() == "finished")
            {
                step.input = None;
            }
        }
        steps.into_iter().fold(Vec::new(), |mut joined, step| {
            match joined.last_mut() {
                Some(before) if before.continues_with(&step) => before.join(step),
                _ => joined.push(step),
            }
            joined
        })
    }
}

/// Removes from a line's link which of this host's addresses the peer wrote to.
fn without_local(line: &Line) -> Line {
    let mut line = line.clone();
    if let Some(word) = line.words.get_mut(1)
        && let Some(at) = word.find('@')
    {
        word.truncate(at);
    }
    line
}

/// An input with all outputs and changes that it caused.
#[derive(Default)]
struct Step {
    input: Option<Line>,
    outputs: Vec<Line>,
    state: Option<Line>,
    deadline: Option<Line>,
    other: Vec<Line>,
}

impl Step {
    fn new(input: Line) -> Self {
        Step {
            input: Some(input),
            ..Step::default()
        }
    }

    fn add(&mut self, line: Line) {
        match (line.arrow, line.event_name()) {
            (Arrow::Out, _) => self.outputs.push(line),
            (_, "state") => self.state = Some(line),
            (_, "deadline") => self.deadline = Some(line),
            _ => self.other.push(line),
        }
    }

    /// Whether `next` is the next piece of the same stream, and the machine did not act on this
    /// piece.
    fn continues_with(&self, next: &Step) -> bool {
        match (&self.input, &next.input) {
            (Some(a), Some(b)) => {
                a.event_name() == "bytes" && a.words == b.words && self.outputs.is_empty()
            }
            _ => false,
        }
    }

    /// Joins two pieces as if they had come at once. A change that the second piece overrides is
    /// dropped.
    fn join(&mut self, next: Step) {
        if let Some(payload) = self.input.as_mut().and_then(|input| input.payload.as_mut()) {
            let more = next.input.and_then(|input| input.payload);
            payload.extend(more.unwrap_or_default());
        }
        self.outputs = next.outputs;
        self.state = next.state.or(self.state.take());
        self.deadline = next.deadline.or(self.deadline.take());
        self.other.extend(next.other);
    }

    fn remask(&mut self) {
        for line in self.input.iter_mut().chain(&mut self.outputs) {
            line.payload = line.payload.take().map(|payload| mask(&payload));
        }
    }

    fn lines(&self) -> impl Iterator<Item = &Line> {
        let marks = self.state.iter().chain(&self.deadline).chain(&self.other);
        self.input.iter().chain(&self.outputs).chain(marks)
    }
}
