//! The outputs of a machine.

use core::net::SocketAddr;

use crate::fault::{Doing, Fault, FieldError};
use crate::link::{Link, Socket, Transport};
use crate::register::{Attempt, StoreId};
use crate::unexpected::Unexpected;

/// One thing that a machine asks its driver to do, borrowed from the [`Outbox`](crate::Outbox).
#[derive(Clone, Copy, Debug)]
pub enum Output<'a> {
    /// Open a socket and connect it. Answered by `Opened`, whose link has the connected address, or
    /// by `Fault` once every address has failed.
    Open {
        /// The number that the machine gives the socket.
        socket: Socket,
        /// UDP or TCP.
        transport: Transport,
        /// The peer's addresses, tried one after the other. Each has an equal share of the time
        /// that is left until the machine's deadline.
        to: &'a [SocketAddr],
    },
    /// Send one datagram, or the next bytes of a stream.
    Send {
        /// The link to send on.
        link: Link,
        /// The payload.
        bytes: &'a [u8],
    },
    /// Flush what was sent, then close the writing side (for a stream). Answered by `Finished`,
    /// except on a stream that has had a fault.
    Finish {
        /// The link.
        link: Link,
    },
    /// Give a link up at once and drop unsent bytes. A stream is reset.
    Abort {
        /// The link.
        link: Link,
    },
    /// Make the system send all bytes of a stream at once (`TCP_NODELAY`). With Nagle's algorithm,
    /// it would hold a small send back until earlier bytes are acknowledged.
    NoDelay {
        /// The link.
        link: Link,
    },
    /// Ask the user for a line.
    Prompt(Prompt),
    /// Show the user what the peer sent.
    Show {
        /// The payload, unescaped.
        bytes: &'a [u8],
    },
    /// Tell the user what is odd about bytes from the peer that cannot be right. They were shown
    /// unchanged.
    Unexpected(Unexpected<'a>),
    /// Tell the user of an event, in the user's language.
    Notice(Notice),
    /// Have the register decide and record an attempt. Answered by `Stored`.
    Store {
        /// The number that the machine gives the attempt.
        id: StoreId,
        /// The attempt.
        attempt: &'a Attempt,
    },
}

/// What a prompt asks the user for.
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

/// An event for the user. The command puts it into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Notice {
    /// A server can be reached here.
    Ready(SocketAddr),
    /// A client connected.
    Connection(SocketAddr),
    /// A chat began with this client.
    ChatBegan(SocketAddr),
    /// A datagram from someone who is not in this chat was dropped.
    Stranger(SocketAddr),
    /// Datagrams from further strangers are dropped without a notice.
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
    /// A datagram of this many bytes was [lost](crate::impair) instead of sent.
    Lost(SocketAddr, usize),
    /// The capitals do not fit into a datagram; no reply was sent.
    ReplyTooLong {
        /// The client that asked.
        peer: SocketAddr,
        /// How long the reply would have been, in bytes.
        bytes: usize,
    },
    /// A client sent a line of more than this many bytes; its connection is closed.
    LineTooLong(SocketAddr, usize),
    /// No program listens at this address: the system has already reported the datagram as refused.
    NoListener(SocketAddr),
    /// The server's answer begins with neither `OK` nor `ERROR`, so the verdict is unknown.
    VerdictUnknown,
    /// A field that the user typed cannot be sent; it is asked for again.
    BadField(FieldError),
    /// The system reported an error, and the server goes on. This notice comes once for each kind
    /// of error.
    Fault(Doing, Fault),
    /// An address of the peer could not be reached, and the next one is tried.
    NextAddress {
        /// The address that was tried.
        failed: SocketAddr,
        /// Why it failed.
        fault: Fault,
    },
    /// The server has run out of this resource. It serves its present connections, and further ones
    /// wait in the backlog.
    AcceptPaused(Resource, Fault),
    /// The server accepts connections again.
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

/// A system resource that each connection needs, and that may run out.
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
    /// Shows what the peer sent.
    fn show(&self, bytes: &[u8]);

    /// Whether the console uses what it is told to show. If not, drivers copy no bytes for it.
    fn shows(&self) -> bool {
        true
    }
    /// Tells the user of an event.
    fn notice(&self, notice: Notice);
    /// Tells the user what is odd about bytes from the peer. By default does nothing.
    fn unexpected(&self, _unexpected: &Unexpected<'_>) {}

    /// Handles the outputs that are for the user, and ignores the rest.
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
