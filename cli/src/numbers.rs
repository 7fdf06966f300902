//! Parses options that are numbers.

use std::fmt;
use std::ops::RangeBounds;
use std::time::Duration;

use clap::builder::RangedI64ValueParser;

/// A whole number in a range.
pub(crate) fn count(range: impl RangeBounds<i64>) -> RangedI64ValueParser<u32> {
    clap::value_parser!(u32).range(range)
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

/// A time up to a million seconds.
pub(crate) fn seconds(text: &str) -> Result<Seconds, NotInRange> {
    match text.parse::<f64>() {
        Ok(0.0) => Ok(Seconds(None)),
        Ok(number) if number > 0.0 && number <= 1e6 => {
            Ok(Seconds(Some(Duration::from_secs_f64(number))))
        }
        _ => Err(NotInRange),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        assert_eq!(seconds("0").unwrap().0, None);
        let half = Duration::from_millis(500);
        assert_eq!(seconds("0.5").unwrap().0, Some(half));
        for wrong in ["", "-1", "abc", "nan", "inf", "1e99"] {
            assert!(seconds(wrong).is_err(), "{wrong}");
        }
    }
}
