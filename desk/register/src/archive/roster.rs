//! The roster of the class.

mod columns;
mod dni;
mod table;

use std::collections::BTreeMap;

use socklab_core::submit::MAX_NAME;

use super::{Archive, Student};
use crate::error::Error;
use crate::name::spanish_order;
use crate::sql::within;

pub use columns::{BadColumn, Column, Field};
pub use dni::DniFault;

use table::Table;

/// One line of a roster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RosterEntry {
    /// The DNI, with its leading zeros.
    pub dni: String,
    /// The name. It is `Surname Surname, Given name` if the roster has separate columns.
    pub name: String,
    /// The group.
    pub team: String,
    /// The e-mail address, by which Moodle knows the student.
    pub email: String,
}

/// A roster, and how it was understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    /// The students.
    pub entries: Vec<RosterEntry>,
    /// The headers, and what each column holds; `None` for those that are ignored.
    pub columns: Vec<(String, Option<Field>)>,
    /// The separator of the values.
    pub separator: char,
}

/// Why a roster is refused. No line of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterError {
    /// The number of the line, from 1.
    pub line: usize,
    /// What is wrong with the line.
    pub fault: RosterFault,
}

/// What can be wrong with a line of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterFault {
    /// The line is not UTF-8, or has control characters, or replacement characters for letters that
    /// were lost earlier.
    Encoding,
    /// A quote opens a value and is not closed on the line.
    QuoteOpen,
    /// A quote is in the middle of a value that does not begin with one.
    QuoteInside,
    /// Text follows the quote that closes a value.
    AfterQuote,
    /// The line has more or fewer values than the header.
    Values {
        /// How many values the line has.
        found: usize,
        /// How many values the header has.
        columns: usize,
    },
    /// A blank after a separator that may be part of a value, as in `García, Ana`.
    Blank {
        /// The text after the blank.
        value: String,
    },
    /// A value is longer than a name may be.
    Long {
        /// The length of the value in bytes.
        bytes: usize,
        /// The beginning of the value.
        value: String,
    },
    /// No column has the DNI.
    NoDni {
        /// The headers of all columns.
        headers: Vec<String>,
    },
    /// Two columns hold the same field.
    Twice {
        /// The field that both hold.
        field: Field,
        /// The header of the first.
        first: String,
        /// The header of the second.
        second: String,
    },
    /// A column that the lecturer named does not exist.
    NoColumn {
        /// The header that the lecturer named.
        header: String,
        /// The headers of all columns.
        headers: Vec<String>,
    },
    /// The value in the DNI's column is not a DNI.
    Dni {
        /// The value.
        value: String,
        /// Why the value is not a DNI.
        why: DniFault,
    },
    /// The value in the e-mail column is not an e-mail address.
    Email {
        /// The value.
        value: String,
    },
    /// The DNI is also on an earlier line.
    Again {
        /// The number of the earlier line.
        first: usize,
    },
    /// The roster has a header and no students.
    Empty,
}

impl Roster {
    /// Reads a roster: a header, and a line for each student, in CSV as spreadsheets and Moodle
    /// save it. The separators are commas, semicolons or tabs; the encoding is UTF-8, or UTF-16
    /// with a byte-order mark.
    ///
    /// A column is recognised by its header, in English or a language of Spain, unless `chosen`
    /// says what it holds. Only the DNI's column is required. Unknown columns are ignored.
    ///
    /// # Errors
    /// Names the first line that cannot be read for certain, and why. A roster without students is
    /// an error unless `may_be_empty`.
    pub fn read(bytes: &[u8], chosen: &[Column], may_be_empty: bool) -> Result<Self, RosterError> {
        let table = Table::read(
            bytes,
            |header| columns::has_dni(header, chosen),
            |line, header| columns::understand(line, header, chosen),
        )?;
        let fields = &table.fields;
        let mut seen = BTreeMap::new();
        let mut entries = Vec::with_capacity(table.rows.len());
        for (line, row) in &table.rows {
            let entry = entry(fields, row, &mut seen, *line);
            entries.push(entry.map_err(|fault| RosterError { line: *line, fault })?);
        }
        if entries.is_empty() && !may_be_empty {
            return Err(RosterError {
                line: table.line,
                fault: RosterFault::Empty,
            });
        }
        Ok(Roster {
            entries,
            columns: table.header.into_iter().zip(table.fields).collect(),
            separator: table.separator,
        })
    }

    /// How many DNIs have fewer than eight digits: a spreadsheet may have dropped leading zeros.
    pub fn short_dnis(&self) -> usize {
        self.entries.iter().filter(|one| one.dni.len() < 8).count()
    }
}

fn entry(
    fields: &[Option<Field>],
    row: &[String],
    seen: &mut BTreeMap<String, usize>,
    line: usize,
) -> Result<RosterEntry, RosterFault> {
    let value = |field: Field| {
        let at = fields.iter().position(|one| *one == Some(field));
        at.map_or("", |at| row[at].as_str())
    };
    for field in Field::ALL {
        let (value, bytes) = (value(field), value(field).len());
        if bytes > MAX_NAME {
            let value = value.chars().take(40).collect();
            return Err(RosterFault::Long { bytes, value });
        }
    }
    let typed = value(Field::Dni);
    let dni = dni::read(typed).map_err(|why| RosterFault::Dni {
        value: typed.to_owned(),
        why,
    })?;
    let dni = dni.as_str().to_owned();
    if let Some(first) = seen.insert(dni.clone(), line) {
        return Err(RosterFault::Again { first });
    }
    let email = value(Field::Email);
    if !email.is_empty() && !email.contains('@') {
        let value = email.to_owned();
        return Err(RosterFault::Email { value });
    }
    let surnames = [value(Field::Surname), value(Field::SecondSurname)];
    let surnames = surnames.join(" ").trim().to_owned();
    let parts = [surnames.as_str(), value(Field::Name)];
    let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    Ok(RosterEntry {
        dni,
        name: parts.join(", "),
        team: value(Field::Group).to_owned(),
        email: email.to_owned(),
    })
}

impl Archive {
    /// Makes these students the class. A student who is not among them is no longer listed, but
    /// keeps the submissions.
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

    /// All known students, with their submission to this lab if there is one. They are sorted by
    /// group and name in the Spanish order.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn students(&mut self, lab: &str) -> Result<Vec<Student>, Error> {
        let rows = self.sql.rows(
            "SELECT t.dni, t.name, t.team, t.email, t.listed,
                CASE WHEN t.secret IS NULL THEN CAST(0 AS BIGINT) ELSE CAST(1 AS BIGINT) END, s.number
             FROM students t LEFT JOIN submissions s ON s.dni = t.dni AND s.lab = $1",
            &[lab.into()],
        )?;
        let students: Result<Vec<Student>, Error> = rows
            .iter()
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
            .collect();
        // Sort here: the two databases sort text differently, and neither in the Spanish order.
        let mut students = students?;
        students.sort_by_cached_key(|one| {
            let order = (spanish_order(&one.team), spanish_order(&one.name));
            (order, one.dni.clone())
        });
        Ok(students)
    }
}

#[cfg(test)]
mod tests;
