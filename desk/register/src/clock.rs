//! What the register records about the server's clock.

use std::time::Duration;

use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::facts::from_micros;
use crate::sql::{Sql, recall, remember, within};

/// The key in `meta` of the last attempt up to which the clock was wrong.
const RIGHT_AFTER: &str = "clock-right-after";

/// When the latest code was accepted. Ignores codes that were accepted before a lecturer declared
/// that the clock had been wrong.
pub(crate) fn latest_accepted(sql: &mut dyn Sql) -> Result<Duration, Error> {
    let after = match recall(sql, RIGHT_AFTER)? {
        Some(bytes) => {
            let damaged = |_| Error::new(ErrorKind::Broken, Detail::Own(RIGHT_AFTER.to_owned()));
            i64::from_be_bytes(bytes.as_slice().try_into().map_err(damaged)?)
        }
        None => 0,
    };
    let last = sql.number(
        "SELECT max(at) FROM attempts WHERE id > $1 AND code IS NOT NULL",
        &[after.into()],
    )?;
    Ok(from_micros(last.unwrap_or(0)))
}

/// Declares that the clock was wrong when codes were accepted so far.
pub(crate) fn trust(sql: &mut dyn Sql) -> Result<(), Error> {
    within(sql, |sql| {
        let last = sql
            .number("SELECT max(id) FROM attempts", &[])?
            .unwrap_or(0);
        remember(sql, RIGHT_AFTER, &last.to_be_bytes())
    })
}
