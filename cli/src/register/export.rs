//! `socklab register export`: writes files for other programs.

use std::io::{BufWriter, Write, sink};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use socklab_files::{Kind, Readers};
use socklab_register::{ErrorKind, Gradebook};

use super::{RegisterCommand, RunError};
use crate::exit::Exit;
use crate::files::FileError;
use crate::numbers::real;
use crate::outlet::StdoutPayload;
use crate::print;

#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[arg(long, value_name = "NAME", id = "grade-item")]
    item: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = real(0.0..=1e6))]
    grade: f64,
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = real(0.0..=1e6))]
    maximum: f64,
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Csv,
    Jsonl,
    Moodle,
}

impl Format {
    /// The files that a table, or lines, may replace.
    const fn kinds(self) -> &'static [Kind<'static>] {
        match self {
            Format::Csv | Format::Moodle => &[
                Kind {
                    extensions: &["csv"],
                    begins: b"\"number\",\"name\",\"dni\",",
                },
                Kind {
                    extensions: &["csv"],
                    begins: b"\"idnumber\",\"email\",",
                },
            ],
            Format::Jsonl => &[Kind {
                extensions: &["jsonl", "json", "ndjson"],
                begins: b"{\"dni\":",
            }],
        }
    }
}

impl RegisterCommand<'_> {
    pub(super) fn export(&mut self, args: &ExportArgs) -> Result<Exit, RunError> {
        let messages = self.messages;
        if args.format == Format::Moodle {
            let unmatched = self.archive.unmatched(&self.lab)?;
            for one in &unmatched {
                print::line(&messages.say_with(
                    "moodle-unmatched",
                    &[("dni", &one.dni), ("name", &one.name)],
                ));
            }
            if args.dry_run {
                let count = unmatched.len();
                let said = messages.say_with("moodle-dry-run", &[("count", &count)]);
                if unmatched.is_empty() {
                    print::info(&said);
                    return Ok(Exit::Done);
                }
                return Err(RunError::Failed(said));
            }
        }
        let lines = match &args.to {
            Some(path) => {
                let refused = |error: socklab_files::Error| FileError::new(path, error);
                let output = self
                    .outputs
                    .replace(path, Readers::Owner, args.format.kinds());
                let mut output = output.map_err(refused)?;
                let exported = self.export_to(args, &mut output);
                let lines = exported.map_err(|stop| match stop {
                    RunError::Register(error) if error.kind == ErrorKind::Output => {
                        refused(std::io::Error::other(error.say(messages)).into()).into()
                    }
                    other => other,
                })?;
                output.finish().map_err(|error| refused(error.into()))?;
                lines
            }
            None if print::is_quiet() => self.export_to(args, &mut sink())?,
            None => self.export_to(args, &mut BufWriter::new(StdoutPayload))?,
        };
        print::info(&messages.say_with("exported", &[("count", &lines)]));
        Ok(Exit::Done)
    }

    fn export_to(&mut self, args: &ExportArgs, to: &mut dyn Write) -> Result<u64, RunError> {
        Ok(match args.format {
            Format::Csv => self.archive.csv(&self.lab, to)?,
            Format::Jsonl => self.archive.jsonl(&self.lab, to)?,
            Format::Moodle => {
                let book = Gradebook {
                    exercise: args.item.clone().unwrap_or_else(|| self.lab.clone()),
                    grade: args.grade,
                    maximum: args.maximum,
                    late: self.messages.say("moodle-late"),
                };
                self.archive.moodle(&self.lab, &book, to)?
            }
        })
    }
}
