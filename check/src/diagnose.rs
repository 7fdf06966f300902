//! Finds the causes of symptoms. Each cause is reported only if it is proved.

mod crash;
mod enrolment;
mod submission;
mod survived;

use std::collections::BTreeMap;

use crate::codes::{Cause, Symptom};
use crate::evidence::{Event, EventKind, Evidence};
use socklab_core::uppercase;

pub(crate) use crash::{CrashContext, crash, early_exit};
pub(crate) use enrolment::{Secret, provisioned, secret};
pub(crate) use submission::submission;
pub(crate) use survived::{caught, printed};

/// The calls that receive, and those that send.
pub(crate) const RECEIVES: [&str; 4] = ["recv", "recv_into", "recvfrom", "recvfrom_into"];
pub(crate) const SENDS: [&str; 3] = ["send", "sendall", "sendto"];

/// A question, the expected reply, and the reply that came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Exchange<'a> {
    pub(crate) exercise: &'a str,
    pub(crate) question: Option<&'a [u8]>,
    pub(crate) expected: &'a [u8],
    pub(crate) received: &'a [u8],
}

/// The cause that turns the expected bytes into the received ones.
pub(crate) fn payload(exchange: &Exchange<'_>) -> Option<Cause> {
    let Exchange {
        exercise,
        question,
        expected,
        received,
    } = *exchange;
    if received == expected || expected.is_empty() {
        return None;
    }
    let upper = |text: &[u8]| {
        let mut capitals = Vec::new();
        uppercase::upper(text, &mut capitals);
        capitals
    };
    if let Some(question) = question {
        if received == question && upper(question) != question && expected == upper(question) {
            return Some(Cause::NotCapitalised);
        }
        if received == swap_case(question) && expected == upper(question) {
            return Some(Cause::SwappedCase);
        }
        if received == question.to_ascii_uppercase() && expected == upper(question) {
            return Some(Cause::AsciiOnlyCapitals);
        }
        if exercise == "chat" && received == upper(question) && received != question {
            return Some(Cause::EchoLeftover);
        }
    }
    if exercise == "capitals" {
        let lines = |bytes: &[u8]| -> Vec<Vec<u8>> {
            let lines = bytes.split(|&byte| byte == b'\n').map(<[u8]>::to_vec);
            lines.filter(|line| !line.is_empty()).collect()
        };
        let (wanted, came) = (lines(expected), lines(received));
        // Each piece that came was answered as if it were a line.
        if came.len() > wanted.len() && came.concat() == wanted.concat() {
            return Some(Cause::OneRecv);
        }
        // The line end that the reply before had too many.
        if received.strip_prefix(b"\n") == Some(expected) {
            return Some(Cause::ExtraNewline);
        }
    }
    if let Some(b"\n" | b"\r\n") = received.strip_prefix(expected) {
        return Some(Cause::ExtraNewline);
    }
    let zeros = received.strip_prefix(expected);
    if zeros.is_some_and(|zeros| zeros.iter().all(|&byte| byte == 0)) {
        return Some(Cause::ExtraZeros);
    }
    if expected.last() == Some(&b'\n') && received == &expected[..expected.len() - 1] {
        return Some(Cause::MissingNewline);
    }
    if loses_spaces(expected, received) {
        return Some(Cause::SpacesLost);
    }
    for one in [Some(expected), question].into_iter().flatten().map(repr) {
        if received == one || received == upper(&one) {
            return Some(Cause::ReprSent);
        }
    }
    if encodings(expected).iter().any(|one| received == one) {
        return Some(Cause::WrongEncoding);
    }
    None
}

/// The text as Python's `swapcase()` gives it.
fn swap_case(text: &[u8]) -> Vec<u8> {
    let swap = |letter: char| match letter.is_uppercase() {
        true => letter.to_lowercase().to_string(),
        false => letter.to_uppercase().to_string(),
    };
    let text = String::from_utf8_lossy(text);
    text.chars().map(swap).collect::<String>().into_bytes()
}

/// Whether only spaces at the ends of a line are missing.
fn loses_spaces(expected: &[u8], received: &[u8]) -> bool {
    let end = if expected.ends_with(b"\n") { 1 } else { 0 };
    let (text, newline) = expected.split_at(expected.len() - end);
    let inner = without_spaces(text);
    received.strip_suffix(newline).is_some_and(|received| {
        received.len() < text.len() && !inner.is_empty() && without_spaces(received) == inner
    })
}

fn without_spaces(mut text: &[u8]) -> &[u8] {
    while let [b' ', rest @ ..] | [rest @ .., b' '] = text {
        text = rest;
    }
    text
}

/// Whether `bytes` contain `part`. An empty part is always contained.
pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    part.is_empty() || bytes.windows(part.len()).any(|one| one == part)
}

/// `b'…'`, as Python prints bytes.
pub(crate) fn repr(bytes: &[u8]) -> Vec<u8> {
    let quote = match bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        true => '"',
        false => '\'',
    };
    let mut text = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => text.push_str("\\\\"),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            b'\t' => text.push_str("\\t"),
            b' '..=b'~' if char::from(byte) == quote => {
                text.push('\\');
                text.push(quote);
            }
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02x}")),
        }
    }
    text.push(quote);
    text.into_bytes()
}

/// A text in other encodings that programs use, as far as they differ from UTF-8.
pub(crate) fn encodings(text: &[u8]) -> Vec<Vec<u8>> {
    let Ok(text) = std::str::from_utf8(text) else {
        return Vec::new();
    };
    let units: Vec<u16> = text.encode_utf16().collect();
    let little: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    let big: Vec<u8> = units.iter().flat_map(|unit| unit.to_be_bytes()).collect();
    let mut all = vec![[&[0xff, 0xfe], &little[..]].concat(), little, big];
    let latin: Option<Vec<u8>> = text
        .chars()
        .map(|letter| u8::try_from(letter).ok())
        .collect();
    all.extend(latin.filter(|_| !text.is_ascii()));
    // UTF-8 that was decoded as Latin-1 and encoded again.
    if !text.is_ascii() {
        let twice: String = text.bytes().map(char::from).collect();
        all.push(twice.into_bytes());
    }
    // ASCII, without the other letters or with a mark for each, or for each of its bytes.
    for mark in ["", "?", "\u{fffd}"] {
        let letter = |letter: char| match (letter.is_ascii(), mark) {
            (true, _) => letter.to_string(),
            (false, "\u{fffd}") => mark.repeat(letter.len_utf8()),
            (false, _) => mark.to_owned(),
        };
        all.push(text.chars().map(letter).collect::<String>().into_bytes());
    }
    all.retain(|one| one != text.as_bytes());
    all
}

/// Whether the program's last receive filled its buffer, which explains a `reply` that is cut off.
pub(crate) fn small_buffer(evidence: &Evidence, reply: &[u8]) -> Option<Cause> {
    let event = evidence.calls(&RECEIVES).next_back()?;
    let full = event.size.is_some() && event.size == event.count;
    // The reply may be longer than the buffer, because capitals may be longer than their letters.
    (full && event.size.is_some_and(|size| size <= reply.len())).then_some(Cause::SmallBuffer)
}

/// The ports that a client tried to connect or has sent to, in order. A UDP socket that is only
/// connected sends nothing: programs learn their own address from it.
pub(crate) fn reached_ports(evidence: &Evidence) -> Vec<String> {
    let calls = ["connect", "connect_ex", "send", "sendall", "sendto"];
    let mut connected = BTreeMap::new();
    let mut all = Vec::new();
    for event in evidence.calls(&calls) {
        let port = event.to.as_ref().and_then(|to| to.rsplit_once(':'));
        let port = port.map(|(_, port)| port.to_owned());
        match event.call.as_str() {
            "connect" | "connect_ex" if event.is_datagram() => {
                connected.insert(event.fd, port);
            }
            "sendto" | "connect" | "connect_ex" => all.extend(port),
            _ if event.is_datagram() => all.extend(connected.get(&event.fd).cloned().flatten()),
            _ => {}
        }
    }
    all
}

/// Whether the program made a writable file of a socket (`makefile`).
pub(crate) fn wrote_to_a_file(evidence: &Evidence) -> bool {
    let mut files = evidence.calls(&["makefile"]);
    files.any(|event| event.data.as_ref().is_some_and(|mode| mode.contains(&b'w')))
}

/// Whether the program goes on receiving from a connection that has ended.
pub(crate) fn reads_nothing_for_ever(evidence: &Evidence) -> bool {
    let mut last = evidence.calls(&RECEIVES).rev().take(5);
    evidence.calls(&RECEIVES).count() >= 5
        && last.all(|event| event.is_stream() && event.count == Some(0) && event.size != Some(0))
}

/// Whether a server waits for its next client, and has not closed the last one's connection.
pub(crate) fn leaves_open(evidence: &Evidence) -> bool {
    if evidence
        .blocked()
        .is_none_or(|event| event.call != "accept")
    {
        return false;
    }
    let mut open = None;
    for event in evidence.calls(&["accept", "close", "shutdown"]) {
        match event.call.as_str() {
            "accept" => open = event.count.and_then(|fd| i64::try_from(fd).ok()),
            _ if event.fd == open => open = None,
            _ => {}
        }
    }
    open.is_some()
}

/// Why a text that came was not shown.
pub(crate) fn shown(
    evidence: Option<&Evidence>,
    sent: &[Vec<u8>],
    text: &[u8],
    output: &[u8],
) -> Option<Cause> {
    let has = |part: &[u8]| !part.is_empty() && contains(output, part);
    if has(&repr(text)) {
        return Some(Cause::ReprShown);
    }
    let evidence = evidence.filter(|evidence| evidence.knows_calls());
    if let Some(evidence) = evidence {
        let receives: Vec<&Event> = evidence.calls(&RECEIVES).collect();
        if receives.is_empty() && evidence.blocked().is_none() && evidence.raised().is_none() {
            return Some(Cause::ClosesBeforeReading);
        }
        let last = receives.last()?;
        let cut = |event: &&Event| event.size.is_some() && event.size == event.count;
        let datagram = last.is_datagram();
        let shorter = last.count.is_some_and(|count| count < text.len());
        if cut(last) && shorter && (datagram || receives.len() == 1) {
            return Some(Cause::SmallBuffer);
        }
        let came = receives.iter().filter_map(|one| one.data.as_deref());
        let came = came.collect::<Vec<_>>().concat();
        // One receive took the first piece, and no other receive followed.
        let pieces = sent.len() > 1 && sent.last().is_some_and(|last| text.ends_with(last));
        if pieces
            && receives.len() == 1
            && !came.is_empty()
            && text.starts_with(&came)
            && !datagram
            && evidence.blocked().is_none()
        {
            return Some(Cause::OneRecv);
        }
    }
    encodings(text)
        .iter()
        .any(|one| has(one))
        .then_some(Cause::WrongEncoding)
}

/// The call to blame for a symptom: the user is shown its line in the program.
pub(crate) fn event<'a>(
    evidence: &'a Evidence,
    symptom: Symptom,
    cause: Option<Cause>,
) -> Option<&'a Event> {
    let last = |names: &'a [&str]| evidence.calls(names).rfind(|event| event.line > 0);
    let blocked = || evidence.blocked().filter(|event| event.line > 0);
    let event = match (symptom, cause) {
        (_, Some(Cause::LoopbackOnly))
        | (Symptom::NeverListens, Some(Cause::WrongPort | Cause::WrongProtocol)) => last(&["bind"]),
        (Symptom::NoRequest, Some(Cause::WrongPort | Cause::WrongProtocol)) => {
            last(&["connect", "connect_ex", "sendto"])
        }
        (_, Some(Cause::TurnBroken)) if blocked().is_some_and(|one| one.call == "input") => {
            blocked()
        }
        (_, Some(Cause::ReplyElsewhere | Cause::TurnBroken | Cause::EchoLeftover)) => {
            last(&SENDS).or_else(blocked)
        }
        (_, Some(Cause::BytesCompared)) => last(&["compare"]),
        (_, Some(Cause::ClosesBeforeReading | Cause::NotClosed)) => last(&SENDS),
        (_, Some(Cause::NotFlushed)) => last(&["makefile"]),
        (_, Some(Cause::ServesOnce | Cause::NoLoop)) => last(&["accept", "recvfrom"]),
        (_, Some(Cause::SmallBuffer | Cause::OneRecv | Cause::WaitsForEof))
        | (_, Some(Cause::WaitsForNewline))
        | (Symptom::NotShown, _) => last(&RECEIVES),
        (Symptom::Crash | Symptom::ExitsEarly, _) => evidence.raised(),
        (Symptom::WrongReply | Symptom::Truncated, _) => last(&SENDS),
        _ => blocked().or_else(|| last(&["input", "recv", "recvfrom", "recv_into", "accept"])),
    };
    event.filter(|event| event.line > 0 && event.kind != EventKind::Hello)
}

/// The line nearest to `line` that contains what the cause is about; `line` if there is none.
pub(crate) fn nearest(file: &std::path::Path, line: u32, cause: Cause) -> u32 {
    let tokens: &[&str] = match cause {
        Cause::AsciiOnlyCapitals | Cause::ReprSent | Cause::EchoLeftover => &[".upper("],
        Cause::SwappedCase => &[".swapcase("],
        Cause::SpacesLost => &["strip("],
        Cause::FinCase | Cause::NeverChecksFin | Cause::OneFin | Cause::LateFinCheck => {
            &["'fin'", "\"fin\"", "'FIN'", "\"FIN\""]
        }
        Cause::ReprShown => &["print("],
        Cause::QuotedNames | Cause::WrongOrder => &["&"],
        Cause::WrongProtocol => &["SOCK_STREAM", "SOCK_DGRAM"],
        Cause::InputOutsideLoop => &["input("],
        Cause::OneWord => &["split("],
        Cause::CodeLostZeros => &["(int(", " int(", "=int("],
        Cause::WrongSecret => &["b32encode(", "base32"],
        Cause::WrongUri => &["provisioning_uri(", "otpauth"],
        Cause::AcceptsOldCode => &["valid_window", "verify("],
        _ => return line,
    };
    let text = std::fs::read(file).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let holds = |one: &str| {
        let token = tokens.iter().any(|token| one.contains(token));
        token && !one.contains("def ") && !prints_fixed_text(one)
    };
    let found = (1..).zip(text.lines()).filter(|(_, one)| holds(one));
    let lines = found.map(|(number, _): (u32, _)| number);
    let nearest = lines.min_by_key(|number| number.abs_diff(line));
    nearest.unwrap_or(line)
}

/// Whether a line of Python prints the same text always.
fn prints_fixed_text(line: &str) -> bool {
    let inner = line.trim().strip_prefix("print(");
    let inner = inner.and_then(|rest| rest.strip_suffix(')'));
    inner.is_some_and(|inner| {
        ['"', '\''].iter().any(|&quote| {
            let text = inner.strip_prefix(quote);
            let text = text.and_then(|rest| rest.strip_suffix(quote));
            text.is_some_and(|text| !text.contains(quote))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_shows_a_repr_prints_a_value() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("mine.py");
        let text = "data = s.recv(9)\nprint('no reply')\nprint(\"fin\")\nprint(data)\n";
        std::fs::write(&file, text).expect("a file");
        assert_eq!(nearest(&file, 1, Cause::ReprShown), 4);
    }
}
