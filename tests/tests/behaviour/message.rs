//! `message`: one line, one datagram.

use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Doing, FaultKind, Input, Status};

use super::up;

#[test]
fn one_line_one_datagram() {
    let mut client = up("message", Client);
    let said = client.line("hola");
    assert_eq!(said[..2], ["<- send server \"hola\"", "<- finish server"]);
    let link = client.peer();
    client.feed(Input::Finished { link });
    assert_eq!(client.status(), Status::Done);
}

#[test]
fn without_a_line_nothing_is_sent_and_it_fails() {
    let mut client = up("message", Client);
    let said = client.feed(Input::InputEnd);
    assert_eq!(said, ["-- state Failed", "-- ended failed no-input"]);
}

#[test]
fn a_refusal_that_is_known_already_is_said_and_no_failure() {
    for kind in [FaultKind::Refused, FaultKind::Reset] {
        let mut client = up("message", Client);
        client.line("hola");
        let said = client.fault(Doing::Sending, kind);
        assert_eq!(said[0], "<- notice nobody-listens server");
        assert_eq!(client.status(), Status::Done);
    }
}

#[test]
fn the_server_takes_one_whatever_it_is() {
    for (bytes, shown) in [
        (&b""[..], "\"\""),
        (b"\xff", "hex:ff"),
        ("ñ\u{202e}\n".as_bytes(), "\"ñ\\u{202e}\\n\""),
    ] {
        let mut server = up("message", Server);
        assert_eq!(server.datagram(bytes)[0], format!("<- show {shown}"));
        assert_eq!(server.status(), Status::Done);
    }
}
