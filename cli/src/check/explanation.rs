//! The words for what a check has found, and for why it has not been made.

use socklab_check::{
    Cause, CheckedExercise, CommandError, Finding, Holder, ProgramLanguage, Reason, Symptom,
};
use socklab_core::Transport;
use socklab_core::transcript::Role;
use socklab_text::{Messages, Variable, escape, system_error};

/// The most specific code of a finding: its cause, or else its symptom.
pub(super) fn code(finding: &Finding) -> &'static str {
    finding.cause.map_or(finding.symptom.code(), Cause::code)
}

/// A finding in one sentence.
pub(super) fn what(finding: &Finding, messages: &dyn Messages) -> String {
    let symptom = messages.say(&format!("check-symptom-{}", Symptom::code(finding.symptom)));
    let Some(cause) = finding.cause else {
        return symptom;
    };
    let seen = match cause {
        Cause::WrongPort => "check-seen-wrong-port",
        Cause::WrongProtocol => "check-seen-wrong-protocol",
        _ => "",
    };
    let cause = match &finding.detail {
        Some(detail) if !seen.is_empty() => {
            let protocol = if detail == "UDP" { "TCP" } else { "UDP" };
            let values = [("detail", detail as &dyn Variable), ("protocol", &protocol)];
            return format!("{symptom} {}", messages.say_with(seen, &values));
        }
        _ => messages.say(&format!("check-what-{}", cause.code())),
    };
    match &finding.detail {
        Some(detail) => format!("{symptom} {cause} ({})", escape::text(detail)),
        None => format!("{symptom} {cause}"),
    }
}

/// The end of an exercise that a program plays, the port that belongs there, and the language that
/// the program is written in.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) exercise: CheckedExercise,
    pub(crate) role: Role,
    pub(crate) port: u16,
    pub(crate) language: ProgramLanguage,
}

/// What fixes a cause at this end: lines of Python, or for another language a sentence, and an
/// example if there is one.
pub(crate) fn cure(cause: Cause, end: End, messages: &dyn Messages) -> Vec<String> {
    let stream = end.exercise.transport == Some(Transport::Stream);
    let call = match end.role {
        Role::Server => "bind",
        Role::Client if stream => "connect",
        Role::Client => "sendto",
    };
    let (kind, protocol, receive, size) = match stream {
        true => ("SOCK_STREAM", "TCP", "recv", "1024"),
        false => ("SOCK_DGRAM", "UDP", "recvfrom", "2048"),
    };
    let (text, word) = match end.exercise.name {
        "chat" => ("message", "fin"),
        _ => ("reply", "FIN"),
    };
    // What is sent, and what is read from the user or made from what came.
    let (sent, made) = match (end.role, end.exercise.name) {
        (Role::Server, "echo" | "capitals") => ("reply", "reply = message.decode().upper()"),
        _ => ("message", "message = input(\"> \")"),
    };
    let exercise = end.exercise.name;
    let send = match stream {
        true if exercise == "capitals" => format!("sendall({sent}.encode() + b\"\\n\")"),
        true => format!("sendall({sent}.encode())"),
        false => format!("sendto({sent}.encode(), address)"),
    };
    let code = match cause {
        Cause::HardCodedAnswer if end.exercise.secret => "hard-coded-verdict",
        cause => cause.code(),
    };
    let port = end.port.to_string();
    let values = [
        ("port", &port as &dyn Variable),
        ("exercise", &exercise),
        ("call", &call),
        ("kind", &kind),
        ("protocol", &protocol),
        ("receive", &receive),
        ("size", &size),
        ("send", &send),
        ("made", &made),
        ("text", &text),
        ("word", &word),
    ];
    let ids = worded(&format!("check-cure-{code}"), end.language, messages);
    let texts = ids.iter().map(|id| messages.say_with(id, &values));
    let lines = texts.flat_map(|text| text.split('¶').map(str::to_owned).collect::<Vec<_>>());
    lines.collect()
}

/// What proves a cause.
pub(crate) fn why(cause: Cause, language: ProgramLanguage, messages: &dyn Messages) -> String {
    let ids = worded(&format!("check-why-{}", cause.code()), language, messages);
    messages.say(&ids[0])
}

/// The messages that say this for a language. A message is worded for Python, or for all languages;
/// in the first case the one with `-any` is for the others. Those with `-c` and `-java` add an
/// example.
fn worded(id: &str, language: ProgramLanguage, messages: &dyn Messages) -> Vec<String> {
    let example = match language {
        ProgramLanguage::Python => return vec![id.to_owned()],
        ProgramLanguage::Java => "java",
        ProgramLanguage::C => "c",
        ProgramLanguage::Unknown => "",
    };
    let there = |end| Some(format!("{id}-{end}")).filter(|id| messages.has(id));
    let sentence = there("any").unwrap_or_else(|| id.to_owned());
    [Some(sentence), there(example)]
        .into_iter()
        .flatten()
        .collect()
}

/// The command and the process ID of a port's holder, as far as they are known.
pub(crate) fn named(holder: Option<&Holder>, messages: &dyn Messages) -> (String, String) {
    let command = holder.map(|holder| holder.command.clone());
    let command = command.filter(|command| !command.is_empty());
    let process = holder.and_then(|holder| holder.process);
    (
        command.unwrap_or_else(|| messages.say("check-somebody")),
        process.map_or_else(|| "?".to_owned(), |one| one.to_string()),
    )
}

/// Why a scenario was not played.
pub(super) fn reason_text(reason: &Reason, messages: &dyn Messages) -> String {
    match reason {
        Reason::PortHeld { port, holder } => {
            let (port, (who, process)) = (port.to_string(), named(holder.as_ref(), messages));
            messages.say_with(
                "check-reason-port",
                &[("port", &port), ("who", &who), ("process", &process)],
            )
        }
        Reason::PortWaits(port) => {
            let port = port.to_string();
            messages.say_with("check-reason-port-waits", &[("port", &port)])
        }
        Reason::Unusable(error) => {
            let (id, name) = match error {
                CommandError::Missing(name) => ("check-reason-missing", name),
                CommandError::NotACommand(name) => ("check-reason-not-a-command", name),
                CommandError::NoFile(name) => ("check-reason-no-file", name),
                CommandError::StoreStub(name) => ("check-reason-store", name),
            };
            messages.say_with(id, &[("name", name)])
        }
        Reason::Asks(question) => messages.say_with("check-reason-asks", &[("question", question)]),
        Reason::NotReached(addresses) => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            messages.say_with("check-reason-not-reached", &[("address", &list.join(", "))])
        }
        Reason::HoldsOutput => messages.say("check-reason-holds-output"),
        Reason::RunsElsewhere => messages.say("check-reason-elsewhere"),
        Reason::After(_) => messages.say("check-reason-after"),
        Reason::System(detail) => {
            let detail = system_error::quoted(messages, detail);
            messages.say_with("check-reason-system", &[("detail", &detail)])
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;

    fn end(exercise: &str, role: Role) -> End {
        let exercise = CheckedExercise::find(exercise).expect("an exercise");
        let port = exercise.port;
        End {
            exercise,
            role,
            port,
            language: ProgramLanguage::Python,
        }
    }

    #[test]
    fn a_cure_is_that_of_the_exercise_and_the_end() {
        for language in [Language::Es, Language::En] {
            for (exercise, role, cause, parts) in [
                ("echo", Role::Server, Cause::WrongPort, ["16000", "bind"]),
                ("chat", Role::Client, Cause::WrongPort, ["16000", "sendto"]),
                (
                    "submit",
                    Role::Client,
                    Cause::WrongPort,
                    ["21000", "connect"],
                ),
                (
                    "echo",
                    Role::Server,
                    Cause::WrongProtocol,
                    ["SOCK_DGRAM", "UDP"],
                ),
                (
                    "welcome",
                    Role::Server,
                    Cause::WrongProtocol,
                    ["SOCK_STREAM", "TCP"],
                ),
                ("chat", Role::Server, Cause::FinCase, ["message", "\"fin\""]),
                ("echo", Role::Client, Cause::SpacesLost, ["input(", "strip"]),
                (
                    "capitals",
                    Role::Server,
                    Cause::SpacesLost,
                    ["reply = ", "strip"],
                ),
                (
                    "echo",
                    Role::Client,
                    Cause::NeverChecksFin,
                    ["reply", "\"FIN\""],
                ),
            ] {
                let lines = cure(cause, end(exercise, role), &language.messages());
                assert_eq!(lines.len(), 1, "{lines:?}");
                let has = parts.iter().all(|part| lines[0].contains(part));
                assert!(has, "{lines:?}");
            }
        }
    }

    /// Causes that only Python's exceptions, its sources or its calls prove.
    const OF_PYTHON: [Cause; 22] = [
        Cause::AddressNotAPair,
        Cause::BytesCompared,
        Cause::CrashOnAccents,
        Cause::DiesOnReset,
        Cause::DiesOnTimeout,
        Cause::InputOutsideLoop,
        Cause::ListenOnUdp,
        Cause::ListenerUsed,
        Cause::MissingBrackets,
        Cause::ModuleMissing,
        Cause::NeverCallsListen,
        Cause::NeverConnects,
        Cause::NotFlushed,
        Cause::NumberNotText,
        Cause::PyotpRefusesDni,
        Cause::QuotedNames,
        Cause::ReprSent,
        Cause::ReprShown,
        Cause::ShadowedModule,
        Cause::StrNotBytes,
        Cause::SyntaxError,
        Cause::WrongInterpreter,
    ];

    /// What only Python has.
    const PYTHON: [&str; 12] = [
        ".encode()",
        ".decode()",
        "input(",
        "print(",
        "upper()",
        "b\"",
        "Socket.",
        "sock.",
        "True",
        "while ",
        "pyotp",
        "strip(\"",
    ];

    #[test]
    fn other_languages_get_no_python() {
        use ProgramLanguage::{C, Java, Unknown};
        let others = [C, Java, Unknown];
        for ui in [Language::Es, Language::En].map(Language::messages) {
            for exercise in CheckedExercise::all() {
                let causes = Cause::ALL.iter().filter(|one| !OF_PYTHON.contains(one));
                let causes = causes.flat_map(|one| others.map(|other| (one, other)));
                let both = [Role::Server, Role::Client];
                for ((&cause, language), role) in
                    causes.flat_map(|one| both.map(|role| (one, role)))
                {
                    let end = End {
                        language,
                        ..end(exercise.name, role)
                    };
                    let mut said = cure(cause, end, &ui);
                    said.push(why(cause, language, &ui));
                    let said = said.join("\n");
                    let python = PYTHON.iter().find(|part| said.contains(**part));
                    assert_eq!(python, None, "{cause:?}: {said}");
                    let names = [("in C", "en C", C), ("in Java", "en Java", Java)];
                    for (en, es, of) in names {
                        let named = said.contains(en) || said.contains(es);
                        assert!(!named || of == language, "{cause:?}: {said}");
                    }
                }
            }
        }
        let example = "in C: if (count == 3 && memcmp(text, \"FIN\", 3) == 0) break;";
        for (exercise, sentence) in [
            ("echo", "end when the text is \"FIN\""),
            (
                "capitals",
                "end when the line, without its line feed, is \"FIN\"",
            ),
        ] {
            let end = End {
                language: C,
                ..end(exercise, Role::Server)
            };
            let lines = cure(Cause::NeverChecksFin, end, &Language::En.messages());
            assert_eq!(lines, [sentence, example]);
        }
    }

    #[test]
    fn a_line_of_capitals_is_sent_with_its_line_feed() {
        for (role, sent) in [(Role::Server, "reply"), (Role::Client, "message")] {
            let end = end("capitals", role);
            let lines = cure(Cause::FinNotSent, end, &Language::En.messages());
            let send = format!("sock.sendall({sent}.encode() + b\"\\n\") ");
            assert!(lines[0].starts_with(&send), "{lines:?}");
        }
    }

    #[test]
    fn the_cure_of_a_fixed_answer_is_that_of_the_exercise() {
        for (exercise, has, lacks) in [
            ("echo", ".upper()", "verify"),
            ("capitals", ".upper()", "verify"),
            ("otp", "verify", ".upper()"),
            ("submit", "verify", ".upper()"),
        ] {
            let end = end(exercise, Role::Server);
            let lines = cure(Cause::HardCodedAnswer, end, &Language::En.messages());
            assert!(
                lines[0].contains(has) && !lines[0].contains(lacks),
                "{lines:?}"
            );
        }
    }

    #[test]
    fn a_wrong_socket_is_named_with_the_right_one() {
        let finding = |cause, detail: &str| Finding {
            symptom: Symptom::NeverListens,
            cause: Some(cause),
            expected: None,
            received: None,
            place: None,
            error: None,
            detail: Some(detail.to_owned()),
        };
        for language in [Language::Es, Language::En] {
            let said = what(&finding(Cause::WrongProtocol, "UDP"), &language.messages());
            let both = said.find("UDP").zip(said.find("TCP"));
            assert!(both.is_some_and(|(used, right)| used < right), "{said}");
            let said = what(&finding(Cause::WrongPort, "16001"), &language.messages());
            assert!(said.contains("16001"), "{said}");
        }
    }

    /// «prueba» is a proof, or a trial of a comparison.
    #[test]
    fn a_scenario_has_one_name_in_spanish() {
        let text = include_str!("../../locales/es-check.ftl");
        for word in ["pruebas", "una prueba", "ninguna prueba", "la prueba"] {
            let found = text.lines().find(|line| line.contains(word));
            assert!(found.is_none_or(|line| line.starts_with('#')), "{found:?}");
        }
    }

    #[test]
    fn every_code_has_its_words() {
        for language in [Language::Es, Language::En] {
            let messages = language.messages();
            for symptom in Symptom::ALL {
                assert!(
                    messages.has(&format!("check-symptom-{}", symptom.code())),
                    "{symptom:?}"
                );
            }
            for cause in Cause::ALL {
                for part in ["what", "why", "cure"] {
                    let id = format!("check-{part}-{}", cause.code());
                    assert!(messages.has(&id), "{id}");
                }
            }
        }
    }
}
