//! The class.

use super::{Archive, Student};
use crate::error::{Error, Trouble};
use crate::sql::within;
use socklab_core::otp::Dni;

/// One line of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterEntry {
    /// The DNI, with its zeros.
    pub dni: String,
    /// The name.
    pub name: String,
    /// The group.
    pub team: String,
    /// The e-mail address, by which Moodle knows the student.
    pub email: String,
}

impl RosterEntry {
    /// Reads a roster: CSV with the header `dni,name,group,email` in any order; only `dni` must be there. Commas or
    /// semicolons, with or without a byte-order mark, as spreadsheets save them.
    ///
    /// # Errors
    /// Names the line that is wrong, and why. Nothing of a roster with a wrong line is used.
    pub fn read(csv: &[u8]) -> Result<Vec<RosterEntry>, Error> {
        let csv = csv.strip_prefix(b"\xef\xbb\xbf").unwrap_or(csv);
        let header = csv.split(|&byte| byte == b'\n').next().unwrap_or_default();
        let separator = if header.contains(&b';') { b';' } else { b',' };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .trim(csv::Trim::All)
            .flexible(true)
            .from_reader(csv);
        let bad =
            |line: u64, what: &str| Error::new(Trouble::Input, format!("line {line}: {what}"));
        let broken = |error: csv::Error| {
            let line = error.position().map_or(1, csv::Position::line);
            bad(
                line,
                "it is not UTF-8 text, or not CSV: save it as CSV UTF-8",
            )
        };
        let names: Vec<String> = reader
            .headers()
            .map_err(broken)?
            .iter()
            .map(str::to_lowercase)
            .collect();
        let column = |known: &[&str]| names.iter().position(|name| known.contains(&name.as_str()));
        let dni = column(&["dni", "idnumber"]).ok_or_else(|| {
            bad(
                1,
                "the header has no column dni: it should be dni,name,group,email",
            )
        })?;
        let name = column(&["name", "nombre"]);
        let team = column(&["group", "grupo"]);
        let email = column(&["email", "correo"]);
        let mut seen = std::collections::BTreeMap::new();
        let mut entries = Vec::new();
        for record in reader.records() {
            let record = record.map_err(broken)?;
            let line = record.position().map_or(0, csv::Position::line);
            let field = |at: Option<usize>| {
                at.and_then(|at| record.get(at))
                    .unwrap_or_default()
                    .to_owned()
            };
            if record.iter().all(str::is_empty) {
                continue;
            }
            let dni = Dni::parse(&field(Some(dni)))
                .map_err(|_| bad(line, "a DNI is 6 to 8 digits, with its zeros and without its letter (a spreadsheet may have dropped the zeros)"))?;
            if let Some(first) = seen.insert(dni.clone(), line) {
                return Err(bad(line, &format!("that DNI is on line {first} too")));
            }
            entries.push(RosterEntry {
                dni: dni.as_str().to_owned(),
                name: field(name),
                team: field(team),
                email: field(email),
            });
        }
        Ok(entries)
    }
}

impl Archive {
    /// Makes these the class: who is not among them is listed no more, and keeps what was submitted.
    ///
    /// # Errors
    /// When the register cannot be written; then nothing has changed.
    pub fn set_roster(&mut self, entries: &[RosterEntry]) -> Result<(), Error> {
        within(&mut *self.sql, |sql| {
            sql.run("UPDATE students SET listed = 0", &[])?;
            for entry in entries {
                sql.run(
                    "INSERT INTO students (dni, name, team, email, listed) VALUES ($1, $2, $3, $4, 1)
                     ON CONFLICT (dni) DO UPDATE SET name = $2, team = $3, email = $4, listed = 1",
                    &[
                        entry.dni.as_str().into(),
                        entry.name.as_str().into(),
                        entry.team.as_str().into(),
                        entry.email.as_str().into(),
                    ],
                )?;
            }
            Ok(())
        })
    }

    /// All students known, by group and name, and whether they have submitted to that lab.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn students(&mut self, lab: &str) -> Result<Vec<Student>, Error> {
        let rows = self.sql.rows(
            "SELECT t.dni, t.name, t.team, t.email, t.listed,
                CASE WHEN t.secret IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END, s.number
             FROM students t LEFT JOIN submissions s ON s.dni = t.dni AND s.lab = $1
             ORDER BY t.team, t.name, t.dni",
            &[lab.into()],
        )?;
        rows.iter()
            .map(|row| {
                Ok(Student {
                    dni: row.text(0)?,
                    name: row.text(1)?,
                    team: row.text(2)?,
                    email: row.text(3)?,
                    listed: row.int(4)? == 1,
                    enrolled: row.int(5)? == 1,
                    submission: row.maybe_int(6)?.map(i64::unsigned_abs),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rosters() {
        let entry = |dni: &str, name: &str, team: &str, email: &str| RosterEntry {
            dni: dni.to_owned(),
            name: name.to_owned(),
            team: team.to_owned(),
            email: email.to_owned(),
        };
        let plain = "dni,name,group,email\n01234567,\"García, Ana\",A1,ana@x.es\n\n123456,Bob,,\n";
        assert_eq!(
            RosterEntry::read(plain.as_bytes()).unwrap(),
            [
                entry("01234567", "García, Ana", "A1", "ana@x.es"),
                entry("123456", "Bob", "", "")
            ]
        );
        let spreadsheet = "\u{feff}Correo;DNI\r\nana@x.es; 01234567\r\n";
        assert_eq!(
            RosterEntry::read(spreadsheet.as_bytes()).unwrap(),
            [entry("01234567", "", "", "ana@x.es")]
        );
        for (csv, error) in [
            (&b"name\nAna\n"[..], "line 1: the header has no column dni"),
            (b"dni\n123456\n12345\n", "line 3: a DNI is 6 to 8 digits"),
            (
                b"dni\n123456\n123456\n",
                "line 3: that DNI is on line 2 too",
            ),
            (b"dni,name\n123456,Garc\xeda\n", "line 2: it is not UTF-8"),
        ] {
            let said = RosterEntry::read(csv).unwrap_err().detail;
            assert!(said.starts_with(error), "{said}");
        }
    }
}
