//! How a signal wakes the loop.

use std::io;

use mio::{Registry, Token};
use socklab_system::{Stop, StopGuard};

/// What a stop has of the loop, until this is dropped.
pub(crate) struct Bell {
    _waker: StopGuard,
    /// A signal writes to its other end. What it writes is never read: the edge is enough.
    #[cfg(unix)]
    _rung: mio::net::UnixStream,
}

#[cfg(unix)]
pub(crate) fn hang(
    stop: &Stop,
    registry: &Registry,
    token: Token,
    wake: impl Fn() + Send + 'static,
) -> io::Result<Bell> {
    let (mut rung, bell) = mio::net::UnixStream::pair()?;
    registry.register(&mut rung, token, mio::Interest::READABLE)?;
    let bell = std::os::fd::OwnedFd::from(bell);
    Ok(Bell {
        _waker: stop.on_request_or_bell(bell.into(), wake),
        _rung: rung,
    })
}

#[cfg(not(unix))]
pub(crate) fn hang(
    stop: &Stop,
    _: &Registry,
    _: Token,
    wake: impl Fn() + Send + 'static,
) -> io::Result<Bell> {
    Ok(Bell {
        _waker: stop.on_request(wake),
    })
}
