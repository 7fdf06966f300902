//! When the kernel had a datagram, where it says.
//!
//! A receive that blocks does two things: it waits until there is a datagram, and then it copies it to the program
//! (Stevens, *UNIX Network Programming*, vol. 1, 6.2). From outside it is one call. Linux writes down when it put a
//! datagram into the socket's buffer and hands that over with it (`SO_TIMESTAMPNS`, socket(7)), which tells the two apart.
//! Other systems are not asked: there a receive stays one piece.

use std::io;
use std::net::SocketAddr;

use socket2::SockRef;
use socklab_core::{Mono, Observer};

use crate::clock::Clock;

/// Has the system write down when it has each datagram of a socket, if the observer [asks for it](Observer::STAMPS).
/// If it does not, there is nothing to be told.
///
/// Linux begins a moment later. What it had before that it stamps when it is received, so whoever measures lets a few
/// milliseconds pass before the first datagram.
pub fn ask_for_stamps<'a, O: Observer>(socket: impl Into<SockRef<'a>>) {
    if O::STAMPS {
        system::ask(&socket.into());
    }
}

/// Receives a datagram as `plain` does, and when the kernel had it, if the observer [asks for it](Observer::STAMPS) and the
/// system says. Without that it is `plain` and nothing else.
///
/// The system's stamp is of the clock that can be set. If it was set since, the stamp may lie in the future, and is not
/// believed.
///
/// # Errors
/// Those of receiving; what would block is `WouldBlock`.
pub fn receive_stamped<'a, O: Observer>(
    socket: impl Into<SockRef<'a>>,
    buffer: &mut [u8],
    clock: &Clock,
    plain: impl FnOnce(&mut [u8]) -> io::Result<(usize, SocketAddr)>,
) -> io::Result<(usize, SocketAddr, Option<Mono>)> {
    if O::STAMPS {
        return system::receive(&socket.into(), buffer, clock, plain);
    }
    let (len, peer) = plain(buffer)?;
    Ok((len, peer, None))
}

#[cfg(target_os = "linux")]
mod system {
    use std::io::IoSliceMut;
    use std::os::fd::AsRawFd;
    use std::time::Duration;

    use nix::cmsg_space;
    use nix::sys::socket::sockopt::ReceiveTimestampns;
    use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
    use nix::sys::time::TimeSpec;

    use super::*;

    pub(super) fn ask(socket: &SockRef<'_>) {
        let _ = setsockopt(&**socket, ReceiveTimestampns, &true);
    }

    pub(super) fn receive(
        socket: &SockRef<'_>,
        buffer: &mut [u8],
        clock: &Clock,
        _: impl FnOnce(&mut [u8]) -> io::Result<(usize, SocketAddr)>,
    ) -> io::Result<(usize, SocketAddr, Option<Mono>)> {
        let mut space = cmsg_space!(TimeSpec);
        let mut pieces = [IoSliceMut::new(buffer)];
        let received = recvmsg::<SockaddrStorage>(
            socket.as_raw_fd(),
            &mut pieces,
            Some(&mut space),
            MsgFlags::empty(),
        )?;
        let stamp = received.cmsgs()?.find_map(|one| match one {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        });
        let peer = received.address.and_then(address);
        let peer = peer.ok_or(io::ErrorKind::AddrNotAvailable)?;
        Ok((
            received.bytes,
            peer,
            stamp.and_then(|stamp| moment(stamp, clock)),
        ))
    }

    fn address(from: SockaddrStorage) -> Option<SocketAddr> {
        let v4 = from.as_sockaddr_in().map(|v4| SocketAddr::from(*v4));
        v4.or_else(|| from.as_sockaddr_in6().map(|v6| SocketAddr::from(*v6)))
    }

    /// The moment of a stamp: as long before now on one clock as on the other.
    pub(super) fn moment(stamp: Duration, clock: &Clock) -> Option<Mono> {
        let now = clock.now();
        let age = now.unix.checked_sub(stamp)?;
        let age = u64::try_from(age.as_nanos()).ok()?;
        now.mono.as_nanos().checked_sub(age).map(Mono::from_nanos)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::*;

    pub(super) fn ask(_: &SockRef<'_>) {}

    pub(super) fn receive(
        _: &SockRef<'_>,
        buffer: &mut [u8],
        _: &Clock,
        plain: impl FnOnce(&mut [u8]) -> io::Result<(usize, SocketAddr)>,
    ) -> io::Result<(usize, SocketAddr, Option<Mono>)> {
        let (len, peer) = plain(buffer)?;
        Ok((len, peer, None))
    }
}

#[cfg(test)]
mod tests {
    use std::net::UdpSocket;

    use socklab_core::{Deadline, Input, Now, Operation, Output, Status};

    use super::*;

    /// Asks for stamps.
    struct Asks;

    impl Observer for Asks {
        const STAMPS: bool = true;

        fn input(&mut self, _: Now, _: &Input<'_>) {}
        fn output(&mut self, _: Now, _: &Output<'_>) {}
        fn state(&mut self, _: Now, _: &'static str) {}
        fn deadline(&mut self, _: Now, _: Option<Deadline>) {}
        fn ended(&mut self, _: Now, _: Status) {}
        fn operation(&mut self, _: &Operation) {}
    }

    fn pair(to: &str) -> Option<(UdpSocket, UdpSocket)> {
        // There may be no IPv6.
        let (one, other) = (UdpSocket::bind(to).ok()?, UdpSocket::bind(to).ok()?);
        one.connect(other.local_addr().ok()?).ok()?;
        Some((one, other))
    }

    #[test]
    fn the_stamp_lies_between_sending_and_receiving() {
        for to in ["127.0.0.1:0", "[::1]:0"] {
            let Some((sender, receiver)) = pair(to) else {
                continue;
            };
            ask_for_stamps::<Asks>(&receiver);
            let clock = Clock::start();
            let before = clock.mono();
            sender.send(b"hola").unwrap();
            let mut buffer = [0; 100];
            let plain = |buffer: &mut [u8]| receiver.recv_from(buffer);
            let (len, peer, arrived) =
                receive_stamped::<Asks>(&receiver, &mut buffer, &clock, plain).unwrap();
            assert_eq!(
                (&buffer[..len], peer),
                (&b"hola"[..], sender.local_addr().unwrap())
            );
            assert_eq!(arrived.is_some(), cfg!(target_os = "linux"));
            if let Some(arrived) = arrived {
                assert!(before <= arrived && arrived <= clock.mono(), "{arrived:?}");
            }
        }
    }

    #[test]
    fn nobody_asks_nobody_is_told() {
        let (sender, receiver) = pair("127.0.0.1:0").unwrap();
        ask_for_stamps::<()>(&receiver);
        sender.send(b"hola").unwrap();
        let (clock, mut buffer) = (Clock::start(), [0; 100]);
        let plain = |buffer: &mut [u8]| receiver.recv_from(buffer);
        let received = receive_stamped::<()>(&receiver, &mut buffer, &clock, plain).unwrap();
        assert_eq!(received, (4, sender.local_addr().unwrap(), None));
    }

    #[test]
    fn what_would_block_says_so() {
        let (_, receiver) = pair("127.0.0.1:0").unwrap();
        receiver.set_nonblocking(true).unwrap();
        let (clock, mut buffer) = (Clock::start(), [0; 100]);
        let plain = |buffer: &mut [u8]| receiver.recv_from(buffer);
        let error = receive_stamped::<Asks>(&receiver, &mut buffer, &clock, plain).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::WouldBlock);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_stamp_from_the_future_is_not_believed() {
        let clock = Clock::start();
        let now = clock.now().unix;
        let later = now + std::time::Duration::from_secs(60);
        assert_eq!(system::moment(later, &clock), None);
        assert!(system::moment(now, &clock).is_some_and(|at| at <= clock.mono()));
    }
}
