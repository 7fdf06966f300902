//! Provisioning URIs, which a QR code contains for a phone (Google Authenticator's key URI format).

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::{Key, base32};

/// How the secret is written in a URI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The lab's style, byte for byte: base32 with padding, each `=` as `%3D`, as pyotp writes it.
    Lab,
    /// Base32 without padding, as the key URI format asks for.
    Rfc,
}

/// The content of a provisioning URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provisioning {
    /// The key.
    pub key: Key,
    /// The label of the account.
    pub account: String,
    /// The label of the issuer.
    pub issuer: Option<String>,
}

/// Why a text is not a provisioning URI that this lab can use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UriError {
    /// The text does not begin with `otpauth://totp/`.
    NotTotp,
    /// A `%` is not followed by two hexadecimal digits, or the bytes are not UTF-8.
    Encoding,
    /// The secret is missing.
    NoSecret,
    /// The secret is not base32, or empty.
    Secret,
    /// The label and the parameter name different issuers.
    Issuers,
    /// The algorithm is not SHA-1.
    Algorithm,
    /// The number of digits is not six.
    Digits,
    /// The period is not 30 s.
    Period,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("uri")
    }
}

impl core::error::Error for UriError {}

/// The URI that provides `key` under two labels, which do not change the codes.
///
/// ```
/// use socklab_core::otp::{Dni, Key, uri::{Style, provisioning}};
/// let key = Key::from_dni(&Dni::parse("123456").unwrap());
/// assert_eq!(
///     provisioning(&key, "mi_usuario", "Mi App", Style::Lab),
///     "otpauth://totp/Mi%20App:mi_usuario?secret=GEZDGNBVGY%3D%3D%3D%3D%3D%3D&issuer=Mi%20App",
/// );
/// ```
pub fn provisioning(key: &Key, account: &str, issuer: &str, style: Style) -> String {
    let secret = match style {
        Style::Lab => base32::encode(key.as_bytes()),
        Style::Rfc => base32::encode_unpadded(key.as_bytes()),
    };
    format!(
        "otpauth://totp/{}:{}?secret={}&issuer={}",
        quote(issuer, "/"),
        quote(account, "/"),
        quote(&secret, ""),
        quote(issuer, ""),
    )
}

/// Percent-encodes the UTF-8 of all but RFC 3986's unreserved characters and those in `safe`.
///
/// pyotp uses Python's `quote` for labels, which leaves `/`, and `urlencode` for parameters.
fn quote(text: &str, safe: &str) -> String {
    text.bytes().fold(String::new(), |mut quoted, byte| {
        let letter = char::from(byte);
        if letter.is_ascii_alphanumeric() || "_.-~".contains(letter) || safe.contains(letter) {
            quoted.push(letter);
        } else {
            quoted.push_str(&format!("%{byte:02X}"));
        }
        quoted
    })
}

fn unquote(text: &str) -> Result<String, UriError> {
    let mut bytes = Vec::new();
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let hex = part.get(..2).ok_or(UriError::Encoding)?;
        if !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(UriError::Encoding);
        }
        bytes.push(u8::from_str_radix(hex, 16).map_err(|_| UriError::Encoding)?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).map_err(|_| UriError::Encoding)
}

/// Parses a URI of either style. Ignores unknown parameters.
///
/// # Errors
/// Names what this lab cannot use.
pub fn parse(uri: &str) -> Result<Provisioning, UriError> {
    let rest = uri
        .strip_prefix("otpauth://totp/")
        .ok_or(UriError::NotTotp)?;
    let (label, query) = rest.split_once('?').ok_or(UriError::NoSecret)?;
    // Decode the label first, because the colon that separates it may be encoded.
    let label = unquote(label)?;
    let (mut issuer, account) = match label.split_once(':') {
        Some((issuer, account)) => (Some(issuer.to_owned()), account.trim_start().to_owned()),
        None => (None, label),
    };
    let mut key = None;
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let value = unquote(&value.replace('+', " "))?;
        match name {
            "secret" => {
                let bytes = base32::decode(&value).map_err(|_| UriError::Secret)?;
                key = Some(Key::from_bytes(&bytes)).filter(|key| !key.as_bytes().is_empty());
                key.as_ref().ok_or(UriError::Secret)?;
            }
            "issuer" => match &issuer {
                Some(label) if *label != value => return Err(UriError::Issuers),
                _ => issuer = Some(value),
            },
            "algorithm" if !value.eq_ignore_ascii_case("SHA1") => return Err(UriError::Algorithm),
            "digits" if value != "6" => return Err(UriError::Digits),
            "period" if value != "30" => return Err(UriError::Period),
            _ => {}
        }
    }
    Ok(Provisioning {
        key: key.ok_or(UriError::NoSecret)?,
        account,
        issuer,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key::from_bytes(b"123456")
    }

    #[test]
    fn written_as_pyotp_writes_it() {
        // From pyotp 2.9.0: pyotp.TOTP(secret).provisioning_uri(account, issuer).
        for (account, issuer, label, parameter) in [
            ("a/b", "c/d", "c/d:a/b", "c%2Fd"),
            ("ñ@x.es", "Á&B", "%C3%81%26B:%C3%B1%40x.es", "%C3%81%26B"),
            ("~_.-", "a+b", "a%2Bb:~_.-", "a%2Bb"),
            ("a:b", "c%d", "c%25d:a%3Ab", "c%25d"),
        ] {
            let uri = provisioning(&key(), account, issuer, Style::Lab);
            let secret = "GEZDGNBVGY%3D%3D%3D%3D%3D%3D";
            let expected = format!("otpauth://totp/{label}?secret={secret}&issuer={parameter}");
            assert_eq!(uri, expected);
        }
    }

    #[test]
    fn read_back_in_both_styles() {
        for (account, issuer) in [("mi_usuario", "Mi App"), ("ñandú/é", "a&b=c"), ("%41", "+")] {
            for style in [Style::Lab, Style::Rfc] {
                let uri = provisioning(&key(), account, issuer, style);
                let read = parse(&uri).unwrap();
                assert_eq!(read.key, key());
                assert_eq!(
                    (&*read.account, read.issuer.as_deref()),
                    (account, Some(issuer))
                );
            }
        }
    }

    #[test]
    fn what_others_write() {
        let secret = |uri: &str| parse(uri).map(|read| read.key);
        for uri in [
            "otpauth://totp/ana?secret=GEZDGNBVGY",
            "otpauth://totp/App%3Aana?secret=gezdgnbvgy&algorithm=sha1&digits=6&period=30",
            "otpauth://totp/App:%20ana?issuer=App&secret=GEZDGNBVGY======&image=x",
        ] {
            assert_eq!(secret(uri), Ok(key()), "{uri}");
        }
        for (uri, error) in [
            (
                "otpauth://hotp/ana?secret=GEZDGNBVGY&counter=1",
                UriError::NotTotp,
            ),
            ("https://example.org", UriError::NotTotp),
            ("otpauth://totp/ana", UriError::NoSecret),
            ("otpauth://totp/ana?issuer=x", UriError::NoSecret),
            ("otpauth://totp/ana?secret=", UriError::Secret),
            ("otpauth://totp/ana?secret=1", UriError::Secret),
            ("otpauth://totp/a%ff?secret=GEZDGNBVGY", UriError::Encoding),
            ("otpauth://totp/a%4?secret=GEZDGNBVGY", UriError::Encoding),
            ("otpauth://totp/a%+1?secret=GEZDGNBVGY", UriError::Encoding),
            (
                "otpauth://totp/A:ana?secret=GEZDGNBVGY&issuer=B",
                UriError::Issuers,
            ),
            (
                "otpauth://totp/ana?secret=GEZDGNBVGY&algorithm=SHA256",
                UriError::Algorithm,
            ),
            (
                "otpauth://totp/ana?secret=GEZDGNBVGY&digits=8",
                UriError::Digits,
            ),
            (
                "otpauth://totp/ana?secret=GEZDGNBVGY&period=60",
                UriError::Period,
            ),
        ] {
            assert_eq!(secret(uri), Err(error), "{uri}");
        }
    }
}
