//! `submit`: name, DNI and one-time code go to the lecturers' server, which answers (TCP 21000).
//!
//! The server's machine only frames the message and words the answer. The register, reached by
//! [`Store`](crate::Output::Store), decides whether a code counts.

mod client;
mod framing;
mod name;
mod review;
mod server;

use alloc::boxed::Box;
use alloc::sync::Arc;
use core::time::Duration;

pub use client::{Client, NOT_TEXT, SPEAKS_TLS};
pub use framing::{MAX_MESSAGE, MAX_NAME, Message, MessageReader};
pub use name::{is_blank, is_hidden};
pub use review::{Part, Remark, Review, review};
pub use server::Server;

use crate::exercise::{Exercise, ExerciseOption, ServerKind};
use crate::link::Transport;
use crate::scene::ClientStep::{Pause, ReceiveAll, Send};
use crate::scene::Scene;

/// The exercise.
pub static EXERCISE: Exercise = Exercise {
    name: "submit",
    transport: Transport::Stream,
    port: 21_000,
    // Longer than a server may wait for its register, so that its answer arrives before this
    // time-out.
    timeout: Some(Duration::from_secs(20)),
    options: &[ExerciseOption::Submission, ExerciseOption::Register],
    secret: true,
    client_table: client::TABLE,
    server_table: server::TABLE,
    client: |settings| Box::new(Client::new(settings)),
    server: ServerKind::Service(|settings| {
        Box::new(Server::new(Arc::clone(&settings.wording), settings.limits))
    }),
    scene: Scene {
        client: &["Ana Núñez", "123456", "CODE"],
        server: &[],
        // The first client sends half of its message, and the rest later.
        two_clients: [
            &[Send("Ana Núñez&1234"), Pause, Send("56&CODE"), ReceiveAll],
            &[Send("Luis Pérez&87654321&CODE"), ReceiveAll],
        ],
    },
};
