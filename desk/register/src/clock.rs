//! What the server's clock has shown, as the register has it.

use std::time::Duration;

use crate::error::{Error, Trouble};
use crate::facts::from_micros;
use crate::sql::{Sql, within};

/// When the latest code was accepted, as far as a lecturer has not said that the clock was wrong.
pub(crate) fn latest_accepted(sql: &mut dyn Sql) -> Result<Duration, Error> {
    let row = sql.row(
        "SELECT value FROM meta WHERE key = 'clock-right-after'",
        &[],
    )?;
    let after = match row {
        Some(row) => {
            let bytes = row.bytes(0)?;
            let damaged = |_| Error::new(Trouble::Broken, "its note of the clock is damaged");
            i64::from_be_bytes(bytes.as_slice().try_into().map_err(damaged)?)
        }
        None => 0,
    };
    let row = sql.row(
        "SELECT max(at) FROM attempts WHERE id > $1 AND code IS NOT NULL",
        &[after.into()],
    )?;
    let last = row.map_or(Ok(None), |row| row.maybe_int(0))?;
    Ok(from_micros(last.unwrap_or(0)))
}

/// Whatever was accepted until now was accepted while the clock was wrong.
pub(crate) fn trust(sql: &mut dyn Sql) -> Result<(), Error> {
    within(sql, |sql| {
        let row = sql.row("SELECT max(id) FROM attempts", &[])?;
        let last = row.map_or(Ok(None), |row| row.maybe_int(0))?.unwrap_or(0);
        sql.run(
            "INSERT INTO meta (key, value) VALUES ('clock-right-after', $1)
             ON CONFLICT (key) DO UPDATE SET value = $1",
            &[last.to_be_bytes()[..].into()],
        )?;
        Ok(())
    })
}
