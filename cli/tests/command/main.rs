//! The command in pipes: what a script or another program sees of it.

#[path = "../common/mod.rs"]
mod common;

mod exercises;
mod failures;
mod help;
mod language;
mod one_time;
mod peers;
#[cfg(unix)]
mod signals;
mod submit;
mod transcripts;
mod usage;

/// Runs a test on every runtime, and says which one it was when it fails.
fn on_every_runtime(test: impl Fn(&str)) {
    for runtime in common::RUNTIMES {
        eprintln!("on {runtime}");
        test(&format!("--runtime {runtime}"));
    }
}
