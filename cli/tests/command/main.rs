//! The command in pipes: what a script or another program sees of it.

#[path = "../common/mod.rs"]
mod common;

mod exercises;
mod failures;
mod help;
mod language;
mod one_time;
mod peers;
mod register;
mod rehearsal;
#[cfg(unix)]
mod signals;
mod submit;
mod transcripts;
mod usage;
