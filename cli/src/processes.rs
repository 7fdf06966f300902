//! The designs of a TCP server that start other processes: this program again, with the same
//! command line, and with a socket as its standard input.
//!
//! They are no runtimes: `exec` takes along neither a machine nor an observer. So they serve the
//! exercises whose connections share nothing, and write no transcript.

use std::env;
use std::io;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::process;
use std::sync::Arc;

use clap::builder::PossibleValue;
use socklab_core::lab::{BoxedService, Exercise};
use socklab_core::transcript::Role;
use socklab_core::{Observers, Status};
use socklab_experiments::compare::ContestantKind;
use socklab_system::Run;
use socklab_text::Messages;

use crate::exit::Exit;
#[cfg(target_os = "linux")]
use crate::impairments;
#[cfg(target_os = "linux")]
use crate::outlet;
use crate::print;

/// A design of a server that starts processes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Design {
    /// A process for each connection.
    PerConnection,
    /// A fixed number of processes that accept on one listener.
    Preforked,
}

/// The exercises that these designs serve.
const SERVED: [&str; 2] = ["welcome", "capitals"];

impl Design {
    pub(crate) const ALL: [Design; 2] = [Design::PerConnection, Design::Preforked];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Design::PerConnection => "blocking-process",
            Design::Preforked => "blocking-prefork",
        }
    }

    pub(crate) fn find(name: &str) -> Option<Design> {
        Design::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The designs that this system has. That a child ends with its parent needs Linux.
    pub(crate) fn offered() -> impl Iterator<Item = Design> {
        Design::ALL
            .into_iter()
            .filter(|_| cfg!(target_os = "linux"))
    }

    /// The designs' names on the command line.
    pub(crate) fn values() -> impl Iterator<Item = PossibleValue> {
        let hidden = !cfg!(target_os = "linux");
        Design::ALL
            .into_iter()
            .map(move |one| PossibleValue::new(one.name()).hide(hidden))
    }

    /// Whether these designs serve the exercise.
    pub(crate) fn serves(exercise: &str) -> bool {
        SERVED.contains(&exercise)
    }

    /// Returns an exit status if the design cannot do what was asked, after saying why.
    pub(crate) fn refused(
        self,
        exercise: &Exercise,
        role: Role,
        transcript: bool,
        messages: &dyn Messages,
    ) -> Option<Exit> {
        let said =
            |id, more: &str| messages.say_with(id, &[("runtime", &self.name()), ("detail", &more)]);
        let (said, exit) = if !cfg!(target_os = "linux") {
            (said("runtime-not-here", "Linux"), Exit::Unchecked)
        } else if role == Role::Client || !Design::serves(exercise.name) {
            (self.serves_only(messages), Exit::Usage)
        } else if transcript {
            (said("runtime-processes-no-transcript", ""), Exit::Usage)
        } else {
            return None;
        };
        print::line(&said);
        Some(exit)
    }

    /// Says which exercises the design serves, and that it has no client.
    pub(crate) fn serves_only(self, messages: &dyn Messages) -> String {
        let (name, list) = (self.name(), SERVED.join(", "));
        messages.say_with(
            "runtime-processes-serve",
            &[("runtime", &name), ("list", &list)],
        )
    }

    /// The design as a contestant of a comparison: a command with a placeholder for the port.
    pub(crate) fn contestant(self) -> io::Result<ContestantKind> {
        let program = env::current_exe()?.to_string_lossy().into_owned();
        let words = [
            "{exercise}",
            "server",
            "--quiet",
            "--listen",
            "127.0.0.1:{port}",
            "--runtime",
        ];
        let command = words.into_iter().chain([self.name()]).map(str::to_owned);
        Ok(ContestantKind::Program(
            [program].into_iter().chain(command).collect(),
        ))
    }

    /// Serves until told to stop. A process that this program started serves the socket it was
    /// given.
    pub(crate) fn run<W: Observers + 'static>(
        self,
        role: ProcessRole,
        address: SocketAddr,
        service: &BoxedService,
        run: &Arc<Run<W>>,
    ) -> Status {
        #[cfg(target_os = "linux")]
        {
            use socklab_blocking::processes;

            let parent = match role {
                ProcessRole::Parent if self == Design::PerConnection => {
                    return processes::for_each_connection(address, service, run, &start);
                }
                ProcessRole::Parent => return processes::preforked(address, run, &start),
                ProcessRole::Child(parent) => parent,
            };
            outlet::serve();
            match (inherited(parent), self) {
                (Ok(None), _) => Status::Stopped,
                (Ok(Some(socket)), Design::PerConnection) => {
                    processes::serve_connection(socket.into(), service, run)
                }
                (Ok(Some(socket)), Design::Preforked) => {
                    processes::serve_listener(socket.into(), service, run)
                }
                (Err(error), _) => socklab_system::setup_failed(&error),
            }
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = (self, role, address, service, run);
            socklab_system::setup_failed(&io::ErrorKind::Unsupported.into())
        }
    }
}

/// Whether this process is the parent or a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProcessRole {
    Parent,
    /// A child of the process with this id.
    Child(u32),
}

impl ProcessRole {
    /// A child, if a parent was named.
    pub(crate) fn of(parent: Option<u32>) -> ProcessRole {
        parent.map_or(ProcessRole::Parent, ProcessRole::Child)
    }
}

/// This program again, with this socket as its standard input. Ctrl-C is for the parent alone,
/// which tells its children: two signals would end a child in the middle of a conversation.
#[cfg(target_os = "linux")]
fn start(socket: std::os::fd::OwnedFd) -> io::Result<process::Child> {
    use std::os::unix::process::CommandExt;

    process::Command::new(env::current_exe()?)
        .args(env::args_os().skip(1))
        .args(["--inherited", &process::id().to_string()])
        .args(impairments::drawn().into_iter().flatten())
        .stdin(socket)
        .process_group(0)
        .spawn()
}

/// The socket that this process was started with; `None` if its parent has ended already.
#[cfg(target_os = "linux")]
fn inherited(parent: u32) -> io::Result<Option<std::os::fd::OwnedFd>> {
    use std::os::fd::AsFd;

    // A parent that is killed cannot tell its children. It may be gone by now.
    nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGTERM)?;
    if std::os::unix::process::parent_id() != parent {
        return Ok(None);
    }
    io::stdin().as_fd().try_clone_to_owned().map(Some)
}
