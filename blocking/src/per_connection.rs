//! A thread for each connection.
//!
//! This is Stevens's concurrent server (*UNIX Network Programming*, vol. 1, 30.10): one thread
//! accepts, and starts another for each connection. No peer waits for another. The price is a
//! thread to start, and to keep while its connection is silent.

use std::io;
use std::sync::{Arc, Mutex};
use std::thread;

use socklab_core::{Observers, Resource, Service};
use socklab_system::{fault, lock};

use crate::listener::{Design, Listener, STACK};

/// A thread for each connection.
#[derive(Clone, Copy, Debug)]
pub struct PerConnection;

impl Design for PerConnection {
    const NAME: &'static str = "blocking";

    fn serve<S: Service, W: Observers + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()> {
        let mut acceptor = listener.acceptor();
        thread::scope(|scope| {
            while let Some(incoming) = acceptor.next() {
                // The new thread takes the connection. If no thread starts, it is still here for
                // the next attempt.
                let incoming = Arc::new(Mutex::new(Some(incoming)));
                while !listener.run.stop.requested() {
                    let taken = Arc::clone(&incoming);
                    let serve = move || {
                        let taken = lock(&taken).take();
                        taken
                            .into_iter()
                            .for_each(|incoming| listener.serve(incoming));
                    };
                    let thread = thread::Builder::new().stack_size(STACK);
                    match thread.spawn_scoped(scope, serve) {
                        Ok(_) => break,
                        Err(error) => acceptor.pause(Resource::Threads, fault(&error)),
                    }
                }
            }
        });
        Ok(())
    }
}
