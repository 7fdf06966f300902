//! Why each connection comes from a new port, and what happens to the port afterwards.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};
use socklab_core::{Notice, welcome};
use socklab_system::socket;
use socklab_text::system_error;

use socklab_text::Grid;

use super::context::{LessonContext, client, listen, next_client};
use super::definition::{Findings, Lesson, Question};
use super::page::{NONE, figures};
use super::prediction::{Answer, Answers};
use crate::in_process::{ANY, LocalServer, Seen};

pub(super) static LESSON: Lesson = Lesson {
    name: "ports",
    about: "lesson-ports",
    ask,
    measure,
    why: "lesson-ports-why",
    source: "lesson-ports-source",
    next: &[
        "socklab welcome server",
        "socklab welcome client",
        "socklab tour welcome",
        "socklab lesson start-order",
    ],
};

/// How often a client connects or sends.
const TIMES: usize = 5;

/// How long to wait for an event that must come.
const LIMIT: Duration = Duration::from_secs(5);

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    Question {
        setup: messages.say_with("lesson-ports-setup", &[("times", &TIMES)]),
        question: messages.say("lesson-ports-question"),
        answers: Answers::Number { within: 1.0 },
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    context.progress("TCP");
    let server = listen(&welcome::EXERCISE, ANY)?;
    let ours = server.address;
    let greeted = greet(&server)?;
    let ended_by_server = waiting(ours.port(), &greeted);
    // Now the listening socket is closed, and only connections in TIME_WAIT still use the port.
    drop(server);
    let plain = bind(ours, false);
    let reusing = bind(ours, true);
    let (theirs, hung_up) = hang_up()?;
    let ended_by_client = waiting(theirs.port(), &hung_up);
    let again = bind((ANY.0, hung_up[0]).into(), false);
    context.progress("UDP");
    let sent = send_from_one_socket()?;

    let header = [
        messages.say("lesson-ports-who"),
        messages.say("lesson-ports-seen"),
        messages.say("lesson-ports-different"),
        messages.say("lesson-ports-at-server"),
        messages.say("lesson-ports-at-client"),
    ];
    let mut table = Grid::new(2, header, Vec::new());
    let count = |side: Option<usize>| side.map_or(NONE.to_owned(), |count| count.to_string());
    for (who, ports, waits) in [
        ("lesson-ports-server-ends", &greeted, ended_by_server),
        ("lesson-ports-client-ends", &hung_up, ended_by_client),
        ("lesson-ports-one-socket", &sent, None),
    ] {
        let seen: Vec<String> = ports.iter().map(u16::to_string).collect();
        table.rows.push(vec![
            messages.say(who),
            seen.join(" "),
            different(ports).to_string(),
            count(waits.map(|waits| waits.at_server)),
            count(waits.map(|waits| waits.at_client)),
        ]);
    }
    let mut notes = Vec::new();
    notes.push(match ended_by_server {
        Some(Waiting { left, .. }) => {
            let seconds = messages.number(&figures(left));
            messages.say_with("lesson-ports-columns", &[("seconds", &seconds)])
        }
        None => messages.say("lesson-ports-no-list"),
    });
    if let Some((from, to)) = ephemeral_range() {
        notes.push(messages.say_with("lesson-ports-range", &[("from", &from), ("to", &to)]));
    }
    let said = |result: &io::Result<()>| match result {
        Ok(()) => messages.say("lesson-ports-granted"),
        Err(error) => system_error::text(messages, error),
    };
    let (plain_said, reusing_said, again_said) = (said(&plain), said(&reusing), said(&again));
    notes.push(messages.say_with(
        "lesson-ports-taken",
        &[
            ("plain", &plain_said),
            ("reusing", &reusing_said),
            ("client", &again_said),
        ],
    ));
    let explained = different(&greeted) == TIMES
        && different(&sent) == 1
        && ended_by_server.is_none_or(|waits| waits.at_server > 0 && waits.at_client == 0)
        && ended_by_client.is_none_or(|waits| waits.at_server == 0 && waits.at_client > 0);
    Ok(Findings {
        answer: Some(Answer::Number(different(&greeted) as f64)),
        table,
        notes,
        explained,
    })
}

fn different(ports: &[u16]) -> usize {
    ports.iter().collect::<BTreeSet<_>>().len()
}

/// Connects the lab's client several times. Returns the clients' ports, as the server reports them.
/// The server closes first.
fn greet(server: &LocalServer) -> io::Result<Vec<u16>> {
    (0..TIMES)
        .map(|_| {
            client(&welcome::EXERCISE, server.address, &[], LIMIT);
            match next_client(server, LIMIT) {
                Some(Seen::Notice(Notice::Connection(peer))) => Ok(peer.port()),
                other => Err(io::Error::other(format!("welcome: {other:?}"))),
            }
        })
        .collect()
}

/// Connects clients that close first. Returns the server's address, and the clients' ports as it
/// sees them.
fn hang_up() -> io::Result<(SocketAddr, Vec<u16>)> {
    let (address, listener) = socket::bind_streams(ANY.into())?;
    let ports: io::Result<Vec<u16>> = (0..TIMES)
        .map(|_| {
            let client = TcpStream::connect(address)?;
            let (mut served, peer) = listener.accept()?;
            client.shutdown(Shutdown::Write)?;
            // The server closes after it has read to the end of the stream.
            served.set_read_timeout(Some(LIMIT))?;
            served.read_to_end(&mut Vec::new())?;
            drop(served);
            drop(client);
            Ok(peer.port())
        })
        .collect();
    Ok((address, ports?))
}

/// Sends several datagrams from one UDP socket. Returns the source ports that the server sees.
fn send_from_one_socket() -> io::Result<Vec<u16>> {
    let (server, client) = (UdpSocket::bind(ANY)?, UdpSocket::bind(ANY)?);
    server.set_read_timeout(Some(LIMIT))?;
    let mut ports = Vec::new();
    for _ in 0..TIMES {
        client.send_to(b"hola", server.local_addr()?)?;
        ports.push(server.recv_from(&mut [0; 16])?.1.port());
    }
    Ok(ports)
}

/// Tries to bind a server to this address, with or without `SO_REUSEADDR`.
fn bind(address: SocketAddr, reuse: bool) -> io::Result<()> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP))?;
    if reuse {
        socket.set_reuse_address(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(1)
}

/// At which end connections are in TIME_WAIT, after both ends have closed them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Waiting {
    /// How many at the server's port, and how many at the clients' ports.
    at_server: usize,
    at_client: usize,
    /// How long the last of them still has to wait, in seconds.
    left: f64,
}

/// Which of these connections are in TIME_WAIT. Returns `None` unless the system lists them, as
/// Linux does in /proc/net/tcp (proc(5)).
fn waiting(server: u16, clients: &[u16]) -> Option<Waiting> {
    let until = Instant::now() + Duration::from_millis(500);
    loop {
        let list = fs::read_to_string("/proc/net/tcp").ok()?;
        let mut found = Waiting::default();
        for (local, remote, left) in list.lines().filter_map(in_time_wait) {
            match (local, remote) {
                (at, client) if at == server && clients.contains(&client) => found.at_server += 1,
                (client, to) if to == server && clients.contains(&client) => found.at_client += 1,
                _ => continue,
            }
            found.left = found.left.max(left);
        }
        // The last acknowledgement may still be on its way.
        if found.at_server + found.at_client >= clients.len() || Instant::now() > until {
            return Some(found);
        }
        thread::sleep(Duration::from_millis(5));
    }
}

/// Reads a line of the list. If it is in TIME_WAIT (state 06), returns the local port, the remote
/// port, and how many seconds are left.
fn in_time_wait(line: &str) -> Option<(u16, u16, f64)> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let after_colon = |at: usize| Some(fields.get(at)?.split_once(':')?.1);
    let port = |at| u16::from_str_radix(after_colon(at)?, 16).ok();
    // In the clock ticks that programs see, 100 a second.
    let left = || u32::from_str_radix(after_colon(5)?, 16).ok();
    let waits = fields.get(3).is_some_and(|state| *state == "06");
    waits.then_some((port(1)?, port(2)?, f64::from(left()?) / 100.0))
}

/// The range of ephemeral ports, if the system reports it.
fn ephemeral_range() -> Option<(String, String)> {
    let range = fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok()?;
    let (from, to) = range.trim().split_once(char::is_whitespace)?;
    Some((from.to_owned(), to.trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_the_list() {
        let line = "   3: 0100007F:4A38 0100007F:C5AC 06 00000000:00000000 03:00001770 00000000";
        assert_eq!(in_time_wait(line), Some((0x4a38, 0xc5ac, 60.0)));
        assert_eq!(in_time_wait(&line.replace(" 06 ", " 01 ")), None);
        assert_eq!(in_time_wait("  sl  local_address rem_address   st"), None);
    }

    #[test]
    fn who_closes_first_waits() {
        let (server, clients) = hang_up().unwrap();
        if let Some(found) = waiting(server.port(), &clients) {
            assert_eq!((found.at_server, found.at_client), (0, TIMES));
            assert!(found.left > 0.0);
        }
    }
}
