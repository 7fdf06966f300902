//! A register of which something cannot be used: whose it is, and what goes on without it.

use std::fs;
use std::process::Command;

use crate::common::{run, stderr};
use crate::files::RegisterFolder;

const THREE: [&str; 3] = ["7000001", "7000002", "7000003"];

/// One bit flips in the secret of a student.
fn damage(place: &RegisterFolder, dni: &str) {
    let flip = "import sqlite3, sys\ndb = sqlite3.connect(sys.argv[1])\nsecret, = db.execute(\
                'select secret from students where dni = ?', sys.argv[2:]).fetchone()\n\
                secret = secret[:20] + bytes([secret[20] ^ 1]) + secret[21:]\n\
                db.execute('update students set secret = ? where dni = ?', (secret, sys.argv[2]))\n\
                db.commit()";
    let mut python = Command::new("python3");
    python.args(["-c", flip]).arg(place.at("register.db"));
    assert!(python.arg(dni).status().unwrap().success());
}

/// A lecturer's command that meets a secret which cannot be decrypted says whose it is and what to
/// do, and does the rest if that is safe or asked for.
#[test]
fn one_secret_that_cannot_be_decrypted() {
    let place = RegisterFolder::new();
    let all = THREE.map(|dni| format!("--dni {dni} ")).concat();
    let sheet = |name: &str| format!("--sheet {}", place.shown(name));
    let first = format!("enrol {all} {}", sheet("1"));
    place.ask(&first).success();
    damage(&place, THREE[1]);
    let whose = "the secret of 7000002 cannot be decrypted: give that student a new one";
    let one_line_about_it = |said: &str| {
        let about = said
            .lines()
            .filter(|line| line.contains("cannot be decrypted"));
        assert!(said.contains(whose) && about.count() == 1, "{said}");
    };
    let key = || fs::read(place.at("register.db.key")).unwrap();
    let before = key();

    let said = stderr(&place.ask("rekey").code(1));
    one_line_about_it(&said);
    assert!(said.contains("the key is still the old one"), "{said}");
    assert_eq!(key(), before);
    // The others' new cards are made.
    let more = format!("enrol --dni 7000004 {}", sheet("2"));
    let said = stderr(&place.ask(&more).success());
    one_line_about_it(&said);
    assert!(said.contains("1 secret on "), "{said}");

    let said = stderr(&place.ask("rekey --skip-damaged").success());
    one_line_about_it(&said);
    let rest = "3 secrets are encrypted under a new key";
    assert!(said.contains(rest) && key() != before, "{said}");
    one_line_about_it(&stderr(&place.ask("verify").code(1)));

    let replaced = format!("enrol --dni {} --replace {}", THREE[1], sheet("3"));
    let said = stderr(&place.ask(&replaced).success());
    assert!(!said.contains("cannot be decrypted"), "{said}");
    place.ask("verify").success();
    let said = stderr(&place.ask("rekey").success());
    assert!(said.contains("4 secrets are encrypted"), "{said}");
}

/// A register in memory is taken, and its lecturer told.
#[cfg(target_os = "linux")]
#[test]
fn a_register_in_memory_is_warned_of() {
    let Ok(memory) = tempfile::tempdir_in("/dev/shm") else {
        eprintln!("SKIPPED: this machine has no /dev/shm");
        return;
    };
    let register = memory.path().join("register.db");
    let register = register.display();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for (language, words) in [
        ("en", "will be gone when it restarts"),
        ("es", "se perderá al reiniciarlo"),
    ] {
        // It ends at once, because the port is another's.
        let at = taken.local_addr().unwrap();
        let server = format!("submit server --lang {language} --listen {at} --register {register}");
        let said = stderr(&run(&server).code(1));
        let warnings: Vec<&str> = said.lines().filter(|line| line.contains("tmpfs")).collect();
        assert!(warnings.len() == 1 && warnings[0].contains(words), "{said}");
    }
}
