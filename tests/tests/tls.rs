//! Proves the layer of TLS: in memory however the bytes are cut, and over real sockets on every
//! runtime.

use std::io::{Cursor, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use socklab_async::AsyncStd;
use socklab_blocking::Blocking;
use socklab_core::lab::{BoxedService, Exercise, ServerKind, Settings};
use socklab_core::{
    Deadline, Failure, FaultKind, Input, Interest, Link, Machine, Now, Outbox, Output, Service,
    Status, submit, welcome,
};
use socklab_mio::Mio;
use socklab_system::{Backend, Run};
use socklab_tests::{EPOCH, Medium, MemoryRegister, Screen, Script, VirtualNet, address, code_at};
use socklab_tls::{Certificates, Client, Error, HANDSHAKE, Secure, Trust};
use socklab_tokio::Tokio;

const GREETING: &str = "Bienvenido al Servidor";

/// A certificate for `localhost` and 127.0.0.1 that trusts itself, and its key, in PEM.
fn certificate() -> (Vec<u8>, Vec<u8>) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (made.cert.pem(), made.signing_key.serialize_pem());
    (certificate.into_bytes(), key.into_bytes())
}

fn service(exercise: &Exercise, pem: &(Vec<u8>, Vec<u8>)) -> Secure<BoxedService> {
    let ServerKind::Service(make) = exercise.server else {
        panic!("a server of connections");
    };
    Secure::new(
        make(&Settings::default()),
        Arc::new(Certificates::new(&pem.0, &pem.1).unwrap()),
    )
}

fn client(
    exercise: &Exercise,
    server: SocketAddr,
    trust: &Trust,
    name: &str,
) -> Client<Box<dyn Machine>> {
    let machine = (exercise.client)(&Settings::client(exercise, server));
    Client::new(machine, socklab_tls::client(trust).unwrap(), name).unwrap()
}

/// A wire that cuts a stream into pieces of so many bytes, which arrive one after the other.
struct Pieces(usize);

impl Medium for Pieces {
    fn latency(&self) -> Duration {
        Duration::from_millis(1)
    }
    fn datagram(&mut self) -> Vec<Duration> {
        vec![self.latency()]
    }
    fn stream(&mut self, len: usize) -> Vec<(usize, Duration)> {
        let piece = |at: usize| {
            let later = Duration::from_micros(at as u64);
            (self.0.min(len - at), self.latency() + later)
        };
        (0..len).step_by(self.0).map(piece).collect()
    }
}

/// A machine whose stream is cut off after so many bytes.
struct CutOff<M> {
    inner: M,
    left: usize,
    is_cut: bool,
}

impl<M: Machine> Machine for CutOff<M> {
    fn step(&mut self, now: Now, input: Input<'_>, out: &mut Outbox) {
        match input {
            Input::Bytes { .. } | Input::End { .. } if self.is_cut => {}
            Input::Bytes { link, bytes } if bytes.len() > self.left => {
                self.is_cut = true;
                self.inner.step(now, Input::End { link }, out);
            }
            Input::Bytes { bytes, .. } => {
                self.left -= bytes.len();
                self.inner.step(now, input, out);
            }
            _ => self.inner.step(now, input, out),
        }
    }
    fn deadline(&self) -> Option<Deadline> {
        self.inner.deadline()
    }
    fn interest(&self) -> Interest {
        self.inner.interest()
    }
    fn state(&self) -> &'static str {
        self.inner.state()
    }
    fn status(&self) -> Status {
        self.inner.status()
    }
}

/// What the client showed and how both ended, when the bytes between them come in pieces of that
/// size, and the client's stream is cut off after so many.
fn in_memory(piece: usize, left: usize) -> (Vec<String>, Status, Status) {
    let pem = certificate();
    let at = address("127.0.0.1:19000");
    let mut net = VirtualNet::new(Pieces(piece));
    net.service("welcome", at, service(&welcome::EXERCISE, &pem));
    let trust = Trust::These(pem.0.clone());
    let client = CutOff {
        inner: client(&welcome::EXERCISE, at, &trust, "localhost"),
        left,
        is_cut: false,
    };
    let client = net.client("welcome", client, Script::default());
    net.run();
    let server = net.status(net.accepted(at)[0]);
    (net.shown(client), net.status(client), server)
}

#[test]
fn however_the_bytes_are_cut() {
    for piece in [1, 2, 3, 5, 7, 100, 1000, 100_000] {
        let (shown, client, server) = in_memory(piece, usize::MAX);
        assert_eq!(shown, [GREETING], "{piece}");
        assert_eq!((client, server), (Status::Done, Status::Done), "{piece}");
    }
}

/// An attacker who cuts a connection off cannot shorten its message.
#[test]
fn a_stream_that_is_cut_off_is_a_fault() {
    for most in [0, 100, 500, 900] {
        let (shown, client, _) = in_memory(50, most);
        assert!(shown.is_empty(), "{most}");
        assert!(
            matches!(client, Status::Failed(Failure::Io(_, fault)) if fault.kind == FaultKind::Protocol),
            "{most}: {client:?}"
        );
    }
}

#[test]
fn a_handshake_has_a_limit() {
    let pem = certificate();
    let (peer, local) = (address("127.0.0.1:4000"), address("127.0.0.1:19000"));
    let mut server = service(&welcome::EXERCISE, &pem).accept(Link::first(peer));
    let (mut out, link) = (Outbox::new(), Link::first(peer));
    let at = |offset| Now::at(EPOCH, offset);
    server.step(at(Duration::ZERO), Input::Start, &mut out);
    let exceeded = None;
    let opened = Input::Opened {
        link,
        local,
        exceeded,
    };
    server.step(at(Duration::ZERO), opened, &mut out);
    assert_eq!(server.state(), "Handshake");
    let deadline = server.deadline().unwrap();
    assert_eq!(deadline.at, at(HANDSHAKE).mono);
    server.step(at(HANDSHAKE), Input::Timer, &mut out);
    assert_ne!(server.status(), Status::Running);
}

/// Gives a machine what another one sent.
fn deliver(sent: &Outbox, to: &mut dyn Machine, link: Link, now: Now, answers: &mut Outbox) {
    for output in sent.iter() {
        if let Output::Send { bytes, .. } = output {
            to.step(now, Input::Bytes { link, bytes }, answers);
        }
    }
}

/// A handshake is part of an exchange, so that it and a silence after it do not take twice the
/// time.
#[test]
fn a_handshake_counts_for_the_limits_of_the_exchange() {
    let pem = certificate();
    let (peer, local) = (address("127.0.0.1:4000"), address("127.0.0.1:21001"));
    let mut server = service(&submit::EXERCISE, &pem).accept(Link::first(peer));
    let mut client = client(
        &welcome::EXERCISE,
        local,
        &Trust::These(pem.0.clone()),
        "localhost",
    );
    let at = |seconds| Now::at(EPOCH, Duration::from_secs(seconds));
    let (mut to_server, mut to_client) = (Outbox::new(), Outbox::new());
    server.step(at(0), Input::Start, &mut to_client);
    let (link, at_client) = (Link::first(peer), Link::first(local));
    server.step(
        at(0),
        Input::Opened {
            link,
            local,
            exceeded: None,
        },
        &mut to_client,
    );
    client.step(at(9), Input::Start, &mut to_server);
    client.step(
        at(9),
        Input::Opened {
            link: at_client,
            local: peer,
            exceeded: None,
        },
        &mut to_server,
    );
    for _ in 0..4 {
        let sent = std::mem::take(&mut to_server);
        deliver(&sent, &mut server, link, at(9), &mut to_client);
        let sent = std::mem::take(&mut to_client);
        deliver(&sent, &mut client, at_client, at(9), &mut to_server);
    }
    assert_eq!(server.state(), "Reading");
    assert_eq!(server.deadline().unwrap().at, at(10).mono);
}

/// A handshake may not take longer than it is allowed to.
#[test]
fn a_handshake_has_the_limit_that_it_is_given() {
    let pem = certificate();
    let (peer, local) = (address("127.0.0.1:4000"), address("127.0.0.1:19000"));
    let service = service(&welcome::EXERCISE, &pem).within(Duration::from_secs(3));
    let mut server = service.accept(Link::first(peer));
    let link = Link::first(peer);
    let now = Now::at(EPOCH, Duration::ZERO);
    server.step(now, Input::Start, &mut Outbox::new());
    server.step(
        now,
        Input::Opened {
            link,
            local,
            exceeded: None,
        },
        &mut Outbox::new(),
    );
    let end = Now::at(EPOCH, Duration::from_secs(3)).mono;
    assert_eq!(server.deadline().unwrap().at, end);
}

#[test]
fn what_is_wrong_with_files_is_said() {
    let (good, key) = certificate();
    let other = certificate();
    let wrong = |certificate: &[u8], key: &[u8]| {
        Certificates::new(certificate, key).map(|_| ()).unwrap_err()
    };
    assert_eq!(wrong(b"", &key), Error::NoCertificate);
    assert_eq!(wrong(&key, &key), Error::NoCertificate);
    assert_eq!(wrong(&good, &good), Error::NoKey);
    assert_eq!(wrong(&good, &other.1), Error::Mismatch);
    let trust = Trust::These(b"nothing".to_vec());
    assert_eq!(
        socklab_tls::client(&trust).unwrap_err(),
        Error::NoCertificate
    );
}

/// A server of an exercise on a thread, and a client of it.
struct TlsServer {
    address: SocketAddr,
    stop: socklab_system::Stop,
    serving: thread::JoinHandle<Status>,
}

impl TlsServer {
    fn serve<B: Backend>(exercise: &Exercise, pem: &(Vec<u8>, Vec<u8>)) -> TlsServer {
        let service = Arc::new(service(exercise, pem));
        let screen = Screen::new();
        let mut run = Run::new(screen.clone(), ());
        run.register = Some(Arc::new(MemoryRegister::new()));
        let stop = run.stop.clone();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let serving = thread::spawn(move || B::serve_streams(any, service, &Arc::new(run)));
        TlsServer {
            address: screen.ready(),
            stop,
            serving,
        }
    }

    fn finish(self) {
        self.stop.request();
        assert_eq!(self.serving.join().unwrap(), Status::Stopped);
    }
}

fn run_client<B: Backend>(machine: impl Machine + 'static, lines: &str) -> (Status, Vec<String>) {
    let screen = Screen::new();
    let run = Run::new(screen.clone(), ()).with_lines(Cursor::new(lines.to_owned()));
    let status = B::client(machine, &Arc::new(run));
    (status, screen.shown())
}

fn every_way<B: Backend>() {
    let pem = certificate();
    let trust = Trust::These(pem.0.clone());
    let server = TlsServer::serve::<B>(&welcome::EXERCISE, &pem);
    for name in ["localhost", "127.0.0.1"] {
        let machine = client(&welcome::EXERCISE, server.address, &trust, name);
        let (status, shown) = run_client::<B>(machine, "");
        assert_eq!(
            (status, &shown[..]),
            (Status::Done, &[GREETING.to_owned()][..])
        );
    }
    // Another server's name, another authority: no text is shown.
    for (trust, name) in [
        (&trust, "lab.example"),
        (&Trust::These(certificate().0), "localhost"),
    ] {
        let machine = client(&welcome::EXERCISE, server.address, trust, name);
        let (status, shown) = run_client::<B>(machine, "");
        assert!(
            matches!(status, Status::Failed(Failure::Io(_, fault)) if fault.kind == FaultKind::Untrusted),
            "{status:?}"
        );
        assert!(shown.is_empty());
    }
    // Plain text to the server; it says so in its own language, and serves on.
    let mut plain = TcpStream::connect(server.address).unwrap();
    plain.write_all(b"Ana&123456&186818\n").unwrap();
    let mut answer = Vec::new();
    let _ = plain.read_to_end(&mut answer);
    assert!(!String::from_utf8_lossy(&answer).contains(GREETING));
    let machine = client(&welcome::EXERCISE, server.address, &trust, "localhost");
    assert_eq!(run_client::<B>(machine, "").0, Status::Done);
    server.finish();
    // A plain server to a client.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let plain = listener.local_addr().unwrap();
    let greets = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _ = stream.write_all(GREETING.as_bytes());
        let _ = stream.read_to_end(&mut Vec::new());
    });
    let machine = client(&welcome::EXERCISE, plain, &trust, "localhost");
    let (status, shown) = run_client::<B>(machine, "");
    assert!(
        matches!(status, Status::Failed(Failure::Io(_, fault)) if fault.kind == FaultKind::Protocol),
        "{status:?}"
    );
    assert!(shown.is_empty());
    greets.join().unwrap();
    // A submission.
    let server = TlsServer::serve::<B>(&submit::EXERCISE, &pem);
    let code = code_at("123456", socklab_tests::real::unix().as_secs());
    let machine = client(&submit::EXERCISE, server.address, &trust, "localhost");
    let (status, shown) = run_client::<B>(machine, &format!("Ana\n123456\n{}\n", code.as_str()));
    assert_eq!(
        (status, &shown[..]),
        (Status::Done, &["OK accepted 1".to_owned()][..])
    );
    server.finish();
}

#[test]
fn on_threads() {
    every_way::<Blocking>();
}

#[test]
fn on_async_std() {
    every_way::<AsyncStd>();
}

#[test]
fn on_mio() {
    every_way::<Mio>();
}

#[test]
fn on_tokio() {
    every_way::<Tokio>();
}
