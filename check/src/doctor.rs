//! Checks this computer for what would keep the lab's programs from working.

use std::ffi::OsStr;
use std::net::{SocketAddr, TcpStream};
use std::process::Command;
use std::time::Duration;

use socklab_core::Transport;
use socklab_core::lab::EXERCISES;
use socklab_core::otp::{Code, Dni, Key, TimeStep, clock_offsets};

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
    NoPyotp,
    /// pyotp refuses a DNI as a secret. Contains its version.
    PyotpRefuses(String),
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
    for exercise in EXERCISES {
        let (transport, port) = (exercise.transport, exercise.port);
        let seen = health.problems.iter().any(|one| {
            matches!(one, Problem::PortHeld { transport: t, port: p, .. }
                if (*t, *p) == (transport, port))
        });
        if !seen && !is_free(transport, port) {
            health.problems.push(Problem::PortHeld {
                exercise: exercise.name,
                transport,
                port,
                holder: holder(transport, port),
            });
        }
    }
    if let Some(server) = server
        && let Err(error) = TcpStream::connect_timeout(&server, REACH)
    {
        health
            .problems
            .push(Problem::NotReached(server, error.to_string()));
    }
    health
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

/// Says Python's version, then `none`, `takes` or `refuses` and the version of pyotp.
const LOOK: &str = "
import sys
print('.'.join(map(str, sys.version_info[:3])))
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
    match lines.next().unwrap_or_default().split_once(' ') {
        Some(("takes", _)) => {}
        Some(("refuses", version)) => problems.push(Problem::PyotpRefuses(version.to_owned())),
        _ => problems.push(Problem::NoPyotp),
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_python_says_of_itself() {
        for (said, problems) in [
            ("3.12.1\ntakes 2.9.0\n", vec![]),
            ("3.12.1\r\nnone\r\n", vec![Problem::NoPyotp]),
            (
                "3.12.1\nrefuses 2.12.0\n",
                vec![Problem::PyotpRefuses("2.12.0".to_owned())],
            ),
            (
                "3.6.9\ntakes 2.9.0\n",
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
        assert!(!reached(&doctor(Some(address), None)));
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
