//! The lecturers' end: frames the message, asks the register, words the answer.

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::fmt;
use core::net::SocketAddr;

use super::framing::{Message, MessageReader};
use crate::exercise::SubmissionLimits;
use crate::input::Input;
use crate::link::Link;
use crate::machine::{Machine, Service};
use crate::outbox::Outbox;
use crate::output::Notice;
use crate::register::{Attempt, Reply, StoreId, Wording};
use crate::table::{TableState, from_table, table};
use crate::time::{Deadline, Mono, Now, Why};

table! { State on Event {
    Start, Opened, Busy, Bytes, Complete, Refused, GaveUp, Stored, Drained, Fault, Stop,
} ends in Done, Stopped;
    Idle {
        Start    => Opening: "",
        Stop     => Stopped: "",
    }
    Opening waits for Socket {
        Opened   => Reading: "say who came",
        Busy     => Draining: "answer ERROR; finish",
        Fault    => Done: "",
        Stop     => Stopped: "",
    }
    Reading waits for Network or Timer {
        Bytes    => Reading: "keep them",
        Complete => Storing: "store the attempt",
        Refused  => Draining: "answer ERROR at once; finish",
        GaveUp   => Draining: "answer ERROR with an example; finish",
        Fault    => Done: "",
        Stop     => Stopped: "",
    }
    Storing waits for Register or Timer {
        Stored   => Draining: "answer OK or ERROR; finish",
        GaveUp   => Draining: "answer ERROR; finish",
        Fault    => Done: "",
        Stop     => Storing: "answer first",
    }
    Draining waits for Network or Timer {
        Bytes    => Draining: "throw them away",
        Drained  => Done: "close",
        Fault    => Done: "",
        Stop     => Stopped: "close",
    }
}

pub(super) const TABLE: &[TableState] = State::TABLE;

/// Makes a machine for each submission.
#[derive(Clone)]
pub struct Server {
    wording: Arc<dyn Wording>,
    limits: SubmissionLimits,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Server").field(&self.limits).finish()
    }
}

impl Server {
    /// A server that answers in the words of `wording`.
    pub fn new(wording: Arc<dyn Wording>, limits: SubmissionLimits) -> Self {
        Server { wording, limits }
    }
}

impl Service for Server {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Box<dyn Machine> {
        Box::new(Submission {
            state: State::Idle,
            link,
            wording: Arc::clone(&self.wording),
            limits: self.limits,
            reader: MessageReader::default(),
            phase_since: Mono::ZERO,
            last_received: Mono::ZERO,
            drained: 0,
            ended: false,
        })
    }

    fn explains_refusals(&self) -> bool {
        true
    }
}

/// A connection has only one attempt, so its number is constant.
const ATTEMPT: StoreId = StoreId(0);

/// The machine of one connection.
struct Submission {
    state: State,
    link: Link,
    wording: Arc<dyn Wording>,
    limits: SubmissionLimits,
    reader: MessageReader,
    /// When the present phase began: the message, the attempt, or the drain.
    phase_since: Mono,
    /// When the last bytes came from the client.
    last_received: Mono,
    drained: usize,
    /// Whether the client has ended its stream, so that there are no bytes to drain.
    ended: bool,
}

impl Submission {
    fn take(&mut self, now: Now, bytes: &[u8], out: &mut Outbox) {
        match self.reader.take(bytes) {
            None => {
                self.state.go(Event::Bytes);
            }
            Some(Message::DniLetter) => self.reply(Event::Refused, now, &Reply::DniLetter, out),
            Some(Message::NameNul) => self.reply(Event::Refused, now, &Reply::NameNul, out),
            Some(Message::NameBlank) => self.reply(Event::Refused, now, &Reply::NameBlank, out),
            Some(Message::Malformed) => self.reply(Event::Refused, now, &Reply::Format, out),
            Some(Message::Submission { name, dni, code }) => {
                if self.state.go(Event::Complete) {
                    self.phase_since = now.mono;
                    let peer: SocketAddr = self.link.peer;
                    out.store(
                        ATTEMPT,
                        Attempt {
                            name,
                            dni,
                            code,
                            peer,
                            at: now,
                        },
                    );
                }
            }
        }
    }

    fn reply(&mut self, on: Event, now: Now, reply: &Reply<'_>, out: &mut Outbox) {
        if !self.state.go(on) {
            return;
        }
        self.phase_since = now.mono;
        out.send_with(&self.link, |to| {
            to.extend_from_slice(if reply.is_ok() { b"OK " } else { b"ERROR " });
            self.wording.word(reply, to);
        });
        out.finish(self.link);
    }

    fn drain(&mut self, bytes: usize) {
        self.drained += bytes;
        self.state.go(if self.drained < self.limits.drain_bytes {
            Event::Bytes
        } else {
            Event::Drained
        });
    }
}

impl Machine for Submission {
    from_table!(state);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match (self.state, input) {
            (State::Idle, Input::Start) => {
                self.state.go(Event::Start);
            }
            (
                State::Opening,
                Input::Opened {
                    exceeded: Some(_), ..
                },
            ) => {
                self.reply(Event::Busy, now, &Reply::Busy, out);
            }
            (State::Opening, Input::Opened { link, .. }) => {
                self.state.go(Event::Opened);
                self.phase_since = now.mono;
                out.notice(Notice::Connection(link.peer));
            }
            (State::Reading, Input::Bytes { bytes, .. }) => {
                self.last_received = now.mono;
                self.take(now, bytes, out);
            }
            (State::Reading, Input::End { .. } | Input::Timer) => {
                self.ended = matches!(input, Input::End { .. });
                self.reply(Event::GaveUp, now, &Reply::Format, out);
            }
            (
                State::Storing,
                Input::Stored {
                    id: ATTEMPT,
                    decision,
                },
            ) => {
                self.reply(Event::Stored, now, &Reply::Decided(decision), out);
            }
            (State::Storing, Input::Timer) => self.reply(Event::GaveUp, now, &Reply::Late, out),
            (State::Draining, Input::Bytes { bytes, .. }) => self.drain(bytes.len()),
            (State::Draining, Input::End { .. } | Input::Timer) => {
                self.state.go(Event::Drained);
            }
            (State::Draining, Input::Finished { .. }) if self.ended => {
                self.state.go(Event::Drained);
            }
            (_, Input::Fault { .. }) => {
                self.state.go(Event::Fault);
            }
            (_, Input::Stop) => {
                self.state.go(Event::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let limits = &self.limits;
        let (at, why) = match self.state {
            State::Reading if self.reader.is_empty() => {
                (self.phase_since.plus(limits.patience), Why::Patience)
            }
            State::Reading => {
                let patience = self.phase_since.plus(limits.patience);
                let silence = self.last_received.plus(limits.silence);
                if silence < patience {
                    (silence, Why::Silence)
                } else {
                    (patience, Why::Patience)
                }
            }
            State::Storing => (self.phase_since.plus(limits.store), Why::Store),
            State::Draining => (self.phase_since.plus(limits.drain), Why::Drain),
            _ => return None,
        };
        Some(Deadline { at, why })
    }
}
