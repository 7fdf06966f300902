//! The reference: it keeps each send separate, and never moves one without need.

use super::*;
use crate::machine::CLOSE_TIMEOUT;

/// [`Next`], kept.
#[derive(Debug, PartialEq)]
pub(super) enum Did {
    Tell(String),
    Store(StoreId),
    Open(Transport, SocketAddr, Option<Duration>),
    Send {
        link: Link,
        datagrams: Vec<Vec<u8>>,
        until: Option<Mono>,
    },
    Finish(Link),
    Abort,
    Wait(Wait),
    Ended(Status),
}

/// What the reference knows of an opening.
pub(super) struct Trying {
    pub(super) transport: Transport,
    pub(super) addresses: Vec<SocketAddr>,
    pub(super) at: usize,
    asks: bool,
    until: Option<Mono>,
}

/// The reference.
pub(super) struct Reference {
    pub(super) wire: WireState,
    told: VecDeque<String>,
    asked: VecDeque<Asked>,
    /// What the system had no room for.
    waiting: VecDeque<(Link, Vec<u8>)>,
    /// How many of the next sends were offered last, and whether they are among those that wait.
    offered: (usize, bool),
    pub(super) writable: bool,
    pub(super) read_open: bool,
    pub(super) opening: Option<Trying>,
    finishing: Option<Link>,
    pub(super) in_flight: usize,
    pub(super) faults: usize,
    broken: Option<Status>,
    closing: Option<Mono>,
    pub(super) has_line: bool,
    pub(super) stopped: bool,
}

impl Reference {
    pub(super) fn new(wire: WireState) -> Self {
        Reference {
            wire,
            told: VecDeque::new(),
            asked: VecDeque::new(),
            waiting: VecDeque::new(),
            offered: (0, false),
            writable: true,
            read_open: true,
            opening: None,
            finishing: None,
            in_flight: 0,
            faults: 0,
            broken: None,
            closing: None,
            has_line: false,
            stopped: false,
        }
    }

    pub(super) fn note(&mut self, asked: Vec<Asked>) {
        for one in asked {
            match one {
                Asked::Tell(told) => self.told.push_back(told),
                other => self.asked.push_back(other),
            }
        }
    }

    pub(super) fn is_stream(&self) -> bool {
        self.wire == WireState::Stream
    }

    fn lose(&mut self) {
        self.waiting.clear();
        self.finishing = None;
    }

    fn all_sent(&self) -> bool {
        self.waiting.is_empty() && self.in_flight == 0
    }

    /// What the machine should be told of a fault.
    pub(super) fn fault(&mut self, doing: Doing, fault: Fault) -> Option<String> {
        if doing == Doing::Opening
            && let Some(opening) = &mut self.opening
        {
            let failed = opening.addresses[opening.at];
            if opening.at + 1 < opening.addresses.len() {
                let notice = Notice::NextAddress { failed, fault };
                self.told.push_back(format!("{:?}", Output::Notice(notice)));
                opening.at += 1;
                (opening.asks, opening.until) = (true, None);
                return None;
            }
            self.opening = None;
        } else if self.wire == WireState::Dead {
            return None;
        }
        if self.is_stream() {
            self.wire = WireState::Dead;
            self.lose();
        }
        if matches!(fault.kind, FaultKind::Other | FaultKind::Exhausted) {
            self.faults += 1;
            if self.faults > 100 {
                self.broken = Some(Status::Failed(Failure::Io(doing, fault)));
            }
        }
        let socket = Socket(0);
        Some(word(&Input::Fault {
            socket,
            doing,
            fault,
        }))
    }

    fn abort(&mut self) -> Did {
        self.lose();
        self.opening = None;
        if self.wire != WireState::Datagrams {
            self.wire = WireState::Dead;
        }
        self.in_flight = 0;
        Did::Abort
    }

    /// What should be done next.
    pub(super) fn next(&mut self, now: Mono, view: View, max_batch: usize) -> Did {
        loop {
            if let Some(told) = self.told.pop_front() {
                return Did::Tell(told);
            }
            if matches!(self.asked.front(), Some(Asked::Send(..))) {
                if matches!(self.wire, WireState::None | WireState::Dead) {
                    self.asked.pop_front();
                    continue;
                }
                if !self.waiting.is_empty() {
                    let Some(Asked::Send(link, bytes)) = self.asked.pop_front() else {
                        unreachable!();
                    };
                    self.keep([(link, bytes)].into());
                    continue;
                }
                return self.offer(now, view, max_batch);
            }
            match self.asked.pop_front() {
                Some(Asked::Open(transport, addresses)) => {
                    self.opening = Some(Trying {
                        transport,
                        addresses,
                        at: 0,
                        asks: true,
                        until: None,
                    });
                }
                Some(Asked::Finish(link)) if self.wire != WireState::Dead => {
                    self.finishing = Some(link);
                }
                Some(Asked::Abort) => return self.abort(),
                Some(Asked::Store(id)) => return Did::Store(id),
                Some(_) => {}
                None => match self.idle(now, view) {
                    Some(did) => return did,
                    None => continue,
                },
            }
        }
    }

    /// Offers what is asked for next.
    fn offer(&mut self, now: Mono, view: View, max_batch: usize) -> Did {
        let mut batch: Vec<(Link, Vec<u8>)> = Vec::new();
        for asked in &self.asked {
            let Asked::Send(link, bytes) = asked else {
                break;
            };
            if let Some((first_link, first)) = batch.first() {
                let last = &batch[batch.len() - 1].1;
                let fits = self.is_stream()
                    || batch.len() < max_batch
                        && !bytes.is_empty()
                        && bytes.len() <= first.len()
                        && last.len() == first.len();
                if first_link != link || !fits {
                    break;
                }
            }
            batch.push((*link, bytes.clone()));
        }
        self.offered = (batch.len(), false);
        self.did_send(now, view, batch)
    }

    fn did_send(&mut self, now: Mono, view: View, batch: Vec<(Link, Vec<u8>)>) -> Did {
        let link = batch[0].0;
        let mut datagrams: Vec<_> = batch.into_iter().map(|(_, bytes)| bytes).collect();
        let mut until = None;
        if self.is_stream() {
            datagrams = vec![datagrams.concat()];
            until = match view.is_running() {
                true => view.deadline,
                false => Some(*self.closing.get_or_insert(now.plus(CLOSE_TIMEOUT))),
            };
        }
        Did::Send {
            link,
            datagrams,
            until,
        }
    }

    fn idle(&mut self, now: Mono, view: View) -> Option<Did> {
        if let Some(status) = self.broken {
            return Some(Did::Ended(status));
        }
        if self.writable && !self.waiting.is_empty() {
            let waiting = self.offer_waiting();
            return Some(self.did_send(now, view, vec![waiting]));
        }
        if !view.is_running() {
            self.opening = None;
        }
        if let Some(opening) = &mut self.opening
            && opening.asks
        {
            opening.asks = false;
            let left = opening.addresses.len() - opening.at;
            let share = view.deadline.map(|at| at.since(now) / left as u32);
            opening.until = share.filter(|_| left > 1).map(|share| now.plus(share));
            let to = opening.addresses[opening.at];
            return Some(Did::Open(opening.transport, to, share));
        }
        if self.all_sent()
            && let Some(link) = self.finishing.take()
        {
            return Some(Did::Finish(link));
        }
        let until = self.opening.as_ref().and_then(|opening| opening.until);
        if until.is_some_and(|until| until <= now) {
            let (kind, code) = (FaultKind::TimedOut, 0);
            self.fault(Doing::Opening, Fault { kind, code });
            return None;
        }
        Some(if view.is_running() {
            Did::Wait(Wait {
                writable: !self.waiting.is_empty(),
                until: until.into_iter().chain(view.deadline).min(),
                ..Wait::default()
            })
        } else if self.all_sent() {
            Did::Ended(view.status)
        } else {
            let until = *self.closing.get_or_insert(now.plus(CLOSE_TIMEOUT));
            if until <= now {
                return Some(self.abort());
            }
            Did::Wait(Wait {
                writable: !self.waiting.is_empty(),
                until: Some(until),
                ..Wait::default()
            })
        })
    }

    /// Offers the first of what waits: all bytes of a stream, or one datagram.
    pub(super) fn offer_waiting(&mut self) -> (Link, Vec<u8>) {
        let len = if self.is_stream() {
            self.waiting.len()
        } else {
            1
        };
        self.offered = (len, true);
        let bytes = self.waiting.iter().take(len).flat_map(|(_, bytes)| bytes);
        (self.waiting[0].0, bytes.copied().collect())
    }

    /// What it waits for of a machine that runs.
    pub(super) fn wants(&self, interest: Interest) -> (bool, bool) {
        let waiting: usize = self.waiting.iter().map(|(_, bytes)| bytes.len()).sum();
        let can_receive = match self.wire {
            WireState::Stream => self.read_open && waiting < 64 * 1024,
            WireState::Datagrams => self.waiting.is_empty(),
            WireState::None | WireState::Dead => false,
        };
        assert!(!(self.has_line && interest.line), "a line is kept");
        (interest.network && can_receive, interest.line)
    }

    /// How many of the datagrams that were offered last have so many bytes.
    fn datagrams_in(&self, len: usize) -> usize {
        let (count, waited) = self.offered;
        let sizes = self.asked.iter().filter_map(|one| match one {
            Asked::Send(_, bytes) => Some(bytes.len()),
            _ => None,
        });
        let mut left = len;
        let all_in = |size: &usize| {
            let fits = *size <= left;
            left = left.saturating_sub(*size);
            fits
        };
        match waited {
            true => count,
            false => sizes.take(count).take_while(all_in).count(),
        }
    }

    /// Removes what was offered last.
    fn take_offered(&mut self) -> VecDeque<(Link, Vec<u8>)> {
        let (count, waited) = self.offered;
        let one = |_| match waited {
            true => self.waiting.pop_front().unwrap(),
            false => match self.asked.pop_front() {
                Some(Asked::Send(link, bytes)) => (link, bytes),
                _ => panic!("no send was offered"),
            },
        };
        (0..count).map(one).collect()
    }

    /// Keeps what the system had no room for. No bytes of a stream are nothing to keep.
    fn keep(&mut self, sends: VecDeque<(Link, Vec<u8>)>) {
        let stream = self.is_stream();
        let kept = sends
            .into_iter()
            .filter(|(_, bytes)| !(stream && bytes.is_empty()));
        self.waiting.extend(kept);
    }

    /// How the last send went. Returns what the machine should be told.
    pub(super) fn sent(&mut self, sent: Result<usize, CallError>) -> Option<String> {
        let waited = self.offered.1;
        match sent {
            Err(CallError::Interrupted) => None,
            Ok(mut len) if self.is_stream() => {
                let mut offered = self.take_offered();
                while let Some((_, bytes)) = offered.front_mut() {
                    let taken = len.min(bytes.len());
                    len -= taken;
                    bytes.drain(..taken);
                    if !bytes.is_empty() {
                        break;
                    }
                    offered.pop_front();
                }
                if waited || !offered.is_empty() {
                    self.writable = offered.is_empty();
                }
                self.waiting = offered;
                None
            }
            Ok(len) => {
                self.offered.0 = self.datagrams_in(len);
                self.take_offered();
                None
            }
            Err(CallError::WouldBlock) => {
                self.writable = false;
                if !waited {
                    let offered = self.take_offered();
                    self.keep(offered);
                }
                None
            }
            Err(CallError::Failed(fault)) => {
                if !self.is_stream() {
                    self.offered.0 = 1;
                    self.take_offered();
                }
                self.fault(Doing::Sending, fault)
            }
        }
    }
}
