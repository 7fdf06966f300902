//! A task that waits for several things at once, and takes them one at a time, loses none of them.

mod cast;

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use cast::{Keyboard, Metronome, Metronomes, PATIENCE, Screen, ready};
use socklab_async::AsyncStd;
use socklab_core::{
    Deadline, Input, Now, Observer, Operation, OperationKind, OperationResult, Output, Status,
    Subject, Watch,
};
use socklab_system::{Backend, Run};

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// So often that a timer wins many of the races, and its receive is dropped.
const TICK: Duration = Duration::from_micros(300);

const ROUNDS: usize = 300;

fn ask(socket: &UdpSocket, question: &str) {
    socket.send(question.as_bytes()).unwrap();
    expect(socket, question);
}

fn expect(socket: &UdpSocket, answer: &str) {
    let mut bytes = [0; 64];
    let len = socket.recv(&mut bytes).unwrap();
    assert_eq!(&bytes[..len], answer.as_bytes());
}

fn asker(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind(ANY).unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

/// A receive, a line and a timer race each other; whichever loses is dropped and begun again.
#[test]
fn datagrams_and_lines_against_a_timer() {
    let (screen, notices) = Screen::new();
    let (keys, keyboard) = Keyboard::new();
    let run = Arc::new(Run::new(screen, ()).with_lines(keyboard));
    let server = {
        let run = Arc::clone(&run);
        let machine = Metronome::every(Some(TICK));
        thread::spawn(move || AsyncStd::serve_datagrams(ANY.into(), machine, &run))
    };
    let socket = asker(ready(&notices));
    for round in 0..ROUNDS {
        // With the user silent, and with the network silent.
        ask(&socket, &format!("datagram {round}"));
        keys.send(format!("line {round}\n").into_bytes()).unwrap();
        expect(&socket, &format!("line {round}"));
    }
    run.stop.request();
    assert_eq!(server.join().unwrap(), Status::Stopped);
}

#[test]
fn bytes_against_a_timer() {
    let (screen, notices) = Screen::new();
    let run = Arc::new(Run::new(screen, ()));
    let server = {
        let run = Arc::clone(&run);
        let service = Arc::new(Metronomes(Some(TICK)));
        thread::spawn(move || AsyncStd::serve_streams(ANY.into(), service, &run))
    };
    let mut stream = TcpStream::connect(ready(&notices)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut byte = [0];
    for round in 0..ROUNDS {
        let sent = (round % 256) as u8;
        stream.write_all(&[sent]).unwrap();
        stream.read_exact(&mut byte).unwrap();
        assert_eq!(byte, [sent]);
    }
    run.stop.request();
    assert_eq!(server.join().unwrap(), Status::Stopped);
}

/// A peer that asks for a long time before it reads gets all of its answers, in order.
#[test]
fn answers_wait_for_a_peer_that_reads_late() {
    let (screen, notices) = Screen::new();
    let run = Arc::new(Run::new(screen, ()));
    let server = {
        let run = Arc::clone(&run);
        let service = Arc::new(Metronomes(None));
        thread::spawn(move || AsyncStd::serve_streams(ANY.into(), service, &run))
    };
    let mut stream = TcpStream::connect(ready(&notices)).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    // More than the kernel's buffers of both ends hold: the server must stop reading at its
    // high-water mark, and the writer must then wait.
    let sent: Vec<u8> = (0..32u32 << 20).map(|n| (n % 251) as u8).collect();
    let (began, begun) = std::sync::mpsc::channel();
    let writer = {
        let (mut stream, sent) = (stream.try_clone().unwrap(), sent.clone());
        thread::spawn(move || {
            let (first, rest) = sent.split_at(256 << 10);
            stream.write_all(first)?;
            began.send(()).unwrap();
            stream.write_all(rest)
        })
    };
    begun.recv_timeout(PATIENCE).unwrap();
    let mut got = vec![0; sent.len()];
    stream.read_exact(&mut got).unwrap();
    writer.join().unwrap().unwrap();
    assert!(got == sent);
    run.stop.request();
    assert_eq!(server.join().unwrap(), Status::Stopped);
}

/// Keeps what the driver reports.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Operation>>>);

impl Watch for Log {
    type Observer = Log;

    fn watch(&self, _: Subject) -> Log {
        self.clone()
    }
}

impl Observer for Log {
    fn input(&mut self, _: Now, _: &Input<'_>) {}
    fn output(&mut self, _: Now, _: &Output<'_>) {}
    fn state(&mut self, _: Now, _: &'static str) {}
    fn deadline(&mut self, _: Now, _: Option<Deadline>) {}
    fn ended(&mut self, _: Now, _: Status) {}
    fn operation(&mut self, operation: &Operation) {
        self.0.lock().unwrap().push(*operation);
    }
}

#[test]
fn the_observer_sees_the_task_try_wait_and_try_again() {
    let (screen, notices) = Screen::new();
    let (_keys, keyboard) = Keyboard::new();
    let log = Log::default();
    let run = Arc::new(Run::new(screen, log.clone()).with_lines(keyboard));
    let server = {
        let run = Arc::clone(&run);
        thread::spawn(move || AsyncStd::serve_datagrams(ANY.into(), Metronome::every(None), &run))
    };
    let socket = asker(ready(&notices));
    ask(&socket, "hola");
    ask(&socket, "adios");
    run.stop.request();
    assert_eq!(server.join().unwrap(), Status::Stopped);

    let log = log.0.lock().unwrap();
    assert!(log.iter().all(|one| one.start <= one.end), "{log:?}");
    assert!(log.is_sorted_by_key(|one| one.start), "{log:?}");
    let received = |bytes| OperationResult::Done { items: 1, bytes };
    let kinds: Vec<_> = log.iter().map(|one| (one.kind, one.result)).collect();
    // A datagram may have come before it was waited for.
    let without_waits: Vec<_> = kinds
        .iter()
        .filter(|(kind, result)| {
            *kind != OperationKind::Wait && *result != OperationResult::WouldBlock
        })
        .collect();
    assert_eq!(
        without_waits,
        [
            &(OperationKind::Receive, received(4)),
            &(OperationKind::Send, received(4)),
            &(OperationKind::Receive, received(5)),
            &(OperationKind::Send, received(5)),
        ]
    );
    // The stop found it asleep, or about to be.
    if let Some((last, _)) = kinds.last()
        && *last != OperationKind::Send
    {
        assert_eq!(*last, OperationKind::Wait, "{kinds:?}");
        let before = kinds[kinds.len() - 2];
        assert_eq!(
            before,
            (OperationKind::Receive, OperationResult::WouldBlock)
        );
    }
}
