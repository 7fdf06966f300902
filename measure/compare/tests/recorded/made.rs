//! Measurements that might have been: plausible figures with plausible noise, from a seed.

use std::collections::BTreeMap;

use fastrand::Rng;
use socklab_compare::results::{
    Environment, Generator, Idle, Latencies, Load, Losses, Operations, Proof, Results, SCHEMA,
    ServerUsage, Trial,
};
use socklab_compare::validity;

/// The rounds of the file.
pub(crate) const ROUNDS: u32 = 7;

/// What a model is like.
#[derive(Clone, Copy)]
pub(crate) struct Model {
    pub(crate) name: &'static str,
    /// CPU time for each reply, in microseconds: its own code, and the kernel.
    pub(crate) cpu: (f64, f64),
    /// Memory with no connection, and with each.
    pub(crate) memory: (u64, f64),
    pub(crate) threads: u32,
}

pub(crate) const MODELS: [Model; 4] = [
    Model {
        name: "blocking",
        cpu: (0.9, 6.2),
        memory: (2900, 0.0),
        threads: 2,
    },
    Model {
        name: "async-std",
        cpu: (2.6, 6.9),
        memory: (4300, 4.3),
        threads: 5,
    },
    Model {
        name: "mio",
        cpu: (1.0, 6.3),
        memory: (2700, 0.35),
        threads: 2,
    },
    Model {
        name: "tokio",
        cpu: (1.8, 6.4),
        memory: (3600, 1.9),
        threads: 4,
    },
];

pub(crate) const LOADS: [Load; 4] = [
    Load::Closed { connections: 1 },
    Load::Closed { connections: 10 },
    Load::Closed { connections: 100 },
    Load::Open {
        connections: 100,
        rate: 50_000.0,
    },
];

/// The results of a run.
pub(crate) fn results(models: &[Model], seed: u64) -> Results {
    let mut rng = Rng::with_seed(seed);
    // What is the same in all rounds of a run, and not in the next.
    let drift: Vec<f64> = models
        .iter()
        .map(|_| (0.015 * normal(&mut rng)).exp())
        .collect();
    let mut trials = Vec::new();
    for round in 0..ROUNDS {
        let mut order: Vec<(usize, usize)> = (0..models.len())
            .flat_map(|model| (0..LOADS.len()).map(move |load| (model, load)))
            .collect();
        rng.shuffle(&mut order);
        // The machine's mood.
        let slow = (0.02 * normal(&mut rng)).exp();
        for (model, load) in order {
            let mut trial = trial(&models[model], load, slow * drift[model], &mut rng);
            trial.round = round;
            trials.push(trial);
        }
    }
    let facts = [
        ("kernel", "6.12.0"),
        ("cpu", "an imagined one"),
        ("cores", "2"),
        ("governor", "unknown"),
    ];
    Results {
        schema: SCHEMA,
        version: "0.1.0".to_owned(),
        started: 1_760_000_000,
        took: 61.5,
        seed,
        exercise: "echo".to_owned(),
        models: models.iter().map(|one| one.name.to_owned()).collect(),
        baseline: models[0].name.to_owned(),
        loads: LOADS.to_vec(),
        environment: Environment {
            facts: facts
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .to_vec(),
            cautions: vec!["virtual-machine".to_owned()],
        },
        proofs: models.iter().map(proof).collect(),
        trials,
        idle: models
            .iter()
            .flat_map(|model| idle(model, &mut rng))
            .collect(),
        slice: None,
        knees: Vec::new(),
    }
}

fn proof(model: &Model) -> Proof {
    Proof {
        model: model.name.to_owned(),
        same: true,
        difference: None,
    }
}

fn trial(model: &Model, load: usize, slow: f64, rng: &mut Rng) -> Trial {
    let mut noise = |size: f64| {
        let outlier = if rng.f64() < 0.03 { 1.3 } else { 1.0 };
        (size * normal(rng)).exp() * outlier
    };
    let each = (model.cpu.0 + model.cpu.1) * slow * noise(0.015);
    let seconds = 1.0;
    let (connections, rate, busy) = match LOADS[load] {
        // One waits for a round trip, with two wake-ups in it; ten and more keep the server busy.
        Load::Closed { connections: 1 } => (1.0, 1e6 / (each + 14.0 * slow), 0.45),
        Load::Closed { connections } => (f64::from(connections), 0.98e6 / each, 0.98),
        Load::Open { connections, rate } => (f64::from(connections), rate, rate * each / 1e6),
    };
    let open = matches!(LOADS[load], Load::Open { .. });
    let replies = (rate * seconds) as u64;
    let typical = if open {
        each / (1.0 - busy) + 9.0
    } else {
        connections / rate * 1e6
    };
    let service = latencies(replies, typical * noise(0.01), 0.25 * noise(0.05));
    let response = if open {
        latencies(replies, typical * 1.04 * noise(0.01), 0.32 * noise(0.05))
    } else {
        service.clone()
    };
    let lag = if open {
        latencies(replies, 0.6, 0.3)
    } else {
        Latencies::default()
    };
    let share = model.cpu.0 / (model.cpu.0 + model.cpu.1);
    let used = replies as f64 * each;
    let calls = |part: f64, empty: f64| Operations {
        calls: (replies as f64 * (part + empty)) as u64,
        would_block: (replies as f64 * empty) as u64,
        items: (replies as f64 * part) as u64,
    };
    let waits = if model.name == "blocking" { 0.0 } else { 0.4 };
    let operations = [
        ("receive", calls(1.0, waits)),
        ("send", calls(1.0, 0.0)),
        ("wait", calls(waits, 0.0)),
    ];
    let server = ServerUsage {
        user: used * share,
        system: used * (1.0 - share),
        busy,
        voluntary: (replies as f64 * if connections > 1.0 { 0.02 } else { 1.0 }) as u64,
        involuntary: (30.0 * noise(0.3)) as u64,
        threads: model.threads,
        memory: model.memory.0,
        peak: model.memory.0 + 120,
        operations: operations
            .map(|(name, count)| (name.to_owned(), count))
            .into(),
    };
    let mut trial = Trial {
        round: 0,
        model: model.name.to_owned(),
        load,
        warm_up: 0.25 * noise(0.1),
        steady: true,
        seconds,
        replies,
        intervals: (0..10)
            .map(|_| (rate * seconds / 10.0 * noise(0.02)) as u64)
            .collect(),
        response,
        service,
        losses: Losses::default(),
        generator: Generator {
            busy: if open { 0.9 } else { 0.7 },
            lag,
        },
        server: Some(server),
        disturbed: 0,
        limits: Vec::new(),
        invalid: Vec::new(),
    };
    trial.invalid = validity::invalid_reasons(&trial, true);
    trial.limits = validity::limits(&trial, &LOADS[load]);
    trial
}

/// A lognormal distribution of times, and one in a thousand ten times as long.
fn latencies(samples: u64, median: f64, shape: f64) -> Latencies {
    let mut buckets = BTreeMap::<u64, u64>::new();
    let mut add = |time: f64, count: u64| {
        *buckets
            .entry((three_digits(time) * 1000.0) as u64)
            .or_default() += count;
    };
    let long = samples / 1000;
    let usual = samples - long;
    // The middle of each of 40 parts of equal steps in standard deviations.
    let parts: Vec<(f64, f64)> = (-20..20)
        .map(|step| {
            let z = (f64::from(step) + 0.5) * 0.17;
            (z, (-z * z / 2.0).exp())
        })
        .collect();
    let whole: f64 = parts.iter().map(|(_, weight)| weight).sum();
    let mut left = usual;
    for (z, weight) in &parts {
        let count = ((usual as f64 * weight / whole).round() as u64).min(left);
        left -= count;
        add(median * (shape * z).exp(), count);
    }
    add(median * (shape * 3.5).exp(), left);
    add(median * 10.0, long);
    buckets.retain(|_, count| *count > 0);
    let buckets: Vec<(f64, u64)> = buckets
        .into_iter()
        .map(|(time, count)| (time as f64 / 1000.0, count))
        .collect();
    let sum: f64 = buckets
        .iter()
        .map(|(time, count)| time * *count as f64)
        .sum();
    Latencies {
        samples,
        mean: three_digits(sum / samples.max(1) as f64),
        max: buckets.last().map_or(0.0, |(time, _)| *time),
        buckets,
    }
}

fn three_digits(value: f64) -> f64 {
    format!("{value:.2e}").parse().expect("a number")
}

fn idle(model: &Model, rng: &mut Rng) -> Vec<Idle> {
    let step = |connections: u32| Idle {
        model: model.name.to_owned(),
        connections,
        memory: model.memory.0
            + (f64::from(connections) * model.memory.1 + 40.0 * rng.f64()) as u64,
        threads: model.threads,
        reply: latencies(200, 60.0, 0.2),
    };
    [10, 500, 1000, 2000, 4000].into_iter().map(step).collect()
}

fn normal(rng: &mut Rng) -> f64 {
    let length = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
    length * (std::f64::consts::TAU * rng.f64()).cos()
}
