//! TLS as a machine that wraps another machine.

use std::io::{Read, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};
use socklab_core::{
    Deadline, Doing, ExceededLimit, Fault, FaultKind, Input, Interest, Link, Machine, Mono, Now,
    Outbox, Output, Status, Why,
};

use crate::config::Error;
use crate::problem::{CertificateProblem, ProblemHandler};

/// The default time-out of a handshake: 10 s, however slowly its bytes come.
pub const HANDSHAKE: Duration = Duration::from_secs(10);

/// How many bytes of plain text are read from rustls at once: one record.
const RECORD: usize = 16 * 1024;

/// The stage of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// There is no connection yet.
    Closed,
    /// The handshake began at this time. The machine does not know of the connection yet.
    Handshake(Now),
    /// The handshake is done, and the machine talks.
    Open,
    /// The machine has been told of the end or of a fault.
    Over,
}

/// What the machine will be told of the connection once the handshake is done.
#[derive(Clone, Copy)]
struct Opened {
    link: Link,
    local: SocketAddr,
    exceeded: Option<ExceededLimit>,
}

/// A machine with its TLS connection.
pub(crate) struct Layer<M> {
    machine: M,
    /// The outputs of the machine, before they are encrypted. Empty between steps.
    outputs: Outbox,
    tls: Option<Connection>,
    stage: Stage,
    /// `None` until there is a connection.
    opened: Option<Opened>,
    /// How long the handshake may take.
    handshake_timeout: Duration,
    /// A server's limits count from the beginning of the connection, a client's from the end of the
    /// handshake.
    is_server: bool,
    on_problem: ProblemHandler,
}

/// A client's machine whose stream is encrypted.
pub struct Client<M>(Layer<M>);

impl<M> std::fmt::Debug for Client<M> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Client")
    }
}

impl<M: Machine> Client<M> {
    /// Wraps a machine that talks to the server `name`, a host name or an IP address. The server's
    /// certificate must have this name.
    ///
    /// # Errors
    /// When no certificate can have that name.
    pub fn new(machine: M, config: Arc<ClientConfig>, name: &str) -> Result<Self, Error> {
        let bad = |_| Error::Name(name.to_owned());
        let name = ServerName::try_from(name.to_owned()).map_err(bad)?;
        let unreadable = |error: rustls::Error| Error::Unreadable(error.to_string());
        let tls = ClientConnection::new(config, name).map_err(unreadable)?;
        let (tls, silent) = (Some(tls.into()), Arc::new(|_, _: &CertificateProblem| {}));
        Ok(Client(Layer::new(machine, tls, HANDSHAKE, false, silent)))
    }

    /// The same, and reports what is wrong with the server's certificate.
    #[must_use]
    pub fn on_problem(mut self, on_problem: ProblemHandler) -> Self {
        self.0.on_problem = on_problem;
        self
    }
}

impl<M: Machine> Layer<M> {
    pub(crate) fn server(
        machine: M,
        config: Arc<ServerConfig>,
        handshake_timeout: Duration,
        on_problem: ProblemHandler,
    ) -> Self {
        // If rustls cannot make a TLS connection, the peer is disconnected without a message.
        let tls = ServerConnection::new(config).ok().map(Into::into);
        Layer::new(machine, tls, handshake_timeout, true, on_problem)
    }

    fn new(
        machine: M,
        tls: Option<Connection>,
        handshake_timeout: Duration,
        is_server: bool,
        on_problem: ProblemHandler,
    ) -> Self {
        Layer {
            machine,
            outputs: Outbox::new(),
            tls,
            stage: Stage::Closed,
            opened: None,
            handshake_timeout,
            is_server,
            on_problem,
        }
    }

    /// Hands an input to the machine, and encrypts what it sends.
    fn feed(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        if self.machine.status() != Status::Running {
            return;
        }
        let broken = matches!(input, Input::Fault { .. });
        self.machine.step(now, input, &mut self.outputs);
        let outputs = std::mem::take(&mut self.outputs);
        for output in outputs.iter() {
            match output {
                Output::Send { link, bytes } => self.encrypt(link, bytes, out),
                Output::Finish { link } => {
                    self.say_goodbye(link, out);
                    out.finish(link);
                }
                other => out.push(&other),
            }
        }
        self.outputs = outputs;
        self.outputs.clear();
        // Say goodbye when the machine ends. Otherwise the peer must take the stream for truncated.
        if let Some(Opened { link, .. }) = self.opened
            && !broken
            && self.machine.status() != Status::Running
        {
            self.say_goodbye(link, out);
        }
    }

    /// Tells the peer that no more will come (`close_notify`). A second call has no effect.
    fn say_goodbye(&mut self, link: Link, out: &mut Outbox) {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
        }
        self.write(link, out);
    }

    /// Encrypts in small parts, because rustls keeps a limited amount of unwritten data.
    fn encrypt(&mut self, link: Link, bytes: &[u8], out: &mut Outbox) {
        for some in bytes.chunks(RECORD) {
            let Some(tls) = &mut self.tls else { return };
            // Writing to memory cannot fail.
            let _ = tls.writer().write_all(some);
            self.write(link, out);
        }
    }

    /// Sends what rustls has to send.
    fn write(&mut self, link: Link, out: &mut Outbox) {
        let Some(tls) = &mut self.tls else { return };
        while tls.wants_write() {
            out.send_with(&link, |mut to| {
                let _ = tls.write_tls(&mut to);
            });
        }
    }

    /// Decrypts what came from the peer, as far as it is complete.
    fn decrypt(&mut self, now: Now, link: Link, mut bytes: &[u8], out: &mut Outbox) {
        while !bytes.is_empty() && self.stage != Stage::Over {
            let Some(tls) = &mut self.tls else { return };
            if tls.read_tls(&mut bytes).is_err() {
                return self.fail(now, link, FaultKind::Protocol, out);
            }
            if let Err(error) = tls.process_new_packets() {
                let kind = match CertificateProblem::of(&error) {
                    Some(problem) => {
                        (self.on_problem)(link.peer, &problem);
                        FaultKind::Untrusted
                    }
                    None => FaultKind::Protocol,
                };
                // Send the alert that tells the peer why.
                self.write(link, out);
                return self.fail(now, link, kind, out);
            }
            let ready = !tls.is_handshaking();
            self.write(link, out);
            if ready && let (Stage::Handshake(began), Some(opened)) = (self.stage, self.opened) {
                let Opened {
                    link,
                    local,
                    exceeded,
                } = opened;
                self.stage = Stage::Open;
                let opened = if self.is_server { began } else { now };
                self.feed(
                    opened,
                    Input::Opened {
                        link,
                        local,
                        exceeded,
                    },
                    out,
                );
            }
            self.read(now, link, out);
        }
    }

    /// Gives the machine the plain text that is there, and the end if the peer has announced it.
    fn read(&mut self, now: Now, link: Link, out: &mut Outbox) {
        let mut buffer = [0; RECORD];
        while self.stage == Stage::Open {
            let Some(tls) = &mut self.tls else { return };
            match tls.reader().read(&mut buffer) {
                Ok(0) => {
                    self.stage = Stage::Over;
                    self.feed(now, Input::End { link }, out);
                }
                Ok(len) => {
                    let bytes = &buffer[..len];
                    self.feed(now, Input::Bytes { link, bytes }, out);
                }
                // There is no more plain text now.
                Err(_) => return,
            }
        }
    }

    /// Ends the connection with a fault.
    fn fail(&mut self, now: Now, link: Link, kind: FaultKind, out: &mut Outbox) {
        let doing = match self.stage {
            Stage::Open => Doing::Receiving,
            _ => Doing::Opening,
        };
        self.stage = Stage::Over;
        let (socket, fault) = (link.socket, Fault { kind, code: 0 });
        self.feed(
            now,
            Input::Fault {
                socket,
                doing,
                fault,
            },
            out,
        );
    }

    fn handshake_ends(&self) -> Option<Mono> {
        match self.stage {
            Stage::Handshake(began) => Some(began.mono.plus(self.handshake_timeout)),
            _ => None,
        }
    }
}

impl<M: Machine> Machine for Layer<M> {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Opened {
                link,
                local,
                exceeded,
            } => {
                self.opened = Some(Opened {
                    link,
                    local,
                    exceeded,
                });
                self.stage = Stage::Handshake(now);
                if self.tls.is_none() {
                    return self.fail(now, link, FaultKind::Other, out);
                }
                self.write(link, out);
            }
            Input::Bytes { link, bytes } => self.decrypt(now, link, bytes, out),
            Input::End { link } => match self.stage {
                // The peer has announced the end.
                Stage::Over | Stage::Closed => {}
                // Without that announcement anyone may have cut the stream here (RFC 8446, 6.1).
                Stage::Handshake(_) | Stage::Open => self.fail(now, link, FaultKind::Protocol, out),
            },
            Input::Timer if self.handshake_ends().is_some_and(|end| end <= now.mono) => {
                if let Some(Opened { link, .. }) = self.opened {
                    self.fail(now, link, FaultKind::TimedOut, out);
                }
            }
            Input::Fault { .. } => {
                self.stage = Stage::Over;
                self.feed(now, input, out);
            }
            _ => self.feed(now, input, out),
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let inner = self.machine.deadline();
        let Some(at) = self.handshake_ends() else {
            return inner;
        };
        match inner {
            Some(inner) if inner.at < at => Some(inner),
            _ => Some(Deadline {
                at,
                why: Why::Connect,
            }),
        }
    }

    fn interest(&self) -> Interest {
        match self.stage {
            Stage::Handshake(_) => Interest::NETWORK,
            Stage::Over => Interest {
                network: false,
                ..self.machine.interest()
            },
            Stage::Closed | Stage::Open => self.machine.interest(),
        }
    }

    fn state(&self) -> &'static str {
        match self.stage {
            Stage::Handshake(_) => "Handshake",
            _ => self.machine.state(),
        }
    }

    fn status(&self) -> Status {
        self.machine.status()
    }
}

impl<M: Machine> Machine for Client<M> {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        self.0.step(now, input, out);
    }

    fn deadline(&self) -> Option<Deadline> {
        self.0.deadline()
    }

    fn interest(&self) -> Interest {
        self.0.interest()
    }

    fn state(&self) -> &'static str {
        self.0.state()
    }

    fn status(&self) -> Status {
        self.0.status()
    }
}
