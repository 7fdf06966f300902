//! The commands of the documentation do what it says.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{Process, code_now, pipe, scratch, socklab, stderr, stdout, within_one_step};

/// Students, each of whom submits once: a code counts once in all labs.
const CLASS: [&str; 8] = [
    "12345670", "12345671", "12345672", "12345673", "12345674", "12345675", "12345676", "12345677",
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The commands of a page: what follows a `$` in a block of the console, with the lines that a
/// backslash continues.
fn commands(page: &Path) -> Vec<String> {
    let text = fs::read_to_string(page).unwrap();
    let mut commands: Vec<String> = Vec::new();
    let (mut console, mut goes_on) = (false, false);
    for line in text.lines() {
        if line.starts_with("```") {
            console = line == "```console";
            continue;
        }
        if !console {
            continue;
        }
        if goes_on && let Some(last) = commands.last_mut() {
            last.truncate(last.len() - 1);
            last.push_str(line);
        } else if let Some(command) = line.strip_prefix("$ ") {
            commands.push(command.to_owned());
        } else {
            continue;
        }
        goes_on = line.ends_with('\\');
    }
    commands
}

fn pages() -> Vec<PathBuf> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let docs = docs.map(|entry| entry.unwrap().path());
    let mut pages: Vec<PathBuf> = docs
        .filter(|path| path.extension().is_some_and(|end| end == "md"))
        .collect();
    pages.extend(["README.md", "README.es.md"].map(|page| root().join(page)));
    pages
}

/// A shell in which `socklab` is this command.
fn shell(folder: &Path, script: &str) -> Command {
    let mut command = Command::new("sh");
    let ours = socklab("");
    let folder_of = Path::new(ours.get_program()).parent().unwrap().to_owned();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(folder_of).chain(std::env::split_paths(&path));
    command.env("PATH", std::env::join_paths(folders).unwrap());
    command.env("SOCKLAB_LANG", "en");
    command.args(["-c", script]).current_dir(folder);
    command
}

/// Every command of every page is understood: `--help` after its words would be refused if one of
/// them was not known.
#[cfg(unix)]
#[test]
fn every_command_is_known() {
    let folder = folder("known");
    let mut tried = 0;
    for page in pages() {
        for line in commands(&page)
            .iter()
            .filter(|line| line.contains("socklab "))
        {
            let ours = "socklab() { cat > /dev/null; command socklab \"$@\" --help > /dev/null; }";
            let script = format!("{ours}\n{line}");
            let ended = pipe(shell(&folder, &script), "");
            assert_eq!(stderr(&ended), "", "{}: {line}", page.display());
            tried += 1;
        }
    }
    assert!(tried > 50, "only {tried} commands were found");
}

fn folder(name: &str) -> PathBuf {
    let folder = scratch(name).with_extension("folder");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A server that runs until the next one is started.
struct DocsServer {
    running: Process,
    plain: u16,
    tls: Option<u16>,
    random: bool,
}

impl DocsServer {
    fn start(folder: &Path, line: &str) -> DocsServer {
        let line = line.split(" #").next().unwrap().trim();
        let line = line.replace(" --listen 0.0.0.0", "");
        let has_tls = line.contains(" --tls ");
        let more = if has_tls { " --tls-listen :0" } else { "" };
        let mut running = Process::start(shell(folder, &format!("exec {line} --listen :0{more}")));
        let mut ports = Vec::new();
        while ports.len() < 1 + usize::from(has_tls) {
            let said = running.notes();
            if let Some(address) = said.strip_prefix("the server is ready at ") {
                ports.push(address.rsplit(':').next().unwrap().parse::<u16>().unwrap());
            }
        }
        // A register remembers random secrets.
        let random = line.contains("random") || folder.join("register.db.key").exists();
        // Which of the two is ready first is not said.
        let plain = ports
            .iter()
            .position(|port| answers_plain_text(*port))
            .unwrap();
        DocsServer {
            running,
            plain: ports[plain],
            tls: has_tls.then(|| ports[1 - plain]),
            random,
        }
    }

    /// It takes a submission, and ends as it should.
    fn finish(self, folder: &Path, dni: &str) {
        let client = format!("socklab submit client :{}", self.plain);
        // With a random secret the DNI makes no code.
        submit(folder, &client, dni, i32::from(self.random));
        self.running.signal(rustix::process::Signal::TERM);
        assert_eq!(self.running.end().code, Some(0));
    }
}

fn answers_plain_text(port: u16) -> bool {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream.write_all(b"no submission\n&&\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    answer.starts_with(b"ERROR ")
}

fn submit(folder: &Path, client: &str, dni: &str, code: i32) {
    within_one_step(|| {
        let otp = code_now(dni);
        let line = format!("{client} --name 'Ana García' --dni {dni} --otp {otp}");
        let ended = pipe(shell(folder, &line), "").code(code);
        assert_eq!(stdout(&ended).starts_with("OK "), code == 0, "{line}");
    });
}

/// Every command of the page on submissions is run, in order but that the certificate is made
/// first.
#[cfg(unix)]
#[test]
fn the_commands_of_submissions_work() {
    let folder = folder("submissions");
    let class = CLASS
        .map(|dni| format!("{dni};Ana García;A1;ana@x.es\n"))
        .concat();
    let class = format!("Documento;Nombre;Horario;Correo\n{class}");
    fs::write(folder.join("class.csv"), class).unwrap();
    let mut students = CLASS.into_iter();
    let mut commands: Vec<String> = commands(&root().join("docs/submissions.md"))
        .iter()
        .map(|line| line.replace("lab.example", "localhost"))
        .collect();
    commands.sort_by_key(|line| !line.starts_with("openssl "));
    assert!(commands.len() > 10, "{commands:?}");
    if pipe(shell(&folder, "command -v openssl"), "")
        .get_output()
        .status
        .code()
        != Some(0)
    {
        eprintln!("SKIPPED: openssl is not installed, so no command of TLS is run");
        commands.retain(|line| !line.contains("openssl") && !line.contains("--tls"));
    }
    let mut server: Option<DocsServer> = None;
    for line in &commands {
        if line.starts_with("socklab submit server") {
            if let Some(before) = server.take() {
                before.finish(&folder, students.next().unwrap());
            }
            server = Some(DocsServer::start(&folder, line));
        } else if let Some(rest) = line.strip_prefix("socklab submit client localhost ") {
            let server = server.as_ref().unwrap();
            let (port, code) = (server.tls.unwrap(), i32::from(server.random));
            let rest = rest.split(" #").next().unwrap();
            let client = format!("socklab submit client localhost:{port} {rest}");
            submit(&folder, &client, students.next().unwrap(), code);
        } else {
            // A register is restored while no server uses it.
            if line.starts_with("socklab register restore")
                && let Some(before) = server.take()
            {
                before.finish(&folder, students.next().unwrap());
            }
            pipe(shell(&folder, line), "").success();
        }
    }
    if let Some(last) = server {
        last.finish(&folder, students.next().unwrap());
    }
}

/// Each link of the threat model to a line of code or a test leads to a file that has that word,
/// and a test is a function there.
#[test]
fn the_threat_model_names_what_is_there() {
    let page = fs::read_to_string(root().join("docs/security.md")).unwrap();
    let mut links = 0;
    for row in page.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").collect();
        assert!(cells.len() <= 4, "{row}");
        for (at, cell) in cells.iter().enumerate() {
            for link in cell.split("[`").skip(1) {
                let (word, rest) = link.split_once("`](../").expect(row);
                let file = rest.split(')').next().unwrap();
                let text = fs::read_to_string(root().join(file)).expect(file);
                let wanted = match at {
                    3 => format!("fn {word}"),
                    _ => word.to_owned(),
                };
                assert!(text.contains(&wanted), "{file} has no {wanted}");
                links += 1;
            }
        }
    }
    assert!(links > 50, "only {links} links");
}
