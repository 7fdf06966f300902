//! What two runs of the same exchange have in common.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use super::Transcript;
use super::line::{Arrow, Line, mask};

impl Transcript {
    /// The transcript without what a runtime, a network or a clock may change: times, runtime and
    /// addresses are dropped, and bytes of a stream that came in pieces are joined.
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
                // A letter may have lain in two pieces, of which masking saw one at a time.
                step.remask();
            }
            // The same deadline, a little later: two runs may differ in it.
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

    /// What happened, input by input, with the pieces of a stream joined.
    fn steps(&self) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        for line in self.lines.iter().map(without_local) {
            match (line.arrow, line.verb()) {
                // A name's address.
                (Arrow::Mark, _) if line.word(1) == Some("=") => {}
                (Arrow::In, _) => steps.push(Step::new(line)),
                _ => {
                    if let Some(step) = steps.last_mut() {
                        step.add(line);
                    }
                }
            }
        }
        // When the last bytes leave is the system's business, and races with the peer's end; where
        // a machine acts on it, what it does shows it.
        for step in &mut steps {
            if step
                .input
                .as_ref()
                .is_some_and(|input| input.verb() == "finished")
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

/// A line whose link does not say which of this host's addresses the peer wrote to.
fn without_local(line: &Line) -> Line {
    let mut line = line.clone();
    if let Some(word) = line.words.get_mut(1)
        && let Some(at) = word.find('@')
    {
        word.truncate(at);
    }
    line
}

/// An input and all that came of it.
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
        match (line.arrow, line.verb()) {
            (Arrow::Out, _) => self.outputs.push(line),
            (_, "state") => self.state = Some(line),
            (_, "deadline") => self.deadline = Some(line),
            _ => self.other.push(line),
        }
    }

    /// Whether the next piece of the same stream follows, and the machine did not act on this one.
    fn continues_with(&self, next: &Step) -> bool {
        match (&self.input, &next.input) {
            (Some(a), Some(b)) => {
                a.verb() == "bytes" && a.words == b.words && self.outputs.is_empty()
            }
            _ => false,
        }
    }

    /// As if both pieces had come at once: what the second changed again is not seen.
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
