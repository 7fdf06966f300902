//! Reproducible random numbers, and a machine that they drive.

use super::*;
use crate::output::Prompt;

/// Random numbers from a seed.
#[derive(Clone)]
pub(super) struct Rng(crate::rng::Rng);

impl Rng {
    pub(super) const fn new(seed: u64) -> Self {
        Rng(crate::rng::Rng::new(seed))
    }

    pub(super) fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Clone>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize].clone()
    }
}

/// A machine that does anything, at random.
pub(super) struct RandomMachine {
    rng: Rng,
    transport: Transport,
    link: Option<Link>,
    interest: Interest,
    pub(super) deadline: Option<Mono>,
    status: Status,
    stores: u32,
}

impl RandomMachine {
    pub(super) fn new(seed: u64, transport: Transport) -> Self {
        RandomMachine {
            rng: Rng::new(seed),
            transport,
            link: None,
            interest: Interest::NETWORK,
            deadline: None,
            status: Status::Running,
            stores: 0,
        }
    }

    fn open(&mut self, out: &mut Outbox) {
        let all: Vec<SocketAddr> = (1..=self.rng.below(3) as u16 + 1).map(address).collect();
        out.open(Socket(0), self.transport, &all);
    }

    fn send(&mut self, link: Link, out: &mut Outbox) {
        let link = match self.transport {
            Transport::Datagram => peer(1 + self.rng.below(2) as u16),
            Transport::Stream => link,
        };
        let len = match self.rng.below(20) {
            0 if self.transport == Transport::Stream => 50_000,
            _ => self.rng.pick(&[0, 1, 4, 4, 4, 9]),
        };
        let first = self.rng.below(256) as u8;
        out.send_with(&link, |to| {
            to.extend((0..len).map(|n| first.wrapping_add(n as u8)));
        });
    }
}

impl Machine for RandomMachine {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Opened { link, .. } | Input::Datagram { link, .. } => self.link = Some(link),
            Input::Bound { .. } => self.link = Some(peer(1)),
            Input::Fault { .. } if self.rng.chance(30) => {
                self.link = None;
                self.open(out);
            }
            _ => {}
        }
        for _ in 0..self.rng.below(4) {
            match (self.rng.below(20), self.link) {
                (0, Some(link)) => out.finish(link),
                (1, Some(link)) if self.rng.chance(30) => out.abort(link),
                (2..=3, _) => out.show(b"!"),
                (4, _) => out.prompt(Prompt::Echo),
                (5, _) => {
                    out.store(StoreId(self.stores), attempt());
                    self.stores += 1;
                }
                (6, None) => self.open(out),
                (_, Some(link)) => self.send(link, out),
                _ => {}
            }
        }
        self.interest = Interest {
            network: self.rng.chance(80),
            line: self.rng.chance(30),
        };
        let later = Duration::from_millis(1 + self.rng.below(4000));
        self.deadline = self.rng.chance(60).then(|| now.mono.plus(later));
        if self.rng.chance(2) || matches!(input, Input::Stop) && self.rng.chance(50) {
            self.status = Status::Done;
        }
    }
    fn deadline(&self) -> Option<Deadline> {
        let why = Why::Reply;
        self.deadline.map(|at| Deadline { at, why })
    }
    fn interest(&self) -> Interest {
        self.interest
    }
    fn state(&self) -> &'static str {
        "RandomMachine"
    }
    fn status(&self) -> Status {
        self.status
    }
}
