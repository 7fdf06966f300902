//! Reads scenarios.

use std::fmt;
use std::num::NonZeroUsize;
use std::time::Duration;

use socklab_core::impair::Impairments;
use socklab_core::transcript::{Role, parse_payload};

use super::{Move, Scenario};
use crate::exercise::CheckedExercise;

/// The first line of every file of scenarios.
const TITLE: &str = "socklab scenarios 1";

/// The longest text, in bytes.
const LONGEST: usize = 65_536;

/// The longest delay of a network, in milliseconds.
const LATEST: u64 = 10_000;

/// Why a text is not a file of scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with the line.
    pub wrong: Wrong,
}

/// What is wrong with a line of a file of scenarios.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    /// The first line is not the title.
    Title,
    /// There is no such exercise.
    Exercise,
    /// A move comes before `exercise`, `program` and a scenario's name.
    NoScenario,
    /// The line is not a move.
    Move,
    /// The text is not quoted correctly.
    Text,
    /// The network has no such impairment.
    Network,
    /// The file contains no scenario.
    Empty,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrong = match self.wrong {
            Wrong::Title => "the first line must be: socklab scenarios 1",
            Wrong::Exercise => "no such exercise",
            Wrong::NoScenario => "exercise, program and scenario must come first",
            Wrong::Move => "no such move",
            Wrong::Text => "expected quoted text, such as \"hola\"",
            Wrong::Network => "a network takes lose=30, delay=500 and the like",
            Wrong::Empty => "no scenario",
        };
        write!(f, "line {}: {wrong}", self.line)
    }
}

impl std::error::Error for ParseError {}

/// Reads a file of scenarios.
///
/// # Errors
/// Names the first line that breaks the format.
pub fn parse(text: &str) -> Result<Vec<Scenario>, ParseError> {
    let (mut exercise, mut program) = (None, None);
    let mut all: Vec<Scenario> = Vec::new();
    let mut lines = (1..).zip(text.lines().map(str::trim));
    if lines.next().is_none_or(|(_, title)| title != TITLE) {
        let wrong = Wrong::Title;
        return Err(ParseError { line: 1, wrong });
    }
    // Whether a scenario has begun since the last `exercise` or `program`.
    let mut open = false;
    for (number, line) in lines {
        let error = |wrong| ParseError {
            line: number,
            wrong,
        };
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        match (word, rest.trim()) {
            ("exercise", name) => {
                let found = CheckedExercise::find(name).ok_or(error(Wrong::Exercise))?;
                exercise = Some(name.to_owned());
                // The enrolment has only one end.
                program = match found.roles() {
                    &[only] => Some(only),
                    _ => program,
                };
                open = false;
            }
            ("program", name) => {
                let roles = [Role::Client, Role::Server];
                let role = roles.into_iter().find(|role| role.name() == name);
                program = Some(role.ok_or(error(Wrong::Move))?);
                open = false;
            }
            ("scenario" | "advice", name) if !name.is_empty() && !name.contains(' ') => {
                all.push(Scenario {
                    name: name.to_owned(),
                    exercise: exercise.clone().ok_or(error(Wrong::NoScenario))?,
                    program: program.ok_or(error(Wrong::NoScenario))?,
                    advice: word == "advice",
                    moves: Vec::new(),
                });
                open = true;
            }
            ("<-" | "->", rest) => {
                let last = all.last_mut().filter(|_| open);
                let last = last.ok_or(error(Wrong::NoScenario))?;
                let one = parse_move(word == "<-", rest).map_err(error)?;
                last.moves.push(one);
            }
            _ => return Err(error(Wrong::Move)),
        }
    }
    if all.is_empty() {
        let (line, wrong) = (text.lines().count(), Wrong::Empty);
        return Err(ParseError { line, wrong });
    }
    Ok(all)
}

fn parse_move(ours: bool, text: &str) -> Result<Move, Wrong> {
    if ours && let ("network", words) = text.split_once(' ').unwrap_or((text, "")) {
        return network(words).ok_or(Wrong::Network);
    }
    let start = text.find('"').or_else(|| text.find("hex:"));
    let (words, payload) = text.split_at(start.unwrap_or(text.len()));
    let payload = if payload.is_empty() {
        None
    } else {
        Some(parse_text(payload).ok_or(Wrong::Text)?)
    };
    let mut words = words.split_whitespace();
    let verb = words.next().ok_or(Wrong::Move)?;
    let peer = words.next().map(str::to_owned);
    let takes_text = matches!(
        verb,
        "send" | "pieces" | "type" | "dni" | "datagram" | "bytes" | "shows"
    );
    let takes_peer = !matches!(
        verb,
        "type"
            | "dni"
            | "shows"
            | "restart"
            | "secret"
            | "uri"
            | "submission"
            | "at-once"
            | "exits"
            | "reachable"
            | "connection"
    );
    if words.next().is_some()
        || (payload.is_some() && !takes_text)
        || (peer.is_some() && !takes_peer && !takes_text)
    {
        return Err(Wrong::Move);
    }
    if peer.is_some() && !takes_peer {
        return Err(Wrong::Text);
    }
    let peer = peer.unwrap_or_else(|| "a".to_owned());
    let text = payload.ok_or(Wrong::Text);
    Ok(match (ours, verb) {
        (true, "open") => Move::Open(peer),
        (true, "send") => Move::Send { peer, bytes: text? },
        (true, "pieces") => Move::Pieces { peer, bytes: text? },
        (true, "finish") => Move::Finish(peer),
        (true, "reset") => Move::Reset(peer),
        (true, "type") => Move::Type(text?),
        (true, "restart") => Move::Restart,
        (true, "dni") => Move::Dni(text?),
        (false, "datagram" | "bytes") => Move::Hear { peer, bytes: text? },
        (false, "reply") => Move::Reply(peer),
        (false, "otherwise") => Move::Otherwise(peer),
        (false, "secret") => Move::Secret,
        (false, "uri") => Move::Uri,
        (false, "submission") => Move::Submission,
        (false, "at-once") => Move::AtOnce,
        (false, "nothing") => Move::Nothing(peer),
        (false, "connection") => Move::Connection,
        (false, "end") => Move::End(peer),
        (false, "shows") => Move::Shows(text?),
        (false, "exits") => Move::Exits,
        (false, "reachable") => Move::Reachable,
        _ => return Err(Wrong::Move),
    })
}

/// `lose=30 delay=500 seed=7`: probabilities in percent, times in milliseconds.
fn network(text: &str) -> Option<Move> {
    let (mut how, mut seed) = (Impairments::default(), 0);
    for word in text.split_whitespace() {
        let (name, value) = word.split_once('=')?;
        let number: u64 = value.parse().ok()?;
        let percent = u16::try_from(number).ok().filter(|number| *number <= 100);
        let chance = percent.map(|number| 10 * number);
        match name {
            "pieces" => how.pieces = Some(NonZeroUsize::new(usize::try_from(number).ok()?)?),
            "delay" if number <= LATEST => how.delay = Duration::from_millis(number),
            "lose" => how.lose = chance?,
            "duplicate" => how.duplicate = chance?,
            "reorder" => how.reorder = chance?,
            "reset" => how.reset = chance?,
            "seed" => seed = number,
            _ => return None,
        }
    }
    let text = text.trim().to_owned();
    Some(Move::Network { how, seed, text })
}

/// Text as in a transcript. `*N` after it repeats it.
fn parse_text(text: &str) -> Option<Vec<u8>> {
    let (quoted, times) = match text.rsplit_once('*') {
        Some((quoted, times)) if quoted.trim_end().ends_with('"') => {
            (quoted.trim_end(), times.trim().parse().ok()?)
        }
        _ => (text, 1_usize),
    };
    let bytes = parse_payload(quoted)?;
    (bytes.len().checked_mul(times)? <= LONGEST).then(|| bytes.repeat(times))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_ones_can_be_read() {
        for text in super::super::BUILT_IN {
            let all = parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
            for one in &all {
                assert!(!one.moves.is_empty(), "{}", one.name);
                let same =
                    |other: &&Scenario| (&other.name, other.program) == (&one.name, one.program);
                assert_eq!(all.iter().filter(same).count(), 1, "{}", one.name);
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let start = "socklab scenarios 1\nexercise echo\nprogram server\n";
        let with = |rest: &str| format!("{start}{rest}");
        for (text, line, wrong) in [
            (String::new(), 1, Wrong::Title),
            ("socklab transcript 1".to_owned(), 1, Wrong::Title),
            (start.to_owned(), 3, Wrong::Empty),
            (
                "socklab scenarios 1\nexercise x".to_owned(),
                2,
                Wrong::Exercise,
            ),
            (with("<- send \"x\""), 4, Wrong::NoScenario),
            (with("scenario a\n<- send \"x"), 5, Wrong::Text),
            (with("scenario a\n<- send"), 5, Wrong::Text),
            (with("scenario a\n<- type hola"), 5, Wrong::Text),
            (with("scenario a\n-> send \"x\""), 5, Wrong::Move),
            (with("scenario a\n-> exits \"x\""), 5, Wrong::Move),
            (with("scenario a\n-> exits now"), 5, Wrong::Move),
            (with("scenario a\nhola"), 5, Wrong::Move),
            (with("scenario a\n<- network lose=101"), 5, Wrong::Network),
            (with("scenario a\n<- network loose=1"), 5, Wrong::Network),
            (with("scenario a\n<- network pieces=0"), 5, Wrong::Network),
            (with("scenario a\n-> network lose=1"), 5, Wrong::Move),
            (
                with("scenario a\n\nprogram client\n-> exits"),
                7,
                Wrong::NoScenario,
            ),
        ] {
            assert_eq!(parse(&text), Err(ParseError { line, wrong }), "{text}");
        }
    }

    #[test]
    fn a_network_is_read() {
        let text = "lose=30 delay=1200 pieces=4 seed=7";
        let how = Impairments {
            lose: 300,
            delay: Duration::from_millis(1200),
            pieces: NonZeroUsize::new(4),
            ..Impairments::default()
        };
        let (seed, text) = (7, text.to_owned());
        let read = parse_move(true, &format!("network {text}"));
        assert_eq!(read, Ok(Move::Network { how, seed, text }));
        let clean = Move::Network {
            how: Impairments::default(),
            seed: 0,
            text: String::new(),
        };
        assert_eq!(parse_move(true, "network"), Ok(clean));
    }

    #[test]
    fn text_may_be_repeated() {
        assert_eq!(parse_text("\"ab\" *3").as_deref(), Some(&b"ababab"[..]));
        assert_eq!(parse_text("\"a*b\"").as_deref(), Some(&b"a*b"[..]));
        assert_eq!(parse_text("hex:ff"), Some(vec![0xff]));
        assert_eq!(parse_text("\"a\" *99999"), None);
    }
}
