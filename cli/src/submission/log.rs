//! A submission server's log: a line for the lecturer for each decision, and JSON Lines for
//! programs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};

use serde_json::{Value, json};
use socklab_core::policy::ClockState;
use socklab_core::register::{Attempt, Decision};
use socklab_files::{Outputs, Readers};
use socklab_register::{ErrorKind, RegisterEvent, RegisterObserver, shown_name};

use crate::files::{FileError, LogFile};
use crate::print;
use crate::register::notice;
use crate::replies::decided;
use socklab_text::{Ids, Messages};

/// The server's log. DNIs are masked, and codes are left out.
pub(crate) struct SubmissionLog {
    messages: &'static dyn Messages,
    quiet: bool,
    lab: String,
    pub(super) file: Option<Arc<LogFile>>,
    /// How many bytes of decisions the file may still get: of those that were not accepted, and of
    /// the others, which no stranger crowds out. Negative once a decision did not fit.
    left: [AtomicI64; 2],
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
        let limit = file.as_ref().map_or(0, |file| file.byte_limit());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        Ok(SubmissionLog {
            messages,
            quiet,
            lab: lab.to_owned(),
            file,
            left: [limit, limit].map(AtomicI64::new),
        })
    }

    /// Writes whole lines at once, so that the lines of several servers do not mix.
    fn write(&self, lines: &str) {
        if let Some(file) = &self.file {
            file.append(lines);
        }
    }

    /// The line for a decision in the file; for the first that does not fit, a line that says so.
    fn file_line(&self, attempt: &Attempt, decision: &Decision, file: &LogFile) -> Option<String> {
        let object = self.object(attempt, decision);
        let line = format!("{object}\n");
        let is_accepted = matches!(decision, Decision::Accepted(_));
        let bytes = line.len() as i64;
        let left = self.left[usize::from(is_accepted)].fetch_sub(bytes, Relaxed);
        if left >= bytes {
            return Some(line);
        }
        if left < 0 {
            return None;
        }
        let name = match is_accepted {
            true => "log-full-accepted",
            false => "log-full",
        };
        file.say_full(name);
        let object = json!({ "event": name, "lab": self.lab });
        Some(format!("{object}\n"))
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
        if let Some(file) = &self.file {
            let lines = batch
                .iter()
                .filter_map(|(attempt, decision)| self.file_line(attempt, decision, file));
            self.write(&lines.collect::<String>());
        }
    }

    fn event(&self, event: &RegisterEvent) {
        let name = match event {
            RegisterEvent::Failed(_) => "register-failed",
            RegisterEvent::Recovered => "register-recovered",
            RegisterEvent::QueueFull => "register-queue-full",
            RegisterEvent::Clock(ClockState::Behind(_)) => "clock-back",
            RegisterEvent::Clock(ClockState::Ahead(_)) => "clock-ahead",
            RegisterEvent::Clock(ClockState::Steady) => return,
            RegisterEvent::Notice(noticed) => return notice(self.messages, noticed),
            RegisterEvent::Damaged { .. } => "register-damaged-entry",
            RegisterEvent::SecretsRemembered => "secrets-remembered",
            RegisterEvent::SecretsGivenUp => "secrets-given-up",
        };
        let id = match event {
            RegisterEvent::Failed(error) => match error.kind {
                ErrorKind::Full => "register-full",
                ErrorKind::Busy => "register-busy",
                ErrorKind::Moved => "register-moved",
                _ => name,
            },
            _ => name,
        };
        let detail = |messages: &dyn Messages| match event {
            RegisterEvent::Failed(error) => error.say(messages),
            RegisterEvent::Clock(ClockState::Behind(by) | ClockState::Ahead(by)) => {
                by.as_secs().to_string()
            }
            RegisterEvent::Damaged { dnis, detail } => {
                let dnis: Vec<String> = dnis.iter().map(|dni| masked(dni)).collect();
                format!("{} ({})", dnis.join(", "), detail.say(messages))
            }
            _ => String::new(),
        };
        // Errors are shown even with `--quiet`.
        let said = detail(self.messages);
        print::line(&self.messages.say_with(id, &[("detail", &said)]));
        // Programs read the file, so it is the same in every language.
        let object = json!({ "event": name, "lab": self.lab, "detail": detail(&Ids) });
        self.write(&format!("{object}\n"));
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use socklab_core::Now;
    use socklab_core::otp::{Code, Dni};
    use socklab_core::register::Refusal;
    use socklab_register::Detail;

    use super::*;
    use crate::language::Language;

    /// Logs in Spanish, with room for about 1,000 bytes of decisions of both kinds.
    fn logged(happens: impl FnOnce(&SubmissionLog)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let messages = Box::leak(Box::new(Language::Es.messages()));
        let mut outputs = Outputs::default();
        let log = SubmissionLog::open(Some(&path), messages, true, "lab", &mut outputs).unwrap();
        log.left.iter().for_each(|left| left.store(1000, Relaxed));
        happens(&log);
        fs::read_to_string(&path).unwrap()
    }

    /// Attempts that are refused leave room for those that are accepted. A line says where the log
    /// has no more room for either, also in the middle of a batch.
    #[test]
    fn refused_attempts_do_not_fill_the_disk() {
        let attempt = Attempt {
            peer: ([127, 0, 0, 1], 4000).into(),
            name: (*b"Ana").into(),
            dni: Dni::parse("12345678").unwrap(),
            code: Code::parse("123456").unwrap(),
            at: Now::default(),
        };
        let refused = (attempt.clone(), Decision::Refused(Refusal::Unknown));
        let accepted = (attempt, Decision::accepted(1));
        let written = logged(|log| {
            log.decided(&vec![refused.clone(); 100]);
            log.decided(&vec![accepted.clone(); 100]);
            log.decided(&[refused, accepted]);
        });
        let events = written.lines().map(|line| {
            let line: Value = serde_json::from_str(line).unwrap();
            line["event"].as_str().unwrap().to_owned()
        });
        let events: Vec<String> = events.collect();
        let runs: Vec<(&str, bool)> = (events.chunk_by(|one, next| one == next))
            .map(|run| (&*run[0], (2..20).contains(&run.len())))
            .collect();
        let expected = [
            ("unknown-dni", true),
            ("log-full", false),
            ("accepted", true),
            ("log-full-accepted", false),
        ];
        assert_eq!(runs, expected, "{written}");
    }

    #[test]
    fn programs_read_the_same_in_every_language() {
        let schema = Detail::Schema {
            version: 9,
            newest: 8,
        };
        let quoted = Detail::Quoted("disk I/O error".to_owned());
        for (detail, said) in [
            (schema, "detail-schema version=9 newest=8"),
            (quoted, "disk I/O error"),
        ] {
            let kind = ErrorKind::Broken;
            let error = socklab_register::Error { kind, detail };
            let written = logged(|log| log.event(&RegisterEvent::Failed(error)));
            let line: Value = serde_json::from_str(&written).unwrap();
            assert_eq!(line["detail"], said);
        }
    }
}
