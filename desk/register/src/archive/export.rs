//! Exports a lab's submissions to files for other programs.

use std::io::{self, Write};
use std::time::Duration;

use serde_json::json;

use super::deadline::how_long;
use super::{Archive, Submission};
use crate::detail::Detail;
use crate::error::{Error, ErrorKind};
use crate::name::shown;
use crate::time::{local_time, rfc3339};

/// What a Moodle gradebook must say of an exercise.
#[derive(Clone, Debug, PartialEq)]
pub struct Gradebook {
    /// The name of the grade item: the column's header.
    pub exercise: String,
    /// The grade of every submission.
    pub grade: f64,
    /// The highest grade that the item allows.
    pub maximum: f64,
    /// The word for a late submission in its feedback, which the student reads.
    pub late: String,
}

/// A submission that Moodle could not match, so that its whole import would be aborted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmatched {
    /// The DNI.
    pub dni: String,
    /// The name, escaped for display.
    pub name: String,
}

impl Archive {
    /// Writes every submission of a lab as CSV, with the columns that the lab asks for: number,
    /// name, DNI, that the code was valid, address, time in the system's zone, and receipt. If the
    /// lab has a deadline, a further column says how late the submission was. Returns the number of
    /// rows.
    ///
    /// # Errors
    /// When the register cannot be read, or `to` not written.
    pub fn csv(&mut self, lab: &str, to: &mut dyn Write) -> Result<u64, Error> {
        let submissions = self.submissions(lab)?;
        let late = self.late(lab)?;
        let mut header = vec!["number", "name", "dni", "valid", "ip", "time", "receipt"];
        header.extend(late.is_some().then_some("late"));
        let mut sheet = Sheet::new(to, &header)?;
        for one in &submissions {
            let (number, name) = (one.number.to_string(), shown(&one.name));
            let (time, receipt) = (local_time(one.at.as_secs()), one.receipt.as_str());
            let mut cells = vec![&*number, &name, &one.dni, "yes", &one.ip, &time, receipt];
            let by = late.as_ref().map(|late| late.get(&one.number));
            let by = by.map(|by| by.map_or(String::new(), |by| how_long(*by)));
            cells.extend(by.as_deref());
            sheet.row(&cells)?;
        }
        sheet.finish()
    }

    /// Writes every submission of a lab as JSON Lines. A name that is not UTF-8 is also written
    /// byte for byte. Returns the number of lines.
    ///
    /// # Errors
    /// When the register cannot be read, or `to` not written.
    pub fn jsonl(&mut self, lab: &str, to: &mut dyn Write) -> Result<u64, Error> {
        let submissions = self.submissions(lab)?;
        let late = self.late(lab)?;
        for one in &submissions {
            let mut object = object(one);
            if let Some(late) = &late {
                object["late"] = late.get(&one.number).map_or(0, Duration::as_secs).into();
            }
            writeln!(to, "{object}").map_err(|e| unwritten(e.into()))?;
        }
        to.flush().map_err(|e| unwritten(e.into()))?;
        Ok(submissions.len() as u64)
    }

    /// The submissions of a lab whose students are not on the roster. Moodle would abort its import
    /// at the first of them.
    ///
    /// # Errors
    /// When the register cannot be read.
    pub fn unmatched(&mut self, lab: &str) -> Result<Vec<Unmatched>, Error> {
        let listed: std::collections::BTreeSet<String> = self
            .students(lab)?
            .into_iter()
            .filter(|student| student.listed)
            .map(|student| student.dni)
            .collect();
        let all = self.submissions(lab)?;
        Ok(all
            .into_iter()
            .filter(|one| !listed.contains(&one.dni))
            .map(|one| Unmatched {
                name: shown(&one.name),
                dni: one.dni,
            })
            .collect())
    }

    /// Writes a gradebook for Moodle, `idnumber,email,<exercise>,feedback`, with one line for each
    /// student of the roster who has submitted. Returns the number of lines.
    ///
    /// # Errors
    /// When the grade is over the maximum, the register cannot be read, or `to` not written.
    pub fn moodle(
        &mut self,
        lab: &str,
        book: &Gradebook,
        to: &mut dyn Write,
    ) -> Result<u64, Error> {
        if !(0.0..=book.maximum).contains(&book.grade) {
            let [grade, maximum] = [book.grade, book.maximum].map(|one| one.to_string());
            let detail = Detail::Grade { grade, maximum };
            return Err(Error::new(ErrorKind::Input, detail));
        }
        let receipts: std::collections::BTreeMap<u64, Submission> = self
            .submissions(lab)?
            .into_iter()
            .map(|one| (one.number, one))
            .collect();
        let (students, late) = (self.students(lab)?, self.late(lab)?);
        let header = ["idnumber", "email", &book.exercise, "feedback"];
        let mut sheet = Sheet::new(to, &header)?;
        for student in students.iter().filter(|student| student.listed) {
            let Some(one) = student.submission.and_then(|number| receipts.get(&number)) else {
                continue;
            };
            let (time, receipt) = (local_time(one.at.as_secs()), one.receipt.as_str());
            let mut feedback = format!("{time} {receipt}");
            if let Some(by) = late.as_ref().and_then(|late| late.get(&one.number)) {
                feedback += &format!(" ({}: {})", book.late, how_long(*by));
            }
            let grade = book.grade.to_string();
            sheet.row(&[&student.dni, &student.email, &grade, &feedback])?;
        }
        sheet.finish()
    }
}

fn object(one: &Submission) -> serde_json::Value {
    let mut object = json!({
        "number": one.number,
        "lab": one.lab,
        "name": shown(&one.name),
        "dni": one.dni,
        "ip": one.ip,
        "time": rfc3339(one.at.as_secs()),
        "receipt": one.receipt.as_str(),
    });
    if std::str::from_utf8(&one.name).is_err() {
        let hex: String = one.name.iter().map(|byte| format!("{byte:02x}")).collect();
        object["name_hex"] = hex.into();
    }
    object
}

/// Writes CSV (RFC 4180) for spreadsheets. Every cell is in quotes, and no cell is taken for a
/// formula.
struct Sheet<W: Write> {
    csv: csv::Writer<W>,
    rows: u64,
}

impl<W: Write> Sheet<W> {
    fn new(to: W, header: &[&str]) -> Result<Self, Error> {
        let csv = csv::WriterBuilder::new()
            .terminator(csv::Terminator::CRLF)
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(to);
        let mut sheet = Sheet { csv, rows: 0 };
        sheet.write(header)?;
        Ok(sheet)
    }

    fn row(&mut self, cells: &[&str]) -> Result<(), Error> {
        self.rows += 1;
        self.write(cells)
    }

    fn write(&mut self, cells: &[&str]) -> Result<(), Error> {
        let cells = cells.iter().map(|cell| harmless(cell));
        self.csv.write_record(cells).map_err(unwritten)
    }

    /// Returns the number of rows, not counting the header.
    fn finish(mut self) -> Result<u64, Error> {
        self.csv.flush().map_err(|e| unwritten(e.into()))?;
        Ok(self.rows)
    }
}

/// Escapes a cell, so that no spreadsheet takes it for a formula (OWASP, "CSV Injection"): puts an
/// apostrophe before the character that would begin one, as a person would type it. This also holds
/// after another separator inside the cell: a spreadsheet may split there, even between quotes, if
/// the system's list separator is not the file's. In Spain it is the semicolon.
fn harmless(cell: &str) -> String {
    let mut safe = String::with_capacity(cell.len());
    let mut begins = true;
    for letter in cell.chars() {
        if begins && "=+-@\t\r\n＝＋－＠".contains(letter) {
            safe.push('\'');
            begins = false;
        }
        safe.push(letter);
        // After a blank or a quote, a formula may still begin.
        begins =
            ",;|\t\r\n".contains(letter) || begins && (letter == '"' || letter.is_whitespace());
    }
    safe
}

fn unwritten(error: csv::Error) -> Error {
    let error = match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    };
    Error::new(ErrorKind::Output, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_field_runs() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t1", "\r1", "＝1"] {
            assert_eq!(harmless(bad), format!("'{bad}"));
        }
        for (bad, safe) in [
            ("a;=cmd|'/C calc'!A0", "a;'=cmd|'/C calc'!A0"),
            ("a\t=1", "a\t'=1"),
            ("a,-1", "a,'-1"),
            ("a; =1", "a; '=1"),
            (" =1", " '=1"),
            ("a;\"=1", "a;\"'=1"),
            ("a;b;@x", "a;b;'@x"),
            ("a;;+1", "a;;'+1"),
        ] {
            assert_eq!(harmless(bad), safe);
        }
        for good in [
            "Ana-María",
            "García, Ana",
            "a=b",
            "2023-11-14T22:13:20Z",
            "10",
        ] {
            assert_eq!(harmless(good), good);
        }
    }
}
