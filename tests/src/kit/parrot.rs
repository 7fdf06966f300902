//! A machine that does what a test tells it over its connection.

use core::time::Duration;

use socklab_core::{
    Deadline, Input, Interest, Link, Machine, Mono, Now, Outbox, Service, Status, Why,
};

/// Makes a parrot for each connection.
#[derive(Clone, Copy, Debug)]
pub struct Parrots;

impl Service for Parrots {
    type Machine = Parrot;

    fn accept(&self, link: Link) -> Parrot {
        Parrot {
            link,
            alarm: None,
            lingers: false,
            status: Status::Running,
        }
    }
}

/// Repeats what it receives, byte for byte, until the end of the stream; then finishes.
///
/// A few bytes are orders. `!` makes it send [`BIG`] bytes of [`pattern`] and finish. `+` sets a
/// timer of 50 ms, `>` moves it to 100 ms from now, and `-` cancels it; when the timer fires, the
/// parrot sends `T`. `~` makes it answer the end of the stream with a large answer, and not finish.
#[derive(Debug)]
pub struct Parrot {
    link: Link,
    alarm: Option<Mono>,
    lingers: bool,
    status: Status,
}

/// The length of a large answer: more than any socket's buffers hold by default.
pub const BIG: usize = 16 << 20;

/// The byte of a large answer at index `at`.
pub fn pattern(at: usize) -> u8 {
    (at % 251) as u8
}

/// The bytes that are orders.
const ORDERS: &[u8] = b"!+>-~";

const ALARM: Duration = Duration::from_millis(50);

impl Parrot {
    fn say_much(&self, out: &mut Outbox) {
        out.send_with(&self.link, |to| to.extend((0..BIG).map(pattern)));
    }

    /// Repeats the bytes, and carries out the order if they end with one.
    fn hear(&mut self, now: Now, piece: &[u8], out: &mut Outbox) {
        let (order, before) = piece.split_last().unwrap_or((&0, &[]));
        let words = if ORDERS.contains(order) {
            before
        } else {
            piece
        };
        if !words.is_empty() {
            out.send(self.link, words);
        }
        match order {
            b'!' => {
                self.say_much(out);
                out.finish(self.link);
            }
            b'+' => self.alarm = Some(now.mono.plus(ALARM)),
            b'>' => self.alarm = Some(now.mono.plus(2 * ALARM)),
            b'-' => self.alarm = None,
            b'~' => self.lingers = true,
            _ => {}
        }
    }
}

impl Machine for Parrot {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Bytes { bytes, .. } => {
                for piece in bytes.split_inclusive(|byte| ORDERS.contains(byte)) {
                    self.hear(now, piece, out);
                }
            }
            Input::Timer => {
                self.alarm = None;
                out.send(self.link, b"T");
            }
            Input::End { .. } if self.lingers => self.say_much(out),
            Input::End { .. } => out.finish(self.link),
            Input::Finished { .. } | Input::Fault { .. } => self.status = Status::Done,
            Input::Stop => self.status = Status::Stopped,
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        self.alarm.map(|at| Deadline {
            at,
            why: Why::Reply,
        })
    }

    fn interest(&self) -> Interest {
        Interest::NETWORK
    }

    fn state(&self) -> &'static str {
        "Repeating"
    }

    fn status(&self) -> Status {
        self.status
    }
}
