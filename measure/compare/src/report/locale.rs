//! The report's messages and number formats in one language.

use std::collections::BTreeSet;

use socklab_text::{Messages, Variable};

use crate::estimate::{Estimate, Interval};
use crate::names::Names;
use crate::results::{Invalid, Load};

/// The messages of a language, with the names and number formats that all outputs share.
#[derive(Clone, Copy)]
pub(super) struct Locale<'a>(Names<'a>);

impl<'a> Locale<'a> {
    pub(super) fn new(messages: &'a dyn Messages) -> Self {
        Locale(Names::new(messages))
    }

    /// The messages themselves.
    pub(super) fn messages(&self) -> &'a dyn Messages {
        self.0.messages
    }

    /// A message without variables.
    pub(super) fn say(&self, id: &str) -> String {
        self.0.messages.say(id)
    }

    /// A message with its variables.
    pub(super) fn say_with(&self, id: &str, values: &[(&str, &dyn Variable)]) -> String {
        self.0.messages.say_with(id, values)
    }

    /// A whole number.
    pub(super) fn count(&self, value: impl Into<u64>) -> String {
        self.0.numbers.fixed(value.into() as f64, 0)
    }

    /// A figure with three significant digits.
    pub(super) fn figure(&self, value: f64) -> String {
        self.0.numbers.three(value)
    }

    /// A round number, without trailing zeros.
    pub(super) fn tick(&self, value: f64) -> String {
        let text = format!("{value:.6}");
        let text = text.trim_end_matches('0');
        let decimals = text.split_once('.').map_or(0, |(_, part)| part.len());
        self.0.numbers.fixed(value, decimals)
    }

    /// A fraction as a percentage.
    pub(super) fn percent(&self, part: f64) -> String {
        format!("{}\u{a0}%", self.tick(part * 100.0))
    }

    /// A time in microseconds, in the unit that suits it.
    pub(super) fn time(&self, micros: f64) -> String {
        self.0.numbers.time(micros).replace(' ', "\u{a0}")
    }

    /// A time on an axis.
    pub(super) fn time_tick(&self, micros: f64) -> String {
        let (value, unit) = match micros {
            us if us < 999.5 => (us, "µs"),
            us if us < 999_500.0 => (us / 1e3, "ms"),
            us => (us / 1e6, "s"),
        };
        format!("{}\u{a0}{unit}", self.tick(value))
    }

    /// A range of figures.
    pub(super) fn interval(&self, interval: Interval) -> String {
        let (low, high) = (self.figure(interval.low), self.figure(interval.high));
        format!("{low}–{high}")
    }

    /// A figure with its interval, if it has one; a dash if there is none.
    pub(super) fn estimate(&self, estimate: Option<Estimate>) -> String {
        match estimate {
            None => "–".to_owned(),
            Some(Estimate { value, interval }) => match interval {
                None => self.figure(value),
                Some(interval) => format!("{} ({})", self.figure(value), self.interval(interval)),
            },
        }
    }

    /// The name of a load.
    pub(super) fn load(&self, load: Load) -> String {
        self.0.load(&load)
    }

    /// The reasons why a measurement is invalid, each once.
    pub(super) fn reasons<'b>(&self, reasons: impl IntoIterator<Item = &'b Invalid>) -> String {
        let reasons: BTreeSet<Invalid> = reasons.into_iter().copied().collect();
        let each = reasons.into_iter().map(|one| self.0.reason(one));
        each.collect::<Vec<_>>().join("; ")
    }

    /// A caution about the quality of the measurement.
    pub(super) fn caution(&self, id: &str) -> String {
        self.0.caution(id)
    }
}

/// The day and the minute of a Unix time, in UTC.
pub(crate) fn date(unix: u64) -> String {
    let time = i64::try_from(unix).map(jiff::Timestamp::from_second);
    match time {
        Ok(Ok(time)) => time.strftime("%Y-%m-%d %H:%M UTC").to_string(),
        _ => unix.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns each id as its message, except for the decimal and thousands separators.
    struct Spanish;

    impl Messages for Spanish {
        fn has(&self, _: &str) -> bool {
            true
        }

        fn say_with(&self, id: &str, _: &[(&str, &dyn Variable)]) -> String {
            match id {
                "compare-thousands" => ".".to_owned(),
                _ => id.to_owned(),
            }
        }

        fn decimal_mark(&self) -> &'static str {
            ","
        }
    }

    #[test]
    fn round_numbers_have_the_digits_that_they_need() {
        let locale = Locale::new(&Spanish);
        for (value, text) in [
            (0.0, "0"),
            (2.50, "2,5"),
            (1000.0, "1000"),
            (150_000.0, "150.000"),
        ] {
            assert_eq!(locale.tick(value), text);
        }
        assert_eq!(locale.percent(0.999_99), "99,999\u{a0}%");
        assert_eq!(locale.time_tick(20_000.0), "20\u{a0}ms");
        assert_eq!(locale.time(25_300.0), "25,3\u{a0}ms");
    }

    #[test]
    fn dates() {
        for (unix, text) in [
            (0, "1970-01-01 00:00 UTC"),
            (951_782_399, "2000-02-28 23:59 UTC"),
            (951_782_400, "2000-02-29 00:00 UTC"),
            (1_700_000_000, "2023-11-14 22:13 UTC"),
        ] {
            assert_eq!(date(unix), text);
        }
    }
}
