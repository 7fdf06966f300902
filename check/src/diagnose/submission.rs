//! Judges a message `name&dni&otp`.

use socklab_core::otp::{Code, Dni, DniError};
use socklab_core::register::{Cause as Why, Decision, Refusal};
use socklab_core::submit::{Remark, review};

use super::{contains, encodings, repr};
use crate::codes::Cause;
use crate::given::Given;

/// Judges a message. `Err` has the cause, if it is proved.
pub(crate) fn submission(
    bytes: &[u8],
    given: &Given,
    unix: u64,
    source: &[u8],
) -> Result<(), Option<Cause>> {
    let unknown = Decision::Refused(Refusal::WrongCode(Why::Unknown));
    let reviewed = review(bytes, Some(&unknown), unix);
    let parts = reviewed.parts.map(|parts| parts.map(<[u8]>::to_vec));
    if let Some(cause) = against_given(bytes, parts.as_ref(), given) {
        return Err(Some(cause));
    }
    if let Some(text) = bytes.strip_suffix(b"\0")
        && matches!(
            submission(text, given, unix, source),
            Ok(()) | Err(Some(Cause::ExtraZeros))
        )
    {
        return Err(Some(Cause::ExtraZeros));
    }
    let quoted = |quote: u8| [&[quote][..], bytes, &[quote]].concat();
    if [b'"', b'\'']
        .iter()
        .any(|&quote| contains(source, &quoted(quote)))
    {
        return Err(Some(Cause::QuotedNames));
    }
    for remark in &reviewed.remarks {
        let cause = match remark {
            Remark::Separator(_) => Some(Cause::WrongSeparator),
            Remark::Utf16 => Some(Cause::WrongEncoding),
            Remark::Swapped => Some(Cause::WrongOrder),
            Remark::NameQuoted if bytes.starts_with(b"b'") || bytes.starts_with(b"b\"") => {
                Some(Cause::ReprSent)
            }
            Remark::Dni(DniError::Letter) => Some(Cause::DniLetter),
            Remark::CodeZeros(_) => Some(Cause::CodeLostZeros),
            Remark::CodeTwice | Remark::CodeNotEncoded | Remark::CodeLetter => {
                Some(Cause::WrongSecret)
            }
            _ => continue,
        };
        return Err(cause);
    }
    let Some([_, dni, code]) = &parts else {
        return Err(None);
    };
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let code = text(code).trim_end().to_owned();
    let (Ok(dni), Ok(read)) = (Dni::parse(&text(dni)), Code::parse(&code)) else {
        return Err(None);
    };
    // A code that we gave is not the program's mistake: the program may contain another DNI.
    if given.code.as_deref() == Some(code.as_str()) || Given::is_right(&dni, &read, unix) {
        let wrong = reviewed
            .remarks
            .iter()
            .any(|one| one.is_wrong() && !matches!(one, Remark::CodeWrong | Remark::CodeHours(_)));
        return if wrong { Err(None) } else { Ok(()) };
    }
    if contains(source, code.as_bytes()) || is_behind(&dni, &read, unix) {
        return Err(Some(Cause::StaleCode));
    }
    Err(None)
}

/// Compares the message with the values that the program was given.
fn against_given(bytes: &[u8], parts: Option<&[Vec<u8>; 3]>, given: &Given) -> Option<Cause> {
    let told = [&given.name, &given.given_dni, &given.code];
    if let [Some(name), Some(dni), Some(code)] = told {
        let fields = [name.as_str(), dni, code];
        for separator in [
            ",", ";", "|", " ", ":", "-", "_", "#", "/", "\n", "\t", ", ", " & ", "&&", "",
        ] {
            if bytes.trim_ascii_end() == fields.join(separator).as_bytes() {
                return Some(Cause::WrongSeparator);
            }
        }
        for order in [[0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            if bytes.trim_ascii_end() == order.map(|at| fields[at]).join("&").as_bytes() {
                return Some(Cause::WrongOrder);
            }
        }
        let whole = fields.join("&");
        if bytes == repr(whole.as_bytes()) {
            return Some(Cause::ReprSent);
        }
        if encodings(whole.as_bytes()).iter().any(|one| bytes == one) {
            return Some(Cause::WrongEncoding);
        }
    }
    let [name, dni, code] = parts?;
    if let Some(told) = &given.name
        && encodings(told.as_bytes()).iter().any(|one| one == name)
    {
        return Some(Cause::WrongEncoding);
    }
    let lost = |told: &Option<String>, came: &[u8]| {
        let Some(told) = told else {
            return false;
        };
        let short = told.trim_start_matches('0');
        short.len() < told.len() && came == short.as_bytes()
    };
    if lost(&given.given_dni, dni) || lost(&given.code, code.trim_ascii_end()) {
        return Some(Cause::CodeLostZeros);
    }
    None
}

/// Whether the code was right in the last hour.
fn is_behind(dni: &Dni, code: &Code, unix: u64) -> bool {
    let window = socklab_core::otp::Window {
        behind: 120,
        ahead: 0,
    };
    let key = socklab_core::otp::Key::from_dni(dni);
    !socklab_core::otp::steps_of(&key, code, unix, window).is_empty()
}
