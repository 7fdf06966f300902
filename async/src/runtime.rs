//! What is specific to async-std: how a task learns about its socket, and the executor.

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use async_std::net::{TcpListener, TcpStream, UdpSocket};
use async_std::task;
use socklab_core::{Machine, Now, Observers, OperationKind, Outbox, Received, Status, Wait};
use socklab_system::{Budget, call_error};
use socklab_tasks::{AsyncRuntime, Conversation, Event, Sleep, Socket, WaitTimes, timed_wait};

use crate::wire;

/// The result of a wait for a socket.
#[derive(Debug)]
pub enum SocketEvent {
    Received(io::Result<Received>),
    /// What waited for room was sent, or part of it.
    Sent(io::Result<usize>),
}

/// The runtime of async-std.
#[derive(Clone, Copy, Debug)]
pub struct AsyncStdRuntime;

impl AsyncRuntime for AsyncStdRuntime {
    const NAME: &'static str = "async-std";

    const TRIES_FIRST: bool = true;

    type Udp = UdpSocket;
    type Tcp = TcpStream;
    /// The receive buffer. The bytes received last are at its beginning.
    type SocketState = Vec<u8>;
    type Listener = TcpListener;
    type SocketEvent = SocketEvent;

    /// Cancel-safe: a future that is dropped because another was ready first has neither received
    /// nor sent anything. Each does so only in the poll that returns ready.
    async fn wait<M: Machine, W: Observers>(
        conversation: &mut Conversation<Self, M, W>,
        wait: Wait,
    ) -> (Event<Self>, WaitTimes) {
        let spent = conversation.budget.is_spent();
        if spent {
            // There may be more to receive, but let other tasks run first.
            task::yield_now().await;
            conversation.budget = Budget::FULL;
        }
        let (clock, others) = (&conversation.run.clock, &mut conversation.other_sources);
        let Socket { wire, state: inbox } = &mut conversation.socket;
        let mut sent = pin!(wire::send_unsent(wire, conversation.session.unsent()));
        let mut received = pin!(wire::receive(wire, inbox, clock));
        timed_wait::<W::Observer, _>(clock, |cx| {
            // After a spent budget, messages first: a busy socket would keep the task from them.
            if spent && let Poll::Ready(event) = others.poll(cx) {
                return Poll::Ready(event);
            }
            if wait.writable
                && let Poll::Ready(sent) = sent.as_mut().poll(cx)
            {
                return Poll::Ready(Event::Socket(SocketEvent::Sent(sent)));
            }
            if wait.readable
                && let Poll::Ready(received) = received.as_mut().poll(cx)
            {
                return Poll::Ready(Event::Socket(SocketEvent::Received(received)));
            }
            if let Poll::Ready(event) = others.poll(cx) {
                return Poll::Ready(event);
            }
            others.poll_deadline(wait.until, clock, cx)
        })
        .await
    }

    fn handle_socket_event<M: Machine, W: Observers>(
        conversation: &mut Conversation<Self, M, W>,
        event: SocketEvent,
        times: &WaitTimes,
        now: Now,
        out: &mut Outbox,
    ) -> Result<Wait, Status> {
        let (clock, mut turn) = (&conversation.run.clock, conversation.session.turn(out));
        match event {
            SocketEvent::Received(received) => {
                let kind = OperationKind::Receive;
                turn.observe(times.operation::<W::Observer, _>(clock, kind, &received));
                (conversation.budget).spend(received.as_ref().map_or(0, Received::len));
                let bytes = &conversation.socket.state;
                match received {
                    Ok(received) => {
                        (conversation.permit.iter())
                            .for_each(|permit| permit.note_received(now.mono));
                        turn.received(now, &received, bytes);
                    }
                    Err(error) => drop(turn.receive_failed(now, call_error(&error))),
                }
            }
            SocketEvent::Sent(sent) => {
                turn.observe(times.operation::<W::Observer, _>(clock, OperationKind::Send, &sent));
                turn.retried(now, sent.map_err(|error| call_error(&error)));
            }
        }
        conversation.carry_out(now, out)
    }

    fn block_on<T>(task: impl Future<Output = T>) -> io::Result<T> {
        Ok(task::block_on(task))
    }

    /// The tasks that this one spawns run on the executor's threads.
    fn serve<T: Send + 'static>(
        _: usize,
        task: impl Future<Output = T> + Send + 'static,
    ) -> io::Result<T> {
        Self::block_on(task)
    }

    fn spawn(task: impl Future<Output = ()> + Send + 'static) {
        task::spawn(task);
    }

    fn sleep(time: Duration) -> Sleep {
        Box::pin(task::sleep(time))
    }

    fn udp(udp: std::net::UdpSocket) -> io::Result<UdpSocket> {
        Ok(udp.into())
    }

    async fn connect(to: SocketAddr) -> io::Result<(SocketAddr, TcpStream)> {
        let tcp = TcpStream::connect(to).await?;
        Ok((tcp.local_addr()?, tcp))
    }

    fn listener(tcp: std::net::TcpListener) -> io::Result<TcpListener> {
        Ok(tcp.into())
    }

    async fn accept(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        listener.accept().await
    }
}
