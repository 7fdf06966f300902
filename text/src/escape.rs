//! Makes a peer's text safe for a terminal: one message a line, and no character that moves the
//! cursor, changes colours or reorders what is read.
//!
//! Text stays text: every other character is shown as it came, so a message in any language can be
//! read. What cannot be shown raw is written as `\n`, `\t`, `\r`, `\x1b` (ASCII controls),
//! `\u{202e}` (characters), or `\xff` (a byte that is not UTF-8).
//!
//! A backslash in the text stays a single backslash. So what is shown is not reversible: a peer who
//! types `\n` looks like one who sends a newline. Safety does not need the difference, and students
//! who send `C:\temp` see what they sent; transcripts, which do need it, have their own quoting.

use std::borrow::Cow;
use std::io::Write as _;

/// Whether a character must not reach a terminal raw.
///
/// U+200C and U+200D (zero-width non-joiner and joiner) pass: Persian and the scripts of India are
/// misspelt without them, and most emoji are sequences joined by U+200D. Neither moves text.
pub fn must_escape(c: char) -> bool {
    // C0, DEL and C1; U+009B begins a terminal's commands just as ESC [ does.
    c.is_control()
        || matches!(
            c,
            // Line and paragraph separators: a terminal or a pager may break the line there.
            '\u{2028}' | '\u{2029}'
            // Bidi marks, embeddings, overrides and isolates: they reorder what is read.
            | '\u{061c}' | '\u{200e}' | '\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
            // Zero width: text that cannot be seen.
            | '\u{200b}' | '\u{2060}' | '\u{feff}'
            // Tags: a whole invisible alphabet.
            | '\u{e0000}'..='\u{e007f}'
        )
}

/// Appends what a peer sent to `out`, made safe, without a line end.
///
/// Clean text is copied run by run: into a buffer with room, nothing is allocated.
pub fn write(bytes: &[u8], out: &mut Vec<u8>) {
    if bytes.iter().all(|byte| (b' '..=b'~').contains(byte)) {
        out.extend_from_slice(bytes);
        return;
    }
    for chunk in bytes.utf8_chunks() {
        let text = chunk.valid();
        let mut clean = 0;
        for (at, c) in text.char_indices().filter(|&(_, c)| must_escape(c)) {
            out.extend_from_slice(&text.as_bytes()[clean..at]);
            write_char(c, out);
            clean = at + c.len_utf8();
        }
        out.extend_from_slice(&text.as_bytes()[clean..]);
        for &byte in chunk.invalid() {
            write_byte(byte, out);
        }
    }
}

/// Makes text safe; borrows it if it is safe already.
pub fn text(text: &str) -> Cow<'_, str> {
    if !text.contains(must_escape) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(bytes(text.as_bytes()))
}

/// Makes bytes safe, as text.
pub fn bytes(bytes: &[u8]) -> String {
    let mut out = Vec::with_capacity(bytes.len() + 8);
    write(bytes, &mut out);
    // Whole runs of the text and ASCII escapes are UTF-8. If they were not, an empty text is shown.
    String::from_utf8(out).unwrap_or_default()
}

/// Makes JSON safe without changing its value: JSON allows most of these characters in strings.
/// Line ends stay, because between values they are JSON's own.
pub fn json(json: &str) -> Cow<'_, str> {
    let must = |c: char| c != '\n' && must_escape(c);
    if !json.contains(must) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 8);
    for c in json.chars() {
        if must(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                out.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

fn write_char(c: char, out: &mut Vec<u8>) {
    match c {
        '\n' => out.extend_from_slice(br"\n"),
        '\t' => out.extend_from_slice(br"\t"),
        '\r' => out.extend_from_slice(br"\r"),
        '\0'..='\x7f' => write_byte(c as u8, out),
        // Not `\x9b`, which is a byte that is not UTF-8.
        _ => drop(write!(out, "\\u{{{:x}}}", u32::from(c))),
    }
}

fn write_byte(byte: u8, out: &mut Vec<u8>) {
    // Writing to memory cannot fail.
    drop(write!(out, "\\x{byte:02x}"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn escaped(bytes: &[u8]) -> String {
        let mut out = b"> ".to_vec();
        write(bytes, &mut out);
        String::from_utf8(out).expect("text")[2..].to_owned()
    }

    #[test]
    fn json_keeps_its_value() {
        let shown = "{\n \"a\": \"\\u009b\\u202e\\udb40\\udc41 ñ\"\n}";
        assert_eq!(json("{\n \"a\": \"\u{9b}\u{202e}\u{e0041} ñ\"\n}"), shown);
        assert_eq!(json(shown), shown);
    }

    #[test]
    fn cases() {
        for (bytes, shown) in [
            (&b""[..], ""),
            (b"HOLA", "HOLA"),
            (
                "ÑANDÚ, 日本語, नमस्ते, 👍🏽".as_bytes(),
                "ÑANDÚ, 日本語, नमस्ते, 👍🏽",
            ),
            (b"two\nlines\r\n", r"two\nlines\r\n"),
            (b"a\tb", r"a\tb"),
            (b"\x1b[2J\x07\x00\x7f", r"\x1b[2J\x07\x00\x7f"),
            ("\u{9b}2J\u{85}".as_bytes(), r"\u{9b}2J\u{85}"),
            (b"\x9b2J", r"\x9b2J"),
            ("\u{2028}\u{2029}".as_bytes(), r"\u{2028}\u{2029}"),
            (
                "invoice\u{202e}fdp.exe".as_bytes(),
                r"invoice\u{202e}fdp.exe",
            ),
            ("\u{feff}BOM".as_bytes(), r"\u{feff}BOM"),
            ("\u{e0041}tag".as_bytes(), r"\u{e0041}tag"),
            // Families of emoji and Persian need their joiners.
            (
                "👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم".as_bytes(),
                "👨\u{200d}👩\u{200d}👧 می\u{200c}خواهم",
            ),
            (br"C:\temp", r"C:\temp"),
            // Not UTF-8: alone, cut short, overlong, a surrogate, and valid text around it.
            (b"\xff\xfe", r"\xff\xfe"),
            (b"caf\xc3", r"caf\xc3"),
            (b"\xc0\x80", r"\xc0\x80"),
            (b"\xed\xa0\x80", r"\xed\xa0\x80"),
            (b"\xe9tait \xc3\xa9t\xc3\xa9\xff", "\\xe9tait été\\xff"),
        ] {
            assert_eq!(escaped(bytes), shown, "{bytes:?}");
            if let Ok(as_text) = str::from_utf8(bytes) {
                assert_eq!(text(as_text), shown);
            }
        }
    }

    #[test]
    fn the_rule_is_this_list_and_no_other() {
        let listed: Vec<u32> = (0..=0x1f)
            .chain(0x7f..=0x9f)
            .chain([0x061c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029])
            .chain(0x202a..=0x202e)
            .chain([0x2060])
            .chain(0x2066..=0x2069)
            .chain([0xfeff])
            .chain(0xe0000..=0xe007f)
            .collect();
        let ruled: Vec<u32> = ('\0'..=char::MAX)
            .filter(|&c| must_escape(c))
            .map(u32::from)
            .collect();
        assert_eq!(ruled, listed);
    }

    #[test]
    fn every_character_passes_raw_or_not_at_all() {
        let (mut out, mut utf8) = (Vec::new(), [0; 4]);
        for c in '\0'..=char::MAX {
            out.clear();
            let raw = c.encode_utf8(&mut utf8);
            write(raw.as_bytes(), &mut out);
            if must_escape(c) {
                assert!(
                    out[0] == b'\\' && out.iter().all(|byte| (b' '..=b'~').contains(byte)),
                    "U+{:04X} became {out:?}",
                    u32::from(c)
                );
            } else {
                assert_eq!(out, raw.as_bytes(), "U+{:04X}", u32::from(c));
            }
        }
    }

    #[test]
    fn every_byte_pair_becomes_safe_text() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                let shown = escaped(&[first, second]);
                assert!(!shown.contains(must_escape), "{first:02x} {second:02x}");
            }
        }
    }

    #[test]
    fn clean_text_needs_no_memory() {
        let mut out = Vec::with_capacity(64);
        let before = out.as_ptr();
        write(b"BIENVENIDO AL SERVIDOR", &mut out);
        write("ÑANDÚ".as_bytes(), &mut out);
        assert_eq!((out.as_ptr(), out.capacity()), (before, 64));
        assert!(matches!(text("ÑANDÚ"), Cow::Borrowed("ÑANDÚ")));
    }

    #[test]
    fn what_is_safe_stays_as_it_is() {
        let once = escaped(b"\x1b[31m\xff\nrojo");
        assert_eq!(escaped(once.as_bytes()), once);
    }
}
