//! What is specific to tokio: how a task learns about its socket, and the runtime's set-up.

use std::io;
use std::mem;
use std::net::SocketAddr;
use std::panic;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use socklab_core::{
    Link, Machine, Now, Observer, Observers, OperationKind, Outbox, Received, Status, Wait,
};
use socklab_system::{Budget, call_error, socket, timed};
use socklab_tasks::{AsyncRuntime, Conversation, Event, Sleep, Socket, WaitTimes, timed_wait};
use tokio::io::Ready;
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::runtime::Builder;
use tokio::task::yield_now;

use crate::wire::{self, Wire};

/// How many bytes of a stream are read in one call.
const STREAM_BUFFER: usize = 4096;

/// What the driver keeps with a socket.
#[derive(Debug, Default)]
pub struct SocketState {
    /// The reactor has reported that there is room to send.
    room_reported: bool,
    /// The receive buffer of a UDP socket. A stream is read to the stack, so that an idle
    /// connection keeps no buffer.
    buffer: Vec<u8>,
}

/// The runtime of tokio.
#[derive(Clone, Copy, Debug)]
pub struct TokioRuntime;

impl AsyncRuntime for TokioRuntime {
    const NAME: &'static str = "tokio";

    const TRIES_FIRST: bool = false;

    type Udp = UdpSocket;
    type Tcp = TcpStream;
    type SocketState = SocketState;
    type Listener = TcpListener;
    type SocketEvent = Ready;

    /// Cancel-safe: it consumes no data, so a future that is dropped because another was ready
    /// first loses none.
    async fn wait<M: Machine, W: Observers>(
        conversation: &mut Conversation<Self, M, W>,
        wait: Wait,
    ) -> (Event<Self>, WaitTimes) {
        if mem::replace(&mut conversation.budget, Budget::FULL).is_spent() {
            // There may be more to receive, but let other tasks run first.
            yield_now().await;
        }
        let mut ready = pin!(wire::ready(&conversation.socket.wire, wait));
        let (clock, others) = (&conversation.run.clock, &mut conversation.other_sources);
        timed_wait::<W::Observer, _>(clock, |cx| {
            // Messages first. Otherwise a busy socket would keep the task from them.
            if let Poll::Ready(event) = others.poll(cx) {
                return Poll::Ready(event);
            }
            if let Poll::Ready(ready) = ready.as_mut().poll(cx) {
                return Poll::Ready(Event::Socket(ready));
            }
            others.poll_deadline(wait.until, clock, cx)
        })
        .await
    }

    /// Sends what waited for room, then receives until the socket is empty or the budget is spent.
    /// What a receive causes is carried out before the next receive.
    fn handle_socket_event<M: Machine, W: Observers>(
        conversation: &mut Conversation<Self, M, W>,
        ready: Ready,
        _: &WaitTimes,
        now: Now,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        if ready.is_writable() {
            conversation.socket.state.room_reported = true;
            conversation.session.turn(out).writable();
        }
        let wait = conversation.carry_out(now, out)?;
        if !ready.is_readable() && !ready.is_error() {
            return Ok(wait);
        }
        if let Wire::Stream(_) = conversation.socket.wire {
            return receive(conversation, &mut [0; STREAM_BUFFER], now, wait, out);
        }
        let mut buffer = mem::take(&mut conversation.socket.state.buffer);
        buffer.resize(socket::DATAGRAM_BUFFER, 0);
        let wait = receive(conversation, &mut buffer, now, wait, out);
        conversation.socket.state.buffer = buffer;
        wait
    }

    /// The calling thread runs the task, and waits in the reactor while the task waits.
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
        // Spawned, so that it runs on the same threads as the connections: they can tell it that
        // they have ended without waking another thread.
        let task = runtime.spawn(task);
        let ended = runtime.block_on(task);
        Ok(ended.unwrap_or_else(|error| panic::resume_unwind(error.into_panic())))
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        // Drop the handle: tokio reports a task that panics.
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
        wire::send(&socket.wire, link, bytes, socket.state.room_reported)
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

fn receive<M: Machine, W: Observers>(
    conversation: &mut Conversation<TokioRuntime, M, W>,
    buffer: &mut [u8],
    mut now: Now,
    mut wait: Wait,
    out: &mut Outbox,
) -> Result<Wait, Status> {
    while wait.readable && !conversation.budget.is_spent() {
        let (wire, clock) = (&mut conversation.socket.wire, &conversation.run.clock);
        let (received, operation) = timed::<W::Observer, _>(clock, OperationKind::Receive, || {
            wire::receive(wire, buffer, clock)
        });
        // One reading of the clock serves all receives. Only an observer of times needs one for
        // each.
        if W::Observer::TIMES {
            now = conversation.clock.now();
        }
        let mut turn = conversation.session.turn(out);
        turn.observe(operation);
        (conversation.budget).spend(received.as_ref().map_or(0, Received::len));
        match received {
            Ok(received) => {
                (conversation.permit.iter()).for_each(|permit| permit.note_received(now.mono));
                turn.received(now, &received, buffer);
            }
            Err(error) => {
                if !turn.receive_failed(now, call_error(&error)) {
                    // The socket is empty.
                    break;
                }
            }
        }
        wait = conversation.carry_out(now, out)?;
    }
    Ok(wait)
}
