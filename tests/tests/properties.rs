//! Proves what holds for every input: no machine panics, every deadline moves on, every exchange
//! ends, every transcript reads back, replays, and means the same however its bytes were cut.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use socklab_core::lab::{EXERCISES, Exercise, Settings};
use socklab_core::register::{Cause, Decision, Refusal, StoreId};
use socklab_core::table::EventSource;
use socklab_core::transcript::{Arrow, Header, Line, Role, Transcript, parse, replay};
use socklab_core::{Doing, ExceededLimit, FaultKind, Input, Link, Rng, Socket, uppercase};
use socklab_tests::{
    Bench, CLIENT, DNI, Faults, Faulty, Pair, PerfectWire, SERVER, Script, VirtualNet, address,
    read,
};

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

/// One thing that may happen to a machine, if the contract lets it at that moment.
#[derive(Clone, Debug)]
enum Move {
    Wait(Duration),
    /// From one of several peers, to one of several addresses of this host.
    Datagram(u16, Option<IpAddr>, Vec<u8>),
    Bytes(Vec<u8>),
    End,
    Line(Vec<u8>),
    InputEnd,
    /// The timer, when it is due: at once, or after waiting for it.
    Timer(bool),
    Stored(u32, Decision),
    Fault(Doing, FaultKind),
    Finished,
    Opened(Option<ExceededLimit>),
    Bound,
    Stop,
}

/// Texts that some machine acts on, and arbitrary ones.
fn text() -> impl Strategy<Value = Vec<u8>> {
    const KNOWN: &[&str] = &[
        "fin",
        "FIN",
        "ﬁn",
        "",
        "hola",
        "HOLA",
        "ñandú",
        "Ana",
        "123456",
        "12345678Z",
        "548094",
        "Ana&123456&548094",
        "Ana&12345678Z&548094",
        "&&\n",
        "OK 1",
        "ERROR x",
    ];
    prop_oneof![
        6 => select(KNOWN).prop_map(|text| text.as_bytes().to_vec()),
        3 => vec(any::<u8>(), 0..40),
        1 => (select(&[1023_usize, 1024, 4096, 4097, 65_507][..]), any::<u8>())
            .prop_map(|(len, byte)| vec![byte; len]),
    ]
}

/// The addresses of a host that a peer may have written to.
const LOCALS: [Option<IpAddr>; 4] = [
    None,
    None,
    Some(IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2))),
    Some(IpAddr::V6(Ipv6Addr::LOCALHOST)),
];

const OVER: [Option<ExceededLimit>; 4] = [
    None,
    None,
    Some(ExceededLimit::Total),
    Some(ExceededLimit::PerAddress),
];

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let decisions = [
        Decision::accepted(1),
        Decision::already(2),
        Decision::Refused(Refusal::WrongCode(Cause::Unknown)),
        Decision::Refused(Refusal::UsedCode),
        Decision::Unavailable,
    ];
    let too_long = || Just(vec![b'a'; 65_508]);
    let one = prop_oneof![
        2 => (0_u64..20_000_000_000).prop_map(|nanos| Move::Wait(Duration::from_nanos(nanos))),
        6 => (0_u16..3, select(&LOCALS[..]), text())
            .prop_map(|(who, local, bytes)| Move::Datagram(who, local, bytes)),
        4 => text().prop_map(Move::Bytes),
        1 => Just(Move::End),
        6 => text().prop_map(Move::Line),
        1 => too_long().prop_map(Move::Line),
        1 => Just(Move::InputEnd),
        4 => any::<bool>().prop_map(Move::Timer),
        2 => (0_u32..2, select(decisions.to_vec()))
            .prop_map(|(id, decision)| Move::Stored(id, decision)),
        1 => (select(&Doing::ALL[..]), select(&FaultKind::ALL[..]))
            .prop_map(|(doing, kind)| Move::Fault(doing, kind)),
        1 => Just(Move::Finished),
        4 => select(&OVER[..]).prop_map(Move::Opened),
        4 => Just(Move::Bound),
        1 => Just(Move::Stop),
    ];
    vec(one, 0..40)
}

fn settings() -> impl Strategy<Value = Settings> {
    let timeout = proptest::option::of((1_u64..20_000_000_000).prop_map(Duration::from_nanos));
    let field = |texts: &'static [&'static str]| proptest::option::weighted(0.7, select(texts));
    (
        timeout,
        0_u32..4,
        any::<bool>(),
        any::<bool>(),
        field(&["Ana", "", "a&b"]),
        field(&[DNI, "1", "12345678Z"]),
        field(&["548094", "x"]),
    )
        .prop_map(
            |(timeout, retries, keep_serving, fallback, name, dni, code)| Settings {
                fallbacks: fallback
                    .then(|| address("[::1]:16000"))
                    .into_iter()
                    .collect(),
                timeout,
                retries,
                keep_serving,
                name: name.map(Into::into),
                dni: dni.map(Into::into),
                code: code.map(Into::into),
                ..Settings::default()
            },
        )
}

fn role() -> impl Strategy<Value = Role> {
    select(&[Role::Client, Role::Server][..])
}

/// Makes one move, or not, as the contract says.
fn make(bench: &mut Bench, one: &Move) {
    let (interest, link) = (bench.interest(), bench.peer());
    match one {
        Move::Wait(time) => bench.wait(*time),
        Move::Datagram(who, local, bytes) if interest.network => {
            let peer = SocketAddr::new(link.peer.ip(), link.peer.port() + who);
            let link = Link {
                local: *local,
                ..Link::first(peer)
            };
            bench.feed(Input::Datagram { link, bytes });
        }
        Move::Bytes(bytes) if interest.network && !bytes.is_empty() => drop(bench.bytes(bytes)),
        Move::End => drop(bench.end()),
        Move::Line(line) if interest.line => drop(bench.feed(Input::Line(line))),
        Move::InputEnd if interest.line => drop(bench.feed(Input::InputEnd)),
        Move::Timer(wait) => {
            if let Some(left) = bench.left()
                && (*wait || left.is_zero())
            {
                let before = bench.deadline();
                bench.timer();
                let after = bench.deadline();
                assert!(after.is_none() || after.map(|d| d.at) > before.map(|d| d.at));
            }
        }
        Move::Stored(id, decision) => {
            let id = StoreId(*id);
            bench.feed(Input::Stored { id, decision });
        }
        Move::Fault(doing, kind) => drop(bench.fault(*doing, *kind)),
        Move::Finished => drop(bench.feed(Input::Finished { link })),
        Move::Opened(exceeded) => {
            let (local, exceeded) = match link.peer {
                SERVER => (CLIENT, None),
                _ => (SERVER, *exceeded),
            };
            bench.feed(Input::Opened {
                link,
                local,
                exceeded,
            });
        }
        // Only a server is bound.
        Move::Bound if link.peer == CLIENT => {
            let socket = Socket(0);
            let local = SERVER;
            bench.feed(Input::Bound { socket, local });
        }
        Move::Stop => drop(bench.feed(Input::Stop)),
        Move::Datagram(..) | Move::Bytes(_) | Move::Line(_) | Move::InputEnd | Move::Bound => {}
    }
}

proptest! {
    #![proptest_config(config())]

    /// In any order, at any time, with any bytes, no machine panics; a deadline that has fired
    /// moves on; and what happened can be written down, read back and made to happen again.
    #[test]
    fn no_input_is_too_much(
        exercise in select(EXERCISES),
        role in role(),
        settings in settings(),
        moves in moves(),
    ) {
        let states = match role {
            Role::Client => exercise.client_table,
            Role::Server => exercise.server_table,
        };
        let mut bench = Bench::new(exercise.name, role, &settings);
        bench.feed(Input::Start);
        for one in &moves {
            if !bench.is_running() {
                break;
            }
            make(&mut bench, one);
            let state = states.iter().find(|state| state.name == bench.state()).unwrap();
            let timed = state.waits_for.contains(&EventSource::Timer);
            prop_assert!(timed || bench.deadline().is_none(), "a deadline in {}", state.name);
        }
        let text = bench.transcript();
        prop_assert_eq!(read(&text).to_string(), text.clone());
        prop_assert_eq!(replay(&read(&text), Bench::machine(exercise.name, role, &settings)), Ok(()));
        // And once more to the letter.
        let mut again = Bench::new(exercise.name, role, &settings);
        again.feed(Input::Start);
        for one in &moves {
            if !again.is_running() {
                break;
            }
            make(&mut again, one);
        }
        prop_assert_eq!(again.transcript(), text);
    }

    /// Whatever the network does, and whatever is typed, a client that has a time-out and a user
    /// who leaves in the end comes to its own.
    #[test]
    fn every_exchange_ends(
        exercise in select(EXERCISES),
        seed in any::<u64>(),
        rates in (0_u16..500, 0_u16..500, 0_u16..500, 0_u16..1000, 0_u16..1000, 0_u16..1000),
        retries in 0_u32..5,
        client in vec(text(), 0..8),
        server in vec(text(), 0..8),
        stops in any::<bool>(),
    ) {
        let (drop, duplicate, reorder, delay, split, merge) = rates;
        let faults = Faults { drop, duplicate, reorder, delay, split, merge };
        let play = || {
            let net = VirtualNet::new(Faulty::new(PerfectWire::default(), faults, seed));
            let change = |settings: &mut Settings| {
                settings.retries = retries;
                settings.timeout = Some(Duration::from_secs(5));
            };
            let typed = |lines: &[Vec<u8>]| Script::of(lines).then_end();
            let mut pair = Pair::with(exercise, net, change, typed(&client), typed(&server));
            if stops {
                pair.net.stop(pair.client, Duration::from_millis(30));
            }
            pair.run()
        };
        let pair = play();
        let ended = pair.net.status(pair.client) != socklab_core::Status::Running;
        prop_assert!(ended, "{}", pair.net.transcripts());
        prop_assert_eq!(pair.net.transcripts(), play().net.transcripts());
    }

    /// Any transcript can be written and read back.
    #[test]
    fn what_is_written_is_read_back(transcripts in vec(transcript(), 1..4)) {
        let texts: Vec<String> = transcripts.iter().map(ToString::to_string).collect();
        prop_assert_eq!(parse(&texts.join("\n")), Ok(transcripts));
    }

    /// No text makes the reader panic, whether arbitrary or a damaged transcript.
    #[test]
    fn any_text_is_read_or_refused(noise in ".{0,300}", transcript in transcript(), seed in any::<u64>()) {
        let _ = parse(&noise);
        let mut rng = Rng::new(seed);
        let text = damaged(&transcript.to_string(), &mut rng);
        let _ = parse(&text);
        let _ = parse(&format!("socklab transcript 1\n{noise}"));
    }

    /// A transcript that something has happened to is refused or found to differ, without a panic.
    #[test]
    fn a_damaged_transcript_is_replayed_or_refused(
        exercise in select(EXERCISES),
        role in role(),
        seed in any::<u64>(),
    ) {
        let mut rng = Rng::new(seed);
        let (text, settings) = recorded(exercise, role);
        if let Ok(read) = parse(&damaged(&text, &mut rng)) {
            for transcript in read {
                let _ = replay(&transcript, Bench::machine(exercise.name, role, &settings));
            }
        }
    }

    /// A transcript's bytes cut into pieces, with or without time between them, mean the same.
    #[test]
    fn canonical_is_the_same_however_the_bytes_were_cut(
        exercise in select(&EXERCISES[3..]),
        role in role(),
        seed in any::<u64>(),
        split in 1_u16..1000,
    ) {
        let (text, _) = recorded(exercise, role);
        let whole = read(&text);
        let mut rng = Rng::new(seed);
        let mut cut = whole.clone();
        cut.lines = Vec::new();
        for line in &whole.lines {
            let payload = line.payload.as_deref().unwrap_or_default();
            if line.event_name() != "bytes" || line.arrow != Arrow::In {
                cut.lines.push(line.clone());
                continue;
            }
            let mut piece = line.clone();
            piece.payload = Some(Vec::new());
            for (nth, byte) in payload.iter().enumerate() {
                piece.payload.get_or_insert_default().push(*byte);
                if nth + 1 == payload.len() || rng.chance(split) {
                    cut.lines.push(piece.clone());
                    piece.payload = Some(Vec::new());
                }
            }
        }
        prop_assert_eq!(cut.canonical(), whole.canonical());
    }

    /// The two ends of a stream do the same however the network cuts it.
    #[test]
    fn a_stream_is_the_same_however_the_network_cuts_it(
        exercise in select(&EXERCISES[3..]),
        seed in any::<u64>(),
        rates in (0_u16..1000, 0_u16..1000, 0_u16..1000),
    ) {
        let (delay, split, merge) = rates;
        let faults = Faults { delay, split, merge, ..Faults::default() };
        let net = VirtualNet::new(Faulty::new(PerfectWire::default(), faults, seed));
        let whole = Pair::new(exercise, VirtualNet::default()).run();
        let cut = Pair::new(exercise, net).run();
        prop_assert_eq!(cut.net.canonical(cut.client), whole.net.canonical(whole.client));
        prop_assert_eq!(cut.net.canonical(cut.server()), whole.net.canonical(whole.server()));
    }

    /// Python's `str.upper()` and Rust's `to_uppercase` are the same mapping (Unicode, 3.13).
    #[test]
    fn capitals_of_valid_text(text in ".{0,200}") {
        prop_assert_eq!(upper(text.as_bytes()), text.to_uppercase().into_bytes());
    }

    /// Letters of all lengths side by side, cut by bytes that are not text: these stay as they are,
    /// and the text around them is capitalised whole.
    #[test]
    fn capitals_of_mixed_text(pieces in vec(mixed(), 0..200)) {
        let text = pieces.concat();
        let mut capitals = Vec::new();
        for chunk in text.utf8_chunks() {
            capitals.extend(chunk.valid().to_uppercase().bytes());
            capitals.extend(chunk.invalid());
        }
        prop_assert_eq!(upper(&text), capitals);
    }
}

/// ASCII most of the time; letters whose capitals are longer, shorter, several, or none; halves of
/// letters, and any bytes.
fn mixed() -> impl Strategy<Value = Vec<u8>> {
    const LETTERS: [&str; 20] = [
        "ñ", "á", "Ñ", "¿", "ß", "ÿ", "µ", "÷", "×", "ŉ", "ﬁ", "ΐ", "ı", "ǰ", "ς", "я", "ɐ", "語",
        "🦀", "𐐨",
    ];
    prop_oneof![
        6 => "[a-zA-Z ]{1,12}".prop_map(String::into_bytes),
        6 => select(&LETTERS[..]).prop_map(|letter| letter.as_bytes().to_vec()),
        1 => select(&LETTERS[..]).prop_map(|letter| letter.as_bytes()[..1].to_vec()),
        1 => vec(any::<u8>(), 1..4),
        1 => ".{0,20}".prop_map(String::into_bytes),
    ]
}

#[test]
fn capitals_of_every_letter() {
    for letter in '\0'..=char::MAX {
        let text = letter.to_string();
        assert_eq!(
            upper(text.as_bytes()),
            text.to_uppercase().into_bytes(),
            "{letter:?}"
        );
    }
}

fn upper(text: &[u8]) -> Vec<u8> {
    let mut capitals = b"before".to_vec();
    uppercase::upper(text, &mut capitals);
    capitals.split_off("before".len())
}

/// An end of a scene as it went, and what it was made with.
fn recorded(exercise: &Exercise, role: Role) -> (String, Settings) {
    let pair = Pair::new(exercise, VirtualNet::default()).run();
    let host = match role {
        Role::Client => pair.client,
        Role::Server => pair.server(),
    };
    (pair.net.transcript(host), Settings::default())
}

/// The text with some lines lost, doubled, swapped or changed.
fn damaged(text: &str, rng: &mut Rng) -> String {
    let mut lines: Vec<String> = text.lines().map(str::to_string).collect();
    for _ in 0..=rng.below(4) {
        let (at, to) = (
            rng.below(lines.len() as u64) as usize,
            rng.below(lines.len() as u64) as usize,
        );
        match rng.below(6) {
            0 if lines.len() > 1 => drop(lines.remove(at)),
            1 => lines.insert(to, lines[at].clone()),
            2 => lines.swap(at, to),
            // The end of time.
            3 => {
                if let Some((_, rest)) = lines[at].split_once(' ') {
                    lines[at] = format!("18446744073709551615.999999999 {rest}");
                }
            }
            4 => lines[at] = lines[at].replacen("0.0", "99999999999.0", 1),
            _ => {
                let mut letters: Vec<char> = lines[at].chars().collect();
                let noise = char::from(rng.below(128) as u8);
                match letters.len() {
                    0 => letters.push(noise),
                    len => letters[rng.below(len as u64) as usize] = noise,
                }
                lines[at] = letters.into_iter().collect();
            }
        }
    }
    lines.join("\n")
}

prop_compose! {
    fn line()(
        (seconds, nanos) in (any::<u64>(), 0_u32..1_000_000_000),
        arrow in select(&[Arrow::In, Arrow::Out, Arrow::Mark][..]),
        words in vec("[!#-~]{1,10}", 1..5),
        payload in proptest::option::of(prop_oneof![
            vec(any::<u8>(), 0..40),
            any::<String>().prop_map(String::into_bytes),
        ]),
    ) -> Line {
        Line { at: Duration::new(seconds, nanos), arrow, words, payload }
    }
}

prop_compose! {
    fn transcript()(
        (exercise, runtime) in ("[a-z-]{1,10}", "[a-z-]{1,10}"),
        role in role(),
        (seconds, nanos) in (any::<u64>(), 0_u32..1_000_000_000),
        masked in any::<bool>(),
        lines in vec(line(), 0..10),
    ) -> Transcript {
        let epoch = Duration::new(seconds, nanos);
        Transcript { header: Header { exercise, role, runtime, epoch, masked }, lines }
    }
}
