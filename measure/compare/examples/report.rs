//! Writes the report of a results file, or of a sample: `cargo run -p socklab-compare --example
//! report -- es out.html [results.json]`

#[path = "../tests/common/messages.rs"]
mod messages;
#[path = "../tests/report/sample.rs"]
mod sample;

use std::error::Error;
use std::{env, fs};

use messages::messages;
use socklab_compare::Document;
use socklab_compare::report::{Appendix, html};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let (language, to) = (arguments.next(), arguments.next());
    let (Some(language @ ("es" | "en")), Some(to)) = (language.as_deref(), to) else {
        return Err("usage: report es|en OUT.html [RESULTS.json]".into());
    };
    let document: Document = match arguments.next() {
        Some(from) => serde_json::from_str(&fs::read_to_string(from)?)?,
        None => Document::new(sample::results()),
    };
    let (pictures, sources) = (sample::pictures(), sample::sources());
    let appendix = Appendix {
        command: sample::COMMAND,
        pictures: &pictures,
        sources: &sources,
    };
    fs::write(&to, html(&document, &appendix, &messages(language)))?;
    println!("{to}");
    Ok(())
}
