//! What machines report, in the user's language.

use std::net::SocketAddr;
use std::time::Duration;

use socklab_check::{Clock, is_port_waiting};
use socklab_core::otp::{CodeError, DniError};
use socklab_core::{
    Doing, Failure, Fault, FaultKind, FieldError, Notice, Resource, Transport, max_datagram, submit,
};
use socklab_text::Messages;
use socklab_text::system_error::{self, NO_DESCRIPTOR};

use crate::listen_hint::everywhere;
use crate::nearby;

/// How far apart the clocks of a phone and of this computer are: the phone shows the time of this
/// many seconds from now. Only a time server shows which of them to set.
pub(crate) fn clocks(messages: &dyn Messages, seconds: i64, kept: Clock) -> String {
    let id = match seconds {
        0.. => "clocks-ahead",
        _ => "clocks-behind",
    };
    let advice = messages.say(match kept {
        Clock::Synchronised => "clocks-set-phone",
        Clock::Alone | Clock::Unknown => "clocks-set-both",
    });
    let seconds = seconds.unsigned_abs();
    messages.say_with(id, &[("seconds", &seconds), ("advice", &advice)])
}

/// A notice in messages; `Ready` has more than one line and is the terminal's business.
pub(crate) fn notice(messages: &dyn Messages, notice: Notice) -> String {
    match notice {
        Notice::Ready(address) => messages.say_with("ready", &[("address", &address)]),
        Notice::Connection(peer) => messages.say_with("connection", &[("peer", &peer)]),
        Notice::ChatBegan(peer) => messages.say_with("chat-began", &[("peer", &peer)]),
        Notice::Stranger(peer) => messages.say_with("stranger", &[("peer", &peer)]),
        Notice::MoreStrangers => messages.say("strangers-more"),
        Notice::LateReply => messages.say("late-reply"),
        Notice::Retry { attempt, of } => {
            messages.say_with("retry", &[("attempt", &attempt), ("of", &of)])
        }
        Notice::ReplyTooLong { peer, bytes } => {
            let most = max_datagram(peer);
            messages.say_with(
                "reply-too-long",
                &[("peer", &peer), ("bytes", &bytes), ("most", &most)],
            )
        }
        Notice::Lost(peer, bytes) => {
            messages.say_with("lost", &[("peer", &peer), ("bytes", &bytes)])
        }
        Notice::LineTooLong(peer, most) => {
            messages.say_with("line-too-long", &[("peer", &peer), ("most", &most)])
        }
        Notice::NoListener(peer) => match nearby::nearby(messages, Transport::Datagram, peer) {
            Some(said) => messages.say_with("sent-but", &[("said", &said)]),
            None => messages.say_with("nobody-listens", &[("peer", &peer)]),
        },
        Notice::VerdictUnknown => messages.say("verdict-unknown"),
        Notice::BadField(error) => field(messages, error),
        Notice::Fault(doing, fault) => io(messages, doing, fault),
        Notice::NextAddress { failed, fault } => messages.say_with(
            "next-address",
            &[
                ("failed", &failed),
                ("why", &fault.kind.name()),
                ("detail", &detail(messages, fault)),
            ],
        ),
        Notice::AcceptPaused(resource, fault) => {
            // Starting a process, too, can fail for want of a descriptor.
            let why = match resource {
                _ if NO_DESCRIPTOR.contains(&fault.code) => "descriptors",
                Resource::Threads => "threads",
                Resource::Descriptors => "other",
            };
            let detail = detail(messages, fault);
            messages.say_with("accept-paused", &[("why", &why), ("detail", &detail)])
        }
        Notice::AcceptResumed => messages.say("accept-resumed"),
    }
}

/// A failure in messages: what happened, to whom, and what to try.
pub(crate) fn failure(messages: &dyn Messages, transport: Transport, failure: Failure) -> String {
    let waited = |id, peer: SocketAddr, waited: Duration| {
        let way = nearby::way(transport, peer);
        messages.say_with(id, &[("peer", &peer), ("seconds", &waited), ("way", &way)])
    };
    match failure {
        Failure::Refused(peer) => nearby::nearby(messages, transport, peer)
            .unwrap_or_else(|| messages.say_with("failure-refused", &[("peer", &peer)])),
        Failure::NoReply(peer, time) => waited("failure-no-reply", peer, time),
        Failure::ConnectTimedOut(peer, time) => waited("failure-connect-timeout", peer, time),
        Failure::Unreachable(peer) => {
            let way = nearby::way(transport, peer);
            messages.say_with("failure-unreachable", &[("peer", &peer), ("way", &way)])
        }
        Failure::Reset(peer) => messages.say_with("failure-reset", &[("peer", &peer)]),
        Failure::ClosedEarly(peer) => messages.say_with("failure-closed-early", &[("peer", &peer)]),
        Failure::NoLineEnd(peer) => messages.say_with("failure-no-line-end", &[("peer", &peer)]),
        Failure::Rejected(peer) => messages.say_with("failure-rejected", &[("peer", &peer)]),
        Failure::ReplyTooBig(peer) => {
            messages.say_with("failure-reply-too-big", &[("peer", &peer)])
        }
        Failure::TooLong(peer, bytes) => {
            let most = max_datagram(peer);
            messages.say_with("failure-too-long", &[("bytes", &bytes), ("most", &most)])
        }
        Failure::LineTooLong(bytes, most) => messages.say_with(
            "failure-line-too-long",
            &[("bytes", &bytes), ("most", &most)],
        ),
        Failure::NoInput => messages.say("failure-no-input"),
        Failure::BadField(error) => field(messages, error),
        Failure::Listen(address, fault) => match fault.kind {
            FaultKind::AddressInUse
                if transport == Transport::Stream && is_port_waiting(address.port()) =>
            {
                messages.say_with("failure-address-waits", &[("address", &address)])
            }
            FaultKind::AddressInUse => {
                messages.say_with("failure-address-in-use", &[("address", &address)])
            }
            FaultKind::AddressNotAvailable => messages.say_with(
                "failure-address-not-available",
                &[
                    ("address", &address),
                    ("all", &everywhere(address).to_string()),
                ],
            ),
            FaultKind::Denied => messages.say_with("failure-denied", &[("address", &address)]),
            _ => io(messages, Doing::Opening, fault),
        },
        Failure::Io(Doing::Receiving, submit::NOT_TEXT) => messages.say("failure-not-text"),
        Failure::Io(doing, fault) => io(messages, doing, fault),
    }
}

fn io(messages: &dyn Messages, doing: Doing, fault: Fault) -> String {
    match fault.kind {
        FaultKind::Untrusted => return messages.say("failure-untrusted"),
        FaultKind::Protocol => return messages.say("failure-not-tls"),
        _ => {}
    }
    messages.say_with(
        "failure-io",
        &[
            ("what", &doing.name()),
            ("detail", &detail(messages, fault)),
        ],
    )
}

/// The system's own messages.
fn detail(messages: &dyn Messages, fault: Fault) -> String {
    match fault.code {
        0 => fault.kind.name().to_owned(),
        code => system_error::text(messages, &std::io::Error::from_raw_os_error(code)),
    }
}

/// What is wrong with a field of a submission.
pub(crate) fn field(messages: &dyn Messages, error: FieldError) -> String {
    match error {
        FieldError::NameEmpty => messages.say("name-empty"),
        FieldError::NameAmpersand => messages.say("name-ampersand"),
        FieldError::NameTooLong => messages.say("name-too-long"),
        FieldError::NameControl => messages.say("name-control"),
        FieldError::Dni(error) => dni(messages, error),
        FieldError::Code(error) => code(messages, error),
    }
}

/// What is wrong with a DNI.
pub(crate) fn dni(messages: &dyn Messages, error: DniError) -> String {
    match error {
        DniError::Empty => messages.say("dni-empty"),
        DniError::Letter => messages.say("dni-letter"),
        DniError::NotDigits => messages.say("dni-not-digits"),
        DniError::Length { .. } => messages.say("dni-length"),
    }
}

/// What is wrong with a code.
pub(crate) fn code(messages: &dyn Messages, error: CodeError) -> String {
    match error {
        CodeError::Empty => messages.say("code-empty"),
        CodeError::NotDigits => messages.say("code-not-digits"),
        CodeError::Length { .. } => messages.say("code-length"),
    }
}

#[cfg(test)]
mod tests {
    use socklab_register::Detail;

    use super::*;
    use crate::language::Language;

    fn fault(kind: FaultKind, code: i32) -> Fault {
        Fault { kind, code }
    }

    fn in_both(said: Notice) -> [String; 2] {
        [Language::En, Language::Es].map(|language| notice(&language.messages(), said))
    }

    #[test]
    fn one_secret_is_no_plural() {
        for language in [Language::En, Language::Es] {
            let said = |count| Detail::WrongKey(count).say(&language.messages());
            let plural = |said: String| said.contains("secrets") || said.contains("secretos");
            assert!(!plural(said(1)) && plural(said(2)), "{}", said(1));
        }
    }

    #[test]
    fn a_resource_is_named_as_what_it_is() {
        let no_thread = fault(FaultKind::Other, 11);
        for line in in_both(Notice::AcceptPaused(Resource::Threads, no_thread)) {
            assert!(line.contains("threads") || line.contains("hilos"), "{line}");
            assert!(!line.contains("descript"), "{line}");
        }
        let no_descriptor = fault(FaultKind::Exhausted, NO_DESCRIPTOR[0]);
        for resource in [Resource::Descriptors, Resource::Threads] {
            for line in in_both(Notice::AcceptPaused(resource, no_descriptor)) {
                assert!(line.contains("descript"), "{line}");
            }
        }
        // No room for another socket, or a firewall: the system says what it is.
        let other = fault(FaultKind::Other, 0);
        for line in in_both(Notice::AcceptPaused(Resource::Descriptors, other)) {
            assert!(
                line.contains("(other)") && !line.contains("descript"),
                "{line}"
            );
        }
    }

    #[test]
    fn an_address_that_failed_is_named() {
        let failed = ([192, 0, 2, 7], 80).into();
        for kind in FaultKind::ALL {
            let fault = fault(kind, 0);
            for line in in_both(Notice::NextAddress { failed, fault }) {
                assert!(line.contains("192.0.2.7:80"), "{line}");
            }
        }
    }
}
