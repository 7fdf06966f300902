//! Files for other programs.

use std::fs::File;
use std::io::{BufWriter, Write, sink, stdout};
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use socklab_register::Gradebook;

use super::{Desk, Stop};
use crate::Exit;
use crate::say;

#[derive(Args, Debug)]
pub(super) struct ExportArgs {
    #[arg(long, value_enum, default_value_t = Format::Csv)]
    format: Format,
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[arg(long, value_name = "NAME", id = "grade-item")]
    item: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 10.0)]
    grade: f64,
    #[arg(long, value_name = "N", default_value_t = 10.0)]
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

impl Desk<'_> {
    pub(super) fn export(&mut self, args: &ExportArgs) -> Result<Exit, Stop> {
        if args.format == Format::Moodle {
            let unmatched = self.archive.unmatched(&self.lab)?;
            for one in &unmatched {
                say::line(&self.words.say_with(
                    "moodle-unmatched",
                    &[("dni", &one.dni), ("name", &one.name)],
                ));
            }
            if args.dry_run {
                let count = unmatched.len();
                let said = self.words.say_with("moodle-dry-run", &[("count", &count)]);
                if unmatched.is_empty() {
                    say::news(&said);
                    return Ok(Exit::Done);
                }
                return Err(Stop::Failed(said));
            }
        }
        let mut to: Box<dyn Write> = match &args.to {
            Some(path) => Box::new(BufWriter::new(File::create(path).map_err(|error| {
                let detail = error.to_string();
                Stop::Failed(
                    self.words
                        .say_with("file-error", &[("file", path), ("detail", &detail)]),
                )
            })?)),
            None if say::is_quiet() => Box::new(sink()),
            None => Box::new(BufWriter::new(stdout().lock())),
        };
        let lab = self.lab.clone();
        let lines = match args.format {
            Format::Csv => self.archive.csv(&lab, &mut to)?,
            Format::Jsonl => self.archive.jsonl(&lab, &mut to)?,
            Format::Moodle => {
                let book = Gradebook {
                    exercise: args.item.clone().unwrap_or_else(|| lab.clone()),
                    grade: args.grade,
                    maximum: args.maximum,
                };
                self.archive.moodle(&lab, &book, &mut to)?
            }
        };
        say::news(&self.words.say_with("exported", &[("count", &lines)]));
        Ok(Exit::Done)
    }
}
