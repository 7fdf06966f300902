//! `submit`, the student's end: fields and verdicts.

use socklab_core::lab::Settings;
use socklab_core::otp::{CodeError, DniError};
use socklab_core::register::{Decision, Refusal};
use socklab_core::submit::MAX_NAME;
use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Doing, Failure, FaultKind, FieldError, Input, Status};
use socklab_tests::{
    Bench, CLIENT, DNI, EPOCH, Pair, SERVER, Script, VirtualNet, code_at, exercise,
};

use super::{SECOND, ready, up};

fn waiting() -> Bench {
    Bench::up("submit", Client, &ready())
}

#[test]
fn one_message_and_its_writing_side_stays_open() {
    let mut client = Bench::new("submit", Client, &ready());
    client.feed(Input::Start);
    let (link, local) = (client.peer(), CLIENT);
    let said = client.feed(Input::Opened {
        link,
        local,
        exceeded: None,
    });
    assert_eq!(
        said,
        [
            "<- send server \"Ana Núñez&123456&548094\"",
            "-- state Waiting",
            "-- deadline reply +20s"
        ]
    );
}

#[test]
fn verdicts() {
    let rejected = Status::Failed(Failure::Rejected(SERVER));
    for (answer, status, unknown) in [
        ("OK accepted 1", Status::Done, false),
        ("OK", Status::Done, false),
        ("OK\n", Status::Done, false),
        ("ERROR wrong-code", rejected, false),
        ("ERROR", rejected, false),
        ("ERROR\r\n", rejected, false),
        ("OKAY", Status::Done, true),
        ("ok", Status::Done, true),
        ("ERRORS", Status::Done, true),
        ("Registro correcto", Status::Done, true),
        (" OK", Status::Done, true),
    ] {
        // However the answer's end is told.
        let ends: [fn(&mut Bench) -> Vec<String>; 3] = [
            Bench::end,
            |client| client.timer().1,
            |client| client.fault(Doing::Receiving, FaultKind::Reset),
        ];
        for end in ends {
            let mut client = waiting();
            client.bytes(answer);
            let said = end(&mut client);
            assert!(said[0].starts_with("<- show "), "{said:?}");
            let told = said.contains(&"<- notice verdict-unknown".to_string());
            assert_eq!((client.status(), told), (status, unknown), "{answer:?}");
        }
    }
}

#[test]
fn no_answer() {
    let mut client = waiting();
    assert_eq!(client.timer().0, 20 * SECOND);
    let failure = Failure::NoReply(SERVER, 20 * SECOND);
    assert_eq!(client.status(), Status::Failed(failure));
    let mut client = waiting();
    client.end();
    let failure = Failure::ClosedEarly(SERVER);
    assert_eq!(client.status(), Status::Failed(failure));
    let mut client = waiting();
    client.fault(Doing::Receiving, FaultKind::Reset);
    let failure = Failure::Reset(SERVER);
    assert_eq!(client.status(), Status::Failed(failure));
}

/// Name, DNI, code, and what is wrong with them.
fn bad_fields() -> Vec<([&'static str; 3], FieldError)> {
    let dni = FieldError::Dni;
    let code = FieldError::Code;
    vec![
        (["", DNI, "548094"], FieldError::NameEmpty),
        (["  ", DNI, "548094"], FieldError::NameEmpty),
        (["Ana&Luis", DNI, "548094"], FieldError::NameAmpersand),
        (["Ana\tNúñez", DNI, "548094"], FieldError::NameControl),
        (["Ana\u{1b}[31m", DNI, "548094"], FieldError::NameControl),
        (["Ana", "", "548094"], dni(DniError::Empty)),
        (["Ana", "12345678Z", "548094"], dni(DniError::Letter)),
        (["Ana", "1234-5678", "548094"], dni(DniError::NotDigits)),
        (
            ["Ana", "12345", "548094"],
            dni(DniError::Length { digits: 5 }),
        ),
        (
            ["Ana", "123456789", "548094"],
            dni(DniError::Length { digits: 9 }),
        ),
        (["Ana", DNI, ""], code(CodeError::Empty)),
        (["Ana", DNI, "54809"], code(CodeError::Length { digits: 5 })),
        (
            ["Ana", DNI, "5480945"],
            code(CodeError::Length { digits: 7 }),
        ),
        (["Ana", DNI, "54809a"], code(CodeError::NotDigits)),
    ]
}

/// On the command line: refused before anything is opened.
#[test]
fn a_bad_field_that_was_given_ends_it() {
    for ([name, dni, code], error) in bad_fields() {
        let settings = Settings {
            name: Some(name.into()),
            dni: Some(dni.into()),
            code: Some(code.into()),
            ..Settings::default()
        };
        let mut client = Bench::new("submit", Client, &settings);
        let said = client.feed(Input::Start);
        assert_eq!(said.len(), 2, "nothing but the end: {said:?}");
        let failure = Failure::BadField(error);
        assert_eq!(
            client.status(),
            Status::Failed(failure),
            "{name} {dni} {code}"
        );
    }
    let long = Settings {
        name: Some(vec![b'a'; MAX_NAME + 1]),
        ..ready()
    };
    let mut client = Bench::new("submit", Client, &long);
    client.feed(Input::Start);
    let failure = Failure::BadField(FieldError::NameTooLong);
    assert_eq!(client.status(), Status::Failed(failure));
}

/// Typed: said, and asked for again.
#[test]
fn a_bad_field_that_was_typed_is_asked_for_again() {
    for (fields, error) in bad_fields() {
        let mut client = Bench::new("submit", Client, &Settings::default());
        client.feed(Input::Start);
        for (field, prompt) in fields.iter().zip(["name", "dni", "code"]) {
            let said = client.line(field);
            if said[0].starts_with("<- notice bad-field") {
                let word = error.name().split('-').next().unwrap();
                assert!(said[0].contains(word), "{said:?}");
                assert_eq!(said[1], format!("<- prompt {prompt}"));
                break;
            }
            assert_ne!(client.state(), "Opening", "{fields:?} went through");
        }
    }
}

/// Only what is missing is asked for; the code last, to be fresh.
#[test]
fn what_is_missing_is_asked_for() {
    let given = [
        (None, None, None),
        (Some("Ana"), None, None),
        (None, Some(DNI), None),
        (Some("Ana"), Some(DNI), None),
        (None, None, Some("548094")),
        (Some("Ana"), Some(DNI), Some("548094")),
    ];
    for (name, dni, code) in given {
        let settings = Settings {
            name: name.map(Into::into),
            dni: dni.map(Into::into),
            code: code.map(Into::into),
            ..Settings::default()
        };
        let mut client = Bench::new("submit", Client, &settings);
        let mut said = client.feed(Input::Start);
        for (prompt, given, text) in [
            ("<- prompt name", name, " Ana "),
            ("<- prompt dni", dni, DNI),
            ("<- prompt code", code, "548094"),
        ] {
            if given.is_none() {
                assert_eq!(said[0], prompt);
                said = client.line(text);
            }
        }
        assert_eq!(said[0], "<- open s0 tcp server");
        let (link, local) = (client.peer(), CLIENT);
        let said = client.feed(Input::Opened {
            link,
            local,
            exceeded: None,
        });
        assert_eq!(said[0], "<- send server \"Ana&123456&548094\"");
    }
}

#[test]
fn the_end_of_the_input_before_the_fields_are_there() {
    let mut client = Bench::new("submit", Client, &Settings::default());
    client.feed(Input::Start);
    client.feed(Input::InputEnd);
    assert_eq!(client.status(), Status::Failed(Failure::NoInput));
}

/// What our own client lets through, our own server takes.
#[test]
fn the_longest_name_arrives() {
    let name = "ñ".repeat(MAX_NAME / 2);
    let code = code_at(DNI, EPOCH.as_secs());
    let typed = Script::of([name.as_str(), DNI, code.as_str()]);
    let net = VirtualNet::default();
    let pair = Pair::with(exercise("submit"), net, |_| (), typed, Script::default()).run();
    assert_eq!(pair.net.shown(pair.client), ["OK accepted 1"]);
}

#[test]
fn a_refusal_of_the_register_is_a_rejection() {
    let mut client = waiting();
    let mut server = up("submit", Server);
    server.bytes("Ana&123456&548094");
    server.stored(&Decision::Refused(Refusal::UsedCode));
    client.bytes("ERROR used-code");
    let said = client.end();
    assert_eq!(said[0], "<- show \"ERROR used-code\"");
    let failure = Failure::Rejected(SERVER);
    assert_eq!(client.status(), Status::Failed(failure));
}
