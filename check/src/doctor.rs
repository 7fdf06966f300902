//! Checks this computer for what would keep the lab's programs from working.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use socklab_core::Transport;
use socklab_core::lab::{EXERCISES, Exercise};
use socklab_core::otp::{Code, Dni, Key, TimeStep, clock_offsets};

use crate::neighbours::{is_here, is_port_waiting};
use crate::program::sockets::{Holder, holder};
use crate::program::{CommandError, resolve};

/// How long the lecturers' server may take to accept a connection.
const REACH: Duration = Duration::from_secs(5);

/// The oldest Python that the lab's programs run on.
const OLDEST: (u32, u32) = (3, 8);

/// No right clock shows an earlier time: June 2025, in Unix time.
const EARLIEST: u64 = 1_750_000_000;

/// How far around now a phone's code is searched, in steps of 30 s: half an hour on both sides.
const FAR: u8 = 60;

/// Something to be put right before class.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is no Python, or only Windows's stub.
    NoPython(CommandError),
    /// Python does not run. Contains its message.
    PythonFails(String),
    /// Python is too old. Contains its version.
    OldPython(String),
    /// Python has no pyotp.
    NoPyotp(Pip),
    /// pyotp refuses a DNI as a secret. Contains its version.
    PyotpRefuses(String, Pip),
    /// Another program holds a port of the lab.
    PortHeld {
        /// The exercise.
        exercise: &'static str,
        /// What carries it.
        transport: Transport,
        /// The port.
        port: u16,
        /// Who holds it, if the system says so.
        holder: Option<Holder>,
    },
    /// No program holds a port of the lab, but the system keeps it for a minute after the last
    /// connection that the server's end has closed (TIME_WAIT).
    PortWaits {
        /// The exercise.
        exercise: &'static str,
        /// The port.
        port: u16,
    },
    /// The lecturers' server does not accept a connection. Contains the system's message.
    NotReached(SocketAddr, String),
    /// This computer's clock shows a time before this program was written.
    ClockPast,
    /// The system says that no time server corrects its clock.
    ClockAlone,
    /// The phone's code is right for another time: this many seconds from now.
    ClocksDiffer(i64),
    /// The phone's code is right for no time within half an hour, or for several.
    CodeUnknown,
}

/// Where pip may install packages for a Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pip {
    /// Where this Python is.
    Here,
    /// Only in a virtual environment, which there is not: the system manages the rest (PEP 668).
    InEnvironment,
}

/// Whether a time server corrects this computer's clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Clock {
    /// A time server corrects it.
    Synchronised,
    /// No time server does.
    Alone,
    /// The system does not say.
    #[default]
    Unknown,
}

/// A code that a phone shows now, and whose it is.
#[derive(Debug)]
pub struct Phone {
    /// The DNI.
    pub dni: Dni,
    /// The code.
    pub code: Code,
}

/// The result of the doctor's checks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Python's version, if it runs.
    pub python: Option<String>,
    /// What keeps the clock right.
    pub clock: Clock,
    /// The ports of the lab on which a program can listen.
    pub free: Vec<(Transport, u16)>,
    /// Ports on which a server of this command listens, or the one that was asked for.
    pub serving: Vec<(Transport, u16)>,
    /// Whether the lecturers' server accepted a connection, if it was asked for.
    pub reached: bool,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Looks at this computer, at the lecturers' server if its address is given, and at a phone's code.
pub fn doctor(server: Option<SocketAddr>, phone: Option<&Phone>) -> Health {
    let mut health = Health::default();
    look_at_clock(crate::given::now(), phone, &mut health);
    match resolve(OsStr::new("python3"), None) {
        Ok(python) => look_at_python(&python, &mut health),
        Err(error) => health.problems.push(Problem::NoPython(error)),
    }
    let unreached = server.and_then(|server| {
        let error = TcpStream::connect_timeout(&server, REACH).err()?;
        Some(Problem::NotReached(server, error.to_string()))
    });
    health.reached = server.is_some() && unreached.is_none();
    // The server that was asked for may be on this computer.
    let own = server.filter(|server| health.reached && is_here(server.ip()));
    let own = own.map(|server| (Transport::Stream, server.port()));
    let mut seen = Vec::new();
    for exercise in EXERCISES {
        let at = (exercise.transport, exercise.port);
        if seen.contains(&at) {
            continue;
        }
        seen.push(at);
        match state(exercise) {
            PortState::Free => health.free.push(at),
            PortState::Held(holder) if own == Some(at) || serves(holder.as_ref(), at) => {
                health.serving.push(at);
            }
            PortState::Held(holder) => health.problems.push(Problem::PortHeld {
                exercise: exercise.name,
                transport: exercise.transport,
                port: exercise.port,
                holder,
            }),
            PortState::Waits => health.problems.push(Problem::PortWaits {
                exercise: exercise.name,
                port: exercise.port,
            }),
        }
    }
    health.problems.extend(unreached);
    health
}

/// The state of an exercise's port.
enum PortState {
    Free,
    /// Another program has it, or the system has reserved it.
    Held(Option<Holder>),
    /// Only connections without a program have it.
    Waits,
}

fn state(exercise: &Exercise) -> PortState {
    let (transport, port) = (exercise.transport, exercise.port);
    if is_free(transport, port) {
        return PortState::Free;
    }
    match transport == Transport::Stream && is_port_waiting(port) {
        true => PortState::Waits,
        false => PortState::Held(holder(transport, port)),
    }
}

/// Whether that program is a server of this command, for an exercise with that port.
fn serves(holder: Option<&Holder>, at: (Transport, u16)) -> bool {
    let command = holder.map_or("", |holder| &holder.command);
    let words: Vec<&str> = command.split_whitespace().collect();
    // A script that starts the command comes behind its interpreter.
    let is_socklab = |word: &&str| Path::new(word).file_stem() == Some(OsStr::new("socklab"));
    let is_server = |words: &[&str]| {
        let exercise = EXERCISES.iter().find(|one| one.name == words[0]);
        words[1] == "server" && exercise.is_some_and(|one| (one.transport, one.port) == at)
    };
    words.iter().take(2).any(is_socklab) && words.windows(2).any(is_server)
}

fn look_at_clock(unix: u64, phone: Option<&Phone>, health: &mut Health) {
    health.clock = clock();
    if unix < EARLIEST {
        health.problems.push(Problem::ClockPast);
    } else if health.clock == Clock::Alone {
        health.problems.push(Problem::ClockAlone);
    }
    if let Some(phone) = phone {
        let key = Key::from_dni(&phone.dni);
        match clock_offsets(&key, &phone.code, unix, FAR).as_slice() {
            [0] => {}
            [steps] => {
                let seconds = steps * TimeStep::SECONDS.cast_signed();
                health.problems.push(Problem::ClocksDiffer(seconds));
            }
            _ => health.problems.push(Problem::CodeUnknown),
        }
    }
}

/// Whether a time server corrects this computer's clock, as the system says.
pub fn clock() -> Clock {
    let said = Command::new("timedatectl")
        .args(["show", "--property=NTPSynchronized", "--value"])
        .output();
    let said = said.map(|output| output.stdout).unwrap_or_default();
    synchronised(&String::from_utf8_lossy(&said))
}

/// What `timedatectl` says in every language.
fn synchronised(said: &str) -> Clock {
    match said.trim() {
        "yes" => Clock::Synchronised,
        "no" => Clock::Alone,
        _ => Clock::Unknown,
    }
}

/// Whether a program could listen on that port: it is not held, and not reserved by the system.
fn is_free(transport: Transport, port: u16) -> bool {
    let address = (std::net::Ipv4Addr::UNSPECIFIED, port);
    match transport {
        Transport::Datagram => std::net::UdpSocket::bind(address).is_ok(),
        Transport::Stream => std::net::TcpListener::bind(address).is_ok(),
    }
}

/// Says Python's version, where pip may install packages, then `none`, `takes` or `refuses` and the
/// version of pyotp.
const LOOK: &str = "
import os, sys, sysconfig
print('.'.join(map(str, sys.version_info[:3])))
mark = os.path.join(sysconfig.get_path('stdlib'), 'EXTERNALLY-MANAGED')
print('environment' if sys.prefix == sys.base_prefix and os.path.exists(mark) else 'here')
try:
    import pyotp
except ImportError:
    print('none')
else:
    try:
        from importlib.metadata import version
        number = version('pyotp')
    except Exception:
        number = '?'
    try:
        pyotp.TOTP('GEZDGNBVGY======').now()
        print('takes', number)
    except ValueError:
        print('refuses', number)
";

fn look_at_python(python: &OsStr, health: &mut Health) {
    let said = match Command::new(python).args(["-c", LOOK]).output() {
        Ok(output) if output.status.success() => output.stdout,
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr).into_owned();
            let last = errors.lines().last().unwrap_or_default().to_owned();
            health.problems.push(Problem::PythonFails(last));
            return;
        }
        Err(error) => {
            health
                .problems
                .push(Problem::PythonFails(error.to_string()));
            return;
        }
    };
    let said = String::from_utf8_lossy(&said).into_owned();
    health.problems.extend(problems_of_python(&said));
    health.python = said.lines().next().map(|line| line.trim().to_owned());
}

fn problems_of_python(said: &str) -> Vec<Problem> {
    let mut lines = said.lines().map(str::trim);
    let version = lines.next().unwrap_or_default();
    let mut numbers = version
        .split('.')
        .map(|one| one.parse::<u32>().unwrap_or(0));
    let number = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let mut problems = Vec::new();
    if number < OLDEST {
        problems.push(Problem::OldPython(version.to_owned()));
    }
    let pip = match lines.next() {
        Some("environment") => Pip::InEnvironment,
        _ => Pip::Here,
    };
    match lines.next().unwrap_or_default().split_once(' ') {
        Some(("takes", _)) => {}
        Some(("refuses", version)) => {
            problems.push(Problem::PyotpRefuses(version.to_owned(), pip));
        }
        _ => problems.push(Problem::NoPyotp(pip)),
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_says_of_itself() {
        for (said, problems) in [
            ("3.12.1\nhere\ntakes 2.9.0\n", vec![]),
            (
                "3.12.1\r\nhere\r\nnone\r\n",
                vec![Problem::NoPyotp(Pip::Here)],
            ),
            (
                "3.12.1\nenvironment\nnone\n",
                vec![Problem::NoPyotp(Pip::InEnvironment)],
            ),
            (
                "3.12.1\nhere\nrefuses 2.12.0\n",
                vec![Problem::PyotpRefuses("2.12.0".to_owned(), Pip::Here)],
            ),
            (
                "3.6.9\nhere\ntakes 2.9.0\n",
                vec![Problem::OldPython("3.6.9".to_owned())],
            ),
        ] {
            assert_eq!(problems_of_python(said), problems, "{said}");
        }
    }

    #[test]
    fn a_server_that_is_not_there_is_found() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a socket");
        let address = listener.local_addr().expect("bound");
        let reached = |health: &Health| {
            let missed = |one: &Problem| matches!(one, Problem::NotReached(..));
            !health.problems.iter().any(missed)
        };
        assert!(reached(&doctor(Some(address), None)));
        drop(listener);
        // A program that another test starts keeps a copy of the socket until it runs.
        let gone = (0..50).any(|_| !reached(&doctor(Some(address), None)));
        assert!(gone);
    }

    #[test]
    fn our_own_servers_are_no_strangers() {
        let serves = |command: &str, port| {
            let command = command.to_owned();
            let process = None;
            let at = (Transport::Stream, port);
            serves(Some(&Holder { process, command }), at)
        };
        assert!(serves("/lab/bin/socklab submit server --rehearse", 21_000));
        assert!(serves("python3 lab/bin/socklab submit server", 21_000));
        assert!(!serves("socklab submit server --listen :19000", 19_000));
        assert!(!serves("python3 TCP_server.py submit server", 21_000));
        assert!(!serves("socklab capitals client", 16_000));
    }

    #[test]
    fn the_clock_is_compared_with_a_phones_code() {
        let dni = || Dni::parse("123456").expect("a DNI");
        let problems = |unix: u64, code: &str| {
            let code = Code::parse(code).expect("a code");
            let phone = Phone { dni: dni(), code };
            let mut health = Health::default();
            look_at_clock(unix, Some(&phone), &mut health);
            health.problems.retain(|one| *one != Problem::ClockAlone);
            health.problems
        };
        // 574339 is the code of t = 2,000,000,000.
        for (unix, found) in [
            (2_000_000_000, vec![]),
            (2_000_000_090, vec![Problem::ClocksDiffer(-90)]),
            (1_999_999_800, vec![Problem::ClocksDiffer(180)]),
            (2_000_003_600, vec![Problem::CodeUnknown]),
            (
                1_000_000_000,
                vec![Problem::ClockPast, Problem::CodeUnknown],
            ),
        ] {
            assert_eq!(problems(unix, "574339"), found, "{unix}");
        }
        for (said, clock) in [
            ("yes\n", Clock::Synchronised),
            ("no\n", Clock::Alone),
            ("", Clock::Unknown),
        ] {
            assert_eq!(synchronised(said), clock);
        }
    }
}
