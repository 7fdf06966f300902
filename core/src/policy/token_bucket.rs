//! Limits how much one address prefix may cost a register.

use core::net::{IpAddr, Ipv6Addr};
use core::time::Duration;

use crate::time::Mono;

/// The prefix for which an address counts: an IPv4 address by itself, an IPv6 address for its /64,
/// which is what one user commonly has (RFC 6177).
pub fn prefix(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        v4 => v4,
    }
}

/// The parameters of a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BucketRate {
    /// The size of the bucket: how many may come at once.
    pub burst: u32,
    /// The time after which the bucket gains one more.
    pub every: Duration,
}

/// A token bucket: how much of a [`BucketRate`] is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenBucket {
    /// How much is left at time `at`, as the time that it took to gain it.
    saved: Duration,
    at: Mono,
}

impl TokenBucket {
    /// A full bucket.
    pub fn full(of: BucketRate, now: Mono) -> TokenBucket {
        TokenBucket {
            saved: of.every * of.burst,
            at: now,
        }
    }

    /// Takes one. Returns `false` if none is left.
    pub fn take(&mut self, of: BucketRate, now: Mono) -> bool {
        self.refill(of, now);
        let left = self.saved.checked_sub(of.every);
        self.saved = left.unwrap_or(self.saved);
        left.is_some()
    }

    /// Gives one back, because what it was taken for turned out to be free.
    pub fn give_back(&mut self, of: BucketRate) {
        self.saved = (self.saved + of.every).min(of.every * of.burst);
    }

    /// Whether the bucket is full again.
    pub fn is_full(&mut self, of: BucketRate, now: Mono) -> bool {
        self.refill(of, now);
        self.saved >= of.every * of.burst
    }

    /// In how many seconds one is available again, but at least 1. Rounds up, so that a retry after
    /// exactly this long succeeds.
    pub fn wait(&self, of: BucketRate) -> u64 {
        let missing = of.every.saturating_sub(self.saved);
        (missing.as_secs() + u64::from(missing.subsec_nanos() > 0)).max(1)
    }

    fn refill(&mut self, of: BucketRate, now: Mono) {
        // Times may come slightly out of order.
        let passed = now.as_nanos().saturating_sub(self.at.as_nanos());
        let passed = Duration::from_nanos(passed);
        self.saved = (self.saved + passed).min(of.every * of.burst);
        self.at = self.at.max(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::prelude::v1::*;

    const OF: BucketRate = BucketRate {
        burst: 3,
        every: Duration::from_millis(500),
    };

    fn at(millis: u64) -> Mono {
        Mono::ZERO.plus(Duration::from_millis(millis))
    }

    #[test]
    fn a_burst_and_then_one_each_so_often() {
        let mut bucket = TokenBucket::full(OF, at(0));
        let taken = |bucket: &mut TokenBucket, now| (0..9).filter(|_| bucket.take(OF, now)).count();
        assert_eq!(taken(&mut bucket, at(0)), 3);
        assert_eq!(bucket.wait(OF), 1);
        assert_eq!(taken(&mut bucket, at(499)), 0);
        assert_eq!(taken(&mut bucket, at(1200)), 2);
        // An earlier time neither adds nor takes.
        assert_eq!(taken(&mut bucket, at(0)), 0);
        bucket.give_back(OF);
        assert_eq!(taken(&mut bucket, at(1200)), 1);
        assert!(!bucket.is_full(OF, at(2000)));
        assert!(bucket.is_full(OF, at(9000)));
        assert_eq!(taken(&mut bucket, at(9000)), 3);
    }

    #[test]
    fn prefixes() {
        for (address, counted_as) in [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::1", "::"),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(prefix(address).to_string(), counted_as);
        }
    }
}
