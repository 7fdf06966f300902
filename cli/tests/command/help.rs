//! Help: of every command, in both languages, with examples.

use std::collections::BTreeSet;

use crate::common::{pipe, run, socklab, stdout};

/// What differs between the languages.
struct Headings {
    language: &'static str,
    usage: &'static str,
    commands: &'static str,
    options: &'static str,
    examples: &'static str,
}

const BOTH: [Headings; 2] = [
    Headings {
        language: "en",
        usage: "Usage: ",
        commands: "Commands:",
        options: "Options:",
        examples: "Examples:",
    },
    Headings {
        language: "es",
        usage: "Uso: ",
        commands: "Órdenes:",
        options: "Opciones:",
        examples: "Ejemplos:",
    },
];

/// The help of a command and of all below it, by what is typed to get there.
fn helps(path: &str, in_: &Headings, found: &mut Vec<(String, String)>) {
    let command = socklab(&format!("{path} --help --lang {}", in_.language));
    let help = stdout(&pipe(command, "").success().stderr_eq(""));
    let below: Vec<String> = section(&help, in_.commands)
        .filter_map(|line| line.split_whitespace().next())
        .map(|name| format!("{path} {name}"))
        .collect();
    found.push((path.trim_start().to_owned(), help));
    for path in below {
        helps(&path, in_, found);
    }
}

/// The lines under a heading.
fn section<'a>(help: &'a str, heading: &str) -> impl Iterator<Item = &'a str> {
    help.lines()
        .skip_while(move |line| *line != heading)
        .skip(1)
        .take_while(|line| !line.is_empty())
}

fn all(in_: &Headings) -> Vec<(String, String)> {
    let mut found = Vec::new();
    helps("", in_, &mut found);
    found
}

#[test]
fn every_command_explains_itself_with_an_example() {
    for language in &BOTH {
        let helps = all(language);
        // All exercises, both ends, and the rest.
        assert!(helps.len() >= 23, "{}", helps.len());
        for (path, help) in &helps {
            assert!(
                help.contains(&format!("\n{}socklab", language.usage)),
                "{path}:\n{help}"
            );
            let about = help.lines().next().unwrap_or_default();
            assert!(
                about.ends_with('.'),
                "{path} says what it is for: {about:?}"
            );
            assert!(
                section(help, language.options).count() >= 3,
                "{path}:\n{help}"
            );
            // What runs something shows how; what only has commands below it lists them.
            let examples: Vec<&str> = section(help, language.examples).collect();
            if !help.contains(language.commands) {
                let command = format!("socklab {path}");
                assert!(
                    examples.iter().any(|line| line.contains(&command)),
                    "no example of {command:?}:\n{help}"
                );
            }
            // The library that reads the command line speaks English alone.
            for english in ["[default", "[possible values"] {
                assert!(!help.contains(english), "{path}:\n{help}");
            }
            // A message that is missing shows as its id.
            for id in ["help-", "heading-", "usage-", "otp-"] {
                assert!(!help.contains(id), "{path}: {id}:\n{help}");
            }
        }
    }
}

/// Both have the same commands and options, and no line of prose in common.
#[test]
fn the_languages_say_the_same_things() {
    let [english, spanish] = BOTH.each_ref().map(all);
    assert_eq!(english.len(), spanish.len());
    for ((path, english), (same, spanish)) in english.iter().zip(&spanish) {
        assert_eq!(path, same);
        let names = |help: &str| -> BTreeSet<String> {
            help.split([' ', '\n', '['])
                .filter(|word| word.starts_with("--"))
                .map(|word| word.trim_end_matches([',', '.', ')', ']', ';']).to_owned())
                .collect()
        };
        assert_eq!(names(english), names(spanish), "{path}");
        assert_ne!(english.lines().next(), spanish.lines().next(), "{path}");
    }
}

/// The examples that need nobody else work as they are printed.
#[test]
fn examples_that_need_nobody_else() {
    for example in [
        "otp code --dni 123456",
        "tour echo",
        "otp enroll --dni 123456",
    ] {
        let (path, _) = example.split_once(" --").unwrap_or((example, ""));
        let path = path.trim_end_matches(" echo");
        let help = stdout(&run(&format!("{path} --help")));
        assert!(help.contains(&format!("  socklab {example}\n")), "{help}");
        run(example).success();
    }
}

/// `-h` is `--help`; the version is Cargo's.
#[test]
fn short_help_and_version() {
    let long = stdout(&run("echo client --help"));
    let short = stdout(&run("echo client -h").success());
    assert_eq!(short, long);
    run("--version")
        .success()
        .stdout_eq(concat!("socklab ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// What an option takes, and what it is unless given.
#[test]
fn values_and_defaults() {
    for (language, command, line) in [
        (
            "en",
            "submit server",
            "at first the DNI) [one of dni, random]",
        ),
        (
            "es",
            "submit server",
            "al principio, del DNI) [uno de dni, random]",
        ),
        ("en", "otp enroll", "[one of lab, rfc; lab unless given]"),
        ("es", "otp enroll", "[uno de lab, rfc; si no se dice, lab]"),
    ] {
        let help = stdout(&run(&format!("{command} --help --lang {language}")));
        assert!(help.contains(line), "{help}");
    }
}

/// Why a chat cannot repeat what was lost.
#[test]
fn a_chat_says_why_it_has_no_retries() {
    let help = stdout(&run("chat client --help"));
    assert!(!help.contains("--retries"));
    run("chat client --retries 3").code(2);
    assert!(help.contains("could not be told from a new one"), "{help}");
}

/// The tour is the lab in a minute: every exercise, on every runtime, in what a screen or two hold.
#[test]
fn the_tour_shows_every_exercise() {
    let tour = stdout(&run("tour").success().stderr_eq(""));
    let titles: Vec<&str> = tour.lines().filter(|line| line.contains(" · ")).collect();
    assert_eq!(
        titles,
        [
            "message · UDP · blocking",
            "echo · UDP · blocking",
            "chat · UDP · blocking",
            "welcome · TCP · blocking",
            "capitals · TCP · blocking",
            "submit · TCP · blocking",
        ]
    );
    for runtime in crate::common::MAIN {
        let of_it = |line: &&str| line.trim_start().starts_with(&format!("{runtime} "));
        let rows = tour.lines().filter(of_it).count();
        assert_eq!(rows, titles.len(), "{runtime}:\n{tour}");
    }
    for said in [
        "│── straße ─",
        "─ STRASSE ──│",
        "│── connects ─",
        "Bienvenido al Servidor ──│",
    ] {
        assert!(tour.contains(said), "{said}:\n{tour}");
    }
    assert!(!tour.contains("DIFFERS"), "{tour}");
    let lines = tour.lines().count();
    assert!(lines < 100, "{lines} lines");
    let widest = tour.lines().map(|line| line.chars().count()).max();
    assert!(widest < Some(100), "{widest:?}:\n{tour}");
    // Nobody's DNI is shown.
    assert!(!tour.contains("12345678"), "{tour}");
}

/// The machines' own transcripts, beside each other.
#[test]
fn a_tour_with_transcripts() {
    let tour = stdout(&run("tour echo --transcript").success().stderr_eq(""));
    for said in ["<- show \"STRASSE\"", "-> datagram client1 \"straße\""] {
        assert!(tour.contains(said), "{said}:\n{tour}");
    }
    assert_eq!(
        tour.matches("the same\n").count(),
        crate::common::MAIN.len()
    );
}

#[test]
fn a_quiet_tour_only_says_how_it_ended() {
    run("tour echo --quiet")
        .success()
        .stdout_eq("")
        .stderr_eq("");
}

#[test]
fn a_tour_of_one_exercise_on_one_runtime() {
    for runtime in crate::common::RUNTIMES {
        let words = format!("tour echo --runtime {runtime} --lang es");
        let tour = stdout(&run(&words).success().stderr_eq(""));
        let title = format!("echo · UDP · {runtime}\n");
        assert!(
            tour.starts_with(&title) && tour.matches(" · ").count() == 2,
            "{tour}"
        );
        assert!(
            tour.contains("CLIENTE") && tour.contains("lo más largo, "),
            "{tour}"
        );
    }
}
