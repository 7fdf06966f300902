//! Cases for TCP servers.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socklab_core::lab::SubmissionLimits;
use socklab_core::register::{Attempt, Decision, Done, PlainWording, Register};
use socklab_core::{CLOSE_TIMEOUT, submit};
use socklab_system::{Backend, socket};

use super::metronome::Metronomes;
use super::{BIG, PATIENCE, Server, many_descriptors, pattern, take};

/// Asserts that the server still serves: makes a round trip on a new connection.
fn still_serves(server: &Server) {
    let mut stream = server.connect();
    stream.write_all(b"hola").unwrap();
    assert_eq!(take(&mut stream, 4), b"hola");
}

/// A message that comes one byte at a time is answered like any other.
pub fn one_byte_at_a_time<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut stream = server.connect();
    for byte in b"one byte" {
        stream.write_all(&[*byte]).unwrap();
        // Waiting for the answer ensures that each byte is read alone.
        assert_eq!(take(&mut stream, 1), [*byte]);
    }
    server.finish();
}

/// An answer larger than all buffers arrives whole and in order, then the end of the stream.
pub fn a_large_answer_through_small_buffers<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut stream = small_window(&server);
    stream.write_all(b"!").unwrap();
    let mut buffer = [0; 3000];
    let mut at = 0;
    loop {
        let len = stream.read(&mut buffer).unwrap();
        if len == 0 {
            break;
        }
        let right = buffer[..len].iter().enumerate();
        for (nth, byte) in right {
            assert_eq!(*byte, pattern(at + nth), "at {}", at + nth);
        }
        at += len;
    }
    assert_eq!(at, BIG);
    server.finish();
}

/// A connection whose receive buffer is small.
fn small_window(server: &Server) -> TcpStream {
    let stream = server.connect();
    // The system may grant a smaller buffer.
    let _ = socket2::SockRef::from(&stream).set_recv_buffer_size(64 * 1024);
    stream
}

/// A peer that has ended its stream still receives all of its answers.
pub fn an_end_in_the_middle_of_a_message<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut stream = server.connect();
    stream.write_all(b"half a mess").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "half a mess");
    server.finish();
}

/// The machine is told of an end of stream once. While the server writes to such a stream, a system
/// may report the end again with every event.
pub fn an_end_is_told_once<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut stream = server.connect();
    stream.write_all(b"~").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let answer = take(&mut stream, BIG);
    assert!(
        answer
            .iter()
            .enumerate()
            .all(|(at, byte)| *byte == pattern(at))
    );
    server.finish();
    let mut more = Vec::new();
    stream.read_to_end(&mut more).unwrap();
    assert_eq!(more.len(), 0, "the end was told again");
}

/// A peer that resets while the server reads ends its own connection only.
pub fn a_reset_while_the_server_reads<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    for _ in 0..20 {
        let mut stream = server.connect();
        stream.write_all(b"a").unwrap();
        assert_eq!(take(&mut stream, 1), b"a");
        socket::reset_on_close(&stream);
    }
    still_serves(&server);
    server.finish();
}

/// A peer that resets while the server writes ends its own connection only.
pub fn a_reset_while_the_server_writes<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    for _ in 0..4 {
        let mut stream = small_window(&server);
        stream.write_all(b"!").unwrap();
        assert_eq!(take(&mut stream, 1), [pattern(0)]);
        socket::reset_on_close(&stream);
    }
    still_serves(&server);
    server.finish();
}

/// A timer fires once and not too early. A moved timer fires later; a cancelled timer does not
/// fire.
pub fn a_timer_fires_is_moved_and_is_cancelled<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut stream = server.connect();
    let begun = Instant::now();
    stream.write_all(b"+").unwrap();
    assert_eq!(take(&mut stream, 1), b"T");
    assert!(begun.elapsed().as_millis() >= 50, "{:?}", begun.elapsed());

    let begun = Instant::now();
    stream.write_all(b"+").unwrap();
    stream.write_all(b">").unwrap();
    assert_eq!(take(&mut stream, 1), b"T");
    assert!(begun.elapsed().as_millis() >= 100, "{:?}", begun.elapsed());

    // If the cancelled timer fired, there would be two `T` before the end.
    stream.write_all(b"+-").unwrap();
    stream.write_all(b"+").unwrap();
    assert_eq!(take(&mut stream, 1), b"T");
    stream.shutdown(Shutdown::Write).unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
    server.finish();
}

/// A stop wakes an idle server.
pub fn a_stop_while_idle<B: Backend>() {
    Server::of_parrots::<B>(8).finish();
}

/// A stop also ends idle connections. Their peers see the end of the stream.
pub fn a_stop_while_connections_are_idle<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut streams: Vec<TcpStream> = (0..5).map(|_| server.connect()).collect();
    for stream in &mut streams {
        stream.write_all(b"a").unwrap();
        assert_eq!(take(stream, 1), b"a");
    }
    server.finish();
    for stream in &mut streams {
        assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    }
}

/// A peer that does not read cannot keep a server from stopping.
pub fn a_stop_while_writing<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut stream = small_window(&server);
    stream.write_all(b"!").unwrap();
    assert_eq!(take(&mut stream, 1), [pattern(0)]);
    let begun = Instant::now();
    server.finish();
    assert!(begun.elapsed() < CLOSE_TIMEOUT * 3, "{:?}", begun.elapsed());
    // A truncated answer must not look complete: it ends in a reset.
    assert!(stream.read_to_end(&mut Vec::new()).is_err());
}

/// Connections are served beside one whose peer never reads.
pub fn who_never_reads_delays_nobody<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let mut deaf = small_window(&server);
    deaf.write_all(b"!").unwrap();
    assert_eq!(take(&mut deaf, 1), [pattern(0)]);
    for _ in 0..10 {
        still_serves(&server);
    }
    drop(deaf);
    server.finish();
}

/// Connections are served beside one whose peer sends without a pause.
pub fn who_never_stops_talking_delays_nobody<B: Backend>() {
    let server = Server::of_parrots::<B>(8);
    let talker = server.connect();
    let mut ears = talker.try_clone().unwrap();
    let listener =
        std::thread::spawn(move || while ears.read(&mut [0; 65_536]).is_ok_and(|len| len > 0) {});
    let mut mouth = talker.try_clone().unwrap();
    let talking = std::thread::spawn(move || while mouth.write_all(&[b'a'; 65_536]).is_ok() {});
    for _ in 0..10 {
        still_serves(&server);
    }
    talker.shutdown(Shutdown::Both).unwrap();
    talking.join().unwrap();
    listener.join().unwrap();
    server.finish();
}

/// A thousand connections at the same time are all served.
pub fn a_thousand_at_once<B: Backend>() {
    // Both ends are in this process, and so are other tests.
    if many_descriptors() < 4000 {
        eprintln!("SKIPPED a_thousand_at_once: fewer than 4,000 descriptors");
        return;
    }
    let server = Server::of_parrots::<B>(1000);
    let begun = Instant::now();
    let mut streams: Vec<TcpStream> = (0..1000).map(|_| server.connect()).collect();
    for stream in &mut streams {
        stream.write_all(b"hola").unwrap();
    }
    for stream in &mut streams {
        assert_eq!(take(stream, 4), b"hola");
    }
    assert!(begun.elapsed() < PATIENCE);
    drop(streams);
    server.finish();
}

/// A peer that sends for a long time before it reads gets all answers, in order.
pub fn answers_wait_for_a_peer_that_reads_late<B: Backend>() {
    let server = Server::of_streams::<B>(8, Metronomes(None));
    let mut stream = server.connect();
    // More than the kernel's buffers of both ends hold: the server must stop reading at its
    // high-water mark, and the writer must then wait.
    let sent: Vec<u8> = (0..BIG).map(pattern).collect();
    let (began, begun) = channel();
    let writer = {
        let (mut stream, sent) = (stream.try_clone().unwrap(), sent.clone());
        std::thread::spawn(move || {
            let (first, rest) = sent.split_at(256 << 10);
            stream.write_all(first)?;
            began.send(()).unwrap();
            stream.write_all(rest)
        })
    };
    begun.recv_timeout(PATIENCE).unwrap();
    let got = take(&mut stream, sent.len());
    writer.join().unwrap().unwrap();
    assert!(got == sent);
    server.finish();
}

/// A register that decides when the test tells it to.
#[derive(Default)]
struct Slow(Mutex<Vec<Done>>);

impl Register for Slow {
    fn store(&self, _: Attempt, done: Done) {
        self.0.lock().unwrap().push(done);
    }
}

/// A decision that comes after its connection has ended is dropped.
pub fn a_decision_for_nobody<B: Backend>() {
    let slow = Arc::new(Slow::default());
    let limits = SubmissionLimits {
        store: Duration::from_millis(50),
        ..SubmissionLimits::default()
    };
    let service = submit::Server::new(Arc::new(PlainWording), limits);
    let register = slow.clone();
    let server = Server::of_streams_with::<B>(service, |run| run.register = Some(register));
    let mut stream = server.connect();
    stream.write_all(b"Ana&123456&000000").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ERROR late");
    drop(stream);
    server.finish();
    let done = slow.0.lock().unwrap().pop().unwrap();
    done(Decision::Unavailable);
}
