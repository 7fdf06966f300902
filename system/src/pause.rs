//! Out of descriptors or threads.

use std::io::{self, ErrorKind};
use std::time::Duration;

use socklab_core::{Console, Fault, FaultKind, Mono, Notice, Resource};

use crate::clock::Clock;
use crate::fault::fault;

/// When a server that is out of a resource accepts again, and when that is worth a notice.
///
/// As connections end one by one, each leaves room for one that waits and the next accept fails
/// again. So that the two notices do not take turns, accepting counts as resumed when there was no
/// error for as long as a pause takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptPause {
    until: Option<Mono>,
    /// When the last error was, as long as the user believes that accepting is paused.
    failed: Option<Mono>,
}

impl AcceptPause {
    /// How long to wait before accepting again, when no connection of ours ends meanwhile.
    pub const LENGTH: Duration = Duration::from_millis(200);

    /// The system has no more of a resource: no accept is tried until the pause is over. What to
    /// tell the user.
    pub fn out_of(&mut self, now: Mono, resource: Resource, fault: Fault) -> Option<Notice> {
        self.until = Some(now.plus(Self::LENGTH));
        let news = self.failed.replace(now).is_none();
        news.then_some(Notice::AcceptPaused(resource, fault))
    }

    /// A connection was accepted. What to tell the user.
    pub fn accepted(&mut self, now: Mono) -> Option<Notice> {
        let quiet = self.failed?.plus(Self::LENGTH) <= now;
        if !quiet {
            return None;
        }
        self.failed = None;
        Some(Notice::AcceptResumed)
    }

    /// What an accept gave, if it gave a connection; what there is to tell the user is told.
    pub fn took<T>(
        &mut self,
        accepted: io::Result<T>,
        clock: &Clock,
        console: &dyn Console,
    ) -> Option<T> {
        let news = match &accepted {
            Ok(_) if self.is_announced() => self.accepted(clock.mono()),
            Ok(_) => None,
            Err(error) => match fault(error) {
                // A peer that left before it was accepted, or a signal: accept again.
                fault if fault.kind == FaultKind::Reset => None,
                _ if error.kind() == ErrorKind::Interrupted => None,
                fault => self.out_of(clock.mono(), Resource::Descriptors, fault),
            },
        };
        news.into_iter().for_each(|news| console.notice(news));
        accepted.ok()
    }

    /// Whether the user believes that accepting is paused, so that accepts are worth the time of a
    /// look at the clock.
    pub fn is_announced(&self) -> bool {
        self.failed.is_some()
    }

    /// When the pause is over; `None` if there is none.
    pub fn until(&self) -> Option<Mono> {
        self.until
    }

    /// A connection has ended, so there is a descriptor; or the pause is over.
    pub fn end(&mut self) {
        self.until = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_each() {
        let fault = Fault {
            kind: FaultKind::Exhausted,
            code: 24,
        };
        let at = |millis| Mono::ZERO.plus(Duration::from_millis(millis));
        let mut pause = AcceptPause::default();
        assert_eq!(pause.accepted(at(0)), None);
        assert_eq!(
            pause.out_of(at(1), Resource::Threads, fault),
            Some(Notice::AcceptPaused(Resource::Threads, fault))
        );
        assert_eq!(pause.until(), Some(at(201)));
        // One leaves, one comes, and there is no room again.
        pause.end();
        assert_eq!(pause.until(), None);
        assert_eq!(pause.accepted(at(100)), None);
        assert_eq!(pause.out_of(at(101), Resource::Threads, fault), None);
        assert_eq!(pause.accepted(at(300)), None);
        assert_eq!(pause.accepted(at(301)), Some(Notice::AcceptResumed));
        assert_eq!(pause.accepted(at(302)), None);
        assert!(!pause.is_announced());
    }
}
