//! What a program is given for the fields of a submission.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use socklab_core::otp::{Code, Dni, Key, Step, Window, steps_of};

use crate::order::Identity;
use crate::program::Start;

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
pub(crate) enum Field {
    Name,
    Dni,
    Code,
}

impl Given {
    pub(crate) fn use_dni(&mut self, dni: &[u8]) {
        self.dni = Some(String::from_utf8_lossy(dni).into_owned());
    }

    fn dni(&self, identity: &Identity) -> String {
        self.dni.clone().unwrap_or_else(|| identity.dni.clone())
    }

    fn value(&self, field: Field, identity: &Identity) -> String {
        match field {
            Field::Name => identity.name.clone(),
            Field::Dni => self.dni(identity),
            Field::Code => code(&self.dni(identity), now()),
        }
    }

    pub(crate) fn tell(&mut self, field: Field, identity: &Identity) -> String {
        let value = self.value(field, identity);
        let told = match field {
            Field::Name => &mut self.name,
            Field::Dni => &mut self.told_dni,
            Field::Code => &mut self.code,
        };
        *told = Some(value.clone());
        value
    }

    /// The command with `{host}`, `{port}`, `{name}`, `{dni}` and `{code}` filled in.
    pub(crate) fn filled(&mut self, start: &Start, identity: &Identity, port: u16) -> Start {
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
                    text = text.replace(place, &self.tell(field, identity));
                }
            }
            *word = OsString::from(text);
        }
        start
    }

    /// The same in what a scenario sends.
    pub(crate) fn text(&self, bytes: &[u8], identity: &Identity) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return bytes.to_vec();
        };
        let right = self.value(Field::Code, identity);
        let text = text
            .replace("{name}", &self.value(Field::Name, identity))
            .replace("{dni}", &self.value(Field::Dni, identity))
            .replace("{code}", &right)
            .replace("{wrong-code}", &wrong_code(&self.dni(identity), now()));
        text.into_bytes()
    }
}

pub(crate) fn now() -> u64 {
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

impl Given {
    /// The message, as far as the program was told its fields.
    pub(crate) fn message(&self, unix: u64) -> Option<Vec<u8>> {
        let (name, dni) = (self.name.as_ref()?, self.told_dni.as_ref()?);
        let code = self.code.clone().unwrap_or_else(|| code(dni, unix));
        Some(format!("{name}&{dni}&{code}").into_bytes())
    }

    /// Whether a code is right for a DNI around now.
    pub(crate) fn is_right(dni: &Dni, given: &Code, unix: u64) -> bool {
        let key = Key::from_dni(dni);
        let around = Window {
            behind: 1,
            ahead: 1,
        };
        !steps_of(&key, given, unix, around).is_empty()
    }
}
