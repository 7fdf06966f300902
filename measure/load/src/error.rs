//! Why a load failed.

use std::{fmt, io};

/// Why a load could not be run.
#[derive(Debug)]
pub enum Error {
    /// The system does not allow this program so many sockets (`RLIMIT_NOFILE`, which has been
    /// raised to the hard limit).
    NoRoom {
        /// How many the plan needs.
        wanted: u64,
        /// How many there can be.
        possible: u64,
    },
    /// What the system said; `InvalidInput` for a plan that makes no sense.
    Io(io::Error),
}

impl Error {
    pub(crate) fn plan(why: &'static str) -> Error {
        Error::Io(io::Error::new(io::ErrorKind::InvalidInput, why))
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Error::Io(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoRoom { wanted, possible } => {
                write!(f, "{wanted} sockets are wanted, {possible} can be had")
            }
            Error::Io(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::NoRoom { .. } => None,
            Error::Io(error) => Some(error),
        }
    }
}
