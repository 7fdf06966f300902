//! Checks an enrolment program: what it shows, and how it answers a code.

use super::submission::asked;
use super::{EarlyEnd, Player, Waited};
use crate::codes::{Cause, Symptom};
use crate::diagnose::{self, Secret};
use crate::given::Field;
use crate::program::IdleTimer;
use crate::report::{Act, Reason};

impl Player<'_> {
    fn output_text(&self) -> String {
        String::from_utf8_lossy(&self.output()).into_owned()
    }

    fn secret_shown(&self) -> Option<Secret> {
        diagnose::secret(&self.output_text(), self.given.given_dni.as_deref())
    }

    /// Checks that the shown secret is that of the DNI which the program was given, or which it
    /// contains.
    pub(super) fn secret(&mut self) -> Result<(), EarlyEnd> {
        let right = |player: &Self| {
            let told = player.given.given_dni.as_deref();
            let is = |dni: &str| told.is_none_or(|told| told == dni);
            match player.secret_shown() {
                Some(Secret::Of(dni, token)) if is(dni.as_str()) => Some((dni, token)),
                _ => None,
            }
        };
        if let Some((dni, token)) = self.until_shown(&right)? {
            if self.given.given_dni.is_none() {
                self.given.note_program_dni(&dni);
            }
            self.program_step(Act::Shows(token.into_bytes()), true);
            return Ok(());
        }
        let expected = self.given.given_dni.as_ref().map(|dni| {
            let key = socklab_core::otp::Key::from_bytes(dni.as_bytes());
            key.base32().into_bytes()
        });
        let (token, cause) = match self.secret_shown() {
            Some(Secret::Of(_, token)) => {
                let cause = self.shows_always(&token)?;
                (token, cause)
            }
            Some(Secret::Wrong(token, cause)) => (token, cause),
            None => {
                self.note_blocked_call();
                return Err(self.fail_with(Symptom::NotShown, None, expected, None));
            }
        };
        let token = token.into_bytes();
        self.program_step(Act::Shows(token.clone()), false);
        Err(self.fail_with(Symptom::WrongOutput, cause, expected, Some(token)))
    }

    /// Whether the program shows the same secret for another DNI.
    fn shows_always(&mut self, before: &str) -> Result<Option<Cause>, EarlyEnd> {
        self.given.use_dni(b"87654321");
        self.restart()?;
        let same = |player: &Self| match player.secret_shown() {
            Some(Secret::Of(_, token)) if token == before => Some(()),
            _ => None,
        };
        Ok(self.until_shown(&same)?.map(|()| Cause::HardCodedSecret))
    }

    /// Checks that the shown URI gives a phone the same secret.
    pub(super) fn uri(&mut self) -> Result<(), EarlyEnd> {
        let shown = |player: &Self| {
            let dni = player.given.dni(player.setup.submitter);
            diagnose::provisioned(&player.output_text(), &dni)
        };
        // A wrong one may be only the beginning of what the program shows.
        let right = |player: &Self| shown(player).filter(|(_, judged)| judged.is_ok());
        let found = match self.until_shown(&right)? {
            Some(found) => Some(found),
            None => shown(self),
        };
        let Some((uri, judged)) = found else {
            self.note_blocked_call();
            return Err(self.fail(Symptom::NotShown, None));
        };
        let uri = uri.into_bytes();
        self.program_step(Act::Shows(uri.clone()), judged.is_ok());
        match judged {
            Ok(()) => Ok(()),
            Err(cause) => Err(self.fail_with(Symptom::WrongOutput, Some(cause), None, Some(uri))),
        }
    }

    /// Answers the program's questions until it shows what `look` finds. `None` if it asks for the
    /// code, ends or waits first.
    fn until_shown<T>(&mut self, look: &dyn Fn(&Self) -> Option<T>) -> Result<Option<T>, EarlyEnd> {
        loop {
            let mut ready = |player: &mut Self| match look(player) {
                Some(found) => Some(Some(found)),
                None => player.question().map(|_| None),
            };
            match self.wait_until(&mut ready, IdleTimer::is_quiet) {
                Waited::Ready(Some(found)) => return Ok(Some(found)),
                Waited::Exited if self.crashed() => return Err(self.exited(Symptom::ExitsEarly)),
                Waited::Exited => return Ok(None),
                Waited::Ready(None) | Waited::Over => {}
            }
            if !self.answer_label()? {
                break;
            }
        }
        // What the program showed before its question may not have arrived yet.
        match self.wait(|player| look(player)) {
            Waited::Ready(found) => Ok(Some(found)),
            Waited::Exited if self.crashed() => Err(self.exited(Symptom::ExitsEarly)),
            Waited::Exited | Waited::Over => Ok(None),
        }
    }

    /// Types the DNI or a label if the program asks for one; not the code.
    fn answer_label(&mut self) -> Result<bool, EarlyEnd> {
        let question = match self.question() {
            Some(question) => question,
            None if self.reports() => return Ok(false),
            None => match self.unended_line() {
                Some(line) => line,
                None if self.output_len() == 0 => {
                    return Err(EarlyEnd::NotChecked(Reason::HoldsOutput));
                }
                None => return Ok(false),
            },
        };
        let knows_its_dni = self.given.given_dni.is_some() || self.secret_shown().is_some();
        let field = match asked(&question) {
            Some(Field::Code) => return Ok(false),
            Some(field) => field,
            None if knows_its_dni => return Ok(false),
            None => Field::Dni,
        };
        if self.typed.len() >= 8 {
            return Err(EarlyEnd::NotChecked(Reason::Asks(question)));
        }
        let value = self.given.give(field, self.setup.submitter).into_bytes();
        self.typed.push(value.clone());
        self.our_step(Act::WeType(value.clone()));
        self.type_and_wait(&value);
        Ok(true)
    }

    /// Answers everything but the question for the code.
    pub(super) fn until_it_asks_for_the_code(&mut self) -> Result<(), EarlyEnd> {
        let never = |_: &Self| None::<()>;
        self.until_shown(&never).map(drop)
    }

    /// The program's answer to a code, with digits removed: the code itself may be part of the
    /// answer.
    pub(super) fn answer_shown(&mut self) -> Result<Vec<u8>, EarlyEnd> {
        let prompt = self.question().unwrap_or_default();
        let before = self.lines_read();
        let mut done = |player: &mut Self| {
            (player.question().is_some() && player.lines_read() > before).then_some(())
        };
        let waited = self.wait_until(&mut done, IdleTimer::is_quiet);
        if matches!(waited, Waited::Exited) && self.crashed() {
            return Err(self.exited(Symptom::EndsEarly));
        }
        let mut said = self.output_since();
        said.extend(self.errors().into_bytes());
        let said = String::from_utf8_lossy(&said).into_owned();
        // The prompt may have come only after the code was typed.
        let said = said.strip_prefix(prompt.as_str()).unwrap_or(&said);
        let said: String = said.chars().filter(|one| !one.is_ascii_digit()).collect();
        let said = said.trim().as_bytes().to_vec();
        if said.is_empty() {
            return Err(self.fail(Symptom::NotShown, None));
        }
        self.program_step(Act::Shows(said.clone()), true);
        Ok(said)
    }

    /// Why the program answers a right code and a wrong one alike.
    pub(super) fn why_the_same(&mut self, before: &[u8]) -> Cause {
        if self.given.is_old() {
            return Cause::AcceptsOldCode;
        }
        if !self.given.had_zero_first() {
            return Cause::HardCodedAnswer;
        }
        match self.answer_to_another_code() {
            Ok(answer) if answer != before => Cause::CodeLostZeros,
            _ => Cause::HardCodedAnswer,
        }
    }

    /// The program's answer to a right code that does not begin with a zero.
    fn answer_to_another_code(&mut self) -> Result<Vec<u8>, EarlyEnd> {
        self.given.use_dni(b"{other-code}");
        self.restart()?;
        self.type_line(b"{code}")?;
        self.answer_shown()
    }

    /// Ends the program and starts it again.
    pub(super) fn restart(&mut self) -> Result<(), EarlyEnd> {
        if self.program.is_none() {
            return Err(EarlyEnd::NotChecked(Reason::RunsElsewhere));
        }
        // Close our connections first, so that none keeps the program's port.
        self.wire = self.wire.anew();
        self.program = None;
        self.sent.clear();
        self.heard.clear();
        self.typed.clear();
        self.not_yet_shown.clear();
        self.shown = 0;
        self.begin()
    }
}
