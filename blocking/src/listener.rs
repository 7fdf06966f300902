//! A thread for each connection.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use socklab_core::{
    Failure, FaultKind, Input, Link, Notice, OperationKind, Service, Status, Subject, Watch,
};
use socklab_system::{AcceptPause, Run, fault, socket, timed};

use crate::conversation::Conversation;
use crate::hands::Hands;
use crate::slots::{Slot, Slots};
use crate::wire::Wire;

/// A connection that a thread is to serve.
struct Connection<'a> {
    stream: TcpStream,
    slot: Slot<'a>,
    subject: Subject,
    link: Link,
    local: SocketAddr,
}

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
    let hands = Hands::new();
    thread::scope(|scope| {
        let served = |connection| converse(connection, service, run);
        accept(listener, local, &slots, run, |connection| {
            hands.take_up(scope, connection, served)
        });
        hands.close();
    });
    Status::Stopped
}

/// Accepts until told to stop, and closes, so that nobody comes to wait for a server that is leaving.
#[expect(clippy::needless_pass_by_value, reason = "it is closed at the end")]
fn accept<'a, W: Watch>(
    listener: TcpListener,
    local: SocketAddr,
    slots: &'a Slots,
    run: &Run<W>,
    start: impl Fn(Connection<'a>) -> io::Result<()>,
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
            start(Connection {
                stream,
                slot,
                subject: Subject::Connection {
                    number,
                    peer,
                    local,
                },
                link: Link::first(peer),
                local,
            })
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

fn converse<S: Service, W: Watch>(connection: Connection<'_>, service: &S, run: &Run<W>) {
    let Connection {
        stream,
        slot,
        subject,
        link,
        local,
    } = connection;
    let machine = service.accept(link);
    let observer = run.watch.watch(subject);
    let wire = Wire::stream(stream, link);
    Conversation::new(machine, observer, wire, run).run(&[Input::Opened { link, local }]);
    drop(slot);
}
