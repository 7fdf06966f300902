//! Proves what the designs of a server differ in: how many connections each serves at once and in
//! what order, and how several loops share what comes to one address.

// Only Linux has several loops at one address.
#![cfg_attr(not(target_os = "linux"), allow(dead_code))]

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};
use std::thread;

use socklab_blocking::{BlockingIterative, BlockingPool};
use socklab_core::{
    Input, Notice, Now, Observer, Observers, Operation, OperationKind, OperationResult, Status,
    Subject, echo,
};
use socklab_mio::MioLoops;
use socklab_system::{Backend, ConnectionLimit, Run, Stop};
use socklab_tests::kit::{PATIENCE, Parrots, take};
use socklab_tests::real::TestThread;
use socklab_tests::{Said, Screen};

/// What was seen of a run, in the order in which it was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Seen {
    /// A connection is served.
    Began(u64, SocketAddr),
    /// Its machine has ended.
    Ended(SocketAddr),
    /// A driver's thread, by its number, accepted.
    Accepted(usize),
    /// One of a UDP server's machines, by its number, heard a peer.
    Heard(usize, SocketAddr),
    /// It has ended.
    EndpointEnded(Status),
}

#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<(Vec<Seen>, usize)>>);

impl Log {
    fn add(&self, seen: Seen) {
        self.0.lock().unwrap().0.push(seen);
    }

    fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().0.clone()
    }

    /// The peers whose connections began, in order.
    fn began(&self) -> Vec<SocketAddr> {
        let peer = |seen| match seen {
            Seen::Began(_, peer) => Some(peer),
            _ => None,
        };
        self.all().into_iter().filter_map(peer).collect()
    }

    /// How many connections were served at the same time, at most.
    fn most_at_once(&self) -> usize {
        let (mut open, mut most) = (0_usize, 0);
        for seen in self.all() {
            match seen {
                Seen::Began(..) => open += 1,
                Seen::Ended(_) => open -= 1,
                _ => {}
            }
            most = most.max(open);
        }
        most
    }
}

/// Notes what concerns its subject.
struct Noting {
    log: Log,
    subject: Subject,
    number: usize,
}

impl Observers for Log {
    type Observer = Noting;

    fn observer(&self, subject: Subject) -> Noting {
        if let Subject::Connection { number, peer, .. } = subject {
            self.add(Seen::Began(number, peer));
        }
        let mut inner = self.0.lock().unwrap();
        inner.1 += 1;
        Noting {
            log: self.clone(),
            subject,
            number: inner.1,
        }
    }
}

impl Observer for Noting {
    fn input(&mut self, _: Now, input: &Input<'_>) {
        if let Input::Datagram { link, .. } = input {
            self.log.add(Seen::Heard(self.number, link.peer));
        }
    }
    fn ended(&mut self, _: Now, status: Status) {
        self.log.add(match self.subject {
            Subject::Connection { peer, .. } => Seen::Ended(peer),
            _ => Seen::EndpointEnded(status),
        });
    }
    fn operation(&mut self, operation: &Operation) {
        let done = matches!(operation.result, OperationResult::Done { .. });
        if operation.kind == OperationKind::Accept && done {
            self.log.add(Seen::Accepted(self.number));
        }
    }
}

/// A server whose every step is noted.
struct Watched {
    address: SocketAddr,
    log: Log,
    screen: Arc<Screen>,
    stop: Stop,
    running: TestThread,
}

const ANY: (Ipv4Addr, u16) = (Ipv4Addr::LOCALHOST, 0);

impl Watched {
    fn start(
        threads: usize,
        max_connections: usize,
        serve: impl FnOnce(&Arc<Run<Log>>) -> Status + Send + 'static,
    ) -> Self {
        let (screen, log) = (Screen::new(), Log::default());
        let mut run = Run::new(screen.clone(), log.clone());
        run.threads = NonZeroUsize::new(threads);
        run.limit = ConnectionLimit::waiting(max_connections);
        let stop = run.stop.clone();
        let running = TestThread::spawn(move || serve(&Arc::new(run)));
        Watched {
            address: screen.ready(),
            log,
            screen,
            stop,
            running,
        }
    }

    /// A TCP server of parrots.
    fn parrots<B: Backend>(threads: usize, max_connections: usize) -> Self {
        Watched::start(threads, max_connections, |run| {
            B::serve_streams(ANY.into(), Arc::new(Parrots), run)
        })
    }

    /// An echo server on two loops.
    fn echo(keep_serving: bool) -> Self {
        Watched::start(2, 1, move |run| {
            let make = || echo::Server::new(keep_serving);
            MioLoops::serve_endpoints(ANY.into(), make, run)
        })
    }

    fn asker(&self) -> UdpSocket {
        let socket = UdpSocket::bind(ANY).unwrap();
        socket.connect(self.address).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket
    }

    /// Tells it to stop, and waits until it has; what was seen.
    fn finish(self) -> Log {
        self.stop.request();
        assert_eq!(self.running.join(), Status::Stopped);
        self.log
    }
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn ask(socket: &UdpSocket, question: &str) -> String {
    let mut answer = [0; 100];
    socket.send(question.as_bytes()).unwrap();
    let len = socket.recv(&mut answer).unwrap();
    String::from_utf8(answer[..len].to_vec()).unwrap()
}

fn peers(streams: &[TcpStream]) -> Vec<SocketAddr> {
    let local = |stream: &TcpStream| stream.local_addr().unwrap();
    streams.iter().map(local).collect()
}

/// The peer that connects first is served to the end first, though the last speaks first.
#[test]
fn an_iterative_server_serves_one_after_the_other_in_order() {
    let server = Watched::parrots::<BlockingIterative>(8, 8);
    let mut streams: Vec<TcpStream> = (0..5).map(|_| connect(server.address)).collect();
    let order = peers(&streams);
    for stream in streams.iter_mut().rev() {
        stream.write_all(b"a").unwrap();
    }
    for mut stream in streams {
        assert_eq!(take(&mut stream, 1), b"a");
    }
    let log = server.finish();
    assert_eq!(log.began(), order);
    assert_eq!(log.most_at_once(), 1);
}

/// As many as there are threads are served at once; the next takes the place of the first that
/// leaves.
#[test]
fn a_pool_serves_as_many_as_it_has_threads() {
    let server = Watched::parrots::<BlockingPool>(3, 1024);
    let mut streams: Vec<TcpStream> = (0..6).map(|_| connect(server.address)).collect();
    let order = peers(&streams);
    for stream in streams.iter_mut().rev() {
        stream.write_all(b"a").unwrap();
    }
    for stream in &mut streams[..3] {
        assert_eq!(take(stream, 1), b"a");
    }
    assert_eq!(
        server.log.began().into_iter().collect::<BTreeSet<_>>(),
        order[..3].iter().copied().collect()
    );
    let mut streams = streams.into_iter();
    let mut inside: Vec<TcpStream> = streams.by_ref().take(3).collect();
    for mut next in streams {
        inside.remove(0);
        assert_eq!(take(&mut next, 1), b"a");
        inside.push(next);
    }
    assert_eq!(server.log.began()[3..], order[3..]);
    let log = server.finish();
    assert_eq!(log.most_at_once(), 3);
}

/// Threads that could never have a connection are not started.
#[test]
fn a_pool_respects_the_bound() {
    let server = Watched::parrots::<BlockingPool>(8, 2);
    served_in_turn(server.address, 12);
    let log = server.finish();
    assert!(log.most_at_once() <= 2, "{log:?}");
    assert_eq!(log.began().len(), 12);
}

/// So many clients at once, each of which is served to its end.
fn served_in_turn(server: SocketAddr, clients: usize) {
    thread::scope(|scope| {
        for _ in 0..clients {
            scope.spawn(|| {
                let mut stream = connect(server);
                stream.write_all(b"abc").unwrap();
                assert_eq!(take(&mut stream, 3), b"abc");
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                assert_eq!(stream.read(&mut [0]).unwrap(), 0);
            });
        }
    });
}

/// The system deals connections out to the loops, whose places are counted together and given in
/// turn.
#[test]
#[cfg(target_os = "linux")]
fn loops_share_the_connections_and_their_places() {
    for places in [1024, 3, 2] {
        let server = Watched::parrots::<MioLoops>(2, places);
        // That one of two loops gets none of so many happens once in 10^19 times.
        served_in_turn(server.address, 64);
        let log = server.finish();
        assert!(log.most_at_once() <= places, "{log:?}");
        let (mut numbers, mut loops) = (BTreeSet::new(), BTreeSet::new());
        for seen in log.all() {
            match seen {
                Seen::Began(number, _) => drop(numbers.insert(number)),
                Seen::Accepted(one) => drop(loops.insert(one)),
                _ => {}
            }
        }
        assert_eq!(numbers, (1..=64).collect(), "each has a number of its own");
        assert_eq!(loops.len(), 2, "{places} places");
    }
}

/// Each loop has a machine, all answer, and a peer always meets the same one.
#[test]
#[cfg(target_os = "linux")]
fn loops_share_the_peers_of_an_echo_server() {
    let server = Watched::echo(true);
    let askers: Vec<UdpSocket> = (0..64).map(|_| server.asker()).collect();
    for round in 0..3 {
        for (nth, socket) in askers.iter().enumerate() {
            let question = format!("round {round}, peer {nth}");
            assert_eq!(ask(socket, &question), question.to_uppercase());
        }
    }
    assert!(
        !server.screen.rest().iter().any(is_ready),
        "it is ready once"
    );
    let address = server.address;
    let log = server.finish();
    let heard: BTreeSet<(usize, SocketAddr)> = log
        .all()
        .into_iter()
        .filter_map(|seen| match seen {
            Seen::Heard(machine, peer) => Some((machine, peer)),
            _ => None,
        })
        .collect();
    let machines: BTreeSet<usize> = heard.iter().map(|(machine, _)| *machine).collect();
    assert_eq!(machines.len(), 2);
    assert_eq!(heard.len(), 64, "none met two");
    // All have let go of the address.
    UdpSocket::bind(address).unwrap();
}

fn is_ready(said: &Said) -> bool {
    matches!(said, Said::Notice(Notice::Ready(_)))
}

/// The lab's server ends when it has answered `FIN`: so do all its loops.
#[test]
#[cfg(target_os = "linux")]
fn the_first_loop_that_ends_ends_all() {
    let server = Watched::echo(false);
    for nth in 0..10 {
        ask(&server.asker(), &format!("peer {nth}"));
    }
    assert_eq!(ask(&server.asker(), "fin"), "FIN");
    assert_eq!(server.running.join(), Status::Done);
    let ends = server.log.all().into_iter().filter_map(|seen| match seen {
        Seen::EndpointEnded(status) => Some(status),
        _ => None,
    });
    assert_eq!(
        ends.collect::<Vec<_>>(),
        [Status::Done, Status::Stopped],
        "the other was told to stop"
    );
}

/// Sockets that share an address would share it with another server of the same user: it is told
/// that the port is in use.
#[test]
#[cfg(target_os = "linux")]
fn loops_share_their_address_with_no_other_server() {
    use socklab_core::{Failure, FaultKind};

    let first = Watched::echo(true);
    let streams = Watched::parrots::<MioLoops>(2, 8);
    let run = Arc::new(Run::new(Screen::new(), ()));
    let second = [
        MioLoops::serve_endpoints(first.address, || echo::Server::new(true), &run),
        MioLoops::serve_streams(streams.address, Arc::new(Parrots), &run),
    ];
    for status in second {
        assert!(
            matches!(status, Status::Failed(Failure::Listen(_, fault)) if fault.kind == FaultKind::AddressInUse),
            "{status:?}"
        );
    }
    first.finish();
    streams.finish();
}
