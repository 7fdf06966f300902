use super::*;

fn read(text: &str) -> Result<Roster, RosterError> {
    Roster::read(text.as_bytes(), &[], false)
}

fn entry(dni: &str, name: &str, team: &str, email: &str) -> RosterEntry {
    RosterEntry {
        dni: dni.to_owned(),
        name: name.to_owned(),
        team: team.to_owned(),
        email: email.to_owned(),
    }
}

fn understood(text: &str) -> Vec<RosterEntry> {
    read(text)
        .unwrap_or_else(|error| panic!("{text:?}: {error:?}"))
        .entries
}

fn refused(text: &str) -> (usize, RosterFault) {
    let error = read(text).map(|read| read.entries).expect_err(text);
    (error.line, error.fault)
}

#[test]
fn as_programs_and_people_write_them() {
    let ana = || vec![entry("12345678", "Ana", "A1", "ana@x.es")];
    let garcia = || vec![entry("12345678", "García, Ana", "A1", "ana@x.es")];
    for text in [
        "dni,name,group,email\n12345678,Ana,A1,ana@x.es\n",
        "DNI ,Name, Group , E-mail\n12345678,Ana,A1,ana@x.es\n",
        "dni, name, group, email\n12345678, Ana, A1, ana@x.es\n",
        "sep=;\ndni;name;group;email\n12345678;Ana;A1;ana@x.es\n",
        "\"sep=,\"\r\n\"dni\",\"name\",\"group\",\"email\"\r\n12345678,Ana,A1,ana@x.es\r\n",
        "dni\tname\tgroup\temail\n12345678\tAna\tA1\tana@x.es\n",
        "\u{feff}Correo;D.N.I.;Grupo de prácticas;ALUMNO/A\r\nana@x.es; 12345678Z;A1;Ana\r\n",
        "Nº DNI;Nombre;Turno;Correo-e;;\n12.345.678-Z;Ana;A1;ana@x.es;;\n;;;;;\n",
        "dni,name,group,email\r12345678,Ana,A1,ana@x.es\r",
    ] {
        assert_eq!(understood(text), ana(), "{text:?}");
    }
    for text in [
        // Moodle's participants and grades, in both languages.
        "Nombre,Apellido(s),Número de ID,Dirección de correo,Grupos\n\
         Ana,García,12345678,ana@x.es,A1\n",
        "First name,Last name,ID number,Email address,Groups\nAna,García,12345678,ana@x.es,A1\n",
        "dni,Nombre,Apellido(s),Dirección de correo,Grupos\n12345678,Ana,García,ana@x.es,A1\n",
        "username,firstname,lastname,email,idnumber,group1\nx1,Ana,García,ana@x.es,12345678,A1\n",
        "dni,name,group,email\n12345678,\"García, Ana\",A1,ana@x.es\n",
        "Apellidos, Nombre;NIF;Grupo;Mail\nGarcía, Ana;12345678Z;A1;ana@x.es\n",
        // In Catalan, Galician and Basque.
        "Nom,Cognoms,Número ID,Adreça electrònica,Grups\nAna,García,12345678,ana@x.es,A1\n",
        "Cognoms, nom;DNI;Grup;Correu electrònic\nGarcía, Ana;12345678Z;A1;ana@x.es\n",
        "Nome,Apelidos,Número de ID,Enderezo de correo,Grupos\nAna,García,12345678,ana@x.es,A1\n",
        "Apelidos e nome;DNI;Quenda;Enderezo electrónico\nGarcía, Ana;12345678Z;A1;ana@x.es\n",
        "Izena,Abizena(k),ID zenbakia,E-posta helbidea,Taldeak\nAna,García,12345678,ana@x.es,A1\n",
        "Abizenak, izena;NAN;Taldea;Helbide elektronikoa\nGarcía, Ana;12345678Z;A1;ana@x.es\n",
        // Copied text may contain invisible characters.
        "\u{200b}dni,name,group,email\n12345678\u{200b},\"\u{2060}García, Ana\",A1,ana@x.es\u{feff}\n",
    ] {
        assert_eq!(understood(text), garcia(), "{text:?}");
    }
    // All characters of this name are invisible, so it counts as empty.
    assert_eq!(
        understood("dni,name\n12345678,\u{3164}\u{200b}\n"),
        [entry("12345678", "", "", "")]
    );
    let three = "Primer apellido;Segundo apellido;Nombre;DNI\nGarcía;Pérez;Ana;12345678\n";
    assert_eq!(
        understood(three),
        [entry("12345678", "García Pérez, Ana", "", "")]
    );
    let quotes = "dni,name\n123456,\"Ana \"\"Nita\"\" García\"\n";
    assert_eq!(
        understood(quotes),
        [entry("123456", "Ana \"Nita\" García", "", "")]
    );
    let utf16: Vec<u8> = "\u{feff}DNI\tNombre\r\n01234567\tÁngel\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let read = Roster::read(&utf16, &[], false).unwrap();
    assert_eq!(read.entries, [entry("01234567", "Ángel", "", "")]);
    assert_eq!((read.separator, read.short_dnis()), ('\t', 0));
}

#[test]
fn other_columns_are_named_and_ignored() {
    let read = read("Facultad,dni,Nombre\nFísica,1234567,Ana\n").unwrap();
    assert_eq!(
        read.columns,
        [
            ("Facultad".to_owned(), None),
            ("dni".to_owned(), Some(Field::Dni)),
            ("Nombre".to_owned(), Some(Field::Name)),
        ]
    );
    assert_eq!((read.separator, read.short_dnis()), (',', 1));
}

#[test]
fn a_line_whose_values_may_be_misplaced_is_refused() {
    use RosterFault as F;
    let headers = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
    let bad = |value: &str, why| F::Dni {
        value: value.to_owned(),
        why,
    };
    let value = |value: &str| value.to_owned();
    for (text, line, fault) in [
        (
            "dni,name,group,email\n12345678,García, Ana,A1,ana@x.es\n22345678,Bob,A1,bob@x.es\n",
            2,
            F::Values {
                found: 5,
                columns: 4,
            },
        ),
        // An unquoted comma in a name, while another value is missing: the number of values is
        // right.
        (
            "dni,name,group,email\n12345678,García, Ana,ana@x.es\n",
            2,
            F::Blank {
                value: value("Ana"),
            },
        ),
        (
            "dni,name,group,email\n22345678,Bob,A1,bob@x.es\n12345678,A1,ana@x.es\n",
            3,
            F::Values {
                found: 3,
                columns: 4,
            },
        ),
        (
            "dni,name\n12345678,\"Ana\n22345678,Eva\n32345678,Bob\"\n",
            2,
            F::QuoteOpen,
        ),
        ("dni,\"name\n12345678,Ana\n", 1, F::QuoteOpen),
        ("dni,name\n\n12345678,Ana \"Nita\"\n", 3, F::QuoteInside),
        ("dni,name\n12345678,\"Ana\" Eva\n", 2, F::AfterQuote),
        (
            "dni,name,dni,email\n12345678,Ana,22345678,ana@x.es\n",
            1,
            F::Twice {
                field: Field::Dni,
                first: value("dni"),
                second: value("dni"),
            },
        ),
        (
            "DNI;Correo;Correo institucional\n12345678;a@x.es;b@x.es\n",
            1,
            F::Twice {
                field: Field::Email,
                first: value("Correo"),
                second: value("Correo institucional"),
            },
        ),
        (
            "name\nAna\n",
            1,
            F::NoDni {
                headers: headers(&["name"]),
            },
        ),
        (
            "12345678,Ana\n22345678,Eva\n",
            1,
            F::NoDni {
                headers: headers(&["12345678", "Ana"]),
            },
        ),
        ("", 1, F::NoDni { headers: vec![] }),
        // Errors in the header are reported before errors in the rows.
        (
            "The class of 2026\ndni,name\n12345678,Ana\n",
            1,
            F::NoDni {
                headers: headers(&["The class of 2026"]),
            },
        ),
        (
            &format!("dni,name\n12345678,Ana\n22345678,{}\n", "é".repeat(257)),
            3,
            F::Long {
                bytes: 514,
                value: "é".repeat(40),
            },
        ),
        (
            "dni\n123456\n12345\n",
            3,
            bad(
                "12345",
                DniFault::Form(socklab_core::otp::DniError::Length { digits: 5 }),
            ),
        ),
        (
            "dni,name\n12345678A,Ana\n",
            2,
            bad("12345678A", DniFault::Letter('Z')),
        ),
        (
            "dni,name\nX1234567A,Ana\n",
            2,
            bad("X1234567A", DniFault::Foreign),
        ),
        (
            "dni,email,group\n123456,A1,ana@x.es\n",
            2,
            F::Email { value: value("A1") },
        ),
        ("dni\n123456\n\n123456\n", 4, F::Again { first: 2 }),
        ("dni\n12345678\n12345678Z\n", 3, F::Again { first: 2 }),
        ("dni,name,group,email\n", 1, F::Empty),
        ("dni;name\n;\n", 1, F::Empty),
        ("dni,name\n123456,Garc\u{fffd}a\n", 2, F::Encoding),
        ("dni,name\n123456,Ana\0\n", 2, F::Encoding),
    ] {
        assert_eq!(refused(text), (line, fault), "{text:?}");
    }
    let windows = Roster::read(b"dni,name\n123456,Garc\xeda\n", &[], false).unwrap_err();
    assert_eq!((windows.line, windows.fault), (2, F::Encoding));
    let nobody = Roster::read(b"dni\n", &[], true).unwrap();
    assert_eq!(nobody.entries, []);
}

#[test]
fn columns_that_are_chosen() {
    let text = "Matrícula;Documento;Alumno;Horario;Correo;Correo personal\n\
                7;12345678;Ana;Tarde;ana@x.es;ana@y.es\n";
    let chosen = |words: &[&str]| -> Vec<Column> {
        words.iter().map(|word| word.parse().unwrap()).collect()
    };
    let columns = chosen(&["group=horario", "email=CORREO PERSONAL"]);
    let read = Roster::read(text.as_bytes(), &columns, false).unwrap();
    assert_eq!(
        read.entries,
        [entry("12345678", "Ana", "Tarde", "ana@y.es")]
    );
    let columns = chosen(&["dni=matricula"]);
    let error = Roster::read(text.as_bytes(), &columns, false).unwrap_err();
    assert_eq!(error.line, 2);
    let columns = chosen(&["group=Aula"]);
    let error = Roster::read(text.as_bytes(), &columns, false).unwrap_err();
    assert!(
        matches!(error.fault, RosterFault::NoColumn { .. }),
        "{error:?}"
    );
    for wrong in ["", "group", "aula=x", "group=", "group=()"] {
        assert_eq!(wrong.parse::<Column>(), Err(BadColumn), "{wrong}");
    }
}
