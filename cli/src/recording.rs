//! Transcripts in a file.

use std::fmt::{self, Write};
use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::transcript::{Header, Recorder};
use socklab_core::{DynObserver, Observers, Subject};

use crate::files::LogFile;

/// How every transcript begins, and so every file of them.
pub(crate) const MARK: &[u8] = b"socklab transcript ";

/// How many bytes of a transcript that is not written yet are kept. A peer decides how long a
/// connection goes on, so what comes after that is cut, and only counted.
const TRANSCRIPT_LIMIT: usize = 1024 * 1024;

/// How many bytes of all such transcripts are kept.
const ALL_TRANSCRIPTS_LIMIT: usize = 16 * TRANSCRIPT_LIMIT;

/// Writes the transcript of each machine of a run into one file, up to
/// [its limit](LogFile::byte_limit).
///
/// An endpoint's is written as it happens. What happens beside it, in other machines of the same
/// server, and in connections, is written when it is over: each in one piece, and none in the
/// middle of another. Until then it is kept, up to [a limit](TRANSCRIPT_LIMIT).
#[derive(Clone, Debug)]
pub(crate) struct Recording {
    header: Header,
    transcripts: Arc<Mutex<TranscriptFile>>,
}

#[derive(Debug)]
struct TranscriptFile {
    file: Arc<LogFile>,
    /// A transcript is being written as it happens.
    open: bool,
    /// Transcripts that wait for its end.
    waiting: Vec<String>,
    /// How many bytes are kept, in these and in those that have not ended.
    kept: usize,
    /// There is a transcript before the next.
    begun: bool,
    /// How many bytes the run may still add, besides the headers of those that have begun.
    left: usize,
    /// A line did not fit any more: no transcript begins.
    full: bool,
}

impl TranscriptFile {
    /// Writes a transcript, or the next lines of the open one.
    fn write(&mut self, text: &str, begins: bool) {
        if begins && mem::replace(&mut self.begun, true) {
            self.file.append("\n");
        }
        self.file.append(text);
    }
}

impl Recording {
    /// Adds to what is in the file.
    pub(crate) fn new(file: Arc<LogFile>, header: Header) -> Self {
        let transcripts = TranscriptFile {
            begun: file.had_content(),
            left: file.byte_limit(),
            full: false,
            file,
            open: false,
            waiting: Vec::new(),
            kept: 0,
        };
        let transcripts = Arc::new(Mutex::new(transcripts));
        Recording {
            header,
            transcripts,
        }
    }
}

impl Observers for Recording {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> Self::Observer {
        let mut transcripts = lock(&self.transcripts);
        let at_once = match subject {
            Subject::Driver => return DynObserver::new(()),
            _ if transcripts.full => return DynObserver::new(()),
            Subject::Endpoint => !mem::replace(&mut transcripts.open, true),
            Subject::Connection { .. } => false,
        };
        drop(transcripts);
        let writer = TranscriptWriter {
            text: String::new(),
            at_once,
            begins: true,
            kept: 0,
            cut: None,
            transcripts: Arc::clone(&self.transcripts),
        };
        DynObserver::new(Recorder::new(&self.header, writer))
    }
}

fn lock(transcripts: &Mutex<TranscriptFile>) -> MutexGuard<'_, TranscriptFile> {
    transcripts.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One transcript on its way into the file.
#[derive(Debug)]
pub(crate) struct TranscriptWriter {
    text: String,
    at_once: bool,
    /// None of it is written.
    begins: bool,
    /// How many bytes of it are kept: the whole lines.
    kept: usize,
    /// The time of the first line that was cut, and how many were.
    cut: Option<(String, u64)>,
    transcripts: Arc<Mutex<TranscriptFile>>,
}

impl TranscriptWriter {
    /// Keeps the line that has just ended, or cuts it. The header is always kept.
    fn keep_line(&mut self, transcripts: &mut TranscriptFile) {
        let line = &self.text[self.kept..];
        let is_event = line.starts_with(|first: char| first.is_ascii_digit());
        let fits = |kept: usize, most| kept + line.len() <= most;
        if !fits(0, transcripts.left) && !mem::replace(&mut transcripts.full, true) {
            transcripts.file.say_full("transcript-full");
        }
        let is_kept = self.cut.is_none()
            && !transcripts.full
            && (self.at_once
                || fits(self.kept, TRANSCRIPT_LIMIT)
                    && fits(transcripts.kept, ALL_TRANSCRIPTS_LIMIT));
        if is_kept || !is_event {
            transcripts.left = transcripts.left.saturating_sub(line.len());
            transcripts.kept += line.len();
            self.kept = self.text.len();
            return;
        }
        let time = line.split(' ').next().unwrap_or_default();
        let (_, lines) = self.cut.get_or_insert_with(|| (time.to_owned(), 0));
        *lines += 1;
        self.text.truncate(self.kept);
    }

    fn write(&mut self, transcripts: &mut TranscriptFile) {
        transcripts.kept -= mem::take(&mut self.kept);
        transcripts.write(&self.text, self.begins);
        self.begins = false;
        self.text.clear();
    }
}

impl Write for TranscriptWriter {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.text.push_str(text);
        if text.ends_with('\n') {
            let transcripts = Arc::clone(&self.transcripts);
            let mut transcripts = lock(&transcripts);
            self.keep_line(&mut transcripts);
            if self.at_once {
                self.write(&mut transcripts);
            }
        }
        Ok(())
    }
}

impl Drop for TranscriptWriter {
    fn drop(&mut self) {
        let transcripts = Arc::clone(&self.transcripts);
        let mut transcripts = lock(&transcripts);
        transcripts.kept -= mem::take(&mut self.kept);
        if let Some((time, lines)) = self.cut.take() {
            let _ = writeln!(self.text, "{time} -- cut {lines}");
        }
        if self.at_once {
            self.write(&mut transcripts);
            transcripts.open = false;
            for transcript in mem::take(&mut transcripts.waiting) {
                transcripts.kept -= transcript.len();
                transcripts.write(&transcript, true);
            }
        } else if transcripts.open {
            transcripts.kept += self.text.len();
            transcripts.waiting.push(mem::take(&mut self.text));
        } else {
            self.write(&mut transcripts);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use socklab_core::transcript::{Role, Transcript, parse};
    use socklab_core::{Input, Now, Observer};
    use socklab_files::{Outputs, Readers};

    use super::*;
    use crate::language::Language;

    /// Records what happens, and reads the file.
    fn recorded(happens: impl FnOnce(&Recording)) -> Vec<Transcript> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("transcript");
        let messages = Box::leak(Box::new(Language::En.messages()));
        let mut outputs = Outputs::default();
        let file = LogFile::open(&mut outputs, &path, Readers::Owner, MARK, messages);
        let header = Header {
            exercise: "capitals".to_owned(),
            role: Role::Server,
            runtime: "blocking".to_owned(),
            epoch: Duration::ZERO,
            masked: false,
        };
        happens(&Recording::new(Arc::new(file.unwrap()), header));
        parse(&fs::read_to_string(&path).unwrap()).unwrap()
    }

    fn connection(number: u64) -> Subject {
        Subject::Connection {
            number,
            peer: ([127, 0, 0, 1], 4000).into(),
            local: ([127, 0, 0, 1], 18000).into(),
        }
    }

    /// A peer sends this many lines of 64 KiB.
    fn sends(observer: &mut DynObserver, lines: u64) {
        let now = Now::default();
        for _ in 0..lines {
            observer.input(now, &Input::Line(&[b'a'; 64 * 1024]));
        }
    }

    /// The lines that a transcript has, and how many were cut by its own account.
    fn counts(transcript: &Transcript) -> (u64, u64) {
        let (mut lines, mut cut) = (0, 0);
        for line in &transcript.lines {
            match &*line.words[0] {
                "cut" => cut += line.words[1].parse::<u64>().unwrap(),
                _ => lines += 1,
            }
        }
        (lines, cut)
    }

    /// A connection without end, and the second of a server's loops.
    #[test]
    fn what_waits_for_its_end_has_a_limit() {
        let transcripts = recorded(|recording| {
            let mut first = recording.observer(Subject::Endpoint);
            let mut second = recording.observer(Subject::Endpoint);
            let mut other = recording.observer(connection(1));
            for observer in [&mut first, &mut second, &mut other] {
                sends(observer, 100);
                assert!(lock(&recording.transcripts).kept <= 2 * TRANSCRIPT_LIMIT);
            }
        });
        let counts: Vec<(u64, u64)> = transcripts.iter().map(counts).collect();
        assert_eq!(counts, [(100, 0), (15, 85), (15, 85)]);
    }

    /// The limit also holds for an endpoint, whose transcript is written as it happens. A
    /// connection that begins after the limit has no transcript.
    #[test]
    fn a_run_has_a_limit() {
        let transcripts = recorded(|recording| {
            lock(&recording.transcripts).left = 4 * TRANSCRIPT_LIMIT;
            let mut endpoint = recording.observer(Subject::Endpoint);
            let mut connections = [1, 2].map(|number| recording.observer(connection(number)));
            sends(&mut connections[0], 10);
            sends(&mut endpoint, 100);
            sends(&mut connections[1], 10);
            sends(&mut recording.observer(connection(3)), 10);
        });
        let counts: Vec<(u64, u64)> = transcripts.iter().map(counts).collect();
        assert_eq!(counts, [(53, 47), (10, 0), (0, 10)]);
    }

    #[test]
    fn all_that_wait_share_a_limit() {
        let transcripts = recorded(|recording| {
            let mut all: Vec<_> = (0..20)
                .map(|number| recording.observer(connection(number)))
                .collect();
            all.iter_mut().for_each(|one| sends(one, 15));
            assert!(lock(&recording.transcripts).kept <= ALL_TRANSCRIPTS_LIMIT + 20 * 1024);
            drop(all);
            assert_eq!(lock(&recording.transcripts).kept, 0);
            sends(&mut recording.observer(connection(20)), 15);
        });
        let counts: Vec<(u64, u64)> = transcripts.iter().map(counts).collect();
        assert_eq!(counts.len(), 21);
        assert_eq!(
            (counts[0], counts[19], counts[20]),
            ((15, 0), (0, 15), (15, 0))
        );
    }
}
