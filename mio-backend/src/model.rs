//! What is mio's own: its sockets, and the one call that waits.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Events, Poll, Token};
use socklab_core::Link;
use socklab_readiness::{Clock, Datagrams, Interest, Model, Ready, Received, Trigger, Watched};

/// How many events one poll takes at most.
const EVENTS: usize = 1024;

/// A poll, and room for what it finds.
#[derive(Debug)]
pub struct MioPoll {
    poll: Poll,
    events: Events,
}

fn interest(interest: Interest) -> mio::Interest {
    match interest.write {
        true => mio::Interest::READABLE | mio::Interest::WRITABLE,
        false => mio::Interest::READABLE,
    }
}

impl Model for MioPoll {
    type Udp = UdpSocket;
    type Tcp = TcpStream;
    type Listener = TcpListener;

    const NAME: &'static str = "mio";

    const TRIGGER: Trigger = Trigger::Edge;

    fn new() -> io::Result<Self> {
        let (poll, events) = (Poll::new()?, Events::with_capacity(EVENTS));
        Ok(MioPoll { poll, events })
    }

    /// The one place where the program waits: for a change of any socket that is registered.
    fn wait(&mut self, limit: Option<Duration>, ready: &mut Vec<Ready>) -> io::Result<()> {
        self.poll.poll(&mut self.events, limit)?;
        for event in &self.events {
            // An error shows when the socket is read or written.
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

    /// The system forgets a socket that is closed.
    fn unwatch(&mut self, _: usize, _: Watched<'_, Self>) {}

    fn udp(&self, socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        Ok(UdpSocket::from_std(socket))
    }

    fn listener(&self, socket: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(TcpListener::from_std(socket))
    }

    fn connect(&self, to: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(to)
    }

    fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept()
    }

    // mio on Windows has to see each call that would block, or it reports no further event.

    fn receive(
        datagrams: &Datagrams<UdpSocket>,
        buffer: &mut [u8],
        clock: &Clock,
    ) -> io::Result<Received> {
        let mut receive =
            || datagrams.receive(buffer, clock, UdpSocket::recv, UdpSocket::recv_from);
        match datagrams.ancillary.is_used() {
            true => datagrams.udp.try_io(receive),
            false => receive(),
        }
    }

    fn send(datagrams: &Datagrams<UdpSocket>, link: Link, bytes: &[u8]) -> io::Result<usize> {
        datagrams.udp.try_io(|| datagrams.send(link, bytes))
    }

    fn read(mut tcp: &TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        tcp.read(buffer)
    }

    fn write(mut tcp: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        tcp.write(bytes)
    }
}
