//! A thread for each connection.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::{self, Scope};

use socklab_core::{
    Failure, FaultKind, Input, Link, Notice, OperationKind, Service, Status, Subject, Watch,
};
use socklab_system::{AcceptPause, Run, fault, socket, timed};

use crate::conversation::Conversation;
use crate::slots::{Slot, Slots};
use crate::wire::Wire;

/// The stack of a connection's thread: the loop and a machine need little, and the system only
/// backs what is touched.
const STACK: usize = 256 * 1024;

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
            let _ = TcpStream::connect_timeout(&socket::reachable(local), AcceptPause::LENGTH);
        }
    });
    run.console.notice(Notice::Ready(local));
    thread::scope(|scope| accept(scope, listener, local, &slots, service, run));
    Status::Stopped
}

/// Accepts until told to stop, and closes, so that nobody comes to wait for a server that is leaving.
#[expect(clippy::needless_pass_by_value, reason = "it is closed at the end")]
fn accept<'scope, S: Service, W: Watch>(
    scope: &'scope Scope<'scope, '_>,
    listener: TcpListener,
    local: SocketAddr,
    slots: &'scope Slots,
    service: &'scope S,
    run: &'scope Run<W>,
) {
    let mut observer = run.watch.watch(Subject::Driver);
    let mut pause = AcceptPause::default();
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
            Ok(()) if pause.is_announced() => {
                let news = pause.accepted(run.clock.mono());
                news.into_iter().for_each(|news| run.console.notice(news));
            }
            Ok(()) => {}
            Err(error) => {
                let fault = fault(&error);
                // A peer that left before it was accepted, or a signal, is nobody's trouble.
                if fault.kind == FaultKind::Reset || error.kind() == io::ErrorKind::Interrupted {
                    continue;
                }
                let news = pause.refused(run.clock.mono(), fault);
                news.into_iter().for_each(|news| run.console.notice(news));
                slots.wait(AcceptPause::LENGTH);
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
