//! Cases for UDP servers.

use std::net::UdpSocket;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;
use std::time::Duration;

use socklab_core::echo;
use socklab_system::Backend;

use super::Server;

/// An echo server that no client ends.
fn echoing<B: Backend>() -> Server {
    Server::of::<B, _>(|| echo::Server::new(true))
}

/// Asks until an answer comes, because a flood may make the kernel drop datagrams. Returns how
/// often it asked.
fn ask(socket: &UdpSocket, question: &str) -> usize {
    let answer = question.to_uppercase();
    let mut buffer = [0; 2048];
    socket
        .set_read_timeout(Some(Duration::from_millis(50)))
        .unwrap();
    for attempt in 1..=400 {
        socket.send(question.as_bytes()).unwrap();
        while let Ok(len) = socket.recv(&mut buffer) {
            if buffer[..len] == *answer.as_bytes() {
                return attempt;
            }
        }
    }
    panic!("no answer to {question}");
}

/// While one client floods the server, another is still served.
pub fn a_flood_delays_nobody<B: Backend>() {
    let server = echoing::<B>();
    let flooding = Arc::new(AtomicBool::new(true));
    let (begun, flood_begins) = sync_channel(1);
    let flood = {
        let (socket, flooding) = (server.asker(), Arc::clone(&flooding));
        thread::spawn(move || {
            // A datagram that cannot be sent counts as lost.
            while flooding.load(Ordering::Relaxed) {
                let _ = socket.send(&[b'x'; 64]);
                let _ = begun.try_send(());
            }
        })
    };
    flood_begins.recv().unwrap();
    let socket = server.asker();
    for nth in 0..20 {
        ask(&socket, &format!("question {nth}"));
    }
    flooding.store(false, Ordering::Relaxed);
    drop(flood_begins);
    flood.join().unwrap();
    server.finish();
}

/// A stop wakes an idle server.
pub fn a_stop_while_idle<B: Backend>() {
    echoing::<B>().finish();
}

/// A server answers all datagrams that came while it was busy, in order.
pub fn a_burst_is_answered_whole_and_in_order<B: Backend>() {
    let server = echoing::<B>();
    let socket = server.asker();
    let mut buffer = [0; 64];
    for round in 0..20 {
        for nth in 0..50 {
            socket.send(format!("r{round} n{nth}").as_bytes()).unwrap();
        }
        for nth in 0..50 {
            let len = socket.recv(&mut buffer).unwrap();
            assert_eq!(buffer[..len], *format!("R{round} N{nth}").as_bytes());
        }
    }
    server.finish();
}
