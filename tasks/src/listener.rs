//! A task for each connection.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use socklab_core::{Begin, Link, Mono, Notice, Observer, OperationKind, Service, Subject, Watch};
use socklab_system::{AcceptPause, Admitted, Run, Wire};

use crate::alarm::Alarm;
use crate::mailbox::Mailbox;
use crate::runtime::{Conversation, Runtime};
use crate::watched::watched;

/// What other tasks and threads tell a listener.
enum Signal {
    /// A connection's task has ended.
    Ended,
    Stop,
}

/// What a listener was woken for.
enum Happened<R: Runtime> {
    Accepted(io::Result<(R::Tcp, SocketAddr)>),
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

/// A listening socket, and how many connections there are of it.
struct Listener<R: Runtime, S, W> {
    listener: R::Listener,
    local: SocketAddr,
    service: Arc<S>,
    signals: Arc<Mailbox<Signal>>,
    live: usize,
    /// The next accept asks the system, which the observer is told of.
    asks: bool,
    run: Arc<Run<W>>,
}

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) async fn serve<R: Runtime, S: Service + 'static, W: Watch + 'static>(
    tcp: TcpListener,
    local: SocketAddr,
    service: Arc<S>,
    run: Arc<Run<W>>,
) -> io::Result<()> {
    let signals = Arc::new(Mailbox::default());
    let stop = Arc::clone(&signals);
    let _waker = run.stop.on_request(move || stop.leave(Signal::Stop));
    let listener = Listener::<R, S, W> {
        listener: R::listener(tcp)?,
        local,
        service,
        signals: Arc::clone(&signals),
        live: 0,
        asks: R::TRIES_FIRST,
        run,
    };
    listener.run.console.notice(Notice::Ready(local));
    let mut live = listener.accept().await;
    while live > 0 {
        if let Signal::Ended = poll_fn(|cx| signals.poll(cx)).await {
            live -= 1;
        }
    }
    Ok(())
}

impl<R: Runtime, S: Service + 'static, W: Watch + 'static> Listener<R, S, W> {
    /// Accepts until told to stop, then stops listening. Returns how many connections are left.
    async fn accept(mut self) -> usize {
        let mut observer = self.run.watch.watch(Subject::Driver);
        let mut alarm = Alarm::default();
        let mut pause = AcceptPause::default();
        let mut number = 0;
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
                    if let Some((tcp, peer)) = pause.took(accepted, clock, console)
                        && let Some(admitted) = self.run.admit(peer, self.service.tells_refused())
                    {
                        number += 1;
                        self.start(number, tcp, peer, admitted);
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
    ) -> Happened<R> {
        let (clock, signals) = (&self.run.clock, &self.signals);
        let accepts = pause.is_none() && self.live < self.run.max_connections;
        let mut accepted = pin!(R::accept(&self.listener));
        let (happened, times) = watched::<W::Observer, _>(clock, |cx| {
            if let Poll::Ready(signal) = signals.poll(cx) {
                return Poll::Ready(Happened::Signal(signal));
            }
            if accepts && let Poll::Ready(accepted) = accepted.as_mut().poll(cx) {
                return Poll::Ready(Happened::Accepted(accepted));
            }
            let pause_over = alarm.poll(pause, clock, R::sleep, cx);
            pause_over.map(|()| Happened::PauseOver)
        })
        .await;
        let timed_out = matches!(happened, Happened::PauseOver);
        let kind = OperationKind::Accept;
        let tried = (accepts && self.asks).then_some(kind);
        let waited = times.wait::<W::Observer>(tried, timed_out);
        if accepts && waited[1].is_some() {
            self.asks = R::TRIES_FIRST;
        }
        let accepted = match &happened {
            Happened::Accepted(accepted) => {
                self.asks = true;
                times.operation::<W::Observer, _>(clock, kind, accepted)
            }
            _ => None,
        };
        for operation in waited.into_iter().chain([accepted]).flatten() {
            observer.operation(&operation);
        }
        happened
    }

    /// Starts a connection's task, which keeps what counts the connection as long as it lives.
    fn start(&mut self, number: u64, tcp: R::Tcp, peer: SocketAddr, admitted: Admitted) {
        self.live += 1;
        let (run, service, local) = (Arc::clone(&self.run), Arc::clone(&self.service), self.local);
        let end = EndSignal(Arc::clone(&self.signals));
        R::spawn(async move {
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
            let wire = Wire::Stream(tcp);
            let mut conversation = Conversation::<R, _, _>::new(machine, observer, wire, run);
            let begun = conversation.begin(Begin::Accepted { link, local, over });
            conversation.run(begun).await;
        });
    }
}
