//! Reads the sockets on Linux from `/proc`.

use std::collections::BTreeSet;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use socklab_core::Transport;

use super::{Holder, Listening};

/// The process and all its descendants.
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

/// All sockets of this machine that wait for peers, with their inodes.
fn with_inodes() -> Vec<(Listening, u64)> {
    let mut all = Vec::new();
    for (table, transport, state) in [
        ("tcp", Transport::Stream, "0A"),
        ("tcp6", Transport::Stream, "0A"),
        ("udp", Transport::Datagram, "07"),
        ("udp6", Transport::Datagram, "07"),
    ] {
        let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        for line in text.lines().skip(1) {
            // Skip other lines early: most are of connections, of which a machine may have many
            // thousands.
            let mut words = line.split_whitespace();
            let (Some(local), Some(is)) = (words.nth(1), words.nth(1)) else {
                continue;
            };
            if is == state
                && let Some(inode) = words.nth(5).and_then(|inode| inode.parse().ok())
                && let Some(address) = address(local)
            {
                all.push((Listening { transport, address }, inode));
            }
        }
    }
    all
}

pub(crate) fn all() -> Vec<Listening> {
    with_inodes().into_iter().map(|(one, _)| one).collect()
}

pub(super) fn address(text: &str) -> Option<SocketAddr> {
    let (host, port) = text.split_once(':')?;
    let port = u16::from_str_radix(port, 16).ok()?;
    let words: Vec<u32> = host
        .as_bytes()
        .chunks(8)
        .map(|one| u32::from_str_radix(std::str::from_utf8(one).ok()?, 16).ok())
        .collect::<Option<_>>()?;
    // Each word is in the machine's byte order.
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_ne_bytes()).collect();
    let host: IpAddr = match bytes.len() {
        4 => Ipv4Addr::from(<[u8; 4]>::try_from(bytes).ok()?).into(),
        16 => Ipv6Addr::from(<[u8; 16]>::try_from(bytes).ok()?).into(),
        _ => return None,
    };
    Some(SocketAddr::new(host, port))
}

/// Linux reports the owner of each socket, so the port is not needed.
pub(crate) fn of_program(process: u32, _port: u16) -> Option<Vec<Listening>> {
    let own: BTreeSet<u64> = family(process).into_iter().flat_map(inodes).collect();
    if own.is_empty() {
        return Some(Vec::new());
    }
    let listening = with_inodes()
        .into_iter()
        .filter(|(_, inode)| own.contains(inode));
    Some(listening.map(|(one, _)| one).collect())
}

/// Whether a TCP port is only kept by connections that their program has closed: the kernel waits
/// for the other end, or for a minute (TIME_WAIT).
pub(crate) fn is_lingering(port: u16) -> bool {
    ["tcp", "tcp6"].iter().any(|table| {
        let text = fs::read_to_string(format!("/proc/net/{table}")).unwrap_or_default();
        text.lines().skip(1).any(|line| {
            let words: Vec<&str> = line.split_whitespace().collect();
            let local = words.get(1).and_then(|local| address(local));
            let closed = matches!(words.get(3), Some(&("04" | "05" | "06")));
            closed && words.get(9) == Some(&"0") && local.is_some_and(|one| one.port() == port)
        })
    })
}

pub(crate) fn holder(transport: Transport, port: u16) -> Option<Holder> {
    let (_, inode) = with_inodes()
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
