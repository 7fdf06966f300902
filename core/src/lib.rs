//! The exercises of a sockets lab, as machines without sockets.
//!
//! # The idea
//!
//! A program that talks over a network decides what to say next, and waits for the other side.
//! Threads, async tasks and event loops differ only in how they wait. This crate has only the
//! decisions: each exercise is a [`Machine`], a function from what happened to what to do about it.
//!
//! ```text
//!     what happened                                what to do
//!     a datagram came  ──►  ┌───────────┐  ──►  send these bytes
//!     the user typed   ──►  │  Machine  │  ──►  show this to the user
//!     time has passed  ──►  └───────────┘  ──►  open, finish, store …
//!        Input                 step()              Outbox
//! ```
//!
//! A machine has no socket, clock, thread or terminal. Its *driver* waits for an event, tells the
//! machine, and carries out what the machine asks for. The exercise is the same whether the driver
//! waits in a blocking call, in a task or in a poll. A test can be a driver too, with a network in
//! memory and a clock that it moves by hand.
//!
//! # Running a machine
//!
//! A [`Session`] runs a machine: it says what to do, one thing at a time, and then what to wait
//! for. This is a complete driver: an `echo` client asks an `echo` server over an in-memory wire.
//!
//! ```
//! use socklab_core::{
//!     Begin, LineEvent, Link, Machine, Next, Now, Outbox, Output, Session, Status, echo, lab,
//! };
//!
//! let (now, mut out, mut shown) = (Now::default(), Outbox::new(), Vec::new());
//! let server_at = "127.0.0.1:16000".parse().unwrap();
//! let client_at = "127.0.0.1:50000".parse().unwrap();
//! let settings = lab::Settings { server: server_at, ..lab::Settings::default() };
//! let mut client = Session::new(echo::Client::new(&settings), ());
//! let mut server = Session::new(echo::Server::new(false), ());
//!
//! client.turn(&mut out).begin(now, Begin::Client);
//! carry_out(&mut client, &mut out, |text| shown.push(text));
//! server.turn(&mut out).begin(now, Begin::Bound(server_at));
//! carry_out(&mut server, &mut out, |_| ());
//!
//! for line in ["hola", "fin"] {
//!     client.turn(&mut out).typed(now, LineEvent::Line(line.into()));
//!     let question = carry_out(&mut client, &mut out, |text| shown.push(text));
//!     server.turn(&mut out).datagrams(now, [(Link::first(client_at), &*question)]);
//!     let answer = carry_out(&mut server, &mut out, |_| ());
//!     client.turn(&mut out).datagrams(now, [(Link::first(server_at), &*answer)]);
//!     carry_out(&mut client, &mut out, |text| shown.push(text));
//! }
//! assert_eq!(shown, ["HOLA", "FIN"]);
//! assert_eq!(client.status(), Status::Done);
//!
//! /// Does all that a session wants done now. Returns the datagram that it has sent, if any.
//! fn carry_out(
//!     session: &mut Session<impl Machine, ()>,
//!     out: &mut Outbox,
//!     mut show: impl FnMut(String),
//! ) -> Vec<u8> {
//!     let (now, mut sent) = (Now::default(), Vec::new());
//!     let mut turn = session.turn(out);
//!     loop {
//!         let tell = |output: Output<'_>| match output {
//!             Output::Show { bytes } => show(String::from_utf8_lossy(bytes).into()),
//!             _ => {}
//!         };
//!         match turn.next(now, tell) {
//!             Next::Open { .. } => turn.opened(now, "127.0.0.1:50000".parse().unwrap()),
//!             Next::Send { bytes, .. } => {
//!                 sent = bytes.to_vec();
//!                 turn.sent(sent.len());
//!             }
//!             Next::Wait(_) | Next::Ended(_) => return sent,
//!             _ => {}
//!         }
//!     }
//! }
//! ```
//!
//! A real driver adds how it makes those calls and how it waits. [`Wait`] says for what to wait,
//! and until when.
//!
//! # Where things are
//!
//! * One file for each exercise, with its tables first, then client and server: [`message`],
//!   [`echo`], [`chat`], [`welcome`], [`capitals`], [`submit`]. [`lab`] lists them.
//! * The contract: [`Machine`], [`Input`], [`Output`] and the [`Outbox`], [`Now`] and [`Deadline`].
//! * What runs a machine: [`Session`], with its [`Turn`]. All inputs pass through [`Pump`], with
//!   its [`Observer`].
//! * A layer that makes any machine misbehave: [`impair`].
//! * One-time codes: [`otp`]. What submissions share: [`register`].
//! * Inputs and outputs as text: [`transcript`].
//!
//! # Rules
//!
//! `no_std` with `alloc`; no `unsafe`; no socket, clock, randomness or prose. Machines never panic,
//! whatever a peer sends. A steady exchange does not allocate.

#![no_std]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod capitals;
pub mod chat;
pub mod echo;
mod exercise;
mod fault;
pub mod impair;
mod input;
pub mod lab;
mod link;
mod machine;
pub mod message;
mod observer;
pub mod otp;
mod outbox;
mod output;
pub mod policy;
mod pump;
pub mod register;
mod reported_faults;
mod rng;
pub mod scene;
mod session;
pub mod submit;
pub mod table;
mod time;
pub mod transcript;
mod unexpected;
mod unsent;
pub mod uppercase;
pub mod welcome;
mod words;

pub use fault::{CallError, Doing, Failure, Fault, FaultKind, FieldError};
pub use input::{ExceededLimit, Input, LineEvent};
pub use link::{Link, Socket, Transport, max_datagram, with_port};
pub use machine::{CLOSE_TIMEOUT, Interest, Machine, REFUSAL_TIMEOUT, Service, Status};
pub use observer::{
    DynObserver, DynObservers, Observer, Observers, Operation, OperationKind, OperationResult,
    Subject,
};
pub use outbox::Outbox;
pub use output::{Console, Notice, Output, Prompt, Resource};
pub use pump::Pump;
pub use reported_faults::ReportedFaults;
pub use rng::Rng;
pub use session::{Begin, Next, Received, Session, Turn, Wait};
pub use time::{Deadline, Mono, Now, Why};
pub use unexpected::{Unexpected, UnexpectedKind};
