//! When a server that is out of descriptors or threads accepts again.

use std::io::{self, ErrorKind};
use std::time::Duration;

use socklab_core::{Fault, FaultKind, Mono, Notice, Resource};

use crate::fault::fault;

/// When a server that is out of a resource accepts again, and when to tell the user.
///
/// When connections end one by one, each leaves room for one that waits, and then the next accept
/// fails again. So that the two notices do not alternate, accepting counts as resumed only after as
/// much time without an error as a pause takes.
#[derive(Clone, Copy, Debug, Default)]
pub struct AcceptPause {
    /// When the pause is over. It ends earlier if a connection ends, because that frees a
    /// descriptor.
    pub(super) until: Option<Mono>,
    /// When the last error was; `None` once the user has been told that accepting has resumed.
    failed: Option<Mono>,
}

impl AcceptPause {
    /// How long to wait before accepting again, unless one of our connections ends meanwhile.
    pub const LENGTH: Duration = Duration::from_millis(200);

    /// Begins a pause, because the system has no more of a resource. Returns what to tell the user.
    pub fn out_of(&mut self, now: Mono, resource: Resource, fault: Fault) -> Option<Notice> {
        self.until = Some(now.plus(Self::LENGTH));
        let news = self.failed.replace(now).is_none();
        news.then_some(Notice::AcceptPaused(resource, fault))
    }

    /// Notes that a connection was accepted. Returns what to tell the user.
    fn accepted(&mut self, now: Mono) -> Option<Notice> {
        let quiet = |failed: &mut Mono| failed.plus(Self::LENGTH) <= now;
        self.failed.take_if(quiet).map(|_| Notice::AcceptResumed)
    }

    /// Notes the result of an accept. Returns the connection, if any, and what to tell the user.
    pub fn took<T>(
        &mut self,
        accepted: io::Result<T>,
        now: impl FnOnce() -> Mono,
    ) -> (Option<T>, Option<Notice>) {
        let notice = match &accepted {
            Ok(_) if self.failed.is_some() => self.accepted(now()),
            Ok(_) => None,
            Err(error) => match fault(error) {
                // Do not pause for a peer that left before it was accepted, or for a signal.
                fault if fault.kind == FaultKind::Reset => None,
                _ if error.kind() == ErrorKind::Interrupted => None,
                fault => self.out_of(now(), Resource::Descriptors, fault),
            },
        };
        (accepted.ok(), notice)
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
        assert_eq!(pause.until, Some(at(201)));
        // A connection leaves and another comes, so there is no room again.
        pause.until = None;
        assert_eq!(pause.accepted(at(100)), None);
        assert_eq!(pause.out_of(at(101), Resource::Threads, fault), None);
        assert_eq!(pause.accepted(at(300)), None);
        assert_eq!(pause.accepted(at(301)), Some(Notice::AcceptResumed));
        assert_eq!(pause.accepted(at(302)), None);
        assert_eq!(pause.failed, None);
    }
}
