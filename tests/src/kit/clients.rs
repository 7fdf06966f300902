//! Cases for clients.

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Socket, Type};
use socklab_core::{Failure, FaultKind, Notice, Status, lab, welcome};
use socklab_system::{Backend, Run};

use crate::real::TestThread;
use crate::screen::{Said, Screen};

/// Runs a client of `welcome` to its end. Returns its status, what its user saw, and how long it
/// took.
fn welcomed<B: Backend>(
    servers: &[SocketAddr],
    timeout: Option<Duration>,
) -> (Status, Vec<Said>, Duration) {
    let settings = lab::Settings {
        server: servers[0],
        fallbacks: servers[1..].to_vec(),
        timeout,
        ..lab::Settings::default()
    };
    let screen = Screen::new();
    let run = Arc::new(Run::new(screen.clone(), ()));
    let client = welcome::Client::new(&settings);
    let begun = Instant::now();
    let status = TestThread::spawn(move || B::client(client, &run)).join();
    (status, screen.rest(), begun.elapsed())
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// An address that refuses connections for as long as the socket is kept.
fn nobody_listens() -> (SocketAddr, Socket) {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from(ANY).into()).unwrap();
    (socket.local_addr().unwrap().as_socket().unwrap(), socket)
}

/// The address of a server that welcomes one client.
fn welcomes_one() -> SocketAddr {
    let listener = TcpListener::bind(ANY).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        // If no client comes, the test itself fails.
        let _ = listener
            .accept()
            .map(|(mut stream, _)| stream.write_all(b"hola"));
    });
    address
}

fn next_after(failed: SocketAddr, kind: FaultKind) -> impl Fn(&Said) -> bool {
    move |said| {
        matches!(said, Said::Notice(Notice::NextAddress { failed: at, fault })
            if *at == failed && fault.kind == kind)
    }
}

/// If one address refuses, the client tells the user and tries the next, with a time-out or
/// without.
pub fn the_next_address_is_tried_after_a_refusal<B: Backend>() {
    for timeout in [Some(super::PATIENCE), None] {
        let (refuses, _kept) = nobody_listens();
        let (refuses_too, _kept_too) = nobody_listens();
        let servers = [refuses, refuses_too, welcomes_one()];
        let (status, said, _) = welcomed::<B>(&servers, timeout);
        assert_eq!(status, Status::Done, "{said:?}");
        assert_eq!(said.len(), 3, "{said:?}");
        assert!(
            next_after(refuses, FaultKind::Refused)(&said[0]),
            "{said:?}"
        );
        assert!(
            next_after(refuses_too, FaultKind::Refused)(&said[1]),
            "{said:?}"
        );
        assert_eq!(said[2], Said::Show(b"hola".to_vec()));
    }
}

/// If every address refuses, the failure names the last, after the user was told of the others.
pub fn when_every_address_refuses_the_last_is_named<B: Backend>() {
    for timeout in [Some(super::PATIENCE), None] {
        let (first, _kept) = nobody_listens();
        let (last, _kept_too) = nobody_listens();
        let (status, said, _) = welcomed::<B>(&[first, last], timeout);
        assert_eq!(status, Status::Failed(Failure::Refused(last)), "{said:?}");
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(next_after(first, FaultKind::Refused)(&said[0]), "{said:?}");
    }
}

/// A silent address gets its equal share of the time-out, and the next address the rest.
pub fn a_silent_address_has_its_share_of_the_time_out<B: Backend>() {
    #[cfg(target_os = "linux")]
    {
        let timeout = Duration::from_secs(3);
        let (silent, _kept) = super::nobody_accepts();
        let servers = [silent, welcomes_one()];
        let (status, said, took) = welcomed::<B>(&servers, Some(timeout));
        assert_eq!(status, Status::Done, "{said:?}");
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(
            next_after(silent, FaultKind::TimedOut)(&said[0]),
            "{said:?}"
        );
        assert_eq!(said[1], Said::Show(b"hola".to_vec()));
        assert!(took >= timeout / 2 && took < timeout, "{took:?}");
    }
}

/// A client gives up after its time-out if the server does not accept, however many addresses it
/// has.
pub fn a_connection_that_does_not_open_in_time<B: Backend>() {
    #[cfg(target_os = "linux")]
    for count in 1..=3 {
        let timeout = Duration::from_millis(300);
        let (servers, _kept): (Vec<_>, Vec<_>) =
            (0..count).map(|_| super::nobody_accepts()).unzip();
        let (status, said, took) = welcomed::<B>(&servers, Some(timeout));
        let (last, others) = servers.split_last().unwrap();
        let expected = Failure::ConnectTimedOut(*last, timeout);
        assert_eq!(status, Status::Failed(expected), "{said:?}");
        assert!(took >= timeout, "{took:?}");
        assert_eq!(said.len(), others.len(), "{said:?}");
        for (said, silent) in said.iter().zip(others) {
            assert!(next_after(*silent, FaultKind::TimedOut)(said), "{said:?}");
        }
    }
}
