//! Judges what an enrolment program shows: the secret, and the URI for a phone.

use socklab_core::otp::uri::parse;
use socklab_core::otp::{Dni, DniError, Key, base32};

use crate::codes::Cause;

/// The least length of a word that is taken for a secret.
const SHORTEST: usize = 8;

/// The secret that an output shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Secret {
    /// The secret of this DNI, as it is shown.
    Of(Dni, String),
    /// A wrong secret, with the cause if it is proved.
    Wrong(String, Option<Cause>),
}

/// Finds the secret in an output. `told` is the DNI that the program was given, if any.
pub(crate) fn secret(output: &str, told: Option<&str>) -> Option<Secret> {
    let tokens = words(output).filter(|token| token.len() >= SHORTEST);
    let judged: Vec<Secret> = tokens.filter_map(|one| judge(one, told)).collect();
    let right = |one: &&Secret| match one {
        Secret::Of(dni, _) => told.is_none_or(|told| told == dni.as_str()),
        Secret::Wrong(..) => false,
    };
    let proved = |one: &&Secret| !matches!(one, Secret::Wrong(_, None));
    let found = judged.iter().find(right);
    let found = found.or_else(|| judged.iter().find(proved));
    found.or(judged.first()).cloned()
}

/// The words of an output, each with the `=` that follow it: they may be base32's padding, or
/// separate a name from its value.
fn words(output: &str) -> impl Iterator<Item = &str> {
    let mut rest = output;
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches(|letter: char| !letter.is_ascii_alphanumeric());
        let after = rest.trim_start_matches(|letter: char| letter.is_ascii_alphanumeric());
        let after = after.trim_start_matches('=');
        let word = &rest[..rest.len() - after.len()];
        rest = after;
        (!word.is_empty()).then_some(word)
    })
}

/// Judges a word of an output. Returns `None` if it cannot be a secret.
fn judge(token: &str, told: Option<&str>) -> Option<Secret> {
    let wrong = |cause| Some(Secret::Wrong(token.to_owned(), cause));
    if let Some(told) = told
        && [hex(told.as_bytes()), base64(told.as_bytes())]
            .iter()
            .any(|one| one.trim_end_matches('=') == token.trim_end_matches('='))
    {
        return wrong(Some(Cause::WrongSecret));
    }
    if token.chars().any(|letter| letter.is_ascii_lowercase()) {
        return None;
    }
    let bytes = base32::decode(token).ok()?;
    let text = String::from_utf8(bytes.clone()).unwrap_or_default();
    match Dni::parse(&text) {
        Ok(dni) => {
            let short = told.map(|told| told.trim_start_matches('0'));
            let lost = told.is_some_and(|told| told.len() > text.len());
            return match short {
                Some(short) if lost && short == text => wrong(Some(Cause::CodeLostZeros)),
                _ => Some(Secret::Of(dni, token.to_owned())),
            };
        }
        Err(DniError::Letter) => return wrong(Some(Cause::DniLetter)),
        Err(_) => {}
    }
    // The DNI was encoded twice, or the secret was made of `b'…'`, as Python prints bytes.
    let inner = base32::decode(&text).map(String::from_utf8);
    let twice = inner.is_ok_and(|text| text.is_ok_and(|text| Dni::parse(&text).is_ok()));
    let quoted = text
        .strip_prefix("b'")
        .is_some_and(|rest| rest.ends_with('\''));
    let random = token.len() >= 2 * SHORTEST && token.chars().any(|one| one.is_ascii_digit());
    match twice || quoted || random {
        true => wrong(Some(Cause::WrongSecret)),
        false => None,
    }
}

/// Finds the URI in an output. Also returns whether it is right for this DNI, or the cause if it is
/// wrong.
pub(crate) fn provisioned(output: &str, dni: &str) -> Option<(String, Result<(), Cause>)> {
    let lines = output.match_indices("otpauth:");
    let lines = lines.filter_map(|(at, _)| output[at..].lines().next());
    // The word may also stand before the URI, as its name.
    lines
        .map(|line| judge_uri(line, dni))
        .min_by_key(|(_, judged)| match judged {
            Ok(()) => 0,
            Err(Cause::WrongUri) => 2,
            Err(_) => 1,
        })
}

/// Judges a line that begins with a URI.
fn judge_uri(line: &str, dni: &str) -> (String, Result<(), Cause>) {
    let bare = |text: &str| {
        text.trim_end_matches(['\'', '"', ')', ']', '>', ' '])
            .to_owned()
    };
    let whole = bare(line);
    let word = bare(line.split_whitespace().next().unwrap_or_default());
    let key = |uri: &str| parse(uri).map(|one| one.key);
    let expected = Key::from_bytes(dni.as_bytes());
    // Try the whole line too: the labels may have unescaped spaces.
    let read = key(&whole).or_else(|_| key(&word));
    match read {
        Ok(found) if found == expected => (whole, Ok(())),
        Ok(_) => (whole, Err(Cause::WrongSecret)),
        Err(_) => (whole, Err(Cause::WrongUri)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let letter = |group: u32, at: u32| char::from(LETTERS[(group >> (18 - 6 * at) & 63) as usize]);
    bytes
        .chunks(3)
        .flat_map(|three| {
            let byte = |at: usize| u32::from(three.get(at).copied().unwrap_or(0));
            let group = byte(0) << 16 | byte(1) << 8 | byte(2);
            (0..=three.len() as u32).map(move |at| letter(group, at))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_found_among_words() {
        let told = Some("12345678");
        let right = "GEZDGNBVGY3TQ===";
        let of = |output: &str| match secret(output, told) {
            Some(Secret::Of(dni, _)) => dni.as_str().to_owned(),
            other => format!("{other:?}"),
        };
        for output in [
            format!("mi secreto: {right}\n"),
            format!("SECRETO PARA AUTHENTICATOR\nb'{right}'"),
            "https://x/GEZDGNBVGY3TQ".to_owned(),
            format!("secreto={right}"),
            format!("otpauth://totp/lab?secret={right}&issuer=lab"),
            format!("dni=12345678,secreto={right}otro=1"),
            format!("secreto=={right}"),
            format!("secreto='{right}'"),
        ] {
            assert_eq!(of(&output), "12345678", "{output}");
        }
        for output in ["", "mi secreto: 12345678", "BIENVENIDOS AUTHENTICATOR"] {
            assert_eq!(secret(output, told), None, "{output}");
        }
    }

    #[test]
    fn a_wrong_secret_says_how_it_was_made() {
        for (dni, token, cause) in [
            ("12345678", "GEZDGNBVGY3TQWQ=", Cause::DniLetter),
            ("01234567", "GEZDGNBVGY3Q====", Cause::CodeLostZeros),
            (
                "12345678",
                "I5CVURCHJZBFMR2ZGNKFCPJ5HU======",
                Cause::WrongSecret,
            ),
            ("12345678", "MITTCMRTGQ2TMNZYE4======", Cause::WrongSecret),
            ("12345678", "3132333435363738", Cause::WrongSecret),
            ("12345678", "MTIzNDU2Nzg=", Cause::WrongSecret),
            (
                "12345678",
                "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
                Cause::WrongSecret,
            ),
        ] {
            let seen = secret(&format!("mi secreto: {token}"), Some(dni));
            assert_eq!(seen, Some(Secret::Wrong(token.to_owned(), Some(cause))));
        }
    }

    #[test]
    fn a_uri_is_judged_by_what_a_phone_makes_of_it() {
        let of = |text: &str| provisioned(text, "123456").map(|(_, right)| right);
        let secret = format!("GEZDGNBVGY{}", "%3D".repeat(6));
        let uri = format!("otpauth://totp/Mi%20App:mi_usuario?secret={secret}&issuer=Mi%20App");
        for (text, right) in [
            (format!("uri: {uri}\n"), Some(Ok(()))),
            (format!("'{uri}'"), Some(Ok(()))),
            (uri.replace("%20", " "), Some(Ok(()))),
            (format!("{uri} (QR)"), Some(Ok(()))),
            (format!("uri otpauth: {uri}"), Some(Ok(()))),
            (format!("otpauth:\n{uri}\n"), Some(Ok(()))),
            (
                format!("otpauth: {}", uri.replace("GEZDG", "GEZDH")),
                Some(Err(Cause::WrongSecret)),
            ),
            (uri.replace("totp/", "hotp/"), Some(Err(Cause::WrongUri))),
            (uri.replace("secret", "key"), Some(Err(Cause::WrongUri))),
            (uri.replace("GEZDG", "GEZDH"), Some(Err(Cause::WrongSecret))),
            (String::new(), None),
        ] {
            assert_eq!(of(&text), right, "{text}");
        }
    }
}
