//! Proves that the runtime makes no difference: every client runtime against every server runtime,
//! in every exercise, leaves the same two transcripts, over IPv4 and IPv6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use socklab_async::AsyncStd;
use socklab_blocking::{Blocking, BlockingBatched};
use socklab_core::Transport;
use socklab_core::lab::{EXERCISES, Exercise};
use socklab_mio::{Mio, MioBatched};
#[cfg(target_os = "linux")]
use socklab_multiplexing::EpollLevel;
use socklab_multiplexing::Nonblocking;
#[cfg(unix)]
use socklab_multiplexing::{Poll, Select};
#[cfg(target_os = "linux")]
use socklab_signal_driven::SignalDriven;
use socklab_system::Backend;
use socklab_tests::kit::is_here;
use socklab_tests::real::play;
use socklab_tokio::Tokio;
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
use socklab_uring::Uring;

/// All exercises between two runtimes that both have.
fn pair<S: Backend, C: Backend>() {
    if !is_here::<S>() || !is_here::<C>() {
        return;
    }
    let have = |exercise: &&&Exercise| {
        S::STREAMS && C::STREAMS || exercise.transport == Transport::Datagram
    };
    let exercises = || EXERCISES.iter().filter(have);
    for exercise in exercises() {
        play::<S, C>(exercise, IpAddr::V4(Ipv4Addr::LOCALHOST));
    }
    if UdpSocket::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        eprintln!("SKIPPED over IPv6: this machine has no [::1]");
        return;
    }
    for exercise in exercises() {
        play::<S, C>(exercise, IpAddr::V6(Ipv6Addr::LOCALHOST));
    }
}

macro_rules! pairs {
    ($($name:ident: $server:ty, $client:ty;)*) => {
        $(
            #[test]
            fn $name() {
                pair::<$server, $client>();
            }
        )*
    };
}

pairs! {
    blocking_serves_blocking: Blocking, Blocking;
    blocking_serves_async_std: Blocking, AsyncStd;
    blocking_serves_mio: Blocking, Mio;
    blocking_serves_tokio: Blocking, Tokio;
    async_std_serves_blocking: AsyncStd, Blocking;
    async_std_serves_async_std: AsyncStd, AsyncStd;
    async_std_serves_mio: AsyncStd, Mio;
    async_std_serves_tokio: AsyncStd, Tokio;
    mio_serves_blocking: Mio, Blocking;
    mio_serves_async_std: Mio, AsyncStd;
    mio_serves_mio: Mio, Mio;
    mio_serves_tokio: Mio, Tokio;
    tokio_serves_blocking: Tokio, Blocking;
    tokio_serves_async_std: Tokio, AsyncStd;
    tokio_serves_mio: Tokio, Mio;
    tokio_serves_tokio: Tokio, Tokio;
    nonblocking_serves_nonblocking: Nonblocking, Nonblocking;
    nonblocking_serves_blocking: Nonblocking, Blocking;
    nonblocking_serves_mio: Nonblocking, Mio;
    blocking_serves_nonblocking: Blocking, Nonblocking;
    mio_serves_nonblocking: Mio, Nonblocking;
    blocking_batched_serves_blocking: BlockingBatched, Blocking;
    blocking_batched_serves_mio: BlockingBatched, Mio;
    mio_batched_serves_blocking: MioBatched, Blocking;
    mio_batched_serves_mio: MioBatched, Mio;
}

#[cfg(unix)]
pairs! {
    select_serves_select: Select, Select;
    select_serves_blocking: Select, Blocking;
    select_serves_mio: Select, Mio;
    blocking_serves_select: Blocking, Select;
    mio_serves_select: Mio, Select;
    poll_serves_poll: Poll, Poll;
    poll_serves_blocking: Poll, Blocking;
    poll_serves_mio: Poll, Mio;
    blocking_serves_poll: Blocking, Poll;
    mio_serves_poll: Mio, Poll;
}

#[cfg(target_os = "linux")]
pairs! {
    epoll_level_serves_epoll_level: EpollLevel, EpollLevel;
    epoll_level_serves_blocking: EpollLevel, Blocking;
    epoll_level_serves_mio: EpollLevel, Mio;
    blocking_serves_epoll_level: Blocking, EpollLevel;
    mio_serves_epoll_level: Mio, EpollLevel;
    signal_driven_serves_signal_driven: SignalDriven, SignalDriven;
    signal_driven_serves_blocking: SignalDriven, Blocking;
    signal_driven_serves_mio: SignalDriven, Mio;
    blocking_serves_signal_driven: Blocking, SignalDriven;
    mio_serves_signal_driven: Mio, SignalDriven;
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
pairs! {
    uring_serves_uring: Uring, Uring;
    uring_serves_blocking: Uring, Blocking;
    uring_serves_mio: Uring, Mio;
    blocking_serves_uring: Blocking, Uring;
    mio_serves_uring: Mio, Uring;
}

/// What a model without TCP is asked for fails, and says of what.
#[test]
#[cfg(target_os = "linux")]
fn signal_driven_has_no_tcp() {
    use socklab_core::transcript::Role;
    use socklab_core::{Doing, Failure, Status};
    use socklab_tests::exercise;
    use socklab_tests::kit::Parrots;
    use socklab_tests::real::TestRun;
    use std::sync::Arc;

    let exercise = exercise("welcome");
    let server = TestRun::new::<Blocking>(exercise.name, Role::Server, &[]);
    let serving = server.serve::<Blocking>(exercise, Ipv4Addr::LOCALHOST.into());
    let client = TestRun::new::<SignalDriven>(exercise.name, Role::Client, &[]);
    let ended = client.client::<SignalDriven>(exercise, serving.address);
    assert!(
        matches!(ended, Status::Failed(Failure::Io(Doing::Opening, _))),
        "{ended:?}"
    );
    server.run.stop.request();
    let address = serving.address;
    assert_eq!(serving.join(), Status::Stopped);

    let run = &server.run;
    let listens = SignalDriven::serve_streams(address, Arc::new(Parrots), run);
    assert!(
        matches!(listens, Status::Failed(Failure::Listen(..))),
        "{listens:?}"
    );
}
