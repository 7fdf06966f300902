//! What is mio's own: its sockets, and the one call that waits.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use mio::event::Source;
use mio::net::{TcpListener, TcpStream, UdpSocket};
use mio::{Events, Poll, Token};
use socklab_readiness::{Interest, Model, Ready, Trigger, Watched};

/// How many events one poll takes at most.
const EVENTS: usize = 1024;

/// The waker's token; the loop's keys are below it.
const WAKER: Token = Token(usize::MAX);

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
    type Waker = mio::Waker;

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
            if event.token() != WAKER {
                ready.push(Ready { key, interest });
            }
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

    fn waker(&self) -> io::Result<mio::Waker> {
        mio::Waker::new(self.poll.registry(), WAKER)
    }

    fn wake(waker: &mio::Waker) {
        // A loop that cannot be woken has ended.
        let _ = waker.wake();
    }

    fn udp(socket: std::net::UdpSocket) -> io::Result<UdpSocket> {
        Ok(UdpSocket::from_std(socket))
    }

    fn listener(socket: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(TcpListener::from_std(socket))
    }

    fn connect(to: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(to)
    }

    fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept()
    }

    fn try_io<T>(udp: &UdpSocket, call: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
        udp.try_io(call)
    }

    fn receive(udp: &UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
        udp.recv(buffer)
    }

    fn receive_from(udp: &UdpSocket, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        udp.recv_from(buffer)
    }

    fn send_to(udp: &UdpSocket, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        udp.send_to(bytes, to)
    }
}
