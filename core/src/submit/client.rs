//! The student's end: asks for what is missing, sends it as one message, shows the answer.

use alloc::vec::Vec;
use core::net::SocketAddr;
use core::time::Duration;

use super::framing::MAX_NAME;
use super::name::is_blank;
use crate::exercise::Settings;
use crate::fault::{Doing, Failure, Fault, FaultKind, FieldError};
use crate::input::Input;
use crate::link::{Link, Socket, Transport};
use crate::machine::Machine;
use crate::otp::{Code, Dni};
use crate::outbox::Outbox;
use crate::output::{Notice, Prompt};
use crate::table::{TableState, from_table, table};
use crate::time::{Deadline, Mono, Now, Why};
use crate::welcome::Answer;

table! { State on Event {
    Ask, Ready, BadField, InputEnd, Opened, Bytes, TooBig, Accepted, Rejected, Unclear, NotText,
    ClosedEarly, GaveUp, Fault, Stop,
} ends in Done, Stopped, Failed;
    Idle {
        Ask      => Asking: "ask for the first field that is missing",
        Ready    => Opening: "connect",
        BadField => Failed: "",
        Stop     => Stopped: "",
    }
    Asking waits for Line {
        Ask      => Asking: "ask for the next field, or again for a bad one",
        Ready    => Opening: "connect",
        BadField => Failed: "",
        InputEnd => Failed: "",
        Stop     => Stopped: "",
    }
    Opening waits for Socket or Timer {
        Opened   => Waiting: "send name&dni&otp",
        GaveUp   => Failed: "",
        Fault    => Failed: "",
        Stop     => Stopped: "",
    }
    Waiting waits for Network or Timer {
        Bytes    => Waiting: "keep them",
        Accepted => Done: "show the answer; close",
        Unclear  => Done: "show the answer; say that the verdict cannot be told; close",
        Rejected => Failed: "show the answer",
        NotText  => Failed: "show the answer unless it is TLS",
        ClosedEarly => Failed: "",
        TooBig   => Failed: "show what came",
        GaveUp   => Failed: "",
        Fault    => Failed: "show what came",
        Stop     => Stopped: "",
    }
}

pub(super) const TABLE: &[TableState] = State::TABLE;

/// The failure if a server answers with a TLS record: plain text was sent to the TLS port.
pub const SPEAKS_TLS: Fault = Fault {
    kind: FaultKind::Protocol,
    code: 0,
};

/// The failure if an answer is neither text nor TLS.
pub const NOT_TEXT: Fault = Fault {
    kind: FaultKind::Other,
    code: 0,
};

/// Submits one attempt.
#[derive(Debug)]
pub struct Client {
    state: State,
    servers: Vec<SocketAddr>,
    /// The address that answered; until one has, the last one tried, for error messages.
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

    /// Takes the fields that were given in advance.
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

    /// The first missing field. The code comes last, so that it is fresh.
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

    /// The event after a field was given: ask for the next one, or go on.
    fn proceed(&self) -> Event {
        match self.missing() {
            Some(_) => Event::Ask,
            None => Event::Ready,
        }
    }

    fn send(&mut self, link: Link, out: &mut Outbox) {
        if let (Some(name), Some(dni), Some(code)) = (&self.name, &self.dni, &self.code) {
            out.send_with(&link, |to| {
                to.extend_from_slice(name);
                for field in [dni.as_str(), code.as_str()] {
                    to.push(b'&');
                    to.extend_from_slice(field.as_bytes());
                }
            });
        }
    }

    /// Classifies the end of an answer, whatever ended it.
    fn classify(&self, without_answer: Event) -> Event {
        let answer = self.answer.bytes();
        if answer.is_empty() {
            return without_answer;
        }
        match answer.split(u8::is_ascii_whitespace).next() {
            Some(b"OK") => Event::Accepted,
            Some(b"ERROR") => Event::Rejected,
            _ if is_text(answer) => Event::Unclear,
            _ => Event::NotText,
        }
    }
}

/// Whether an answer may be text, in any encoding: its only control characters are white space, and
/// those that control a terminal or end a C string.
fn is_text(answer: &[u8]) -> bool {
    let Some(last) = answer.iter().rposition(|&byte| byte != 0) else {
        return false;
    };
    let allowed =
        |byte: &u8| !byte.is_ascii_control() || b"\t\n\x0b\x0c\r\x1b\x08\x07".contains(byte);
    answer[..=last].iter().all(allowed)
}

/// Whether an answer begins like a TLS record: an alert or a handshake, of SSL 3.0 to TLS 1.3 (RFC
/// 8446, 5.1).
fn is_tls(answer: &[u8]) -> bool {
    matches!(answer, [0x15 | 0x16, 0x03, 0..=4, ..])
}

/// Checks that a name can be sent, and removes blanks around it.
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
    from_table!(state, failure);

    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        let opening = self.state == State::Opening;
        let event = match input {
            Input::Start if self.given.is_err() => Event::BadField,
            Input::Start => self.proceed(),
            Input::Line(line) => {
                if let Err(error) = self.take_typed(line) {
                    out.notice(Notice::BadField(error));
                }
                self.proceed()
            }
            Input::InputEnd => Event::InputEnd,
            Input::Opened { .. } => Event::Opened,
            Input::Bytes { bytes, .. } if self.answer.fits(bytes) => Event::Bytes,
            Input::Bytes { .. } => Event::TooBig,
            Input::End { .. } => self.classify(Event::ClosedEarly),
            Input::Timer => self.classify(Event::GaveUp),
            // A reset after the answer does not invalidate the answer.
            Input::Fault { .. } => self.classify(Event::Fault),
            Input::Stop => Event::Stop,
            _ => return,
        };
        if !self.state.go(event) {
            return;
        }
        let server = self.server;
        let waited = self.timeout.unwrap_or_default();
        let answer = self.answer.bytes();
        match (event, input) {
            (Event::Ask, _) => self
                .missing()
                .into_iter()
                .for_each(|field| out.prompt(field)),
            (Event::Ready, _) => {
                self.opening_since = now.mono;
                out.open(Socket(0), Transport::Stream, &self.servers);
            }
            (Event::BadField, _) => {
                if let Err(error) = self.given {
                    self.failure = Failure::BadField(error);
                }
            }
            (_, Input::Opened { link, .. }) => {
                self.server = link.peer;
                self.answer.await_from(now);
                self.send(link, out);
            }
            (_, Input::Bytes { bytes, .. }) => {
                self.answer.take(now, bytes);
                if event == Event::TooBig {
                    self.failure = Failure::ReplyTooBig(server);
                    out.show(self.answer.bytes());
                }
            }
            (Event::Accepted, _) => out.show(answer),
            (Event::Unclear, _) => {
                out.show(answer);
                out.notice(Notice::VerdictUnknown);
            }
            (Event::Rejected, _) => {
                out.show(answer);
                self.failure = Failure::Rejected(server);
            }
            (Event::NotText, _) if is_tls(answer) => {
                self.failure = Failure::Io(Doing::Receiving, SPEAKS_TLS);
            }
            (Event::NotText, _) => {
                out.show(answer);
                self.failure = Failure::Io(Doing::Receiving, NOT_TEXT);
            }
            (Event::ClosedEarly, _) => self.failure = Failure::ClosedEarly(server),
            (Event::GaveUp, _) => self.failure = Failure::gave_up(opening, server, waited),
            (_, Input::Fault { doing, fault, .. }) => {
                self.failure = Failure::of_stream(server, doing, fault, waited);
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        match self.state {
            State::Opening => Deadline::after(self.opening_since, self.timeout, Why::Connect),
            State::Waiting => self.answer.deadline(self.timeout),
            _ => None,
        }
    }
}
