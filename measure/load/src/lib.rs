//! Load for servers of the lab's exercises, from one thread.
//!
//! # What makes it a measurement
//!
//! * **Every reply is checked whole.** Each question has its own number, so repeated, late,
//!   reordered and foreign replies are recognised, however old their question is.
//! * **The warm-up does not count.** It lasts until the rate is [steady](steady::steady); no figure
//!   includes earlier questions.
//! * **Lost replies count.** A question that was asked during the measurement is followed to its
//!   end; without a reply, its time-out counts as its response time.
//! * **Two ways to ask.** Under a [closed](Pace::Closed) load each connection waits for its answer
//!   before it asks again, so a stalled server receives fewer questions, and the stall hardly
//!   shows. Under an [open](Pace::Open) load questions are due at fixed times whatever the server
//!   does, and the response time counts from the due time (Tene, "How NOT to Measure Latency":
//!   coordinated omission).
//!
//! ```no_run
//! use socklab_load::{LoadEvent, Pace, Plan, Workload, run};
//!
//! let mut plan = Plan::new(Workload::Echo, "127.0.0.1:16000".parse().unwrap());
//! plan.connections = 64;
//! plan.pace = Pace::Open { rate: 10_000.0 };
//! let outcome = run(&plan, &mut |event| {
//!     if event == LoadEvent::Steady {
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
//! [`Plan`] is the input and [`Outcome`] the result. `run` is the loop: warm-up, measurement, and
//! the replies still in flight at its end. [`LoadGenerator`] makes a load in slices, so that
//! several servers can take turns. `udp`, `persistent` and `one_shot` ask the questions, which
//! `text` and `submission` make. [`SlowClient`] and [`SlowRequests`] run beside the measured
//! clients. `window` tracks the questions of a UDP socket that are in flight, `schedule` says
//! when questions are due under an open load, and [`steady`] when the warm-up is over. [`Idle`]
//! holds silent connections.

#![forbid(unsafe_code)]

mod backoff;
mod batch;
mod clock;
mod error;
mod idle;
mod limits;
mod load;
mod one_shot;
mod outcome;
mod persistent;
mod plan;
mod run;
mod schedule;
mod slow_clients;
mod sources;
pub mod steady;
mod submission;
mod tally;
mod text;
mod udp;
mod window;

pub use error::Error;
pub use idle::Idle;
pub use load::{LoadGenerator, run};
pub use outcome::{Mismatch, Outcome, WarmUp};
pub use plan::{LoadEvent, MIN_PAYLOAD, Pace, Plan, Workload};
pub use slow_clients::{SLOW_LINE, SLOW_WORK, SlowClient, SlowRequests};
