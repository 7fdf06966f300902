//! How far the median of a few rounds may be off.

use super::student::normal_two_sided;
use super::{CONFIDENCE, quantile, spread, two_sided};

/// The error of an estimate: what the rounds say of it, and what is known beside them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Error {
    /// The standard error that was estimated from the rounds.
    estimated: f64,
    /// The degrees of freedom of that estimate.
    freedom: f64,
    /// A standard deviation that the rounds cannot show.
    known: f64,
}

impl Error {
    /// That of the median of several values. Nothing of fewer than two.
    pub fn of(values: &[f64]) -> Option<Self> {
        let count = values.len() as f64;
        let of_mean = spread(values)? / count.sqrt();
        Some(Error {
            estimated: std::f64::consts::FRAC_PI_2.sqrt() * of_mean,
            freedom: count - 1.0,
            known: 0.0,
        })
    }

    /// With a standard deviation that the rounds cannot show.
    pub fn and_known(self, known: f64) -> Self {
        let known = self.known.hypot(known);
        Error { known, ..self }
    }

    /// That of the difference of two estimates. It has the fewer of the two's degrees of freedom, which is never too many.
    pub fn and(self, other: Self) -> Self {
        Error {
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

    /// How probable it is that an estimate is at least so far off.
    pub fn chance(self, distance: f64) -> f64 {
        let distance = distance.abs();
        let (mut low, mut high) = (0.0, 1.0);
        let at = |t: f64| self.at(t, two_sided(t, self.freedom));
        while at(high) < distance {
            high *= 2.0;
            if high > 1e12 {
                return 0.0;
            }
        }
        while high - low > 1e-6 * high {
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
        let rounds = Error::of(&VALUES).expect("five");
        for known in [0.0, 0.01, 1.0] {
            let error = rounds.and_known(known);
            let chance = error.chance(error.half_width());
            assert!((chance - 0.05).abs() < 1e-3, "{known}: {chance}");
        }
        assert!((rounds.chance(0.0) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn what_is_known_has_no_degrees_of_freedom_to_lack() {
        let error = Error::of(&[1.0, 1.0]).expect("two").and_known(0.5);
        assert!((error.half_width() - 1.96 * 0.5).abs() < 1e-3);
        assert_eq!(Error::of(&[1.0]), None);
    }

    #[test]
    fn a_difference_has_both_errors_and_the_fewer_degrees() {
        let five = Error::of(&VALUES).expect("five");
        let three = Error::of(&[1.0, 1.0, 1.0]).expect("three");
        let both = five.and(three);
        assert_eq!((both.estimated, both.freedom), (five.estimated, 2.0));
        let known = five.and_known(3.0).and(three.and_known(4.0)).known;
        assert!((known - 5.0).abs() < 1e-12);
    }
}
