//! The user's lines, and their end.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};

use socklab_core::{Deadline, Input, Interest, Machine, Mono, Now, Outbox, Prompt, Status, Why};
use socklab_system::{Backend, Run};

use crate::real::Running;
use crate::screen::{Said, Screen};

/// How long a [`Typist`] wants no line after each.
const REST: Duration = Duration::from_millis(5);

/// Asks for a line, shows it, rests, and asks for the next; says `end` for each end it is told.
#[derive(Debug, Default)]
struct Typist {
    resting: Option<Mono>,
    done: bool,
}

impl Machine for Typist {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Start => out.prompt(Prompt::Message),
            Input::Line(line) => {
                out.show(line);
                self.resting = Some(now.mono.plus(REST));
            }
            Input::Timer => {
                self.resting = None;
                out.prompt(Prompt::Message);
            }
            Input::InputEnd => {
                out.show(b"end");
                self.done = true;
            }
            _ => {}
        }
    }

    fn deadline(&self) -> Option<Deadline> {
        let why = Why::Reply;
        self.resting.map(|at| Deadline { at, why })
    }

    fn interest(&self) -> Interest {
        match self.resting {
            None => Interest::LINE,
            Some(_) => Interest::NOTHING,
        }
    }

    fn state(&self) -> &'static str {
        "Asking"
    }

    fn status(&self) -> Status {
        if self.done {
            Status::Done
        } else {
            Status::Running
        }
    }
}

/// Runs a typist with this to read from; all that it showed.
fn typed<B: Backend>(source: Option<impl BufRead + Send + 'static>) -> Vec<String> {
    let screen = Screen::new();
    let run = Run::new(screen.clone(), ());
    let run = Arc::new(match source {
        Some(source) => run.with_lines(source),
        None => run,
    });
    let status = Running::spawn(move || B::client(Typist::default(), &run)).join();
    assert_eq!(status, Status::Done);
    screen.shown()
}

/// Each line comes once, in order, when the machine wants it (the pump minds one that comes when it does not), and
/// then the end, once.
pub fn lines_come_one_by_one_and_then_the_end<B: Backend>() {
    let text: String = (0..20).map(|n| format!("line {n}\n")).collect();
    let mut expected: Vec<String> = text.lines().map(str::to_owned).collect();
    expected.push("end".to_owned());
    assert_eq!(typed::<B>(Some(std::io::Cursor::new(text))), expected);
}

/// A last line without a line end is a line.
pub fn input_that_ends_in_the_middle_of_a_line<B: Backend>() {
    assert_eq!(typed::<B>(Some(&b"half"[..])), ["half", "end"]);
}

/// Nothing was typed; and nobody types at all.
pub fn input_that_ends_at_once<B: Backend>() {
    assert_eq!(typed::<B>(Some(&b""[..])), ["end"]);
    assert_eq!(typed::<B>(None::<&[u8]>), ["end"]);
}

/// Says when it is read from, and gives a byte each time it is told to.
struct Keyboard {
    asked: Sender<()>,
    keys: Receiver<u8>,
}

impl Read for Keyboard {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let _ = self.asked.send(());
        Ok(match self.keys.recv() {
            Ok(key) => {
                buffer[0] = key;
                1
            }
            Err(_) => 0,
        })
    }
}

/// Nothing is read before the prompt; and what is typed letter by letter is a line at its end.
pub fn nothing_is_read_ahead<B: Backend>() {
    let (asked, was_asked) = channel();
    let (press, keys) = channel();
    let screen = Screen::new();
    let keyboard = BufReader::with_capacity(1, Keyboard { asked, keys });
    let run = Arc::new(Run::new(screen.clone(), ()).with_lines(keyboard));
    let running = Running::spawn(move || B::client(Typist::default(), &run));
    for _ in 0..3 {
        assert_eq!(screen.next(), Said::Prompt(Prompt::Message));
        for key in *b"abc\n" {
            was_asked.recv().unwrap();
            press.send(key).unwrap();
        }
        assert_eq!(screen.next(), Said::Show(b"abc".to_vec()));
        assert!(was_asked.try_recv().is_err(), "read without being asked to");
    }
    drop(press);
    assert_eq!(running.join(), Status::Done);
}
