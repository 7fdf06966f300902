//! A task for each connection.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Poll;

use socklab_core::{
    Begin, Link, Mono, Notice, Observer, OperationKind, OperationResult, Service, Subject, Watch,
};
use socklab_system::task::{Alarm, Mailbox, WOKEN, watched};
use socklab_system::{AcceptPause, Admitted, Run};
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
    /// The reactor has noted that there may be a connection: an accept asks the system.
    noted: bool,
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
        noted: false,
        run,
    };
    listener.run.console.notice(Notice::Ready(local));
    // A task that panicked has said so.
    let mut left = listener.accept().await;
    while left.join_next().await.is_some() {}
    Ok(())
}

impl<S: Service + 'static, W: Watch + 'static> Listener<S, W> {
    /// Accepts until told to stop, then stops listening. Returns the connections that are left.
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
                    if let Some((stream, peer)) = pause.took(accepted, clock, console)
                        && let Some(admitted) = self.run.admit(peer, self.service.tells_refused())
                    {
                        number += 1;
                        self.start(number, stream, peer, admitted);
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
            // `None` if there are no connections.
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
        // Where the reactor has noted no connection, tokio does not ask the system.
        let tried = (accepts && self.noted).then_some(OperationKind::Accept);
        let waited = times.wait::<W::Observer>(tried, result);
        if accepts && waited[1].is_some() {
            self.noted = false;
        }
        let accepted = match &happened {
            Happened::Accepted(accepted) => {
                self.noted = true;
                let kind = OperationKind::Accept;
                times.operation::<W::Observer, _, _>(clock, kind, accepted, |_| (1, 0))
            }
            _ => None,
        };
        for operation in waited.into_iter().chain([accepted]).flatten() {
            observer.operation(&operation);
        }
        happened
    }

    /// Starts a connection's task, which keeps what counts the connection as long as it lives.
    fn start(&mut self, number: u64, stream: TcpStream, peer: SocketAddr, admitted: Admitted) {
        let (run, service, local) = (Arc::clone(&self.run), Arc::clone(&self.service), self.local);
        self.connections.spawn(async move {
            let Admitted {
                over,
                permit: _permit,
            } = admitted;
            let link = Link::first(peer);
            let machine = service.accept(link);
            let observer = run.watch.watch(Subject::Connection {
                number,
                peer,
                local,
            });
            let wire = Wire::Stream(stream);
            let mut conversation = Conversation::new(machine, observer, wire, run);
            let begun = conversation.begin(Begin::Accepted { link, local, over });
            conversation.run(begun).await;
        });
    }
}
