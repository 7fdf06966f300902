//! Lines on standard output and standard error.

use std::io::{Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use socklab_text::{line_width, wrap};

use crate::outlet::{self, STDERR, StdStream};

/// Whether `--quiet` was given: only failures are printed.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on prints only failures.
pub(crate) fn only_failures() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether only failures are printed.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// How many columns the terminal has that standard output is; `None` if it is no terminal.
pub(crate) fn columns() -> Option<usize> {
    terminal_size::terminal_size_of(stdout()).map(|(width, _)| usize::from(width.0))
}

/// How many characters lines may have that have `usual` where standard output is no terminal.
pub(crate) fn fitted(usual: usize) -> usize {
    line_width(columns(), usual)
}

/// Breaks text after a head, if standard output is a terminal that would break it.
pub(crate) fn wrapped(head: &str, text: &str) -> String {
    match columns() {
        Some(columns) => wrap(head, text, columns),
        None => format!("{head}{text}"),
    }
}

/// Writes a line of payload on standard output, unless only failures are printed.
pub(crate) fn payload(text: &str) {
    if !is_quiet() {
        outlet::payload(format!("{text}\n").as_bytes());
    }
}

/// Writes payload of several lines, with their line ends, unless only failures are printed.
pub(crate) fn lines(text: &str) {
    if !is_quiet() {
        outlet::payload(text.as_bytes());
    }
}

/// Writes a line that is no failure on standard error, unless only failures are printed.
pub(crate) fn info(text: &str) {
    if !is_quiet() {
        line(text);
    }
}

/// Writes a line on standard error, in one piece. Once a server serves, this does not wait for the
/// reader.
pub(crate) fn line(text: &str) {
    STDERR.line(StdStream::Error, format!("{text}\n").into_bytes());
}

/// Writes a prompt on standard error.
pub(crate) fn prompt(text: &str) {
    let mut stderr = stderr().lock();
    let _ = write!(stderr, "{text}").and_then(|()| stderr.flush());
}
