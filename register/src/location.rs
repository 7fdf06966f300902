//! Where a register is.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use socklab_core::policy::Secret;

use crate::archive::Archive;
use crate::book::{Book, Rules};
use crate::error::Error;
use crate::keys::KeyFile;
use crate::postgres::Postgres;
use crate::sql::Sql;
use crate::sqlite::Sqlite;
use crate::writer::{Journal, Writer};

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
    /// Opens it for a server; a file is made if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened, is not a register, or could lose what is committed.
    pub fn serve(
        &self,
        rules: Rules,
        key: Option<&Path>,
        journal: Arc<dyn Journal>,
    ) -> Result<Writer, Error> {
        let secrets = match (rules.policy.secret, key) {
            (Secret::Random, Some(path)) => Some(KeyFile::open(path)?),
            _ => None,
        };
        let book = Book::new(self.connect(true)?, rules, secrets)?;
        Writer::start(book, journal)
    }

    /// Opens it for a lecturer; `create` makes the file if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened or is not a register.
    pub fn archive(&self, create: bool) -> Result<Archive, Error> {
        Archive::new(self.connect(create)?)
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
