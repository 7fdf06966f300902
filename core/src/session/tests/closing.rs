//! The end of a stream: finished, closed within the close time-out, or given up.

use super::streams::{SPEECH, talker};
use super::*;
use crate::input::ExceededLimit;
use crate::machine::{CLOSE_TIMEOUT, REFUSAL_TIMEOUT};

/// Says the [`SPEECH`], and leaves.
fn leaver(input: &Input<'_>, standing: &mut Standing, out: &mut Outbox) {
    if let Input::Bytes { link, .. } = input {
        out.send(*link, SPEECH);
        standing.status = Status::Done;
    }
}

/// Says the [`SPEECH`], and closes its side.
fn finisher(input: &Input<'_>, _: &mut Standing, out: &mut Outbox) {
    if let Input::Bytes { link, .. } = input {
        out.send(*link, SPEECH);
        out.finish(*link);
    }
}

#[test]
fn the_end_is_finished_only_after_all_is_sent() {
    let mut rig = Rig::accepted(finisher);
    rig.answers.extend([Ok(1), Ok(1)]);
    rig.bytes(b"?");
    for _ in 0..2 {
        assert!(rig.run().unwrap().writable);
        assert_eq!(rig.last_heard(), "bytes ?");
        rig.turn().writable();
    }
    assert!(!rig.run().unwrap().writable);
    assert_eq!(rig.last_heard(), "finished");
    assert_eq!(rig.done.last().unwrap(), "finish");
}

#[test]
fn a_finish_that_fails_is_a_fault() {
    let mut rig = Rig::accepted(finisher);
    rig.bytes(b"?");
    let now = rig.now;
    let mut turn = rig.session.turn(&mut rig.out);
    assert!(matches!(turn.next(now, |_| ()), Next::Send { .. }));
    turn.sent(SPEECH.len());
    let Next::Finish(link) = turn.next(now, |_| ()) else {
        panic!("no finish");
    };
    turn.finished(now, link, Err(fault(FaultKind::Reset)));
    assert_eq!(rig.run(), Ok(Wait::default()));
    assert_eq!(rig.last_heard(), "s0 sending reset");
}

/// With completions a send is over when it has completed.
#[test]
fn the_end_is_finished_only_after_all_has_landed() {
    let mut rig = Rig::accepted(finisher);
    rig.submits = true;
    rig.bytes(b"?");
    rig.bytes(b"?");
    assert!(!rig.run().unwrap().writable);
    let now = rig.now;
    assert_eq!(rig.news().len(), 2, "two sends, for a finish is between");
    rig.turn().completed(now, 1, Ok(()));
    rig.run().unwrap();
    assert_eq!(rig.last_heard(), "bytes ?");
    rig.turn().completed(now, 1, Ok(()));
    rig.run().unwrap();
    assert_eq!(rig.last_heard(), "finished");
    assert_eq!(rig.news(), ["finish"]);
}

#[test]
fn sends_that_fail_to_land_are_one_fault() {
    let mut rig = Rig::accepted(finisher);
    rig.submits = true;
    rig.bytes(b"?");
    rig.bytes(b"?");
    rig.run().unwrap();
    let now = rig.now;
    for _ in 0..2 {
        rig.turn().completed(now, 1, Err(fault(FaultKind::Reset)));
        assert_eq!(rig.run(), Ok(Wait::default()));
    }
    assert_eq!(rig.heard()[4..], ["s0 sending reset"]);
    assert_eq!(rig.news().len(), 2, "no finish");
}

/// The last bytes of a machine that has ended have a while to leave; then the connection is given
/// up.
#[test]
fn the_close_limit() {
    for in_time in [true, false] {
        let mut rig = Rig::accepted(leaver);
        rig.answers.push_back(Ok(1));
        rig.bytes(b"?");
        let until = Some(rig.now.mono.plus(CLOSE_TIMEOUT));
        let closing = Wait {
            writable: true,
            until,
            ..Wait::default()
        };
        assert_eq!(rig.run(), Ok(closing));
        rig.wait(CLOSE_TIMEOUT - Duration::from_nanos(1));
        rig.answers.push_back(Ok(1));
        rig.turn().writable();
        assert_eq!(rig.run(), Ok(closing), "sending more does not prolong it");
        if in_time {
            rig.turn().writable();
            assert_eq!(rig.run(), Err(Status::Done));
            assert_eq!(rig.sent, SPEECH);
            assert_eq!(rig.done.len(), 3);
        } else {
            rig.wait(Duration::from_nanos(1));
            assert_eq!(rig.run(), Err(Status::Done));
            assert_eq!(rig.sent, SPEECH[..2]);
            assert_eq!(rig.done[2..], ["abort"]);
        }
    }
}

#[test]
fn the_close_limit_with_completions() {
    for in_time in [true, false] {
        let mut rig = Rig::accepted(leaver);
        rig.submits = true;
        rig.bytes(b"?");
        let closing = Wait {
            until: Some(rig.now.mono.plus(CLOSE_TIMEOUT)),
            ..Wait::default()
        };
        assert_eq!(rig.run(), Ok(closing), "its send has not completed");
        let now = rig.now;
        if in_time {
            rig.turn().completed(now, 1, Ok(()));
            assert_eq!(rig.run(), Err(Status::Done));
            assert_eq!(rig.done.len(), 1);
        } else {
            rig.wait(CLOSE_TIMEOUT);
            assert_eq!(rig.run(), Err(Status::Done));
            assert_eq!(rig.done[1..], ["abort"]);
            // What completes later is of no interest.
            rig.turn().completed(now, 1, Err(fault(FaultKind::Reset)));
            assert_eq!(rig.run(), Err(Status::Done));
        }
    }
}

#[test]
fn a_machine_that_has_ended_and_sent_all_is_over_at_once() {
    let mut rig = Rig::accepted(leaver);
    rig.bytes(b"?");
    assert_eq!(rig.run(), Err(Status::Done));
    assert_eq!(rig.sent, SPEECH);
}

/// A driver that blocks in a send must know for how long it may.
#[test]
fn a_send_may_block_until_the_deadline_or_the_close_limit() {
    let until = |react: fn(&Input<'_>, &mut Standing, &mut Outbox)| {
        let mut rig = Rig::accepted(react);
        rig.bytes(b"?");
        let now = rig.now;
        match rig.turn().next(now, |_| ()) {
            Next::Send { until, .. } => until,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(until(talker), None);
    let hurried = |input: &Input<'_>, standing: &mut Standing, out: &mut Outbox| {
        standing.deadline = Some(Mono::from_nanos(7));
        talker(input, standing, out);
    };
    assert_eq!(until(hurried), Some(Mono::from_nanos(7)));
    assert_eq!(until(leaver), Some(Mono::ZERO.plus(CLOSE_TIMEOUT)));
}

#[test]
fn an_abort_loses_what_is_unsent() {
    let quitter = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| match input {
        Input::Bytes { link, bytes: b"?" } => out.send(*link, SPEECH),
        Input::Bytes { link, .. } => {
            out.send(*link, b"not this");
            out.finish(*link);
            out.abort(*link);
            out.send(*link, b"nor this");
            out.finish(*link);
        }
        _ => {}
    };
    let mut rig = Rig::accepted(quitter);
    rig.answers.push_back(Ok(2));
    rig.bytes(b"?");
    assert!(rig.run().unwrap().writable);
    rig.bytes(b"!");
    assert_eq!(rig.run(), Ok(Wait::default()));
    rig.turn().writable();
    assert_eq!(rig.run(), Ok(Wait::default()));
    assert_eq!(rig.sent, SPEECH[..2]);
    assert_eq!(rig.done[1..], ["abort"]);
}

/// The driver closes the socket, and no completion of it comes any more.
#[test]
fn an_abort_waits_for_nothing_in_flight() {
    let mut rig = Rig::accepted(|input, standing, out| {
        if let Input::Bytes { link, .. } = input {
            out.send(*link, b"half an answer");
            out.abort(*link);
            standing.status = Status::Done;
        }
    });
    rig.submits = true;
    rig.bytes(b"?");
    assert_eq!(rig.run(), Err(Status::Done));
    assert_eq!(rig.done.last().map(String::as_str), Some("abort"));
}

/// Says a word to a peer that is one too many, and then waits for it.
fn doorkeeper(input: &Input<'_>, standing: &mut Standing, out: &mut Outbox) {
    match input {
        Input::Opened { link, .. } => out.send(*link, b"busy"),
        Input::Stop => standing.status = Status::Stopped,
        _ => {}
    }
}

/// A connection over a limit is stopped after its time-out, whatever its machine waits for.
#[test]
fn a_refusal_has_its_limit() {
    for exceeded in [None, Some(ExceededLimit::Total)] {
        let (link, local) = (peer(1), address(9));
        let begin = Begin::Accepted {
            link,
            local,
            exceeded,
        };
        let mut rig = Rig::new(Puppet::new(doorkeeper), (), begin);
        let until = exceeded.map(|_| rig.now.mono.plus(REFUSAL_TIMEOUT));
        assert_eq!(rig.run().map(|wait| wait.until), Ok(until));
        rig.wait(REFUSAL_TIMEOUT);
        let ended = exceeded.map_or(Ok(None), |_| Err(Status::Stopped));
        assert_eq!(rig.run().map(|wait| wait.until), ended);
    }
}

/// One that has to make room ends, however its machine takes it and wherever it is: with bytes that
/// wait for room, with a dead stream, or after its machine has ended.
#[test]
fn who_has_to_make_room_ends() {
    let evicted = Fault {
        kind: FaultKind::Evicted,
        code: 0,
    };
    let ends = Err(Status::Failed(Failure::Io(Doing::Receiving, evicted)));
    let talks = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Opened { link, .. } | Input::Bytes { link, .. } = input {
            out.send(*link, b"more");
        }
    };
    for stuck in [false, true] {
        let mut rig = Rig::accepted(talks);
        rig.answers.extend(stuck.then_some(Ok(1)));
        assert!(rig.run().is_ok());
        let now = rig.now;
        rig.turn().evict(now);
        let sent = rig.sent.len();
        assert_eq!(rig.run(), ends);
        assert_eq!(rig.last_heard(), "s0 receiving evicted");
        assert_eq!(rig.sent.len(), sent, "nothing is sent any more");
    }
    let mut dead = Rig::accepted(talks);
    dead.fault(Doing::Receiving, FaultKind::Reset);
    assert!(dead.run().is_ok());
    let now = dead.now;
    dead.turn().evict(now);
    assert_eq!(dead.run(), ends);
    assert_eq!(dead.last_heard(), "s0 receiving reset", "it is told of one");
    let mut ended = Rig::accepted(leaver);
    ended.answers.push_back(Ok(1));
    ended.bytes(b"?");
    let _ = ended.run();
    let now = ended.now;
    ended.turn().evict(now);
    assert_eq!(ended.run(), ends);
}
