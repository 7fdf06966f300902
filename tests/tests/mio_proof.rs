//! Proves that the contract fits the other kind of driver too: one thread, one poll, readiness.
//!
//! What differs from a blocking driver is all here, in one loop: sockets are drained until they would
//! block, what could not be written waits for writability, and the poll's time-out is the next deadline.

use std::collections::{BTreeMap, VecDeque};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpStream, UdpSocket};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mio::net::{TcpListener, TcpStream as Stream, UdpSocket as Udp};
use mio::{Events, Interest as Readiness, Poll, Registry, Token, Waker};
use socklab_core::{Input, Link, Machine, Outbox, Output, Pump, Service, Socket, echo, welcome};
use socklab_system::Clock;

const SERVER: Token = Token(0);
const STOP: Token = Token(1);

/// A machine, the socket it has, and what could not be written yet.
struct Slot<I> {
    pump: Pump<Box<dyn Machine>, ()>,
    io: I,
    out: Outbox,
    unsent: VecDeque<u8>,
    finishing: bool,
}

impl<I> Slot<I> {
    fn new(machine: Box<dyn Machine>, io: I) -> Self {
        Slot {
            pump: Pump::new(machine, ()),
            io,
            out: Outbox::new(),
            unsent: VecDeque::new(),
            finishing: false,
        }
    }
}

/// The next time to wake up without being woken.
fn timeout<'a, I: 'a>(slots: impl Iterator<Item = &'a Slot<I>>, clock: &Clock) -> Option<Duration> {
    slots
        .filter_map(|slot| slot.pump.timeout(clock.mono()))
        .min()
}

impl Slot<Udp> {
    fn feed(&mut self, clock: &Clock, input: Input<'_>) {
        self.pump.feed(clock.now(), input, &mut self.out);
        for output in self.out.iter() {
            if let Output::Send { link, bytes } = output {
                // A socket whose buffer is full loses a datagram, as a network may.
                let _ = self.io.send_to(bytes, link.peer);
            }
        }
        self.out.clear();
    }

    /// Edge-triggered: reads until it would block.
    fn drain(&mut self, clock: &Clock, buffer: &mut [u8]) {
        while self.pump.interest().network {
            match self.io.recv_from(buffer) {
                Ok((len, peer)) => {
                    let (link, bytes) = (Link::first(peer), &buffer[..len]);
                    self.feed(clock, Input::Datagram { link, bytes });
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return,
            }
        }
    }
}

/// Serves one UDP machine until it ends.
fn serve_datagrams(mut io: Udp, machine: Box<dyn Machine>) {
    let (mut poll, mut events) = (Poll::new().unwrap(), Events::with_capacity(8));
    poll.registry()
        .register(&mut io, SERVER, Readiness::READABLE)
        .unwrap();
    let (clock, local) = (Clock::start(), io.local_addr().unwrap());
    let mut slot = Slot::new(machine, io);
    let mut buffer = vec![0; 65_536];
    slot.feed(&clock, Input::Start);
    let socket = Socket(0);
    slot.feed(&clock, Input::Bound { socket, local });
    while slot.pump.is_running() {
        poll.poll(&mut events, timeout([&slot].into_iter(), &clock))
            .unwrap();
        if slot.pump.due(clock.mono()) {
            slot.feed(&clock, Input::Timer);
        }
        slot.drain(&clock, &mut buffer);
    }
}

impl Slot<Stream> {
    fn feed(&mut self, clock: &Clock, input: Input<'_>) {
        self.pump.feed(clock.now(), input, &mut self.out);
        for output in self.out.iter() {
            match output {
                Output::Send { bytes, .. } => self.unsent.extend(bytes),
                Output::Finish { .. } => self.finishing = true,
                _ => {}
            }
        }
        self.out.clear();
    }

    /// Does what can be done without waiting; `false` once all is done, and the socket can be closed.
    fn turn(&mut self, clock: &Clock, link: Link, buffer: &mut [u8]) -> bool {
        while self.pump.interest().network {
            match self.io.read(buffer) {
                Ok(0) => self.feed(clock, Input::End { link }),
                Ok(len) => {
                    let bytes = &buffer[..len];
                    self.feed(clock, Input::Bytes { link, bytes });
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
        }
        while !self.unsent.is_empty() {
            match self.io.write(self.unsent.make_contiguous()) {
                Ok(len) => drop(self.unsent.drain(..len)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return true,
                Err(_) => return false,
            }
        }
        if self.finishing {
            self.finishing = false;
            let _ = self.io.shutdown(Shutdown::Write);
            self.feed(clock, Input::Finished { link });
        }
        self.pump.is_running()
    }
}

/// Serves connections until told to stop; says how many there were.
fn serve_streams<S>(mut listener: TcpListener, service: &S, mut poll: Poll) -> usize
where
    S: Service<Machine = Box<dyn Machine>>,
{
    let (clock, mut events) = (Clock::start(), Events::with_capacity(64));
    let (mut slots, mut next) = (BTreeMap::new(), 2);
    let mut buffer = vec![0; 4096];
    poll.registry()
        .register(&mut listener, SERVER, Readiness::READABLE)
        .unwrap();
    loop {
        let wait = timeout(slots.values().map(|(_, slot)| slot), &clock);
        poll.poll(&mut events, wait).unwrap();
        if events.iter().any(|event| event.token() == STOP) {
            return next - 2;
        }
        while let Ok((stream, peer)) = listener.accept() {
            let (token, link) = (Token(next), Link::first(peer));
            next += 1;
            let slot = accept(stream, link, token, service, poll.registry(), &clock);
            slots.insert(token, (link, slot));
        }
        // Those that are new, ready or due; a turn that finds nothing to do costs a call.
        slots.retain(|_, (link, slot)| {
            if slot.pump.due(clock.mono()) {
                slot.feed(&clock, Input::Timer);
            }
            slot.turn(&clock, *link, &mut buffer)
        });
    }
}

fn accept<S: Service<Machine = Box<dyn Machine>>>(
    mut stream: Stream,
    link: Link,
    token: Token,
    service: &S,
    registry: &Registry,
    clock: &Clock,
) -> Slot<Stream> {
    let both = Readiness::READABLE | Readiness::WRITABLE;
    registry.register(&mut stream, token, both).unwrap();
    let local = stream.local_addr().unwrap();
    let mut slot = Slot::new(service.accept(link), stream);
    slot.feed(clock, Input::Start);
    slot.feed(clock, Input::Opened { link, local });
    slot
}

fn any() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

#[test]
fn echo_on_readiness() {
    let (tell, told) = channel();
    let server = thread::spawn(move || {
        let io = Udp::bind(any()).unwrap();
        tell.send(io.local_addr().unwrap()).unwrap();
        serve_datagrams(io, Box::new(echo::Server::new(false)));
    });
    let client = UdpSocket::bind(any()).unwrap();
    client.connect(told.recv().unwrap()).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    // Several at once, so that one wake-up has more than one datagram to drain.
    let questions = ["ñandú", "straße", "", "hola", "fin"];
    for question in questions {
        client.send(question.as_bytes()).unwrap();
    }
    for question in questions {
        let mut answer = [0; 100];
        let len = client.recv(&mut answer).unwrap();
        assert_eq!(answer[..len], *question.to_uppercase().as_bytes());
    }
    server.join().unwrap();
}

/// Serves with `service` while `clients` runs; says how many connections there were.
fn with_server<S>(service: S, clients: impl FnOnce(SocketAddr)) -> usize
where
    S: Service<Machine = Box<dyn Machine>> + 'static,
{
    let poll = Poll::new().unwrap();
    let stop = Waker::new(poll.registry(), STOP).unwrap();
    let listener = TcpListener::bind(any()).unwrap();
    let address = listener.local_addr().unwrap();
    let server = thread::spawn(move || serve_streams(listener, &service, poll));
    clients(address);
    stop.wake().unwrap();
    server.join().unwrap()
}

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    stream.read_to_string(&mut text).unwrap();
    text
}

#[test]
fn welcome_on_readiness() {
    let served = with_server(welcome::Server, |server| {
        // All connect before the first reads.
        let connect = |_| TcpStream::connect(server).unwrap();
        let streams: Vec<_> = (0..20).map(connect).collect();
        for stream in streams {
            assert_eq!(answer(stream), "Bienvenido al Servidor");
        }
    });
    assert_eq!(served, 20);
}
