//! Transcripts that a test can read while they are being written.

use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use socklab_core::transcript::{Header, Recorder, Role, Transcript, parse};
use socklab_core::{
    Deadline, DynObserver, Input, Now, Observer, Observers, Operation, Output, Status, Subject, lab,
};

/// A text that one thread writes and another reads.
#[derive(Clone, Debug, Default)]
pub struct SharedText(Arc<Mutex<String>>);

impl SharedText {
    /// What has been written so far.
    pub fn text(&self) -> String {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Write for SharedText {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.lock().push_str(text);
        Ok(())
    }
}

/// The header of a test's transcript.
pub fn header(exercise: &str, role: Role, runtime: &str, epoch: Duration, masked: bool) -> Header {
    Header {
        exercise: exercise.to_string(),
        role,
        runtime: runtime.to_string(),
        epoch,
        masked,
    }
}

/// Parses a text that contains one transcript.
///
/// # Panics
/// When the text is anything else; the message has the text.
pub fn read(text: &str) -> Transcript {
    match parse(text) {
        Ok(mut read) if read.len() == 1 => read.remove(0),
        other => panic!("not one transcript: {other:?}\n{text}"),
    }
}

/// Records every machine of a run over real sockets, digits masked where the exercise is secret,
/// as the command does.
#[derive(Clone, Debug)]
pub struct Recording {
    header: Header,
    transcripts: Arc<Transcripts>,
}

#[derive(Debug, Default)]
struct Transcripts {
    machines: Mutex<Vec<Entry>>,
    changed: Condvar,
}

#[derive(Clone, Debug, Default)]
struct Entry {
    text: SharedText,
    ended: bool,
}

/// How long a real exchange may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(20);

impl Recording {
    /// An empty recording.
    pub fn new(exercise: &str, role: Role, runtime: &str, epoch: Duration) -> Self {
        let masked = lab::find(exercise).is_some_and(|exercise| exercise.secret);
        Recording {
            header: header(exercise, role, runtime, epoch, masked),
            transcripts: Arc::default(),
        }
    }

    /// The transcripts so far, in the order in which their machines began.
    pub fn transcripts(&self) -> Vec<String> {
        let machines = self.lock();
        machines.iter().map(|entry| entry.text.text()).collect()
    }

    /// How many machines have ended so far.
    pub fn ended(&self) -> usize {
        self.lock().iter().filter(|entry| entry.ended).count()
    }

    /// Waits until `n` machines have ended, and gives all transcripts.
    ///
    /// # Panics
    /// When they do not, within 20 s.
    pub fn wait_ended(&self, n: usize) -> Vec<String> {
        self.wait(&format!("{n} machines to end"), |machines| {
            machines.iter().filter(|entry| entry.ended).count() >= n
        });
        self.transcripts()
    }

    /// Waits until `n` machines have begun.
    ///
    /// # Panics
    /// When they do not, within 20 s.
    pub fn wait_begun(&self, n: usize) {
        self.wait(&format!("{n} machines to begin"), |machines| {
            machines.len() >= n
        });
    }

    /// Waits until any transcript contains `text`.
    ///
    /// # Panics
    /// When none does within 20 s.
    pub fn wait_for(&self, text: &str) {
        self.wait(text, |machines| {
            machines
                .iter()
                .any(|entry| entry.text.lock().contains(text))
        });
    }

    fn wait(&self, what: &str, come: impl Fn(&[Entry]) -> bool) {
        let until = Instant::now() + PATIENCE;
        let mut machines = self.lock();
        while !come(&machines) {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                drop(machines);
                panic!("waited for {what}:\n{}", self.transcripts().join("\n"));
            }
            machines = self
                .transcripts
                .changed
                .wait_timeout(machines, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.transcripts
            .machines
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observers for Recording {
    type Observer = DynObserver;

    fn observer(&self, subject: Subject) -> DynObserver {
        if subject == Subject::Driver {
            return DynObserver::new(());
        }
        let text = SharedText::default();
        let mut machines = self.lock();
        machines.push(Entry {
            text: text.clone(),
            ..Entry::default()
        });
        DynObserver::new(Recorded {
            recorder: Recorder::new(&self.header, text),
            number: machines.len() - 1,
            recording: self.clone(),
        })
    }
}

/// Records one machine, and wakes the threads that wait for more of its transcript.
#[derive(Debug)]
struct Recorded {
    recorder: Recorder<SharedText>,
    number: usize,
    recording: Recording,
}

impl Recorded {
    fn told(&self, change: impl FnOnce(&mut Entry)) {
        change(&mut self.recording.lock()[self.number]);
        self.recording.transcripts.changed.notify_all();
    }
}

impl Observer for Recorded {
    fn input(&mut self, now: Now, input: &Input<'_>) {
        self.recorder.input(now, input);
        self.told(|_| ());
    }
    fn output(&mut self, now: Now, output: &Output<'_>) {
        self.recorder.output(now, output);
        self.told(|_| ());
    }
    fn state(&mut self, now: Now, state: &'static str) {
        self.recorder.state(now, state);
        self.told(|_| ());
    }
    fn deadline(&mut self, now: Now, deadline: Option<Deadline>) {
        self.recorder.deadline(now, deadline);
    }
    fn ended(&mut self, now: Now, status: Status) {
        self.recorder.ended(now, status);
        self.told(|entry| entry.ended = true);
    }
    fn operation(&mut self, operation: &Operation) {
        self.recorder.operation(operation);
    }
}
