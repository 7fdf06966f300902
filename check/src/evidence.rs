//! Reads the reports of a Python program's own sockets, which `sitecustomize.py` writes.

pub(crate) mod strace;

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use socklab_files::Scratch;

const SITECUSTOMIZE: &str = include_str!("sitecustomize.py");

/// Modules that `sitecustomize.py` itself imports. A student's file with such a name must be found
/// first; otherwise the real module would hide it.
const IMPORTED: [&str; 10] = [
    "socket",
    "selectors",
    "select",
    "enum",
    "errno",
    "collections",
    "array",
    "operator",
    "types",
    "warnings",
];

/// The folder for `PYTHONPATH`, and the file to which the program's calls are written.
#[derive(Debug)]
pub(crate) struct Evidence {
    folder: Scratch,
    file: File,
    unread: Vec<u8>,
    pub(crate) events: Vec<Event>,
    strace: Option<StraceOutput>,
}

/// What `strace` has written, if the program runs under it.
#[derive(Debug)]
struct StraceOutput {
    parser: strace::StraceParser,
    /// The call that the last line has begun and that has not returned.
    blocked: Option<Event>,
    read: usize,
}

/// One reported event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) kind: EventKind,
    pub(crate) call: String,
    pub(crate) thread: u64,
    pub(crate) fd: Option<i64>,
    pub(crate) socket_type: Option<i64>,
    pub(crate) line: u32,
    pub(crate) file: String,
    /// The address that a datagram went to, a connection is with, or a socket was bound to.
    pub(crate) to: Option<String>,
    /// How many bytes a receive asked for.
    pub(crate) size: Option<usize>,
    pub(crate) count: Option<usize>,
    pub(crate) data: Option<Vec<u8>>,
    /// The exception's name, and what it says.
    pub(crate) error: Option<String>,
    pub(crate) said: Option<String>,
    pub(crate) errno: Option<i64>,
}

impl Event {
    /// Whether its socket is for datagrams. SOCK_STREAM is 1 and SOCK_DGRAM is 2 everywhere.
    pub(crate) fn is_datagram(&self) -> bool {
        self.socket_type.is_some_and(|one| one & 0xf == 2)
    }

    /// Whether its socket is for a stream.
    pub(crate) fn is_stream(&self) -> bool {
        self.socket_type.is_some_and(|one| one & 0xf == 1)
    }
}

/// What an event reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum EventKind {
    /// Python has started with our subclass.
    #[default]
    Hello,
    /// A call begins; it may block.
    Begin,
    /// A call has returned or raised.
    End,
    /// An exception was not caught.
    Raised,
    /// There were so many calls that no more are reported.
    Many,
}

impl Evidence {
    pub(crate) fn new() -> io::Result<Self> {
        let folder = Scratch::new()?;
        std::fs::write(folder.path().join("sitecustomize.py"), SITECUSTOMIZE)?;
        let path = folder.path().join("calls");
        File::create(&path)?;
        Ok(Evidence {
            file: File::open(&path)?,
            folder,
            unread: Vec::new(),
            events: Vec::new(),
            strace: None,
        })
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("calls")
    }

    /// Declares that `strace` writes the calls.
    pub(crate) fn expect_strace(&mut self) {
        self.strace = Some(StraceOutput {
            parser: strace::StraceParser::default(),
            blocked: None,
            read: 0,
        });
    }

    /// Reads what was written since the last call.
    pub(crate) fn read(&mut self) {
        if self
            .strace
            .as_ref()
            .is_some_and(|one| one.read > MAX_STRACE_BYTES)
        {
            return;
        }
        let Ok(count) = self.file.read_to_end(&mut self.unread) else {
            return;
        };
        while let Some(end) = self.unread.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.unread.drain(..=end).collect();
            let line = String::from_utf8_lossy(&line);
            self.events.extend(match &mut self.strace {
                Some(strace) => strace.parser.returned(&line),
                None => parse(&line),
            });
        }
        if let Some(strace) = &mut self.strace {
            strace.read += count;
            strace.blocked = strace
                .parser
                .blocked(&String::from_utf8_lossy(&self.unread));
        }
    }

    /// Whether every call on a socket is reported.
    pub(crate) fn knows_calls(&self) -> bool {
        self.strace.is_some() || self.reports()
    }

    /// Whether this is a Python program that reports its calls.
    pub(crate) fn reports(&self) -> bool {
        self.events
            .iter()
            .any(|event| event.kind == EventKind::Hello)
    }

    /// Whether a program that reports its calls has made none yet.
    pub(crate) fn has_no_call(&self) -> bool {
        let mut events = self.events.iter();
        events.all(|event| event.kind == EventKind::Hello)
    }

    /// If all threads of the program wait in calls, the latest of these calls.
    pub(crate) fn blocked(&self) -> Option<&Event> {
        if self
            .events
            .iter()
            .any(|event| event.kind == EventKind::Many)
        {
            return None;
        }
        if let Some(strace) = &self.strace {
            let blocked = strace.blocked.as_ref();
            // Another thread may still do something.
            return blocked.filter(|event| is_blocked(event) && !strace.parser.several);
        }
        let mut last: Vec<&Event> = Vec::new();
        for event in &self.events {
            last.retain(|one| one.thread != event.thread);
            last.push(event);
        }
        if last.iter().all(|event| is_blocked(event)) {
            last.last().copied()
        } else {
            None
        }
    }

    /// The exception that ended the program.
    pub(crate) fn raised(&self) -> Option<&Event> {
        self.events
            .iter()
            .rev()
            .find(|event| event.kind == EventKind::Raised)
    }

    /// The calls of these names that have returned.
    pub(crate) fn calls<'a>(
        &'a self,
        names: &'a [&str],
    ) -> impl DoubleEndedIterator<Item = &'a Event> {
        let named = |event: &&Event| names.contains(&event.call.as_str());
        self.events
            .iter()
            .filter(|event| event.kind == EventKind::End)
            .filter(named)
    }
}

/// Whether the program has begun a call that only we can end.
fn is_blocked(event: &Event) -> bool {
    let calls = [
        "accept",
        "connect",
        "input",
        "recv",
        "recv_into",
        "recvfrom",
        "recvfrom_into",
        "stdin",
    ];
    event.kind == EventKind::Begin && calls.contains(&event.call.as_str())
}

/// How much of what `strace` writes is read. A runaway program writes without end.
const MAX_STRACE_BYTES: usize = 16 << 20;

/// The file beside the script that hides a module which our own report imports.
pub(crate) fn shadowing_file(script: &Path) -> Option<PathBuf> {
    let beside = script.parent().unwrap_or(Path::new(""));
    IMPORTED
        .iter()
        .map(|name| beside.join(format!("{name}.py")))
        .find(|path| path.is_file())
}

fn parse(line: &str) -> Option<Event> {
    let mut words = line.split_ascii_whitespace();
    let kind = match words.next()? {
        "hello" => EventKind::Hello,
        "begin" => EventKind::Begin,
        "end" => EventKind::End,
        "raised" => EventKind::Raised,
        "many" => EventKind::Many,
        _ => return None,
    };
    let mut event = Event {
        kind,
        call: words.next()?.to_owned(),
        ..Event::default()
    };
    for word in words {
        let (key, value) = word.split_once('=')?;
        let number = || value.parse::<i64>().ok();
        let text = || Some(String::from_utf8_lossy(&hex(value)?).into_owned());
        match key {
            "thread" => event.thread = value.parse().unwrap_or(0),
            "fd" => event.fd = number(),
            "kind" => event.socket_type = number(),
            "line" => event.line = value.parse().unwrap_or(0),
            "file" => event.file = text()?,
            "to" => event.to = text(),
            "size" => event.size = value.parse().ok(),
            "count" => event.count = value.parse().ok(),
            "data" => event.data = hex(value),
            "error" => event.error = text(),
            "said" => event.said = text(),
            "errno" => event.errno = number(),
            _ => {}
        }
    }
    Some(event)
}

fn hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|one| u8::try_from(one).ok())
    };
    text.as_bytes()
        .chunks(2)
        .map(|pair| match *pair {
            [high, low] => Some(digit(high)? << 4 | digit(low)?),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_read_back() {
        let event =
            parse("end recvfrom thread=7 line=12 file=612e7079 fd=3 size=2048 count=2 data=c3b1\n");
        let event = event.expect("an event");
        assert_eq!(
            (event.kind, event.call.as_str()),
            (EventKind::End, "recvfrom")
        );
        assert_eq!((event.line, event.file.as_str()), (12, "a.py"));
        assert_eq!(event.data.as_deref(), Some("ñ".as_bytes()));
        assert_eq!((event.size, event.count), (Some(2048), Some(2)));
        assert_eq!(parse("nonsense"), None);
    }
}
