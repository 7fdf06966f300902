//! A task that waits is woken by a stop, whatever it waits for.

mod cast;

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cast::{Keyboard, Metronome, Metronomes, PATIENCE, Screen, ready};
use socklab_async::AsyncStd;
use socklab_core::register::{Attempt, Done, Register};
use socklab_core::{Notice, Status, submit};
use socklab_system::{Backend, Run};

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

#[test]
fn a_datagram_server() {
    let (screen, notices) = Screen::new();
    let (_keys, keyboard) = Keyboard::new();
    let run = Arc::new(Run::new(screen, ()).with_lines(keyboard));
    thread::scope(|scope| {
        let server =
            scope.spawn(|| AsyncStd::serve_datagrams(ANY.into(), Metronome::every(None), &run));
        ready(&notices);
        run.stop.request();
        assert_eq!(server.join().unwrap(), Status::Stopped);
    });
}

#[test]
fn a_listener_and_its_idle_connections() {
    let (screen, notices) = Screen::new();
    let run = Arc::new(Run::new(screen, ()));
    thread::scope(|scope| {
        let service = Arc::new(Metronomes(None));
        let server = scope.spawn(|| AsyncStd::serve_streams(ANY.into(), service, &run));
        let address = ready(&notices);
        let streams: Vec<_> = (0..50)
            .map(|_| TcpStream::connect(address).unwrap())
            .collect();
        for _ in &streams {
            let notice = notices.recv_timeout(PATIENCE).unwrap();
            assert!(matches!(notice, Notice::Connection(_)));
        }
        run.stop.request();
        assert_eq!(server.join().unwrap(), Status::Stopped);
    });
}

/// Where the connections that are served are as many as may be, a listener waits for one to end.
#[test]
fn a_listener_that_is_full() {
    let (screen, notices) = Screen::new();
    let mut run = Run::new(screen, ());
    run.max_connections = 1;
    let run = Arc::new(run);
    thread::scope(|scope| {
        let service = Arc::new(Metronomes(None));
        let server = scope.spawn(|| AsyncStd::serve_streams(ANY.into(), service, &run));
        let address = ready(&notices);
        let first = TcpStream::connect(address).unwrap();
        let second = TcpStream::connect(address).unwrap();
        let served = notices.recv_timeout(PATIENCE).unwrap();
        assert_eq!(served, Notice::Connection(first.local_addr().unwrap()));
        assert!(notices.try_recv().is_err());
        drop(first);
        let served = notices.recv_timeout(PATIENCE).unwrap();
        assert_eq!(served, Notice::Connection(second.local_addr().unwrap()));
        run.stop.request();
        assert_eq!(server.join().unwrap(), Status::Stopped);
    });
}

#[test]
fn a_client_whose_user_does_not_type() {
    let listener = TcpListener::bind(ANY).unwrap();
    let (screen, notices) = Screen::new();
    let (_keys, keyboard) = Keyboard::new();
    let run = Arc::new(Run::new(screen, ()).with_lines(keyboard));
    let address = listener.local_addr().unwrap();
    let machine = Metronome::connecting(address, None);
    thread::scope(|scope| {
        let client = scope.spawn(|| AsyncStd::client(machine, &run));
        for expected in [Notice::ChatBegan(address), Notice::Connection(address)] {
            assert_eq!(notices.recv_timeout(PATIENCE).unwrap(), expected);
        }
        run.stop.request();
        assert_eq!(client.join().unwrap(), Status::Stopped);
    });
}

/// Decides when the test says so.
#[derive(Default)]
struct Slow(Mutex<Vec<Done>>);

impl Register for Slow {
    fn store(&self, _: Attempt, done: Done) {
        self.0.lock().unwrap().push(done);
    }
}

/// A decision that comes after its connection has gone is dropped, whoever brings it.
#[test]
fn a_decision_for_nobody() {
    use std::io::{Read, Write};

    let (screen, notices) = Screen::new();
    let slow = Arc::new(Slow::default());
    let mut run = Run::new(screen, ());
    run.register = Some(slow.clone());
    let run = Arc::new(run);
    let limits = submit::Limits {
        store: Duration::from_millis(50),
        ..submit::Limits::default()
    };
    let service = submit::Server::new(Arc::new(socklab_core::register::Bare), limits);
    thread::scope(|scope| {
        let service = Arc::new(service);
        let server = scope.spawn(|| AsyncStd::serve_streams(ANY.into(), service, &run));
        let mut stream = TcpStream::connect(ready(&notices)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(b"Ana&123456&000000").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert_eq!(answer, "ERROR late");
        drop(stream);
        run.stop.request();
        assert_eq!(server.join().unwrap(), Status::Stopped);
    });
    let done = slow.0.lock().unwrap().pop().unwrap();
    done(socklab_core::register::Decision::Unavailable);
}
