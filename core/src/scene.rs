//! The lines that are typed when the tests, the tour and the timelines play an exercise.

use alloc::string::String;
use alloc::vec::Vec;

use crate::otp::{Dni, Key, TimeStep};
use crate::transcript::Role;

/// What is said in one exercise.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// What the client's user types, up to the line that ends the exchange.
    pub client: &'static [&'static str],
    /// What the server's user types.
    pub server: &'static [&'static str],
    /// What two clients do at the same time on plain sockets. The first is slow; the second shows
    /// whether a server that waits for one client keeps the other waiting.
    pub two_clients: [&'static [ClientStep]; 2],
}

/// One thing that a client of a scene does.
#[derive(Clone, Copy, Debug)]
pub enum ClientStep {
    /// Pauses.
    Pause,
    /// Pauses until the other client is done as well, because what follows ends the server.
    PauseForOther,
    /// Sends a datagram, or the next bytes.
    Send(&'static str),
    /// Takes a datagram, or what bytes there are.
    Receive,
    /// Takes bytes until the server has no more.
    ReceiveAll,
}

/// In a line of a scene, stands for the code that the student's phone shows at that moment.
pub const CODE: &str = "CODE";

/// The DNIs of the two students of a scene. They belong to no student of the course.
pub const DNIS: [&str; 2] = ["123456", "87654321"];

impl Scene {
    /// What is typed at one end, at a Unix time in seconds.
    pub fn lines(&self, role: Role, unix_seconds: u64) -> Vec<String> {
        let lines = match role {
            Role::Client => self.client,
            Role::Server => self.server,
        };
        let typed = lines.iter().map(|line| with_code(line, 0, unix_seconds));
        typed.collect()
    }
}

/// A line of a scene with the code of a student for [`CODE`], at a Unix time in seconds.
pub fn with_code(line: &str, student: usize, unix_seconds: u64) -> String {
    match DNIS.get(student).and_then(|dni| Dni::parse(dni).ok()) {
        Some(dni) if line.contains(CODE) => {
            let code = Key::from_dni(&dni).code(TimeStep::at(unix_seconds));
            line.replace(CODE, code.as_str())
        }
        _ => line.into(),
    }
}
