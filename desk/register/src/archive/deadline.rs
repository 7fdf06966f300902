//! When a lab's submissions are due, by group. Late ones count, and are marked.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Archive;
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::facts::from_micros;
use crate::sql::remember;

/// When the submissions of a lab are due, as Unix time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deadlines {
    /// For students whose group has no deadline of its own.
    pub all: Option<Duration>,
    /// The deadlines of single groups.
    pub groups: BTreeMap<String, Duration>,
}

impl Deadlines {
    /// Whether there are no deadlines.
    pub fn is_empty(&self) -> bool {
        self.all.is_none() && self.groups.is_empty()
    }

    /// By how many whole seconds a submission of a student of this group was late; `None` if it was
    /// not. Times are shown in seconds, so one in the second of the deadline is not late.
    pub fn late(&self, group: &str, at: Duration) -> Option<Duration> {
        let due = self.groups.get(group).copied().or(self.all)?;
        let late = at.as_secs().saturating_sub(due.as_secs());
        (late > 0).then(|| Duration::from_secs(late))
    }
}

/// The key of a deadline in the table `meta`. Lab and group are written as JSON, so that no two
/// pairs have the same key.
fn key(lab: &str, group: Option<&str>) -> String {
    format!("{PREFIX}{}", serde_json::json!([lab, group]))
}

/// The beginning of all deadlines' keys.
const PREFIX: &str = "deadline ";

impl Archive {
    /// Sets the deadline of a lab, for one group or for all that have none of their own. `None`
    /// removes it.
    ///
    /// # Errors
    /// When the register cannot be written.
    pub fn set_deadline(
        &mut self,
        lab: &str,
        group: Option<&str>,
        due: Option<Duration>,
    ) -> Result<(), Error> {
        let key = key(lab, group);
        match due {
            Some(due) => remember(&mut *self.sql, &key, due.as_secs().to_string().as_bytes()),
            None => {
                let delete = "DELETE FROM meta WHERE key = $1";
                self.sql.run(delete, &[key.into()]).map(drop)
            }
        }
    }

    /// The deadlines of a lab.
    ///
    /// # Errors
    /// When the register cannot be read; so for all methods that follow.
    pub fn deadlines(&mut self, lab: &str) -> Result<Deadlines, Error> {
        let sql = "SELECT key, value FROM meta WHERE key LIKE 'deadline %'";
        let mut deadlines = Deadlines::default();
        for row in &self.sql.rows(sql, &[])? {
            let key = row.text(0)?;
            let bad = || Error::new(ErrorKind::Broken, Detail::Own(key.clone()));
            let named = serde_json::from_str(key.strip_prefix(PREFIX).unwrap_or_default());
            let (of, group): (String, Option<String>) = named.map_err(|_| bad())?;
            if of != lab {
                continue;
            }
            let seconds = String::from_utf8(row.bytes(1)?).ok();
            let seconds = seconds.and_then(|text| text.parse().ok());
            let due = Duration::from_secs(seconds.ok_or_else(bad)?);
            match group {
                Some(group) => {
                    deadlines.groups.insert(group, due);
                }
                None => deadlines.all = Some(due),
            }
        }
        Ok(deadlines)
    }

    /// The numbers of the submissions of a lab that were late, and by how much. `None` if the lab
    /// has no deadline.
    pub fn late(&mut self, lab: &str) -> Result<Option<BTreeMap<u64, Duration>>, Error> {
        let deadlines = self.deadlines(lab)?;
        if deadlines.is_empty() {
            return Ok(None);
        }
        let rows = self.sql.rows(
            "SELECT s.number, a.at, t.team
             FROM submissions s JOIN attempts a ON a.id = s.attempt
                LEFT JOIN students t ON t.dni = s.dni
             WHERE s.lab = $1",
            &[lab.into()],
        )?;
        let mut late = BTreeMap::new();
        for row in &rows {
            if let Some(by) = deadlines.late(&row.text(2)?, from_micros(row.int(1)?)) {
                late.insert(row.count(0)?, by);
            }
        }
        Ok(Some(late))
    }
}

/// A duration in words: its two largest units.
pub fn how_long(time: Duration) -> String {
    let seconds = time.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_has_its_own_deadline() {
        let at = Duration::from_secs;
        let mut deadlines = Deadlines::default();
        assert_eq!(deadlines.late("A1", at(u64::MAX)), None);
        deadlines.groups.insert("A1".to_owned(), at(100));
        assert_eq!(deadlines.late("A1", at(100)), None);
        let late = deadlines.late("A1", Duration::from_millis(100_999));
        assert_eq!(late, None, "in the second of the deadline");
        assert_eq!(deadlines.late("A1", at(101)), Some(at(1)));
        assert_eq!(deadlines.late("B1", at(101)), None);
        deadlines.all = Some(at(50));
        assert_eq!(deadlines.late("A1", at(100)), None);
        assert_eq!(deadlines.late("", at(60)), Some(at(10)));
    }

    #[test]
    fn times_as_people_say_them() {
        for (seconds, said) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (7500, "2 h 5 min"),
            (100_000, "1 d 3 h"),
        ] {
            assert_eq!(how_long(Duration::from_secs(seconds)), said);
        }
    }
}
