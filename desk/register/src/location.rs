//! The location of a register.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

use socklab_core::policy::SecretKind;
use socklab_files::{Outputs, is_in_memory};

use crate::archive::{Archive, key_is_there, open_key};
use crate::decider::Decider;
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::mode::Mode;
use crate::observer::{RegisterEvent, RegisterObserver};
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
        // Even an invalid address counts as an address, and is refused when it is opened. Otherwise
        // a file might be named after a password.
        Ok(if text.contains("://") || text.contains("password=") {
            Location::Postgres(text.to_owned())
        } else {
            Location::File(text.into())
        })
    }
}

/// Hides a password in the address, so that it does not get into logs.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Location::File(path) => write!(f, "{}", path.display()),
            Location::Postgres(url) => {
                let parts = url.split_once("://");
                let place = parts.and_then(|(_, rest)| server_and_database(rest));
                let scheme = parts.map_or("postgres", |(scheme, _)| scheme);
                write!(f, "{scheme}://{}", place.unwrap_or("…"))
            }
        }
    }
}

/// The part of an address that certainly has no password; `None` if that cannot be told. A password
/// may contain any character, also those that separate the parts.
fn server_and_database(rest: &str) -> Option<&str> {
    let (place, options) = rest.split_once('?').unwrap_or((rest, ""));
    let host = place.rsplit_once('@').map_or(place, |(_, host)| host);
    let (server, _) = host.split_once('/').unwrap_or((host, ""));
    // Without a host, the password stands in the port's place.
    let (_, port) = server.rsplit_once(':').unwrap_or_default();
    let is_port = port.ends_with(']') || port.bytes().all(|byte| byte.is_ascii_digit());
    (is_port && !options.contains('@')).then_some(host)
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Location {
    /// Opens the register for a server. Creates the file if it does not exist. All random secrets
    /// are decrypted once, with the key in the given file, or in the [default
    /// one](Location::key_file).
    ///
    /// # Errors
    /// When the register cannot be opened, is not a register, or could lose committed data, or when
    /// the key decrypts none of the secrets.
    pub fn serve(
        &self,
        rules: Rules,
        key: Option<&Path>,
        observer: Arc<dyn RegisterObserver>,
    ) -> Result<Writer, Error> {
        let key = key.map_or_else(|| self.key_file(), Path::to_owned);
        // Check the key first, so that no register is created without its key.
        if rules.secret == Some(SecretKind::Random) {
            key_is_there(&key)?;
        }
        let mut sql = self.connect(true)?;
        // Sync what a previous server may have left unsynced, before it is confirmed as recorded.
        sql.merge(Merge::Idle)?;
        for notice in sql.notices() {
            observer.event(&RegisterEvent::Notice(notice));
        }
        let mode = Mode::of(&mut *sql, rules.secret)?;
        let secrets = match mode.secret {
            SecretKind::Dni => None,
            SecretKind::Random => {
                let (file, dnis) = open_key(&mut *sql, &key)?;
                if !dnis.is_empty() {
                    let detail = Detail::Sealed;
                    observer.event(&RegisterEvent::Damaged { dnis, detail });
                }
                Some(file)
            }
        };
        mode.remember(&mut *sql)?;
        match (rules.secret, mode.secret, mode.before) {
            (None, SecretKind::Random, _) => observer.event(&RegisterEvent::SecretsRemembered),
            (_, SecretKind::Dni, Some(SecretKind::Random)) => {
                observer.event(&RegisterEvent::SecretsGivenUp);
            }
            _ => {}
        }
        let decider = Decider::new(sql, rules, mode.secret, secrets)?;
        Writer::start(decider, observer)
    }

    /// Opens an existing register for a lecturer.
    ///
    /// # Errors
    /// When there is no register, or it cannot be opened.
    pub fn archive(&self) -> Result<Archive, Error> {
        Archive::new(self.connect(false)?)
    }

    /// Opens a register for a lecturer, and creates the file if it does not exist.
    ///
    /// # Errors
    /// When the register cannot be opened, or is not a register.
    pub fn archive_or_create(&self) -> Result<Archive, Error> {
        Archive::new(self.connect(true)?)
    }

    /// Replaces the register by a copy of a backup, while no server uses it. Keeps the old register
    /// under another name, which it returns.
    ///
    /// # Errors
    /// When the backup is not an undamaged register, or the register is in use. Then the register
    /// is unchanged.
    pub fn restore(&self, backup: &Path) -> Result<Option<PathBuf>, Error> {
        match self {
            Location::File(path) => sqlite::restore(backup, path),
            Location::Postgres(_) => Err(Error::new(ErrorKind::Input, Detail::PostgresBackup)),
        }
    }

    /// Whether the register is a file that is lost when the machine restarts.
    pub fn is_in_memory(&self) -> bool {
        matches!(self, Location::File(path) if is_in_memory(path))
    }

    /// Protects the register's file, and the files beside it, from being overwritten by a command's
    /// outputs.
    pub fn protect(&self, outputs: &mut Outputs) {
        if let Location::File(path) = self {
            outputs.protect_database(path);
        }
        outputs.protect(self.key_file());
    }

    /// The default path of the key file, for the key that encrypts random secrets. For a file, it
    /// is beside the register; for a PostgreSQL server, in the working folder.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_shown_without_its_password() {
        for (address, shown) in [
            ("postgres://ana@host/lab", "postgres://host/lab"),
            (
                "postgres://host:5432/lab?user=ana",
                "postgres://host:5432/lab",
            ),
            ("postgres://[::1]/lab", "postgres://[::1]/lab"),
            (
                "postgres://ana:s3cret@[::1]:5432/lab",
                "postgres://[::1]:5432/lab",
            ),
            ("postgres://ana:s3c/r@et@host/lab", "postgres://host/lab"),
            ("postgres://host/lab?password=s3cret", "postgres://host/lab"),
            ("postgres://ana:s3cret?x@host/lab", "postgres://…"),
            ("postgres://ana:s3c@r?et@host/lab", "postgres://…"),
            ("postgres://ana@host/lab?password=s3c@ret", "postgres://…"),
            ("postgres://ana:s3cret", "postgres://…"),
            ("postgres://ana:s3cret/lab", "postgres://…"),
            ("host=h user=ana password=s3cret", "postgres://…"),
        ] {
            let location: Location = address.parse().unwrap_or_else(|error| match error {});
            assert_eq!(location.to_string(), shown);
            assert_eq!(format!("{location:?}"), shown);
        }
    }
}
