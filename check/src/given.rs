//! The values that a program is given for a submission's fields.

use std::ffi::OsString;
use std::time::{SystemTime, UNIX_EPOCH};

use socklab_core::otp::{Code, Dni, Key, TimeStep, Window, steps_of};

use crate::plan::Submitter;
use crate::program::Start;

/// The values that a program was given for its fields.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The DNI that the scenario chooses.
    scenario_dni: Option<String>,
    /// The DNI that the program contains.
    program_dni: Option<String>,
    /// Whether the last code given was an old one.
    old: bool,
    /// Whether a right code given began with a zero, as one in ten does.
    zero_first: bool,
    /// The time step of the last right code.
    step: Option<TimeStep>,
    /// The values that the program was given, on its command line or when it asked.
    pub(crate) name: Option<String>,
    pub(crate) given_dni: Option<String>,
    pub(crate) code: Option<String>,
    /// The port that its command line was given.
    pub(crate) port: String,
}

/// The fields, in the order in which a program that does not name them is given them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Name,
    Dni,
    Code,
    /// The labels of a provisioning URI.
    Account,
    Issuer,
}

impl Given {
    pub(crate) fn use_dni(&mut self, dni: &[u8]) {
        let dni = String::from_utf8_lossy(dni).into_owned();
        self.scenario_dni = Some(match dni.as_str() {
            "{new}" => new_dni(),
            "{zero-code}" => dni_of_code(|code| code.starts_with('0')),
            "{other-code}" => dni_of_code(|code| !code.starts_with('0')),
            _ => dni,
        });
    }

    /// Notes that the program contains a DNI.
    pub(crate) fn note_program_dni(&mut self, dni: &Dni) {
        self.program_dni = Some(dni.as_str().to_owned());
    }

    /// Whether the program may show a real person's DNI. One that the check made up is nobody's.
    pub(crate) fn is_personal(&self, submitter: &Submitter) -> bool {
        self.program_dni.is_some()
            || (self.scenario_dni.is_none() && *submitter != Submitter::default())
    }

    /// Whether the code that was given last is an old one.
    pub(crate) fn is_old(&self) -> bool {
        self.old
    }

    /// Whether a right code that was given began with a zero.
    pub(crate) fn had_zero_first(&self) -> bool {
        self.zero_first
    }

    /// Whether the code that was given has expired meanwhile.
    pub(crate) fn has_expired(&self) -> bool {
        self.step.is_some_and(|step| step != TimeStep::at(now()))
    }

    pub(crate) fn dni(&self, submitter: &Submitter) -> String {
        let own = self.program_dni.as_ref().or(self.scenario_dni.as_ref());
        own.unwrap_or(&submitter.dni).clone()
    }

    fn value(&mut self, field: Field, submitter: &Submitter) -> String {
        match field {
            Field::Name => submitter.name.clone(),
            Field::Dni => self.dni(submitter),
            Field::Code => {
                let (unix, step) = fresh();
                self.step = Some(step);
                let code = code(&self.dni(submitter), unix);
                self.zero_first |= code.starts_with('0');
                code
            }
            Field::Account => "mi_usuario".to_owned(),
            Field::Issuer => "Mi App".to_owned(),
        }
    }

    pub(crate) fn give(&mut self, field: Field, submitter: &Submitter) -> String {
        let value = self.value(field, submitter);
        let told = match field {
            Field::Name => &mut self.name,
            Field::Dni => &mut self.given_dni,
            Field::Code => &mut self.code,
            Field::Account | Field::Issuer => return value,
        };
        *told = Some(value.clone());
        value
    }

    /// The command with `{host}`, `{port}`, `{name}`, `{dni}` and `{code}` filled in.
    pub(crate) fn filled(&mut self, start: &Start, submitter: &Submitter, port: u16) -> Start {
        let mut start = start.clone();
        for word in &mut start.command {
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
                    text = text.replace(place, &self.give(field, submitter));
                }
            }
            *word = OsString::from(text);
        }
        start
    }

    /// Fills in the same placeholders in a scenario's bytes.
    pub(crate) fn text(&mut self, bytes: &[u8], submitter: &Submitter) -> Vec<u8> {
        let Ok(text) = std::str::from_utf8(bytes) else {
            return bytes.to_vec();
        };
        let dni = self.dni(submitter);
        if text.contains("code}") {
            self.old = text.contains("{old-code}");
        }
        let mut text = text
            .replace("{name}", &self.value(Field::Name, submitter))
            .replace("{dni}", &dni)
            .replace("{wrong-code}", &wrong_code(&dni, now()))
            .replace("{old-code}", &code(&dni, now().saturating_sub(OLD)));
        if text.contains("{code}") {
            text = text.replace("{code}", &self.value(Field::Code, submitter));
        }
        text.into_bytes()
    }
}

/// How old an old code is, in seconds: far more than any server should accept.
const OLD: u64 = 3_600;

/// How long a code must still be valid when it is given, in seconds.
const LEFT: u64 = 3;

/// The time and its step. If the step is about to end, waits for the next one, as a person would.
fn fresh() -> (u64, TimeStep) {
    loop {
        let unix = now();
        if TimeStep::remaining(unix) >= LEFT {
            return (unix, TimeStep::at(unix));
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

/// A random DNI, which most likely no register has seen.
fn new_dni() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = since.map_or(0, |since| since.as_micros());
    format!("{:08}", micros % 100_000_000)
}

/// A DNI whose code satisfies `is` in the present step and in the next, because the program may ask
/// for the code only then.
fn dni_of_code(is: impl Fn(&str) -> bool) -> String {
    let unix = now();
    let next = unix + TimeStep::remaining(unix);
    let mut all = (12_345_678..).map(|number| number.to_string());
    all.find(|dni| is(&code(dni, unix)) && is(&code(dni, next)))
        .unwrap_or_default()
}

pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| since.as_secs())
}

fn code(dni: &str, unix: u64) -> String {
    let key = Dni::parse(dni).map_or(Key::from_bytes(dni.as_bytes()), |dni| Key::from_dni(&dni));
    key.code(TimeStep::at(unix)).as_str().to_owned()
}

/// A code that is wrong for all steps around now.
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
    /// The message, if the program was given all its fields.
    pub(crate) fn message(&self, unix: u64) -> Option<Vec<u8>> {
        let (name, dni) = (self.name.as_ref()?, self.given_dni.as_ref()?);
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
