//! Which column of a roster is what, from its header as Moodle, spreadsheets and people write it.

use std::fmt;
use std::str::FromStr;

use unicode_normalization::UnicodeNormalization;

use super::{RosterError, RosterFault};
use crate::name::plain;

/// What a column of a roster holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The DNI.
    Dni,
    /// The name: all of it, or the given name where another column has the surname.
    Name,
    /// The surname, or the first of two.
    Surname,
    /// The second surname.
    SecondSurname,
    /// The group.
    Group,
    /// The e-mail address.
    Email,
}

impl Field {
    /// All of them.
    pub const ALL: [Field; 6] = [
        Field::Dni,
        Field::Name,
        Field::Surname,
        Field::SecondSurname,
        Field::Group,
        Field::Email,
    ];

    /// Its word in a [`Column`].
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

    /// What it is called, [folded](fold).
    const fn headers(self) -> &'static [&'static str] {
        match self {
            Field::Dni => &[
                "dni",
                "d n i",
                "nif",
                "n i f",
                "dni nif",
                "nif dni",
                "dni nie",
                "nif nie",
                "dni nie pasaporte",
                "dni pasaporte",
                "dni pas",
                "dni sin letra",
                "dni con letra",
                "dni alumno",
                "dni del alumno",
                "dni estudiante",
                "numero dni",
                "numero de dni",
                "num dni",
                "num de dni",
                "no dni",
                "no de dni",
                "n o dni",
                "n dni",
                "documento",
                "documento identidad",
                "documento de identidad",
                "doc identidad",
                "numero de documento",
                "numero documento",
                "no documento",
                "identificacion",
                "numero de identificacion",
                "idnumber",
                "id number",
                "numero de id",
                "numero id",
                "national id",
                "identity card",
                // Catalan
                "num d id",
                "numero d id",
                "numero d identificacio",
                "document d identitat",
                "numero de document",
                // Galician
                "documento de identidade",
                // Basque
                "nan",
                "nan zenbakia",
                "id zenbakia",
                "identifikazio zenbakia",
                "ifz",
            ],
            Field::Name => &[
                "name",
                "full name",
                "fullname",
                "student",
                "student name",
                "first name",
                "firstname",
                "given name",
                "nombre",
                "nombre s",
                "nombre de pila",
                "nombre completo",
                "nombre apellidos",
                "nombre y apellidos",
                "nombre y apellido s",
                "nombre del alumno",
                "nombre del estudiante",
                "apellidos nombre",
                "apellidos y nombre",
                "apellido s nombre",
                "apellido s y nombre",
                "alumno",
                "alumna",
                "alumno a",
                "estudiante",
                // Catalan
                "nom",
                "nom complet",
                "nom cognoms",
                "nom i cognoms",
                "cognoms nom",
                "cognoms i nom",
                "alumne",
                "alumne a",
                "estudiant",
                // Galician
                "nome",
                "nome completo",
                "nome apelidos",
                "nome e apelidos",
                "nome e apelido s",
                "apelidos nome",
                "apelidos e nome",
                "apelido s nome",
                "estudante",
                // Basque
                "izena",
                "izen abizenak",
                "izena abizenak",
                "izena eta abizenak",
                "abizenak izena",
                "abizenak eta izena",
                "ikaslea",
            ],
            Field::Surname => &[
                "surname",
                "surnames",
                "last name",
                "lastname",
                "family name",
                "apellido",
                "apellidos",
                "apellido s",
                "primer apellido",
                "1er apellido",
                "apellido 1",
                "apellido1",
                // Catalan
                "cognom",
                "cognoms",
                "cognom s",
                "primer cognom",
                "cognom 1",
                // Galician
                "apelido",
                "apelidos",
                "apelido s",
                "primeiro apelido",
                "1o apelido",
                // Basque
                "abizena",
                "abizenak",
                "abizena k",
                "abizen ak",
                "lehen abizena",
                "lehenengo abizena",
            ],
            Field::SecondSurname => &[
                "segundo apellido",
                "2o apellido",
                "apellido 2",
                "apellido2",
                "second surname",
                // Catalan, Galician, Basque
                "segon cognom",
                "cognom 2",
                "segundo apelido",
                "bigarren abizena",
            ],
            Field::Group => &[
                "group",
                "groups",
                "group1",
                "team",
                "lab group",
                "grupo",
                "grupos",
                "subgrupo",
                "grupo de practicas",
                "grupo practicas",
                "grupo de laboratorio",
                "grupo laboratorio",
                "turno",
                "equipo",
                // Catalan
                "grup",
                "grups",
                "grup de practiques",
                "grup de laboratori",
                "torn",
                "equip",
                // Galician
                "quenda",
                // Basque
                "taldea",
                "taldeak",
                "praktika taldea",
                "txanda",
            ],
            Field::Email => &[
                "email",
                "e mail",
                "mail",
                "email address",
                "e mail address",
                "correo",
                "correo e",
                "correo electronico",
                "correo institucional",
                "direccion de correo",
                "direccion de correo electronico",
                "direccion email",
                "direccion de email",
                // Catalan
                "correu",
                "correu e",
                "correu electronic",
                "adreca electronica",
                "adreca de correu",
                "adreca de correu electronic",
                "adreca electronica de correu",
                // Galician
                "enderezo de correo",
                "enderezo electronico",
                "enderezo de correo electronico",
                "enderezo de correo e",
                // Basque
                "e posta",
                "e posta helbidea",
                "posta elektronikoa",
                "helbide elektronikoa",
            ],
        }
    }

    fn of(header: &str) -> Option<Field> {
        let header = fold(header);
        let knows = |field: &Field| field.headers().contains(&header.as_str());
        Field::ALL.into_iter().find(knows)
    }
}

/// Says which column holds what, where its header does not: `group=Turno de tarde`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// What it holds.
    pub field: Field,
    /// Its header, as far as letters and digits go.
    pub header: String,
}

/// That is not `FIELD=HEADER`.
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
        let is_it = |field: &Field| field.word().eq_ignore_ascii_case(word.trim());
        let field = Field::ALL.into_iter().find(is_it).ok_or(BadColumn)?;
        let header = header.trim().to_owned();
        if fold(&header).is_empty() {
            return Err(BadColumn);
        }
        Ok(Column { field, header })
    }
}

/// Whether one of them is the DNI's.
pub(super) fn has_dni(headers: &[String], chosen: &[Column]) -> bool {
    match chosen.iter().find(|one| one.field == Field::Dni) {
        Some(one) => headers
            .iter()
            .any(|header| fold(header) == fold(&one.header)),
        None => headers
            .iter()
            .any(|header| Field::of(header) == Some(Field::Dni)),
    }
}

/// What each column holds; `None` for those that are ignored.
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
