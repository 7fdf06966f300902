//! Which sockets a program has, and who holds a port.

use std::net::{IpAddr, SocketAddr};

use socklab_core::Transport;

/// A socket that waits for peers: a TCP listener, or a bound UDP socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Listening {
    pub(crate) transport: Transport,
    pub(crate) address: SocketAddr,
}

/// Another program that holds a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Its process, if the system says it.
    pub process: Option<u32>,
    /// Its command, as well as it is known.
    pub command: String,
}

#[cfg(target_os = "linux")]
mod linux {
    use super::*;
    use std::collections::BTreeSet;
    use std::fs;
    use std::net::{Ipv4Addr, Ipv6Addr};

    /// The process and all that it started.
    pub(crate) fn family(process: u32) -> Vec<u32> {
        let mut family = vec![process];
        let mut at = 0;
        while let Some(&one) = family.get(at) {
            at += 1;
            let Ok(tasks) = fs::read_dir(format!("/proc/{one}/task")) else {
                continue;
            };
            for task in tasks.flatten() {
                let children = fs::read_to_string(task.path().join("children"));
                let children = children.unwrap_or_default();
                let numbers = children.split_whitespace();
                family.extend(numbers.filter_map(|one| one.parse::<u32>().ok()));
            }
        }
        family
    }

    fn inodes(process: u32) -> BTreeSet<u64> {
        let Ok(open) = fs::read_dir(format!("/proc/{process}/fd")) else {
            return BTreeSet::new();
        };
        open.flatten()
            .filter_map(|one| fs::read_link(one.path()).ok())
            .filter_map(|to| {
                let inode = to.to_str()?.strip_prefix("socket:[")?;
                inode.strip_suffix(']')?.parse().ok()
            })
            .collect()
    }

    /// What waits for peers on this machine, with the inode of its socket.
    fn all() -> Vec<(Listening, u64)> {
        let mut all = Vec::new();
        for (table, transport, state) in [
            ("tcp", Transport::Stream, "0A"),
            ("tcp6", Transport::Stream, "0A"),
            ("udp", Transport::Datagram, "07"),
            ("udp6", Transport::Datagram, "07"),
        ] {
            let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
            for line in text.lines().skip(1) {
                let words: Vec<&str> = line.split_whitespace().collect();
                let (Some(local), Some(&is), Some(inode)) =
                    (words.get(1), words.get(3), words.get(9))
                else {
                    continue;
                };
                if let (true, Some(address), Ok(inode)) =
                    (is == state, address(local), inode.parse())
                {
                    all.push((Listening { transport, address }, inode));
                }
            }
        }
        all
    }

    pub(super) fn address(text: &str) -> Option<SocketAddr> {
        let (host, port) = text.split_once(':')?;
        let port = u16::from_str_radix(port, 16).ok()?;
        let words: Vec<u32> = host
            .as_bytes()
            .chunks(8)
            .map(|one| u32::from_str_radix(std::str::from_utf8(one).ok()?, 16).ok())
            .collect::<Option<_>>()?;
        // Each word is in the machine's own order of bytes.
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
        let host: IpAddr = match bytes.len() {
            4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
            16 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(),
            _ => return None,
        };
        Some(SocketAddr::new(host, port))
    }

    pub(crate) fn of_program(process: u32) -> Option<Vec<Listening>> {
        let own: BTreeSet<u64> = family(process).into_iter().flat_map(inodes).collect();
        if own.is_empty() {
            return Some(Vec::new());
        }
        let listening = all().into_iter().filter(|(_, inode)| own.contains(inode));
        Some(listening.map(|(one, _)| one).collect())
    }

    pub(crate) fn holder(transport: Transport, port: u16) -> Option<Holder> {
        let (_, inode) = all()
            .into_iter()
            .find(|(one, _)| one.transport == transport && one.address.port() == port)?;
        let processes = fs::read_dir("/proc").ok()?;
        let process = processes
            .flatten()
            .filter_map(|one| one.file_name().to_str()?.parse::<u32>().ok())
            .find(|&one| inodes(one).contains(&inode));
        let command = process.and_then(|one| fs::read(format!("/proc/{one}/cmdline")).ok());
        let command = String::from_utf8_lossy(&command.unwrap_or_default()).replace('\0', " ");
        Some(Holder {
            process,
            command: command.trim().to_owned(),
        })
    }
}

#[cfg(target_os = "linux")]
pub(crate) use linux::{family, holder, of_program};

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use super::*;
    use std::process::Command;

    /// Only the process itself: nothing here asks for its children.
    pub(crate) fn of_program(process: u32) -> Option<Vec<Listening>> {
        Some(
            all()?
                .into_iter()
                .filter(|(_, id)| *id == process)
                .map(|(one, _)| one)
                .collect(),
        )
    }

    pub(crate) fn holder(transport: Transport, port: u16) -> Option<Holder> {
        let all = all()?.into_iter();
        let (_, id) = all
            .into_iter()
            .find(|(one, _)| one.transport == transport && one.address.port() == port)?;
        Some(Holder {
            process: Some(id),
            command: String::new(),
        })
    }

    /// `netstat -ano` on Windows: protocol, local address, remote address, state of TCP, process.
    #[cfg(windows)]
    fn all() -> Option<Vec<(Listening, u32)>> {
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
                        words.last()?.parse().ok()?,
                    ))
                })
                .collect(),
        )
    }

    /// `lsof -nP -i -Fpn` on other Unixes.
    #[cfg(not(windows))]
    fn all() -> Option<Vec<(Listening, u32)>> {
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
                            process,
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
                            process,
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
}

#[cfg(not(target_os = "linux"))]
pub(crate) use elsewhere::{holder, of_program};

/// The address of this machine at which a socket bound to that one is reached.
pub(crate) fn reached(address: SocketAddr) -> SocketAddr {
    let host = match address.ip() {
        IpAddr::V4(host) if host.is_unspecified() => std::net::Ipv4Addr::LOCALHOST.into(),
        // A socket bound to every IPv6 address takes IPv4 too on most systems, but not always.
        IpAddr::V6(host) if host.is_unspecified() => std::net::Ipv6Addr::LOCALHOST.into(),
        host => host,
    };
    SocketAddr::new(host, address.port())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn our_own_sockets_are_found_and_nobody_elses() {
        let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
        let tcp = std::net::TcpListener::bind("[::1]:0").expect("a socket");
        let own = of_program(std::process::id()).expect("Linux says it");
        for (transport, address) in [
            (Transport::Datagram, udp.local_addr().expect("bound")),
            (Transport::Stream, tcp.local_addr().expect("bound")),
        ] {
            assert!(own.contains(&Listening { transport, address }), "{own:?}");
            let holder = holder(transport, address.port()).expect("a holder");
            assert_eq!(holder.process, Some(std::process::id()));
        }
        assert_eq!(of_program(u32::MAX), Some(Vec::new()));
    }
}
