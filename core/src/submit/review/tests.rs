//! Messages and what is said of them.

use super::*;
use crate::otp::TimeStep;
use crate::policy::Ledger;
use crate::register::Attempt;
use crate::time::{Mono, Now};
use alloc::{format, vec};
use std::prelude::v1::*;

const NOW: u64 = 1_700_000_000;

fn now(key: &[u8], seconds: i64) -> String {
    let then = NOW.checked_add_signed(seconds).unwrap();
    Key::from_bytes(key)
        .code(TimeStep::at(then))
        .as_str()
        .to_owned()
}

/// What a rehearsal says of a message.
fn remarks(bytes: &[u8]) -> Vec<Remark> {
    let decision = match MessageReader::default().take(bytes) {
        Some(Message::Submission { name, dni, code }) => Some(Ledger::default().judge(&Attempt {
            name,
            dni,
            code,
            peer: "127.0.0.1:1".parse().unwrap(),
            at: Now {
                mono: Mono::ZERO,
                unix: core::time::Duration::from_secs(NOW),
            },
        })),
        _ => None,
    };
    review(bytes, decision.as_ref(), NOW).remarks
}

#[test]
fn right_ones() {
    let code = now(b"12345678", 0);
    for (bytes, notes) in [
        (format!("Ana&12345678&{code}"), vec![]),
        (
            format!("Ana García&12345678&{}", now(b"12345678", -30)),
            vec![],
        ),
        (format!("\u{feff}Ana&12345678&{code}"), vec![Remark::Bom]),
        (format!("Ana&12345678&{code}\r\n"), vec![Remark::After(2)]),
        (format!("A&B&12345678&{code}"), vec![Remark::NameAmpersand]),
        (
            format!("b'Ana&12345678&{code}'"),
            vec![Remark::After(1), Remark::NameQuoted],
        ),
    ] {
        let found = remarks(bytes.as_bytes());
        assert_eq!(found, notes, "{bytes}");
        assert!(!found.iter().any(Remark::is_wrong));
    }
    let old = [b"Jos\xe9&12345678&", code.as_bytes()].concat();
    assert_eq!(remarks(&old), [Remark::NameNotUtf8]);
}

#[test]
fn forms() {
    let utf16: Vec<u8> = "Ana&12345678&123456"
        .bytes()
        .flat_map(|byte| [byte, 0])
        .collect();
    let long = format!("{}&12345678&123456\n", "a".repeat(513));
    for (bytes, wrong) in [
        (&b""[..], vec![Remark::Empty]),
        (b"\n", vec![Remark::Separators(0)]),
        (b"hola", vec![Remark::Separators(0)]),
        (b"Ana&12345678", vec![Remark::Separators(1)]),
        (b"Ana\n12345678\n123456\n", vec![Remark::Separator('\n')]),
        (b"Ana, 12345678, 123456", vec![Remark::Separator(',')]),
        (b"Ana 12345678 123456", vec![Remark::Separator(' ')]),
        (&utf16, vec![Remark::Utf16]),
        // struct { char name[16]; char dni[9]; char code[7]; }, and one with numbers.
        (
            b"Ana\0\0\0\0\0\0\0\0\0\0\0\0\x0012345678\x00123456\0",
            vec![Remark::CStruct],
        ),
        (
            b"Ana\0\0\0\0\0\x4e\x61\xbc\0\x40\xe2\x01\0",
            vec![Remark::CStruct],
        ),
        (
            b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            vec![Remark::Tls],
        ),
        (b"&12345678&123456\n", vec![Remark::NameEmpty]),
        (long.as_bytes(), vec![Remark::NameTooLong(513)]),
        (b"A\0na&12345678&123456", vec![Remark::NameNul]),
        (b"Ana&12345678Z&123456", vec![Remark::Dni(DniError::Letter)]),
        (b"Ana&&123456\n", vec![Remark::Dni(DniError::Empty)]),
        (
            b"Ana&12345&123456\n",
            vec![Remark::Dni(DniError::Length { digits: 5 })],
        ),
        (
            b"Ana&12.345.678&123456\n",
            vec![Remark::Dni(DniError::NotDigits)],
        ),
        (b"Ana& 12345678&123456\n", vec![Remark::DniBlanks]),
        (
            b"Ana&12345678&12345\n",
            vec![Remark::Code(CodeError::Length { digits: 5 })],
        ),
        (b"Ana&12345678&\n", vec![Remark::Code(CodeError::Empty)]),
        (b"Ana&12345678&123 456\n", vec![Remark::CodeBlanks]),
        (
            b"Ana&12345678&12345o\n",
            vec![Remark::Code(CodeError::NotDigits)],
        ),
        (
            b"&12345678Z&12345\n",
            vec![
                Remark::NameEmpty,
                Remark::Dni(DniError::Letter),
                Remark::Code(CodeError::Length { digits: 5 }),
            ],
        ),
    ] {
        let found = remarks(bytes);
        assert_eq!(found, wrong, "{}", String::from_utf8_lossy(bytes));
        assert!(found.iter().all(Remark::is_wrong));
    }
}

#[test]
fn codes_that_were_made_otherwise() {
    let dni = |text: &str| Dni::parse(text).unwrap();
    for (sent, key, seconds, remark) in [
        ("12345678", &b"12345678"[..], -60, Remark::CodeBehind(60)),
        ("12345678", b"12345678", 90, Remark::CodeAhead(90)),
        ("12345678", b"12345678", 3600, Remark::CodeHours(1)),
        ("12345678", b"12345678", -7230, Remark::CodeHours(-2)),
        ("01234567", b"1234567", 0, Remark::CodeZeros(dni("1234567"))),
        ("12345678", b"GEZDGNBVGY3TQ===", 0, Remark::CodeTwice),
        ("12345678", b"GEZDGNBVGY3TQ", 30, Remark::CodeTwice),
        ("12345678", b"12345678Z", 0, Remark::CodeLetter),
        (
            "23456723",
            &base32::decode("23456723").unwrap(),
            0,
            Remark::CodeNotEncoded,
        ),
        ("12345678", b"87654321", 0, Remark::CodeWrong),
    ] {
        let message = format!("Ana&{sent}&{}", now(key, seconds));
        assert_eq!(remarks(message.as_bytes()), [remark], "{message}");
    }
    for sent in ["12345678", "123456", "1234567"] {
        let message = format!("Ana&{}&{sent}\n", now(sent.as_bytes(), 0));
        assert_eq!(remarks(message.as_bytes()), [Remark::Swapped]);
        let review = review(message.as_bytes(), None, NOW);
        assert_eq!(review.parts.unwrap()[2], sent.as_bytes());
    }
}

#[test]
fn a_used_code() {
    let message = format!("Ana&12345678&{}", now(b"12345678", 0));
    let used = Decision::Refused(Refusal::UsedCode);
    assert_eq!(
        review(message.as_bytes(), Some(&used), NOW).remarks,
        [Remark::CodeUsed]
    );
    let parts = review(message.as_bytes(), None, NOW).parts.unwrap();
    assert_eq!(parts[..2], [&b"Ana"[..], b"12345678"]);
}

#[test]
fn anything_at_all() {
    const BYTES: &[u8; 8] = b"&1A\0\xff \n,";
    for n in 0..8_u32.pow(5) {
        let bytes: Vec<u8> = (0..5)
            .map(|at| BYTES[(n >> (3 * at) & 7) as usize])
            .collect();
        let found = review(&bytes, None, NOW);
        assert!(found.remarks.iter().any(Remark::is_wrong), "{bytes:?}");
    }
}
