//! Cases for machines that wait for several events at once and take them one at a time. None may be
//! lost.

use std::io::Write;
use std::net::{Ipv4Addr, TcpListener, UdpSocket};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socklab_core::{
    Notice, Observer, Observers, Operation, OperationKind, OperationResult, Status, Subject,
};
use socklab_system::{Backend, Run, Stop};

use super::metronome::{Metronome, Metronomes};
use super::{PATIENCE, Server, take};
use crate::keyboard::Keyboard;
use crate::real::TestThread;
use crate::screen::{Said, Screen};

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// The time between two ticks. It is so short that the timer wins many races, and the receive is
/// dropped.
const TICK: Duration = Duration::from_micros(300);

const ROUNDS: usize = 300;

/// A UDP server that runs a metronome, with a keyboard.
struct Typed {
    keys: Sender<Vec<u8>>,
    asker: UdpSocket,
    stop: Stop,
    running: TestThread,
}

impl Typed {
    fn start<B: Backend>(tick: Option<Duration>, observers: impl Observers + 'static) -> Self {
        let screen = Screen::new();
        let (keys, keyboard) = Keyboard::new();
        let run = Arc::new(Run::new(screen.clone(), observers).with_lines(keyboard));
        let stop = run.stop.clone();
        let machine = Metronome::every(tick);
        let running = TestThread::spawn(move || B::serve_datagrams(ANY.into(), machine, &run));
        let asker = UdpSocket::bind(ANY).unwrap();
        asker.connect(screen.ready()).unwrap();
        asker.set_read_timeout(Some(PATIENCE)).unwrap();
        Typed {
            keys,
            asker,
            stop,
            running,
        }
    }

    fn ask(&self, question: &str) {
        self.asker.send(question.as_bytes()).unwrap();
        self.expect(question);
    }

    fn expect(&self, answer: &str) {
        let mut bytes = [0; 64];
        let len = self.asker.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..len], answer.as_bytes());
    }

    fn finish(self) {
        self.stop.request();
        assert_eq!(self.running.join(), Status::Stopped);
    }
}

/// A receive, a line and a timer race each other; whichever loses is dropped and begun again.
pub fn datagrams_and_lines_against_a_timer<B: Backend>() {
    let server = Typed::start::<B>(Some(TICK), ());
    for round in 0..ROUNDS {
        // Once with a silent user, and once with a silent network.
        server.ask(&format!("datagram {round}"));
        let line = format!("line {round}");
        server.keys.send(format!("{line}\n").into_bytes()).unwrap();
        server.expect(&line);
    }
    server.finish();
}

/// The same race for the bytes of a stream.
pub fn bytes_against_a_timer<B: Backend>() {
    let server = Server::of_streams::<B>(8, Metronomes(Some(TICK)));
    let mut stream = server.connect();
    for round in 0..ROUNDS {
        let sent = (round % 256) as u8;
        stream.write_all(&[sent]).unwrap();
        assert_eq!(take(&mut stream, 1), [sent]);
    }
    server.finish();
}

/// A stop ends a client that waits for its user and for the network at once.
pub fn a_client_whose_user_does_not_type<B: Backend>() {
    let listener = TcpListener::bind(ANY).unwrap();
    let address = listener.local_addr().unwrap();
    let (screen, running, stop, _keys) = begin::<B>(Metronome::connecting(address));
    for expected in [Notice::ChatBegan(address), Notice::Connection(address)] {
        assert_eq!(screen.next(), Said::Notice(expected));
    }
    stop.request();
    assert_eq!(running.join(), Status::Stopped);
}

fn begin<B: Backend>(machine: Metronome) -> (Arc<Screen>, TestThread, Stop, Sender<Vec<u8>>) {
    let screen = Screen::new();
    let (keys, keyboard) = Keyboard::new();
    let run = Arc::new(Run::new(screen.clone(), ()).with_lines(keyboard));
    let stop = run.stop.clone();
    let running = TestThread::spawn(move || B::client(machine, &run));
    (screen, running, stop, keys)
}

/// A stop ends a client whose connection does not open.
pub fn a_client_that_is_connecting<B: Backend>() {
    #[cfg(target_os = "linux")]
    {
        let (address, _kept) = super::nobody_accepts();
        let (screen, running, stop, _keys) = begin::<B>(Metronome::connecting(address));
        assert_eq!(screen.next(), Said::Notice(Notice::ChatBegan(address)));
        stop.request();
        assert_eq!(running.join(), Status::Stopped);
    }
}

/// An observer that keeps the operations of the driver.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Operation>>>);

impl Observers for Log {
    type Observer = Log;

    fn observer(&self, _: Subject) -> Log {
        self.clone()
    }
}

impl Observer for Log {
    fn operation(&mut self, operation: &Operation) {
        self.0.lock().unwrap().push(*operation);
    }
}

/// The observer sees a driver try, wait, and try again. Each is reported once.
pub fn what_was_tried_and_waited_for_is_told<B: Backend>() {
    let log = Log::default();
    let server = Typed::start::<B>(None, log.clone());
    server.ask("hola");
    server.ask("adios");
    server.finish();

    let log = log.0.lock().unwrap();
    assert!(log.iter().all(|one| one.start <= one.end), "{log:?}");
    assert!(log.is_sorted_by_key(|one| one.start), "{log:?}");
    let received = |bytes| OperationResult::Done { items: 1, bytes };
    let kinds: Vec<_> = log.iter().map(|one| (one.kind, one.result)).collect();
    // A datagram may have come before the driver waited for it.
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
    // The stop came while the driver was waiting, or about to wait.
    if let Some((last, _)) = kinds.last()
        && *last == OperationKind::Wait
    {
        let tried = kinds.iter().rfind(|(kind, _)| *kind != OperationKind::Wait);
        // With completions, the receive was submitted earlier, so no call would have blocked.
        let last = match B::COMPLETIONS {
            true => (OperationKind::Send, received(5)),
            false => (OperationKind::Receive, OperationResult::WouldBlock),
        };
        assert_eq!(tried, Some(&last), "{kinds:?}");
    }
}
