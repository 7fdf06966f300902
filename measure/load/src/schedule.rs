//! When questions are due under an open load.

/// Questions at constant intervals, whatever happens to them.
#[derive(Debug)]
pub(crate) struct Schedule {
    start: u64,
    distance: f64,
    next: u64,
    end: u64,
}

impl Schedule {
    pub(crate) fn new(start: u64, rate: f64) -> Schedule {
        Schedule {
            start,
            distance: 1e9 / rate,
            next: 0,
            end: u64::MAX,
        }
    }

    /// When the next question is due; `None` after the end.
    pub(crate) fn due(&self) -> Option<u64> {
        // Computed from the start each time, so that rounding errors do not add up.
        // Saturates: under a very low rate the next question is never due.
        let distance = (self.next as f64 * self.distance) as u64;
        let due = self.start.saturating_add(distance);
        (due < self.end).then_some(due)
    }

    /// Notes that the next question was asked or given up.
    pub(crate) fn advance(&mut self) {
        self.next += 1;
    }

    /// From then on no question is due.
    pub(crate) fn end(&mut self, at: u64) {
        self.end = at;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constant_distances_to_the_end() {
        let mut schedule = Schedule::new(100, 3.0);
        let mut dues = Vec::new();
        schedule.end(1_333_333_500);
        while let Some(due) = schedule.due() {
            dues.push(due);
            schedule.advance();
        }
        assert_eq!(
            dues,
            [100, 333_333_433, 666_666_766, 1_000_000_100, 1_333_333_433]
        );
    }

    #[test]
    fn a_very_low_rate_is_due_once() {
        for rate in [1e-3, 1e-12, 1e-300] {
            let mut schedule = Schedule::new(100, rate);
            schedule.end(1_000_000_000_000);
            assert_eq!(schedule.due(), Some(100), "{rate}");
            schedule.advance();
            assert_eq!(schedule.due(), None, "{rate}");
        }
    }

    #[test]
    fn rounding_does_not_add_up() {
        let mut schedule = Schedule::new(0, 300_000.0);
        for _ in 0..300_000 * 60 {
            schedule.advance();
        }
        assert_eq!(schedule.due(), Some(60_000_000_000));
    }
}
