//! The outputs of a machine.

use core::net::SocketAddr;

use crate::fault::{Doing, Fault, FieldError};
use crate::link::{Link, Socket, Transport};
use crate::oddity::Unexpected;
use crate::register::{Attempt, StoreId};

/// One thing a machine asks its driver to do, borrowed from the [`Outbox`](crate::Outbox).
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// Open a socket and connect it. Answered by `Opened`, whose link says to which address, or by
    /// `Fault` once every address has failed.
    Open {
        /// The number it shall have.
        socket: Socket,
        /// UDP or TCP.
        transport: Transport,
        /// The peer's addresses, tried one after the other. Each has an equal share of the time
        /// that is left until the machine's deadline.
        to: &'a [SocketAddr],
    },
    /// Send: one datagram, or the next bytes of a stream.
    Send {
        /// To whom.
        link: Link,
        /// The payload.
        bytes: &'a [u8],
    },
    /// Flush what was sent, then close the writing side (for a stream). Answered by `Finished`,
    /// except on a stream that has had a fault.
    Finish {
        /// Which link.
        link: Link,
    },
    /// Give a link up at once, losing what is unsent (a stream is reset).
    Abort {
        /// Which link.
        link: Link,
    },
    /// Have the system send each of a stream's sends at once (`TCP_NODELAY`): by Nagle's algorithm
    /// it would keep a small one until what was sent before is acknowledged.
    NoDelay {
        /// Which link.
        link: Link,
    },
    /// Ask the user for a line.
    Prompt(Prompt),
    /// Payload for the user: what the peer said.
    Show {
        /// The payload, unescaped.
        bytes: &'a [u8],
    },
    /// What the peer sent cannot be right: it was shown as it is, and the user is told what is odd.
    Unexpected(Unexpected<'a>),
    /// Something the user should know, to be worded in the user's language.
    Notice(Notice),
    /// Have the register decide and record an attempt. Answered by `Stored`.
    Store {
        /// The machine's number for it.
        id: StoreId,
        /// The attempt.
        attempt: &'a Attempt,
    },
}

/// What the user is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prompt {
    /// The one line of `message`.
    Message,
    /// A line to be echoed in capitals.
    Echo,
    /// The next line of a chat.
    Chat,
    /// The student's name.
    Name,
    /// The student's DNI.
    Dni,
    /// The code that the phone shows now.
    Code,
}

impl Prompt {
    /// The word used in transcripts.
    pub const fn name(self) -> &'static str {
        match self {
            Prompt::Message => "message",
            Prompt::Echo => "echo",
            Prompt::Chat => "chat",
            Prompt::Name => "name",
            Prompt::Dni => "dni",
            Prompt::Code => "code",
        }
    }
}

/// A typed event for the user; the command words it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A server can be reached here.
    Ready(SocketAddr),
    /// A client connected.
    Connection(SocketAddr),
    /// A chat has its client.
    ChatBegan(SocketAddr),
    /// A datagram from someone who is not in this chat was dropped.
    Stranger(SocketAddr),
    /// Further strangers are dropped without a word.
    MoreStrangers,
    /// A reply to an earlier question came late, or twice, and was dropped.
    LateReply,
    /// No reply: the question is sent again, for the `attempt`th of `of` repetitions.
    Retry {
        /// Which repetition this is, from 1.
        attempt: u32,
        /// How many there are at most.
        of: u32,
    },
    /// A datagram of so many bytes was [lost](crate::impair) instead of sent.
    Lost(SocketAddr, usize),
    /// The capitals do not fit into a datagram; no reply was sent.
    ReplyTooLong {
        /// Who asked.
        peer: SocketAddr,
        /// How long the reply would have been, in bytes.
        bytes: usize,
    },
    /// A client sent a line of more than this many bytes; its connection is closed.
    LineTooLong(SocketAddr, usize),
    /// No program listens at this address, as the system already knows.
    NoListener(SocketAddr),
    /// The server's answer begins with neither `OK` nor `ERROR`, so the verdict is unknown.
    VerdictUnknown,
    /// A field that the user typed cannot be sent; it is asked for again.
    BadField(FieldError),
    /// The system reported an error, said once for each kind, and the server goes on.
    Fault(Doing, Fault),
    /// An address of the peer could not be reached, and the next one is tried.
    NextAddress {
        /// The address that was tried.
        failed: SocketAddr,
        /// Why it failed.
        fault: Fault,
    },
    /// The server is out of this resource: it serves the connections that it has, and further ones
    /// wait in the backlog.
    AcceptPaused(Resource, Fault),
    /// Accepting again.
    AcceptResumed,
}

impl Notice {
    /// The word used in transcripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Notice::Ready(_) => "ready",
            Notice::Connection(_) => "connection",
            Notice::ChatBegan(_) => "chat-began",
            Notice::Stranger(_) => "stranger",
            Notice::MoreStrangers => "more-strangers",
            Notice::LateReply => "late-reply",
            Notice::Retry { .. } => "retry",
            Notice::Lost(..) => "lost",
            Notice::ReplyTooLong { .. } => "reply-too-long",
            Notice::LineTooLong(..) => "line-too-long",
            Notice::NoListener(_) => "nobody-listens",
            Notice::VerdictUnknown => "verdict-unknown",
            Notice::BadField(_) => "bad-field",
            Notice::Fault(..) => "fault",
            Notice::NextAddress { .. } => "next-address",
            Notice::AcceptPaused(..) => "accept-paused",
            Notice::AcceptResumed => "accept-resumed",
        }
    }
}

/// What each connection needs of the system, and may run out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Resource {
    /// A descriptor, or the kernel's memory for a socket.
    Descriptors,
    /// A thread.
    Threads,
}

impl Resource {
    /// The word used in transcripts.
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Descriptors => "descriptors",
            Resource::Threads => "threads",
        }
    }
}

/// The user's side of a program: where prompts, payloads and notices go.
///
/// Drivers hand [`Output::Prompt`], [`Output::Show`], [`Output::Notice`] and
/// [`Output::Unexpected`] here; many
/// conversations may do so at once.
pub trait Console: Send + Sync {
    /// Asks for a line.
    fn prompt(&self, prompt: Prompt);
    /// Shows what the peer said.
    fn show(&self, bytes: &[u8]);

    /// Whether it does anything with what it is told to show. Else nothing is copied for it.
    fn shows(&self) -> bool {
        true
    }
    /// Says what happened.
    fn notice(&self, notice: Notice);
    /// Says what cannot be right. By default it does not.
    fn unexpected(&self, _unexpected: &Unexpected<'_>) {}

    /// Takes the outputs that are for the user, and ignores the rest.
    fn tell(&self, output: &Output<'_>) {
        match *output {
            Output::Prompt(prompt) => self.prompt(prompt),
            Output::Show { bytes } => self.show(bytes),
            Output::Notice(notice) => self.notice(notice),
            Output::Unexpected(unexpected) => self.unexpected(&unexpected),
            _ => {}
        }
    }
}
