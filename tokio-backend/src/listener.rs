//! A task for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use socklab_core::{
    Input, Link, Mono, Notice, OperationKind, OperationResult, Service, Subject, Watch,
};
use socklab_system::task::{Alarm, Mailbox, WOKEN, watched};
use socklab_system::{AcceptPause, Run};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use crate::conversation::{Conversation, sleep};
use crate::wire::Wire;

/// What a listener was woken for.
enum Happened {
    Stop,
    /// A connection's task has ended.
    Ended,
    Accepted(io::Result<(TcpStream, SocketAddr)>),
    PauseOver,
}

/// A listening socket, and the connections that came from it.
struct Listener<S, W> {
    listener: TcpListener,
    local: SocketAddr,
    service: Arc<S>,
    connections: JoinSet<()>,
    stop: Arc<Mailbox<()>>,
    /// There may be a connection that the reactor has told of: an accept asks the system.
    told: bool,
    run: Arc<Run<W>>,
}

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) async fn serve<S: Service + 'static, W: Watch + 'static>(
    tcp: std::net::TcpListener,
    local: SocketAddr,
    service: Arc<S>,
    run: Arc<Run<W>>,
) -> io::Result<()> {
    tcp.set_nonblocking(true)?;
    let stop = Arc::new(Mailbox::default());
    let requested = Arc::clone(&stop);
    let _waker = run.stop.on_request(move || requested.leave(()));
    let listener = Listener {
        listener: TcpListener::from_std(tcp)?,
        local,
        service,
        connections: JoinSet::new(),
        stop,
        told: false,
        run,
    };
    listener.run.console.notice(Notice::Ready(local));
    // One that panicked has said so.
    let mut left = listener.accept().await;
    while left.join_next().await.is_some() {}
    Ok(())
}

impl<S: Service + 'static, W: Watch + 'static> Listener<S, W> {
    /// Accepts until told to stop, and closes; the connections that are left.
    async fn accept(mut self) -> JoinSet<()> {
        let mut observer = self.run.watch.watch(Subject::Driver);
        let mut alarm = Alarm::new(sleep);
        let mut pause = AcceptPause::default();
        let mut number = 0;
        while !self.run.stop.requested() {
            match self.wait(&mut observer, &mut alarm, pause.until()).await {
                Happened::Stop => {}
                Happened::Ended | Happened::PauseOver => pause.end(),
                Happened::Accepted(_) if self.run.stop.requested() => {}
                Happened::Accepted(accepted) => {
                    let (clock, console) = (&self.run.clock, &*self.run.console);
                    if let Some((stream, peer)) = pause.took(accepted, clock, console) {
                        number += 1;
                        self.start(number, stream, peer);
                    }
                }
            }
        }
        self.connections
    }

    async fn wait(
        &mut self,
        observer: &mut W::Observer,
        alarm: &mut Alarm,
        pause: Option<Mono>,
    ) -> Happened {
        let accepts = pause.is_none() && self.connections.len() < self.run.max_connections;
        let (clock, stop, listener) = (&self.run.clock, &self.stop, &self.listener);
        let connections = &mut self.connections;
        let (happened, times) = watched::<W::Observer, _>(clock, |cx| {
            if stop.poll(cx).is_ready() {
                return Poll::Ready(Happened::Stop);
            }
            // With none left there is nobody to wait for.
            if let Poll::Ready(Some(_)) = connections.poll_join_next(cx) {
                return Poll::Ready(Happened::Ended);
            }
            if accepts && let Poll::Ready(accepted) = listener.poll_accept(cx) {
                return Poll::Ready(Happened::Accepted(accepted));
            }
            alarm.poll(pause, clock, cx).map(|()| Happened::PauseOver)
        })
        .await;
        let result = match happened {
            Happened::PauseOver => OperationResult::TimedOut,
            _ => WOKEN,
        };
        // What the reactor has not told of is not tried.
        let tried = (accepts && self.told).then_some(OperationKind::Accept);
        if times.report_wait(observer, tried, result) {
            self.told &= !accepts;
        }
        if let Happened::Accepted(accepted) = &happened {
            self.told = true;
            times.report(observer, clock, OperationKind::Accept, accepted, |_| (1, 0));
        }
        happened
    }

    fn start(&mut self, number: u64, stream: TcpStream, peer: SocketAddr) {
        let (run, service, local) = (Arc::clone(&self.run), Arc::clone(&self.service), self.local);
        self.connections.spawn(async move {
            let link = Link::first(peer);
            let machine = service.accept(link);
            let observer = run.watch.watch(Subject::Connection {
                number,
                peer,
                local,
            });
            let wire = Wire::stream(stream, link);
            let mut conversation = Conversation::new(machine, observer, wire, run);
            conversation.run(Some(Input::Opened { link, local })).await;
        });
    }
}
