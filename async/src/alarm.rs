//! A deadline, as a timer of the reactor's.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_std::task;
use socklab_core::Mono;
use socklab_system::Clock;

type Sleep = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A timer that is kept from one wait to the next, because setting one wakes the reactor.
///
/// A deadline that moves on, as that of a peer that keeps talking does, leaves the timer alone: it
/// fires early, once, and is set again for what is left.
#[derive(Default)]
pub(crate) struct Alarm(Option<(Mono, Sleep)>);

impl fmt::Debug for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.0.as_ref().map(|(at, _)| at);
        f.debug_tuple("Alarm").field(&at).finish()
    }
}

impl Alarm {
    /// Ready once the clock says that `at` has come; never, and without a timer, when there is
    /// none.
    pub(crate) fn poll(
        &mut self,
        at: Option<Mono>,
        clock: &Clock,
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
            let (_, sleep) = match &mut self.0 {
                Some(set) if set.0 <= at => set,
                other => other.insert((at, Box::pin(task::sleep(left)))),
            };
            ready!(sleep.as_mut().poll(cx));
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::time::Duration;

    use super::*;

    #[test]
    fn fires_when_the_clock_says_so_and_not_before() {
        let clock = Clock::start();
        let mut alarm = Alarm::default();
        let (soon, later) = (Duration::from_millis(20), Duration::from_millis(60));
        let (soon, later) = (clock.mono().plus(soon), clock.mono().plus(later));
        task::block_on(async {
            // Set for `soon`, then moved on: the old timer is kept, and does not fire for the new
            // time.
            let mut at = soon;
            poll_fn(|cx| {
                let polled = alarm.poll(Some(at), &clock, cx);
                at = later;
                polled
            })
            .await;
        });
        assert!(clock.mono() >= later);
    }

    #[test]
    fn no_deadline_no_timer() {
        let clock = Clock::start();
        let mut alarm = Alarm::default();
        task::block_on(poll_fn(|cx| {
            let at = clock.mono().plus(Duration::from_secs(1000));
            assert!(alarm.poll(Some(at), &clock, cx).is_pending());
            assert!(alarm.0.is_some());
            assert!(alarm.poll(None, &clock, cx).is_pending());
            assert!(alarm.0.is_none());
            Poll::Ready(())
        }));
    }
}
