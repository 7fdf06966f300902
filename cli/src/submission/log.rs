//! A submission server's log: a line for the lecturer for each decision, and JSON Lines for
//! programs.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use socklab_core::policy::ClockState;
use socklab_core::register::{Attempt, Decision};
use socklab_files::{Outputs, Readers};
use socklab_register::{ErrorKind, RegisterEvent, RegisterObserver, shown_name};

use crate::files::{FileError, LogFile};
use crate::print;
use crate::register::notice;
use crate::replies::decided;
use socklab_text::Messages;

/// The server's log. DNIs are masked, and codes are left out.
pub(crate) struct SubmissionLog {
    messages: &'static dyn Messages,
    quiet: bool,
    lab: String,
    pub(super) file: Option<Arc<LogFile>>,
}

impl SubmissionLog {
    pub(super) fn open(
        path: Option<&Path>,
        messages: &'static dyn Messages,
        quiet: bool,
        lab: &str,
        outputs: &mut Outputs,
    ) -> Result<Self, FileError> {
        let open = |path| LogFile::open(outputs, path, Readers::Owner, b"{", messages);
        let file = path.map(open).transpose()?.map(Arc::new);
        Ok(SubmissionLog {
            messages,
            quiet,
            lab: lab.to_owned(),
            file,
        })
    }

    /// Writes whole lines at once, so that the lines of several servers do not mix.
    fn write(&self, lines: &str) {
        if let Some(file) = &self.file {
            file.append(lines);
        }
    }

    fn line(&self, attempt: &Attempt, decision: &Decision) -> String {
        let dni = masked(attempt.dni.as_str());
        let said = decided(self.messages, decision);
        self.messages.say_with(
            "submission-decided",
            &[
                ("name", &shown_name(&attempt.name)),
                ("dni", &dni),
                ("peer", &attempt.peer),
                ("said", &said),
            ],
        )
    }

    fn object(&self, attempt: &Attempt, decision: &Decision) -> Value {
        let mut object = json!({
            "time": attempt.at.unix.as_secs_f64(),
            "event": decision.name(),
            "lab": self.lab,
            "peer": attempt.peer.to_string(),
            "dni": masked(attempt.dni.as_str()),
        });
        if let Some(entry) = decision.entry() {
            object["number"] = entry.number.into();
        }
        object
    }
}

/// Masks all but the last two digits: enough to find a student, too few to make codes.
pub(crate) fn masked(dni: &str) -> String {
    let hidden = dni.len().saturating_sub(2);
    format!("{}{}", "*".repeat(hidden), &dni[hidden..])
}

impl RegisterObserver for SubmissionLog {
    fn decided(&self, batch: &[(Attempt, Decision)]) {
        if !self.quiet {
            let lines = batch
                .iter()
                .map(|(attempt, decision)| self.line(attempt, decision));
            print::line(&lines.collect::<Vec<_>>().join("\n"));
        }
        if self.file.is_some() {
            let objects = batch
                .iter()
                .map(|(attempt, decision)| format!("{}\n", self.object(attempt, decision)));
            self.write(&objects.collect::<String>());
        }
    }

    fn event(&self, event: &RegisterEvent) {
        let (id, name, detail) = match event {
            RegisterEvent::Failed(error) => (
                match error.kind {
                    ErrorKind::Full => "register-full",
                    ErrorKind::Busy => "register-busy",
                    ErrorKind::Moved => "register-moved",
                    _ => "register-failed",
                },
                "register-failed",
                error.say(self.messages),
            ),
            RegisterEvent::Recovered => ("register-recovered", "register-recovered", String::new()),
            RegisterEvent::Clock(ClockState::Behind(by)) => {
                ("clock-back", "clock-back", by.as_secs().to_string())
            }
            RegisterEvent::Clock(ClockState::Ahead(by)) => {
                ("clock-ahead", "clock-ahead", by.as_secs().to_string())
            }
            RegisterEvent::Clock(ClockState::Steady) => return,
            RegisterEvent::Notice(noticed) => return notice(self.messages, noticed),
            RegisterEvent::Damaged { dnis, detail } => {
                let dnis: Vec<String> = dnis.iter().map(|dni| masked(dni)).collect();
                let detail = format!("{} ({})", dnis.join(", "), detail.say(self.messages));
                ("register-damaged-entry", "register-damaged-entry", detail)
            }
            RegisterEvent::SecretsRemembered => {
                ("secrets-remembered", "secrets-remembered", String::new())
            }
            RegisterEvent::SecretsGivenUp => {
                ("secrets-given-up", "secrets-given-up", String::new())
            }
        };
        // Errors are shown even with `--quiet`.
        print::line(&self.messages.say_with(id, &[("detail", &detail)]));
        let object = json!({ "event": name, "lab": self.lab, "detail": detail });
        self.write(&format!("{object}\n"));
    }
}
