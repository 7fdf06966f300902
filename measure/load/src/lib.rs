//! Load for servers of the lab's exercises, from one thread.
//!
//! # What makes it a measurement
//!
//! * **Every reply is checked whole.** Each question carries its own number, so that a reply that
//!   came twice, late, in another order or to somebody else is told from a right one, however long
//!   ago its question was asked.
//! * **Nothing of the warm-up counts.** The rate is watched until it is [steady](steady::steady);
//!   what was asked before is in no figure.
//! * **What is not answered is not forgotten.** A question that was asked while it was measured is
//!   followed to its end, and if none comes it stands among the response times with its time-out.
//! * **Two ways to ask.** Under a [closed](Pace::Closed) load each connection waits for its answer
//!   before it asks again, so a server that stalls is asked less just then, and the stall hardly
//!   shows. Under an [open](Pace::Open) load questions are asked at their times whatever the server
//!   does, and the response time counts from the moment when a question was due (Tene, "How NOT to
//!   measure latency": coordinated omission).
//!
//! ```no_run
//! use socklab_load::{Kind, Moment, Pace, Plan, run};
//!
//! let mut plan = Plan::new(Kind::Echo, "127.0.0.1:16000".parse().unwrap());
//! plan.connections = 64;
//! plan.pace = Pace::Open { rate: 10_000.0 };
//! let outcome = run(&plan, &mut |moment| {
//!     if moment == Moment::Steady {
//!         println!("now look at the server's CPU time");
//!     }
//! })
//! .unwrap();
//! let p99 = outcome.response.value_at_quantile(0.99);
//! println!("{} replies, 99 % within {p99} ns", outcome.replies);
//! ```
//!
//! # Where things are
//!
//! [`Plan`] is what is asked of it and [`Outcome`] what it found. `run` is the loop: warm-up,
//! measurement, and what is still to come when it ends; [`Load`] makes a load in slices, so that
//! those of several servers can take turns. `datagrams`, `streams` and `conversations` ask;
//! [`SlowClient`] and [`SlowRequests`] are clients beside whom others are measured; `text` and
//! `submission` are the questions; `window` knows what of a UDP socket's questions became;
//! `schedule` says when questions are due under an open load; [`steady`] when the warm-up is over.
//! [`Idle`] holds connections that say nothing.

#![forbid(unsafe_code)]

mod batch;
mod clock;
mod company;
mod conversations;
mod datagrams;
mod error;
mod idle;
mod limits;
mod load;
mod outcome;
mod plan;
mod rests;
mod run;
mod schedule;
mod sources;
pub mod steady;
mod streams;
mod submission;
mod tally;
mod text;
mod window;

pub use company::{SLOW_LINE, SLOW_WORK, SlowClient, SlowRequests};
pub use error::Error;
pub use idle::Idle;
pub use load::{Load, run};
pub use outcome::Outcome;
pub use plan::{Kind, MIN_PAYLOAD, Moment, Pace, Plan};
