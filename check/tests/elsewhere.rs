//! Servers that run already: which of their addresses answers, and what is seen when one ends.

mod common;

use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;

use common::{failures, free_port, plan, run};
use socklab_check::{Act, Cause, Reason, Report, ScenarioResult, Symptom, Verdict, parse};
use socklab_core::transcript::Role;

const TWICE: &str = "scenario one
<- send \"uno\"
-> datagram \"UNO\"
<- send \"dos\"
-> datagram \"DOS\"
";

/// Plays these scenarios against a server at one of these addresses.
fn report(exercise: &str, scenarios: &str, addresses: &[SocketAddr]) -> Report {
    let mut plan = plan(exercise, Role::Server, &[], None);
    plan.start = None;
    plan.connect = addresses.to_vec();
    let text = format!("socklab scenarios 1\nexercise {exercise}\nprogram server\n{scenarios}");
    plan.scenarios = parse(&text).expect("scenarios");
    run(&plan)
}

fn local(socket: std::io::Result<SocketAddr>) -> SocketAddr {
    socket.expect("bound")
}

/// Answers so many datagrams in capitals, and then closes its port.
fn echo(at: &str, count: usize) -> (SocketAddr, thread::JoinHandle<()>) {
    let socket = UdpSocket::bind(at).expect("a port");
    let address = local(socket.local_addr());
    let serve = move || {
        let mut text = [0; 2048];
        for number in 0..=count {
            let (size, peer) = socket.recv_from(&mut text).expect("a datagram");
            if number < count {
                let reply = text[..size].to_ascii_uppercase();
                socket.send_to(&reply, peer).expect("sent");
            }
        }
    };
    (address, thread::spawn(serve))
}

fn seen(report: &Report) -> Option<(Symptom, Option<Cause>, Act)> {
    let failures = failures(report);
    let (_, _, finding) = failures.first()?;
    let steps = report
        .outcomes
        .iter()
        .rev()
        .find_map(|one| one.steps.last());
    Some((finding.symptom, finding.cause, steps?.act.clone()))
}

#[test]
fn a_udp_server_that_ends_has_failed() {
    for count in [0, 1] {
        let (address, server) = echo("127.0.0.1:0", count);
        let report = report("echo", TWICE, &[address]);
        server.join().expect("ended");
        // That the port was open before the first answer is seen on this computer alone, on Linux.
        if count == 1 || cfg!(target_os = "linux") {
            let ended = (Symptom::EndsEarly, None, Act::PortClosed);
            assert_eq!(seen(&report), Some(ended), "{report:#?}");
        }
    }
}

#[test]
fn a_udp_server_that_connects_to_its_client_has_not_ended() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    let address = local(socket.local_addr());
    let open = socket.try_clone().expect("a socket");
    let server = thread::spawn(move || {
        let (_, peer) = socket.recv_from(&mut [0; 2048]).expect("a datagram");
        socket.connect(peer).expect("connected");
        socket.send(b"UNO").expect("sent");
    });
    let report = report("echo", TWICE, &[address]);
    server.join().expect("ended");
    assert_eq!(failures(&report)[0].2.symptom, Symptom::NoReply);
    drop(open);
}

#[test]
fn an_empty_datagram_that_ends_it_is_the_cause() {
    let (address, server) = echo("127.0.0.1:0", 1);
    let then_empty = TWICE.replace("dos", "").replace("DOS", "");
    let report = report("echo", &then_empty, &[address]);
    server.join().expect("ended");
    let ended = (
        Symptom::EndsEarly,
        Some(Cause::DiesOnEmpty),
        Act::PortClosed,
    );
    assert_eq!(seen(&report), Some(ended), "{report:#?}");
}

#[test]
fn what_follows_an_advice_that_ends_it_is_not_checked() {
    let (address, server) = echo("127.0.0.1:0", 1);
    let advice = TWICE.replace("scenario", "advice");
    let report = report("echo", &format!("{advice}{TWICE}"), &[address]);
    server.join().expect("ended");
    assert_eq!(report.verdict(), Verdict::NotChecked, "{report:#?}");
}

#[test]
fn a_tcp_server_that_serves_one_client_has_failed() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = local(listener.local_addr());
    let server = thread::spawn(move || {
        use std::io::Write;
        let (mut connection, _) = listener.accept().expect("a client");
        drop(listener);
        connection.write_all(b"hola").expect("sent");
    });
    let one = "<- open\n-> bytes \"hola\"\n-> end\n";
    let two = format!("scenario one\n{one}scenario two\n{one}");
    // The name has another address, at which no program is.
    let other = SocketAddr::from(([127, 0, 0, 1], free_port()));
    let report = report("welcome", &two, &[other, address]);
    server.join().expect("ended");
    let ended = (Symptom::EndsEarly, Some(Cause::ServesOnce), Act::PortClosed);
    assert_eq!(seen(&report), Some(ended), "{report:#?}");
}

/// Other systems have only one loopback address.
#[cfg(target_os = "linux")]
#[test]
fn every_address_of_a_name_is_tried() {
    let (address, server) = echo("127.0.0.2:0", 2);
    let other = SocketAddr::from(([127, 0, 0, 1], address.port()));
    let report = report("echo", TWICE, &[other, address]);
    assert_eq!(report.verdict(), Verdict::Pass, "{report:#?}");
    assert_eq!(report.outcomes[0].address, Some(address));
    let last = UdpSocket::bind("127.0.0.1:0").expect("a port");
    last.send_to(b"", address).expect("sent");
    server.join().expect("ended");

    let listener = TcpListener::bind("127.0.0.2:0").expect("a port");
    let address = local(listener.local_addr());
    let other = SocketAddr::from(([127, 0, 0, 1], address.port()));
    let server = thread::spawn(move || drop(listener.accept()));
    let scenarios = "scenario one\n<- open\n-> end\n";
    let both = [other, address];
    let found = crate::report("welcome", scenarios, &both);
    server.join().expect("ended");
    assert_eq!(found.verdict(), Verdict::Pass, "{found:#?}");
    for exercise in ["echo", "welcome"] {
        let scenarios = match exercise {
            "echo" => TWICE,
            _ => scenarios,
        };
        let missed = crate::report(exercise, scenarios, &both);
        let reason = Reason::NotReached(both.to_vec());
        assert_eq!(
            missed.outcomes[0].result,
            ScenarioResult::NotChecked(reason)
        );
    }
}
