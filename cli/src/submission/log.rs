//! A submission server's log: a line for the lecturer for each decision, and JSON Lines for
//! programs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};

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
    /// How many bytes of decisions the file may still get: of those that were not accepted, and of
    /// the others, which no stranger crowds out.
    left: [AtomicUsize; 2],
    /// A decision did not fit any more.
    full: AtomicBool,
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
        let most = file.as_ref().map_or(0, |file| file.byte_limit());
        Ok(SubmissionLog {
            messages,
            quiet,
            lab: lab.to_owned(),
            file,
            left: [most, most].map(AtomicUsize::new),
            full: AtomicBool::new(false),
        })
    }

    /// Writes whole lines at once, so that the lines of several servers do not mix.
    fn write(&self, lines: &str) {
        if let Some(file) = &self.file {
            file.append(lines);
        }
    }

    /// Whether the file may get this decision. Says so the first time that it may not.
    fn fits(&self, decision: &Decision, bytes: usize, file: &LogFile) -> bool {
        let left = &self.left[usize::from(matches!(decision, Decision::Accepted(_)))];
        let take = |left: usize| left.checked_sub(bytes);
        let fits = left.fetch_update(Relaxed, Relaxed, take).is_ok();
        if !fits && !self.full.swap(true, Relaxed) {
            file.say_full("log-full");
            self.write(&format!(
                "{}\n",
                json!({ "event": "log-full", "lab": self.lab })
            ));
        }
        fits
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
            let objects = batch.iter().filter_map(|(attempt, decision)| {
                let line = format!("{}\n", self.object(attempt, decision));
                self.fits(decision, line.len(), file).then_some(line)
            });
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

#[cfg(test)]
mod tests {
    use std::fs;

    use socklab_core::Now;
    use socklab_core::otp::{Code, Dni};
    use socklab_core::register::Refusal;

    use super::*;
    use crate::language::Language;

    #[test]
    fn refused_attempts_do_not_fill_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let messages = Box::leak(Box::new(Language::En.messages()));
        let mut outputs = Outputs::default();
        let log = SubmissionLog::open(Some(&path), messages, true, "lab", &mut outputs).unwrap();
        log.left[0].store(1000, Relaxed);
        let attempt = Attempt {
            peer: ([127, 0, 0, 1], 4000).into(),
            name: (*b"Ana").into(),
            dni: Dni::parse("12345678").unwrap(),
            code: Code::parse("123456").unwrap(),
            at: Now::default(),
        };
        let refused = [(attempt.clone(), Decision::Refused(Refusal::Unknown))];
        (0..100).for_each(|_| log.decided(&refused));
        log.decided(&[(attempt, Decision::accepted(1))]);
        let written = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = written.lines().collect();
        let [refused @ .., full, accepted] = &lines[..] else {
            panic!("{written}");
        };
        assert!((1..20).contains(&refused.len()), "{written}");
        assert!(full.contains("log-full") && accepted.contains("accepted"));
    }
}
