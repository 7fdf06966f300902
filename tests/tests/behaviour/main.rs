//! Proves, sentence by sentence, what each exercise must do when things are not as they should be.
//!
//! Each test gives one machine its inputs by hand; what it does comes back as lines of its
//! transcript.

mod capitals;
mod chat;
mod echo;
mod lab;
mod ledger;
mod message;
mod servers;
mod submit_client;
mod submit_server;
mod tables;
mod unexpected;
mod welcome;

use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::lab::Settings;
use socklab_core::transcript::Role;
use socklab_tests::{Bench, CLIENT, DNI, EPOCH, code_at};

const SECOND: Duration = Duration::from_secs(1);
/// Nothing was done.
const NONE: [&str; 0] = [];

fn up(exercise: &str, role: Role) -> Bench {
    Bench::up(exercise, role, &Settings::default())
}

fn stranger(n: u16) -> SocketAddr {
    SocketAddr::new(CLIENT.ip(), 60_000 + n)
}

/// Settings with a whole submission in them.
fn ready() -> Settings {
    Settings {
        name: Some("Ana Núñez".into()),
        dni: Some(DNI.into()),
        code: Some(code_at(DNI, EPOCH.as_secs()).as_str().into()),
        ..Settings::default()
    }
}
