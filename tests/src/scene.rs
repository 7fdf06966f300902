//! The exchange of each exercise that every runtime must play, and its snapshots.

use socklab_core::lab::{Exercise, find};
use socklab_core::transcript::Role;

use crate::register::code_at;

/// One exchange: what the two users type. All else follows from the exercise.
#[derive(Clone, Copy, Debug)]
pub struct Scene {
    /// The exercise.
    pub name: &'static str,
    /// What the client's user types; `CODE` is the code that a phone shows at that moment.
    pub client: &'static [&'static str],
    /// What the server's user types.
    pub server: &'static [&'static str],
}

/// The DNI of the scenes; its codes are in the lab's own table.
pub const DNI: &str = "123456";

/// Every exercise, in the order of the course.
pub static SCENES: &[Scene] = &[
    Scene {
        name: "message",
        client: &["hola, ¿qué tal?"],
        server: &[],
    },
    Scene {
        name: "echo",
        client: &["ñandú", "straße", "fin"],
        server: &[],
    },
    Scene {
        name: "chat",
        client: &["hola", "bien, ¿y tú?", "fin"],
        server: &["¿qué tal?", "muy bien"],
    },
    Scene {
        name: "welcome",
        client: &[],
        server: &[],
    },
    Scene {
        name: "capitals",
        client: &["ñandú", "straße", "", "fin"],
        server: &[],
    },
    Scene {
        name: "submit",
        client: &["Ana Núñez", DNI, "CODE"],
        server: &[],
    },
];

/// The scene of an exercise.
///
/// # Panics
/// When it has none: a new exercise wants a line in [`SCENES`].
pub fn scene(exercise: &str) -> &'static Scene {
    let found = SCENES.iter().find(|scene| scene.name == exercise);
    found.unwrap_or_else(|| panic!("no scene for {exercise}"))
}

impl Scene {
    /// Its exercise.
    ///
    /// # Panics
    /// When the lab has no such exercise.
    pub fn exercise(&self) -> &'static Exercise {
        find(self.name).expect("an exercise of the lab")
    }

    /// What is typed at one end, at a Unix time in seconds.
    pub fn lines(&self, role: Role, unix_seconds: u64) -> Vec<String> {
        let lines = match role {
            Role::Client => self.client,
            Role::Server => self.server,
        };
        let typed = |line: &&str| match *line {
            "CODE" => code_at(DNI, unix_seconds).as_str().to_string(),
            line => line.to_string(),
        };
        lines.iter().map(typed).collect()
    }
}

/// Asserts that the canonical transcript of one end is the one on record: one snapshot per
/// exercise and role, whatever runtime played it, virtual or real.
///
/// # Panics
/// When it is not, with the difference.
pub fn assert_transcript(exercise: &str, role: Role, canonical: &str) {
    let name = format!("{exercise}-{}", role.name());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, canonical));
}
