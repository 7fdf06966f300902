//! `socklab check all DIR`: checks a whole practical, or those of a class, and shows one table.

use std::iter;
use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args, Command};
use serde_json::{Value, json};
use socklab_check::{
    CheckPlan, CheckedExercise, GIVE_UP_AFTER, NoProgram, Part, Practical, Report, ScenarioResult,
    Start, Verdict, built_in, check, practicals,
};

use super::map::map;
use super::{CheckError, CommonCheckArgs, explanation, formats, quoted};
use crate::exit::Exit;
use crate::files::{self, FileError};
use crate::interrupt::end_programs_on_interrupt;
use crate::options::read;
use crate::print;
use socklab_text::{Messages, escape};

#[derive(Args, Clone, Debug)]
struct AllArgs {
    #[arg(id = "check-folder", value_name = "DIR")]
    folder: PathBuf,
    #[arg(id = "check-map", long = "map", value_name = "FILE")]
    map: Option<PathBuf>,
    #[command(flatten)]
    shared: CommonCheckArgs,
}

pub(super) fn command() -> Command {
    AllArgs::augment_args(Command::new("all"))
}

/// One line of the table.
struct Row<'a> {
    practical: &'a Practical,
    part: &'a Part,
    report: Option<Report>,
}

pub(super) fn main(matches: &ArgMatches, messages: &'static dyn Messages) -> Exit {
    let args: AllArgs = read(matches);
    let found = found(&args).and_then(|found| Ok((found, args.shared.transcripts(messages)?)));
    let (found, transcripts) = match found {
        Ok(found) => found,
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    };
    let programs = |one: &Practical| one.parts.iter().filter(|part| part.program.is_ok()).count();
    let count: usize = found.iter().map(programs).sum();
    left_out(&args.folder, &found, messages);
    if count == 0 {
        return Exit::Unchecked
            .because(&messages.say_with("check-all-none", &[("folder", &args.folder)]));
    }
    print::info(&messages.say_with(
        "check-all-runs",
        &[("count", &count), ("folder", &args.folder)],
    ));
    end_programs_on_interrupt();
    let table = Table::new(&args.folder, &found, messages);
    let as_text = args.shared.format == "text";
    if as_text {
        print::payload(&table.header());
    }
    let mut lines = Vec::new();
    for practical in &found {
        for part in &practical.parts {
            let plan = part
                .program
                .as_ref()
                .ok()
                .map(|start| plan(&args, part, start));
            let report = plan.map(|plan| check(&plan, |outcome| transcripts.add(outcome)));
            let line = Row {
                practical,
                part,
                report,
            };
            if as_text {
                print::payload(&table.row(&line));
            }
            lines.push(line);
        }
    }
    match args.shared.format.as_str() {
        "json" => print::payload(&formats::written(&json(&lines, &found))),
        "junit" => print::payload(&junit(&table, &lines, &found, messages)),
        _ => table.explain(&lines),
    }
    transcripts.end(exit(&lines))
}

fn found(args: &AllArgs) -> Result<Vec<Practical>, CheckError> {
    args.shared.submitter()?;
    let map = match &args.map {
        Some(file) => {
            let bytes = files::read(file).map_err(CheckError::File)?;
            map(&String::from_utf8_lossy(&bytes))
                .map_err(|line| CheckError::Map(file.clone(), line))?
        }
        None => Vec::new(),
    };
    practicals(&args.folder, &map)
        .map_err(|error| CheckError::File(FileError::new(&args.folder, error)))
}

fn plan(args: &AllArgs, part: &Part, start: &Start) -> CheckPlan {
    CheckPlan {
        exercise: part.exercise,
        role: part.role,
        start: Some(start.clone()),
        connect: Vec::new(),
        port: part.exercise.port,
        submitter: args.shared.submitter().unwrap_or_default(),
        scenarios: built_in(part.exercise.name, part.role),
        give_up_after: GIVE_UP_AFTER,
    }
}

/// Says which files are not checked, and which exercises of a practical have no program.
fn left_out(folder: &Path, found: &[Practical], messages: &dyn Messages) {
    let unknown = unknown(found).map(|(_, file)| below(folder, file));
    let unknown: Vec<String> = unknown.collect();
    if !unknown.is_empty() {
        let list = unknown.join(", ");
        print::info(&messages.say_with("check-all-unknown", &[("list", &list)]));
    }
    let [practical] = found else {
        // The table of a class has a line for each end that a student must write.
        return;
    };
    let absent = |exercise: &CheckedExercise| {
        let mut parts = practical
            .parts
            .iter()
            .filter(|part| part.exercise == *exercise);
        parts.all(|part| part.program == Err(NoProgram::Missing))
    };
    let absent: Vec<&str> = CheckedExercise::all()
        .into_iter()
        .filter(absent)
        .map(|one| one.name)
        .collect();
    if !absent.is_empty() {
        let list = absent.join(", ");
        print::info(&messages.say_with("check-all-absent", &[("list", &list)]));
    }
}

/// The exit status. A failure takes precedence over parts that were not checked.
fn exit(lines: &[Row<'_>]) -> Exit {
    let verdicts = || {
        lines
            .iter()
            .map(|line| line.report.as_ref().map(Report::verdict))
    };
    if verdicts().any(|one| one == Some(Verdict::Fail)) {
        Exit::Failed
    } else if verdicts().all(|one| one == Some(Verdict::Pass)) {
        Exit::Done
    } else {
        Exit::Unchecked
    }
}

fn title(part: &Part) -> String {
    match part.exercise.transport {
        Some(_) => format!("{} {}", part.exercise.name, part.role.name()),
        None => part.exercise.name.to_owned(),
    }
}

/// A file's path relative to a folder, escaped for a terminal.
fn below(folder: &Path, file: &Path) -> String {
    let path = file.strip_prefix(folder).unwrap_or(file);
    escape::text(&path.to_string_lossy()).into_owned()
}

struct Table<'a> {
    folder: &'a Path,
    /// Whether there are practicals of several students.
    several: bool,
    widths: [usize; 3],
    messages: &'a dyn Messages,
}

impl<'a> Table<'a> {
    fn new(folder: &'a Path, found: &'a [Practical], messages: &'a dyn Messages) -> Self {
        let mut table = Table {
            folder,
            several: found.len() > 1,
            widths: [0; 3],
            messages,
        };
        let mut widths = table.names().map(|name| name.chars().count());
        for practical in found {
            for part in &practical.parts {
                for (width, cell) in widths.iter_mut().zip(table.cells(practical, part)) {
                    *width = (*width).max(cell.chars().count());
                }
            }
        }
        table.widths = widths;
        table
    }

    fn names(&self) -> [String; 3] {
        [
            "check-all-folder",
            "check-all-exercise",
            "check-all-program",
        ]
        .map(|id| self.messages.say(id))
    }

    fn cells(&self, practical: &Practical, part: &Part) -> [String; 3] {
        let program = match &part.program {
            Ok(start) => start.name(),
            Err(_) => "–".to_owned(),
        };
        let program = escape::text(&program).into_owned();
        [below(self.folder, &practical.folder), title(part), program]
    }

    fn line(&self, mark: &str, cells: &[String; 3], result: &str) -> String {
        let skipped = usize::from(!self.several);
        let cells = cells.iter().zip(self.widths).skip(skipped);
        let cells = cells.map(|(cell, width)| format!("{cell:width$}  "));
        format!("{mark} {}{result}", cells.collect::<String>())
    }

    fn header(&self) -> String {
        self.line(" ", &self.names(), &self.messages.say("check-all-result"))
    }

    fn row(&self, line: &Row<'_>) -> String {
        let (mark, result) = self.result(line);
        self.line(mark, &self.cells(line.practical, line.part), &result)
    }

    fn result(&self, line: &Row<'_>) -> (&'static str, String) {
        let messages = self.messages;
        let Some(report) = &line.report else {
            let why = line.part.program.as_ref().err();
            return (
                "?",
                why.map_or_else(String::new, |why| self.no_program(line, why)),
            );
        };
        let essential = report.outcomes.iter().filter(|one| !one.advice);
        let first = essential.clone().find_map(|one| match &one.result {
            ScenarioResult::Failed(finding) => Some((one.scenario.as_str(), finding)),
            _ => None,
        });
        if let Some((scenario, finding)) = first {
            let code = explanation::code(finding);
            let values = [
                ("code", &code as &dyn socklab_text::Variable),
                ("name", &scenario),
            ];
            return ("✗", messages.say_with("check-all-wrong", &values));
        }
        let reason = essential.clone().find_map(|one| match &one.result {
            ScenarioResult::NotChecked(reason) => Some(explanation::reason_text(reason, messages)),
            _ => None,
        });
        match reason {
            Some(reason) => (
                "?",
                messages.say_with("check-not-checked", &[("reason", &reason)]),
            ),
            None => ("✓", messages.say("check-all-right")),
        }
    }

    fn no_program(&self, line: &Row<'_>, why: &NoProgram) -> String {
        let messages = self.messages;
        let shown = |file: &PathBuf| below(&line.practical.folder, file);
        match why {
            NoProgram::Missing => {
                let name = format!("{}.py", title(line.part).replace(' ', "_"));
                messages.say_with("check-all-missing", &[("name", &name)])
            }
            NoProgram::Several(files) => {
                let list: Vec<String> = files.iter().map(shown).collect();
                let list = list.join(", ");
                messages.say_with("check-all-several", &[("list", &list)])
            }
            NoProgram::Source(file) => {
                let file = shown(file);
                messages.say_with("check-all-source", &[("file", &file)])
            }
        }
    }

    /// Says how to see the first failure in full.
    fn explain(&self, lines: &[Row<'_>]) {
        let messages = self.messages;
        let failed = |line: &&Row<'_>| {
            let report = line.report.as_ref();
            report.is_some_and(|report| report.verdict() == Verdict::Fail)
        };
        let Some(line) = lines.iter().find(failed) else {
            return;
        };
        let Ok(start) = &line.part.program else {
            return;
        };
        let mut command = format!("socklab check {} --", title(line.part));
        for word in &start.command {
            let folder = start.folder.clone().unwrap_or_default();
            // Without the `.` of `./send`.
            let file: PathBuf = folder.join(word).components().collect();
            let file = Some(file).filter(|file| file.is_file());
            let word = file.as_deref().unwrap_or(Path::new(word));
            command.push_str(&format!(" {}", quoted(&word.to_string_lossy())));
        }
        print::payload(&messages.say_with("check-all-explain", &[("command", &command)]));
    }
}

/// The files whose names do not say what they are, each with the practical that has it.
fn unknown(found: &[Practical]) -> impl Iterator<Item = (&Practical, &PathBuf)> {
    found
        .iter()
        .flat_map(|one| iter::repeat(one).zip(&one.unknown))
}

fn json(lines: &[Row<'_>], found: &[Practical]) -> Value {
    let one = |line: &Row<'_>| {
        let mut value = match (&line.report, &line.part.program) {
            (Some(report), _) => formats::value(report),
            (None, program) => json!({
                "exercise": line.part.exercise.name,
                "role": line.part.exercise.transport.map(|_| line.part.role.name()),
                "program": null,
                "verdict": "not-checked",
                "reason": program.as_ref().err().map(NoProgram::code),
            }),
        };
        value["folder"] = json!(line.practical.folder.to_string_lossy());
        value
    };
    let left_out = unknown(found).map(|(practical, file)| {
        let program = file.strip_prefix(&practical.folder).unwrap_or(file);
        json!({
            "exercise": null,
            "role": null,
            "program": program.to_string_lossy(),
            "verdict": "not-checked",
            "reason": "unknown-name",
            "folder": practical.folder.to_string_lossy(),
        })
    });
    Value::Array(lines.iter().map(one).chain(left_out).collect())
}

fn junit(
    table: &Table<'_>,
    lines: &[Row<'_>],
    found: &[Practical],
    messages: &dyn Messages,
) -> String {
    let suite = |line: &Row<'_>| {
        let folder = match table.several {
            true => below(table.folder, &line.practical.folder),
            false => String::new(),
        };
        match &line.report {
            Some(report) => formats::suite(report, &folder, messages),
            None => {
                let (_, why) = table.result(line);
                formats::empty_suite(&formats::suite_name(&folder, &title(line.part)), &why)
            }
        }
    };
    let left_out = unknown(found).map(|(_, file)| {
        let list = below(table.folder, file);
        let why = messages.say_with("check-all-unknown", &[("list", &list)]);
        formats::empty_suite(&formats::suite_name("", &list), &why)
    });
    let suites: Vec<String> = lines.iter().map(suite).chain(left_out).collect();
    format!(
        "{}<testsuites>\n{}\n</testsuites>",
        formats::XML,
        suites.join("\n")
    )
}
