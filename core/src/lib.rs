//! The exercises of a sockets lab, as machines that know nothing of sockets.
//!
//! # The idea
//!
//! A program that talks over a network does two things at once: it decides what to say next, and it
//! waits for the other side. Only the second differs between threads, async tasks and an event
//! loop. So here is the first alone: each exercise is a [`Machine`], a function from what happened
//! to what to do about it.
//!
//! ```text
//!     what happened                                what to do
//!     a datagram came  ──►  ┌───────────┐  ──►  send these bytes
//!     the user typed   ──►  │  Machine  │  ──►  show this to the user
//!     time has passed  ──►  └───────────┘  ──►  open, finish, store …
//!        Input                 step()              Outbox
//! ```
//!
//! A machine has no socket, no clock, no thread and no terminal. Whoever runs it, its *driver*,
//! waits for something to happen, tells the machine, and carries out what it asks for. Whether the
//! driver waits in a blocked call, in a task or in a poll changes nothing about the exercise, and a
//! test can be a driver too, with a network of its own and a clock that it moves by hand.
//!
//! # Running a machine
//!
//! This is a whole driver: a network of one wire, on which an `echo` client talks to an `echo` server.
//!
//! ```
//! use socklab_core::{echo, lab::Settings, Input, Link, Machine, Now, Outbox, Output, Pump, Socket};
//!
//! let server_at = "127.0.0.1:16000".parse().unwrap();
//! let client_at = "127.0.0.1:50000".parse().unwrap();
//! let mut lines = ["hola", "fin"].iter();
//! let mut shown = Vec::new();
//!
//! let mut server = Pump::new(echo::Server::new(false), ());
//! let settings = Settings { server: server_at, ..Settings::default() };
//! let mut client = Pump::new(echo::Client::new(&settings), ());
//!
//! let (now, mut asked, mut answered) = (Now::default(), Outbox::new(), Outbox::new());
//! server.feed(now, Input::Start, &mut answered);
//! server.feed(now, Input::Bound { socket: Socket(0), local: server_at }, &mut answered);
//! client.feed(now, Input::Start, &mut asked);
//! client.feed(now, Input::Opened { link: Link::first(server_at), local: client_at }, &mut asked);
//!
//! while client.is_running() {
//!     asked.clear();
//!     answered.clear();
//!     // It waits either for the user or for the network, and says for which.
//!     let line = lines.next().expect("the reply FIN ends it");
//!     client.feed(now, Input::Line(line.as_bytes()), &mut asked);
//!     for output in asked.iter() {
//!         if let Output::Send { bytes, .. } = output {
//!             server.feed(now, Input::Datagram { link: Link::first(client_at), bytes }, &mut answered);
//!         }
//!     }
//!     let mut replies = Outbox::new();
//!     for output in answered.iter() {
//!         if let Output::Send { bytes, .. } = output {
//!             client.feed(now, Input::Datagram { link: Link::first(server_at), bytes }, &mut replies);
//!         }
//!     }
//!     shown.extend(replies.iter().filter_map(|output| match output {
//!         Output::Show { bytes } => Some(String::from_utf8(bytes.to_vec()).unwrap()),
//!         _ => None,
//!     }));
//! }
//! assert_eq!(shown, ["HOLA", "FIN"]);
//! ```
//!
//! A real driver adds what is its own: how it waits. [`Pump::interest`] says for what,
//! [`Pump::timeout`] for how long.
//!
//! # Where things are
//!
//! * One file for each exercise, its table first, client and server side by side: [`message`], [`echo`],
//!   [`chat`], [`welcome`], [`submit`]. [`lab`] lists them.
//! * The contract: [`Machine`], [`Input`], [`Output`] and the [`Outbox`], [`Now`] and [`Deadline`].
//! * The one way in: [`Pump`], with its [`Observer`].
//! * One-time codes: [`otp`]. What submissions share: [`register`].
//! * What was said and done, as text: [`transcript`].
//!
//! # Rules
//!
//! `no_std` with `alloc`; no `unsafe`; no socket, clock, randomness or prose. Machines never panic,
//! whatever a peer sends. A steady exchange allocates nothing.

#![no_std]
#![deny(clippy::disallowed_methods, clippy::disallowed_types)]
#![forbid(unsafe_code)]

extern crate alloc;
#[cfg(test)]
extern crate std;

pub mod caps;
pub mod chat;
pub mod echo;
mod fault;
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
mod session;
pub mod submit;
pub mod table;
mod time;
pub mod transcript;
mod unsent;
pub mod welcome;

pub use fault::{Blame, CallError, Doing, Failure, Fault, FaultKind, FaultsSaid, FieldError};
pub use input::{ExceededLimit, Input, LineEvent};
pub use link::{Link, Socket, Transport, max_datagram};
pub use machine::{CLOSE_LIMIT, Interest, Machine, REFUSAL_LIMIT, Service, Status};
pub use observer::{Observer, Operation, OperationKind, OperationResult, Subject, Watch};
pub use outbox::Outbox;
pub use output::{Console, Notice, Output, Prompt, Resource};
pub use pump::Pump;
pub use session::{Begin, Next, Received, Session, Turn, Wait};
pub use time::{Deadline, Mono, Now, Why};
