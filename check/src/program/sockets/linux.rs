//! Reads the sockets on Linux from its lists.

use std::collections::BTreeSet;
use std::fs;

use socklab_core::Transport;
use socklab_process::sockets;

use super::{Holder, Listening};

/// All sockets of this machine that wait for peers, with their inodes.
fn with_inodes() -> impl Iterator<Item = (Listening, u64)> {
    let of = |transport| {
        let all = sockets::listening(transport).unwrap_or_default();
        all.into_iter().map(move |one| {
            let address = one.address;
            (Listening { transport, address }, one.inode)
        })
    };
    of(Transport::Stream).chain(of(Transport::Datagram))
}

pub(crate) fn all() -> Vec<Listening> {
    with_inodes().map(|(one, _)| one).collect()
}

/// Linux reports the owner of each socket, so the port is not needed.
pub(crate) fn of_program(process: u32, _port: u16) -> Option<Vec<Listening>> {
    let family = socklab_process::members(process).into_iter();
    let own: BTreeSet<u64> = family.flat_map(sockets::sockets_of).collect();
    if own.is_empty() {
        return Some(Vec::new());
    }
    let found = sockets::look_again(|| {
        let listening = with_inodes().filter(|(_, inode)| own.contains(inode));
        let listening: Vec<Listening> = listening.map(|(one, _)| one).collect();
        (!listening.is_empty()).then_some(listening)
    });
    Some(found.unwrap_or_default())
}

/// Whether a program has such a socket. A UDP socket may be connected to a client.
pub(crate) fn is_open(
    transport: Transport,
    is_wanted: impl Fn(&Listening) -> bool,
) -> Option<bool> {
    let found = sockets::find(transport, |one| {
        let address = one.address;
        is_wanted(&Listening { transport, address })
    });
    Some(found.is_some())
}

pub(crate) fn holder(transport: Transport, port: u16) -> Option<Holder> {
    let socket = sockets::at_port(transport, port)?;
    let process = sockets::process_of(&socket);
    let command = process.and_then(|one| fs::read(format!("/proc/{one}/cmdline")).ok());
    let command = String::from_utf8_lossy(&command.unwrap_or_default()).replace('\0', " ");
    Some(Holder {
        process,
        command: command.trim().to_owned(),
    })
}
