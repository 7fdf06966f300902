//! Where the results go: the terminal, and files.

use std::error::Error;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::{
    fs,
    io::{self, ErrorKind},
};

use socklab_compare::csv::csv;
use socklab_compare::hgrm::{TimeKind, hgrm};
use socklab_compare::report::{Appendix, Picture, html};
use socklab_compare::results::{Invalid, Load, Results};
use socklab_compare::summary::Document;
use socklab_compare::{conclusions, table};
use socklab_core::lab;
use socklab_experiments::compare::{Plan, sources};
use socklab_files::{Kind, Outputs, Readers};
use socklab_timeline::svg;

use super::args::CompareArgs;
use crate::exit::Exit;
use crate::files::{FileError, write_public};
use crate::outlet;
use crate::print;
use crate::timeline;
use socklab_runtimes::Runtime;
use socklab_text::Messages;

/// How the files of each option begin.
pub(super) const JSON: [Kind<'static>; 2] = [
    kind(&["json"], b"{\"results\":{"),
    kind(&["json"], b"{\"matrix\":{"),
];
const CSV: [Kind<'static>; 1] = [kind(&["csv"], b"exercise,model,load,")];
const MARKDOWN: [Kind<'static>; 1] = [kind(&["md"], b"### ")];
const HGRM: [Kind<'static>; 1] = [kind(&["hgrm"], b"       Value     Percentile")];
pub(super) const PAGE: [Kind<'static>; 2] = [
    kind(
        PAGES,
        b"<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n<meta",
    ),
    kind(
        PAGES,
        b"<!DOCTYPE html>\n<html lang=\"es\"><head><meta charset=\"utf-8\">\n<meta",
    ),
];
const PAGES: &[&str] = &["html", "htm"];

const fn kind(extensions: &'static [&'static str], begins: &'static [u8]) -> Kind<'static> {
    Kind { extensions, begins }
}

/// Checks that all output files can be written, before a long measurement rather than after it.
pub(super) fn can_be_written(args: &CompareArgs) -> Result<(), FileError> {
    let mut outputs = Outputs::default();
    let report = args.report.clone().unwrap_or_else(|| default_report(args));
    let named = [
        (args.json.as_ref(), &JSON[..]),
        (args.csv.as_ref(), &CSV),
        (args.markdown.as_ref(), &MARKDOWN),
        (Some(&report), &PAGE),
    ];
    let named = named
        .into_iter()
        .filter_map(|(path, kinds)| Some((path?, kinds)));
    for (path, kinds) in named.filter(|(path, _)| !is_stdout(path)) {
        let can = outputs.can_replace(path, Readers::Anybody, kinds);
        can.map_err(|error| FileError::new(path, error))?;
        outputs.protect(path);
    }
    match args
        .hdr
        .as_deref()
        .filter(|folder| folder.exists() && !folder.is_dir())
    {
        Some(file) => Err(FileError::new(
            file,
            io::Error::from(ErrorKind::NotADirectory),
        )),
        None => Ok(()),
    }
}

/// The report's default path.
pub(super) fn default_report(args: &CompareArgs) -> PathBuf {
    match args.exercise() {
        None => "socklab-compare.html".into(),
        Some(exercise) => format!("socklab-{exercise}.html").into(),
    }
}

/// Whether a path stands for standard output.
pub(super) fn is_stdout(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// Prints text for the user. Prints none with `--quiet`, or if JSON goes to standard output.
pub(super) fn show(args: &CompareArgs, text: &str) {
    let json = args.json.as_deref().is_some_and(is_stdout);
    if !json {
        print::lines(text);
    }
}

/// Writes files, names each, and notes whether all could be written.
pub(super) struct OutputFiles<'m> {
    messages: &'m dyn Messages,
    outputs: Outputs,
    exit: Exit,
}

impl<'m> OutputFiles<'m> {
    pub(super) fn new(messages: &'m dyn Messages) -> Self {
        OutputFiles {
            messages,
            outputs: Outputs::default(),
            exit: Exit::Done,
        }
    }

    /// Writes a file of one of these kinds, if its option was given.
    pub(super) fn write(&mut self, path: Option<&PathBuf>, text: &str, kinds: &[Kind<'_>]) {
        if let Some(path) = path {
            if is_stdout(path) {
                outlet::payload(text.as_bytes());
                return;
            }
            let written = write_public(&mut self.outputs, path, text.as_bytes(), kinds);
            self.report(path, written);
        }
    }

    /// Writes a file, or reports why its text could not be made.
    fn write_made<E>(&mut self, path: &PathBuf, text: Result<String, E>, kinds: &[Kind<'_>])
    where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        match text {
            Ok(text) => self.write(Some(path), &text, kinds),
            Err(error) => self.report(path, Err(FileError::new(path, io::Error::other(error)))),
        }
    }

    /// Says whether a file was written.
    fn report(&mut self, path: &Path, written: Result<(), FileError>) {
        let messages = self.messages;
        match written {
            Ok(()) => {
                print::info(&messages.say_with("compare-written", &[("file", &path)]));
            }
            Err(error) => {
                print::line(&error.say(messages));
                self.exit = Exit::Failed;
            }
        }
    }

    /// The exit status of the command: a failed write, or else `otherwise`.
    pub(super) fn exit(self, otherwise: Exit) -> Exit {
        match self.exit {
            Exit::Done => otherwise,
            failed => failed,
        }
    }
}

/// Shows the table, and writes the requested files.
pub(super) fn write(args: &CompareArgs, document: &Document, messages: &dyn Messages) -> Exit {
    let (results, summary) = (&document.results, &document.summary);
    let conclusions = conclusions::paragraph(results, summary, messages);
    let shown = format!(
        "{}\n{}\n",
        table::terminal(results, summary, print::columns(), messages),
        print::wrapped("", &conclusions)
    );
    show(args, &shown);
    let mut files = OutputFiles::new(messages);
    if let Some(path) = &args.json {
        files.write_made(
            path,
            serde_json::to_string(document).map(|json| json + "\n"),
            &JSON,
        );
    }
    if let Some(path) = &args.csv {
        files.write_made(path, csv(results, summary), &CSV);
    }
    if args.markdown.is_some() {
        let text = table::markdown(results, summary, messages);
        files.write(args.markdown.as_ref(), &text, &MARKDOWN);
    }
    let report = args.report.clone().unwrap_or_else(|| default_report(args));
    let sources = sources(&results.exercise, &results.models);
    let appendix = Appendix {
        command: &typed(std::env::args_os().skip(1)),
        pictures: &pictures(results, messages),
        sources: &sources,
    };
    files.write(Some(&report), &html(document, &appendix, messages), &PAGE);
    if let Some(folder) = &args.hdr {
        let written = histograms(&mut files.outputs, folder, results);
        files.report(folder, written);
    }
    files.exit(match anything_wrong(results) {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

/// Whether any measurement is invalid.
fn anything_wrong(results: &Results) -> bool {
    let wrong = |invalid: &[Invalid]| {
        invalid
            .iter()
            .any(|one| matches!(one, Invalid::WrongReplies | Invalid::ServerGone))
    };
    results.trials.iter().any(|trial| wrong(&trial.invalid))
        || results.proofs.iter().any(|proof| !proof.same)
}

/// A timeline of each model, which shows where it waits: the exchange with two clients, played now.
fn pictures(results: &Results, messages: &dyn Messages) -> Vec<Picture> {
    let Some(exercise) = lab::find(&results.exercise) else {
        return Vec::new();
    };
    let models: Vec<Runtime> = results
        .models
        .iter()
        .filter_map(|name| Runtime::find(name))
        .collect();
    let charts = timeline::charts(exercise, &models, messages);
    let drawn = charts.iter().map(|chart| Picture {
        model: chart.model.clone(),
        svg: svg(chart, messages),
    });
    drawn.collect()
}

/// The command line, quoted so that it can be typed again.
pub(super) fn typed(arguments: impl Iterator<Item = OsString>) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,=@+".contains(c);
    let arguments = arguments.map(|one| one.to_string_lossy().into_owned());
    let quoted = arguments.map(|one| match !one.is_empty() && one.chars().all(plain) {
        true => one,
        false => format!("'{}'", one.replace('\'', r"'\''")),
    });
    let command = ["socklab".to_owned()].into_iter();
    command.chain(quoted).collect::<Vec<_>>().join(" ")
}

/// Checks that the files of percentiles can be written.
pub(super) fn folder_can_be_written(folder: &Path, plan: &Plan) -> Result<(), FileError> {
    let outputs = Outputs::default();
    fs::create_dir_all(folder).map_err(|error| FileError::new(folder, error))?;
    let models = plan.contestants.iter().map(|one| one.name.as_str());
    for file in histogram_files(plan.exercise.name, models, &plan.loads) {
        let path = folder.join(file);
        let can = outputs.can_replace(&path, Readers::Anybody, &HGRM);
        can.map_err(|error| FileError::new(&path, error))?;
    }
    Ok(())
}

/// Writes a file of percentiles for each model and load, in the format of HdrHistogram's own tools.
fn histograms(outputs: &mut Outputs, folder: &Path, results: &Results) -> Result<(), FileError> {
    fs::create_dir_all(folder).map_err(|error| FileError::new(folder, error))?;
    let models = results.models.iter().map(String::as_str);
    let mut files = histogram_files(&results.exercise, models, &results.loads).into_iter();
    for model in &results.models {
        for (at, file) in (0..results.loads.len()).zip(&mut files) {
            if let Some(text) = hgrm(results, model, at, TimeKind::Response) {
                write_public(outputs, &folder.join(file), text.as_bytes(), &HGRM)?;
            }
        }
    }
    Ok(())
}

/// The name of the file of percentiles for each model and, of each model, each load. Names that
/// would be the same, also without regard to case, are numbered.
fn histogram_files<'m>(
    exercise: &str,
    models: impl Iterator<Item = &'m str>,
    loads: &[Load],
) -> Vec<String> {
    let mut files: Vec<String> = Vec::new();
    for model in models {
        for load in loads {
            let load = match load {
                Load::Closed { connections } => format!("{connections}"),
                Load::Open { rate, .. } => format!("{rate:.0}-a-second"),
            };
            let name = in_file_name(&format!("{exercise}-{model}-{load}"));
            let numbered = (2..).map(|number| format!("{name}-{number}.hgrm"));
            let mut all = [format!("{name}.hgrm")].into_iter().chain(numbered);
            let is_new = |file: &String| {
                let file = file.to_lowercase();
                files.iter().all(|other| other.to_lowercase() != file)
            };
            files.extend(all.find(is_new));
        }
    }
    files
}

/// A text as a part of a file's name: without characters that some system does not allow there, and
/// not too long.
fn in_file_name(text: &str) -> String {
    /// Most file systems allow 255 bytes.
    const LONGEST: usize = 200;
    let forbidden = |c: char| {
        c.is_control()
            || c.is_whitespace()
            || matches!(c, '<' | '>' | ':' | '"' | '/' | '\\' | '|' | '?' | '*')
    };
    let mut name = text.replace(forbidden, "_");
    let end = (0..=LONGEST.min(name.len()))
        .rev()
        .find(|at| name.is_char_boundary(*at));
    name.truncate(end.unwrap_or(0));
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_percentiles_has_a_name_that_every_system_allows() {
        let long = "ñ".repeat(400);
        let models = [
            "mio",
            "a/b",
            "a\\b",
            "A:B",
            "<x>|\"?*\n\u{85}.",
            &long,
            "127.0.0.1:16000",
        ];
        let open = |rate| Load::Open {
            connections: 1,
            rate,
        };
        let loads = [Load::Closed { connections: 10 }, open(0.3), open(0.4)];
        let files = histogram_files("echo", models.into_iter(), &loads);
        assert_eq!(files.len(), models.len() * loads.len());
        assert_eq!(
            files[..6],
            [
                "echo-mio-10.hgrm",
                "echo-mio-0-a-second.hgrm",
                "echo-mio-0-a-second-2.hgrm",
                "echo-a_b-10.hgrm",
                "echo-a_b-0-a-second.hgrm",
                "echo-a_b-0-a-second-2.hgrm",
            ]
        );
        let mut lower: Vec<String> = files.iter().map(|file| file.to_lowercase()).collect();
        lower.sort();
        lower.dedup();
        assert_eq!(lower.len(), files.len(), "{files:?}");
        for file in files {
            assert!(
                file.len() <= 255 && !file.contains(char::is_control),
                "{file}"
            );
            assert!(
                !file.contains(['<', '>', ':', '"', '/', '\\', '|', '?', '*', ' ']),
                "{file}"
            );
        }
    }

    #[test]
    fn what_was_typed_can_be_typed_again() {
        let arguments = [
            "compare",
            "--models",
            "mio,tokio",
            "--json",
            "my file",
            "it's",
            "",
        ];
        let arguments = arguments.into_iter().map(OsString::from);
        let line = r"socklab compare --models mio,tokio --json 'my file' 'it'\''s' ''";
        assert_eq!(typed(arguments), line);
    }
}
