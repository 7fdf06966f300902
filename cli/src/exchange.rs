//! `socklab <exercise> client|server`.

mod start_error;

use std::io::BufReader;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use clap::ArgMatches;
use socklab_core::lab::{Exercise, ExerciseOption, Settings};
use socklab_core::transcript::{Header, Role};
use socklab_core::{DynObservers, Failure, Status, Transport, submit};
use socklab_files::{Outputs, Readers};
use socklab_system::{Clock, Run, Stop};

use crate::address;
use crate::chat_wait::TypedLines;
use crate::command::value_name;
use crate::dni_input;
use crate::exit::Exit;
use crate::files::LogFile;
use crate::impairments::ImpairmentArgs;
use crate::interrupt::on_signal;
use crate::options::{
    ClientArgs, CommonArgs, ExchangeArgs, KeepServingArgs, RetriesArgs, ServerArgs, SubmissionArgs,
    read, role,
};
use crate::outlet::{STDERR, STDOUT};
use crate::print;
use crate::processes::{Design, ProcessRole};
use crate::recording::{self, Recording};
use crate::runtimes;
use crate::submission::{self, Rejection, ServerResources, TlsService};
use crate::terminal::{Terminal, TerminalOptions};
use crate::wording;
use socklab_runtimes::{CompiledObservers, Job, Runtime};
use socklab_text::Messages;

use start_error::StartError;

/// Runs one end of an exercise.
pub(crate) fn main(
    exercise: &'static Exercise,
    matches: &ArgMatches,
    common: &CommonArgs,
    messages: &'static dyn Messages,
) -> Exit {
    let Some((role, matches)) = role(matches) else {
        return Exit::Usage;
    };
    let exchange: ExchangeArgs = read(matches);
    let design = Design::find(&exchange.runtime);
    let of_design = design.map(|_| Runtime::Blocking);
    let Some(runtime) = of_design.or_else(|| Runtime::find(&exchange.runtime)) else {
        return Exit::Usage;
    };
    let refused = match design {
        Some(design) => design.refused(exercise, role, exchange.transcript.is_some(), messages),
        None => runtimes::refused(runtime, exercise, messages),
    };
    if let Some(exit) = refused {
        return exit;
    }
    let mut outputs = Outputs::default();
    let started = match role {
        Role::Client => {
            let started = client(exercise, matches, messages, &mut outputs);
            started.map(|(job, encryption)| RunSpec {
                encryption,
                ..RunSpec::new(runtime, role, job)
            })
        }
        Role::Server => server(
            exercise,
            matches,
            (runtime, design),
            messages,
            common.quiet,
            &mut outputs,
        ),
    };
    let spec = match started {
        Ok(spec) => spec,
        Err(error) => {
            print::line(&error.say(messages, &exchange.runtime));
            return error.exit();
        }
    };
    if role == Role::Server && runtime.spins() && !common.quiet {
        print::line(&messages.say_with("runtime-spins", &[("runtime", &runtime.name())]));
    }
    let options = TerminalOptions {
        quiet: common.quiet,
        raw: exchange.raw,
        port: exercise.port,
    };
    let stop = Stop::default();
    let wrong = Arc::new(AtomicBool::new(false));
    let terminal = Terminal::new(messages, options, stop.clone(), Arc::clone(&wrong));
    let clock = Clock::start();
    let mut logs: Vec<Arc<LogFile>> = Vec::new();
    logs.extend(spec.resources.as_ref().and_then(ServerResources::log_file));
    let child = spec
        .design
        .is_some_and(|(_, process)| process != ProcessRole::Parent);
    let encryption = spec.encryption.clone();
    let limit = spec.resources.as_ref().map(|one| one.limit.clone());
    let reviewer = (spec.resources.as_ref()).and_then(|one| one.reviewer.clone());
    let status = match &exchange.transcript {
        None => go(spec, terminal, stop, clock, ()),
        Some(path) => {
            let header = Header {
                exercise: exercise.name.to_owned(),
                role,
                runtime: runtime.name().to_owned(),
                epoch: clock.epoch(),
                masked: exercise.secret && !exchange.unmasked,
            };
            let readers = match exercise.secret {
                true => Readers::Owner,
                false => Readers::Anybody,
            };
            let file = LogFile::open(&mut outputs, path, readers, recording::MARK, messages);
            match file.map(Arc::new) {
                Ok(file) => {
                    logs.push(Arc::clone(&file));
                    let observers = Box::new(Recording::new(file, header)) as DynObservers;
                    go(spec, terminal, stop, clock, observers)
                }
                Err(error) => return Exit::Failed.because(&error.say(messages)),
            }
        }
    };
    let dropped = STDOUT.end() + STDERR.end();
    if child {
        // The parent process reports how the server ended.
        return Exit::Done;
    }
    if dropped > 0 {
        print::line(&messages.say_with("lines-dropped", &[("lines", &dropped)]));
    }
    // Not `all`, which would stop at the first: each log must report what it has lost.
    let whole = logs.iter().filter(|log| log.end()).count() == logs.len();
    if let Some(evicted @ 1..) = limit.map(|limit| limit.evicted())
        && !common.quiet
    {
        print::line(&messages.say_with("made-room", &[("connections", &evicted)]));
    }
    if let Some(summary) = reviewer.and_then(|reviewer| reviewer.summary())
        && !common.quiet
    {
        print::line(&summary);
    }
    let missing = missing(exercise, role, matches, messages);
    let exit = match report(
        messages,
        role,
        exercise.transport,
        (&encryption, missing.as_deref()),
        status,
        common.quiet,
    ) {
        // The wrong reply was reported when it came.
        Exit::Done if role == Role::Client && wrong.load(Ordering::Relaxed) => Exit::Failed,
        exit => exit,
    };
    // Lines that a stalled reader has not taken by now are lost: a stop does not wait for it.
    STDERR.end();
    match exit {
        // The incomplete log was reported when writing failed.
        Exit::Done if !whole => Exit::Failed,
        exit => exit,
    }
}

/// The options of a submission that could be given and were not; `None` for other exercises.
fn missing(
    exercise: &Exercise,
    role: Role,
    matches: &ArgMatches,
    messages: &dyn Messages,
) -> Option<String> {
    if role == Role::Server || !exercise.options.contains(&ExerciseOption::Submission) {
        return None;
    }
    let args: SubmissionArgs = read(matches);
    let options = [
        (args.name.is_none(), "--name", "NAME"),
        (dni_input::given_dni(args.dni).is_none(), "--dni", "DNI"),
        (args.otp.is_none(), "--otp", "CODE"),
    ];
    let options = options.into_iter().filter(|(missing, ..)| *missing);
    let options = options.map(|(_, name, value)| format!("{name} {}", value_name(messages, value)));
    Some(options.collect::<Vec<_>>().join(", "))
}

/// What to run.
struct RunSpec {
    runtime: Runtime,
    /// Set if processes serve the connections.
    design: Option<(Design, ProcessRole)>,
    role: Role,
    job: Job,
    resources: Option<ServerResources>,
    threads: Option<NonZeroUsize>,
    encryption: Encryption,
}

/// Whether a client's connection is encrypted.
#[derive(Clone, Default)]
enum Encryption {
    #[default]
    None,
    /// Encrypted; holds why the client rejected the server's certificate, if it did.
    Tls(Rejection),
}

impl RunSpec {
    fn new(runtime: Runtime, role: Role, job: Job) -> Self {
        RunSpec {
            runtime,
            design: None,
            role,
            job,
            resources: None,
            threads: None,
            encryption: Encryption::None,
        }
    }
}

fn client(
    exercise: &Exercise,
    matches: &ArgMatches,
    messages: &dyn Messages,
    outputs: &mut Outputs,
) -> Result<(Job, Encryption), StartError> {
    let args: ClientArgs = read(matches);
    let transport = exercise.transport;
    let impairments = read::<ImpairmentArgs>(matches).chosen(transport, messages)?;
    let job = |machine| impairments.job(transport, Job::Client(machine));
    let address = args.address.as_deref().unwrap_or("");
    let submission = exercise.options.contains(&ExerciseOption::Submission);
    let submission = submission.then(|| read::<SubmissionArgs>(matches));
    let port = match &submission {
        Some(args) if args.tls => submission::TLS_PORT,
        _ => exercise.port,
    };
    let servers = address::client(address, port)?;
    let mut settings = Settings::client(exercise, servers.first);
    settings.fallbacks = servers.others;
    if let Some(timeout) = args.timeout {
        settings.timeout = timeout.0;
    }
    if exercise.options.contains(&ExerciseOption::Retries) {
        settings.retries = read::<RetriesArgs>(matches).retries;
    }
    let Some(args) = submission else {
        return Ok((job((exercise.client)(&settings)), Encryption::None));
    };
    settings.name = args.name.map(String::into_bytes);
    settings.dni = dni_input::given_dni(args.dni);
    settings.code = args.otp;
    let machine = (exercise.client)(&settings);
    if !args.tls {
        return Ok((job(machine), Encryption::None));
    }
    if let Some(ca) = &args.ca {
        outputs.protect(ca);
    }
    let name = address::host(address)?;
    let encrypted = submission::encrypted(machine, &name, args.ca.as_ref());
    let (machine, rejection) = encrypted.map_err(StartError::Client)?;
    Ok((job(machine), Encryption::Tls(rejection)))
}

fn server(
    exercise: &Exercise,
    matches: &ArgMatches,
    (runtime, design): (Runtime, Option<Design>),
    messages: &'static dyn Messages,
    quiet: bool,
    outputs: &mut Outputs,
) -> Result<RunSpec, StartError> {
    let args: ServerArgs = read(matches);
    let named = design.map_or(runtime.name(), Design::name);
    if args.threads.is_some() && !start_error::with_threads().any(|one| one == named) {
        return Err(StartError::Threads);
    }
    let impairments = read::<ImpairmentArgs>(matches).chosen(exercise.transport, messages)?;
    let address = address::listen(args.listen.as_deref().unwrap_or(""), exercise.port)?;
    let mut settings = Settings::default();
    if exercise.options.contains(&ExerciseOption::KeepServing) {
        settings.keep_serving = read::<KeepServingArgs>(matches).keep_serving;
    }
    let mut resources = None;
    if exercise.options.contains(&ExerciseOption::Register) {
        let args = read(matches);
        let prepared = submission::prepare(&args, &mut settings, address, messages, quiet, outputs);
        let mut prepared = prepared.map_err(StartError::Server)?;
        prepared.secure = prepared.secure.take().map(|mut secure| {
            secure.service = impairments.service(secure.service);
            secure
        });
        resources = Some(prepared);
    }
    let job = match (Job::server(exercise, address, &settings), &resources) {
        (Job::Service(address, service), Some(resources)) => {
            Job::Service(address, resources.offer(service))
        }
        (job, _) => job,
    };
    let job = impairments.job(exercise.transport, job);
    Ok(RunSpec {
        resources,
        design: design.map(|one| (one, ProcessRole::of(args.inherited))),
        threads: args.threads.and_then(|n| NonZeroUsize::new(n as usize)),
        ..RunSpec::new(runtime, Role::Server, job)
    })
}

fn go<W: CompiledObservers>(
    spec: RunSpec,
    terminal: Terminal,
    stop: Stop,
    clock: Clock,
    observers: W,
) -> Status {
    let RunSpec {
        runtime,
        design,
        role,
        job,
        resources,
        threads,
        encryption: _,
    } = spec;
    let terminal = Arc::new(terminal);
    let mut run =
        Run::new(terminal.clone(), observers).with_lines(BufReader::new(TypedLines::new()));
    run.stop = stop;
    run.clock = clock;
    run.threads = threads;
    on_signal(role, &run.stop);
    let mut secure = None;
    if let Some(resources) = resources {
        run.register = Some(resources.register);
        run.limit = resources.limit;
        secure = resources.secure;
    }
    let Some(secure) = secure else {
        return match (design, job) {
            (Some((design, process)), Job::Service(address, service)) => {
                design.run(process, address, &service, &Arc::new(run))
            }
            (_, job) => runtime.run(job, &Arc::new(run)),
        };
    };
    let TlsService {
        address,
        service,
        identity,
    } = secure;
    identity.reload_on_hangup(run.stop.clone());
    // Two servers that share one register, one limit, one console and one stop.
    let mut second = Run::new(terminal, ());
    second.clock = clock;
    second.stop = run.stop.clone();
    second.register.clone_from(&run.register);
    second.limit = run.limit.clone();
    second.threads = threads;
    thread::scope(|scope| {
        let stop = second.stop.clone();
        let second = scope.spawn(move || {
            let status = runtime.run(Job::Service(address, service), &Arc::new(second));
            stop.request();
            status
        });
        let run = Arc::new(run);
        let status = runtime.run(job, &run);
        run.stop.request();
        match second.join() {
            Ok(failed @ Status::Failed(_)) => failed,
            _ => status,
        }
    })
}

/// Reports how the exchange ended. Returns the exit status.
fn report(
    messages: &dyn Messages,
    role: Role,
    transport: Transport,
    (encryption, missing): (&Encryption, Option<&str>),
    status: Status,
    quiet: bool,
) -> Exit {
    match (status, role) {
        (Status::Done, _) => Exit::Done,
        (Status::Stopped | Status::Running, Role::Server) => {
            if !quiet {
                print::line(&messages.say("stopped"));
            }
            Exit::Done
        }
        (Status::Stopped | Status::Running, Role::Client) => Exit::Interrupted,
        (Status::Failed(failure), _) => {
            let said = match (encryption, failure) {
                (_, Failure::NoInput) => missing
                    .map(|options| messages.say_with("failure-no-field", &[("options", &options)])),
                (Encryption::Tls(rejection), _) => submission::distrusted(messages, rejection),
                (Encryption::None, Failure::Io(_, submit::SPEAKS_TLS)) => {
                    Some(messages.say("failure-speaks-tls"))
                }
                (Encryption::None, _) => None,
            };
            print::line(&said.unwrap_or_else(|| wording::failure(messages, transport, failure)));
            match failure {
                Failure::BadField(_) => Exit::Usage,
                _ => Exit::Failed,
            }
        }
    }
}
