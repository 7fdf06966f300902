//! What is behind a register's error, in words.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socklab_text::{Messages, impl_error, system_error};

/// What is behind an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Detail {
    /// The kind of error says everything.
    None,
    /// What the system or the database says itself, or a name.
    Quoted(String),
    /// The detail is about this file and not about the register.
    Of(PathBuf, Box<Detail>),
    /// A certificate cannot be used.
    Tls(socklab_tls::Error),
    /// The system has no random bytes.
    NoRandomBytes,

    /// A name exists that must be unused.
    Exists,
    /// The path is that of a folder or a device.
    NotAFile,
    /// The path is not UTF-8 text.
    NotText,
    /// SQLite would not take the name for that of a file.
    SqliteName(String),
    /// The register's file was moved, deleted or replaced.
    Moved,
    /// The register's log was moved or deleted.
    LogMoved,
    /// The register's file has other contents.
    Replaced,
    /// Another program reads the register.
    Read,
    /// A register that can only be read has a log, which would have to be merged.
    HasLog,
    /// A register that can only be read has an older schema, or is none.
    OtherVersion,
    /// The file is a database of another program.
    OtherProgram,
    /// The schema is newer than this program.
    Schema {
        /// The register's version.
        version: i64,
        /// The newest version that this program knows.
        newest: i64,
    },
    /// SQLite did not accept the settings on which durability depends.
    Settings {
        /// The journal mode.
        mode: String,
        /// How SQLite syncs.
        synchronous: i64,
    },

    /// A backup is the register that it is to replace.
    Itself,
    /// The backup is not a register.
    NotARegister,
    /// The backup is damaged; what SQLite says of it.
    Damaged(String),
    /// PostgreSQL makes and restores its own backups.
    PostgresBackup,

    /// The server syncs nothing.
    NoFsync,
    /// The database server did not answer within this time.
    NoAnswer(Duration),
    /// Not the address of a PostgreSQL server.
    Scheme,
    /// An unknown `sslmode`.
    SslMode(String),
    /// `sslrootcert` without `sslmode=verify-full`.
    SslRootCert,
    /// A per-cent sign in this text is not followed by two hexadecimal digits.
    Percent(String),

    /// Other users may read a secret file, which has this mode.
    OpenToAll(u32),
    /// The file is not a key file.
    NotAKey,
    /// The key file is missing, and the register has secrets.
    NoKeyFile,
    /// The key decrypts none of so many secrets.
    WrongKey(usize),
    /// The key does not decrypt a student's secret.
    Sealed,
    /// A secret cannot be encrypted.
    NotSealed,

    /// A column has an unexpected value.
    Column {
        /// Which column, from 0.
        at: usize,
        /// Its value.
        found: String,
    },
    /// One of the register's own values is missing or damaged.
    Own(String),
    /// The attempt of this submission is missing.
    NoAttempt(u64),
    /// A change was not recorded.
    NotRecorded,
    /// Another server accepted the same code at the same moment.
    UsedMeanwhile,
    /// The grade is not between 0 and the maximum.
    Grade {
        /// The grade.
        grade: String,
        /// The maximum.
        maximum: String,
    },
}

impl Detail {
    pub(crate) fn of(path: &Path, detail: impl Into<Detail>) -> Self {
        Detail::Of(path.to_owned(), Box::new(detail.into()))
    }

    /// Says it in the user's language.
    pub fn say(&self, messages: &dyn Messages) -> String {
        match self {
            Detail::None => String::new(),
            Detail::Quoted(said) => system_error::quoted(messages, said),
            Detail::Of(file, detail) => {
                let detail = detail.say(messages);
                messages.say_with("file-error", &[("file", file), ("detail", &detail)])
            }
            Detail::Tls(error) => error.say(messages),
            Detail::NoRandomBytes => messages.say("detail-no-random-bytes"),
            Detail::Exists => messages.say("detail-exists"),
            Detail::NotAFile => messages.say("detail-not-a-file"),
            Detail::NotText => messages.say("detail-not-text"),
            Detail::SqliteName(name) => messages.say_with("detail-sqlite-name", &[("name", name)]),
            Detail::Moved => messages.say("detail-moved"),
            Detail::LogMoved => messages.say("detail-log-moved"),
            Detail::Replaced => messages.say("detail-replaced"),
            Detail::Read => messages.say("detail-read"),
            Detail::HasLog => messages.say("detail-has-log"),
            Detail::OtherVersion => messages.say("detail-other-version"),
            Detail::OtherProgram => messages.say("detail-other-program"),
            Detail::Schema { version, newest } => {
                let said = [("version", version as _), ("newest", newest as _)];
                messages.say_with("detail-schema", &said)
            }
            Detail::Settings { mode, synchronous } => messages.say_with(
                "detail-settings",
                &[("mode", mode), ("synchronous", synchronous)],
            ),
            Detail::Itself => messages.say("detail-itself"),
            Detail::NotARegister => messages.say("detail-not-a-register"),
            Detail::Damaged(fault) => messages.say_with("detail-damaged", &[("fault", fault)]),
            Detail::PostgresBackup => messages.say("detail-postgres-backup"),
            Detail::NoFsync => messages.say("detail-no-fsync"),
            Detail::NoAnswer(time) => messages.say_with("detail-no-answer", &[("seconds", time)]),
            Detail::Scheme => messages.say("detail-scheme"),
            Detail::SslMode(mode) => messages.say_with("detail-ssl-mode", &[("mode", mode)]),
            Detail::SslRootCert => messages.say("detail-ssl-root-cert"),
            Detail::Percent(text) => messages.say_with("detail-percent", &[("text", text)]),
            Detail::OpenToAll(mode) => {
                let mode = format!("{mode:03o}");
                messages.say_with("detail-open-to-all", &[("mode", &mode)])
            }
            Detail::NotAKey => messages.say("detail-not-a-key"),
            Detail::NoKeyFile => messages.say("detail-no-key-file"),
            Detail::WrongKey(count) => messages.say_with("detail-wrong-key", &[("count", count)]),
            Detail::Sealed => messages.say("detail-sealed"),
            Detail::NotSealed => messages.say("detail-not-sealed"),
            Detail::Column { at, found } => {
                messages.say_with("detail-column", &[("at", at), ("found", found)])
            }
            Detail::Own(key) => messages.say_with("detail-own", &[("key", key)]),
            Detail::NoAttempt(number) => {
                messages.say_with("detail-no-attempt", &[("number", number)])
            }
            Detail::NotRecorded => messages.say("detail-not-recorded"),
            Detail::UsedMeanwhile => messages.say("detail-used-meanwhile"),
            Detail::Grade { grade, maximum } => {
                messages.say_with("detail-grade", &[("grade", grade), ("maximum", maximum)])
            }
        }
    }
}

impl_error!(Detail);

impl From<io::Error> for Detail {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::AlreadyExists => Detail::Exists,
            _ => Detail::Quoted(error.to_string()),
        }
    }
}

impl From<rusqlite::Error> for Detail {
    fn from(error: rusqlite::Error) -> Self {
        Detail::Quoted(error.to_string())
    }
}

impl From<socklab_tls::Error> for Detail {
    fn from(error: socklab_tls::Error) -> Self {
        Detail::Tls(error)
    }
}
