//! `submit`, the lecturers' end: limits, decisions, draining.

use std::sync::Arc;
use std::time::Duration;

use socklab_core::lab::Settings;
use socklab_core::register::{Decision, StoreId};
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Doing, FaultKind, Input, Status};
use socklab_tests::{Bench, EPOCH, Pair, Script, Silent, VirtualNet, exercise};

use super::{NONE, SECOND, up};

const MESSAGE: &str = "Ana&123456&548094";

fn storing() -> Bench {
    let mut server = up("submit", Server);
    server.bytes(MESSAGE);
    assert_eq!(server.state(), "Storing");
    server
}

#[test]
fn ten_seconds_for_the_first_byte() {
    let mut server = up("submit", Server);
    let (after, said) = server.timer();
    assert_eq!(after, 10 * SECOND);
    assert_eq!(said[0], "<- send client1 \"ERROR format\"");
}

#[test]
fn two_seconds_of_silence_from_the_first_byte_on() {
    let mut server = up("submit", Server);
    server.wait(5 * SECOND);
    assert!(server.is_running());
    server.bytes("Ana");
    let (after, said) = server.timer();
    assert_eq!(after, 2 * SECOND);
    assert_eq!(said[0], "<- send client1 \"ERROR format\"");
    assert_eq!(said[1], "<- finish client1");
}

#[test]
fn ten_seconds_in_all_however_it_drips() {
    let mut server = up("submit", Server);
    for _ in 0..5 {
        server.wait(Duration::from_millis(1900));
        server.bytes("a");
    }
    let (after, said) = server.timer();
    assert_eq!(after, Duration::from_millis(500));
    assert_eq!(said[0], "<- send client1 \"ERROR format\"");
}

/// A silence that would end exactly when the patience does is the patience's.
#[test]
fn the_reason_is_that_which_comes_first() {
    for (wait, why) in [(7999, "silence"), (8000, "patience"), (9000, "patience")] {
        let mut server = up("submit", Server);
        for at in [1900, 3800, 5700, 7600] {
            server.wait(Duration::from_millis(1900));
            server.bytes("a");
            assert!(at < wait);
        }
        server.wait(Duration::from_millis(wait - 7600));
        server.bytes("a");
        assert_eq!(server.deadline().unwrap().why.name(), why);
    }
}

#[test]
fn it_answers_only_after_the_decision() {
    let mut server = storing();
    assert!(!server.interest().network, "what else comes can wait");
    assert_eq!(server.end(), NONE);
    let said = server.stored(&Decision::accepted(12));
    assert_eq!(said[0], "<- send client1 \"OK accepted 12\"");
    assert_eq!(said[1], "<- finish client1");
}

#[test]
fn a_register_that_does_not_decide() {
    let mut server = storing();
    let (after, said) = server.timer();
    assert_eq!(after, 15 * SECOND);
    assert_eq!(said[0], "<- send client1 \"ERROR late\"");
    // Late is late: it has been answered.
    assert_eq!(server.stored(&Decision::accepted(1)), NONE);
    assert_eq!(server.state(), "Draining");
}

/// In the whole: a register that hangs keeps nobody for ever, and a client who is patient is told.
#[test]
fn a_register_that_hangs() {
    for (patience, shown) in [(10, &[][..]), (20, &["ERROR late"])] {
        let net = VirtualNet::default().with_register(Arc::new(Silent));
        let change = |settings: &mut Settings| settings.timeout = Some(patience * SECOND);
        let exercise = exercise("submit");
        let lines = Script::of(exercise.scene.lines(Client, EPOCH.as_secs()));
        let pair = Pair::with(exercise, net, change, lines, Script::default()).run();
        assert_eq!(pair.net.shown(pair.client), shown);
        assert_eq!(pair.net.status(pair.server()), Status::Done);
    }
}

#[test]
fn a_decision_about_something_else_is_dropped() {
    let mut server = storing();
    let (id, decision) = (StoreId(1), &Decision::accepted(1));
    assert_eq!(server.feed(Input::Stored { id, decision }), NONE);
    assert_eq!(server.state(), "Storing");
}

/// Whether it counts is the register's to say: the attempt has all it needs for that.
#[test]
fn the_whole_attempt_is_handed_over() {
    let mut server = up("submit", Server);
    server.wait(SECOND);
    let said = server.bytes("Ana & Luis&01234567&000000");
    assert_eq!(said[0], "<- store 0 01234567 000000 \"Ana & Luis\"");
}

#[test]
fn the_drain_has_a_second() {
    let mut server = storing();
    server.stored(&Decision::Unavailable);
    server.wait(SECOND / 2);
    server.bytes("and more");
    assert_eq!(server.timer().0, SECOND / 2, "more bytes buy no time");
    assert_eq!(server.status(), Status::Done);
}

#[test]
fn the_drain_has_64_kib() {
    let mut server = storing();
    server.stored(&Decision::Unavailable);
    for _ in 0..15 {
        server.bytes([0; 4096]);
    }
    server.bytes([0; 4095]);
    assert!(server.is_running());
    server.bytes([0; 1]);
    assert_eq!(server.status(), Status::Done);
}

#[test]
fn the_drain_ends_with_the_stream() {
    let mut server = storing();
    server.stored(&Decision::Unavailable);
    server.end();
    assert_eq!(server.status(), Status::Done);
}

/// Who has said that there is no more has nothing to drain. Nobody needs to say it twice.
#[test]
fn an_end_of_stream_is_told_once() {
    let mut server = up("submit", Server);
    server.bytes("hola");
    let said = server.end();
    assert_eq!(said[0], "<- send client1 \"ERROR format\"");
    let link = server.peer();
    server.feed(Input::Finished { link });
    assert_eq!(server.status(), Status::Done);
}

#[test]
fn a_stop_lets_a_submission_be_answered_and_ends_the_rest() {
    let mut server = storing();
    assert_eq!(server.feed(Input::Stop), NONE);
    let said = server.stored(&Decision::already(3));
    assert_eq!(said[0], "<- send client1 \"OK already 3\"");
    let mut server = up("submit", Server);
    server.bytes("Ana");
    server.feed(Input::Stop);
    assert_eq!(server.status(), Status::Stopped);
}

/// A peer that resets ends its own connection and nobody else's.
#[test]
fn a_reset_ends_it_in_every_state() {
    for bytes in ["", "Ana", MESSAGE, "Ana&12345678Z&548094"] {
        let mut server = up("submit", Server);
        if !bytes.is_empty() {
            server.bytes(bytes);
        }
        server.fault(Doing::Receiving, FaultKind::Reset);
        assert_eq!(server.status(), Status::Done);
    }
}
