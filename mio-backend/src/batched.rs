//! One loop whose UDP server receives and sends several datagrams in one call.
//!
//! Linux puts together equal datagrams of a peer that came one after the other (GRO), and takes
//! apart a long one that is sent with the length of each (GSO; udp(7)). The loop is the same: one
//! event, one receive, one send, for up to 64 datagrams.

use socklab_readiness::OneLoop;

use crate::model::MioPoll;

/// The model with a UDP server that receives and sends several datagrams in one call. Where the
/// system cannot do that, and for all else, it is [`Mio`](crate::Mio).
pub type MioBatched = OneLoop<MioPoll<true>>;
