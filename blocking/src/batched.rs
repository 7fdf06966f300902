//! A UDP server whose calls move many datagrams.
//!
//! With small datagrams a server spends most of its time on the way through the kernel. Linux lets
//! one call carry many datagrams: on receiving it joins consecutive datagrams of one peer that have
//! equal length (GRO), and on sending it splits a long buffer into datagrams of a given length
//! (GSO; udp(7)). So 32 datagrams that a peer sends at once are received with one call and answered
//! with another.
//!
//! * **What it costs.** Only code: a lone datagram is received alone.
//! * **Where it breaks down.** With one datagram from each of many peers, which cannot be joined;
//!   and with replies of different lengths, each of which needs a call.

use std::io;

use socklab_core::{Observers, Service};

use crate::listener::{Design, Listener};
use crate::per_connection::PerConnection;

/// A UDP server receives and sends several datagrams in one call. Where the system cannot do that,
/// and for all else, it is [`PerConnection`].
#[derive(Clone, Copy, Debug)]
pub struct Batched;

impl Design for Batched {
    const NAME: &'static str = "blocking-batched";

    const BATCHED: bool = true;

    fn serve<S: Service, W: Observers + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()> {
        PerConnection::serve(listener)
    }
}
