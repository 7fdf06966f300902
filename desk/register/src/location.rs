//! Where a register is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use socklab_core::policy::Secret;
use socklab_files::{Outputs, is_in_memory};

use crate::archive::{Archive, key_is_there, open_key};
use crate::book::Book;
use crate::error::{Error, Trouble};
use crate::journal::{Event, Journal};
use crate::mode::Mode;
use crate::postgres::Postgres;
use crate::rules::Rules;
use crate::sql::{Merge, Sql};
use crate::sqlite::{self, Sqlite};
use crate::writer::Writer;

/// A file, or a PostgreSQL server.
#[derive(Clone, PartialEq, Eq)]
pub enum Location {
    /// A file, on a local disk.
    File(PathBuf),
    /// `postgres://user@host/database`.
    Postgres(String),
}

impl FromStr for Location {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        // What is not a good address is refused as one when it is opened: a file would be named
        // after a password.
        Ok(if text.contains("://") {
            Location::Postgres(text.to_owned())
        } else {
            Location::File(text.into())
        })
    }
}

/// A password in the address stays out of logs.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::File(path) => write!(f, "{}", path.display()),
            Location::Postgres(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or(("postgres", url));
                let place = rest.split_once('?').map_or(rest, |(place, _)| place);
                let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
                write!(f, "{scheme}://{host}")
            }
        }
    }
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Location {
    /// Opens it for a server; a file is made if it is not there. Random secrets are all decrypted
    /// once, with the key in that file, or in [its usual one](Location::key_file).
    ///
    /// # Errors
    /// When it cannot be opened, is not a register, or could lose what is committed; when the key
    /// decrypts none of the secrets.
    pub fn serve(
        &self,
        rules: Rules,
        key: Option<&Path>,
        journal: Arc<dyn Journal>,
    ) -> Result<Writer, Error> {
        let key = key.map_or_else(|| self.key_file(), Path::to_owned);
        // Without its key no register is made.
        if rules.secret == Some(Secret::Random) {
            key_is_there(&key)?;
        }
        let mut sql = self.connect(true)?;
        // What a server before had not synced must not be confirmed as if it were.
        sql.merge(Merge::Idle)?;
        for notice in sql.notices() {
            journal.event(&Event::Notice(notice));
        }
        let mode = Mode::of(&mut *sql, rules.secret)?;
        let secrets = match mode.secret {
            Secret::Dni => None,
            Secret::Random => {
                let (file, dnis) = open_key(&mut *sql, &key)?;
                if !dnis.is_empty() {
                    let detail = "the key file does not decrypt their secrets".to_owned();
                    journal.event(&Event::Damaged { dnis, detail });
                }
                Some(file)
            }
        };
        mode.remember(&mut *sql)?;
        match (rules.secret, mode.secret, mode.before) {
            (None, Secret::Random, _) => journal.event(&Event::SecretsRemembered),
            (_, Secret::Dni, Some(Secret::Random)) => journal.event(&Event::SecretsGivenUp),
            _ => {}
        }
        let book = Book::new(sql, rules, mode.secret, secrets)?;
        Writer::start(book, journal)
    }

    /// Opens it for a lecturer; `create` makes the file if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened or is not a register.
    pub fn archive(&self, create: bool) -> Result<Archive, Error> {
        Archive::new(self.connect(create)?)
    }

    /// Puts a copy of a backup in the register's place, while no server uses it. What was there
    /// keeps another name, which is returned.
    ///
    /// # Errors
    /// When the backup is no whole register, or the register is in use; then it stays as it was.
    pub fn restore(&self, backup: &Path) -> Result<Option<PathBuf>, Error> {
        match self {
            Location::File(path) => sqlite::restore(backup, path),
            Location::Postgres(_) => {
                let detail = "a register on PostgreSQL is restored by PostgreSQL's own programs";
                Err(Error::new(Trouble::Input, detail))
            }
        }
    }

    /// Whether it is a file that is gone when the machine restarts.
    pub fn is_in_memory(&self) -> bool {
        matches!(self, Location::File(path) if is_in_memory(path))
    }

    /// Has none of a command's outputs be the register's file, nor what stands beside it.
    pub fn keep(&self, outputs: &mut Outputs) {
        if let Location::File(path) = self {
            outputs.keep_database(path);
        }
        outputs.keep(self.key_file());
    }

    /// The file of the key under which random secrets are encrypted, where none is named: beside
    /// the register's own; in the working folder for a server's.
    pub fn key_file(&self) -> PathBuf {
        match self {
            Location::File(path) => {
                let mut name = path.clone().into_os_string();
                name.push(".key");
                name.into()
            }
            Location::Postgres(_) => "socklab.key".into(),
        }
    }

    fn connect(&self, create: bool) -> Result<Box<dyn Sql>, Error> {
        Ok(match self {
            Location::File(path) => Box::new(Sqlite::open(path, create)?),
            Location::Postgres(url) => Box::new(Postgres::open(url)?),
        })
    }
}
