//! A client whose connection does not open. Only Linux lets a backlog be full in this way.

#![cfg(target_os = "linux")]

mod cast;

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use cast::{Keyboard, Metronome, PATIENCE, Screen};
use socket2::{Domain, Socket, Type};
use socklab_async::AsyncStd;
use socklab_core::{Failure, Notice, Status, lab, welcome};
use socklab_system::{Backend, Run};

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

/// A listener whose backlog is full, so that connecting to it takes for ever.
fn full() -> (SocketAddr, Vec<TcpStream>, Socket) {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    listener.bind(&SocketAddr::from(ANY).into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut waiting = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        waiting.push(stream);
    }
    (address, waiting, listener)
}

#[test]
fn a_client_that_is_connecting() {
    let (address, _waiting, _listener) = full();
    let (screen, notices) = Screen::new();
    let (_keys, keyboard) = Keyboard::new();
    let run = Arc::new(Run::new(screen, ()).with_lines(keyboard));
    thread::scope(|scope| {
        let client = scope.spawn(|| AsyncStd::client(Metronome::connecting(address, None), &run));
        assert_eq!(
            notices.recv_timeout(PATIENCE).unwrap(),
            Notice::ChatBegan(address)
        );
        run.stop.request();
        assert_eq!(client.join().unwrap(), Status::Stopped);
    });
}

#[test]
fn a_connection_that_does_not_open_in_time() {
    let (address, _waiting, _listener) = full();
    let (screen, _) = Screen::new();
    let run = Arc::new(Run::new(screen, ()));
    let timeout = Duration::from_millis(100);
    let settings = lab::Settings {
        server: address,
        timeout: Some(timeout),
        ..lab::Settings::default()
    };
    let status = AsyncStd::client(welcome::Client::new(&settings), &run);
    let expected = Failure::ConnectTimedOut(address, timeout);
    assert_eq!(status, Status::Failed(expected));
}
