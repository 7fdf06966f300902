//! Why an exchange does not begin.

use socklab_runtimes::Runtime;
use socklab_text::Messages;

use crate::address;
use crate::exit::Exit;
use crate::impairments::Misplaced;
use crate::processes::Design;
use crate::submission::{Unprepared, Unusable};

/// Why an exchange does not begin.
pub(super) enum Refusal {
    /// It was not typed right.
    Usage(address::Error),
    /// The exercise's transport has no use for an impairment.
    Misplaced(Misplaced),
    /// The runtime has no fixed number of threads.
    Threads,
    /// A submission server cannot begin.
    Server(Unprepared),
    /// A client cannot encrypt.
    Client(Unusable),
}

impl From<address::Error> for Refusal {
    fn from(error: address::Error) -> Self {
        Refusal::Usage(error)
    }
}

impl From<Misplaced> for Refusal {
    fn from(misplaced: Misplaced) -> Self {
        Refusal::Misplaced(misplaced)
    }
}

/// The names of those whose servers have a fixed number of threads, or of processes.
pub(super) fn with_threads() -> impl Iterator<Item = &'static str> {
    let processes = Design::offered().filter(|one| *one == Design::Preforked);
    Runtime::with_threads().chain(processes.map(Design::name))
}

impl Refusal {
    pub(super) fn say(&self, messages: &dyn Messages, runtime: &str) -> String {
        match self {
            Refusal::Usage(error) => error.say(messages),
            Refusal::Misplaced(misplaced) => misplaced.say(messages),
            Refusal::Threads => {
                let list = with_threads().collect::<Vec<_>>().join(", ");
                messages.say_with("usage-threads", &[("runtime", &runtime), ("list", &list)])
            }
            Refusal::Server(error) => error.say(messages),
            Refusal::Client(error) => error.say(messages),
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            Refusal::Usage(_) | Refusal::Misplaced(_) | Refusal::Threads => Exit::Usage,
            Refusal::Server(_) | Refusal::Client(_) => Exit::Failed,
        }
    }
}
