//! How existing files are treated.

use std::io::Write;

use super::*;

const HEADER: &[u8] = b"SQLite format 3\0 and so on";

/// Names without an extension, and files with any contents.
const ANY: [Kind<'static>; 1] = [Kind {
    extensions: &["csv", "db", "key"],
    begins: b"",
}];

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let names = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = names
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn replace(outputs: &mut Outputs, path: &Path, text: &[u8]) -> Result<(), Error> {
    let mut output = outputs.replace(path, Readers::Owner, &ANY)?;
    output.write_all(text)?;
    Ok(output.finish()?)
}

/// Each way of opening a file refuses each file that must stay as it is.
#[test]
fn databases_and_inputs_are_refused() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    fs::write(at("register.db"), HEADER).unwrap();
    fs::write(at("other-wal"), b"\x37\x7f\x06\x82rest").unwrap();
    fs::write(at("class.csv"), "{").unwrap();
    fs::hard_link(at("register.db"), at("hard")).unwrap();
    let mut outputs = Outputs::default();
    outputs.protect(at("class.csv"));
    outputs.protect_database(&at("new.db"));
    let mut refused = vec![
        ("register.db", true),
        ("register.db-wal", true),
        ("register.db-shm", true),
        ("register.db.key", true),
        ("other-wal", true),
        ("hard", true),
        ("class.csv", false),
        ("new.db", false),
        ("new.db-wal", false),
        ("new.db.key", false),
    ];
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(at("register.db"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("class.csv"), at("link-2")).unwrap();
        std::os::unix::fs::symlink(folder.path(), at("folder")).unwrap();
        refused.extend([("link", true), ("link-2", false), ("folder/new.db", false)]);
    }
    let before = names(folder.path());
    for (name, database) in refused {
        for error in [
            outputs.replace(&at(name), Readers::Owner, &ANY).map(drop),
            outputs.can_replace(&at(name), Readers::Owner, &ANY),
            outputs.append(&at(name), Readers::Owner, b"{").map(drop),
            outputs.secret(&at(name), b"secret", &[]),
        ] {
            match error.unwrap_err() {
                Error::Database if database => {}
                Error::InUse if !database => {}
                other => panic!("{name}: {other:?}"),
            }
        }
    }
    assert_eq!(names(folder.path()), before);
    assert_eq!(fs::read(at("register.db")).unwrap(), HEADER);
}

#[test]
fn only_files_of_its_kinds_are_replaced() {
    let folder = folder();
    let at = |name: &str| folder.path().join(name);
    let page = |begins| Kind {
        extensions: &["html", "htm"],
        begins,
    };
    let kinds = [page(b"<en>"), page(b"<es>")];
    let try_to = |name: &str| Outputs::default().can_replace(&at(name), Readers::Owner, &kinds);
    for (name, text) in [("a.html", "<es> old"), ("b.HTM", ""), ("c", "<en>")] {
        fs::write(at(name), text).unwrap();
        try_to(name).unwrap();
    }
    try_to("new.htm").unwrap();
    for (name, text) in [("d.html", "<fr>"), ("e.html", "<"), ("f", "mine")] {
        fs::write(at(name), text).unwrap();
        let error = try_to(name).unwrap_err();
        assert!(matches!(error, Error::OfAnotherKind), "{name}: {error:?}");
    }
    for name in ["new.py", "d.html.txt", ".x.gif"] {
        match try_to(name).unwrap_err() {
            Error::Extension(list) => assert_eq!(list, ".html, .htm", "{name}"),
            error => panic!("{name}: {error:?}"),
        }
    }
}

#[test]
fn two_outputs_are_two_files() {
    let folder = folder();
    let path = folder.path().join("a");
    let mut outputs = Outputs::default();
    replace(&mut outputs, &path, b"one").unwrap();
    let again = replace(&mut outputs, &path, b"two").unwrap_err();
    assert!(matches!(again, Error::InUse), "{again:?}");
    assert_eq!(fs::read(&path).unwrap(), b"one");
}

#[test]
fn what_is_not_finished_leaves_what_was_there() {
    let folder = folder();
    let path = folder.path().join("a");
    fs::write(&path, "old").unwrap();
    let mut output = Outputs::default()
        .replace(&path, Readers::Owner, &ANY)
        .unwrap();
    output.write_all(&[b'n'; 100_000]).unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"old");
    drop(output);
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(folder.path()), ["a"]);
    Outputs::default()
        .can_replace(&path, Readers::Owner, &ANY)
        .unwrap();
    replace(&mut Outputs::default(), &path, b"new").unwrap();
    assert_eq!(fs::read(&path).unwrap(), b"new");
    assert_eq!(names(folder.path()), ["a"]);
    assert!(replace(&mut Outputs::default(), folder.path(), b"").is_err());
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn modes() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("old"), "old").unwrap();
        fs::set_permissions(at("old"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::copy(at("old"), at("public")).unwrap();
        replace(&mut Outputs::default(), &at("old"), b"names").unwrap();
        replace(&mut Outputs::default(), &at("new"), b"names").unwrap();
        let mut outputs = Outputs::default();
        let log = outputs.append(&at("log"), Readers::Owner, b"{").unwrap();
        assert_eq!(log.others_read(), None);
        outputs.secret(&at("secret"), b"secret", &[]).unwrap();
        for private in ["old", "new", "log", "secret"] {
            assert_eq!(mode(&at(private)), 0o600, "{private}");
        }
        // A public file keeps the mode that its owner gave it.
        fs::set_permissions(at("public"), fs::Permissions::from_mode(0o640)).unwrap();
        let public = outputs
            .replace(&at("public"), Readers::Anybody, &ANY)
            .unwrap();
        public.finish().unwrap();
        assert_eq!(mode(&at("public")), 0o640);
        // A log keeps its mode too, and reports that others can read it.
        fs::write(at("shared"), "{}\n").unwrap();
        fs::set_permissions(at("shared"), fs::Permissions::from_mode(0o644)).unwrap();
        let log = outputs.append(&at("shared"), Readers::Owner, b"{").unwrap();
        assert_eq!(log.others_read(), Some(0o644));
    }

    #[test]
    fn links_are_followed_but_not_by_secrets() {
        let folder = folder();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("else")).unwrap();
        symlink("else/there", at("link")).unwrap();
        let mut outputs = Outputs::default();
        let secret = outputs.secret(&at("link"), b"secret", &[]).unwrap_err();
        assert!(matches!(secret, Error::Exists), "{secret:?}");
        assert!(!at("else/there").exists());
        replace(&mut outputs, &at("link"), b"new").unwrap();
        assert_eq!(fs::read(at("else/there")).unwrap(), b"new");
        assert!(fs::symlink_metadata(at("link")).unwrap().is_symlink());
        let there = outputs.secret(&at("else/there"), b"x", &[]).unwrap_err();
        assert!(matches!(there, Error::InUse), "{there:?}");
        let there = Outputs::default().secret(&at("else/there"), b"x", &[]);
        assert!(matches!(there, Err(Error::Exists)), "{there:?}");
        assert_eq!(names(&at("else")), ["there"]);
    }

    /// Devices are written directly: `/dev/full` returns its error, and `/dev/null` is still a
    /// device.
    #[test]
    fn devices() {
        let mut outputs = Outputs::default();
        replace(&mut outputs, Path::new("/dev/null"), b"x").unwrap();
        Outputs::default()
            .secret(Path::new("/dev/null"), b"x", &[])
            .unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
        if Path::new("/dev/full").exists() {
            let full = replace(&mut outputs, Path::new("/dev/full"), b"x");
            assert!(matches!(full, Err(Error::Io(_))), "{full:?}");
            let mut log = Outputs::default()
                .append(Path::new("/dev/full"), Readers::Owner, b"{")
                .unwrap_or_else(|error| panic!("{error}"));
            assert!(log.append(b"{}\n").is_some(), "it is told once");
            assert!(log.append(b"{}\n").is_none());
            assert!(!log.is_whole());
        }
    }
}

#[test]
fn logs_grow_and_nothing_else_does() {
    let folder = folder();
    let path = folder.path().join("log");
    for line in ["{1}\n", "{2}\n"] {
        let mut outputs = Outputs::default();
        let mut log = outputs.append(&path, Readers::Owner, b"{").unwrap();
        assert_eq!(log.had_content(), line == "{2}\n");
        assert!(log.append(line.as_bytes()).is_none() && log.is_whole());
    }
    assert_eq!(fs::read(&path).unwrap(), b"{1}\n{2}\n");
    fs::write(&path, "name,dni\n").unwrap();
    let foreign = Outputs::default().append(&path, Readers::Owner, b"{");
    assert!(matches!(foreign, Err(Error::Foreign)), "{foreign:?}");
    assert_eq!(fs::read(&path).unwrap(), b"name,dni\n");
}

/// By every name, path and link.
#[test]
fn a_file_is_the_same_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
    for path in [&one, &other] {
        fs::write(path, "x").expect("a file");
        let there = fs::metadata(path).expect("the file");
        assert_eq!(FileId::of(path).expect("the file"), FileId::from(&there));
    }
    let ids = [&one, &other].map(|path| FileId::of(path).expect("the file"));
    assert_eq!(ids[0] == ids[1], !cfg!(unix));
    assert!(FileId::of(&folder.path().join("none")).is_err());
}
