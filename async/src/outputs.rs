//! Carrying out what a machine asks for.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;
use std::pin::Pin;

use async_std::future::timeout;
use async_std::net::TcpStream;
use socklab_core::{Doing, Input, Link, Machine, OperationKind, Output, Transport, Watch};
use socklab_system::{Caused, socket, timed};

use crate::conversation::Conversation;
use crate::wire::Wire;

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
                Output::Store { id, attempt } => {
                    self.run.store(attempt.clone(), self.mailbox.stored(id));
                }
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
        let opened = timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Connect,
            |_| (1, 0),
            || {
                let udp = socket::datagram_client(to)?;
                Ok((udp.local_addr()?, udp))
            },
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
        if self.wire.is_stream() {
            // They are only put behind the others: the operation is the write.
            return self.wire.send(link, bytes).map(drop);
        }
        let (kind, clock, wire) = (OperationKind::Send, &self.run.clock, &mut self.wire);
        let sent = timed(
            self.pump.observer(),
            clock,
            kind,
            |len| (1, *len),
            || wire.send(link, bytes),
        );
        sent.map(drop)
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
