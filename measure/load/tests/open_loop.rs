//! Open loads: questions at their times, and what a closed load hides.

mod servers;

use std::time::Duration;

use servers::{capitals, datagrams, plan, say, streams};
use socklab_core::welcome::BANNER;
use socklab_load::{Pace, Plan, Workload, run};

const MILLI: u64 = 1_000_000;

#[test]
fn as_many_as_the_rate_says_whether_answered_or_not() {
    let server = datagrams(0, |seen, question, reply| {
        *seen += 1;
        if *seen % 2 == 0 {
            reply(&capitals(question));
        }
    });
    let plan = Plan {
        connections: 3,
        pace: Pace::Open { rate: 5000.0 },
        timeout: Duration::from_millis(500),
        ..plan(Workload::Echo, server.at)
    };
    let outcome = run(&plan, &mut |_| {}).unwrap();
    let seen = server.end();
    let due = (outcome.seconds * 5000.0).ceil() as u64;
    assert!(due >= 1000);
    assert!(
        outcome.asked.abs_diff(due) <= 1,
        "{} of {due}",
        outcome.asked
    );
    assert_eq!(
        [seen, outcome.response.len(), outcome.lag.len()],
        [outcome.asked; 3]
    );
    assert_eq!(outcome.lost, seen - seen / 2 + outcome.late);
    assert_eq!(outcome.wrong, 0);
}

/// The server stands still for 300 ms, once. Under an open load of 1,000 a second 300 questions
/// come in that time, and those of the first 200 ms wait for 100 ms or longer. Under a closed load
/// there is one.
#[test]
fn a_stall_shows_under_an_open_load_and_hides_under_a_closed_one() {
    let long = |pace| {
        let server = datagrams(0, |seen, question, reply| {
            *seen += 1;
            if *seen == 50 {
                std::thread::sleep(Duration::from_millis(300));
            }
            reply(&capitals(question));
        });
        let plan = Plan {
            pace,
            measure: Duration::from_secs(1),
            ..plan(Workload::Echo, server.at)
        };
        let outcome = run(&plan, &mut |_| {}).unwrap();
        server.end();
        assert_eq!(outcome.lost + outcome.wrong, 0);
        let response = &outcome.response;
        let waited = response.count_between(100 * MILLI, u64::MAX);
        (waited, response.len(), response.value_at_quantile(0.99))
    };
    let (waited, all, p99) = long(Pace::Open { rate: 1000.0 });
    assert!(waited >= 199, "{waited} of {all}");
    assert!(p99 >= 100 * MILLI);

    let (waited, all, p99) = long(Pace::Closed);
    assert!(waited * 100 < all, "{waited} of {all}");
    assert!(p99 < 100 * MILLI);
}

/// One connection at a time, 10 ms each, and 500 due a second: each waits for all before it.
#[test]
fn waiting_for_a_connection_counts() {
    let server = streams(0, |seen, stream| {
        *seen += 1;
        std::thread::sleep(Duration::from_millis(10));
        say(stream, BANNER);
    });
    let plan = Plan {
        connections: 2,
        pace: Pace::Open { rate: 500.0 },
        measure: Duration::from_millis(100),
        ..plan(Workload::Welcome, server.at)
    };
    let outcome = run(&plan, &mut |_| {}).unwrap();
    let seen: u64 = server.end();
    assert!(seen >= 50);
    assert_eq!(
        [outcome.asked, outcome.response.len(), outcome.service.len()],
        [seen; 3]
    );
    // The last is done when all are, and was due 2 ms after the one before it.
    let last = seen * 10 - (seen - 1) * 2;
    assert!(outcome.response.max() >= last * MILLI);
    assert!(outcome.lag.max() >= (last - 30) * MILLI);
}

#[test]
fn what_never_got_a_connection_is_lost() {
    let server = streams(Vec::new(), Vec::push);
    let plan = Plan {
        connections: 1,
        pace: Pace::Open { rate: 1000.0 },
        measure: Duration::from_millis(100),
        timeout: Duration::from_millis(150),
        ..plan(Workload::Welcome, server.at)
    };
    let outcome = run(&plan, &mut |_| {}).unwrap();
    drop(server.end());
    let due = (outcome.seconds * 1000.0).ceil() as u64;
    assert!(outcome.lost.abs_diff(due) <= 1);
    assert!(outcome.asked < 5);
    assert_eq!(outcome.response.len(), outcome.lost);
    assert!(outcome.response.min() >= 149 * MILLI);
}
