//! How many sockets this program may have.

use crate::error::Error;

/// Descriptors for what the program opens besides its load.
#[cfg(unix)]
const OTHERS: u64 = 64;

/// How many descriptors the program has open; an estimate where the system does not say.
#[cfg(unix)]
fn in_use() -> u64 {
    // Linux and macOS have this folder.
    std::fs::read_dir("/dev/fd").map_or(OTHERS, |list| list.count() as u64)
}

/// Raises the limit so that this program can open `sockets` more, if the system allows.
#[cfg(unix)]
pub(crate) fn make_room(sockets: u64) -> Result<(), Error> {
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    let failed = |error: nix::Error| Error::Io(error.into());
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(failed)?;
    let others = in_use() + OTHERS;
    let wanted = sockets + others;
    if wanted <= soft {
        return Ok(());
    }
    let possible = hard.saturating_sub(others);
    if sockets > possible {
        return Err(Error::NoRoom {
            wanted: sockets,
            possible,
        });
    }
    // macOS refuses more than OPEN_MAX even if the hard limit is unlimited, so ask only for what is
    // needed.
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map_err(failed)
}

/// Does nothing: Windows has no such limit, and reports a lack of sockets when one is made.
#[cfg(not(unix))]
pub(crate) fn make_room(_sockets: u64) -> Result<(), Error> {
    Ok(())
}
