//! Turns what was seen of a program into the finding of a failed scenario.

use socklab_core::transcript::Role;

use super::{EarlyEnd, Player};
use crate::codes::{Cause, Symptom};
use crate::diagnose;
use crate::evidence::Event;
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
            Some(Cause::NeverChecksFin | Cause::OneFin | Cause::FinCase)
            | Some(Cause::LateFinCheck | Cause::HardCodedAnswer) => self.compares_bytes().or(cause),
            None if symptom == Symptom::NeverEnds => self.compares_bytes(),
            proved => proved,
        };
        let mut finding = Finding {
            symptom,
            cause,
            expected: expected.map(|bytes| self.mask(bytes)),
            received: received.map(|bytes| self.mask(bytes)),
            place: self.place(symptom, cause),
            error: self.error().map(|text| self.mask_text(text)),
            detail: None,
        };
        if let Some((proved, event)) = self.survived()
            && cause.is_none_or(|cause| cause == proved || cause.is_concluded())
        {
            let cause = proved;
            finding.cause = Some(cause);
            finding.place = self.place_of(&event, Some(cause)).or(finding.place);
            let said = exception(&event);
            // What was caught was not printed.
            finding.detail = (finding.error.as_ref() != Some(&said)).then(|| self.mask_text(said));
        }
        EarlyEnd::Failed(Box::new(finding))
    }

    /// An exception that did not end the program, with the cause that it proves.
    pub(super) fn survived(&self) -> Option<(Cause, Event)> {
        if self.raised().is_some() {
            return None;
        }
        let context = self.context();
        let errors = self.errors();
        let printed = diagnose::printed(&errors, context.script.as_deref());
        let caught = self.evidence().and_then(diagnose::caught).cloned();
        let event = printed.or(caught)?;
        // Others are not mistakes unless they end the program: a client may reset its connection.
        let cause = diagnose::crash(Some(&event), &errors, &context).filter(|cause| {
            matches!(
                cause,
                Cause::StrNotBytes
                    | Cause::NumberNotText
                    | Cause::AddressNotAPair
                    | Cause::MissingBrackets
                    | Cause::UnknownName
                    | Cause::CrashOnAccents
            )
        });
        Some((cause?, event))
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
            (self.has_answered() && self.connections() > 1).then_some(Cause::ServesOnce)
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
            return Some(exception(event));
        }
        let script = self.setup.start.and_then(Start::script);
        match diagnose::printed(&self.errors(), script.as_deref()) {
            Some(event) => Some(exception(&event)),
            None => self.program.as_ref()?.last_words(),
        }
    }

    /// The facts on which the causes of an exception depend.
    pub(super) fn context(&self) -> diagnose::CrashContext<'_> {
        diagnose::CrashContext {
            scenario: self.scenario,
            script: self.setup.start.and_then(Start::script),
            evidence: self.evidence(),
            sent: &self.sent,
        }
    }

    /// The line of the program to show.
    fn place(&self, symptom: Symptom, cause: Option<Cause>) -> Option<SourceLine> {
        self.place_of(diagnose::event(self.evidence()?, symptom, cause)?, cause)
    }

    /// The line of an event; `None` if it is not known.
    fn place_of(&self, event: &Event, cause: Option<Cause>) -> Option<SourceLine> {
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

/// An exception as Python prints it.
fn exception(event: &Event) -> String {
    let [kind, said] = [&event.error, &event.said].map(|part| part.clone().unwrap_or_default());
    match said.is_empty() {
        true => kind,
        false => format!("{kind}: {said}"),
    }
}
