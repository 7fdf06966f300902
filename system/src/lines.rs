//! The user's lines.
//!
//! Standard input is read on a thread of its own, because regular files and Windows consoles
//! cannot be polled. The thread reads only when it is asked to, so it never reads ahead of the
//! prompt that asks for it.

use std::io::{BufRead, Read};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use socklab_core::{LineEvent, Observers};

use crate::run::Run;

/// The longest line that is kept, in bytes. It is far more than any exercise sends, so that a
/// message about a line that is too long can give its length. The rest of a longer line is dropped,
/// and at this length such messages say "or more".
pub const MAX_LINE: usize = 16 * 1024 * 1024;

/// The UTF-8 byte-order mark.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The lines of a run. Each is read when the exercise asks for it.
#[derive(Debug, Default)]
pub struct Lines {
    /// Asks the reading thread for a line.
    reader: Option<Sender<()>>,
    /// A line was asked for and has not come yet.
    asked: bool,
    /// The run has no lines, and the caller has been told.
    end_reported: bool,
}

impl Lines {
    /// Asks for the next line, unless one was asked for already; `sink` gets it, on another thread.
    /// Returns `false` the first time if the run has no lines: a machine is told of the end once.
    pub fn ask<W: Observers, S: FnMut(LineEvent) + Send + 'static>(
        &mut self,
        run: &Run<W>,
        sink: impl FnOnce() -> S,
    ) -> bool {
        if self.asked || self.end_reported {
            return true;
        }
        if self.reader.is_none()
            && let Some(source) = run.take_lines()
        {
            self.reader = read_on_demand(source, sink()).ok();
        }
        match &self.reader {
            // Ignore errors: after the end of input the thread is gone, and has reported the end.
            Some(reader) => drop(reader.send(())),
            None => self.end_reported = true,
        }
        self.asked = !self.end_reported;
        self.asked
    }

    /// Notes that the line that was asked for has come.
    pub fn arrived(&mut self) {
        self.asked = false;
    }
}

/// Starts a thread that reads one line each time it is asked, and passes it to `sink`.
fn read_on_demand(
    mut source: Box<dyn BufRead + Send>,
    mut sink: impl FnMut(LineEvent) + Send + 'static,
) -> std::io::Result<Sender<()>> {
    let (ask, asked) = channel();
    thread::Builder::new().name("lines".into()).spawn(move || {
        // PowerShell's pipe begins with a byte-order mark, which its user did not type.
        let mut mark: &[u8] = BYTE_ORDER_MARK;
        while asked.recv().is_ok() {
            // For an exercise, a read error is the end of the input.
            match read_line(&mut *source) {
                Ok(Some(mut line)) => {
                    let mark = std::mem::take(&mut mark);
                    if line.starts_with(mark) {
                        line.drain(..mark.len());
                    }
                    sink(LineEvent::Line(line));
                }
                Ok(None) | Err(_) => return sink(LineEvent::End),
            }
        }
    })?;
    Ok(ask)
}

/// One line without its line end (`\n` or `\r\n`), or `None` at the end of the input.
fn read_line(source: &mut dyn BufRead) -> std::io::Result<Option<Vec<u8>>> {
    let mut line = Vec::new();
    if source.take(MAX_LINE as u64).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.len() == MAX_LINE && !line.ends_with(b"\n") {
        source.skip_until(b'\n')?;
    }
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    Ok(Some(line))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use socklab_core::{Console, Notice, Prompt};

    use super::*;

    /// A console that drops everything.
    struct Mute;

    impl Console for Mute {
        fn prompt(&self, _: Prompt) {}
        fn show(&self, _: &[u8]) {}
        fn notice(&self, _: Notice) {}
    }

    #[test]
    fn a_run_without_lines_says_so_once() {
        let run = Run::new(Arc::new(Mute), ());
        let mut lines = Lines::default();
        let ask = |lines: &mut Lines| lines.ask(&run, || |_| panic!("there is no reader"));
        assert!(!ask(&mut lines));
        assert!(ask(&mut lines) && ask(&mut lines));
    }

    #[test]
    fn line_ends_and_limits() {
        let long = [vec![b'a'; MAX_LINE + 10], b"\nnext".to_vec()].concat();
        for (text, lines) in [
            (&b""[..], vec![]),
            (b"a\nb", vec![&b"a"[..], b"b"]),
            (b"a\r\n\n\r\n", vec![b"a", b"", b""]),
            (b"a\rb\n", vec![b"a\rb"]),
            (&long, vec![&long[..MAX_LINE], b"next"]),
        ] {
            let mut source = text;
            let mut got = Vec::new();
            while let Some(line) = read_line(&mut source).unwrap() {
                got.push(line);
            }
            assert_eq!(got, lines);
        }
    }

    #[test]
    fn reads_only_what_is_asked_for() {
        let (sink, lines) = channel();
        let source = "\u{feff}one\ntwo\n".as_bytes();
        let run = Run::new(Arc::new(Mute), ()).with_lines(source);
        let mut reader = Lines::default();
        let ask = |reader: &mut Lines| {
            let sink = sink.clone();
            reader.ask(&run, || move |event| sink.send(event).unwrap())
        };
        for expected in [
            LineEvent::Line(b"one".to_vec()),
            LineEvent::Line(b"two".to_vec()),
            LineEvent::End,
        ] {
            assert!(lines.try_recv().is_err());
            assert!(ask(&mut reader) && ask(&mut reader));
            assert_eq!(lines.recv().unwrap(), expected);
            reader.arrived();
        }
    }
}
