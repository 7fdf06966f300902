//! What a virtual system does: sockets, and what is on its way between them.

use std::collections::VecDeque;
use std::mem;
use std::net::SocketAddr;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use socklab_core::transcript::Role;
use socklab_core::{Doing, FaultKind, Input, Link, Output, Socket, Transport};

use super::{HostId, Pending, Script, VirtualNet};
use crate::address;

/// What a system holds for a machine until it wants it.
pub(super) enum Sock {
    Datagram {
        /// Only this peer is heard, if the socket is connected.
        peer: Option<SocketAddr>,
        inbox: VecDeque<(SocketAddr, Vec<u8>)>,
    },
    Stream {
        peer: SocketAddr,
        other: Option<(HostId, Socket)>,
        inbox: VecDeque<u8>,
        ended: bool,
        /// When the last bytes sent arrive, so that none overtakes them.
        last: Duration,
    },
}

/// What is on its way.
pub(super) enum Arrival {
    Datagram {
        from: SocketAddr,
        to: SocketAddr,
        bytes: Vec<u8>,
    },
    Connect {
        host: HostId,
        socket: Socket,
        from: SocketAddr,
        to: SocketAddr,
    },
    Connected {
        host: HostId,
        socket: Socket,
        from: SocketAddr,
        to: SocketAddr,
        server: HostId,
    },
    Bytes(HostId, Socket, Vec<u8>),
    End(HostId, Socket),
    Pending(HostId, Pending),
}

impl VirtualNet {
    pub(super) fn carry_out(&mut self, id: HostId, output: &Output<'_>) {
        match *output {
            Output::Open {
                socket,
                transport,
                to,
            } => self.open(id, socket, transport, to),
            Output::Send { link, bytes } => self.send(id, link, bytes),
            Output::Finish { link } => {
                self.finish(id, link.socket);
                let finished = Pending::Finished(link);
                self.hosts[id.0].pending.push_back(finished);
            }
            Output::Abort { link } => {
                if let Some(Sock::Stream {
                    other: Some((other, socket)),
                    ..
                }) = self.hosts[id.0].sockets.remove(&link.socket)
                {
                    let reset = Pending::Fault(socket, Doing::Receiving, FaultKind::Reset);
                    self.arrive(self.medium.latency(), Arrival::Pending(other, reset));
                }
            }
            Output::Store { id: store, attempt } => {
                let decisions = Arc::clone(&self.decisions);
                let done = Box::new(move |decision| {
                    let mut decisions = decisions.lock().unwrap_or_else(PoisonError::into_inner);
                    decisions.push((id, store, decision));
                });
                self.register.store(attempt.clone(), done);
            }
            Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {}
        }
    }

    fn open(&mut self, id: HostId, socket: Socket, transport: Transport, to: SocketAddr) {
        let from = SocketAddr::new(address("127.0.0.1:0").ip(), self.next_port);
        self.next_port += 1;
        match transport {
            Transport::Datagram => {
                let (peer, inbox) = (Some(to), VecDeque::new());
                let host = &mut self.hosts[id.0];
                host.sockets.insert(socket, Sock::Datagram { peer, inbox });
                let link = Link { socket, peer: to };
                host.pending.push_back(Pending::Opened(link, from));
                self.bound.insert(from, (id, socket));
            }
            Transport::Stream => {
                let host = id;
                let connect = Arrival::Connect {
                    host,
                    socket,
                    from,
                    to,
                };
                self.arrive(self.medium.latency(), connect);
            }
        }
    }

    fn send(&mut self, id: HostId, link: Link, bytes: &[u8]) {
        match self.hosts[id.0].sockets.get_mut(&link.socket) {
            Some(Sock::Datagram { .. }) => {
                let mine = (id, link.socket);
                let from = self.bound.iter().find(|(_, owner)| **owner == mine);
                let Some((&from, _)) = from else { return };
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

    /// Closes the writing side of a stream: the peer hears of it after the last byte.
    fn finish(&mut self, id: HostId, socket: Socket) {
        if let Some(Sock::Stream { other, last, .. }) = self.hosts[id.0].sockets.get_mut(&socket)
            && let Some((other, socket)) = other.take()
        {
            let at = (*last).max(self.now + self.medium.latency());
            self.arrive(at - self.now, Arrival::End(other, socket));
        }
    }

    /// What a system does with the sockets of a program that is over.
    pub(super) fn close_if_over(&mut self, id: HostId) {
        let host = &mut self.hosts[id.0];
        if host.pump.is_running() || mem::replace(&mut host.closed, true) {
            return;
        }
        let sockets: Vec<Socket> = host.sockets.keys().copied().collect();
        for socket in sockets {
            self.finish(id, socket);
        }
        self.hosts[id.0].sockets.clear();
        self.bound.retain(|_, (owner, _)| *owner != id);
    }

    pub(super) fn deliver(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Datagram { from, to, bytes } => match self.bound.get(&to) {
                Some((host, socket)) => {
                    if let Some(Sock::Datagram { peer, inbox }) =
                        self.hosts[host.0].sockets.get_mut(socket)
                        && peer.is_none_or(|peer| peer == from)
                    {
                        inbox.push_back((from, bytes));
                    }
                }
                None => self.refuse(from, to),
            },
            Arrival::Connect {
                host,
                socket,
                from,
                to,
            } => self.connect(host, socket, from, to),
            Arrival::Connected {
                host,
                socket,
                from,
                to,
                server,
            } => {
                let end = &mut self.hosts[host.0];
                if let Some(Sock::Stream { other, .. }) = end.sockets.get_mut(&socket) {
                    *other = Some((server, Socket(0)));
                    let link = Link { socket, peer: to };
                    end.pending.push_back(Pending::Opened(link, from));
                }
            }
            Arrival::Bytes(host, socket, bytes) => {
                if let Some(Sock::Stream { inbox, .. }) =
                    self.hosts[host.0].sockets.get_mut(&socket)
                {
                    inbox.extend(bytes);
                }
            }
            Arrival::End(host, socket) => {
                if let Some(Sock::Stream { ended, .. }) =
                    self.hosts[host.0].sockets.get_mut(&socket)
                {
                    *ended = true;
                }
            }
            Arrival::Pending(host, pending) => self.hosts[host.0].pending.push_back(pending),
        }
    }

    /// An ICMP "port unreachable": only a connected socket is told.
    fn refuse(&mut self, from: SocketAddr, nobody: SocketAddr) {
        if let Some(&(host, socket)) = self.bound.get(&from)
            && let Some(Sock::Datagram {
                peer: Some(peer), ..
            }) = self.hosts[host.0].sockets.get(&socket)
            && *peer == nobody
        {
            let refused = Pending::Fault(socket, Doing::Receiving, FaultKind::Refused);
            self.arrive(self.medium.latency(), Arrival::Pending(host, refused));
        }
    }

    fn connect(&mut self, host: HostId, socket: Socket, from: SocketAddr, to: SocketAddr) {
        let latency = self.medium.latency();
        let link = Link::first(from);
        let Some((exercise, machine)) = self
            .services
            .get(&to)
            .map(|(exercise, accept)| (exercise.clone(), accept(link)))
        else {
            let refused = Pending::Fault(socket, Doing::Opening, FaultKind::Refused);
            return self.arrive(latency, Arrival::Pending(host, refused));
        };
        let stream = |peer, other| Sock::Stream {
            peer,
            other,
            inbox: VecDeque::new(),
            ended: false,
            last: Duration::ZERO,
        };
        let server = self.host(&exercise, Role::Server, machine, Script::default());
        self.accepted.push((to, server));
        let (near, far) = (stream(from, Some((host, socket))), stream(to, None));
        self.hosts[server.0].sockets.insert(Socket(0), near);
        self.hosts[host.0].sockets.insert(socket, far);
        // What the server sends at once must not arrive before the connection itself.
        let connected = Arrival::Connected {
            host,
            socket,
            from,
            to,
            server,
        };
        self.arrive(latency, connected);
        self.feed(server, Input::Start);
        self.feed(server, Input::Opened { link, local: to });
    }
}
