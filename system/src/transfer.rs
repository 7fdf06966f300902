//! The calls that move bytes, on the socket of any library.
//!
//! They are rustix's, because on Linux it makes the system call in place. The kernel uses up the
//! processor's return stack, so each return to a caller that follows a system call is mispredicted:
//! one in the C library and one in `std` cost an echo 1 % of its CPU time. glibc also has to
//! prepare each call of a program with threads for a cancellation (pthreads(7)).

use std::io;
use std::net::SocketAddr;

use rustix::net::{RecvFlags, SendFlags};

use crate::socket::SystemSocket;

/// Receives a datagram from the peer that the socket is connected to, or some bytes of a stream;
/// zero bytes at its end.
///
/// # Errors
/// What the system says; `WouldBlock` if there is nothing to receive.
#[inline(always)]
pub fn receive(socket: &impl SystemSocket, buffer: &mut [u8]) -> io::Result<usize> {
    match rustix::net::recv(socket, buffer, RecvFlags::empty()) {
        Ok((len, _)) => Ok(len),
        // Windows says so after a shutdown of our own, where other systems say the end.
        #[cfg(windows)]
        Err(rustix::io::Errno::SHUTDOWN) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Receives a datagram and the address of its sender.
///
/// # Errors
/// What the system says; `WouldBlock` if there is none.
#[inline(always)]
pub fn receive_from(
    socket: &impl SystemSocket,
    buffer: &mut [u8],
) -> io::Result<(usize, SocketAddr)> {
    let (len, _, sender) = rustix::net::recvfrom(socket, buffer, RecvFlags::empty())?;
    let sender = sender.ok_or(io::ErrorKind::AddrNotAvailable)?;
    Ok((len, sender.try_into()?))
}

/// Sends a datagram to the peer that the socket is connected to, or some bytes of a stream. Returns
/// how many bytes the system took.
///
/// # Errors
/// What the system says; `WouldBlock` if there is no room.
#[inline(always)]
pub fn send(socket: &impl SystemSocket, bytes: &[u8]) -> io::Result<usize> {
    Ok(rustix::net::send(socket, bytes, SendFlags::empty())?)
}

/// Sends a datagram to `peer`.
///
/// # Errors
/// What the system says; `WouldBlock` if there is no room.
#[inline(always)]
pub fn send_to(socket: &impl SystemSocket, bytes: &[u8], peer: SocketAddr) -> io::Result<usize> {
    Ok(rustix::net::sendto(
        socket,
        bytes,
        SendFlags::empty(),
        &peer,
    )?)
}
