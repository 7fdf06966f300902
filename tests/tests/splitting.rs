//! Proves that every chunking of a stream gives the same result: the same bytes whole, byte by
//! byte, cut at every place, and merged with what follows give the same answers and the same
//! canonical transcript.

use std::time::Duration;

use socklab_core::Rng;
use socklab_core::lab::Settings;
use socklab_core::register::{Cause, Decision, Refusal};
use socklab_core::transcript::Role;
use socklab_core::{Status, submit, welcome};
use socklab_tests::{Bench, read};

/// Every way to cut `bytes` that is worth a test: whole, at each place once, byte by byte, and at
/// random.
fn cuts(bytes: &[u8]) -> Vec<Vec<&[u8]>> {
    let mut all = vec![vec![bytes], bytes.chunks(1).collect()];
    all.extend((1..bytes.len()).map(|at| vec![&bytes[..at], &bytes[at..]]));
    for seed in 0..20 {
        let (mut rng, mut rest, mut pieces) = (Rng::new(seed), bytes, Vec::new());
        while !rest.is_empty() {
            let len = 1 + rng.below(rest.len().min(8) as u64) as usize;
            let (piece, later) = rest.split_at(len);
            pieces.push(piece);
            rest = later;
        }
        all.push(pieces);
    }
    all
}

/// How far apart the pieces come: together, and one after the other.
const PACES: [Duration; 2] = [Duration::ZERO, Duration::from_micros(50)];

/// Gives the pieces to a machine while it wants them, and says how many bytes it took.
fn pour(bench: &mut Bench, pieces: &[&[u8]], pace: Duration) -> usize {
    let mut taken = 0;
    for piece in pieces {
        if !bench.interest().network {
            break;
        }
        bench.wait(pace);
        bench.bytes(piece);
        taken += piece.len();
    }
    taken
}

/// What a machine did, without what it was given.
fn deeds(bench: &Bench) -> String {
    let canonical = bench.canonical();
    let done = canonical.lines().filter(|line| !line.starts_with("->"));
    done.map(|line| format!("{line}\n")).collect()
}

/// A submission server that gets the pieces, then a decision if it asks for one, then what is left,
/// then the end.
fn submission(pieces: &[&[u8]], pace: Duration, decision: &Decision) -> Bench {
    let mut bench = Bench::up("submit", Role::Server, &Settings::default());
    let mut left = pieces.to_vec();
    while bench.is_running() {
        let before = left.len();
        while let Some(piece) = left.first()
            && bench.interest().network
        {
            pour(&mut bench, &[piece], pace);
            left.remove(0);
        }
        if bench.state() == "Storing" {
            bench.stored(decision);
        } else if left.is_empty() {
            bench.end();
        }
        assert!(left.len() < before || left.is_empty(), "{bench:?}");
    }
    bench
}

/// Every way to cut lines gives the same replies: what was sent, joined as a driver joins it.
#[test]
fn lines_cut_anywhere() {
    let long = ["a".repeat(300), "\n".to_string()].concat();
    for (lines, replies) in [
        ("hola\nñandú\r\n\nstraße\n", "HOLA\nÑANDÚ\n\nSTRASSE\n"),
        ("uno\n\r\n\r\r\ndos", "UNO\n\n\r\nDOS\n"),
        ("uno\nFin\r\ndos\n", "UNO\nFIN\n"),
        (&long, &long.to_uppercase()),
    ] {
        for pieces in cuts(lines.as_bytes()) {
            for pace in PACES {
                let mut bench = Bench::up("capitals", Role::Server, &Settings::default());
                pour(&mut bench, &pieces, pace);
                bench.end();
                let sent = read(&bench.transcript()).lines.into_iter();
                let sent = sent.filter(|line| line.event_name() == "send");
                let sent: Vec<u8> = sent.flat_map(|line| line.payload.unwrap()).collect();
                assert_eq!(String::from_utf8_lossy(&sent), *replies, "{pieces:?}");
            }
        }
    }
}

/// A message, and what is done about it.
const MESSAGES: &[(&[u8], &str)] = &[
    (b"Ana&123456&548094", "store 0 123456 548094 \"Ana\""),
    (
        "José Ñ²&1234567&548094".as_bytes(),
        "store 0 1234567 548094 \"José Ñ²\"",
    ),
    (
        b"Ana&Luis&01234567&000000",
        "store 0 01234567 000000 \"Ana&Luis\"",
    ),
    (
        b"\xef\xbb\xbfAna&123456&548094",
        "store 0 123456 548094 \"Ana\"",
    ),
    (b"Ana\n&123456&548094", "store 0 123456 548094 \"Ana\\n\""),
    (
        b"Ana&\nLuis&123456&548094",
        "store 0 123456 548094 \"Ana&\\nLuis\"",
    ),
    (b"\xff&123456&548094", "store 0 123456 548094 hex:ff"),
    (
        b"Ana&12345&678901&234567",
        "store 0 678901 234567 \"Ana&12345\"",
    ),
    (b"Ana&12345678Z&548094", "send client1 \"ERROR dni-letter\""),
    (b"Ana&X1234567&548094", "send client1 \"ERROR dni-letter\""),
    (b"Ana&X1234567L&548094", "store 0 X1234567L 548094 \"Ana\""),
    (b"Ana&1234&548094\n", "send client1 \"ERROR format\""),
    (b"Ana&123456&54809\n", "send client1 \"ERROR format\""),
    (b"&123456&548094\n", "send client1 \"ERROR format\""),
    (b"&&\n", "send client1 \"ERROR format\""),
    (b"Ana", "send client1 \"ERROR format\""),
    (b"\xef\xbb\xbf", "send client1 \"ERROR format\""),
];

/// What may follow a complete message; it is not judged.
const REST: [&[u8]; 4] = [b"", b"\r\n", b"9", b"&123456&111111\nand much more"];

#[test]
fn a_submission_cut_anywhere() {
    let accepted = Decision::accepted(7);
    for (message, deed) in MESSAGES {
        let whole = submission(&[message], Duration::ZERO, &accepted);
        assert!(deeds(&whole).contains(deed), "{deed}\n{whole:?}");
        for pieces in cuts(message) {
            for pace in PACES {
                let cut = submission(&pieces, pace, &accepted);
                assert_eq!(cut.canonical(), whole.canonical(), "{pieces:?} {pace:?}");
                assert_eq!(cut.status(), Status::Done);
            }
        }
    }
}

/// Masking sees one piece at a time, and a letter may lie in two.
#[test]
fn a_masked_submission_cut_anywhere() {
    let accepted = Decision::accepted(7);
    for (message, _) in MESSAGES {
        let whole = submission(&[message], PACES[1], &accepted);
        for pieces in cuts(message) {
            let cut = submission(&pieces, PACES[1], &accepted);
            assert_eq!(
                cut.masked_canonical(),
                whole.masked_canonical(),
                "{pieces:?}"
            );
        }
    }
}

#[test]
fn a_submission_merged_with_what_follows() {
    let accepted = Decision::accepted(7);
    for (message, deed) in MESSAGES {
        if deed.contains("format") {
            continue; // more bytes could still make it a submission
        }
        let alone = submission(&[message], Duration::ZERO, &accepted);
        for rest in REST {
            let merged = [message, rest].concat();
            for pieces in cuts(&merged) {
                let cut = submission(&pieces, PACES[1], &accepted);
                assert_eq!(deeds(&cut), deeds(&alone), "{pieces:?}");
            }
        }
    }
}

#[test]
fn every_decision_is_answered_however_the_message_came() {
    let message = b"Ana&123456&548094";
    for (decision, answer) in [
        (Decision::accepted(1), "OK accepted 1"),
        (Decision::already(1), "OK already 1"),
        (Decision::OtherName, "OK other-name"),
        (
            Decision::Refused(Refusal::WrongCode(Cause::Unknown)),
            "ERROR wrong-code",
        ),
        (Decision::Refused(Refusal::UsedCode), "ERROR used-code"),
        (Decision::Refused(Refusal::Letter), "ERROR dni-letter"),
        (Decision::Unavailable, "ERROR unavailable"),
    ] {
        for pieces in cuts(message) {
            let bench = submission(&pieces, PACES[1], &decision);
            let sent = format!("<- send client1 \"{answer}\"\n<- finish client1\n");
            assert!(deeds(&bench).contains(&sent), "{bench:?}");
        }
    }
}

/// 1,024 bytes are the limit, whichever piece brings the last.
#[test]
fn the_limit_of_a_message_is_a_number_of_bytes() {
    let bytes = [b'a'; 3000];
    for size in [1, 7, 1023, 1024, 1025, 3000] {
        let mut bench = Bench::up("submit", Role::Server, &Settings::default());
        let pieces: Vec<&[u8]> = bytes[..submit::MAX_MESSAGE - 1].chunks(size).collect();
        pour(&mut bench, &pieces, PACES[1]);
        assert_eq!(bench.state(), "Reading", "one byte short");
        let said = bench.bytes("a");
        assert_eq!(said[0], "<- send client1 \"ERROR format\"");
    }
}

/// A client of `welcome` or `submit` that hears `pieces` and then the end.
fn listener(exercise: &str, pieces: &[&[u8]], pace: Duration) -> Bench {
    let settings = Settings {
        name: Some(b"Ana".to_vec()),
        dni: Some("123456".into()),
        code: Some("548094".into()),
        ..Settings::default()
    };
    let mut bench = Bench::up(exercise, Role::Client, &settings);
    pour(&mut bench, pieces, pace);
    if bench.is_running() {
        bench.end();
    }
    bench
}

#[test]
fn an_answer_cut_anywhere() {
    for (exercise, answer, ended) in [
        ("welcome", welcome::BANNER, "done"),
        ("welcome", "¡Hola, señor! ²\r\n".as_bytes(), "done"),
        ("welcome", b"\xff\xc3", "done"),
        ("welcome", &[b'a'; welcome::MAX_ANSWER], "done"),
        ("submit", b"OK accepted 1", "done"),
        ("submit", b"OK", "done"),
        ("submit", b"OKAY", "done"),
        ("submit", b"ERROR format", "failed rejected"),
        ("submit", b"ERROR\n", "failed rejected"),
        ("submit", "Recibido, señor".as_bytes(), "done"),
    ] {
        let whole = listener(exercise, &[answer], Duration::ZERO);
        assert!(deeds(&whole).ends_with(&format!("ended {ended}\n")));
        let step = answer.len().div_ceil(200);
        for pieces in cuts(answer).into_iter().step_by(step) {
            for pace in PACES {
                let cut = listener(exercise, &pieces, pace);
                assert_eq!(cut.canonical(), whole.canonical(), "{pieces:?} {pace:?}");
            }
        }
    }
}

/// An answer with one byte too many fails alike wherever it is cut; what is shown is what fits.
#[test]
fn an_answer_that_is_too_long() {
    let answer = vec![b'a'; welcome::MAX_ANSWER + 1];
    for exercise in ["welcome", "submit"] {
        for size in [1000, 4095, 4096, 4097] {
            let pieces: Vec<&[u8]> = answer.chunks(size).collect();
            let bench = listener(exercise, &pieces, PACES[1]);
            let show = format!("<- show \"{}\"\n", "a".repeat(welcome::MAX_ANSWER));
            assert!(deeds(&bench).contains(&show));
            assert!(deeds(&bench).ends_with("ended failed reply-too-big\n"));
        }
    }
}
