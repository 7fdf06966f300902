//! Welcome and submit against servers that do right, and each kind of wrong: what is counted is
//! exact.

mod servers;

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use servers::{nobody, plan, say, streams};
use socklab_core::otp::{Code, Dni, Key, Window, verify};
use socklab_core::welcome::BANNER;
use socklab_load::{Mismatch, Outcome, Plan, Workload, run};

fn load(plan: &Plan) -> Outcome {
    run(plan, &mut |_| {}).unwrap()
}

/// (lost, wrong, refused, out of ports)
fn faults(outcome: &Outcome) -> [u64; 4] {
    [
        outcome.lost,
        outcome.wrong,
        outcome.refused,
        outcome.out_of_ports,
    ]
}

#[test]
fn welcome() {
    let server = streams((0, BTreeSet::new()), |(seen, peers), mut stream| {
        *seen += 1;
        peers.insert(stream.peer_addr().unwrap().ip());
        // In pieces, some of the time.
        let (head, tail) = BANNER.split_at(*seen as usize % BANNER.len());
        let _ = stream.write_all(head);
        say(stream, tail);
    });
    let outcome = load(&Plan {
        connections: 10,
        ..plan(Workload::Welcome, server.at)
    });
    let (seen, peers) = server.end();
    assert_eq!(outcome.first_wrong, None);
    assert_eq!(faults(&outcome), [0; 4]);
    assert!(seen > 10);
    assert_eq!(
        [outcome.asked, outcome.response.len(), outcome.service.len()],
        [seen; 3]
    );
    assert!(outcome.replies <= seen && seen <= outcome.replies + 10);
    if cfg!(target_os = "linux") {
        assert_eq!(peers.len() as u64, seen.min(200));
    }
}

#[test]
fn welcome_wrong() {
    let ways: [&[u8]; 5] = [
        b"",
        b"Bienvenido",
        b"Bienvenido al Servidor\n",
        b"Bienvenido al Servido!",
        &[b'x'; 10_000],
    ];
    for words in ways {
        let server = streams((0, 0), move |(seen, wrong), stream| {
            *seen += 1;
            if *seen % 3 == 0 {
                *wrong += 1;
                say(stream, words);
            } else {
                say(stream, BANNER);
            }
        });
        let outcome = load(&Plan {
            connections: 2,
            measure: Duration::from_millis(100),
            ..plan(Workload::Welcome, server.at)
        });
        let (seen, wrong) = server.end();
        assert!(wrong > 0);
        assert_eq!(faults(&outcome), [0, wrong, 0, 0]);
        assert_eq!(outcome.service.len(), seen - wrong);
        let Mismatch { expected, got } = outcome.first_wrong.unwrap();
        assert_eq!(expected, BANNER);
        assert!(words.starts_with(&got) && (got == words || got.len() > 4096));
    }
}

#[test]
fn who_does_not_answer_or_breaks_is_lost() {
    let server = streams((0, Vec::new(), 0), |(seen, silent, broken), stream| {
        *seen += 1;
        match *seen % 5 {
            0 => silent.push(stream),
            // The banner, but no end of stream.
            1 => {
                let _ = (&stream).write_all(BANNER);
                silent.push(stream);
            }
            2 => {
                *broken += 1;
                let socket = socket2::SockRef::from(&stream);
                socket.set_linger(Some(Duration::ZERO)).unwrap();
            }
            _ => say(stream, BANNER),
        }
    });
    let outcome = load(&Plan {
        connections: 3,
        timeout: Duration::from_millis(100),
        measure: Duration::from_millis(500),
        ..plan(Workload::Welcome, server.at)
    });
    let (seen, silent, broken) = server.end();
    // Late ones only if the machine stood still for the time-out.
    assert_eq!(outcome.lost, silent.len() as u64 + broken + outcome.late);
    assert_eq!((outcome.wrong, outcome.refused), (0, 0));
    assert_eq!(outcome.response.len(), seen);
    let timeout = 100_000_000;
    assert_eq!(
        outcome.response.count_between(timeout, u64::MAX),
        outcome.lost
    );
}

#[test]
fn nobody_listens() {
    let outcome = load(&Plan {
        connections: 3,
        ..plan(Workload::Welcome, nobody())
    });
    assert!(outcome.refused > 3);
    assert_eq!(faults(&outcome), [0, 0, outcome.asked, 0]);
    assert_eq!(outcome.response.len(), outcome.asked);
    assert_eq!(outcome.service.len(), 0);
}

/// What the lab's server does: one read, a look at the code, an answer.
fn judge(stream: &mut TcpStream, dnis: &mut BTreeSet<String>) -> bool {
    let mut buffer = [0; 1024];
    let len = stream.read(&mut buffer).unwrap();
    let message = std::str::from_utf8(&buffer[..len]).unwrap();
    let fields: Vec<_> = message.split('&').collect();
    let [name, dni, code] = fields[..] else {
        panic!("{message}")
    };
    assert!(!name.is_empty());
    assert!(dnis.insert(dni.to_owned()), "a DNI came twice");
    let key = Key::from_dni(&Dni::parse(dni).unwrap());
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let window = Window {
        behind: 1,
        ahead: 0,
    };
    verify(&key, &Code::parse(code).unwrap(), now.as_secs(), window).is_some()
}

#[test]
fn submit() {
    let server = streams(
        (0, 0, BTreeSet::new()),
        |(seen, refused, dnis), mut stream| {
            *seen += 1;
            let right = judge(&mut stream, dnis);
            assert!(right);
            if *seen % 7 == 0 {
                *refused += 1;
                say(stream, b"ERROR no");
            } else {
                say(stream, "OK entrega registrada ✓".as_bytes());
            }
        },
    );
    let outcome = load(&Plan {
        connections: 5,
        first: 99_999_990,
        ..plan(Workload::Submit, server.at)
    });
    let (seen, refused, dnis) = server.end();
    assert!(seen > 20 && refused > 0);
    assert!(dnis.contains("99999999") && dnis.contains("00000000"));
    // Where the step turned between question and answer, nobody can say whose mistake it is.
    assert_eq!(outcome.wrong + outcome.stale, refused);
    assert_eq!((outcome.lost, outcome.refused), (0, 0));
    assert_eq!(
        (outcome.asked, outcome.service.len()),
        (seen, seen - refused)
    );
}

#[test]
fn over_ipv6() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else {
        println!("SKIPPED: no IPv6");
        return;
    };
    let at = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            say(stream, BANNER);
        }
    });
    let outcome = load(&plan(Workload::Welcome, at));
    assert!(outcome.replies > 0);
    assert_eq!(faults(&outcome), [0; 4]);
}
