//! Datagrams: batches, those that wait for room, faults that are events.

use alloc::vec;

use super::*;
use crate::register::StoreId;

/// Says every datagram back.
fn parrot(input: &Input<'_>, _: &mut Standing, out: &mut Outbox) {
    if let Input::Datagram { link, bytes } = input {
        out.send(*link, bytes);
    }
}

/// Sends all of these at the first datagram.
fn sender(
    all: &[(u16, &'static str)],
) -> impl FnMut(&Input<'_>, &mut Standing, &mut Outbox) + Send {
    let all = all.to_vec();
    move |input, _, out| {
        if let Input::Datagram { .. } = input {
            for (port, text) in &all {
                out.send(peer(*port), text.as_bytes());
            }
        }
    }
}

fn batches(all: &[(u16, &'static str)], max_batch: usize) -> Vec<String> {
    let mut rig = Rig::bound(sender(all));
    rig.max_batch = max_batch;
    rig.datagram(1, b"?");
    let wait = rig.run().unwrap();
    assert!(wait.readable && !wait.writable);
    rig.done
}

#[test]
fn equal_datagrams_to_one_peer_leave_together() {
    for (all, sends) in [
        (
            &[(1, "aa"), (1, "bb"), (1, "cc")][..],
            &["send 1 aa|bb|cc"][..],
        ),
        // The last may be shorter, and ends the batch.
        (
            &[(1, "aa"), (1, "b"), (1, "c")],
            &["send 1 aa|b", "send 1 c"],
        ),
        (
            &[(1, "a"), (1, "bb"), (1, "cc")],
            &["send 1 a", "send 1 bb|cc"],
        ),
        // Another peer is another batch.
        (
            &[(1, "aa"), (2, "bb"), (1, "cc")],
            &["send 1 aa", "send 2 bb", "send 1 cc"],
        ),
        // An empty datagram would be no segment.
        (
            &[(1, "aa"), (1, ""), (1, "cc")],
            &["send 1 aa", "send 1 ", "send 1 cc"],
        ),
        (&[(1, ""), (1, "")], &["send 1 ", "send 1 "]),
        // As many as the system takes.
        (
            &[(1, "a"), (1, "b"), (1, "c"), (1, "d"), (1, "e")],
            &["send 1 a|b|c|d", "send 1 e"],
        ),
    ] {
        assert_eq!(batches(all, 4), sends);
    }
    assert_eq!(batches(&[(1, "a"), (1, "b")], 1), ["send 1 a", "send 1 b"]);
}

/// One host may be asked at several addresses, and each reply leaves from the one that was asked.
#[test]
fn another_local_address_is_another_batch() {
    let mut rig = Rig::bound(parrot);
    rig.max_batch = 8;
    for last in [1, 1, 2] {
        let local = Some([127, 0, 0, last].into());
        let link = Link { local, ..peer(1) };
        rig.receive(Received::Datagram(link, 1, None), b"a");
    }
    rig.run().unwrap();
    assert_eq!(rig.done, ["send 1 a|a", "send 1 a"]);
}

/// What is for the user comes first, and so it cuts no batch.
#[test]
fn the_user_is_told_before_anything_is_sent() {
    let shows = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, bytes } = input {
            out.send(*link, bytes);
            out.show(bytes);
        }
    };
    let mut rig = Rig::bound(shows);
    rig.max_batch = 8;
    for text in [b"a", b"b", b"c"] {
        rig.datagram(1, text);
    }
    rig.run().unwrap();
    assert_eq!(rig.done, ["show a", "show b", "show c", "send 1 a|b|c"]);
}

/// What no console shows is left out, and nothing else.
#[test]
fn what_nobody_sees_is_not_shown() {
    let shows = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, bytes } = input {
            out.show(bytes);
            out.send(*link, bytes);
            out.prompt(Prompt::Echo);
        }
    };
    let mut rig = Rig::bound(shows);
    rig.out = Outbox::new().without_shows();
    rig.max_batch = 8;
    for text in [b"a", b"b"] {
        rig.datagram(1, text);
    }
    rig.run().unwrap();
    let told = rig.done.iter().filter(|one| one.contains("Echo")).count();
    assert_eq!((told, rig.done.len()), (2, 3), "{:?}", rig.done);
    assert_eq!(rig.done[2], "send 1 a|b");
}

#[test]
fn what_is_not_for_the_user_is_done_in_order() {
    let stores = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, bytes } = input {
            out.send(*link, bytes);
            out.store(StoreId(7), attempt());
            out.send(*link, bytes);
        }
    };
    let mut rig = Rig::bound(stores);
    rig.max_batch = 8;
    rig.datagram(1, b"a");
    rig.run().unwrap();
    assert_eq!(rig.done, ["send 1 a", "store 7", "send 1 a"]);
}

/// A fault on a datagram socket is an event: the machine is told, and what else was to be sent is.
#[test]
fn a_fault_drops_only_the_first_of_a_batch() {
    let mut rig = Rig::bound(sender(&[(1, "a"), (1, "b"), (1, "c")]));
    rig.max_batch = 8;
    rig.answers
        .push_back(Err(CallError::Failed(fault(FaultKind::Refused))));
    rig.datagram(1, b"?");
    assert!(rig.run().unwrap().readable);
    assert_eq!(rig.done, ["send 1 a|b|c", "send 1 b|c"]);
    assert_eq!(rig.last_heard(), "s0 sending refused");
    rig.datagram(1, b"?");
    assert_eq!(rig.last_heard(), "1: ?");
}

/// What leaves together has no more bytes than a datagram may have.
#[test]
fn a_batch_is_no_longer_than_a_datagram() {
    const LONG: &str = match str::from_utf8(&[b'x'; 30_000]) {
        Ok(text) => text,
        Err(_) => "",
    };
    let sends = batches(&[(1, LONG), (1, LONG), (1, LONG)], 64);
    let lengths: Vec<usize> = sends.iter().map(String::len).collect();
    let (word, bar) = ("send 1 ".len(), "|".len());
    assert_eq!(lengths, [word + 60_000 + bar, word + 30_000]);
}

/// The system may take the first few of a batch; the others leave in the next call.
#[test]
fn a_part_of_a_batch_may_be_sent() {
    let shows = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, bytes } = input {
            out.send(*link, bytes);
            out.show(bytes);
        }
    };
    let mut rig = Rig::bound(shows);
    rig.max_batch = 8;
    for text in [b"aa", b"bb", b"cc", b"dd"] {
        rig.datagram(1, text);
    }
    rig.answers.extend([Ok(2), Ok(4)]);
    rig.run().unwrap();
    let sends: Vec<_> = rig
        .done
        .iter()
        .filter(|one| one.starts_with("send"))
        .collect();
    assert_eq!(
        sends,
        ["send 1 aa|bb|cc|dd", "send 1 bb|cc|dd", "send 1 dd"]
    );
    assert_eq!(rig.sent, b"aabbccdd");
}

/// They are kept one by one, in order, and nothing is received meanwhile.
#[test]
fn datagrams_wait_for_room_in_order() {
    let all = [(1, "aa"), (1, "bb"), (1, "c"), (2, ""), (1, "dd")];
    for max_batch in [1, 8] {
        let sends = batches(&all, max_batch).len();
        for refused in 0..sends {
            let mut rig = Rig::bound(sender(&all));
            rig.max_batch = max_batch;
            rig.datagram(1, b"?");
            rig.datagram(1, b"?");
            let taken = (0..refused).map(|_| Ok(usize::MAX));
            rig.answers
                .extend(taken.chain([Err(CallError::WouldBlock)]));
            let wait = rig.run().unwrap();
            assert!(wait.writable && !wait.readable);
            let tried = rig.news().len();
            assert_eq!(tried, refused + 1, "none overtakes those that wait");
            assert_eq!(rig.run(), Ok(wait), "nothing is tried before there is room");
            assert_eq!(rig.news().len(), 0);
            // Two more, and no room again.
            rig.answers.extend([Ok(2), Err(CallError::WouldBlock)]);
            rig.turn().writable();
            assert_eq!(rig.run().map(|wait| wait.writable), Ok(true));
            rig.turn().writable();
            let wait = rig.run().unwrap();
            assert!(wait.readable && !wait.writable);
            let expected = all.iter().chain(&all).map(|(_, text)| *text);
            assert_eq!(rig.sent, expected.collect::<String>().into_bytes());
        }
    }
}

#[test]
fn what_is_sent_while_others_wait_goes_behind_them() {
    let timer = |input: &Input<'_>, standing: &mut Standing, out: &mut Outbox| match input {
        Input::Datagram { link, .. } => {
            standing.deadline = Some(Mono::from_nanos(1));
            out.send(*link, b"first");
        }
        Input::Timer => {
            standing.deadline = None;
            out.send(peer(2), b"second");
        }
        _ => {}
    };
    let mut rig = Rig::bound(timer);
    rig.datagram(1, b"?");
    rig.answers.push_back(Err(CallError::WouldBlock));
    assert!(rig.run().unwrap().writable);
    rig.wait(Duration::from_nanos(1));
    assert!(rig.run().unwrap().writable);
    rig.turn().writable();
    rig.run().unwrap();
    assert_eq!(rig.done[1..], ["send 1 first", "send 2 second"]);
}

#[test]
fn a_fault_drops_only_the_first_of_those_that_wait() {
    let mut rig = Rig::bound(sender(&[(1, "a"), (2, "b"), (3, "c")]));
    rig.datagram(1, b"?");
    rig.answers.push_back(Err(CallError::WouldBlock));
    assert!(rig.run().unwrap().writable);
    rig.answers.extend([
        Err(CallError::Interrupted),
        Err(CallError::Failed(fault(FaultKind::Unreachable))),
    ]);
    rig.turn().writable();
    assert!(!rig.run().unwrap().writable);
    assert_eq!(
        rig.done[1..],
        ["send 1 a", "send 1 a", "send 2 b", "send 3 c"]
    );
    assert_eq!(rig.sent, b"bc");
    assert_eq!(rig.last_heard(), "s0 sending unreachable");
}

/// Several datagrams at once are a machine's as long as it wants them.
#[test]
fn a_machine_may_want_no_more_in_mid_batch() {
    let counts = |input: &Input<'_>, standing: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, bytes } = input {
            out.send(*link, bytes);
            standing.interest.network = *bytes != b"stop";
            if *bytes == b"end" {
                standing.status = Status::Done;
            }
        }
    };
    for (last, wait) in [("stop", Ok(Wait::default())), ("end", Err(Status::Done))] {
        let mut rig = Rig::bound(counts);
        rig.max_batch = 8;
        let (now, all) = (rig.now, ["a", "b", last, "c"]);
        let batch = all.iter().map(|text| (peer(1), text.as_bytes()));
        assert_eq!(rig.turn().datagrams(now, batch), 3);
        assert_eq!(rig.run(), wait);
        assert_eq!(rig.sent, format!("ab{last}").into_bytes());
    }
    let mut rig = Rig::bound(parrot);
    rig.datagram(1, b"?");
    rig.answers.push_back(Err(CallError::WouldBlock));
    rig.run().unwrap();
    let now = rig.now;
    let taken = rig.turn().datagrams(now, [(peer(1), &b"a"[..])]);
    assert_eq!(taken, 0, "there is no room for an answer");
}

/// The same in one buffer: the driver keeps what the machine did not take.
#[test]
fn a_machine_takes_as_much_of_a_batch_as_it_wants() {
    for (text, segment, took) in [
        ("onetwo!", 3, 7),
        ("one.stopend.", 4, 8),
        ("one.stopend", 4, 8),
        ("one.stop", 4, 8),
        ("stop", 4, 4),
    ] {
        let mut rig = Rig::bound(
            |input: &Input<'_>, standing: &mut Standing, _: &mut Outbox| {
                if let Input::Datagram { bytes, .. } = input {
                    standing.interest.network = *bytes != b"stop";
                }
            },
        );
        let received = Received::Batch {
            link: peer(1),
            len: text.len(),
            segment,
            arrival: None,
        };
        let now = rig.now;
        let rest = rig.turn().received(now, &received, text.as_bytes());
        assert_eq!(rest, text.len() - took);
        let heard = text.as_bytes()[..took].chunks(segment).count();
        assert_eq!(rig.heard()[2..].len(), heard, "{text}");
    }
}

/// Faults of the socket itself end the conversation when nothing else comes any more. Those that
/// peers can cause do not.
#[test]
fn a_hundred_faults_in_a_row_are_the_end() {
    for (kind, counts) in [
        (FaultKind::Other, true),
        (FaultKind::Exhausted, true),
        (FaultKind::Refused, false),
        (FaultKind::TooLong, false),
    ] {
        let mut rig = Rig::bound(parrot);
        let failed = CallError::Failed(fault(kind));
        for _ in 0..2 {
            for _ in 0..100 {
                rig.receives_nothing(failed);
                assert!(rig.run().is_ok());
            }
            // A datagram by itself, then in a batch.
            let now = rig.now;
            match rig.sent.len() {
                0 => rig.datagram(1, b"a"),
                _ => drop(rig.turn().datagrams(now, [(peer(1), &b"a"[..])])),
            }
            assert!(rig.run().is_ok());
        }
        for _ in 0..100 {
            rig.receives_nothing(failed);
        }
        assert!(rig.run().is_ok());
        rig.receives_nothing(failed);
        let broken = Status::Failed(Failure::Io(Doing::Receiving, fault(kind)));
        match counts {
            true => assert_eq!(rig.run(), Err(broken)),
            false => assert!(rig.run().is_ok()),
        }
    }
}

/// A machine that has ended has two seconds to get rid of what waits.
#[test]
fn datagrams_of_a_machine_that_has_ended() {
    let leaver = |input: &Input<'_>, standing: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, .. } = input {
            out.send(*link, b"bye");
            standing.status = Status::Done;
        }
    };
    for in_time in [true, false] {
        let mut rig = Rig::bound(leaver);
        rig.answers.push_back(Err(CallError::WouldBlock));
        rig.datagram(1, b"?");
        let until = Some(rig.now.mono.plus(crate::CLOSE_TIMEOUT));
        assert_eq!(rig.run().map(|wait| wait.until), Ok(until));
        match in_time {
            true => rig.turn().writable(),
            false => rig.wait(crate::CLOSE_TIMEOUT),
        }
        assert_eq!(rig.run(), Err(Status::Done));
        let expected = vec![if in_time { "send 1 bye" } else { "abort" }];
        assert_eq!(rig.done[1..], expected);
    }
}

#[test]
fn an_abort_leaves_a_datagram_socket_as_it_is() {
    let aborts = |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| {
        if let Input::Datagram { link, .. } = input {
            out.abort(*link);
            out.send(*link, b"here");
        }
    };
    let mut rig = Rig::bound(aborts);
    rig.datagram(1, b"?");
    assert!(rig.run().unwrap().readable);
    assert_eq!(rig.done, ["abort", "send 1 here"]);
}

#[test]
fn a_socket_that_cannot_be_watched_fails_instead_of_being_deaf() {
    let mut rig = Rig::bound(parrot);
    rig.run().unwrap();
    let (now, fault) = (rig.now, fault(FaultKind::Exhausted));
    rig.turn().unwatchable(now, fault);
    let failure = Failure::Io(Doing::Opening, fault);
    assert_eq!(rig.run(), Err(Status::Failed(failure)));

    let mut rig = Rig::accepted(parrot);
    rig.run().unwrap();
    let now = rig.now;
    rig.turn().unwatchable(now, fault);
    assert_eq!(rig.last_heard(), "s0 opening exhausted");
}
