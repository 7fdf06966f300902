//! What wakes a driver that waits on a socket.

/// The other end of what a driver waits on: a socket that is connected to it. Before anything else
/// the driver may hear an empty datagram from it.
#[derive(Debug)]
pub struct Bell {
    #[cfg(unix)]
    pub(crate) descriptor: std::os::fd::OwnedFd,
}

impl From<std::net::UdpSocket> for Bell {
    #[cfg_attr(not(unix), expect(unused_variables))]
    fn from(socket: std::net::UdpSocket) -> Self {
        Bell {
            #[cfg(unix)]
            descriptor: socket.into(),
        }
    }
}

#[cfg(unix)]
impl From<std::os::fd::OwnedFd> for Bell {
    fn from(descriptor: std::os::fd::OwnedFd) -> Self {
        Bell { descriptor }
    }
}
