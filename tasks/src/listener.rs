//! Accepts connections, and starts a task for each.

use std::future::poll_fn;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Wake, Waker};

use socklab_core::{Mono, Notice, Observer, Observers, OperationKind, Service, Status, Subject};
use socklab_system::{AcceptStep, Acceptor, Incoming, Mailbox, Run, Wire};

use crate::deadline_timer::DeadlineTimer;
use crate::runtime::{AsyncRuntime, Conversation};
use crate::timed_wait::timed_wait;

/// What ended a listener's wait.
enum ListenerEvent<R: AsyncRuntime> {
    Accepted(io::Result<(R::Tcp, SocketAddr)>),
    Woken,
    Deadline,
}

/// What a listener shares with its connections' tasks and with other threads.
#[derive(Default)]
struct Shared {
    /// How many connections are alive.
    live: AtomicUsize,
    /// Wakes the listener's task. A message comes when a connection has ended, when there may be
    /// room for another, and when the server is to stop.
    wake_ups: Mailbox<()>,
}

impl Wake for Shared {
    fn wake(self: Arc<Self>) {
        self.wake_ups.send(());
    }
}

/// Counts a connection until its task ends, also by a panic.
struct Live(Arc<Shared>);

impl Live {
    fn new(shared: &Arc<Shared>) -> Self {
        shared.live.fetch_add(1, Ordering::Relaxed);
        Live(Arc::clone(shared))
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        self.0.live.fetch_sub(1, Ordering::Release);
        self.0.wake_ups.send(());
    }
}

/// A listening socket, and what its connections get.
struct Listener<R: AsyncRuntime, S, W> {
    listener: R::Listener,
    service: Arc<S>,
    shared: Arc<Shared>,
    /// Whether the next accept makes a system call at once, which the observer is then told of.
    tries_first: bool,
    run: Arc<Run<W>>,
}

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) async fn serve<R: AsyncRuntime, S: Service + 'static, W: Observers + 'static>(
    (local, tcp): (SocketAddr, TcpListener),
    service: Arc<S>,
    run: Arc<Run<W>>,
) -> io::Result<Status> {
    let shared = Arc::new(Shared::default());
    let waker = Waker::from(Arc::clone(&shared));
    let stop = waker.clone();
    let _stop_guard = run.stop.on_request(move || stop.wake_by_ref());
    let listener = Listener::<R, S, W> {
        listener: R::listener(tcp)?,
        service,
        shared: Arc::clone(&shared),
        tries_first: R::TRIES_FIRST,
        run,
    };
    listener.run.console.notice(Notice::Ready(local));
    let acceptor = Acceptor::new(&listener.run, local, &*listener.service, waker);
    listener.accept(acceptor).await;
    while shared.live.load(Ordering::Acquire) > 0 {
        poll_fn(|cx| shared.wake_ups.poll(cx)).await;
    }
    Ok(Status::Stopped)
}

impl<R: AsyncRuntime, S: Service + 'static, W: Observers + 'static> Listener<R, S, W> {
    /// Accepts until told to stop, then stops listening.
    async fn accept(mut self, mut acceptor: Acceptor<R::Tcp>) {
        let mut observer = self.run.observers.observer(Subject::Driver);
        let mut timer = DeadlineTimer::default();
        while !self.run.stop.requested() {
            let (accepts, until) = match acceptor.next(&self.run) {
                AcceptStep::Serve(incoming) => {
                    self.start(incoming);
                    continue;
                }
                AcceptStep::Accept => (true, None),
                AcceptStep::Wait(until) => (false, until),
            };
            match self.wait(&mut observer, &mut timer, accepts, until).await {
                ListenerEvent::Woken | ListenerEvent::Deadline => {}
                ListenerEvent::Accepted(_) if self.run.stop.requested() => {}
                ListenerEvent::Accepted(accepted) => acceptor.accepted(&self.run, accepted),
            }
        }
    }

    async fn wait(
        &mut self,
        observer: &mut W::Observer,
        timer: &mut DeadlineTimer,
        accepts: bool,
        until: Option<Mono>,
    ) -> ListenerEvent<R> {
        let (clock, wake_ups) = (&self.run.clock, &self.shared.wake_ups);
        let mut accepted = pin!(R::accept(&self.listener));
        let (event, times) = timed_wait::<W::Observer, _>(clock, |cx| {
            if wake_ups.poll(cx).is_ready() {
                return Poll::Ready(ListenerEvent::Woken);
            }
            if accepts && let Poll::Ready(accepted) = accepted.as_mut().poll(cx) {
                return Poll::Ready(ListenerEvent::Accepted(accepted));
            }
            let passed = timer.poll(until, clock, R::sleep, cx);
            passed.map(|()| ListenerEvent::Deadline)
        })
        .await;
        let timed_out = matches!(event, ListenerEvent::Deadline);
        let kind = OperationKind::Accept;
        let tried = (accepts && self.tries_first).then_some(kind);
        let waited = times.wait_operations::<W::Observer>(tried, timed_out);
        if accepts && waited[1].is_some() {
            self.tries_first = R::TRIES_FIRST;
        }
        let accepted = match &event {
            ListenerEvent::Accepted(accepted) => {
                self.tries_first = true;
                times.operation::<W::Observer, _>(clock, kind, accepted)
            }
            _ => None,
        };
        for operation in waited.into_iter().chain([accepted]).flatten() {
            observer.operation(&operation);
        }
        event
    }

    /// Starts a connection's task.
    fn start(&mut self, incoming: Incoming<R::Tcp>) {
        let (run, service) = (Arc::clone(&self.run), Arc::clone(&self.service));
        let live = Live::new(&self.shared);
        R::spawn(async move {
            let _live = live;
            let (session, begin) = incoming.session(&*service, &run);
            let (wire, permit) = (Wire::Stream(incoming.tcp), Some(incoming.permit));
            let mut conversation = Conversation::<R, _, _>::new(session, wire, permit, run);
            let begun = conversation.begin(begin);
            conversation.run(begun).await;
        });
    }
}
