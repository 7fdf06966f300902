//! The student's end: asks for what is missing, sends it as one message, shows the answer.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::framing::MAX_NAME;
use super::name::is_blank;
use crate::fault::{Doing, Failure, Fault, FaultKind, FieldError};
use crate::input::Input;
use crate::lab::Settings;
use crate::link::{Link, Socket, Transport};
use crate::machine::{Interest, Machine, Status};
use crate::otp::{Code, Dni};
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::table::{Row, table};
use crate::time::{Deadline, Mono, Now, Why};
use crate::welcome::{Answer, client_failure};

table! { State on Event {
    Ask, Ready, BadField, InputEnd, Opened, Bytes, TooBig, Accepted, Rejected, Unclear, NotText,
    Nothing, GaveUp, Fault, Stop,
}
    Idle {
        Ask      => Asking: "ask for the first field that is missing",
        Ready    => Opening: "connect",
        BadField => Failed: "",
        Stop     => Stopped: "",
    }
    Asking {
        Ask      => Asking: "ask for the next field, or again for a bad one",
        Ready    => Opening: "connect",
        BadField => Failed: "",
        InputEnd => Failed: "",
        Stop     => Stopped: "",
    }
    Opening {
        Opened   => Waiting: "send name&dni&otp",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Waiting {
        Bytes    => Waiting: "keep them",
        Accepted => Done: "show the answer; close",
        Unclear  => Done: "show the answer; say that the verdict cannot be told; close",
        Rejected => Failed: "show the answer",
        NotText  => Failed: "show the answer unless it is TLS",
        Nothing  => Failed: "",
        TooBig   => Failed: "show what came",
        GaveUp   => Failed: "",
        Fault    => Failed: "show what came",
        Stop     => Stopped: "",
    }
    Done {}
    Stopped {}
    Failed {}
}

pub(super) const ROWS: &[Row] = State::ROWS;

/// How a client fails whose server answers with a record of TLS: it was sent plain text at the port
/// of encrypted submissions.
pub const SPEAKS_TLS: Fault = Fault {
    kind: FaultKind::Protocol,
    code: 0,
};

/// How a client fails whose server's answer is not text, and not TLS either.
pub const NOT_TEXT: Fault = Fault {
    kind: FaultKind::Other,
    code: 0,
};

/// Submits one attempt.
#[derive(Debug)]
pub struct Client {
    state: State,
    servers: Vec<SocketAddr>,
    /// The one that answered; until then the last, which is to blame if none does.
    server: SocketAddr,
    timeout: Option<Duration>,
    name: Option<Vec<u8>>,
    dni: Option<Dni>,
    code: Option<Code>,
    given: Result<(), FieldError>,
    opening_since: Mono,
    answer: Answer,
    failure: Failure,
}

impl Client {
    /// A client with the server, the time-out and the fields of `settings`.
    pub fn new(settings: &Settings) -> Self {
        let mut client = Client {
            state: State::Idle,
            servers: settings.servers(),
            server: settings.last_server(),
            timeout: settings.timeout,
            name: None,
            dni: None,
            code: None,
            given: Ok(()),
            opening_since: Mono::ZERO,
            answer: Answer::default(),
            failure: Failure::NoInput,
        };
        client.given = client.take_given(settings);
        client
    }

    /// Takes the fields that need not be asked for.
    fn take_given(&mut self, settings: &Settings) -> Result<(), FieldError> {
        if let Some(name) = &settings.name {
            self.name = Some(check_name(name)?);
        }
        if let Some(dni) = &settings.dni {
            self.dni = Some(Dni::parse(dni).map_err(FieldError::Dni)?);
        }
        if let Some(code) = &settings.code {
            self.code = Some(Code::parse(code).map_err(FieldError::Code)?);
        }
        Ok(())
    }

    /// The first field that is missing. The code comes last, to be fresh.
    fn missing(&self) -> Option<Prompt> {
        if self.name.is_none() {
            Some(Prompt::Name)
        } else if self.dni.is_none() {
            Some(Prompt::Dni)
        } else if self.code.is_none() {
            Some(Prompt::Code)
        } else {
            None
        }
    }

    /// Takes a typed line as the field that was asked for.
    fn take_typed(&mut self, line: &[u8]) -> Result<(), FieldError> {
        let text = alloc::string::String::from_utf8_lossy(line);
        match self.missing() {
            Some(Prompt::Name) => self.name = Some(check_name(line)?),
            Some(Prompt::Dni) => {
                self.dni = Some(Dni::parse(text.trim()).map_err(FieldError::Dni)?);
            }
            _ => self.code = Some(Code::parse(&text).map_err(FieldError::Code)?),
        }
        Ok(())
    }

    /// Asks for the next field, or connects when none is missing.
    fn proceed(&mut self, now: Now, out: &mut Outbox) {
        if let Some(prompt) = self.missing() {
            if self.state.go(Event::Ask) {
                out.prompt(prompt);
            }
        } else if self.state.go(Event::Ready) {
            self.opening_since = now.mono;
            out.open(Socket(0), Transport::Stream, &self.servers);
        }
    }

    fn fail(&mut self, on: Event, failure: Failure) {
        if self.state.go(on) {
            self.failure = failure;
        }
    }

    fn send(&mut self, link: Link, out: &mut Outbox) {
        if let (Some(name), Some(dni), Some(code)) = (&self.name, &self.dni, &self.code) {
            out.send_with(link, |to| {
                to.extend_from_slice(name);
                for field in [dni.as_str(), code.as_str()] {
                    to.push(b'&');
                    to.extend_from_slice(field.as_bytes());
                }
            });
        }
    }

    /// The server has said all it will say.
    fn judge(&mut self, otherwise: Event, failure: Failure, out: &mut Outbox) {
        let answer = self.answer.bytes();
        if answer.is_empty() {
            return self.fail(otherwise, failure);
        }
        let verdict = answer
            .split(u8::is_ascii_whitespace)
            .next()
            .unwrap_or_default();
        let event = match verdict {
            b"OK" => Event::Accepted,
            b"ERROR" => Event::Rejected,
            _ if is_text(answer) => Event::Unclear,
            _ => Event::NotText,
        };
        if self.state.go(event) {
            let tls = matches!(event, Event::NotText) && is_tls(answer);
            if !tls {
                out.show(answer);
            }
            match event {
                Event::Rejected => self.failure = Failure::Rejected(self.server),
                Event::NotText => {
                    let fault = if tls { SPEAKS_TLS } else { NOT_TEXT };
                    self.failure = Failure::Io(Doing::Receiving, fault);
                }
                Event::Unclear => out.notice(Notice::VerdictUnknown),
                _ => {}
            }
        }
    }
}

/// Whether an answer may be text, in whatever encoding: it has no control characters but white
/// space, and those that steer a terminal or end a string of C.
fn is_text(answer: &[u8]) -> bool {
    let Some(last) = answer.iter().rposition(|&byte| byte != 0) else {
        return false;
    };
    let allowed =
        |byte: &u8| !byte.is_ascii_control() || b"\t\n\x0b\x0c\r\x1b\x08\x07".contains(byte);
    answer[..=last].iter().all(allowed)
}

/// Whether an answer begins as a record of TLS does: an alert or a handshake, of SSL 3.0 to TLS 1.3
/// (RFC 8446, 5.1).
fn is_tls(answer: &[u8]) -> bool {
    matches!(answer, [0x15 | 0x16, 0x03, 0..=4, ..])
}

/// A name that can be sent.
fn check_name(name: &[u8]) -> Result<Vec<u8>, FieldError> {
    let name = name.trim_ascii();
    if is_blank(name) {
        Err(FieldError::NameEmpty)
    } else if name.len() > MAX_NAME {
        Err(FieldError::NameTooLong)
    } else if name.contains(&b'&') {
        Err(FieldError::NameAmpersand)
    } else if name.iter().any(u8::is_ascii_control) {
        Err(FieldError::NameControl)
    } else {
        Ok(name.to_vec())
    }
}

impl Machine for Client {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let server = self.server;
        let waited = self.timeout.unwrap_or_default();
        match input {
            Input::Start => match self.given {
                Err(error) => self.fail(Event::BadField, Failure::BadField(error)),
                Ok(()) => self.proceed(now, out),
            },
            Input::Line(line) => {
                if let Err(error) = self.take_typed(line) {
                    out.notice(Notice::BadField(error));
                }
                self.proceed(now, out);
            }
            Input::InputEnd => self.fail(Event::InputEnd, Failure::NoInput),
            Input::Opened { link, .. } if self.state.go(Event::Opened) => {
                self.server = link.peer;
                self.answer.await_from(now);
                self.send(link, out);
            }
            Input::Bytes { bytes, .. } if self.state.go(Event::Bytes) => {
                if !self.answer.take(now, bytes) {
                    self.fail(Event::TooBig, Failure::ReplyTooBig(server));
                    out.show(self.answer.bytes());
                }
            }
            Input::End { .. } => self.judge(Event::Nothing, Failure::ClosedEarly(server), out),
            Input::Timer if self.state == State::Opening => {
                self.fail(Event::GaveUp, Failure::ConnectTimedOut(server, waited));
            }
            Input::Timer => self.judge(Event::GaveUp, Failure::NoReply(server, waited), out),
            Input::Fault { doing, fault, .. } => {
                let failure = client_failure(server, doing, fault.kind, waited)
                    .unwrap_or(Failure::of(server, doing, fault));
                // A server that resets after its answer has answered all the same.
                self.judge(Event::Fault, failure, out);
            }
            Input::Stop => {
                self.state.go(Event::Stop);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            State::Opening => Some(Deadline {
                at: self.opening_since.plus(self.timeout?),
                why: Why::Connect,
            }),
            State::Waiting => self.answer.deadline(self.timeout),
            _ => None,
        }
    }

    fn interest(&self) -> Interest {
        match self.state {
            State::Asking => Interest::LINE,
            State::Waiting => Interest::NETWORK,
            _ => Interest::NOTHING,
        }
    }

    fn state(&self) -> &'static str {
        self.state.name()
    }

    fn status(&self) -> Status {
        match self.state {
            State::Done => Status::Done,
            State::Stopped => Status::Stopped,
            State::Failed => Status::Failed(self.failure),
            _ => Status::Running,
        }
    }
}
