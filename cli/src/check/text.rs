//! Prints a check on a terminal. The first failure is shown in full, the others in a line each.

use std::mem;

use socklab_check::{
    Cause, CheckPlan, Finding, Move, ProgramLanguage, Reason, Report, Scenario, ScenarioOutcome,
    ScenarioResult, Start, Symptom, Verdict, Wrong,
};

use super::explanation::{End, code, cure, reason_text, what, why};
use super::ladder::{difference, ladder};
use crate::print;
use socklab_text::{Messages, Variable, escape};

/// The line of a scenario in the list of scenarios.
pub(super) fn listed(scenario: &Scenario, messages: &dyn Messages) -> String {
    let kind = match scenario.advice {
        true => messages.say("check-kind-advice"),
        false => messages.say("check-kind-essential"),
    };
    format!("{:16} {kind}", escape::text(&scenario.name))
}

/// The scenarios that can be played, and that show something, against a program that we did not
/// start. Only the last one may end the program.
pub(super) fn from_outside(scenarios: Vec<Scenario>) -> Vec<Scenario> {
    let ends = |one: &Scenario| one.moves.contains(&Move::Exits);
    let all = scenarios
        .into_iter()
        .filter(|one| !one.moves.iter().any(Move::needs_start))
        .filter(|one| one.moves.iter().any(Move::hears));
    let (last, mut stays): (Vec<_>, Vec<_>) = all.partition(ends);
    stays.extend(last.into_iter().take(1));
    stays
}

/// The message about a wrong line in a file of scenarios.
pub(super) fn wrong(wrong: Wrong) -> &'static str {
    match wrong {
        Wrong::Title => "check-wrong-title",
        Wrong::Exercise => "check-wrong-exercise",
        Wrong::NoScenario => "check-wrong-order",
        Wrong::Move => "check-wrong-move",
        Wrong::Network => "check-wrong-network",
        Wrong::Text => "check-wrong-text",
        Wrong::Empty => "check-wrong-empty",
    }
}

/// Prints each outcome as it comes.
pub(super) struct Printer<'a> {
    messages: &'a dyn Messages,
    /// The exercise, and which end the program is.
    title: String,
    other: String,
    program: String,
    end: End,
    /// The command for one scenario, before and after its name.
    repeat: (String, String),
    /// Whether the program runs already.
    elsewhere: bool,
    /// Whether the server's name has several addresses, and it is not said yet which one answers.
    several_addresses: bool,
    only: bool,
    /// Whether an outcome has been shown in full.
    shown: bool,
    /// Each advice, with the names of its scenarios.
    advice: Vec<(String, String)>,
}

impl<'a> Printer<'a> {
    pub(super) fn new(
        messages: &'a dyn Messages,
        plan: &CheckPlan,
        repeat: (String, String),
    ) -> Self {
        let name = |role: &str| {
            messages.say(match role {
                "client" => "check-client",
                _ => "check-server",
            })
        };
        let exercise = plan.exercise.name;
        let (title, other) = match (plan.exercise.transport, plan.role.name()) {
            (None, _) => (exercise.to_owned(), String::new()),
            (Some(_), "client") => (format!("{exercise} {}", name("client")), name("server")),
            (Some(_), other) => (format!("{exercise} {}", name(other)), name("client")),
        };
        let program = plan.start.as_ref().map(Start::name);
        // The hand-out is in Python, so a program that runs already is taken to be.
        let language = plan.start.as_ref();
        let language = language.map_or(ProgramLanguage::Python, Start::language);
        let address = plan.connect.first().map(ToString::to_string);
        Printer {
            messages,
            title,
            other,
            program: program.or(address).unwrap_or_default(),
            end: End {
                exercise: plan.exercise,
                role: plan.role,
                port: plan.port,
                language,
            },
            repeat,
            elsewhere: !plan.connect.is_empty(),
            several_addresses: plan.connect.len() > 1,
            only: plan.scenarios.len() == 1,
            shown: false,
            advice: Vec::new(),
        }
    }

    /// The heading of a scenario, with its code at the right margin.
    fn heading(&self, mark: &str, scenario: &str, code: &str) -> String {
        let left = format!("{mark} {} · {}", self.title, escape::text(scenario));
        let room = 72_usize.saturating_sub(left.chars().count());
        let width = room.max(code.len() + 2);
        format!("{left}{code:>width$}")
    }

    pub(super) fn print(&mut self, outcome: &ScenarioOutcome) {
        let messages = self.messages;
        if let Some(address) = outcome.address
            && mem::take(&mut self.several_addresses)
        {
            self.program = address.to_string();
            if outcome.has_met_a_program() {
                print::info(&messages.say_with("check-answers", &[("address", &address)]));
            }
        }
        match &outcome.result {
            ScenarioResult::Passed if self.only => {
                print::payload(&self.heading("✓", &outcome.scenario, ""));
                self.ladder(outcome);
            }
            ScenarioResult::Passed | ScenarioResult::NotChecked(Reason::After(_)) => {}
            ScenarioResult::Failed(finding) => {
                let code = code(finding);
                if outcome.advice && !self.only {
                    // Without a cause, the advice would only repeat the failure.
                    if self.shown && finding.cause.is_none() {
                        return;
                    }
                    self.advise(outcome, finding);
                    return;
                }
                print::payload(&self.heading("✗", &outcome.scenario, code));
                if !mem::replace(&mut self.shown, true) {
                    self.ladder(outcome);
                    self.explain(finding);
                }
            }
            ScenarioResult::NotChecked(reason) => {
                if !mem::replace(&mut self.shown, true) {
                    let code = reason.cause().map_or("", Cause::code);
                    print::payload(&self.heading("?", &outcome.scenario, code));
                    let reason = reason_text(reason, messages);
                    print::payload(&messages.say_with("check-not-checked", &[("reason", &reason)]));
                }
            }
        }
    }

    fn ladder(&self, outcome: &ScenarioOutcome) {
        for line in ladder(outcome, &self.program, &self.other, self.messages) {
            print::payload(line.trim_end());
        }
    }

    fn advise(&mut self, outcome: &ScenarioOutcome, finding: &Finding) {
        let messages = self.messages;
        let mut text = format!("{}  [{}]", what(finding, messages), code(finding));
        if let Some(cause) = finding.cause {
            let cures = cure(cause, self.end, messages);
            let place = finding.place.as_ref().map(|place| {
                let line = messages.say_with("check-line", &[("line", &place.line)]);
                format!("{line} ")
            });
            let first = cures.first().map_or("", String::as_str);
            let more = if cures.len() > 1 { " …" } else { "" };
            text += &format!("\n  {}{first}{more}", place.unwrap_or_default());
        }
        let name = escape::text(&outcome.scenario).into_owned();
        match self.advice.iter_mut().find(|(_, same)| *same == text) {
            Some((names, _)) => *names += &format!(", {name}"),
            None => self.advice.push((name, text)),
        }
    }

    fn explain(&self, finding: &Finding) {
        let messages = self.messages;
        for line in difference(finding, messages) {
            print::payload(&line);
        }
        print::payload(&what(finding, messages));
        if let Some(error) = &finding.error {
            print::payload(&messages.say_with(
                "check-error",
                &[("text", &escape::text(error).into_owned())],
            ));
        }
        match finding.cause {
            Some(cause) => {
                let why = why(cause, self.end.language, messages);
                print::payload(&messages.say_with("check-why", &[("text", &why)]));
            }
            None if finding.symptom == Symptom::Crash && finding.error.is_some() => {
                print::payload(&messages.say("check-no-cause-error"));
            }
            None if self.elsewhere => print::payload(&messages.say("check-no-cause-elsewhere")),
            None => print::payload(&messages.say("check-no-cause")),
        }
        if let Some(place) = &finding.place {
            print::payload(&messages.say_with(
                "check-place",
                &[
                    ("line", &place.line),
                    ("file", &place.file),
                    ("text", &place.text),
                ],
            ));
        }
        if let Some(cause) = finding.cause {
            print::payload(&messages.say("check-cure"));
            let lines = match (cause, finding.detail.as_deref()) {
                (Cause::ModuleMissing, Some(module)) if module != "pyotp" => {
                    let module = escape::text(module).into_owned();
                    vec![messages.say_with("check-cure-other-module", &[("module", &module)])]
                }
                _ => cure(cause, self.end, messages),
            };
            for line in lines {
                print::payload(&format!("   {line}"));
            }
        }
    }

    pub(super) fn end(&mut self, report: &Report) {
        let messages = self.messages;
        let count = |is: fn(&ScenarioResult) -> bool| {
            let counts = |one: &&ScenarioOutcome| !one.advice && !one.scenario.is_empty();
            let outcomes = report.outcomes.iter().filter(counts);
            outcomes.filter(|one| is(&one.result)).count()
        };
        let right = count(|one| *one == ScenarioResult::Passed);
        let wrong = count(|one| matches!(one, ScenarioResult::Failed(_)));
        let left = count(|one| matches!(one, ScenarioResult::NotChecked(_)));
        if !self.advice.is_empty() {
            print::payload(&messages.say("check-advice"));
            for (names, text) in &self.advice {
                print::payload(&format!("· {names}: {text}"));
            }
        }
        match report.verdict() {
            Verdict::Pass if report.outcomes.iter().all(|one| one.advice) => {
                let what = [("what", &self.title as &dyn Variable)];
                print::payload(&messages.say_with("check-advice-only", &what));
            }
            Verdict::Pass => {
                let what = [("what", &self.title as &dyn Variable), ("count", &right)];
                print::payload(&messages.say_with("check-pass", &what));
            }
            Verdict::Fail => {
                let fails = |one: &&ScenarioOutcome| {
                    !one.advice && matches!(one.result, ScenarioResult::Failed(_))
                };
                let failed = report.outcomes.iter().find(fails);
                let name = failed.map(|one| one.scenario.clone()).unwrap_or_default();
                let (before, after) = &self.repeat;
                let command = format!("{before} --only {name}{after}");
                print::payload(&messages.say_with(
                    "check-fail",
                    &[
                        ("right", &right),
                        ("wrong", &wrong),
                        ("left", &left),
                        ("command", &command),
                    ],
                ));
            }
            Verdict::NotChecked => {}
        }
    }
}
