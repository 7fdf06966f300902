//! Types what a user would, when the program asks for it.

use super::{EarlyEnd, Player, Waited};
use crate::evidence::Event;
use crate::program::{IdleTimer, Start};
use crate::report::{Act, Reason};

impl Player<'_> {
    /// The prompt of the `input()` in which the program waits.
    pub(super) fn question(&mut self) -> Option<String> {
        let program = self.program.as_mut()?;
        program.evidence.read();
        let event: &Event = program.blocked().filter(|event| event.call == "input")?;
        let said = event.data.clone().unwrap_or_default();
        Some(String::from_utf8_lossy(&said).into_owned())
    }

    /// Answers a question for the host or the port, which no scenario contains.
    pub(super) fn answer_where(&mut self) -> bool {
        let question = self.question();
        let Some(answer) = question.and_then(|question| self.place_asked(&question)) else {
            return false;
        };
        self.type_and_wait(answer.as_bytes());
        true
    }

    fn place_asked(&self, question: &str) -> Option<String> {
        let question = question.to_lowercase();
        let words: Vec<&str> = question.split(|c: char| !c.is_alphanumeric()).collect();
        let asks = |names: &[&str]| names.iter().any(|name| words.contains(name));
        if asks(&["puerto", "port"]) {
            Some(self.setup.port.to_string())
        } else if asks(&["ip", "host", "hostname"]) {
            Some("127.0.0.1".to_owned())
        } else {
            None
        }
    }

    /// Types a line, and waits until a program that reports has read it.
    pub(super) fn type_and_wait(&mut self, line: &[u8]) {
        let before = self.lines_read();
        if let Some(program) = &mut self.program {
            program.type_line(line);
        }
        if self.question().is_some() {
            let mut done = |player: &mut Self| {
                player.program.as_mut()?.evidence.read();
                (player.lines_read() > before).then_some(())
            };
            let _: Waited<()> = self.wait_until(&mut done, IdleTimer::is_quiet);
        }
    }

    /// Types a line of the scenario.
    pub(super) fn type_line(&mut self, line: &[u8]) -> Result<(), EarlyEnd> {
        if self.program.is_none() {
            return Err(EarlyEnd::NotChecked(Reason::RunsElsewhere));
        }
        if self.typed.is_empty() {
            self.until_it_reads();
        }
        let line = &self.filled(line);
        if self.setup.exercise.transport.is_none() {
            self.until_it_asks_for_the_code()?;
            self.shown = self.output_len();
        }
        if let Some(program) = &mut self.program {
            program.type_line(line);
        }
        self.typed.push(line.to_vec());
        self.our_step(Act::WeType(line.to_vec()));
        Ok(())
    }

    /// Answers a Python program that first asks where the server is.
    fn until_it_reads(&mut self) {
        if self.setup.start.and_then(Start::script).is_none() {
            return;
        }
        loop {
            let mut asks = |player: &mut Self| player.question();
            match self.wait_until(&mut asks, IdleTimer::is_quiet) {
                Waited::Ready(_) if self.answer_where() => {}
                _ => return,
            }
        }
    }

    /// The program's further question, if it asks instead of using what was typed.
    pub(super) fn asks_more(&mut self) -> Option<String> {
        if self.reports() {
            let lines = self.lines_read();
            // The program asks again after reading the line, and has not sent anything.
            return self
                .question()
                .filter(|_| lines > 0 && self.typed.len() == lines);
        }
        self.unended_line()
    }

    /// The unfinished last line of the output since then: most likely a prompt.
    pub(super) fn unended_line(&self) -> Option<String> {
        let after = self.output_since();
        let last = after.rsplit(|&byte| byte == b'\n').next()?;
        let text = String::from_utf8_lossy(last).trim().to_owned();
        (!text.is_empty()).then_some(text)
    }
}
