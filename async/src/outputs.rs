//! Carrying out what a machine asks for.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;

use async_std::future::timeout;
use async_std::net::TcpStream;
use socklab_core::register::{Attempt, Decision, StoreId};
use socklab_core::{Doing, Input, Link, Machine, OperationKind, Output, Transport, Watch};
use socklab_system::{moment, report, socket};

use crate::conversation::{Conversation, Event};
use crate::wire::Wire;

/// What carrying out an output causes, to be fed when all outputs are carried out.
pub(crate) enum Caused {
    Opened { link: Link, local: SocketAddr },
    Finished(Link),
    Fault(Doing, io::Error),
}

/// A TCP connection that is being opened.
pub(crate) type Opening = Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>;

impl<M: Machine, W: Watch> Conversation<M, W> {
    /// Hands an input to the machine and carries out what it asks for.
    pub(crate) fn feed(&mut self, input: Input<'_>) {
        self.pump.feed(self.run.clock.now(), input, &mut self.out);
        let mut out = mem::take(&mut self.out);
        let first = self.caused.len();
        for output in out.iter() {
            match output {
                Output::Open { transport, to, .. } => {
                    let opened = self.open(transport, to);
                    self.caused.extend(opened);
                }
                Output::Send { link, bytes } => {
                    if let Err(error) = self.send(link, bytes) {
                        self.caused.push(Caused::Fault(Doing::Sending, error));
                    }
                }
                Output::Finish { link } => {
                    let finished = self.finish(link);
                    self.caused.extend(finished);
                }
                Output::Abort { .. } => self.abort(),
                Output::Store { id, attempt } => self.store(id, attempt.clone()),
                Output::Prompt(_) | Output::Show { .. } | Output::Notice(_) => {
                    self.run.console.tell(&output);
                }
            }
        }
        out.clear();
        self.out = out;
        self.caused[first..].reverse();
    }

    /// Gives up the connection, or its opening.
    fn abort(&mut self) {
        self.opening = None;
        self.wire.abort();
    }

    /// Opens a UDP socket, or begins to open a TCP connection.
    fn open(&mut self, transport: Transport, to: SocketAddr) -> Option<Caused> {
        let link = Link::first(to);
        if transport == Transport::Stream {
            let limit = self.pump.timeout(self.run.clock.mono());
            let connected = TcpStream::connect(to);
            self.opening = Some((
                to,
                match limit {
                    None => Box::pin(connected),
                    Some(limit) => Box::pin(async move {
                        let late = |_| Err(ErrorKind::TimedOut.into());
                        timeout(limit, connected).await.unwrap_or_else(late)
                    }),
                },
            ));
            return None;
        }
        let start = moment::<W::Observer>(&self.run.clock);
        let opened = socket::datagram_client(to).and_then(|udp| Ok((udp.local_addr()?, udp)));
        let (observer, clock) = (self.pump.observer(), &self.run.clock);
        report(
            observer,
            clock,
            OperationKind::Connect,
            start,
            &opened,
            |_| (1, 0),
        );
        Some(match opened {
            Ok((local, udp)) => {
                self.wire = Wire::datagram(udp, link);
                Caused::Opened { link, local }
            }
            Err(error) => Caused::Fault(Doing::Opening, error),
        })
    }

    fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<()> {
        let start = moment::<W::Observer>(&self.run.clock);
        let sent = self.wire.send(link, bytes);
        if self.wire.is_stream() {
            // They were only put behind the others: the operation is the write.
            return sent.map(drop);
        }
        let (observer, clock) = (self.pump.observer(), &self.run.clock);
        report(observer, clock, OperationKind::Send, start, &sent, |len| {
            (1, *len)
        });
        sent.map(drop)
    }

    fn store(&mut self, id: StoreId, attempt: Attempt) {
        let sender = self.sender.clone();
        // If the conversation is over by then, nobody listens, and the decision is dropped.
        let done = Box::new(move |decision| drop(sender.try_send(Event::Stored(id, decision))));
        match &self.run.register {
            Some(register) => register.store(attempt, done),
            None => done(Decision::Unavailable),
        }
    }

    /// Nothing more will be sent. If all is sent already, the machine hears of it at once.
    fn finish(&mut self, link: Link) -> Option<Caused> {
        self.wire.finish(link);
        Some(match self.wire.try_finish()? {
            Ok(link) => Caused::Finished(link),
            Err(error) => Caused::Fault(Doing::Sending, error),
        })
    }
}
