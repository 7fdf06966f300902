//! Several datagrams of one socket in one call, where the system has such calls.

use std::io;

use mio::net::UdpSocket;

/// The most datagrams in a call.
const MOST: usize = 64;

/// Buffers for received datagrams.
#[derive(Debug)]
pub(crate) struct Incoming {
    room: usize,
    bytes: Vec<u8>,
    lens: Vec<usize>,
    #[cfg(target_os = "linux")]
    headers: nix::sys::socket::MultiHeaders<()>,
}

impl Incoming {
    /// Makes buffers for up to `count` datagrams of `len` bytes each. Longer ones are cut, but
    /// remain longer than `len`.
    pub(crate) fn new(count: usize, len: usize) -> Incoming {
        let count = count.clamp(1, MOST);
        // An odd number of cache lines; otherwise the beginnings of all buffers would compete for
        // the same few lines.
        let room = ((len + 64) / 128 * 2 + 3) * 64;
        Incoming {
            room,
            bytes: vec![0; count * room],
            lens: vec![0; count],
            #[cfg(target_os = "linux")]
            headers: nix::sys::socket::MultiHeaders::preallocate(count, None),
        }
    }

    /// How many datagrams fit.
    pub(crate) fn capacity(&self) -> usize {
        self.lens.len()
    }

    /// A datagram of the last call.
    pub(crate) fn datagram(&self, at: usize) -> &[u8] {
        &self.bytes[at * self.room..][..self.lens[at]]
    }

    /// Receives at most as many datagrams as fit. Returns how many; if fewer came, no more are
    /// waiting.
    pub(crate) fn receive(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        if self.capacity() == 1 {
            self.lens[0] = socket.recv(&mut self.bytes)?;
            return Ok(1);
        }
        self.receive_several(socket)
    }

    #[cfg(target_os = "linux")]
    fn receive_several(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        use std::io::IoSliceMut;
        use std::os::fd::AsRawFd;

        use nix::sys::socket::{MsgFlags, recvmmsg};
        let mut slices: Vec<_> = self
            .bytes
            .chunks_exact_mut(self.room)
            .map(|room| [IoSliceMut::new(room)])
            .collect();
        let received = recvmmsg(
            socket.as_raw_fd(),
            &mut self.headers,
            &mut slices,
            MsgFlags::empty(),
            None,
        )?;
        let mut count = 0;
        for message in received {
            self.lens[count] = message.bytes;
            count += 1;
        }
        Ok(count)
    }

    #[cfg(not(target_os = "linux"))]
    fn receive_several(&mut self, socket: &UdpSocket) -> io::Result<usize> {
        for at in 0..self.capacity() {
            match socket.recv(&mut self.bytes[at * self.room..][..self.room]) {
                Ok(len) => self.lens[at] = len,
                Err(error) if at == 0 => return Err(error),
                // Any error comes again with the next call.
                Err(_) => return Ok(at),
            }
        }
        Ok(self.capacity())
    }
}

/// Datagrams of equal length to be sent.
#[derive(Debug)]
pub(crate) struct Outgoing {
    len: usize,
    bytes: Vec<u8>,
    #[cfg(target_os = "linux")]
    headers: nix::sys::socket::MultiHeaders<()>,
}

impl Outgoing {
    /// Makes `count` datagrams, each of which begins as a copy of `template`.
    pub(crate) fn new(count: usize, template: &[u8]) -> Outgoing {
        let count = count.clamp(1, MOST);
        Outgoing {
            len: template.len(),
            bytes: template.repeat(count),
            #[cfg(target_os = "linux")]
            headers: nix::sys::socket::MultiHeaders::preallocate(count, None),
        }
    }

    /// How many datagrams fit.
    pub(crate) fn capacity(&self) -> usize {
        self.bytes.len() / self.len
    }

    /// A datagram, to be written.
    pub(crate) fn datagram(&mut self, at: usize) -> &mut [u8] {
        &mut self.bytes[at * self.len..][..self.len]
    }

    /// Sends the datagrams from `from` to `to`. Returns how many were sent; at least one.
    pub(crate) fn send(&mut self, socket: &UdpSocket, from: usize, to: usize) -> io::Result<usize> {
        if to - from == 1 {
            return socket.send(self.datagram(from)).map(|_| 1);
        }
        self.send_several(socket, from, to)
    }

    #[cfg(target_os = "linux")]
    fn send_several(&mut self, socket: &UdpSocket, from: usize, to: usize) -> io::Result<usize> {
        use std::io::IoSlice;
        use std::os::fd::AsRawFd;

        use nix::sys::socket::{MsgFlags, sendmmsg};
        let slices: Vec<_> = self.bytes[from * self.len..to * self.len]
            .chunks_exact(self.len)
            .map(|datagram| [IoSlice::new(datagram)])
            .collect();
        let sent = sendmmsg(
            socket.as_raw_fd(),
            &mut self.headers,
            &slices,
            [None; MOST],
            [],
            MsgFlags::empty(),
        )?;
        Ok(sent.count())
    }

    #[cfg(not(target_os = "linux"))]
    fn send_several(&mut self, socket: &UdpSocket, from: usize, to: usize) -> io::Result<usize> {
        for at in from..to {
            match socket.send(self.datagram(at)) {
                Ok(_) => {}
                Err(error) if at == from => return Err(error),
                Err(_) => return Ok(at - from),
            }
        }
        Ok(to - from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn several_there_and_back_in_order_and_long_ones_not_taken_for_short() {
        let other = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        other
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        let mut socket = UdpSocket::bind("127.0.0.1:0".parse().unwrap()).unwrap();
        socket.connect(other.local_addr().unwrap()).unwrap();
        let mut poll = mio::Poll::new().unwrap();
        let readable = mio::Interest::READABLE;
        poll.registry()
            .register(&mut socket, mio::Token(0), readable)
            .unwrap();
        other.connect(socket.local_addr().unwrap()).unwrap();

        let mut outgoing = Outgoing::new(9, b"0 hola");
        for at in 0..9 {
            outgoing.datagram(at)[0] = b'0' + at as u8;
        }
        assert_eq!(outgoing.send(&socket, 1, 9).unwrap(), 8);
        assert_eq!(outgoing.send(&socket, 0, 1).unwrap(), 1);
        let mut buffer = [0; 100];
        for at in [1, 2, 3, 4, 5, 6, 7, 8, 0] {
            assert_eq!(other.recv(&mut buffer).unwrap(), 6);
            assert_eq!(&buffer[..6], format!("{at} hola").as_bytes());
        }

        let long = [b'x'; 1000];
        let mut incoming = Incoming::new(3, 6);
        assert!(incoming.receive(&socket).is_err());
        for datagram in [&b"0 HOLA"[..], b"", &long, b"1 HOLA"] {
            other.send(datagram).unwrap();
        }
        poll.poll(&mut mio::Events::with_capacity(4), None).unwrap();
        assert_eq!(incoming.receive(&socket).unwrap(), 3);
        assert_eq!(incoming.datagram(0), b"0 HOLA");
        assert_eq!(incoming.datagram(1), b"");
        assert!(incoming.datagram(2).len() > 6);
        assert_eq!(incoming.receive(&socket).unwrap(), 1);
        assert_eq!(incoming.datagram(0), b"1 HOLA");
    }
}
