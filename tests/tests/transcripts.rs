//! Proves that each end of each exercise does today what it did when its transcript was put on
//! record, and that a transcript is enough to do it again.

use std::sync::Arc;

use socklab_core::lab::{EXERCISES, ServerKind, Settings};
use socklab_core::transcript::{Arrow, Divergence, Role, replay};
use socklab_core::{Link, Machine, Status};
use socklab_tests::{
    DNI, EPOCH, Faults, Faulty, MemoryRegister, Pair, PerfectWire, RawClient, Script, VirtualNet,
    address, assert_transcript, code_at, exercise, read,
};

#[test]
fn every_exercise_in_both_roles() {
    for exercise in EXERCISES {
        let pair = Pair::new(exercise, VirtualNet::default()).run();
        assert_eq!(pair.net.status(pair.client), Status::Done);
        assert_eq!(pair.net.status(pair.server()), Status::Done);
        assert_transcript(
            exercise.name,
            Role::Client,
            &pair.net.canonical(pair.client),
        );
        assert_transcript(
            exercise.name,
            Role::Server,
            &pair.net.canonical(pair.server()),
        );
    }
}

/// A pair of `submit` whose student types `name` and `code`.
fn submission(register: &Arc<MemoryRegister>, name: &str, code: &str) -> Pair {
    let net = VirtualNet::default().with_register(register.clone());
    let typed = Script::of([name, DNI, code]);
    Pair::with(exercise("submit"), net, |_| (), typed, Script::default()).run()
}

#[test]
fn a_submission_with_a_wrong_code() {
    let pair = submission(&Arc::default(), "Ana", "000000");
    let failure = "failed rejected";
    assert!(pair.net.canonical(pair.client).contains(failure));
    assert_transcript(
        "submit-rejected",
        Role::Client,
        &pair.net.canonical(pair.client),
    );
    assert_transcript(
        "submit-rejected",
        Role::Server,
        &pair.net.canonical(pair.server()),
    );
}

#[test]
fn a_submission_again() {
    let register = Arc::new(MemoryRegister::new());
    let code = code_at(DNI, EPOCH.as_secs());
    assert_eq!(code.as_str(), "548094", "as the lab's table has it");
    for name in ["submit", "submit-already"] {
        let pair = submission(&register, "Ana Núñez", code.as_str());
        assert_transcript(name, Role::Client, &pair.net.canonical(pair.client));
        assert_transcript(name, Role::Server, &pair.net.canonical(pair.server()));
    }
    assert_eq!(register.submissions(), 1);
    // The code of the step before is still good; an older one is not.
    for (steps, answer) in [(1, "OK already 1"), (2, "ERROR code-behind 60")] {
        let code = code_at(DNI, EPOCH.as_secs() - 30 * steps);
        let pair = submission(&register, "Ana Núñez", code.as_str());
        assert_eq!(pair.net.shown(pair.client), [answer]);
    }
}

/// What the server answers to fields that our own client would not send.
#[test]
fn a_dni_with_its_letter() {
    let at = address("127.0.0.1:21000");
    let mut net = VirtualNet::default();
    let ServerKind::Service(make) = exercise("submit").server else {
        panic!("submit is a service");
    };
    net.service("submit", at, make(&Settings::default()));
    let raw = RawClient::new(at, b"Ana&12345678Z&548094", false);
    let client = net.client("submit", raw, Script::default());
    net.run();
    assert_eq!(net.shown(client), ["ERROR dni-letter"]);
    let canonical = net.canonical(net.accepted(at)[0]);
    assert_transcript("submit-dni-letter", Role::Server, &canonical);
}

/// The machines of a pair once more, as they were.
fn again(pair: &Pair) -> [(String, Box<dyn Machine>); 2] {
    let client = pair.net.transcript(pair.client);
    let server = pair.net.transcript(pair.server());
    let exercise = exercise(&read(&client).header.exercise);
    let at = address(&format!("127.0.0.1:{}", exercise.port));
    let settings = Settings::client(exercise, at);
    let machine = match exercise.server {
        ServerKind::Endpoint(make) | ServerKind::Endpoints(make) => make(&Settings::default()),
        ServerKind::Service(make) => {
            let peer = address("127.0.0.1:50000");
            make(&Settings::default()).accept(Link::first(peer))
        }
    };
    [(client, (exercise.client)(&settings)), (server, machine)]
}

#[test]
fn a_transcript_replayed_reproduces_itself() {
    for exercise in EXERCISES {
        for seed in 0..20 {
            let net = VirtualNet::new(Faulty::new(PerfectWire::default(), Faults::ALL, seed));
            let pair = Pair::new(exercise, net).run();
            for (text, machine) in again(&pair) {
                assert_eq!(replay(&read(&text), machine), Ok(()), "seed {seed}\n{text}");
                assert_eq!(read(&text).to_string(), text);
            }
        }
    }
}

/// A machine that does otherwise is told, by the line where it does.
#[test]
fn a_transcript_of_something_else_is_told() {
    for exercise in EXERCISES {
        let pair = Pair::new(exercise, VirtualNet::default()).run();
        for (text, machine) in again(&pair) {
            // Its last output, or else its end, as another machine would have had it.
            let mut other = read(&text);
            let (at, line) = match other.lines.iter().rposition(|line| line.payload.is_some()) {
                Some(at) if other.lines[at].arrow == Arrow::Out => (at, "otra cosa"),
                _ => (other.lines.len() - 1, ""),
            };
            if line.is_empty() {
                other.lines[at].words.push("otherwise".into());
            } else {
                other.lines[at].payload = Some(line.into());
            }
            let got = replay(&other, machine);
            // The header has six lines.
            let Err(Divergence::Differs { line, .. }) = got else {
                panic!("{got:?}\n{other}");
            };
            assert_eq!(line, at + 7, "{other}");
        }
    }
}

#[test]
fn the_same_seed_twice_is_the_same_run() {
    let play = |seed, name| {
        let net = VirtualNet::new(Faulty::new(PerfectWire::default(), Faults::ALL, seed));
        Pair::new(exercise(name), net).run().net.transcripts()
    };
    for exercise in EXERCISES {
        for seed in 0..20 {
            assert_eq!(play(seed, exercise.name), play(seed, exercise.name));
        }
    }
    // And other seeds make other runs; else the test above would be empty.
    let different: std::collections::BTreeSet<_> = (0..20).map(|seed| play(seed, "echo")).collect();
    assert!(different.len() > 10, "{}", different.len());
}
