//! A client of `submit`: answers its questions, and checks its message.

use std::ffi::OsString;

use super::{EarlyEnd, Player, Waited};
use crate::codes::Symptom;
use crate::diagnose;
use crate::given::{Field, now};
use crate::program::{IdleTimer, Start};
use crate::report::{Act, Reason};

/// The field that a question asks for.
pub(super) fn asked(question: &str) -> Option<Field> {
    let question = question.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| question.contains(word));
    if has(&["código", "codigo", "code", "token"]) {
        Some(Field::Code)
    } else if has(&["dni", "nif"]) {
        Some(Field::Dni)
    } else if has(&["otp", "clave"]) {
        Some(Field::Code)
    } else if has(&["usuario", "user", "cuenta", "account", "correo", "mail"]) {
        Some(Field::Account)
    } else if has(&["emisor", "issuer", "aplicación", "aplicacion", "app"]) {
        Some(Field::Issuer)
    } else if has(&["nombre", "name", "alumno", "apellido"]) {
        Some(Field::Name)
    } else {
        None
    }
}

impl Player<'_> {
    /// Answers the program's questions until its message has come, and judges the message.
    pub(super) fn submission(&mut self) -> Result<(), EarlyEnd> {
        if self.program.is_none() {
            return Err(EarlyEnd::NotChecked(Reason::RunsElsewhere));
        }
        let mut connected = false;
        loop {
            let mut asks = |player: &mut Self| {
                connected |= player.wire.accept("a").unwrap_or(false);
                if player.message_ended() || player.question().is_some() {
                    return Some(());
                }
                None
            };
            let waited = self.wait_until(&mut asks, IdleTimer::is_quiet);
            let stream = self.wire.stream("a");
            let there = stream.is_some_and(|stream| !stream.rest().is_empty());
            if !there && !matches!(waited, Waited::Exited) && self.answer_field()? {
                continue;
            }
            break;
        }
        if connected {
            self.program_step(Act::Connects, true);
        } else {
            // It asks nothing. It may still be about to connect.
            self.connection()?;
        }
        let come = self.wait(|player| player.message_ended().then_some(()));
        let stream = self
            .wire
            .stream("a")
            .filter(|stream| !stream.rest().is_empty());
        if let Some(stream) = stream {
            let bytes = stream.rest().to_vec();
            stream.taken = stream.received.len();
            return self.judge(bytes);
        }
        Err(match come {
            Waited::Over => self.no_reply("a", b""),
            _ => self.ends_early(b""),
        })
    }

    /// Whether the whole message has come, or no more can come.
    fn message_ended(&mut self) -> bool {
        let Some(stream) = self.wire.stream("a") else {
            return false;
        };
        let mut reader = socklab_core::submit::MessageReader::default();
        stream.ended || reader.take(stream.rest()).is_some()
    }

    /// Types the answer if the program asks a question. Returns whether it did.
    fn answer_field(&mut self) -> Result<bool, EarlyEnd> {
        if self.answer_where() {
            return Ok(true);
        }
        let question = match self.question() {
            Some(question) => question,
            None if self.reports() || self.setup.start.is_none_or(has_places) => return Ok(false),
            // A program that does not report its calls may wait for a line: type the next missing
            // field.
            None => String::new(),
        };
        let order = [Field::Name, Field::Dni, Field::Code];
        let lacks = |field: &Field| match field {
            Field::Name => self.given.name.is_none(),
            Field::Dni => self.given.given_dni.is_none(),
            Field::Code => self.given.code.is_none(),
            Field::Account | Field::Issuer => false,
        };
        let next = asked(&question).or_else(|| order.into_iter().find(lacks));
        let Some(field) = next.filter(|_| self.typed.len() < 8) else {
            return match question.is_empty() {
                true => Ok(false),
                false => Err(EarlyEnd::NotChecked(Reason::Asks(question))),
            };
        };
        let value = self.given.give(field, self.setup.submitter);
        self.typed.push(value.clone().into_bytes());
        self.our_step(Act::WeType(value.clone().into_bytes()));
        self.type_and_wait(value.as_bytes());
        Ok(true)
    }

    fn judge(&mut self, bytes: Vec<u8>) -> Result<(), EarlyEnd> {
        let unix = now();
        let source = self.source().unwrap_or_default();
        let judged = diagnose::submission(&bytes, &self.given, unix, &source);
        self.program_step(Act::Sends(bytes.clone()), judged.is_ok());
        self.heard.push(bytes.clone());
        let Err(cause) = judged else {
            return Ok(());
        };
        let expected = self.given.message(unix);
        Err(self.fail_with(Symptom::WrongReply, cause, expected, Some(bytes)))
    }
}

fn has_places(start: &Start) -> bool {
    let has = |word: &OsString| word.to_string_lossy().contains("{name}");
    start.command.iter().any(has)
}
