//! Keeping count.

use hdrhistogram::Histogram;

use crate::outcome::{Mismatch, Outcome};
use crate::plan::Plan;
use crate::window::Asked;

/// Counts while a load runs.
#[derive(Debug)]
pub(crate) struct Tally {
    open_loop: bool,
    timeout: u64,
    measured_from: u64,
    /// Right replies, warm-up included.
    pub(crate) answers: u64,
    pub(crate) asked: u64,
    pub(crate) response: Histogram<u64>,
    pub(crate) service: Histogram<u64>,
    pub(crate) lag: Histogram<u64>,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    pub(crate) duplicated: u64,
    pub(crate) reordered: u64,
    pub(crate) wrong: u64,
    pub(crate) refused: u64,
    pub(crate) out_of_ports: u64,
    pub(crate) stale: u64,
    pub(crate) first_wrong: Option<Mismatch>,
}

impl Tally {
    pub(crate) fn new(plan: &Plan) -> Tally {
        let empty = || Histogram::new(3).expect("three digits are possible");
        Tally {
            open_loop: plan.is_open(),
            timeout: crate::clock::nanos(plan.timeout),
            measured_from: u64::MAX,
            answers: 0,
            asked: 0,
            response: empty(),
            service: empty(),
            lag: empty(),
            lost: 0,
            late: 0,
            duplicated: 0,
            reordered: 0,
            wrong: 0,
            refused: 0,
            out_of_ports: 0,
            stale: 0,
            first_wrong: None,
        }
    }

    /// What is due from `now` on counts.
    pub(crate) fn measure(&mut self, now: u64) {
        self.measured_from = now;
    }

    pub(crate) fn is_measured(&self) -> bool {
        self.measured_from != u64::MAX
    }

    /// A question that is about to be sent.
    pub(crate) fn ask(&self, due: u64, sent: u64) -> Asked {
        Asked {
            due,
            sent,
            counted: due >= self.measured_from,
        }
    }

    /// So many questions like this one were sent.
    pub(crate) fn sent(&mut self, asked: Asked, count: u64) {
        self.asked += count;
        if self.open_loop && asked.counted {
            record(&mut self.lag, asked.sent - asked.due, count);
        }
    }

    pub(crate) fn right(&mut self, asked: Asked, now: u64, reordered: bool) {
        self.answers += 1;
        if asked.counted {
            record(&mut self.service, now - asked.sent, 1);
            if self.open_loop {
                record(&mut self.response, now - asked.due, 1);
            }
            self.reordered += u64::from(reordered);
        }
    }

    pub(crate) fn lost(&mut self, asked: Asked) {
        self.lost += u64::from(asked.counted);
        self.unanswered(asked);
    }

    pub(crate) fn refused(&mut self, asked: Asked) {
        self.refused += u64::from(asked.counted);
        self.unanswered(asked);
    }

    pub(crate) fn out_of_ports(&mut self, asked: Asked) {
        self.out_of_ports += u64::from(asked.counted);
        self.unanswered(asked);
    }

    /// As if the answer had come at the last moment.
    fn unanswered(&mut self, asked: Asked) {
        if asked.counted {
            let response = asked.sent - asked.due + self.timeout;
            record(&mut self.response, response, 1);
        }
    }

    /// It was due, but there never was a connection for it.
    pub(crate) fn never_sent(&mut self, due: u64, now: u64) {
        let asked = self.ask(due, now);
        if asked.counted {
            self.lost += 1;
            record(&mut self.response, (now - due).max(self.timeout), 1);
        }
    }

    pub(crate) fn wrong(&mut self, counted: bool, expected: impl FnOnce() -> Vec<u8>, got: &[u8]) {
        if counted {
            self.wrong += 1;
            self.first_wrong.get_or_insert_with(|| Mismatch {
                expected: expected(),
                got: got.to_vec(),
            });
        }
    }

    /// What was counted, with what only the run knows left to fill in.
    pub(crate) fn outcome(mut self) -> Outcome {
        if !self.open_loop {
            // The same, but for those that were not answered.
            let added = self.response.add(&self.service);
            debug_assert!(added.is_ok(), "a histogram that grows takes all");
        }
        Outcome {
            warm_up: std::time::Duration::ZERO,
            steady: false,
            seconds: 0.0,
            replies: 0,
            answered: self.answers,
            served: 0,
            intervals: Vec::new(),
            response: self.response,
            service: self.service,
            lag: self.lag,
            lost: self.lost,
            late: self.late,
            duplicated: self.duplicated,
            reordered: self.reordered,
            wrong: self.wrong,
            refused: self.refused,
            out_of_ports: self.out_of_ports,
            stale: self.stale,
            busy: 0.0,
            first_wrong: self.first_wrong,
            asked: self.asked,
        }
    }
}

fn record(histogram: &mut Histogram<u64>, nanos: u64, count: u64) {
    let recorded = histogram.record_n(nanos, count);
    debug_assert!(recorded.is_ok(), "a histogram that grows takes all");
}
