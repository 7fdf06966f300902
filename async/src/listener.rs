//! A task for each connection.

use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

use async_std::channel::{Receiver, Sender, unbounded};
use async_std::net::{TcpListener, TcpStream};
use async_std::stream::Stream;
use async_std::task;
use socklab_core::{
    Failure, FaultKind, Input, Link, Mono, Notice, OperationKind, OperationResult, Service, Status,
    Subject, Watch,
};
use socklab_system::{AcceptPause, Run, fault, socket};

use crate::alarm::Alarm;
use crate::conversation::Conversation;
use crate::watched::{WOKEN, watched};
use crate::wire::Wire;

/// What a listener is told.
enum Signal {
    Ended,
    Stop,
}

/// What a listener was woken for.
enum Happened {
    Accepted(io::Result<(TcpStream, SocketAddr)>),
    Signal(Signal),
    PauseOver,
}

/// The place of a connection among those that are served, given back when the task ends, however it
/// ends.
struct Place(Sender<Signal>);

impl Drop for Place {
    fn drop(&mut self) {
        let _ = self.0.try_send(Signal::Ended);
    }
}

/// Accepts until told to stop, then waits for the connections to end.
pub(crate) async fn serve<S: Service + 'static, W: Watch + 'static>(
    address: SocketAddr,
    service: Arc<S>,
    run: Arc<Run<W>>,
) -> Status {
    let bound = socket::stream_server(address).and_then(|tcp| Ok((tcp.local_addr()?, tcp)));
    let (local, tcp) = match bound {
        Ok(bound) => bound,
        Err(error) => return Status::Failed(Failure::Listen(address, fault(&error))),
    };
    let (sender, signals) = unbounded();
    let stop = sender.clone();
    let _waker = run
        .stop
        .on_request(move || drop(stop.try_send(Signal::Stop)));
    run.console.notice(Notice::Ready(local));
    let listener = Listener {
        listener: tcp.into(),
        local,
        service,
        sender,
        signals,
        live: 0,
        run,
    };
    let (mut live, signals) = listener.accept().await;
    while live > 0 {
        if let Ok(Signal::Ended) = signals.recv().await {
            live -= 1;
        }
    }
    Status::Stopped
}

struct Listener<S, W> {
    listener: TcpListener,
    local: SocketAddr,
    service: Arc<S>,
    sender: Sender<Signal>,
    signals: Receiver<Signal>,
    live: usize,
    run: Arc<Run<W>>,
}

impl<S: Service + 'static, W: Watch + 'static> Listener<S, W> {
    /// Accepts until told to stop, and closes; says how many connections are left, and who tells of
    /// their ends.
    async fn accept(mut self) -> (usize, Receiver<Signal>) {
        let mut observer = self.run.watch.watch(Subject::Driver);
        let mut alarm = Alarm::default();
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
                Happened::Accepted(Ok((stream, peer))) => {
                    number += 1;
                    self.start(number, stream, peer);
                    if pause.is_announced() {
                        let news = pause.accepted(self.run.clock.mono());
                        self.tell(news);
                    }
                }
                Happened::Accepted(Err(error)) => {
                    let fault = fault(&error);
                    // A peer that left before it was accepted, or a signal, is nobody's trouble.
                    if fault.kind == FaultKind::Reset || error.kind() == ErrorKind::Interrupted {
                        continue;
                    }
                    let news = pause.refused(self.run.clock.mono(), fault);
                    self.tell(news);
                }
            }
        }
        (self.live, self.signals)
    }

    fn tell(&self, news: Option<Notice>) {
        news.into_iter()
            .for_each(|news| self.run.console.notice(news));
    }

    async fn wait(
        &mut self,
        observer: &mut W::Observer,
        alarm: &mut Alarm,
        pause: Option<Mono>,
    ) -> Happened {
        let (clock, signals) = (&self.run.clock, &mut self.signals);
        let accepts = pause.is_none() && self.live < self.run.max_connections;
        let mut accepted = pin!(self.listener.accept());
        let (happened, times) = watched::<W::Observer, _>(clock, |cx| {
            if let Ok(signal) = signals.try_recv() {
                return Poll::Ready(Happened::Signal(signal));
            }
            if accepts && let Poll::Ready(accepted) = accepted.as_mut().poll(cx) {
                return Poll::Ready(Happened::Accepted(accepted));
            }
            // It has no end: one of its senders is ours.
            if let Poll::Ready(Some(signal)) = Pin::new(&mut *signals).poll_next(cx) {
                return Poll::Ready(Happened::Signal(signal));
            }
            alarm.poll(pause, clock, cx).map(|()| Happened::PauseOver)
        })
        .await;
        let result = match happened {
            Happened::PauseOver => OperationResult::TimedOut,
            _ => WOKEN,
        };
        times.report_wait(observer, accepts.then_some(OperationKind::Accept), result);
        if let Happened::Accepted(accepted) = &happened {
            times.report(observer, clock, OperationKind::Accept, accepted, |_| (1, 0));
        }
        happened
    }

    fn start(&mut self, number: u64, stream: TcpStream, peer: SocketAddr) {
        self.live += 1;
        let (run, service, local) = (Arc::clone(&self.run), Arc::clone(&self.service), self.local);
        let place = Place(self.sender.clone());
        // Nobody awaits the task: its end is told by its place.
        task::spawn(async move {
            let _place = place;
            let link = Link::first(peer);
            let machine = service.accept(link);
            let observer = run.watch.watch(Subject::Connection {
                number,
                peer,
                local,
            });
            let conversation =
                Conversation::new(machine, observer, Wire::stream(stream, link), run);
            conversation.run(&[Input::Opened { link, local }]).await;
        });
    }
}
