//! A thread for each connection.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, Scope};
use std::time::Duration;

use socklab_core::{
    Failure, FaultKind, Input, Link, Notice, OperationKind, Service, Status, Subject, Watch,
};
use socklab_system::{Run, fault, socket, timed};

use crate::conversation::Conversation;
use crate::slots::{Slot, Slots};
use crate::wire::Wire;

/// The stack of a connection's thread: the loop and a machine need little, and the system only
/// backs what is touched.
const STACK: usize = 256 * 1024;

/// How long to wait before accepting again when the system is out of descriptors and no connection
/// of ours ends meanwhile.
const PAUSE: Duration = Duration::from_millis(200);

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) fn serve<S: Service, W: Watch>(
    address: SocketAddr,
    service: &S,
    run: &Run<W>,
) -> Status {
    let bound = socket::stream_server(address).and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
    let (local, listener) = match bound {
        Ok(bound) => bound,
        Err(error) => return Status::Failed(Failure::Listen(address, fault(&error))),
    };
    let slots = Arc::new(Slots::new(run.max_connections));
    let _waker = run.stop.on_request({
        let slots = Arc::clone(&slots);
        // A connection from ourselves ends a blocked accept. The backlog may be full of others;
        // then accept does not block.
        move || {
            slots.wake();
            let _ = TcpStream::connect_timeout(&socket::reachable(local), PAUSE);
        }
    });
    run.console.notice(Notice::Ready(local));
    thread::scope(|scope| accept(scope, &listener, local, &slots, service, run));
    Status::Stopped
}

fn accept<'scope, S: Service, W: Watch>(
    scope: &'scope Scope<'scope, '_>,
    listener: &TcpListener,
    local: SocketAddr,
    slots: &'scope Slots,
    service: &'scope S,
    run: &'scope Run<W>,
) {
    let mut observer = run.watch.watch(Subject::Driver);
    let mut paused = false;
    let mut number = 0;
    while let Some(slot) = slots.take(|| run.stop.requested()) {
        let accepted = timed(
            &mut observer,
            &run.clock,
            OperationKind::Accept,
            |_| (1, 0),
            || listener.accept(),
        );
        if run.stop.requested() {
            return;
        }
        let started = accepted.and_then(|(stream, peer)| {
            number += 1;
            let subject = Subject::Connection {
                number,
                peer,
                local,
            };
            start(scope, stream, slot, subject, service, run)
        });
        match started {
            Ok(()) if paused => {
                paused = false;
                run.console.notice(Notice::AcceptResumed);
            }
            Ok(()) => {}
            Err(error) => {
                let fault = fault(&error);
                // A peer that left before it was accepted, or a signal, is nobody's trouble.
                if fault.kind == FaultKind::Reset || error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                if !paused {
                    paused = true;
                    run.console.notice(Notice::AcceptPaused(fault));
                }
                slots.wait(PAUSE);
            }
        }
    }
}

fn start<'scope, S: Service, W: Watch>(
    scope: &'scope Scope<'scope, '_>,
    stream: TcpStream,
    slot: Slot<'scope>,
    subject: Subject,
    service: &'scope S,
    run: &'scope Run<W>,
) -> io::Result<()> {
    let Subject::Connection { peer, local, .. } = subject else {
        return Ok(());
    };
    let thread = thread::Builder::new().stack_size(STACK);
    thread.spawn_scoped(scope, move || {
        let link = Link::first(peer);
        let machine = service.accept(link);
        let observer = run.watch.watch(subject);
        let wire = Wire::stream(stream, link);
        Conversation::new(machine, observer, wire, run).run(&[Input::Opened { link, local }]);
        drop(slot);
    })?;
    Ok(())
}
