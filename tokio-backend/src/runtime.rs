//! What is specific to tokio: how a task learns about its socket, and the runtime's set-up.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::panic;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use socklab_core::{
    Link, Machine, Now, Observer, OperationKind, Outbox, Received, Status, Wait, Watch,
};
use socklab_system::{Budget, call_error, socket, timed};
use socklab_tasks::{Conversation, Happened, Runtime, Sleep, Socket, Times, watched};
use tokio::io::Ready;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Builder;
use tokio::task::yield_now;

use crate::wire::{self, Wire};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// What is kept with a socket.
#[derive(Debug, Default)]
pub struct Notes {
    /// The reactor has said that there is room to send.
    room: bool,
    /// For datagrams. A stream is read to the stack, so that an idle connection keeps no buffer.
    buffer: Vec<u8>,
}

/// The runtime of tokio.
#[derive(Clone, Copy, Debug)]
pub struct TokioRuntime;

impl Runtime for TokioRuntime {
    const NAME: &'static str = "tokio";

    const TRIES_FIRST: bool = false;

    type Udp = UdpSocket;
    type Tcp = TcpStream;
    type Notes = Notes;
    type Listener = TcpListener;
    type Event = Ready;

    /// It takes nothing from the socket, so a future that is dropped because another one was ready
    /// first loses nothing.
    async fn wait<M: Machine, W: Watch>(
        conversation: &mut Conversation<Self, M, W>,
        wait: Wait,
    ) -> (Happened<Self>, Times) {
        if mem::replace(&mut conversation.budget, Budget::FULL).is_spent() {
            // There is more to receive, but other tasks have waited.
            yield_now().await;
        }
        let mut ready = pin!(wire::ready(&conversation.socket.wire, wait));
        let (clock, others) = (&conversation.run.clock, &mut conversation.others);
        watched::<W::Observer, _>(clock, |cx| {
            // First, or a busy socket would keep the task from other threads' messages.
            if let Poll::Ready(woken) = others.poll_woken(cx) {
                return Poll::Ready(woken);
            }
            if let Poll::Ready(ready) = ready.as_mut().poll(cx) {
                return Poll::Ready(Happened::Socket(ready));
            }
            others.poll_deadline(wait.until, clock, cx)
        })
        .await
    }

    /// Sends what waits for room, then receives what there is, within the budget, and carries out
    /// at once what each receive causes.
    fn take<M: Machine, W: Watch>(
        conversation: &mut Conversation<Self, M, W>,
        ready: Ready,
        _: &Times,
        now: Now,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        if ready.is_writable() {
            conversation.socket.notes.room = true;
            conversation.session.turn(out).room();
        }
        let wait = conversation.carry_out(now, out)?;
        if !ready.is_readable() && !ready.is_error() {
            return Ok(wait);
        }
        if let Wire::Stream(_) = conversation.socket.wire {
            return receive(conversation, &mut [0; STREAM_BUFFER], now, wait, out);
        }
        let mut buffer = mem::take(&mut conversation.socket.notes.buffer);
        buffer.resize(socket::DATAGRAM_BUFFER, 0);
        let wait = receive(conversation, &mut buffer, now, wait, out);
        conversation.socket.notes.buffer = buffer;
        wait
    }

    /// The thread that calls runs the task, and waits in the reactor when the task waits.
    fn block_on<T>(task: impl Future<Output = T>) -> io::Result<T> {
        let mut one_thread = Builder::new_current_thread();
        let runtime = one_thread.enable_io().enable_time().build()?;
        Ok(runtime.block_on(task))
    }

    fn serve<T: Send + 'static>(
        threads: usize,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        let mut many_threads = Builder::new_multi_thread();
        many_threads.worker_threads(threads);
        let runtime = many_threads.enable_io().enable_time().build()?;
        // As a task, so that it runs on the threads that the connections run on: they need not wake
        // another thread to say that they have ended.
        let task = runtime.spawn(task);
        let ended = runtime.block_on(task);
        Ok(ended.unwrap_or_else(|error| panic::resume_unwind(error.into_panic())))
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        // A task that panics says so itself.
        drop(tokio::spawn(task));
    }

    fn sleep(time: Duration) -> Sleep {
        Box::pin(tokio::time::sleep(time))
    }

    fn udp(udp: std::net::UdpSocket) -> io::Result<UdpSocket> {
        udp.set_nonblocking(true)?;
        UdpSocket::from_std(udp)
    }

    fn send(socket: &mut Socket<Self>, link: &Link, bytes: &[u8]) -> io::Result<usize> {
        wire::send(&socket.wire, link, bytes, socket.notes.room)
    }

    async fn connect(to: SocketAddr) -> io::Result<(SocketAddr, TcpStream)> {
        let tcp = TcpStream::connect(to).await?;
        Ok((tcp.local_addr()?, tcp))
    }

    fn listener(tcp: std::net::TcpListener) -> io::Result<TcpListener> {
        tcp.set_nonblocking(true)?;
        TcpListener::from_std(tcp)
    }

    async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }
}

fn receive<M: Machine, W: Watch>(
    conversation: &mut Conversation<TokioRuntime, M, W>,
    buffer: &mut [u8],
    mut now: Now,
    mut wait: Wait,
    out: &mut Outbox,
) -> Result<Wait, Status> {
    while wait.receive && !conversation.budget.is_spent() {
        let (wire, clock) = (&mut conversation.socket.wire, &conversation.run.clock);
        let (received, operation) = timed::<W::Observer, _>(clock, OperationKind::Receive, || {
            wire::receive(wire, buffer, clock)
        });
        // One reading of the clock serves all, but an observer wants each moment.
        if W::Observer::TIMES {
            now = conversation.clock.now();
        }
        let mut turn = conversation.session.turn(out);
        turn.observe(operation);
        (conversation.budget).spend(received.as_ref().map_or(0, Received::len));
        match received {
            Ok(received) => {
                (conversation.permit.iter()).for_each(|permit| permit.heard(now.mono));
                turn.received(now, &received, buffer);
            }
            Err(error) => {
                if !turn.not_received(now, call_error(&error)) {
                    break;
                }
            }
        }
        wait = conversation.carry_out(now, out)?;
    }
    Ok(wait)
}
