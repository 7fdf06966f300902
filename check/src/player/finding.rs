//! Turns what was seen of a program into the finding of a failed scenario.

use socklab_core::transcript::Role;

use super::{EarlyEnd, Player};
use crate::codes::{Cause, Symptom};
use crate::diagnose;
use crate::program::{Start, source_line};
use crate::report::{Act, Finding, SourceLine};

impl Player<'_> {
    /// Ends the scenario with a finding.
    pub(super) fn fail(&mut self, symptom: Symptom, cause: Option<Cause>) -> EarlyEnd {
        self.fail_with(symptom, cause, None, None)
    }

    pub(super) fn fail_with(
        &mut self,
        symptom: Symptom,
        cause: Option<Cause>,
        expected: Option<Vec<u8>>,
        received: Option<Vec<u8>>,
    ) -> EarlyEnd {
        let cause = match cause {
            Some(Cause::NeverChecksFin | Cause::FinCase | Cause::LateFinCheck)
            | Some(Cause::HardCodedAnswer) => self.compares_bytes().or(cause),
            None if symptom == Symptom::NeverEnds => self.compares_bytes(),
            proved => proved,
        };
        let error = self.error().map(|text| self.mask_text(text));
        let place = self.place(symptom, cause);
        EarlyEnd::Failed(Box::new(Finding {
            symptom,
            cause,
            expected: expected.map(|bytes| self.mask(bytes)),
            received: received.map(|bytes| self.mask(bytes)),
            place,
            error,
            detail: None,
        }))
    }

    /// Whether Python has warned that bytes and text were compared, which are never equal.
    fn compares_bytes(&self) -> Option<Cause> {
        let mut compared = self.evidence()?.calls(&["compare"]);
        compared.next().map(|_| Cause::BytesCompared)
    }

    /// The program has ended where it should not have.
    pub(super) fn exited(&mut self, otherwise: Symptom) -> EarlyEnd {
        let code = self.exit_code();
        self.program_step(Act::Exits(code), false);
        if self.crashed() {
            let cause = diagnose::crash(self.raised(), self.errors().as_str(), &self.context());
            let module = match cause {
                Some(Cause::ModuleMissing) => self.error(),
                _ => None,
            };
            // No module named 'x'
            let module = module.and_then(|said| Some(said.split('\'').nth(1)?.to_owned()));
            return self.fail(Symptom::Crash, cause).detailed(module);
        }
        let cause = diagnose::early_exit(self.raised(), self.errors().as_str(), &self.context());
        let cause = cause.or_else(|| self.leaves_after_one(code));
        self.fail(otherwise, cause)
    }

    /// Whether the program ended by itself after one exchange, or a server after its first client.
    fn leaves_after_one(&mut self, code: Option<i32>) -> Option<Cause> {
        let loops = matches!(self.setup.exercise.name, "echo" | "chat" | "capitals");
        if code != Some(0) {
            None
        } else if self.setup.role == Role::Server && self.wire.is_stream() {
            (self.has_answered() && self.wire.connects() > 1).then_some(Cause::ServesOnce)
        } else {
            (loops && self.heard.len() == 1).then_some(Cause::NoLoop)
        }
    }

    /// Whether the program has answered any peer, even if the scenario has not received it yet.
    pub(super) fn has_answered(&mut self) -> bool {
        !self.heard.is_empty() || self.wire.has_received()
    }

    pub(super) fn exit_code(&mut self) -> Option<i32> {
        self.program.as_mut()?.exit()?.code()
    }

    /// Whether the program ended by an exception or a signal, and not by itself.
    pub(super) fn crashed(&mut self) -> bool {
        let Some(program) = &mut self.program else {
            return false;
        };
        let Some(status) = program.exit() else {
            return false;
        };
        let errors = String::from_utf8_lossy(&program.errors.bytes()).into_owned();
        program.evidence.raised().is_some()
            || status.code().is_none()
            || (!status.success()
                && (errors.contains("Traceback (") || errors.contains("SyntaxError")))
            || (!status.success() && errors.contains("panicked at"))
    }

    pub(super) fn errors(&self) -> String {
        let bytes = self.program.as_ref().map(|program| program.errors.bytes());
        String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
    }

    fn error(&self) -> Option<String> {
        if let Some(event) = self.raised() {
            let said = event.data.clone().unwrap_or_default();
            let said = String::from_utf8_lossy(&said).into_owned();
            return Some(format!(
                "{}: {said}",
                event.error.clone().unwrap_or_default()
            ));
        }
        self.program.as_ref()?.last_words()
    }

    /// The facts on which the causes of an exception depend.
    fn context(&self) -> diagnose::CrashContext<'_> {
        diagnose::CrashContext {
            scenario: self.scenario,
            script: self.setup.start.and_then(Start::script),
            evidence: self.evidence(),
            sent: &self.sent,
        }
    }

    /// The line of the program to show.
    fn place(&self, symptom: Symptom, cause: Option<Cause>) -> Option<SourceLine> {
        let event = diagnose::event(self.evidence()?, symptom, cause)?;
        let file = std::path::PathBuf::from(&event.file);
        let folder = self.setup.start.and_then(|start| start.folder.clone());
        let whole = folder.unwrap_or_default().join(&file);
        let line = cause.map_or(event.line, |cause| {
            diagnose::nearest(&whole, event.line, cause)
        });
        Some(SourceLine {
            file: file.file_name()?.to_string_lossy().into_owned(),
            line,
            text: self.mask_text(source_line(&whole, line)?),
        })
    }
}
