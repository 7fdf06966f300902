//! What a measured server is started with.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The name of the hidden command. Its one argument is a [`ServerSpec`] in JSON.
pub const COMMAND: &str = "measured-server";

/// What is to be measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ServerSpec {
    /// The exercise's name.
    pub exercise: String,
    /// The runtime's name.
    pub runtime: String,
    /// The cores that the server may use; all if the list is empty.
    pub cores: Vec<usize>,
    /// Whether it runs in a session of its own. With autogroups (`sched(7)`) Linux divides a core
    /// between sessions, and a session's part of it shrinks while its threads are busy on other
    /// cores. In one session, server and load would hold each other up on a busy machine: for
    /// tenths of a second after the server has started a hundred threads. Do not suspend a server
    /// in a session of its own: if its parent dies, no signal lets it go on.
    pub own_session: bool,
    /// Whether the driver's operations are counted.
    pub observe: bool,
    /// Whether a line of `capitals` that asks for it blocks the driver's thread.
    pub slow_work: bool,
    /// How much CPU time more than it needs the server uses for each piece that it sends.
    pub handicap: Duration,
    /// Where it records submissions; in memory if `None`.
    pub register: Option<PathBuf>,
    /// How long a submission may take.
    pub patience: Duration,
}
