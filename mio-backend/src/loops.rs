//! Several loops, each on a thread of its own.
//!
//! One loop uses one core, so there are as many loops as cores. They share no socket: each has its
//! own, bound to the same address (`SO_REUSEPORT`, socket(7)), and the system distributes datagrams
//! and connections by the peer's address and port. So an event wakes only the loop that handles it,
//! and a peer always meets the same loop. The loops of a TCP server share their limit on
//! connections; a UDP server has a machine for each loop.
//!
//! The price: a peer whose loop is busy waits, even if another loop is idle.

use std::io;
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread;

use socklab_core::{Console, Machine, Notice, Observers, Prompt, Service, Status, Subject};
use socklab_readiness::EventLoop;
use socklab_system::{Backend, Run, Stop, serve_at, socket};

use crate::Mio;
use crate::model::MioModel;

/// One of the loops.
type Loop<'a, W> = EventLoop<'a, MioModel, W>;

/// mio with several loops.
///
/// There are [`Run::threads`] loops, by default one for each core that the process may use and at
/// least 2; for TCP, no more than [`Run::limit`] allows. A client has one machine, and so does a
/// UDP server whose machine must hear every peer: these run on one loop, as [`Mio`] does.
#[derive(Clone, Copy, Debug)]
pub struct MioLoops;

fn loop_count<W: Observers>(run: &Run<W>) -> usize {
    run.threads_or(|cores| cores.max(2))
}

impl Backend for MioLoops {
    const NAME: &'static str = "mio-loops";

    /// Fails where the system does not [distribute](socket::DISTRIBUTES) datagrams and connections
    /// over the sockets of one address.
    fn available() -> io::Result<()> {
        match socket::DISTRIBUTES {
            true => Ok(()),
            false => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn run_machine<M: Machine + 'static, W: Observers + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        Mio::run_machine(machine, server, run)
    }

    fn serve_connections<S: Service + 'static, W: Observers + 'static>(
        server: (SocketAddr, TcpListener),
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> io::Result<Status> {
        Mio::serve_connections(server, service, run)
    }

    fn serve_endpoints<M: Machine + 'static, W: Observers + 'static>(
        address: SocketAddr,
        mut make: impl FnMut() -> M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let bound = socket::bind_many_datagrams(address, loop_count(run));
        serve_at(address, bound, |sockets| {
            let console = ReadyOnce {
                console: &*run.console,
                not_ready: AtomicUsize::new(sockets.len()),
            };
            let made = sockets.into_iter().map(|udp| {
                let observer = run.observers.observer(Subject::Endpoint);
                let server = Some((udp.local_addr()?, udp));
                Ok((Loop::new(run, &console)?, make(), observer, server))
            });
            let serve = |(mut one, machine, observer, server): (Loop<'_, W>, _, _, _)| {
                one.run_machine(machine, observer, server)
            };
            each_on_a_thread(made.collect::<io::Result<_>>()?, serve, &run.stop)
        })
    }

    fn serve_streams<S: Service + 'static, W: Observers + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let count = loop_count(run).min(run.limit.capacity().max(1));
        let bound = socket::bind_many_streams(address, count)
            .and_then(|listeners| Ok((listeners[0].local_addr()?, listeners)));
        serve_at(address, bound, |(local, listeners)| {
            let made = listeners
                .into_iter()
                .map(|listener| Ok((Loop::new(run, &*run.console)?, listener)));
            let loops = made.collect::<io::Result<_>>()?;
            run.console.notice(Notice::Ready(local));
            let serve = |(mut one, listener): (Loop<'_, W>, _)| one.serve(listener, &*service);
            each_on_a_thread(loops, serve, &run.stop)
        })
    }
}

/// Runs each loop on a thread of its own. The first that ends stops the others; returns its result.
fn each_on_a_thread<T: Send>(
    loops: Vec<T>,
    serve: impl Fn(T) -> io::Result<Status> + Sync,
    stop: &Stop,
) -> io::Result<Status> {
    let first = OnceLock::new();
    thread::scope(|scope| {
        for one in loops {
            let (first, serve) = (&first, &serve);
            let thread = thread::Builder::new().name("loop".to_owned());
            let started = thread.spawn_scoped(scope, move || {
                let _all = StopOnDrop(stop);
                let _ = first.set(serve(one));
            });
            if let Err(error) = started {
                let _ = first.set(Err(error));
                stop.request();
                break;
            }
        }
    });
    first.into_inner().unwrap_or(Ok(Status::Stopped))
}

/// Stops all loops when one ends, also by a panic: the peers that the system sends to that loop
/// would get no answer.
struct StopOnDrop<'a>(&'a Stop);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.request();
    }
}

/// Counts the loops that are ready. The user hears of it once, when all are.
struct ReadyOnce<'a> {
    console: &'a dyn Console,
    not_ready: AtomicUsize,
}

impl Console for ReadyOnce<'_> {
    fn prompt(&self, prompt: Prompt) {
        self.console.prompt(prompt);
    }

    fn show(&self, bytes: &[u8]) {
        self.console.show(bytes);
    }

    fn shows(&self) -> bool {
        self.console.shows()
    }

    fn notice(&self, notice: Notice) {
        let not_ready = match notice {
            Notice::Ready(_) => self.not_ready.fetch_sub(1, Ordering::Relaxed) > 1,
            _ => false,
        };
        if !not_ready {
            self.console.notice(notice);
        }
    }
}
