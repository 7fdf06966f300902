//! Two clients that follow a script, on plain sockets that block.
//!
//! The first is slow: it pauses in the middle. The second begins meanwhile, and shows whether a server that waits for one
//! keeps the other waiting.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use socklab_core::lab::Exercise;
use socklab_core::{Observer, OperationKind, Received, Transport};
use socklab_system::{Ancillary, Clock, Datagrams, Moved, timed};
use socklab_timeline::{Log, Recorder};

use crate::in_process::LIMIT;
use crate::scene;

/// How many there are.
pub(super) const CLIENTS: usize = 2;

/// When the first client begins. Until then the server is seen to wait, and the kernel has begun to
/// stamp datagrams, which it is only now asked to do.
const FIRST: Duration = Duration::from_millis(10);

/// How long after the first has begun the second does.
const SECOND: Duration = Duration::from_millis(10);

/// How long the slow one pauses.
const PAUSE: Duration = Duration::from_millis(40);

/// How long a client waits for the server: longer than any server takes that answers at all.
const PATIENCE: Duration = Duration::from_secs(5);

/// The DNI of the second student.
const OTHER_DNI: &str = "87654321";

/// What a client does next.
#[derive(Clone, Debug)]
enum Step {
    /// Nothing, for [`PAUSE`].
    Pause,
    /// Nothing for [`PAUSE`], and until the other client is done: what follows ends the server.
    PauseForOther,
    /// Sends a datagram, or the next bytes.
    Send(Vec<u8>),
    /// Takes a datagram, or what bytes there are.
    Receive,
    /// Takes bytes until the server has no more.
    ReceiveAll,
}

/// Runs both to their ends.
pub(super) fn play(exercise: &Exercise, server: SocketAddr, log: &Log, clock: &Clock) {
    let (begun, done) = (Sign::default(), Sign::default());
    let [first, second] = scripts(exercise);
    let run = |number: u32, steps: &[Step]| {
        let mut client = Client {
            recorder: log.client(number, number == 1),
            clock,
            begun: &begun,
            other: &done,
        };
        // What fails is in the chart.
        let _ = match exercise.transport {
            Transport::Datagram => client.datagrams(server, steps),
            Transport::Stream => client.stream(server, steps),
        };
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(FIRST);
            run(1, &first);
            begun.give();
        });
        scope.spawn(|| {
            begun.wait();
            thread::sleep(SECOND);
            run(2, &second);
            done.give();
        });
    });
}

/// What each of the two does.
fn scripts(exercise: &Exercise) -> [Vec<Step>; CLIENTS] {
    use Step::{Pause, PauseForOther, Receive, ReceiveAll, Send};
    let send = |text: &str| Send(text.as_bytes().to_vec());
    match exercise.name {
        // The server hears one message, whoever is first.
        "message" => [
            vec![PauseForOther, send("hola, Servidor")],
            vec![send("hola")],
        ],
        // The second is not in the chat, and is heard only when the server next listens.
        "chat" => [
            vec![send("hola"), Receive, PauseForOther, send("fin")],
            vec![send("¿hay alguien?")],
        ],
        // The answer to the first waits until it is read.
        "echo" => [
            vec![send("hola"), PauseForOther, Receive, send("fin"), Receive],
            vec![send("uno"), Receive, send("dos"), Receive],
        ],
        // The first says half of a line, and the rest later; each ends its own connection.
        "capitals" => [
            vec![
                send("ho"),
                Pause,
                send("la\n"),
                Receive,
                send("fin\n"),
                ReceiveAll,
            ],
            vec![send("uno\n"), Receive, send("fin\n"), ReceiveAll],
        ],
        // The first says half of it, and the rest later.
        "submit" => {
            let code = scene::code_now(scene::DNI);
            let (half, rest) = scene::DNI.split_at(4);
            let other = scene::code_now(OTHER_DNI);
            [
                vec![
                    send(&format!("Ana García&{half}")),
                    Pause,
                    send(&format!("{rest}&{code}")),
                    ReceiveAll,
                ],
                vec![send(&format!("Luis Pérez&{OTHER_DNI}&{other}")), ReceiveAll],
            ]
        }
        _ => [vec![Pause, ReceiveAll], vec![ReceiveAll]],
    }
}

/// Something that one client waits for and the other gives, once.
#[derive(Default)]
struct Sign(Mutex<bool>, Condvar);

impl Sign {
    fn give(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.1.notify_all();
    }

    fn wait(&self) {
        let given = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        drop(self.1.wait_timeout_while(given, LIMIT, |given| !*given));
    }
}

/// A client, and who notes what it does.
struct Client<'a> {
    recorder: Recorder,
    clock: &'a Clock,
    /// To be given once it has done something.
    begun: &'a Sign,
    /// Given once the other is done.
    other: &'a Sign,
}

impl Client<'_> {
    fn datagrams(&mut self, server: SocketAddr, steps: &[Step]) -> io::Result<()> {
        let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let local = socket.local_addr()?;
        socket.connect(server)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        let socket = Datagrams {
            ancillary: Ancillary::ask::<Recorder>(&socket, local),
            udp: socket,
            peer: None,
        };
        self.recorder.is_at(local);
        let mut buffer = [0; 1024];
        for step in steps {
            match step {
                Step::Pause | Step::PauseForOther => self.pause(step),
                Step::Send(bytes) => {
                    self.timed(OperationKind::Send, || socket.udp.send(bytes))?;
                }
                Step::Receive | Step::ReceiveAll => {
                    let (clock, one, any) = (self.clock, UdpSocket::recv, UdpSocket::recv_from);
                    self.timed(OperationKind::Receive, || {
                        socket.receive(&mut buffer, clock, one, any)
                    })?;
                }
            }
        }
        Ok(())
    }

    fn stream(&mut self, server: SocketAddr, steps: &[Step]) -> io::Result<()> {
        let connect = || TcpStream::connect(server);
        let mut stream = self.timed(OperationKind::Connect, connect)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        self.recorder.is_at(stream.local_addr()?);
        let mut buffer = [0; 1024];
        for step in steps {
            match step {
                Step::Pause | Step::PauseForOther => self.pause(step),
                Step::Send(bytes) => {
                    self.timed(OperationKind::Send, || stream.write(bytes))?;
                }
                Step::Receive | Step::ReceiveAll => loop {
                    let read = || match stream.read(&mut buffer)? {
                        0 => Ok(Received::End),
                        len => Ok(Received::Bytes(len)),
                    };
                    let received = self.timed(OperationKind::Receive, read)?;
                    if received.is_empty() || matches!(step, Step::Receive) {
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

    fn pause(&mut self, step: &Step) {
        self.begun.give();
        let start = self.clock.mono();
        thread::sleep(PAUSE);
        if matches!(step, Step::PauseForOther) {
            self.other.wait();
        }
        self.recorder.paused(start);
    }

    fn timed<T: Moved>(
        &mut self,
        kind: OperationKind,
        operation: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        let (done, operation) = timed::<Recorder, _>(self.clock, kind, operation);
        (operation.iter()).for_each(|operation| self.recorder.operation(operation));
        self.begun.give();
        done
    }
}
