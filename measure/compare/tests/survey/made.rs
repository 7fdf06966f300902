//! A survey that might have been: the figures of seven servers with plausible noise, from a seed.

use std::collections::BTreeMap;

use fastrand::Rng;
use socklab_compare::results::{
    Environment, Generator, Latencies, Load, Losses, Operations, ServerUsage, Trial,
};
use socklab_compare::survey::{
    Absent, AbsentReason, Question, QuestionResults, SCHEMA, Silent, Survey, Waits,
};

/// What a server is like: p50 of one client, CPU for a reply and for a visit (all in microseconds),
/// how long others wait for a slow client and a slow request (milliseconds), bytes for a silent
/// connection, CPU beside a thousand of them.
#[derive(Clone, Copy)]
pub(crate) struct Like {
    pub(crate) name: &'static str,
    pub(crate) one: f64,
    pub(crate) busy: f64,
    pub(crate) short: f64,
    pub(crate) client: f64,
    pub(crate) request: f64,
    pub(crate) silent: f64,
    pub(crate) talker: f64,
    /// How many connections at once.
    pub(crate) serves: Option<u32>,
    pub(crate) switches: u64,
}

const fn like(name: &'static str, one: f64, busy: f64, short: f64, talker: f64) -> Like {
    Like {
        name,
        one,
        busy,
        short,
        client: 0.3,
        request: 20.0,
        silent: 410.0,
        talker,
        serves: None,
        switches: 0,
    }
}

pub(crate) const SERVERS: [Like; 7] = [
    Like {
        client: 252.0,
        serves: Some(1),
        ..like("blocking-iterative", 20.0, 0.0, 8.1, 0.0)
    },
    Like {
        request: 0.3,
        silent: 19_200.0,
        switches: 1,
        ..like("blocking", 20.0, 6.1, 21.0, 6.0)
    },
    like("nonblocking", 10.0, 4.6, 8.6, 260.0),
    like("select", 21.0, 5.9, 10.0, 150.0),
    like("mio", 20.0, 4.4, 8.5, 6.0),
    Like {
        silent: 2200.0,
        ..like("tokio", 21.0, 4.8, 11.0, 6.3)
    },
    Like {
        silent: 600.0,
        ..like("uring", 21.0, 3.4, 7.9, 6.2)
    },
];

/// A server with no peculiarity.
pub(crate) const SAME: Like = Like {
    request: 0.3,
    ..like("same", 20.0, 5.0, 10.0, 6.0)
};

/// How many slices a round of a question of who waits has.
pub(crate) const SLICES: usize = 4;

pub(crate) fn normal(rng: &mut Rng) -> f64 {
    let length = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    length * (std::f64::consts::TAU * rng.f64()).cos()
}

fn trial(like: &Like, round: u32, times: (f64, f64), cpu: f64) -> Trial {
    let (p50, p99) = times;
    let response = Latencies {
        samples: 2000,
        mean: p50,
        max: p99,
        buckets: vec![(p50, 1950), (p99, 50)],
    };
    let calls = Operations {
        calls: 42_000,
        would_block: 0,
        items: 20_000,
    };
    Trial {
        round,
        model: like.name.to_owned(),
        load: 0,
        warm_up: 0.05,
        steady: true,
        seconds: 0.2,
        replies: 20_000,
        intervals: vec![10_000, 10_000],
        response: response.clone(),
        service: response,
        losses: Losses::default(),
        generator: Generator::default(),
        server: Some(ServerUsage {
            user: 0.2 * cpu * 20_000.0,
            system: 0.8 * cpu * 20_000.0,
            voluntary: like.switches * 20_000,
            operations: BTreeMap::from([("receive".to_owned(), calls)]),
            ..ServerUsage::default()
        }),
        disturbed: 0,
        limits: Vec::new(),
        invalid: Vec::new(),
    }
}

/// The survey, with so much noise (the standard deviation of a figure's logarithm) in each round.
pub(crate) fn survey(servers: &[Like], noise: f64, seed: u64) -> Survey {
    let mut rng = Rng::with_seed(seed);
    let mut off = |figure: f64| figure * (noise * normal(&mut rng)).exp();
    let mut questions = Vec::new();
    for question in Question::ALL {
        let rounds = match question {
            Question::OneClient | Question::HundredBusy | Question::ShortVisits => 5,
            _ => 3,
        };
        let mut results = QuestionResults {
            question,
            load: Load::Closed { connections: 1 },
            trials: Vec::new(),
            silent: Vec::new(),
            waits: Vec::new(),
            absent: Vec::new(),
        };
        for like in servers {
            let many = matches!(question, Question::HundredBusy | Question::Silent);
            if let Some(serves) = like.serves.filter(|_| many) {
                results.absent.push(Absent {
                    model: like.name.to_owned(),
                    why: AbsentReason::Serves(serves),
                });
                continue;
            }
            for round in 0..rounds {
                let waits = match question {
                    Question::SlowClient => Some(like.client),
                    Question::SlowRequest => Some(like.request),
                    _ => None,
                };
                results.waits.extend(waits.map(|waits| Waits {
                    model: like.name.to_owned(),
                    round,
                    p99: (0..SLICES).map(|_| off(1e3 * waits)).collect(),
                }));
                let (times, cpu) = match question {
                    Question::OneClient => ((like.one, 3.0 * like.one), 9.0),
                    Question::HundredBusy => ((200.0, 300.0), like.busy),
                    Question::ShortVisits => ((200.0, 300.0), like.short),
                    Question::SlowClient => ((100.0, 1e3 * like.client), 9.0),
                    Question::SlowRequest => ((100.0, 1e3 * like.request), 9.0),
                    Question::Silent => ((20.0, 60.0), like.talker),
                };
                let times = (off(times.0), off(times.1));
                results.trials.push(trial(like, round, times, off(cpu)));
                if question == Question::Silent {
                    results.silent.push(Silent {
                        model: like.name.to_owned(),
                        round,
                        connections: 900,
                        bytes: like.silent,
                    });
                }
            }
        }
        questions.push(results);
    }
    let spins = |like: &Like| if like.name == "nonblocking" { 1.0 } else { 0.0 };
    Survey {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        started: 1_700_000_000,
        took: 58.4,
        seed,
        contestants: servers.iter().map(|one| one.name.to_owned()).collect(),
        environment: Environment {
            facts: vec![
                ("cpu".to_owned(), "A CPU & <more>".to_owned()),
                ("cores".to_owned(), "2".to_owned()),
                ("server-cores".to_owned(), "1".to_owned()),
                ("others".to_owned(), "1.2 %".to_owned()),
            ],
            cautions: vec!["virtual-machine".to_owned()],
        },
        proofs: Vec::new(),
        questions,
        idle_use: servers
            .iter()
            .map(|one| (one.name.to_owned(), spins(one)))
            .collect(),
    }
}
