use std::prelude::v1::*;
use std::vec;

use super::line::{Payload, mask, parse_payload};
use super::*;
use crate::{Fault, FaultKind, Input, Link, Now, Outbox, Pump, Socket, echo, lab};

fn header(masked: bool) -> Header {
    Header {
        exercise: "echo".into(),
        role: Role::Client,
        runtime: "test".into(),
        epoch: Duration::new(1_700_000_000, 5),
        masked,
    }
}

/// An `echo` client that sends one line and is refused.
fn recorded(masked: bool) -> String {
    let server = "127.0.0.1:16000".parse().unwrap();
    let settings = lab::Settings::client(&echo::EXERCISE, server);
    let recorder = Recorder::new(&header(masked), String::new());
    let mut pump = Pump::new(echo::Client::new(&settings), recorder);
    let mut out = Outbox::new();
    let fault = Fault {
        kind: FaultKind::Refused,
        code: 111,
    };
    let inputs = [
        Input::Start,
        Input::Opened {
            link: Link::first(server),
            local: "127.0.0.1:50000".parse().unwrap(),
            exceeded: None,
        },
        Input::Line(b"mi dni es 123456\xff"),
        Input::Datagram {
            link: Link::first(server),
            bytes: b"MI DNI \"ES\" 123456\n",
        },
        Input::Line("ñ\u{202e}".as_bytes()),
        Input::Fault {
            socket: Socket(0),
            doing: crate::Doing::Receiving,
            fault,
        },
    ];
    for (millis, input) in inputs.into_iter().enumerate() {
        let offset = Duration::from_millis(millis as u64);
        pump.feed(Now::at(header(masked).epoch, offset), input, &mut out);
        out.clear();
    }
    pump.into_observer().into_inner()
}

#[test]
fn written_read_back_and_replayed() {
    let text = recorded(false);
    let read = parse(&text).unwrap();
    assert_eq!(read.len(), 1);
    assert_eq!(read[0].to_string(), text);
    assert_eq!(read[0].header, header(false));
    let client = || {
        let server = "127.0.0.1:16000".parse().unwrap();
        echo::Client::new(&lab::Settings::client(&echo::EXERCISE, server))
    };
    assert_eq!(replay(&read[0], client()), Ok(()));

    // If a machine differs, the error has the first line that differs.
    let mut other = read[0].clone();
    let send = other
        .lines
        .iter_mut()
        .find(|line| line.event_name() == "send");
    send.unwrap().payload = Some(b"otra cosa".to_vec());
    let got = replay(&other, client());
    assert!(matches!(got, Err(Divergence::Differs { .. })), "{got:?}");
}

#[test]
fn masked_when_asked() {
    let text = recorded(true);
    assert!(!text.contains("123456"), "{text}");
    assert!(!text.contains("313233"), "{text}");
    let read = parse(&text).unwrap();
    assert!(read[0].header.masked);
    let client = echo::Client::new(&lab::Settings::default());
    assert_eq!(replay(&read[0], client), Err(Divergence::Masked));
}

#[test]
fn payload_both_ways() {
    for (bytes, text) in [
        (&b""[..], r#""""#),
        (b"hola", r#""hola""#),
        (b"it's \"x\" \\", r#""it's \"x\" \\""#),
        (b"\n\r\t\0\x1b", r#""\n\r\t\0\u{1b}""#),
        ("ñ\u{202e}\u{200b}".as_bytes(), r#""ñ\u{202e}\u{200b}""#),
        (b"\xff\x00", "hex:ff00"),
    ] {
        assert_eq!(Payload(bytes).to_string(), text);
        assert_eq!(parse_payload(text).as_deref(), Some(bytes), "{text}");
    }
    for bad in [
        r#""a"#,
        r#"a""#,
        r#""a"b""#,
        r#""\q""#,
        "hex:f",
        "hex:+1",
        "",
        r#""\u{d800}""#,
    ] {
        assert_eq!(parse_payload(bad), None, "{bad}");
    }
}

#[test]
fn masking_leaves_no_digit() {
    assert_eq!(mask(b"Ana&12345678&123456"), b"Ana&********&******");
    assert_eq!(mask("１２".as_bytes()), b"**");
    assert_eq!(mask(b"\xff12"), b"\xff**");
}

#[test]
fn errors_name_the_line() {
    let good = recorded(false);
    let error = |text: &str| parse(text).unwrap_err();
    assert_eq!(error("hello").line, 1);
    assert_eq!(error("hello").expected, Expected::Title);
    let no_role = good.replace("role client\n", "");
    assert_eq!(error(&no_role).expected, Expected::Header);
    let twice = good.replace("role client\n", "role client\nrole client\n");
    assert_eq!(
        (error(&twice).line, error(&twice).expected),
        (4, Expected::Header)
    );
    let bad_line = good.replace(" -> start", " => start");
    assert_eq!(
        (error(&bad_line).line, error(&bad_line).expected),
        (7, Expected::Event)
    );
}

#[test]
fn pieces_of_a_stream_are_joined() {
    let line = |arrow, words: &str, payload: Option<&[u8]>| Line {
        at: Duration::ZERO,
        arrow,
        words: words.split(' ').map(String::from).collect(),
        payload: payload.map(<[u8]>::to_vec),
    };
    let whole = vec![
        line(Arrow::In, "bytes client1", Some(b"abc")),
        line(Arrow::Mark, "deadline silence +2s", None),
        line(Arrow::In, "end client1", None),
    ];
    let pieces = vec![
        line(Arrow::Mark, "client1 = 127.0.0.1:1", None),
        line(Arrow::In, "bytes client1", Some(b"a")),
        line(Arrow::Mark, "deadline silence +2s", None),
        line(Arrow::In, "bytes client1", Some(b"bc")),
        line(Arrow::Mark, "deadline silence +2s", None),
        line(Arrow::In, "finished client1", None),
        line(Arrow::In, "end client1", None),
    ];
    let canonical = |lines| {
        let transcript = Transcript {
            header: header(false),
            lines,
        };
        transcript.canonical()
    };
    assert_eq!(canonical(pieces), canonical(whole));
}
