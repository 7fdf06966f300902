//! One connection after the other.
//!
//! Stevens's iterative server (*UNIX Network Programming*, vol. 1, 30.4), and the one that students
//! write first: one thread accepts a connection, serves it to its end, and accepts the next. It
//! waits in `accept` or for the one peer that it has; all others wait in the backlog, for as long
//! as that peer takes.

use std::io;

use socklab_core::{Service, Watch};

use crate::listener::{Design, Listener};

/// One thread for all connections: it holds one, whatever [`Run::limit`](socklab_system::Run)
/// allows.
#[derive(Clone, Copy, Debug)]
pub struct Iterative;

impl Design for Iterative {
    const NAME: &'static str = "blocking-iterative";

    fn serve<S: Service, W: Watch + 'static>(listener: &Listener<'_, S, W>) -> io::Result<()> {
        let mut accepting = listener.accepting();
        while let Some(guest) = accepting.next() {
            listener.serve(guest);
        }
        Ok(())
    }
}
