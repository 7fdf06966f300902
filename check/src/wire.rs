//! Our end of the conversation: plain sockets that never block.
//!
//! A connection that the program has closed is reset, so that its port is not left in TIME_WAIT: a
//! server that the student starts next would be refused that port for a minute.

mod listener;
mod network;

use std::collections::BTreeMap;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket,
};
use std::time::{Duration, Instant};

use socklab_core::Transport;
use socklab_core::transcript::{Arrow, Line};

use listener::Listener;
use network::Network;

/// How long a connection to a listener on this machine may take.
const CONNECT: Duration = Duration::from_secs(5);

/// A connection with the program.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: TcpStream,
    /// All bytes that came, and how many of them were expected and right.
    pub(crate) received: Vec<u8>,
    pub(crate) taken: usize,
    pub(crate) ended: bool,
}

impl Stream {
    fn new(socket: TcpStream) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        socket.set_nodelay(true)?;
        Ok(Stream {
            socket,
            received: Vec::new(),
            taken: 0,
            ended: false,
        })
    }

    /// Reads what has come. Keeps at most 1 MiB, far more than any exercise needs.
    fn pump(&mut self) {
        let mut piece = [0; 4096];
        while !self.ended && self.received.len() < 1 << 20 {
            match self.socket.read(&mut piece) {
                Ok(0) => self.ended = true,
                Ok(count) => self.received.extend_from_slice(&piece[..count]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.ended = true,
            }
        }
    }

    /// The bytes that came after the expected ones.
    pub(crate) fn rest(&self) -> &[u8] {
        &self.received[self.taken..]
    }

    fn reset(self) {
        let _ = socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO));
    }
}

/// What was received and sent, as lines of a transcript.
#[derive(Debug)]
pub(crate) struct TranscriptLines {
    began: Instant,
    lines: Vec<Line>,
}

impl TranscriptLines {
    fn new() -> Self {
        TranscriptLines {
            began: Instant::now(),
            lines: Vec::new(),
        }
    }

    /// Takes the lines. Also returns when the log began.
    pub(crate) fn take(&mut self) -> (Instant, Vec<Line>) {
        (self.began, std::mem::take(&mut self.lines))
    }

    fn add(&mut self, arrow: Arrow, verb: &str, peer: &str, payload: Option<&[u8]>) {
        self.lines.push(Line {
            at: self.began.elapsed(),
            arrow,
            words: vec![verb.to_owned(), peer.to_owned()],
            payload: payload.map(<[u8]>::to_vec),
        });
    }
}

/// All our sockets in one scenario.
#[derive(Debug)]
pub(crate) struct Wire {
    transport: Transport,
    /// The address at which the program listens, if it is the server.
    server: Option<SocketAddr>,
    /// By the names in the scenario: our connections, and our UDP sockets.
    streams: BTreeMap<String, Stream>,
    sockets: BTreeMap<String, UdpSocket>,
    /// The ports on which we listen, if the program is the client.
    listeners: Vec<Listener>,
    network: Network,
    /// The index of the listener that the program came to, and its address.
    client: Option<(usize, SocketAddr)>,
    pub(crate) log: TranscriptLines,
}

/// The address to send datagrams from: any of ours, because the server may be on another computer.
fn local_ip(server: IpAddr) -> IpAddr {
    match server {
        // No firewall asks about a socket that only this computer reaches.
        server if server.is_loopback() => server,
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    }
}

impl Wire {
    /// Sockets for clients of the program.
    pub(crate) fn clients(transport: Transport) -> Self {
        Wire {
            transport,
            server: None,
            streams: BTreeMap::new(),
            sockets: BTreeMap::new(),
            listeners: Vec::new(),
            network: Network::clean(),
            client: None,
            log: TranscriptLines::new(),
        }
    }

    /// Returns a wire with the same log and without sockets.
    pub(crate) fn anew(&mut self) -> Self {
        let mut wire = Wire::clients(self.transport);
        std::mem::swap(&mut wire.log, &mut self.log);
        wire
    }

    /// Sockets for the program's server. Also returns the free port on which it listens.
    pub(crate) fn server(transport: Transport) -> io::Result<(Self, u16)> {
        let (listener, port) = Listener::open(0, transport)?;
        let mut wire = Wire::clients(transport);
        wire.listeners.push(listener);
        Ok((wire, port))
    }

    /// Also listens on this port, for a program that cannot be redirected to the free one.
    pub(crate) fn listen_at(&mut self, port: u16) -> io::Result<()> {
        let (listener, _) = Listener::open(port, self.transport)?;
        self.listeners.push(listener);
        Ok(())
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.transport == Transport::Stream
    }

    /// Notes the address at which the program listens.
    pub(crate) fn found(&mut self, server: SocketAddr) {
        self.server = Some(server);
    }

    /// Connects or binds a socket, if the peer has none yet. Returns whether it did.
    pub(crate) fn open(&mut self, peer: &str) -> io::Result<bool> {
        let Some(server) = self.server else {
            return Ok(false);
        };
        if self.is_stream() {
            if self.streams.contains_key(peer) {
                return Ok(false);
            }
            let stream = Stream::new(TcpStream::connect_timeout(&server, CONNECT)?)?;
            self.streams.insert(peer.to_owned(), stream);
            self.log.add(Arrow::In, "opened", peer, None);
        } else {
            if self.sockets.contains_key(peer) {
                return Ok(false);
            }
            let socket = UdpSocket::bind((local_ip(server.ip()), 0))?;
            socket.set_nonblocking(true)?;
            self.sockets.insert(peer.to_owned(), socket);
        }
        Ok(true)
    }

    /// Sends bytes. Those that the system does not take at once are sent as soon as there is room.
    fn put(&mut self, peer: &str, bytes: &[u8]) -> io::Result<()> {
        self.log.add(Arrow::Out, "send", peer, Some(bytes));
        if let Some(stream) = self.streams.get_mut(peer) {
            let mut left = bytes;
            let mut tries = 0;
            while !left.is_empty() {
                match stream.socket.write(left) {
                    Ok(count) => left = &left[count..],
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) if error.kind() == ErrorKind::WouldBlock && tries < 1_000 => {
                        tries += 1;
                        std::thread::sleep(Duration::from_millis(2));
                    }
                    Err(error) => return Err(error),
                }
            }
            return Ok(());
        }
        if let (Some(socket), Some(server)) = (self.sockets.get(peer), self.server) {
            return socket.send_to(bytes, server).map(drop);
        }
        let listener = |(at, client): (usize, SocketAddr)| {
            Some((self.listeners.get(at)?.udp.as_ref()?, client))
        };
        match self.client.and_then(listener) {
            Some((udp, client)) => udp.send_to(bytes, client).map(drop),
            None => Err(ErrorKind::NotConnected.into()),
        }
    }

    /// Whether the server's computer answers to each of our sockets that no program has this UDP
    /// port. A server that has connected its socket to one client is closed to all others.
    pub(crate) fn is_refused(&self) -> io::Result<bool> {
        let server = self.server.ok_or(ErrorKind::NotConnected)?;
        for socket in self.sockets.values() {
            // Only a connected socket is told.
            socket.connect(server)?;
            socket.set_nonblocking(false)?;
            socket.set_read_timeout(Some(Duration::from_millis(500)))?;
            socket.send(b"")?;
            let answer = socket.recv(&mut [0; 1]);
            socket.set_nonblocking(true)?;
            // Windows calls it a reset.
            let refused = [ErrorKind::ConnectionRefused, ErrorKind::ConnectionReset];
            if !answer.is_err_and(|error| refused.contains(&error.kind())) {
                return Ok(false);
            }
        }
        Ok(!self.sockets.is_empty())
    }

    /// Receives a datagram, if one has come. A client's first datagram shows its address.
    pub(crate) fn datagram(&mut self, peer: &str) -> Option<Vec<u8>> {
        let _ = self.release(peer);
        let bytes = self.take_datagram(peer)?;
        self.log.add(Arrow::In, "datagram", peer, Some(&bytes));
        Some(bytes)
    }

    fn take_datagram(&mut self, peer: &str) -> Option<Vec<u8>> {
        let mut bytes = vec![0; 65_536];
        if let Some(socket) = self.sockets.get(peer) {
            // An error is about an earlier datagram (no such port). Later datagrams can still be
            // received.
            let (count, _) = socket.recv_from(&mut bytes).ok()?;
            bytes.truncate(count);
            return Some(bytes);
        }
        // A datagram at another listener than the client's comes from some other program.
        let theirs = self.client.map(|(listener, _)| listener);
        for (at, listener) in self.listeners.iter().enumerate() {
            if theirs.is_some_and(|listener| listener != at) {
                continue;
            }
            if let Some((count, from)) = listener
                .udp
                .as_ref()
                .and_then(|udp| udp.recv_from(&mut bytes).ok())
            {
                self.client = Some((at, from));
                bytes.truncate(count);
                return Some(bytes);
            }
        }
        None
    }

    /// The connection of this name, after reading what has come.
    pub(crate) fn stream(&mut self, peer: &str) -> Option<&mut Stream> {
        let stream = self.streams.get_mut(peer)?;
        let (before, ended) = (stream.received.len(), stream.ended);
        stream.pump();
        if stream.received.len() > before {
            let bytes = Some(&stream.received[before..]);
            self.log.add(Arrow::In, "bytes", peer, bytes);
        }
        if stream.ended && !ended {
            self.log.add(Arrow::In, "end", peer, None);
        }
        Some(stream)
    }

    /// Accepts the program's connection, if there is one.
    pub(crate) fn accept(&mut self, peer: &str) -> io::Result<bool> {
        for listener in &self.listeners {
            if let Some(Ok((socket, _))) = listener.tcp.as_ref().map(TcpListener::accept) {
                self.streams.insert(peer.to_owned(), Stream::new(socket)?);
                self.log.add(Arrow::In, "opened", peer, None);
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether data came over the other transport than the exercise's.
    pub(crate) fn is_trapped(&self) -> bool {
        self.listeners.iter().any(|listener| match self.transport {
            Transport::Datagram => {
                let accepted = listener.tcp.as_ref().and_then(|tcp| tcp.accept().ok());
                accepted.is_some_and(|(socket, _)| {
                    let reset = socket2::SockRef::from(&socket).set_linger(Some(Duration::ZERO));
                    reset.is_ok() || socket.shutdown(Shutdown::Both).is_ok()
                })
            }
            Transport::Stream => {
                let mut byte = [0; 1];
                let came = |udp: &UdpSocket| match udp.peek_from(&mut byte) {
                    Ok(_) => true,
                    // On Windows, this error means that a datagram longer than one byte has come.
                    Err(error) => error.raw_os_error() == Some(10_040),
                };
                listener.udp.as_ref().is_some_and(came)
            }
        })
    }

    pub(crate) fn finish(&mut self, peer: &str) {
        if let Some(stream) = self.streams.get(peer) {
            let _ = stream.socket.shutdown(Shutdown::Write);
            self.log.add(Arrow::Out, "finish", peer, None);
        }
    }

    pub(crate) fn reset(&mut self, peer: &str) {
        if let Some(stream) = self.streams.remove(peer) {
            self.log.add(Arrow::Out, "abort", peer, None);
            stream.reset();
        }
    }

    /// Whether a byte has come on any connection.
    pub(crate) fn has_received(&mut self) -> bool {
        let peers: Vec<String> = self.streams.keys().cloned().collect();
        let mut streams = peers.iter().filter(|peer| {
            let stream = self.stream(peer);
            stream.is_some_and(|stream| !stream.received.is_empty())
        });
        streams.next().is_some()
    }

    /// Whether one of our sockets for datagrams has this port.
    pub(crate) fn has_local_port(&self, port: u16) -> bool {
        let mut all = self
            .sockets
            .values()
            .filter_map(|one| one.local_addr().ok());
        all.any(|address| address.port() == port)
    }

    /// The port of our socket for this peer.
    pub(crate) fn local_port(&self, peer: &str) -> Option<u16> {
        let address = match (self.streams.get(peer), self.sockets.get(peer)) {
            (Some(stream), _) => stream.socket.local_addr(),
            (_, Some(socket)) => socket.local_addr(),
            _ => return None,
        };
        Some(address.ok()?.port())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        for (_, stream) in std::mem::take(&mut self.streams) {
            stream.reset();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_on_another_computer_has_a_client_too() {
        // An address for documentation, which no computer has. No datagram is sent.
        let mut wire = Wire::clients(Transport::Datagram);
        wire.found("192.0.2.1:16000".parse().expect("an address"));
        assert!(wire.open("a").expect("a socket"));
    }

    #[test]
    fn a_server_that_is_connected_to_one_client_is_there() {
        let server = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let mut wire = Wire::clients(Transport::Datagram);
        wire.found(server.local_addr().expect("bound"));
        for peer in ["a", "b"] {
            assert!(wire.open(peer).expect("a socket"));
        }
        let client = ("127.0.0.1", wire.local_port("b").expect("bound"));
        server.connect(client).expect("connected");
        assert!(!wire.is_refused().expect("asked"));
        drop(server);
        assert!(wire.is_refused().expect("asked"));
    }
}
