//! One self-contained page with all that a comparison says: for a lecturer who projects it, prints
//! it or hands it on.
//!
//! It needs no network and no script: charts are drawings in the page, whose colours the page's
//! style chooses for light, dark and print. The script adds a choice of the load, a choice of the
//! theme, larger tips and a button that saves the data.

mod bars;
mod chart;
mod costs;
mod figure;
mod headline;
mod idle;
mod latency;
mod lines;
pub(crate) mod locale;
mod measured;
mod open;
mod operations;
mod page;
mod scale;
mod sheet;
mod throughput;
mod trials;

use crate::summary::Document;
use sheet::Sheet;
use socklab_text::Messages;

/// What a report shows besides the measurements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Appendix<'a> {
    /// The command line that measures it again.
    pub command: &'a str,
    /// The timelines.
    pub pictures: &'a [Picture],
    /// The machine of the exercise and the drivers, in the order in which they are shown.
    pub sources: &'a [Source],
}

/// A timeline of one model.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Which model.
    pub model: String,
    /// An `<svg>` element, whose classes begin with `tl-`. It goes into the page as it is, so what
    /// peers said must be escaped in it.
    pub svg: String,
}

/// A source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// What it is.
    pub title: String,
    /// Where it is in the repository.
    pub path: String,
    /// What is in it.
    pub text: String,
    /// What stands in the line at which the program waits. It is shown where it is.
    pub wait: Option<String>,
}

/// The page, in the language of the messages (their `report-lang` is its tag).
///
/// Models, reasons and all that came from elsewhere are escaped. Cells that must not be believed
/// are named with their reasons and have no marks in any chart.
pub fn html(document: &Document, appendix: &Appendix<'_>, messages: &dyn Messages) -> String {
    page::page(document, appendix, &Sheet::new(document, messages))
}
