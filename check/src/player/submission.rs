//! A client of `submit`: what it is given when it asks, and whether its message is right.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use socklab_core::otp::{Code, Dni, Key, Step};

use super::{Player, Setup, Stop, Waited};
use crate::codes::Symptom;
use crate::diagnose;
use crate::program::{Patience, Start};
use crate::report::{Act, Reason};

/// What the program has been given for its fields.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The scenario's own DNI.
    dni: Option<String>,
    /// What it was told, by its command line or when it asked.
    pub(crate) name: Option<String>,
    pub(crate) told_dni: Option<String>,
    pub(crate) code: Option<String>,
    /// The port that its command line was given.
    pub(crate) port: String,
}

/// The fields, in the order in which a program that says no more is given them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Field {
    Name,
    Dni,
    Code,
}

impl Given {
    pub(super) fn use_dni(&mut self, dni: &[u8]) {
        self.dni = Some(String::from_utf8_lossy(dni).into_owned());
    }

    fn dni(&self, setup: &Setup<'_>) -> String {
        self.dni
            .clone()
            .unwrap_or_else(|| setup.identity.dni.clone())
    }

    fn value(&self, field: Field, setup: &Setup<'_>) -> String {
        match field {
            Field::Name => setup.identity.name.clone(),
            Field::Dni => self.dni(setup),
            Field::Code => code(&self.dni(setup), now()),
        }
    }

    fn tell(&mut self, field: Field, setup: &Setup<'_>) -> String {
        let value = self.value(field, setup);
        let told = match field {
            Field::Name => &mut self.name,
            Field::Dni => &mut self.told_dni,
            Field::Code => &mut self.code,
        };
        *told = Some(value.clone());
        value
    }

    /// The command with `{host}`, `{port}`, `{name}`, `{dni}` and `{code}` filled in.
    pub(super) fn filled(&mut self, start: &Start, setup: &Setup<'_>, port: u16) -> Start {
        let mut start = start.clone();
        for word in &mut start.words {
            let Some(text) = word.to_str().filter(|text| text.contains('{')) else {
                continue;
            };
            if text.contains("{port}") {
                self.port = port.to_string();
            }
            let mut text = text
                .replace("{host}", "127.0.0.1")
                .replace("{port}", &port.to_string());
            for (place, field) in [
                ("{name}", Field::Name),
                ("{dni}", Field::Dni),
                ("{code}", Field::Code),
            ] {
                if text.contains(place) {
                    text = text.replace(place, &self.tell(field, setup));
                }
            }
            *word = OsString::from(text);
        }
        start
    }

    /// The same in what a scenario sends.
    pub(super) fn text(&self, bytes: &[u8], setup: &Setup<'_>) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return bytes.to_vec();
        };
        if !setup.exercise.secret || !text.contains('{') {
            return bytes.to_vec();
        }
        let right = self.value(Field::Code, setup);
        let text = text
            .replace("{name}", &self.value(Field::Name, setup))
            .replace("{dni}", &self.value(Field::Dni, setup))
            .replace("{code}", &right)
            .replace("{wrong-code}", &wrong_code(&self.dni(setup), now()));
        text.into_bytes()
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn code(dni: &str, unix: u64) -> String {
    let key = Dni::parse(dni).map_or(Key::from_bytes(dni.as_bytes()), |dni| Key::from_dni(&dni));
    key.code(Step::at(unix)).as_str().to_owned()
}

/// A code of none of the steps around now.
fn wrong_code(dni: &str, unix: u64) -> String {
    let around: Vec<String> = (0..=240)
        .step_by(30)
        .map(|ago| code(dni, unix + 120 - ago))
        .collect();
    let mut tries = [
        "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888", "999999",
        "123123",
    ]
    .into_iter();
    let free = tries.find(|one| !around.iter().any(|right| right == one));
    free.unwrap_or("000001").to_owned()
}

/// What a question asks for.
fn asked(question: &str) -> Option<Field> {
    let question = question.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| question.contains(word));
    if has(&["otp", "código", "codigo", "code", "clave", "token"]) {
        Some(Field::Code)
    } else if has(&["dni", "nif"]) {
        Some(Field::Dni)
    } else if has(&["nombre", "name", "alumno", "apellido"]) {
        Some(Field::Name)
    } else {
        None
    }
}

impl Player<'_> {
    /// Gives the program what it asks for until its message is there, and judges it.
    pub(super) fn submission(&mut self) -> Result<(), Stop> {
        if self.program.is_none() {
            return Err(Stop::NotChecked(Reason::RunsElsewhere));
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
            let waited = self.wait_until(&mut asks, Patience::is_quiet);
            let there = self
                .wire
                .stream("a")
                .is_some_and(|stream| !stream.rest().is_empty());
            if !there && !matches!(waited, Waited::Exited) && self.answer_field()? {
                continue;
            }
            break;
        }
        if !connected {
            return Err(self.not_asked());
        }
        self.theirs(Act::Connects, true);
        let come = self.wait(|player| player.message_ended().then_some(()));
        let bytes = self
            .wire
            .stream("a")
            .map(|stream| stream.rest().to_vec())
            .unwrap_or_default();
        if bytes.is_empty() {
            return Err(match come {
                Waited::Over => self.silent("a", b""),
                _ => self.gone(b""),
            });
        }
        if let Some(stream) = self.wire.stream("a") {
            stream.taken = stream.received.len();
        }
        self.judge(bytes)
    }

    /// Whether a whole message is there, or no more can come.
    fn message_ended(&mut self) -> bool {
        let Some(stream) = self.wire.stream("a") else {
            return false;
        };
        let mut framing = socklab_core::submit::Framing::default();
        stream.ended || framing.take(stream.rest()).is_some()
    }

    /// Types what the program asks for; whether it asked for something.
    fn answer_field(&mut self) -> Result<bool, Stop> {
        if self.answer_where() {
            return Ok(true);
        }
        let question = match self.question() {
            Some(question) => question,
            None if self.reports() || self.setup.start.is_none_or(has_places) => return Ok(false),
            // A program that does not report may wait for a line: it is given what it lacks.
            None => String::new(),
        };
        let order = [Field::Name, Field::Dni, Field::Code];
        let lacks = |field: &Field| match field {
            Field::Name => self.given.name.is_none(),
            Field::Dni => self.given.told_dni.is_none(),
            Field::Code => self.given.code.is_none(),
        };
        let next = asked(&question).or_else(|| order.into_iter().find(lacks));
        let Some(field) = next.filter(|_| self.typed.len() < 8) else {
            return if question.is_empty() {
                Ok(false)
            } else {
                Err(Stop::NotChecked(Reason::Asks(question)))
            };
        };
        let value = self.given.tell(field, self.setup);
        self.typed.push(value.clone().into_bytes());
        self.ours(Act::WeType(value.clone().into_bytes()));
        self.type_and_wait(value.as_bytes());
        Ok(true)
    }

    fn judge(&mut self, bytes: Vec<u8>) -> Result<(), Stop> {
        let unix = now();
        let source = self.setup.start.and_then(Start::script);
        let source = source
            .and_then(|path| std::fs::read(path).ok())
            .unwrap_or_default();
        let judged = diagnose::submission(&bytes, &self.given, unix, &source);
        let right = judged.is_none();
        self.theirs(Act::Sends(bytes.clone()), right);
        self.heard.push(bytes.clone());
        let Some(cause) = judged else {
            return Ok(());
        };
        let expected = self.given.message(unix);
        Err(self.fail_with(Symptom::WrongReply, cause, expected, Some(bytes)))
    }
}

impl Given {
    /// The message, as far as the program was told its fields.
    fn message(&self, unix: u64) -> Option<Vec<u8>> {
        let (name, dni) = (self.name.as_ref()?, self.told_dni.as_ref()?);
        let code = self.code.clone().unwrap_or_else(|| code(dni, unix));
        Some(format!("{name}&{dni}&{code}").into_bytes())
    }

    /// Whether a code is right for a DNI around now.
    pub(crate) fn is_right(dni: &Dni, given: &Code, unix: u64) -> bool {
        let key = Key::from_dni(dni);
        let around = socklab_core::otp::Window {
            behind: 1,
            ahead: 1,
        };
        !socklab_core::otp::steps_of(&key, given, unix, around).is_empty()
    }
}

fn has_places(start: &Start) -> bool {
    let has = |word: &OsString| word.to_string_lossy().contains("{name}");
    start.words.iter().any(has)
}
