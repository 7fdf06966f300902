//! Decides which server has the next slice, and which slices count.
//!
//! All servers of a load are alive at once, and exactly one is under load at any moment: for a
//! slice of about a tenth of a second. A *block* is one slice of each, in shuffled order, so that
//! what changes on the machine within seconds meets all alike. Some blocks with the same processes
//! make a *round*; the next round starts new ones, because where a process lies in memory is part
//! of what differs between two runs (Kalibera and Jones, "Rigorous Benchmarking in Reasonable
//! Time", ISMM 2013: repeat at the highest level that varies). A round's figures are those of its
//! slices together: a batch mean. So neighbouring slices may depend on each other as they like:
//! intervals are drawn from rounds alone (Law and Carson, "A sequential procedure for determining
//! the length of a steady-state simulation", Operations Research 27, 1979).
//!
//! A slice from which others took the core does not count: it is made again at the end of its
//! block, as long as there are repeats left.

use fastrand::Rng;

/// A slice does not count if other programs used more than this share of its time on one of the two
/// cores.
const DISTURBED: f64 = 0.15;

/// By how many seconds a reading of `/proc/stat` may be wrong: it counts in hundredths.
const TICK: f64 = 0.01;

/// Whether other programs, which used a share `others` of a slice of so many seconds, disturbed it.
pub fn is_disturbed(others: f64, seconds: f64) -> bool {
    others > DISTURBED.max(TICK / seconds)
}

/// How many slices may be repeated, for each that is planned.
pub const REPEATS: f64 = 0.5;

/// One slice of one server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlannedSlice {
    /// The block of the slice.
    pub block: u32,
    /// The server of the slice.
    pub server: usize,
    /// How often this slice was repeated in its block.
    pub repeated: u32,
}

/// The order of a round's slices.
#[derive(Clone, Debug)]
pub struct Blocks {
    servers: usize,
    blocks: u32,
    next_block: u32,
    /// The rest of the present block.
    left: Vec<PlannedSlice>,
    /// Slices of this block to be repeated.
    to_repeat: Vec<PlannedSlice>,
    repeats: u32,
    rng: Rng,
}

impl Blocks {
    /// Plans `blocks` blocks, each with one slice for each server.
    pub fn new(servers: usize, blocks: u32, rng: Rng) -> Self {
        Blocks {
            servers,
            blocks,
            next_block: 0,
            left: Vec::new(),
            to_repeat: Vec::new(),
            repeats: (f64::from(blocks) * servers as f64 * REPEATS) as u32,
            rng,
        }
    }

    /// Has a slice repeated, if repeats are left. Returns whether it will be.
    pub fn repeat(&mut self, slice: PlannedSlice) -> bool {
        let more = self.repeats > 0;
        if more {
            self.repeats -= 1;
            self.to_repeat.push(PlannedSlice {
                repeated: slice.repeated + 1,
                ..slice
            });
        }
        more
    }
}

impl Iterator for Blocks {
    type Item = PlannedSlice;

    fn next(&mut self) -> Option<PlannedSlice> {
        if self.left.is_empty() {
            self.left = std::mem::take(&mut self.to_repeat);
        }
        if self.left.is_empty() && self.next_block < self.blocks {
            let block = self.next_block;
            self.next_block += 1;
            let slice = |server| PlannedSlice {
                block,
                server,
                repeated: 0,
            };
            self.left = (0..self.servers).map(slice).collect();
            self.rng.shuffle(&mut self.left);
        }
        self.left.pop()
    }
}

/// Which of a server's slices count, given which are disturbed. These are the undisturbed ones, if
/// they are at least half as many as planned. Otherwise all count, because other programs would
/// choose which few are left.
pub fn counted(disturbed: &[bool], planned: u32) -> Vec<bool> {
    let calm: Vec<bool> = disturbed.iter().map(|disturbed| !disturbed).collect();
    let enough = 2 * calm.iter().filter(|calm| **calm).count() >= planned as usize;
    match enough {
        true => calm,
        false => vec![true; disturbed.len()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn blocks(servers: usize, blocks: u32, seed: u64) -> Blocks {
        Blocks::new(servers, blocks, Rng::with_seed(seed))
    }

    #[test]
    fn a_block_has_each_server_once_and_orders_differ() {
        let slices: Vec<PlannedSlice> = blocks(4, 50, 1).collect();
        assert_eq!(slices.len(), 200);
        let mut orders = Vec::new();
        for (block, slices) in slices.chunks(4).enumerate() {
            assert!(slices.iter().all(|slice| slice.block as usize == block));
            let mut servers: Vec<usize> = slices.iter().map(|slice| slice.server).collect();
            orders.push(servers.clone());
            servers.sort_unstable();
            assert_eq!(servers, [0, 1, 2, 3]);
        }
        orders.sort_unstable();
        orders.dedup();
        // Of 24 orders, 50 draws see 21 on average.
        assert!(orders.len() > 14, "{}", orders.len());
        // Each is first about as often as the others.
        let mut first = BTreeMap::new();
        for slices in blocks(4, 4000, 2).collect::<Vec<_>>().chunks(4) {
            *first.entry(slices[0].server).or_insert(0) += 1;
        }
        assert!(
            first.values().all(|count| (900..1100).contains(count)),
            "{first:?}"
        );
    }

    #[test]
    fn the_same_seed_gives_the_same_order() {
        let order = |seed| blocks(5, 9, seed).collect::<Vec<_>>();
        assert_eq!(order(7), order(7));
        assert_ne!(order(7), order(8));
    }

    #[test]
    fn a_disturbed_slice_is_made_again_in_its_block_while_repeats_last() {
        let mut blocks = blocks(2, 4, 3);
        let (mut slices, mut refused) = (Vec::new(), 0);
        while let Some(slice) = blocks.next() {
            slices.push(slice);
            // The first server is always disturbed.
            if slice.server == 0 && !blocks.repeat(slice) {
                refused += 1;
            }
        }
        // Eight slices, and half as many repeats, which the first block's uses up.
        assert_eq!(slices.len(), 8 + 4);
        assert_eq!(refused, 4);
        let first: Vec<PlannedSlice> = slices
            .iter()
            .take_while(|slice| slice.block == 0)
            .copied()
            .collect();
        assert_eq!(first.len(), 6);
        assert_eq!(first.iter().map(|slice| slice.repeated).max(), Some(4));
        assert!(
            slices
                .iter()
                .all(|slice| slice.repeated == 0 || slice.server == 0)
        );
    }

    #[test]
    fn calm_slices_count_if_there_are_enough() {
        assert_eq!(
            counted(&[false, true, false, true], 4),
            [true, false, true, false]
        );
        assert_eq!(counted(&[false, true, true, true], 4), [true; 4]);
        assert_eq!(counted(&[], 4), [false; 0]);
    }

    #[test]
    fn a_tick_of_the_clock_is_no_disturbance() {
        assert!(is_disturbed(0.16, 0.1) && !is_disturbed(0.15, 0.1));
        // In 35 ms a tick is a share of 0.29.
        assert!(is_disturbed(0.3, 0.035) && !is_disturbed(0.28, 0.035));
    }
}
