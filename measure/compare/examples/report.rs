//! Writes the report of a results file, or of a sample: `cargo run -p socklab-compare --example report -- es out.html [results.json]`

#[path = "../tests/report/sample.rs"]
mod sample;
#[path = "../tests/report/texts.rs"]
mod texts;

use std::error::Error;
use std::{env, fs};

use socklab_compare::Document;
use socklab_compare::report::{Beside, html};
use texts::{Fluent, Language};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (language, to) = (arguments.next(), arguments.next());
    let language = match language.as_deref() {
        Some("es") => Language::Es,
        Some("en") => Language::En,
        _ => return Err("usage: report es|en OUT.html [RESULTS.json]".into()),
    };
    let to = to.ok_or("no file to write")?;
    let document: Document = match arguments.next() {
        Some(from) => serde_json::from_str(&fs::read_to_string(from)?)?,
        None => Document::new(sample::results()),
    };
    let (pictures, sources) = (sample::pictures(), sample::sources());
    let beside = Beside {
        command: sample::COMMAND,
        pictures: &pictures,
        sources: &sources,
    };
    fs::write(&to, html(&document, &beside, &Fluent::new(language)))?;
    println!("{to}");
    Ok(())
}
