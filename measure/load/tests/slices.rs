//! `capitals`, over connections that stay and over visits, and loads in slices.

mod servers;

use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use servers::{capitals, nobody, plan, say, streams};
use socklab_load::{
    LoadGenerator, Mismatch, Outcome, Plan, SlowClient, SlowRequests, Workload, run,
};

const SLICE: Duration = Duration::from_millis(50);

/// (lost, wrong, refused, out of ports)
fn faults(outcome: &Outcome) -> [u64; 4] {
    [
        outcome.lost,
        outcome.wrong,
        outcome.refused,
        outcome.out_of_ports,
    ]
}

/// What is said to the line of that number on its connection; `None` closes it.
type Answer = fn(u64, &[u8]) -> Option<Vec<u8>>;

/// Answers each line of a connection as `answer` says, until that is `None`.
fn talk(stream: &TcpStream, mut answer: impl FnMut(u64, &[u8]) -> Option<Vec<u8>>) {
    let lines = BufReader::new(stream.try_clone().unwrap()).split(b'\n');
    for (number, line) in lines.map_while(Result::ok).enumerate() {
        let Some(reply) = answer(number as u64, &line) else {
            return;
        };
        if (&*stream).write_all(&reply).is_err() {
            return;
        }
    }
}

fn right(line: &[u8]) -> Vec<u8> {
    [&capitals(line)[..], b"\n"].concat()
}

/// A thread for each connection. Where it listens, and how many lines and connections there were.
fn threads(answer: Answer) -> (SocketAddr, Arc<AtomicU64>, Arc<AtomicU64>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let (lines, connections) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let counts = (Arc::clone(&lines), Arc::clone(&connections));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counts.1.fetch_add(1, Ordering::Relaxed);
            let lines = Arc::clone(&counts.0);
            thread::spawn(move || {
                talk(&stream, |number, line| {
                    lines.fetch_add(1, Ordering::Relaxed);
                    answer(number, line)
                });
            });
        }
    });
    (at, lines, connections)
}

#[test]
fn connections_stay_from_slice_to_slice() {
    let (at, lines, connections) = threads(|_, line| Some(right(line)));
    let mut load = LoadGenerator::new(&Plan {
        connections: 5,
        ..plan(Workload::Capitals, at)
    })
    .unwrap();
    let mut answered = 0;
    for _ in 0..3 {
        let outcome = load.slice(SLICE).unwrap();
        assert_eq!(outcome.first_wrong, None);
        assert_eq!(faults(&outcome), [0; 4]);
        assert_eq!(outcome.answered, outcome.asked);
        assert_eq!(outcome.service.len(), outcome.answered);
        assert!(outcome.replies > 0 && outcome.replies <= outcome.answered);
        assert_eq!(outcome.served, 5);
        answered += outcome.answered;
        // Between slices nobody asks.
        let before = lines.load(Ordering::Relaxed);
        thread::sleep(SLICE);
        assert_eq!(lines.load(Ordering::Relaxed), before);
    }
    assert_eq!(lines.load(Ordering::Relaxed), answered);
    assert_eq!(connections.load(Ordering::Relaxed), 5);
}

#[test]
fn the_warm_up_is_in_no_slice() {
    let (at, lines, _) = threads(|_, line| Some(right(line)));
    let mut load = LoadGenerator::new(&Plan {
        interval: Duration::from_millis(5),
        warm_up: Duration::from_millis(10)..Duration::from_secs(2),
        ..plan(Workload::Capitals, at)
    })
    .unwrap();
    let took = load.warm_up(&mut |_| ()).unwrap().took;
    assert!(took >= Duration::from_millis(10));
    let warm = lines.load(Ordering::Relaxed);
    assert!(warm > 0);
    let outcome = load.slice(SLICE).unwrap();
    assert_eq!(warm + outcome.answered, lines.load(Ordering::Relaxed));
}

#[test]
fn every_line_is_checked_whole() {
    let ways: [Answer; 5] = [
        // Small letters, too much, too little, two at once, and the reply to another question.
        |_, line| Some([line, b"\n"].concat()),
        |_, line| Some([&capitals(line)[..], b"!\n"].concat()),
        |_, line| Some([&capitals(line)[1..], b"\n"].concat()),
        |_, line| Some(right(line).repeat(2)),
        |number, line| {
            let mut reply = right(line);
            reply[15] = b'0' + (number % 7) as u8 + 3;
            Some(reply)
        },
    ];
    for answer in ways {
        let (at, ..) = threads(answer);
        let mut load = LoadGenerator::new(&plan(Workload::Capitals, at)).unwrap();
        let outcome = load.slice(SLICE).unwrap();
        assert!(outcome.wrong > 0, "{outcome:?}");
        let Mismatch { expected, got } = outcome.first_wrong.unwrap();
        assert_ne!(expected, got);
    }
}

#[test]
fn a_server_of_one_connection_serves_one() {
    let server = streams((), |(), stream| talk(&stream, |_, line| Some(right(line))));
    let mut load = LoadGenerator::new(&Plan {
        connections: 4,
        timeout: Duration::from_millis(100),
        ..plan(Workload::Capitals, server.at)
    })
    .unwrap();
    let outcome = load.slice(SLICE).unwrap();
    assert_eq!(outcome.served, 1);
    assert_eq!(faults(&outcome), [3, 0, 0, 0]);
    drop(load);
    server.end();
}

#[test]
fn a_connection_that_breaks_is_lost_and_made_again() {
    let (at, _, connections) = threads(|number, line| (number < 2).then(|| right(line)));
    let mut load = LoadGenerator::new(&plan(Workload::Capitals, at)).unwrap();
    let outcome = load.slice(SLICE).unwrap();
    assert!(outcome.lost > 0 && outcome.wrong == 0, "{outcome:?}");
    assert!(outcome.answered >= 2 * outcome.lost);
    assert!(connections.load(Ordering::Relaxed) >= outcome.lost);
}

#[test]
fn nobody_listens() {
    let mut load = LoadGenerator::new(&plan(Workload::Capitals, nobody())).unwrap();
    let outcome = load.slice(SLICE).unwrap();
    assert!(outcome.refused > 0 && outcome.answered == 0);
}

#[test]
fn a_line_for_each_visit() {
    let server = streams(0, |seen, stream| {
        *seen += 1;
        talk(&stream, |_, line| Some(right(line)));
    });
    let outcome = run(&plan(Workload::CapitalsOnce, server.at), &mut |_| {}).unwrap();
    assert_eq!(outcome.first_wrong, None);
    assert_eq!(faults(&outcome), [0; 4]);
    assert_eq!(outcome.asked, server.end());

    let server = streams((), |(), stream| talk(&stream, |_, _| Some(b"NO\n".into())));
    let outcome = run(&plan(Workload::CapitalsOnce, server.at), &mut |_| {}).unwrap();
    assert!(outcome.wrong > 0);
    server.end();

    // Closed without a word.
    let server = streams((), |(), stream| say(stream, b""));
    let outcome = run(&plan(Workload::CapitalsOnce, server.at), &mut |_| {}).unwrap();
    assert!(outcome.lost > 0 && outcome.wrong == 0);
    server.end();
}

#[test]
fn those_who_come_while_a_slow_client_is_served_wait() {
    let server = streams((), |(), stream| talk(&stream, |_, line| Some(right(line))));
    let visits = Plan {
        connections: 50,
        pace: socklab_load::Pace::Open { rate: 200.0 },
        ..plan(Workload::CapitalsOnce, server.at)
    };
    let mut load = LoadGenerator::new(&visits).unwrap();
    let every = Duration::from_millis(20);
    let slow = SlowClient::begin(server.at, "despacio", every).unwrap();
    let outcome = load.slice(Duration::from_millis(300)).unwrap();
    assert!(slow.end().is_ok());
    assert_eq!(faults(&outcome), [0; 4]);
    // Eight pauses of 20 ms, and one who came at the start waits for all of them.
    assert!(
        outcome.response.max() > 140_000_000,
        "{}",
        outcome.response.max()
    );
    drop(load);
    server.end();
}

#[test]
fn slow_requests_are_timed() {
    let (at, ..) = threads(|_, line| {
        thread::sleep(Duration::from_millis(3));
        Some(right(line))
    });
    let slow = SlowRequests::begin(at, Duration::from_millis(1));
    thread::sleep(Duration::from_millis(100));
    let replies = slow.end();
    assert!(!replies.is_empty());
    assert!(replies.iter().all(|one| *one >= Duration::from_millis(3)));
}
