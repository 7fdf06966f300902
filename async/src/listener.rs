//! A task for each connection.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use async_std::net::{TcpListener, TcpStream};
use async_std::task;
use socklab_core::{
    Begin, Link, Mono, Notice, Observer, OperationKind, OperationResult, Service, Status, Subject,
    Watch,
};
use socklab_system::task::{Alarm, Mailbox, WOKEN, watched};
use socklab_system::{AcceptPause, Admitted, Run, socket};

use crate::conversation::{Conversation, sleep};
use crate::wire::{Inbox, Wire};

/// What other tasks and threads tell a listener.
enum Signal {
    /// A connection's task has ended.
    Ended,
    Stop,
}

/// What a listener was woken for.
enum Happened {
    Accepted(io::Result<(TcpStream, SocketAddr)>),
    Signal(Signal),
    PauseOver,
}

/// Tells the listener when a connection's task ends, however it ends.
struct EndSignal(Arc<Mailbox<Signal>>);

impl Drop for EndSignal {
    fn drop(&mut self) {
        self.0.leave(Signal::Ended);
    }
}

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) async fn serve<S: Service + 'static, W: Watch + 'static>(
    address: SocketAddr,
    service: Arc<S>,
    run: Arc<Run<W>>,
) -> Status {
    let (local, tcp) = match socket::bind_streams(address) {
        Ok(bound) => bound,
        Err(failed) => return failed,
    };
    let signals = Arc::new(Mailbox::default());
    let stop = Arc::clone(&signals);
    let _waker = run.stop.on_request(move || stop.leave(Signal::Stop));
    run.console.notice(Notice::Ready(local));
    let listener = Listener {
        listener: tcp.into(),
        local,
        service,
        signals: Arc::clone(&signals),
        live: 0,
        run,
    };
    let mut live = listener.accept().await;
    while live > 0 {
        if let Signal::Ended = poll_fn(|cx| signals.poll(cx)).await {
            live -= 1;
        }
    }
    Status::Stopped
}

struct Listener<S, W> {
    listener: TcpListener,
    local: SocketAddr,
    service: Arc<S>,
    signals: Arc<Mailbox<Signal>>,
    live: usize,
    run: Arc<Run<W>>,
}

impl<S: Service + 'static, W: Watch + 'static> Listener<S, W> {
    /// Accepts until told to stop, then stops listening. Returns how many connections are left.
    async fn accept(mut self) -> usize {
        let mut observer = self.run.watch.watch(Subject::Driver);
        let mut alarm = Alarm::new(sleep);
        let mut number = 0;
        let mut pause = AcceptPause::default();
        while !self.run.stop.requested() {
            match self.wait(&mut observer, &mut alarm, pause.until()).await {
                Happened::Signal(Signal::Ended) => {
                    self.live -= 1;
                    pause.end();
                }
                Happened::Signal(Signal::Stop) => {}
                Happened::PauseOver => pause.end(),
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
        self.live
    }

    async fn wait(
        &mut self,
        observer: &mut W::Observer,
        alarm: &mut Alarm,
        pause: Option<Mono>,
    ) -> Happened {
        let (clock, signals) = (&self.run.clock, &self.signals);
        let accepts = pause.is_none() && self.live < self.run.max_connections;
        let mut accepted = pin!(self.listener.accept());
        let (happened, times) = watched::<W::Observer, _>(clock, |cx| {
            if let Poll::Ready(signal) = signals.poll(cx) {
                return Poll::Ready(Happened::Signal(signal));
            }
            if accepts && let Poll::Ready(accepted) = accepted.as_mut().poll(cx) {
                return Poll::Ready(Happened::Accepted(accepted));
            }
            alarm.poll(pause, clock, cx).map(|()| Happened::PauseOver)
        })
        .await;
        let result = match happened {
            Happened::PauseOver => OperationResult::TimedOut,
            _ => WOKEN,
        };
        let kind = OperationKind::Accept;
        let waited = times.wait::<W::Observer>(accepts.then_some(kind), result);
        let accepted = match &happened {
            Happened::Accepted(accepted) => {
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
        self.live += 1;
        let (run, service, local) = (Arc::clone(&self.run), Arc::clone(&self.service), self.local);
        let end = EndSignal(Arc::clone(&self.signals));
        // No task awaits this one.
        task::spawn(async move {
            let _end = end;
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
            let (wire, inbox) = (Wire::Stream(stream), Inbox::default());
            let mut conversation = Conversation::new(machine, observer, wire, inbox, run);
            let begun = conversation.begin(Begin::Accepted { link, local, over });
            conversation.run(begun).await;
        });
    }
}
