//! The register, which records submissions durably.
//!
//! A server [opens](Location::serve) a register in a file (SQLite) or on a PostgreSQL server. It
//! gives the register to its driver as the [`Register`](socklab_core::register::Register) that
//! machines reach by `store`. One thread writes: it takes the waiting attempts, up to 256, decides
//! each by [`core::policy::decide`](socklab_core::policy::decide) inside one transaction, commits,
//! and only then answers. So one sync of the disk serves all attempts that came during the previous
//! sync.
//!
//! [`Archive`] has the queries of a lecturer.

#![forbid(unsafe_code)]

mod archive;
mod budgets;
mod clock;
mod decider;
mod detail;
mod error;
mod facts;
mod judge;
mod keys;
mod location;
mod mode;
mod name;
mod observer;
mod postgres;
mod rules;
mod schema;
mod sql;
mod sqlite;
mod time;
mod writer;

pub use archive::{
    Archive, AttemptRecord, BadColumn, Column, Deadlines, DniFault, Field, Finding, Gradebook,
    NewSecrets, Roster, RosterEntry, RosterError, RosterFault, Student, Submission, Unmatched,
    how_long,
};
pub use budgets::OTHER_ADDRESSES;
pub use detail::Detail;
pub use error::{Error, ErrorKind, Notice};
pub use location::Location;
pub use name::shown as shown_name;
pub use observer::{RegisterEvent, RegisterObserver};
pub use rules::{Admit, Rules};
pub use time::{BadTime, local_time, parse_time, rfc3339};
pub use writer::Writer;
