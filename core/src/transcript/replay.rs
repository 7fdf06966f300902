//! Feeds a transcript's inputs to a new machine.

use alloc::boxed::Box;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;

use super::line::{Arrow, Line};
use super::{Recorder, Transcript};
use crate::fault::{Doing, Fault, FaultKind};
use crate::input::{ExceededLimit, Input};
use crate::link::{Link, Socket};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::pump::Pump;
use crate::register::{Decision, StoreId};
use crate::time::Now;

/// Why a replay differs from the transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Divergence {
    /// The digits are masked, so the original inputs are unknown.
    Masked,
    /// This line is not a valid input.
    BadInput(Box<Line>),
    /// The machine did something other than the transcript says.
    Differs {
        /// The number of the line, from 1, the header included.
        line: usize,
        /// The transcript's line; `None` if it has ended.
        expected: Option<String>,
        /// The machine's line; `None` if it did no more.
        got: Option<String>,
    },
}

impl fmt::Display for Divergence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Divergence::Masked => f.write_str("the transcript's digits are masked"),
            Divergence::BadInput(line) => write!(f, "not an input: {line}"),
            Divergence::Differs {
                line,
                expected,
                got,
            } => write!(f, "line {line}: expected {expected:?}, got {got:?}"),
        }
    }
}

impl core::error::Error for Divergence {}

/// Gives a new machine the inputs of a transcript with their times, and compares what it does.
///
/// # Errors
/// The first difference between the machine and the transcript.
pub fn replay(transcript: &Transcript, machine: impl Machine) -> Result<(), Divergence> {
    if transcript.header.masked {
        return Err(Divergence::Masked);
    }
    let mut pump = Pump::new(machine, Recorder::new(&transcript.header, String::new()));
    let mut out = Outbox::new();
    let names = Names::of(transcript);
    for line in &transcript.lines {
        if line.arrow != Arrow::In || !pump.is_running() {
            continue;
        }
        let now = Now::at(transcript.header.epoch, line.at);
        let bad = || Divergence::BadInput(Box::new(line.clone()));
        let decision = Names::decision(line);
        let input = names.input(line, &decision).ok_or_else(bad)?;
        if pump.broken_rule(now, &input).is_some() {
            return Err(bad());
        }
        pump.feed(now, input, &mut out);
        out.clear();
    }
    compare(&transcript.to_string(), &pump.into_observer().into_inner())
}

/// Both begin with the same header, so their line numbers agree.
fn compare(expected: &str, got: &str) -> Result<(), Divergence> {
    let mut expected = expected.lines();
    let mut got = got.lines();
    for line in 1.. {
        match (expected.next(), got.next()) {
            (None, None) => break,
            (Some(a), Some(b)) if a == b => {}
            (a, b) => {
                return Err(Divergence::Differs {
                    line,
                    expected: a.map(ToString::to_string),
                    got: b.map(ToString::to_string),
                });
            }
        }
    }
    Ok(())
}

/// The addresses that a transcript's names stand for.
struct Names<'a>(Vec<(&'a str, SocketAddr)>);

impl<'a> Names<'a> {
    fn of(transcript: &'a Transcript) -> Self {
        let named = transcript.lines.iter().filter_map(|line| {
            (line.word(1) == Some("="))
                .then(|| Some((line.event_name(), line.word(2)?.parse().ok()?)))
                .flatten()
        });
        Names(named.collect())
    }

    fn address(&self, name: &str) -> Option<SocketAddr> {
        let found = self.0.iter().find(|(known, _)| *known == name);
        found.map(|(_, address)| *address)
    }

    fn link(&self, line: &Line) -> Option<Link> {
        let word = line.word(1)?;
        let (word, local) = match word.split_once('@') {
            Some((word, local)) => (word, Some(local.parse().ok()?)),
            None => (word, None),
        };
        let (name, socket) = match word.split_once("/s") {
            Some((name, socket)) => (name, socket.parse().ok()?),
            None => (word, 0),
        };
        Some(Link {
            socket: Socket(socket),
            peer: self.address(name)?,
            local,
        })
    }

    fn opened(&self, line: &Line) -> Option<Input<'static>> {
        let is_limit = |limit: &ExceededLimit| line.words.last().is_some_and(|w| w == limit.name());
        let local = line.word(2).filter(|word| !word.starts_with("over-"));
        Some(Input::Opened {
            link: self.link(line)?,
            local: self.address(local.unwrap_or("local"))?,
            exceeded: ExceededLimit::ALL.into_iter().find(is_limit),
        })
    }

    fn decision(line: &Line) -> Decision {
        let words = line.words.get(2..).unwrap_or_default().join(" ");
        words.parse().unwrap_or(Decision::Unavailable)
    }

    fn input<'b>(&self, line: &'b Line, decision: &'b Decision) -> Option<Input<'b>> {
        let payload = line.payload.as_deref().unwrap_or_default();
        let socket =
            || -> Option<Socket> { Some(Socket(line.word(1)?.strip_prefix('s')?.parse().ok()?)) };
        Some(match line.event_name() {
            "start" => Input::Start,
            "bound" => Input::Bound {
                socket: socket()?,
                local: self.address(line.word(2).unwrap_or("local"))?,
            },
            "opened" => self.opened(line)?,
            "datagram" => Input::Datagram {
                link: self.link(line)?,
                bytes: payload,
            },
            "bytes" => Input::Bytes {
                link: self.link(line)?,
                bytes: payload,
            },
            "end" => Input::End {
                link: self.link(line)?,
            },
            "finished" => Input::Finished {
                link: self.link(line)?,
            },
            "fault" => Input::Fault {
                socket: socket()?,
                doing: named(&Doing::ALL, Doing::name, line.word(2)?)?,
                fault: Fault {
                    kind: named(&FaultKind::ALL, FaultKind::name, line.word(3)?)?,
                    code: line.word(4)?.parse().ok()?,
                },
            },
            "line" => Input::Line(payload),
            "input-end" => Input::InputEnd,
            "timer" => Input::Timer,
            "stored" => Input::Stored {
                id: StoreId(line.word(1)?.parse().ok()?),
                decision,
            },
            "stop" => Input::Stop,
            _ => return None,
        })
    }
}

fn named<T: Copy>(all: &[T], name: fn(T) -> &'static str, word: &str) -> Option<T> {
    all.iter().copied().find(|one| name(*one) == word)
}
