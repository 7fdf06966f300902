//! Proves that a steady `echo` does not allocate per datagram: not in the core, and not in a
//! driver's thread over real sockets.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use socklab_blocking::Blocking;
use socklab_core::lab::Settings;
use socklab_core::{
    Begin, Console, LineEvent, Link, Machine, Mono, Next, Notice, Now, Outbox, Prompt, Received,
    Service, Session, Status, Wait, echo,
};
use socklab_mio::Mio;
use socklab_steps::steps;
use socklab_system::{Backend, Run};
use socklab_tests::kit::Parrots;
use socklab_tests::{CLIENT, SERVER};
use socklab_tokio::Tokio;

thread_local! {
    /// How often this thread has allocated. Threads that only look on do not disturb the count.
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

// The only `unsafe` of the tests: a global allocator cannot be had without. It hands every call on
// to the system's, unchanged, so the contract of each holds as before.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc(layout) }
    }
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        unsafe { System.alloc_zeroed(layout) }
    }
    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        unsafe { System.realloc(at, layout, size) }
    }
    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn count() {
    // A thread that is ending has no counter any more, and is not measured.
    let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
}

fn allocations() -> u64 {
    ALLOCATIONS.with(Cell::get)
}

/// After so many exchanges every buffer has the size it needs.
const WARM_UP: usize = 100;
const DATAGRAMS: usize = 10_000;

/// Longest first, so that the warm-up sees the largest.
const TEXTS: [&str; 4] = ["una línea algo más larga", "straße", "ñandú", ""];

#[test]
fn the_count_counts() {
    let before = allocations();
    drop(std::hint::black_box(vec![1]));
    assert_eq!(allocations() - before, 1);
}

/// Does what a session wants done, as far as the system takes it: at most so many bytes of a send
/// (fewer are taken of a stream only). Returns how many sends there were.
fn carry_out<M: Machine>(
    session: &mut Session<M, ()>,
    out: &mut Outbox,
    now: Now,
    takes: usize,
) -> usize {
    let (mut turn, mut sends) = (session.turn(out), 0);
    loop {
        match turn.next_batch(now, 64, |_| ()) {
            Next::Send { bytes, .. } => {
                let len = bytes.len().min(takes);
                turn.sent(len);
                sends += 1;
            }
            Next::Open { .. } => turn.opened(now, CLIENT),
            Next::Wait(Wait { writable: true, .. }) => turn.writable(),
            Next::Wait(_) => return sends,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn an_echo_server_allocates_nothing() {
    let mut server = Session::new(echo::Server::new(true), ());
    let (now, mut out) = (Now::default(), Outbox::new());
    server.turn(&mut out).begin(now, Begin::Bound(SERVER));
    carry_out(&mut server, &mut out, now, usize::MAX);

    let (link, mut before, mut sends) = (Link::first(CLIENT), 0, 0);
    for n in 0..WARM_UP + DATAGRAMS {
        if n == WARM_UP {
            before = allocations();
        }
        // One by one, and several at once.
        let text = TEXTS[n % TEXTS.len()].as_bytes();
        let batch = [(link, text); 4];
        let taken = server
            .turn(&mut out)
            .datagrams(now, batch[..1 + n % 4].iter().copied());
        assert_eq!(taken, 1 + n % 4);
        sends += carry_out(&mut server, &mut out, now, usize::MAX);
    }
    assert_eq!(allocations() - before, 0, "in {DATAGRAMS} turns");
    // Empty ones leave one by one.
    assert!(sends >= WARM_UP + DATAGRAMS, "{sends}");
}

#[test]
fn an_echo_client_allocates_nothing() {
    let settings = Settings {
        server: SERVER,
        timeout: Some(Duration::from_secs(5)),
        ..Settings::default()
    };
    let mut client = Session::new(echo::Client::new(&settings), ());
    let (mut now, mut out) = (Now::default(), Outbox::new());
    client.turn(&mut out).begin(now, Begin::Client);
    carry_out(&mut client, &mut out, now, usize::MAX);

    let (link, mut allocated) = (Link::first(SERVER), 0);
    let replies = TEXTS.map(str::to_uppercase);
    for n in 0..WARM_UP + DATAGRAMS {
        now.mono = Mono::from_nanos(n as u64);
        let (line, reply) = (TEXTS[n % TEXTS.len()], replies[n % TEXTS.len()].as_bytes());
        // The thread that reads the line makes room for it.
        let line = LineEvent::Line(line.into());
        let before = allocations();
        client.turn(&mut out).typed(now, line);
        let mut sends = carry_out(&mut client, &mut out, now, usize::MAX);
        client.turn(&mut out).datagrams(now, [(link, reply)]);
        sends += carry_out(&mut client, &mut out, now, usize::MAX);
        assert_eq!(sends, 1);
        if n >= WARM_UP {
            allocated += allocations() - before;
        }
    }
    assert_eq!(client.status(), Status::Running);
    assert_eq!(allocated, 0, "in {DATAGRAMS} exchanges");
}

/// But for those of a whole connection, which has a machine of its own.
#[test]
fn a_step_allocates_nothing() {
    for mut step in steps() {
        if step.name.starts_with("welcome") {
            continue;
        }
        let mut make = |times| (0..times).for_each(|_| step.run());
        make(WARM_UP);
        let before = allocations();
        make(DATAGRAMS);
        assert_eq!(allocations() - before, 0, "{}", step.name);
    }
}

/// A stream whose system takes a little at a time.
#[test]
fn a_stream_allocates_nothing() {
    let service = Parrots;
    let (link, local, exceeded) = (Link::first(CLIENT), SERVER, None);
    let mut server = Session::new(service.accept(link), ());
    let (now, mut out) = (Now::default(), Outbox::new());
    let begin = Begin::Accepted {
        link,
        local,
        exceeded,
    };
    server.turn(&mut out).begin(now, begin);
    carry_out(&mut server, &mut out, now, usize::MAX);

    let (text, mut before) = ([b'a'; 1000], 0);
    for n in 0..WARM_UP + DATAGRAMS {
        if n == WARM_UP {
            before = allocations();
        }
        let received = Received::Bytes(text.len());
        server.turn(&mut out).received(now, &received, &text);
        let sends = carry_out(&mut server, &mut out, now, 300);
        assert_eq!(sends, 4);
    }
    assert_eq!(allocations() - before, 0, "in {DATAGRAMS} turns");
}

/// A console that lives on the server's thread, and looks at that thread's counter with every
/// datagram. At the first it waits until the whole warm-up is sent, so that every budget of the
/// driver is met before it counts.
struct Meter {
    seen: Mutex<Seen>,
    ready: Mutex<Sender<SocketAddr>>,
    sent: Mutex<Receiver<()>>,
}

#[derive(Default)]
struct Seen {
    datagrams: usize,
    warm: u64,
    last: u64,
}

impl Meter {
    fn new() -> (Arc<Self>, Receiver<SocketAddr>, Sender<()>) {
        let (ready, told) = channel();
        let (tell, sent) = channel();
        let meter = Arc::new(Meter {
            seen: Mutex::default(),
            ready: Mutex::new(ready),
            sent: Mutex::new(sent),
        });
        (meter, told, tell)
    }
}

impl Console for Meter {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {
        let mut seen = self.seen.lock().unwrap();
        if seen.datagrams == 0 {
            self.sent.lock().unwrap().recv().unwrap();
        }
        seen.datagrams += 1;
        seen.last = allocations();
        if seen.datagrams == WARM_UP {
            seen.warm = seen.last;
        }
    }
    fn notice(&self, notice: Notice) {
        if let Notice::Ready(address) = notice {
            self.ready.lock().unwrap().send(address).unwrap();
        }
    }
}

/// But for that on async-std, whose reactor allocates when it waits.
#[test]
fn the_drivers_allocate_nothing() {
    allocates_nothing::<Blocking>();
    allocates_nothing::<Mio>();
    allocates_nothing::<Tokio>();
}

fn allocates_nothing<B: Backend>() {
    let (meter, ready, warm_up_sent) = Meter::new();
    let run = Arc::new(Run::new(meter.clone(), ()));
    let server = thread::spawn(move || {
        let any = (Ipv4Addr::LOCALHOST, 0).into();
        B::serve_datagrams(any, echo::Server::new(false), &run)
    });
    let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    client.connect(ready.recv().unwrap()).unwrap();
    let limit = Duration::from_secs(20);
    client.set_read_timeout(Some(limit)).unwrap();

    let mut reply = [0; 100];
    let ask = |n: usize| client.send(TEXTS[n % TEXTS.len()].as_bytes()).unwrap();
    for n in 0..WARM_UP {
        ask(n);
    }
    warm_up_sent.send(()).unwrap();
    for _ in 0..WARM_UP {
        client.recv(&mut reply).unwrap();
    }
    for n in 0..DATAGRAMS {
        ask(n);
        client.recv(&mut reply).unwrap();
    }
    client.send(b"fin").unwrap();
    assert_eq!(server.join().unwrap(), Status::Done);

    let seen = meter.seen.lock().unwrap();
    assert_eq!(seen.datagrams, WARM_UP + DATAGRAMS + 1);
    assert!(seen.warm > 0, "the thread's counter counts");
    let allocated = seen.last - seen.warm;
    assert_eq!(allocated, 0, "{} in {DATAGRAMS} datagrams", B::NAME);
}
