//! What the server's clock has shown, as the register has it.

use std::time::Duration;

use crate::error::{Error, Trouble};
use crate::facts::from_micros;
use crate::sql::{Sql, recall, remember, within};

/// The register's own value with the last attempt before which the clock was wrong.
const RIGHT_AFTER: &str = "clock-right-after";

/// When the latest code was accepted, as far as a lecturer has not said that the clock was wrong.
pub(crate) fn latest_accepted(sql: &mut dyn Sql) -> Result<Duration, Error> {
    let after = match recall(sql, RIGHT_AFTER)? {
        Some(bytes) => {
            let damaged = |_| Error::new(Trouble::Broken, "its note of the clock is damaged");
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

/// Whatever was accepted until now was accepted while the clock was wrong.
pub(crate) fn trust(sql: &mut dyn Sql) -> Result<(), Error> {
    within(sql, |sql| {
        let last = sql
            .number("SELECT max(id) FROM attempts", &[])?
            .unwrap_or(0);
        remember(sql, RIGHT_AFTER, &last.to_be_bytes())
    })
}
