//! A client that starts before its server, over TCP and over UDP: refused, lost, or not noticed.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use socklab_core::{Failure, Notice, Status, echo, lab::Exercise, message, welcome};
use socklab_text::Messages;

use socklab_text::Grid;

use super::context::{ClientRun, LessonContext, client, listen, next_client};
use super::definition::{Findings, Lesson, Question};
use super::page::millis;
use super::prediction::{Answer, Answers};
use crate::in_process::{ANY, Seen};

pub(super) static LESSON: Lesson = Lesson {
    name: "start-order",
    about: "lesson-start-order",
    ask,
    measure,
    why: "lesson-start-order-why",
    source: "lesson-start-order-source",
    next: &[
        "socklab message client",
        "socklab echo client --retries 3",
        "socklab tour message",
        "socklab lesson ports",
    ],
};

/// The line for the clients that ask for one.
const LINE: &str = "hola";

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    Question {
        setup: messages.say("lesson-start-order-setup"),
        question: messages.say("lesson-start-order-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-start-order-neither"),
            messages.say("lesson-start-order-tcp"),
            messages.say("lesson-start-order-udp"),
            messages.say("lesson-start-order-both"),
        ]),
    }
}

/// What a client learned while no server was listening.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reported {
    Nothing,
    Refused,
    /// The error came after sending, on a connected socket.
    Later,
    /// The client's time-out expired.
    NoReply,
    Else,
}

impl Reported {
    fn say(self, messages: &dyn Messages) -> String {
        messages.say(match self {
            Reported::Nothing => "lesson-told-nothing",
            Reported::Refused => "lesson-told-refused",
            Reported::Later => "lesson-told-later",
            Reported::NoReply => "lesson-told-no-reply",
            Reported::Else => "lesson-told-else",
        })
    }

    fn by(run: &ClientRun) -> Reported {
        let later = |seen: &Seen| matches!(seen, Seen::Notice(Notice::NoListener(_)));
        match run.status {
            Status::Done if run.seen.iter().any(later) => Reported::Later,
            Status::Done => Reported::Nothing,
            Status::Failed(Failure::Refused(_)) => Reported::Refused,
            Status::Failed(Failure::NoReply(..)) => Reported::NoReply,
            _ => Reported::Else,
        }
    }
}

/// One kind of client, before and after its server starts.
struct Case {
    reported: Reported,
    took: Duration,
    /// Whether the server that started afterwards received anything from the first client.
    kept: bool,
    /// Whether the server received from a second client.
    heard: bool,
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let pause = context.choose(Duration::from_millis(400), Duration::from_millis(100));
    let ours = |exercise: &'static Exercise, to| {
        let run = client(exercise, to, &[LINE], Duration::from_secs(1));
        (Reported::by(&run), run.took)
    };
    context.progress("TCP, UDP");
    let tcp = case(&welcome::EXERCISE, pause, |to| ours(&welcome::EXERCISE, to))?;
    let plain = case(&message::EXERCISE, pause, send_and_leave)?;
    let message = case(&message::EXERCISE, pause, |to| ours(&message::EXERCISE, to))?;
    let echo = case(&echo::EXERCISE, pause, |to| ours(&echo::EXERCISE, to))?;

    let header = [
        messages.say("lesson-client"),
        messages.say("lesson-told"),
        "ms".to_owned(),
        messages.say("lesson-kept"),
        messages.say("lesson-heard"),
    ];
    let mut table = Grid::new(2, header, Vec::new());
    let yes = |yes| messages.say(if yes { "lesson-yes" } else { "lesson-no" });
    for (name, one) in [
        ("lesson-client-welcome", &tcp),
        ("lesson-client-plain", &plain),
        ("lesson-client-message", &message),
        ("lesson-client-echo", &echo),
    ] {
        table.rows.push(vec![
            messages.say(name),
            one.reported.say(messages),
            millis(one.took.as_nanos() as u64),
            yes(one.kept),
            yes(one.heard),
        ]);
    }
    let noticed = |case: &Case| case.reported != Reported::Nothing;
    let answer = usize::from(noticed(&tcp)) + 2 * usize::from(noticed(&plain));
    let as_explained = [&tcp, &plain, &message, &echo]
        .iter()
        .all(|one| !one.kept && one.heard);
    Ok(Findings {
        answer: Some(Answer::Choice(answer)),
        table,
        notes: vec![messages.say("lesson-start-order-columns")],
        explained: answer == 1 && as_explained,
    })
}

/// Runs a client without a server, then starts the server, then runs another client.
fn case(
    exercise: &'static Exercise,
    pause: Duration,
    go: impl Fn(SocketAddr) -> (Reported, Duration),
) -> io::Result<Case> {
    let unused = SocketAddr::new(ANY.0.into(), socklab_process::free_port()?);
    let (reported, took) = go(unused);
    let server = listen(exercise, unused)?;
    let kept = next_client(&server, pause).is_some();
    go(server.address);
    let heard = next_client(&server, Duration::from_secs(1)).is_some();
    Ok(Case {
        reported,
        took,
        kept,
        heard,
    })
}

/// The lab's program in three calls: `socket`, `sendto`, `close`.
fn send_and_leave(to: SocketAddr) -> (Reported, Duration) {
    let begun = Instant::now();
    let sent = UdpSocket::bind(ANY).and_then(|socket| socket.send_to(LINE.as_bytes(), to));
    let reported = match sent {
        Ok(_) => Reported::Nothing,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Reported::Refused,
        Err(_) => Reported::Else,
    };
    (reported, begun.elapsed())
}
