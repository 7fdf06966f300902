//! The file behind a register's path: moved, deleted, written over, or met by another's log.
//!
//! Windows lets no program move or delete a file that another has open.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;
#[cfg(unix)]
use socklab_register::Detail;
use socklab_register::{ErrorKind, Location, Notice, RegisterEvent};

use crate::{Server, TempRegister, right, rules};

fn path(register: &TempRegister) -> PathBuf {
    register.beside("register.db")
}

fn with(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Submits `n` times, each for another DNI.
fn submit(server: &Server, first: u32, n: u32) {
    for dni in first..first + n {
        let said = server.submit(right(&dni.to_string(), 1, 0));
        assert!(said.starts_with("accepted"), "{said}");
    }
}

/// How many submissions a file holds, which must be whole.
fn held(file: &Path) -> usize {
    let mut archive = Location::File(file.to_owned()).archive().unwrap();
    assert_eq!(archive.verify().unwrap(), []);
    archive.submissions("lab").unwrap().len()
}

/// The files as they would be after a kill: copied while the server has them open.
fn killed(register: &TempRegister) -> TempRegister {
    let dead = TempRegister::file();
    for suffix in ["", "-wal", "-owner"] {
        fs::copy(with(&path(register), suffix), with(&path(&dead), suffix)).unwrap();
    }
    dead
}

/// A copy beside the register, made while it is served.
fn backup(register: &TempRegister) -> PathBuf {
    let backup = register.beside("backup.db");
    let mut archive = register.location.archive().unwrap();
    archive.backup(&backup).unwrap();
    backup
}

fn is_moved(server: &Server) -> bool {
    server.events().iter().any(
        |event| matches!(event, RegisterEvent::Failed(error) if error.kind == ErrorKind::Moved),
    )
}

/// Whatever takes its name away: nothing is confirmed, and all that was is in a file.
#[cfg(unix)]
#[test]
fn a_register_that_loses_its_name() {
    type Change = fn(&Path, &Path);
    let changes: [(&str, Change); 4] = [
        ("moved", |file, _| {
            fs::rename(file, with(file, ".else")).unwrap();
        }),
        ("deleted", |file, _| fs::remove_file(file).unwrap()),
        ("a backup moved over it", |file, backup| {
            fs::rename(backup, file).unwrap();
        }),
        ("a folder in its register", |file, _| {
            fs::remove_file(file).unwrap();
            fs::create_dir(file).unwrap();
        }),
    ];
    for (what, change) in changes {
        let register = TempRegister::file();
        let server = register.serve(rules());
        submit(&server, 2_000_000, 3);
        let backup = register.beside("backup.db");
        register
            .location
            .archive()
            .unwrap()
            .backup(&backup)
            .unwrap();
        submit(&server, 3_000_000, 2);
        change(&path(&register), &backup);
        for _ in 0..2 {
            let said = server.submit(right("4000000", 1, 0));
            assert_eq!(said, "unavailable", "{what}");
        }
        assert!(is_moved(&server), "{what}: {:?}", server.events());
        let saved = with(&path(&register), ".saved-1");
        let notice = RegisterEvent::Notice(Notice::Saved(saved.clone()));
        assert!(server.events().contains(&notice), "{what}");
        assert_eq!(held(&saved), 5, "{what}");
        if what == "moved" {
            // Its log is merged: it is whole where it is, without the log that stayed behind.
            assert_eq!(held(&with(&path(&register), ".else")), 5);
        }
        drop(server);
        if what == "a backup moved over it" {
            assert_eq!(held(&path(&register)), 3);
        }
    }
}

/// A register that comes back is gone on with.
#[cfg(unix)]
#[test]
fn a_register_that_is_moved_away_and_back() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 2);
    fs::rename(path(&register), register.beside("else")).unwrap();
    assert_eq!(server.submit(right("4000000", 1, 0)), "unavailable");
    fs::rename(register.beside("else"), path(&register)).unwrap();
    std::thread::sleep(Duration::from_millis(1100));
    submit(&server, 4_000_000, 2);
    assert_eq!(server.events().last(), Some(&RegisterEvent::Recovered));
    drop(server);
    assert_eq!(held(&path(&register)), 4);
}

/// Without its log the file holds nothing; the server notices, and loses nothing.
#[cfg(unix)]
#[test]
fn a_log_that_is_deleted() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 2);
    fs::remove_file(with(&path(&register), "-wal")).unwrap();
    assert_eq!(server.submit(right("4000000", 1, 0)), "unavailable");
    assert!(is_moved(&server));
    std::thread::sleep(Duration::from_millis(1100));
    submit(&server, 4_000_000, 1);
    drop(server);
    assert_eq!(held(&path(&register)), 3);
}

/// `cp backup.db register.db`: the same file with other contents.
#[test]
fn a_register_that_is_written_over_in_place() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 3);
    let backup = backup(&register);
    submit(&server, 3_000_000, 2);
    fs::write(path(&register), fs::read(&backup).unwrap()).unwrap();
    assert_eq!(server.submit(right("4000000", 1, 0)), "unavailable");
    assert!(is_moved(&server), "{:?}", server.events());
    drop(server);
    assert_eq!(held(&path(&register)), 3);
}

/// The log of the file before has the name that SQLite looks for, and the server is dead.
#[test]
fn a_backup_never_meets_an_old_log() {
    for in_place in [false, true] {
        for merged in [false, true] {
            let register = TempRegister::file();
            let server = register.serve(rules());
            submit(&server, 2_000_000, 3);
            let backup = register.beside("backup.db");
            register
                .location
                .archive()
                .unwrap()
                .backup(&backup)
                .unwrap();
            if merged {
                std::thread::sleep(Duration::from_millis(600));
            }
            submit(&server, 3_000_000, 40);
            let dead = killed(&register);
            drop(server);
            let file = path(&dead);
            if in_place {
                fs::write(&file, fs::read(&backup).unwrap()).unwrap();
            } else {
                fs::rename(&backup, &file).unwrap();
            }
            let mut archive = dead.location.archive().unwrap();
            let aside = with(&file, "-wal.old-1");
            assert_eq!(archive.notices(), [Notice::LogSetAside(aside.clone())]);
            assert!(aside.exists());
            assert_eq!(archive.submissions("lab").unwrap().len(), 3);
            drop(archive);
            assert_eq!(held(&file), 3);
            let server = dead.serve(rules());
            submit(&server, 5_000_000, 2);
            drop(server);
            assert_eq!(held(&file), 5);
        }
    }
}

/// A register whose server died, moved with its log (as a restored folder is), keeps its log.
#[test]
fn a_register_that_is_copied_with_its_log() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 5);
    let dead = killed(&register);
    let mut archive = dead.location.archive().unwrap();
    assert_eq!(archive.notices(), []);
    assert_eq!(archive.submissions("lab").unwrap().len(), 5);
}

/// The log of a register that is gone is not read into a new one.
#[test]
fn a_new_register_beside_an_old_log() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 5);
    let dead = killed(&register);
    fs::remove_file(path(&dead)).unwrap();
    let server = dead.serve(rules());
    submit(&server, 3_000_000, 1);
    assert!(matches!(
        server.events()[..],
        [RegisterEvent::Notice(Notice::LogSetAside(_))]
    ));
    drop(server);
    assert_eq!(held(&path(&dead)), 1);
}

#[test]
fn an_empty_file_is_no_register() {
    let register = TempRegister::file();
    fs::write(path(&register), "").unwrap();
    let location = &register.location;
    for opened in [location.archive(), location.archive_or_create()] {
        assert_eq!(opened.map(drop).unwrap_err().kind, ErrorKind::Empty);
    }
    assert_eq!(fs::metadata(path(&register)).unwrap().len(), 0);
}

#[test]
fn a_backup_is_brought_back() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 3);
    let backup = backup(&register);
    submit(&server, 3_000_000, 2);
    let before = fs::read(&backup).unwrap();
    // Not under a server's feet.
    let error = register.location.restore(&backup).unwrap_err();
    assert_eq!(error.kind, ErrorKind::InUse, "{error}");
    submit(&server, 4_000_000, 1);
    drop(server);

    let kept = register.location.restore(&backup).unwrap().unwrap();
    assert_eq!((held(&path(&register)), held(&kept)), (3, 6));
    assert_eq!(fs::read(&backup).unwrap(), before);
    // A damaged register does not keep a backup from being brought back, nor does none.
    fs::write(path(&register), "not a register").unwrap();
    register.location.restore(&backup).unwrap().unwrap();
    assert_eq!(held(&path(&register)), 3);
    fs::remove_file(path(&register)).unwrap();
    assert_eq!(register.location.restore(&backup).unwrap(), None);
    assert_eq!(held(&path(&register)), 3);
    // And the receipts are those that were given.
    let server = register.serve(rules());
    assert_eq!(server.submit(right("2000000", 1, 0)), "already 1");
    drop(server);

    let was = fs::read(path(&register)).unwrap();
    for (name, bytes) in [
        ("text", b"hello".to_vec()),
        ("cut", before[..8192].to_vec()),
    ] {
        let bad = register.beside(name);
        fs::write(&bad, bytes).unwrap();
        let error = register.location.restore(&bad).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
        assert_eq!(fs::read(path(&register)).unwrap(), was);
    }
    #[cfg(unix)]
    refuses_pipes_and_links(&register);
}

/// Nor is a pipe waited for, or the register brought back from itself.
#[cfg(unix)]
fn refuses_pipes_and_links(register: &TempRegister) {
    let pipe = register.beside("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let link = register.beside("link");
    std::os::unix::fs::symlink(path(register), &link).unwrap();
    for (bad, why) in [(pipe, Detail::NotAFile), (link, Detail::Itself)] {
        let error = register.location.restore(&bad).unwrap_err();
        assert_eq!(error.detail, Detail::Of(bad, why.into()));
    }
}

/// SQLite looks for the log beside the name that a program uses, so a second name is warned of.
#[cfg(unix)]
#[test]
fn a_register_with_two_names() {
    let register = TempRegister::file();
    drop(register.serve(rules()));
    assert_eq!(register.location.archive().unwrap().notices(), []);
    let other = register.beside("other.db");
    fs::hard_link(path(&register), &other).unwrap();
    for name in [path(&register), other] {
        let mut archive = Location::File(name.clone()).archive().unwrap();
        let warned = Notice::OtherNames {
            path: name,
            names: 2,
        };
        assert_eq!(archive.notices(), [warned]);
    }
}

/// The file that a register had open is found again in a name that SQLite would take for its own.
#[cfg(unix)]
#[test]
fn names_that_sqlite_takes_for_its_own() {
    let folder = tempfile::tempdir().unwrap();
    for name in [":memory:", "file:x.db", "file::memory:?cache=shared"] {
        let error = Location::File(name.into()).archive_or_create().map(drop);
        assert_eq!(error.unwrap_err().kind, ErrorKind::NotDurable, "{name}");
        assert!(!Path::new(name).exists());
        // With a folder before it, it is a name as any other.
        let file = folder.path().join(name);
        drop(Location::File(file.clone()).archive_or_create().unwrap());
        assert_eq!(held(&file), 0);
    }
}

/// While there is nothing to do, the log is merged: a plain copy of the file holds all.
#[test]
fn an_idle_register_has_no_log() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 5);
    let log = with(&path(&register), "-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    let begun = std::time::Instant::now();
    while fs::metadata(&log).unwrap().len() > 0 {
        assert!(
            begun.elapsed() < Duration::from_secs(20),
            "it is never merged"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let copy = register.beside("copy.db");
    fs::copy(path(&register), &copy).unwrap();
    assert_eq!(held(&copy), 5);
    submit(&server, 3_000_000, 1);
}

/// Neither the file nor its log holds what was forgotten, while a server runs and after it.
#[test]
fn what_is_forgotten_is_nowhere() {
    let register = TempRegister::file();
    let server = register.serve(rules());
    submit(&server, 2_000_000, 50);
    let mut one = right("87654321", 1, 0);
    one.name = b"Olvidada Persona"[..].into();
    assert_eq!(server.submit(one), "accepted 51");
    submit(&server, 3_000_000, 50);
    let traces = || {
        let files = ["", "-wal", "-shm", "-journal"];
        let bytes: Vec<u8> = files
            .iter()
            .flat_map(|suffix| fs::read(with(&path(&register), suffix)).unwrap_or_default())
            .collect();
        let count = |what: &[u8]| bytes.windows(what.len()).filter(|one| *one == what).count();
        (count(b"Olvidada"), count(b"87654321"))
    };
    assert_ne!(traces(), (0, 0));
    let mut archive = register.location.archive().unwrap();
    assert_eq!(archive.forget("87654321").unwrap(), 1);
    assert_eq!(traces(), (0, 0));
    drop(archive);
    submit(&server, 4_000_000, 1);
    drop(server);
    assert_eq!(traces(), (0, 0));
    assert_eq!(held(&path(&register)), 101);
    // It is still SQLite's file for other programs.
    let rows = Connection::open(path(&register)).unwrap();
    let count: i64 = rows
        .query_row("SELECT count(*) FROM attempts", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 101);
}
