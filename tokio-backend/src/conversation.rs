//! One machine in one task.

use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use socklab_core::{
    CLOSE_LIMIT, Doing, Failure, Input, Link, Machine, OperationKind, OperationResult, Outbox,
    Pump, Socket, Status, Transport, Watch,
};
use socklab_system::task::{Alarm, Lines, Mailbox, Sleep, WOKEN, Word, watched};
use socklab_system::{Errors, Received, Run, StopGuard, fault, socket, timed};
use tokio::io::Ready;
use tokio::net::TcpStream;
use tokio::task::yield_now;

use crate::wire::Wire;

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// How many times a task may receive before others have their turn, and how many bytes.
const BUDGET: (usize, usize) = (64, 256 * 1024);

/// A TCP connection that is being opened.
pub(crate) type Opening = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

/// What a task was woken for.
enum Happened {
    Opened(io::Result<TcpStream>),
    /// There may be something to receive, or room to send.
    Ready(Ready),
    Word(Word),
    Deadline,
}

/// A timer of tokio's.
pub(crate) fn sleep(time: Duration) -> Sleep {
    Box::pin(tokio::time::sleep(time))
}

/// One machine with its socket, its lines and its deadlines. The task that runs it owns it.
pub(crate) struct Conversation<M, W: Watch> {
    pub(crate) pump: Pump<M, W::Observer>,
    pub(crate) wire: Wire,
    pub(crate) opening: Option<(SocketAddr, Opening)>,
    /// All is to be sent, and then no more.
    pub(crate) finishing: Option<Link>,
    pub(crate) run: Arc<Run<W>>,
    pub(crate) out: Outbox,
    pub(crate) mailbox: Arc<Mailbox<Word>>,
    /// For datagrams; a stream is read to the stack.
    buffer: Vec<u8>,
    alarm: Alarm,
    lines: Lines,
    _waker: StopGuard,
    stopping: bool,
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
            finishing: None,
            out: Outbox::new(),
            mailbox,
            buffer: Vec::new(),
            alarm: Alarm::new(sleep),
            lines: Lines::default(),
            _waker: run.stop.on_request(move || stop.leave(Word::Stop)),
            run,
            stopping: false,
            errors: Errors::default(),
            broken: None,
        }
    }

    /// Runs the machine to its end. `first` is what follows the start: the socket that it has.
    ///
    /// It is borrowed, because what is moved into an `async fn` has two places in the task's memory.
    pub(crate) async fn run(&mut self, first: Option<Input<'static>>) -> Status {
        self.feed(Input::Start);
        if let Some(input) = first
            && self.pump.is_running()
        {
            self.feed(input);
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
                // The one place where a task waits.
                match self.wait().await {
                    Happened::Ready(ready) => {
                        if ready.is_writable() {
                            self.flush();
                        }
                        let receives = ready.is_readable() || ready.is_error();
                        if receives && !self.receive_some() {
                            // There is more, but others have waited.
                            yield_now().await;
                        }
                    }
                    Happened::Opened(opened) => self.opened(opened),
                    Happened::Word(word) => self.hear(word),
                    // The loop looks at the clock.
                    Happened::Deadline => {}
                }
            }
            if let Some(failure) = self.broken {
                return Status::Failed(failure);
            }
        }
        self.close().await;
        self.pump.status()
    }

    /// Waits until there is something to do. Nothing is taken from the system here, so nothing can be lost here.
    async fn wait(&mut self) -> Happened {
        let mut ready = pin!(self.wire.ready(self.wants_bytes()));
        let deadline = self.pump.deadline().map(|deadline| deadline.at);
        let (clock, mailbox) = (&self.run.clock, &self.mailbox);
        let (opening, alarm) = (&mut self.opening, &mut self.alarm);
        let (happened, times) = watched::<W::Observer, _>(clock, |cx| {
            // First, or else a busy socket would keep word from being heard.
            if let Poll::Ready(word) = mailbox.poll(cx) {
                return Poll::Ready(Happened::Word(word));
            }
            if let Some((_, opening)) = opening
                && let Poll::Ready(opened) = opening.as_mut().poll(cx)
            {
                return Poll::Ready(Happened::Opened(opened));
            }
            if let Poll::Ready(ready) = ready.as_mut().poll(cx) {
                return Poll::Ready(Happened::Ready(ready));
            }
            alarm.poll(deadline, clock, cx).map(|()| Happened::Deadline)
        })
        .await;
        let observer = self.pump.observer();
        let result = match happened {
            Happened::Deadline => OperationResult::TimedOut,
            _ => WOKEN,
        };
        // What would have blocked was told of when it was tried.
        times.report_wait(observer, None, result);
        if let Happened::Opened(opened) = &happened {
            times.report(observer, clock, OperationKind::Connect, opened, |_| (1, 0));
        }
        happened
    }

    fn wants_bytes(&self) -> bool {
        self.pump.interest().network && self.wire.can_receive()
    }

    /// Takes what there is, within the budget; `false` if there may be more.
    fn receive_some(&mut self) -> bool {
        if self.wire.transport() == Transport::Stream {
            // On the stack, so that an idle connection keeps no buffer.
            return self.receive_into(&mut [0; STREAM_BUFFER]);
        }
        let mut buffer = mem::take(&mut self.buffer);
        buffer.resize(socket::DATAGRAM_BUFFER, 0);
        let done = self.receive_into(&mut buffer);
        self.buffer = buffer;
        done
    }

    fn receive_into(&mut self, buffer: &mut [u8]) -> bool {
        let mut bytes = 0;
        for _ in 0..BUDGET.0 {
            if !self.wants_bytes() {
                return true;
            }
            if bytes >= BUDGET.1 {
                break;
            }
            let (wire, clock) = (&self.wire, &self.run.clock);
            let received = timed(
                self.pump.observer(),
                clock,
                OperationKind::Receive,
                Received::moved,
                || wire.receive::<W::Observer>(buffer, clock),
            );
            match received {
                Ok(Received::Datagram(link, len, _)) => {
                    self.errors.forget();
                    bytes += len;
                    let bytes = &buffer[..len];
                    self.feed(Input::Datagram { link, bytes });
                }
                Ok(Received::Bytes(link, len)) => {
                    bytes += len;
                    let bytes = &buffer[..len];
                    self.feed(Input::Bytes { link, bytes });
                }
                Ok(Received::End(link)) => {
                    self.wire.end();
                    self.feed(Input::End { link });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(error) => self.fault(Doing::Receiving, &error),
            }
        }
        false
    }

    /// Sends on what waits, as much as there is room for; if that is all, finishes what was to be finished.
    fn flush(&mut self) {
        match self.write().map(|()| self.finished()) {
            Ok(Some(Ok(link))) => self.feed(Input::Finished { link }),
            Ok(None) => {}
            Ok(Some(Err(error))) | Err(error) => self.fault(Doing::Sending, &error),
        }
    }

    fn write(&mut self) -> io::Result<()> {
        while self.wire.has_unsent() {
            let wire = &mut self.wire;
            let written = timed(
                self.pump.observer(),
                &self.run.clock,
                OperationKind::Send,
                |len| (1, *len),
                || wire.write(),
            );
            match written {
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() != ErrorKind::Interrupted => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    fn hear(&mut self, word: Word) {
        match word {
            Word::Line(line) => self.lines.came(line),
            Word::Stored(id, decision) => {
                let decision = &decision;
                self.feed(Input::Stored { id, decision });
            }
            // The loop looks at it, as it does when it was woken for something else.
            Word::Stop => {}
        }
    }

    fn opened(&mut self, opened: io::Result<TcpStream>) {
        let Some((to, _)) = self.opening.take() else {
            return;
        };
        let link = Link::first(to);
        match opened.and_then(|tcp| Ok((tcp.local_addr()?, tcp))) {
            Ok((local, tcp)) => {
                self.wire = Wire::stream(tcp, link);
                self.feed(Input::Opened { link, local });
            }
            Err(error) => self.fault(Doing::Opening, &error),
        }
    }

    pub(crate) fn fault(&mut self, doing: Doing, error: &io::Error) {
        if error.kind() == ErrorKind::Interrupted {
            return;
        }
        let fault = fault(error);
        self.broken = self.errors.count(doing, fault);
        self.wire.end();
        let socket = Socket(0);
        self.feed(Input::Fault {
            socket,
            doing,
            fault,
        });
    }

    /// Sends what is left, for as long as a machine that is done may take.
    async fn close(&mut self) {
        let end = Some(self.run.clock.mono().plus(CLOSE_LIMIT));
        while self.wire.has_unsent() {
            let in_time = {
                let (alarm, clock) = (&mut self.alarm, &self.run.clock);
                let mut ready = pin!(self.wire.ready(false));
                poll_fn(|cx| match ready.as_mut().poll(cx) {
                    Poll::Ready(_) => Poll::Ready(true),
                    Poll::Pending => alarm.poll(end, clock, cx).map(|()| false),
                })
                .await
            };
            if !in_time {
                return self.wire.abort();
            }
            // An error leaves nothing that waits.
            let _ = self.write();
        }
    }
}
