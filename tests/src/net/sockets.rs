//! The operating system of a virtual network: sockets, and data in transit.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::net::SocketAddr;
use std::time::Duration;

use socklab_core::register::{Decision, StoreId};
use socklab_core::{Doing, FaultKind, Link, Received, Socket, Transport};

use super::HostId;
use crate::address;
use crate::medium::Medium;

/// How many bytes of a stream one receive returns at most, as in a driver.
const READ: usize = 4096;

/// All sockets, the clock, and everything in transit.
pub(super) struct Network {
    pub(super) now: Duration,
    medium: Box<dyn Medium>,
    sockets: BTreeMap<(HostId, Socket), Sock>,
    bound: BTreeMap<SocketAddr, (HostId, Socket)>,
    queue: BTreeMap<(Duration, u64), Arrival>,
    arrivals: u64,
    next_port: u16,
}

/// A socket, with what has come for it and was not received yet.
enum Sock {
    Datagram {
        local: SocketAddr,
        /// If the socket is connected, the only peer that it receives from.
        peer: Option<SocketAddr>,
        inbox: VecDeque<(SocketAddr, Vec<u8>)>,
    },
    Connecting(Attempt),
    Stream {
        other: Option<(HostId, Socket)>,
        inbox: VecDeque<u8>,
        ended: bool,
        /// When the last bytes sent arrive, so that none overtakes them.
        last: Duration,
    },
}

/// A connection that is being opened, identified by its port.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Attempt {
    host: HostId,
    socket: Socket,
    pub(super) from: SocketAddr,
    pub(super) to: SocketAddr,
}

/// An event for a program, whether or not it waits for it.
pub(super) enum Event {
    Opened(SocketAddr),
    Fault(Socket, Doing, FaultKind),
    Stored(StoreId, Decision),
    Stop,
}

/// A datagram, bytes or a notification in transit.
pub(super) enum Arrival {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    Connect(Attempt),
    /// The machine that has accepted the connection, if one has.
    Connected(Attempt, Option<HostId>),
    Bytes(HostId, Socket, Vec<u8>),
    End(HostId, Socket),
    Event(HostId, Event),
}

fn stream(other: (HostId, Socket)) -> Sock {
    Sock::Stream {
        other: Some(other),
        inbox: VecDeque::new(),
        ended: false,
        last: Duration::ZERO,
    }
}

impl Network {
    pub(super) fn new(medium: Box<dyn Medium>) -> Self {
        Network {
            now: Duration::ZERO,
            medium,
            sockets: BTreeMap::new(),
            bound: BTreeMap::new(),
            queue: BTreeMap::new(),
            arrivals: 0,
            next_port: 50_000,
        }
    }

    /// Schedules an arrival.
    pub(super) fn arrive(&mut self, after: Duration, arrival: Arrival) {
        self.arrivals += 1;
        self.queue
            .insert((self.now + after, self.arrivals), arrival);
    }

    /// When the next thing arrives.
    pub(super) fn next_arrival(&self) -> Option<Duration> {
        self.queue.keys().next().map(|(at, _)| *at)
    }

    /// The next thing that has arrived by now.
    pub(super) fn arrived(&mut self) -> Option<Arrival> {
        let entry = self.queue.first_entry()?;
        (entry.key().0 <= self.now).then(|| entry.remove())
    }

    /// Gives a program a UDP socket that receives from every peer.
    pub(super) fn bind(&mut self, host: HostId, local: SocketAddr) {
        self.add_datagram(host, Socket(0), local, None);
    }

    fn add_datagram(
        &mut self,
        host: HostId,
        socket: Socket,
        local: SocketAddr,
        peer: Option<SocketAddr>,
    ) {
        let inbox = VecDeque::new();
        let sock = Sock::Datagram { local, peer, inbox };
        self.sockets.insert((host, socket), sock);
        self.bound.insert(local, (host, socket));
    }

    /// Opens a socket to `to`. Returns its own address if that needed no time.
    pub(super) fn open(
        &mut self,
        host: HostId,
        socket: Socket,
        transport: Transport,
        to: SocketAddr,
    ) -> Option<SocketAddr> {
        let from = SocketAddr::new(address("127.0.0.1:0").ip(), self.next_port);
        self.next_port += 1;
        match transport {
            Transport::Datagram => {
                self.add_datagram(host, socket, from, Some(to));
                Some(from)
            }
            Transport::Stream => {
                let attempt = Attempt {
                    host,
                    socket,
                    from,
                    to,
                };
                let connecting = Sock::Connecting(attempt);
                self.sockets.insert((host, socket), connecting);
                self.arrive(self.medium.latency(), Arrival::Connect(attempt));
                None
            }
        }
    }

    pub(super) fn send(&mut self, host: HostId, link: Link, bytes: &[u8]) {
        match self.sockets.get_mut(&(host, link.socket)) {
            Some(Sock::Datagram { local, .. }) => {
                let from = *local;
                for after in self.medium.datagram() {
                    let (to, bytes) = (link.peer, bytes.to_vec());
                    self.arrive(after, Arrival::Datagram { from, to, bytes });
                }
            }
            Some(Sock::Stream {
                other: Some((other, socket)),
                last,
                ..
            }) => {
                let (other, socket, mut rest) = (*other, *socket, bytes);
                let mut latest = *last;
                let mut pieces = Vec::new();
                for (len, after) in self.medium.stream(bytes.len()) {
                    let (piece, later) = rest.split_at(len);
                    rest = later;
                    latest = latest.max(self.now + after);
                    pieces.push((latest - self.now, piece.to_vec()));
                }
                *last = latest;
                for (after, piece) in pieces {
                    self.arrive(after, Arrival::Bytes(other, socket, piece));
                }
            }
            _ => {}
        }
    }

    /// Takes what a program's sockets hold for it: one datagram, or some bytes of a stream.
    pub(super) fn receive(&mut self, host: HostId) -> Option<(Received, Vec<u8>)> {
        let mine = (host, Socket(0))..=(host, Socket(u16::MAX));
        let mut sockets = self.sockets.range_mut(mine);
        sockets.find_map(|(&(_, socket), sock)| match sock {
            Sock::Datagram { inbox, .. } => {
                let (peer, bytes) = inbox.pop_front()?;
                let link = Link::on(socket, peer);
                Some((Received::Datagram(link, bytes.len(), None), bytes))
            }
            Sock::Stream { inbox, .. } if !inbox.is_empty() => {
                let bytes: Vec<u8> = inbox.drain(..inbox.len().min(READ)).collect();
                Some((Received::Bytes(bytes.len()), bytes))
            }
            // The end of a stream is reported once.
            Sock::Stream { ended, .. } => mem::take(ended).then(|| (Received::End, Vec::new())),
            Sock::Connecting(_) => None,
        })
    }

    /// Closes the writing side of a stream: the peer hears of it after the last byte.
    pub(super) fn finish(&mut self, host: HostId, socket: Socket) {
        if let Some(Sock::Stream { other, last, .. }) = self.sockets.get_mut(&(host, socket))
            && let Some((other, socket)) = other.take()
        {
            let at = (*last).max(self.now + self.medium.latency());
            self.arrive(at - self.now, Arrival::End(other, socket));
        }
    }

    /// Gives a program's connection up: the peer sees a reset.
    pub(super) fn abort(&mut self, host: HostId) {
        for socket in self.sockets_of(host) {
            if let Some(Sock::Datagram { .. }) = self.sockets.get(&(host, socket)) {
                continue;
            }
            if let Some(Sock::Stream {
                other: Some((other, socket)),
                ..
            }) = self.sockets.remove(&(host, socket))
            {
                self.reset(other, socket);
            }
        }
    }

    fn reset(&mut self, host: HostId, socket: Socket) {
        let reset = Event::Fault(socket, Doing::Receiving, FaultKind::Reset);
        self.arrive(self.medium.latency(), Arrival::Event(host, reset));
    }

    /// Closes the sockets of a program that is over, as a system does.
    pub(super) fn close(&mut self, host: HostId) {
        for socket in self.sockets_of(host) {
            self.finish(host, socket);
            self.sockets.remove(&(host, socket));
        }
        self.bound.retain(|_, (owner, _)| *owner != host);
    }

    fn sockets_of(&self, host: HostId) -> Vec<Socket> {
        let mine = self.sockets.keys().filter(|(owner, _)| *owner == host);
        mine.map(|(_, socket)| *socket).collect()
    }

    /// Delivers an arrival to its socket. Returns an event, if the program is told at once.
    pub(super) fn deliver(&mut self, arrival: Arrival) -> Option<(HostId, Event)> {
        match arrival {
            Arrival::Datagram { from, to, bytes } => match self.bound.get(&to) {
                Some(bound) => {
                    if let Some(Sock::Datagram { peer, inbox, .. }) = self.sockets.get_mut(bound)
                        && peer.is_none_or(|peer| peer == from)
                    {
                        inbox.push_back((from, bytes));
                    }
                }
                None => self.refuse(from, to),
            },
            Arrival::Connected(attempt, server) => return self.connected(attempt, server),
            Arrival::Bytes(host, socket, bytes) => {
                if let Some(Sock::Stream { inbox, .. }) = self.sockets.get_mut(&(host, socket)) {
                    inbox.extend(bytes);
                }
            }
            Arrival::End(host, socket) => {
                if let Some(Sock::Stream { ended, .. }) = self.sockets.get_mut(&(host, socket)) {
                    *ended = true;
                }
            }
            Arrival::Event(host, event) => return Some((host, event)),
            Arrival::Connect(_) => {}
        }
        None
    }

    /// Sends an ICMP "port unreachable". Only a connected socket is told of it.
    fn refuse(&mut self, from: SocketAddr, unreachable: SocketAddr) {
        if let Some(&(host, socket)) = self.bound.get(&from)
            && let Some(Sock::Datagram {
                peer: Some(peer), ..
            }) = self.sockets.get(&(host, socket))
            && *peer == unreachable
        {
            let refused = Event::Fault(socket, Doing::Receiving, FaultKind::Refused);
            self.arrive(self.medium.latency(), Arrival::Event(host, refused));
        }
    }

    /// A connection request has reached a server, or found none. The client hears of it later.
    pub(super) fn connect(&mut self, attempt: Attempt, server: Option<HostId>) {
        if let Some(server) = server {
            let near = stream((attempt.host, attempt.socket));
            self.sockets.insert((server, Socket(0)), near);
        }
        // What the server sends at once must not arrive before the connection itself.
        let connected = Arrival::Connected(attempt, server);
        self.arrive(self.medium.latency(), connected);
    }

    fn connected(&mut self, attempt: Attempt, server: Option<HostId>) -> Option<(HostId, Event)> {
        let Attempt { host, socket, .. } = attempt;
        let waits = match self.sockets.get(&(host, socket)) {
            Some(Sock::Connecting(waiting)) => *waiting == attempt,
            _ => false,
        };
        let Some(server) = server else {
            let refused = Event::Fault(socket, Doing::Opening, FaultKind::Refused);
            return waits.then_some((host, refused));
        };
        if !waits {
            // The client has given the connection up meanwhile.
            self.reset(server, Socket(0));
            return None;
        }
        let far = stream((server, Socket(0)));
        self.sockets.insert((host, socket), far);
        Some((host, Event::Opened(attempt.from)))
    }
}
