//! Faults of sockets and peers.

use core::fmt;
use core::net::SocketAddr;
use core::time::Duration;

use crate::words::words;

/// An error that the operating system reported, reduced to what an exercise can act on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fault {
    /// What kind of error it was.
    pub kind: FaultKind,
    /// The system's own number (`errno`, or a Winsock code), 0 when there was none.
    pub code: i32,
}

/// Why a call on a socket moved no data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallError {
    /// There is no data to receive, or no room to send.
    WouldBlock,
    /// A signal interrupted it: call again.
    Interrupted,
    /// It failed.
    Failed(Fault),
}

words! {
    /// The kinds of [`Fault`].
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum FaultKind {
        /// No program listens there (TCP reset on connect, ICMP port unreachable for UDP).
        Refused = "refused",
        /// No route to the host or its network.
        Unreachable = "unreachable",
        /// The system gave up waiting.
        TimedOut = "timed-out",
        /// The peer broke the connection off.
        Reset = "reset",
        /// Another program has the address.
        AddressInUse = "address-in-use",
        /// This machine does not have the address.
        AddressNotAvailable = "address-not-available",
        /// The system does not allow it (a port below 1024, a firewall).
        Denied = "denied",
        /// The datagram is larger than the system sends or receives.
        TooLong = "too-long",
        /// The process or the system is out of descriptors or buffers.
        Exhausted = "exhausted",
        /// The server is full, and its silent connection made room for another.
        Evicted = "evicted",
        /// The peer's certificate is not trusted, or is another's (TLS).
        Untrusted = "untrusted",
        /// The peer does not keep to the protocol that secures the link (TLS).
        Protocol = "protocol",
        /// Anything else; the code says what.
        Other = "other",
    }
}

words! {
    /// What was being done when a [`Fault`] came.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum Doing {
        /// Making, binding or connecting a socket.
        Opening = "opening",
        /// Receiving.
        Receiving = "receiving",
        /// Sending.
        Sending = "sending",
    }
}

/// Why an exchange failed. The command words it, with what to try next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No program listens at the address.
    Refused(SocketAddr),
    /// No reply within the time allowed.
    NoReply(SocketAddr, Duration),
    /// The connection did not open within the time allowed.
    ConnectTimedOut(SocketAddr, Duration),
    /// No route there.
    Unreachable(SocketAddr),
    /// The peer broke the connection off.
    Reset(SocketAddr),
    /// The peer closed without an answer.
    ClosedEarly(SocketAddr),
    /// An answer came without the line end that it must have.
    NoLineEnd(SocketAddr),
    /// The server looked at the submission and said no.
    Rejected(SocketAddr),
    /// The peer answered more than the exercise can hold.
    ReplyTooBig(SocketAddr),
    /// The user's line has this many bytes, more than [one datagram](crate::max_datagram) to this
    /// peer carries.
    TooLong(SocketAddr, usize),
    /// The user's line has the first number of bytes; the exercise sends at most the second.
    LineTooLong(usize, usize),
    /// The user's input ended before there was anything to send.
    NoInput,
    /// A field of the submission cannot be sent.
    BadField(FieldError),
    /// The server could not listen at this address.
    Listen(SocketAddr, Fault),
    /// The system refused something else.
    Io(Doing, Fault),
}

impl Failure {
    /// The failure that a fault on the way to or from `peer` amounts to.
    pub const fn of(peer: SocketAddr, doing: Doing, fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Refused => Failure::Refused(peer),
            FaultKind::Unreachable => Failure::Unreachable(peer),
            FaultKind::Reset => match doing {
                // Windows reports an ICMP refusal as a reset on the next receive of a UDP socket.
                Doing::Opening => Failure::Refused(peer),
                Doing::Receiving | Doing::Sending => Failure::Reset(peer),
            },
            _ => Failure::Io(doing, fault),
        }
    }

    /// The same on a connected UDP socket, where a reset too means the ICMP refusal of the last
    /// datagram.
    pub(crate) const fn of_connected_udp(peer: SocketAddr, doing: Doing, fault: Fault) -> Self {
        match fault.kind {
            FaultKind::Reset => Failure::Refused(peer),
            _ => Failure::of(peer, doing, fault),
        }
    }

    /// The same on a stream that may take so long to open: the system may give up before that.
    pub(crate) fn of_stream(
        peer: SocketAddr,
        doing: Doing,
        fault: Fault,
        timeout: Duration,
    ) -> Self {
        match (doing, fault.kind) {
            (Doing::Opening, FaultKind::TimedOut) => Failure::ConnectTimedOut(peer, timeout),
            _ => Failure::of(peer, doing, fault),
        }
    }

    /// What it means that a stream's deadline passed, while it was being opened or later.
    pub(crate) const fn gave_up(opening: bool, peer: SocketAddr, timeout: Duration) -> Self {
        match opening {
            true => Failure::ConnectTimedOut(peer, timeout),
            false => Failure::NoReply(peer, timeout),
        }
    }

    /// The word used in transcripts.
    pub const fn name(&self) -> &'static str {
        match self {
            Failure::Refused(_) => "refused",
            Failure::NoReply(..) => "no-reply",
            Failure::ConnectTimedOut(..) => "connect-timed-out",
            Failure::Unreachable(_) => "unreachable",
            Failure::Reset(_) => "reset",
            Failure::ClosedEarly(_) => "closed-early",
            Failure::NoLineEnd(_) => "no-line-end",
            Failure::Rejected(_) => "rejected",
            Failure::ReplyTooBig(_) => "reply-too-big",
            Failure::TooLong(..) => "too-long",
            Failure::LineTooLong(..) => "line-too-long",
            Failure::NoInput => "no-input",
            Failure::BadField(_) => "bad-field",
            Failure::Listen(..) => "listen",
            Failure::Io(..) => "io",
        }
    }
}

/// What is wrong with a field of a submission, found before anything is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldError {
    /// The name is empty.
    NameEmpty,
    /// The name has an `&`, which separates the fields.
    NameAmpersand,
    /// The name has more than 512 bytes.
    NameTooLong,
    /// The name has a control character.
    NameControl,
    /// The DNI is not 6 to 8 digits without its letter.
    Dni(crate::otp::DniError),
    /// The code is not six digits.
    Code(crate::otp::CodeError),
}

impl FieldError {
    /// The word used in transcripts.
    pub const fn name(&self) -> &'static str {
        match self {
            FieldError::NameEmpty => "name-empty",
            FieldError::NameAmpersand => "name-ampersand",
            FieldError::NameTooLong => "name-too-long",
            FieldError::NameControl => "name-control",
            FieldError::Dni(_) => "dni",
            FieldError::Code(_) => "code",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.kind.name(), self.code)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl core::error::Error for Fault {}
impl core::error::Error for Failure {}
impl core::error::Error for FieldError {}
