//! What a comparison of I/O models measured, what it means, and how it is shown.
//!
//! This crate opens no socket and starts no process. Numbers come in as [`Results`], and go out as
//! a table, CSV, Markdown, HdrHistogram text or a report. So every conclusion can be drawn again
//! from a file, and tested on recorded data.

#![forbid(unsafe_code)]

pub mod conclusions;
pub mod csv;
pub mod diff;
pub mod estimate;
mod extra_tables;
pub mod format;
pub mod hgrm;
pub mod names;
pub mod ratio;
pub mod report;
pub mod results;
pub mod slices;
pub mod statistics;
pub mod summary;
pub mod survey;
pub mod table;
pub mod validity;
mod web_page;

pub use results::Results;
pub use summary::{Document, Summary};
