//! What is on the lanes.

use std::time::Duration;

use socklab_core::OperationKind;
use socklab_timeline::{Cause, Chart, Class, Event, Exchange, Lane, LaneOwner, Span, SpanKind};

use crate::exchanges::{all, at, datagrams_on_threads, streams_on_a_loop, streams_on_tasks};

fn lane(chart: &Chart, owner: LaneOwner) -> &Lane {
    let mut lanes = chart.lanes.iter();
    lanes.find(|lane| lane.owner == owner).expect("a lane")
}

/// The spans of a lane: what, from when, until when, in microseconds.
fn spans(chart: &Chart, owner: LaneOwner) -> Vec<(SpanKind, u128, u128)> {
    let micros = |time: Duration| time.as_micros();
    let lane = lane(chart, owner);
    let spans = lane.spans.iter();
    spans
        .map(|span| (span.kind, micros(span.start), micros(span.end)))
        .collect()
}

fn slow() -> LaneOwner {
    LaneOwner::Client {
        number: 1,
        slow: true,
    }
}

#[test]
fn a_receive_that_blocked_is_cut_where_the_kernel_had_the_datagram() {
    let chart = datagrams_on_threads().chart();
    assert!(chart.stamped);
    assert_eq!(
        spans(&chart, LaneOwner::Main),
        [
            (SpanKind::Wait, 0, 1_010),
            (SpanKind::Copy, 1_010, 1_050),
            (SpanKind::Code, 1_050, 1_060),
            (SpanKind::Call, 1_060, 1_070),
            (SpanKind::Code, 1_070, 1_080),
            // It was there before: nothing was waited for.
            (SpanKind::Copy, 1_080, 1_090),
            (SpanKind::Code, 1_090, 1_095),
            (SpanKind::Call, 1_095, 1_100),
            (SpanKind::Code, 1_100, 1_110),
            (SpanKind::Call, 1_110, 8_000),
        ]
    );
    let main = lane(&chart, LaneOwner::Main);
    let (first, last) = (&main.spans[0], main.spans.last().unwrap());
    assert!(first.before && !first.after && last.after && !last.before);
    assert!(main.spans.iter().all(|span| span.client != Some(3)));
    let of: Vec<Option<u32>> = main.spans.iter().map(|span| span.client).collect();
    assert_eq!(of[0..2], [Some(1), Some(1)]);
    assert_eq!((of[3], of[5], of[7]), (Some(1), Some(2), Some(2)));
}

#[test]
fn without_a_stamp_a_receive_that_blocked_stays_whole() {
    let mut exchange = datagrams_on_threads();
    for record in &mut exchange.records {
        for (_, event) in &mut record.events {
            if let Event::Operation(operation) = event {
                operation.arrival = None;
            }
        }
    }
    let chart = exchange.chart();
    assert!(!chart.stamped);
    assert_eq!(
        spans(&chart, LaneOwner::Main)[..2],
        [(SpanKind::Call, 0, 1_050), (SpanKind::Code, 1_050, 1_060)]
    );
    let held = spans(&chart, LaneOwner::Kernel);
    let buffered = |to_server| SpanKind::Buffered {
        to_server,
        stamped: false,
    };
    // From the return of each sender's call.
    assert_eq!(
        held,
        [
            (buffered(true), 1_015, 1_050),
            (buffered(false), 1_070, 5_015),
            (buffered(true), 1_079, 1_090),
            (buffered(false), 1_100, 1_130),
        ]
    );
}

#[test]
fn the_kernel_holds_what_nobody_has_taken() {
    let chart = datagrams_on_threads().chart();
    let buffered = |to_server| SpanKind::Buffered {
        to_server,
        stamped: true,
    };
    assert_eq!(
        spans(&chart, LaneOwner::Kernel),
        [
            (buffered(true), 1_010, 1_050),
            // The answer to the slow client, until it reads.
            (buffered(false), 1_065, 5_015),
            (buffered(true), 1_075, 1_090),
            (buffered(false), 1_098, 1_130),
        ]
    );
    let kernel = lane(&chart, LaneOwner::Kernel);
    assert_eq!(kernel.rows().len(), 2, "two things at once");
    let chart = streams_on_a_loop().chart();
    let buffered = |to_server| SpanKind::Buffered {
        to_server,
        stamped: false,
    };
    assert_eq!(
        spans(&chart, LaneOwner::Kernel),
        [
            (SpanKind::Backlog, 1_042, 1_050),
            // Both pieces are taken by one receive.
            (buffered(true), 1_048, 2_015),
            (buffered(true), 1_990, 2_015),
            // The client had it before the server's call returned: no time was measured.
            (buffered(false), 4_018, 4_018),
        ]
    );
}

#[test]
fn what_is_lost_is_not_made_up() {
    let mut exchange = datagrams_on_threads();
    // The server heard another length than the first that was sent.
    let events = &mut exchange.records[0].events;
    events.drain(..4);
    let chart = exchange.chart();
    let kernel = lane(&chart, LaneOwner::Kernel);
    assert!(kernel.spans.iter().all(|span| span.client != Some(1)));
    assert_eq!(kernel.spans.len(), 2);
}

#[test]
fn a_loop_waits_in_one_poll_and_knows_why_it_woke() {
    let chart = streams_on_a_loop().chart();
    assert!(!chart.stamped);
    let polls: Vec<_> = spans(&chart, LaneOwner::Main)
        .into_iter()
        .filter(|(what, ..)| matches!(what, SpanKind::Poll(_)))
        .collect();
    assert_eq!(
        polls,
        [
            (SpanKind::Poll(Cause::Network), 0, 1_040),
            (SpanKind::Poll(Cause::Network), 1_070, 2_000),
            (SpanKind::Poll(Cause::Decision), 2_030, 4_000),
            (SpanKind::Poll(Cause::Network), 4_040, 8_000),
        ]
    );
    let main = lane(&chart, LaneOwner::Main);
    let figures = |what| {
        let found = main.spans.iter().filter(|span| span.kind == what);
        found.map(Span::figure).collect::<Vec<_>>()
    };
    assert_eq!(figures(SpanKind::Empty), [Some("6.2"), Some("6.2")]);
    // The accept and the receive take what a poll told of; a send is told of by nobody.
    assert_eq!(
        figures(SpanKind::Done),
        [Some("6.3"), Some("6.3"), Some("6.2")]
    );
    let accept = main
        .spans
        .iter()
        .find(|span| span.operation == Some(OperationKind::Accept));
    assert_eq!(accept.and_then(|span| span.client), Some(1));
}

#[test]
fn a_lane_for_each_task_whatever_thread_runs_it() {
    let chart = streams_on_tasks().chart();
    let names: Vec<LaneOwner> = chart.lanes.iter().map(|lane| lane.owner).collect();
    let client = |number| LaneOwner::Client {
        number,
        slow: number == 1,
    };
    let tasks = [LaneOwner::MainTask, LaneOwner::Task(1), LaneOwner::Task(2)];
    assert_eq!(names[..3], [client(1), client(2), LaneOwner::Kernel]);
    assert_eq!(names[3..], tasks);
    for (task, thread) in [(1, 1), (2, 2)] {
        let sends = &lane(&chart, LaneOwner::Task(task)).spans;
        let send = sends
            .iter()
            .find(|span| span.kind == SpanKind::Done)
            .unwrap();
        assert_eq!(
            (send.client, send.thread),
            (Some(thread), Some(thread)),
            "threads are counted as they are seen"
        );
    }
    let suspended = lane(&chart, LaneOwner::MainTask).spans.iter();
    let suspended = suspended.filter(|span| span.class() == Class::Suspended);
    assert!(suspended.clone().all(|span| span.figure() == Some("6.3")));
    assert_eq!(suspended.count(), 3);
    let backlog: Vec<_> = spans(&chart, LaneOwner::Kernel)
        .into_iter()
        .filter(|(what, ..)| *what == SpanKind::Backlog)
        .collect();
    assert_eq!(
        backlog,
        [
            (SpanKind::Backlog, 1_040, 1_055),
            (SpanKind::Backlog, 2_040, 2_050)
        ]
    );
}

#[test]
fn threads_that_number_their_own_connections() {
    // Two loops: each calls its first connection the first.
    let mut exchange = streams_on_tasks();
    exchange.model = "mio-loops".to_owned();
    let [driver, second, first, ..] = &mut exchange.records[..] else {
        unreachable!()
    };
    let accepts = driver.events.split_off(5);
    let mut other = driver.clone();
    other.events = accepts;
    other.thread = 7;
    for (thread, _) in &mut other.events {
        *thread = 7;
    }
    let socklab_timeline::Party::Server(socklab_core::Subject::Connection { number, .. }) =
        &mut second.party
    else {
        unreachable!()
    };
    *number = 1;
    first.thread = 0;
    for (thread, _) in &mut first.events {
        *thread = 0;
    }
    exchange.records.push(other);
    let chart = exchange.chart();
    let kernel = lane(&chart, LaneOwner::Kernel);
    let backlog = kernel.spans.iter();
    let backlog: Vec<_> = backlog
        .filter(|span| span.kind == SpanKind::Backlog)
        .map(|span| (span.client, span.end.as_micros()))
        .collect();
    assert_eq!(backlog, [(Some(1), 1_055), (Some(2), 2_050)]);
    let servers = chart.lanes.iter().filter(|lane| lane.owner.is_server());
    assert_eq!(
        servers.map(|lane| lane.owner).collect::<Vec<_>>(),
        [LaneOwner::Main, LaneOwner::Thread(1)]
    );
}

#[test]
fn numbers_count_on_and_times_run_on() {
    for chart in all().iter().map(Exchange::chart) {
        let numbered = chart.numbered();
        let numbers: Vec<u32> = numbered.iter().map(|(_, span)| span.number).collect();
        assert_eq!(numbers, (1..=numbers.len() as u32).collect::<Vec<_>>());
        let starts = numbered.windows(2);
        assert!({ starts }.all(|pair| pair[0].1.start <= pair[1].1.start));
        for lane in &chart.lanes {
            for span in &lane.spans {
                assert!(span.start <= span.end && span.end <= chart.length);
                assert_eq!(span.number == 0, span.kind == SpanKind::Code);
            }
            let mut pairs = lane.spans.windows(2);
            assert!(
                lane.owner == LaneOwner::Kernel || pairs.all(|pair| pair[0].end <= pair[1].start)
            );
        }
    }
}

#[test]
fn nothing_outside_the_chart() {
    let mut exchange = datagrams_on_threads();
    exchange.begin = at(2_060);
    exchange.end = at(2_070);
    let chart = exchange.chart();
    assert_eq!(chart.length, Duration::from_micros(10));
    assert_eq!(spans(&chart, LaneOwner::Main), [(SpanKind::Call, 0, 10)]);
    assert_eq!(spans(&chart, slow()), [(SpanKind::Pause, 0, 10)]);
}

#[test]
fn where_the_time_went() {
    let chart = datagrams_on_threads().chart();
    let shares = lane(&chart, LaneOwner::Main).shares();
    let receive = Some(OperationKind::Receive);
    let micros = Duration::from_micros;
    assert_eq!(
        shares,
        [
            (Class::Blocked, receive, micros(1_010 + 6_890)),
            (Class::Copy, None, micros(40 + 10 + 10 + 5)),
            (Class::Code, None, micros(10 + 10 + 5 + 10)),
        ]
    );
}

#[test]
fn the_closer_look_is_at_the_quick_client_if_it_can_be() {
    let chart = datagrams_on_threads().chart();
    // From 1,070, its first send, to 1,100, the server's, and a third around it.
    let micros = Duration::from_micros;
    assert_eq!(chart.closest(), Some((micros(1_060), micros(1_110))));
    // The only client of this one pauses before it is heard at all.
    let chart = streams_on_a_loop().chart();
    assert_eq!(chart.closest(), None);
}
