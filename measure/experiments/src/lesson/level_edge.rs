//! Half of the data is read: which waits report the rest?

use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};

use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::prediction::{Answer, Answers};
use crate::in_process::ANY;

pub(super) static LESSON: Lesson = Lesson {
    name: "level-edge",
    about: "lesson-level-edge",
    ask,
    measure,
    why: "lesson-level-edge-why",
    source: "lesson-level-edge-source",
    next: &[
        "socklab compare capitals --models select,poll,epoll-level,mio --quick",
        "socklab timeline echo --models epoll-level,mio",
        "socklab lesson head-of-line",
    ],
};

/// How many bytes are sent. Half of them are read.
const BYTES: usize = 8;

/// The choices: whether a level-triggered wait reports the rest, and whether an edge-triggered one
/// does.
const CHOICES: [[bool; 2]; 4] = [[false, false], [true, false], [false, true], [true, true]];

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    Question {
        setup: messages.say_with("lesson-level-edge-setup", &[("bytes", &BYTES)]),
        question: messages.say("lesson-level-edge-question"),
        answers: Answers::Choices(vec![
            messages.say("lesson-level-edge-none"),
            messages.say("lesson-level-edge-level"),
            messages.say("lesson-level-edge-edge"),
            messages.say("lesson-level-edge-both"),
        ]),
    }
}

/// What a wait reports.
struct Wakeups {
    /// Whether it reports the bytes that were sent first.
    first: bool,
    /// Whether it reports the rest, after half of the bytes were read.
    rest: bool,
    /// Whether it reports one more byte.
    more: bool,
    /// How many bytes are unread at the end.
    unread: usize,
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let header = [
        messages.say("lesson-level-edge-wait"),
        messages.say("lesson-level-edge-kind"),
        messages.say("lesson-level-edge-first"),
        messages.say("lesson-level-edge-rest"),
        messages.say("lesson-level-edge-more"),
        messages.say("lesson-level-edge-unread"),
    ];
    let mut table = Grid::new(2, header, Vec::new());
    let mut seen: [Option<bool>; 2] = [None, None];
    for (name, edge, wakeups) in waits(context)? {
        let yes = |woke: bool| messages.say(if woke { "lesson-yes" } else { "lesson-no" });
        let kind = match edge {
            true => "lesson-level-edge-of-edge",
            false => "lesson-level-edge-of-level",
        };
        table.rows.push(vec![
            name.to_owned(),
            messages.say(kind),
            yes(wakeups.first),
            yes(wakeups.rest),
            yes(wakeups.more),
            wakeups.unread.to_string(),
        ]);
        let all = &mut seen[usize::from(edge)];
        // All waits of a kind must agree.
        *all = Some(all.unwrap_or(wakeups.rest) && wakeups.rest);
    }
    let mut notes = vec![messages.say("lesson-level-edge-rule")];
    let measured = match seen {
        [Some(level), Some(edge)] => CHOICES.iter().position(|one| *one == [level, edge]),
        _ => {
            notes.push(messages.say("lesson-level-edge-not-here"));
            None
        }
    };
    Ok(Findings {
        answer: measured.map(Answer::Choice),
        table,
        notes,
        explained: measured.is_none_or(|choice| choice == 1),
    })
}

/// Sends bytes, reads half of them, and sends one more. Each time, asks the wait whether it reports
/// data.
#[cfg_attr(not(target_os = "linux"), expect(dead_code))]
fn half_read(
    watch: impl FnOnce(&TcpStream) -> io::Result<()>,
    mut tells: impl FnMut(&TcpStream) -> io::Result<bool>,
) -> io::Result<Wakeups> {
    let listener = TcpListener::bind(ANY)?;
    let mut sender = TcpStream::connect(listener.local_addr()?)?;
    let (mut receiver, _) = listener.accept()?;
    sender.set_nodelay(true)?;
    watch(&receiver)?;
    sender.write_all(&[b'a'; BYTES])?;
    let first = tells(&receiver)?;
    receiver.read_exact(&mut [0; BYTES / 2])?;
    let rest = tells(&receiver)?;
    sender.write_all(b"b")?;
    let more = tells(&receiver)?;
    let unread = receiver.peek(&mut [0; 2 * BYTES])?;
    Ok(Wakeups {
        first,
        rest,
        more,
        unread,
    })
}

/// The waits of this system. Each comes with whether it is edge-triggered, and with what it
/// reported.
#[cfg(target_os = "linux")]
fn waits(context: &LessonContext<'_>) -> io::Result<Vec<(&'static str, bool, Wakeups)>> {
    use nix::poll::{PollFd, PollFlags, poll};
    use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
    use nix::sys::select::{FdSet, select};
    use nix::sys::time::{TimeVal, TimeValLike};
    use std::os::fd::{AsFd, AsRawFd};

    // The time-out of a wait that reports no data, in milliseconds.
    let limit: u16 = context.choose(300, 50);
    let not_watched = |_: &TcpStream| Ok(());
    context.progress("select");
    let by_select = half_read(not_watched, |stream| {
        let mut read = FdSet::new();
        read.insert(stream.as_fd());
        let mut limit = TimeVal::milliseconds(limit.into());
        let highest = stream.as_raw_fd() + 1;
        Ok(select(highest, &mut read, None, None, &mut limit)? > 0)
    })?;
    context.progress("poll");
    let by_poll = half_read(not_watched, |stream| {
        let mut list = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
        Ok(poll(&mut list, limit)? > 0)
    })?;
    let by_epoll = |flags| {
        context.progress("epoll");
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let add = |stream: &TcpStream| Ok(epoll.add(stream, EpollEvent::new(flags, 0))?);
        half_read(add, |_| {
            let mut events = [EpollEvent::empty()];
            Ok(epoll.wait(&mut events, limit)? > 0)
        })
    };
    Ok(vec![
        ("select", false, by_select),
        ("poll", false, by_poll),
        ("epoll", false, by_epoll(EpollFlags::EPOLLIN)?),
        (
            "epoll, EPOLLET",
            true,
            by_epoll(EpollFlags::EPOLLIN | EpollFlags::EPOLLET)?,
        ),
    ])
}

/// Other systems have no single call that offers both kinds of wait.
#[cfg(not(target_os = "linux"))]
fn waits(_: &LessonContext<'_>) -> io::Result<Vec<(&'static str, bool, Wakeups)>> {
    Ok(Vec::new())
}
