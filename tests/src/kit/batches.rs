//! Cases for UDP servers that move several datagrams in one call. The client sends several in one
//! call, a batch, so that the kernel has them together.

use std::io::{self, IoSlice};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::process::Command;
use std::sync::{Arc, Mutex};

use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrStorage, sendmsg};
use socklab_core::lab::Settings;
use socklab_core::{
    Observer, Observers, Operation, OperationKind, OperationResult, Status, Subject, chat, echo,
};
use socklab_system::{Backend, Run, supports_batching};

use super::{LOCALHOST, PATIENCE, Server, wait_until};
use crate::keyboard::Keyboard;
use crate::real::TestThread;
use crate::screen::{Said, Screen};

/// Sends several datagrams in one call. All but the last have the length `segment`.
fn send_batch(socket: &UdpSocket, bytes: &[u8], segment: u16) {
    let (pieces, message) = (
        [IoSlice::new(bytes)],
        [ControlMessage::UdpGsoSegments(&segment)],
    );
    let sent = sendmsg::<SockaddrStorage>(
        socket.as_raw_fd(),
        &pieces,
        &message,
        MsgFlags::empty(),
        None,
    );
    assert_eq!(sent, Ok(bytes.len()));
}

fn receive(socket: &UdpSocket) -> Vec<u8> {
    let mut answer = vec![0; 65_536];
    let len = socket.recv(&mut answer).unwrap();
    answer.truncate(len);
    answer
}

/// Whether the system can move several datagrams in one call.
fn is_here() -> bool {
    let here = supports_batching();
    if !here {
        eprintln!("SKIPPED: this system has neither GRO nor GSO");
    }
    here
}

/// Counts the calls that moved datagrams, and how many they moved.
#[derive(Clone, Default)]
struct Counts(Arc<Mutex<[(usize, usize); 2]>>);

impl Counts {
    /// Takes the counts of receives and of sends: calls and datagrams.
    fn take(&self) -> [(usize, usize); 2] {
        std::mem::take(&mut *self.0.lock().unwrap())
    }

    /// Takes the counts once `sent` datagrams were counted as sent. A peer may have the last one
    /// earlier.
    fn take_all(&self, sent: usize) -> [(usize, usize); 2] {
        wait_until("all to be counted", || self.0.lock().unwrap()[1].1 == sent);
        self.take()
    }
}

impl Observers for Counts {
    type Observer = Counts;

    fn observer(&self, _: Subject) -> Counts {
        self.clone()
    }
}

impl Observer for Counts {
    fn operation(&mut self, operation: &Operation) {
        let at = match operation.kind {
            OperationKind::Receive => 0,
            OperationKind::Send => 1,
            _ => return,
        };
        if let OperationResult::Done { items, .. } = operation.result {
            let mut counts = self.0.lock().unwrap();
            counts[at].0 += 1;
            counts[at].1 += items as usize;
        }
    }
}

/// A batch is received with one call and answered with one. Each datagram is answered in capitals
/// by itself, in order.
pub fn a_batch_is_answered_with_one_call<B: Backend>() {
    if !is_here() {
        return;
    }
    let counts = Counts::default();
    let server = Server::of_at::<B, _, _>(LOCALHOST, counts.clone(), || echo::Server::new(true));
    let socket = server.asker();
    for (count, segment, last) in [
        (2, 1, 1),
        (32, 32, 32),
        (33, 32, 5),
        (64, 1000, 700),
        (64, 7, 7),
    ] {
        let word = |nth: usize| format!("{nth:04} ñandú ").into_bytes();
        let len = |nth| if nth + 1 == count { last } else { segment };
        let text = |nth| -> Vec<u8> { word(nth).into_iter().cycle().take(len(nth)).collect() };
        let batch: Vec<u8> = (0..count).flat_map(text).collect();
        send_batch(&socket, &batch, segment as u16);
        for nth in 0..count {
            let mut expected = Vec::new();
            socklab_core::uppercase::upper(&text(nth), &mut expected);
            assert_eq!(receive(&socket), expected, "{nth} of {count} of {segment}");
        }
    }
    // The system may split a batch, but not often.
    counts.take_all(2 + 32 + 33 + 64 + 64);
    const ROUNDS: usize = 50;
    for _ in 0..ROUNDS {
        send_batch(&socket, &[b'a'; 32 * 32], 32);
        for _ in 0..32 {
            assert_eq!(receive(&socket), [b'A'; 32]);
        }
    }
    server.finish();
    for (calls, datagrams) in counts.take() {
        assert_eq!(datagrams, ROUNDS * 32);
        assert!(calls * 20 <= datagrams, "{calls} calls for {datagrams}");
    }
}

/// Replies of different lengths leave in as many batches as they need, in order.
pub fn capitals_may_grow_in_a_batch<B: Backend>() {
    if !is_here() {
        return;
    }
    let server = Server::of_at::<B, _, _>(LOCALHOST, (), || echo::Server::new(true));
    let socket = server.asker();
    // Each has six bytes. In capitals they have six, nine, three, six and eighteen.
    let texts = ["abcdef", "ŉŉŉ", "ııı", "traße", "\u{390}\u{390}\u{390}"];
    let order = [0, 0, 1, 0, 2, 2, 0, 3, 3, 3, 4, 4, 1, 0, 0];
    let batch = order.map(|at| texts[at]);
    for _ in 0..20 {
        send_batch(&socket, batch.concat().as_bytes(), 6);
        for text in &batch {
            assert_eq!(receive(&socket), text.to_uppercase().as_bytes());
        }
    }
    server.finish();
}

/// Replies longer than the MTU cannot leave in a batch. They leave one by one, in fragments;
/// shorter ones still leave together.
pub fn replies_longer_than_a_packet<B: Backend>() {
    // A server's thread has the network namespace of the thread that starts it.
    let short = std::thread::spawn(|| {
        if !is_here() || !has_short_packets() {
            return;
        }
        let counts = Counts::default();
        let make = || echo::Server::new(true);
        let server = Server::of_at::<B, _, _>(LOCALHOST, counts.clone(), make);
        let socket = server.asker();
        for _ in 0..3 {
            // In capitals, these texts are half as long again.
            let (text, calls) = ("ŉ".repeat(450), [(1, 8), (8, 8)]);
            send_batch(&socket, text.repeat(8).as_bytes(), 900);
            for _ in 0..8 {
                assert_eq!(receive(&socket), text.to_uppercase().as_bytes());
            }
            assert_eq!(counts.take_all(8), calls);
            send_batch(&socket, &[b'a'; 8 * 900], 900);
            for _ in 0..8 {
                assert_eq!(receive(&socket), [b'A'; 900]);
            }
            assert_eq!(counts.take_all(8), [(1, 8), (1, 8)]);
        }
        server.finish();
    });
    short.join().unwrap();
}

/// Gives this thread a network namespace of its own, with an MTU of 1,300 bytes.
fn has_short_packets() -> bool {
    let own = nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNET).is_ok();
    let set = ["link", "set", "lo", "mtu", "1300", "up"];
    let here = own
        && Command::new("ip")
            .args(set)
            .status()
            .is_ok_and(|one| one.success());
    if !here {
        eprintln!("SKIPPED: no network of our own can be made here");
    }
    here
}

/// A machine that ends in the middle of a batch does not answer the rest.
pub fn an_end_in_the_middle_of_a_batch<B: Backend>() {
    if !is_here() {
        return;
    }
    let screen = Screen::new();
    let run = Arc::new(Run::new(screen.clone(), ()));
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let running =
        TestThread::spawn(move || B::serve_datagrams(any, echo::Server::new(false), &run));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(screen.ready()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    send_batch(&socket, b"onefintwo", 3);
    assert_eq!(receive(&socket), b"ONE");
    assert_eq!(receive(&socket), b"FIN");
    assert_eq!(running.join(), Status::Done);
    let shown: Vec<Said> = screen.rest();
    assert_eq!(shown.len(), 2, "{shown:?}");
    // No reply came, but there may be an error about the closed port.
    let nothing = socket
        .set_nonblocking(true)
        .and_then(|()| socket.recv(&mut [0; 8]));
    let kind = nothing.map_err(|error| error.kind());
    assert!(
        matches!(
            kind,
            Err(io::ErrorKind::WouldBlock | io::ErrorKind::ConnectionRefused)
        ),
        "{kind:?}"
    );
}

/// A machine that waits for its user in the middle of a batch is given the rest afterwards.
pub fn a_pause_in_the_middle_of_a_batch<B: Backend>() {
    if !is_here() {
        return;
    }
    let screen = Screen::new();
    let (keys, keyboard) = Keyboard::new();
    let run = Arc::new(Run::new(screen.clone(), ()).with_lines(keyboard));
    let any = (Ipv4Addr::LOCALHOST, 0).into();
    let machine = chat::Server::new(&Settings::default());
    let running = TestThread::spawn(move || B::serve_datagrams(any, machine, &run));
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.connect(screen.ready()).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    send_batch(&socket, b"one two tre fin", 4);
    for (said, answer) in [("one ", "uno"), ("two ", "dos"), ("tre ", "tres")] {
        while screen.next() != Said::Show(said.as_bytes().to_vec()) {}
        keys.send(format!("{answer}\n").into_bytes()).unwrap();
        assert_eq!(receive(&socket), answer.as_bytes());
    }
    assert_eq!(running.join(), Status::Done);
}

/// A batch is answered from the address that it was sent to.
pub fn a_batch_is_answered_from_the_address_that_was_asked<B: Backend>() {
    if !is_here() {
        return;
    }
    let (v4, v6) = (Ipv4Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
    for (wildcard, asked) in [
        (IpAddr::from(v4), IpAddr::from([127, 0, 0, 2])),
        (v6.into(), [127, 0, 0, 3].into()),
        (v6.into(), Ipv6Addr::LOCALHOST.into()),
    ] {
        let any = if asked.is_ipv4() {
            IpAddr::from(v4)
        } else {
            v6.into()
        };
        if UdpSocket::bind((wildcard, 0)).is_err() || UdpSocket::bind((asked, 0)).is_err() {
            eprintln!("SKIPPED: this machine has no {asked}");
            continue;
        }
        let server = Server::of_at::<B, _, _>(wildcard, (), || echo::Server::new(true));
        let socket = UdpSocket::bind((any, 0)).unwrap();
        socket.connect((asked, server.address.port())).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        for _ in 0..3 {
            send_batch(&socket, &[b'a'; 10 * 16], 16);
            for _ in 0..10 {
                assert_eq!(receive(&socket), [b'A'; 16], "{asked}");
            }
        }
        server.finish();
    }
}
