//! Streams: bytes in order whatever the system takes, faults, the end.

use alloc::vec;

use super::*;
use crate::lab::Settings;
use crate::machine::Service;
use crate::register::Decision;
use crate::submit;
use crate::transcript::{Header, Recorder, Role, parse};

/// What a [`talker`] says, in two sends.
pub(super) const SPEECH: &[u8] = b"So foul and fair a day I have not seen.";

/// Answers whatever comes with the [`SPEECH`].
pub(super) fn talker(input: &Input<'_>, _: &mut Standing, out: &mut Outbox) {
    if let Input::Bytes { link, .. } = input {
        out.send(*link, &SPEECH[..11]);
        out.send(*link, &SPEECH[11..]);
    }
}

/// Says everything back.
fn parrot(input: &Input<'_>, _: &mut Standing, out: &mut Outbox) {
    if let Input::Bytes { link, bytes } = input {
        out.send(*link, bytes);
    }
}

#[test]
fn sends_in_a_row_leave_together() {
    let mut rig = Rig::accepted(talker);
    rig.bytes(b"a");
    rig.bytes(b"b");
    let wait = rig.run().unwrap();
    let speech = String::from_utf8_lossy(SPEECH);
    assert_eq!(rig.done, [format!("send 1 {speech}{speech}")]);
    assert!(wait.readable && !wait.writable);
}

#[test]
fn partial_sends_of_every_size() {
    for size in 1..=SPEECH.len() {
        let mut rig = Rig::accepted(talker);
        rig.bytes(b"?");
        rig.answers.push_back(Ok(size));
        let mut calls = 1;
        while rig.run().unwrap().writable {
            assert_eq!(rig.sent, SPEECH[..calls * size], "as far as there was room");
            assert!(
                rig.run().unwrap().writable,
                "it does not try before there is"
            );
            calls += 1;
            rig.answers.push_back(Ok(size));
            rig.turn().writable();
        }
        assert_eq!(rig.sent, SPEECH, "{size}");
        assert_eq!(calls, SPEECH.len().div_ceil(size));
    }
}

/// The refusal comes after any number of bytes, and what is said meanwhile goes behind.
#[test]
fn no_room_at_any_point() {
    for taken in 0..SPEECH.len() {
        let mut rig = Rig::accepted(talker);
        rig.bytes(b"?");
        rig.answers.extend([Ok(taken), Err(CallError::WouldBlock)]);
        assert!(rig.run().unwrap().writable);
        rig.turn().writable();
        let wait = rig.run().unwrap();
        assert!(wait.writable && wait.readable, "a little may wait");
        rig.bytes(b"?");
        assert!(rig.run().unwrap().writable);
        assert_eq!(rig.sent, SPEECH[..taken]);
        rig.turn().writable();
        assert!(!rig.run().unwrap().writable);
        assert_eq!(rig.sent, [SPEECH, SPEECH].concat());
    }
}

/// A driver whose wait for room is the send itself sends what waits, and then asks what is next.
#[test]
fn what_waits_may_be_sent_while_waiting() {
    for size in 1..SPEECH.len() {
        let mut rig = Rig::accepted(talker);
        rig.bytes(b"?");
        rig.answers.push_back(Err(CallError::WouldBlock));
        let (now, mut taken) = (rig.now, 0);
        while rig.run().unwrap().writable {
            assert_eq!(rig.session.unsent(), Some((&peer(1), &SPEECH[taken..])));
            let len = size.min(SPEECH.len() - taken);
            rig.turn().retried(now, Ok(len));
            taken += len;
        }
        assert_eq!((taken, rig.session.unsent()), (SPEECH.len(), None));
        assert_eq!(rig.done.len(), 1, "all of it while waiting");
    }
    let mut rig = Rig::accepted(talker);
    rig.bytes(b"?");
    rig.answers.push_back(Err(CallError::WouldBlock));
    rig.run().unwrap();
    let failed = CallError::Failed(fault(FaultKind::Reset));
    let now = rig.now;
    rig.turn().retried(now, Err(failed));
    assert_eq!(rig.run(), Ok(Wait::default()));
    assert_eq!(rig.last_heard(), "s0 sending reset");
}

#[test]
fn an_interrupted_send_is_offered_again() {
    for taken in [0, 7] {
        let mut rig = Rig::accepted(talker);
        rig.bytes(b"?");
        let interrupted = Err(CallError::Interrupted);
        rig.answers.extend(match taken {
            0 => vec![interrupted, interrupted],
            _ => vec![Ok(taken), interrupted, interrupted],
        });
        if rig.run().unwrap().writable {
            rig.turn().writable();
        }
        assert!(
            !rig.run().unwrap().writable,
            "being interrupted is not no room"
        );
        assert_eq!(rig.sent, SPEECH);
        assert_eq!(rig.done[rig.done.len() - 1], rig.done[rig.done.len() - 2]);
    }
}

/// A stream is dead after a fault, however the machine takes it: this one goes on talking.
#[test]
fn a_fault_while_sending() {
    let stubborn = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| match input {
        Input::Bytes { link, .. } => {
            out.send(*link, SPEECH);
            out.finish(*link);
        }
        Input::Fault { .. } => {
            out.send(peer(1), b"more");
            out.finish(peer(1));
        }
        _ => {}
    };
    for taken in 0..SPEECH.len() {
        let mut rig = Rig::accepted(stubborn);
        rig.bytes(b"?");
        let fails = Err(CallError::Failed(fault(FaultKind::Reset)));
        rig.answers.extend([Ok(taken), fails]);
        let wait = rig.run().unwrap();
        assert!(wait.writable);
        rig.turn().writable();
        let expected = Wait::default();
        assert_eq!(rig.run(), Ok(expected), "nothing to receive or send");
        rig.fault(Doing::Receiving, FaultKind::Reset);
        rig.turn().writable();
        assert_eq!(rig.run(), Ok(expected));
        assert_eq!(rig.heard()[2..], ["bytes ?", "s0 sending reset"], "once");
        assert_eq!(rig.sent, SPEECH[..taken]);
        assert_eq!(rig.done.len(), 2, "both are sends: {:?}", rig.done);
    }
}

#[test]
fn a_fault_while_receiving() {
    let mut rig = Rig::accepted(talker);
    rig.bytes(b"?");
    rig.answers.push_back(Ok(3));
    assert!(rig.run().unwrap().writable);
    let failed = CallError::Failed(fault(FaultKind::TimedOut));
    assert!(rig.receives_nothing(failed));
    assert_eq!(rig.run(), Ok(Wait::default()));
    assert_eq!(rig.last_heard(), "s0 receiving timed-out");
}

#[test]
fn what_is_no_news_is_not_told() {
    let mut rig = Rig::accepted(talker);
    assert!(!rig.receives_nothing(CallError::WouldBlock));
    assert!(rig.receives_nothing(CallError::Interrupted));
    assert_eq!(rig.heard(), ["start", "opened 1"]);
}

#[test]
fn an_end_is_told_once_and_answered() {
    let mut rig = Rig::accepted(parrot);
    rig.bytes(b"hola");
    rig.receive(Received::End, b"");
    let wait = rig.run().unwrap();
    assert!(!wait.readable);
    assert_eq!(rig.last_heard(), "end");
    assert_eq!(rig.sent, b"hola");
}

/// A peer that does not read is not read from, as soon as 64 KiB wait for it.
#[test]
fn the_high_water_mark() {
    const MARK: usize = 64 * 1024;
    let mut rig = Rig::accepted(parrot);
    rig.answers.push_back(Err(CallError::WouldBlock));
    rig.bytes(&[b'a'; MARK - 1]);
    assert!(rig.run().unwrap().readable);
    rig.bytes(b"a");
    assert!(!rig.run().unwrap().readable);
    rig.answers.push_back(Ok(1));
    rig.turn().writable();
    let wait = rig.run().unwrap();
    assert!(wait.readable && wait.writable);
}

/// A submission server that is given the pieces one by one, to which the system takes `size` bytes
/// at a time: its canonical transcript, and what it sent.
fn submission(pieces: &[&[u8]], size: usize) -> (String, Vec<u8>) {
    let settings = Settings::default();
    let service = submit::Server::new(settings.wording, settings.limits);
    let header = Header {
        exercise: "submit".into(),
        role: Role::Server,
        runtime: "test".into(),
        epoch: Duration::ZERO,
        masked: false,
    };
    let recorder = Recorder::new(&header, String::new());
    let (link, local, exceeded) = (peer(1), address(9), None);
    let begin = Begin::Accepted {
        link,
        local,
        exceeded,
    };
    let mut rig = Rig::new(service.accept(link), recorder, begin);
    let (mut pieces, mut stored) = (pieces.iter(), false);
    loop {
        rig.answers.clear();
        rig.answers.push_back(Ok(size));
        let Ok(wait) = rig.run() else { break };
        rig.wait(Duration::from_micros(1));
        let now = rig.now;
        if wait.readable {
            match pieces.next() {
                Some(piece) => rig.bytes(piece),
                None => rig.receive(Received::End, b""),
            }
        } else if wait.writable {
            rig.turn().writable();
        } else {
            assert!(!stored, "it waits for nothing: {:?}", rig.done);
            assert_eq!(rig.done.last().unwrap(), "store 0");
            stored = true;
            let id = crate::register::StoreId(0);
            rig.turn().stored(now, id, &Decision::accepted(7));
        }
    }
    let text = rig.session.into_observer().into_inner();
    (parse(&text).unwrap()[0].canonical(), rig.sent)
}

#[test]
fn every_split_and_merge_is_the_same() {
    for (message, answer) in [
        (&b"Ana&123456&548094"[..], &b"OK accepted 7"[..]),
        (b"Ana&12345678Z&548094", b"ERROR dni-letter"),
        (b"nothing of the kind", b"ERROR format"),
    ] {
        let whole = submission(&[message], usize::MAX);
        assert_eq!(whole.1, answer);
        for size in 1..=answer.len() {
            let bytes: Vec<&[u8]> = message.chunks(1).collect();
            assert_eq!(submission(&bytes, size), whole);
            for at in 1..message.len() {
                let (first, rest) = message.split_at(at);
                assert_eq!(submission(&[first, rest], size), whole, "{at} {size}");
            }
        }
    }
}

/// What a machine says at once may be very much, in very many pieces; on a dead stream it is
/// dropped. Were each looked at again for each before it, this would take minutes.
#[test]
fn much_that_is_said_on_a_dead_stream_is_dropped_at_once() {
    const PIECES: usize = 200_000;
    let chatter = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Bytes { link, .. } = input {
            for _ in 0..PIECES {
                out.send(*link, b"a");
            }
        }
    };
    let mut rig = Rig::accepted(chatter);
    let reset = fault(FaultKind::Reset);
    rig.answers.push_back(Err(CallError::Failed(reset)));
    rig.bytes(b"?");
    assert_eq!(rig.run(), Ok(Wait::default()));
    assert_eq!(rig.last_heard(), "s0 sending reset");
    assert!(rig.sent.is_empty());
}
