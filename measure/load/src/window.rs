//! What became of each question of one UDP socket.

use std::collections::{BTreeSet, VecDeque};

/// A question that has been asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asked {
    /// When it should have been sent, in nanoseconds.
    pub(crate) due: u64,
    /// When it was.
    pub(crate) sent: u64,
    /// Whether it was due while it was measured.
    pub(crate) counted: bool,
}

/// What a right reply is to its socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The first, in time. `reordered`: a later question was answered before.
    Right { asked: Asked, reordered: bool },
    /// The first, after the time-out. `asked`: only now was it noticed that the time had passed.
    Late { asked: Option<Asked>, counted: bool },
    /// Not the first.
    Duplicate { counted: bool },
    /// To a question that was never asked.
    NeverAsked,
}

/// A question of a window.
#[derive(Clone, Copy, Debug)]
struct Kept {
    asked: Asked,
    /// Whether the question is still in flight.
    open: bool,
}

/// The questions of one socket, by their numbers, which follow one another.
///
/// Those between the oldest in flight and the newest are all kept; of the older ones only those
/// that never were answered. So what a reply is can be told however late it comes.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The number of the first question ever, and of the first that is kept.
    start: u64,
    front: u64,
    kept: VecDeque<Kept>,
    in_flight: usize,
    /// One more than the highest number that was answered.
    answered: u64,
    /// The number of the first question that counts.
    counted: Option<u64>,
    unanswered: BTreeSet<u64>,
}

impl Window {
    pub(crate) fn starting_at(start: u64) -> Window {
        Window {
            start,
            front: start,
            ..Window::default()
        }
    }

    /// How many wait for their answer.
    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight
    }

    /// The number of the next question.
    pub(crate) fn next(&self) -> u64 {
        self.front + self.kept.len() as u64
    }

    /// Notes a question, and gives it a number.
    pub(crate) fn ask(&mut self, asked: Asked) -> u64 {
        let number = self.next();
        if asked.counted && self.counted.is_none() {
            self.counted = Some(number);
        }
        self.kept.push_back(Kept { asked, open: true });
        self.in_flight += 1;
        number
    }

    /// The last `count` could not be sent after all.
    pub(crate) fn take_back(&mut self, count: usize) {
        for _ in 0..count {
            if let Some(Kept { open: true, .. }) = self.kept.pop_back() {
                self.in_flight -= 1;
            }
        }
        let next = self.next();
        self.counted = self.counted.filter(|&first| first < next);
    }

    /// What a right reply to `number` is, and notes it.
    pub(crate) fn answer(&mut self, number: u64, now: u64, timeout: u64) -> Reply {
        let counted = self.counted.is_some_and(|first| number >= first);
        if number < self.front {
            return if number < self.start {
                Reply::NeverAsked
            } else if self.unanswered.remove(&number) {
                Reply::Late {
                    asked: None,
                    counted,
                }
            } else {
                Reply::Duplicate { counted }
            };
        }
        let Some(&Kept { asked, open }) = self.kept.get((number - self.front) as usize) else {
            return Reply::NeverAsked;
        };
        if !open {
            return Reply::Duplicate { counted };
        }
        self.close(number);
        let reordered = number < self.answered;
        self.answered = self.answered.max(number + 1);
        if now - asked.sent > timeout {
            return Reply::Late {
                asked: Some(asked),
                counted,
            };
        }
        Reply::Right { asked, reordered }
    }

    /// Closes the question of that number, or the oldest in flight: it was answered wrongly, or
    /// refused.
    pub(crate) fn give_up(&mut self, number: Option<u64>) -> Option<(u64, Asked)> {
        let at = match number {
            Some(number) => usize::try_from(number.checked_sub(self.front)?).ok()?,
            None => self.kept.iter().position(|one| one.open)?,
        };
        let &Kept { asked, open } = self.kept.get(at)?;
        let number = self.front + at as u64;
        open.then(|| self.close(number)).map(|()| (number, asked))
    }

    /// Closes those that were sent more than `timeout` ago, and tells of each.
    pub(crate) fn expire(&mut self, now: u64, timeout: u64, lost: &mut impl FnMut(Asked)) {
        while let Some(&Kept { asked, open }) = self.kept.front() {
            // Asked in this order, so the first that has time left ends it. Closed ones leave when
            // they are first.
            if now.saturating_sub(asked.sent) <= timeout {
                break;
            }
            debug_assert!(open, "a closed question is never first");
            self.unanswered.insert(self.front);
            self.close(self.front);
            lost(asked);
        }
    }

    fn close(&mut self, number: u64) {
        if let Some(kept) = self.kept.get_mut((number - self.front) as usize) {
            kept.open = false;
            self.in_flight -= 1;
        }
        while let Some(Kept { open: false, .. }) = self.kept.front() {
            self.kept.pop_front();
            self.front += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: u64 = 100;

    fn at(sent: u64) -> Asked {
        Asked {
            due: sent,
            sent,
            counted: sent >= 10,
        }
    }

    fn asked(times: &[u64]) -> Window {
        let mut window = Window::starting_at(1000);
        for (n, &time) in times.iter().enumerate() {
            assert_eq!(window.ask(at(time)), 1000 + n as u64);
        }
        window
    }

    fn right(sent: u64, reordered: bool) -> Reply {
        let asked = at(sent);
        Reply::Right { asked, reordered }
    }

    #[test]
    fn in_order_and_out_of_it() {
        let mut window = asked(&[10, 11, 12]);
        assert_eq!(window.answer(1000, 20, TIMEOUT), right(10, false));
        assert_eq!(window.answer(1002, 20, TIMEOUT), right(12, false));
        assert_eq!(window.answer(1001, 20, TIMEOUT), right(11, true));
        assert_eq!((window.in_flight(), window.kept.len()), (0, 0));
    }

    #[test]
    fn again_whether_kept_or_long_gone() {
        let mut window = asked(&[5, 11, 12]);
        let again = |counted| Reply::Duplicate { counted };
        assert_eq!(window.answer(1000, 20, TIMEOUT), right(5, false));
        assert_eq!(window.answer(1000, 21, TIMEOUT), again(false));
        assert_eq!(window.answer(1002, 22, TIMEOUT), right(12, false));
        assert_eq!(window.answer(1002, 23, TIMEOUT), again(true));
        assert_eq!(window.answer(1001, 24, TIMEOUT), right(11, true));
        assert_eq!(window.answer(1001, 25, TIMEOUT), again(true));
    }

    #[test]
    fn never_asked() {
        let mut window = asked(&[10]);
        assert_eq!(window.answer(999, 20, TIMEOUT), Reply::NeverAsked);
        assert_eq!(window.answer(1001, 20, TIMEOUT), Reply::NeverAsked);
        assert_eq!(window.in_flight(), 1);
    }

    #[test]
    fn late_once_then_again() {
        let mut window = asked(&[10, 50, 60]);
        let mut lost = Vec::new();
        window.expire(110, TIMEOUT, &mut |asked| lost.push(asked.sent));
        assert!(lost.is_empty(), "the last moment is in time");
        window.expire(111, TIMEOUT, &mut |asked| lost.push(asked.sent));
        assert_eq!((lost, window.in_flight()), (vec![10], 2));
        let late = |asked, counted| Reply::Late { asked, counted };
        assert_eq!(window.answer(1000, 112, TIMEOUT), late(None, true));
        assert_eq!(
            window.answer(1000, 113, TIMEOUT),
            Reply::Duplicate { counted: true }
        );
        // Nobody had noticed that the time of the third had passed; the second still waits.
        assert_eq!(window.answer(1002, 161, TIMEOUT), late(Some(at(60)), true));
        assert_eq!(window.in_flight(), 1);
        let mut lost = Vec::new();
        window.expire(1000, TIMEOUT, &mut |asked| lost.push(asked.sent));
        assert_eq!((lost, window.in_flight()), (vec![50], 0));
        assert!(window.kept.is_empty());
    }

    #[test]
    fn what_could_not_be_sent_was_never_asked() {
        let mut window = asked(&[5, 11, 12]);
        window.take_back(2);
        assert_eq!(window.answer(1001, 20, TIMEOUT), Reply::NeverAsked);
        assert_eq!((window.in_flight(), window.counted), (1, None));
        assert_eq!(window.ask(at(30)), 1001);
        assert_eq!(window.counted, Some(1001));
    }

    #[test]
    fn wrong_and_refused_ones_are_closed() {
        let mut window = asked(&[10, 11, 12]);
        assert_eq!(window.give_up(Some(1001)), Some((1001, at(11))));
        assert_eq!(window.give_up(Some(1001)), None);
        assert_eq!(window.give_up(Some(7)), None);
        assert_eq!(window.give_up(None), Some((1000, at(10))));
        assert_eq!(window.give_up(None), Some((1002, at(12))));
        assert_eq!(window.give_up(None), None);
        assert_eq!(window.in_flight(), 0);
    }
}
