//! What is said in each exercise when it is played to be watched.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use socklab_core::lab::{EXERCISES, Exercise, Offer, Settings};
use socklab_core::otp::{Dni, Key, Step};
use socklab_core::policy::Ledger;
use socklab_core::register::{Attempt, Decision, Done, Register};

/// One exercise with what its two users type.
pub struct Scene {
    /// The exercise.
    pub exercise: &'static Exercise,
    pub(crate) client_lines: &'static [&'static str],
    pub(crate) server_lines: &'static [&'static str],
    /// What both ends are given.
    pub settings: Settings,
}

impl Scene {
    /// An empty register for each run, if the exercise needs one.
    pub(crate) fn register(&self) -> Option<Arc<dyn Register>> {
        let needed = self.exercise.offers.contains(&Offer::Register);
        needed.then(|| Arc::new(InMemory::default()) as _)
    }
}

/// The lab from its first exercise to its last.
pub fn all() -> impl Iterator<Item = Scene> {
    EXERCISES.iter().map(|exercise| scene(exercise))
}

/// One exercise, with what is said in it.
pub fn scene(exercise: &'static Exercise) -> Scene {
    let (client_lines, server_lines): (&[&str], &[&str]) = match exercise.name {
        "echo" | "capitals" => (&["hola", "ñandú", "straße", "fin"], &[]),
        "chat" => (&["hola", "¿qué tal?", "fin"], &["buenas", "bien, ¿y tú?"]),
        "welcome" | "submit" => (&[], &[]),
        _ => (&["hola, Servidor"], &[]),
    };
    let mut settings = Settings::default();
    if exercise.offers.contains(&Offer::Submission) {
        settings.name = Some("Ana García".into());
        settings.dni = Some(DNI.to_owned());
        settings.code = Some(code_now(DNI));
    }
    Scene {
        exercise,
        client_lines,
        server_lines,
        settings,
    }
}

/// The number that the lab's own examples use. It belongs to no student.
pub(crate) const DNI: &str = "12345678";

/// The code that the phone of this DNI's student would show now.
pub(crate) fn code_now(dni: &str) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let step = Step::at(now.unwrap_or_default().as_secs());
    match Dni::parse(dni) {
        Ok(dni) => Key::from_dni(&dni).code(step).as_str().to_owned(),
        Err(_) => String::new(),
    }
}

/// A register that is kept in memory only.
#[derive(Default)]
pub(crate) struct InMemory(Mutex<Ledger>);

impl InMemory {
    /// Decides an attempt, and remembers it.
    pub(crate) fn judge(&self, attempt: &Attempt) -> Decision {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ledger.judge(attempt)
    }
}

impl Register for InMemory {
    fn store(&self, attempt: Attempt, done: Done) {
        done(self.judge(&attempt));
    }
}
