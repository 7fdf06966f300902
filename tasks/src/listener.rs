//! A task for each connection.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Poll, Wake, Waker};

use socklab_core::{Mono, Notice, Observer, OperationKind, Service, Status, Subject, Watch};
use socklab_system::{Guest, Mailbox, NextGuest, Reception, Run, Wire};

use crate::alarm::Alarm;
use crate::runtime::{Conversation, Runtime};
use crate::watched::watched;

/// What other tasks and threads tell a listener.
enum Signal {
    /// A connection's task has ended.
    Ended,
    /// There may be room for a connection, or a stop.
    Wake,
}

/// What a listener was woken for.
enum Happened<R: Runtime> {
    Accepted(io::Result<(R::Tcp, SocketAddr)>),
    Signal(Signal),
    Deadline,
}

/// Tells the listener when a connection's task ends, however it ends.
struct EndSignal(Arc<Mailbox<Signal>>);

impl Drop for EndSignal {
    fn drop(&mut self) {
        self.0.leave(Signal::Ended);
    }
}

/// Wakes the listener.
struct WakeSignal(Arc<Mailbox<Signal>>);

impl Wake for WakeSignal {
    fn wake(self: Arc<Self>) {
        self.0.leave(Signal::Wake);
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
    (local, tcp): (SocketAddr, TcpListener),
    service: Arc<S>,
    run: Arc<Run<W>>,
) -> io::Result<Status> {
    let signals = Arc::new(Mailbox::default());
    let stop = Arc::clone(&signals);
    let _waker = run.stop.on_request(move || stop.leave(Signal::Wake));
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
    Ok(Status::Stopped)
}

impl<R: Runtime, S: Service + 'static, W: Watch + 'static> Listener<R, S, W> {
    /// Accepts until told to stop, then stops listening. Returns how many connections are left.
    async fn accept(mut self) -> usize {
        let mut observer = self.run.watch.watch(Subject::Driver);
        let mut alarm = Alarm::default();
        let waker = Waker::from(Arc::new(WakeSignal(Arc::clone(&self.signals))));
        let mut reception = Reception::new(&self.run, self.service.tells_refused(), waker);
        while !self.run.stop.requested() {
            let (accepts, until) = match reception.next(&self.run) {
                NextGuest::Begin(guest) => {
                    self.start(guest);
                    continue;
                }
                NextGuest::Accept => (true, None),
                NextGuest::Wait(until) => (false, until),
            };
            match self.wait(&mut observer, &mut alarm, accepts, until).await {
                Happened::Signal(Signal::Ended) => self.live -= 1,
                Happened::Signal(Signal::Wake) | Happened::Deadline => {}
                Happened::Accepted(_) if self.run.stop.requested() => {}
                Happened::Accepted(accepted) => reception.accepted(&self.run, accepted),
            }
        }
        self.live
    }

    async fn wait(
        &mut self,
        observer: &mut W::Observer,
        alarm: &mut Alarm,
        accepts: bool,
        until: Option<Mono>,
    ) -> Happened<R> {
        let (clock, signals) = (&self.run.clock, &self.signals);
        let mut accepted = pin!(R::accept(&self.listener));
        let (happened, times) = watched::<W::Observer, _>(clock, |cx| {
            if let Poll::Ready(signal) = signals.poll(cx) {
                return Poll::Ready(Happened::Signal(signal));
            }
            if accepts && let Poll::Ready(accepted) = accepted.as_mut().poll(cx) {
                return Poll::Ready(Happened::Accepted(accepted));
            }
            let passed = alarm.poll(until, clock, R::sleep, cx);
            passed.map(|()| Happened::Deadline)
        })
        .await;
        let timed_out = matches!(happened, Happened::Deadline);
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

    /// Starts a connection's task.
    fn start(&mut self, guest: Guest<R::Tcp>) {
        self.live += 1;
        let (run, service, local) = (Arc::clone(&self.run), Arc::clone(&self.service), self.local);
        let end = EndSignal(Arc::clone(&self.signals));
        R::spawn(async move {
            let _end = end;
            let (session, begin) = guest.session(local, &*service, &run);
            let (wire, permit) = (Wire::Stream(guest.tcp), Some(guest.permit));
            let mut conversation = Conversation::<R, _, _>::new(session, wire, permit, run);
            let begun = conversation.begin(begin);
            conversation.run(begun).await;
        });
    }
}
