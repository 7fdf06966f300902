//! The lab on tokio: a task for each connection.

#![forbid(unsafe_code)]

mod conversation;
mod listener;
mod outputs;
mod wire;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use socklab_core::{Doing, Failure, Input, Machine, Service, Socket, Status, Subject, Watch};
use socklab_system::{Backend, Run, ask_for_stamps, fault, socket};
use tokio::runtime::{Builder, Runtime};

use conversation::Conversation;
use wire::Wire;

/// This I/O model.
#[derive(Clone, Copy, Debug)]
pub struct Tokio;

impl Backend for Tokio {
    const NAME: &'static str = "tokio";

    fn client<M: Machine + 'static, W: Watch + 'static>(machine: M, run: &Arc<Run<W>>) -> Status {
        alone(machine, || Ok(Wire::Closed), None, run)
    }

    fn serve_datagrams<M: Machine + 'static, W: Watch + 'static>(
        address: SocketAddr,
        machine: M,
        run: &Arc<Run<W>>,
    ) -> Status {
        let (local, udp) = match socket::bind_datagrams(address) {
            Ok(bound) => bound,
            Err(failed) => return failed,
        };
        ask_for_stamps::<W::Observer>(&udp);
        let socket = Socket(0);
        let wire = move || Wire::datagram(udp, None);
        alone(machine, wire, Some(Input::Bound { socket, local }), run)
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let (local, tcp) = match socket::bind_streams(address) {
            Ok(bound) => bound,
            Err(failed) => return failed,
        };
        let served = many_threads().and_then(|runtime| {
            let served = listener::serve(tcp, local, service, Arc::clone(run));
            runtime.block_on(served)
        });
        match served {
            Ok(()) => Status::Stopped,
            Err(error) => broken(&error),
        }
    }
}

/// Runs one machine on the thread that called. `wire` makes its socket, in the runtime that is to watch it.
fn alone<M: Machine + 'static, W: Watch + 'static>(
    machine: M,
    wire: impl FnOnce() -> io::Result<Wire>,
    first: Option<Input<'static>>,
    run: &Arc<Run<W>>,
) -> Status {
    let served = one_thread().and_then(|runtime| {
        runtime.block_on(async {
            let observer = run.watch.watch(Subject::Endpoint);
            let conversation = Conversation::new(machine, observer, wire()?, Arc::clone(run));
            Ok(conversation.run(first).await)
        })
    });
    served.unwrap_or_else(|error| broken(&error))
}

/// A runtime whose one thread is the one that calls it: it runs the task, and waits in the reactor when the task waits.
fn one_thread() -> io::Result<Runtime> {
    Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
}

/// A runtime with a thread for each core that this process may use.
fn many_threads() -> io::Result<Runtime> {
    let cores = std::thread::available_parallelism()?;
    Builder::new_multi_thread()
        .worker_threads(cores.get())
        .enable_io()
        .enable_time()
        .build()
}

/// The system refused what the runtime itself needs.
fn broken(error: &io::Error) -> Status {
    Status::Failed(Failure::Io(Doing::Opening, fault(error)))
}
