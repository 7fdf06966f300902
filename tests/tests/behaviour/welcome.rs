//! `welcome`: a banner, and waits that have limits.

use std::time::Duration;

use socklab_core::lab::Settings;
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::welcome::BANNER;
use socklab_core::{Doing, Failure, FaultKind, Input, Status};
use socklab_tests::{Bench, SERVER};

use super::{SECOND, ready, up};

#[test]
fn the_banner_has_22_bytes() {
    assert_eq!(BANNER, b"Bienvenido al Servidor");
    assert_eq!(BANNER.len(), 22);
    let mut server = Bench::new("welcome", Server, &Settings::default());
    server.feed(Input::Start);
    let (link, local) = (server.peer(), SERVER);
    let said = server.feed(Input::Opened {
        link,
        local,
        exceeded: None,
    });
    let send = "<- send client1 \"Bienvenido al Servidor\"";
    assert_eq!(said[..2], ["<- notice connection client1", send]);
    assert_eq!(server.status(), Status::Done);
}

#[test]
fn each_wait_has_its_limit_and_its_failure() {
    let mut client = Bench::new("welcome", Client, &Settings::default());
    client.feed(Input::Start);
    assert_eq!(client.timer().0, 5 * SECOND);
    let failure = Failure::ConnectTimedOut(SERVER, 5 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));

    let mut client = up("welcome", Client);
    assert_eq!(client.timer().0, 5 * SECOND);
    let failure = Failure::NoReply(SERVER, 5 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));

    let mut client = up("welcome", Client);
    client.end();
    let failure = Failure::ClosedEarly(SERVER);
    assert_eq!(client.status(), Status::Failed(failure));
}

/// Programs that forget to close are common in this lab.
#[test]
fn a_server_that_falls_silent_has_said_all() {
    let mut client = up("welcome", Client);
    client.bytes("Bien");
    client.wait(SECOND - Duration::from_nanos(1));
    client.bytes("venido");
    let (after, said) = client.timer();
    assert_eq!(after, SECOND);
    assert_eq!(said[0], "<- show \"Bienvenido\"");
    assert_eq!(client.status(), Status::Done);
}

#[test]
fn what_came_before_a_reset_is_shown() {
    let mut client = up("welcome", Client);
    client.bytes("Bien");
    let said = client.fault(Doing::Receiving, FaultKind::Reset);
    assert_eq!(said[0], "<- show \"Bien\"");
    let failure = Failure::Reset(SERVER);
    assert_eq!(client.status(), Status::Failed(failure));
}

#[test]
fn faults_while_connecting() {
    for exercise in ["welcome", "submit"] {
        let waited = match exercise {
            "welcome" => 5 * SECOND,
            _ => 20 * SECOND,
        };
        for (kind, failure) in [
            (FaultKind::Refused, Failure::Refused(SERVER)),
            (FaultKind::Unreachable, Failure::Unreachable(SERVER)),
            (
                FaultKind::TimedOut,
                Failure::ConnectTimedOut(SERVER, waited),
            ),
        ] {
            let settings = ready();
            let mut client = Bench::new(exercise, Client, &settings);
            client.feed(Input::Start);
            client.fault(Doing::Opening, kind);
            assert_eq!(client.status(), Status::Failed(failure));
        }
    }
}
