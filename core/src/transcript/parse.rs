//! Parses transcripts.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

use super::line::{Arrow, Line, parse_payload};
use super::{Header, Role, Transcript};

/// Why a text is not a transcript.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What was expected there.
    pub expected: Expected,
}

/// What a line of a transcript should have been.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// `socklab transcript 1`.
    Title,
    /// `exercise`, `role`, `runtime`, `epoch` or `masked digits`, each once.
    Header,
    /// A time, an arrow, a word.
    Event,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let expected = match self.expected {
            Expected::Title => "\"socklab transcript 1\"",
            Expected::Header => "exercise, role, runtime, epoch, or an empty line",
            Expected::Event => "an event such as: 0.000000000 -> start",
        };
        write!(f, "line {}: expected {expected}", self.line)
    }
}

impl core::error::Error for ParseError {}

/// Parses the transcripts of a file: one, or one for each connection of a server.
///
/// # Errors
/// Names the first line that breaks the format.
pub fn parse(text: &str) -> Result<Vec<Transcript>, ParseError> {
    let mut lines = text.lines().enumerate().peekable();
    let mut transcripts = Vec::new();
    while let Some((number, title)) = lines.next() {
        let error = |number: usize, expected| ParseError {
            line: number + 1,
            expected,
        };
        if title.is_empty() {
            continue;
        }
        if title != "socklab transcript 1" {
            return Err(error(number, Expected::Title));
        }
        let mut fields = Fields::default();
        for (number, text) in lines.by_ref() {
            if text.is_empty() {
                break;
            }
            fields
                .take(text)
                .ok_or_else(|| error(number, Expected::Header))?;
        }
        let header = fields
            .header()
            .ok_or_else(|| error(number, Expected::Header))?;
        let mut events = Vec::new();
        while let Some((number, text)) = lines.next_if(|(_, text)| !text.is_empty()) {
            events.push(parse_line(text).ok_or_else(|| error(number, Expected::Event))?);
        }
        transcripts.push(Transcript {
            header,
            lines: events,
        });
    }
    Ok(transcripts)
}

#[derive(Default)]
struct Fields {
    exercise: Option<String>,
    role: Option<Role>,
    runtime: Option<String>,
    epoch: Option<Duration>,
    masked: bool,
}

impl Fields {
    fn take(&mut self, text: &str) -> Option<()> {
        let (key, value) = text.split_once(' ')?;
        let fresh = match key {
            "exercise" => self.exercise.replace(value.to_string()).is_none(),
            "runtime" => self.runtime.replace(value.to_string()).is_none(),
            "role" => {
                let role = [Role::Client, Role::Server];
                let role = role.into_iter().find(|role| role.name() == value)?;
                self.role.replace(role).is_none()
            }
            "epoch" => self.epoch.replace(parse_time(value)?).is_none(),
            "masked" if value == "digits" => !core::mem::replace(&mut self.masked, true),
            _ => false,
        };
        fresh.then_some(())
    }

    fn header(self) -> Option<Header> {
        Some(Header {
            exercise: self.exercise?,
            role: self.role?,
            runtime: self.runtime?,
            epoch: self.epoch?,
            masked: self.masked,
        })
    }
}

fn parse_time(text: &str) -> Option<Duration> {
    let (seconds, nanos) = text.split_once('.')?;
    if nanos.len() != 9 || !nanos.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(Duration::new(seconds.parse().ok()?, nanos.parse().ok()?))
}

fn parse_line(text: &str) -> Option<Line> {
    let (at, rest) = text.split_once(' ')?;
    let (sign, rest) = rest.split_once(' ')?;
    let arrow = [Arrow::In, Arrow::Out, Arrow::Mark];
    let arrow = arrow.into_iter().find(|arrow| arrow.sign() == sign)?;
    // Payload comes last, and only payload may contain spaces.
    let start = rest.find(" \"").or_else(|| rest.find(" hex:"));
    let (words, payload) = match start {
        Some(at) => (&rest[..at], Some(parse_payload(&rest[at + 1..])?)),
        None => (rest, None),
    };
    let words: Vec<String> = words.split(' ').map(ToString::to_string).collect();
    if words.iter().any(String::is_empty) {
        return None;
    }
    Some(Line {
        at: parse_time(at)?,
        arrow,
        words,
        payload,
    })
}
