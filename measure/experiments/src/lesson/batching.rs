//! System calls for each reply, with one datagram at a time and with many.

use std::io;
use std::net::{SocketAddr, TcpStream, UdpSocket};

use socklab_core::Link;
use socklab_system::{Wire, supports_batching};
use socklab_text::Grid;

use super::context::LessonContext;
use super::definition::{Findings, Lesson, Question};
use super::page::figures;
use super::prediction::{Answer, Answers};
use crate::in_process::LIMIT;
use crate::measured::{MeasuredServer, ReportedUsage, ServerSpec};

pub(super) static LESSON: Lesson = Lesson {
    name: "batching",
    about: "lesson-batching",
    ask,
    measure,
    why: "lesson-batching-why",
    source: "lesson-batching-source",
    next: &[
        "socklab compare echo --models blocking,blocking-batched,uring --quick",
        "socklab echo server --runtime blocking-batched",
        "socklab lesson c10k",
    ],
};

const MODELS: [&str; 3] = ["blocking", "blocking-batched", "mio-batched"];

/// How many datagrams the client sends with one call, and the length of each.
const BATCH: usize = 32;
const LENGTH: usize = 32;

fn ask(context: &LessonContext<'_>) -> Question {
    let messages = context.messages;
    Question {
        setup: messages.say_with("lesson-batching-setup", &[("count", &BATCH)]),
        question: messages.say("lesson-batching-question"),
        answers: Answers::Number { within: 2.0 },
    }
}

fn measure(context: &LessonContext<'_>) -> io::Result<Findings> {
    let messages = context.messages;
    let rounds = context.choose(2000, 100);
    let header = [
        messages.say("lesson-model"),
        messages.say("lesson-batching-come"),
        messages.say("lesson-batching-replies"),
        messages.say("lesson-batching-receives"),
        messages.say("lesson-batching-sends"),
        messages.say("lesson-batching-each"),
        messages.say("lesson-batching-cpu"),
    ];
    let mut table = Grid::new(1, header, Vec::new());
    let mut notes = vec![messages.say("lesson-batching-rule")];
    if !supports_batching() {
        notes.push(messages.say("lesson-batching-not-here"));
    }
    let mut measured = None;
    for model in MODELS {
        context.progress(model);
        let spec = ServerSpec {
            observe: true,
            ..ServerSpec::default()
        };
        let server = context.server_that("echo", model, spec)?;
        for at_once in [1, BATCH] {
            let (used, replies) = asked(&server, at_once, rounds)?;
            let calls = |name| used.operations.get(name).map_or(0, |one| one.calls);
            let (receives, sends) = (calls("receive"), calls("send"));
            let each = (receives + sends) as f64 / replies as f64;
            table.rows.push(vec![
                model.to_owned(),
                at_once.to_string(),
                replies.to_string(),
                receives.to_string(),
                sends.to_string(),
                figures(each),
                figures((used.user + used.system) / replies as f64),
            ]);
            if (model, at_once) == ("blocking-batched", BATCH) {
                measured = Some(each);
            }
        }
    }
    Ok(Findings {
        answer: measured.map(Answer::Number),
        table,
        notes,
        explained: measured.is_some_and(|each| each <= 0.1),
    })
}

/// What a server uses for `rounds` rounds, each of `at_once` datagrams sent together. Also returns
/// how many datagrams it answered.
fn asked(
    server: &MeasuredServer,
    at_once: usize,
    rounds: usize,
) -> io::Result<(ReportedUsage, usize)> {
    let mut client = Client::of(server.address)?;
    let before = used(server, &mut client)?;
    for _ in 0..rounds {
        client.ask(at_once)?;
    }
    let after = used(server, &mut client)?;
    // One more: the usage is reported after the question that triggers the report was answered.
    Ok((after.since(&before), rounds * at_once + 1))
}

/// What the server has used so far. It reports that with its next operation, so ask it a question.
fn used(server: &MeasuredServer, client: &mut Client) -> io::Result<ReportedUsage> {
    server.ask()?;
    client.ask(1)?;
    server.answer()
}

/// A client that sends several datagrams with one call, if the system can.
struct Client(Wire<UdpSocket, TcpStream>, Link);

impl Client {
    fn of(server: SocketAddr) -> io::Result<Self> {
        let link = Link::first(server);
        let (_, mut wire) = Wire::udp_client(link, Ok)?;
        wire.enable_batching();
        if let Wire::Datagrams(datagrams) = &wire {
            datagrams.udp.set_read_timeout(Some(LIMIT))?;
        }
        Ok(Client(wire, link))
    }

    /// Sends `count` questions together, and receives as many replies.
    fn ask(&mut self, count: usize) -> io::Result<()> {
        let questions = [b'a'; BATCH * LENGTH];
        let mut left = &questions[..count * LENGTH];
        while !left.is_empty() {
            left = &left[self.send(left)?..];
        }
        let Wire::Datagrams(datagrams) = &self.0 else {
            return Err(io::ErrorKind::NotConnected.into());
        };
        // With GRO, the kernel may deliver several replies with one call.
        let (mut received, mut buffer) = (0, [0; 2 * BATCH * LENGTH]);
        while received < count * LENGTH {
            received += datagrams.udp.recv(&mut buffer)?;
        }
        Ok(())
    }

    /// Sends all questions with one call if the system can, or else the first.
    fn send(&mut self, questions: &[u8]) -> io::Result<usize> {
        match &mut self.0 {
            #[cfg(target_os = "linux")]
            Wire::Datagrams(datagrams) if questions.len() > LENGTH => {
                datagrams.send_batch(&self.1, questions, LENGTH)
            }
            wire => wire.send(&self.1, &questions[..LENGTH]),
        }
    }
}
