//! When a server that is out of descriptors or threads accepts again.

use std::io::{self, ErrorKind};
use std::task::Waker;
use std::time::Duration;

use socklab_core::{Fault, FaultKind, Mono, Notice, Resource};

use crate::fault::fault;

/// When a server that is out of a resource accepts again, and when to tell the user.
///
/// When connections end one by one, each leaves room for one that waits, and then the next accept
/// fails again. So that the two notices do not alternate, accepting counts as resumed only after as
/// much time without an error as a pause takes.
#[derive(Debug, Default)]
pub struct AcceptPause {
    /// When the pause is over. It ends earlier if a connection ends, because that frees a
    /// descriptor.
    until: Option<Mono>,
    /// When the last error was; `None` once the user has been told that accepting has resumed.
    failed: Option<Mono>,
    /// The acceptors that wait for the pause to be over.
    waiting: Vec<Waker>,
}

impl AcceptPause {
    /// How long to wait before accepting again, unless one of our connections ends meanwhile.
    pub const LENGTH: Duration = Duration::from_millis(200);

    /// Begins a pause, because the system has no more of a resource. Returns what to tell the user.
    pub(crate) fn begin(&mut self, now: Mono, resource: Resource, fault: Fault) -> Option<Notice> {
        self.until = Some(now.plus(Self::LENGTH));
        let is_first = self.failed.replace(now).is_none();
        is_first.then_some(Notice::AcceptPaused(resource, fault))
    }

    /// Until when an acceptor must wait; `None` if there is no pause. If the pause ends earlier,
    /// uses `waker`.
    pub(crate) fn wait(&mut self, now: Mono, waker: &Waker) -> Option<Mono> {
        if self.until? <= now {
            self.end();
        } else if !self.waiting.iter().any(|one| one.will_wake(waker)) {
            self.waiting.push(waker.clone());
        }
        self.until
    }

    /// Ends the pause, if there is one.
    pub(super) fn end(&mut self) {
        self.until = None;
        self.waiting.drain(..).for_each(Waker::wake);
    }

    /// Notes that a connection was accepted. Returns what to tell the user.
    fn resumed(&mut self, now: Mono) -> Option<Notice> {
        let quiet = |failed: &mut Mono| failed.plus(Self::LENGTH) <= now;
        self.failed.take_if(quiet).map(|_| Notice::AcceptResumed)
    }

    /// Notes the result of an accept. Returns the connection, if any, and what to tell the user.
    pub(crate) fn accepted<T>(
        &mut self,
        result: io::Result<T>,
        now: impl FnOnce() -> Mono,
    ) -> (Option<T>, Option<Notice>) {
        let notice = match &result {
            Ok(_) if self.failed.is_some() => self.resumed(now()),
            Ok(_) => None,
            Err(error) => match fault(error) {
                // Do not pause for a peer that left before it was accepted, or for a signal.
                fault if fault.kind == FaultKind::Reset => None,
                _ if error.kind() == ErrorKind::Interrupted => None,
                fault => self.begin(now(), Resource::Descriptors, fault),
            },
        };
        (result.ok(), notice)
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
        assert_eq!(pause.resumed(at(0)), None);
        assert_eq!(
            pause.begin(at(1), Resource::Threads, fault),
            Some(Notice::AcceptPaused(Resource::Threads, fault))
        );
        assert_eq!(pause.until, Some(at(201)));
        // A connection leaves and another comes, so there is no room again.
        pause.end();
        assert_eq!(pause.resumed(at(100)), None);
        assert_eq!(pause.begin(at(101), Resource::Threads, fault), None);
        assert_eq!(pause.resumed(at(300)), None);
        assert_eq!(pause.resumed(at(301)), Some(Notice::AcceptResumed));
        assert_eq!(pause.resumed(at(302)), None);
        assert_eq!(pause.failed, None);
    }
}
