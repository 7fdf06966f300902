//! The words for what a check has found, and for why it has not been made.

use socklab_check::{Cause, CheckedExercise, CommandError, Finding, Holder, Reason, Symptom};
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

/// The end of an exercise that a program plays, and the port that belongs there.
#[derive(Clone, Copy)]
pub(crate) struct End {
    pub(crate) exercise: CheckedExercise,
    pub(crate) role: Role,
    pub(crate) port: u16,
}

/// The lines of code that fix a cause at this end.
pub(crate) fn cure(cause: Cause, end: End, messages: &dyn Messages) -> Vec<String> {
    let stream = end.exercise.transport == Some(Transport::Stream);
    let call = match end.role {
        Role::Server => "bind",
        Role::Client if stream => "connect",
        Role::Client => "sendto",
    };
    let (kind, protocol) = match stream {
        true => ("SOCK_STREAM", "TCP"),
        false => ("SOCK_DGRAM", "UDP"),
    };
    let (text, word) = match end.exercise.name {
        "chat" => ("message", "fin"),
        _ => ("reply", "FIN"),
    };
    let text = messages.say_with(
        &format!("check-cure-{}", cause.code()),
        &[
            ("port", &end.port.to_string()),
            ("call", &call),
            ("kind", &kind),
            ("protocol", &protocol),
            ("text", &text),
            ("word", &word),
        ],
    );
    text.split('¶').map(str::to_owned).collect()
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
        Reason::NotReached(at) => messages.say_with("check-reason-not-reached", &[("address", at)]),
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
