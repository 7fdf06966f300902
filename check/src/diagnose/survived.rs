//! Exceptions that did not end the program: it caught them, or they ended only a thread, a task or
//! the handler of one client.

use std::path::Path;

use crate::evidence::{Event, EventKind, Evidence};

/// How a traceback begins.
const TRACEBACK: &str = "Traceback (most recent call last):";

/// The calls that take an address or bytes.
const CALLS: [&str; 6] = ["bind", "connect", "connect_ex", "send", "sendall", "sendto"];

/// The last call with the wrong type of value, if no such call has succeeded since.
pub(crate) fn caught(evidence: &Evidence) -> Option<&Event> {
    let family = |event: &Event| event.call.get(..4).unwrap_or_default().to_owned();
    let mut right = Vec::new();
    for event in evidence.calls(&CALLS).rev() {
        match event.error.as_deref() {
            Some("TypeError") if !right.contains(&family(event)) => return Some(event),
            None => right.push(family(event)),
            Some(_) => {}
        }
    }
    None
}

/// The exception of the last traceback on standard error, with the last line that is in the
/// program's folder.
pub(crate) fn printed(errors: &str, script: Option<&Path>) -> Option<Event> {
    let (_, last) = errors.rsplit_once(TRACEBACK)?;
    let mut lines = last.lines().skip(1);
    let mut event = Event {
        kind: EventKind::Raised,
        ..Event::default()
    };
    let exception = lines.find(|line| {
        if let Some((file, line)) = frame(line).filter(|(file, _)| is_beside(file, script)) {
            (event.file, event.line) = (file.to_owned(), line);
        }
        !line.starts_with(' ')
    })?;
    let (kind, said) = exception.split_once(": ").unwrap_or((exception, ""));
    event.error = Some(kind.trim().to_owned());
    event.said = Some(said.to_owned());
    Some(event)
}

/// `  File "mine.py", line 12, in serve`.
fn frame(line: &str) -> Option<(&str, u32)> {
    let (file, rest) = line
        .trim()
        .strip_prefix("File \"")?
        .split_once("\", line ")?;
    let end = rest.find(|one: char| !one.is_ascii_digit());
    Some((file, rest[..end.unwrap_or(rest.len())].parse().ok()?))
}

fn is_beside(file: &str, script: Option<&Path>) -> bool {
    let folder = |path: &Path| Some(path.canonicalize().ok()?.parent()?.to_owned());
    let script = script.and_then(folder);
    // Python names the script by its whole path.
    script.is_some() && folder(Path::new(file)) == script
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_traceback_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let script = folder.path().join("mine.py");
        std::fs::write(&script, "").expect("a file");
        let name = script.display();
        // As a handler of socketserver prints it.
        let errors = format!(
            "----\n{TRACEBACK}\n  File \"x\", line 1, in f\nOSError: no\n----\n\
             {TRACEBACK}\n  File \"/usr/lib/x.py\", line 697, in process\n    self.f()\n  \
             File \"{name}\", line 6, in handle\n    self.wfile.write(\"a\")\n    ~~~^^^\n  \
             File \"/usr/lib/x.py\", line 845, in write\nTypeError: not 'str'\n----\n"
        );
        let event = printed(&errors, Some(&script)).expect("an exception");
        assert_eq!(event.error.as_deref(), Some("TypeError"));
        assert_eq!(event.said.as_deref(), Some("not 'str'"));
        assert_eq!((event.file, event.line), (name.to_string(), 6));
        assert_eq!(printed("TypeError: alone\n", Some(&script)), None);
    }
}
