//! If no program listens at an address: which one on this machine may have been meant.

use std::net::SocketAddr;

use socklab_check::{Neighbour, find_neighbour, is_here, is_listening};
use socklab_core::Transport;
use socklab_text::{Messages, Variable, escape};

/// How many words of another program's command are shown.
const WORDS: usize = 3;

/// How many characters of these words are shown.
const LONGEST: usize = 48;

/// Says that no program listens at `peer`, and where one does. `None` if none is similar.
pub(crate) fn nearby(
    messages: &dyn Messages,
    transport: Transport,
    peer: SocketAddr,
) -> Option<String> {
    let neighbour = find_neighbour(transport, peer)?;
    Some(match neighbour {
        Neighbour::Address(found) => {
            messages.say_with("nearby-address", &[("peer", &peer), ("found", &found)])
        }
        Neighbour::Protocol => messages.say_with(
            "nearby-protocol",
            &[("peer", &peer), ("transport", &transport.name())],
        ),
        Neighbour::Port(port, holder) => {
            let command = holder.map(|holder| holder.command).unwrap_or_default();
            let who = match short(&command) {
                none if none.is_empty() => messages.say("nearby-somebody"),
                command => command,
            };
            let values: [(&str, &dyn Variable); 3] =
                [("peer", &peer), ("who", &who), ("port", &port)];
            messages.say_with("nearby-port", &values)
        }
    })
}

/// The beginning of a command, without its program's folder.
fn short(command: &str) -> String {
    let mut words = command.split_whitespace().take(WORDS);
    let program = words.next().unwrap_or_default();
    let program = program.rsplit(['/', '\\']).next().unwrap_or_default();
    let words: Vec<&str> = std::iter::once(program).chain(words).collect();
    let short: String = words.join(" ").chars().take(LONGEST).collect();
    escape::text(&short).into_owned()
}

/// Names the way to a peer that does not answer, because the advice differs: on this computer no
/// VPN is involved, and over TCP no data are lost. A program of this computer may have ended since
/// it was sent to.
pub(crate) fn way(transport: Transport, peer: SocketAddr) -> &'static str {
    match (transport, is_here(peer.ip())) {
        (Transport::Datagram, true) if is_listening(transport, peer) == Some(false) => "udp-gone",
        (Transport::Datagram, true) => "udp-here",
        (Transport::Datagram, false) => "udp-away",
        (Transport::Stream, true) => "tcp-here",
        (Transport::Stream, false) => "tcp-away",
    }
}
