//! A PostgreSQL server that has gone, or that neither answers nor closes (a dead route, say).

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use socklab_register::{ErrorKind, Location, RegisterEvent};
use socklab_tests::postgres::Cluster;

use crate::{EventLog, Server, right, rules, wrong};

/// How long the register waits for a server, and a bit more.
const ENOUGH: Duration = Duration::from_secs(8);

/// What stands between the register and its server. Connections before the number `held` are stuck:
/// they are open, and no byte passes.
struct Route {
    held: Arc<AtomicU32>,
    made: Arc<AtomicU32>,
    /// How long a COMMIT takes from now on, in milliseconds.
    commits_take: Arc<AtomicU32>,
    port: u16,
}

impl Route {
    fn to(socket: PathBuf) -> Route {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let [held, made, commits_take] = [(); 3].map(|()| Arc::new(AtomicU32::new(0)));
        let (is_held, count, delay) = (held.clone(), made.clone(), commits_take.clone());
        thread::spawn(move || {
            for client in listener.incoming() {
                let (client, number) = (client.unwrap(), count.fetch_add(1, Ordering::SeqCst));
                let server = UnixStream::connect(&socket).unwrap();
                let stuck = Arc::clone(&is_held);
                let stuck = move || number < stuck.load(Ordering::SeqCst);
                let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
                let (is_stuck, delay) = (stuck.clone(), delay.clone());
                thread::spawn(move || {
                    let slowly = |bytes: &[u8]| {
                        if bytes.windows(6).any(|word| word == b"COMMIT") {
                            let time = delay.load(Ordering::SeqCst);
                            thread::sleep(Duration::from_millis(time.into()));
                        }
                        is_stuck()
                    };
                    pass(from, to.try_clone().unwrap(), slowly);
                    let _ = to.shutdown(Shutdown::Both);
                });
                thread::spawn(move || {
                    pass(server, client.try_clone().unwrap(), |_| stuck());
                    let _ = client.shutdown(Shutdown::Both);
                });
            }
        });
        Route {
            held,
            made,
            commits_take,
            port,
        }
    }

    /// From now on no connection that is there passes anything; new ones do.
    fn hold_those_that_are_there(&self) {
        let made = self.made.load(Ordering::SeqCst);
        self.held.store(made, Ordering::SeqCst);
    }

    /// From now on no connection passes anything.
    fn hold_all(&self) {
        self.held.store(u32::MAX, Ordering::SeqCst);
    }
}

fn pass(mut from: impl Read, mut to: impl Write, stuck: impl Fn(&[u8]) -> bool) {
    let mut buffer = [0; 65_536];
    while let Ok(len @ 1..) = from.read(&mut buffer) {
        while stuck(&buffer[..len]) {
            thread::sleep(Duration::from_millis(20));
        }
        if to.write_all(&buffer[..len]).is_err() {
            return;
        }
    }
}

fn serve(location: &Location) -> Server {
    let log = EventLog::default();
    let writer = location
        .serve(rules(), None, Arc::new(log.clone()))
        .unwrap();
    Server { writer, log }
}

#[test]
fn it_is_given_up_and_connected_to_anew() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let database = cluster.database();
    let name = database.rsplit('/').next().unwrap();
    let route = Route::to(cluster.socket());
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", route.port);
    let server = serve(&url.parse().unwrap());
    assert_eq!(server.submit(right("12345678", 1, 0)), "accepted 1");
    route.hold_those_that_are_there();
    let began = Instant::now();
    assert_eq!(server.submit(right("22345678", 1, 0)), "unavailable");
    assert!(began.elapsed() < ENOUGH, "{:?}", began.elapsed());
    // Whoever comes next is answered at once, by a no or, on a new connection, by a yes.
    let began = Instant::now();
    loop {
        let one = Instant::now();
        let said = server.submit(right("32345678", 1, 0));
        assert!(
            one.elapsed() < Duration::from_secs(5),
            "{:?}",
            one.elapsed()
        );
        if said.starts_with("accepted") {
            break;
        }
        assert_eq!(said, "unavailable");
        assert!(began.elapsed() < ENOUGH, "never again");
        thread::sleep(Duration::from_millis(50));
    }
    let events = server.events();
    assert!(
        matches!(&events[..], [RegisterEvent::Failed(error), RegisterEvent::Recovered]
            if error.kind == ErrorKind::Silent),
        "{events:?}"
    );
    // Its end does not wait for a server that is silent.
    route.hold_all();
    let waiting: Vec<_> = (0..300)
        .map(|n| server.store(right(&format!("{}", 42_345_678 + n), 1, 0)))
        .collect();
    let began = Instant::now();
    drop(server);
    assert!(began.elapsed() < ENOUGH, "{:?}", began.elapsed());
    for one in waiting {
        assert_eq!(one.recv().unwrap().to_string(), "unavailable");
    }
}

/// The server's disk is busy: its commits take longer than other calls may. They are waited for,
/// since nobody would know what became of them.
#[test]
fn a_commit_may_take_as_long_as_a_busy_disk() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let database = cluster.database();
    let name = database.rsplit('/').next().unwrap();
    let route = Route::to(cluster.socket());
    let url = format!("postgres://postgres@127.0.0.1:{}/{name}", route.port);
    let server = serve(&url.parse().unwrap());
    route.commits_take.store(6_500, Ordering::SeqCst);
    assert_eq!(server.submit(right("12345678", 1, 0)), "accepted 1");
    assert!(server.events().is_empty(), "{:?}", server.events());
}

/// The system takes connections for it, and it says nothing.
#[test]
fn it_says_nothing_from_the_start() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    for options in ["", "?sslmode=require"] {
        let url = format!("postgres://lecturer@127.0.0.1:{port}/lab{options}");
        let location: Location = url.parse().unwrap();
        let began = Instant::now();
        let error = location.archive().map(|_| ()).unwrap_err();
        assert_eq!(error.kind, ErrorKind::Silent, "{error}");
        assert!(began.elapsed() < ENOUGH, "{:?}", began.elapsed());
    }
}

/// Its server is killed, and started again.
#[test]
fn a_server_that_goes_away_and_comes_back() {
    let Some(cluster) = Cluster::start() else {
        return;
    };
    let location: Location = cluster.database().parse().unwrap();
    let log = EventLog::default();
    let writer = location
        .serve(rules(), None, Arc::new(log.clone()))
        .unwrap();
    let server = Server { writer, log };
    assert_eq!(server.submit(right("12345678", 1, 0)), "accepted 1");
    cluster.kill();
    assert_eq!(server.submit(right("123456", 1, 0)), "unavailable");
    assert_eq!(server.submit(wrong("123456", 1, 0)), "unavailable");
    cluster.up();
    let mut answers = 0;
    while server.submit(right("12345678", 1, 0)) == "unavailable" {
        answers += 1;
        assert!(answers < 1000, "never again");
        thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(server.submit(right("12345678", 1, 0)), "already 1");
    // Its numbers may skip some after a crash.
    let said = server.submit(right("123456", 1, 0));
    assert!(said.starts_with("accepted"), "{said}");
    let events = server.events();
    assert!(
        matches!(
            events[..],
            [RegisterEvent::Failed(_), RegisterEvent::Recovered]
        ),
        "{events:?}"
    );
}
