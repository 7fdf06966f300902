//! Stand-ins for models that are not built on this system.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::Arc;

use socklab_core::{Machine, Observers, Service, Status};
use socklab_system::{Backend, Run};

macro_rules! missing {
    ($name:ident, $text:literal) => {
        /// A model that is only a name here, and cannot run.
        pub(crate) struct $name;

        impl Backend for $name {
            const NAME: &'static str = $text;

            fn available() -> io::Result<()> {
                Err(io::ErrorKind::Unsupported.into())
            }

            fn run_machine<M: Machine + 'static, W: Observers + 'static>(
                _: M,
                _: Option<(SocketAddr, UdpSocket)>,
                _: &Arc<Run<W>>,
            ) -> io::Result<Status> {
                Err(io::ErrorKind::Unsupported.into())
            }

            fn serve_connections<S: Service + 'static, W: Observers + 'static>(
                _: (SocketAddr, TcpListener),
                _: Arc<S>,
                _: &Arc<Run<W>>,
            ) -> io::Result<Status> {
                Err(io::ErrorKind::Unsupported.into())
            }
        }
    };
}

#[cfg(not(unix))]
missing!(Select, "select");
#[cfg(not(unix))]
missing!(Poll, "poll");
#[cfg(not(target_os = "linux"))]
missing!(EpollLevel, "epoll-level");
#[cfg(not(target_os = "linux"))]
missing!(SignalDriven, "signal-driven");
#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
missing!(Uring, "uring");
