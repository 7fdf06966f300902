//! Students' random secrets: giving them out, and the key that encrypts them.

use std::path::{Path, PathBuf};
use std::{fs, io};

use socklab_files::{sync_folder, unused_name, with_suffix};

use super::Archive;
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::keys::{KeyFile, SECRET, random};
use crate::mode::{damaged_secrets, has_secrets};
use crate::sql::{Sql, within};

/// New secrets, which do not count yet. First they must be written where their owners will find
/// them; then they are [given out](Archive::give_out).
pub struct NewSecrets {
    key: NewKey,
    secrets: Vec<(String, [u8; SECRET])>,
}

/// The key that encrypts the new secrets.
enum NewKey {
    /// The register's present key.
    Present(KeyFile),
    /// A new key, which will replace the key file at this path.
    Next(KeyFile, PathBuf),
}

impl NewSecrets {
    /// Each DNI with its secret.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8; SECRET])> {
        let secrets = self.secrets.iter();
        secrets.map(|(dni, secret)| (dni.as_str(), secret))
    }
}

const SECRETS: &str = "SELECT dni, secret FROM students WHERE secret IS NOT NULL ORDER BY dni";

impl Archive {
    /// Draws secrets for these DNIs. Creates the register's key if there are no secrets yet.
    ///
    /// # Errors
    /// When the key file belongs to another register, or is missing although there are secrets.
    pub fn draw_secrets(&mut self, dnis: &[String], key: &Path) -> Result<NewSecrets, Error> {
        let key = match key.exists() || next(key).exists() {
            true => open_key(&mut *self.sql, key)?.0,
            false if has_secrets(&mut *self.sql)? => {
                let detail = Detail::of(key, Detail::NoKeyFile);
                return Err(Error::new(ErrorKind::Key, detail));
            }
            false => KeyFile::create(key)?,
        };
        Ok(NewSecrets {
            key: NewKey::Present(key),
            secrets: draw(dnis)?,
        })
    }

    /// Draws a new key to replace a lost one, and new secrets for all students who have one.
    ///
    /// # Errors
    /// When the key cannot be written.
    pub fn draw_all_anew(&mut self, key: &Path) -> Result<NewSecrets, Error> {
        let rows = self.sql.rows(SECRETS, &[])?;
        let dnis: Result<Vec<String>, Error> = rows.iter().map(|row| row.text(0)).collect();
        let secrets = draw(&dnis?)?;
        // The next key would overwrite one that only lacks its name, whose secrets still count.
        let _ = open_key(&mut *self.sql, key);
        Ok(NewSecrets {
            key: NewKey::Next(create_next(key)?, key.to_owned()),
            secrets,
        })
    }

    /// Records the secrets, all of them or none. With `replace`, they replace earlier secrets;
    /// without it, none of the DNIs may have one.
    ///
    /// # Errors
    /// [`ErrorKind::Exists`] names a DNI that has a secret. After [`ErrorKind::KeyName`] the
    /// secrets count, and after [`ErrorKind::Uncertain`] they may; after all others they do not.
    pub fn give_out(&mut self, new: &NewSecrets, replace: bool) -> Result<(), Error> {
        let (NewKey::Present(key) | NewKey::Next(key, _)) = &new.key;
        let sql = match replace {
            true => {
                "INSERT INTO students (dni, secret) VALUES ($1, $2)
                 ON CONFLICT (dni) DO UPDATE SET secret = $2"
            }
            false => {
                "INSERT INTO students (dni, secret) VALUES ($1, $2)
                 ON CONFLICT (dni) DO UPDATE SET secret = $2 WHERE students.secret IS NULL"
            }
        };
        let mut written = false;
        let recorded = within(&mut *self.sql, |register| {
            for (dni, secret) in &new.secrets {
                let sealed = key.seal(dni, secret)?;
                if register.run(sql, &[dni.as_str().into(), sealed.into()])? == 0 {
                    let detail = Detail::Quoted(dni.clone());
                    return Err(Error::new(ErrorKind::Exists, detail));
                }
            }
            written = true;
            Ok(())
        });
        recorded.map_err(|error| match written {
            // Only the commit failed; its answer may have been lost.
            true => Error::new(ErrorKind::Uncertain, error.detail),
            false => error,
        })?;
        match &new.key {
            NewKey::Present(_) => Ok(()),
            NewKey::Next(_, path) => {
                if path.exists() {
                    // Keep the old file: it may be the key of another register.
                    fs::rename(path, unused_name(&with_suffix(path, ".old")))
                        .map_err(|e| key_name(path, e))?;
                }
                put_next(path)
            }
        }
    }

    /// Encrypts all secrets under a new key, which replaces the old one. Returns how many there
    /// are. [Damaged](Archive::damaged_secrets) secrets are left as they are.
    ///
    /// # Errors
    /// When the key is not that of the register; then nothing has changed. After
    /// [`ErrorKind::KeyName`] the new key is in use.
    pub fn rekey(&mut self, path: &Path) -> Result<u64, Error> {
        let (old, _) = open_key(&mut *self.sql, path)?;
        let next = create_next(path)?;
        let count = within(&mut *self.sql, |sql| {
            let mut count = 0;
            for row in sql.rows(SECRETS, &[])? {
                let dni = row.text(0)?;
                let Ok(secret) = old.unseal(&dni, &row.bytes(1)?) else {
                    continue;
                };
                let sealed = next.seal(&dni, &secret)?;
                let update = "UPDATE students SET secret = $1 WHERE dni = $2";
                if sql.run(update, &[sealed.into(), dni.into()])? != 1 {
                    return Err(Error::new(ErrorKind::Broken, Detail::NotRecorded));
                }
                count += 1;
            }
            Ok(count)
        })?;
        put_next(path)?;
        Ok(count)
    }
}

fn draw(dnis: &[String]) -> Result<Vec<(String, [u8; SECRET])>, Error> {
    dnis.iter()
        .map(|dni| Ok((dni.clone(), random()?)))
        .collect()
}

/// Checks that there is a key file, and that only its owner may read it.
pub(crate) fn key_is_there(path: &Path) -> Result<(), Error> {
    match next(path).exists() {
        true => Ok(()),
        false => KeyFile::open(path).map(drop),
    }
}

/// Opens a register's key, and checks that it belongs to this register. Also returns the DNIs whose
/// secrets it does not decrypt.
///
/// A new key is durable under another name before the secrets are encrypted under it, and only then
/// replaces the old one. If a program was stopped in between, this function does the replacing.
pub(crate) fn open_key(sql: &mut dyn Sql, path: &Path) -> Result<(KeyFile, Vec<String>), Error> {
    let open = |sql: &mut dyn Sql, path: &Path| {
        let key = KeyFile::open(path)?;
        let damaged = damaged_secrets(sql, &key)?;
        Ok((key, damaged))
    };
    open(sql, path).or_else(|error| {
        if !has_secrets(sql)? || open(sql, &next(path)).is_err() {
            return Err(error);
        }
        put_next(path)?;
        open(sql, path)
    })
}

/// The path of the key that is to replace this one.
fn next(path: &Path) -> PathBuf {
    with_suffix(path, ".next")
}

fn create_next(path: &Path) -> Result<KeyFile, Error> {
    let next = next(path);
    // The file may be left from a program that was stopped before it used the key.
    let _ = fs::remove_file(&next);
    KeyFile::create(&next)
}

/// Renames the new key to the old one's name. The old key is of no use any more.
fn put_next(path: &Path) -> Result<(), Error> {
    fs::rename(next(path), path).map_err(|e| key_name(path, e))?;
    // Ignore errors: if a power cut undoes the renaming, `open_key` does it again.
    let _ = sync_folder(path);
    Ok(())
}

fn key_name(path: &Path, error: io::Error) -> Error {
    Error::new(ErrorKind::KeyName, Detail::of(path, error))
}
