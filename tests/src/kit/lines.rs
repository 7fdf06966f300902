//! Cases for the user's lines, and the end of the input.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use socklab_core::{
    Console, Deadline, Input, Interest, Machine, Mono, Now, Outbox, Prompt, Status, Why,
};
use socklab_system::{Backend, Run};

use crate::real::TestThread;
use crate::screen::{Said, Screen};

/// How long a [`Typist`] takes no line after each line.
const REST: Duration = Duration::from_millis(5);

/// A machine that asks for a line, shows it, pauses, and asks for the next. It shows `end` at each
/// end of input.
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
            Some(_) => Interest::NONE,
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

/// Runs a typist that reads from `source`. Returns all that it showed.
fn typed<B: Backend>(source: Option<impl BufRead + Send + 'static>) -> Vec<String> {
    let screen = Screen::new();
    let run = Run::new(screen.clone(), ());
    let run = Arc::new(match source {
        Some(source) => run.with_lines(source),
        None => run,
    });
    let status = TestThread::spawn(move || B::client(Typist::default(), &run)).join();
    assert_eq!(status, Status::Done);
    screen.shown()
}

/// Each line comes once, in order, and only when the machine wants it (the pump asserts that). Then
/// the end of the input comes once.
pub fn lines_come_one_by_one_and_then_the_end<B: Backend>() {
    let text: String = (0..20).map(|n| format!("line {n}\n")).collect();
    let mut expected: Vec<String> = text.lines().map(str::to_owned).collect();
    expected.push("end".to_owned());
    assert_eq!(typed::<B>(Some(std::io::Cursor::new(text))), expected);
}

/// A last line without a line end counts as a line.
pub fn input_that_ends_in_the_middle_of_a_line<B: Backend>() {
    assert_eq!(typed::<B>(Some(&b"half"[..])), ["half", "end"]);
}

/// Both an empty input and no input at all end at once.
pub fn input_that_ends_at_once<B: Backend>() {
    assert_eq!(typed::<B>(Some(&b""[..])), ["end"]);
    assert_eq!(typed::<B>(None::<&[u8]>), ["end"]);
}

/// An input that reports on the screen when it is read from, and returns a byte each time a key is
/// pressed.
struct Keyboard {
    screen: Arc<Screen>,
    keys: Receiver<u8>,
}

/// What the keyboard reports when it is read from, in order with the program's own output.
const READ: &[u8] = b"(the keyboard is read)";

impl Read for Keyboard {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.screen.show(READ);
        Ok(match self.keys.recv() {
            Ok(key) => {
                buffer[0] = key;
                1
            }
            Err(_) => 0,
        })
    }
}

/// No line is read before the prompt. Letters that are typed one by one become a line at the line
/// end.
pub fn nothing_is_read_ahead<B: Backend>() {
    let (press, keys) = channel();
    let screen = Screen::new();
    let keyboard = Keyboard {
        screen: screen.clone(),
        keys,
    };
    let keyboard = BufReader::with_capacity(1, keyboard);
    let run = Arc::new(Run::new(screen.clone(), ()).with_lines(keyboard));
    let running = TestThread::spawn(move || B::client(Typist::default(), &run));
    for _ in 0..3 {
        assert_eq!(screen.next(), Said::Prompt(Prompt::Message));
        for key in *b"abc\n" {
            assert_eq!(screen.next(), Said::Show(READ.to_vec()));
            press.send(key).unwrap();
        }
        assert_eq!(screen.next(), Said::Show(b"abc".to_vec()));
    }
    drop(press);
    assert_eq!(running.join(), Status::Done);
}
