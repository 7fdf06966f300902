//! Random drivers over machines of every kind, against a plain reference.

mod events;
mod log;
mod machine;
mod reference;

use alloc::boxed::Box;
use alloc::vec;

use super::*;
use crate::lab::{EXERCISES, Exercise, ServerKind, Settings};
use crate::machine::Service;
use crate::register::StoreId;
use crate::transcript::{Header, Recorder, Role, parse, replay};
use log::{Asked, Log, View};
use machine::{RandomMachine, Rng};
use reference::{Did, Reference};

/// How often something happens to a machine, at most.
const EVENTS: usize = 150;

/// How a send of so many bytes goes.
fn answer(rng: &mut Rng, len: usize, stream: bool) -> Result<usize, CallError> {
    match rng.below(20) {
        0..=2 => Err(CallError::WouldBlock),
        3 => Err(CallError::Interrupted),
        4 if rng.chance(40) => Err(CallError::Failed(fault(rng.pick(&FaultKind::ALL)))),
        5..=8 if stream && len > 0 => Ok(rng.below(len as u64) as usize),
        _ => Ok(len),
    }
}

/// A driver that does whatever it may.
struct Driver {
    session: Session<Box<dyn Machine>, (Recorder<String>, Log)>,
    log: Log,
    reference: Reference,
    out: Outbox,
    now: Now,
    rng: Rng,
    /// Its sends are completed later.
    submits: bool,
    /// How many datagrams it sends at once.
    max_batch: usize,
    stores: Vec<StoreId>,
    /// What was done, for who has to find out why it was wrong.
    story: Vec<String>,
}

impl Driver {
    fn new(machine: Box<dyn Machine>, header: &Header, begin: Begin, mut rng: Rng) -> Self {
        let log = Log::of(&*machine);
        let wire = match begin {
            Begin::Client => WireState::None,
            Begin::Bound(_) => WireState::Datagrams,
            Begin::Accepted { .. } => WireState::Stream,
        };
        let recorder = Recorder::new(header, String::new());
        let mut driver = Driver {
            session: Session::new(machine, (recorder, log.clone())),
            log,
            reference: Reference::new(wire),
            out: Outbox::new(),
            now: Now::default(),
            submits: rng.chance(30),
            max_batch: rng.pick(&[1, 1, 3, 64]),
            rng,
            stores: Vec::new(),
            story: Vec::new(),
        };
        let now = driver.now;
        driver.session.turn(&mut driver.out).begin(now, begin);
        let (given, asked) = driver.log.take();
        assert_eq!(given[0], "start");
        driver.reference.note(asked);
        driver
    }

    /// Lets something happen; the machine is to be given just this, if it still runs.
    fn happen(
        &mut self,
        what: &str,
        given: Option<String>,
        event: impl FnOnce(&mut Turn<'_, Box<dyn Machine>, (Recorder<String>, Log)>, Now),
    ) {
        let given = given.filter(|_| self.session.status() == Status::Running);
        let now = self.now;
        self.story.push(what.to_owned());
        event(&mut self.session.turn(&mut self.out), now);
        self.given(given);
    }

    /// The machine has been given just this.
    fn given(&mut self, expected: Option<String>) {
        let (given, asked) = self.log.take();
        assert_eq!(given, Vec::from_iter(expected), "{:#?}", self.story);
        self.reference.note(asked);
    }

    /// Does what there is to do, as the reference has it. Returns what to wait for, or the end.
    fn run(&mut self) -> Result<Wait, Status> {
        for _ in 0..BOUND {
            let now = self.now;
            let stream = self.session.transport() == Transport::Stream;
            let mut turn = self.session.turn(&mut self.out);
            let mut told = Vec::new();
            let tell = |output: Output<'_>| told.push(format!("{output:?}"));
            let did = match turn.next_batch(now, self.max_batch, tell) {
                Next::Store { id, .. } => Did::Store(id),
                Next::Open {
                    transport,
                    to,
                    timeout,
                    ..
                } => Did::Open(transport, to, timeout),
                Next::Send {
                    link,
                    bytes,
                    segment,
                    until,
                } => {
                    assert!(!stream || segment == bytes.len(), "{:#?}", self.story);
                    let datagrams = match bytes {
                        b"" => vec![Vec::new()],
                        _ => bytes.chunks(segment).map(<[u8]>::to_vec).collect(),
                    };
                    Did::Send {
                        link: *link,
                        datagrams,
                        until,
                    }
                }
                Next::Finish(link) => Did::Finish(link),
                Next::Abort => Did::Abort,
                Next::NoDelay => unreachable!("no machine of these asks for it"),
                Next::Wait(wait) => Did::Wait(wait),
                Next::Ended(status) => Did::Ended(status),
            };
            // It may have found that a deadline has passed, or that a line is wanted.
            let (given, asked) = self.log.take();
            for input in given {
                match input.as_str() {
                    "timer" => {}
                    "line kept" if self.reference.has_line => self.reference.has_line = false,
                    other => panic!("{other} came from nowhere: {:#?}", self.story),
                }
            }
            self.reference.note(asked);
            let view = self.log.view();
            for told in told {
                let expected = self.reference.next(now.mono, view, self.max_batch);
                assert_eq!(Did::Tell(told), expected, "{:#?}", self.story);
            }
            let mut expected = self.reference.next(now.mono, view, self.max_batch);
            if let Did::Send { datagrams, .. } = &did {
                assert_eq!(did, expected, "{:#?}", self.story);
                let len = datagrams.concat().len();
                let mut sent = answer(&mut self.rng, len, stream);
                // Of a batch, the first few.
                if sent.is_ok() && datagrams.len() > 1 && self.rng.chance(20) {
                    let some = 1 + self.rng.below(datagrams.len() as u64) as usize;
                    sent = Ok(datagrams[..some].concat().len());
                }
                let given = self.reference.sent(sent);
                self.story.push(format!("send {len}: {sent:?}"));
                match sent {
                    Ok(sent) if self.submits && sent == len => {
                        self.reference.in_flight += 1;
                        turn.submitted(len);
                    }
                    Ok(len) => turn.sent(len),
                    Err(error) => turn.send_failed(now, error),
                }
                self.given(given.filter(|_| view.is_running()));
                continue;
            }
            if let Did::Wait(wait) = &mut expected
                && view.is_running()
            {
                let interest = self.session.machine().interest();
                (wait.readable, wait.line) = self.reference.wants(interest);
                let due = view.deadline.is_some_and(|at| at <= now.mono);
                assert!(!due, "{:#?}", self.story);
            }
            assert_eq!(did, expected, "{:#?}", self.story);
            match did {
                Did::Wait(wait) => return Ok(wait),
                Did::Ended(status) => return Err(status),
                Did::Store(id) => self.stores.push(id),
                Did::Finish(link) => self.finish(link),
                Did::Send { .. } | Did::Open(..) | Did::Abort => {}
                Did::Tell(_) => unreachable!("it is told beside"),
            }
        }
        panic!("no end: {:#?}", self.story);
    }

    fn finish(&mut self, link: Link) {
        if self.rng.chance(90) {
            let given = word(&Input::Finished { link });
            let finished = |turn: &mut Turn<'_, _, _>, now| turn.finished(now, link, Ok(()));
            return self.happen("finished", Some(given), finished);
        }
        let fault = fault(self.rng.pick(&FaultKind::ALL));
        let given = self.reference.fault(Doing::Sending, fault);
        self.happen("not finished", given, |turn, now| {
            turn.finished(now, link, Err(fault));
        });
    }

    /// Drives it to its end, or as far as it goes; its transcript.
    fn drive(mut self) -> String {
        for _ in 0..EVENTS {
            let Ok(wait) = self.run() else { break };
            self.any_event(wait);
            // Some things happen at once.
            if self.rng.chance(20) {
                let nothing = Wait::default();
                self.any_event(nothing);
            }
        }
        self.session.into_observer().0.into_inner()
    }
}

fn header(exercise: &str, role: Role) -> Header {
    Header {
        exercise: exercise.into(),
        role,
        runtime: "rng".into(),
        epoch: Duration::ZERO,
        masked: false,
    }
}

/// A connection over a limit has a time-out of its own, which `closing` tests.
fn accepted() -> Begin {
    let (link, local, exceeded) = (peer(1), address(9), None);
    Begin::Accepted {
        link,
        local,
        exceeded,
    }
}

#[test]
fn any_driver_of_any_machine() {
    for seed in 0..1500 {
        let mut rng = Rng::new(seed);
        let transport = rng.pick(&[Transport::Datagram, Transport::Stream]);
        let begin = match transport {
            _ if rng.chance(50) => Begin::Client,
            Transport::Datagram => Begin::Bound(address(9)),
            Transport::Stream => accepted(),
        };
        let mut machine = RandomMachine::new(seed, transport);
        // A client opens something sooner or later; this one at once.
        machine.deadline = Some(Mono::ZERO);
        let header = header("random", Role::Server);
        Driver::new(Box::new(machine), &header, begin, rng).drive();
    }
}

/// One end of an exercise.
fn machine(exercise: &Exercise, role: Role, settings: &Settings) -> Box<dyn Machine> {
    match (role, exercise.server) {
        (Role::Client, _) => (exercise.client)(settings),
        (Role::Server, ServerKind::Endpoint(make) | ServerKind::Endpoints(make)) => make(settings),
        (Role::Server, ServerKind::Service(make)) => make(settings).accept(peer(1)),
    }
}

#[test]
fn any_driver_of_every_exercise() {
    for exercise in EXERCISES {
        for role in [Role::Client, Role::Server] {
            for seed in 0..100 {
                let mut rng = Rng::new(seed);
                let mut settings = Settings::client(exercise, address(1));
                settings.fallbacks = (2..2 + rng.below(3) as u16).map(address).collect();
                settings.retries = rng.below(3) as u32;
                settings.keep_serving = rng.chance(70);
                if rng.chance(50) {
                    settings.name = Some(b"Ana".to_vec());
                    settings.dni = Some("123456".into());
                    settings.code = Some("548094".into());
                }
                let begin = match (role, exercise.transport) {
                    (Role::Client, _) => Begin::Client,
                    (Role::Server, Transport::Datagram) => Begin::Bound(address(9)),
                    (Role::Server, Transport::Stream) => accepted(),
                };
                let header = header(exercise.name, role);
                let one = machine(exercise, role, &settings);
                let text = Driver::new(one, &header, begin, rng).drive();
                // What went in was legal, and makes the same come out again.
                let transcript = &parse(&text).unwrap()[0];
                let again = machine(exercise, role, &settings);
                assert_eq!(replay(transcript, again), Ok(()), "{text}");
            }
        }
    }
}
