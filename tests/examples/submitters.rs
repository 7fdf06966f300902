//! Many students at once, on one thread: each submits for one DNI after another, and waits for each
//! answer.
//!
//!     submitters PORT STUDENTS SECONDS FIRST_DNI [PORT ...]
//!
//! Prints how many were confirmed a second, how many were not, and the median and the 99th
//! percentile of their waits in milliseconds. One thread and few system calls, because it runs on
//! the machine that it measures.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Registry, Token};
use socklab_tests::code_at;
use socklab_tests::real::unix;

/// How long after the end an answer may still come.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection, from its first packet to the end of the answer.
struct Submission {
    stream: TcpStream,
    begun: Instant,
    message: String,
    sent: bool,
    answer: Vec<u8>,
}

impl Submission {
    fn begin(server: SocketAddr, dni: u32) -> io::Result<Self> {
        let dni = format!("{dni:08}");
        let code = code_at(&dni, unix().as_secs());
        let begun = Instant::now();
        let mut submission = Submission {
            stream: TcpStream::connect(server)?,
            begun,
            message: format!("Ana&{dni}&{}", code.as_str()),
            sent: false,
            answer: Vec::new(),
        };
        // On one machine the connection is there as soon as it is asked for.
        submission.send()?;
        Ok(submission)
    }

    fn watch(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let interest = if self.sent {
            Interest::READABLE
        } else {
            Interest::READABLE | Interest::WRITABLE
        };
        registry.register(&mut self.stream, token, interest)
    }

    fn send(&mut self) -> io::Result<()> {
        if self.sent {
            return Ok(());
        }
        match self.stream.write(self.message.as_bytes()) {
            Ok(len) if len == self.message.len() => self.sent = true,
            Ok(_) => return Err(ErrorKind::WriteZero.into()),
            Err(error) if waits(&error) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Whether the answer is complete.
    fn receive(&mut self) -> io::Result<bool> {
        let mut buffer = [0; 512];
        loop {
            match self.stream.read(&mut buffer) {
                Ok(0) => return Ok(true),
                Ok(len) => self.answer.extend_from_slice(&buffer[..len]),
                Err(error) if waits(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::WouldBlock | ErrorKind::NotConnected
    )
}

/// All students, and what they have seen so far.
struct Class {
    ports: Vec<u16>,
    next: u32,
    until: Instant,
    poll: Poll,
    students: Vec<Option<Submission>>,
    waits: Vec<Duration>,
    refused: u32,
}

impl Class {
    /// The student submits again, unless the time is over.
    fn begin(&mut self, student: usize) {
        while Instant::now() < self.until {
            let port = self.ports[student % self.ports.len()];
            let begun = Submission::begin((Ipv4Addr::LOCALHOST, port).into(), self.next);
            self.next += 1;
            let watched = begun.and_then(|mut one| {
                one.watch(self.poll.registry(), Token(student))?;
                Ok(one)
            });
            match watched {
                Ok(submission) => {
                    self.students[student] = Some(submission);
                    return;
                }
                Err(_) => self.refused += 1,
            }
        }
    }

    /// The student's connection has something to tell.
    fn look(&mut self, student: usize) {
        let Some(submission) = &mut self.students[student] else {
            return;
        };
        let ended = submission.send().and_then(|()| submission.receive());
        match ended {
            Ok(false) => return,
            Ok(true) if submission.answer.starts_with(b"OK") => {
                self.waits.push(submission.begun.elapsed());
            }
            Ok(true) | Err(_) => self.refused += 1,
        }
        // Closed before the next is opened, as each student does.
        self.students[student] = None;
        self.begin(student);
    }

    fn run(&mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(1024);
        (0..self.students.len()).for_each(|student| self.begin(student));
        while self.students.iter().any(Option::is_some) {
            self.poll.poll(&mut events, Some(PATIENCE))?;
            if events.is_empty() || Instant::now() > self.until + PATIENCE {
                self.refused += self.students.iter().flatten().count() as u32;
                return Ok(());
            }
            for event in &events {
                self.look(event.token().0);
            }
        }
        Ok(())
    }
}

fn main() -> io::Result<()> {
    let arguments: Vec<u32> = std::env::args()
        .skip(1)
        .map(|one| one.parse().expect("a number"))
        .collect();
    let [port, students, seconds, first, others @ ..] = &arguments[..] else {
        eprintln!("submitters PORT STUDENTS SECONDS FIRST_DNI [PORT ...]");
        std::process::exit(2);
    };
    let begun = Instant::now();
    let mut class = Class {
        ports: [port]
            .into_iter()
            .chain(others)
            .map(|&one| one as u16)
            .collect(),
        next: *first,
        until: begun + Duration::from_secs(u64::from(*seconds)),
        poll: Poll::new()?,
        students: (0..*students).map(|_| None).collect(),
        waits: Vec::new(),
        refused: 0,
    };
    class.run()?;
    let took = begun.elapsed().as_secs_f64();
    let waits = &mut class.waits;
    waits.sort_unstable();
    let at = |part: f64| {
        waits
            .get((waits.len() as f64 * part) as usize)
            .map_or(0.0, |one| one.as_secs_f64() * 1e3)
    };
    println!(
        "{:.0} {} {:.2} {:.2}",
        waits.len() as f64 / took,
        class.refused,
        at(0.5),
        at(0.99)
    );
    Ok(())
}
