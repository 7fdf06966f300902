//! Carrying out what a machine asks for. Nothing here waits.

use std::io::{self, ErrorKind};
use std::mem;
use std::net::SocketAddr;

use socklab_core::{Doing, Input, Link, Machine, OperationKind, Output, Transport, Watch};
use socklab_system::{Caused, socket, timed};
use tokio::net::TcpStream;

use crate::conversation::Conversation;
use crate::wire::Wire;

impl<M: Machine, W: Watch> Conversation<M, W> {
    /// Hands an input to the machine, carries out what it asks for, and feeds what that caused.
    pub(crate) fn feed(&mut self, input: Input<'_>) {
        self.pump.feed(self.run.clock.now(), input, &mut self.out);
        // What outputs cause is fed after the last of them, in order.
        let mut caused = Vec::new();
        let mut out = mem::take(&mut self.out);
        for output in out.iter_over(self.wire.transport()) {
            match output {
                Output::Open { transport, to, .. } => caused.extend(self.open(transport, to)),
                Output::Send { link, bytes } => {
                    if let Err(error) = self.send(link, bytes) {
                        caused.push(Caused::Fault(Doing::Sending, error));
                    }
                }
                Output::Finish { link } => {
                    self.finishing = Some(link);
                    caused.extend(self.finished().map(|finished| match finished {
                        Ok(link) => Caused::Finished(link),
                        Err(error) => Caused::Fault(Doing::Sending, error),
                    }));
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
        for cause in caused {
            if !self.pump.is_running() {
                break;
            }
            match cause {
                Caused::Opened { link, local } => self.feed(Input::Opened { link, local }),
                Caused::Finished(link) => self.feed(Input::Finished { link }),
                Caused::Fault(doing, error) => self.fault(doing, &error),
            }
        }
    }

    /// Opens a UDP socket, or begins to open a TCP connection.
    fn open(&mut self, transport: Transport, to: SocketAddr) -> Option<Caused> {
        if transport == Transport::Stream {
            self.opening = Some((to, Box::pin(TcpStream::connect(to))));
            return None;
        }
        let link = Link::first(to);
        let opened = timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Connect,
            |_| (1, 0),
            || {
                let udp = socket::datagram_client(to)?;
                Ok((udp.local_addr()?, Wire::datagram(udp, Some(link))?))
            },
        );
        Some(match opened {
            Ok((local, wire)) => {
                self.wire = wire;
                Caused::Opened { link, local }
            }
            Err(error) => Caused::Fault(Doing::Opening, error),
        })
    }

    fn send(&mut self, link: Link, bytes: &[u8]) -> io::Result<()> {
        if self.wire.has_unsent() {
            self.wire.keep(link, bytes);
            return Ok(());
        }
        let wire = &mut self.wire;
        let sent = timed(
            self.pump.observer(),
            &self.run.clock,
            OperationKind::Send,
            |len| (1, *len),
            || {
                loop {
                    match wire.send(link, bytes) {
                        Err(error) if error.kind() == ErrorKind::Interrupted => {}
                        sent => return sent,
                    }
                }
            },
        );
        match sent {
            // It is kept.
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            sent => sent.map(drop),
        }
    }

    /// What the machine asked to finish is finished, once nothing waits.
    pub(crate) fn finished(&mut self) -> Option<io::Result<Link>> {
        if self.wire.has_unsent() {
            return None;
        }
        let link = self.finishing.take()?;
        Some(self.wire.finish().map(|()| link))
    }

    /// Gives up the connection, or its opening.
    fn abort(&mut self) {
        self.opening = None;
        self.wire.abort();
    }
}
