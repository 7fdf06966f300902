//! Proves that every runtime plays every exercise as its transcript says, over real sockets, and
//! that its servers outlive what peers and networks do to them.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::Duration;

use socklab_async::AsyncStd;
use socklab_blocking::{Blocking, BlockingIterative, BlockingPool};
use socklab_core::lab::{EXERCISES, Settings};
use socklab_core::transcript::{Arrow, Role};
use socklab_core::{Failure, FaultKind, Notice, Status, Transport};
use socklab_mio::Mio;
#[cfg(target_os = "linux")]
use socklab_mio::MioLoops;
use socklab_system::{Backend, ConnectionLimit, socket};

use socket2::{Domain, Socket, Type};
use socklab_tests::real::{Serving, TestRun, play, unix};
use socklab_tests::{DNI, Keyboard, Said, code_at, exercise, read};
use socklab_tokio::Tokio;

const V4: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
const V6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// A test that hangs fails after this time. A test that succeeds never waits for it.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes a test of each case for each runtime.
macro_rules! on_every_runtime {
    (one_at_a_time { $($case:ident)* } two_at_once { $($more:ident)* }) => {
        on_every_runtime!(@ blocking Blocking: $($case)* $($more)*);
        // It has no second connection before the first has ended.
        on_every_runtime!(@ blocking_iterative BlockingIterative: $($case)*);
        on_every_runtime!(@ blocking_pool BlockingPool: $($case)* $($more)*);
        on_every_runtime!(@ async_std AsyncStd: $($case)* $($more)*);
        on_every_runtime!(@ mio Mio: $($case)* $($more)*);
        #[cfg(target_os = "linux")]
        on_every_runtime!(@ mio_loops MioLoops: $($case)* $($more)*);
        on_every_runtime!(@ tokio Tokio: $($case)* $($more)*);
    };
    (@ $module:ident $backend:ident: $($case:ident)*) => {
        mod $module {
            $(
                #[test]
                fn $case() {
                    super::$case::<super::$backend>();
                }
            )*
        }
    };
}

on_every_runtime! {
    one_at_a_time {
        every_exercise_over_ipv4
        every_exercise_over_ipv6
        an_echo_server_outlives_every_datagram
        a_submission_however_it_is_sent
        a_format_error_is_answered_at_the_end_of_stream
        a_peer_that_resets_hurts_only_itself
        connections_past_the_bound_wait_their_turn
        a_stop_ends_an_idle_server
        a_stop_ends_a_client_that_waits
        a_stop_is_not_taken_for_a_message
        a_client_without_a_server_is_refused
        a_client_whose_user_leaves
        a_port_in_use_is_said
        a_server_without_a_register_says_so
    }
    two_at_once {
        a_stop_ends_a_server_whose_clients_say_nothing
    }
}

fn every_exercise_over_ipv4<B: Backend>() {
    for exercise in EXERCISES {
        play::<B, B>(exercise, V4);
    }
}

fn every_exercise_over_ipv6<B: Backend>() {
    if UdpSocket::bind((V6, 0)).is_err() {
        eprintln!("SKIPPED every_exercise_over_ipv6: this machine has no [::1]");
        return;
    }
    for exercise in EXERCISES {
        play::<B, B>(exercise, V6);
    }
}

fn serve<B: Backend>(name: &str, settings: &Settings) -> (TestRun, Serving) {
    let test = TestRun::new::<B>(name, Role::Server, &[]);
    let serving = test.serve_with::<B>(exercise(name), V4, settings);
    (test, serving)
}

/// A UDP client in a few lines, as a student would write it.
fn asker(server: SocketAddr) -> UdpSocket {
    let socket = UdpSocket::bind((V4, 0)).unwrap();
    socket.connect(server).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

fn ask(socket: &UdpSocket, question: &[u8]) -> Vec<u8> {
    let mut answer = vec![0; 65_536];
    socket.send(question).unwrap();
    let len = socket.recv(&mut answer).unwrap();
    answer.truncate(len);
    answer
}

fn an_echo_server_outlives_every_datagram<B: Backend>() {
    let settings = Settings {
        keep_serving: true,
        ..Settings::default()
    };
    let (test, serving) = serve::<B>("echo", &settings);
    let socket = asker(serving.address);
    for (question, answer) in [
        (&b"hola"[..], b"HOLA".to_vec()),
        (b"", b"".to_vec()),
        (b"\xff\xfe", b"\xff\xfe".to_vec()),
        (b"ma\xf1ana", b"MA\xf1ANA".to_vec()),
        (&[b'a'; 65_507], vec![b'A'; 65_507]),
        (b"fin", b"FIN".to_vec()),
    ] {
        assert_eq!(ask(&socket, question), answer);
    }
    // Its capitals have half as many bytes again, which is more than a datagram holds.
    socket.send("ŉ".repeat(32_753).as_bytes()).unwrap();
    // A client that has gone before its answer comes: the system tells the server that no program
    // listens there, on those systems that tell.
    let gone = asker(serving.address);
    gone.send(b"adios").unwrap();
    drop(gone);
    assert_eq!(ask(&socket, b"still there?"), b"STILL THERE?");

    test.run.stop.request();
    assert_eq!(serving.join(), Status::Stopped);
    let too_long = |said: &&Said| {
        matches!(
            said,
            Said::Notice(Notice::ReplyTooLong { bytes: 98_259, .. })
        )
    };
    let said = test.screen.rest();
    assert_eq!(said.iter().filter(too_long).count(), 1);
}

fn submission(name: &str) -> String {
    let code = code_at(DNI, unix().as_secs());
    format!("{name}&{DNI}&{}", code.as_str())
}

fn connect(server: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// The ways in which programs send a submission.
fn a_submission_however_it_is_sent<B: Backend>() {
    type Send = fn(&mut TcpStream, &str);
    let ways: [(&str, Send); 5] = [
        ("at once, and then it waits", |stream, text| {
            stream.write_all(text.as_bytes()).unwrap();
        }),
        ("byte by byte", |stream, text| {
            for byte in text.bytes() {
                stream.write_all(&[byte]).unwrap();
            }
        }),
        ("with a newline", |stream, text| {
            writeln!(stream, "{text}").unwrap();
        }),
        ("with a Windows newline and a BOM", |stream, text| {
            write!(stream, "\u{feff}{text}\r\n").unwrap();
        }),
        ("half-closed", |stream, text| {
            stream.write_all(text.as_bytes()).unwrap();
            stream.shutdown(std::net::Shutdown::Write).unwrap();
        }),
    ];
    for (way, send) in ways {
        let (test, serving) = serve::<B>("submit", &Settings::default());
        let mut stream = connect(serving.address);
        send(&mut stream, &submission("Ana"));
        assert_eq!(answer(stream), "OK accepted 1", "{way}");
        test.recording.wait_ended(1);
        test.run.stop.request();
        assert_eq!(serving.join(), Status::Stopped);
    }
}

fn a_format_error_is_answered_at_the_end_of_stream<B: Backend>() {
    let (test, serving) = serve::<B>("submit", &Settings::default());
    for text in [&b"hola"[..], b"", b"Ana&1234&5\n"] {
        let mut stream = connect(serving.address);
        stream.write_all(text).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(answer(stream), "ERROR format", "{text:?}");
    }
    test.run.stop.request();
    assert_eq!(serving.join(), Status::Stopped);
}

fn a_peer_that_resets_hurts_only_itself<B: Backend>() {
    for exercise in ["welcome", "submit"] {
        let (test, serving) = serve::<B>(exercise, &Settings::default());
        for n in 1..=3 {
            let mut stream = connect(serving.address);
            stream.write_all(b"Ana&123").unwrap();
            // On Windows a connection that is reset before it is accepted is never seen.
            test.recording.wait_begun(n);
            // Closing with a linger time of zero is a reset.
            socket::reset_on_close(&stream);
            drop(stream);
            test.recording.wait_ended(n);
        }
        let mut stream = connect(serving.address);
        let expected = if exercise == "submit" {
            stream.write_all(submission("Ana").as_bytes()).unwrap();
            "OK accepted 1"
        } else {
            "Bienvenido al Servidor"
        };
        assert_eq!(answer(stream), expected);
        test.run.stop.request();
        assert_eq!(serving.join(), Status::Stopped);
    }
}

fn connections_past_the_bound_wait_their_turn<B: Backend>() {
    let test = TestRun::with::<B>("submit", Role::Server, &[], |mut run| {
        run.limit = ConnectionLimit::waiting(1);
        run
    });
    let serving = test.serve::<B>(exercise("submit"), V4);
    let mut streams: Vec<_> = (0..3).map(|_| connect(serving.address)).collect();
    // All are connected, as far as they can see; the last speak first.
    let text = submission("Ana");
    for stream in streams.iter_mut().rev() {
        stream.write_all(text.as_bytes()).unwrap();
    }
    let answers: Vec<_> = streams.into_iter().map(answer).collect();
    assert_eq!(answers, ["OK accepted 1", "OK already 1", "OK already 1"]);

    // No two at a time: each begins when the one before has ended.
    let all = test.recording.wait_ended(3);
    let times = all.iter().map(|text| {
        let lines = read(text).lines;
        (lines.first().unwrap().at, lines.last().unwrap().at)
    });
    let times: Vec<_> = times.collect();
    assert!(times.is_sorted_by_key(|(begin, _)| *begin));
    for pair in times.windows(2) {
        assert!(pair[0].1 <= pair[1].0, "{times:?}");
    }
    test.run.stop.request();
    assert_eq!(serving.join(), Status::Stopped);
}

fn a_stop_ends_an_idle_server<B: Backend>() {
    for exercise in EXERCISES {
        let (test, serving) = serve::<B>(exercise.name, &Settings::default());
        test.run.stop.request();
        assert_eq!(serving.join(), Status::Stopped, "{}", exercise.name);
        for text in test.recording.transcripts() {
            assert_eq!(last_input(&text), "-> stop", "{text}");
        }
    }
}

fn a_stop_ends_a_server_whose_clients_say_nothing<B: Backend>() {
    let (test, serving) = serve::<B>("submit", &Settings::default());
    let streams = [connect(serving.address), connect(serving.address)];
    for _ in &streams {
        while !matches!(test.screen.next(), Said::Notice(Notice::Connection(_))) {}
    }
    test.run.stop.request();
    assert_eq!(serving.join(), Status::Stopped);
    for text in test.recording.transcripts() {
        assert_eq!(last_input(&text), "-> stop", "{text}");
        assert!(text.ends_with("ended stopped\n"), "{text}");
    }
}

/// The last input, in a transcript that has one.
fn last_input(text: &str) -> String {
    let lines = read(text).lines;
    let last = lines.iter().rfind(|line| line.arrow == Arrow::In);
    last.unwrap().event().to_string()
}

/// Runs a client against a server that accepts and never says a word; stops it once its transcript
/// has `at`. Tells how it ended, and its transcript.
fn stopped_client<B: Backend>(name: &str, lines: &[&str], at: &str) -> (Status, String) {
    let mute_datagrams = UdpSocket::bind((V4, 0)).unwrap();
    // The backlog completes connections that no thread accepts.
    let mute_streams = TcpListener::bind((V4, 0)).unwrap();
    let server = match name {
        "echo" | "chat" | "message" => mute_datagrams.local_addr().unwrap(),
        _ => mute_streams.local_addr().unwrap(),
    };
    let (keys, keyboard) = Keyboard::new();
    for line in lines {
        keys.send(format!("{line}\n").into_bytes()).unwrap();
    }
    let test = TestRun::with::<B>(name, Role::Client, &[], |run| run.with_lines(keyboard));
    let client = test.begin_client::<B>(exercise(name), server);
    test.recording.wait_for(at);
    test.run.stop.request();
    (client.join(), test.recording.transcripts().remove(0))
}

fn a_stop_ends_a_client_that_waits<B: Backend>() {
    for (exercise, lines, at, state) in [
        ("message", &[][..], "state Asking", "waiting for the user"),
        ("echo", &[], "state Typing", "waiting for the user"),
        ("echo", &["hola"], "state Waiting", "blocked in recv"),
        ("chat", &["hola"], "state Waiting", "blocked in recv"),
        ("welcome", &[], "state Reading", "blocked in recv"),
        ("submit", &["Ana"], "prompt dni", "waiting for the user"),
        (
            "submit",
            &["Ana", DNI, "000000"],
            "state Waiting",
            "blocked in recv",
        ),
    ] {
        let (status, text) = stopped_client::<B>(exercise, lines, at);
        assert_eq!(status, Status::Stopped, "{exercise}, {state}\n{text}");
    }
}

/// A stop wakes a blocked `recv` by ending what can be received; that end is no datagram.
fn a_stop_is_not_taken_for_a_message<B: Backend>() {
    for exercise in ["echo", "chat"] {
        for _ in 0..10 {
            let (_, text) = stopped_client::<B>(exercise, &["hola"], "state Waiting");
            assert!(!text.contains("-> datagram"), "{text}");
        }
    }
}

/// A port of this machine where no program listens, reserved as long as the socket lives.
fn closed_port(transport: Transport) -> (Socket, SocketAddr) {
    let kind = match transport {
        Transport::Datagram => Type::DGRAM,
        Transport::Stream => Type::STREAM,
    };
    let any = |port| SocketAddr::new(V4, port).into();
    let socket = Socket::new(Domain::IPV4, kind, None).unwrap();
    socket.bind(&any(0)).unwrap();
    if transport == Transport::Datagram {
        // Connected to an unused port, it receives no datagram; a stream that does not listen needs
        // no more.
        socket.connect(&any(9)).unwrap();
    }
    let address = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, address)
}

fn a_client_without_a_server_is_refused<B: Backend>() {
    for exercise in EXERCISES {
        let (_kept, server) = closed_port(exercise.transport);
        let lines = exercise.scene.lines(Role::Client, 0);
        let test = TestRun::new::<B>(exercise.name, Role::Client, &lines);
        let status = test.client::<B>(exercise, server);
        if exercise.name == "message" {
            // UDP sends into the void with success; Linux knows better at once.
            assert_eq!(status, Status::Done);
            let notice = Said::Notice(Notice::NoListener(server));
            if cfg!(target_os = "linux") {
                assert!(test.screen.rest().contains(&notice));
            }
        } else {
            assert_eq!(status, Status::Failed(Failure::Refused(server)));
        }
    }
}

fn a_client_whose_user_leaves<B: Backend>() {
    let (server, serving) = serve::<B>("chat", &Settings::default());
    let client = TestRun::new::<B>("chat", Role::Client, &[]);
    let status = client.client::<B>(exercise("chat"), serving.address);
    assert_eq!(status, Status::Done);
    assert_eq!(serving.join(), Status::Done);
    assert_eq!(server.screen.shown(), ["fin"]);
}

fn a_port_in_use_is_said<B: Backend>() {
    let taken = TcpListener::bind((V4, 0)).unwrap();
    let address = taken.local_addr().unwrap();
    let test = TestRun::new::<B>("welcome", Role::Server, &[]);
    let service = std::sync::Arc::new(socklab_core::welcome::Server);
    let status = B::serve_streams(address, service, &test.run);
    let Status::Failed(Failure::Listen(at, fault)) = status else {
        panic!("{status:?}");
    };
    assert_eq!((at, fault.kind), (address, FaultKind::AddressInUse));
}

fn a_server_without_a_register_says_so<B: Backend>() {
    let test = TestRun::with::<B>("submit", Role::Server, &[], |mut run| {
        run.register = None;
        run
    });
    let serving = test.serve::<B>(exercise("submit"), V4);
    let mut stream = connect(serving.address);
    stream.write_all(submission("Ana").as_bytes()).unwrap();
    assert_eq!(answer(stream), "ERROR unavailable");
    test.run.stop.request();
    assert_eq!(serving.join(), Status::Stopped);
}
