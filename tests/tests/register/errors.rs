//! What a register does when it cannot do what it should.

use std::fs;
use std::sync::Arc;

use rusqlite::Connection;
use socklab_register::{ErrorKind, Location};

use crate::{TempRegister, right, rules};

const ANA: &str = "12345678";

fn opens(register: &TempRegister) -> Result<(), ErrorKind> {
    let writer = register.location.serve(rules(), None, Arc::new(()));
    writer.map(|_| ()).map_err(|error| error.kind)
}

fn path(register: &TempRegister) -> &std::path::Path {
    match &register.location {
        Location::File(path) => path,
        Location::Postgres(_) => unreachable!(),
    }
}

#[test]
fn files_that_are_no_register() {
    let register = TempRegister::file();
    fs::write(
        path(&register),
        "number,name,dni\n1,Ana,12345678\n".repeat(200),
    )
    .unwrap();
    assert_eq!(opens(&register), Err(ErrorKind::Foreign));

    let register = TempRegister::file();
    Connection::open(path(&register))
        .unwrap()
        .execute_batch("CREATE TABLE notes (text)")
        .unwrap();
    assert_eq!(opens(&register), Err(ErrorKind::Foreign));

    let register = TempRegister::file();
    assert_eq!(opens(&register), Ok(()));
    Connection::open(path(&register))
        .unwrap()
        .execute_batch("PRAGMA user_version = 99")
        .unwrap();
    assert_eq!(opens(&register), Err(ErrorKind::Newer));

    let mut register = TempRegister::file();
    register.location = Location::File(register.beside("no/such/folder.db"));
    assert_eq!(opens(&register), Err(ErrorKind::Open));
    assert_eq!(
        register.location.archive().map(|_| ()).unwrap_err().kind,
        ErrorKind::Missing
    );
    register.location = "postgres://nobody@127.0.0.1:1/none".parse().unwrap();
    assert_eq!(opens(&register), Err(ErrorKind::Open));
}

/// A file as version 1 left it, with a submission in it.
#[test]
fn a_file_of_version_1() {
    let register = TempRegister::file();
    let old = Connection::open(path(&register)).unwrap();
    old.execute_batch(include_str!("version-1.sql")).unwrap();
    drop(old);
    let server = register.serve(rules());
    let mut again = right(ANA, 1, 0);
    again.name = (*b"Ana").into();
    assert_eq!(server.submit(again), "already 1");
    assert_eq!(server.submit(right("123456", 1, 0)), "accepted 2");
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.submissions("lab").unwrap().len(), 2);
    assert_eq!(archive.verify().unwrap(), []);
}

#[test]
fn a_backup_under_load_is_whole() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    let waiting: Vec<_> = (0..400)
        .map(|n| server.store(right(&format!("{}", 2_000_000 + n), 1, 0)))
        .collect();
    let mut archive = register.location.archive().unwrap();
    let copy = register.beside("copy.db");
    archive.backup(&copy).unwrap();
    assert!(
        archive.backup(&copy).is_err(),
        "a backup is never written over"
    );
    for one in waiting {
        one.recv().unwrap();
    }
    let mut archive = Location::File(copy).archive().unwrap();
    assert_eq!(archive.verify().unwrap(), []);
    let _ = archive.submissions("lab").unwrap();
}

#[cfg(unix)]
#[test]
fn only_its_owner_reads_it() {
    use std::os::unix::fs::PermissionsExt;
    let register = TempRegister::file();
    let server = register.serve(rules());
    assert_eq!(server.submit(right(ANA, 1, 0)), "accepted 1");
    register
        .location
        .archive()
        .unwrap()
        .backup(&register.beside("copy.db"))
        .unwrap();
    for entry in fs::read_dir(path(&register).parent().unwrap()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
}
