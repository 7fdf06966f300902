//! What a session waits for: lines, the register, its timer, a stop.

use super::*;
use crate::register::{Decision, StoreId};

/// Does nothing.
fn idler(_: &Input<'_>, _: &mut Standing, _: &mut Outbox) {}

/// Wants a line after a datagram, and the network after a line.
fn chatterer(input: &Input<'_>, standing: &mut Standing, _: &mut Outbox) {
    match input {
        Input::Datagram { .. } => standing.interest = Interest::LINE,
        Input::Line(_) | Input::InputEnd => standing.interest = Interest::NETWORK,
        _ => {}
    }
}

#[test]
fn a_line_is_kept_until_it_is_wanted() {
    for (line, heard) in [
        (LineEvent::Line(b"hola".to_vec()), "line hola"),
        (LineEvent::End, "no more lines"),
    ] {
        let mut rig = Rig::bound(chatterer);
        let now = rig.now;
        rig.turn().typed(now, line);
        let wait = rig.run().unwrap();
        assert!(wait.readable && !wait.line);
        assert_eq!(rig.last_heard(), "bound");
        rig.datagram(1, b"?");
        assert!(!rig.run().unwrap().line, "it has had its line");
        assert_eq!(rig.last_heard(), heard);
        rig.datagram(1, b"?");
        let wait = rig.run().unwrap();
        assert!(wait.line && !wait.readable, "it was given once");
        rig.turn().typed(now, LineEvent::Line(b"otra".to_vec()));
        assert_eq!(
            rig.last_heard(),
            "line otra",
            "a line that is wanted is given at once"
        );
    }
}

#[test]
fn a_line_for_a_machine_that_has_ended_is_dropped() {
    let mut rig = Rig::bound(|input, standing, _| {
        standing.interest = Interest::LINE;
        if let Input::Stop = input {
            standing.status = Status::Stopped;
        }
    });
    let now = rig.now;
    rig.turn().stop(now);
    rig.turn().typed(now, LineEvent::End);
    assert_eq!(rig.run(), Err(Status::Stopped));
}

#[test]
fn a_stop_comes_once() {
    let mut rig = Rig::bound(idler);
    let now = rig.now;
    rig.turn().stop(now);
    rig.turn().stop(now);
    assert!(rig.run().unwrap().readable, "this machine goes on after it");
    rig.turn().stop(now);
    assert_eq!(rig.heard(), ["start", "bound", "stop"]);
}

#[test]
fn a_machine_that_has_ended_is_given_nothing() {
    let mut rig = Rig::bound(|input, standing, _| {
        if let Input::Datagram { .. } = input {
            standing.status = Status::Done;
            standing.deadline = Some(Mono::ZERO);
        }
    });
    rig.datagram(1, b"?");
    let now = rig.now;
    rig.turn().stop(now);
    rig.turn().stored(now, StoreId(0), &Decision::Unavailable);
    rig.fault(Doing::Receiving, FaultKind::Refused);
    assert_eq!(rig.run(), Err(Status::Done));
    assert_eq!(rig.heard(), ["start", "bound", "1: ?"]);
}

#[test]
fn the_timer_fires_when_it_is_due() {
    let at = |seconds| Mono::ZERO.plus(Duration::from_secs(seconds));
    let mut rig = Rig::bound(move |input, standing, _| match input {
        Input::Bound { .. } => standing.deadline = Some(at(1)),
        Input::Timer => {
            standing.deadline = standing.deadline.filter(|was| *was < at(2)).map(|_| at(2));
        }
        _ => {}
    });
    assert_eq!(rig.run().unwrap().until, Some(at(1)));
    rig.wait(Duration::from_secs(1) - Duration::from_nanos(1));
    assert_eq!(rig.run().unwrap().until, Some(at(1)));
    rig.wait(Duration::from_nanos(1));
    assert_eq!(rig.run().unwrap().until, Some(at(2)));
    // Two deadlines have passed by then, and both fire.
    rig.wait(Duration::from_secs(5));
    assert_eq!(rig.run().unwrap().until, None);
    assert_eq!(rig.heard()[2..], ["timer", "timer"]);
}

#[test]
fn what_the_register_decided_is_given() {
    let mut rig = Rig::bound(idler);
    let now = rig.now;
    rig.turn().stored(now, StoreId(3), &Decision::Unavailable);
    assert_eq!(rig.last_heard(), "stored 3");
}

/// A connection over a limit is told so by its machine.
#[test]
fn the_limit_that_is_exceeded_is_given() {
    use crate::input::ExceededLimit;
    let (link, local) = (peer(1), address(9));
    for exceeded in [
        None,
        Some(ExceededLimit::Total),
        Some(ExceededLimit::PerAddress),
    ] {
        let told = move |input: &Input<'_>, standing: &mut Standing, _: &mut Outbox| {
            if let Input::Opened {
                exceeded: Some(exceeded),
                local,
                ..
            } = input
            {
                assert_eq!(*local, address(9));
                standing.status = match exceeded {
                    ExceededLimit::Total => Status::Done,
                    ExceededLimit::PerAddress => Status::Stopped,
                };
            }
        };
        let begin = Begin::Accepted {
            link,
            local,
            exceeded,
        };
        let rig = Rig::new(Puppet::new(told), (), begin);
        assert_eq!(
            rig.session.status(),
            match exceeded {
                None => Status::Running,
                Some(ExceededLimit::Total) => Status::Done,
                Some(ExceededLimit::PerAddress) => Status::Stopped,
            }
        );
    }
}
