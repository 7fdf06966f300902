use std::sync::atomic::AtomicU64;
use std::thread;

use super::*;

/// A limit in virtual time.
struct TestLimit {
    limit: ConnectionLimit,
    now: Mono,
}

/// Whether it is over a limit, and its permit.
type Begun = (Option<ExceededLimit>, Permit);

impl TestLimit {
    fn new(limit: ConnectionLimit) -> Self {
        let now = Mono::from_nanos(5_000_000_000);
        TestLimit { limit, now }
    }

    fn admit(&self, ticket: u64, address: &str) -> Admission {
        let peer = SocketAddr::new(address.parse().unwrap(), 1);
        let waker = Waker::noop();
        self.limit.admit((ticket, waker), peer, true, self.now)
    }

    fn begins(&self, address: &str) -> Begun {
        match self.admit(self.limit.ticket(), address) {
            Admission::Serve(exceeded, permit) => (exceeded, permit),
            Admission::Close => panic!("it is closed"),
            Admission::Wait(until) => panic!("it waits until {until:?}"),
        }
    }

    fn served(&self, address: &str) -> Permit {
        let (exceeded, permit) = self.begins(address);
        assert_eq!(exceeded, None);
        permit
    }

    fn after(&mut self, millis: u64) -> &Self {
        self.now = self.now.plus(Duration::from_millis(millis));
        self
    }
}

#[test]
fn counts_all_and_each() {
    let limit = TestLimit::new(ConnectionLimit::new(3, 2));
    let one = limit.served("192.0.2.1");
    let _two = limit.served("::ffff:192.0.2.1");
    let (third, _) = limit.begins("192.0.2.1");
    assert_eq!(third, Some(ExceededLimit::PerAddress));
    let _four = limit.served("2001:db8::1");
    let (fifth, _) = limit.begins("192.0.2.2");
    assert_eq!(fifth, Some(ExceededLimit::Total));
    drop(one);
    // A permit was given back.
    let _six = limit.served("2001:db8::2");
    let (seventh, _) = limit.begins("2001:db8:0:1::");
    assert_eq!(seventh, Some(ExceededLimit::Total));
}

#[test]
fn few_are_told_and_the_rest_closed() {
    let limit = TestLimit::new(ConnectionLimit::new(0, 1));
    let told: Vec<Begun> = (0..MAX_REFUSALS)
        .map(|_| limit.begins("192.0.2.1"))
        .collect();
    assert!(matches!(limit.admit(0, "192.0.2.2"), Admission::Close));
    drop(told);
    assert!(matches!(
        limit.admit(0, "192.0.2.2"),
        Admission::Serve(Some(_), _)
    ));
    let peer = "192.0.2.2:1".parse().unwrap();
    let waiting = (0, Waker::noop());
    let unexplained = limit.limit.admit(waiting, peer, false, limit.now);
    assert!(matches!(unexplained, Admission::Close));
}

/// Of the address that holds most the one that was silent longest, whoever connects; of those heard
/// within a second, none.
#[test]
fn the_longest_silent_of_the_most_crowded_address_makes_room() {
    let mut limit = TestLimit::new(ConnectionLimit::new(5, 5));
    let old = limit.served("192.0.2.9");
    let a = limit.after(10).served("2001:db8::1");
    let b = limit.after(10).served("2001:db8::2");
    let c = limit.after(10).served("2001:db8::3");
    let d = limit.after(10).served("192.0.2.8");
    // `a` says something, and so `b` is the one.
    a.note_received(limit.after(500).now);
    let (early, refused) = limit.after(400).begins("192.0.2.1");
    assert_eq!(early, Some(ExceededLimit::Total));
    drop(refused);
    let (at, served) = (limit.after(200).now, limit.served("192.0.2.1"));
    let evicted = |all: &[&Permit]| all.iter().map(|one| one.is_evicted()).collect::<Vec<_>>();
    assert_eq!(
        evicted(&[&old, &a, &b, &c, &d]),
        [false, false, true, false, false]
    );
    // The next is `c`; then all addresses are the same, and the oldest goes.
    let _second = limit.served("192.0.2.2");
    assert!(c.is_evicted() && !old.is_evicted());
    let _third = limit.served("192.0.2.3");
    assert!(old.is_evicted() && !d.is_evicted());
    let _fourth = limit.served("192.0.2.4");
    assert!(d.is_evicted() && !a.is_evicted());
    // All others have been heard within a second.
    let (exceeded, _) = limit.begins("192.0.2.5");
    assert_eq!(exceeded, Some(ExceededLimit::Total));
    assert!(at <= limit.now && !served.is_evicted());
    assert_eq!(limit.limit.evicted(), 4);
}

/// Who waits for the server is not silent.
#[test]
fn who_is_kept_waiting_is_not_silent() {
    let mut limit = TestLimit::new(ConnectionLimit::new(1, 1));
    let served = limit.served("192.0.2.1");
    let unprotect = served.protect();
    let (exceeded, _) = limit.after(60_000).begins("192.0.2.2");
    assert_eq!(exceeded, Some(ExceededLimit::Total));
    unprotect(limit.now);
    let (exceeded, _) = limit.after(999).begins("192.0.2.2");
    assert_eq!(exceeded, Some(ExceededLimit::Total));
    let _next = limit.after(1).served("192.0.2.2");
    assert!(served.is_evicted());
}

/// Without resources for one more, those who connect wait: for one that is asked to make room, and
/// in order.
#[test]
fn without_resources_one_waits_for_who_makes_room() {
    let mut limit = TestLimit::new(ConnectionLimit::new(8, 8).with_capacity(2));
    let first = limit.served("192.0.2.1");
    let second = limit.after(100).served("192.0.2.1");
    let silent_at = |permit_at: u64| Some(Mono::from_nanos(permit_at));
    match limit.admit(71, "192.0.2.2") {
        Admission::Wait(until) => assert_eq!(until, silent_at(6_000_000_000)),
        _ => panic!("it does not wait"),
    }
    assert!(matches!(
        limit.after(900).admit(71, "192.0.2.2"),
        Admission::Wait(None)
    ));
    assert!(first.is_evicted() && !second.is_evicted());
    // The same one makes room for the same one, however often it asks.
    assert!(matches!(
        limit.after(900).admit(71, "192.0.2.2"),
        Admission::Wait(None)
    ));
    assert!(!second.is_evicted());
    // The next in the queue needs another one.
    assert!(matches!(
        limit.admit(72, "192.0.2.3"),
        Admission::Wait(None)
    ));
    assert!(second.is_evicted());
    drop(first);
    assert!(matches!(
        limit.admit(72, "192.0.2.3"),
        Admission::Wait(None)
    ));
    let Admission::Serve(None, _inside) = limit.admit(71, "192.0.2.2") else {
        panic!("there is room");
    };
    drop(second);
    assert!(matches!(
        limit.admit(72, "192.0.2.3"),
        Admission::Serve(None, _)
    ));
    assert_eq!(limit.limit.evicted(), 2);
}

/// A server without limits has nobody make room, and who leaves the queue is in nobody's way.
#[test]
fn others_wait_without_a_limit() {
    let mut limit = TestLimit::new(ConnectionLimit::waiting(1));
    let served = limit.served("192.0.2.1");
    for ticket in [71, 72] {
        let waits = limit.after(60_000).admit(ticket, "192.0.2.2");
        assert!(matches!(waits, Admission::Wait(None)));
    }
    assert!(!served.is_evicted());
    drop(served);
    assert!(matches!(
        limit.admit(72, "192.0.2.2"),
        Admission::Wait(None)
    ));
    limit.limit.leave_queue(71);
    assert!(matches!(
        limit.admit(72, "192.0.2.2"),
        Admission::Serve(None, _)
    ));
}

/// The flag and the call come once each, whichever is first.
#[test]
fn who_makes_room_is_woken() {
    for early in [true, false] {
        let mut limit = TestLimit::new(ConnectionLimit::new(1, 1));
        let (served, woken) = (limit.served("192.0.2.1"), Arc::new(AtomicU64::new(0)));
        let wake = {
            let woken = Arc::clone(&woken);
            move || {
                woken.fetch_add(1, Ordering::Relaxed);
            }
        };
        let mut wake = Some(wake);
        if early {
            served.on_evict(wake.take().unwrap());
        }
        limit.after(1000);
        thread::scope(|threads| {
            threads.spawn(|| drop(limit.served("192.0.2.2")));
        });
        if let Some(wake) = wake {
            served.on_evict(wake);
        }
        assert_eq!(
            (served.is_evicted(), woken.load(Ordering::Relaxed)),
            (true, 1)
        );
    }
}

/// One that is closed leaves its room to the next in the queue.
#[test]
fn a_closed_connection_passes_its_room_on() {
    struct Count(AtomicU64);
    impl std::task::Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
    let limit = TestLimit::new(ConnectionLimit::new(1, 1).with_capacity(1));
    let served = limit.served("192.0.2.1");
    let wakes = Arc::new(Count(AtomicU64::new(0)));
    let (first, second) = (limit.limit.ticket(), limit.limit.ticket());
    let waker = Waker::from(Arc::clone(&wakes));
    let admit = |ticket, explains| {
        let peer = "192.0.2.2:1".parse().unwrap();
        limit
            .limit
            .admit((ticket, &waker), peer, explains, limit.now)
    };
    assert!(matches!(admit(first, false), Admission::Wait(_)));
    assert!(matches!(admit(second, false), Admission::Wait(_)));
    limit.limit.table().total = 0;
    drop(served);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    assert!(matches!(admit(first, false), Admission::Close));
    assert_eq!(wakes.0.load(Ordering::Relaxed), 2);
}

/// Who waits for a connection that is protected looks again, since it may be silent later.
#[test]
fn a_protected_connection_may_be_silent_later() {
    let limit = TestLimit::new(ConnectionLimit::new(1, 1).with_capacity(1));
    let served = limit.served("192.0.2.1");
    let _unprotect = served.protect();
    let again = limit.now.plus(Duration::from_secs(1));
    match limit.admit(limit.limit.ticket(), "192.0.2.2") {
        Admission::Wait(until) => assert_eq!(until, Some(again)),
        _ => panic!("there is no room"),
    }
}
