//! Limits what strangers may cost a register. The budgets are in memory, and checked before the
//! database is asked.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use socklab_core::Mono;
use socklab_core::policy::{BucketRate, TokenBucket};

/// Attempts of one address prefix that are looked up in the database. Successful ones are free, so
/// a class behind one router is not limited while its attempts succeed.
const LOOKED_UP: BucketRate = BucketRate {
    burst: 1_000,
    every: Duration::from_millis(200),
};

/// Rows that are not submissions: failures of DNIs that the register does not know, and right codes
/// of students who have already submitted.
const ROWS: BucketRate = BucketRate {
    burst: 100,
    every: Duration::from_secs(5),
};

/// How often a prefix may submit for another DNI that the register does not know.
const NEW_DNI_EVERY: Duration = Duration::from_secs(1);

/// How many prefixes are remembered.
const PREFIXES: usize = 10_000;

/// Stands for the addresses beyond these in the counts of attempts that were not recorded.
pub const OTHER_ADDRESSES: &str = "others";

/// The budgets of all address prefixes.
#[derive(Debug)]
pub(crate) struct Budgets {
    new_dnis: BucketRate,
    left: BTreeMap<IpAddr, Left>,
    /// By prefix: how many attempts were only counted. `None` stands for all other prefixes.
    unrecorded: BTreeMap<Option<IpAddr>, u64>,
}

/// The rest of a prefix's budgets.
#[derive(Debug)]
struct Left {
    looked_up: TokenBucket,
    new_dnis: TokenBucket,
    rows: TokenBucket,
}

impl Budgets {
    /// Makes full budgets. At once, each prefix may submit for `new_dnis` DNIs that the register
    /// does not know.
    pub(crate) fn new(new_dnis: u32) -> Self {
        let new_dnis = BucketRate {
            burst: new_dnis,
            every: NEW_DNI_EVERY,
        };
        Budgets {
            new_dnis,
            left: BTreeMap::new(),
            unrecorded: BTreeMap::new(),
        }
    }

    /// Takes one look-up from a prefix's budget. `Err` has the seconds until there is one.
    pub(crate) fn look_up(&mut self, prefix: IpAddr, now: Mono) -> Result<(), u64> {
        let left = self.left(prefix, now);
        match left.looked_up.take(LOOKED_UP, now) {
            true => Ok(()),
            false => Err(left.looked_up.wait(LOOKED_UP)),
        }
    }

    /// Gives a look-up back, because the attempt was no fault of its sender.
    pub(crate) fn forgive(&mut self, prefix: IpAddr) {
        if let Some(left) = self.left.get_mut(&prefix) {
            left.looked_up.give_back(LOOKED_UP);
        }
    }

    /// Takes one submission for an unknown DNI from the budget. `Err` has the seconds until there
    /// is one.
    pub(crate) fn submit_new(&mut self, prefix: IpAddr, now: Mono) -> Result<(), u64> {
        let of = self.new_dnis;
        let left = self.left(prefix, now);
        match left.new_dnis.take(of, now) {
            true => Ok(()),
            false => Err(left.new_dnis.wait(of)),
        }
    }

    /// Takes one row that is not a submission from the budget. Returns whether there was one.
    pub(crate) fn record(&mut self, prefix: IpAddr, now: Mono) -> bool {
        self.left(prefix, now).rows.take(ROWS, now)
    }

    /// Counts an attempt that leaves no row. Beyond [`PREFIXES`] all others share one count.
    pub(crate) fn unrecorded(&mut self, prefix: IpAddr) {
        let has_room = self.unrecorded.len() < PREFIXES;
        let prefix =
            Some(prefix).filter(|_| has_room || self.unrecorded.contains_key(&Some(prefix)));
        *self.unrecorded.entry(prefix).or_default() += 1;
    }

    /// The counts since they were last written, in the order of the prefixes: those of
    /// [`OTHER_ADDRESSES`] come first.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (String, u64)> + '_ {
        let counts = self.unrecorded.iter();
        counts.map(|(prefix, count)| {
            let prefix = prefix.map_or_else(|| OTHER_ADDRESSES.to_owned(), |one| one.to_string());
            (prefix, *count)
        })
    }

    pub(crate) fn has_counts(&self) -> bool {
        !self.unrecorded.is_empty()
    }

    /// Resets the counts, because they have been written.
    pub(crate) fn counted(&mut self) {
        self.unrecorded.clear();
    }

    fn left(&mut self, prefix: IpAddr, now: Mono) -> &mut Left {
        if self.left.len() >= PREFIXES && !self.left.contains_key(&prefix) {
            self.make_room(now);
        }
        let new_dnis = self.new_dnis;
        self.left.entry(prefix).or_insert_with(|| Left {
            looked_up: TokenBucket::full(LOOKED_UP, now),
            new_dnis: TokenBucket::full(new_dnis, now),
            rows: TokenBucket::full(ROWS, now),
        })
    }

    /// Forgets the prefixes whose budgets are full again; all prefixes if there is none.
    fn make_room(&mut self, now: Mono) {
        let new_dnis = self.new_dnis;
        self.left.retain(|_, left| {
            !(left.looked_up.is_full(LOOKED_UP, now)
                && left.new_dnis.is_full(new_dnis, now)
                && left.rows.is_full(ROWS, now))
        });
        if self.left.len() >= PREFIXES {
            self.left.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;

    #[test]
    fn prefixes_do_not_share_a_budget() {
        let mut budgets = Budgets::new(2);
        let (one, other) = (Ipv4Addr::LOCALHOST.into(), Ipv4Addr::BROADCAST.into());
        assert!(budgets.submit_new(one, Mono::ZERO).is_ok());
        assert!(budgets.submit_new(one, Mono::ZERO).is_ok());
        assert_eq!(budgets.submit_new(one, Mono::ZERO), Err(1));
        assert!(budgets.submit_new(other, Mono::ZERO).is_ok());
    }

    #[test]
    fn memory_is_bounded() {
        let mut budgets = Budgets::new(1);
        for n in 0..3 * PREFIXES as u32 {
            let prefix = Ipv4Addr::from(n).into();
            assert!(budgets.look_up(prefix, Mono::ZERO).is_ok());
            if n % 2 == 0 {
                budgets.forgive(prefix);
            }
            budgets.unrecorded(prefix);
            assert!(budgets.left.len() <= PREFIXES);
        }
        let counts: BTreeMap<String, u64> = budgets.counts().collect();
        assert_eq!(counts.len(), PREFIXES + 1);
        assert!(counts.iter().all(|(prefix, count)| match &**prefix {
            OTHER_ADDRESSES => *count == 2 * PREFIXES as u64,
            prefix => *count == 1 && prefix.parse::<IpAddr>().is_ok(),
        }));
    }
}
