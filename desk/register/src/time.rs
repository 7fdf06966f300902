//! Reads and writes times as lecturers do.

use std::fmt;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Unix time as RFC 3339 in UTC.
pub fn rfc3339(unix_seconds: u64) -> String {
    match timestamp(unix_seconds) {
        Some(time) => time.to_string(),
        None => unix_seconds.to_string(),
    }
}

/// Unix time as RFC 3339 in the system's time zone (`TZ`), with its offset, so that the hour that
/// comes twice in autumn is not ambiguous.
pub fn local_time(unix_seconds: u64) -> String {
    match timestamp(unix_seconds).map(|time| time.to_zoned(TimeZone::system())) {
        Some(local) if !local.offset().is_zero() => {
            local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
        }
        _ => rfc3339(unix_seconds),
    }
}

fn timestamp(unix_seconds: u64) -> Option<Timestamp> {
    Timestamp::from_second(i64::try_from(unix_seconds).ok()?).ok()
}

/// A text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadTime;

impl fmt::Display for BadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a time is written as 2026-11-20T18:00, or with its offset")
    }
}

impl std::error::Error for BadTime {}

/// Parses a time, `2026-11-20T18:00` or `2026-11-20 18:00:30`, in the system's time zone, or with
/// an offset. Returns Unix time.
///
/// # Errors
/// When the text is not a time, or the time is before 1970.
pub fn parse_time(text: &str) -> Result<Duration, BadTime> {
    let text = text.trim();
    let time = match text.parse::<Timestamp>() {
        Ok(time) => time,
        Err(_) => {
            // Refuse a date without a time: it would mean midnight at its beginning, which is
            // hardly the intended deadline.
            let written: DateTime = text.parse().map_err(|_| BadTime)?;
            if !text.contains(':') {
                return Err(BadTime);
            }
            let local = written.to_zoned(TimeZone::system());
            local.map_err(|_| BadTime)?.timestamp()
        }
    };
    let seconds = u64::try_from(time.as_second()).map_err(|_| BadTime)?;
    Ok(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        for (unix, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_700_000_000, "2023-11-14T22:13:20Z"),
            (4_102_444_799, "2099-12-31T23:59:59Z"),
        ] {
            assert_eq!(rfc3339(unix), text);
        }
    }

    #[test]
    fn times_are_read_as_they_are_written() {
        for unix in [0, 951_782_400, 1_700_000_000, 1_793_232_000, 4_102_444_799] {
            let text = local_time(unix);
            assert_eq!(parse_time(&text), Ok(Duration::from_secs(unix)), "{text}");
        }
        let with_offset = parse_time("2026-11-20T18:00:00+01:00").unwrap();
        assert_eq!(with_offset, Duration::from_secs(1_795_194_000));
        let local = parse_time("2026-11-20T18:00").unwrap();
        assert_eq!(parse_time(" 2026-11-20 18:00:00 "), Ok(local));
        assert!(local_time(local.as_secs()).starts_with("2026-11-20T18:00:00"));
        for bad in [
            "",
            "18:00",
            "2026-11-20",
            "2026-13-01T18:00",
            "1960-01-01T00:00Z",
        ] {
            assert_eq!(parse_time(bad), Err(BadTime), "{bad}");
        }
    }
}
