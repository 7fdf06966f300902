//! Servers that misbehave as told, and count what they do.

// Each test program uses some of them.
#![allow(dead_code)]

use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use socklab_core::uppercase;
use socklab_load::{Plan, Workload};

/// A server on a thread of its own, until it is asked what it counted.
pub(crate) struct Served<T> {
    pub(crate) at: SocketAddr,
    over: Arc<AtomicBool>,
    stop: Box<dyn FnOnce(SocketAddr)>,
    thread: JoinHandle<T>,
}

impl<T> Served<T> {
    /// Ends it, and takes what it counted.
    pub(crate) fn end(self) -> T {
        self.over.store(true, Ordering::SeqCst);
        (self.stop)(self.at);
        self.thread.join().unwrap()
    }
}

/// Hands each question to `answer`, with what sends a datagram back to who asked.
pub(crate) fn datagrams<T: Send + 'static>(
    mut state: T,
    mut answer: impl FnMut(&mut T, &[u8], &dyn Fn(&[u8])) + Send + 'static,
) -> Served<T> {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    let _ = socket.set_recv_buffer_size(4 << 20);
    let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    socket.bind(&any.into()).unwrap();
    let socket = UdpSocket::from(socket);
    let at = socket.local_addr().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    let thread = std::thread::spawn(move || {
        let mut buffer = [0; 65536];
        loop {
            // A client that has gone is told of on Windows here.
            let Ok((len, from)) = socket.recv_from(&mut buffer) else {
                continue;
            };
            if seen.load(Ordering::SeqCst) {
                return state;
            }
            answer(&mut state, &buffer[..len], &|reply| {
                socket.send_to(reply, from).unwrap();
            });
        }
    });
    Served {
        at,
        over,
        stop: Box::new(|at| {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.send_to(b"stop", at).unwrap();
        }),
        thread,
    }
}

/// Hands each connection to `answer`, one after the other.
pub(crate) fn streams<T: Send + 'static>(
    mut state: T,
    mut answer: impl FnMut(&mut T, TcpStream) + Send + 'static,
) -> Served<T> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let at = listener.local_addr().unwrap();
    let over = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&over);
    let thread = std::thread::spawn(move || {
        loop {
            let accepted = listener.accept();
            if seen.load(Ordering::SeqCst) {
                return state;
            }
            if let Ok((stream, _)) = accepted {
                answer(&mut state, stream);
            }
        }
    });
    Served {
        at,
        over,
        // It may be reset: an earlier connection can have ended the thread first.
        stop: Box::new(|at| drop(TcpStream::connect(at))),
        thread,
    }
}

/// What a right server says.
pub(crate) fn capitals(question: &[u8]) -> Vec<u8> {
    let mut reply = Vec::new();
    uppercase::upper(question, &mut reply);
    reply
}

/// Says it and closes, whether or not the other end has gone.
pub(crate) fn say(mut stream: TcpStream, words: &[u8]) {
    let _ = stream.write_all(words);
}

/// A short load without a warm-up, so that the server and the outcome have the same questions; with
/// time enough to answer whatever else the machine does.
pub(crate) fn plan(workload: Workload, to: SocketAddr) -> Plan {
    Plan {
        warm_up: Duration::ZERO..Duration::ZERO,
        measure: Duration::from_millis(200),
        timeout: Duration::from_secs(20),
        linger: Duration::from_millis(50),
        ..Plan::new(workload, to)
    }
}

/// An address where nobody listens.
pub(crate) fn nobody() -> SocketAddr {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    socket.local_addr().unwrap()
}
