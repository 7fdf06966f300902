//! How long a busy conversation may keep its thread.

/// What a conversation may still receive before others have their turn.
///
/// A conversation must yield by itself: neither a loop nor an executor takes the thread away from
/// it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    /// How many receives are left.
    pub receives: u32,
    /// How many bytes are left.
    pub bytes: u32,
}

impl Budget {
    /// The budget at the start of each turn.
    pub const FULL: Budget = Budget {
        receives: 64,
        bytes: 256 * 1024,
    };

    /// Takes one receive, of so many bytes, from the budget.
    pub fn spend(&mut self, bytes: usize) {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.receives = self.receives.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Whether the conversation must yield now.
    pub fn is_spent(&self) -> bool {
        self.receives == 0 || self.bytes == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spent_by_many_receives_or_by_many_bytes() {
        for (bytes, receives) in [(0, 64), (4096, 64), (4097, 64), (8192, 32), (usize::MAX, 1)] {
            let mut budget = Budget::FULL;
            let mut done = 0;
            while !budget.is_spent() {
                budget.spend(bytes);
                done += 1;
            }
            assert_eq!(done, receives, "{bytes} bytes each");
        }
    }
}
