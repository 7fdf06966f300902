//! Results that might have been measured: with noise, an invalid trial and an invalid cell.

use std::collections::BTreeMap;

use fastrand::Rng;
use socklab_compare::report::{Picture, Source};
use socklab_compare::results::{
    Environment, Generator, Idle, Invalid, Knee, Latencies, Load, Losses, Operations, Proof,
    Results, SCHEMA, ServerUsage, Trial,
};

/// What is known of a model.
struct Model {
    name: &'static str,
    /// Replies a second with 1, 10, 100 and 1,000 connections.
    rates: [f64; 4],
    /// CPU time of a reply, in the program and in the kernel.
    cpu: (f64, f64),
    /// Context switches of a reply, because it waited and because others had their turn.
    switches: (f64, f64),
    /// Operations of a reply: kind, calls, those that found nothing.
    operations: &'static [(&'static str, f64, f64)],
    /// Memory of an idle connection, in KiB, and threads.
    idle: (f64, u32),
}

const MODELS: [Model; 4] = [
    Model {
        name: "blocking",
        rates: [28_300.0, 95_400.0, 110_200.0, 104_700.0],
        cpu: (1.1, 7.4),
        switches: (0.31, 0.02),
        operations: &[("receive", 1.0, 0.0), ("send", 1.0, 0.0)],
        idle: (11.8, 1),
    },
    Model {
        name: "async-std",
        rates: [14_100.0, 52_600.0, 60_300.0, 57_900.0],
        cpu: (6.3, 10.2),
        switches: (0.83, 0.11),
        operations: &[
            ("receive", 1.62, 0.62),
            ("send", 1.0, 0.0),
            ("wait", 0.62, 0.0),
            ("wake", 0.02, 0.0),
        ],
        idle: (3.1, 0),
    },
    Model {
        name: "mio",
        rates: [24_800.0, 95_100.0, 128_400.0, 131_000.0],
        cpu: (0.9, 6.6),
        switches: (0.12, 0.02),
        operations: &[
            ("receive", 1.11, 0.11),
            ("send", 1.0, 0.0),
            ("wait", 0.11, 0.0),
        ],
        idle: (0.9, 0),
    },
    Model {
        name: "tokio",
        rates: [19_200.0, 71_500.0, 86_600.0, 84_100.0],
        cpu: (2.2, 8.3),
        switches: (0.44, 0.05),
        operations: &[
            ("receive", 1.34, 0.34),
            ("send", 1.0, 0.0),
            ("wait", 0.34, 0.0),
        ],
        idle: (1.6, 0),
    },
];

const CONNECTIONS: [u32; 4] = [1, 10, 100, 1_000];
const ROUNDS: u32 = 5;
/// Questions a second of the open load.
const RATE: f64 = 50_000.0;

/// The results.
pub(crate) fn results() -> Results {
    let mut rng = Rng::with_seed(5);
    let closed = CONNECTIONS.map(|connections| Load::Closed { connections });
    let open = Load::Open {
        connections: 100,
        rate: RATE,
    };
    let mut trials = Vec::new();
    for round in 0..ROUNDS {
        let mut order: Vec<(usize, usize)> = (0..MODELS.len())
            .flat_map(|model| (0..=CONNECTIONS.len()).map(move |load| (model, load)))
            .collect();
        rng.shuffle(&mut order);
        let each = order.into_iter();
        trials.extend(each.map(|(model, load)| trial(&mut rng, round, &MODELS[model], load)));
    }
    Results {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        started: 1_772_531_400,
        took: 71.3,
        seed: 42,
        exercise: "echo".to_owned(),
        models: MODELS.iter().map(|model| model.name.to_owned()).collect(),
        baseline: MODELS[0].name.to_owned(),
        loads: closed.into_iter().chain([open]).collect(),
        environment: environment(),
        proofs: MODELS.iter().map(proof).collect(),
        trials,
        idle: MODELS
            .iter()
            .flat_map(|model| idle(&mut rng, model))
            .collect(),
        slice: None,
        knees: MODELS.iter().map(|model| knee(&mut rng, model)).collect(),
    }
}

fn proof(model: &Model) -> Proof {
    Proof {
        model: model.name.to_owned(),
        same: true,
        difference: None,
    }
}

fn environment() -> Environment {
    let facts = [
        ("kernel", "Linux 6.1.0-28-amd64"),
        ("cpu", "Intel(R) Xeon(R) Silver 4210 CPU at 2.20 GHz"),
        ("cores", "2"),
        ("governor", "unknown"),
        (
            "mitigations",
            "Retpolines; IBPB conditional; STIBP disabled",
        ),
        ("vm", "kvm"),
        ("open-files", "1048576"),
        ("pinning", "server 0, generator 1"),
        ("loopback", "mtu 65536"),
        ("rustc", "1.89.0"),
        ("commit", "51126b5"),
    ];
    Environment {
        facts: facts
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        cautions: vec!["shared-core".to_owned()],
    }
}

/// About one, and not always.
fn about(rng: &mut Rng, noise: f64) -> f64 {
    let sum: f64 = (0..6).map(|_| rng.f64() - 0.5).sum();
    1.0 + sum * noise
}

fn trial(rng: &mut Rng, round: u32, model: &Model, load: usize) -> Trial {
    let open = load == CONNECTIONS.len();
    let spoilt = model.name == "tokio" && load == 1 && round == 3;
    let gone = model.name == "mio" && load == 3 && round != 2;
    let capacity = model.rates[load.min(2)] * about(rng, 0.02) * if spoilt { 0.72 } else { 1.0 };
    let rate = match (open, gone) {
        (true, _) => RATE.min(capacity),
        (_, true) => 121_000.0 * about(rng, 0.01),
        _ => model.rates[load] / model.rates[load.min(2)] * capacity,
    };
    let replies = rate as u64;
    let connections = f64::from(*CONNECTIONS.get(load).unwrap_or(&1));
    let median = match open {
        true => 24.0 / (1.02 - RATE / capacity).max(0.05),
        false => connections / rate * 1e6,
    };
    let response = latencies(rng, replies, median, 6.0);
    let service = match open {
        true => latencies(rng, replies, 18.0, 6.0),
        false => response.clone(),
    };
    let busy = (rate * (model.cpu.0 + model.cpu.1) / 1e6).min(1.0);
    let invalid = match gone || spoilt {
        true => vec![Invalid::ServerGone],
        false => Vec::new(),
    };
    Trial {
        round,
        model: model.name.to_owned(),
        load,
        warm_up: 0.3 + rng.f64() * 0.2,
        steady: !spoilt,
        seconds: 1.0,
        replies,
        intervals: vec![replies / 10; 10],
        response,
        service,
        losses: Losses::default(),
        generator: Generator {
            busy: if gone { 1.0 } else { 0.6 },
            lag: Latencies::default(),
        },
        server: Some(server(rng, model, replies as f64, busy)),
        disturbed: 0,
        limits: Vec::new(),
        invalid,
    }
}

fn server(rng: &mut Rng, model: &Model, replies: f64, busy: f64) -> ServerUsage {
    let mut total = |each: f64| replies * each * about(rng, 0.04);
    let operations = model.operations.iter().map(|(kind, calls, would_block)| {
        let calls = (replies * calls) as u64;
        let would_block = (replies * would_block) as u64;
        let items = calls - would_block;
        let counted = Operations {
            calls,
            would_block,
            items,
        };
        ((*kind).to_owned(), counted)
    });
    ServerUsage {
        operations: operations.collect::<BTreeMap<_, _>>(),
        user: total(model.cpu.0),
        system: total(model.cpu.1),
        voluntary: total(model.switches.0) as u64,
        involuntary: total(model.switches.1) as u64,
        busy,
        threads: 1,
        memory: 6_200,
        peak: 7_100,
    }
}

/// Times with that median, whose logarithms are logistic, and one in two hundred of them from a
/// slower kind.
fn latencies(rng: &mut Rng, samples: u64, median: f64, shape: f64) -> Latencies {
    let slow = 5.0 * about(rng, 0.3);
    let within = |time: f64| {
        let fast = 1.0 / (1.0 + (time / median).powf(-shape));
        let other = 1.0 / (1.0 + (time / (median * slow)).powf(-3.0));
        0.995 * fast + 0.005 * other
    };
    let (mut buckets, mut seen, mut limit) = (Vec::new(), 0, median * 0.2);
    let mut sum = 0.0;
    while seen < samples {
        limit *= 1.02;
        let upto = (within(limit) * samples as f64).round() as u64;
        let count = upto.saturating_sub(seen);
        if count > 0 {
            buckets.push(((limit * 1000.0).round() / 1000.0, count));
            sum += limit * count as f64;
        }
        seen = seen.max(upto);
    }
    Latencies {
        samples,
        mean: sum / samples.max(1) as f64,
        max: buckets.last().map_or(0.0, |(limit, _)| *limit),
        buckets,
    }
}

fn idle(rng: &mut Rng, model: &Model) -> Vec<Idle> {
    let steps = [0_u32, 1_000, 2_000, 5_000, 10_000];
    let each = steps.into_iter().map(|connections| {
        let own = f64::from(connections) * model.idle.0;
        let slower = 1.0 + f64::from(connections) * model.idle.0 / 90_000.0;
        let median = 1e6 / model.rates[0] * slower * about(rng, 0.02);
        Idle {
            model: model.name.to_owned(),
            connections,
            memory: (5_800.0 + own * about(rng, 0.02)) as u64,
            threads: 1 + connections * model.idle.1,
            reply: latencies(rng, 2_000, median, 6.0),
        }
    });
    each.collect()
}

fn knee(rng: &mut Rng, model: &Model) -> Knee {
    let (capacity, limit) = (model.rates[2], 1_000.0);
    let steps = [0.3, 0.6, 0.8, 0.9, 0.97, 1.05, 1.2].map(|part| {
        let offered = (capacity * part / 1_000.0).round() * 1_000.0;
        let achieved = offered.min(capacity * about(rng, 0.005));
        let p99 = 60.0 / (1.03 - achieved / capacity * 0.999) * about(rng, 0.05);
        let p99 = if part > 1.0 { 90_000.0 * part } else { p99 };
        (offered, achieved, p99)
    });
    let is_kept =
        |(offered, achieved, p99): &&(f64, f64, f64)| achieved / offered >= 0.99 && *p99 <= limit;
    let kept = steps.iter().filter(is_kept);
    let not_kept = steps.iter().filter(|one| !is_kept(one));
    Knee {
        model: model.name.to_owned(),
        connections: 100,
        limit,
        rate: kept.map(|(offered, ..)| *offered).reduce(f64::max),
        above: not_kept.map(|(offered, ..)| *offered).reduce(f64::min),
        unknown: None,
        steps: steps.to_vec(),
    }
}

/// A command line that measures it.
pub(crate) const COMMAND: &str = "socklab compare echo --models blocking,async-std,mio,tokio --connections 1,10,100,1000 --rate 50000 --idle --find-knee --seed 42";

/// Pictures in place of the timelines.
pub(crate) fn pictures() -> Vec<Picture> {
    let each = MODELS.iter().map(|model| Picture {
        model: model.name.to_owned(),
        svg: format!(
            "<svg viewBox=\"0 0 400 60\" class=\"tl-chart\" role=\"img\"><title>{0}</title>\
             <text x=\"0\" y=\"20\">{0}</text><rect x=\"80\" y=\"8\" width=\"300\" height=\"16\" class=\"tl-wait\"/></svg>",
            model.name
        ),
    });
    each.collect()
}

/// Sources: this file stands for each of them.
pub(crate) fn sources() -> Vec<Source> {
    let each = ["echo", "blocking", "async-std", "mio", "tokio"].map(|title| Source {
        title: title.to_owned(),
        path: format!("{title}/src/lib.rs"),
        text: include_str!("sample.rs").to_owned(),
        wait: (title != "echo").then(|| "const CONNECTIONS: ".to_owned()),
    });
    each.to_vec()
}
