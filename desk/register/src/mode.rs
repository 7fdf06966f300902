//! What a register's codes are made from: DNIs or random secrets. The register remembers it.
//! Otherwise a server started without the option would accept codes that anyone who knows a DNI can
//! make.

use socklab_core::policy::SecretKind;

use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::keys::KeyFile;
use crate::sql::{Sql, recall, remember};

/// The register's own value with what its codes are made from.
const SECRET: &str = "secret";

/// What a register's codes are made from, and what they were made from before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mode {
    pub(crate) secret: SecretKind,
    pub(crate) before: Option<SecretKind>,
    /// Whether the register has yet to remember it.
    is_news: bool,
}

impl Mode {
    /// What a lecturer has said, or else what the register remembers.
    pub(crate) fn of(sql: &mut dyn Sql, said: Option<SecretKind>) -> Result<Mode, Error> {
        let remembered = remembered(sql)?;
        let before = match remembered {
            None if has_secrets(sql)? => Some(SecretKind::Random),
            known => known,
        };
        let secret = said.or(before).unwrap_or_default();
        Ok(Mode {
            secret,
            before,
            // Do not remember a DNI that nobody chose: once secrets are given out, they must count.
            is_news: remembered != Some(secret) && (said.is_some() || secret == SecretKind::Random),
        })
    }

    /// Writes it into the register.
    pub(crate) fn remember(self, sql: &mut dyn Sql) -> Result<(), Error> {
        if self.is_news {
            remember(sql, SECRET, name(self.secret))?;
        }
        Ok(())
    }
}

/// What the register remembers.
fn remembered(sql: &mut dyn Sql) -> Result<Option<SecretKind>, Error> {
    let Some(bytes) = recall(sql, SECRET)? else {
        return Ok(None);
    };
    let known = [SecretKind::Dni, SecretKind::Random];
    let known = known.into_iter().find(|one| name(*one) == bytes);
    let unknown = || Error::new(ErrorKind::Broken, Detail::Own(SECRET.to_owned()));
    known.ok_or_else(unknown).map(Some)
}

const fn name(secret: SecretKind) -> &'static [u8] {
    match secret {
        SecretKind::Dni => b"dni",
        SecretKind::Random => b"random",
    }
}

/// Whether random secrets have been given out.
pub(crate) fn has_secrets(sql: &mut dyn Sql) -> Result<bool, Error> {
    let any = "SELECT dni FROM students WHERE secret IS NOT NULL LIMIT 1";
    Ok(sql.row(any, &[])?.is_some())
}

/// Decrypts every secret. Returns the DNIs of those that cannot be decrypted. If none can, it is an
/// error: the key must be wrong.
pub(crate) fn damaged_secrets(sql: &mut dyn Sql, key: &KeyFile) -> Result<Vec<String>, Error> {
    let all = "SELECT dni, secret FROM students WHERE secret IS NOT NULL ORDER BY dni";
    let rows = sql.rows(all, &[])?;
    let mut damaged = Vec::new();
    for row in &rows {
        let (dni, sealed) = (row.text(0)?, row.bytes(1)?);
        if key.unseal(&dni, &sealed).is_err() {
            damaged.push(dni);
        }
    }
    if !rows.is_empty() && damaged.len() == rows.len() {
        return Err(Error::new(ErrorKind::Key, Detail::WrongKey(rows.len())));
    }
    Ok(damaged)
}
