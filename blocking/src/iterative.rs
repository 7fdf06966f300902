//! One connection after the other.
//!
//! This is Stevens's iterative server (*UNIX Network Programming*, vol. 1, 30.4), and the one that
//! students write first: one thread accepts a connection, serves it to its end, and accepts the
//! next. The thread waits in `accept` or for its only peer. All other peers wait in the backlog
//! until that one is done.

use std::io;

use socklab_core::{Observers, Service};

use crate::listener::{Design, Listener};

/// One thread for all connections: it holds one, whatever [`Run::limit`](socklab_system::Run)
/// allows.
#[derive(Clone, Copy, Debug)]
pub struct Iterative;

impl Design for Iterative {
    const NAME: &'static str = "blocking-iterative";

    fn serve<S: Service, W: Observers + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()> {
        let mut acceptor = listener.acceptor();
        while let Some(incoming) = acceptor.next() {
            listener.serve(incoming);
        }
        Ok(())
    }
}
