//! When is the warm-up over?
//!
//! The question of a load is when its rate has become that of a server which has served for long:
//! caches filled, buffers grown, all connections made. Here it is asked of the last [`2 ×
//! WINDOW`](WINDOW) intervals whether their second half differs from their first:
//!
//! * by no more than [`SAME`] of the mean, which no reader of the result would notice, or
//! * by no more than chance makes them differ, and never by more than [`CLOSE`] of the mean. Chance
//!   is Welch's t of the two means within the 95 % limits of Student's t.
//!
//! Comparing an early with a late part of a series is Geweke's diagnostic ("Evaluating the accuracy
//! of sampling-based approaches to the calculation of posterior moments", 1992); the test for
//! unequal variances is Welch's (*Biometrika* 34, 1947). Unlike a limit for the coefficient of
//! variation (Georges, Buytaert and Eeckhout, "Statistically rigorous Java performance evaluation",
//! OOPSLA 2007) it calls a load that is noisy, but goes nowhere, steady. The limit to what chance
//! may excuse is for the first intervals of a load: while connections are made there are no
//! replies, which is as good as noise to a test.

/// How many intervals each half has.
pub const WINDOW: usize = 5;

/// The part of the mean by which the halves may differ whatever the noise is.
pub const SAME: f64 = 0.02;

/// The part of the mean by which the halves may differ because of noise.
pub const CLOSE: f64 = 0.1;

/// The two-sided 95 % limit of Student's t with 2 × [`WINDOW`] − 2 degrees of freedom.
const LIMIT: f64 = 2.306;

/// Whether the replies in the last intervals, of equal length, tell of no change. There must be
/// enough intervals, and replies.
pub fn steady(replies: &[u64]) -> bool {
    let Some(last) = replies.len().checked_sub(2 * WINDOW) else {
        return false;
    };
    let (before, after) = replies[last..].split_at(WINDOW);
    let ((a, variance_a), (b, variance_b)) = (moments(before), moments(after));
    if a == 0.0 || b == 0.0 {
        return false;
    }
    let apart = (a - b).abs();
    let error = ((variance_a + variance_b) / WINDOW as f64).sqrt();
    apart <= (LIMIT * error).clamp(SAME * (a + b) / 2.0, CLOSE * (a + b) / 2.0)
}

/// Mean and sample variance.
fn moments(values: &[u64]) -> (f64, f64) {
    let count = values.len() as f64;
    let mean = values.iter().map(|&value| value as f64).sum::<f64>() / count;
    let squares = values.iter().map(|&value| (value as f64 - mean).powi(2));
    (mean, squares.sum::<f64>() / (count - 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After how many intervals it is steady.
    fn after(replies: &[u64]) -> Option<usize> {
        (0..=replies.len()).find(|&some| steady(&replies[..some]))
    }

    #[test]
    fn flat() {
        assert_eq!(after(&[1000; 12]), Some(10));
    }

    #[test]
    fn silence_is_not_steady() {
        assert_eq!(after(&[0; 30]), None);
        assert_eq!(after(&[1000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), None);
    }

    #[test]
    fn a_ramp_is_not_steady_until_it_ends() {
        let ramp: Vec<u64> = (1..=40).map(|n| 100 * n.min(20)).collect();
        let end = after(&ramp).unwrap();
        assert!((24..=28).contains(&end), "{end}");
    }

    #[test]
    fn a_curve_that_levels_out() {
        let curve: Vec<u64> = (0..60)
            .map(|n| (10_000.0 * (1.0 - (-f64::from(n) / 8.0).exp())) as u64)
            .collect();
        let end = after(&curve).unwrap();
        // Within 2 % from one half to the next, not merely slower.
        assert!(curve[end - 1] > 9_600, "{end}: {}", curve[end - 1]);
    }

    #[test]
    fn a_step_is_waited_out() {
        let mut step = vec![1000; 8];
        step.extend([2000; 12]);
        // Not with the step between the halves, but it would be before it was seen or when it is
        // past.
        assert!(!steady(&step[..13]));
        assert!(steady(&step[..18]));
    }

    /// Recorded from socklab's own servers, 50 ms each, on a virtual machine of two cores that
    /// others used too.
    #[test]
    fn as_recorded() {
        // submit, mio, 64 connections: noise alone.
        let submit = [570, 769, 653, 728, 568, 745, 738, 620, 731, 806, 638, 499];
        // It rose by more than a tenth at first.
        assert_eq!(after(&submit), Some(11));
        // echo, a C server, 64 sockets with 16 in flight each: one interval was interrupted.
        let echo = [
            14720, 1104, 10763, 11563, 13026, 10257, 13561, 10235, 14016, 10110, 10423, 10106,
        ];
        assert_eq!(after(&echo), Some(12));
        // echo, async-std, 10,000 sockets: nothing while they are asked for the first time.
        let many = [
            0, 5376, 6912, 4864, 3328, 6656, 7936, 4608, 7168, 5632, 6912, 7424,
        ];
        assert_eq!(after(&many), Some(12));
        // welcome, mio, 1,000 connections: slow waves.
        let welcome = [
            2304, 2304, 2048, 1792, 1792, 2048, 1792, 2304, 3072, 2816, 3328, 3584, 3840, 3016,
            1792, 2048,
        ];
        assert_eq!(after(&welcome), Some(16));
        // echo, async-std, open at 300 a second.
        let slow = [15, 14, 16, 14, 16, 15, 15, 15, 15, 15];
        assert_eq!(after(&slow), Some(10));
    }

    /// Noise of a fifth around a level that does not change.
    #[test]
    fn noise_is_steady_soon() {
        let noisy = [
            8123, 9920, 8310, 7544, 8051, 9790, 7402, 8903, 9611, 7177, 8020, 9699,
        ];
        assert!(after(&noisy).is_some());
    }

    #[test]
    fn a_drift_beyond_the_noise_is_not() {
        let drift: Vec<u64> = (0..30).map(|n| 10_000 - 120 * n + 37 * (n % 3)).collect();
        assert_eq!(after(&drift), None);
    }

    /// A few a second: whether an interval has one is chance.
    #[test]
    fn a_slow_open_load() {
        assert_eq!(after(&[1, 0, 1, 1, 0, 1, 0, 1, 1, 0]), Some(10));
    }
}
