//! The two languages say the same things, and the command says only what they know.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use socklab_text::{Variable, escape, system_error};

use super::*;

/// Messages, or with a hyphen at the end families of them, that no literal names: help texts are
/// found by the names of commands and arguments (`command::tests`), what a check finds by its code
/// (`check::explanation::tests`), what a model is by its name (`runtime::tests`), what the six
/// questions give by the name of each question, and what a chart shows by the name of what it is
/// (`timeline::tests`).
const NOT_YET_USED: &[&str] = &[
    "check-cure-",
    "check-symptom-",
    "check-what-",
    "check-why-",
    "help",
    "help-",
    "model-",
    "odd-",
    "survey-choice-",
    "survey-head-",
    "survey-hundred-busy-",
    "survey-name-",
    "survey-one-client-",
    "survey-short-visits-",
    "survey-silent-",
    "survey-slow-client-",
    "survey-slow-request-",
    "survey-waits-",
    "timeline-class-",
    "timeline-operation-",
    "timeline-style-",
];

/// The variables of each message of a language.
fn messages(sources: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
    let mut messages = BTreeMap::<String, BTreeSet<String>>::new();
    let mut id = String::new();
    let lines = sources.iter().flat_map(|source| source.lines());
    for line in lines.filter(|line| !line.starts_with('#')) {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            line.split(" =").next().unwrap_or("").clone_into(&mut id);
            let before = messages.insert(id.clone(), BTreeSet::new());
            assert_eq!(before, None, "{id} is there twice");
        }
        for after in line.split('$').skip(1) {
            let name = after.split(|c: char| !c.is_ascii_alphanumeric()).next();
            let variables = messages.entry(id.clone()).or_default();
            variables.insert(name.unwrap_or("").to_owned());
        }
    }
    messages
}

/// The sources that say something, but for this file, without comments: the command's, and those of
/// the crates that it lends its words to.
fn sources() -> Vec<(PathBuf, String)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let crates = [
        "src",
        "../desk/register/src",
        "../desk/tls/src",
        "../measure/compare/src",
        "../measure/experiments/src",
        "../measure/timeline/src",
        "../text/src",
    ];
    let mut folders: Vec<PathBuf> = crates.iter().map(|one| here.join(one)).collect();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|one| one == "rs")
                && !path.ends_with("language/messages.rs")
            {
                let text = fs::read_to_string(&path).expect("a source");
                let code = text
                    .lines()
                    .filter(|line| !line.trim_start().starts_with("//"))
                    .collect::<Vec<_>>()
                    .join("\n");
                sources.push((path, code));
            }
        }
    }
    assert!(!sources.is_empty());
    sources
}

/// The string literal at the start of the text, and what follows it.
fn literal(text: &str) -> Option<(&str, &str)> {
    text.trim_start().strip_prefix('"')?.split_once('"')
}

#[test]
fn both_languages_have_the_same_messages_with_the_same_variables() {
    let (es, en) = (messages(&ES), messages(&EN));
    assert!(!en.is_empty());
    for (id, variables) in &en {
        assert_eq!(es.get(id), Some(variables), "{id} in es.ftl");
    }
    for id in es.keys() {
        assert!(en.contains_key(id), "{id} is not in en.ftl");
    }
}

#[test]
fn every_message_can_be_said() {
    for language in [Language::Es, Language::En] {
        let translations = language.messages();
        for (id, variables) in messages(&EN) {
            for number in [0, 1, 2, 65_508_u64] {
                let given: Vec<(&str, &dyn Variable)> = variables
                    .iter()
                    .map(|name| (name.as_str(), &number as &dyn Variable))
                    .collect();
                let said = translations.say_with(&id, &given);
                assert!(!said.is_empty() && said != id, "{id}");
                assert!(!said.contains('\n'), "{id} is more than one line: {said}");
                assert!(!said.contains(escape::must_escape), "{id}: {said:?}");
                assert!(
                    said.contains(&number.to_string()) || variables.is_empty(),
                    "{said}"
                );
                let blank_at_end = said.ends_with(' ');
                assert_eq!(blank_at_end, id.starts_with("prompt-"), "{id}: {said:?}");
            }
        }
    }
}

#[test]
fn what_the_command_says_exists_and_has_its_variables() {
    let known = messages(&EN);
    for (path, code) in sources() {
        for call in [".say(", ".say_with("] {
            for after in code.split(call).skip(1) {
                let Some((id, rest)) = literal(after) else {
                    continue;
                };
                let Some(variables) = known.get(id) else {
                    panic!("{}: there is no message {id:?}", path.display());
                };
                // From `&[("peer", …), …]`: whatever could be a name is taken for one. Variables
                // that were put together before are not looked for.
                let given = match rest.trim_start().strip_prefix(',') {
                    Some(rest) if !rest.trim_start().starts_with("&[") => continue,
                    Some(rest) => rest.split(']').next().unwrap_or(""),
                    None => "",
                };
                let tuples = given.split('(').skip(1);
                let given: BTreeSet<&str> =
                    tuples.filter_map(|one| Some(literal(one)?.0)).collect();
                for name in variables {
                    let there = given.contains(name.as_str());
                    assert!(there, "{}: {id:?} without ${name}", path.display());
                }
            }
        }
    }
}

#[test]
fn every_message_is_used() {
    let code: String = sources().into_iter().map(|(_, code)| code).collect();
    let known = messages(&EN);
    let covers = |one: &str, id: &str| id == one || (one.ends_with('-') && id.starts_with(one));
    for id in known.keys() {
        let excused = NOT_YET_USED.iter().any(|one| covers(one, id));
        assert!(
            excused || code.contains(&format!("\"{id}\"")),
            "nothing says {id:?}"
        );
    }
    for one in NOT_YET_USED {
        let about = known.keys().any(|id| covers(one, id));
        assert!(about, "{one:?} excuses no message");
    }
}

#[test]
fn the_course_says_it_so() {
    let messages = Language::Es.messages();
    let peer: SocketAddr = "192.0.2.7:50001".parse().expect("an address");
    for (said, course) in [
        (
            messages.say("prompt-message"),
            "Introduzca su mensaje en minúsculas: ",
        ),
        (messages.say("prompt-code"), "ingresa el código OTP: "),
        (messages.say("otp-secret"), "mi secreto:"),
        (
            messages.say_with("connection", &[("peer", &peer)]),
            "Conexión desde 192.0.2.7:50001 establecida!",
        ),
        (
            messages.say_with("ready", &[("address", &peer)]),
            "el Servidor está listo en 192.0.2.7:50001",
        ),
    ] {
        assert_eq!(said, course);
    }
}

#[test]
fn numbers_choose_their_plurals() {
    let (es, en) = (Language::Es.messages(), Language::En.messages());
    for (seconds, in_es, in_en) in [
        (
            1_u32,
            "cambia dentro de 1 segundo",
            "it changes in 1 second",
        ),
        (0, "cambia dentro de 0 segundos", "it changes in 0 seconds"),
        (
            29,
            "cambia dentro de 29 segundos",
            "it changes in 29 seconds",
        ),
    ] {
        let given: [(&str, &dyn Variable); 1] = [("seconds", &seconds)];
        assert_eq!(es.say_with("otp-remaining", &given), in_es);
        assert_eq!(en.say_with("otp-remaining", &given), in_en);
    }
}

#[test]
fn times_are_seconds_and_io_says_what_was_done() {
    let en = Language::En.messages();
    let peer: SocketAddr = "[2001:db8::7]:16000".parse().expect("an address");
    let wait = Duration::from_millis(2500);
    let said = en.say_with(
        "failure-no-reply",
        &[("peer", &peer), ("seconds", &wait), ("way", &"udp-away")],
    );
    assert!(
        said.starts_with("no reply in 2.5 s from [2001:db8::7]:16000: "),
        "{said}"
    );
    for (what, line) in [
        ("sending", "could not send: no buffers; try again"),
        ("shown.txt", "shown.txt: no buffers"),
    ] {
        let said = en.say_with("failure-io", &[("what", &what), ("detail", &"no buffers")]);
        assert_eq!(said, line);
    }
}

#[test]
fn text_in_a_message_is_escaped_and_not_isolated() {
    let en = Language::En.messages();
    let file = Path::new("a\u{202e}b\n");
    let said = en.say_with("wrote-file", &[("file", &file)]);
    assert_eq!(said, r"wrote a\u{202e}b\n");
}

#[test]
fn threads_may_share_the_messages() {
    fn shared<T: Send + Sync>() {}
    shared::<Translations>();
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "no message"))]
fn a_missing_message_is_found_in_debug_builds() {
    assert_eq!(
        Language::Es.messages().say("no-such-message"),
        "no-such-message"
    );
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "peer"))]
fn a_missing_variable_is_found_in_debug_builds() {
    assert_eq!(Language::Es.messages().say("connection"), "connection");
}

/// English words that no Spanish sentence has. What is typed or named (`--listen`, the calls of an
/// interface, a command) is English in both.
const ENGLISH: &[&str] = &[
    "the", "and", "of", "with", "not", "is", "are", "was", "were", "has", "have", "which", "this",
    "that", "these", "you", "your", "it", "its", "from", "for", "or", "if", "when", "then", "than",
    "what", "where", "who", "all", "any", "each", "every", "must", "should", "cannot", "wrong",
    "line", "lines", "given", "there", "here", "between", "without", "because",
];

#[test]
fn no_message_in_spanish_has_english_in_it() {
    let (en, es) = (values(&EN), values(&ES));
    for (id, said) in &es {
        // A cure is Python.
        if id.ends_with("-examples") || id.starts_with("check-cure-") {
            continue;
        }
        // Without quotations, variables, the keys of variants and what is typed.
        let own = said
            .split('«')
            .map(|part| part.split_once('»').map_or(part, |(_, rest)| rest));
        let words = own.flat_map(str::split_whitespace);
        let words = words.filter(|word| !word.starts_with(['$', '[', '*', '`']));
        let words = words.map(|word| word.trim_matches(|c: char| !c.is_alphanumeric()));
        let english: Vec<&str> = words.filter(|word| ENGLISH.contains(word)).collect();
        assert!(english.is_empty(), "{id}: {english:?} in {said}");
        // Three words or more are a sentence, and no sentence is the same in both languages.
        let sentence = said
            .split_whitespace()
            .filter(|word| word.chars().all(char::is_alphabetic));
        assert!(sentence.count() < 3 || en[id] != *said, "{id}: {said}");
    }
}

/// The text of each message.
fn values(sources: &[&str]) -> BTreeMap<String, String> {
    let mut values: BTreeMap<String, String> = BTreeMap::new();
    let mut id = String::new();
    for line in sources.iter().flat_map(|source| source.lines()) {
        match line.split_once(" =") {
            Some((new, text)) if !new.contains(' ') && !line.starts_with('#') => {
                id = new.to_owned();
                values.insert(id.clone(), text.to_owned());
            }
            _ if line.starts_with(' ') || line.starts_with('}') => {
                let value = values.entry(id.clone()).or_default();
                value.push(' ');
                value.push_str(line);
            }
            _ => {}
        }
    }
    values
}

/// Each number that the system gives is said in the language, or quoted as it is.
#[test]
fn the_systems_errors_have_words_in_each_language() {
    let [english, spanish] = [Language::En, Language::Es].map(Language::messages);
    for code in 1..150 {
        let error = std::io::Error::from_raw_os_error(code);
        for messages in [&english, &spanish] {
            let said = system_error::text(messages, &error);
            assert!(said.contains(&format!(" {code})")), "{said}");
        }
        // In English it says what the system says, but of too many files in it or in a program.
        #[cfg(target_os = "linux")]
        if code != 23 {
            assert_eq!(system_error::text(&english, &error), error.to_string());
        }
    }
    let own = std::io::Error::other("its own words");
    assert_eq!(system_error::text(&spanish, &own), "its own words");
}

/// What users meet: a file that is not there, one that may not be read, a full disk.
#[cfg(unix)]
#[test]
fn the_systems_errors_in_spanish() {
    let messages = Language::Es.messages();
    for (code, text) in [
        (2, "no existe ese fichero o carpeta (error 2)"),
        (1, "operación no permitida (error 1)"),
        (13, "permiso denegado (error 13)"),
        (24, "hay demasiados ficheros abiertos (error 24)"),
        (28, "no queda espacio en el disco (error 28)"),
    ] {
        let error = std::io::Error::from_raw_os_error(code);
        assert_eq!(system_error::text(&messages, &error), text);
    }
    for (said, text) in [
        (
            "a.db: No such file or directory (os error 2)",
            "a.db: no existe ese fichero o carpeta (error 2)",
        ),
        (
            "a.db: no such thing (os error 2)",
            "a.db: no such thing (os error 2)",
        ),
        ("(os error x)", "(os error x)"),
    ] {
        assert_eq!(system_error::quoted(&messages, said), text);
        let nested = std::io::Error::other(said);
        assert_eq!(system_error::text(&messages, &nested), text);
    }
    // Its number differs between systems.
    let too_long = fs::metadata("n".repeat(10_000)).unwrap_err();
    let said = system_error::text(&messages, &too_long);
    assert!(
        said.starts_with("el nombre del fichero es demasiado largo ("),
        "{said}"
    );
}
