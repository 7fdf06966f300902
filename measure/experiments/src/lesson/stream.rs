//! What a stream preserves of the sends: the bytes and their order, but not the boundaries.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};
use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::prediction::{Answer, Answers};
use crate::in_process::{ANY, LIMIT};

pub(super) static LESSON: Lesson = Lesson {
    name: "stream",
    about: "lesson-stream",
    ask,
    measure,
    why: "lesson-stream-why",
    source: "lesson-stream-source",
    next: &[
        "socklab capitals client",
        "socklab tour capitals",
        "socklab bug list",
        "socklab lesson ports",
    ],
};

/// What one row measures.
#[derive(Clone, Copy, Debug)]
struct Case {
    sends: usize,
    /// How many bytes each call sends.
    bytes: usize,
    /// The size of the receiver's buffer.
    room: usize,
    /// Whether the receiver reads only after all bytes were sent.
    later: bool,
}

const fn case(sends: usize, bytes: usize, room: usize, later: bool) -> Case {
    Case {
        sends,
        bytes,
        room,
        later,
    }
}

/// More than all sends of a row together, so no `recv` ends because its buffer is full.
const LARGE: usize = 256 * 1024;

/// The buffer size of many programs.
const SMALL: usize = 1024;

const CASES: [Case; 10] = [
    case(1, 1, LARGE, false),
    case(1, 1_000, LARGE, false),
    case(1, 10_000, LARGE, false),
    case(1, 10_000, SMALL, false),
    case(1, 100_000, LARGE, false),
    case(10, 1, LARGE, false),
    case(10, 1_000, LARGE, false),
    case(10, 10_000, LARGE, false),
    case(10, 1, LARGE, true),
    case(10, 1_000, LARGE, true),
];

/// The length of a TCP segment on Ethernet. On a loopback interface, segments have up to 64 KiB.
const SEGMENT: u32 = 1_460;

/// How long a receiver that reads later waits after the last send, for its bytes to arrive.
const LATER: Duration = Duration::from_millis(5);

fn times(context: &LessonContext<'_>) -> usize {
    context.choose(100, 20)
}

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    let times = times(context);
    Question {
        setup: messages.say_with(
            "lesson-stream-setup",
            &[("times", &times), ("segment", &SEGMENT)],
        ),
        question: messages.say("lesson-stream-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-stream-neither"),
            messages.say("lesson-stream-split"),
            messages.say("lesson-stream-merged"),
            messages.say("lesson-stream-both"),
        ]),
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    context.progress("TCP");
    let header = [
        messages.say("lesson-stream-sends"),
        messages.say("lesson-stream-bytes"),
        messages.say("lesson-stream-room"),
        messages.say("lesson-stream-reads"),
        messages.say("lesson-stream-least"),
        messages.say("lesson-stream-median"),
        messages.say("lesson-stream-most"),
    ];
    let mut table = Grid::new(0, header, Vec::new());
    let (mut split, mut merged) = (false, false);
    for case in CASES {
        let mut receives = (0..times(context))
            .map(|_| send_and_receive(case))
            .collect::<io::Result<Vec<usize>>>()?;
        receives.sort_unstable();
        let (least, most) = (receives[0], receives[receives.len() - 1]);
        split |= most > case.sends;
        merged |= least < case.sends;
        let reads = match case.later {
            true => "lesson-stream-later",
            false => "lesson-stream-at-once",
        };
        table.rows.push(vec![
            case.sends.to_string(),
            case.bytes.to_string(),
            case.room.to_string(),
            messages.say(reads),
            least.to_string(),
            receives[receives.len() / 2].to_string(),
            most.to_string(),
        ]);
    }
    let answer = usize::from(split) + 2 * usize::from(merged);
    Ok(Findings {
        answer: Some(Answer::Choice(answer)),
        table,
        notes: vec![messages.say("lesson-stream-rule")],
        explained: answer == 3,
    })
}

/// Sends and receives over a new connection. Returns how many calls of `recv` it took.
fn send_and_receive(case: Case) -> io::Result<usize> {
    let listener = TcpListener::bind(ANY)?;
    let mut sender = connect(listener.local_addr()?)?;
    let (mut receiver, _) = listener.accept()?;
    receiver.set_read_timeout(Some(LIMIT))?;
    let (sent, all_sent) = channel();
    let sending = thread::spawn(move || -> io::Result<TcpStream> {
        let bytes = vec![b'a'; case.bytes];
        for _ in 0..case.sends {
            // A blocking socket takes all bytes in one call.
            if sender.write(&bytes)? < bytes.len() {
                return Err(ErrorKind::WriteZero.into());
            }
        }
        // Ignore an error: the receiver may not be waiting for this.
        let _ = sent.send(());
        Ok(sender)
    });
    if case.later && all_sent.recv().is_ok() {
        thread::sleep(LATER);
    }
    let (mut buffer, mut received, mut calls) = (vec![0; case.room], 0, 0);
    while received < case.sends * case.bytes {
        received += match receiver.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            len => len,
        };
        calls += 1;
    }
    sending.join().map_err(|_| io::Error::other("send"))??;
    Ok(calls)
}

/// Connects with [segments](SEGMENT) as on Ethernet, if the system lets us set their length.
fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    #[cfg(unix)]
    socket.set_tcp_mss(SEGMENT)?;
    socket.connect(&to.into())?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_byte_is_not_split_and_what_waits_together_is_read_together() {
        assert_eq!(send_and_receive(case(1, 1, LARGE, false)).unwrap(), 1);
        assert!(send_and_receive(case(1, 10_000, SMALL, false)).unwrap() >= 10);
        assert_eq!(send_and_receive(case(3, 1, LARGE, true)).unwrap(), 1);
    }
}
