//! Random events for a machine.

use super::*;
use crate::register::Decision;

/// What peers and users say: some of it means something to some machine.
const TEXTS: &[&[u8]] = &[
    b"hola",
    b"",
    b"fin",
    b"FIN",
    b"HOLA",
    b"Ana",
    b"123456",
    b"548094",
    b"Ana&123456&548094",
    b"&&\n",
    b"OK 1",
    &[b'a'; 1200],
];

impl Driver {
    /// Lets something happen that the session waits for, or that may happen at any time.
    pub(super) fn any_event(&mut self, wait: Wait) {
        match self.rng.below(24) {
            0..=10 if wait.readable => self.receive(),
            11..=12 if wait.line => {
                let line = LineEvent::Line(self.rng.pick(TEXTS).into());
                let given = word(&line.input());
                self.happen(&given.clone(), Some(given), |turn, now| {
                    turn.typed(now, line);
                });
            }
            13 if !self.reference.has_line => {
                let machine = self.session.machine();
                let wanted = machine.interest().line;
                self.reference.has_line = !wanted && machine.status() == Status::Running;
                let line = LineEvent::Line(b"kept".to_vec());
                let given = wanted.then(|| word(&line.input()));
                self.happen("any line", given, |turn, now| turn.typed(now, line));
            }
            14 if self.rng.chance(10) => {
                let given = (!self.reference.stopped).then(|| "stop".to_owned());
                self.reference.stopped = true;
                self.happen("stop", given, |turn, now| {
                    turn.stop(now);
                });
            }
            15..=16 if self.reference.opening.is_some() => self.opened(),
            17..=18 if self.reference.in_flight > 0 => self.completed(),
            19 if !self.stores.is_empty() => {
                let id = self.stores.remove(0);
                let decision = Decision::accepted(1);
                let given = word(&Input::Stored {
                    id,
                    decision: &decision,
                });
                self.happen("stored", Some(given), |turn, now| {
                    turn.stored(now, id, &decision);
                });
            }
            20..=21 if wait.writable => self.send_unsent(),
            22 => {
                let time = match wait.until {
                    Some(until) if self.rng.chance(70) => until.since(self.now.mono),
                    _ => Duration::from_millis(self.rng.below(500)),
                };
                self.story.push(format!("{time:?} pass"));
                self.now.mono = self.now.mono.plus(time);
            }
            _ => {
                self.reference.writable = true;
                self.happen("writable", None, |turn, _| turn.writable());
            }
        }
    }

    /// A driver whose wait for room is the send itself.
    fn send_unsent(&mut self) {
        let unsent = self.session.unsent();
        let (link, bytes) = unsent.expect("something waits for room");
        let (link, bytes) = (link, bytes.to_vec());
        self.reference.writable = true;
        assert_eq!(self.reference.offer_waiting(), (*link, bytes.clone()));
        let sent = answer(&mut self.rng, bytes.len(), self.reference.is_stream());
        let given = self.reference.sent(sent);
        self.happen(&format!("unsent: {sent:?}"), given, |turn, now| {
            turn.retried(now, sent);
        });
    }

    fn receive(&mut self) {
        if self.reference.is_stream() {
            self.receive_stream();
        } else if self.rng.chance(30) {
            self.receive_batch();
        } else if self.rng.chance(90) {
            let (link, text) = (peer(1 + self.rng.below(3) as u16), self.rng.pick(TEXTS));
            let received = Received::Datagram(link, text.len(), None);
            self.reference.faults = 0;
            let given = word(&Input::Datagram { link, bytes: text });
            self.happen(&given.clone(), Some(given), |turn, now| {
                turn.received(now, &received, text);
            });
        } else {
            self.receive_nothing();
        }
    }

    fn receive_stream(&mut self) {
        match self.rng.below(20) {
            0 => {
                self.reference.read_open = false;
                self.happen("end", Some("end".to_owned()), |turn, now| {
                    turn.received(now, &Received::End, b"");
                });
            }
            1 => self.receive_nothing(),
            _ => {
                let text = match self.rng.pick(TEXTS) {
                    b"" => b"&",
                    text => text,
                };
                let given = word(&Input::Bytes {
                    link: peer(1),
                    bytes: text,
                });
                self.happen(&given.clone(), Some(given), |turn, now| {
                    turn.received(now, &Received::Bytes(text.len()), text);
                });
            }
        }
    }

    /// Several datagrams at once, as many of which are taken as the machine wants.
    fn receive_batch(&mut self) {
        let count = self.rng.below(5) as usize;
        let batch: Vec<_> = (0..count)
            .map(|_| (peer(1 + self.rng.below(2) as u16), self.rng.pick(TEXTS)))
            .collect();
        let now = self.now;
        let mut turn = self.session.turn(&mut self.out);
        let taken = turn.datagrams(now, batch.iter().copied());
        self.story.push(format!("{taken} of {count} datagrams"));
        let (inputs, asked) = self.log.take();
        let given = batch[..taken].iter();
        let given = given.map(|&(link, bytes)| word(&Input::Datagram { link, bytes }));
        assert_eq!(inputs, given.collect::<Vec<_>>());
        let machine = self.session.machine();
        let wants = machine.status() == Status::Running && machine.interest().network;
        assert!(taken == count || !wants, "{:#?}", self.story);
        if taken > 0 {
            self.reference.faults = 0;
        }
        self.reference.note(asked);
    }

    fn receive_nothing(&mut self) {
        let kind = self.rng.pick(&FaultKind::ALL);
        let error = self.rng.pick(&[
            CallError::WouldBlock,
            CallError::Interrupted,
            CallError::Failed(fault(kind)),
        ]);
        let given = match error {
            CallError::Failed(fault) => self.reference.fault(Doing::Receiving, fault),
            _ => None,
        };
        self.happen(&format!("{error:?}"), given, |turn, now| {
            let more = turn.receive_failed(now, error);
            assert_eq!(more, error != CallError::WouldBlock);
        });
    }

    fn opened(&mut self) {
        let Some(opening) = &self.reference.opening else {
            return;
        };
        if self.rng.chance(60) {
            let to = opening.addresses[opening.at].port();
            self.reference.wire = match opening.transport {
                Transport::Datagram => WireState::Datagrams,
                Transport::Stream => WireState::Stream,
            };
            self.reference.opening = None;
            let given = Some(format!("opened {to}"));
            self.happen("opened", given, |turn, now| turn.opened(now, address(9)));
        } else {
            let kind = self.rng.pick(&FaultKind::ALL);
            let given = self.reference.fault(Doing::Opening, fault(kind));
            self.happen("not opened", given, |turn, now| {
                turn.fault(now, Doing::Opening, fault(kind));
            });
        }
    }

    fn completed(&mut self) {
        self.reference.in_flight -= 1;
        if self.rng.chance(80) {
            return self.happen("completed", None, |turn, now| {
                turn.completed(now, 1, Ok(()));
            });
        }
        let fault = fault(self.rng.pick(&FaultKind::ALL));
        let given = self.reference.fault(Doing::Sending, fault);
        self.happen("not completed", given, |turn, now| {
            turn.completed(now, 1, Err(fault));
        });
    }
}
