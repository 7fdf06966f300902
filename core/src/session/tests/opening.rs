//! Opening: every address in turn, and which socket is meant.

use super::*;

const SECOND: Duration = Duration::from_secs(1);

/// Opens a stream to so many addresses, and gives up after six seconds if it may.
fn opener(
    addresses: u16,
    limit: Option<Duration>,
) -> impl FnMut(&Input<'_>, &mut Standing, &mut Outbox) + Send {
    move |input, standing, out| match input {
        Input::Start => {
            let all: Vec<SocketAddr> = (1..=addresses).map(address).collect();
            standing.deadline = limit.map(|limit| Mono::ZERO.plus(limit));
            out.open(Socket(0), Transport::Stream, &all);
        }
        Input::Opened { .. } => standing.deadline = None,
        Input::Timer | Input::Stop => {
            standing.deadline = None;
            standing.status = Status::Stopped;
        }
        _ => {}
    }
}

const LIMIT: Option<Duration> = Some(Duration::from_secs(6));

/// Until when the session waits.
fn until<M: Machine>(rig: &mut Rig<M, ()>) -> Option<Duration> {
    let until = rig.run().unwrap().until?;
    Some(Duration::from_nanos(until.as_nanos()))
}

/// Each address has an equal share of the time that is left when it is tried.
#[test]
fn every_address_has_an_equal_share_of_the_time_left() {
    let mut rig = Rig::client(opener(3, LIMIT));
    assert_eq!(until(&mut rig), Some(2 * SECOND));
    assert_eq!(rig.news(), ["open s0 tcp 1 Some(2s)"]);
    // The first is refused at once: the other two share what is left.
    rig.wait(SECOND);
    rig.fault(Doing::Opening, FaultKind::Refused);
    assert_eq!(until(&mut rig), Some(Duration::from_millis(3500)));
    assert_eq!(rig.news(), ["1 failed", "open s0 tcp 2 Some(2.5s)"]);
    // The second does not answer. The last has what the machine allows.
    rig.wait(2 * SECOND);
    assert_eq!(until(&mut rig), Some(Duration::from_millis(3500)));
    rig.wait(SECOND / 2);
    assert_eq!(until(&mut rig), Some(6 * SECOND));
    assert_eq!(rig.news(), ["2 failed", "open s0 tcp 3 Some(2.5s)"]);
    assert_eq!(rig.heard(), ["start"], "so far there is no fault");
    let now = rig.now;
    rig.turn().opened(now, address(9));
    let expected = Wait {
        readable: true,
        ..Wait::default()
    };
    assert_eq!(rig.run(), Ok(expected));
    assert_eq!(rig.last_heard(), "opened 3");
    // It is the link by which bytes come.
    rig.bytes(b"hola");
    assert_eq!(rig.last_heard(), "bytes hola");
}

#[test]
fn the_machine_hears_of_the_last_fault() {
    let mut rig = Rig::client(opener(2, LIMIT));
    rig.run().unwrap();
    rig.fault(Doing::Opening, FaultKind::Unreachable);
    rig.run().unwrap();
    assert_eq!(rig.heard(), ["start"]);
    rig.fault(Doing::Opening, FaultKind::Refused);
    assert_eq!(until(&mut rig), LIMIT);
    assert_eq!(rig.heard(), ["start", "s0 opening refused"]);
    // What the driver hears of it later is no news.
    let now = rig.now;
    rig.turn().opened(now, address(9));
    assert_eq!(rig.heard().len(), 2);
}

#[test]
fn the_machine_s_own_deadline_ends_the_last() {
    let mut rig = Rig::client(opener(2, LIMIT));
    for time in [3 * SECOND, 3 * SECOND] {
        rig.run().unwrap();
        rig.wait(time);
    }
    assert_eq!(rig.run(), Err(Status::Stopped));
    assert_eq!(rig.heard(), ["start", "timer"]);
}

/// Without a deadline the system decides how long an address is tried.
#[test]
fn without_a_deadline_there_are_no_shares() {
    let mut rig = Rig::client(opener(2, None));
    assert_eq!(until(&mut rig), None);
    rig.wait(1000 * SECOND);
    assert_eq!(until(&mut rig), None);
    assert_eq!(rig.news(), ["open s0 tcp 1 None"]);
    rig.fault(Doing::Opening, FaultKind::TimedOut);
    assert_eq!(until(&mut rig), None);
    assert_eq!(rig.news(), ["1 failed", "open s0 tcp 2 None"]);
}

/// The share of an address ends with it: the next one has what the machine then allows.
#[test]
fn a_deadline_may_go_between_two_addresses() {
    let mut rig = Rig::client(|input, standing, out| match input {
        Input::Start => {
            standing.deadline = Some(Mono::ZERO.plus(6 * SECOND));
            out.open(Socket(0), Transport::Stream, &[address(1), address(2)]);
        }
        Input::Stop => standing.deadline = None,
        _ => {}
    });
    assert_eq!(until(&mut rig), Some(3 * SECOND));
    let now = rig.now;
    rig.turn().stop(now);
    rig.fault(Doing::Opening, FaultKind::Refused);
    assert_eq!(until(&mut rig), None);
    assert_eq!(rig.news()[1..], ["1 failed", "open s0 tcp 2 None"]);
}

/// A user who stops a client does not wait for its other addresses.
#[test]
fn nothing_is_opened_for_a_machine_that_has_ended() {
    let mut rig = Rig::client(opener(2, LIMIT));
    rig.run().unwrap();
    rig.news();
    let now = rig.now;
    rig.fault(Doing::Opening, FaultKind::Refused);
    rig.turn().stop(now);
    assert_eq!(rig.run(), Err(Status::Stopped));
    assert_eq!(rig.news(), ["1 failed"]);
    // What the driver hears of it later is no news either.
    rig.turn().opened(now, address(9));
    rig.fault(Doing::Opening, FaultKind::Refused);
    assert_eq!(rig.run(), Err(Status::Stopped));
    assert_eq!(rig.heard(), ["start", "stop"]);
    assert_eq!(rig.news().len(), 0);
}

#[test]
fn another_open_takes_the_place_of_the_first() {
    let hurried = |input: &Input<'_>, standing: &mut Standing, out: &mut Outbox| match input {
        Input::Start => {
            standing.deadline = Some(Mono::ZERO.plus(SECOND));
            out.open(Socket(0), Transport::Stream, &[address(1)]);
        }
        Input::Timer => {
            standing.deadline = None;
            out.open(Socket(0), Transport::Stream, &[address(2)]);
        }
        _ => {}
    };
    let mut rig = Rig::client(hurried);
    rig.run().unwrap();
    rig.wait(SECOND);
    rig.run().unwrap();
    assert_eq!(rig.done, ["open s0 tcp 1 Some(1s)", "open s0 tcp 2 None"]);
    let now = rig.now;
    rig.turn().opened(now, address(9));
    assert_eq!(rig.last_heard(), "opened 2");
    rig.turn().opened(now, address(9));
    assert_eq!(rig.heard().len(), 3, "opened once");
}

#[test]
fn an_abort_gives_up_the_opening() {
    let quitter = |input: &Input<'_>, standing: &mut Standing, out: &mut Outbox| match input {
        Input::Start => out.open(Socket(0), Transport::Stream, &[address(1), address(2)]),
        Input::Stop => {
            out.abort(peer(1));
            standing.interest = Interest::NONE;
        }
        _ => {}
    };
    let mut rig = Rig::client(quitter);
    rig.run().unwrap();
    let now = rig.now;
    rig.turn().stop(now);
    rig.run().unwrap();
    assert_eq!(rig.news()[1..], ["abort"]);
    rig.turn().opened(now, address(9));
    rig.run().unwrap();
    assert_eq!(rig.last_heard(), "stop");
}

/// A machine may have more than one datagram socket: it is told which one is meant.
#[test]
fn a_second_socket() {
    let up = Link::on(Socket(1), address(7));
    let relay = move |input: &Input<'_>, _: &mut Standing, out: &mut Outbox| match input {
        Input::Bound { .. } => out.open(up.socket, Transport::Datagram, &[up.peer]),
        Input::Datagram { link, bytes } if link.socket == Socket(0) => out.send(up, bytes),
        _ => {}
    };
    let mut rig = Rig::bound(relay);
    rig.run().unwrap();
    let now = rig.now;
    rig.fault(Doing::Opening, FaultKind::Unreachable);
    assert_eq!(rig.last_heard(), "s1 opening unreachable");

    let mut rig = Rig::bound(relay);
    rig.run().unwrap();
    rig.turn().opened(now, address(9));
    assert_eq!(rig.last_heard(), "opened 7");
    let refused = Err(CallError::Failed(fault(FaultKind::Refused)));
    // At once, and after it had to wait.
    rig.answers
        .extend([refused, Err(CallError::WouldBlock), refused]);
    for _ in 0..2 {
        rig.datagram(1, b"hola");
        rig.run().unwrap();
        rig.turn().writable();
        assert!(rig.run().unwrap().readable);
        assert_eq!(rig.last_heard(), "s1 sending refused");
    }
    rig.turn()
        .fault_on(now, Socket(1), Doing::Receiving, fault(FaultKind::Refused));
    assert_eq!(rig.last_heard(), "s1 receiving refused");
    rig.fault(Doing::Receiving, FaultKind::Refused);
    assert_eq!(rig.last_heard(), "s0 receiving refused");
}
