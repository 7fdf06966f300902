//! Combines one server's slices of a round into a trial.

use std::time::Duration;

use hdrhistogram::Histogram;
use socklab_compare::results::{Generator, Latencies, Losses, Operations, ServerUsage, Trial};
use socklab_compare::slices::counted;
use socklab_load::{Mismatch, Outcome, WarmUp};
use socklab_process::ProcessUsage;

use super::Slice;
use crate::measured::ReportedUsage;

/// Converts a histogram of nanoseconds to microseconds, as results store it.
pub(crate) fn latencies(histogram: &Histogram<u64>) -> Latencies {
    Latencies {
        samples: histogram.len(),
        mean: histogram.mean() / 1e3,
        max: histogram.max() as f64 / 1e3,
        buckets: histogram
            .iter_recorded()
            .map(|one| (one.value_iterated_to() as f64 / 1e3, one.count_at_value()))
            .collect(),
    }
}

/// A trial, and the first wrong reply in it.
pub(crate) struct TrialOutcome {
    pub(crate) trial: Trial,
    pub(crate) wrong: Option<Mismatch>,
    /// The 99th percentile of the response times of each slice, in microseconds.
    pub(crate) tails: Vec<f64>,
    /// If no reply came, the server's last line on standard error, or how it ended.
    pub(crate) said: String,
}

/// One server's slices of a round, and which of them count.
pub(crate) struct Slices {
    all: Vec<Slice>,
    counts: Vec<bool>,
    disturbed: u32,
}

impl Slices {
    /// The slices that were run, if `planned` were planned.
    pub(crate) fn new(all: Vec<Slice>, planned: u32) -> Self {
        let disturbed: Vec<bool> = all.iter().map(Slice::is_disturbed).collect();
        Slices {
            counts: counted(&disturbed, planned),
            disturbed: disturbed.into_iter().filter(|one| *one).count() as u32,
            all,
        }
    }

    fn counted(&self) -> impl Iterator<Item = &Slice> {
        let slices = self.all.iter().zip(&self.counts);
        slices.filter_map(|(slice, counts)| counts.then_some(slice))
    }

    fn sum(&self, of: fn(&Outcome) -> u64) -> u64 {
        self.counted().map(|slice| of(&slice.outcome)).sum()
    }

    /// The CPU time used for replies that came during the slices, in microseconds. A slice's CPU
    /// time includes the replies that came just after it, so it is scaled.
    pub(crate) fn cpu(&self) -> Option<f64> {
        let used: Option<Duration> = self.counted().map(|slice| slice.cpu).sum();
        let answered = self.sum(|one| one.answered).max(1);
        let share = self.sum(|one| one.replies) as f64 / answered as f64;
        Some(used?.as_secs_f64() * 1e6 * share).filter(|cpu| *cpu > 0.0)
    }

    /// What the server used of `cpu` microseconds. Its user and system time, context switches and
    /// operations are only known for all slices together, so they are scaled to the slices that
    /// count.
    pub(crate) fn server(
        &self,
        cpu: f64,
        reported: &ReportedUsage,
        process: &ProcessUsage,
        cores: usize,
    ) -> ServerUsage {
        let all: u64 = self.all.iter().map(|slice| slice.outcome.answered).sum();
        let share = self.sum(|one| one.replies) as f64 / all.max(1) as f64;
        let part = |count: u64| (count as f64 * share).round() as u64;
        let own = reported.user / (reported.user + reported.system).max(1e-9);
        let operations = reported.operations.iter().map(|(name, of)| {
            let of = Operations {
                calls: part(of.calls),
                would_block: part(of.would_block),
                items: part(of.items),
            };
            (name.clone(), of)
        });
        let seconds: f64 = self.counted().map(|slice| slice.outcome.seconds).sum();
        ServerUsage {
            user: cpu * own,
            system: cpu * (1.0 - own),
            busy: cpu / 1e6 / seconds.max(1e-9) / cores as f64,
            voluntary: part(reported.voluntary),
            involuntary: part(reported.involuntary),
            threads: process.threads,
            memory: process.memory,
            peak: process.peak,
            operations: operations.collect(),
        }
    }

    /// Whether any reply came, in a slice or after one.
    pub(crate) fn replied(&self) -> bool {
        self.sum(|one| one.answered) > 0
    }

    /// Combines all slices into a trial.
    pub(crate) fn trial(
        self,
        model: String,
        round: u32,
        load: usize,
        warm_up: WarmUp,
        server: Option<ServerUsage>,
    ) -> TrialOutcome {
        let merged = |of: fn(&Outcome) -> &Histogram<u64>| {
            let mut merged = Histogram::<u64>::new(3).expect("three digits are possible");
            for slice in self.counted() {
                let added = merged.add(of(&slice.outcome));
                debug_assert!(added.is_ok(), "a histogram that grows takes all");
            }
            latencies(&merged)
        };
        let seconds: f64 = self.counted().map(|slice| slice.outcome.seconds).sum();
        let busy = self.counted();
        let busy = busy.map(|slice| slice.outcome.busy * slice.outcome.seconds);
        let trial = Trial {
            round,
            model,
            load,
            warm_up: warm_up.took.as_secs_f64(),
            steady: warm_up.steady,
            seconds,
            replies: self.sum(|one| one.replies),
            intervals: self.counted().map(|slice| slice.outcome.replies).collect(),
            response: merged(|one| &one.response),
            service: merged(|one| &one.service),
            losses: Losses {
                lost: self.sum(|one| one.lost),
                duplicated: self.sum(|one| one.duplicated),
                reordered: self.sum(|one| one.reordered),
                // Count wrong replies of all slices: they make the trial invalid, whatever else
                // ran.
                wrong: self.all.iter().map(|slice| slice.outcome.wrong).sum(),
                refused: self.sum(|one| one.refused),
                out_of_ports: self.sum(|one| one.out_of_ports),
            },
            generator: Generator {
                busy: busy.sum::<f64>() / seconds.max(1e-9),
                lag: merged(|one| &one.lag),
            },
            server,
            disturbed: self.disturbed,
            limits: Vec::new(),
            invalid: Vec::new(),
        };
        let tail = |slice: &Slice| slice.outcome.response.value_at_quantile(0.99) as f64 / 1e3;
        let tails = self.counted().map(tail).collect();
        let wrong = self
            .all
            .into_iter()
            .find_map(|slice| slice.outcome.first_wrong);
        TrialOutcome {
            trial,
            wrong,
            tails,
            said: String::new(),
        }
    }
}
