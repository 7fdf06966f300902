//! Student's t distribution, for any degrees of freedom, and the tail of the normal one.

/// Beyond so many degrees of freedom t is normal to three digits.
const MANY: f64 = 1_000.0;

/// The value that a t of so many degrees of freedom stays below with probability `part` (above 0,
/// below 1).
pub fn quantile(part: f64, freedom: f64) -> f64 {
    if part < 0.5 {
        return -quantile(1.0 - part, freedom);
    }
    let outside = 2.0 * (1.0 - part);
    let (mut low, mut high) = (0.0, 1.0);
    while two_sided(high, freedom) > outside && high < 1e12 {
        high *= 2.0;
    }
    // Bisection: slower than Newton's method, and never wrong.
    while high - low > 1e-7 * high {
        let middle = f64::midpoint(low, high);
        if two_sided(middle, freedom) > outside {
            low = middle;
        } else {
            high = middle;
        }
    }
    f64::midpoint(low, high)
}

/// The probability that a t of so many degrees of freedom is at least that far from zero, on either
/// side.
pub fn two_sided(t: f64, freedom: f64) -> f64 {
    let freedom = freedom.min(MANY);
    let square = t * t;
    // Abramowitz and Stegun, Handbook of Mathematical Functions, 26.7.1 with 26.5.27.
    beta(freedom / (freedom + square), freedom / 2.0, 0.5)
}

/// The probability that a normal deviate is above a value that is not negative, to seven decimals
/// (Abramowitz and Stegun,
/// 26.2.17).
pub(super) fn normal_tail(value: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.231_641_9 * value);
    let factors = [
        0.319_381_530,
        -0.356_563_782,
        1.781_477_937,
        -1.821_255_978,
        1.330_274_429,
    ];
    let polynomial = factors.iter().rev().fold(0.0, |sum, one| (sum + one) * t);
    polynomial * (-value * value / 2.0).exp() / std::f64::consts::TAU.sqrt()
}

/// The value that a normal deviate is farther from zero than with that probability, on either side,
/// to 0.0005 (Abramowitz and Stegun, 26.2.23).
pub(super) fn normal_two_sided(outside: f64) -> f64 {
    let t = (-2.0 * (outside / 2.0).max(f64::MIN_POSITIVE).ln()).sqrt();
    let above = 2.515_517 + t * (0.802_853 + t * 0.010_328);
    let below = 1.0 + t * (1.432_788 + t * (0.189_269 + t * 0.001_308));
    (t - above / below).max(0.0)
}

/// The regularised incomplete beta function.
fn beta(x: f64, a: f64, b: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let logs = a * x.ln() + b * (1.0 - x).ln() + ln_gamma(a + b) - ln_gamma(a) - ln_gamma(b);
    // The fraction converges fast on this side only; the other is its mirror.
    if x < (a + 1.0) / (a + b + 2.0) {
        logs.exp() * fraction(x, a, b) / a
    } else {
        1.0 - logs.exp() * fraction(1.0 - x, b, a) / b
    }
}

/// Its continued fraction (Abramowitz and Stegun, 26.5.8), by Lentz's method (Applied Optics 15,
/// 1976).
fn fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / away(1.0 - (a + b) * x / (a + 1.0));
    let mut product = d;
    for step in 1..10_000 {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away(1.0 + even * d);
        c = away(1.0 + even / c);
        product *= c * d;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away(1.0 + odd * d);
        c = away(1.0 + odd / c);
        product *= c * d;
        if (c * d - 1.0).abs() < 1e-15 {
            break;
        }
    }
    product
}

/// The logarithm of the gamma function of a positive value: Stirling's series (Abramowitz and
/// Stegun, 6.1.41), which is good from 8 on, and the recurrence below.
fn ln_gamma(value: f64) -> f64 {
    let (mut x, mut below) = (value, 0.0);
    while x < 8.0 {
        below += x.ln();
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let series = 1.0 / 12.0 - square * (1.0 / 360.0 - square * (1.0 / 1260.0 - square / 1680.0));
    (x - 0.5) * x.ln() - x + std::f64::consts::TAU.ln() / 2.0 + series / x - below
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, known: f64, part: f64) {
        assert!(
            (found - known).abs() <= part * known.abs(),
            "{found}, {known}"
        );
    }

    #[test]
    fn quantiles_of_the_tables() {
        // NIST/SEMATECH e-Handbook of Statistical Methods, 1.3.6.7.2, to its three decimals.
        for (part, freedom, known) in [
            (0.975, 1.0, 12.706),
            (0.975, 2.0, 4.303),
            (0.975, 4.0, 2.776),
            (0.975, 6.0, 2.447),
            (0.975, 9.0, 2.262),
            (0.975, 30.0, 2.042),
            (0.95, 5.0, 2.015),
            (0.995, 3.0, 5.841),
            (0.999, 4.0, 7.173),
            (0.999, 100.0, 3.174),
        ] {
            let found = quantile(part, freedom);
            assert!(
                (found - known).abs() <= 0.000_6,
                "{part}, {freedom}: {found}"
            );
        }
    }

    #[test]
    fn closed_forms() {
        // One degree: the arc tangent. Two: t / √(2 + t²).
        for t in [0.1_f64, 1.0, 3.0, 40.0, 5_000.0] {
            near(
                two_sided(t, 1.0),
                1.0 - t.atan() * 2.0 / std::f64::consts::PI,
                1e-9,
            );
            near(two_sided(t, 2.0), 1.0 - t / (2.0 + t * t).sqrt(), 1e-6);
        }
    }

    #[test]
    fn it_is_symmetric_and_between_whole_degrees() {
        near(quantile(0.1, 7.0), -quantile(0.9, 7.0), 1e-6);
        let (four, five) = (quantile(0.975, 4.0), quantile(0.975, 5.0));
        let between = quantile(0.975, 4.5);
        assert!(five < between && between < four);
    }

    #[test]
    fn many_degrees_are_normal() {
        near(quantile(0.975, 1e9), 1.959_964, 2e-3);
        near(normal_tail(1.959_964), 0.025, 1e-5);
        for outside in [0.5, 0.05, 0.001, 1e-6] {
            let value = normal_two_sided(outside);
            near(2.0 * normal_tail(value), outside, 3e-3);
        }
        near(normal_tail(3.0), 0.001_349_898, 1e-4);
        near(normal_tail(0.0), 0.5, 1e-6);
    }

    #[test]
    fn gammas() {
        near(ln_gamma(0.5), std::f64::consts::PI.sqrt().ln(), 1e-10);
        near(ln_gamma(11.0), 3_628_800_f64.ln(), 1e-10);
    }
}
