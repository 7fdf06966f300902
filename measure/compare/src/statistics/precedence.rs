//! The precedence test: an exact test for few values of which some were disturbed.

/// The p-value of the precedence test: the probability, if both samples come from the same
/// distribution, that at least as many values of one precede all values of the other as values of
/// `low` precede all of `high`. It is two-sided, because either sample may turn out to be the
/// lower.
///
/// The test is exact for any distribution, and it needs no spread: of `low` any values may be far
/// too large without changing the others' verdict. (Epstein, "Tables for the Distribution of the
/// Number of Exceedances", Annals of Mathematical Statistics 25, 1954; Nelson, "Tables for a
/// Precedence Life Test", Technometrics 5, 1963; Balakrishnan and Ng, *Precedence-Type Tests and
/// Applications*, 2006.)
pub fn precedence(low: &[f64], high: &[f64]) -> f64 {
    let least = high.iter().copied().fold(f64::INFINITY, f64::min);
    let before = low.iter().filter(|value| **value < least).count();
    if high.is_empty() {
        return 1.0;
    }
    // In order, the first so many of all values are all of `low`: each in turn is drawn from those
    // that are left.
    let all = low.len() + high.len();
    let drawn = (0..before).map(|drawn| (low.len() - drawn) as f64 / (all - drawn) as f64);
    (2.0 * drawn.product::<f64>()).min(1.0)
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    #[test]
    fn the_probabilities_are_nelsons() {
        let up_to = |from: u32, to: u32| (from..to).map(f64::from).collect::<Vec<f64>>();
        let (low, high) = (up_to(0, 12), up_to(100, 112));
        // One order of 24 over 12: all of one before all of the other, either way.
        assert!((precedence(&low, &high) * 2_704_156.0 - 2.0).abs() < 1e-6);
        // Nine of twelve before all: 15 over 12.
        let disturbed = [&low[..9], &[1e6, 105.0, 106.5]].concat();
        assert!((precedence(&disturbed, &high) * 2_704_156.0 - 2.0 * 455.0).abs() < 1e-6);
        assert_eq!(precedence(&high, &low), 1.0);
        assert_eq!(precedence(&low, &low), 1.0);
        assert_eq!(precedence(&[], &high), 1.0);
        assert_eq!(precedence(&low, &[]), 1.0);
    }

    /// Whatever the distribution, p-values up to a level are no more frequent than that level.
    #[test]
    fn the_level_is_exact() {
        let mut rng = Rng::with_seed(1);
        let runs = 20_000;
        for (low, high) in [(12, 12), (6, 12), (12, 7)] {
            let value = |rng: &mut Rng| match rng.f64() < 0.2 {
                true => 0.4 + 40.0 * rng.f64(),
                false => 0.4 + 0.1 * rng.f64(),
            };
            let p_values: Vec<f64> = (0..runs)
                .map(|_| {
                    let draw = |count: usize, rng: &mut Rng| -> Vec<f64> {
                        (0..count).map(|_| value(rng)).collect()
                    };
                    let (one, other) = (draw(low, &mut rng), draw(high, &mut rng));
                    // The lower of the two is chosen by its values.
                    precedence(&one, &other).min(precedence(&other, &one))
                })
                .collect();
            for level in [0.001, 0.01, 0.05, 0.2] {
                let below = p_values.iter().filter(|one| **one <= level).count();
                let share = below as f64 / f64::from(runs);
                let error = (level * (1.0 - level) / f64::from(runs)).sqrt();
                assert!(
                    share <= level + 4.0 * error,
                    "{low}, {high}: {share} at {level}"
                );
            }
        }
    }
}
