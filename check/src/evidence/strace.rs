//! Reads the calls of a compiled program from `strace`, which writes a line when each call returns.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use super::{Event, EventKind};

/// The options of `strace`. Strings are written in hexadecimal, so that they contain no quotes.
const OPTIONS: [&str; 9] = [
    "-f",
    "-qq",
    "-xx",
    "-s",
    "4096",
    "-e",
    "trace=network,read,write,close,clone,clone3,fork,vfork",
    "-e",
    "signal=none",
];

/// The beginning of the command that traces a program into a file; `None` if `strace` does not work
/// here.
pub(crate) fn command(program: &Path, to: &Path) -> Option<Vec<std::ffi::OsString>> {
    static WORKS: OnceLock<bool> = OnceLock::new();
    let works = || {
        // Try it first: a container may forbid tracing.
        let mut trial = Command::new("strace");
        trial.args(["-f", "-qq", "-o", "/dev/null", "true"]);
        let quiet = trial.stdin(Stdio::null()).stdout(Stdio::null());
        let status = quiet.stderr(Stdio::null()).status();
        cfg!(target_os = "linux") && status.is_ok_and(|status| status.success())
    };
    if !is_compiled(program) || !*WORKS.get_or_init(works) {
        return None;
    }
    let mut words = vec!["strace".into()];
    words.extend(OPTIONS.map(Into::into));
    words.extend(["-o".into(), to.as_os_str().to_owned(), "--".into()]);
    Some(words)
}

fn is_compiled(program: &Path) -> bool {
    let mut begin = [0; 4];
    let read = File::open(program).and_then(|mut file| file.read_exact(&mut begin));
    read.is_ok() && begin == *b"\x7fELF"
}

/// The state of reading a trace.
#[derive(Debug, Default)]
pub(super) struct StraceParser {
    /// The type of each socket: SOCK_STREAM is 1, SOCK_DGRAM is 2.
    socket_types: BTreeMap<i64, i64>,
    /// By thread: the beginning of a call whose line was interrupted by another thread's line.
    begun: BTreeMap<String, String>,
    /// Whether the program has several threads or processes.
    pub(super) several: bool,
}

impl StraceParser {
    /// The call of a complete line, if the check needs it.
    pub(super) fn returned(&mut self, line: &str) -> Option<Event> {
        let (thread, call) = line.trim_end().split_once(' ')?;
        let call = call.trim_start();
        if let Some(begun) = call.strip_suffix("<unfinished ...>") {
            self.begun.insert(thread.to_owned(), begun.to_owned());
            return None;
        }
        let whole = match call.strip_prefix("<... ") {
            Some(rest) => {
                let (_, rest) = rest.split_once("resumed>")?;
                self.begun.remove(thread)? + rest
            }
            None => call.to_owned(),
        };
        let (call, result) = whole.rsplit_once(" = ")?;
        let mut words = result.split_whitespace();
        let result: i64 = words.next()?.parse().ok()?;
        let (name, _) = call.split_once('(')?;
        match name {
            "socket" if result >= 0 => {
                let socket_type = if call.contains("SOCK_STREAM") { 1 } else { 2 };
                self.socket_types.insert(result, socket_type);
                return None;
            }
            "clone" | "clone3" | "fork" | "vfork" => {
                self.several = true;
                return None;
            }
            _ => {}
        }
        let mut event = self.event(call)?;
        event.kind = EventKind::End;
        match usize::try_from(result) {
            Ok(count) => event.count = Some(count),
            Err(_) => event.error = words.next().map(str::to_owned),
        }
        match name {
            "accept" | "accept4" if result >= 0 => {
                self.socket_types.insert(result, 1);
            }
            "close" => {
                self.socket_types.remove(&event.fd?);
            }
            _ => {}
        }
        Some(event)
    }

    /// The call of an incomplete line, in which the program waits.
    pub(super) fn blocked(&self, line: &str) -> Option<Event> {
        let (_, call) = line.split_once(' ')?;
        self.event(call.trim_start())
    }

    /// A call on a socket, or a read of the keyboard, under the name of Python's call.
    fn event(&self, call: &str) -> Option<Event> {
        let (name, arguments) = call.split_once('(')?;
        let end = arguments.find([',', ')', ' ']).unwrap_or(arguments.len());
        let fd: i64 = arguments[..end].parse().ok()?;
        let socket_type = self.socket_types.get(&fd).copied();
        let rest = arguments[end..].trim_start_matches([',', ' ']);
        let (data, rest) = text(rest);
        let to = address(rest);
        let call = match (name, socket_type) {
            ("read", None) if fd == 0 => "stdin",
            (_, None) => return None,
            ("write", _) => "send",
            ("recvfrom", _) if to.is_some() || socket_type == Some(2) => "recvfrom",
            ("read" | "recvfrom", _) => "recv",
            ("sendto", _) if to.is_none() => "send",
            ("accept4", _) => "accept",
            ("sendto" | "accept" | "bind" | "listen" | "connect" | "close" | "shutdown", _) => name,
            _ => return None,
        };
        let size = rest.trim_start_matches(['.', ',', ' ']);
        let size = size
            .split([',', ')'])
            .next()
            .and_then(|one| one.trim().parse().ok());
        Some(Event {
            kind: EventKind::Begin,
            call: call.to_owned(),
            fd: Some(fd),
            socket_type,
            to,
            size: size.filter(|_| call.starts_with("recv")),
            data,
            ..Event::default()
        })
    }
}

/// Reads a hexadecimal string at the beginning. Also returns the text after it.
fn text(arguments: &str) -> (Option<Vec<u8>>, &str) {
    let Some((inner, rest)) = arguments
        .strip_prefix('"')
        .and_then(|inner| inner.split_once('"'))
    else {
        return (None, arguments.split_once(',').map_or("", |(_, rest)| rest));
    };
    let digits = inner.split("\\x").skip(1);
    let bytes = digits.filter_map(|one| u8::from_str_radix(one, 16).ok());
    (Some(bytes.collect()), rest)
}

/// The address in a call's arguments, as Python would write it.
fn address(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once("htons(")?;
    let (port, rest) = rest.split_once(')')?;
    let (host, _) = text(&rest[rest.find('"')?..]);
    let host = String::from_utf8(host?).ok()?;
    Some(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_read_as_strace_writes_them() {
        let mut trace = StraceParser::default();
        let any = r#"inet_addr("\x30\x2e\x30\x2e\x30\x2e\x30")"#;
        let peer = format!("{{sa_family=AF_INET, sin_port=htons(57717), sin_addr={any}}}");
        let mut of = |line: &str| trace.returned(&format!("9251  {line}"));
        assert_eq!(of("socket(AF_INET, SOCK_DGRAM, IPPROTO_IP) = 3"), None);
        let bound = of(&format!("bind(3, {peer}, 16) = 0")).expect("a call");
        assert_eq!((bound.call.as_str(), bound.fd), ("bind", Some(3)));
        assert_eq!(bound.to.as_deref(), Some("0.0.0.0:57717"));
        let line = format!(r#"recvfrom(3, "\xc3\xb1", 2048, 0, {peer}, [16]) = 2"#);
        let came = of(&line).expect("a call");
        assert_eq!(
            (came.call.as_str(), came.socket_type),
            ("recvfrom", Some(2))
        );
        assert_eq!((came.size, came.count), (Some(2048), Some(2)));
        assert_eq!(came.data.as_deref(), Some("ñ".as_bytes()));
        let sent = of(r#"sendto(3, "\x68\x6f", 2, 0, NULL, 0) = 2"#).expect("a call");
        assert_eq!((sent.call.as_str(), sent.to), ("send", None));
        assert_eq!(sent.data.as_deref(), Some(&b"ho"[..]));
        assert_eq!(of(r#"read(5, "\x7f\x45", 832) = 832"#), None);
        let typed = of(r#"read(0, "\x61\x0a", 1024)          = 2"#).expect("a call");
        assert_eq!(typed.call, "stdin");
        let refused = of("recvfrom(3, 0x7ffe, 9, 0, NULL, NULL) = -1 EAGAIN (Again)");
        assert_eq!(refused.and_then(|one| one.error).as_deref(), Some("EAGAIN"));
        assert_eq!(of("+++ exited with 0 +++"), None);
        let waits = trace.blocked("9251  recvfrom(3, ").expect("a call");
        assert_eq!(
            (waits.call.as_str(), waits.kind),
            ("recvfrom", EventKind::Begin)
        );
        assert_eq!(trace.blocked("9251  futex(0x1, "), None);
        assert!(!trace.several);
    }

    #[test]
    fn an_interrupted_line_is_put_together() {
        let mut trace = StraceParser::default();
        assert_eq!(
            trace.returned("7 socket(AF_INET, SOCK_STREAM, 0) = 4"),
            None
        );
        assert_eq!(trace.returned("7 accept(4,  <unfinished ...>"), None);
        assert_eq!(trace.returned("8 clone(child_stack=NULL) = 9"), None);
        let taken = trace
            .returned("7 <... accept resumed>NULL, NULL) = 5")
            .expect("a call");
        assert_eq!((taken.call.as_str(), taken.count), ("accept", Some(5)));
        assert!(trace.several);
        let read = trace.returned(r#"7 read(5, "", 99) = 0"#).expect("a call");
        assert_eq!((read.call.as_str(), read.socket_type), ("recv", Some(1)));
        assert_eq!((read.size, read.count), (Some(99), Some(0)));
    }
}
