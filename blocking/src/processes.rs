//! Processes instead of threads (Linux).
//!
//! Two designs of a TCP server that are older than threads:
//!
//! * **A process for each connection** (Stevens, *UNIX Network Programming*, vol. 1, 30.5, and
//!   `inetd`): the parent accepts, and starts a child whose standard input is the connection.
//! * **Preforked** (30.6): a fixed number of children accept on one inherited listener, and each
//!   serves one connection after the other.
//!
//! What they have in common:
//!
//! * **Where they wait.** As threads do: in `accept`, or in `recv` for the only peer.
//! * **What they cost.** A process for each connection or child: its memory and, if it starts a new
//!   program, the time to load it. `fork` alone costs less, but a program with threads may do very
//!   little between `fork` and `exec` (fork(2)), so a child here is always started by `exec`.
//! * **What they are good for.** Isolation: a child that crashes or leaks affects no other
//!   connection, and may have fewer rights than its parent. For the same reason children cannot
//!   share state such as a register.

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::process::Child;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, wait};
use nix::unistd::Pid;
use socklab_core::{Begin, Link, Notice, Observers, Resource, Service, Status};
use socklab_system::{Permit, Run, fault, lock, serve_at, setup_failed, socket};

use crate::iterative::Iterative;
use crate::listener::{Design, Listener, STACK};
use crate::pool::worker_count;
use crate::run_machine;
use crate::wire::BlockingWire;

/// Starts a process whose standard input is this socket.
pub type StartProcess<'a> = &'a dyn Fn(OwnedFd) -> io::Result<Child>;

/// Accepts until told to stop. For each connection `start` starts a process, and the connection
/// counts until that process has ended. After a stop, tells the processes to end and waits for
/// them.
pub fn for_each_connection<S: Service, W: Observers + 'static>(
    address: SocketAddr,
    service: &S,
    run: &Arc<Run<W>>,
    start: StartProcess<'_>,
) -> Status {
    serve_at(address, socket::bind_streams(address), |server| {
        let listener = Listener::new(server, false, service, run)?;
        let (children, mut acceptor) = (Children::default(), listener.acceptor());
        thread::scope(|scope| {
            let reaper = thread::Builder::new().stack_size(STACK);
            reaper.spawn_scoped(scope, || children.reap(|_| ()))?;
            while let Some(incoming) = acceptor.next() {
                let mut permit = Some(incoming.permit);
                while permit.is_some() && !run.stop.requested() {
                    let child = || start(incoming.tcp.try_clone()?.into());
                    if let Err(error) = children.start(child, &mut permit) {
                        acceptor.pause(Resource::Threads, fault(&error));
                    }
                }
            }
            children.stop();
            Ok(Status::Stopped)
        })
    })
}

/// Has `start` start processes that accept on one listener: [`Run::threads`], by default twice as
/// many as there are cores and at least 4, but no more than the limit allows. The first process
/// that ends ends all.
pub fn preforked<W: Observers + 'static>(
    address: SocketAddr,
    run: &Arc<Run<W>>,
    start: StartProcess<'_>,
) -> Status {
    serve_at(address, socket::bind_streams(address), |(local, tcp)| {
        let children = Arc::new(Children::default());
        let mut begun = (0..worker_count(run)).try_for_each(|_| {
            let child = || start(tcp.try_clone()?.into());
            children.start(child, &mut None)
        });
        // The children have inherited the listener; the parent does not accept.
        drop(tcp);
        let stopped = Arc::clone(&children);
        let _stop_guard = run.stop.on_request(move || stopped.stop());
        match &begun {
            Ok(()) => run.console.notice(Notice::Ready(local)),
            Err(_) => run.stop.request(),
        }
        children.reap(|status| {
            if !run.stop.requested() && status != 0 {
                begun = Err(io::ErrorKind::BrokenPipe.into());
            }
            run.stop.request();
        });
        begun.map(|()| Status::Stopped)
    })
}

/// Serves one connection, in the process that was started for it.
pub fn serve_connection<S: Service, W: Observers + 'static>(
    tcp: TcpStream,
    service: &S,
    run: &Arc<Run<W>>,
) -> Status {
    // The peer may be gone already; then the socket has no address any more.
    let (Ok(peer), Ok(local)) = (tcp.peer_addr(), tcp.local_addr()) else {
        return Status::Done;
    };
    let (link, exceeded) = (Link::first(peer), None);
    let begin = Begin::Accepted {
        link,
        local,
        exceeded,
    };
    run_machine(service.accept(link), BlockingWire::stream(tcp), begin, run)
}

/// Accepts until told to stop, on a listener that other processes share. A stop of one process
/// shuts the listener down, which ends the `accept` of all.
pub fn serve_listener<S: Service, W: Observers + 'static>(
    tcp: TcpListener,
    service: &S,
    run: &Arc<Run<W>>,
) -> Status {
    let served = tcp
        .local_addr()
        .and_then(|local| Iterative::serve(&Listener::new((local, tcp), true, service, run)?));
    served.map_or_else(|error| setup_failed(&error), |()| Status::Stopped)
}

/// The child processes that have not ended.
#[derive(Default)]
struct Children {
    alive: Mutex<Alive>,
    changed: Condvar,
}

#[derive(Default)]
struct Alive {
    /// By process id: the permit of the connection that the process serves, if it serves just one.
    permits: BTreeMap<i32, Option<Permit>>,
    stopped: bool,
}

impl Children {
    /// Starts a process. If it starts, the permit goes with it.
    fn start(
        &self,
        child: impl FnOnce() -> io::Result<Child>,
        permit: &mut Option<Permit>,
    ) -> io::Result<()> {
        // Lock before starting: the process may end before its id is inserted.
        let mut alive = lock(&self.alive);
        let id = child()?.id().cast_signed();
        alive.permits.insert(id, permit.take());
        self.changed.notify_all();
        if alive.stopped {
            let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
        }
        Ok(())
    }

    /// Tells all processes to end. A process that starts later is told at once.
    fn stop(&self) {
        let mut alive = lock(&self.alive);
        alive.stopped = true;
        for id in alive.permits.keys() {
            let _ = kill(Pid::from_raw(*id), Signal::SIGTERM);
        }
        self.changed.notify_all();
    }

    /// Waits until all processes have ended and no more will start. Passes `ended` each exit
    /// status; for a process that a signal ended, the signal's number, which is not zero.
    fn reap(&self, mut ended: impl FnMut(i32)) {
        loop {
            let mut alive = lock(&self.alive);
            while alive.permits.is_empty() {
                if alive.stopped {
                    return;
                }
                alive = (self.changed.wait(alive)).unwrap_or_else(PoisonError::into_inner);
            }
            drop(alive);
            let (id, status) = match wait() {
                Ok(WaitStatus::Exited(id, status)) => (id, status),
                Ok(WaitStatus::Signaled(id, signal, _)) => (id, signal as i32),
                // Where SIGCHLD is ignored the kernel keeps no exit status, so ask for each process
                // whether it is still there.
                Err(Errno::ECHILD) => {
                    let there = |id: &i32| kill(Pid::from_raw(*id), None).is_ok();
                    lock(&self.alive).permits.retain(|id, _| there(id));
                    continue;
                }
                _ => continue,
            };
            // What ran here before the server may have left children of its own.
            if lock(&self.alive).permits.remove(&id.as_raw()).is_some() {
                ended(status);
            }
        }
    }
}
