//! What is said in each exercise of the tour.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use socklab_core::lab::{EXERCISES, Exercise, Offer, Settings};
use socklab_core::otp::{Dni, Key, Step};
use socklab_core::policy::Ledger;
use socklab_core::register::{Attempt, Done, Register};

use crate::wording::Replies;
use crate::words::Words;

/// One exercise with what its two users type.
pub(super) struct Scene {
    pub(super) exercise: &'static Exercise,
    pub(super) client_lines: &'static [&'static str],
    pub(super) server_lines: &'static [&'static str],
    pub(super) settings: Settings,
}

impl Scene {
    /// An empty register for each run, if the exercise needs one.
    pub(super) fn register(&self) -> Option<Arc<dyn Register>> {
        let needed = self.exercise.offers.contains(&Offer::Register);
        needed.then(in_memory)
    }
}

/// The lab from its first exercise to its last.
pub(super) fn all(words: &Arc<Words>) -> Vec<Scene> {
    EXERCISES
        .iter()
        .map(|exercise| scene(exercise, words))
        .collect()
}

fn scene(exercise: &'static Exercise, words: &Arc<Words>) -> Scene {
    let (client_lines, server_lines): (&[&str], &[&str]) = match exercise.name {
        "echo" => (&["hola", "ñandú", "straße", "fin"], &[]),
        "chat" => (&["hola", "¿qué tal?", "fin"], &["buenas", "bien, ¿y tú?"]),
        "welcome" | "submit" => (&[], &[]),
        _ => (&["hola, Servidor"], &[]),
    };
    let mut settings = Settings {
        wording: Arc::new(Replies(Arc::clone(words))),
        ..Settings::default()
    };
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

/// Nobody's: the number that the lab's own examples use.
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

/// A register that forgets everything when it is dropped.
pub(crate) fn in_memory() -> Arc<dyn Register> {
    Arc::new(InMemory(Mutex::default()))
}

struct InMemory(Mutex<Ledger>);

impl Register for InMemory {
    fn store(&self, attempt: Attempt, done: Done) {
        let mut ledger = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let decision = ledger.judge(&attempt);
        drop(ledger);
        done(decision);
    }
}
