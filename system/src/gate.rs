//! How many may come in.

use std::collections::HashMap;
use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::register::{Admission, Permit};

/// Counts a server's connections, all together and by address.
///
/// An IPv6 user commonly has a whole /64 (RFC 6177), so the addresses of one count as one.
#[derive(Clone)]
pub struct Gate(Arc<Inner>);

struct Inner {
    most: usize,
    most_from_one: usize,
    counts: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    all: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("most", &self.0.most)
            .field("most_from_one", &self.0.most_from_one)
            .finish_non_exhaustive()
    }
}

impl Gate {
    /// A gate for so many connections in all, and so many from one address.
    pub fn new(most: usize, most_from_one: usize) -> Self {
        Gate(Arc::new(Inner {
            most,
            most_from_one,
            counts: Mutex::default(),
        }))
    }
}

impl Inner {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Admission for Gate {
    fn admit(&self, peer: SocketAddr) -> Option<Permit> {
        let address = network(peer.ip());
        let mut counts = self.0.counts();
        if counts.all >= self.0.most {
            return None;
        }
        let here = counts.by_address.entry(address).or_default();
        if *here >= self.0.most_from_one {
            return None;
        }
        *here += 1;
        counts.all += 1;
        let gate = Arc::clone(&self.0);
        Some(Box::new(Inside { gate, address }))
    }
}

/// One who is in.
struct Inside {
    gate: Arc<Inner>,
    address: IpAddr,
}

impl Drop for Inside {
    fn drop(&mut self) {
        let mut counts = self.gate.counts();
        counts.all -= 1;
        if let Some(here) = counts.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                counts.by_address.remove(&self.address);
            }
        }
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64).into(),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_all_and_each() {
        let gate = Gate::new(3, 2);
        let enter = |address: &str| gate.admit(address.parse().unwrap());
        let first = enter("192.0.2.1:1");
        let second = enter("[::ffff:192.0.2.1]:2");
        assert!(first.is_some() && second.is_some());
        assert!(enter("192.0.2.1:3").is_none());
        let third = enter("[2001:db8::1]:1");
        assert!(third.is_some());
        assert!(enter("192.0.2.2:1").is_none());
        drop(first);
        let fourth = enter("[2001:db8::2]:1");
        assert!(fourth.is_some());
        drop((second, fourth));
        let _two = (enter("[2001:db8::3]:1"), enter("192.0.2.2:1"));
        assert!(enter("[2001:db8::4]:1").is_none());
        drop(third);
        assert!(enter("[2001:db8::4]:1").is_some());
    }
}
