//! The course of a load: warm-up, measurement, and what is still to come when it ends.

use std::io;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll};

use crate::clock::{Clock, nanos};
use crate::outcome::Outcome;
use crate::plan::{Moment, Pace, Plan};
use crate::schedule::Schedule;
use crate::steady::steady;
use crate::tally::Tally;

const MILLI: u64 = 1_000_000;

/// How many events are taken at a time: the clock is looked at between them.
const EVENTS: usize = 256;

/// How many questions that are due are sent before replies are looked at.
const BURST: usize = 32;

/// How long to look again and again before going to sleep. A server that has to wake its client
/// pays for it, and the more often the faster the client is: 5 to 10 % of its rate on a virtual
/// machine.
const LOOK: u64 = 50_000;

/// A poll can wake a millisecond late. So shortly before a question is due there is no sleep.
const SPIN: u64 = 1_200_000;

/// How long what is in flight at the end is waited for before the end is told.
const GRACE: u64 = 10 * MILLI;

/// Whether bytes that come after an event raise another event, even if what the first one told of
/// was not read to its end. On Windows mio tells of more only after a call that would block
/// (mio's `Poll`, "Draining readiness").
pub(crate) const TELLS_AGAIN: bool = cfg!(not(windows));

/// Those who ask. Times are in nanoseconds.
pub(crate) trait Askers {
    /// Closed load: all ask, and ask again when they are answered.
    fn begin(&mut self, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// Open load: asks the question that is due at `due`; `false` if nobody can just now.
    fn ask(&mut self, due: u64, clock: &Clock, tally: &mut Tally) -> io::Result<bool>;
    /// Open load: whether somebody may.
    fn can_ask(&self) -> bool;
    /// Something happened to one of them.
    fn ready(&mut self, event: &Event, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// What is to be done from time to time: questions whose time has passed, those who rested.
    fn turn(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// When that is to be done next.
    fn next_turn(&self) -> u64;
    /// How many questions have no answer yet.
    fn outstanding(&self) -> usize;
    /// Nobody asks any more of his own accord.
    fn stop(&mut self);
    /// The end: what has come is read, and what has not is lost.
    fn finish(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// Whether something may come after the last answer.
    fn lingers(&self) -> bool {
        false
    }
    /// Of how many connections that stay at least one question was answered.
    fn served(&self) -> u32 {
        0
    }
}

/// How often questions whose time has passed are looked for.
pub(crate) fn sweep_every(timeout: u64) -> u64 {
    (timeout / 16).clamp(MILLI, 50 * MILLI)
}

/// The ways to make a load, whoever asks.
pub(crate) trait Course: std::fmt::Debug {
    /// Warm-up, measurement, and what is still to come when it ends.
    fn whole(&mut self, on: &mut dyn FnMut(Moment)) -> io::Result<Outcome>;
    /// Asks until the rate is steady, and takes what is in flight; for how long that was, and
    /// whether it became steady.
    fn prepare(&mut self, on: &mut dyn FnMut(Moment)) -> io::Result<(Duration, bool)>;
    /// Asks for so long, and takes what is in flight. Connections that stay are there for the next
    /// slice.
    fn slice(&mut self, length: Duration) -> io::Result<Outcome>;
}

/// One load, its connections and its time.
#[derive(Debug)]
pub(crate) struct Run<A> {
    plan: Plan,
    askers: A,
    poll: Poll,
    events: Events,
    clock: Clock,
    tally: Tally,
    schedule: Option<Schedule>,
    meter: Meter,
    /// How long there was nothing to do, asleep or looking.
    idle: u64,
}

/// Counts the right replies in each interval.
#[derive(Debug)]
struct Meter {
    interval: u64,
    end: u64,
    before: u64,
    replies: Vec<u64>,
}

impl Meter {
    fn start(&mut self, now: u64, answers: u64) {
        self.end = now + self.interval;
        self.before = answers;
        self.replies.clear();
    }

    /// Ends the intervals that are over.
    fn look(&mut self, now: u64, answers: u64) {
        while now >= self.end {
            self.replies.push(answers - self.before);
            self.before = answers;
            self.end += self.interval;
        }
    }
}

impl<A: Askers + std::fmt::Debug> Course for Run<A> {
    fn whole(&mut self, on: &mut dyn FnMut(Moment)) -> io::Result<Outcome> {
        let begun = self.clock.now();
        let steady = if self.plan.warm_up.1.is_zero() {
            false
        } else {
            self.begin(begun)?;
            self.warm_up(begun, on)?
        };
        let warm_up = Duration::from_nanos(self.clock.now() - begun);

        on(Moment::Steady);
        let from = self.clock.now();
        let (answers, idle) = (self.tally.answers, self.idle);
        self.tally.measure(from);
        // An open load begins anew, or all that was due while the listener listened would be sent
        // at once now.
        if self.plan.is_open() || self.plan.warm_up.1.is_zero() {
            self.begin(from)?;
        }
        let until = self.measure(from, from + nanos(self.plan.measure), on)?;
        let seconds = Duration::from_nanos(until - from).as_secs_f64();
        let idle = Duration::from_nanos(self.idle - idle).as_secs_f64();
        let replies = self.tally.answers - answers;
        let intervals = std::mem::take(&mut self.meter.replies);

        self.finish(until, on)?;
        let tally = self.new_tally();
        Ok(Outcome {
            warm_up,
            steady,
            seconds,
            replies,
            answered: tally.answers - answers,
            served: self.askers.served(),
            intervals,
            busy: 1.0 - idle / seconds,
            ..tally.outcome()
        })
    }

    fn prepare(&mut self, on: &mut dyn FnMut(Moment)) -> io::Result<(Duration, bool)> {
        self.new_tally();
        let begun = self.clock.now();
        self.begin(begun)?;
        let steady = self.warm_up(begun, on)?;
        let until = self.clock.now();
        self.finish(until, on)?;
        Ok((Duration::from_nanos(until - begun), steady))
    }

    fn slice(&mut self, length: Duration) -> io::Result<Outcome> {
        self.new_tally();
        let (from, idle) = (self.clock.now(), self.idle);
        self.tally.measure(from);
        self.begin(from)?;
        let until = self.measure(from, from + nanos(length), &mut |_| ())?;
        let seconds = Duration::from_nanos(until - from).as_secs_f64();
        let idle = Duration::from_nanos(self.idle - idle).as_secs_f64();
        let replies = self.tally.answers;
        let intervals = std::mem::take(&mut self.meter.replies);
        self.finish(until, &mut |_| ())?;
        let tally = self.new_tally();
        Ok(Outcome {
            steady: true,
            seconds,
            replies,
            answered: tally.answers,
            served: self.askers.served(),
            intervals,
            busy: 1.0 - idle / seconds,
            ..tally.outcome()
        })
    }
}

impl<A: Askers> Run<A> {
    pub(crate) fn new(plan: &Plan, askers: A, poll: Poll) -> Self {
        Run {
            plan: plan.clone(),
            askers,
            poll,
            events: Events::with_capacity(EVENTS),
            clock: Clock::start(),
            tally: Tally::new(plan),
            schedule: None,
            meter: Meter {
                interval: nanos(plan.interval),
                end: u64::MAX,
                before: 0,
                replies: Vec::new(),
            },
            idle: 0,
        }
    }

    /// Begins to count anew; what was counted.
    fn new_tally(&mut self) -> Tally {
        std::mem::replace(&mut self.tally, Tally::new(&self.plan))
    }

    fn begin(&mut self, now: u64) -> io::Result<()> {
        match self.plan.pace {
            Pace::Closed => self.askers.begin(&self.clock, &mut self.tally),
            Pace::Open { rate } => {
                self.schedule = Some(Schedule::new(now, rate));
                Ok(())
            }
        }
    }

    /// Whether it became steady.
    fn warm_up(&mut self, begun: u64, on: &mut dyn FnMut(Moment)) -> io::Result<bool> {
        let (least, most) = self.plan.warm_up;
        let (least, most) = (begun + nanos(least), begun + nanos(most));
        self.meter.start(begun, self.tally.answers);
        loop {
            let seen = self.meter.replies.len();
            let now = self.wait(self.meter.end.min(most))?;
            self.work(now)?;
            if self.progress(seen, on) && now >= least && steady(&self.meter.replies) {
                return Ok(true);
            }
            if now >= most {
                return Ok(false);
            }
        }
    }

    /// When it was over.
    fn measure(&mut self, from: u64, until: u64, on: &mut dyn FnMut(Moment)) -> io::Result<u64> {
        self.meter.start(from, self.tally.answers);
        loop {
            let seen = self.meter.replies.len();
            let now = self.wait(self.meter.end.min(until))?;
            if now >= until {
                return Ok(now);
            }
            self.work(now)?;
            self.progress(seen, on);
        }
    }

    /// Tells of an interval that has passed; whether one has.
    fn progress(&self, seen: usize, on: &mut dyn FnMut(Moment)) -> bool {
        let new = self.meter.replies.get(seen..).unwrap_or_default();
        if let Some(last) = new.last() {
            let rate = *last as f64 / self.plan.interval.as_secs_f64();
            on(Moment::Progress { rate });
        }
        !new.is_empty()
    }

    /// Follows what was asked to its end.
    fn finish(&mut self, until: u64, on: &mut dyn FnMut(Moment)) -> io::Result<()> {
        self.askers.stop();
        if let Some(schedule) = &mut self.schedule {
            schedule.end(until);
        }
        // What came while it was looked at the clock.
        self.work(until)?;
        let last = until + nanos(self.plan.timeout);
        self.settle(last.min(until + GRACE))?;
        on(Moment::Over);
        self.settle(last)?;
        if self.askers.lingers() {
            let silent = self.clock.now() + nanos(self.plan.linger);
            while self.clock.now() < silent {
                let now = self.wait(silent)?;
                self.work(now)?;
            }
        }
        let now = self.clock.now();
        self.askers.finish(now, &self.clock, &mut self.tally)?;
        if let Some(schedule) = &mut self.schedule {
            while let Some(due) = schedule.due() {
                self.tally.never_sent(due, now);
                schedule.advance();
            }
        }
        Ok(())
    }

    /// Until all that is due has been asked and answered, or it is `until`.
    fn settle(&mut self, until: u64) -> io::Result<()> {
        let due = |run: &Self| run.schedule.as_ref().and_then(Schedule::due).is_some();
        while (self.askers.outstanding() > 0 || due(self)) && self.clock.now() < until {
            let now = self.wait(until)?;
            self.work(now)?;
        }
        Ok(())
    }

    /// Waits until something happens or is to be done, but not beyond `until`.
    fn wait(&mut self, until: u64) -> io::Result<u64> {
        let start = self.clock.now();
        let mut now = start;
        let mut idle_since = None;
        loop {
            let timeout = if now < start + LOOK {
                Duration::ZERO
            } else {
                self.may_sleep(now, until)
            };
            match self.poll.poll(&mut self.events, Some(timeout)) {
                Err(error) if error.kind() != io::ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
            now = self.clock.now();
            if !self.events.is_empty() || now >= self.next(until).0 {
                break;
            }
            idle_since.get_or_insert(now);
            // If the server has to share this core, now is its turn.
            std::thread::yield_now();
        }
        self.idle += idle_since.map_or(0, |since| now - since);
        self.meter.look(now, self.tally.answers);
        Ok(now)
    }

    /// When there is something to do even if nothing happens, and whether it is a question that
    /// will be due.
    fn next(&self, until: u64) -> (u64, bool) {
        let next = until.min(self.askers.next_turn());
        let due = self.schedule.as_ref().and_then(Schedule::due);
        match due.filter(|&due| due < next && self.askers.can_ask()) {
            Some(due) => (due, true),
            None => (next, false),
        }
    }

    fn may_sleep(&self, now: u64, until: u64) -> Duration {
        let (next, due) = self.next(until);
        let left = next.saturating_sub(now);
        match due {
            false => Duration::from_nanos(left),
            true if left < SPIN => Duration::ZERO,
            // Whole milliseconds, or the poll would round up.
            true => Duration::from_millis((left - MILLI) / MILLI),
        }
    }

    /// Sends what is due, and takes what has come.
    fn work(&mut self, now: u64) -> io::Result<()> {
        for event in &self.events {
            self.askers.ready(event, &self.clock, &mut self.tally)?;
        }
        // Once: a second time there would be nothing to read.
        self.events.clear();
        self.askers.turn(now, &self.clock, &mut self.tally)?;
        if let Some(schedule) = &mut self.schedule {
            for _ in 0..BURST {
                let Some(due) = schedule.due().filter(|&due| due <= now) else {
                    break;
                };
                if !self.askers.ask(due, &self.clock, &mut self.tally)? {
                    break;
                }
                schedule.advance();
            }
        }
        Ok(())
    }
}
