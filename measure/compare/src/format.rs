//! Numbers for people: three significant digits, and the language's decimal mark.

use socklab_text::Messages;

/// Shown where there is no figure.
pub(crate) const NO_FIGURE: &str = "–";

/// Writes numbers in a language.
#[derive(Clone, Copy)]
pub struct Numbers<'t> {
    messages: &'t dyn Messages,
}

impl<'t> Numbers<'t> {
    /// Numbers in the language of these messages.
    pub fn new(messages: &'t dyn Messages) -> Self {
        Numbers { messages }
    }

    /// With this many decimals, and a separator of thousands.
    pub fn fixed(self, value: f64, decimals: usize) -> String {
        let plain = format!("{:.decimals$}", value.abs());
        let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
        let mut text = String::new();
        // No minus sign for a value that is rounded to zero.
        if value < 0.0 && plain.contains(|c| ('1'..='9').contains(&c)) {
            text.push('−');
        }
        // Both languages separate thousands only from five digits on.
        let apart = if whole.len() > 4 {
            self.messages.say("compare-thousands")
        } else {
            String::new()
        };
        for (at, digit) in whole.char_indices() {
            if at > 0 && (whole.len() - at).is_multiple_of(3) {
                text.push_str(&apart);
            }
            text.push(digit);
        }
        if !part.is_empty() {
            text.push_str(self.messages.decimal_mark());
            text.push_str(part);
        }
        text
    }

    /// With three significant digits, or all digits of a longer whole number: 0.123, 1.23, 12.3,
    /// 123, 12,345. Below a tenth, with two.
    pub fn three(self, value: f64) -> String {
        let magnitude = value.abs();
        let decimals = match magnitude {
            below if below < 0.000_05 => 0,
            below if below < 0.00995 => 4,
            below if below < 0.0995 => 3,
            below if below < 9.995 => 2,
            below if below < 99.95 => 1,
            _ => 0,
        };
        self.fixed(value, decimals)
    }

    /// A time in microseconds, in a suitable unit.
    pub fn time(self, micros: f64) -> String {
        match micros {
            below if below < 999.5 => format!("{} µs", self.three(micros)),
            below if below < 999_500.0 => format!("{} ms", self.three(micros / 1e3)),
            _ => format!("{} s", self.three(micros / 1e6)),
        }
    }

    /// A size in KiB, in a suitable unit.
    pub fn memory(self, kib: f64) -> String {
        match kib {
            below if below < 1023.5 => format!("{} KiB", self.three(kib)),
            below if below < 1023.5 * 1024.0 => format!("{} MiB", self.three(kib / 1024.0)),
            _ => format!("{} GiB", self.three(kib / 1024.0 / 1024.0)),
        }
    }

    /// A ratio with two decimals: fewer from 10 on, more below 0.1.
    pub fn ratio(self, ratio: f64) -> String {
        self.ratio_part(ratio, ratio)
    }

    /// The half-width of a ratio's interval, with as many decimals as the ratio.
    pub fn ratio_part(self, half: f64, ratio: f64) -> String {
        if ratio < 0.1 {
            self.three(half)
        } else {
            self.fixed(half, if ratio < 9.995 { 2 } else { 1 })
        }
    }

    /// A ratio as a change in per cent: +4.2 %, −17 %.
    pub fn change(self, ratio: f64) -> String {
        let percent = 100.0 * (ratio - 1.0);
        let sign = if percent > 0.0 { "+" } else { "" };
        let decimals = if percent.abs() < 9.95 { 1 } else { 0 };
        format!("{sign}{} %", self.fixed(percent, decimals))
    }

    /// A share (0 to 1) in per cent.
    pub fn percent(self, share: f64) -> String {
        format!("{} %", self.three(100.0 * share))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use socklab_text::Variable;

    struct English;

    impl Messages for English {
        fn has(&self, _: &str) -> bool {
            true
        }

        fn say_with(&self, id: &str, _: &[(&str, &dyn Variable)]) -> String {
            assert_eq!(id, "compare-thousands");
            ",".to_owned()
        }
    }

    #[test]
    fn numbers() {
        let numbers = Numbers::new(&English);
        for (value, text) in [
            (0.0, "0"),
            (0.000_12, "0.0001"),
            (0.0123, "0.012"),
            (0.123, "0.12"),
            (1.234, "1.23"),
            (9.996, "10.0"),
            (12.34, "12.3"),
            (123.4, "123"),
            (1234.5, "1234"),
            (12_345.6, "12,346"),
            (1_234_567.0, "1,234,567"),
            (-12.34, "−12.3"),
            (-0.000_01, "0"),
        ] {
            assert_eq!(numbers.three(value), text, "{value}");
        }
    }

    #[test]
    fn units() {
        let numbers = Numbers::new(&English);
        assert_eq!(numbers.time(12.34), "12.3 µs");
        assert_eq!(numbers.time(999.6), "1.00 ms");
        assert_eq!(numbers.time(1_500_000.0), "1.50 s");
        assert_eq!(numbers.memory(3210.0), "3.13 MiB");
        assert_eq!(numbers.memory(512.0), "512 KiB");
        assert_eq!(numbers.memory(3_000_000.0), "2.86 GiB");
        assert_eq!(numbers.ratio(1.4), "1.40");
        assert_eq!(numbers.ratio(23.456), "23.5");
        assert_eq!(numbers.change(1.042), "+4.2 %");
        assert_eq!(numbers.change(0.83), "−17 %");
        assert_eq!(numbers.change(1.0), "0.0 %");
        assert_eq!(numbers.percent(0.0123), "1.23 %");
    }
}
