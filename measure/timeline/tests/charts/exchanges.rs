//! Records as observers would have filled them.

use std::net::SocketAddr;

use socklab_core::OperationKind::{Accept, Close, Connect, Receive, Send, Wait};
use socklab_core::{Mono, Operation, OperationKind, OperationResult, Subject, Transport};
use socklab_text::{Messages, Value, Variable};
use socklab_timeline::{Event, Exchange, InputKind, Party, Record, Thread};

/// Says the ids of messages and their values.
pub(crate) struct Ids;

impl Messages for Ids {
    fn has(&self, _: &str) -> bool {
        true
    }

    fn say_with(&self, id: &str, variables: &[(&str, &dyn Variable)]) -> String {
        let id = id.strip_prefix("timeline-").unwrap_or(id);
        let shown = |(_, variable): &(&str, &dyn Variable)| match variable.value() {
            Value::Text(text) => text.into_owned(),
            Value::Number(number) => number.to_string(),
        };
        let values: Vec<String> = variables.iter().map(shown).collect();
        match values.is_empty() {
            true => format!("<{id}>"),
            false => format!("<{id} {}>", values.join(" ")),
        }
    }
}

pub(crate) fn at(micros: u64) -> Mono {
    Mono::from_nanos(micros * 1000)
}

fn client_at(number: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 50_000 + number))
}

fn server_at() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 16_000))
}

fn traced(kind: OperationKind, (start, end): (u64, u64), result: OperationResult) -> Event {
    Event::Operation(Operation {
        kind,
        start: at(start),
        end: at(end),
        arrival: None,
        result,
    })
}

fn done(kind: OperationKind, times: (u64, u64), bytes: usize) -> Event {
    traced(kind, times, OperationResult::Done { items: 1, bytes })
}

fn empty(kind: OperationKind, times: (u64, u64)) -> Event {
    traced(kind, times, OperationResult::WouldBlock)
}

/// A receive whose datagram the kernel had at a moment that it said.
fn stamped((start, arrival, end): (u64, u64, u64), bytes: usize) -> Event {
    let Event::Operation(operation) = done(Receive, (start, end), bytes) else {
        unreachable!()
    };
    Event::Operation(Operation {
        arrival: Some(at(arrival)),
        ..operation
    })
}

fn from(number: u16, micros: u64) -> Event {
    Event::Input(at(micros), InputKind::Network(client_at(number)))
}

fn to(number: u16) -> Event {
    Event::Sending(client_at(number))
}

fn record(party: Party, thread: Thread, (began, ended): (u64, u64), events: Vec<Event>) -> Record {
    Record {
        party,
        thread,
        began: at(began),
        ended: at(ended),
        events: events.into_iter().map(|event| (thread, event)).collect(),
    }
}

fn client(number: u16, events: Vec<Event>) -> Record {
    let party = Party::Client {
        number: u32::from(number),
        slow: number == 1,
        address: Some(client_at(number)),
    };
    record(party, 90 + Thread::from(number), (0, 9_000), events)
}

fn connection(number: u16) -> Party {
    Party::Server(Subject::Connection {
        number: u64::from(number),
        peer: client_at(number),
        local: server_at(),
    })
}

fn exchange(exercise: &str, model: &str, transport: Transport, records: Vec<Record>) -> Exchange {
    Exchange {
        exercise: exercise.to_owned(),
        model: model.to_owned(),
        transport,
        records,
        begin: at(1_000),
        end: at(9_000),
    }
}

/// A UDP echo on threads; the kernel says when it had each datagram. The second client's waits for
/// nobody: the server is busy.
pub(crate) fn datagrams_on_threads() -> Exchange {
    let server = vec![
        stamped((500, 2_010, 2_050), 4),
        from(1, 2_051),
        to(1),
        done(Send, (2_060, 2_070), 4),
        stamped((2_080, 2_075, 2_090), 3),
        from(2, 2_091),
        to(2),
        done(Send, (2_095, 2_100), 3),
        // Nobody sends any more, and a stop wakes it.
        traced(
            Receive,
            (2_110, 9_500),
            OperationResult::Done { items: 0, bytes: 0 },
        ),
    ];
    exchange(
        "echo",
        "blocking",
        Transport::Datagram,
        vec![
            record(Party::Server(Subject::Endpoint), 0, (400, 9_600), server),
            client(
                1,
                vec![
                    done(Send, (2_000, 2_015), 4),
                    Event::Paused(at(2_020), at(6_000)),
                    stamped((6_010, 2_065, 6_015), 4),
                ],
            ),
            client(
                2,
                vec![
                    done(Send, (2_070, 2_079), 3),
                    stamped((2_081, 2_098, 2_130), 3),
                ],
            ),
        ],
    )
}

/// A TCP submission on a loop: the first client says it in two pieces, the register decides on
/// another thread.
pub(crate) fn streams_on_a_loop() -> Exchange {
    let driver = vec![
        done(Wait, (500, 2_040), 0),
        done(Accept, (2_045, 2_050), 0),
        empty(Accept, (2_060, 2_062)),
        done(Wait, (2_070, 3_000), 0),
        done(Wait, (3_030, 5_000), 0),
        done(Wait, (5_040, 9_800), 0),
    ];
    let first = vec![
        done(Receive, (3_010, 3_015), 5),
        from(1, 3_005),
        empty(Receive, (3_020, 3_022)),
        Event::Input(at(5_005), InputKind::Decision),
        to(1),
        done(Send, (5_010, 5_020), 10),
    ];
    exchange(
        "submit",
        "mio",
        Transport::Stream,
        vec![
            record(Party::Server(Subject::Driver), 0, (450, 9_900), driver),
            record(connection(1), 0, (2_055, 5_035), first),
            client(
                1,
                vec![
                    done(Connect, (2_000, 2_042), 0),
                    done(Send, (2_043, 2_048), 2),
                    Event::Paused(at(2_050), at(2_900)),
                    done(Send, (2_950, 2_990), 3),
                    done(Receive, (2_995, 5_018), 10),
                    traced(
                        Receive,
                        (5_019, 5_040),
                        OperationResult::Done { items: 0, bytes: 0 },
                    ),
                    done(Close, (5_041, 5_050), 0),
                ],
            ),
        ],
    )
}

/// A TCP greeting on an executor: the second connection's task runs on another thread than the one
/// that accepted it.
pub(crate) fn streams_on_tasks() -> Exchange {
    let driver = vec![
        empty(Accept, (1_100, 1_110)),
        done(Wait, (1_110, 2_045), 0),
        done(Accept, (2_045, 2_055), 0),
        empty(Accept, (2_060, 2_065)),
        done(Wait, (2_065, 3_045), 0),
        done(Accept, (3_045, 3_050), 0),
        empty(Accept, (3_055, 3_060)),
        done(Wait, (3_060, 9_500), 0),
    ];
    let greeting = |number, time| vec![to(number), done(Send, (time, time + 10), 22)];
    let one_client = |number, time| {
        client(
            number,
            vec![
                done(Connect, (time, time + 40), 0),
                done(Receive, (time + 50, time + 120), 22),
            ],
        )
    };
    exchange(
        "welcome",
        "async-std",
        Transport::Stream,
        vec![
            record(Party::Server(Subject::Driver), 0, (1_050, 9_900), driver),
            record(connection(2), 7, (3_070, 3_140), greeting(2, 3_100)),
            record(connection(1), 5, (2_070, 2_140), greeting(1, 2_100)),
            one_client(1, 2_000),
            one_client(2, 3_000),
        ],
    )
}

pub(crate) fn all() -> [Exchange; 3] {
    [
        datagrams_on_threads(),
        streams_on_a_loop(),
        streams_on_tasks(),
    ]
}
