//! A conversation's deadline, as a timer of the runtime.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socklab_core::Mono;
use socklab_system::Clock;

/// A timer of any runtime: ready once the time has passed, or a little later.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A timer that is kept from one wait to the next, because setting one wakes the reactor.
///
/// A deadline that moves later, as it does while a peer keeps talking, leaves the timer alone. The
/// timer fires early, once, and is then set for the rest of the time.
#[derive(Default)]
pub(crate) struct DeadlineTimer(Option<(Mono, Sleep)>);

impl DeadlineTimer {
    /// Ready once the clock has reached `at`. Never ready, and without a timer, if `at` is `None`.
    /// `sleep` makes timers.
    pub(crate) fn poll(
        &mut self,
        at: Option<Mono>,
        clock: &Clock,
        sleep: impl Fn(Duration) -> Sleep,
        cx: &mut Context<'_>,
    ) -> Poll<()> {
        let Some(at) = at else {
            self.0 = None;
            return Poll::Pending;
        };
        loop {
            // Look at the clock again: a timer may fire early.
            let left = at.since(clock.mono());
            if left.is_zero() {
                return Poll::Ready(());
            }
            let (_, timer) = match &mut self.0 {
                Some(set) if set.0 <= at => set,
                other => other.insert((at, sleep(left))),
            };
            ready!(timer.as_mut().poll(cx));
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::{pending, poll_fn};
    use std::task::Waker;
    use std::thread;

    use super::*;

    /// Sleeps in the poll, which is good enough for a test.
    fn sleep(time: Duration) -> Sleep {
        Box::pin(poll_fn(move |_| {
            thread::sleep(time);
            Poll::Ready(())
        }))
    }

    #[test]
    fn fires_when_the_clock_says_so_and_not_before() {
        let clock = Clock::start();
        let mut cx = Context::from_waker(Waker::noop());
        let mut timer = DeadlineTimer::default();
        // Set for `soon` by a timer that fires then. The deadline has moved on meanwhile, so the
        // timer is set again for what is left.
        let soon = clock.mono().plus(Duration::from_millis(5));
        let later = clock.mono().plus(Duration::from_millis(15));
        timer.0 = Some((soon, sleep(Duration::from_millis(5))));
        assert!(timer.poll(Some(later), &clock, sleep, &mut cx).is_ready());
        assert!(clock.mono() >= later);
    }

    #[test]
    fn a_timer_is_kept_and_dropped_with_its_deadline() {
        let clock = Clock::start();
        let mut cx = Context::from_waker(Waker::noop());
        let mut timer = DeadlineTimer::default();
        let never = |_| -> Sleep { Box::pin(pending()) };
        let at = |seconds| clock.mono().plus(Duration::from_secs(seconds));
        let set = |timer: &DeadlineTimer| timer.0.as_ref().map(|(at, _)| *at);
        let (early, late) = (at(1000), at(2000));
        for (deadline, expected) in [
            (Some(late), Some(late)),
            (Some(early), Some(early)),
            // The timer is left alone: it will fire early, and be set again then.
            (Some(late), Some(early)),
            (None, None),
        ] {
            assert!(timer.poll(deadline, &clock, never, &mut cx).is_pending());
            assert_eq!(set(&timer), expected);
        }
    }
}
