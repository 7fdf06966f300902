//! Impairments under virtual time: what is impaired, and that nothing else is.

use std::num::NonZeroUsize;
use std::time::Duration;

use socklab_core::impair::{
    GAP, HELD_BACK, Impaired, ImpairedService, Impairments, MAX_HELD, SEND_OVERHEAD,
};
use socklab_core::lab::{EXERCISES, Exercise, ServerKind, Settings, find};
use socklab_core::transcript::{Line, Role};
use socklab_core::{
    FaultKind, Input, Link, Machine, Notice, Outbox, Output, Service, Status, Transport,
};
use socklab_tests::{CLIENT, EPOCH, HostId, SERVER, Script, VirtualNet, address, fault, read};

const PIECES: Impairments = Impairments {
    pieces: NonZeroUsize::new(3),
    delay: Duration::ZERO,
    lose: 0,
    duplicate: 0,
    reorder: 0,
    reset: 0,
};

fn losing(lose: u16) -> Impairments {
    Impairments {
        lose,
        ..Impairments::default()
    }
}

fn late(delay: Duration) -> Impairments {
    Impairments {
        delay,
        ..Impairments::default()
    }
}

struct Played {
    net: VirtualNet,
    client: HostId,
    server: HostId,
}

/// Plays an exercise's scene, with each end impaired from that seed.
fn play(
    exercise: &Exercise,
    [client, server]: [Impairments; 2],
    seed: u64,
    change: impl Fn(&mut Settings),
) -> Played {
    let mut net = VirtualNet::default();
    let at = address(&format!("127.0.0.1:{}", exercise.port));
    let mut settings = Settings::client(exercise, at);
    change(&mut settings);
    let around = |machine: Box<dyn Machine>, how: Impairments| -> Box<dyn Machine> {
        match how.any() {
            true => Box::new(Impaired::new(machine, exercise.transport, how, seed)),
            false => machine,
        }
    };
    let script = |role| Script::of(exercise.scene.lines(role, EPOCH.as_secs()));
    let endpoint = match exercise.server {
        ServerKind::Endpoint(make) | ServerKind::Endpoints(make) => {
            let settings = Settings {
                timeout: None,
                ..settings.clone()
            };
            let machine = around(make(&settings), server);
            Some(net.endpoint(exercise.name, at, machine, script(Role::Server)))
        }
        ServerKind::Service(make) => {
            let service = make(&settings);
            net.service(
                exercise.name,
                at,
                ImpairedService::new(service, server, seed),
            );
            None
        }
    };
    let machine = around((exercise.client)(&settings), client);
    let client = net.client(exercise.name, machine, script(Role::Client));
    net.run();
    let server = endpoint.or_else(|| net.accepted(at).first().copied());
    let server = server.expect("a connection");
    Played {
        net,
        client,
        server,
    }
}

fn lines(played: &Played, host: HostId, verb: &str) -> Vec<Line> {
    let lines = read(&played.net.transcript(host)).lines;
    lines
        .into_iter()
        .filter(|line| line.event_name() == verb)
        .collect()
}

fn sends(played: &Played, host: HostId) -> Vec<(Duration, Vec<u8>)> {
    let sends = lines(played, host, "send").into_iter();
    sends
        .map(|line| (line.at, line.payload.unwrap_or_default()))
        .collect()
}

#[test]
fn every_exercise_gives_the_same_results_in_pieces_and_late() {
    for exercise in EXERCISES {
        let none = [Impairments::default(); 2];
        let plain = play(exercise, none, 1, |_| ());
        for how in [PIECES, late(Duration::from_millis(70))] {
            for ends in [[how, how], [how, none[0]], [none[0], how]] {
                for seed in 0..20 {
                    let played = play(exercise, ends, seed, |_| ());
                    for host in [(played.client, plain.client), (played.server, plain.server)] {
                        let all = played.net.transcripts();
                        assert_eq!(played.net.shown(host.0), plain.net.shown(host.1), "{all}");
                        assert_eq!(played.net.status(host.0), plain.net.status(host.1), "{all}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_stream_leaves_in_small_pieces_apart_from_each_other() {
    let capitals = find("capitals").unwrap();
    let mut cuts = std::collections::BTreeSet::new();
    for seed in 0..30 {
        let played = play(capitals, [PIECES, PIECES], seed, |_| ());
        for host in [played.client, played.server] {
            let all = sends(&played, host);
            for (_, bytes) in &all {
                assert!(
                    (1..=3).contains(&bytes.len()),
                    "{}",
                    played.net.transcripts()
                );
            }
            for pair in all.windows(2) {
                assert!(pair[1].0 - pair[0].0 >= GAP, "{}", played.net.transcripts());
            }
            assert_eq!(lines(&played, host, "no-delay").len(), 1);
        }
        // The same seed makes the same cuts, to the byte and to the nanosecond.
        let again = play(capitals, [PIECES, PIECES], seed, |_| ());
        assert_eq!(played.net.transcripts(), again.net.transcripts());
        cuts.insert(
            sends(&played, played.server)
                .iter()
                .map(|one| one.1.len())
                .collect::<Vec<_>>(),
        );
    }
    assert!(
        cuts.len() > 20,
        "30 seeds made {} different cuts",
        cuts.len()
    );
}

#[test]
fn each_piece_is_late_after_the_one_before() {
    let how = Impairments {
        delay: Duration::from_millis(40),
        pieces: NonZeroUsize::new(1),
        ..Impairments::default()
    };
    let played = play(
        find("welcome").unwrap(),
        [Impairments::default(), how],
        1,
        |_| (),
    );
    let all = sends(&played, played.server);
    assert_eq!(all.len(), 22);
    let opened = lines(&played, played.server, "opened")[0].at;
    for (nth, (at, _)) in (1..).zip(&all) {
        assert_eq!(*at - opened, how.delay * nth);
    }
    assert_eq!(played.net.shown(played.client), ["Bienvenido al Servidor"]);
}

#[test]
fn what_is_lost_is_said_and_sent_again_by_who_repeats() {
    let echo = find("echo").unwrap();
    let patient = |settings: &mut Settings| {
        settings.retries = 100;
        settings.keep_serving = true;
    };
    let (mut lost, mut sent) = (0, 0);
    for seed in 0..40 {
        let played = play(echo, [losing(300), losing(300)], seed, patient);
        assert_eq!(played.net.shown(played.client), ["ÑANDÚ", "STRASSE", "FIN"]);
        assert_eq!(played.net.status(played.client), Status::Done);
        for host in [played.client, played.server] {
            let notices = lines(&played, host, "notice");
            lost += notices
                .iter()
                .filter(|one| one.word(1) == Some("lost"))
                .count();
            sent += sends(&played, host).len();
        }
    }
    let share = 1000 * lost / (lost + sent);
    assert!(
        (250..350).contains(&share),
        "{lost} of {} were lost",
        lost + sent
    );

    let all = play(echo, [losing(1000), losing(0)], 1, |_| ());
    assert!(matches!(all.net.status(all.client), Status::Failed(_)));
    assert!(sends(&all, all.client).is_empty());
}

/// One machine by hand: what it sends, and when.
struct Alone {
    machine: Impaired<Box<dyn Machine>>,
    now: Duration,
    out: Outbox,
}

const LINK: Link = Link::first(CLIENT);

impl Alone {
    fn new(exercise: &str, how: Impairments) -> Self {
        let exercise = find(exercise).unwrap();
        let settings = Settings {
            keep_serving: true,
            ..Settings::default()
        };
        let machine = match exercise.server {
            ServerKind::Endpoint(make) | ServerKind::Endpoints(make) => make(&settings),
            ServerKind::Service(make) => make(&settings).accept(LINK),
        };
        let mut alone = Alone {
            machine: Impaired::new(machine, exercise.transport, how, 7),
            now: Duration::ZERO,
            out: Outbox::new(),
        };
        alone.feed(Input::Start);
        alone.feed(match exercise.transport {
            Transport::Datagram => Input::Bound {
                socket: LINK.socket,
                local: SERVER,
            },
            Transport::Stream => Input::Opened {
                link: LINK,
                local: SERVER,
                exceeded: None,
            },
        });
        alone
    }

    fn feed(&mut self, input: Input<'_>) {
        let now = socklab_core::Now::at(EPOCH, self.now);
        self.machine.step(now, input, &mut self.out);
    }

    fn hears(&mut self, bytes: &[u8]) {
        self.feed(Input::Datagram { link: LINK, bytes });
    }

    /// Lets the next deadline pass, if there is one.
    fn waits(&mut self) -> bool {
        let Some(deadline) = self.machine.deadline() else {
            return false;
        };
        self.now = Duration::from_nanos(deadline.at.as_nanos());
        self.feed(Input::Timer);
        true
    }

    /// What was asked for since this was last asked.
    fn news(&mut self) -> Vec<String> {
        let news = self.out.iter().filter_map(|output| match output {
            Output::Send { bytes, .. } => Some(String::from_utf8_lossy(bytes).into_owned()),
            Output::Finish { .. } => Some("-finish-".to_owned()),
            Output::Abort { .. } => Some("-reset-".to_owned()),
            Output::Notice(Notice::Lost(_, bytes)) => Some(format!("-lost {bytes}-")),
            _ => None,
        });
        let news = news.collect();
        self.out.clear();
        news
    }
}

#[test]
fn datagrams_come_twice_and_in_another_order() {
    let mut twice = Alone::new(
        "echo",
        Impairments {
            duplicate: 1000,
            ..Impairments::default()
        },
    );
    twice.hears(b"uno");
    assert_eq!(twice.news(), ["UNO", "UNO"]);

    let mut swapped = Alone::new(
        "echo",
        Impairments {
            reorder: 1000,
            ..Impairments::default()
        },
    );
    swapped.hears(b"uno");
    assert!(swapped.news().is_empty());
    swapped.hears(b"dos");
    swapped.hears(b"tres");
    assert_eq!(swapped.news(), ["DOS", "UNO"]);
    // No other comes to overtake the third.
    assert!(swapped.waits());
    assert_eq!(
        (swapped.news(), swapped.now),
        (vec!["TRES".to_owned()], HELD_BACK)
    );
    assert!(!swapped.waits());
}

#[test]
fn a_reset_cuts_a_send_in_the_middle_and_ends_both() {
    let mut reset = Alone::new(
        "capitals",
        Impairments {
            reset: 1000,
            ..Impairments::default()
        },
    );
    reset.feed(Input::Bytes {
        link: LINK,
        bytes: b"hola\nadios\n",
    });
    assert_eq!(reset.news(), ["HO", "-reset-"]);
    assert_eq!(reset.machine.status(), Status::Done);
}

#[test]
fn a_machine_that_has_ended_stays_until_all_has_left() {
    let mut welcome = Alone::new("welcome", PIECES);
    let mut said = welcome.news().concat();
    assert!(said.len() <= 3 && welcome.machine.status() == Status::Running);
    while welcome.waits() {
        said += &welcome.news().concat();
    }
    assert_eq!(
        (said.as_str(), welcome.machine.status()),
        ("Bienvenido al Servidor", Status::Done)
    );

    // Told to stop, it sends the rest at once.
    let mut stopped = Alone::new("welcome", late(Duration::from_secs(60)));
    assert!(stopped.news().is_empty());
    stopped.feed(Input::Stop);
    assert_eq!(stopped.news(), ["Bienvenido al Servidor"]);
    assert_eq!(stopped.machine.status(), Status::Done);

    // On a stream that is dead nothing more is sent.
    let mut broken = Alone::new("welcome", PIECES);
    broken.news();
    let (doing, fault) = (socklab_core::Doing::Sending, fault(FaultKind::Reset));
    broken.feed(Input::Fault {
        socket: LINK.socket,
        doing,
        fault,
    });
    assert!(!broken.waits() && broken.news().is_empty());
    assert_eq!(broken.machine.status(), Status::Done);
}

#[test]
fn what_is_held_is_bounded() {
    let slow = late(Duration::from_secs(60));
    let mut datagrams = Alone::new("echo", slow);
    let long = [b'x'; 1024];
    let most = |len: usize| MAX_HELD.div_ceil(len + SEND_OVERHEAD);
    for _ in 0..most(long.len()) + 5 {
        datagrams.hears(&long);
    }
    let lost = datagrams.news();
    assert_eq!(lost.len(), 5);
    assert!(lost.iter().all(|one| one == "-lost 1024-"));
    datagrams.hears(b"");
    assert_eq!(datagrams.news(), ["-lost 0-"]);
    datagrams.waits();
    assert_eq!(datagrams.news().len(), most(long.len()));
    // Empty datagrams are not free.
    for _ in 0..=most(0) {
        datagrams.hears(b"");
    }
    assert_eq!(datagrams.news(), ["-lost 0-"]);

    let mut stream = Alone::new("capitals", slow);
    let mut fed = 0;
    while stream.machine.interest().network {
        stream.feed(Input::Bytes {
            link: LINK,
            bytes: b"uno\ndos\n",
        });
        fed += 8;
        assert!(fed <= MAX_HELD);
    }
    // Two lines are one piece that waits, or two.
    assert!((MAX_HELD / (8 + 2 * SEND_OVERHEAD)..=MAX_HELD / SEND_OVERHEAD).contains(&(fed / 8)));
    stream.waits();
    assert!(stream.machine.interest().network);
}
