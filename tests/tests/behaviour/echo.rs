//! `echo`: capitals, retries, late duplicates, what does not fit.

use socklab_core::lab::Settings;
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Doing, Failure, FaultKind, Input, Status, max_datagram};
use socklab_tests::{
    Bench, Faults, Faulty, Pair, PerfectWire, SERVER, Script, VirtualNet, exercise,
};

use super::{SECOND, stranger, up};

fn retrying(retries: u32) -> Bench {
    let settings = Settings {
        retries,
        ..Settings::default()
    };
    Bench::up("echo", Client, &settings)
}

fn keeping() -> Bench {
    let settings = Settings {
        keep_serving: true,
        ..Settings::default()
    };
    Bench::up("echo", Server, &settings)
}

/// Any text whose capitals are `FIN` ends both.
#[test]
fn what_ends_it() {
    for (text, reply, ends) in [
        ("fin", "FIN", true),
        ("Fin", "FIN", true),
        ("FIN", "FIN", true),
        ("ﬁn", "FIN", true),
        ("fin ", "FIN ", false),
        ("final", "FINAL", false),
        ("fi\u{301}n", "FI\u{301}N", false),
    ] {
        let mut server = up("echo", Server);
        let said = server.datagram(text);
        assert_eq!(said[0], format!("<- show {}", quoted(text)));
        assert_eq!(said[1], format!("<- send client1 {}", quoted(reply)));
        assert_eq!(server.is_running(), !ends, "{text}");

        let mut client = up("echo", Client);
        client.line(text);
        client.datagram(reply);
        assert_eq!(client.is_running(), !ends, "{text}");

        let mut server = keeping();
        assert_eq!(server.datagram(text)[..2], said[..2], "the same answer");
        assert!(server.is_running());
    }
}

/// As transcripts write it: marks that would hang on the letter before are escaped.
fn quoted(text: &str) -> String {
    let escaped: String = text.chars().flat_map(char::escape_debug).collect();
    format!("\"{escaped}\"")
}

#[test]
fn any_number_of_clients() {
    let mut server = keeping();
    for n in 1..=20 {
        let said = server.datagram_from(stranger(n), "hola");
        assert_eq!(said[1], format!("<- send client{n} \"HOLA\""));
    }
}

#[test]
fn no_reply() {
    let mut client = retrying(0);
    client.line("hola");
    let (after, said) = client.timer();
    assert_eq!(after, 5 * SECOND);
    assert_eq!(
        said,
        [
            "-- state Failed",
            "-- deadline none",
            "-- ended failed no-reply"
        ]
    );
    let failure = Failure::NoReply(SERVER, 5 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));
}

#[test]
fn retries_and_then_no_reply() {
    let mut client = retrying(2);
    client.line("hola");
    for retry in ["1/2", "2/2"] {
        let (after, said) = client.timer();
        assert_eq!(after, 5 * SECOND);
        let notice = format!("<- notice retry {retry}");
        let again = "<- send server \"hola\"";
        assert_eq!(said, [&notice, again, "-- deadline reply +5s"]);
    }
    client.timer();
    let failure = Failure::NoReply(SERVER, 15 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));
}

#[test]
fn every_line_has_its_own_retries() {
    let mut client = retrying(1);
    for line in ["una", "dos"] {
        client.line(line);
        assert_eq!(client.timer().1[0], "<- notice retry 1/1");
        client.datagram(line.to_uppercase());
        assert_eq!(client.state(), "Typing");
    }
}

#[test]
fn a_late_duplicate_is_dropped() {
    let mut client = retrying(1);
    client.line("una");
    client.timer();
    client.datagram("UNA");
    client.line("dos");
    // The answer to the first sending comes after all.
    assert_eq!(client.datagram("UNA"), ["<- notice late-reply"]);
    assert_eq!(client.state(), "Waiting");
    assert_eq!(client.datagram("DOS")[0], "<- show \"DOS\"");
}

/// A late `FIN` is a duplicate too where it was the answer to an earlier line.
#[test]
fn the_same_line_twice_has_the_same_answer_twice() {
    let mut client = up("echo", Client);
    for _ in 0..3 {
        client.line("una");
        assert_eq!(client.datagram("UNA")[0], "<- show \"UNA\"");
    }
}

#[test]
fn a_duplicate_does_not_move_the_deadline() {
    let mut client = up("echo", Client);
    client.line("una");
    client.datagram("UNA");
    client.line("dos");
    client.wait(4 * SECOND);
    client.datagram("UNA");
    assert_eq!(client.left(), Some(SECOND));
}

/// Other servers may answer as they like.
#[test]
fn an_unexpected_answer_is_shown() {
    let mut client = up("echo", Client);
    client.line("una");
    assert_eq!(client.datagram("adiós")[0], "<- show \"adiós\"");
    client.line("dos");
    assert_eq!(client.datagram("")[0], "<- show \"\"");
    client.line("tres");
    assert_eq!(client.datagram(b"\xff")[0], "<- show hex:ff");
}

/// With retries, a network that loses, repeats, reorders and delays changes nothing that is shown.
#[test]
fn faults_of_the_network_are_not_seen() {
    for seed in 0..200 {
        let net = VirtualNet::new(Faulty::new(PerfectWire::default(), Faults::ALL, seed));
        let script = Script::of(["una", "dos", "tres", "cuatro", "fin"]);
        let change = |settings: &mut Settings| {
            settings.retries = 100;
            settings.keep_serving = true;
        };
        let pair = Pair::with(exercise("echo"), net, change, script, Script::default()).run();
        let shown = pair.net.shown(pair.client);
        let expected = ["UNA", "DOS", "TRES", "CUATRO", "FIN"];
        assert_eq!(shown, expected, "seed {seed}\n{}", pair.net.transcripts());
    }
}

#[test]
fn the_end_of_the_input_ends_it_without_a_word() {
    let mut client = up("echo", Client);
    let said = client.feed(Input::InputEnd);
    assert_eq!(said, ["-- state Done", "-- ended done"]);
}

#[test]
fn the_longest_line_and_one_byte_more() {
    let mut client = up("echo", Client);
    client.line(&"a".repeat(max_datagram(SERVER)));
    assert_eq!(client.state(), "Waiting");
    for exercise in ["message", "echo", "chat"] {
        let mut client = up(exercise, Client);
        let said = client.line(&"a".repeat(max_datagram(SERVER) + 1));
        assert_eq!(said, ["-- state Failed", "-- ended failed too-long"]);
    }
}

#[test]
fn a_reply_that_does_not_fit_is_refused_once_and_ends_nothing() {
    let mut server = up("echo", Server);
    // `ŉ` has two bytes, its capitals three.
    let long = "ŉ".repeat(30_000);
    let show = format!("<- show \"{long}\"");
    let notice = "<- notice reply-too-long client1 90000";
    assert_eq!(server.datagram(&long), [&show, notice]);
    assert_eq!(server.datagram(&long), [show.as_str()]);
    assert_eq!(server.datagram_from(stranger(1), &long), [show.as_str()]);
    assert_eq!(server.datagram("hola")[1], "<- send client1 \"HOLA\"");
    // Just so it fits: 65,507 bytes.
    let fits = ["a", &"ŉ".repeat(21_835), "b"].concat();
    assert_eq!(fits.to_uppercase().len(), max_datagram(SERVER));
    assert_eq!(server.datagram(fits).len(), 2);
}

#[test]
fn any_bytes() {
    let mut server = up("echo", Server);
    for (text, reply) in [
        (&b""[..], "\"\""),
        (b"\xff\xfe", "hex:fffe"),
        (b"a\xffb", "hex:41ff42"),
        (b"\0\n", "\"\\0\\n\""),
    ] {
        let said = server.datagram(text);
        assert_eq!(said[1], format!("<- send client1 {reply}"));
    }
    let largest = vec![b'a'; max_datagram(SERVER)];
    let capitals = format!("<- send client1 \"{}\"", "A".repeat(max_datagram(SERVER)));
    assert_eq!(server.datagram(largest)[1], capitals);
}

/// On Windows a refusal of a UDP socket is told as a reset.
#[test]
fn a_refusal_is_a_refusal_on_every_system() {
    for exercise in ["echo", "chat"] {
        for kind in [FaultKind::Refused, FaultKind::Reset] {
            let mut client = up(exercise, Client);
            client.line("hola");
            client.fault(Doing::Receiving, kind);
            let failure = Failure::Refused(SERVER);
            assert_eq!(client.status(), Status::Failed(failure));
        }
    }
}
