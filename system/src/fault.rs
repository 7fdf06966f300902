//! What the system's errors mean to an exercise.

use std::io::{Error, ErrorKind};

use socklab_core::{Doing, Failure, Fault, FaultKind};

/// Reduces an error to what a machine can act on, keeping the system's number.
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

/// Counts the errors of a socket that follow each other, for a broken socket has nothing else.
///
/// Errors that peers can cause do not count: they are endless, and mean nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Errors(u32);

impl Errors {
    /// How many may follow each other.
    const MOST: u32 = 100;

    /// There was one more; how the machine's run ends, if that was one too many.
    pub fn count(&mut self, doing: Doing, fault: Fault) -> Option<Failure> {
        if matches!(fault.kind, FaultKind::Other | FaultKind::Exhausted) {
            self.0 += 1;
        }
        (self.0 > Self::MOST).then_some(Failure::Io(doing, fault))
    }

    /// Something was received: it works.
    pub fn forget(&mut self) {
        self.0 = 0;
    }
}

// std has no stable kinds for these, so they are told by number.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hundred_errors_in_a_row_are_no_failure() {
        let mut errors = Errors::default();
        let mut count = |kind, times| {
            let all = (0..times).map(|_| errors.count(Doing::Receiving, Fault { kind, code: 5 }));
            all.flatten().count()
        };
        assert_eq!(count(FaultKind::Refused, 1000), 0);
        assert_eq!(count(FaultKind::Other, 100), 0);
        assert_eq!(count(FaultKind::Exhausted, 1), 1);
        errors.forget();
        let fault = Fault {
            kind: FaultKind::Other,
            code: 5,
        };
        assert_eq!(errors.count(Doing::Receiving, fault), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn numbers_of_linux() {
        for (code, kind) in [
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
        ] {
            let error = Error::from_raw_os_error(code);
            assert_eq!(fault(&error), Fault { kind, code }, "{error}");
        }
    }
}
