//! A deadline, as a timer of the reactor.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use socklab_core::Mono;
use socklab_system::Clock;

/// A timer of whatever runtime: ready once the time has passed, or a little later.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A timer that is kept from one wait to the next, because setting one wakes the reactor.
///
/// A deadline that moves on, as that of a peer that keeps talking does, leaves the timer alone: it
/// fires early, once, and is set again for what is left.
#[derive(Default)]
pub(crate) struct Alarm(Option<(Mono, Sleep)>);

impl Alarm {
    /// Ready once the clock says that `at` has come; never, and without a timer, when there is
    /// none. Timers are made by `sleep`.
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
            // A timer only says that it is time to look at the clock.
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

    /// Sleeps in the poll: for a test it will do.
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
        let mut alarm = Alarm::default();
        // Set for `soon` by a timer that fires then. The deadline has moved on meanwhile, so the
        // timer is set again for what is left.
        let soon = clock.mono().plus(Duration::from_millis(5));
        let later = clock.mono().plus(Duration::from_millis(15));
        alarm.0 = Some((soon, sleep(Duration::from_millis(5))));
        assert!(alarm.poll(Some(later), &clock, sleep, &mut cx).is_ready());
        assert!(clock.mono() >= later);
    }

    #[test]
    fn a_timer_is_kept_and_dropped_with_its_deadline() {
        let clock = Clock::start();
        let mut cx = Context::from_waker(Waker::noop());
        let mut alarm = Alarm::default();
        let never = |_| -> Sleep { Box::pin(pending()) };
        let at = |seconds| clock.mono().plus(Duration::from_secs(seconds));
        let set = |alarm: &Alarm| alarm.0.as_ref().map(|(at, _)| *at);
        let (early, late) = (at(1000), at(2000));
        for (deadline, timer) in [
            (Some(late), Some(late)),
            (Some(early), Some(early)),
            // It fires early, and is set again then.
            (Some(late), Some(early)),
            (None, None),
        ] {
            assert!(alarm.poll(deadline, &clock, never, &mut cx).is_pending());
            assert_eq!(set(&alarm), timer);
        }
    }
}
