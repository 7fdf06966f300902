//! A fixed number of threads that all accept on one listener.
//!
//! Stevens calls it a prethreaded server (*UNIX Network Programming*, vol. 1, 30.11): each thread
//! is an iterative server, and the system gives a connection to one of those that wait in `accept`.
//! No peer waits for a thread to start, and the number of threads is fixed. But a silent peer keeps
//! its thread, and once every thread has a peer the next one waits in the backlog.

use std::net::{SocketAddr, UdpSocket};
use std::sync::Arc;
use std::thread;

use socklab_core::{Machine, Service, Status, Watch};
use socklab_system::{Backend, Run, broken};

use crate::Blocking;
use crate::iterative;
use crate::listener::{Listener, STACK};

/// The blocking model with a pool of threads for its TCP server. With UDP and in clients there is
/// one thread anyway, and it is [`Blocking`].
///
/// The pool has [`Run::threads`], else twice as many as there are cores and at least 4, since they
/// wait for peers more than they compute; and no more than [`Run::limit`] allows.
#[derive(Clone, Copy, Debug)]
pub struct BlockingPool;

impl Backend for BlockingPool {
    const NAME: &'static str = "blocking-pool";

    fn alone<M: Machine + 'static, W: Watch + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> Status {
        Blocking::alone(machine, server, run)
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let threads = run.threads_or(|cores| (2 * cores).max(4));
        let threads = threads.min(run.limit.most().max(1));
        let listener = match Listener::open(address, &*service, run) {
            Ok(listener) => listener,
            Err(status) => return status,
        };
        thread::scope(|scope| {
            for _ in 0..threads {
                let thread = thread::Builder::new().stack_size(STACK);
                let serve = || iterative::serve(&listener);
                if let Err(error) = thread.spawn_scoped(scope, serve) {
                    // Those that have started are to end.
                    run.stop.request();
                    return broken(&error);
                }
            }
            Status::Stopped
        })
    }
}
