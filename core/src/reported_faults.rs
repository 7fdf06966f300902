//! What a server reports about faults of its socket.

use crate::fault::{Doing, Fault, FaultKind};
use crate::outbox::Outbox;
use crate::output::Notice;

/// Which kinds of fault a server has told its user about. It reports each kind once, because a
/// stranger can cause as many faults as he likes.
#[derive(Clone, Copy, Debug, Default)]
pub struct ReportedFaults(u64);

impl ReportedFaults {
    /// Tells the user of the fault, unless one of its kind has been told.
    pub fn report(&mut self, doing: Doing, fault: Fault, out: &mut Outbox) {
        let bit = 1_u64 << (doing as u32 * FaultKind::ALL.len() as u32 + fault.kind as u32);
        if self.0 & bit == 0 {
            self.0 |= bit;
            out.notice(Notice::Fault(doing, fault));
        }
    }
}
