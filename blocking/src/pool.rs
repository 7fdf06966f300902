//! A fixed number of threads that all accept on one listener.
//!
//! Stevens calls it a prethreaded server (*UNIX Network Programming*, vol. 1, 30.11): each thread
//! is an iterative server, and the system gives a connection to one of those that wait in `accept`.
//! No peer waits for a thread to start. But a silent peer keeps its thread, and once every thread
//! has a peer, the next one waits in the backlog.

use std::io;
use std::thread;

use socklab_core::{Observers, Service};
use socklab_system::Run;

use crate::iterative::Iterative;
use crate::listener::{Design, Listener, STACK};

/// A fixed number of threads, each of which serves one connection after the other.
#[derive(Clone, Copy, Debug)]
pub struct Pool;

/// How many threads or processes accept: [`Run::threads`], but no more than [`Run::limit`] allows.
/// By default twice as many as there are cores and at least 4, since they mostly wait for peers.
pub(crate) fn worker_count<W: Observers>(run: &Run<W>) -> usize {
    let threads = run.threads_or(|cores| (2 * cores).max(4));
    threads.min(run.limit.capacity().max(1))
}

impl Design for Pool {
    const NAME: &'static str = "blocking-pool";

    fn serve<S: Service, W: Observers + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()> {
        let run = listener.run;
        thread::scope(|scope| {
            for _ in 0..worker_count(run) {
                let thread = thread::Builder::new().stack_size(STACK);
                // If a thread cannot be started, the threads that have been must end.
                (thread.spawn_scoped(scope, || Iterative::serve(listener)))
                    .inspect_err(|_| run.stop.request())?;
            }
            Ok(())
        })
    }
}
