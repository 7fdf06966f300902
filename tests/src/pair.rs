//! Both ends of an exercise in one net.

use std::net::SocketAddr;

use socklab_core::lab::{Exercise, ServerKind, Settings};
use socklab_core::transcript::Role;

use crate::net::{HostId, Script, VirtualNet};
use crate::{EPOCH, address};

/// The two ends of an exercise in one virtual network.
#[derive(Debug)]
pub struct Pair {
    /// The network.
    pub net: VirtualNet,
    /// The client.
    pub client: HostId,
    server: SocketAddr,
    endpoint: Option<HostId>,
}

impl Pair {
    /// A client and a server, with what the scene of the exercise has their users type.
    pub fn new(exercise: &Exercise, net: VirtualNet) -> Self {
        let at = |role| Script::of(exercise.scene.lines(role, EPOCH.as_secs()));
        Pair::with(exercise, net, |_| (), at(Role::Client), at(Role::Server))
    }

    /// The same, with other settings and other lines.
    pub fn with(
        exercise: &Exercise,
        mut net: VirtualNet,
        change: impl Fn(&mut Settings),
        client: Script,
        server: Script,
    ) -> Self {
        let at = address(&format!("127.0.0.1:{}", exercise.port));
        let mut settings = Settings::client(exercise, at);
        change(&mut settings);
        let endpoint = match exercise.server {
            ServerKind::Endpoint(make) | ServerKind::Endpoints(make) => {
                let settings = Settings {
                    timeout: None,
                    ..settings.clone()
                };
                Some(net.endpoint(exercise.name, at, make(&settings), server))
            }
            ServerKind::Service(make) => {
                net.service(exercise.name, at, make(&settings));
                None
            }
        };
        let client = net.client(exercise.name, (exercise.client)(&settings), client);
        Pair {
            net,
            client,
            server: at,
            endpoint,
        }
    }

    /// Runs to the end.
    #[must_use]
    pub fn run(mut self) -> Self {
        self.net.run();
        self
    }

    /// The server's machine; for a TCP server, that of the first connection.
    ///
    /// # Panics
    /// When no client has connected.
    pub fn server(&self) -> HostId {
        self.endpoint
            .or_else(|| self.net.accepted(self.server).first().copied())
            .expect("a connection")
    }
}
