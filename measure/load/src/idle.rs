//! Idle connections.

use std::io::{ErrorKind, Read};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

use crate::error::Error;
use crate::limits;
use crate::sources::{Sources, classify_failure};

/// How many connections are opened at once: few enough for any server's backlog.
const AT_ONCE: usize = 64;

/// How long to wait for the next connection to open before the pending ones are given up.
const PATIENCE: Duration = Duration::from_secs(5);

/// Idle connections to one server. If the server is on this machine (Linux), they come from many
/// source addresses. Dropping this resets them.
#[derive(Debug)]
pub struct Idle {
    poll: Poll,
    events: Events,
    sources: Sources,
    slots: Vec<Slot>,
    connecting: usize,
    held: usize,
    closed: u64,
    failed: u64,
}

#[derive(Debug)]
enum Slot {
    Empty,
    Connecting(TcpStream),
    Held(TcpStream),
}

impl Idle {
    /// Opens `count` connections. Returns when each is open or has failed.
    ///
    /// # Errors
    /// [`Error::NoRoom`] if the system does not allow so many; any error of the system other than a
    /// refusal or a lack of ports.
    pub fn open(to: SocketAddr, count: u32) -> Result<Idle, Error> {
        limits::make_room(count.into())?;
        let mut idle = Idle {
            poll: Poll::new()?,
            events: Events::with_capacity(1024),
            sources: Sources::to(to),
            slots: (0..count).map(|_| Slot::Empty).collect(),
            connecting: 0,
            held: 0,
            closed: 0,
            failed: 0,
        };
        let all = (0..count as usize).collect();
        idle.fill(all)?;
        Ok(idle)
    }

    /// How many connections are held, as of the last call of [`reopen`](Idle::reopen).
    pub fn held(&self) -> usize {
        self.held
    }

    /// How many connections the server has closed. The next call of [`reopen`](Idle::reopen)
    /// replaces them.
    pub fn closed(&self) -> u64 {
        self.closed
    }

    /// How many connections could not be opened.
    pub fn failed(&self) -> u64 {
        self.failed
    }

    /// Opens once more the connections that the server has closed or that could not be opened. Call
    /// it often if the server closes idle connections.
    ///
    /// # Errors
    /// As for [`open`](Idle::open).
    pub fn reopen(&mut self) -> Result<(), Error> {
        while self.poll_once(Duration::ZERO)? {}
        let empty = |at: &usize| matches!(self.slots[*at], Slot::Empty);
        let slots = (0..self.slots.len()).filter(empty).collect();
        self.fill(slots)
    }

    fn fill(&mut self, slots: Vec<usize>) -> Result<(), Error> {
        let mut slots = slots.into_iter();
        let mut until = Instant::now() + PATIENCE;
        loop {
            let free = AT_ONCE - self.connecting;
            for at in slots.by_ref().take(free) {
                self.connect(at)?;
            }
            if self.connecting == 0 && slots.len() == 0 {
                return Ok(());
            }
            let connecting = self.connecting;
            self.poll_once(until.saturating_duration_since(Instant::now()))?;
            let now = Instant::now();
            if self.connecting < connecting {
                until = now + PATIENCE;
            } else if now >= until {
                self.give_up();
                self.failed += slots.len() as u64;
                return Ok(());
            }
        }
    }

    fn connect(&mut self, at: usize) -> Result<(), Error> {
        match self.sources.connect() {
            Ok(mut stream) => {
                let both = Interest::READABLE | Interest::WRITABLE;
                self.poll
                    .registry()
                    .register(&mut stream, Token(at), both)?;
                self.slots[at] = Slot::Connecting(stream);
                self.connecting += 1;
            }
            Err(error) => {
                classify_failure(error)?;
                self.failed += 1;
            }
        }
        Ok(())
    }

    /// Notes what has happened to the connections. Returns whether there was any event.
    fn poll_once(&mut self, timeout: Duration) -> Result<bool, Error> {
        match self.poll.poll(&mut self.events, Some(timeout)) {
            Err(error) if error.kind() == ErrorKind::Interrupted => return Ok(true),
            result => result?,
        }
        for event in &self.events {
            let slot = &mut self.slots[event.token().0];
            let (stream, held) = match std::mem::replace(slot, Slot::Empty) {
                Slot::Empty => continue,
                Slot::Held(stream) => (stream, true),
                Slot::Connecting(stream) => match connected(&stream) {
                    None => {
                        *slot = Slot::Connecting(stream);
                        continue;
                    }
                    Some(connected) => {
                        self.connecting -= 1;
                        if !connected {
                            self.failed += 1;
                            continue;
                        }
                        (stream, false)
                    }
                },
            };
            self.held -= usize::from(held);
            if let Some(stream) = still_there(stream) {
                *slot = Slot::Held(stream);
                self.held += 1;
            } else {
                self.closed += 1;
            }
        }
        Ok(!self.events.is_empty())
    }

    fn give_up(&mut self) {
        for slot in &mut self.slots {
            if let Slot::Connecting(_) = slot {
                *slot = Slot::Empty;
                self.failed += 1;
            }
        }
        self.connecting = 0;
    }
}

/// Whether the connection is open; `None` while it is not decided.
fn connected(stream: &TcpStream) -> Option<bool> {
    if let Ok(Some(_)) | Err(_) = stream.take_error() {
        return Some(false);
    }
    match stream.peer_addr() {
        Ok(_) => Some(true),
        Err(error) if error.kind() == ErrorKind::NotConnected => None,
        Err(_) => Some(false),
    }
}

/// Returns the connection, unless the server has closed it. Discards what the server sends.
fn still_there(mut stream: TcpStream) -> Option<TcpStream> {
    let mut said = [0; 512];
    loop {
        match stream.read(&mut said) {
            Ok(1..) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Some(stream),
            Ok(0) | Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{Ipv4Addr, TcpListener};

    #[test]
    fn holds_them_and_replaces_what_the_server_closes() {
        let server = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let mut idle = Idle::open(server.local_addr().unwrap(), 100).unwrap();
        let mut accepted: Vec<_> = (0..100).map(|_| server.accept().unwrap()).collect();
        let counts = |idle: &Idle| (idle.held(), idle.closed(), idle.failed());
        assert_eq!(counts(&idle), (100, 0, 0));
        if cfg!(target_os = "linux") {
            let mut sources: Vec<_> = accepted.iter().map(|(_, peer)| peer.ip()).collect();
            sources.sort_unstable();
            sources.dedup();
            assert_eq!(sources.len(), 100);
        }
        idle.reopen().unwrap();
        assert_eq!(counts(&idle), (100, 0, 0));

        accepted.truncate(93);
        // On one machine a close usually reaches the other end before it returns. Where it does
        // not, look again.
        while idle.closed() < 7 {
            idle.reopen().unwrap();
        }
        assert_eq!(counts(&idle), (100, 7, 0));
        accepted.extend((0..7).map(|_| server.accept().unwrap()));

        drop(server);
        accepted.truncate(98);
        while idle.held() > 98 {
            idle.reopen().unwrap();
        }
        assert_eq!(idle.closed(), 9);
        assert!(idle.failed() >= 2);
    }

    #[test]
    fn too_many_is_said_before_any_is_opened() {
        let nobody = "127.0.0.1:9".parse().unwrap();
        if cfg!(unix) {
            let error = Idle::open(nobody, 4_000_000_000).unwrap_err();
            let Error::NoRoom { wanted, possible } = error else {
                panic!("{error}")
            };
            assert!(wanted == 4_000_000_000 && possible < wanted);
        }
    }
}
