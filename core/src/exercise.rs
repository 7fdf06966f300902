//! What drivers and tests know of an exercise: its transport, and how its two ends are made.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::time::Duration;

use crate::link::Transport;
use crate::machine::{Machine, Service};
use crate::register::{Bare, Wording};
use crate::scene::Scene;
use crate::table::State;

/// One exercise: what carries it, and how to make its two ends.
pub struct Exercise {
    /// Its name on the command line and in transcripts.
    pub name: &'static str,
    /// What carries it.
    pub transport: Transport,
    /// The port that the lab gives it.
    pub port: u16,
    /// How long its client waits for a reply by default; `None` for no limit.
    pub timeout: Option<Duration>,
    /// The options that its two ends take beside the common ones.
    pub offers: &'static [Offer],
    /// Whether what the client sends is secret, so that transcripts mask its digits.
    pub secret: bool,
    /// What is said when it is played.
    pub scene: Scene,
    /// The table that its client runs on.
    pub client_table: &'static [State],
    /// The table that its server runs on.
    pub server_table: &'static [State],
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
    /// UDP: one machine hears every peer.
    Endpoint(fn(&Settings) -> Box<dyn Machine>),
    /// UDP, if the peers do not affect each other and the server has no user: there may be several
    /// machines, each of which hears some of the peers. When one of them ends, the server ends.
    Endpoints(fn(&Settings) -> Box<dyn Machine>),
    /// TCP: a service makes a machine for each connection.
    Service(fn(&Settings) -> BoxedService),
}

/// A service of any exercise.
pub type BoxedService = Box<dyn Service<Machine = Box<dyn Machine>>>;

/// An option that some exercises take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Clients: how often to repeat an unanswered question.
    Retries,
    /// Servers: keep serving after an exchange that ends the lab's own server.
    KeepServing,
    /// Clients: the fields of a submission.
    Submission,
    /// Servers: needs a register.
    Register,
}

/// What the two ends of an exercise are made with; each takes what it needs.
#[derive(Clone)]
pub struct Settings {
    /// Whom a client talks to.
    pub server: SocketAddr,
    /// Further addresses of the same server, tried in this order if that one cannot be reached.
    pub fallbacks: Vec<SocketAddr>,
    /// How long a client waits for a reply; `None` for no limit.
    pub timeout: Option<Duration>,
    /// How often a client repeats an unanswered question.
    pub retries: u32,
    /// Whether a server keeps serving after an exchange that ends the lab's own server.
    pub keep_serving: bool,
    /// A submission's name, if it need not be asked for.
    pub name: Option<Vec<u8>>,
    /// A submission's DNI, if it need not be asked for.
    pub dni: Option<String>,
    /// A submission's code, if it need not be asked for.
    pub code: Option<String>,
    /// The words of a submission server's replies.
    pub wording: Arc<dyn Wording>,
    /// How patient a submission server is.
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
            wording: Arc::new(Bare),
            limits: SubmissionLimits::default(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The DNI and the code stay out of logs.
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

/// How patient a submission server is.
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
    /// How many of them are read at most: 64 KiB.
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
