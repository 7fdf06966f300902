//! The command in pipes: what a script or another program sees of it.

#[path = "../common/mod.rs"]
mod common;

#[cfg(target_os = "linux")]
mod counting;
mod exercises;
mod failures;
#[cfg(unix)]
mod files;
mod help;
#[cfg(target_os = "linux")]
mod killed;
mod language;
mod lessons;
mod one_time;
mod peers;
#[cfg(unix)]
mod readers;
mod register;
mod rehearsal;
#[cfg(unix)]
mod signals;
mod submit;
mod timeline;
mod transcripts;
mod usage;
