//! What the program shows its user.

use super::{EarlyEnd, Player, Waited};
use crate::codes::Symptom;
use crate::diagnose::{self, contains};
use crate::report::Act;

impl Player<'_> {
    pub(super) fn shows(&mut self, text: &[u8]) -> Result<(), EarlyEnd> {
        let seen = |player: &Self| contains(&player.output_since(), text).then_some(());
        if self.program.is_none() {
            return Ok(());
        }
        // Python was told to write at once. Other programs may keep output in a buffer until they
        // end.
        let prompt = self.reports() || !self.output_is_silent();
        if !prompt && self.setup.holds_output.get() {
            self.not_yet_shown.push(text.to_vec());
            return Ok(());
        }
        match self.wait(|player| seen(player)) {
            Waited::Ready(()) if self.shows_only_repr(text) => Err(self.not_shown(text)),
            Waited::Ready(()) => {
                self.program_step(Act::Shows(text.to_vec()), true);
                Ok(())
            }
            Waited::Exited if !self.crashed() => Err(self.not_shown(text)),
            Waited::Exited => Err(self.exited(Symptom::EndsEarly)),
            Waited::Over if !self.reports() && self.output_is_silent() => {
                self.setup.holds_output.set(true);
                self.not_yet_shown.push(text.to_vec());
                Ok(())
            }
            Waited::Over => Err(self.not_shown(text)),
        }
    }

    /// Whether the text appears only inside `b'…'`.
    fn shows_only_repr(&mut self, text: &[u8]) -> bool {
        let repr = diagnose::repr(text);
        let only = |player: &Self| {
            let after = player.output_since();
            let count = |part: &[u8]| after.windows(part.len()).filter(|one| *one == part).count();
            count(&repr) > 0 && count(text) <= count(&repr)
        };
        if text.is_empty() || !only(self) {
            return false;
        }
        // The text itself may still come.
        let _ = self.wait_until_quiet();
        only(self)
    }

    /// Whether the program has shown nothing since the last message it received.
    fn output_is_silent(&self) -> bool {
        self.output_len() == self.shown
    }

    /// Checks, once the program has ended, that it has shown the texts it may have kept in a
    /// buffer.
    pub(super) fn report_not_shown(&mut self) -> Result<(), EarlyEnd> {
        if self.not_yet_shown.is_empty() || self.exit_code().is_none() {
            return Ok(());
        }
        let output = self.output();
        for text in std::mem::take(&mut self.not_yet_shown) {
            if !contains(&output, &text) {
                return Err(self.not_shown(&text));
            }
        }
        Ok(())
    }
}
