//! `chat`: turns, strangers, endings.

use std::net::SocketAddr;

use socklab_core::lab::Settings;
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Failure, Input, Status};
use socklab_tests::{Bench, CLIENT, SERVER};

use super::{NONE, SECOND, stranger, up};

/// A server whose client has spoken, and that has answered: it waits.
fn waiting() -> Bench {
    let mut server = up("chat", Server);
    server.datagram("hola");
    server.line("dime");
    assert_eq!(server.state(), "Waiting");
    server
}

#[test]
fn turns_are_strict() {
    let mut client = up("chat", Client);
    let mut server = up("chat", Server);
    for _ in 0..3 {
        assert!(client.interest().line && !client.interest().network);
        assert!(!server.interest().line && server.interest().network);
        client.line("hola");
        server.datagram("hola");
        assert!(!client.interest().line && client.interest().network);
        assert!(server.interest().line && !server.interest().network);
        server.line("hola");
        client.datagram("hola");
    }
}

#[test]
fn the_exact_text_fin_ends_it() {
    for (text, ends) in [
        ("fin", true),
        ("FIN", false),
        ("fin ", false),
        ("Fin", false),
    ] {
        let mut client = up("chat", Client);
        let said = client.line(text);
        assert_eq!(said[0], format!("<- send server \"{text}\""));
        assert_eq!(client.is_running(), !ends, "{text} said by the client");
        let mut server = up("chat", Server);
        server.datagram(text);
        assert_eq!(server.is_running(), !ends, "{text} heard by the server");
        let mut server = up("chat", Server);
        server.datagram("hola");
        let said = server.line(text);
        assert_eq!(said[0], format!("<- send client1 \"{text}\""));
        assert_eq!(server.is_running(), !ends, "{text} said by the server");
        let mut client = up("chat", Client);
        client.line("hola");
        client.datagram(text);
        assert_eq!(client.is_running(), !ends, "{text} heard by the client");
    }
}

#[test]
fn strangers_are_named_up_to_eight_and_dropped() {
    let mut server = waiting();
    for n in 1..=8 {
        let notice = format!("<- notice stranger client{}", n + 1);
        assert_eq!(server.datagram_from(stranger(n), "fin"), [notice]);
        assert_eq!(server.datagram_from(stranger(n), "fin"), NONE, "said once");
    }
    let more = server.datagram_from(stranger(9), "hola");
    assert_eq!(more, ["<- notice more-strangers"]);
    for n in 1..=20 {
        assert_eq!(server.datagram_from(stranger(n), "hola"), NONE);
    }
    assert_eq!(server.datagram("¿sí?")[0], "<- show \"¿sí?\"");
}

/// The same host at another port is another program.
#[test]
fn a_stranger_is_told_by_address_and_port() {
    let mut server = waiting();
    let other = SocketAddr::new(CLIENT.ip(), CLIENT.port() + 1);
    assert_eq!(server.datagram_from(other, "hola").len(), 1);
    assert_eq!(server.state(), "Waiting");
}

#[test]
fn the_end_of_the_input_says_fin() {
    let mut client = up("chat", Client);
    let said = client.feed(Input::InputEnd);
    assert_eq!(said[0], "<- send server \"fin\"");
    assert_eq!(client.status(), Status::Done);
    let mut server = up("chat", Server);
    server.datagram("hola");
    let said = server.feed(Input::InputEnd);
    assert_eq!(said[0], "<- send client1 \"fin\"");
    assert_eq!(server.status(), Status::Done);
}

#[test]
fn a_stop_on_ones_turn_says_fin() {
    let mut client = up("chat", Client);
    let mut server = up("chat", Server);
    server.datagram("hola");
    for (bench, to) in [(&mut client, "server"), (&mut server, "client1")] {
        let said = bench.feed(Input::Stop);
        assert_eq!(said[0], format!("<- send {to} \"fin\""));
        assert_eq!(bench.status(), Status::Stopped);
    }
    // Not on the other's turn: two in a row would break the rule.
    let mut server = waiting();
    let said = server.feed(Input::Stop);
    assert_eq!(said, ["-- state Stopped", "-- ended stopped"]);
}

#[test]
fn it_waits_without_limit_unless_told() {
    let mut client = up("chat", Client);
    client.line("hola");
    assert_eq!(client.deadline(), None);
    let settings = Settings {
        timeout: Some(7 * SECOND),
        ..Settings::default()
    };
    let mut client = Bench::up("chat", Client, &settings);
    client.line("hola");
    assert_eq!(client.timer().0, 7 * SECOND);
    let failure = Failure::NoReply(SERVER, 7 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));
    let mut server = Bench::up("chat", Server, &settings);
    assert_eq!(server.deadline(), None, "nobody owes it anything yet");
    server.datagram("hola");
    server.line("dime");
    server.wait(6 * SECOND);
    server.datagram_from(stranger(1), "hola");
    assert_eq!(server.left(), Some(SECOND), "a stranger buys no time");
    server.timer();
    let failure = Failure::NoReply(CLIENT, 7 * SECOND);
    assert_eq!(server.status(), Status::Failed(failure));
}
