//! Recognises the columns of a roster by their headers, as Moodle, spreadsheets and people write
//! them.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use super::{RosterError, RosterFault};
use crate::name::plain;

/// The known headers of each field, in lines such as `email: email, e mail`.
const HEADERS: &str = include_str!("headers.txt");

/// What a column of a roster holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The DNI.
    Dni,
    /// The full name, or the given name if another column has the surname.
    Name,
    /// The surname, or the first of two surnames.
    Surname,
    /// The second surname.
    SecondSurname,
    /// The group.
    Group,
    /// The e-mail address.
    Email,
}

impl Field {
    /// All fields.
    pub const ALL: [Field; 6] = [
        Field::Dni,
        Field::Name,
        Field::Surname,
        Field::SecondSurname,
        Field::Group,
        Field::Email,
    ];

    /// The field's name in a [`Column`].
    pub const fn word(self) -> &'static str {
        match self {
            Field::Dni => "dni",
            Field::Name => "name",
            Field::Surname => "surname",
            Field::SecondSurname => "surname2",
            Field::Group => "group",
            Field::Email => "email",
        }
    }

    fn named(word: &str) -> Option<Field> {
        let is_it = |field: &Field| field.word().eq_ignore_ascii_case(word);
        Field::ALL.into_iter().find(is_it)
    }

    /// The field that a column with this header holds.
    fn of(header: &str) -> Option<Field> {
        let header = fold(header);
        let mut lines = HEADERS.lines().filter_map(|line| line.split_once(": "));
        let (field, _) = lines.find(|(_, headers)| headers.split(", ").any(|one| one == header))?;
        Field::named(field)
    }
}

/// Names the column that holds a field, for a header that is not recognised: `group=Turno de
/// tarde`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The field that the column holds.
    pub field: Field,
    /// The column's header. Only its letters and digits are compared.
    pub header: String,
}

/// The text is not `FIELD=HEADER`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BadColumn;

impl fmt::Display for BadColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = Field::ALL.into_iter().map(Field::word).collect();
        write!(f, "FIELD=HEADER, FIELD being one of {}", words.join(", "))
    }
}

impl std::error::Error for BadColumn {}

impl FromStr for Column {
    type Err = BadColumn;

    fn from_str(text: &str) -> Result<Self, BadColumn> {
        let (word, header) = text.split_once('=').ok_or(BadColumn)?;
        let field = Field::named(word.trim()).ok_or(BadColumn)?;
        let header = header.trim().to_owned();
        if fold(&header).is_empty() {
            return Err(BadColumn);
        }
        Ok(Column { field, header })
    }
}

/// Whether one of the headers is that of the DNI's column.
pub(super) fn has_dni(headers: &[String], chosen: &[Column]) -> bool {
    match chosen.iter().find(|one| one.field == Field::Dni) {
        Some(one) => (headers.iter()).any(|header| fold(header) == fold(&one.header)),
        None => (headers.iter()).any(|header| Field::of(header) == Some(Field::Dni)),
    }
}

/// The field that each column holds; `None` for a column that is ignored.
pub(super) fn understand(
    line: usize,
    headers: &[String],
    chosen: &[Column],
) -> Result<Vec<Option<Field>>, RosterError> {
    let wrong = |fault| RosterError { line, fault };
    let is_chosen = |field: Field| chosen.iter().any(|one| one.field == field);
    let mut fields: Vec<Option<Field>> = headers
        .iter()
        .map(|header| Field::of(header).filter(|field| !is_chosen(*field)))
        .collect();
    for one in chosen {
        let named = |header: &String| fold(header) == fold(&one.header);
        let at = headers.iter().position(named).ok_or_else(|| {
            wrong(RosterFault::NoColumn {
                header: one.header.clone(),
                headers: headers.to_vec(),
            })
        })?;
        fields[at] = Some(one.field);
    }
    for field in Field::ALL {
        let mut of_it = (headers.iter().zip(&fields)).filter(|(_, is)| **is == Some(field));
        if let (Some((first, _)), Some((second, _))) = (of_it.next(), of_it.next()) {
            return Err(wrong(RosterFault::Twice {
                field,
                first: first.clone(),
                second: second.clone(),
            }));
        }
    }
    if !fields.contains(&Some(Field::Dni)) {
        let headers = headers.to_vec();
        return Err(wrong(RosterFault::NoDni { headers }));
    }
    Ok(fields)
}

/// A header without case, accents and signs: `Apellido(s)` and `APELLIDO/S` are both `apellido s`.
fn fold(header: &str) -> String {
    let plain = plain(header.nfkd());
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_header_is_folded_and_of_one_field() {
        let lines = HEADERS.lines().filter(|line| !line.starts_with('#'));
        for line in lines.filter(|line| !line.is_empty()) {
            let (field, headers) = line.split_once(": ").expect("a field");
            for header in headers.split(", ") {
                assert_eq!(fold(header), header);
                assert_eq!(Field::of(header).map(Field::word), Some(field), "{header}");
            }
        }
    }
}
