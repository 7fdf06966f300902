//! A UDP server whose calls move many datagrams.
//!
//! A walk through the kernel costs more than the bytes that it carries: with small datagrams most
//! of a server's time goes there. Linux lets one walk serve many. It puts together equal datagrams
//! of a peer that came one after the other (GRO), and takes apart a long one that is sent with the
//! length of each (GSO; udp(7)). So a peer that sends 32 at once is received from with one call and
//! answered with another.
//!
//! * **What it costs.** Nothing but code: a datagram that comes alone is received alone.
//! * **Where it breaks down.** With one datagram from each of many peers, which nothing puts
//!   together; and when the replies have different lengths, each of which is a call.

use std::io;

use socklab_core::{Service, Watch};

use crate::listener::{Design, Listener};
use crate::per_connection::PerConnection;

/// A UDP server receives and sends several datagrams in one call. Where the system cannot do that,
/// and for all else, it is [`PerConnection`].
#[derive(Clone, Copy, Debug)]
pub struct Batched;

impl Design for Batched {
    const NAME: &'static str = "blocking-batched";

    const BATCHED: bool = true;

    fn serve<S: Service, W: Watch + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()> {
        PerConnection::serve(listener)
    }
}
