//! `socklab timeline`: where each model waits, seen in one small exchange.

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command};
use socklab_core::lab::{self, Exercise};
use socklab_experiments::timeline;
use socklab_files::{Kind, Outputs, Readers};
use socklab_runtimes::Runtime;
use socklab_text::Messages;
use socklab_timeline::{Chart, Glyphs, WIDTH, chrome, mermaid, slide, svg_of_all, text};

use crate::exit::Exit;
use crate::files::{FileError, write_public};
use crate::options::{exercises, read};
use crate::print;
use crate::runtimes;
use crate::tour::not_played;

/// What a chart can be written as.
const FORMATS: [&str; 4] = ["text", "mermaid", "svg", "chrome"];

/// The files of a format.
fn kind<'a>(format: &str, exercise: &'a Exercise) -> Kind<'a> {
    let (extensions, begins): (&[&str], &[u8]) = match format {
        "mermaid" => (&["md", "mmd"], b"```mermaid\n"),
        "svg" => (
            &["svg"],
            b"<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"tl-chart\"",
        ),
        "chrome" => (&["json"], b"{\"displayTimeUnit\":"),
        _ => (&["txt"], exercise.name.as_bytes()),
    };
    Kind { extensions, begins }
}

// Other commands have options of the same names, with other help.
#[derive(Args, Debug)]
struct TimelineArgs {
    #[arg(value_name = "EXERCISE", value_parser = exercises())]
    timeline_exercise: String,
    #[arg(
        long = "models",
        value_name = "LIST",
        value_delimiter = ',',
        value_parser = runtimes::parser()
    )]
    timeline_models: Vec<String>,
    #[arg(long = "format", value_parser = FORMATS)]
    timeline_format: Option<String>,
    #[arg(long = "output", value_name = "FILE")]
    timeline_output: Option<PathBuf>,
    #[arg(long = "ascii")]
    timeline_ascii: bool,
    #[arg(long = "slide", conflicts_with = "timeline_format")]
    timeline_slide: bool,
}

impl TimelineArgs {
    /// The format that was asked for, or that the file's extension stands for.
    fn format(&self) -> &str {
        if let Some(format) = &self.timeline_format {
            return format;
        }
        let file = self.timeline_output.as_deref();
        let extension = file.and_then(Path::extension).unwrap_or_default();
        let fits = |format: &&str| {
            let mut known = kind(format, lab::EXERCISES[0]).extensions.iter();
            known.any(|one| extension.eq_ignore_ascii_case(one))
        };
        FORMATS.into_iter().find(fits).unwrap_or(FORMATS[0])
    }
}

pub(crate) fn command() -> Command {
    TimelineArgs::augment_args(Command::new("timeline"))
}

pub(crate) fn main(matches: &ArgMatches, messages: &'static dyn Messages) -> Exit {
    let args: TimelineArgs = read(matches);
    let Some(exercise) = lab::find(&args.timeline_exercise) else {
        return Exit::Usage;
    };
    let chosen = args.timeline_models.iter().map(String::as_str);
    let models: Vec<Runtime> = match args.timeline_models.is_empty() {
        // A slide has room for all.
        true if args.timeline_slide => Runtime::distinct(exercise.transport),
        true => Runtime::MAIN.to_vec(),
        false => chosen.filter_map(Runtime::find).collect(),
    };
    let refused = |one: &Runtime| runtimes::refused(*one, exercise, messages);
    if let Some(exit) = models.iter().find_map(refused) {
        return exit;
    }
    let formats = match (&args.timeline_format, args.timeline_slide) {
        (Some(format), _) => vec![format.as_str()],
        (None, true) => vec![FORMATS[0]],
        (None, false) => FORMATS.to_vec(),
    };
    let kinds: Vec<Kind<'_>> = formats.iter().map(|one| kind(one, exercise)).collect();
    // Better known before the measurement than after it.
    let mut outputs = Outputs::default();
    if let Some(file) = &args.timeline_output
        && let Err(error) = outputs.can_replace(file, Readers::Anybody, &kinds)
    {
        return Exit::Failed.because(&FileError::new(file, error).say(messages));
    }
    let charts = charts(exercise, &models, messages);
    let glyphs = match args.timeline_ascii {
        true => Glyphs::Ascii,
        false => Glyphs::Shades,
    };
    let width = match &args.timeline_output {
        None => print::fitted(WIDTH),
        Some(_) => WIDTH,
    };
    let shown = match args.format() {
        _ if args.timeline_slide => slide(&charts, messages, glyphs, width),
        "mermaid" => fenced(&charts, messages),
        "svg" => svg_of_all(&charts, messages),
        "chrome" => chrome(&charts, messages),
        _ => {
            let all = charts
                .iter()
                .map(|chart| text(chart, messages, glyphs, width));
            all.collect::<Vec<_>>().join("\n\n")
        }
    };
    let Some(file) = &args.timeline_output else {
        print::payload(shown.trim_end());
        return done(&charts, &models);
    };
    if let Err(error) = write_public(&mut outputs, file, shown.as_bytes(), &kinds) {
        return Exit::Failed.because(&error.say(messages));
    }
    print::info(&messages.say_with("wrote-file", &[("file", file)]));
    done(&charts, &models)
}

/// Whether all models were charted.
fn done(charts: &[Chart], models: &[Runtime]) -> Exit {
    match charts.len() == models.len() {
        true => Exit::Done,
        false => Exit::Failed,
    }
}

/// Charts the exercise on each model, measured now. A model on which the exchange does not end as
/// it should is named on standard error and left out.
pub(crate) fn charts(
    exercise: &'static Exercise,
    models: &[Runtime],
    messages: &dyn Messages,
) -> Vec<Chart> {
    let mut charts = Vec::new();
    for &runtime in models {
        match timeline::play(exercise, runtime) {
            Ok(chart) => charts.push(chart),
            Err(status) => not_played(exercise.name, runtime, status, messages),
        }
    }
    charts
}

/// Mermaid's diagrams as Markdown, which has room for more than one.
fn fenced(charts: &[Chart], messages: &dyn Messages) -> String {
    let all = charts
        .iter()
        .map(|chart| format!("```mermaid\n{}```\n", mermaid(chart, messages)));
    all.collect::<Vec<_>>().join("\n")
}
