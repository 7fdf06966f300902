//! Scenarios: what `check` does, and what the program must do then.
//!
//! They are text that a lecturer can read and write, in the words of a transcript: `<-` is what
//! `check` does, `->` what must come from the program. `docs/check.md` describes them.

mod parse;

use socklab_core::impair::Impairments;
use socklab_core::transcript::Role;

pub use parse::{ParseError, Wrong, parse};

/// A conversation to play, with what the program must do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenario {
    /// The name, which is the same in every language.
    pub name: String,
    /// The exercise.
    pub exercise: String,
    /// The end that the program plays.
    pub program: Role,
    /// Whether the scenario only gives advice.
    pub advice: bool,
    /// What happens, in order.
    pub moves: Vec<Move>,
}

impl Scenario {
    /// Whether the scenario contains text that is valid UTF-8 and not ASCII.
    pub(crate) fn has_accents(&self) -> bool {
        self.moves.iter().any(|one| {
            let bytes = match one {
                Move::Send { bytes, .. } | Move::Pieces { bytes, .. } | Move::Type(bytes) => bytes,
                _ => return false,
            };
            !bytes.is_ascii() && std::str::from_utf8(bytes).is_ok()
        })
    }
}

/// One thing to do, or to wait for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// `<- open PEER`: connect, or take a socket of one's own. Sending does it too.
    Open(String),
    /// `<- send PEER "…"`.
    Send {
        /// The peer that it is sent to.
        peer: String,
        /// The payload.
        bytes: Vec<u8>,
    },
    /// `<- pieces PEER "…"`: each byte alone.
    Pieces {
        /// The peer that it is sent to.
        peer: String,
        /// The payload.
        bytes: Vec<u8>,
    },
    /// `<- network lose=30 seed=7`: what we send from now on is impaired. Without words, no longer.
    Network {
        /// The impairments.
        how: Impairments,
        /// The seed of the random decisions.
        seed: u64,
        /// The impairments as they were written.
        text: String,
    },
    /// `<- finish PEER`: send no more.
    Finish(String),
    /// `<- reset PEER`: end the connection as a program that is killed does.
    Reset(String),
    /// `<- type "…"`: a line on the program's standard input.
    Type(Vec<u8>),
    /// `<- restart`: end the program, and start it again.
    Restart,
    /// `<- dni "…"`: the DNI that is typed when the program asks for one.
    Dni(Vec<u8>),
    /// `-> datagram PEER "…"` or `-> bytes PEER "…"`: exactly this.
    Hear {
        /// The peer that it must come from.
        peer: String,
        /// The payload.
        bytes: Vec<u8>,
    },
    /// `-> reply PEER`: anything but the empty message.
    Reply(String),
    /// `-> otherwise PEER`: anything but what the last `reply` was.
    Otherwise(String),
    /// `-> secret`: the program shows the base32 of its DNI's digits.
    Secret,
    /// `-> uri`: the program shows a URI that gives a phone this secret.
    Uri,
    /// `-> submission`: a valid `name&dni&otp`.
    Submission,
    /// `-> at-once`: the last message was sent with one call.
    AtOnce,
    /// `-> nothing PEER`: silence.
    Nothing(String),
    /// `-> connection`: the program connects.
    Connection,
    /// `-> end PEER`: the program closes the connection.
    End(String),
    /// `-> shows "…"` on its standard output.
    Shows(Vec<u8>),
    /// `-> exits`.
    Exits,
    /// `-> reachable`: other computers can reach its socket.
    Reachable,
}

impl Move {
    /// Whether it can only be made with a program that `check` has started, because it needs its
    /// keyboard, its output, its sockets or its start.
    pub const fn needs_start(&self) -> bool {
        match self {
            Move::Type(_)
            | Move::Restart
            | Move::Dni(_)
            | Move::Secret
            | Move::Uri
            | Move::Submission
            | Move::Connection
            | Move::Reachable => true,
            Move::Open(_)
            | Move::Send { .. }
            | Move::Pieces { .. }
            | Move::Network { .. }
            | Move::Finish(_)
            | Move::Reset(_)
            | Move::Hear { .. }
            | Move::Reply(_)
            | Move::Otherwise(_)
            | Move::AtOnce
            | Move::Nothing(_)
            | Move::End(_)
            | Move::Shows(_)
            | Move::Exits => false,
        }
    }

    /// Whether it observes what a program sends, even one that `check` has not started.
    pub const fn hears(&self) -> bool {
        matches!(
            self,
            Move::Hear { .. }
                | Move::Reply(_)
                | Move::Otherwise(_)
                | Move::Nothing(_)
                | Move::End(_)
        )
    }
}

/// The built-in scenarios of every exercise.
const BUILT_IN: [&str; 7] = [
    include_str!("../scenarios/message.txt"),
    include_str!("../scenarios/echo.txt"),
    include_str!("../scenarios/chat.txt"),
    include_str!("../scenarios/welcome.txt"),
    include_str!("../scenarios/capitals.txt"),
    include_str!("../scenarios/otp.txt"),
    include_str!("../scenarios/submit.txt"),
];

/// The built-in scenarios for one end of an exercise, in the order in which they are played.
pub fn built_in(exercise: &str, program: Role) -> Vec<Scenario> {
    let all = BUILT_IN
        .iter()
        .flat_map(|text| parse(text).unwrap_or_default());
    all.filter(|one| one.exercise == exercise && one.program == program)
        .collect()
}
