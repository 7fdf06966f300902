//! Asynchronous I/O (Stevens, *UNIX Network Programming*, vol. 1, figure 6.5) on io_uring: the
//! program asks for something to be *done*, and is told when it has been done.
//!
//! In the other models the kernel says that a call would not block, and then the program makes the
//! call, which copies. Here nothing is left to copy: when the program is told, the datagram lies in
//! its memory. That is the difference between readiness and completion.
//!
//! * **Where it waits.** In `io_uring_enter`, for completions; the same call submits all that was
//!   asked for since the last one.
//! * **What it costs.** One system call for as many datagrams as have come, instead of two or three
//!   for each. Receiving is asked for once (a *multishot* operation), into buffers that the kernel
//!   takes from a list when something has come.
//! * **What it is hard on.** Memory. Whatever the kernel works on must stay where it is until the
//!   completion has come, whatever has become of the conversation meanwhile.
//!
//! # Where to look
//!
//! `completion_loop` is the loop, with its one wait; `conversation` is one session, whose sends are
//! in flight until they have landed. `ring` and `buffers` hold the memory that the kernel works on;
//! all `unsafe` code is there.

#![cfg(all(target_os = "linux", target_pointer_width = "64"))]
#![deny(unsafe_code)]

mod buffers;
mod bytes;
mod completion_loop;
mod conversation;
mod mailbox;
mod ring;

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::sync::{Arc, OnceLock};
use std::thread;

use socklab_core::{Machine, Notice, Service, Status, Subject, Watch};
use socklab_system::{Ancillary, Backend, Run, broken, socket};

use completion_loop::CompletionLoop;
use conversation::Whose;
use ring::Ring;

/// This I/O model.
#[derive(Clone, Copy, Debug)]
pub struct Uring;

impl Backend for Uring {
    const NAME: &'static str = "uring";

    const COMPLETIONS: bool = true;

    /// Makes a ring, once: a container often forbids it, and the options used here are those of
    /// Linux 6.1.
    fn available() -> io::Result<()> {
        static ERROR: OnceLock<Option<i32>> = OnceLock::new();
        let made = || {
            let made = Ring::<Whose>::new();
            made.err().map(|error| error.raw_os_error().unwrap_or(0))
        };
        // On a thread of its own. When a ring has been closed, the kernel interrupts whatever call
        // the thread that made it blocks in.
        let error = ERROR.get_or_init(|| thread::spawn(made).join().unwrap_or(Some(0)));
        error.map_or(Ok(()), |code| Err(io::Error::from_raw_os_error(code)))
    }

    fn alone<M: Machine + 'static, W: Watch + 'static>(
        machine: M,
        server: Option<(SocketAddr, UdpSocket)>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let observer = run.watch.watch(Subject::Endpoint);
        let server = server.map(|(local, udp)| {
            let told = Ancillary::ask::<W::Observer>(&udp, local).is_used();
            (local, udp.into(), told)
        });
        let served =
            CompletionLoop::new(run).and_then(|mut one| one.alone(machine, observer, server));
        served.unwrap_or_else(|error| broken(&error))
    }

    fn serve_streams<S: Service + 'static, W: Watch + 'static>(
        address: SocketAddr,
        service: Arc<S>,
        run: &Arc<Run<W>>,
    ) -> Status {
        let (local, listener) = match socket::bind_streams(address) {
            Ok(bound) => bound,
            Err(failed) => return failed,
        };
        let served = CompletionLoop::new(run).and_then(|mut all| {
            run.console.notice(Notice::Ready(local));
            all.serve(listener, &*service)
        });
        served.unwrap_or_else(|error| broken(&error))
    }
}
