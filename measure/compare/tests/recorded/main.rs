//! What is concluded from a recorded comparison, and how it is shown.

mod diff;
mod made;
#[path = "../common/messages.rs"]
mod messages;
mod outputs;
mod schema;
mod summary;

use socklab_compare::Document;

/// The recorded file.
fn recorded() -> Document {
    let text = include_str!("../data/echo.json");
    serde_json::from_str(text).expect("a document of this schema")
}

/// Writes the recorded file anew: `cargo test -p socklab-compare --test recorded -- --ignored
/// write`.
#[test]
#[ignore = "writes a file of the sources"]
fn write() {
    let document = Document::new(made::results(&made::MODELS, 42));
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/echo.json");
    let text = serde_json::to_string(&document).expect("JSON");
    std::fs::write(path, text + "\n").expect("a file");
}
