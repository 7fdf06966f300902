//! How many connections a server holds.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::ExceededLimit;

/// How many connections over a limit a server keeps for a moment, to tell their peers so. Further
/// ones are closed without a word.
pub const MAX_REFUSALS: usize = 64;

/// Counts a server's connections, all together and by address.
///
/// An IPv6 user commonly has a whole /64 (RFC 6177), so the addresses of one count as one.
#[derive(Clone, Debug)]
pub struct ConnectionLimit(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    total: usize,
    per_address: usize,
    counts: Mutex<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    refused: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// A connection that may be served, or told why not.
#[derive(Debug, Default)]
pub struct Admitted {
    /// The limit that it exceeds.
    pub over: Option<ExceededLimit>,
    /// Counts it while it lives; `None` where there is no limit.
    pub permit: Option<Permit>,
}

/// Counts a connection while it lives.
#[derive(Debug)]
pub struct Permit {
    limit: ConnectionLimit,
    /// `None` for one that is being refused.
    address: Option<IpAddr>,
}

impl ConnectionLimit {
    /// A limit of so many connections in all, and so many from one address.
    pub fn new(total: usize, per_address: usize) -> Self {
        ConnectionLimit(Arc::new(Inner {
            total,
            per_address,
            counts: Mutex::default(),
        }))
    }

    /// Counts one more connection of `peer`. One over a limit is to be told so if the server
    /// `tells` its peers; `None` if it is to be closed at once.
    pub fn admit(&self, peer: SocketAddr, tells: bool) -> Option<Admitted> {
        let address = network(peer.ip());
        let mut counts = self.counts();
        let here = counts.by_address.get(&address).copied().unwrap_or(0);
        let over = if counts.total >= self.0.total {
            Some(ExceededLimit::Total)
        } else if here >= self.0.per_address {
            Some(ExceededLimit::PerAddress)
        } else {
            None
        };
        let address = match over {
            None => {
                counts.total += 1;
                counts.by_address.insert(address, here + 1);
                Some(address)
            }
            Some(_) if tells && counts.refused < MAX_REFUSALS => {
                counts.refused += 1;
                None
            }
            Some(_) => return None,
        };
        let limit = self.clone();
        let permit = Some(Permit { limit, address });
        Some(Admitted { over, permit })
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut counts = self.limit.counts();
        let Some(address) = self.address else {
            counts.refused -= 1;
            return;
        };
        counts.total -= 1;
        if let Some(here) = counts.by_address.get_mut(&address) {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&address);
            }
        }
    }
}

/// The network that counts as one address: an IPv4 address, or an IPv6 /64.
pub fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn over(limit: &ConnectionLimit, address: &str) -> (Option<ExceededLimit>, Option<Permit>) {
        let admitted = limit.admit(address.parse().unwrap(), true).unwrap();
        (admitted.over, admitted.permit)
    }

    #[test]
    fn counts_all_and_each() {
        let limit = ConnectionLimit::new(3, 2);
        let (first, one) = over(&limit, "192.0.2.1:1");
        let (second, _two) = over(&limit, "[::ffff:192.0.2.1]:2");
        assert_eq!((first, second), (None, None));
        let (third, _) = over(&limit, "192.0.2.1:3");
        assert_eq!(third, Some(ExceededLimit::PerAddress));
        let (fourth, _four) = over(&limit, "[2001:db8::1]:1");
        assert_eq!(fourth, None);
        let (fifth, _) = over(&limit, "192.0.2.2:1");
        assert_eq!(fifth, Some(ExceededLimit::Total));
        drop(one);
        let (sixth, _six) = over(&limit, "[2001:db8::2]:1");
        assert_eq!(sixth, None, "a permit was given back");
        let (seventh, _) = over(&limit, "[2001:db8::3]:1");
        assert_eq!(seventh, Some(ExceededLimit::Total));
    }

    #[test]
    fn few_are_told_and_the_rest_closed() {
        let limit = ConnectionLimit::new(0, 1);
        let told: Vec<_> = (0..MAX_REFUSALS)
            .map(|_| over(&limit, "192.0.2.1:1"))
            .collect();
        let peer = "192.0.2.2:1".parse().unwrap();
        assert!(limit.admit(peer, true).is_none());
        drop(told);
        assert!(limit.admit(peer, true).is_some());
        assert!(limit.admit(peer, false).is_none(), "this server tells none");
    }
}
