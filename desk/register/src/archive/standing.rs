//! The effects of the rules: who may be guessing, which attempts were turned away, and how far the
//! clock is behind.

use std::path::Path;
use std::time::Duration;

use socklab_core::Now;
use socklab_core::policy::ClockGuard;

use super::{Archive, open_key};
use crate::clock::{self, latest_accepted};
use crate::error::Error;
use crate::judge::NOTABLE;

impl Archive {
    /// How many attempts of a DNI were not recorded, because there were too many.
    ///
    /// # Errors
    /// When the register cannot be read; so for all methods that follow.
    pub fn turned_away(&mut self, dni: &str) -> Result<u64, Error> {
        let rows = self.sql.rows(
            "SELECT turned_away FROM tallies WHERE dni = $1",
            &[dni.into()],
        )?;
        rows.iter().map(|row| row.count(0)).sum()
    }

    /// By address (for IPv6, by /64): how many attempts were not recorded, because the register
    /// does not know the DNI or because there were too many. The highest count comes first. One of
    /// the addresses may be [`OTHER_ADDRESSES`](crate::OTHER_ADDRESSES).
    pub fn unrecorded(&mut self) -> Result<Vec<(String, u64)>, Error> {
        let rows = self.sql.rows(
            "SELECT ip, turned_away FROM tallies WHERE dni = '' AND turned_away > 0
             ORDER BY turned_away DESC, ip",
            &[],
        )?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.count(1)?)))
            .collect()
    }

    /// The DNIs with so many wrong codes in a row that somebody may be guessing.
    pub fn guessed_at(&mut self) -> Result<Vec<String>, Error> {
        let rows = self.sql.rows(
            "SELECT dni FROM tallies WHERE ip = '' AND failures >= $1 ORDER BY dni",
            &[NOTABLE.into()],
        )?;
        rows.iter().map(|row| row.text(0)).collect()
    }

    /// Resets a DNI's failures, so that it need not wait any more. Returns `false` if there were
    /// none.
    pub fn unlock(&mut self, dni: &str) -> Result<bool, Error> {
        let sql =
            "UPDATE tallies SET failures = 0, last_failure = 0 WHERE dni = $1 AND failures > 0";
        Ok(self.sql.run(sql, &[dni.into()])? > 0)
    }

    /// By how much a clock that shows this Unix time is behind the latest accepted code; `None`
    /// unless codes are refused because of it.
    pub fn clock_behind(&mut self, unix: Duration) -> Result<Option<Duration>, Error> {
        let accepted = latest_accepted(&mut *self.sql)?;
        let now = Now::at(unix, Duration::ZERO);
        Ok(ClockGuard::after(accepted).behind(now))
    }

    /// Declares that the clock is right now, and was ahead when later codes were accepted. Those
    /// codes stay used, but codes are judged again, also by a server that is running.
    pub fn trust_clock(&mut self) -> Result<(), Error> {
        clock::trust(&mut *self.sql)
    }

    /// The DNIs whose random secrets the key in a file does not decrypt.
    ///
    /// # Errors
    /// When the file cannot be read, or decrypts none.
    pub fn damaged_secrets(&mut self, key: &Path) -> Result<Vec<String>, Error> {
        Ok(open_key(&mut *self.sql, key)?.1)
    }
}
