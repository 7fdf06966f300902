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
    /// The DNI, with its zeros.
    pub dni: String,
    /// The name: `Surname Surname, Given name` where the roster has them apart.
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
    /// What separates the values.
    pub separator: char,
}

/// Why a roster is refused. No line of it is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RosterError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub fault: RosterFault,
}

/// What can be wrong with a line of a roster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RosterFault {
    /// It is not UTF-8 text, or has control characters, or letters that were lost before.
    Encoding,
    /// A quote opens a value and is not closed on the line.
    QuoteOpen,
    /// A quote is in the middle of a value that does not begin with one.
    QuoteInside,
    /// Text follows the quote that closes a value.
    AfterQuote,
    /// It has more or fewer values than the header.
    Values {
        /// How many it has.
        found: usize,
        /// How many the header has.
        columns: usize,
    },
    /// A blank after a separator that may be part of a value, as in `García, Ana`.
    Blank {
        /// What follows it.
        value: String,
    },
    /// A value is longer than a name may be.
    Long {
        /// How many bytes it has.
        bytes: usize,
        /// How it begins.
        value: String,
    },
    /// No column is the DNI's.
    NoDni {
        /// The columns that there are.
        headers: Vec<String>,
    },
    /// Two columns hold the same.
    Twice {
        /// What they hold.
        field: Field,
        /// The header of one.
        first: String,
        /// The header of the other.
        second: String,
    },
    /// A column that was asked for is not there.
    NoColumn {
        /// The header that was asked for.
        header: String,
        /// Those that are there.
        headers: Vec<String>,
    },
    /// It is not a DNI.
    Dni {
        /// What stands in its place.
        value: String,
        /// Why it is none.
        why: DniFault,
    },
    /// It is not an e-mail address.
    Email {
        /// What stands in its place.
        value: String,
    },
    /// Its DNI is on an earlier line too.
    Again {
        /// That line.
        first: usize,
    },
    /// There is a header and no student.
    Empty,
}

impl Roster {
    /// Reads a roster: a header, and a line for each student, in CSV as spreadsheets and Moodle
    /// save it: commas, semicolons or tabs; UTF-8, or UTF-16 with a byte-order mark. What a column
    /// holds is known by its header, in English or a language of Spain, unless `chosen` says it;
    /// only the DNI must be there. Other columns are ignored.
    ///
    /// # Errors
    /// Names the first line whose values might be another column's, and why. A roster without
    /// students is an error unless `may_be_empty`.
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

    /// How many DNIs have fewer than eight digits: a spreadsheet may have dropped their zeros.
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
    /// Makes these the class: who is not among them is listed no more, and keeps what was
    /// submitted.
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

    /// All students known, by group and name as Spanish sorts them, and whether they have submitted
    /// to that lab.
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
        // Databases differ in how they sort text, and neither sorts it as Spanish does.
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
