//! Starts the program, and finds its socket.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use socklab_core::Transport;
use socklab_core::transcript::Role;

use super::{EarlyEnd, Player, Waited};
use crate::codes::{Cause, Symptom};
use crate::diagnose;
use crate::evidence::{Event, shadowing_file};
use crate::program::sockets::{Listening, holder, is_lingering, of_program, reached};
use crate::program::{CommandError, Program, Redirect, Start};
use crate::report::{Act, Reason};
use crate::wire::Wire;

/// The least time between two requests to the system for the program's sockets.
const LOOK: Duration = Duration::from_millis(12);

/// Whether the system refuses to run a file: it is not executable, or its format is unknown.
fn is_no_program(error: &std::io::Error) -> bool {
    let format = if cfg!(windows) { 193 } else { 8 };
    error.kind() == std::io::ErrorKind::PermissionDenied || error.raw_os_error() == Some(format)
}

impl Player<'_> {
    pub(super) fn begin(&mut self) -> Result<(), EarlyEnd> {
        let (start, connect) = (self.setup.start, self.setup.connect);
        match (start, self.setup.exercise.transport, self.setup.role) {
            (Some(start), Some(transport), Role::Server) => self.start_server(start, transport),
            (Some(start), Some(transport), Role::Client) => self.start_client(start, transport),
            (Some(start), None, _) => self.start_alone(start),
            (None, _, _) => {
                let elsewhere = EarlyEnd::NotChecked(Reason::RunsElsewhere);
                let address = connect.ok_or(elsewhere)?;
                self.wire.found(address);
                self.had_port = self.shows_a_listener(address);
                Ok(())
            }
        }
    }

    /// Starts a program that needs no peer.
    fn start_alone(&mut self, start: &Start) -> Result<(), EarlyEnd> {
        let start = self.given.filled(start, self.setup.submitter, 0);
        self.start(&start, None)
    }

    fn start_server(&mut self, start: &Start, transport: Transport) -> Result<(), EarlyEnd> {
        let port = self.setup.port;
        if let Some(holder) = self.held(transport, port) {
            let holder = Some(holder);
            return Err(EarlyEnd::NotChecked(Reason::PortHeld { port, holder }));
        }
        let start = self.given.filled(start, self.setup.submitter, port);
        self.start(&start, None)?;
        let mut wrong: Option<Listening> = None;
        let mut looked = None;
        let found = self.wait(|player| {
            // Listing the system's sockets takes a while, so look again only after a time in
            // proportion to it.
            if looked.is_some_and(|at| Instant::now() < at) && !player.last_look {
                return None;
            }
            player.answer_where();
            let began = Instant::now();
            let mut all = player.listening();
            looked = Some(Instant::now() + began.elapsed().max(LOOK));
            wrong = all.iter().find(|one| one.transport != transport).copied();
            all.retain(|one| one.transport == transport);
            let exact = all.iter().find(|one| one.address.port() == port);
            exact.or(all.first()).copied()
        });
        match found {
            Waited::Ready(one) => self.listens(&start, one.address),
            _ if self.is_refused_a_port_that_waits(transport) => {
                Err(EarlyEnd::NotChecked(Reason::PortWaits(port)))
            }
            Waited::Exited => Err(self.exited(Symptom::ExitsEarly)),
            Waited::Over => {
                let cause = match wrong {
                    Some(one) => {
                        self.program_step(Act::Listens(one.address), false);
                        Some(Cause::WrongProtocol)
                    }
                    None => self.never_binds(),
                };
                self.note_blocked_call();
                let detail = wrong.map(|one| one.transport.name().to_uppercase());
                Err(self.fail(Symptom::NeverListens, cause).detailed(detail))
            }
        }
    }

    /// Whether only the end of an earlier connection (TIME_WAIT) kept the program from its port.
    /// The hand-out's programs do not set `SO_REUSEADDR`, so that is not the program's fault.
    fn is_refused_a_port_that_waits(&mut self, transport: Transport) -> bool {
        if let Some(program) = &mut self.program {
            program.evidence.read();
        }
        let in_use = |errno: i64| errno == 98;
        let refused = self.evidence().is_some_and(|evidence| {
            let mut binds = evidence.calls(&["bind"]).peekable();
            binds.peek().is_some() && binds.all(|one| one.errno.is_some_and(in_use))
        }) || (!self.reports() && self.errors().contains("Address already in use"));
        refused && transport == Transport::Stream && is_lingering(self.setup.port)
    }

    /// Whether the program waits for clients on a socket that it has not bound to a port.
    fn never_binds(&self) -> Option<Cause> {
        let event = self.blocked()?;
        let evidence = self.evidence()?;
        let waits = diagnose::RECEIVES.contains(&event.call.as_str());
        let bound = evidence.calls(&["bind"]).any(|one| one.fd == event.fd);
        (waits && !bound).then_some(Cause::NeverBinds)
    }

    /// Which other program holds the port. Our own previous program may need a moment to be gone.
    fn held(&mut self, transport: Transport, port: u16) -> Option<crate::Holder> {
        for _ in 0..50 {
            holder(transport, port)?;
            std::thread::sleep(Duration::from_millis(4));
        }
        holder(transport, port)
    }

    fn listens(&mut self, start: &Start, address: SocketAddr) -> Result<(), EarlyEnd> {
        let port = address.port();
        let said = port == self.setup.port || port_was_given(start, port);
        self.program_step(Act::Listens(address), said);
        if !said {
            let stop = self.fail(Symptom::NeverListens, Some(Cause::WrongPort));
            return Err(stop.detailed(Some(port.to_string())));
        }
        self.wire.found(reached(address));
        Ok(())
    }

    /// The sockets on which the program listens: as Python reports them, or else as the system
    /// does.
    pub(super) fn listening(&mut self) -> Vec<Listening> {
        let Some(program) = &mut self.program else {
            return Vec::new();
        };
        program.evidence.read();
        if program.evidence.reports() {
            let evidence = &program.evidence;
            let binds = evidence.calls(&["bind"]);
            let bound = binds.filter(|event| event.error.is_none());
            let found = bound.filter_map(|event| bound_at(event, evidence));
            let found: Vec<Listening> = found.collect();
            if !found.is_empty() {
                return found;
            }
        }
        let mut all = of_program(program.id(), self.setup.port).unwrap_or_default();
        all.retain(|one| one.address.port() != 0);
        all
    }

    fn start_client(&mut self, start: &Start, transport: Transport) -> Result<(), EarlyEnd> {
        let port = self.setup.port;
        let (mut wire, to) = Wire::server(transport)?;
        std::mem::swap(&mut wire.log, &mut self.wire.log);
        self.wire = wire;
        let names_port = start
            .command
            .iter()
            .any(|word| word.to_string_lossy().contains("{port}"));
        // Only Python's sockets can be redirected to another port than they ask for.
        let redirected = start
            .script()
            .is_some_and(|script| shadowing_file(&script).is_none());
        if !redirected && !names_port && self.wire.listen_at(port).is_err() {
            let holder = holder(transport, port);
            return Err(EarlyEnd::NotChecked(Reason::PortHeld { port, holder }));
        }
        let start = self.given.filled(start, self.setup.submitter, to);
        self.start(&start, Some(Redirect { from: port, to }))
    }

    fn start(&mut self, start: &Start, redirect: Option<Redirect>) -> Result<(), EarlyEnd> {
        let program = Program::start(start, redirect).map_err(|error| {
            match start.command.first().filter(|_| is_no_program(&error)) {
                Some(file) => EarlyEnd::NotChecked(Reason::Unusable(CommandError::NotACommand(
                    file.to_string_lossy().into_owned(),
                ))),
                None => error.into(),
            }
        })?;
        self.program = Some(program);
        self.our_step(Act::Started);
        Ok(())
    }

    /// Notes the call that the program waits in, if it is known.
    pub(super) fn note_blocked_call(&mut self) {
        if let Some(event) = self.blocked() {
            let size = event.size.map_or_else(String::new, |size| size.to_string());
            self.program_step(Act::WaitsIn(format!("{}({size})", event.call)), false);
        }
    }
}

impl EarlyEnd {
    /// The same with a value for the cause's text.
    pub(super) fn detailed(mut self, detail: Option<String>) -> Self {
        if let EarlyEnd::Failed(finding) = &mut self {
            finding.detail = detail;
        }
        self
    }
}

/// Whether an argument of the command names this port, or port 0, which stands for any.
fn port_was_given(start: &Start, port: u16) -> bool {
    let port = port.to_string();
    let given = |word: &str| {
        word == "0" || word == port || word.ends_with(":0") || {
            let port = format!(":{port}");
            word.ends_with(&port)
        }
    };
    start
        .command
        .iter()
        .skip(1)
        .any(|word| given(&word.to_string_lossy()))
}

/// The address of a call of `bind`; for a stream socket, once `listen` was called.
fn bound_at(event: &Event, evidence: &crate::evidence::Evidence) -> Option<Listening> {
    let address = event.to.as_ref()?.parse().ok()?;
    let transport = match (event.is_stream(), event.is_datagram()) {
        (true, _) => Transport::Stream,
        (_, true) => Transport::Datagram,
        _ => return None,
    };
    let mut listened = evidence.calls(&["listen"]);
    let closed = evidence.calls(&["close"]).any(|one| one.fd == event.fd);
    let ready = transport == Transport::Datagram || listened.any(|one| one.fd == event.fd);
    let ready = ready && !closed;
    ready.then_some(Listening { transport, address })
}
