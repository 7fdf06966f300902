//! A thread for each connection.
//!
//! Stevens's concurrent server (*UNIX Network Programming*, vol. 1, 30.10): one thread accepts, and
//! starts another for each connection. No peer waits for another; the price is a thread to start,
//! and to keep while its connection is silent.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use socklab_core::{Resource, Service, Status, Watch};
use socklab_system::{Run, fault};

use crate::listener::{Listener, STACK};

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) fn serve<S: Service, W: Watch + 'static>(
    address: SocketAddr,
    service: &S,
    run: &Arc<Run<W>>,
) -> Status {
    let listener = match Listener::open(address, service, run) {
        Ok(listener) => listener,
        Err(status) => return status,
    };
    let mut accepting = listener.accepting();
    thread::scope(|scope| {
        while let Some(guest) = accepting.next() {
            // It is taken by the thread that starts, and stays here until one does.
            let guest = Arc::new(Mutex::new(Some(guest)));
            while !run.stop.requested() {
                let (listener, taken) = (&listener, Arc::clone(&guest));
                let serve = move || {
                    let taken = taken.lock().unwrap_or_else(PoisonError::into_inner).take();
                    taken.into_iter().for_each(|guest| listener.serve(guest));
                };
                let thread = thread::Builder::new().stack_size(STACK);
                match thread.spawn_scoped(scope, serve) {
                    Ok(_) => break,
                    Err(error) => accepting.out_of(Resource::Threads, fault(&error)),
                }
            }
        }
    });
    Status::Stopped
}
