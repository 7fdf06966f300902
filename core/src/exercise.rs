//! The description of an exercise: its transport, and how to make its two ends.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use crate::link::Transport;
use crate::machine::{Machine, Service};
use crate::register::{PlainWording, Wording};
use crate::scene::Scene;
use crate::table::TableState;

/// One exercise: its transport, and how to make its two ends.
pub struct Exercise {
    /// The name on the command line and in transcripts.
    pub name: &'static str,
    /// The transport.
    pub transport: Transport,
    /// The port that the lab assigns to it.
    pub port: u16,
    /// How long the client waits for a reply by default; `None` for no time-out.
    pub timeout: Option<Duration>,
    /// The options that its two ends take in addition to the common ones.
    pub options: &'static [ExerciseOption],
    /// Whether what the client sends is secret, so that transcripts mask its digits.
    pub secret: bool,
    /// What is said when the exercise is played.
    pub scene: Scene,
    /// The client's state table.
    pub client_table: &'static [TableState],
    /// The server's state table.
    pub server_table: &'static [TableState],
    /// Makes a client.
    pub client: fn(&Settings) -> Box<dyn Machine>,
    /// Makes a server.
    pub server: ServerKind,
}

impl fmt::Debug for Exercise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Exercise").field(&self.name).finish()
    }
}

/// How the server of an exercise is made.
#[derive(Clone, Copy)]
pub enum ServerKind {
    /// UDP: one machine receives from all peers.
    Endpoint(fn(&Settings) -> Box<dyn Machine>),
    /// UDP, if the peers do not affect each other and the server has no user: there may be several
    /// machines, each of which receives from some of the peers. When one of them ends, the server
    /// ends.
    Endpoints(fn(&Settings) -> Box<dyn Machine>),
    /// TCP: a service makes a machine for each connection.
    Service(fn(&Settings) -> BoxedService),
}

/// A service of any exercise.
pub type BoxedService = Box<dyn Service<Machine = Box<dyn Machine>>>;

/// An option that some exercises take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExerciseOption {
    /// Clients: how often to repeat an unanswered question.
    Retries,
    /// Servers: keep serving after an exchange that ends the lab's own server.
    KeepServing,
    /// Clients: the fields of a submission.
    Submission,
    /// Servers: needs a register.
    Register,
}

/// The settings of both ends of an exercise. Each end takes those that it needs.
#[derive(Clone)]
pub struct Settings {
    /// The address of the server, for a client.
    pub server: SocketAddr,
    /// Further addresses of the same server. A client tries them in this order if `server` cannot
    /// be reached.
    pub fallbacks: Vec<SocketAddr>,
    /// How long a client waits for a reply; `None` for no time-out.
    pub timeout: Option<Duration>,
    /// How often a client repeats an unanswered question.
    pub retries: u32,
    /// Whether a server keeps serving after an exchange that ends the lab's own server.
    pub keep_serving: bool,
    /// A submission's name, if it was given in advance.
    pub name: Option<Vec<u8>>,
    /// A submission's DNI, if it was given in advance.
    pub dni: Option<String>,
    /// A submission's code, if it was given in advance.
    pub code: Option<String>,
    /// The wording of a submission server's replies.
    pub wording: Arc<dyn Wording>,
    /// The time limits of a submission server.
    pub limits: SubmissionLimits,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            server: SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0),
            fallbacks: Vec::new(),
            timeout: None,
            retries: 0,
            keep_serving: false,
            name: None,
            dni: None,
            code: None,
            wording: Arc::new(PlainWording),
            limits: SubmissionLimits::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Leave out the DNI and the code, which must not get into logs.
        f.debug_struct("Settings")
            .field("server", &self.server)
            .field("timeout", &self.timeout)
            .field("retries", &self.retries)
            .field("keep_serving", &self.keep_serving)
            .finish_non_exhaustive()
    }
}

impl Settings {
    /// Settings for a client of `server`, with the time-out that `exercise` has by default.
    pub fn client(exercise: &Exercise, server: SocketAddr) -> Self {
        Settings {
            server,
            timeout: exercise.timeout,
            ..Settings::default()
        }
    }

    /// All addresses of the server, in the order in which they are tried.
    pub(crate) fn servers(&self) -> Vec<SocketAddr> {
        let mut servers = alloc::vec![self.server];
        servers.extend(&self.fallbacks);
        servers
    }

    /// The address that a client which reaches none of them has tried last.
    pub(crate) fn last_server(&self) -> SocketAddr {
        *self.fallbacks.last().unwrap_or(&self.server)
    }
}

/// The time limits of a submission server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubmissionLimits {
    /// How long a client may be silent after it began: 2 s.
    pub silence: Duration,
    /// How long a message may take in all, however slowly its bytes come: 10 s.
    pub patience: Duration,
    /// How long the register may take to decide: 15 s, more than its own busy time-out of 10 s.
    pub store: Duration,
    /// How long the client's remaining bytes are read before closing: 1 s.
    pub drain: Duration,
    /// How many of these bytes are read at most: 64 KiB.
    pub drain_bytes: usize,
}

impl Default for SubmissionLimits {
    fn default() -> Self {
        SubmissionLimits {
            silence: Duration::from_secs(2),
            patience: Duration::from_secs(10),
            store: Duration::from_secs(15),
            drain: Duration::from_secs(1),
            drain_bytes: 64 * 1024,
        }
    }
}
