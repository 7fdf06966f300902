//! Rosters: what is understood is shown, and what would misplace a value is refused with its line.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use snapbox::cmd::OutputAssert;

use crate::common::{Process, pipe, scratch, socklab, stderr, stdout};

/// A register of the test's own that is not there yet.
fn register() -> PathBuf {
    let path = scratch("register");
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", path.display()));
    }
    path
}

fn command(register: &PathBuf, words: &str) -> Command {
    let mut command = socklab(words);
    command.arg("--register").arg(register);
    command
}

fn load(register: &PathBuf, csv: &[u8], words: &str) -> OutputAssert {
    let file = scratch("class.csv");
    fs::write(&file, csv).unwrap();
    let mut command = command(register, &format!("register roster {words}"));
    command.arg(&file);
    pipe(command, "")
}

fn missing(register: &PathBuf) -> usize {
    let status = pipe(command(register, "register status"), "").success();
    stdout(&status).matches("missing: ").count()
}

#[test]
fn what_was_understood_is_shown() {
    let register = register();
    let csv = "Nombre;Apellido(s);Facultad;Nº DNI;Dirección de correo;Grupos\r\n\
               Ana;García;Física;12345678Z;ana@x.es;A1\r\n\
               Bob;Pérez;Física;1234567;bob@x.es;A1\r\n";
    let said = stderr(&load(&register, csv.as_bytes(), "").success());
    for part in [
        "DNI = \"Nº DNI\", name = \"Nombre\", surname = \"Apellido(s)\", group = \"Grupos\", \
         e-mail = \"Dirección de correo\"",
        "columns that are ignored: \"Facultad\"",
        "the first: 12345678 | García, Ana | A1 | ana@x.es",
        "the class has 2 students",
        "1 DNI has fewer than 8 digits",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let status = stdout(&pipe(command(&register, "register status"), "").success());
    assert!(
        status.contains("missing: García, Ana (12345678)"),
        "{status}"
    );
}

#[test]
fn columns_can_be_chosen() {
    let register = register();
    let csv = b"Documento,Alumno,Horario\n12345678,Ana,Tarde\n";
    load(&register, csv, "--column group=Horario").success();
    let status = stdout(&pipe(command(&register, "register status"), "").success());
    assert!(status.contains("group Tarde: 0 of 1"), "{status}");
    let said = stderr(&load(&register, csv, "--column group=Aula").code(1));
    assert!(said.contains("no column is called \"Aula\""), "{said}");
    load(&register, csv, "--column aula=Horario").code(2);
}

/// Nothing of a roster with such a line is used: the class stays as it was.
#[test]
fn a_wrong_line_changes_nothing() {
    let register = register();
    load(&register, b"dni,name\n12345678,Ana\n22345678,Eva\n", "").success();
    for (csv, words, part) in [
        (
            "dni,name,group,email\n12345678,García, Ana,A1,ana@x.es\n",
            "",
            "line 2: it has 5 values and the header has 4 columns",
        ),
        (
            "dni,name\n32345678,\"Bob\n42345678,Leo\n52345678,Mia\"\n",
            "",
            "line 2: a quote (\") opens a value and is not closed",
        ),
        (
            "dni,name,dni,email\n12345678,Ana,22345678,ana@x.es\n",
            "",
            "line 1: \"dni\", \"dni\" may both be the DNI",
        ),
        ("dni,name\n", "", "line 1: there is a header and no student"),
        (
            "dni,name\n12345678A,Ana\n",
            "",
            "line 2: \"12345678A\" cannot be the DNI: the letter of that number is Z",
        ),
    ] {
        let said = stderr(&load(&register, csv.as_bytes(), words).code(1));
        assert!(said.contains(part) && said.lines().count() == 1, "{said}");
        assert_eq!(missing(&register), 2, "{csv}");
    }
    load(&register, b"dni,name\n", "--empty").success();
    assert_eq!(missing(&register), 0);
}

/// The server's lines may be on a wall: DNIs are masked there.
#[test]
fn a_server_tells_what_it_understood() {
    let (register, file) = (register(), scratch("class.csv"));
    fs::write(&file, "dni;alumno\n12345678Z;Ana\n").unwrap();
    let mut server = command(&register, "submit server --listen :0");
    server.arg("--roster").arg(&file);
    let mut server = Process::start(server);
    let said = [server.notes(), server.notes(), server.notes()];
    assert!(
        said[0].ends_with("DNI = \"dni\", name = \"alumno\""),
        "{said:?}"
    );
    assert_eq!(said[1], "the first: ******78 | Ana");
    assert_eq!(said[2], "the class has 1 student");
    let mut server = command(&register, "submit server --listen :0");
    fs::write(&file, "dni;alumno\n").unwrap();
    server.arg("--roster").arg(&file);
    let said = stderr(&pipe(server, "").code(1));
    assert!(said.contains("the class would be empty"), "{said}");
}
