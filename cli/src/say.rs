//! What machines report, in the user's words.

use std::io::{Write, stderr, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use socklab_core::otp::{CodeError, DniError};
use socklab_core::{Doing, Failure, Fault, FaultKind, FieldError, Notice, submit};

use crate::words::Words;

/// Whether only failures are said: `--quiet`, for the whole program and from its start.
static QUIET: AtomicBool = AtomicBool::new(false);

/// From now on only failures are said.
pub(crate) fn only_failures() {
    QUIET.store(true, Ordering::Relaxed);
}

/// Whether only failures are said.
pub(crate) fn is_quiet() -> bool {
    QUIET.load(Ordering::Relaxed)
}

/// Writes a line of payload on standard output, unless only failures are said.
pub(crate) fn payload(text: &str) {
    if !is_quiet() {
        let mut stdout = stdout().lock();
        let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
    }
}

/// Writes a line that is no failure on standard error, unless only failures are said.
pub(crate) fn news(text: &str) {
    if !is_quiet() {
        line(text);
    }
}

/// Writes a line on standard error, in one piece. If nobody reads it, nobody reads it.
pub(crate) fn line(text: &str) {
    let _ = stderr().lock().write_all(format!("{text}\n").as_bytes());
}

/// A notice in words; `Ready` has more than one line and is the terminal's business.
pub(crate) fn notice(words: &Words, notice: Notice) -> String {
    match notice {
        Notice::Ready(address) => words.say_with("ready", &[("address", &address)]),
        Notice::Connection(peer) => words.say_with("connection", &[("peer", &peer)]),
        Notice::ChatBegan(peer) => words.say_with("chat-began", &[("peer", &peer)]),
        Notice::Stranger(peer) => words.say_with("stranger", &[("peer", &peer)]),
        Notice::MoreStrangers => words.say("strangers-more"),
        Notice::LateReply => words.say("late-reply"),
        Notice::Retry { attempt, of } => {
            words.say_with("retry", &[("attempt", &attempt), ("of", &of)])
        }
        Notice::ReplyTooLong { peer, bytes } => {
            words.say_with("reply-too-long", &[("peer", &peer), ("bytes", &bytes)])
        }
        Notice::NobodyListens(peer) => words.say_with("nobody-listens", &[("peer", &peer)]),
        Notice::VerdictUnknown => words.say("verdict-unknown"),
        Notice::BadField(error) => field(words, error),
        Notice::Fault(doing, fault) => io(words, doing, fault),
        Notice::AcceptPaused(_) => words.say("accept-paused"),
        Notice::AcceptResumed => words.say("accept-resumed"),
    }
}

/// A failure in words: what happened, to whom, and what to try.
pub(crate) fn failure(words: &Words, failure: Failure) -> String {
    match failure {
        Failure::Refused(peer) => words.say_with("failure-refused", &[("peer", &peer)]),
        Failure::NoReply(peer, waited) => {
            words.say_with("failure-no-reply", &[("peer", &peer), ("seconds", &waited)])
        }
        Failure::ConnectTimedOut(peer, waited) => words.say_with(
            "failure-connect-timeout",
            &[("peer", &peer), ("seconds", &waited)],
        ),
        Failure::Unreachable(peer) => words.say_with("failure-unreachable", &[("peer", &peer)]),
        Failure::Reset(peer) => words.say_with("failure-reset", &[("peer", &peer)]),
        Failure::ClosedEarly(peer) => words.say_with("failure-closed-early", &[("peer", &peer)]),
        Failure::Rejected(peer) => words.say_with("failure-rejected", &[("peer", &peer)]),
        Failure::ReplyTooBig(peer) => words.say_with("failure-reply-too-big", &[("peer", &peer)]),
        Failure::TooLong(bytes) => words.say_with("failure-too-long", &[("bytes", &bytes)]),
        Failure::NoInput => words.say("failure-no-input"),
        Failure::BadField(error) => field(words, error),
        Failure::Listen(address, fault) => match fault.kind {
            FaultKind::AddressInUse => {
                words.say_with("failure-address-in-use", &[("address", &address)])
            }
            FaultKind::AddressNotAvailable => {
                words.say_with("failure-address-not-available", &[("address", &address)])
            }
            FaultKind::Denied => words.say_with("failure-denied", &[("address", &address)]),
            _ => io(words, Doing::Opening, fault),
        },
        Failure::Io(Doing::Receiving, submit::NOT_TEXT) => words.say("failure-not-text"),
        Failure::Io(doing, fault) => io(words, doing, fault),
    }
}

fn io(words: &Words, doing: Doing, fault: Fault) -> String {
    match fault.kind {
        FaultKind::Untrusted => return words.say("failure-untrusted"),
        FaultKind::Protocol => return words.say("failure-not-tls"),
        _ => {}
    }
    let detail = match fault.code {
        0 => fault.kind.name().to_owned(),
        code => std::io::Error::from_raw_os_error(code).to_string(),
    };
    words.say_with(
        "failure-io",
        &[("what", &doing.name()), ("detail", &detail)],
    )
}

/// What is wrong with a field of a submission.
pub(crate) fn field(words: &Words, error: FieldError) -> String {
    match error {
        FieldError::NameEmpty => words.say("name-empty"),
        FieldError::NameAmpersand => words.say("name-ampersand"),
        FieldError::NameTooLong => words.say("name-too-long"),
        FieldError::NameControl => words.say("name-control"),
        FieldError::Dni(error) => dni(words, error),
        FieldError::Code(error) => code(words, error),
    }
}

/// What is wrong with a DNI.
pub(crate) fn dni(words: &Words, error: DniError) -> String {
    match error {
        DniError::Empty => words.say("dni-empty"),
        DniError::Letter => words.say("dni-letter"),
        DniError::NotDigits => words.say("dni-not-digits"),
        DniError::Length { .. } => words.say("dni-length"),
    }
}

/// What is wrong with a code.
pub(crate) fn code(words: &Words, error: CodeError) -> String {
    match error {
        CodeError::Empty => words.say("code-empty"),
        CodeError::NotDigits => words.say("code-not-digits"),
        CodeError::Length { .. } => words.say("code-length"),
    }
}
