//! Shows what is in the register, as text for a person.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Args;
use socklab_core::register::Decision;
use socklab_register::{
    Finding, OTHER_ADDRESSES, Student, Submission, how_long, local_time, shown_name,
};

use super::{RegisterCommand, RunError};
use crate::exit::Exit;
use crate::outlet;
use crate::print;
use crate::replies::decided;
use socklab_text::escape;

/// How often `--watch` reads the register.
const LOOK: Duration = Duration::from_secs(1);

#[derive(Args, Debug)]
pub(super) struct StatusArgs {
    #[arg(long)]
    watch: bool,
}

fn unix_now() -> Duration {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.unwrap_or_default()
}

/// Prints a line of payload, escaped for a terminal.
pub(super) fn print_escaped(line: &str) {
    print::payload(&escape::text(line));
}

impl RegisterCommand<'_> {
    /// Shows who has submitted and who is missing, by group, and what stands out.
    pub(super) fn status(&mut self, args: &StatusArgs) -> Result<Exit, RunError> {
        if !args.watch {
            self.status_once()?;
            return Ok(Exit::Done);
        }
        let mut before = None;
        while outlet::failed().is_none() {
            let now = (
                self.archive.submissions(&self.lab)?.len(),
                self.archive.failures(&self.lab)?,
            );
            if before != Some(now) {
                before = Some(now);
                self.status_once()?;
                print_escaped("");
            }
            outlet::wait_while_read(LOOK);
        }
        Ok(Exit::Done)
    }

    fn status_once(&mut self) -> Result<(), RunError> {
        let messages = self.messages;
        let submissions = self.archive.submissions(&self.lab)?;
        let failures = self.archive.failures(&self.lab)?;
        let count = submissions.len();
        print_escaped(&messages.say_with(
            "status-submissions",
            &[
                ("lab", &self.lab),
                ("count", &count),
                ("failures", &failures),
            ],
        ));
        let late = self.archive.late(&self.lab)?;
        let students = self.archive.students(&self.lab)?;
        let class: Vec<&Student> = students.iter().filter(|one| one.listed).collect();
        for group in class.chunk_by(|a, b| a.team == b.team) {
            let there = group.iter().filter(|one| one.submission.is_some()).count();
            let (team, of) = (group[0].team.clone(), group.len());
            let mut said = messages.say_with(
                "status-group",
                &[("group", &team), ("count", &there), ("of", &of)],
            );
            if let Some(late) = &late {
                let numbers = group.iter().filter_map(|one| one.submission);
                let count = numbers.filter(|number| late.contains_key(number)).count();
                said += &messages.say_with("status-late", &[("count", &count)]);
            }
            print_escaped(&said);
            for student in group.iter().filter(|one| one.submission.is_none()) {
                print_escaped(&messages.say_with(
                    "status-missing",
                    &[("name", &student.name), ("dni", &student.dni)],
                ));
            }
        }
        if let Some(behind) = self.archive.clock_behind(unix_now())? {
            print_escaped(&self.clock_behind(behind));
        }
        for dni in self.archive.guessed_at()? {
            print_escaped(&messages.say_with("status-guessed", &[("dni", &dni)]));
        }
        for finding in self.archive.findings(&self.lab)? {
            print_escaped(&self.finding(&finding));
        }
        for (ip, count) in self.archive.unrecorded()? {
            print_escaped(&match &*ip {
                OTHER_ADDRESSES => {
                    messages.say_with("status-unrecorded-others", &[("count", &count)])
                }
                _ => messages.say_with("status-unrecorded", &[("ip", &ip), ("count", &count)]),
            });
        }
        Ok(())
    }

    /// Says whether codes are refused because this computer's clock is behind an accepted code.
    /// With `right`, declares that the clock is right.
    pub(super) fn clock(&mut self, right: bool) -> Result<Exit, RunError> {
        if right {
            self.archive.trust_clock()?;
            print::info(&self.messages.say("register-clock-trusted"));
            return Ok(Exit::Done);
        }
        match self.archive.clock_behind(unix_now())? {
            None => {
                print::info(&self.messages.say("register-clock-fine"));
                Ok(Exit::Done)
            }
            Some(behind) => Err(RunError::Failed(self.clock_behind(behind))),
        }
    }

    fn clock_behind(&self, behind: Duration) -> String {
        let messages = self.messages;
        let seconds = behind.as_secs();
        messages.say_with("status-clock", &[("seconds", &seconds)])
    }

    fn finding(&self, finding: &Finding) -> String {
        let messages = self.messages;
        match finding {
            Finding::SeveralAddresses { dni, ips } => messages.say_with(
                "finding-addresses",
                &[("dni", dni), ("list", &ips.join(", "))],
            ),
            Finding::SeveralDnis { ip, dnis } => messages.say_with(
                "finding-dnis",
                &[("ip", ip), ("count", &dnis.len()), ("list", &some(dnis))],
            ),
            Finding::OtherName { dni, sent, roster } => messages.say_with(
                "finding-name",
                &[("dni", dni), ("sent", sent), ("roster", roster)],
            ),
            Finding::SeveralNames {
                dni,
                submitted,
                others,
            } => messages.say_with(
                "finding-names",
                &[
                    ("dni", dni),
                    ("submitted", submitted),
                    ("list", &others.join(", ")),
                ],
            ),
            Finding::OnlyZeros { dnis } => {
                messages.say_with("finding-zeros", &[("list", &dnis.join(", "))])
            }
        }
    }

    /// Lists every submission, one a line.
    pub(super) fn list(&mut self) -> Result<Exit, RunError> {
        let late = self.archive.late(&self.lab)?.unwrap_or_default();
        for one in self.archive.submissions(&self.lab)? {
            let mut said = line(&one);
            if let Some(by) = late.get(&one.number) {
                let by = how_long(*by);
                said += &self.messages.say_with("list-late", &[("time", &by)]);
            }
            print_escaped(&said);
        }
        Ok(Exit::Done)
    }

    /// Shows each attempt of a DNI and how it was decided.
    pub(super) fn why(&mut self, dni: &str) -> Result<Exit, RunError> {
        let messages = self.messages;
        let attempts = self.archive.why(dni)?;
        for one in &attempts {
            let said = match one.verdict.as_str() {
                "accepted" => messages.say("why-accepted"),
                "already" => messages.say("why-already"),
                verdict => match verdict.parse::<Decision>() {
                    Ok(decision) => decided(messages, &decision),
                    Err(_) => verdict.to_owned(),
                },
            };
            let time = local_time(one.at.as_secs());
            print_escaped(&format!(
                "{time}  {}  {}  {}: {said}",
                one.lab,
                one.ip,
                shown_name(&one.name)
            ));
        }
        let away = self.archive.turned_away(dni)?;
        if away > 0 {
            print_escaped(&messages.say_with("why-turned-away", &[("count", &away)]));
        }
        if attempts.is_empty() && away == 0 {
            print::info(&messages.say_with("why-nothing", &[("dni", &dni)]));
            return Ok(Exit::Failed);
        }
        Ok(Exit::Done)
    }

    /// Shows the submission that a receipt proves.
    pub(super) fn receipt(&mut self, code: &str) -> Result<Exit, RunError> {
        match self.archive.receipt(code)? {
            Some(one) => {
                print_escaped(&format!("{}  {}", one.lab, line(&one)));
                Ok(Exit::Done)
            }
            None => Err(RunError::Failed(self.messages.say("receipt-unknown"))),
        }
    }
}

fn line(one: &Submission) -> String {
    let time = local_time(one.at.as_secs());
    let (name, receipt) = (shown_name(&one.name), one.receipt.as_str());
    format!(
        "{}  {time}  {}  {}  {receipt}  {name}",
        one.number, one.dni, one.ip
    )
}

/// Shows the first few of a list. The list may be long, because a whole class may share one
/// address.
fn some(list: &[String]) -> String {
    const FEW: usize = 5;
    let dots = if list.len() > FEW { ", …" } else { "" };
    list[..list.len().min(FEW)].join(", ") + dots
}
