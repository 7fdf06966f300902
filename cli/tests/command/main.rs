//! The command in pipes: what a script or another program sees of it.

#[path = "../common/mod.rs"]
mod common;

mod check;
mod completions;
#[cfg(target_os = "linux")]
mod counting;
#[cfg(unix)]
mod damaged;
#[cfg(unix)]
mod database;
#[cfg(unix)]
mod docs;
mod exercises;
mod failures;
#[cfg(unix)]
mod files;
mod help;
mod impairments;
#[cfg(target_os = "linux")]
mod killed;
mod language;
mod lecturers;
mod lessons;
mod models;
mod one_time;
#[cfg(target_os = "linux")]
mod payload;
mod peers;
mod practical;
#[cfg(target_os = "linux")]
mod processes;
#[cfg(unix)]
mod readers;
mod register;
mod rehearsal;
mod rosters;
#[cfg(unix)]
mod signals;
#[cfg(unix)]
mod spreadsheet;
mod submit;
mod survey;
mod timeline;
mod tls;
mod transcripts;
mod unexpected;
mod usage;
