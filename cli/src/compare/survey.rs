//! `socklab compare` without an exercise: six questions, a table, a headline and a sentence for
//! each.

use std::time::{Duration, Instant};

use socklab_compare::format::Numbers;
use socklab_compare::survey::sentences::SurveyText;
use socklab_compare::survey::{Matrix, Placement, Question, Survey, page, table};
use socklab_experiments::compare;
use socklab_experiments::survey::{self, Plan, SurveyProgress};
use socklab_text::{Messages, system_error};

use super::args::CompareArgs;
use super::outputs::{JSON, OutputFiles, PAGE, default_report, show, typed};
use super::progress::{StatusLine, minutes};
use crate::exit::Exit;
use crate::print;

/// Runs the survey, shows its results, and writes the requested files.
pub(super) fn main(args: &CompareArgs, plan: &Plan, messages: &dyn Messages) -> Exit {
    let mut line = SurveyStatus::new(messages, plan);
    let measured = survey::measure(plan, &mut line);
    line.line.clear();
    let survey = match measured {
        Ok(survey) => survey,
        Err(error) => {
            let detail = system_error::text(messages, &error);
            let why = messages.say_with("survey-failed", &[("detail", &detail)]);
            return Exit::Failed.because(&why);
        }
    };
    let matrix = Matrix::new(&survey);
    show(args, &shown(&survey, &matrix, messages));
    let mut files = OutputFiles::new(messages);
    if args.json.is_some() {
        let document = serde_json::json!({ "survey": survey, "matrix": matrix });
        files.write(args.json.as_ref(), &format!("{document}\n"), &JSON);
    }
    let report = args.report.clone().unwrap_or_else(|| default_report(args));
    let command = typed(std::env::args_os().skip(1));
    let sources = compare::sources("capitals", &survey.contestants);
    files.write(
        Some(&report),
        &page::html(&survey, &matrix, &command, &sources, messages),
        &PAGE,
    );
    files.exit(match SurveyText::new(&survey, &matrix, messages).failed() {
        true => Exit::Failed,
        false => Exit::Done,
    })
}

/// The text for the terminal.
fn shown(survey: &Survey, matrix: &Matrix, messages: &dyn Messages) -> String {
    let sentences = SurveyText::new(survey, matrix, messages);
    let mut text = format!(
        "{}\n\n{}\n\n{}\n",
        print::wrapped("", &title(survey, messages)),
        print::wrapped("", &sentences.headline()),
        table::terminal(matrix, messages)
    );
    for sentence in sentences
        .sentences()
        .into_iter()
        .chain(sentences.failures())
    {
        text.push_str(&print::wrapped("", &sentence));
        text.push('\n');
    }
    text
}

/// The title: how many servers, how long it took, and how much other programs ran.
fn title(survey: &Survey, messages: &dyn Messages) -> String {
    let fact = |name: &str| {
        let facts = survey.environment.facts.iter();
        let found = facts.clone().find(|(fact, _)| fact == name);
        found.map(|(_, value)| value.as_str())
    };
    let others = fact("others").unwrap_or("?");
    let id = match survey.placement() {
        Placement::OwnCore => "survey-title",
        Placement::SharedCore => "survey-title-shared",
        Placement::AnyCore => "survey-title-any",
    };
    let seconds = Numbers::new(messages).fixed(survey.took, 0);
    messages.say_with(
        id,
        &[
            ("count", &survey.contestants.len()),
            ("time", &format!("{seconds} s")),
            ("others", &messages.number(others)),
        ],
    )
}

/// The status line of a survey.
struct SurveyStatus<'m> {
    messages: &'m dyn Messages,
    line: StatusLine,
    estimate: Duration,
    begun: Instant,
}

impl<'m> SurveyStatus<'m> {
    /// Says what will be measured, and about how long it takes.
    fn new(messages: &'m dyn Messages, plan: &Plan) -> Self {
        let names = plan.contestants.iter().map(|one| one.name.as_str());
        let estimate = plan.estimate();
        print::info(&messages.say_with(
            "survey-begin",
            &[
                ("models", &names.collect::<Vec<_>>().join(", ")),
                ("time", &minutes(estimate)),
            ],
        ));
        SurveyStatus {
            messages,
            line: StatusLine::new(),
            estimate,
            begun: Instant::now(),
        }
    }
}

impl SurveyProgress for SurveyStatus<'_> {
    fn proving(&mut self, contestant: &str) {
        let what = self.messages.say("compare-doing-proof");
        self.line.write(&format!("{contestant}: {what}"));
    }

    fn asking(&mut self, question: Question, contestant: &str, done: f64) {
        if !self.line.is_due() {
            return;
        }
        let number = Question::ALL.iter().position(|one| *one == question);
        let number = number.unwrap_or_default();
        let percent = 100.0 * (number as f64 + done) / Question::ALL.len() as f64;
        let name = format!("survey-head-{}", question.name());
        let name = self.messages.say(&name);
        let left = self.estimate.saturating_sub(self.begun.elapsed());
        let text = self.messages.say_with(
            "survey-progress",
            &[
                ("percent", &(percent as u32)),
                ("number", &(number + 1)),
                ("question", &name.replace(" / ", " ")),
                ("model", &contestant),
                ("time", &minutes(left)),
            ],
        );
        self.line.write(&text);
    }
}
