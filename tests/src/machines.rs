//! Test machines that are no exercises.

use std::net::SocketAddr;

use socklab_core::{
    Deadline, Input, Interest, Link, Machine, Now, Outbox, Socket, Status, Transport,
};

/// Connects, sends what it was given, and shows all that comes back, as a short Python program
/// would. It checks neither what it sends nor what it receives.
#[derive(Debug)]
pub struct RawClient {
    server: SocketAddr,
    payload: Vec<u8>,
    half_close: bool,
    heard: Vec<u8>,
    state: &'static str,
}

impl RawClient {
    /// Sends `payload`, then closes its writing side if `half_close` says so.
    pub fn new(server: SocketAddr, payload: &[u8], half_close: bool) -> Self {
        RawClient {
            server,
            payload: payload.to_vec(),
            half_close,
            heard: Vec::new(),
            state: "Opening",
        }
    }
}

impl Machine for RawClient {
    fn step(&mut self, _: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => out.open(Socket(0), Transport::Stream, &[self.server]),
            Input::Opened { link, .. } => {
                self.state = "Waiting";
                out.send(link, &self.payload);
                if self.half_close {
                    out.finish(link);
                }
            }
            Input::Bytes { bytes, .. } => self.heard.extend_from_slice(bytes),
            Input::End { .. } | Input::Fault { .. } | Input::Stop => {
                self.state = "Done";
                out.show(&self.heard);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        None
    }

    fn interest(&self) -> Interest {
        Interest::NETWORK
    }

    fn state(&self) -> &'static str {
        self.state
    }

    fn status(&self) -> Status {
        match self.state {
            "Done" => Status::Done,
            _ => Status::Running,
        }
    }
}

/// A service made from a closure.
#[derive(Clone, Copy, Debug)]
pub struct ServiceFn<F>(
    /// Makes the machine for a connection.
    pub F,
);

impl<F> socklab_core::Service for ServiceFn<F>
where
    F: Fn(Link) -> Box<dyn Machine> + Send + Sync,
{
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Box<dyn Machine> {
        self.0(link)
    }
}
