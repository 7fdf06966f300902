//! Steps of the core in memory, for what measures them: `cargo bench -p socklab-steps` their time,
//! `bench/steps.py` their instructions, and the tests that they do not allocate.

#![forbid(unsafe_code)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use socklab_core::{
    Begin, Input, Link, Machine, Next, Now, Outbox, Service, Session, capitals, echo, welcome,
};

const SERVER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 16_000);
const CLIENT: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 50_000);

/// A text of 32 bytes in ASCII.
const ASCII: &str = "a server takes a line of English";
/// A text of 32 bytes, one letter in ten beyond ASCII.
const SPANISH: &str = "el niño tomó su café en casa!";
/// A text of 32 bytes, hardly a letter in ASCII.
const GREEK: &str = "η γη είναι μεγάλη.";

/// One step, which can be made again and again.
pub struct Step {
    /// What it is called.
    pub name: &'static str,
    run: Box<dyn FnMut()>,
}

impl Step {
    fn new(name: &'static str, run: impl FnMut() + 'static) -> Step {
        let run = Box::new(run);
        Step { name, run }
    }

    /// Makes it once.
    #[inline]
    pub fn run(&mut self) {
        (self.run)();
    }
}

/// All of them.
pub fn steps() -> Vec<Step> {
    vec![
        Step::new("echo, ASCII", echo(ASCII)),
        Step::new("echo, Spanish", echo(SPANISH)),
        Step::new("echo, Greek", echo(GREEK)),
        Step::new("capitals, ASCII", capitals(ASCII)),
        Step::new("capitals, Spanish", capitals(SPANISH)),
        Step::new(
            "echo through the engine, ASCII",
            echo_through_the_engine(ASCII),
        ),
        Step::new("welcome through the engine", welcome_through_the_engine),
    ]
}

/// A datagram to a server's machine, and its answer.
fn echo(text: &'static str) -> impl FnMut() {
    let mut server = echo::Server::new(true);
    let (now, mut out) = (Now::default(), Outbox::new());
    server.step(now, Input::Start, &mut out);
    let (socket, local) = (Link::first(CLIENT).socket, SERVER);
    server.step(now, Input::Bound { socket, local }, &mut out);
    step_again(server, move |link| {
        let bytes = text.as_bytes();
        Input::Datagram { link, bytes }
    })
}

/// A line to a connection's machine, and its answer.
fn capitals(text: &'static str) -> impl FnMut() {
    let line: &'static [u8] = format!("{text}\n").into_bytes().leak();
    let (now, mut out) = (Now::default(), Outbox::new());
    let link = Link::first(CLIENT);
    let mut server = capitals::Server.accept(link);
    server.step(now, Input::Start, &mut out);
    let (local, exceeded) = (SERVER, None);
    server.step(
        now,
        Input::Opened {
            link,
            local,
            exceeded,
        },
        &mut out,
    );
    step_again(server, move |link| Input::Bytes { link, bytes: line })
}

/// The same input to a machine each time, with an outbox that is reused.
fn step_again(mut machine: impl Machine, input: impl Fn(Link) -> Input<'static>) -> impl FnMut() {
    let (now, mut out) = (Now::default(), Outbox::new());
    let link = Link::first(CLIENT);
    move || {
        out.clear();
        machine.step(now, input(black_box(link)), &mut out);
        assert!(!black_box(&out).is_empty());
    }
}

/// A datagram that a driver hands to a session, and all that the session then has it do.
fn echo_through_the_engine(text: &'static str) -> impl FnMut() {
    let mut server = Session::new(echo::Server::new(true), ());
    let (now, mut out) = (Now::default(), Outbox::new());
    server.turn(&mut out).begin(now, Begin::Bound(SERVER));
    carry_out(&mut server, &mut out);
    let link = Link::first(CLIENT);
    move || {
        let received = [(black_box(link), text.as_bytes())];
        server.turn(&mut out).datagrams(now, received);
        carry_out(&mut server, &mut out);
    }
}

/// A connection from its beginning to its end.
fn welcome_through_the_engine() {
    let (now, mut out) = (Now::default(), Outbox::new());
    let (link, local, exceeded) = (Link::first(CLIENT), SERVER, None);
    let mut server = Session::new(welcome::Server.accept(link), ());
    let begin = Begin::Accepted {
        link,
        local,
        exceeded,
    };
    server.turn(&mut out).begin(now, begin);
    assert!(carry_out(&mut server, &mut out));
}

/// Does what a session wants done until it waits or has ended, as a driver would. Whether it has
/// ended.
fn carry_out<M: Machine>(session: &mut Session<M, ()>, out: &mut Outbox) -> bool {
    let now = Now::default();
    let mut turn = session.turn(out);
    loop {
        match turn.next(now, |_| ()) {
            Next::Send { bytes, .. } => {
                let len = black_box(bytes).len();
                turn.sent(len);
            }
            Next::Finish(link) => turn.finished(now, link, Ok(())),
            Next::Wait(_) => return false,
            Next::Ended(_) => return true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_are_what_their_names_say() {
        for (text, beyond_ascii) in [(ASCII, 0), (SPANISH, 3), (GREEK, 14)] {
            assert_eq!(text.len(), 32, "{text}");
            let beyond = text.chars().filter(|letter| !letter.is_ascii());
            assert_eq!(beyond.count(), beyond_ascii, "{text}");
        }
    }

    #[test]
    fn each_step_can_be_made_again() {
        for mut step in steps() {
            (0..3).for_each(|_| step.run());
        }
    }
}
