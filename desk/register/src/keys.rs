//! The register's own key, and the students' secrets.

use std::fs;
use std::io;
use std::path::Path;

use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use socklab_core::register::Receipt;
use socklab_files::new_secret;

use crate::detail::Detail;
use crate::error::{Error, ErrorKind};

/// The length of a student's random secret, in bytes: 160 bits, as RFC 4226, 4, R6 recommends.
pub(crate) const SECRET: usize = 20;

/// The length of the register's key and of the key file, in bytes.
pub(crate) const KEY: usize = 32;

/// The characters of receipts (Crockford's base32): none looks like another.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// Cryptographically random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    let filled = SystemRandom::new().fill(&mut bytes);
    filled.map_err(|_| Error::new(ErrorKind::Open, Detail::NoRandomBytes))?;
    Ok(bytes)
}

/// The register's own key, which is stored in it. It makes receipts, and the hashes that stand for
/// DNIs.
pub(crate) struct RegisterKey(hmac::Key);

impl RegisterKey {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        RegisterKey(hmac::Key::new(hmac::HMAC_SHA256, bytes))
    }

    /// The hash that stands for a student in the list of used codes.
    pub(crate) fn student(&self, dni: &str) -> [u8; 32] {
        self.tag(&["student", dni])
    }

    /// The receipt of a submission: 50 bits of an HMAC-SHA-256 over all its fields.
    pub(crate) fn receipt(&self, lab: &str, dni: &str, number: u64, at: i64) -> Receipt {
        let (number, at) = (number.to_string(), at.to_string());
        let tag = self.tag(&["receipt", lab, dni, &number, &at]);
        let bits = tag[..8]
            .iter()
            .fold(0_u64, |bits, &byte| bits << 8 | u64::from(byte));
        let text: [u8; 10] = std::array::from_fn(|at| ALPHABET[(bits >> (5 * at) & 31) as usize]);
        Receipt::of(&text).unwrap_or_else(|| unreachable!("letters and digits"))
    }

    /// Separates the fields by NUL, which neither a DNI nor a lab contains.
    fn tag(&self, fields: &[&str]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for (n, field) in fields.iter().enumerate() {
            if n > 0 {
                context.update(b"\0");
            }
            context.update(field.as_bytes());
        }
        let mut tag = [0; 32];
        tag.copy_from_slice(context.sign().as_ref());
        tag
    }
}

/// Normalises a receipt that was typed: removes hyphens and blanks, capitalises, and replaces
/// letters that look like digits.
pub(crate) fn tidy_receipt(text: &str) -> Option<Receipt> {
    let text: String = text
        .chars()
        .filter(|letter| !letter.is_whitespace() && *letter != '-')
        .map(|letter| match letter.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    Receipt::of(text.as_bytes())
}

/// The key file, which encrypts the students' secrets. The register alone does not reveal them.
pub(crate) struct KeyFile(LessSafeKey);

impl KeyFile {
    /// Reads the file.
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        let refused = |detail| Error::new(ErrorKind::Key, Detail::of(path, detail));
        let failed = |error: io::Error| refused(error.into());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(path).map_err(failed)?.permissions().mode();
            if mode & 0o077 != 0 {
                return Err(refused(Detail::OpenToAll(mode & 0o777)));
            }
        }
        let bytes = fs::read(path).map_err(failed)?;
        let key = UnboundKey::new(&CHACHA20_POLY1305, &bytes);
        let key = key.map_err(|_| refused(Detail::NotAKey))?;
        Ok(KeyFile(LessSafeKey::new(key)))
    }

    /// Creates the file, readable by its owner alone. Fails if it exists.
    pub(crate) fn create(path: &Path) -> Result<Self, Error> {
        let written = new_secret(path, &random::<KEY>()?);
        written.map_err(|e| Error::new(ErrorKind::Key, Detail::of(path, e)))?;
        KeyFile::open(path)
    }

    /// Encrypts a student's secret (ChaCha20-Poly1305, RFC 8439): nonce, text, tag. It can be
    /// decrypted only for the same DNI.
    pub(crate) fn seal(&self, dni: &str, secret: &[u8]) -> Result<Vec<u8>, Error> {
        let nonce: [u8; NONCE_LEN] = random()?;
        let mut sealed = secret.to_vec();
        let aad = Aad::from(dni.as_bytes());
        let nonce_used = Nonce::assume_unique_for_key(nonce);
        let done = self
            .0
            .seal_in_place_append_tag(nonce_used, aad, &mut sealed);
        done.map_err(|_| Error::new(ErrorKind::Key, Detail::NotSealed))?;
        Ok([&nonce, &sealed[..]].concat())
    }

    /// Decrypts a student's secret.
    pub(crate) fn unseal(&self, dni: &str, sealed: &[u8]) -> Result<Vec<u8>, Error> {
        let wrong = || Error::new(ErrorKind::Entry, Detail::Sealed);
        let (nonce, text) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut text = text.to_vec();
        let aad = Aad::from(dni.as_bytes());
        let opened = self.0.open_in_place(nonce, aad, &mut text);
        Ok(opened.map_err(|_| wrong())?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn receipts_prove_all_they_say() {
        let key = RegisterKey::new(&[7; KEY]);
        let one = key.receipt("lab", "123456", 1, 5);
        assert_eq!(one, key.receipt("lab", "123456", 1, 5));
        for other in [
            key.receipt("lab2", "123456", 1, 5),
            key.receipt("lab", "1234567", 1, 5),
            key.receipt("lab", "123456", 2, 5),
            key.receipt("lab", "123456", 1, 6),
            RegisterKey::new(&[8; KEY]).receipt("lab", "123456", 1, 5),
        ] {
            assert_ne!(one, other);
        }
        let typed = one.as_str().to_lowercase();
        let typed = format!(" {}-{}", &typed[..5], &typed[5..]).replace('0', "o");
        assert_eq!(tidy_receipt(&typed), Some(one));
    }

    #[test]
    fn secrets_are_of_one_student_and_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (folder.path().join("a"), folder.path().join("b"));
        let (key, other) = (KeyFile::create(&a).unwrap(), KeyFile::create(&b).unwrap());
        let sealed = key.seal("123456", b"secret").unwrap();
        assert_eq!(
            KeyFile::open(&a)
                .unwrap()
                .unseal("123456", &sealed)
                .unwrap(),
            b"secret"
        );
        assert!(key.unseal("1234567", &sealed).is_err());
        assert!(other.unseal("123456", &sealed).is_err());
        assert!(key.unseal("123456", b"short").is_err());
        assert!(KeyFile::create(&a).is_err());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(&a, fs::Permissions::from_mode(0o644)).unwrap();
            let error = KeyFile::open(&a).map(|_| ()).unwrap_err();
            assert_eq!(error.detail, Detail::of(&a, Detail::OpenToAll(0o644)));
        }
    }
}
