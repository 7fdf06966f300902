//! Proves that every runtime does what any runtime must, and each design of a TCP server what it
//! can.

mod blocking {
    socklab_tests::backend_tests!(socklab_blocking::Blocking);
}

/// It serves a connection to its end before it accepts the next. What needs two at once cannot
/// hold: that a silent, deaf or talkative peer delays no other, and that several idle ones are told
/// of a stop.
mod blocking_iterative {
    socklab_tests::backend_tests!(socklab_blocking::BlockingIterative, serves: one_at_a_time);
}

/// It serves as many at once as it has threads, here 8. A thousand that stay are too many.
mod blocking_pool {
    socklab_tests::backend_tests!(socklab_blocking::BlockingPool, serves: one_at_a_time several_at_once);
}

/// Over TCP it is `blocking`.
mod blocking_batched {
    socklab_tests::backend_tests!(socklab_blocking::BlockingBatched, serves:);
    socklab_tests::backend_tests!(@batches socklab_blocking::BlockingBatched);
}

/// Over TCP it is `mio`.
mod mio_batched {
    socklab_tests::backend_tests!(socklab_mio::MioBatched, datagrams);
    socklab_tests::backend_tests!(@batches socklab_mio::MioBatched);
}

mod async_std {
    socklab_tests::backend_tests!(socklab_async::AsyncStd, races);
}

mod mio {
    socklab_tests::backend_tests!(socklab_mio::Mio, races);
}

mod nonblocking {
    socklab_tests::backend_tests!(socklab_multiplexing::Nonblocking, races);
}

#[cfg(unix)]
mod poll {
    socklab_tests::backend_tests!(socklab_multiplexing::Poll, races);
}

#[cfg(target_os = "linux")]
mod epoll_level {
    socklab_tests::backend_tests!(socklab_multiplexing::EpollLevel, races);
}

mod tokio {
    socklab_tests::backend_tests!(socklab_tokio::Tokio, races);
}

#[cfg(target_os = "linux")]
mod signal_driven {
    socklab_tests::backend_tests!(socklab_signal_driven::SignalDriven, datagrams);
}

#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
mod uring {
    socklab_tests::backend_tests!(socklab_uring::Uring, races);
}

#[cfg(target_os = "linux")]
mod mio_loops {
    socklab_tests::backend_tests!(socklab_mio::MioLoops);
}
