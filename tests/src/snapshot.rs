//! The recorded transcripts.

use socklab_core::lab::{Exercise, find};
use socklab_core::transcript::Role;

/// The DNI of the first student of a scene; its codes are in the lab's own table.
pub const DNI: &str = socklab_core::scene::DNIS[0];

/// The exercise of that name.
///
/// # Panics
/// When there is none.
pub fn exercise(name: &str) -> &'static Exercise {
    find(name).unwrap_or_else(|| panic!("no exercise {name}"))
}

/// Asserts that the canonical transcript of one end equals the recorded one. There is one snapshot
/// for each exercise and role, whichever runtime plays it, virtual or real.
///
/// # Panics
/// When they differ. The message has the difference.
pub fn assert_transcript(exercise: &str, role: Role, canonical: &str) {
    let name = format!("{exercise}-{}", role.name());
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, canonical));
}
