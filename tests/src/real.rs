//! Plays scenes over real sockets, between any two runtimes.

use std::io::Cursor;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use socklab_core::lab::{Exercise, ServerKind, Settings};
use socklab_core::transcript::Role;
use socklab_core::{Status, Transport};
use socklab_system::{Backend, Run};

use crate::record::{Recording, read};
use crate::register::MemoryRegister;
use crate::screen::Screen;
use crate::snapshot::assert_transcript;

/// A run that is recorded, with its user.
pub struct TestRun {
    /// The run, to be passed to a [`Backend`].
    pub run: Arc<Run<Recording>>,
    /// What the run's user sees.
    pub screen: Arc<Screen>,
    /// The transcripts of the run's machines.
    pub recording: Recording,
}

impl TestRun {
    /// A run for one end of an exercise. Its user types `lines`, and then the input ends.
    pub fn new<B: Backend>(exercise: &str, role: Role, lines: &[String]) -> Self {
        TestRun::with::<B>(exercise, role, lines, |run| run)
    }

    /// The same, with a run that the test has changed.
    pub fn with<B: Backend>(
        exercise: &str,
        role: Role,
        lines: &[String],
        change: impl FnOnce(Run<Recording>) -> Run<Recording>,
    ) -> Self {
        let screen = Screen::new();
        let recording = Recording::new(exercise, role, B::NAME, unix());
        let typed: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut run =
            Run::new(screen.clone(), recording.clone()).with_lines(Cursor::new(typed.into_bytes()));
        run.register = Some(Arc::new(MemoryRegister::new()));
        TestRun {
            run: Arc::new(change(run)),
            screen,
            recording,
        }
    }

    /// Runs the exercise's server at a free port of `ip`, on a thread.
    pub fn serve<B: Backend>(&self, exercise: &Exercise, ip: IpAddr) -> Serving {
        self.serve_with::<B>(exercise, ip, &Settings::default())
    }

    /// The same, with other settings.
    pub fn serve_with<B: Backend>(
        &self,
        exercise: &Exercise,
        ip: IpAddr,
        settings: &Settings,
    ) -> Serving {
        let (run, any) = (Arc::clone(&self.run), SocketAddr::new(ip, 0));
        let running = match exercise.server {
            ServerKind::Endpoint(make) => {
                let machine = make(settings);
                TestThread::spawn(move || B::serve_datagrams(any, machine, &run))
            }
            ServerKind::Endpoints(make) => {
                let settings = settings.clone();
                TestThread::spawn(move || B::serve_endpoints(any, || make(&settings), &run))
            }
            ServerKind::Service(make) => {
                let service = Arc::new(make(settings));
                TestThread::spawn(move || B::serve_streams(any, service, &run))
            }
        };
        Serving {
            address: self.screen.ready(),
            running,
        }
    }

    /// Runs the exercise's client to its end.
    ///
    /// # Panics
    /// When the client does not end.
    pub fn client<B: Backend>(&self, exercise: &Exercise, server: SocketAddr) -> Status {
        self.begin_client::<B>(exercise, server).join()
    }

    /// Runs the exercise's client on a thread.
    pub fn begin_client<B: Backend>(&self, exercise: &Exercise, server: SocketAddr) -> TestThread {
        let run = Arc::clone(&self.run);
        let machine = (exercise.client)(&Settings::client(exercise, server));
        TestThread::spawn(move || B::client(machine, &run))
    }

    /// The canonical transcript of the first machine, once it has ended. If several machines share
    /// a server's peers, it is that of the machine that had a peer, which ends first.
    ///
    /// # Panics
    /// When the machine does not end within 20 s.
    pub fn canonical(&self) -> String {
        let all = self.recording.wait_ended(1);
        let met = all.iter().find(|text| text.contains("-> datagram"));
        read(met.unwrap_or(&all[0])).canonical()
    }
}

/// A server on a thread.
#[derive(Debug)]
pub struct Serving {
    /// The address at which the server is reached.
    pub address: SocketAddr,
    running: TestThread,
}

impl Serving {
    /// Waits for the server's status.
    ///
    /// # Panics
    /// When the server does not end.
    pub fn join(self) -> Status {
        self.running.join()
    }
}

/// A thread that a test can stop waiting for.
#[derive(Debug)]
pub struct TestThread(Receiver<Status>);

impl TestThread {
    /// Starts the thread.
    pub fn spawn(run: impl FnOnce() -> Status + Send + 'static) -> Self {
        let (ended, ending) = channel();
        thread::spawn(move || {
            // Ignore errors: the test may have failed meanwhile.
            let _ = ended.send(run());
        });
        TestThread(ending)
    }

    /// Waits for the status.
    ///
    /// # Panics
    /// When it does not come within 20 s, or the thread panicked.
    pub fn join(self) -> Status {
        let ended = self.0.recv_timeout(Duration::from_secs(20));
        ended.expect("an end within 20 s, without a panic")
    }
}

/// Plays an exercise between a server on one runtime and a client on another. Asserts that both
/// ends have their recorded transcripts.
///
/// # Panics
/// When a transcript differs.
pub fn play<S: Backend, C: Backend>(exercise: &Exercise, ip: IpAddr) {
    let lines = |role| exercise.scene.lines(role, unix().as_secs());
    let server = TestRun::new::<S>(exercise.name, Role::Server, &lines(Role::Server));
    let serving = server.serve::<S>(exercise, ip);
    let client = TestRun::new::<C>(exercise.name, Role::Client, &lines(Role::Client));
    let ended = client.client::<C>(exercise, serving.address);
    assert_eq!(ended, Status::Done, "{}", client.canonical());
    assert_transcript(exercise.name, Role::Client, &client.canonical());
    assert_transcript(exercise.name, Role::Server, &server.canonical());
    // A UDP server ends with its client; a TCP server stays open.
    if exercise.transport == Transport::Stream {
        server.run.stop.request();
        assert_eq!(serving.join(), Status::Stopped);
    } else {
        assert_eq!(serving.join(), Status::Done);
    }
}

/// Unix time.
pub fn unix() -> Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}
