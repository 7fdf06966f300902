//! Explains an unexpected message of a peer in one line: what came, what was expected, where they
//! differ, and why, if that is proved.

use socklab_check::{Cause, cause_of};
use socklab_core::{Unexpected, UnexpectedKind};
use socklab_text::{Messages, Variable, escape};

/// How many characters of a text are shown, and how many of them stand before the first difference.
const SHOWN: usize = 48;
const BEFORE: usize = 12;

/// The line.
pub(crate) fn line(messages: &dyn Messages, odd: &Unexpected<'_>) -> String {
    let id = format!("odd-{}", odd.kind.name());
    if odd.expected.is_empty()
        && !matches!(odd.kind, UnexpectedKind::Reply | UnexpectedKind::Banner)
    {
        return messages.say_with(&id, &[("text", &excerpt(odd.received, 0))]);
    }
    let difference = difference(messages, odd.expected, odd.received);
    let said = messages.say_with(&id, &[("difference", &difference)]);
    match cause_of(Some(odd.question), odd.expected, odd.received) {
        Some(cause) => format!("{said}. {}", why(messages, cause)),
        None => said,
    }
}

/// Names a cause, and how to fix it in Python.
pub(crate) fn why(messages: &dyn Messages, cause: Cause) -> String {
    let what = messages.say(&format!("check-what-{}", cause.code()));
    let cure = messages.say(&format!("check-cure-{}", cause.code()));
    let cure = cure.split('¶').next().unwrap_or_default();
    let cure = cure.split_whitespace().collect::<Vec<_>>().join(" ");
    messages.say_with("odd-cure", &[("what", &what), ("cure", &cure)])
}

/// What came, what was expected, and where they differ.
fn difference(messages: &dyn Messages, expected: &[u8], received: &[u8]) -> String {
    let common = common(expected, received);
    let (came, due) = (excerpt(received, common), excerpt(expected, common));
    let (id, number) = match (received.len() - common, expected.len() - common) {
        (more, 0) => ("odd-longer", more),
        (0, missing) => ("odd-shorter", missing),
        _ => (
            "odd-differs",
            1 + String::from_utf8_lossy(&expected[..common]).chars().count(),
        ),
    };
    let texts: [(&str, &dyn Variable); 3] =
        [("received", &came), ("expected", &due), ("number", &number)];
    messages.say_with(id, &texts)
}

/// The length of the common beginning in bytes, in whole characters.
fn common(expected: &[u8], received: &[u8]) -> usize {
    let pairs = expected.iter().zip(received);
    let mut common = pairs.take_while(|(a, b)| a == b).count();
    // Do not split a character.
    while expected.get(common).is_some_and(|byte| byte & 0xc0 == 0x80) && common > 0 {
        common -= 1;
    }
    common
}

/// A text, escaped and shortened. A long text is shown around byte `at`.
fn excerpt(bytes: &[u8], at: usize) -> String {
    let whole = String::from_utf8_lossy(bytes).chars().count() <= SHOWN;
    let skipped = match (whole, bytes.get(..at)) {
        (false, Some(before)) => {
            let mut starts = before.iter().enumerate().rev();
            let starts = starts.by_ref().filter(|(_, byte)| *byte & 0xc0 != 0x80);
            starts.take(BEFORE).last().map_or(0, |(start, _)| start)
        }
        _ => 0,
    };
    let text = escape::bytes(&bytes[skipped..]);
    let mut shown: String = text.chars().take(SHOWN).collect();
    if skipped > 0 {
        shown.insert(0, '…');
    }
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    if shown.is_empty() {
        shown.push_str("\"\"");
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn reply(question: &str, expected: &str, received: &[u8]) -> [String; 2] {
        [Language::En, Language::Es].map(|language| {
            let odd = Unexpected {
                kind: UnexpectedKind::Reply,
                question: question.as_bytes(),
                expected: expected.as_bytes(),
                received,
            };
            line(&language.messages(), &odd)
        })
    }

    #[test]
    fn the_first_difference_is_counted_in_characters() {
        let [en, es] = reply("ñandú azul", "ÑANDÚ AZUL", "ÑANDú AZUL".as_bytes());
        assert!(
            en.contains("ÑANDú AZUL instead of ÑANDÚ AZUL, from character 5 on"),
            "{en}"
        );
        assert!(
            es.contains("ÑANDú AZUL en vez de ÑANDÚ AZUL, desde el carácter 5"),
            "{es}"
        );
        // Both letters have the same first byte.
        let [en, _] = reply("é", "É", "é".as_bytes());
        assert!(en.contains("from character 1 on"), "{en}");
        let [en, _] = reply("abc", "ABC", b"");
        assert!(en.contains("\"\" instead of ABC, 3 bytes too few"), "{en}");
        let [en, _] = reply("abc", "ABC", b"AB");
        assert!(en.contains("AB instead of ABC, 1 byte too few"), "{en}");
        let [en, _] = reply("abc", "ABC", b"ABC\x1b\n");
        assert!(
            en.contains(r"ABC\x1b\n instead of ABC, 2 bytes too many"),
            "{en}"
        );
    }

    #[test]
    fn a_cause_is_named_where_it_is_proved() {
        let [en, es] = reply("hola", "HOLA", b"hola");
        assert!(
            en.ends_with(
                "The text came back as it was. In Python: reply = message.decode().upper().encode()"
            ),
            "{en}"
        );
        assert!(es.contains("En Python: "), "{es}");
        let [en, _] = reply("hola", "HOLA", b"OTRA");
        assert!(!en.contains("Python"), "{en}");
    }

    #[test]
    fn a_long_text_is_shown_around_the_difference() {
        let expected = "Á".repeat(1000);
        let mut received = expected.clone();
        received.replace_range(1200..1202, "x");
        let [en, _] = reply("", &expected, received.as_bytes());
        assert!(en.chars().count() < 250, "{en}");
        assert!(
            en.contains("…ÁÁÁÁÁÁÁÁÁÁÁÁxÁ") && en.contains("from character 601 on"),
            "{en}"
        );
    }

    #[test]
    fn every_oddity_has_its_line_in_both_languages() {
        for kind in UnexpectedKind::ALL {
            let odd = Unexpected::of(kind, b"\x1b[2J");
            let lines =
                [Language::En, Language::Es].map(|language| line(&language.messages(), &odd));
            assert_ne!(lines[0], lines[1]);
            for line in lines {
                assert!(!line.contains('\x1b') && !line.contains('\n'), "{line:?}");
            }
        }
    }
}
