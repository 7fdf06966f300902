//! The scales of axes: where a value lies, and which values have ticks.

/// A scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scale {
    /// Linear: equal differences are equally far apart.
    Linear {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
    /// Logarithmic: equal ratios are equally far apart.
    Log {
        /// The lower end.
        low: f64,
        /// The upper end.
        high: f64,
    },
}

/// About how many ticks an axis has.
const MARKS: f64 = 6.0;

impl Scale {
    /// A linear scale from zero to a little above all values, so that lengths can be compared.
    pub(super) fn from_zero(values: impl IntoIterator<Item = f64>) -> Self {
        let (_, highest) = ends(values);
        let high = if highest > 0.0 { highest } else { 1.0 };
        Scale::Linear {
            low: 0.0,
            high: high * 1.04,
        }
    }

    /// A linear scale just around the values, so that differences can be seen.
    pub(super) fn around(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = ends(values);
        let spread = if high > low {
            high - low
        } else {
            low.abs().max(1.0) * 0.1
        };
        Scale::Linear {
            low: low - spread * 0.06,
            high: high + spread * 0.06,
        }
    }

    /// A logarithmic scale, with a little room around the values. It ignores values that are not
    /// above zero.
    pub(super) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = ends(values.into_iter().filter(|one| *one > 0.0));
        let (low, high) = if low > 0.0 { (low, high) } else { (1.0, 1.0) };
        // A single value stands in the middle.
        let room = if high > low {
            (high / low).powf(0.05)
        } else {
            3.0
        };
        Scale::Log {
            low: low / room,
            high: high * room,
        }
    }

    /// The upper end.
    pub(super) fn high(self) -> f64 {
        match self {
            Scale::Linear { high, .. } | Scale::Log { high, .. } => high,
        }
    }

    /// Where a value lies: 0 at the lower end, 1 at the upper one.
    pub(super) fn part(self, value: f64) -> f64 {
        match self {
            Scale::Linear { low, high } => (value - low) / (high - low),
            Scale::Log { low, high } => (value / low).ln() / (high / low).ln(),
        }
    }

    /// The ticks: round values from end to end.
    pub(super) fn ticks(self) -> Vec<f64> {
        match self {
            Scale::Linear { low, high } => {
                let step = round_step((high - low) / MARKS);
                let first = (low / step - 1e-9).ceil() as i64;
                let last = (high / step + 1e-9).floor() as i64;
                (first..=last).map(|place| place as f64 * step).collect()
            }
            Scale::Log { low, high } => {
                // If the scale spans few decades, there is room for ticks within them.
                let within: &[f64] = match (high / low).log10() {
                    decades if decades < 1.3 => &[1.0, 2.0, 3.0, 5.0],
                    decades if decades < 3.2 => &[1.0, 3.0],
                    _ => &[1.0],
                };
                let powers = low.log10().floor() as i32..=high.log10().ceil() as i32;
                powers
                    .flat_map(|power| within.iter().map(move |one| one * 10_f64.powi(power)))
                    .filter(|one| (low..=high).contains(one))
                    .collect()
            }
        }
    }
}

/// The least and the greatest value; zeros if there are no values.
fn ends(values: impl IntoIterator<Item = f64>) -> (f64, f64) {
    let each = values.into_iter().filter(|one| one.is_finite());
    let ends = each.map(|one| (one, one));
    let ends = ends.reduce(|(low, high), (one, _)| (low.min(one), high.max(one)));
    ends.unwrap_or_default()
}

/// Rounds a step up to 1, 2, 2.5 or 5 times a power of ten.
fn round_step(wanted: f64) -> f64 {
    let power = 10_f64.powf(wanted.log10().floor());
    let round = [1.0, 2.0, 2.5, 5.0]
        .into_iter()
        .find(|one| one * power >= wanted * 0.999);
    round.unwrap_or(10.0) * power
}

/// A coordinate as text, to a tenth of a unit, which is finer than the eye sees.
pub(super) fn coordinate(value: f64) -> String {
    let mut text = format!("{value:.1}");
    if text.ends_with(".0") {
        text.truncate(text.len() - 2);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_numbers() {
        let scale = Scale::from_zero([3.0, 200_000.0]);
        let ticks = [0.0, 50_000.0, 100_000.0, 150_000.0, 200_000.0];
        assert_eq!(scale.ticks(), ticks);
        assert_eq!(scale.part(104_000.0), 0.5);
        assert_eq!(Scale::from_zero([]).ticks().first(), Some(&0.0));
    }

    #[test]
    fn powers_of_ten_are_equally_far_apart() {
        let scale = Scale::Log {
            low: 1.0,
            high: 10_000.0,
        };
        assert_eq!(scale.ticks(), [1.0, 10.0, 100.0, 1_000.0, 10_000.0]);
        assert!((scale.part(100.0) - 0.5).abs() < 1e-9);
        let narrow = Scale::log([20.0, 100.0]).ticks();
        assert_eq!(narrow, [20.0, 30.0, 50.0, 100.0]);
    }

    #[test]
    fn one_value_alone_stands_in_the_middle() {
        for scale in [Scale::log([7.0]), Scale::around([7.0])] {
            assert!((scale.part(7.0) - 0.5).abs() < 1e-9);
            assert!(!scale.ticks().is_empty());
        }
        for scale in [Scale::log([]), Scale::around([]), Scale::from_zero([])] {
            assert!(scale.part(1.0).is_finite());
        }
    }

    #[test]
    fn coordinates_are_short() {
        let short = [(1.0, "1"), (1.25, "1.2"), (-0.04, "-0"), (99.96, "100")];
        for (value, text) in short {
            assert_eq!(coordinate(value), text);
        }
    }
}
