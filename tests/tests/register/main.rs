//! Proves the register, the same on SQLite and on PostgreSQL.

mod archive;
mod behind;
#[cfg(target_os = "linux")]
mod crash;
mod errors;
mod faults;
mod guessing;
mod once;
mod rules;
#[cfg(unix)]
mod silence;
mod strangers;

use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use socklab_core::otp::{Code, Dni, Key, TimeStep};
use socklab_core::policy::SecretKind;
use socklab_core::register::{Attempt, Decision, Register};
use socklab_core::{Mono, Now};
use socklab_register::{Archive, Location, RegisterEvent, RegisterObserver, Rules, Writer};
use socklab_tests::EPOCH;
use socklab_tests::postgres::Cluster;
use tempfile::TempDir;

/// Where a test's register is, and what must outlive it.
pub(crate) struct TempRegister {
    pub(crate) location: Location,
    folder: TempDir,
    cluster: Option<Arc<Cluster>>,
}

impl TempRegister {
    /// A new file.
    pub(crate) fn file() -> TempRegister {
        let folder = tempfile::tempdir().unwrap();
        TempRegister {
            location: Location::File(folder.path().join("register.db")),
            folder,
            cluster: None,
        }
    }

    /// A new database, where this machine has PostgreSQL.
    pub(crate) fn database() -> Option<TempRegister> {
        let cluster = Cluster::shared()?;
        Some(TempRegister {
            location: cluster.database().parse().unwrap(),
            folder: tempfile::tempdir().unwrap(),
            cluster: Some(cluster),
        })
    }

    /// Does to the register what no program of ours does.
    pub(crate) fn tamper(&self, sql: &str) {
        match (&self.location, &self.cluster) {
            (Location::File(path), _) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch(sql).unwrap();
            }
            (Location::Postgres(address), Some(cluster)) => cluster.execute(address, sql),
            (Location::Postgres(_), None) => unreachable!(),
        }
    }

    /// A path beside the register.
    pub(crate) fn beside(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn serve(&self, rules: Rules) -> Server {
        let log = EventLog::default();
        let writer = self
            .location
            .serve(rules, Some(&self.beside("key")), Arc::new(log.clone()));
        Server {
            writer: writer.unwrap(),
            log,
        }
    }
}

/// Makes a test of a function on each kind of register.
macro_rules! on_both {
    ($($name:ident)*) => {
        mod sqlite {
            $(#[test] fn $name() { super::$name(&crate::TempRegister::file()); })*
        }
        mod postgres {
            $(#[test] fn $name() {
                if let Some(register) = crate::TempRegister::database() {
                    super::$name(&register);
                }
            })*
        }
    };
}
pub(crate) use on_both;

pub(crate) fn rules() -> Rules {
    Rules::of("lab")
}

pub(crate) fn random() -> Rules {
    Rules {
        secret: Some(SecretKind::Random),
        ..rules()
    }
}

/// What a register said beside its decisions.
#[derive(Clone, Default)]
pub(crate) struct EventLog(Arc<Mutex<Vec<RegisterEvent>>>);

impl RegisterObserver for EventLog {
    fn event(&self, event: &RegisterEvent) {
        self.0.lock().unwrap().push(event.clone());
    }
}

/// A register in use.
pub(crate) struct Server {
    pub(crate) writer: Writer,
    pub(crate) log: EventLog,
}

impl Server {
    pub(crate) fn store(&self, attempt: Attempt) -> Receiver<Decision> {
        let (to, decision) = channel();
        self.writer
            .store(attempt, Box::new(move |one| to.send(one).unwrap()));
        decision
    }

    /// Stores and waits; the decision as text, without the receipt.
    pub(crate) fn submit(&self, attempt: Attempt) -> String {
        text(&self.store(attempt))
    }

    /// The same of many, which share their commits and are decided in this order.
    pub(crate) fn submit_all(&self, attempts: impl IntoIterator<Item = Attempt>) -> Vec<String> {
        let waiting: Vec<_> = attempts.into_iter().map(|one| self.store(one)).collect();
        waiting.iter().map(text).collect()
    }

    pub(crate) fn events(&self) -> Vec<RegisterEvent> {
        self.log.0.lock().unwrap().clone()
    }
}

/// A decision that is waited for, without its receipt.
fn text(decision: &Receiver<Decision>) -> String {
    let decision = decision.recv_timeout(Duration::from_secs(60)).unwrap();
    let text = decision.to_string();
    match decision.entry().and_then(|entry| entry.receipt) {
        Some(receipt) => text.replace(&format!(" {}", receipt.as_str()), ""),
        None => text,
    }
}

/// Some seconds after the tests' epoch, on both clocks.
pub(crate) fn at(seconds: i64) -> Now {
    let offset = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 {
        Now {
            mono: Mono::ZERO,
            unix: EPOCH - offset,
        }
    } else {
        Now {
            mono: Mono::ZERO.plus(offset),
            unix: EPOCH + offset,
        }
    }
}

pub(crate) fn code(dni: &str, seconds: i64) -> Code {
    let key = Key::from_dni(&Dni::parse(dni).unwrap());
    key.code(TimeStep::at(at(seconds).unix.as_secs()))
}

pub(crate) fn attempt(dni: &str, code: Code, ip: u8, seconds: i64) -> Attempt {
    Attempt {
        name: "Ana García".as_bytes().into(),
        dni: Dni::parse(dni).unwrap(),
        code,
        peer: format!("127.0.0.{ip}:4000").parse().unwrap(),
        at: at(seconds),
    }
}

/// A right one, and one that is wrong at any time of the test.
pub(crate) fn right(dni: &str, ip: u8, seconds: i64) -> Attempt {
    attempt(dni, code(dni, seconds), ip, seconds)
}

pub(crate) fn wrong(dni: &str, ip: u8, seconds: i64) -> Attempt {
    let all: Vec<Code> = (-15..15)
        .map(|step| code(dni, seconds + 30 * step))
        .collect();
    let codes = ["000000", "111111"].map(|text| Code::parse(text).unwrap());
    let code = codes.into_iter().find(|one| !all.contains(one)).unwrap();
    attempt(dni, code, ip, seconds)
}

/// A new random secret for a DNI, as it is on its card.
pub(crate) fn enrol(archive: &mut Archive, dni: &str, key: &std::path::Path) -> [u8; 20] {
    let secrets = archive.draw_secrets(&[dni.to_owned()], key).unwrap();
    archive.give_out(&secrets, true).unwrap();
    *secrets.iter().next().unwrap().1
}
