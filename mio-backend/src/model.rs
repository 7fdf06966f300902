//! What is specific to mio: its sockets, and the one call that waits.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
#[cfg(unix)]
use std::os::fd::AsFd;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Events, Poll, Token};
#[cfg(unix)]
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use socklab_core::Link;
use socklab_readiness::{Clock, Interest, Model, Ready, Received, Trigger, UdpWire, Watched};

/// How many events one poll returns at most.
const EVENTS: usize = 1024;

/// mio's `Poll`, and room for the events of one wait. If `BATCHED`, a UDP server moves several
/// datagrams with one call.
#[derive(Debug)]
pub struct MioModel<const BATCHED: bool = false> {
    poll: Poll,
    events: Events,
}

fn interest(interest: Interest) -> mio::Interest {
    match interest.write {
        true => mio::Interest::READABLE | mio::Interest::WRITABLE,
        false => mio::Interest::READABLE,
    }
}

impl<const BATCHED: bool> Model for MioModel<BATCHED> {
    type Udp = UdpSocket;
    type Tcp = TcpStream;
    type Listener = TcpListener;

    const NAME: &'static str = if BATCHED { "mio-batched" } else { "mio" };

    const TRIGGER: Trigger = Trigger::Edge;

    const BATCHED: bool = BATCHED;

    fn new() -> io::Result<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(EVENTS));
        Ok(MioModel { poll, events })
    }

    /// The one place where the program waits: for a change of any socket that is registered.
    fn wait(&mut self, timeout: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        self.poll.poll(&mut self.events, timeout)?;
        for event in &self.events {
            // The next read or write returns an error, so it counts as both.
            let error = event.is_error();
            let interest = Interest {
                read: event.is_readable() || event.is_read_closed() || error,
                write: event.is_writable() || event.is_write_closed() || error,
            };
            let key = event.token().0;
            ready.push(Ready { key, interest });
        }
        Ok(())
    }

    fn watch(
        &mut self,
        key: usize,
        socket: Watched<'_, Self>,
        before: Option<Interest>,
        wanted: Interest,
    ) -> io::Result<()> {
        let source: &mut dyn Source = match socket {
            Watched::Udp(udp) => udp,
            Watched::Tcp(tcp) => tcp,
            Watched::Listener(listener) => listener,
        };
        let (registry, token) = (self.poll.registry(), Token(key));
        match before {
            None => source.register(registry, token, interest(wanted)),
            Some(_) => source.reregister(registry, token, interest(wanted)),
        }
    }

    /// Does nothing: the system stops watching a socket when it is closed.
    fn unwatch(&mut self, _: usize, _: Watched<'_, Self>) {}

    fn udp(&self, socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        socket.set_nonblocking(true)?;
        Ok(UdpSocket::from_std(socket))
    }

    fn listener(&self, socket: std::net::TcpListener) -> io::Result<TcpListener> {
        socket.set_nonblocking(true)?;
        Ok(TcpListener::from_std(socket))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(to)
    }

    fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept()
    }

    /// Asks `poll` first whether a connection waits. On Linux an accept creates the new socket
    /// before it looks for a connection, so one that would block costs more than ten times as much.
    #[cfg(unix)]
    fn accept_more(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let mut list = [PollFd::new(listener.as_fd(), PollFlags::POLLIN)];
        match poll(&mut list, PollTimeout::ZERO) {
            Ok(0) => Err(io::ErrorKind::WouldBlock.into()),
            _ => listener.accept(),
        }
    }

    // On Windows mio must see each call that would block, or it reports no further event. It sees
    // those of its own methods, and others only within `try_io`.

    #[inline(always)]
    fn receive(
        wire: &UdpWire<UdpSocket>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        wire.udp.try_io(
            #[inline(always)]
            || wire.receive(buffer, clock),
        )
    }

    #[inline(always)]
    fn send(wire: &UdpWire<UdpSocket>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        wire.udp.try_io(
            #[inline(always)]
            || wire.send(link, bytes),
        )
    }

    fn read(mut tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        tcp.read(buffer)
    }

    fn write(mut tcp: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        tcp.write(bytes)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpStream as Client};

    use super::*;

    type MioModel = super::MioModel;

    #[test]
    fn one_more_is_taken_only_if_there_is_one() {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let listener = MioModel::new().unwrap().listener(listener).unwrap();
        let none = |accepted: &io::Result<_>| {
            let error = accepted.as_ref().err();
            error.is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock)
        };
        assert!(none(&MioModel::accept_more(&listener)));
        let client = Client::connect(address).unwrap();
        // The last segment of the handshake may not have come yet.
        let mut accepted = MioModel::accept_more(&listener);
        while none(&accepted) {
            accepted = MioModel::accept_more(&listener);
        }
        assert_eq!(accepted.unwrap().1, client.local_addr().unwrap());
        assert!(none(&MioModel::accept_more(&listener)));
    }
}
