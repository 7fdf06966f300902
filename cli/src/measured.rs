//! A server that is measured, in a process of its own: what runs in it, and how it is asked what it used.
//!
//! `socklab measured-server` is this command's own child, so it is in no help text. It says where it listens on its standard output
//! and then, each time it gets SIGUSR1, what it has used so far. The signal only sets a flag; the driver's own thread looks at it
//! with the next question that it serves. So the server has no thread that it would not have otherwise: a program of one
//! thread has cheaper system calls, and a thread that waits for commands would take that away from the models of one thread.

mod cores;
mod counter;
mod process;
mod usage;

use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use socklab_core::lab::{self, Offer, Settings};
use socklab_core::register::Register;
use socklab_core::{Console, Notice, Prompt, Status, Watch};
use socklab_register::{Location, Rules};
use socklab_system::{Run, Stop};

use crate::Exit;
use crate::args::read;
use crate::runtime::{Runtime, Task};
use crate::say;
use crate::tour::scenes::InMemory;
use crate::words::Words;

pub(crate) use cores::{Cores, allowed_cores, pin};
use counter::Counters;
pub(crate) use process::{Footprint, Measured, Order};
pub(crate) use usage::{Usage, raise_descriptors};

/// The name of the hidden command.
pub(crate) const COMMAND: &str = "measured-server";

#[derive(Args, Clone, Debug)]
pub(crate) struct MeasuredArgs {
    #[arg(value_name = "EXERCISE")]
    exercise: String,
    #[arg(long, value_parser = PossibleValuesParser::new(Runtime::names()))]
    runtime: String,
    /// The cores it may use.
    #[arg(long, value_delimiter = ',', value_name = "CORE")]
    cores: Vec<usize>,
    /// Whether its driver's operations are counted.
    #[arg(long)]
    observe: bool,
    /// Where submissions are recorded; in memory if nothing is said.
    #[arg(long, value_name = "FILE")]
    register: Option<PathBuf>,
    /// How long a submission may take, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    patience: u64,
}

pub(crate) fn command() -> Command {
    MeasuredArgs::augment_args(Command::new(COMMAND)).hide(true)
}

/// Serves until it is told to stop.
pub(crate) fn main(matches: &clap::ArgMatches, words: &Arc<Words>) -> Exit {
    let args: MeasuredArgs = read(matches);
    // Before any thread is made, so that all have it.
    pin(&args.cores);
    usage::end_with_parent();
    raise_descriptors();
    let (Some(exercise), Some(runtime)) = (lab::find(&args.exercise), Runtime::find(&args.runtime))
    else {
        return Exit::Usage;
    };
    let mut settings = Settings {
        keep_serving: true,
        ..Settings::default()
    };
    settings.limits.patience = std::time::Duration::from_secs(args.patience);
    let register = match (exercise.offers.contains(&Offer::Register), &args.register) {
        (true, Some(path)) => match open(path) {
            Ok(register) => Some(register),
            Err(error) => {
                say::line(&error);
                return Exit::Failed;
            }
        },
        (true, None) => Some(Arc::new(InMemory::default()) as Arc<dyn Register>),
        _ => None,
    };
    let any = (std::net::Ipv4Addr::LOCALHOST, 0).into();
    let task = Task::server(exercise, any, &settings);
    let counters = Counters::default();
    let desk = Arc::new(Desk::new(counters.clone()));
    let status = if args.observe {
        go(runtime, task, desk, register, counters)
    } else {
        go(runtime, task, desk, register, ())
    };
    match status {
        Status::Failed(failure) => {
            say::line(&say::failure(words, failure));
            Exit::Failed
        }
        _ => Exit::Done,
    }
}

fn go<W: Watch + 'static>(
    runtime: Runtime,
    task: Task,
    desk: Arc<Desk>,
    register: Option<Arc<dyn Register>>,
    watch: W,
) -> Status {
    let mut run = Run::new(desk, watch);
    run.register = register;
    run.max_connections = 1_000_000;
    heed(&run.stop);
    runtime.run(task, &Arc::new(run))
}

fn heed(stop: &Stop) {
    #[cfg(unix)]
    let _ = stop.heed_signals();
    #[cfg(not(unix))]
    let _ = stop;
}

/// The register as lecturers have it, for a lab of its own.
fn open(path: &std::path::Path) -> Result<Arc<dyn Register>, String> {
    let Ok(location) = path.to_string_lossy().parse::<Location>();
    // Its load is one stranger who never ends.
    let rules = Rules {
        new_dnis: u32::MAX,
        ..Rules::of("compare")
    };
    let writer = location.serve(rules, Some(&location.key_file()), Arc::new(()));
    writer
        .map(|writer| Arc::new(writer) as Arc<dyn Register>)
        .map_err(|error| error.to_string())
}

/// The user of a measured server: says where it listens, and when asked, what has been used.
struct Desk {
    asked: Arc<AtomicBool>,
    counters: Counters,
}

impl Desk {
    fn new(counters: Counters) -> Self {
        let asked = Arc::new(AtomicBool::new(false));
        #[cfg(unix)]
        {
            let asked = Arc::clone(&asked);
            // Without it nobody is answered, which the parent notices.
            let _ = signal_hook::flag::register(signal_hook::consts::SIGUSR1, asked);
        }
        Desk { asked, counters }
    }

    /// Answers if asked. Called with every question that is served, so it must cost nothing when not.
    fn look(&self) {
        if self.asked.load(Ordering::Relaxed) && self.asked.swap(false, Ordering::AcqRel) {
            let usage = Usage::now(self.counters.total());
            if let Ok(line) = serde_json::to_string(&usage) {
                let _ = writeln!(stdout().lock(), "{line}");
            }
        }
    }
}

impl Console for Desk {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {
        self.look();
    }
    fn notice(&self, notice: Notice) {
        if let Notice::Ready(address) = notice {
            let _ = writeln!(stdout().lock(), "ready {address}");
        }
        self.look();
    }
}
