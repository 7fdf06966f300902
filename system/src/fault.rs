//! What the system's error codes mean to an exercise.

use std::io::{Error, ErrorKind};

use socklab_core::{CallError, Fault, FaultKind};

/// Reduces an error to what a machine can act on. Keeps the system's error number.
pub fn fault(error: &Error) -> Fault {
    let code = error.raw_os_error().unwrap_or(0);
    let kind = match error.kind() {
        ErrorKind::ConnectionRefused => FaultKind::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            FaultKind::Unreachable
        }
        ErrorKind::TimedOut => FaultKind::TimedOut,
        ErrorKind::ConnectionReset | ErrorKind::ConnectionAborted | ErrorKind::BrokenPipe => {
            FaultKind::Reset
        }
        ErrorKind::AddrInUse => FaultKind::AddressInUse,
        ErrorKind::AddrNotAvailable => FaultKind::AddressNotAvailable,
        ErrorKind::PermissionDenied => FaultKind::Denied,
        ErrorKind::OutOfMemory => FaultKind::Exhausted,
        _ if TOO_LONG.contains(&code) => FaultKind::TooLong,
        _ if EXHAUSTED.contains(&code) => FaultKind::Exhausted,
        _ => FaultKind::Other,
    };
    Fault { kind, code }
}

/// Why a call moved no data.
pub fn call_error(error: &Error) -> CallError {
    match error.kind() {
        ErrorKind::WouldBlock => CallError::WouldBlock,
        ErrorKind::Interrupted => CallError::Interrupted,
        _ => CallError::Failed(fault(error)),
    }
}

// std has no stable error kinds for these, so compare their numbers.

/// EMSGSIZE: <https://docs.kernel.org/> `errno.h` 90 on Linux, 40 on the BSDs and macOS,
/// WSAEMSGSIZE 10040 on Windows, where it also tells of a received datagram that was cut.
const TOO_LONG: &[i32] = if cfg!(any(target_os = "linux", target_os = "android")) {
    &[90]
} else if cfg!(windows) {
    &[10_040]
} else {
    &[40]
};

/// ENFILE 23, EMFILE 24, and ENOBUFS (105 on Linux, 55 on the BSDs and macOS); WSAEMFILE 10024
/// and WSAENOBUFS 10055 on Windows.
const EXHAUSTED: &[i32] = if cfg!(any(target_os = "linux", target_os = "android")) {
    &[23, 24, 105]
} else if cfg!(windows) {
    &[10_024, 10_055]
} else {
    &[23, 24, 55]
};

#[cfg(all(test, any(target_os = "linux", windows)))]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    const NUMBERS: &[(i32, FaultKind)] = &[
        (111, FaultKind::Refused),
        (113, FaultKind::Unreachable),
        (101, FaultKind::Unreachable),
        (104, FaultKind::Reset),
        (32, FaultKind::Reset),
        (98, FaultKind::AddressInUse),
        (99, FaultKind::AddressNotAvailable),
        (13, FaultKind::Denied),
        (1, FaultKind::Denied),
        (90, FaultKind::TooLong),
        (24, FaultKind::Exhausted),
        (105, FaultKind::Exhausted),
        (110, FaultKind::TimedOut),
        (9, FaultKind::Other),
    ];

    #[cfg(windows)]
    const NUMBERS: &[(i32, FaultKind)] = &[
        (10_061, FaultKind::Refused),
        (10_065, FaultKind::Unreachable),
        (10_051, FaultKind::Unreachable),
        (10_054, FaultKind::Reset),
        (10_053, FaultKind::Reset),
        (10_048, FaultKind::AddressInUse),
        (10_049, FaultKind::AddressNotAvailable),
        (10_013, FaultKind::Denied),
        (10_040, FaultKind::TooLong),
        (10_024, FaultKind::Exhausted),
        (10_055, FaultKind::Exhausted),
        (10_060, FaultKind::TimedOut),
        (10_038, FaultKind::Other),
    ];

    #[test]
    fn numbers_of_this_system() {
        for (code, kind) in NUMBERS.iter().copied() {
            let error = Error::from_raw_os_error(code);
            assert_eq!(fault(&error), Fault { kind, code }, "{error}");
        }
    }
}
