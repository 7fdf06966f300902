//! The two clients of a scene, on plain sockets that block. The second begins while the first, slow
//! one pauses.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socklab_core::lab::Exercise;
use socklab_core::scene::{ClientStep, with_code};
use socklab_core::{Observer, OperationKind, Received, Transport};
use socklab_system::{Ancillary, Clock, Moved, UdpWire, timed};
use socklab_timeline::{OperationRecorder, Recording};

use crate::in_process::LIMIT;

/// How many clients there are.
pub(super) const CLIENTS: usize = 2;

/// When the first client begins. Before that, the chart shows the server waiting, and the kernel
/// begins to timestamp datagrams, which it was only just asked for.
const FIRST: Duration = Duration::from_millis(10);

/// How long after the first client the second begins.
const SECOND: Duration = Duration::from_millis(10);

/// How long the slow client pauses.
const PAUSE: Duration = Duration::from_millis(40);

/// How long a client waits for the server: longer than any working server takes.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs both clients to their ends.
pub(super) fn play(exercise: &Exercise, server: SocketAddr, recording: &Recording, clock: &Clock) {
    let (begun, done) = (Latch::default(), Latch::default());
    let run = |number: u32, steps: &[ClientStep]| {
        let mut client = Client {
            recorder: recording.client(number, number == 1),
            student: number as usize - 1,
            clock,
            begun: &begun,
            other: &done,
        };
        // Ignore errors: the chart shows them.
        let _ = match exercise.transport {
            Transport::Datagram => client.datagrams(server, steps),
            Transport::Stream => client.stream(server, steps),
        };
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(FIRST);
            run(1, exercise.scene.two_clients[0]);
            begun.set();
        });
        scope.spawn(|| {
            begun.wait();
            thread::sleep(SECOND);
            run(2, exercise.scene.two_clients[1]);
            done.set();
        });
    });
}

/// An event that one client signals once, and the other waits for.
#[derive(Default)]
struct Latch(Mutex<bool>, Condvar);

impl Latch {
    fn set(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }

    fn wait(&self) {
        let given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.1.wait_timeout_while(given, LIMIT, |given| !*given));
    }
}

/// A client, and the recorder of its operations.
struct Client<'a> {
    recorder: OperationRecorder,
    /// The student of the scene that this client plays.
    student: usize,
    clock: &'a Clock,
    /// Signalled once this client has done something.
    begun: &'a Latch,
    /// Signalled once the other client is done.
    other: &'a Latch,
}

impl Client<'_> {
    fn datagrams(&mut self, server: SocketAddr, steps: &[ClientStep]) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let local = socket.local_addr()?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let ancillary = Ancillary::enable(&socket, local, true);
        let socket = UdpWire::new(socket, None, ancillary);
        self.recorder.is_at(local);
        let mut buffer = [0; 1024];
        for step in steps {
            match step {
                ClientStep::Pause | ClientStep::PauseForOther => self.pause(step),
                ClientStep::Send(text) => {
                    self.timed(OperationKind::Send, || socket.udp.send(text.as_bytes()))?;
                }
                ClientStep::Receive | ClientStep::ReceiveAll => {
                    let clock = self.clock;
                    self.timed(OperationKind::Receive, || {
                        socket.receive(&mut buffer, clock)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn stream(&mut self, server: SocketAddr, steps: &[ClientStep]) -> io::Result<()> {
        let connect = || TcpStream::connect(server);
        let mut stream = self.timed(OperationKind::Connect, connect)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        self.recorder.is_at(stream.local_addr()?);
        let mut buffer = [0; 1024];
        for step in steps {
            match step {
                ClientStep::Pause | ClientStep::PauseForOther => self.pause(step),
                ClientStep::Send(text) => {
                    let text = with_code(text, self.student, self.clock.now().unix.as_secs());
                    self.timed(OperationKind::Send, || stream.write(text.as_bytes()))?;
                }
                ClientStep::Receive | ClientStep::ReceiveAll => loop {
                    let read = || match stream.read(&mut buffer)? {
                        0 => Ok(Received::End),
                        len => Ok(Received::Bytes(len)),
                    };
                    let received = self.timed(OperationKind::Receive, read)?;
                    if received.is_empty() || matches!(step, ClientStep::Receive) {
                        break;
                    }
                },
            }
        }
        self.timed(OperationKind::Close, || {
            drop(stream);
            Ok(())
        })
    }

    fn pause(&mut self, step: &ClientStep) {
        self.begun.set();
        let start = self.clock.mono();
        thread::sleep(PAUSE);
        if matches!(step, ClientStep::PauseForOther) {
            self.other.wait();
        }
        self.recorder.paused(start);
    }

    fn timed<T: Moved>(
        &mut self,
        kind: OperationKind,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let (done, operation) = timed::<OperationRecorder, _>(self.clock, kind, operation);
        (operation.iter()).for_each(|operation| self.recorder.operation(operation));
        self.begun.set();
        done
    }
}
