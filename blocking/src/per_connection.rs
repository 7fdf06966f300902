//! A thread for each connection.
//!
//! Stevens's concurrent server (*UNIX Network Programming*, vol. 1, 30.10): one thread accepts, and starts another for each
//! connection. Nobody waits for anybody else's peer; the price is a thread to start, and one to keep for as long as a
//! connection says nothing.

use std::net::SocketAddr;
use std::thread;

use socklab_core::{Service, Status, Subject, Watch};
use socklab_system::Run;

use crate::listener::{Listener, STACK};

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) fn serve<S: Service, W: Watch>(
    address: SocketAddr,
    service: &S,
    run: &Run<W>,
) -> Status {
    let listener = match Listener::open(address, run.max_connections, run) {
        Ok(listener) => listener,
        Err(status) => return status,
    };
    let mut observer = run.watch.watch(Subject::Driver);
    thread::scope(|scope| {
        while let Some(connection) = listener.accept(&mut observer) {
            let thread = thread::Builder::new().stack_size(STACK);
            let started = thread.spawn_scoped(scope, || connection.serve(service));
            if let Err(error) = started {
                listener.refused(&error);
            }
        }
    });
    Status::Stopped
}
