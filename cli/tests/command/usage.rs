//! What was typed wrong: exit status 2, and exactly one line on standard error that says what to
//! type instead.

use crate::common::{pipe, run, socklab, stderr, stdout};

/// What is said of two models, where there are processes and where there are none.
const HAS_ITS_THREADS: [&str; 2] = match cfg!(target_os = "linux") {
    true => [
        "blocking has as many threads as it needs: --threads is for blocking-pool, mio-loops, tokio, blocking-prefork",
        "mio has as many threads as it needs: --threads is for blocking-pool, mio-loops, tokio, blocking-prefork",
    ],
    false => [
        "blocking has as many threads as it needs: --threads is for blocking-pool, mio-loops, tokio",
        "mio has as many threads as it needs: --threads is for blocking-pool, mio-loops, tokio",
    ],
};

/// As a shell would pass them, the words of each case; a word with blanks stands in its own string.
const CASES: &[(&[&str], &str)] = &[
    (
        &[],
        "say what to run: message, echo, chat, welcome, capitals, submit, register, otp, transcript, tour, timeline, bug, check, compare, doctor, lesson, completions — see: socklab --help",
    ),
    (
        &["ecko", "client"],
        "\"ecko\" is not a command; did you mean echo? — see: socklab --help",
    ),
    (
        &["teleport"],
        "\"teleport\" is not a command: use one of message, echo, chat, welcome, capitals, submit, register, otp, transcript, tour, timeline, bug, check, compare, doctor, lesson, completions — see: socklab --help",
    ),
    (
        &["echo"],
        "say what to run: client, server — see: socklab echo --help",
    ),
    (
        &["echo", "cliente"],
        "\"cliente\" is not a command; did you mean client? — see: socklab echo --help",
    ),
    (
        &["submit", "serve"],
        "\"serve\" is not a command; did you mean server? — see: socklab submit --help",
    ),
    (
        &["submit", "server", "--tls", "cert.pem"],
        "there is a value missing: --tls <CERT> <KEY> — see: socklab submit server --help",
    ),
    // Nothing is seen as nothing.
    (
        &["tour", "echo", ""],
        "this command does not take \"\" — see: socklab tour --help",
    ),
    (
        &["echo", "client", "--raw="],
        "--raw takes no value — see: socklab echo client --help",
    ),
    (
        &["register", "list", "--register", ""],
        "--register <FILE|postgres://…> needs a value — see: socklab register list --help",
    ),
    // Impairments that a transport cannot have.
    (
        &["welcome", "client", "--lose", "30"],
        "TCP loses nothing: it sends again what was lost on the way; --lose is for UDP (message, echo, chat), here there are --pieces and --delay",
    ),
    (
        &["chat", "server", "--pieces", "3"],
        "a datagram arrives whole or not at all: --pieces is for TCP (welcome, capitals, submit), here there are --lose and --delay",
    ),
    (
        &["echo", "server", "--seed", "3"],
        "--seed decides nothing alone: add --pieces, --lose or --delay",
    ),
    // What a comparison could not measure, or not tell apart.
    (
        &["compare", "submit", "--contestant", "mine=server {port}"],
        "mine cannot be measured with submit: socklab could not first check that it does it. Use echo, welcome or capitals",
    ),
    (
        &[
            "compare",
            "echo",
            "--models",
            "mio",
            "--contestant",
            "mio=server {port}",
        ],
        "two contestants are called mio, so their figures could not be told apart: give one another name",
    ),
    (
        &[
            "compare",
            "--contestant",
            "a=s {exercise} {port}",
            "--contestant",
            "a=t {exercise} {port}",
        ],
        "two contestants are called a, so their figures could not be told apart: give one another name",
    ),
    (
        &["compare", "echo", "--find-knee", "--limit=-1"],
        "--limit <MILLISECONDS> does not take \"-1\": give a number from 0.001 to 1000000, with a decimal point — see: socklab compare --help",
    ),
    // A name that nobody could read in a list.
    (
        &["register", "list", "--lab", "\u{3164}"],
        "--lab <NAME> does not take \"\u{3164}\": give a name whose letters can all be seen — see: socklab register list --help",
    ),
    (
        &["submit", "server", "--lab", "lab\u{200b}3"],
        "--lab <NAME> does not take \"lab\\u{200b}3\": give a name whose letters can all be seen — see: socklab submit server --help",
    ),
    // Addresses.
    (
        &["echo", "client", "two words"],
        "\"two words\" is not a host or an IP address: write HOST, HOST:PORT, or :PORT for a port alone",
    ),
    (
        &["echo", "client", "256.0.0.1"],
        "\"256.0.0.1\" is not a host or an IP address: write HOST, HOST:PORT, or :PORT for a port alone",
    ),
    (
        &["echo", "client", "16000"],
        "\"16000\" is not a host or an IP address: write HOST, HOST:PORT, or :PORT for a port alone",
    ),
    (
        &["welcome", "client", "http://127.0.0.1:19000"],
        "\"http://127.0.0.1:19000\" is not a host or an IP address: write HOST, HOST:PORT, or :PORT for a port alone",
    ),
    (
        &["echo", "client", "127.0.0.1:99999"],
        "\"99999\" is not a port: write a number from 1 to 65535",
    ),
    (
        &["echo", "client", "127.0.0.1:port"],
        "\"port\" is not a port: write a number from 1 to 65535",
    ),
    (
        &["echo", "client", ":0"],
        "\"0\" is not a port: write a number from 1 to 65535",
    ),
    (
        &["echo", "server", "--listen", ":99999"],
        "\"99999\" is not a port: write a number from 1 to 65535",
    ),
    (
        &["welcome", "client", "127.0.0.1:16000:5"],
        "\"127.0.0.1:16000:5\" is not a host or an IP address: write HOST, HOST:PORT, or :PORT for a port alone",
    ),
    (
        &["welcome", "client", "::1]:2"],
        "an IPv6 address with a port goes in brackets: [::1]:16000",
    ),
    (
        &["echo", "client", "127.0.0.1", "16000"],
        "this command does not take \"16000\": write a port behind the address, as HOST:16000 — see: socklab echo client --help",
    ),
    (
        &["doctor", "127.0.0.1", "16000"],
        "this command does not take \"16000\": write a port behind the address, as HOST:16000 — see: socklab doctor --help",
    ),
    (
        &["compare", "--target", "127.0.0.1", "16000"],
        "this command does not take \"16000\": write a port behind the address, as HOST:16000 — see: \
         socklab compare --help",
    ),
    (
        &["help", "ecko"],
        "\"ecko\" is not a command; did you mean echo? — see: socklab --help",
    ),
    (
        &["echo", "server", "16000"],
        "this command does not take \"16000\": say where to listen with --listen :16000 — see: socklab echo server --help",
    ),
    (
        &["submit", "server", "0.0.0.0"],
        "this command does not take \"0.0.0.0\": say where to listen with --listen 0.0.0.0 — see: socklab submit server --help",
    ),
    (
        &["echo", "client", "[]:16000"],
        "the address is empty: write HOST, :PORT, HOST:PORT or [IPv6]:PORT",
    ),
    // Fields.
    (
        &["submit", "client", "--dni", "12345678Z"],
        "the DNI goes without its letter: type only its digits",
    ),
    (
        &["otp", "code", "--dni", "12345678z"],
        "the DNI goes without its letter: type only its digits",
    ),
    (
        &["otp", "enroll", "--dni", "doce"],
        "the DNI has something that is not a digit: type only the digits, without blanks, dots or the letter",
    ),
    (
        &["otp", "code", "--dni", "12345"],
        "the DNI has 6 to 8 digits: type them all, with the zeros at the front",
    ),
    (
        &["submit", "client", "--dni", ""],
        "the DNI is empty: type its digits, without the letter",
    ),
    (
        &["submit", "client", "--name", ""],
        "the name is empty, or nothing of it can be seen: type your name and surname",
    ),
    (
        &["submit", "client", "--name", " "],
        "the name is empty, or nothing of it can be seen: type your name and surname",
    ),
    (
        &["submit", "client", "--name", "Ana & Eva"],
        "the name has an \"&\", which separates the fields: write \"and\" instead",
    ),
    (
        &["submit", "client", "--name", "Ana\nEva"],
        "the name has a control character: type it again",
    ),
    (
        &["submit", "client", "--otp", "12345"],
        "the code has exactly 6 digits: type the one that your phone shows now",
    ),
    (
        &["otp", "verify", "--dni", "123456", "12345o"],
        "the code has something that is not a digit: type the 6 digits that your phone shows now",
    ),
    (
        &["otp", "clock", "--dni", "123456", ""],
        "the code is empty: type the 6 digits that your phone shows now",
    ),
    // Options.
    (
        &["echo", "client", "--retry", "3"],
        "this command does not take \"--retry\"; did you mean --retries? — see: socklab echo client --help",
    ),
    (
        &["chat", "client", "--zzz"],
        "this command does not take \"--zzz\" — see: socklab chat client --help",
    ),
    (&["welcome", "server", "--threads", "4"], HAS_ITS_THREADS[0]),
    (
        &["echo", "server", "--runtime", "mio", "--threads", "4"],
        HAS_ITS_THREADS[1],
    ),
    (
        &[
            "echo",
            "server",
            "--runtime",
            "blocking-pool",
            "--threads",
            "0",
        ],
        "--threads <N> does not take \"0\": give a whole number from 1 to 1024 — see: socklab echo server --help",
    ),
    (
        &["echo", "client", "here", "there"],
        "this command does not take \"there\" — see: socklab echo client --help",
    ),
    (
        &["echo", "client", "--timeout"],
        "--timeout <SECONDS> needs a value — see: socklab echo client --help",
    ),
    (
        &["echo", "client", "--timeout", "soon"],
        "--timeout <SECONDS> does not take \"soon\": give a number of seconds from 0.000001 to 1000000, with a decimal point, or 0 to wait without limit — see: socklab echo client --help",
    ),
    (
        &["echo", "client", "--unmasked"],
        "--transcript <FILE> is missing — see: socklab echo client --help",
    ),
    (
        &["otp", "code"],
        "there is no DNI: give --dni DNI, set SOCKLAB_DNI, or type it when it is asked for",
    ),
    (
        &["otp", "verify", "--dni", "123456"],
        "<CODE> is missing — see: socklab otp verify --help",
    ),
    (
        &["otp", "enroll", "--dni", "123456", "--uri-style", "mine"],
        "--uri-style <URI_STYLE> does not take \"mine\": use lab, rfc — see: socklab otp enroll --help",
    ),
    (
        &["otp", "enroll", "--dni", "123456", "--account", "a:b"],
        "\"a:b\" has a \":\", which separates the issuer from the account in a phone: leave it out",
    ),
    (
        &["completions", "tcsh"],
        "<SHELL> does not take \"tcsh\": use bash, elvish, fish, powershell, zsh — see: socklab completions --help",
    ),
    (
        &["compare", "--rounds", "0"],
        "--rounds <N> does not take \"0\": give a whole number from 1 to 1000 — see: socklab compare --help",
    ),
    (
        &["compare", "--seconds", "-1"],
        "--seconds <SECONDS> does not take \"-1\": give a number from 0.001 to 1000000, with a decimal point — see: socklab compare --help",
    ),
    (
        &["lesson", "head-of-line", "--predict", "-1"],
        "\"-1\" is not an answer to this lesson: give a, b, c, d",
    ),
    // Letters in common are no slip.
    (
        &["compare", "chat"],
        "[EXERCISE] does not take \"chat\": use echo, welcome, capitals, submit — see: socklab compare --help",
    ),
    (
        &["bug", "show", "fin-cas"],
        "there is no piece fin-cas; did you mean fin-case?",
    ),
    (
        &["bug", "show", "teleport"],
        "there is no piece teleport: socklab bug list names them",
    ),
    // Names that were nearly right: a model, an exercise, a lesson.
    (
        &["echo", "client", "--runtime", "tokyo"],
        "--runtime <RUNTIME> does not take \"tokyo\"; did you mean tokio? — see: socklab echo client --help",
    ),
    (
        &["timeline", "welcom"],
        "<EXERCISE> does not take \"welcom\"; did you mean welcome? — see: socklab timeline --help",
    ),
    (
        &["lesson", "head-of-lin"],
        "[LESSON] does not take \"head-of-lin\"; did you mean head-of-line? — see: socklab lesson --help",
    ),
    // What stands behind `--` is another program's.
    (
        &["check", "welcom", "server", "--", "all", "--lang", "fr"],
        "<EXERCISE> does not take \"welcom\"; did you mean welcome? — see: socklab check --help",
    ),
    (
        &["--lang", "fr", "echo", "client"],
        "--lang does not know \"fr\": use es or en",
    ),
];

#[test]
fn one_line_that_says_what_to_type() {
    for (words, line) in CASES {
        let mut command = socklab("");
        command.args(*words);
        let ended = pipe(command, "").code(2).stdout_eq("");
        assert_eq!(stderr(&ended), format!("{line}\n"), "{words:?}");
    }
}

/// The same cases in Spanish: one line each, and another one than in English.
#[test]
fn one_line_in_spanish() {
    for (words, english) in CASES {
        let mut command = socklab("");
        command.env("SOCKLAB_LANG", "es").args(*words);
        let ended = pipe(command, "").code(2).stdout_eq("");
        let said = stderr(&ended);
        assert_eq!(said.matches('\n').count(), 1, "{words:?}: {said}");
        assert!(
            said.ends_with('\n') && said.trim_end() != *english,
            "{words:?}: {said}"
        );
    }
}

/// `help` and `version` are what they are elsewhere, at every level.
#[test]
fn help_and_version_without_dashes() {
    for (words, option) in [
        ("help", "--help"),
        ("help echo", "echo --help"),
        ("help echo client --lang es", "echo client --help --lang es"),
        ("echo help", "echo --help"),
        ("compare help", "compare --help"),
        ("lesson help", "lesson --help"),
        ("register help list", "register list --help"),
        ("version", "--version"),
        ("--lang es version", "--version"),
    ] {
        let asked = stdout(&run(option).success());
        assert_eq!(stdout(&run(words).success()), asked, "{words}");
    }
}

/// Every value that an option refuses is refused by name, with the option's own name.
#[test]
fn values_that_options_refuse() {
    for (command, option, values) in [
        (
            "echo client",
            "--timeout",
            &["-1", "soon", "nan", "inf", "1e99", ""][..],
        ),
        ("echo client", "--retries", &["x", "101", "1.5", ""]),
        ("echo server", "--lose", &["x", "101", "-1", ""]),
        ("echo server", "--delay", &["x", "60001", "1.5", ""]),
        ("welcome server", "--pieces", &["x", "0", "65537", ""]),
        ("welcome server", "--seed", &["x", "-1", "1.5", ""]),
        (
            "otp verify --dni 123456 000000",
            "--window",
            &["x", "11", "256"],
        ),
        ("echo server", "--runtime", &["tokyo", "Blocking"]),
    ] {
        for value in values {
            let mut command = socklab(command);
            command.arg(format!("{option}={value}"));
            let ended = pipe(command, "").code(2).stdout_eq("");
            let said = stderr(&ended);
            assert!(said.starts_with(option), "{option}={value}: {said}");
            assert_eq!(said.matches('\n').count(), 1, "{option}={value}: {said}");
        }
    }
}

/// What was typed cannot write to the terminal by way of the error.
#[test]
fn what_was_typed_is_escaped() {
    for words in [
        &["echo", "client", "\x1b[31m\u{202e}"][..],
        &["\x1b[31m\u{202e}"],
        &["echo", "client", "--\x1b[31m\u{202e}"],
        &["echo", "client", "--timeout", "\x1b[31m\u{202e}"],
        &["--lang", "\x1b[31m\u{202e}"],
        &["transcript", "show", "\x1b[31m\u{202e}"],
    ] {
        let mut command = socklab("");
        command.args(words);
        let said = stderr(&pipe(command, "").failure());
        assert!(said.contains(r"\x1b[31m\u{202e}"), "{words:?}: {said}");
        assert!(!said.contains(['\x1b', '\u{202e}']), "{words:?}: {said}");
        assert_eq!(said.matches('\n').count(), 1, "{words:?}: {said}");
    }
}

/// Wrong usage is found before anything is done: no socket is opened, no file made.
#[test]
fn nothing_is_done_before_all_is_right() {
    let file = crate::common::scratch("never");
    let mut command = socklab("echo client :port");
    command.arg("--transcript").arg(&file);
    pipe(command, "").code(2);
    assert!(!file.exists());
    run("welcome server --listen :0 --listen :0")
        .code(2)
        .stdout_eq("");
}

/// How far a number may go is in its text; one more is refused. What is wrong on purpose keeps the
/// rest from being run.
#[test]
fn ranges_are_in_the_help() {
    let server = "submit server --listen :x";
    for (command, option, [lowest, highest]) in [
        ("echo client :x", "--retries", [0, 100]),
        ("otp verify --dni 1 123456", "--window", [0, 10]),
        (server, "--max-connections", [1, 1_000_000]),
        (server, "--per-address", [1, 1_000_000]),
        (server, "--patience", [1, 3600]),
        (server, "--batch", [1, 256]),
    ] {
        let of: Vec<&str> = command.split(' ').take(2).collect();
        let help = stdout(&run(&format!("{} --help", of.join(" "))));
        let line = help.lines().find(|line| line.contains(option)).unwrap();
        assert!(line.contains(&format!("{lowest} to {highest}")), "{line}");
        for (number, taken) in [
            (highest, true),
            (lowest, true),
            (highest + 1, false),
            (lowest - 1, false),
        ] {
            let ended = run(&format!("{command} {option}={number}")).code(2);
            let refused = stderr(&ended).starts_with(option);
            assert_eq!(!refused, taken, "{option} {number}: {}", stderr(&ended));
        }
    }
}

#[test]
fn a_flag_may_be_said_twice() {
    for words in [
        "otp verify --quiet --dni 123456 --quiet 1",
        "--quiet otp --quiet verify --dni 123456 1",
        "otp enroll --no-qr --no-qr --dni 1",
    ] {
        let said = stderr(&run(words).code(2));
        assert!(said.starts_with("the "), "{words}: {said}");
    }
}

/// Arguments that are not UTF-8, wherever they stand: one line, never a panic.
#[cfg(unix)]
#[test]
fn arguments_that_are_not_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let wrong = OsStr::from_bytes(b"caf\xe9");
    for words in [
        "",
        "echo",
        "echo client",
        "echo client --timeout",
        "echo client --runtime",
        "--lang",
        "otp code --dni",
        "register list --lab",
        "compare",
        "compare --models",
        "lesson",
        "tour",
    ] {
        let mut command = socklab(words);
        command.arg(wrong);
        let ended = pipe(command, "").code(2).stdout_eq("");
        let said = stderr(&ended);
        assert_eq!(said.matches('\n').count(), 1, "{words:?}: {said}");
    }
}
