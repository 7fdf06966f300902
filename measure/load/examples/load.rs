//! One load from the command line.
//!
//!     load echo|capitals|welcome|submit ADDRESS [--connections N] [--depth N] [--rate R]
//!     [--seconds S] [--timeout S] [--payload N] [--ascii] [--first N] [--progress]
//!
//! Closed unless a rate is given. Prints one line of figures, or what went wrong; before it, if
//! asked, the replies in each interval as it passes.

use std::process::ExitCode;
use std::time::Duration;

use socklab_load::{LoadEvent, Mismatch, Outcome, Pace, Plan, Workload, run};

fn plan() -> Option<(Plan, bool)> {
    let mut words = std::env::args().skip(1);
    let workload = match words.next()?.as_str() {
        "echo" => Workload::Echo,
        "capitals" => Workload::Capitals,
        "welcome" => Workload::Welcome,
        "submit" => Workload::Submit,
        _ => return None,
    };
    let mut plan = Plan::new(workload, words.next()?.parse().ok()?);
    let mut progress = false;
    while let Some(word) = words.next() {
        if word == "--ascii" {
            plan.ascii = true;
            continue;
        }
        if word == "--progress" {
            progress = true;
            continue;
        }
        let value = words.next()?;
        match word.as_str() {
            "--connections" => plan.connections = value.parse().ok()?,
            "--depth" => plan.depth = value.parse().ok()?,
            "--rate" => {
                let rate = value.parse().ok()?;
                plan.pace = Pace::Open { rate };
            }
            "--seconds" => plan.measure = Duration::try_from_secs_f64(value.parse().ok()?).ok()?,
            "--timeout" => plan.timeout = Duration::try_from_secs_f64(value.parse().ok()?).ok()?,
            "--payload" => plan.payload = value.parse().ok()?,
            "--first" => plan.first = value.parse().ok()?,
            _ => return None,
        }
    }
    Some((plan, progress))
}

fn print(outcome: &Outcome) {
    let micros = |histogram: &hdrhistogram::Histogram<u64>, part| {
        histogram.value_at_quantile(part) as f64 / 1e3
    };
    println!(
        "{:.0} replies/s  wrong {}  lost {}  duplicated {}  reordered {}  refused {}  ports {}  asked {}  busy {:.2}  \
         warm-up {:.2}{}  us: response p50 {:.1} p99 {:.1} max {:.1}  service p50 {:.1} p99 {:.1}  lag p50 {:.1} p99 {:.1}",
        outcome.replies as f64 / outcome.seconds,
        outcome.wrong,
        outcome.lost,
        outcome.duplicated,
        outcome.reordered,
        outcome.refused,
        outcome.out_of_ports,
        outcome.asked,
        outcome.busy,
        outcome.warm_up.as_secs_f64(),
        if outcome.steady { "" } else { " (not steady)" },
        micros(&outcome.response, 0.5),
        micros(&outcome.response, 0.99),
        micros(&outcome.response, 1.0),
        micros(&outcome.service, 0.5),
        micros(&outcome.service, 0.99),
        micros(&outcome.lag, 0.5),
        micros(&outcome.lag, 0.99),
    );
    if let Some(Mismatch { expected, got }) = &outcome.first_wrong {
        println!(
            "expected \"{}\", got \"{}\"",
            expected.escape_ascii(),
            got.escape_ascii()
        );
    }
}

fn main() -> ExitCode {
    let Some((plan, progress)) = plan() else {
        eprintln!(
            "load echo|capitals|welcome|submit ADDRESS [--connections N] [--depth N] [--rate R] [--seconds S] …"
        );
        return ExitCode::from(2);
    };
    let mut on = |event| match event {
        LoadEvent::Interval { rate } if progress => {
            print!("{:.0}, ", rate * plan.interval.as_secs_f64());
        }
        LoadEvent::Steady if progress => print!("steady: "),
        LoadEvent::Over if progress => println!(),
        _ => {}
    };
    match run(&plan, &mut on) {
        Ok(outcome) => {
            print(&outcome);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
