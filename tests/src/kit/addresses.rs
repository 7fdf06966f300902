//! Cases for hosts that have several addresses.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socklab_core::transcript::Role;
use socklab_core::{Notice, Status, echo};
use socklab_system::Backend;

use super::{LOCALHOST, PATIENCE, Server};
use crate::real::TestRun;
use crate::screen::Said;
use crate::snapshot::{assert_transcript, exercise};

const LOCALHOST_6: IpAddr = IpAddr::V6(Ipv6Addr::LOCALHOST);

/// Whether this host has the address `ip`. Only Linux gives a host all of 127.0.0.0/8.
fn is_here(ip: IpAddr) -> bool {
    let here = UdpSocket::bind((ip, 0)).is_ok();
    if !here {
        eprintln!("SKIPPED: this machine has no {ip}");
    }
    here
}

/// An echo server at a port of `ip`.
fn echoing<B: Backend>(ip: IpAddr) -> Server {
    Server::of_at::<B, _, _>(ip, (), || echo::Server::new(true))
}

/// A client whose socket is connected to the server's port at `ip`, so that it receives from no
/// other address.
fn asker(server: &Server, ip: IpAddr) -> UdpSocket {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((any, 0)).unwrap();
    socket.connect((ip, server.address.port())).unwrap();
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

/// A server bound to all addresses of its host answers from the one that was asked.
pub fn a_wildcard_server_answers_from_the_address_that_was_asked<B: Backend>() {
    let v4 = [[127, 0, 0, 1], [127, 0, 0, 2], [127, 0, 0, 3]].map(IpAddr::from);
    let v6 = [LOCALHOST_6];
    for (wildcard, asked) in [
        (IpAddr::from(Ipv4Addr::UNSPECIFIED), v4.to_vec()),
        (Ipv6Addr::UNSPECIFIED.into(), [&v4[..], &v6].concat()),
    ] {
        if !is_here(wildcard) {
            continue;
        }
        let server = echoing::<B>(wildcard);
        let asked: Vec<IpAddr> = asked.into_iter().filter(|ip| is_here(*ip)).collect();
        let askers = asked.iter().map(|ip| asker(&server, *ip));
        let askers: Vec<UdpSocket> = askers.collect();
        for round in 0..3 {
            // All ask before any receives, so that the server may receive several before it sends.
            for (socket, ip) in askers.iter().zip(&asked) {
                let question = format!("round {round} of {ip}");
                socket.send(question.as_bytes()).unwrap();
            }
            for (socket, ip) in askers.iter().zip(&asked) {
                let mut answer = [0; 100];
                let len = socket.recv(&mut answer).unwrap();
                let expected = format!("ROUND {round} OF {ip}").to_uppercase();
                assert_eq!(answer[..len], *expected.as_bytes());
            }
        }
        server.finish();
    }
}

/// A transcript shows which address was asked if the host has several. Otherwise it does not
/// mention it.
pub fn a_transcript_shows_the_address_that_was_asked<B: Backend>() {
    let exercise = exercise("echo");
    for (bound, asked, shows) in [
        (
            Ipv4Addr::UNSPECIFIED,
            [127, 0, 0, 2],
            Some("client1@127.0.0.2 "),
        ),
        (Ipv4Addr::LOCALHOST, [127, 0, 0, 1], None),
    ] {
        let asked = IpAddr::from(asked);
        if !is_here(asked) {
            continue;
        }
        let server = TestRun::new::<B>(exercise.name, Role::Server, &[]);
        let serving = server.serve::<B>(exercise, bound.into());
        let client = TestRun::new::<B>(
            exercise.name,
            Role::Client,
            &exercise.scene.lines(Role::Client, 0),
        );
        let address = SocketAddr::new(asked, serving.address.port());
        assert_eq!(client.client::<B>(exercise, address), Status::Done);
        assert_eq!(serving.join(), Status::Done);
        assert_transcript(exercise.name, Role::Server, &server.canonical());
        assert_transcript(exercise.name, Role::Client, &client.canonical());
        let all = server.recording.transcripts().concat();
        match shows {
            Some(link) => {
                assert!(all.contains(&format!("-> datagram {link}")), "{all}");
                assert!(all.contains(&format!("<- send {link}")), "{all}");
            }
            None => assert!(!all.contains('@'), "{all}"),
        }
    }
}

/// A reply may be as long as a datagram of IPv4 or IPv6 can be. A longer reply is not sent, and the
/// user is told.
pub fn the_longest_reply_depends_on_what_carries_it<B: Backend>() {
    for (bound, asked, most) in [
        (LOCALHOST, LOCALHOST, 65_507),
        (Ipv4Addr::UNSPECIFIED.into(), LOCALHOST, 65_507),
        (Ipv6Addr::UNSPECIFIED.into(), LOCALHOST, 65_507),
        (Ipv6Addr::UNSPECIFIED.into(), LOCALHOST_6, 65_527),
        (LOCALHOST_6, LOCALHOST_6, 65_527),
    ] {
        if !is_here(bound) {
            continue;
        }
        let server = echoing::<B>(bound);
        let socket = asker(&server, asked);
        assert_eq!(ask(&socket, &vec![b'a'; most]), vec![b'A'; most]);
        // In capitals, this letter takes one byte more.
        let with_letter = |len: usize| format!("ŉ{}", "a".repeat(len - 3));
        let answer = ask(&socket, with_letter(most).as_bytes());
        assert_eq!(answer, with_letter(most).to_uppercase().as_bytes());
        socket.send(with_letter(most + 1).as_bytes()).unwrap();
        assert_eq!(ask(&socket, b"hola"), b"HOLA");
        let long = |said: &Said| match said {
            Said::Notice(Notice::ReplyTooLong { bytes, .. }) => Some(*bytes),
            _ => None,
        };
        let told: Vec<usize> = server.screen.rest().iter().filter_map(long).collect();
        assert_eq!(told, [most + 1], "{bound}, asked at {asked}");
        server.finish();
    }
}
