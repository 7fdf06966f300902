//! A thread for each connection.
//!
//! Stevens's concurrent server (*UNIX Network Programming*, vol. 1, 30.10): one thread accepts, and
//! starts another for each connection. No peer waits for another; the price is a thread to start,
//! and to keep while its connection is silent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use socklab_core::{Resource, Service, Status, Subject, Watch};
use socklab_system::{Run, fault};

use crate::listener::{Listener, STACK};

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) fn serve<S: Service, W: Watch + 'static>(
    address: SocketAddr,
    service: &S,
    run: &Arc<Run<W>>,
) -> Status {
    let listener = match Listener::open(address, run.max_connections, service, run) {
        Ok(listener) => listener,
        Err(status) => return status,
    };
    let mut observer = run.watch.watch(Subject::Driver);
    thread::scope(|scope| {
        while let Some(connection) = listener.accept(&mut observer) {
            // It is taken by the thread that starts, and stays here until one does.
            let connection = Arc::new(Mutex::new(Some(connection)));
            while !run.stop.requested() {
                let taken = Arc::clone(&connection);
                let serve = move || {
                    let mut taken = taken.lock().unwrap_or_else(PoisonError::into_inner);
                    let connection = taken.take();
                    drop(taken);
                    if let Some(connection) = connection {
                        connection.serve();
                    }
                };
                let thread = thread::Builder::new().stack_size(STACK);
                match thread.spawn_scoped(scope, serve) {
                    Ok(_) => break,
                    Err(error) => listener.out_of(Resource::Threads, fault(&error)),
                }
            }
        }
    });
    Status::Stopped
}
