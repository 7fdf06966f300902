//! One loop whose UDP server receives and sends up to 64 datagrams with one call.
//!
//! On receiving, Linux joins consecutive datagrams of one peer that have equal length (GRO); on
//! sending, it splits a long buffer into datagrams of a given length (GSO; udp(7)). The loop is the
//! same: one event, one receive, one send.

use socklab_readiness::OneLoop;

use crate::model::MioModel;

/// mio with a UDP server that receives and sends several datagrams in one call. Where the system
/// cannot do that, and for everything else, it is the same as [`Mio`](crate::Mio).
pub type MioBatched = OneLoop<MioModel<true>>;
