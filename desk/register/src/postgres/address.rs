//! Where a PostgreSQL server is, how its connection is encrypted, and with which password.
//!
//! An address has no password, because everybody on the computer could read it in the process list.
//! The password comes from `PGPASSWORD` or from the password file, as in PostgreSQL's own programs.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socklab_tls::Trust;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::connection::DEADLINE;
use super::tls::Tls;
use super::{cause, opening};
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};

/// PostgreSQL's default port.
const PORT: u16 = 5432;

/// How a server is reached.
pub(super) struct Address {
    pub(super) config: Config,
    /// `None` for a connection that is not encrypted.
    pub(super) tls: Option<Tls>,
}

impl Address {
    /// Reads `postgres://user@host/database?sslmode=…`.
    pub(super) fn read(url: &str) -> Result<Self, Error> {
        let (plain, options) = TlsOptions::split(url)?;
        let read: Result<Config, _> = plain.parse();
        let mut config = read.map_err(|error| opening(cause(&error)))?;
        if config.get_password().is_some() {
            return Err(has_password());
        }
        let tls = options.tls()?;
        config.ssl_mode(match tls {
            Some(_) => SslMode::Require,
            None => SslMode::Disable,
        });
        if let Some(password) = password(&config)? {
            config.password(password);
        }
        config
            .application_name("socklab")
            .connect_timeout(DEADLINE)
            // End the connection if sent data stay unacknowledged, or if the peer is gone while no
            // data are sent.
            .tcp_user_timeout(DEADLINE)
            .keepalives(true)
            .keepalives_idle(Duration::from_secs(30))
            .keepalives_interval(Duration::from_secs(5))
            .keepalives_retries(3);
        Ok(Address { config, tls })
    }
}

/// The TLS options of an address. `tokio-postgres` knows only some of them.
#[derive(Debug, Default)]
struct TlsOptions {
    mode: Option<String>,
    root: Option<String>,
}

impl TlsOptions {
    /// Splits an address into the address without the TLS options, its scheme in lower case, and
    /// these options.
    fn split(url: &str) -> Result<(String, TlsOptions), Error> {
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let scheme = scheme.to_lowercase();
        if !["postgres", "postgresql"].contains(&scheme.as_str()) {
            return Err(opening(Detail::Scheme));
        }
        // Look for a password before anything can be wrong, because an error quotes what is wrong.
        if rest
            .split_once('@')
            .is_some_and(|(user, _)| user.contains(':'))
        {
            return Err(has_password());
        }
        let (place, query) = rest.split_once('?').unwrap_or((rest, ""));
        if query.split('&').any(|pair| pair.starts_with("password=")) {
            return Err(has_password());
        }
        let mut options = TlsOptions::default();
        let mut others = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=') {
                Some(("sslmode", mode)) => options.mode = Some(mode.to_owned()),
                Some(("sslrootcert", file)) => options.root = Some(decoded(file)?),
                _ => others.push(pair),
            }
        }
        let query = match others.is_empty() {
            true => String::new(),
            false => format!("?{}", others.join("&")),
        };
        Ok((format!("{scheme}://{place}{query}"), options))
    }

    fn tls(&self) -> Result<Option<Tls>, Error> {
        let trust = match (self.mode.as_deref(), self.root.as_deref()) {
            (None | Some("disable"), None) => return Ok(None),
            (Some("require"), None) => Trust::Unverified,
            (Some("verify-full"), None | Some("system")) => Trust::Public,
            (Some("verify-full"), Some(file)) => {
                let failed = |error| opening(Detail::of(Path::new(file), error));
                let read = fs::read(file).map_err(failed);
                Trust::These(read?)
            }
            (None | Some("disable" | "require"), Some(_)) => {
                return Err(opening(Detail::SslRootCert));
            }
            (Some(other), _) => return Err(opening(Detail::SslMode(other.to_owned()))),
        };
        let config = socklab_tls::client(&trust).map_err(|error| match &self.root {
            Some(file) => opening(Detail::of(Path::new(file), error)),
            None => opening(error),
        })?;
        Ok(Some(Tls(config)))
    }
}

fn has_password() -> Error {
    Error::new(ErrorKind::Password, Detail::None)
}

/// Percent-decodes a part of a URL.
fn decoded(text: &str) -> Result<String, Error> {
    let bad = || opening(Detail::Percent(text.to_owned()));
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let digits = rest.get(..2).and_then(|two| str::from_utf8(two).ok());
        let byte = digits.and_then(|two| u8::from_str_radix(two, 16).ok());
        bytes.push(byte.ok_or_else(bad)?);
        rest = &rest[2..];
    }
    String::from_utf8(bytes).map_err(|_| bad())
}

fn password(config: &Config) -> Result<Option<String>, Error> {
    if let Ok(password) = env::var("PGPASSWORD") {
        return Ok(Some(password));
    }
    let Some(file) = password_file() else {
        return Ok(None);
    };
    let Ok(text) = fs::read_to_string(&file) else {
        return Ok(None);
    };
    let user = config
        .get_user()
        .map(str::to_owned)
        .or_else(|| env::var("USER").ok());
    let user = user.unwrap_or_default();
    let (host, port) = match config.get_hosts().first() {
        Some(Host::Tcp(name)) => (name.clone(), config.get_ports().first()),
        #[cfg(unix)]
        Some(Host::Unix(path)) => (path.display().to_string(), config.get_ports().first()),
        None => return Ok(None),
    };
    let port = port.copied().unwrap_or(PORT).to_string();
    let database = config.get_dbname().unwrap_or(&user).to_owned();
    let found = in_password_file(&text, [&host, &port, &database, &user]);
    if found.is_some() {
        private(&file)?;
    }
    Ok(found)
}

fn password_file() -> Option<PathBuf> {
    if let Some(file) = env::var_os("PGPASSFILE") {
        return Some(file.into());
    }
    let (folder, name) = match cfg!(windows) {
        true => ("APPDATA", "postgresql/pgpass.conf"),
        false => ("HOME", ".pgpass"),
    };
    Some(Path::new(&env::var_os(folder)?).join(name))
}

/// Refuses a password file that other users can read.
fn private(file: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(file).map_or(0, |data| data.permissions().mode() & 0o777);
        if mode & 0o077 != 0 {
            return Err(opening(Detail::of(file, Detail::OpenToAll(mode))));
        }
    }
    let _ = file;
    Ok(())
}

/// The password of the first matching line `host:port:database:user:password`. `*` matches any
/// value; a backslash escapes a colon or a backslash.
fn in_password_file(text: &str, wanted: [&str; 4]) -> Option<String> {
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .find_map(|line| {
            let fields = fields(line);
            let [host, port, database, user, password] = fields.as_slice() else {
                return None;
            };
            let mut pairs = [host, port, database, user].into_iter().zip(wanted);
            let fits = pairs.all(|(field, wanted)| field == "*" || field == wanted);
            fits.then(|| password.clone())
        })
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut letters = line.chars();
    while let Some(letter) = letters.next() {
        let meant = match letter {
            // Further colons belong to the password.
            ':' if fields.len() < 5 => {
                fields.push(String::new());
                continue;
            }
            '\\' => letters.next().unwrap_or('\\'),
            other => other,
        };
        if let Some(field) = fields.last_mut() {
            field.push(meant);
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_of_a_file() {
        let text = "# host:port:database:user:password\n\
                    db.example:5432:lab:ana:first\n\
                    db.example:*:*:ana:se\\:co\\\\nd:x\n\
                    too:short\n\
                    *:*:*:*:any\n";
        let of = |host: &str, port: &str, database: &str, user: &str| {
            in_password_file(text, [host, port, database, user])
        };
        assert_eq!(
            of("db.example", "5432", "lab", "ana").as_deref(),
            Some("first")
        );
        assert_eq!(
            of("db.example", "5433", "lab", "ana").as_deref(),
            Some("se:co\\nd:x")
        );
        assert_eq!(
            of("db.example", "5433", "lab", "eva").as_deref(),
            Some("any")
        );
        assert_eq!(in_password_file("h:1:d:u:p", ["h", "1", "d", "v"]), None);
    }

    fn refused(url: &str) -> Error {
        Address::read(url).map(|_| ()).expect_err(url)
    }

    #[test]
    fn an_address_has_no_password() {
        for url in [
            "postgres://ana:s3cret@127.0.0.1/lab",
            "Postgres://ana:s3cret@127.0.0.1/lab",
            "postgresql://ana@127.0.0.1/lab?password=s3cret",
            "postgres://ana:s3cret?x@127.0.0.1/lab",
            "postgres://ana:x@y?s3cret=z@127.0.0.1/lab",
            "postgresql://ana@127.0.0.1/lab?password=x&s3cret=y",
            "postgresql://ana@127.0.0.1/lab?sslrootcert=%&password=s3cret",
        ] {
            assert_eq!(refused(url), has_password());
        }
    }

    #[test]
    fn how_it_is_encrypted() {
        let reads = |url: &str| Address::read(url).map(|read| read.tls.is_some());
        let place = "postgres://ana@127.0.0.1/lab";
        assert_eq!(reads(place), Ok(false));
        for (options, tls) in [
            ("sslmode=disable", false),
            ("sslmode=require", true),
            ("sslmode=verify-full", true),
            ("sslmode=verify-full&sslrootcert=system", true),
            ("connect_timeout=3&sslmode=require", true),
        ] {
            assert_eq!(reads(&format!("{place}?{options}")), Ok(tls), "{options}");
        }
        let gone = Path::new("/no/ca.pem");
        let not_found = fs::read(gone).expect_err("no such file");
        for (options, detail) in [
            ("sslmode=verify-ca", Detail::SslMode("verify-ca".into())),
            ("sslmode=require&sslrootcert=ca.pem", Detail::SslRootCert),
            (
                "sslmode=verify-full&sslrootcert=%2Fno%2Fca.pem",
                Detail::of(gone, not_found),
            ),
            (
                "sslmode=verify-full&sslrootcert=%2",
                Detail::Percent("%2".into()),
            ),
        ] {
            assert_eq!(refused(&format!("{place}?{options}")), opening(detail));
        }
        assert_eq!(refused("mysql://ana@x/lab"), opening(Detail::Scheme));
    }
}
