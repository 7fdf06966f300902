//! One machine in one task.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use async_std::net::TcpStream;
use async_std::task;
use socklab_core::{
    CLOSE_LIMIT, Doing, Failure, Input, Link, Machine, OperationKind, OperationResult, Outbox,
    Pump, Socket, Status, Watch,
};
use socklab_system::task::{Alarm, Lines, Mailbox, Sleep, Times, WOKEN, Word, watched};
use socklab_system::{Caused, Errors, Received, Run, StopGuard, fault};

use crate::outputs::Opening;
use crate::wire::Wire;

/// What a task was woken for.
enum Happened {
    Opened(io::Result<TcpStream>),
    Received(io::Result<Received>),
    Written(io::Result<usize>),
    Word(Word),
    Deadline,
}

/// After how many waits a task lets others run: most of them may have ended at once, and it would
/// otherwise never leave its thread.
const BUDGET: u32 = 64;

/// A timer of the reactor's.
pub(crate) fn sleep(time: Duration) -> Sleep {
    Box::pin(task::sleep(time))
}

/// One machine with its socket, its lines and its deadlines. The task that runs it owns it.
pub(crate) struct Conversation<M, W: Watch> {
    pub(crate) pump: Pump<M, W::Observer>,
    pub(crate) wire: Wire,
    pub(crate) opening: Option<(SocketAddr, Opening)>,
    pub(crate) run: Arc<Run<W>>,
    pub(crate) out: Outbox,
    /// In reverse: the next one is the last.
    pub(crate) caused: Vec<Caused>,
    buffer: Vec<u8>,
    alarm: Alarm,
    pub(crate) mailbox: Arc<Mailbox<Word>>,
    lines: Lines,
    _waker: StopGuard,
    stopping: bool,
    turns: u32,
    errors: Errors,
    broken: Option<Failure>,
}

impl<M: Machine, W: Watch> Conversation<M, W> {
    pub(crate) fn new(machine: M, observer: W::Observer, wire: Wire, run: Arc<Run<W>>) -> Self {
        let mailbox = Arc::new(Mailbox::default());
        let stop = Arc::clone(&mailbox);
        Conversation {
            pump: Pump::new(machine, observer),
            wire,
            opening: None,
            out: Outbox::new(),
            caused: Vec::new(),
            buffer: Vec::new(),
            alarm: Alarm::new(sleep),
            mailbox,
            lines: Lines::default(),
            _waker: run.stop.on_request(move || stop.leave(Word::Stop)),
            run,
            stopping: false,
            turns: 0,
            errors: Errors::default(),
            broken: None,
        }
    }

    /// Runs the machine to its end. `first` is what follows the start: the socket that it has.
    ///
    /// It is borrowed, because what is moved into an `async fn` has two places in the task's memory.
    pub(crate) async fn run(&mut self, first: &[Input<'_>]) -> Status {
        self.feed(Input::Start);
        self.settle();
        for input in first {
            if self.pump.is_running() {
                self.feed(*input);
                self.settle();
            }
        }
        while self.pump.is_running() {
            if self.run.stop.requested() && !self.stopping {
                self.stopping = true;
                self.feed(Input::Stop);
            } else if self.pump.deadline().is_some() && self.pump.due(self.run.clock.mono()) {
                self.feed(Input::Timer);
            } else if self.pump.interest().line
                && let Some(line) = self.lines.next(&self.run, &self.mailbox)
            {
                self.feed(line.input());
            } else {
                let happened = self.wait().await;
                self.take(happened);
            }
            self.settle();
            if let Some(failure) = self.broken {
                return Status::Failed(failure);
            }
        }
        self.close().await;
        self.pump.status()
    }

    /// Waits for whatever comes first of all that the machine can take. Dropping the rest loses
    /// nothing: each takes what it gives in the poll that gives it, and is not polled once another
    /// was ready.
    async fn wait(&mut self) -> Happened {
        self.turns = self.turns.wrapping_add(1);
        let others_first = self.turns.is_multiple_of(BUDGET);
        if others_first {
            task::yield_now().await;
        }
        let tried;
        let (happened, times) = {
            let (clock, wire, alarm) = (&self.run.clock, &self.wire, &mut self.alarm);
            let deadline = self.pump.deadline().map(|deadline| deadline.at);
            let opening = &mut self.opening;
            let writes = wire.has_unsent();
            let receives = self.pump.interest().network && opening.is_none() && wire.can_receive();
            let mailbox = &self.mailbox;
            let mut written = pin!(wire.write());
            let mut received = pin!(wire.receive::<W::Observer>(&mut self.buffer, clock));
            tried = receives.then_some(OperationKind::Receive);
            watched::<W::Observer, _>(clock, |cx| {
                // Or else a busy socket would keep a line from being heard.
                if others_first && let Poll::Ready(word) = mailbox.poll(cx) {
                    return Poll::Ready(Happened::Word(word));
                }
                if let Some((_, opening)) = opening
                    && let Poll::Ready(opened) = opening.as_mut().poll(cx)
                {
                    return Poll::Ready(Happened::Opened(opened));
                }
                if writes && let Poll::Ready(written) = written.as_mut().poll(cx) {
                    return Poll::Ready(Happened::Written(written));
                }
                if receives && let Poll::Ready(received) = received.as_mut().poll(cx) {
                    return Poll::Ready(Happened::Received(received));
                }
                if let Poll::Ready(word) = mailbox.poll(cx) {
                    return Poll::Ready(Happened::Word(word));
                }
                alarm.poll(deadline, clock, cx).map(|()| Happened::Deadline)
            })
            .await
        };
        self.report(&times, tried, &happened);
        happened
    }

    fn report(&mut self, times: &Times, tried: Option<OperationKind>, happened: &Happened) {
        let (observer, clock) = (self.pump.observer(), &self.run.clock);
        let result = match happened {
            Happened::Deadline => OperationResult::TimedOut,
            _ => WOKEN,
        };
        times.report_wait(observer, tried, result);
        match happened {
            Happened::Opened(opened) => {
                times.report(observer, clock, OperationKind::Connect, opened, |_| (1, 0));
            }
            Happened::Received(received) => {
                let kind = OperationKind::Receive;
                times.report(observer, clock, kind, received, Received::moved);
            }
            Happened::Written(written) => {
                times.report(observer, clock, OperationKind::Send, written, |len| {
                    (1, *len)
                });
            }
            Happened::Word(_) | Happened::Deadline => {}
        }
    }

    fn take(&mut self, happened: Happened) {
        match happened {
            Happened::Received(received) => self.received(received),
            Happened::Written(written) => {
                self.wire.wrote(&written);
                match written.map(|_| self.wire.try_finish()) {
                    Ok(Some(Ok(link))) => self.feed(Input::Finished { link }),
                    Ok(None) => {}
                    Ok(Some(Err(error))) | Err(error) => self.fault(Doing::Sending, &error),
                }
            }
            Happened::Opened(opened) => {
                if let Some((to, _)) = self.opening.take() {
                    self.opened(to, opened);
                }
            }
            Happened::Word(Word::Line(line)) => self.lines.came(line),
            Happened::Word(Word::Stored(id, decision)) => {
                let decision = &decision;
                self.feed(Input::Stored { id, decision });
            }
            // The loop looks at the stop and at the clock.
            Happened::Word(Word::Stop) | Happened::Deadline => {}
        }
    }

    fn received(&mut self, received: io::Result<Received>) {
        let buffer = mem::take(&mut self.buffer);
        match received {
            Ok(Received::Datagram(link, len, _)) => {
                self.errors.forget();
                let bytes = &buffer[..len];
                self.feed(Input::Datagram { link, bytes });
            }
            Ok(Received::Bytes(link, len)) => {
                let bytes = &buffer[..len];
                self.feed(Input::Bytes { link, bytes });
            }
            Ok(Received::End(link)) => {
                self.wire.end();
                self.feed(Input::End { link });
            }
            Err(error) => self.fault(Doing::Receiving, &error),
        }
        self.buffer = buffer;
    }

    fn opened(&mut self, to: SocketAddr, opened: io::Result<TcpStream>) {
        let link = Link::first(to);
        match opened.and_then(|stream| Ok((stream.local_addr()?, stream))) {
            Ok((local, stream)) => {
                self.wire = Wire::stream(stream, link);
                self.feed(Input::Opened { link, local });
            }
            Err(error) => self.fault(Doing::Opening, &error),
        }
    }

    /// Feeds what carrying out outputs caused, and what that causes.
    fn settle(&mut self) {
        while self.pump.is_running()
            && let Some(caused) = self.caused.pop()
        {
            match caused {
                Caused::Opened { link, local } => self.feed(Input::Opened { link, local }),
                Caused::Finished(link) => self.feed(Input::Finished { link }),
                Caused::Fault(doing, error) => self.fault(doing, &error),
            }
        }
    }

    fn fault(&mut self, doing: Doing, error: &io::Error) {
        if error.kind() == ErrorKind::Interrupted {
            return;
        }
        let fault = fault(error);
        self.broken = self.errors.count(doing, fault);
        let socket = Socket(0);
        self.feed(Input::Fault {
            socket,
            doing,
            fault,
        });
    }

    /// Writes what is left, for as long as a machine that is done may take.
    async fn close(&mut self) {
        let clock = self.run.clock;
        let end = Some(clock.mono().plus(CLOSE_LIMIT));
        while self.wire.has_unsent() {
            let (happened, times) = {
                let mut written = pin!(self.wire.write());
                let alarm = &mut self.alarm;
                watched::<W::Observer, _>(&clock, |cx| match written.as_mut().poll(cx) {
                    Poll::Ready(written) => Poll::Ready(Happened::Written(written)),
                    Poll::Pending => alarm.poll(end, &clock, cx).map(|()| Happened::Deadline),
                })
                .await
            };
            self.report(&times, Some(OperationKind::Send), &happened);
            match happened {
                Happened::Written(written) => self.wire.wrote(&written),
                _ => self.wire.abort(),
            }
        }
    }
}
