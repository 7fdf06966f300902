//! What a submission server tells its lecturer: a line for each decision, and JSON lines for programs.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};
use socklab_core::policy::Reading;
use socklab_core::register::{Attempt, Decision};
use socklab_register::{Event, Journal, Trouble, shown_name};

use crate::say;
use crate::wording::decided;
use crate::words::Words;

/// The server's log. DNIs are masked, codes are not there.
pub(crate) struct Log {
    words: Arc<Words>,
    quiet: bool,
    lab: String,
    file: Option<Mutex<File>>,
}

impl Log {
    pub(super) fn open(
        path: Option<&Path>,
        words: Arc<Words>,
        quiet: bool,
        lab: &str,
    ) -> Result<Self, (PathBuf, io::Error)> {
        let file = path
            .map(|path| {
                let file = OpenOptions::new().append(true).create(true).open(path);
                file.map_err(|error| (path.to_owned(), error))
            })
            .transpose()?;
        Ok(Log {
            words,
            quiet,
            lab: lab.to_owned(),
            file: file.map(Mutex::new),
        })
    }

    /// One object, one line, one write, so that lines of several servers do not mix.
    fn write(&self, object: &Value) {
        if let Some(file) = &self.file {
            let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
            // A log that cannot be written must not stop submissions.
            let _ = file.write_all(format!("{object}\n").as_bytes());
        }
    }
}

/// All but the last two digits hidden: enough to find a student, too little to make codes.
pub(crate) fn masked(dni: &str) -> String {
    let hidden = dni.len().saturating_sub(2);
    format!("{}{}", "*".repeat(hidden), &dni[hidden..])
}

impl Journal for Log {
    fn decided(&self, attempt: &Attempt, decision: &Decision) {
        let dni = masked(attempt.dni.as_str());
        if !self.quiet {
            let said = decided(&self.words, decision);
            say::line(&self.words.say_with(
                "submission-decided",
                &[
                    ("name", &shown_name(&attempt.name)),
                    ("dni", &dni),
                    ("peer", &attempt.peer),
                    ("said", &said),
                ],
            ));
        }
        if self.file.is_some() {
            let mut line = json!({
                "time": attempt.at.unix.as_secs_f64(),
                "event": decision.name(),
                "lab": self.lab,
                "peer": attempt.peer.to_string(),
                "dni": dni,
            });
            if let Some(entry) = decision.entry() {
                line["number"] = entry.number.into();
            }
            self.write(&line);
        }
    }

    fn event(&self, event: &Event) {
        let (id, name, detail) = match event {
            Event::Failed(error) => (
                match error.trouble {
                    Trouble::Full => "register-full",
                    Trouble::Busy => "register-busy",
                    _ => "register-failed",
                },
                "register-failed",
                error.to_string(),
            ),
            Event::Recovered => ("register-recovered", "register-recovered", String::new()),
            Event::Clock(Reading::Back(by)) => {
                ("clock-back", "clock-back", by.as_secs().to_string())
            }
            Event::Clock(Reading::Ahead(by)) => {
                ("clock-ahead", "clock-ahead", by.as_secs().to_string())
            }
            Event::Clock(Reading::Steady) => return,
        };
        // Trouble is told even when nothing else is.
        say::line(&self.words.say_with(id, &[("detail", &detail)]));
        self.write(&json!({ "event": name, "lab": self.lab, "detail": detail }));
    }
}
