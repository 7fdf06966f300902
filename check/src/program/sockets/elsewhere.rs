//! Reads the sockets on Windows through `netstat`, and on other Unixes than Linux through `lsof`.

use std::net::SocketAddr;
use std::process::Command;

use socklab_core::Transport;

use super::{Holder, Listening};

/// The sockets of the process itself, but not of its children. If the system does not report the
/// owner of a socket (wine), a socket at this port counts as the program's, because the port was
/// free before.
pub(crate) fn of_program(process: u32, port: u16) -> Option<Vec<Listening>> {
    let own = |(one, id): (Listening, Option<u32>)| {
        let own = id.map_or(one.address.port() == port, |id| id == process);
        own.then_some(one)
    };
    Some(with_processes()?.into_iter().filter_map(own).collect())
}

pub(crate) fn all() -> Vec<Listening> {
    let all = with_processes().unwrap_or_default().into_iter();
    all.map(|(one, _)| one).collect()
}

/// Whether a program has such a socket; `None` if the system does not say.
pub(crate) fn is_open(_: Transport, is_wanted: impl Fn(&Listening) -> bool) -> Option<bool> {
    let all = all();
    (!all.is_empty()).then(|| all.iter().any(is_wanted))
}

/// Whether only closed connections keep a port: here that is not known.
pub(crate) fn is_lingering(_port: u16) -> bool {
    false
}

pub(crate) fn holder(transport: Transport, port: u16) -> Option<Holder> {
    let all = with_processes()?.into_iter();
    let (_, id) = all
        .into_iter()
        .find(|(one, _)| one.transport == transport && one.address.port() == port)?;
    Some(Holder {
        process: id,
        command: String::new(),
    })
}

/// `netstat -ano` on Windows: protocol, local address, remote address, state of TCP, process.
#[cfg(windows)]
fn with_processes() -> Option<Vec<(Listening, Option<u32>)>> {
    let output = Command::new("netstat").arg("-ano").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    Some(
        text.lines()
            .filter_map(|line| {
                let words: Vec<&str> = line.split_whitespace().collect();
                // A listener's remote port is 0 in every language of Windows.
                let transport = match *words.first()? {
                    "TCP" if words.get(2)?.ends_with(":0") => Transport::Stream,
                    "UDP" => Transport::Datagram,
                    _ => return None,
                };
                Some((
                    Listening {
                        transport,
                        address: address(words.get(1)?)?,
                    },
                    words.last()?.parse().ok(),
                ))
            })
            .collect(),
    )
}

/// `lsof -nP -i -Fpn` on other Unixes.
#[cfg(not(windows))]
fn with_processes() -> Option<Vec<(Listening, Option<u32>)>> {
    let output = Command::new("lsof")
        .args(["-nP", "-i", "-FpPnT"])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let (mut process, mut transport, mut name, mut all) = (0, None, None, Vec::new());
    for line in text.lines() {
        let (key, value) = line.split_at_checked(1)?;
        match key {
            "p" => process = value.parse().ok()?,
            "P" => {
                transport = match value {
                    "TCP" => Some(Transport::Stream),
                    "UDP" => Some(Transport::Datagram),
                    _ => None,
                }
            }
            "n" => {
                name = address(value);
                if let (Some(Transport::Datagram), Some(address)) = (transport, name) {
                    all.push((
                        Listening {
                            transport: Transport::Datagram,
                            address,
                        },
                        Some(process),
                    ));
                }
            }
            "T" if value == "ST=LISTEN" => {
                if let Some(address) = name {
                    all.push((
                        Listening {
                            transport: Transport::Stream,
                            address,
                        },
                        Some(process),
                    ));
                }
            }
            _ => {}
        }
    }
    Some(all)
}

fn address(text: &str) -> Option<SocketAddr> {
    let any = text.strip_prefix('*').map(|rest| format!("0.0.0.0{rest}"));
    any.as_deref().unwrap_or(text).parse().ok()
}
