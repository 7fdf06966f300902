//! Runs a load: warm-up, measurement, and the replies still in flight at its end.

use std::io;
use std::time::Duration;

use mio::event::Event;
use mio::{Events, Poll};

use crate::clock::{Clock, nanos};
use crate::outcome::{Outcome, WarmUp};
use crate::plan::{LoadEvent, Pace, Plan};
use crate::schedule::Schedule;
use crate::steady::steady;
use crate::tally::Tally;

const MILLI: u64 = 1_000_000;

/// How many events one poll returns at most. The clock is read between two polls.
const EVENTS: usize = 256;

/// How many due questions are sent before replies are read.
const BURST: usize = 32;

/// How long to spin before sleeping, in nanoseconds. A server must spend time to wake a client that
/// sleeps, and more often if the client is faster: 5 to 10 % of its rate on a virtual machine.
const SPIN_BEFORE_SLEEP: u64 = 50_000;

/// A poll can return a millisecond late, so do not sleep this shortly before a question is due.
const SPIN_BEFORE_DUE: u64 = 1_200_000;

/// How long to wait for replies in flight before reporting the end of the measurement.
const GRACE: u64 = 10 * MILLI;

/// Whether new bytes raise a new event, even if those of the last event were not all read. On
/// Windows mio reports more only after a call that would block (mio's `Poll`, "Draining
/// readiness").
pub(crate) const NEW_DATA_RAISES_EVENT: bool = cfg!(not(windows));

/// A kind of client. Times are in nanoseconds.
pub(crate) trait Clients {
    /// Closed load: has all connections ask. From then on each asks again when it is answered.
    fn begin(&mut self, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// Open load: asks the question that is due at `due`; `false` if no connection is free.
    fn ask(&mut self, due: u64, clock: &Clock, tally: &mut Tally) -> io::Result<bool>;
    /// Open load: whether a connection is free.
    fn can_ask(&self) -> bool;
    /// Handles an event of a socket.
    fn ready(&mut self, event: &Event, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// Regular work: gives up questions whose time has passed, and ends delays.
    fn on_timer(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// When the regular work is due next.
    fn next_timer(&self) -> u64;
    /// How many questions are in flight.
    fn in_flight(&self) -> usize;
    /// From now on asks no further question.
    fn stop(&mut self);
    /// Ends the load: reads what has come, and counts the rest as lost.
    fn finish(&mut self, now: u64, clock: &Clock, tally: &mut Tally) -> io::Result<()>;
    /// Whether replies may come after the last answer.
    fn lingers(&self) -> bool {
        false
    }
    /// With persistent connections: how many had at least one question answered.
    fn served(&self) -> u32 {
        0
    }
}

/// How often to look for questions whose time has passed.
pub(crate) fn expiry_interval(timeout: u64) -> u64 {
    (timeout / 16).clamp(MILLI, 50 * MILLI)
}

/// The ways to run a load, for any kind of client.
pub(crate) trait Runner: std::fmt::Debug {
    /// Runs the warm-up and the measurement, and follows the questions in flight to their end.
    fn run(&mut self, on: &mut dyn FnMut(LoadEvent)) -> io::Result<Outcome>;
    /// Asks until the rate is steady, and waits for the replies in flight.
    fn warm_up(&mut self, on: &mut dyn FnMut(LoadEvent)) -> io::Result<WarmUp>;
    /// Asks for this long, and waits for the replies in flight. Persistent connections stay open
    /// for the next slice.
    fn slice(&mut self, length: Duration) -> io::Result<Outcome>;
}

/// One load, its connections and its time.
#[derive(Debug)]
pub(crate) struct Run<C> {
    plan: Plan,
    clients: C,
    poll: Poll,
    events: Events,
    clock: Clock,
    tally: Tally,
    schedule: Option<Schedule>,
    meter: Meter,
    /// How long there was nothing to do, asleep or spinning.
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

    /// Closes the intervals that are over.
    fn close_intervals(&mut self, now: u64, answers: u64) {
        while now >= self.end {
            self.replies.push(answers - self.before);
            self.before = answers;
            self.end += self.interval;
        }
    }
}

impl<C: Clients + std::fmt::Debug> Runner for Run<C> {
    fn run(&mut self, on: &mut dyn FnMut(LoadEvent)) -> io::Result<Outcome> {
        let begun = self.clock.now();
        let steady = if self.plan.warm_up.end.is_zero() {
            false
        } else {
            self.begin(begun)?;
            self.until_steady(begun, on)?
        };
        let warm_up = Duration::from_nanos(self.clock.now() - begun);

        on(LoadEvent::Steady);
        let from = self.clock.now();
        let (answers, idle) = (self.tally.answers, self.idle);
        self.tally.measure(from);
        // Restart the schedule of an open load. Otherwise the questions that came due while the
        // listener ran would all be sent at once.
        if self.plan.is_open() || self.plan.warm_up.end.is_zero() {
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
            served: self.clients.served(),
            intervals,
            busy: 1.0 - idle / seconds,
            ..tally.outcome()
        })
    }

    fn warm_up(&mut self, on: &mut dyn FnMut(LoadEvent)) -> io::Result<WarmUp> {
        self.new_tally();
        let begun = self.clock.now();
        self.begin(begun)?;
        let steady = self.until_steady(begun, on)?;
        let until = self.clock.now();
        self.finish(until, on)?;
        let took = Duration::from_nanos(until - begun);
        Ok(WarmUp { took, steady })
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
            served: self.clients.served(),
            intervals,
            busy: 1.0 - idle / seconds,
            ..tally.outcome()
        })
    }
}

impl<C: Clients> Run<C> {
    pub(crate) fn new(plan: &Plan, clients: C, poll: Poll) -> Self {
        Run {
            plan: plan.clone(),
            clients,
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

    /// Starts a new tally. Returns the old one.
    fn new_tally(&mut self) -> Tally {
        std::mem::replace(&mut self.tally, Tally::new(&self.plan))
    }

    fn begin(&mut self, now: u64) -> io::Result<()> {
        match self.plan.pace {
            Pace::Closed => self.clients.begin(&self.clock, &mut self.tally),
            Pace::Open { rate } => {
                self.schedule = Some(Schedule::new(now, rate));
                Ok(())
            }
        }
    }

    /// Runs the warm-up. Returns whether the rate became steady.
    fn until_steady(&mut self, begun: u64, on: &mut dyn FnMut(LoadEvent)) -> io::Result<bool> {
        let least = begun + nanos(self.plan.warm_up.start);
        let most = begun + nanos(self.plan.warm_up.end);
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

    /// Runs the measurement. Returns when it ended.
    fn measure(&mut self, from: u64, until: u64, on: &mut dyn FnMut(LoadEvent)) -> io::Result<u64> {
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

    /// Reports an interval if one has passed. Returns whether one has.
    fn progress(&self, seen: usize, on: &mut dyn FnMut(LoadEvent)) -> bool {
        let new = self.meter.replies.get(seen..).unwrap_or_default();
        if let Some(last) = new.last() {
            let rate = *last as f64 / self.plan.interval.as_secs_f64();
            on(LoadEvent::Interval { rate });
        }
        !new.is_empty()
    }

    /// Follows the questions in flight to their end.
    fn finish(&mut self, until: u64, on: &mut dyn FnMut(LoadEvent)) -> io::Result<()> {
        self.clients.stop();
        if let Some(schedule) = &mut self.schedule {
            schedule.end(until);
        }
        // Handle what came while the clock was read.
        self.work(until)?;
        let last = until + nanos(self.plan.timeout);
        self.settle(last.min(until + GRACE))?;
        on(LoadEvent::Over);
        self.settle(last)?;
        if self.clients.lingers() {
            let silent = self.clock.now() + nanos(self.plan.linger);
            while self.clock.now() < silent {
                let now = self.wait(silent)?;
                self.work(now)?;
            }
        }
        let now = self.clock.now();
        self.clients.finish(now, &self.clock, &mut self.tally)?;
        if let Some(schedule) = &mut self.schedule {
            while let Some(due) = schedule.due() {
                self.tally.never_sent(due, now);
                schedule.advance();
            }
        }
        Ok(())
    }

    /// Works until all due questions have been asked and answered, or until `until`.
    fn settle(&mut self, until: u64) -> io::Result<()> {
        let due = |run: &Self| run.schedule.as_ref().and_then(Schedule::due).is_some();
        while (self.clients.in_flight() > 0 || due(self)) && self.clock.now() < until {
            let now = self.wait(until)?;
            self.work(now)?;
        }
        Ok(())
    }

    /// Waits for an event or for due work, but not beyond `until`.
    fn wait(&mut self, until: u64) -> io::Result<u64> {
        let start = self.clock.now();
        let mut now = start;
        let mut idle_since = None;
        loop {
            let timeout = if now < start + SPIN_BEFORE_SLEEP {
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
            // If the server shares this core, let it run now.
            std::thread::yield_now();
        }
        self.idle += idle_since.map_or(0, |since| now - since);
        self.meter.close_intervals(now, self.tally.answers);
        Ok(now)
    }

    /// When there is work even without an event, and whether that work is a question coming due.
    fn next(&self, until: u64) -> (u64, bool) {
        let next = until.min(self.clients.next_timer());
        let due = self.schedule.as_ref().and_then(Schedule::due);
        match due.filter(|&due| due < next && self.clients.can_ask()) {
            Some(due) => (due, true),
            None => (next, false),
        }
    }

    fn may_sleep(&self, now: u64, until: u64) -> Duration {
        let (next, due) = self.next(until);
        let left = next.saturating_sub(now);
        match due {
            false => Duration::from_nanos(left),
            true if left < SPIN_BEFORE_DUE => Duration::ZERO,
            // Whole milliseconds, because the poll rounds up.
            true => Duration::from_millis((left - MILLI) / MILLI),
        }
    }

    /// Sends the due questions, and handles the events.
    fn work(&mut self, now: u64) -> io::Result<()> {
        for event in &self.events {
            self.clients.ready(event, &self.clock, &mut self.tally)?;
        }
        // Handle each event once; a second time there would be no data.
        self.events.clear();
        self.clients.on_timer(now, &self.clock, &mut self.tally)?;
        if let Some(schedule) = &mut self.schedule {
            for _ in 0..BURST {
                let Some(due) = schedule.due().filter(|&due| due <= now) else {
                    break;
                };
                if !self.clients.ask(due, &self.clock, &mut self.tally)? {
                    break;
                }
                schedule.advance();
            }
        }
        Ok(())
    }
}
