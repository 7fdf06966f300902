//! How far the median of a few rounds may be off.

use super::student::normal_two_sided;
use super::{CONFIDENCE, median, quantile, spread, two_sided};

/// How many degrees of freedom the [`typical`] spread counts for.
const OF_TYPICAL: f64 = 4.0;

/// The median spread of several series that were measured alike. Nothing of fewer than three
/// series, for then it would be little more than the spread that it is to support.
pub fn typical<'v>(all: impl Iterator<Item = &'v [f64]>) -> Option<f64> {
    let spreads: Vec<f64> = all.filter_map(spread).collect();
    median(&spreads).filter(|_| spreads.len() >= 3)
}

/// The uncertainty of an estimate: its standard error, and what is known beside the rounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Uncertainty {
    /// The standard error that was estimated from the rounds.
    estimated: f64,
    /// The degrees of freedom of that estimate.
    freedom: f64,
    /// A standard deviation that the rounds cannot show.
    known: f64,
}

impl Uncertainty {
    /// That of the median of several values, where the spread of such values is [`typical`]ly
    /// known. Nothing of fewer than two.
    ///
    /// The variance is the mean of their own and the typical one, each weighted with its degrees of
    /// freedom, and has both together (Smyth, "Linear Models and Empirical Bayes Methods",
    /// Statistical Applications in Genetics and Molecular Biology 3, 2004, where the weight is
    /// estimated; a fixed one is enough here).
    pub fn of(values: &[f64], typical: Option<f64>) -> Option<Self> {
        let count = values.len() as f64;
        let (own, own_freedom) = (spread(values)?, count - 1.0);
        let known = typical.map_or(0.0, |_| OF_TYPICAL);
        let freedom = own_freedom + known;
        let squares = own_freedom * own * own + known * typical.unwrap_or(0.0).powi(2);
        let of_median = std::f64::consts::FRAC_PI_2 * squares / freedom / count;
        Some(Uncertainty {
            estimated: of_median.sqrt(),
            freedom,
            known: 0.0,
        })
    }

    /// One that was estimated otherwise.
    pub fn estimated(error: f64, freedom: f64) -> Self {
        Uncertainty {
            estimated: error,
            freedom,
            known: 0.0,
        }
    }

    /// With a standard deviation that the rounds cannot show.
    pub fn and_known(self, known: f64) -> Self {
        let known = self.known.hypot(known);
        Uncertainty { known, ..self }
    }

    /// That of the difference of two estimates. It has the fewer of the two's degrees of freedom,
    /// which is never too many.
    pub fn and(self, other: Self) -> Self {
        Uncertainty {
            estimated: self.estimated.hypot(other.estimated),
            freedom: self.freedom.min(other.freedom),
            known: self.known.hypot(other.known),
        }
    }

    /// Half of a 95 % interval.
    pub fn half_width(self) -> f64 {
        let t = quantile(f64::midpoint(1.0, CONFIDENCE), self.freedom);
        self.at(t, 1.0 - CONFIDENCE)
    }

    /// The distance for a value of t with its two-sided probability.
    fn at(self, t: f64, outside: f64) -> f64 {
        (self.estimated * t).hypot(self.known * normal_two_sided(outside))
    }

    /// The p-value of a distance: the probability that an estimate is at least so far off.
    pub fn p_value(self, distance: f64) -> f64 {
        let distance = distance.abs();
        let (mut low, mut high) = (0.0, 1.0);
        let at = |t: f64| self.at(t, two_sided(t, self.freedom));
        while at(high) < distance {
            high *= 2.0;
            if high > 1e12 {
                return 0.0;
            }
        }
        while high - low > 1e-5 * high {
            let middle = f64::midpoint(low, high);
            if at(middle) < distance {
                low = middle;
            } else {
                high = middle;
            }
        }
        two_sided(high, self.freedom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VALUES: [f64; 5] = [-0.04, -0.02, 0.0, 0.02, 0.04];

    #[test]
    fn the_chance_of_the_half_width_is_what_is_outside() {
        let rounds = Uncertainty::of(&VALUES, None).expect("five");
        for known in [0.0, 0.01, 1.0] {
            let error = rounds.and_known(known);
            let p_value = error.p_value(error.half_width());
            assert!((p_value - 0.05).abs() < 1e-3, "{known}: {p_value}");
        }
        assert!((rounds.p_value(0.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_known_has_no_degrees_of_freedom_to_lack() {
        let error = Uncertainty::of(&[1.0, 1.0], None)
            .expect("two")
            .and_known(0.5);
        assert!((error.half_width() - 1.96 * 0.5).abs() < 1e-3);
        assert_eq!(Uncertainty::of(&[1.0], None), None);
    }

    #[test]
    fn what_is_typical_supports_a_spread_of_its_own() {
        let own = spread(&VALUES).expect("five");
        let series = |spread: f64| VALUES.map(|one| one * spread / own);
        let several = [series(0.01), series(0.02), series(0.09)];
        let typical = |count: usize| typical(several[..count].iter().map(|one| &one[..]));
        assert_eq!(typical(2), None);
        let typical = typical(3).expect("three");
        assert!((typical - 0.02).abs() < 1e-12, "{typical}");
        // Four degrees each.
        let error = Uncertainty::of(&several[2], Some(typical)).expect("five");
        let variance = (0.09_f64.powi(2) + 0.02_f64.powi(2)) / 2.0;
        let expected = (std::f64::consts::FRAC_PI_2 * variance / 5.0).sqrt();
        assert!((error.estimated - expected).abs() < 1e-12);
        assert_eq!(error.freedom, 8.0);
    }

    #[test]
    fn a_difference_has_both_errors_and_the_fewer_degrees() {
        let five = Uncertainty::of(&VALUES, None).expect("five");
        let three = Uncertainty::of(&[1.0, 1.0, 1.0], None).expect("three");
        let both = five.and(three);
        assert_eq!((both.estimated, both.freedom), (five.estimated, 2.0));
        let known = five.and_known(3.0).and(three.and_known(4.0)).known;
        assert!((known - 5.0).abs() < 1e-12);
    }
}
