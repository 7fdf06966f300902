//! How many sockets there can be.

use crate::error::Error;

/// For what the program opens beside its load.
#[cfg(unix)]
const OTHERS: u64 = 64;

/// How many descriptors the program has; a few more than it does where the system does not say.
#[cfg(unix)]
fn in_use() -> u64 {
    // Linux and macOS have it.
    std::fs::read_dir("/dev/fd").map_or(OTHERS, |list| list.count() as u64)
}

/// Lets this program have `sockets` more, as far as the system allows.
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
    // macOS refuses more than OPEN_MAX even where the hard limit is unlimited, so no more than is
    // needed.
    setrlimit(Resource::RLIMIT_NOFILE, wanted, hard).map_err(failed)
}

/// Windows has no such limit; what it has, it says when a socket is made.
#[cfg(not(unix))]
pub(crate) fn make_room(_sockets: u64) -> Result<(), Error> {
    Ok(())
}
