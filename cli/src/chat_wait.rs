//! A chat waits without limit for the other end: after a while one line says so, and what to do.

use std::io::{self, Read, Stdin, stdin};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use socklab_system::lock;
use socklab_text::Messages;

use crate::print;

/// How long the other end is waited for before that line.
const LONG: Duration = Duration::from_secs(60);

/// When the last line was typed; `None` while no answer is waited for.
static TYPED: Mutex<Option<Instant>> = Mutex::new(None);

fn set(typed: Option<Instant>) {
    *lock(&TYPED) = typed;
}

/// Notes that the user has the word, or that the other end has answered.
pub(crate) fn answered() {
    set(None);
}

/// Standard input, which notes when a line was typed.
pub(crate) struct TypedLines(Stdin);

impl TypedLines {
    pub(crate) fn new() -> Self {
        TypedLines(stdin())
    }
}

impl Read for TypedLines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer);
        set(Some(Instant::now()));
        read
    }
}

/// Watches on a thread of its own, which ends with the program.
pub(crate) fn watch(messages: &'static dyn Messages) {
    // Without the thread only that line is missing.
    let _ = thread::Builder::new()
        .name("chat wait".to_owned())
        .spawn(move || {
            loop {
                thread::sleep(Duration::from_secs(1));
                if is_due(Instant::now()) {
                    print::line(&messages.say_with("chat-waits", &[("seconds", &LONG)]));
                }
            }
        });
}

/// Whether an answer has been waited for so long, and that has not been said.
fn is_due(now: Instant) -> bool {
    let mut typed = lock(&TYPED);
    let due = typed.is_some_and(|typed| now.saturating_duration_since(typed) >= LONG);
    if due {
        *typed = None;
    }
    due
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_wait_is_told_once() {
        let now = Instant::now();
        set(Some(now));
        assert!(!is_due(now + LONG / 2));
        assert!(is_due(now + LONG));
        assert!(!is_due(now + 2 * LONG), "told again");
        set(Some(now));
        answered();
        assert!(!is_due(now + LONG));
    }
}
