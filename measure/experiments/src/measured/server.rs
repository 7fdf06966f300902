//! The measured server itself: what runs in its process, and how it reports its use of resources.
//!
//! It prints its address on standard output and then, after each SIGUSR1, what it has used so far.
//! The signal only sets a flag, which the driver's own thread reads at its next operation. So the
//! server has no additional thread. That matters because system calls are cheaper in a
//! single-threaded program, and a thread that waits for commands would take this advantage from the
//! single-threaded models.

use std::io::{Write, stdout};
use std::path::Path;
use std::sync::Arc;

use socklab_core::lab::{self, ExerciseOption, Settings};
use socklab_core::register::Register;
use socklab_core::{Console, DynObservers, Notice, Prompt, Status};
use socklab_register::{Location, Rules};
use socklab_runtimes::{CompiledObservers, Job, Runtime};
use socklab_system::{ConnectionLimit, Run, Stop};
use socklab_text::{Messages, impl_error};

use super::counter::Counters;
use super::handicap::Handicap;
use super::slow_work::SlowWork;
use super::spec::ServerSpec;
use super::usage::{end_with_parent, raise_descriptors};
use crate::cores::pin;
use crate::in_memory::InMemory;
use crate::in_process::ANY;

/// Why a measured server did not serve.
#[derive(Debug)]
pub enum Unserved {
    /// The specification cannot be read.
    Spec(serde_json::Error),
    /// There is no such exercise or runtime.
    Unknown,
    /// Its register cannot be opened.
    Register(socklab_register::Error),
}

impl Unserved {
    /// Says it in the user's language.
    pub fn say(&self, messages: &dyn Messages) -> String {
        match self {
            Unserved::Spec(error) => {
                messages.say_with("unserved-spec", &[("detail", &error.to_string())])
            }
            Unserved::Unknown => messages.say("unserved-unknown"),
            Unserved::Register(error) => error.say(messages),
        }
    }
}

impl_error!(Unserved);

/// Serves as the [specification](ServerSpec) says, until it is told to stop; how the server ended.
///
/// # Errors
/// When it cannot begin.
pub fn serve(spec: &str) -> Result<Status, Unserved> {
    let spec: ServerSpec = serde_json::from_str(spec).map_err(Unserved::Spec)?;
    // Before any thread is made, so that all have it.
    pin(&spec.cores);
    end_with_parent();
    #[cfg(target_os = "linux")]
    if spec.own_session {
        // Does not fail: only the leader of a process group may not have a new session.
        let _ = nix::unistd::setsid();
    }
    raise_descriptors();
    let exercise = lab::find(&spec.exercise).ok_or(Unserved::Unknown)?;
    let runtime = Runtime::find(&spec.runtime).ok_or(Unserved::Unknown)?;
    let mut settings = Settings {
        keep_serving: true,
        ..Settings::default()
    };
    settings.limits.patience = spec.patience;
    let register = match (
        exercise.options.contains(&ExerciseOption::Register),
        &spec.register,
    ) {
        (true, Some(path)) => Some(open(path).map_err(Unserved::Register)?),
        (true, None) => Some(Arc::new(InMemory::default()) as Arc<dyn Register>),
        _ => None,
    };
    let job = Job::server(exercise, ANY.into(), &settings);
    let counters = Counters::asked_by_parent();
    let console = Arc::new(MeasuredConsole(counters.clone()));
    Ok(if !spec.handicap.is_zero() {
        let counters = counters.with_handicap(Handicap::of(spec.handicap));
        run(runtime, job, console, register, counters)
    } else if spec.slow_work {
        let observers = Box::new(SlowWork(counters)) as DynObservers;
        run(runtime, job, console, register, observers)
    } else if spec.observe {
        run(runtime, job, console, register, counters)
    } else {
        run(runtime, job, console, register, ())
    })
}

fn run<W: CompiledObservers>(
    runtime: Runtime,
    job: Job,
    console: Arc<MeasuredConsole>,
    register: Option<Arc<dyn Register>>,
    observers: W,
) -> Status {
    let mut run = Run::new(console, observers);
    run.register = register;
    run.limit = ConnectionLimit::waiting(1_000_000);
    handle_signals(&run.stop);
    runtime.run(job, &Arc::new(run))
}

fn handle_signals(stop: &Stop) {
    #[cfg(unix)]
    let _ = stop.handle_signals();
    #[cfg(not(unix))]
    let _ = stop;
}

/// The register as lecturers have it, for a lab of its own.
fn open(path: &Path) -> Result<Arc<dyn Register>, socklab_register::Error> {
    let Ok(location) = path.to_string_lossy().parse::<Location>();
    // The load generator is one stranger who never ends.
    let rules = Rules {
        new_dnis: u32::MAX,
        ..Rules::of("compare")
    };
    let writer = location.serve(rules, Some(&location.key_file()), Arc::new(()))?;
    Ok(Arc::new(writer))
}

/// The console of a measured server: says where it listens and, when asked, what has been used.
struct MeasuredConsole(Counters);

impl Console for MeasuredConsole {
    fn prompt(&self, _: Prompt) {}
    fn show(&self, _: &[u8]) {
        self.0.answer_if_asked();
    }
    fn notice(&self, notice: Notice) {
        if let Notice::Ready(address) = notice {
            let _ = writeln!(stdout().lock(), "ready {address}");
        }
        self.0.answer_if_asked();
    }
}
