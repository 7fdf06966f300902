//! One question, asked of all contestants in rounds.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use fastrand::Rng;
use socklab_compare::results::Load;
use socklab_compare::survey::contestants::POLLS;
use socklab_compare::survey::{Absent, AbsentReason, Question, QuestionResults, Silent, Waits};
use socklab_core::lab;
use socklab_load::{Idle, LoadGenerator, Mismatch, SLOW_WORK, SlowClient, SlowRequests};

use super::SurveyProgress;
use super::plan::{self, BLOCKS_OF_WAITS, Plan, SILENT, SILENT_BEFORE};
use crate::compare::connections_and_pace;
use crate::measured::ServerSpec;
use crate::testbed::{Background, Contestant, Server, Testbed, TrialOutcome, differs};

/// How long a reply may take. Only a server that accepts no more connections takes so long.
const TIMEOUT: Duration = Duration::from_millis(700);

/// The line that a slow client sends, a byte at a time.
const SLOWLY: &str = "despacio";

/// How long a server may take to notice that it has more connections.
const SETTLING: Duration = Duration::from_millis(30);

/// The state of a question while it is asked.
pub(super) struct Asking<'p> {
    plan: &'p Plan,
    question: Question,
    /// The contestants that are still measured.
    left: Vec<&'p Contestant>,
    results: QuestionResults,
    /// How many parts there are, and how many are over.
    parts: (u32, u32),
}

/// Asks a question. `absent` are the contestants without a figure, and why.
///
/// # Errors
/// When the load generator itself cannot go on.
pub(super) fn ask(
    plan: &Plan,
    question: Question,
    absent: Vec<Absent>,
    idle_use: &mut BTreeMap<String, f64>,
    rng: &mut Rng,
    progress: &mut dyn SurveyProgress,
) -> io::Result<QuestionResults> {
    let is_absent = |one: &&Contestant| absent.iter().any(|other| other.model == one.name);
    let left = plan
        .contestants
        .iter()
        .filter(|one| !is_absent(one))
        .collect();
    let mut asking = Asking {
        plan,
        question,
        left,
        results: QuestionResults {
            question,
            load: plan::load(question).1,
            trials: Vec::new(),
            silent: Vec::new(),
            waits: Vec::new(),
            absent,
        },
        parts: (0, plan.rounds(question)),
    };
    for round in 0..plan.rounds(question) {
        asking.round(round, idle_use, rng, progress)?;
        asking.parts.0 += 1;
    }
    Ok(asking.results)
}

impl Asking<'_> {
    fn round(
        &mut self,
        round: u32,
        idle_use: &mut BTreeMap<String, f64>,
        rng: &mut Rng,
        progress: &mut dyn SurveyProgress,
    ) -> io::Result<()> {
        let mut testbed = Testbed::new(&self.plan.cores);
        // Idle connections are held until the round is over.
        let mut held = Vec::new();
        for contestant in self.left.clone() {
            let mut server = match self.start(contestant) {
                Ok(server) => server,
                Err(error) => {
                    self.note_absent(contestant, AbsentReason::Failed(error.to_string()));
                    continue;
                }
            };
            let used = match idle_use.get(&contestant.name) {
                Some(used) => *used,
                None => server.idle_use().unwrap_or(0.0),
            };
            idle_use.insert(contestant.name.clone(), used);
            if used >= POLLS {
                // Suspend the server while others are measured.
                server.suspend_outside_slices();
            }
            server.set_suspended(false);
            if self.question == Question::Silent {
                match self.hold(contestant, &server, round) {
                    Ok(connections) => held.push(connections),
                    Err(error) => {
                        self.note_absent(contestant, AbsentReason::Failed(error.to_string()));
                        continue;
                    }
                }
            }
            let mut load =
                LoadGenerator::new(&self.load(server.address())).map_err(io::Error::other)?;
            let why = self.warm_up(&mut server, &mut load)?;
            server.set_suspended(true);
            match why {
                None => testbed.add(&contestant.name, server, load),
                Some(why) => self.note_absent(contestant, why),
            }
        }
        if testbed.servers.is_empty() {
            return Ok(());
        }
        let (blocks, length) = match self.question {
            Question::SlowClient | Question::SlowRequest => {
                (BLOCKS_OF_WAITS, self.plan.thoroughness.slice_of_waits)
            }
            _ => (self.plan.blocks(), self.plan.thoroughness.slice),
        };
        let question = self.question;
        let start = |to: SocketAddr| start_background(question, to, length);
        let (part, parts) = self.parts;
        let slices = blocks * u32::try_from(testbed.servers.len()).unwrap_or(u32::MAX);
        let mut done = 0;
        testbed.run(blocks, length, rng.fork(), &start, &mut |name, _| {
            done += 1;
            let within = f64::from(done.min(slices)) / f64::from(slices);
            progress.asking(
                question,
                name,
                (f64::from(part) + within) / f64::from(parts),
            );
        })?;
        for outcome in testbed.trials(round, 0, blocks) {
            let TrialOutcome {
                trial,
                wrong,
                tails,
                said,
            } = outcome;
            let name = trial.model.clone();
            if let Some(Mismatch { expected, got }) = wrong {
                self.note_absent_by_name(&name, differs(&expected, &got));
            } else if !trial.is_answered() {
                self.note_absent_by_name(
                    &name,
                    AbsentReason::Stopped {
                        after: self.replies(&name),
                        said,
                    },
                );
            } else {
                if matches!(question, Question::SlowClient | Question::SlowRequest) {
                    let (model, p99) = (name, tails);
                    self.results.waits.push(Waits { model, round, p99 });
                }
                self.results.trials.push(trial);
            }
        }
        Ok(())
    }

    /// Starts a contestant's server for this question.
    fn start(&self, contestant: &Contestant) -> io::Result<Server> {
        let exercise = self.question.exercise();
        let exercise = lab::find(exercise).ok_or(io::ErrorKind::InvalidInput)?;
        let spec = ServerSpec {
            observe: true,
            slow_work: self.question == Question::SlowRequest,
            ..ServerSpec::default()
        };
        Server::start(contestant, exercise, &self.plan.cores, spec)
    }

    fn load(&self, to: SocketAddr) -> socklab_load::Plan {
        let (workload, load) = plan::load(self.question);
        let (connections, pace) = connections_and_pace(&load);
        socklab_load::Plan {
            connections,
            pace,
            timeout: match self.question {
                // A slow client itself takes as long as the slice.
                Question::SlowClient | Question::SlowRequest => Duration::from_secs(2),
                _ => TIMEOUT,
            },
            ..socklab_load::Plan::new(workload, to)
        }
    }

    /// Runs the load for a moment. Returns why the contestant cannot be measured, if so.
    fn warm_up(
        &self,
        server: &mut Server,
        load: &mut LoadGenerator,
    ) -> io::Result<Option<AbsentReason>> {
        let warm_up = self.plan.thoroughness.warm_up;
        let outcome = load.slice(warm_up).map_err(io::Error::other)?;
        if let Some(Mismatch { expected, got }) = outcome.first_wrong {
            return Ok(Some(differs(&expected, &got)));
        }
        if outcome.answered == 0 {
            let (after, said) = (0, server.last_line());
            return Ok(Some(AbsentReason::Stopped { after, said }));
        }
        if let (_, Load::Closed { connections }) = plan::load(self.question)
            && self.question != Question::ShortVisits
            && outcome.served < connections
        {
            return Ok(Some(AbsentReason::Serves(outcome.served)));
        }
        if self.question == Question::SlowRequest {
            let slow = SlowRequests::begin(server.address(), Duration::ZERO);
            std::thread::sleep(SLOW_WORK / 2);
            let after = outcome.answered;
            return Ok(not_slow(&slow.end(), after, || server.last_line()));
        }
        Ok(None)
    }

    /// Opens idle connections, and notes how much memory they cost.
    fn hold(
        &mut self,
        contestant: &Contestant,
        server: &Server,
        round: u32,
    ) -> io::Result<[Idle; 2]> {
        let open = |count| Idle::open(server.address(), count).map_err(io::Error::other);
        let first = open(SILENT_BEFORE)?;
        std::thread::sleep(SETTLING);
        let before = server.memory();
        let rest = open(SILENT - SILENT_BEFORE)?;
        std::thread::sleep(SETTLING);
        if let (Some(before), Some(now)) = (before, server.memory()) {
            let grown = now.saturating_sub(before);
            let connections = SILENT - SILENT_BEFORE;
            self.results.silent.push(Silent {
                model: contestant.name.clone(),
                round,
                connections,
                bytes: grown as f64 * 1024.0 / f64::from(connections),
            });
        }
        Ok([first, rest])
    }

    /// How many replies of a contestant have come so far.
    fn replies(&self, name: &str) -> u64 {
        let trials = self.results.trials.iter().filter(|one| one.model == name);
        trials.map(|one| one.service.samples).sum()
    }

    fn note_absent(&mut self, contestant: &Contestant, why: AbsentReason) {
        self.note_absent_by_name(&contestant.name, why);
    }

    /// Removes a contestant from this question.
    fn note_absent_by_name(&mut self, name: &str, why: AbsentReason) {
        self.left.retain(|one| one.name != name);
        self.results.trials.retain(|one| one.model != name);
        self.results.silent.retain(|one| one.model != name);
        self.results.waits.retain(|one| one.model != name);
        let model = name.to_owned();
        self.results.absent.push(Absent { model, why });
    }
}

/// Why the slow request has no effect, if it has none, by how long its replies took. `after` is how
/// many other replies came before it, and `said` what the server said last.
fn not_slow(
    replies: &[Duration],
    after: u64,
    said: impl FnOnce() -> String,
) -> Option<AbsentReason> {
    match replies.first() {
        // It does no request at all.
        None => Some(AbsentReason::Stopped {
            after,
            said: said(),
        }),
        // A reply takes as long as the work, or a clock tick less.
        Some(took) if *took < SLOW_WORK * 9 / 10 => Some(AbsentReason::NotSlow),
        Some(_) => None,
    }
}

/// Starts what runs beside a slice of this question.
fn start_background(
    question: Question,
    to: SocketAddr,
    length: Duration,
) -> io::Result<Option<Box<dyn Background>>> {
    Ok(match question {
        Question::SlowClient => {
            // The last byte is sent a little before the slice is over.
            let every = length.mul_f64(0.85) / SLOWLY.len() as u32;
            Some(Box::new(SlowClient::begin(to, SLOWLY, every)?))
        }
        Question::SlowRequest => Some(Box::new(SlowRequests::begin(to, SLOW_WORK))),
        _ => None,
    })
}

impl Background for SlowClient {
    fn end(self: Box<Self>) {
        // Ignore the result: the figure is about the other clients.
        let _ = SlowClient::end(*self);
    }
}

impl Background for SlowRequests {
    fn end(self: Box<Self>) {
        SlowRequests::end(*self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_does_not_reply_has_stopped() {
        let said = || "Traceback".to_owned();
        let slow = |replies: &[u64]| {
            let replies: Vec<Duration> =
                replies.iter().copied().map(Duration::from_millis).collect();
            not_slow(&replies, 7, said)
        };
        assert_eq!(slow(&[20, 1]), None);
        assert_eq!(slow(&[1]), Some(AbsentReason::NotSlow));
        let (after, said) = (7, said());
        assert_eq!(slow(&[]), Some(AbsentReason::Stopped { after, said }));
    }
}
