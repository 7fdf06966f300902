//! The observer that records transcripts.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;
use core::fmt::Write;
use core::net::SocketAddr;
use core::time::Duration;

use super::line::{Arrow, Line, mask};
use super::{Header, Role};
use crate::fault::{Failure, FieldError};
use crate::input::Input;
use crate::link::{Link, Socket};
use crate::machine::Status;
use crate::observer::Observer;
use crate::output::{Notice, Output};
use crate::time::{Deadline, Now};

/// How many peers get a name of their own. Further peers are called `others`, so that strangers
/// cannot fill the memory.
const NAMED: usize = 1000;

/// Writes the transcript of one machine, line by line, as things happen.
///
/// Write errors are ignored: a full disk must not end an exchange.
#[derive(Debug)]
pub struct Recorder<W> {
    to: W,
    role: Role,
    masked: bool,
    names: Vec<(SocketAddr, String)>,
}

impl<W: Write> Recorder<W> {
    /// A recorder that has written `header`.
    pub fn new(header: &Header, mut to: W) -> Self {
        let _ = write!(to, "{header}");
        Recorder {
            to,
            role: header.role,
            masked: header.masked,
            names: Vec::new(),
        }
    }

    /// Returns the writer.
    pub fn into_inner(self) -> W {
        self.to
    }

    fn write(&mut self, now: Now, arrow: Arrow, words: Vec<String>, payload: Option<&[u8]>) {
        let payload = payload.map(|bytes| {
            if self.masked {
                mask(bytes)
            } else {
                bytes.to_vec()
            }
        });
        let line = Line {
            at: Duration::from_nanos(now.mono.as_nanos()),
            arrow,
            words,
            payload,
        };
        let _ = writeln!(self.to, "{line}");
    }

    fn define(&mut self, now: Now, address: SocketAddr, name: String) -> String {
        if !self.names.iter().any(|(known, _)| *known == address) {
            let words = vec![name.clone(), "=".to_string(), address.to_string()];
            self.write(now, Arrow::Mark, words, None);
            self.names.push((address, name.clone()));
        }
        name
    }

    /// The name that stands for an address. It is assigned when the address first occurs.
    fn name(&mut self, now: Now, address: SocketAddr) -> String {
        if let Some((_, name)) = self.names.iter().find(|(known, _)| *known == address) {
            return name.clone();
        }
        if self.names.len() >= NAMED {
            return "others".to_string();
        }
        let peers = self
            .names
            .iter()
            .filter(|(_, name)| !name.starts_with("local"))
            .count();
        let name = match (self.role, peers) {
            (Role::Client, 0) => "server".to_string(),
            (Role::Client, _) => format!("peer{}", peers + 1),
            (Role::Server, _) => format!("client{}", peers + 1),
        };
        self.define(now, address, name)
    }

    /// The name of an address of our own: `local`, then `local2` and so on.
    fn local(&mut self, now: Now, address: SocketAddr) -> Option<String> {
        let locals = self
            .names
            .iter()
            .filter(|(_, name)| name.starts_with("local"));
        let name = match locals.count() {
            0 => "local".to_string(),
            n => format!("local{}", n + 1),
        };
        let known = self.names.iter().find(|(known, _)| *known == address);
        let name = known.map_or(name, |(_, name)| name.clone());
        let name = self.define(now, address, name);
        // The first of our addresses is not written: `local` is implied.
        (name != "local").then_some(name)
    }

    fn link(&mut self, now: Now, link: Link) -> String {
        let mut name = self.name(now, link.peer);
        if link.socket != Socket(0) {
            let _ = write!(name, "/s{}", link.socket.0);
        }
        if let Some(local) = link.local {
            let _ = write!(name, "@{local}");
        }
        name
    }

    fn notice(&mut self, now: Now, notice: Notice) -> Vec<String> {
        let mut words = vec!["notice".to_string(), notice.name().to_string()];
        match notice {
            Notice::Ready(address)
            | Notice::Connection(address)
            | Notice::ChatBegan(address)
            | Notice::Stranger(address)
            | Notice::NoListener(address) => words.push(self.name(now, address)),
            Notice::Retry { attempt, of } => words.push(format!("{attempt}/{of}")),
            Notice::ReplyTooLong { peer, bytes }
            | Notice::LineTooLong(peer, bytes)
            | Notice::Lost(peer, bytes) => {
                words.push(self.name(now, peer));
                words.push(bytes.to_string());
            }
            Notice::BadField(error) => words.push(field(error)),
            Notice::Fault(doing, fault) => {
                words.push(doing.name().to_string());
                words.push(fault.kind.name().to_string());
            }
            Notice::NextAddress { failed, fault } => {
                words.push(self.name(now, failed));
                words.push(fault.kind.name().to_string());
            }
            Notice::AcceptPaused(resource, fault) => {
                words.push(resource.name().to_string());
                words.push(fault.kind.name().to_string());
            }
            Notice::AcceptResumed
            | Notice::MoreStrangers
            | Notice::LateReply
            | Notice::VerdictUnknown => {}
        }
        words
    }
}

fn field(error: FieldError) -> String {
    match error {
        FieldError::Dni(inner) => format!("dni-{inner:?}").replace(' ', ""),
        FieldError::Code(inner) => format!("code-{inner:?}").replace(' ', ""),
        _ => error.name().to_string(),
    }
}

fn words<const N: usize>(words: [&str; N]) -> Vec<String> {
    words.iter().map(ToString::to_string).collect()
}

impl<W: Write + Send> Observer for Recorder<W> {
    fn input(&mut self, now: Now, input: &Input<'_>) {
        let (words, payload) = match *input {
            Input::Start => (words(["start"]), None),
            Input::Bound { socket, local } => {
                let local = self.local(now, local);
                let mut words = words(["bound", &format!("s{}", socket.0)]);
                words.extend(local);
                (words, None)
            }
            Input::Opened {
                link,
                local,
                exceeded,
            } => {
                let local = self.local(now, local);
                let mut words = words(["opened", &self.link(now, link)]);
                words.extend(local);
                words.extend(exceeded.map(|limit| limit.name().to_string()));
                (words, None)
            }
            Input::Datagram { link, bytes } => {
                (words(["datagram", &self.link(now, link)]), Some(bytes))
            }
            Input::Bytes { link, bytes } => (words(["bytes", &self.link(now, link)]), Some(bytes)),
            Input::End { link } => (words(["end", &self.link(now, link)]), None),
            Input::Finished { link } => (words(["finished", &self.link(now, link)]), None),
            Input::Fault {
                socket,
                doing,
                fault,
            } => {
                let (socket, code) = (format!("s{}", socket.0), fault.code.to_string());
                let words = words(["fault", &socket, doing.name(), fault.kind.name(), &code]);
                (words, None)
            }
            Input::Line(line) => (words(["line"]), Some(line)),
            Input::InputEnd => (words(["input-end"]), None),
            Input::Timer => (words(["timer"]), None),
            Input::Stored { id, decision } => {
                let mut words = words(["stored", &id.0.to_string()]);
                words.extend(decision.to_string().split(' ').map(ToString::to_string));
                (words, None)
            }
            Input::Stop => (words(["stop"]), None),
        };
        self.write(now, Arrow::In, words, payload);
    }

    fn output(&mut self, now: Now, output: &Output<'_>) {
        let (words, payload) = match *output {
            Output::Open {
                socket,
                transport,
                to,
            } => {
                let mut words = words(["open", &format!("s{}", socket.0), transport.name()]);
                words.extend(to.iter().map(|&to| self.name(now, to)));
                (words, None)
            }
            Output::Send { link, bytes } => (words(["send", &self.link(now, link)]), Some(bytes)),
            Output::Finish { link } => (words(["finish", &self.link(now, link)]), None),
            Output::Abort { link } => (words(["abort", &self.link(now, link)]), None),
            Output::NoDelay { link } => (words(["no-delay", &self.link(now, link)]), None),
            Output::Prompt(prompt) => (words(["prompt", prompt.name()]), None),
            Output::Show { bytes } => (words(["show"]), Some(bytes)),
            Output::Notice(notice) => (self.notice(now, notice), None),
            Output::Unexpected(unexpected) => {
                let words = words(["unexpected", unexpected.kind.name()]);
                (words, Some(unexpected.received))
            }
            Output::Store { id, attempt } => {
                let fields = [attempt.dni.as_str(), attempt.code.as_str()].map(|digits| {
                    if self.masked {
                        "*".repeat(digits.len())
                    } else {
                        digits.to_string()
                    }
                });
                let words = words(["store", &id.0.to_string(), &fields[0], &fields[1]]);
                (words, Some(&*attempt.name))
            }
        };
        self.write(now, Arrow::Out, words, payload);
    }

    fn state(&mut self, now: Now, state: &'static str) {
        self.write(now, Arrow::Mark, words(["state", state]), None);
    }

    fn deadline(&mut self, now: Now, deadline: Option<Deadline>) {
        let words = match deadline {
            None => words(["deadline", "none"]),
            Some(deadline) => {
                let left = deadline.at.since(now.mono);
                words(["deadline", deadline.why.name(), &format!("+{left:?}")])
            }
        };
        self.write(now, Arrow::Mark, words, None);
    }

    fn ended(&mut self, now: Now, status: Status) {
        let mut words = words(["ended", status.name()]);
        if let Status::Failed(failure) = status {
            words.push(match failure {
                Failure::BadField(error) => field(error),
                _ => failure.name().to_string(),
            });
        }
        self.write(now, Arrow::Mark, words, None);
    }
}
