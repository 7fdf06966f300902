//! Parses options that are numbers.

use std::fmt;
use std::ops::{RangeBounds, RangeInclusive};
use std::time::Duration;

use clap::builder::RangedI64ValueParser;

/// A whole number in a range.
pub(crate) fn count(range: impl RangeBounds<i64>) -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(range)
}

/// A number in a range. "nan" and "inf" parse as numbers, and are in no range.
pub(crate) fn real(
    range: RangeInclusive<f64>,
) -> impl Fn(&str) -> Result<f64, NotInRange> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok();
        number.filter(|one| range.contains(one)).ok_or(NotInRange)
    }
}

/// A time in seconds; 0 is `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(pub(crate) Option<Duration>);

/// The error for a value that is no number in the option's range.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NotInRange;

impl fmt::Display for NotInRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not in range")
    }
}

impl std::error::Error for NotInRange {}

/// A time of a microsecond to a million seconds. A shorter one would be rounded to none.
pub(crate) fn seconds(text: &str) -> Result<Seconds, NotInRange> {
    if text.parse() == Ok(0.0) {
        return Ok(Seconds(None));
    }
    let number = real(1e-6..=1e6)(text)?;
    Ok(Seconds(Some(Duration::from_secs_f64(number))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(seconds("0").unwrap().0, None);
        let half = Duration::from_millis(500);
        assert_eq!(seconds("0.5").unwrap().0, Some(half));
        for wrong in ["", "-1", "abc", "nan", "inf", "1e99", "1e-99"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
