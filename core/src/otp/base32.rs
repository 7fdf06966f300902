//! Base32 (RFC 4648, 6) with and without padding.
//!
//! totp-rs has the alphabet and the arithmetic, but only the unpadded form; the lab writes the
//! padded one.

use alloc::string::String;
use alloc::vec::Vec;

use totp_rs::Secret;

/// The text is not base32.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotBase32;

/// Encodes with padding: the length is a multiple of eight.
pub fn encode(bytes: &[u8]) -> String {
    let mut text = encode_unpadded(bytes);
    while !text.len().is_multiple_of(8) {
        text.push('=');
    }
    text
}

/// Encodes without padding.
pub fn encode_unpadded(bytes: &[u8]) -> String {
    Secret::from(bytes.to_vec()).to_base32()
}

/// Decodes, with padding or without, in upper or lower case.
///
/// # Errors
/// When the text is not base32: it has an invalid character, length or padding.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase32> {
    let body = text.trim_end_matches('=');
    let padding = text.len() - body.len();
    // A last group of 2, 4, 5 or 7 letters holds 1 to 4 bytes; other lengths hold no whole byte.
    let whole = matches!(body.len() % 8, 0 | 2 | 4 | 5 | 7);
    if !whole || (padding > 0 && (padding > 6 || !text.len().is_multiple_of(8))) {
        return Err(NotBase32);
    }
    let secret = Secret::try_from_base32(body.to_ascii_uppercase()).map_err(|_| NotBase32)?;
    Ok(secret.as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 4648, 10.
    #[test]
    fn vectors_of_the_rfc() {
        for (bytes, text) in [
            (&b""[..], ""),
            (b"f", "MY======"),
            (b"fo", "MZXQ===="),
            (b"foo", "MZXW6==="),
            (b"foob", "MZXW6YQ="),
            (b"fooba", "MZXW6YTB"),
            (b"foobar", "MZXW6YTBOI======"),
            (b"123456", "GEZDGNBVGY======"),
        ] {
            assert_eq!(encode(bytes), text);
            assert_eq!(encode_unpadded(bytes), text.trim_end_matches('='));
            for text in [text, text.trim_end_matches('='), &text.to_ascii_lowercase()] {
                assert_eq!(decode(text).as_deref(), Ok(bytes), "{text}");
            }
        }
    }

    #[test]
    fn what_is_not_base32() {
        for bad in [
            "M",
            "MZX",
            "MZXW6Y",
            "MY=",
            "MY=======",
            "M1======",
            "========",
            "MÑ",
        ] {
            assert_eq!(decode(bad), Err(NotBase32), "{bad}");
        }
    }
}
