//! `socklab doctor`: a lab computer's check before class.

use clap::{ArgMatches, Args, Command};
use socklab_check::{Clock, CommandError, Phone, Pip, Problem, doctor, is_here};
use socklab_core::Transport;
use socklab_core::otp::{Code, Dni};
use socklab_text::{Messages, system_error};

use crate::check::explanation::named;
use crate::exit::Exit;
use crate::options::read;
use crate::{address, print, wording};

#[derive(Args, Clone, Debug)]
struct DoctorArgs {
    #[arg(id = "doctor-server", value_name = "ADDR")]
    server: Option<String>,
    #[arg(
        id = "doctor-code",
        long = "code",
        value_name = "CODE",
        requires = "doctor-dni"
    )]
    code: Option<String>,
    #[arg(
        id = "doctor-dni",
        long = "dni",
        value_name = "DNI",
        requires = "doctor-code"
    )]
    dni: Option<String>,
}

pub(crate) fn command() -> Command {
    DoctorArgs::augment_args(Command::new("doctor"))
}

pub(crate) fn main(matches: &ArgMatches, messages: &dyn Messages) -> Exit {
    let args: DoctorArgs = read(matches);
    let port = socklab_core::submit::EXERCISE.port;
    let server = args.server.as_ref();
    let (server, unknown) = match server.map(|text| address::client(text, port)).transpose() {
        Ok(found) => (found.map(|found| found.first), None),
        // The rest of the computer can be examined all the same.
        Err(error @ address::Error::NoIp(_)) => (None, Some(error)),
        Err(error) => return Exit::Usage.because(&error.say(messages)),
    };
    let phone = match (&args.dni, &args.code) {
        (Some(dni), Some(code)) => match (Dni::parse(dni), Code::parse(code)) {
            (Ok(dni), Ok(code)) => Some(Phone { dni, code }),
            (Err(error), _) => return Exit::Usage.because(&wording::dni(messages, error)),
            (_, Err(error)) => return Exit::Usage.because(&wording::code(messages, error)),
        },
        _ => None,
    };
    let health = doctor(server, phone.as_ref());
    if let Some(version) = &health.python {
        print::payload(&messages.say_with("doctor-python", &[("version", version)]));
    }
    let clock = match (health.clock, &phone) {
        (_, Some(_)) | (Clock::Alone, _) => None,
        (Clock::Synchronised, None) => Some("doctor-clock"),
        (Clock::Unknown, None) => Some("doctor-clock-unknown"),
    };
    if let Some(id) = clock {
        print::payload(&messages.say(id));
    }
    for (id, ports) in [
        ("doctor-free", &health.free),
        ("doctor-serving", &health.serving),
    ] {
        let ports: Vec<String> = ports.iter().map(shown).collect();
        if !ports.is_empty() {
            print::payload(&messages.say_with(id, &[("list", &ports.join(", "))]));
        }
    }
    if let Some(server) = server.filter(|_| health.reached) {
        print::payload(&messages.say_with("doctor-reached", &[("address", &server)]));
    }
    if health.problems.is_empty() && unknown.is_none() {
        print::payload(&messages.say("doctor-healthy"));
        return Exit::Done;
    }
    for problem in &health.problems {
        print::payload(&format!("✗ {}", text_of(problem, health.clock, messages)));
    }
    if let Some(error) = unknown {
        print::payload(&format!("✗ {}", error.say(messages)));
    }
    Exit::Failed
}

/// A port, with what carries it.
fn shown(&(transport, port): &(Transport, u16)) -> String {
    format!("{} {port}", transport.name().to_uppercase())
}

/// How to install the pyotp of the lab.
fn install(pip: Pip, messages: &dyn Messages) -> String {
    messages.say(match pip {
        Pip::Here => "doctor-pip",
        Pip::InEnvironment => "doctor-pip-environment",
    })
}

fn text_of(problem: &Problem, clock: Clock, messages: &dyn Messages) -> String {
    match problem {
        Problem::NoPython(CommandError::StoreStub(name)) => {
            messages.say_with("check-reason-store", &[("name", name)])
        }
        Problem::NoPython(_) => messages.say("doctor-no-python"),
        Problem::PythonFails(detail) => {
            let detail = system_error::quoted(messages, detail);
            messages.say_with("doctor-python-fails", &[("detail", &detail)])
        }
        Problem::OldPython(version) => {
            messages.say_with("doctor-python-old", &[("version", version)])
        }
        Problem::NoPyotp(pip) => {
            messages.say_with("doctor-no-pyotp", &[("install", &install(*pip, messages))])
        }
        Problem::PyotpRefuses(version, pip) => messages.say_with(
            "doctor-pyotp-refuses",
            &[("version", version), ("install", &install(*pip, messages))],
        ),
        Problem::PortWaits { exercise, port } => {
            let port = port.to_string();
            messages.say_with(
                "doctor-port-waits",
                &[("exercise", exercise), ("port", &port)],
            )
        }
        Problem::PortHeld {
            exercise,
            transport,
            port,
            holder,
        } => {
            let (who, process) = named(holder.as_ref(), messages);
            let (kind, port) = (transport.name().to_uppercase(), port.to_string());
            messages.say_with(
                "doctor-port",
                &[
                    ("exercise", exercise),
                    ("kind", &kind),
                    ("port", &port),
                    ("who", &who),
                    ("process", &process),
                ],
            )
        }
        Problem::ClockPast => messages.say("doctor-clock-past"),
        Problem::ClockAlone => messages.say("doctor-clock-alone"),
        Problem::ClocksDiffer(seconds) => wording::clocks(messages, *seconds, clock),
        Problem::CodeUnknown => messages.say("doctor-code-unknown"),
        // For an address of this computer the network cannot be the cause.
        Problem::NotReached(at, _) if is_here(at.ip()) => {
            messages.say_with("doctor-not-reached-here", &[("address", at)])
        }
        Problem::NotReached(at, detail) => {
            let detail = system_error::quoted(messages, detail);
            messages.say_with(
                "doctor-not-reached",
                &[("address", at), ("detail", &detail)],
            )
        }
    }
}
