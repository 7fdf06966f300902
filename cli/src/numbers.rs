//! Parses options that are numbers.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use socklab_text::Messages;

/// A whole number in a range.
pub(crate) fn whole<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, NotInRange> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|one| range.contains(one));
        let number = number.and_then(|one| T::try_from(one).ok());
        number.ok_or(NotInRange::Whole(*range.start(), *range.end()))
    }
}

/// A whole number in a range, of the usual size.
pub(crate) fn count(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<u32, NotInRange> + Clone + Send + Sync + 'static {
    whole(range)
}

/// A number in a range. "nan" and "inf" parse as numbers, and are in no range.
pub(crate) fn real(
    range: RangeInclusive<f64>,
) -> impl Fn(&str) -> Result<f64, NotInRange> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.parse().ok().filter(|one| range.contains(one));
        number.ok_or(NotInRange::Real(*range.start(), *range.end()))
    }
}

/// A time in seconds; 0 is `None`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seconds(pub(crate) Option<Duration>);

/// The error for a value that is no number in the option's range.
#[derive(Clone, Copy, Debug)]
pub(crate) enum NotInRange {
    /// A whole number between these is expected.
    Whole(u64, u64),
    /// A number between these is expected.
    Real(f64, f64),
    /// A time in seconds is expected, between these or 0.
    Seconds(f64, f64),
}

impl NotInRange {
    /// Says what the option takes.
    pub(crate) fn say(self, messages: &dyn Messages) -> String {
        let (id, from, to) = match self {
            NotInRange::Whole(from, to) => ("range-whole", from.to_string(), to.to_string()),
            NotInRange::Real(from, to) => ("range-real", from.to_string(), to.to_string()),
            NotInRange::Seconds(from, to) => ("range-seconds", from.to_string(), to.to_string()),
        };
        messages.say_with(id, &[("from", &from), ("to", &to)])
    }
}

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
    let (from, to) = (1e-6, 1e6);
    let number = real(from..=to)(text).map_err(|_| NotInRange::Seconds(from, to))?;
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
