//! Who makes other clients wait, and who does not.

use super::matrix::Column;

/// From this ratio to the best on, clients count as waiting. A smaller ratio may be scheduling
/// noise.
const WAITS: f64 = 5.0;

/// From this wait on, in microseconds, clients did wait, whatever the others' figures are: half of
/// the slow request's work.
pub(super) const WAITED: f64 = 10_000.0;

/// The contestants that make other clients wait: those that are surely worse, by that ratio or
/// beyond that wait. On a busy machine the best one's clients wait too, though not so long.
pub(super) fn waits(column: &Column) -> Vec<usize> {
    let waits = |at: &usize| {
        let cell = &column.cells[*at];
        let long = cell.figure().is_some_and(|figure| figure >= WAITED);
        cell.worse().is_some_and(|times| long || times >= WAITS)
    };
    (0..column.cells.len()).filter(waits).collect()
}

/// The contestants that have a figure and do not make other clients wait.
pub(super) fn spared(column: &Column) -> Vec<usize> {
    let waits = waits(column);
    let short = |figure: f64| figure < WAITED;
    let spared = |at: &usize| column.cells[*at].figure().is_some_and(short) && !waits.contains(at);
    (0..column.cells.len()).filter(spared).collect()
}

/// The contestants that look as if they made other clients wait, without its being sure.
pub(super) fn may_wait(column: &Column) -> Vec<usize> {
    let least = column.least().unwrap_or_default();
    let long = |figure: f64| figure >= WAITED || figure >= WAITS * least;
    let cells = column.cells.iter().enumerate();
    let waits = cells.filter(|(_, cell)| cell.is_unsure() && cell.figure().is_some_and(long));
    waits.map(|(at, _)| at).collect()
}
