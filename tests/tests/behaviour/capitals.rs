//! `capitals`: lines over a connection that stays, wherever the stream is cut.

use std::time::Duration;

use socklab_core::capitals::{DRAIN, MAX_LINE, MAX_REPLY, PAUSE};
use socklab_core::lab::Settings;
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Doing, Failure, FaultKind, Input, Link, Status};
use socklab_tests::{Bench, SERVER};

use super::{NONE, SECOND, up};

#[test]
fn each_line_comes_back_in_capitals() {
    let mut server = up("capitals", Server);
    for (line, reply) in [
        ("hola\n", "HOLA\\n"),
        ("ñandú\r\n", "ÑANDÚ\\n"),
        ("straße\n", "STRASSE\\n"),
        ("\n", "\\n"),
        ("\r\n", "\\n"),
        ("a\rb\n", "A\\rB\\n"),
        ("fin de mes\n", "FIN DE MES\\n"),
    ] {
        let said = server.bytes(line);
        assert_eq!(said, [format!("<- send client1 \"{reply}\"")], "{line:?}");
    }
    assert_eq!(
        server.bytes(b"ma\xf1ana\n"),
        ["<- send client1 hex:4d41f1414e410a"]
    );
    assert!(server.is_running());
}

#[test]
fn lines_of_one_segment_are_answered_in_order() {
    let mut server = up("capitals", Server);
    let said = server.bytes("uno\ndos\ntr");
    assert_eq!(
        said,
        [
            "<- send client1 \"UNO\\n\"",
            "<- send client1 \"DOS\\n\"",
            "-- deadline silence +2s"
        ]
    );
    assert_eq!(server.bytes("e"), NONE);
    assert_eq!(
        server.bytes("s\n"),
        ["<- send client1 \"TRES\\n\"", "-- deadline none"]
    );
}

/// What cannot be right in a line is said of it, and it is answered all the same.
#[test]
fn odd_lines() {
    for (line, reply, odd) in [
        ("b'hola'\n", "B'HOLA'", "python-bytes \"b'hola'\""),
        ("fin \n", "FIN ", "almost-fin \"fin \""),
        (" Fin\n", " FIN", "almost-fin \" Fin\""),
    ] {
        let said = up("capitals", Server).bytes(line);
        let odd = format!("<- unexpected {odd}");
        assert_eq!(said, [format!("<- send client1 \"{reply}\\n\""), odd]);
    }
}

/// A connection may be silent as long as it likes.
#[test]
fn a_silent_connection_has_no_limit() {
    let mut server = up("capitals", Server);
    assert_eq!(server.deadline(), None);
    server.bytes("half a line");
    // Its user is told once that the line does not end, and it goes on.
    assert_eq!(server.left(), Some(PAUSE));
    let (_, said) = server.timer();
    assert_eq!(said[0], "<- unexpected unended-line \"half a line\"");
    assert_eq!(server.deadline(), None);
    server.bytes(" and a half");
    assert_eq!(server.deadline(), None);
    assert!(server.is_running());
}

#[test]
fn fin_ends_its_connection_after_a_drain() {
    for fin in ["fin\n", "FIN\r\n", "ﬁn\n", "uno\nFin\nnever answered\n"] {
        let mut server = up("capitals", Server);
        let said = server.bytes(fin);
        let last = said
            .iter()
            .rposition(|line| line == "<- send client1 \"FIN\\n\"");
        assert!(last.is_some(), "{said:?}");
        assert!(said.contains(&"<- finish client1".to_string()), "{said:?}");
        assert!(!said.iter().any(|line| line.contains("NEVER")), "{said:?}");
        assert_eq!(server.left(), Some(DRAIN));
        assert_eq!(server.bytes("more that is thrown away\n"), NONE);
        let (after, _) = server.timer();
        assert_eq!((after, server.status()), (DRAIN, Status::Done));
    }
    let mut server = up("capitals", Server);
    server.bytes("fin\n");
    server.end();
    assert_eq!(server.status(), Status::Done);
}

#[test]
fn what_has_no_line_feed_is_answered_at_the_end() {
    for (bytes, reply) in [
        ("hola", Some("HOLA\\n")),
        ("fin", Some("FIN\\n")),
        ("", None),
    ] {
        let mut server = up("capitals", Server);
        server.bytes("uno\n");
        if !bytes.is_empty() {
            server.bytes(bytes);
        }
        let said = server.end();
        let sent = reply.map(|reply| format!("<- send client1 \"{reply}\""));
        assert_eq!(
            said.iter().find(|line| line.starts_with("<- send")),
            sent.as_ref()
        );
        assert!(said.contains(&"<- finish client1".to_string()), "{said:?}");
        // However long the peer takes to read it: there is no deadline.
        assert_eq!((server.left(), server.is_running()), (None, true));
        let link = server.peer();
        server.feed(Input::Finished { link });
        assert_eq!(server.status(), Status::Done);
    }
}

#[test]
fn the_longest_line_and_one_more() {
    let longest = "a".repeat(MAX_LINE);
    for end in ["\n", "\r\n"] {
        let mut server = up("capitals", Server);
        let said = server.bytes(format!("{longest}{end}"));
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(server.is_running());
    }
    // Whole, or before its end has come.
    for line in [
        format!("{longest}a\n"),
        format!("{longest}a"),
        format!("{longest}a\r"),
    ] {
        let mut server = up("capitals", Server);
        let said = server.bytes(line);
        let notice = format!("<- notice line-too-long client1 {MAX_LINE}");
        assert_eq!(said[..2], [notice, "<- finish client1".to_string()]);
        assert_eq!(server.left(), Some(DRAIN));
    }
    // A carriage return may belong to its end.
    let mut server = up("capitals", Server);
    assert_eq!(
        server.bytes(format!("{longest}\r")),
        ["-- deadline silence +2s"]
    );
    assert_eq!(server.bytes("\n").len(), 2);
}

#[test]
fn a_fault_or_a_stop_ends_one_connection() {
    for state in ["", "hola", "fin\n"] {
        let mut server = up("capitals", Server);
        if !state.is_empty() {
            server.bytes(state);
        }
        server.fault(Doing::Receiving, FaultKind::Reset);
        assert_eq!(server.status(), Status::Done);
        let mut server = up("capitals", Server);
        server.feed(Input::Stop);
        assert_eq!(server.status(), Status::Stopped);
    }
}

#[test]
fn the_client_shows_each_reply_and_asks_again() {
    let mut client = up("capitals", Client);
    let said = client.line("hola");
    assert_eq!(said[0], "<- send server \"hola\\n\"");
    assert_eq!(client.left(), Some(5 * SECOND));
    assert_eq!(client.bytes("HO"), NONE);
    let said = client.bytes("LA\n");
    assert_eq!(said[..2], ["<- show \"HOLA\"", "<- prompt echo"]);
    client.line("fin");
    let said = client.bytes("FIN\r\n");
    assert_eq!(said[0], "<- show \"FIN\"");
    assert_eq!(client.status(), Status::Done);
}

#[test]
fn the_client_gives_up_and_says_why() {
    let mut client = Bench::new("capitals", Client, &Settings::default());
    client.feed(Input::Start);
    assert_eq!(client.timer().0, 5 * SECOND);
    let timed_out = Failure::ConnectTimedOut(SERVER, 5 * SECOND);
    assert_eq!(client.status(), Status::Failed(timed_out));

    type Happens = fn(&mut Bench);
    let cases: [(Happens, Failure); 5] = [
        (
            |client| drop(client.timer()),
            Failure::NoReply(SERVER, 5 * SECOND),
        ),
        (|client| drop(client.end()), Failure::ClosedEarly(SERVER)),
        (
            |client| drop(client.fault(Doing::Receiving, FaultKind::Reset)),
            Failure::Reset(SERVER),
        ),
        (
            |client| drop(client.bytes("A".repeat(MAX_REPLY + 1))),
            Failure::ReplyTooBig(SERVER),
        ),
        (
            |client| drop(client.bytes(format!("{}\n", "A".repeat(MAX_REPLY + 1)))),
            Failure::ReplyTooBig(SERVER),
        ),
    ];
    for (happens, failure) in cases {
        let mut client = up("capitals", Client);
        client.line("hola");
        happens(&mut client);
        assert_eq!(client.status(), Status::Failed(failure));
    }
    let mut client = up("capitals", Client);
    let said = client.line(&"a".repeat(MAX_LINE + 1));
    assert!(!said.iter().any(|line| line.contains("send")));
    let failure = Failure::LineTooLong(MAX_LINE + 1, MAX_LINE);
    assert_eq!(client.status(), Status::Failed(failure));
}

/// The longest line's capitals, which are longer, still fit into a reply.
#[test]
fn the_longest_capitals_are_taken() {
    let mut client = up("capitals", Client);
    client.line("x");
    let said = client.bytes(format!("{}\n", "A".repeat(MAX_REPLY)));
    assert!(said[0].starts_with("<- show"), "{}", said[1]);
}

#[test]
fn the_client_ends_with_its_input() {
    let mut client = up("capitals", Client);
    client.feed(Input::InputEnd);
    assert_eq!(client.status(), Status::Done);
}

/// Of several addresses, the one that answered is the one that is named.
#[test]
fn the_address_that_answered_is_the_server() {
    let settings = Settings {
        server: "192.0.2.1:16000".parse().unwrap(),
        fallbacks: vec![SERVER],
        timeout: Some(Duration::from_secs(5)),
        ..Settings::default()
    };
    let mut client = Bench::new("capitals", Client, &settings);
    client.feed(Input::Start);
    let (link, local, exceeded) = (Link::first(SERVER), SERVER, None);
    client.feed(Input::Opened {
        link,
        local,
        exceeded,
    });
    client.line("hola");
    client.timer();
    let failure = Failure::NoReply(SERVER, 5 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));
}
