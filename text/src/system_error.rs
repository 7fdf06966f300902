//! Words an error of the system in the user's language.

use std::io::{Error, ErrorKind};

use crate::Messages;

/// The error in words, with the system's number. Errors without a message of ours are quoted.
pub fn text(messages: &dyn Messages, error: &Error) -> String {
    let text = match id(error) {
        Some(id) => messages.say(id),
        None if error.get_ref().is_some() => return quoted(messages, &error.to_string()),
        None => return error.to_string(),
    };
    match error.raw_os_error() {
        Some(code) => messages.say_with("system-code", &[("text", &text), ("code", &code)]),
        None => text,
    }
}

/// What a library says of an error. If it ends with the system's own words, those are put into the
/// user's language.
pub fn quoted(messages: &dyn Messages, said: &str) -> String {
    let code = said.strip_suffix(')').and_then(|said| {
        let (_, code) = said.rsplit_once("(os error ")?;
        code.parse().ok()
    });
    code.map(Error::from_raw_os_error)
        .and_then(|error| {
            let before = said.strip_suffix(&error.to_string())?;
            Some(format!("{before}{}", text(messages, &error)))
        })
        .unwrap_or_else(|| said.to_owned())
}

/// The id of the error's message; `None` for an error that a library words itself.
fn id(error: &Error) -> Option<&'static str> {
    if error.get_ref().is_some() {
        return None;
    }
    Some(match error.kind() {
        ErrorKind::NotFound => "system-not-found",
        // EPERM: it is not the rights to a file that are missing.
        ErrorKind::PermissionDenied if cfg!(unix) && error.raw_os_error() == Some(1) => {
            "system-not-permitted"
        }
        ErrorKind::PermissionDenied => "system-denied",
        ErrorKind::AlreadyExists => "system-exists",
        ErrorKind::StorageFull => "system-full",
        ErrorKind::QuotaExceeded => "system-quota",
        ErrorKind::FileTooLarge => "system-file-too-large",
        ErrorKind::ReadOnlyFilesystem => "system-read-only",
        ErrorKind::IsADirectory => "system-directory",
        ErrorKind::NotADirectory => "system-not-directory",
        // Windows means other names by it too.
        ErrorKind::InvalidFilename if cfg!(unix) => "system-name-too-long",
        ErrorKind::InvalidFilename => "system-name",
        ErrorKind::ResourceBusy => "system-busy",
        ErrorKind::BrokenPipe => "system-pipe",
        ErrorKind::ConnectionRefused => "system-refused",
        ErrorKind::ConnectionReset => "system-reset",
        ErrorKind::ConnectionAborted => "system-aborted",
        ErrorKind::NotConnected => "system-not-connected",
        ErrorKind::AddrInUse => "system-in-use",
        ErrorKind::AddrNotAvailable => "system-not-available",
        ErrorKind::NetworkUnreachable => "system-network",
        ErrorKind::HostUnreachable => "system-host",
        ErrorKind::TimedOut => "system-timed-out",
        ErrorKind::OutOfMemory => "system-memory",
        ErrorKind::InvalidData => "system-not-text",
        ErrorKind::InvalidInput => "system-invalid",
        _ if NO_DESCRIPTOR.contains(&error.raw_os_error()?) => "system-descriptors",
        _ => return None,
    })
}

/// ENFILE and EMFILE on every Unix; WSAEMFILE.
pub const NO_DESCRIPTOR: &[i32] = if cfg!(windows) { &[10_024] } else { &[23, 24] };
