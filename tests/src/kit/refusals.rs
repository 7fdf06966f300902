//! Cases for TCP servers that refuse connections over a limit.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use socklab_core::lab::SubmissionLimits;
use socklab_core::register::PlainWording;
use socklab_core::transcript::{Role, replay};
use socklab_core::{ExceededLimit, Link, REFUSAL_TIMEOUT, Service, submit};
use socklab_system::{Backend, ConnectionLimit, Run};

use super::{LOCALHOST, Parrots, Server, wait_until};
use crate::real::unix;
use crate::record::{Recording, read};

/// How late a machine may be served on a busy system.
const LATE: Duration = Duration::from_secs(1);

/// A submission server that waits for its clients for as long as any test takes.
pub fn submissions() -> submit::Server {
    let limits = SubmissionLimits {
        silence: super::PATIENCE,
        patience: super::PATIENCE,
        ..SubmissionLimits::default()
    };
    submit::Server::new(Arc::new(PlainWording), limits)
}

/// A submission server with a limit, and its recording.
struct Limited {
    server: Server,
    recording: Recording,
}

impl Limited {
    fn start<B: Backend>(limit: ConnectionLimit) -> Self {
        // The name is not that of an exercise, so that no digits are masked and everything can be
        // replayed.
        let recording = Recording::new("refused", Role::Server, B::NAME, unix());
        let observers = recording.clone();
        let change = |run: &mut Run<Recording>| run.limit = limit;
        let server = Server::begin(LOCALHOST, observers, change, |any, run| {
            B::serve_streams(any, Arc::new(submissions()), run)
        });
        Limited { server, recording }
    }

    /// Makes a connection, and waits until its transcript shows that it was accepted.
    fn inside(&self) -> TcpStream {
        let stream = self.server.connect();
        let peer = stream.local_addr().unwrap();
        self.recording.wait_for(&format!("client1 = {peer}"));
        stream
    }

    /// Asserts that the next connection is refused at once and ends, although its peer is silent.
    fn assert_refused(&self, exceeded: ExceededLimit) {
        let ended = self.recording.ended();
        let mut stream = self.server.connect();
        let peer = stream.local_addr().unwrap().to_string();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "ERROR busy");
        let all = self.recording.wait_ended(ended + 1);
        let text = all.iter().find(|text| text.contains(&peer)).unwrap();
        let transcript = read(text);
        let opened = transcript
            .lines
            .iter()
            .find(|line| line.event_name() == "opened");
        let words = &opened.unwrap().words;
        assert_eq!(words.last().unwrap(), exceeded.name(), "{text}");
        let (first, last) = (&transcript.lines[0], transcript.lines.last().unwrap());
        assert!(last.at - first.at < REFUSAL_TIMEOUT + LATE, "{text}");
        // The transcript replays.
        let peer = stream.local_addr().unwrap();
        let machine = submissions().accept(Link::first(peer));
        assert_eq!(replay(&transcript, machine), Ok(()), "{text}");
        assert!(transcript.canonical().contains(exceeded.name()));
    }

    fn finish(self) {
        self.server.finish();
    }
}

/// Reads the whole answer.
fn hear(mut stream: &TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// A peer over a limit is told so, and its connection ends although the peer is silent.
pub fn over_a_limit_a_peer_is_told<B: Backend>() {
    for (limit, exceeded) in [
        (ConnectionLimit::new(0, 8), ExceededLimit::Total),
        (ConnectionLimit::new(8, 0), ExceededLimit::PerAddress),
    ] {
        let server = Limited::start::<B>(limit);
        for _ in 0..2 {
            server.assert_refused(exceeded);
        }
        server.finish();
    }
}

/// A server that does not tell refused peers closes at once, and makes no machine.
pub fn who_is_not_told_is_closed_at_once<B: Backend>() {
    let recording = Recording::new("refused", Role::Server, B::NAME, unix());
    let change = |run: &mut Run<Recording>| run.limit = ConnectionLimit::new(0, 8);
    let server = Server::begin(LOCALHOST, recording.clone(), change, |any, run| {
        B::serve_streams(any, Arc::new(Parrots), run)
    });
    for _ in 0..20 {
        let mut stream = server.connect();
        // If the server has unread bytes, its close sends a reset.
        let _ = stream.write_all(b"hola");
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
    server.finish();
    assert!(recording.transcripts().is_empty());
}

/// While one connection is served, the next is refused, also by the limit per address. When the
/// first ends, the next is accepted.
pub fn when_one_leaves_the_next_is_let_in<B: Backend>() {
    for (limit, exceeded) in [
        (ConnectionLimit::new(1, 8), ExceededLimit::Total),
        (ConnectionLimit::new(8, 1), ExceededLimit::PerAddress),
    ] {
        let server = Limited::start::<B>(limit.with_silence(super::PATIENCE));
        let mut inside = server.inside();
        for _ in 0..2 {
            server.assert_refused(exceeded);
        }
        // The refused connections do not count, and the one that was accepted is served.
        inside.write_all(b"Ana&123456&000000").unwrap();
        assert_eq!(hear(&inside), "ERROR unavailable");
        drop(inside);
        // Its place becomes free a moment after its machine has ended.
        wait_until("a place", || {
            let mut next = server.server.connect();
            let _ = next.write_all(b"Ana&123456&000000");
            hear(&next) == "ERROR unavailable"
        });
        server.finish();
    }
}

/// Many refused peers are told at the same time.
pub fn many_are_told_at_once<B: Backend>() {
    let server = Limited::start::<B>(ConnectionLimit::new(1, 8).with_silence(super::PATIENCE));
    let inside = server.inside();
    let refused: Vec<TcpStream> = (0..20).map(|_| server.server.connect()).collect();
    for stream in &refused {
        assert_eq!(hear(stream), "ERROR busy");
    }
    drop(inside);
    let all = server.recording.wait_ended(21);
    let exceeded = |text: &&String| text.contains(ExceededLimit::Total.name());
    assert_eq!(all.iter().filter(exceeded).count(), 20);
    server.finish();
}

/// How long a peer must have been silent to be evicted in these cases.
#[cfg(target_os = "linux")]
const SILENCE: Duration = Duration::from_millis(200);

/// Connects from the loopback address that ends in `last`.
#[cfg(target_os = "linux")]
fn connect_from(last: [u8; 2], server: &Server) -> TcpStream {
    use socket2::{Domain, Socket, Type};
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let from = std::net::SocketAddr::from(([127, 0, last[0], last[1]], 0));
    socket.bind(&from.into()).unwrap();
    socket.connect(&server.address.into()).unwrap();
    socket.set_read_timeout(Some(super::PATIENCE)).unwrap();
    socket.into()
}

/// Fills a server with silent peers, asserts that others are still served, and counts the evicted
/// peers.
#[cfg(target_os = "linux")]
fn silent_peers_make_room<B: Backend>(limit: ConnectionLimit, silent: &[[u8; 2]]) {
    const HONEST: usize = 5;
    let count = limit.clone();
    let server = Limited::start::<B>(limit.with_silence(SILENCE));
    let fill = |address: &[u8; 2]| connect_from(*address, &server.server);
    let silent: Vec<TcpStream> = silent.iter().map(fill).collect();
    let last = silent.last().unwrap().local_addr().unwrap();
    server.recording.wait_for(&format!("= {last}"));
    std::thread::sleep(SILENCE);
    // No peer is evicted before another connects.
    assert_eq!(count.evicted(), 0);
    // Keep these connections, so that each needs a place of its own.
    let mut honest = Vec::new();
    for one in 1..=HONEST {
        let mut stream = connect_from([0, 10 + one as u8], &server.server);
        stream.write_all(b"Ana&123456&000000").unwrap();
        assert_eq!(hear(&stream), "ERROR unavailable");
        honest.push(stream);
    }
    let evicted = usize::try_from(count.evicted()).unwrap();
    assert_eq!(evicted, HONEST);
    // As many silent peers as were evicted see the end of their stream, and the others do not.
    let ended = |mut stream: &TcpStream| {
        stream.set_nonblocking(true).unwrap();
        let read = stream.read(&mut [0]).map_err(|error| error.kind());
        read != Err(std::io::ErrorKind::WouldBlock)
    };
    wait_until("those who made room", || {
        silent.iter().filter(|stream| ended(stream)).count() == evicted
    });
    let all = server.recording.wait_ended(evicted);
    let told: Vec<&String> = (all.iter().filter(|text| text.contains("evicted"))).collect();
    assert_eq!(told.len(), evicted);
    for text in told {
        let peer = silent[0].local_addr().unwrap();
        let machine = submissions().accept(Link::first(peer));
        assert_eq!(replay(&read(text), machine), Ok(()), "{text}");
    }
    server.finish();
}

/// Silent peers of one address that fill the server are evicted.
#[cfg(target_os = "linux")]
pub fn silent_peers_of_one_address_make_room<B: Backend>() {
    silent_peers_make_room::<B>(ConnectionLimit::new(60, 60), &[[0, 1]; 60]);
}

/// Silent peers are evicted even if each has an address of its own.
#[cfg(target_os = "linux")]
pub fn silent_peers_of_many_addresses_make_room<B: Backend>() {
    let addresses: Vec<[u8; 2]> = (1..=200).map(|one| [1, one]).collect();
    silent_peers_make_room::<B>(ConnectionLimit::new(200, 60), &addresses);
}

/// Silent peers are evicted if the system has resources for fewer connections than the limit
/// allows.
#[cfg(target_os = "linux")]
pub fn silent_peers_make_room_for_who_waits<B: Backend>() {
    let limit = ConnectionLimit::new(1000, 1000).with_capacity(60);
    silent_peers_make_room::<B>(limit, &[[0, 1]; 60]);
}
