//! Why an exchange does not begin.

use socklab_runtimes::Runtime;
use socklab_text::Messages;

use crate::address;
use crate::exit::Exit;
use crate::impairments::ImpairmentError;
use crate::processes::Design;
use crate::submission::{CertificateError, PrepareError};

/// Why an exchange does not begin.
pub(super) enum StartError {
    /// It was not typed right.
    Usage(address::Error),
    /// The exercise's transport has no use for an impairment.
    Impairment(ImpairmentError),
    /// The runtime has no fixed number of threads.
    Threads,
    /// A submission server cannot begin.
    Server(PrepareError),
    /// A client cannot encrypt.
    Client(CertificateError),
}

impl From<address::Error> for StartError {
    fn from(error: address::Error) -> Self {
        StartError::Usage(error)
    }
}

impl From<ImpairmentError> for StartError {
    fn from(error: ImpairmentError) -> Self {
        StartError::Impairment(error)
    }
}

/// The names of those whose servers have a fixed number of threads, or of processes.
pub(super) fn with_threads() -> impl Iterator<Item = &'static str> {
    let processes = Design::offered().filter(|one| *one == Design::Preforked);
    Runtime::with_threads().chain(processes.map(Design::name))
}

impl StartError {
    pub(super) fn say(&self, messages: &dyn Messages, runtime: &str) -> String {
        match self {
            StartError::Usage(error) => error.say(messages),
            StartError::Impairment(error) => error.say(messages),
            StartError::Threads => {
                let list = with_threads().collect::<Vec<_>>().join(", ");
                messages.say_with("usage-threads", &[("runtime", &runtime), ("list", &list)])
            }
            StartError::Server(error) => error.say(messages),
            StartError::Client(error) => error.say(messages),
        }
    }

    pub(super) fn exit(&self) -> Exit {
        match self {
            StartError::Usage(_) | StartError::Impairment(_) | StartError::Threads => Exit::Usage,
            StartError::Server(_) | StartError::Client(_) => Exit::Failed,
        }
    }
}
