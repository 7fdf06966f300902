//! The files that commands write: onto what they must not be written, whole or not at all, and who
//! may read them.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use socklab_core::otp::{Key, TimeStep};
use tempfile::TempDir;

use crate::common::{
    PATIENCE, Process, code_now, nobody_on_tcp, nobody_on_udp, on_disk, pipe, run, socklab, stderr,
    stdout, step, within_one_step,
};

const ANA: &str = "01234567";

/// A folder with a register in it.
pub(crate) struct RegisterFolder {
    folder: TempDir,
}

impl RegisterFolder {
    /// A folder with a register in it, of one submission.
    pub(crate) fn new() -> RegisterFolder {
        let place = RegisterFolder { folder: on_disk() };
        let (server, address) = place.serve("");
        assert!(submit(address, ANA, &code_now(ANA)).starts_with("OK "));
        server.signal(Signal::TERM);
        assert_eq!(server.end().code, Some(0));
        place
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn shown(&self, name: &str) -> String {
        self.at(name).display().to_string()
    }

    fn serve(&self, words: &str) -> (Process, SocketAddr) {
        let register = self.shown("register.db");
        Process::serve(&format!("submit server {words} --register {register}"))
    }

    pub(crate) fn ask(&self, words: &str) -> snapbox::cmd::OutputAssert {
        let register = self.shown("register.db");
        run(&format!("register {words} --register {register}"))
    }

    /// How many lines the register's list has.
    fn listed(&self) -> usize {
        stdout(&self.ask("list").success()).lines().count()
    }

    fn mode(&self, name: &str) -> u32 {
        fs::metadata(self.at(name)).unwrap().permissions().mode() & 0o777
    }

    fn names(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = names
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

pub(crate) fn submit(address: SocketAddr, dni: &str, code: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "Ana&{dni}&{code}").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Every option of every command that names a file to write, with what must come before it.
fn outputs(place: &RegisterFolder) -> Vec<String> {
    let register = place.shown("register.db");
    let ((tcp, _), (udp, _)) = (nobody_on_tcp(), nobody_on_udp());
    let server = format!("submit server --listen :0 --register {register}");
    let submits = format!("submit client {tcp} --name A --dni {ANA} --otp 111111");
    let compare = "compare echo --models blocking --connections 1 --rounds 1 --seconds 0.1";
    let mut outputs = vec![
        format!("{server} --log"),
        format!("{server} --transcript"),
        format!("{submits} --transcript"),
        format!("echo client {udp} --transcript"),
        format!("welcome client {tcp} --transcript"),
        "chat server --listen :0 --transcript".to_owned(),
        format!("otp enroll --dni {ANA} --no-qr --png"),
        format!("otp enroll --dni {ANA} --no-qr --svg"),
        "timeline echo --models blocking --output".to_owned(),
        format!("register backup --register {register}"),
        format!("register enrol --dni 7654321 --register {register} --sheet"),
        format!("register enrol --dni 7654321 --register {register} --sheet x.html --key"),
    ];
    for format in ["csv", "jsonl", "moodle"] {
        outputs.push(format!(
            "register export --format {format} --register {register} --to"
        ));
    }
    for option in ["json", "csv", "markdown", "report"] {
        outputs.push(format!("{compare} --{option}"));
    }
    outputs
}

/// Nothing is written onto a register, whatever it is called, nor onto what belongs to it.
#[test]
fn no_command_writes_onto_a_register() {
    let place = RegisterFolder::new();
    fs::write(place.at("register.db.key"), [7; 32]).unwrap();
    fs::set_permissions(
        place.at("register.db.key"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    fs::copy(place.at("register.db"), place.at("another.db")).unwrap();
    fs::hard_link(place.at("register.db"), place.at("hard.csv")).unwrap();
    symlink("register.db", place.at("soft.csv")).unwrap();
    let before = fs::read(place.at("register.db")).unwrap();
    let targets = [
        "register.db",
        "register.db-wal",
        "register.db-shm",
        "register.db.key",
        "another.db",
        "another.db-wal",
        "hard.csv",
        "soft.csv",
    ];
    let names = place.names();
    for words in outputs(&place) {
        // A key is named to be read; it is no output but where there is none.
        let key = words.ends_with("--key");
        for target in targets
            .iter()
            .filter(|target| !key || !target.ends_with("key"))
        {
            let mut command = socklab(&words);
            command.arg(place.at(target));
            let said = stderr(&pipe(command, "hola\n").code(1));
            let last = said.lines().last().unwrap_or_default();
            assert!(last.contains(target), "{words} {target}: {said}");
            assert_eq!(place.names(), names, "{words} {target}");
            let after = fs::read(place.at("register.db")).unwrap();
            assert!(before == after, "{words} {target}");
        }
    }
    assert_eq!(fs::read(place.at("register.db.key")).unwrap(), [7; 32]);
    assert_eq!(place.listed(), 1);
}

/// While a server runs, too.
#[test]
fn no_command_writes_onto_a_register_in_use() {
    let place = RegisterFolder::new();
    let (server, address) = place.serve("");
    assert!(submit(address, "7654321", &code_now("7654321")).starts_with("OK "));
    for target in ["register.db", "register.db-wal", "register.db-shm"] {
        let to = place.shown(target);
        place.ask(&format!("export --to {to}")).code(1);
        run(&format!("otp enroll --dni {ANA} --no-qr --png {to}")).code(1);
    }
    assert!(submit(address, "1234567", &code_now("1234567")).starts_with("OK "));
    server.signal(Signal::TERM);
    assert_eq!(server.end().code, Some(0));
    assert_eq!(place.listed(), 3);
    place.ask("verify").success();
}

/// What a command reads is not what it writes, and two outputs are two files.
#[test]
fn inputs_and_other_outputs_are_kept() {
    let place = RegisterFolder::new();
    let text = "dni\n01234567\n";
    for name in ["class.csv", "cert.pem", "key.pem", "secret.key"] {
        fs::write(place.at(name), text).unwrap();
    }
    let at = |name: &str| place.shown(name);
    let server = format!("submit server --listen :0 --register {}", at("register.db"));
    let (class, cert, key) = (at("class.csv"), at("cert.pem"), at("key.pem"));
    let (address, _taken) = nobody_on_tcp();
    let client = format!("submit client {address} --name A --dni {ANA} --otp 111111 --tls");
    for words in [
        format!("{server} --roster {class} --log {class}"),
        format!("{server} --roster {class} --transcript {class}"),
        format!("{server} --tls {cert} {key} --log {key}"),
        format!("{server} --tls {cert} {key} --log {cert}"),
        format!(
            "{server} --key {} --log {}",
            at("secret.key"),
            at("secret.key")
        ),
        format!("{server} --log {} --transcript {}", at("one"), at("one")),
        format!("{client} --ca {cert} --transcript {cert}"),
        format!(
            "otp enroll --dni {ANA} --no-qr --png {} --svg {}",
            at("two"),
            at("two")
        ),
        format!(
            "compare echo --quick --json {} --csv {}",
            at("three"),
            at("three")
        ),
    ] {
        run(&words).code(1);
        for name in ["class.csv", "cert.pem", "key.pem", "secret.key"] {
            assert_eq!(fs::read_to_string(place.at(name)).unwrap(), text, "{words}");
        }
    }
}

/// A folder that cannot be made is refused before the measurement, which would take hours here.
#[test]
fn a_folder_of_percentiles_is_made_first() {
    let place = RegisterFolder::new();
    let file = place.shown("register.db");
    let compare = "compare echo --models mio --rounds 1000 --seconds 100";
    let ended = run(&format!("{compare} --hdr {file}/inside")).code(1);
    assert!(stderr(&ended).contains(&file), "{}", stderr(&ended));
}

/// A file that is there is replaced whole or not at all; logs and transcripts grow.
#[test]
fn what_is_there_is_replaced_or_grows() {
    let place = RegisterFolder::new();
    let to = place.shown("lab.csv");
    let last_year = "\"number\",\"name\",\"dni\",\"of last year\"\r\n";
    fs::write(place.at("lab.csv"), last_year).unwrap();
    // The export fails, so the old one stays.
    let export = format!("export --format moodle --grade 11 --to {to}");
    place.ask(&export).code(1);
    assert_eq!(fs::read_to_string(place.at("lab.csv")).unwrap(), last_year);
    place.ask(&format!("export --to {to}")).success();
    let csv = fs::read_to_string(place.at("lab.csv")).unwrap();
    assert!(
        csv.starts_with("\"number\",") && csv.lines().count() == 2,
        "{csv}"
    );
    // Through a link, and into a pipe, as a shell opens one.
    symlink("lab.csv", place.at("link.csv")).unwrap();
    place
        .ask(&format!("export --to {}", place.shown("link.csv")))
        .success();
    assert!(
        fs::symlink_metadata(place.at("link.csv"))
            .unwrap()
            .is_symlink()
    );
    let piped = stdout(&place.ask("export --to /dev/stdout").success());
    assert_eq!(piped, csv);
    assert!(!place.names().iter().any(|name| name.ends_with(".new")));

    let transcript = place.shown("echo.txt");
    for _ in 0..2 {
        let (address, _taken) = nobody_on_udp();
        let mut client = socklab(&format!("echo client {address} --transcript {transcript}"));
        client.stdin(Stdio::null());
        pipe(client, "hola\n").code(1);
    }
    let shown = stdout(&run(&format!("transcript show {transcript}")).success());
    assert_eq!(
        shown.matches("socklab transcript 1\n").count(),
        2,
        "{shown}"
    );
    // Neither is added to another file.
    fs::write(place.at("notes.txt"), "notes\n").unwrap();
    let notes = place.shown("notes.txt");
    let register = place.shown("register.db");
    let server = format!("submit server --listen :0 --register {register}");
    for words in [
        format!("{server} --log {notes}"),
        format!("echo server --listen :0 --transcript {notes}"),
    ] {
        let said = stderr(&run(&words).code(1));
        assert!(said.contains("it holds something else"), "{said}");
    }
    assert_eq!(
        fs::read_to_string(place.at("notes.txt")).unwrap(),
        "notes\n"
    );
}

/// A command replaces what it wrote before, and no other file; nor does it give a file a name that
/// stands for another kind.
#[test]
fn only_what_a_command_wrote_is_replaced() {
    let place = RegisterFolder::new();
    let compare = "compare echo --models blocking --connections 1 --rounds 1 --seconds 0.1";
    let register = place.shown("register.db");
    let mut options: Vec<(String, &[&str])> = vec![
        (
            "timeline message --models mio --output".to_owned(),
            &["svg", "md", "json", "txt"],
        ),
        (
            format!("{compare} --report {} --json", place.shown("r.html")),
            &["json"],
        ),
        (
            format!("{compare} --report {} --csv", place.shown("r.html")),
            &["csv"],
        ),
        (
            format!("{compare} --report {} --markdown", place.shown("r.html")),
            &["md"],
        ),
        (format!("{compare} --report"), &["html"]),
    ];
    for (format, extensions) in [
        ("csv", &["csv"]),
        ("jsonl", &["jsonl"]),
        ("moodle", &["csv"]),
    ] {
        let export = format!("register export --register {register} --format {format} --to");
        options.push((export, extensions));
    }
    let theirs = "# mine\n";
    for (words, extensions) in &options {
        let write = |name: &str| pipe(socklab(&format!("{words} {}", place.shown(name))), "");
        for extension in *extensions {
            let name = format!("twice.{extension}");
            write(&name).success();
            write(&name).success();
            fs::write(place.at(&name), theirs).unwrap();
            let said = stderr(&write(&name).code(1));
            assert!(said.contains("it is there already"), "{words}: {said}");
            assert_eq!(fs::read_to_string(place.at(&name)).unwrap(), theirs);
            fs::remove_file(place.at(&name)).unwrap();
        }
        // An extension of another kind, of a file that is there and of one that is not.
        fs::write(place.at("UDP_server.py"), theirs).unwrap();
        for name in ["UDP_server.py", "t.gif"] {
            let said = stderr(&write(name).code(1));
            let may = format!("ends in .{}", extensions.last().unwrap());
            let may = may.replace("ends in .txt", "ends in .txt, .md, .mmd, .svg, .json");
            assert!(said.contains(&may), "{words}: {said}");
        }
        assert_eq!(
            fs::read_to_string(place.at("UDP_server.py")).unwrap(),
            theirs
        );
        assert!(!place.at("t.gif").exists());
    }
    for (words, extension) in [
        (format!("otp enroll --dni {ANA} --no-qr --png"), ".png"),
        (format!("otp enroll --dni {ANA} --no-qr --svg"), ".svg"),
        (
            format!("register enrol --dni 7654321 --register {register} --sheet"),
            ".html, .htm",
        ),
    ] {
        let said = stderr(&run(&format!("{words} {}", place.shown("t.gif"))).code(1));
        assert!(said.contains(&format!("ends in {extension}")), "{said}");
        assert!(!place.at("t.gif").exists());
    }
    // Latencies go into a folder.
    let said = stderr(&run(&format!("{compare} --hdr {}", place.shown("UDP_server.py"))).code(1));
    assert!(said.contains("Not a directory"), "{said}");
}

/// What the system says stands in the user's language also where another file than the register is
/// named, or a library tells of it.
#[cfg(target_os = "linux")]
#[test]
fn errors_are_in_spanish_to_the_end() {
    let place = RegisterFolder::new();
    let (_server, _) = place.serve("");
    let (gone, none) = (
        place.shown("gone"),
        "no existe ese fichero o carpeta (error 2)",
    );
    let url = "postgres://ana@127.0.0.1:1/lab";
    let register = place.shown("register.db");
    for (words, said) in [
        (format!("register restore {gone} --register {gone}2"), none),
        (format!("register rekey --register {register}"), none),
        (
            format!("register enrol --dni 123456 --sheet {gone}/s --register {register}"),
            none,
        ),
        (
            format!("submit server --listen :0 --secret random --register {gone}"),
            none,
        ),
        (
            format!("register status --register {url}?sslmode=verify-full&sslrootcert={gone}"),
            none,
        ),
        (
            format!("register status --register {url}"),
            "conexión rechazada (error 111)",
        ),
        (
            format!("register export --to /dev/full --register {register}"),
            "no queda espacio en el disco (error 28)",
        ),
        // What the register says itself.
        (
            format!("register status --register {url}?sslmode=none"),
            "sslmode=none no es disable, require ni verify-full",
        ),
        (
            "register status --register .".to_owned(),
            "no se puede abrir el registro .: no es un fichero",
        ),
        (
            format!("register restore {register} --register {register}"),
            "register.db: es el propio registro",
        ),
    ] {
        let ended = stderr(&pipe(socklab(&format!("{words} --lang es")), "").code(1));
        assert!(ended.contains(said), "{words}: {ended}");
    }
}

/// Run by somebody whose files others may read, as a shell's files are.
fn with_umask_022(mut command: Command) -> Command {
    let program = command.get_program().to_owned();
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    command = Command::new("sh");
    command
        .args(["-c", "umask 022; exec \"$0\" \"$@\""])
        .arg(program)
        .args(arguments)
        .env("SOCKLAB_LANG", "en");
    command
}

#[test]
fn personal_data_is_its_owner_s() {
    let place = RegisterFolder::new();
    let at = |name: &str| place.shown(name);
    let register = at("register.db");
    let (address, _taken) = nobody_on_tcp();
    fs::write(place.at("old.csv"), "").unwrap();
    fs::set_permissions(place.at("old.csv"), fs::Permissions::from_mode(0o644)).unwrap();
    for (words, code) in [
        (
            format!(
                "register export --register {register} --to {}",
                at("new.csv")
            ),
            0,
        ),
        (
            format!(
                "register export --register {register} --to {}",
                at("old.csv")
            ),
            0,
        ),
        (
            format!("register backup --register {register} {}", at("copy.db")),
            0,
        ),
        (
            format!(
                "otp enroll --dni {ANA} --no-qr --png {} --svg {}",
                at("p"),
                at("s")
            ),
            0,
        ),
        (
            format!(
                "submit client {address} --name A --dni {ANA} --otp 111111 --unmasked \
                 --transcript {}",
                at("transcript")
            ),
            1,
        ),
        (
            format!(
                "register enrol --dni 7654321 --register {register} --sheet {}",
                at("cards.html")
            ),
            0,
        ),
    ] {
        pipe(with_umask_022(socklab(&words)), "").code(code);
    }
    let log = at("log");
    let command = socklab(&format!(
        "submit server --listen :0 --register {register} --log {log}"
    ));
    let mut server = Process::start(with_umask_022(command));
    assert!(server.notes().contains("random secrets"));
    assert!(server.notes().contains("ready at"));
    server.signal(Signal::TERM);
    assert_eq!(server.end().code, Some(0));
    for name in place.names() {
        assert_eq!(place.mode(&name), 0o600, "{name}");
    }
}

/// What others can read although it should be its owner's is said, and used.
#[test]
fn warnings_of_what_others_can_read() {
    let place = RegisterFolder::new();
    let open = |name: &str| {
        fs::set_permissions(place.at(name), fs::Permissions::from_mode(0o644)).unwrap();
    };
    let warning = |name: &str| {
        let file = place.shown(name);
        format!("warning: others can read {file} (mode 644): chmod 600 it\n")
    };
    open("register.db");
    place
        .ask("verify")
        .success()
        .stderr_eq(format!("{}the register is whole\n", warning("register.db")));
    fs::write(place.at("log"), "{}\n").unwrap();
    fs::write(place.at("key.pem"), "not a key\n").unwrap();
    open("log");
    open("key.pem");
    let register = place.shown("register.db");
    let server = format!("submit server --listen :0 --register {register}");
    let key = place.shown("key.pem");
    let said = stderr(&run(&format!("{server} --tls {key} {key}")).code(1));
    assert!(said.starts_with(&warning("key.pem")), "{said}");
    let mut server = Process::start(socklab(&format!("{server} --log {}", place.shown("log"))));
    let said = [server.notes() + "\n", server.notes() + "\n"];
    assert_eq!(said, [warning("log"), warning("register.db")]);
}

/// A log on a full disk: the server goes on, says so once, and ends with 1.
#[test]
#[cfg(target_os = "linux")]
fn a_log_that_cannot_be_written() {
    let place = RegisterFolder::new();
    let (server, address) = place.serve("--log /dev/full");
    for dni in ["1000001", "1000002", "1000003"] {
        assert!(submit(address, dni, &code_now(dni)).starts_with("OK "));
    }
    server.signal(Signal::TERM);
    let ended = server.end();
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    let said = ended
        .stderr
        .matches("/dev/full: it cannot be written")
        .count();
    assert_eq!(said, 1, "{}", ended.stderr);
    assert_eq!(place.listed(), 4);
    let said = stderr(&place.ask("export --to /dev/full").code(1));
    assert!(said.starts_with("/dev/full: "), "{said}");
    // A transcript is a log too.
    let (address, _taken) = nobody_on_udp();
    let client = socklab(&format!("echo client {address} --transcript /dev/full"));
    let said = stderr(&pipe(client, "hola\n").code(1));
    assert_eq!(said.matches("it cannot be written").count(), 1, "{said}");
}

/// The secrets on a sheet, by DNI.
pub(crate) fn cards(sheet: &Path) -> Vec<(String, String)> {
    let page = fs::read_to_string(sheet).unwrap_or_default();
    let cards = page.split("<div class=\"card\">").skip(1);
    cards
        .map(|card| {
            let dni = card.split("<br>").nth(1).unwrap();
            let secret = card.split("<code>").nth(1).unwrap();
            (dni.to_owned(), secret.split('<').next().unwrap().to_owned())
        })
        .collect()
}

/// The code of a card at this moment.
fn code_of(secret: &str) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bits, mut count, mut bytes) = (0_u32, 0, Vec::new());
    for letter in secret.bytes().filter(|&letter| letter != b'=') {
        let value = ALPHABET.iter().position(|&one| one == letter).unwrap();
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    Key::from_bytes(&bytes)
        .code(TimeStep(step()))
        .as_str()
        .to_owned()
}

/// What the register's server says to a card's code.
fn says(place: &RegisterFolder, (dni, secret): &(String, String)) -> String {
    let (_server, address) = place.serve("--secret random");
    within_one_step(|| submit(address, dni, &code_of(secret)))
}

/// Nobody ever has a secret that is on no card, however early `enrol` is killed.
#[test]
fn enrol_is_killed() {
    let place = RegisterFolder::new();
    let roster: String = (0..40).map(|n| format!("{}\n", 2_000_000 + n)).collect();
    fs::write(place.at("class.csv"), format!("dni\n{roster}")).unwrap();
    place
        .ask(&format!("roster {}", place.shown("class.csv")))
        .success();
    let sheet = place.at("cards.html");
    let words = format!(
        "register enrol --all --register {} --sheet {}",
        place.shown("register.db"),
        sheet.display()
    );
    let enrolled = || {
        let file = rusqlite(&place.at("register.db"));
        file.matches("secret\n").count()
    };
    // Ever longer, so that it comes to its end on a busy machine too.
    let mut times = (0..).map(|n| Duration::from_millis(20).mul_f64(1.25_f64.powi(n)));
    loop {
        let running = Process::start(socklab(&words));
        std::thread::sleep(times.next().unwrap());
        running.signal(Signal::KILL);
        drop(running);
        let (secrets, cards) = (enrolled(), cards(&sheet).len());
        assert!(cards == 0 || cards == 40, "{cards} cards");
        if secrets > 0 {
            assert_eq!((secrets, cards), (40, 40));
            break;
        }
        // Nobody has a secret yet: all begin again, with new cards.
        let _ = fs::remove_file(&sheet);
    }
    let first = cards(&sheet).remove(0);
    assert!(says(&place, &first).starts_with("OK registered"));
}

/// A line for each student that has a secret, as another program reads it.
fn rusqlite(file: &Path) -> String {
    let query = "import sqlite3, sys\nfor _ in sqlite3.connect(sys.argv[1]).execute(\
                 'select 1 from students where secret is not null'): print('secret')";
    let mut python = Command::new("python3");
    python.args(["-c", query]).arg(file);
    String::from_utf8(python.output().unwrap().stdout).unwrap()
}

/// A secret is replaced only if that is asked for, and the key can be.
#[test]
fn secrets_and_keys_are_replaced_on_request() {
    let place = RegisterFolder::new();
    // Each sends one right code, since a step counts once.
    let dnis = ["7000001", "7000002", "7000003", "7000004"];
    let all = dnis.map(|dni| format!("--dni {dni} --dni {dni} ")).concat();
    let sheet = |name: &str| place.shown(name);
    let enrol = |options: &str| place.ask(&format!("enrol {options}"));
    let card = |sheet: &str, n: usize| cards(&place.at(sheet)).remove(n);
    enrol(&format!("{all} --sheet {}", sheet("1"))).success();
    let one: Vec<String> = cards(&place.at("1")).into_iter().map(|one| one.0).collect();
    assert_eq!(one, dnis);
    let again = format!("--dni 7654321 --dni {}", dnis[1]);
    let said = stderr(&enrol(&format!("{again} --sheet {}", sheet("2"))).code(1));
    let refused = "7000002 has a secret already: --replace";
    assert!(said.contains(refused) && !place.at("2").exists(), "{said}");
    // A sheet is not written over.
    let said = stderr(&enrol(&format!("{again} --replace --sheet {}", sheet("1"))).code(1));
    assert!(said.contains("it is there already"), "{said}");
    assert!(says(&place, &card("1", 0)).starts_with("OK registered"));

    let replaced = format!("--dni {} --replace --sheet {}", dnis[1], sheet("2"));
    enrol(&replaced).success();
    assert!(says(&place, &card("1", 1)).starts_with("ERROR"));
    assert!(says(&place, &card("2", 0)).starts_with("OK registered"));

    // A new key: the cards still count, under the new one alone.
    let key = fs::read(place.at("register.db.key")).unwrap();
    let said = stderr(&place.ask("rekey").success());
    let new_key = "4 secrets are encrypted under a new key";
    assert!(said.contains(new_key), "{said}");
    assert_ne!(fs::read(place.at("register.db.key")).unwrap(), key);
    assert!(says(&place, &card("1", 2)).starts_with("OK registered"));

    // The key is gone, so nobody's secret can be read: all get new ones.
    fs::rename(place.at("register.db.key"), place.at("gone")).unwrap();
    place.ask("rekey").code(1);
    place.ask("rekey --lost").code(2);
    let lost = format!("rekey --lost --sheet {}", sheet("4"));
    place.ask(&lost).success();
    assert_eq!(cards(&place.at("4")).len(), 4);
    assert!(says(&place, &card("1", 3)).starts_with("ERROR"));
    assert!(says(&place, &card("4", 3)).starts_with("OK registered"));

    // Stopped between the register and the key file, it is put right by whatever comes next.
    let before = fs::read(place.at("register.db.key")).unwrap();
    place.ask("rekey").success();
    fs::rename(
        place.at("register.db.key"),
        place.at("register.db.key.next"),
    )
    .unwrap();
    fs::write(place.at("register.db.key"), before).unwrap();
    fs::set_permissions(
        place.at("register.db.key"),
        fs::Permissions::from_mode(0o600),
    )
    .unwrap();
    let (_server, _) = place.serve("--secret random");
    assert!(!place.at("register.db.key.next").exists());
}

/// The register has a new key and new secrets, and only then something fails: the cards count.
#[cfg(target_os = "linux")]
#[test]
fn a_key_without_its_name_leaves_the_cards() {
    let place = RegisterFolder::new();
    let dnis: String = (0..40)
        .map(|n| format!("--dni {} ", 2_000_000 + n))
        .collect();
    place
        .ask(&format!("enrol {dnis} --sheet {}", place.shown("1")))
        .success();
    fs::remove_file(place.at("register.db.key")).unwrap();
    // The sheet does not fit into the pipe, so the command waits while the new key is moved away.
    let mut command = socklab("register rekey --lost --sheet /dev/stdout --register");
    command.arg(place.at("register.db"));
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut sheet = vec![0];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut sheet).unwrap();
    fs::rename(place.at("register.db.key.next"), place.at("away")).unwrap();
    stdout.read_to_end(&mut sheet).unwrap();
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(1));
    fs::write(place.at("2"), sheet).unwrap();
    let said = String::from_utf8(ended.stderr).unwrap();
    assert!(said.contains("40 secrets on /dev/stdout"), "{said}");
    assert!(
        said.contains("take .next from the end of its name"),
        "{said}"
    );
    assert!(!said.contains("do not count"), "{said}");
    // Nor are they lost if it is tried again, and fails earlier.
    fs::rename(place.at("away"), place.at("register.db.key.next")).unwrap();
    let again = format!("rekey --lost --sheet {}", place.shown("1"));
    let said = stderr(&place.ask(&again).code(1));
    assert!(said.contains("it is there already"), "{said}");
    assert!(says(&place, &cards(&place.at("2"))[7]).starts_with("OK registered"));
}

/// From the shell: a server whose register is moved, and the way back.
#[test]
fn a_register_that_is_moved_and_restored() {
    let place = RegisterFolder::new();
    let (server, address) = place.serve("");
    place
        .ask(&format!("backup {}", place.shown("copy.db")))
        .success();
    let in_use = stderr(
        &place
            .ask(&format!("restore {}", place.shown("copy.db")))
            .code(1),
    );
    assert!(in_use.contains("is in use: stop its server"), "{in_use}");
    assert!(submit(address, "7654321", &code_now("7654321")).starts_with("OK "));
    fs::rename(place.at("copy.db"), place.at("register.db")).unwrap();
    let said = submit(address, "1234567", &code_now("1234567"));
    assert!(
        said.contains("the register cannot record anything"),
        "{said}"
    );
    server.signal(Signal::TERM);
    let ended = server.end();
    let moved = "the register was touched by another program";
    assert!(ended.stderr.contains(moved), "{}", ended.stderr);
    assert_eq!(place.listed(), 1);
    let saved = place.shown("register.db.saved-1");
    let restored = stderr(&place.ask(&format!("restore {saved}")).success());
    let kept = place.shown("register.db.before-restore-1");
    assert!(restored.contains(&kept), "{restored}");
    assert_eq!(place.listed(), 2);
    assert_eq!(place.mode("register.db"), 0o600);
    fs::write(place.at("empty.db"), "").unwrap();
    let empty = place.shown("empty.db");
    let said = stderr(&run(&format!("register verify --register {empty}")).code(1));
    assert!(said.contains("is empty"), "{said}");
}

/// Runs a command as a user who may not write into the folder; `None` if that cannot be had here.
fn as_nobody(words: &str) -> Option<snapbox::cmd::OutputAssert> {
    let mut command = socklab(words);
    if rustix::process::geteuid().is_root() {
        let program = command.get_program().to_owned();
        let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
        command = Command::new("setpriv");
        command
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .arg(program)
            .args(arguments)
            .env("SOCKLAB_LANG", "en");
        let mut trial = Command::new("setpriv");
        trial
            .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
            .args(["test", "-r"])
            .arg(words.rsplit(' ').next().unwrap_or_default());
        if !trial.output().is_ok_and(|ended| ended.status.success()) {
            eprintln!("SKIPPED: it runs as root, and no other user can read this folder");
            return None;
        }
    }
    Some(pipe(command, ""))
}

/// A register in a folder that cannot be written is read, and what would write says why it cannot.
#[test]
fn a_folder_that_is_only_to_be_read() {
    let place = RegisterFolder::new();
    let mode = |name: &str, mode: u32| {
        fs::set_permissions(place.at(name), fs::Permissions::from_mode(mode)).unwrap();
    };
    mode("register.db", 0o644);
    mode("", 0o555);
    let register = place.shown("register.db");
    for (words, reads) in [
        ("register list", true),
        ("register status", true),
        ("register verify", true),
        ("register export", true),
        ("submit server --listen :0", false),
        ("register unlock --dni 7654321", false),
        ("register forget --dni 01234567 --yes", false),
    ] {
        let Some(ended) = as_nobody(&format!("{words} --register {register}")) else {
            break;
        };
        match reads {
            true => drop(ended.success()),
            false => {
                let said = stderr(&ended.code(1));
                let last = said.lines().last().unwrap_or_default();
                assert!(last.contains("cannot be written"), "{words}: {said}");
            }
        }
    }
    let names: Vec<String> = place.names();
    assert_eq!(names, ["register.db", "register.db-owner"]);
    mode("", 0o755);
}
