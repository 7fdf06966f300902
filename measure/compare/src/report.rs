//! The report: one self-contained page with all results of a comparison, for a lecturer who
//! projects it, prints it or hands it on.
//!
//! It needs no network and no script: charts are drawings in the page, whose colours the page's
//! style chooses for light, dark and print. The script adds a choice of the load, a choice of the
//! theme, larger tips and a button that saves the data.

mod bars;
mod chart;
mod costs;
mod data;
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
mod throughput;
mod trials;

use crate::summary::Document;
use data::ReportData;
use socklab_text::Messages;

/// What a report shows besides the measurements.
#[derive(Clone, Copy, Debug, Default)]
pub struct Appendix<'a> {
    /// The command line that repeats the measurement.
    pub command: &'a str,
    /// The timelines.
    pub pictures: &'a [Picture],
    /// The machine of the exercise and the drivers, in the order in which they are shown.
    pub sources: &'a [Source],
}

/// A timeline of one model.
#[derive(Clone, Debug)]
pub struct Picture {
    /// The model.
    pub model: String,
    /// An `<svg>` element, whose classes begin with `tl-`. It is inserted unchanged, so text from
    /// peers must already be escaped.
    pub svg: String,
}

/// A source file.
#[derive(Clone, Debug)]
pub struct Source {
    /// The title of the file.
    pub title: String,
    /// The path in the repository.
    pub path: String,
    /// The content of the file.
    pub text: String,
    /// A part of the line at which the program waits; the page highlights that line.
    pub wait: Option<String>,
}

/// The page, in the language of the messages (their `report-lang` is its tag).
///
/// Models, reasons and all text from other programs are escaped. Invalid cells are named with their
/// reasons, and have no marks in any chart.
pub fn html(document: &Document, appendix: &Appendix<'_>, messages: &dyn Messages) -> String {
    page::page(document, appendix, &ReportData::new(document, messages))
}
