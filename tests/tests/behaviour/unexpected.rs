//! What cannot be right is said, and changes nothing else.

use socklab_core::transcript::Role::{Client, Server};
use socklab_core::{Failure, Status};
use socklab_tests::SERVER;

use super::up;

/// The lines that say what is odd.
fn odd(said: &[String]) -> Vec<&str> {
    let lines = said
        .iter()
        .filter_map(|line| line.strip_prefix("<- unexpected "));
    lines.collect()
}

#[test]
fn a_reply_that_is_not_the_capitals() {
    for exercise in ["echo", "capitals"] {
        let end = if exercise == "capitals" { "\n" } else { "" };
        let mut client = up(exercise, Client);
        let mut ask = |line: &str, reply: &str| {
            client.line(line);
            let reply = format!("{reply}{end}");
            match exercise {
                "capitals" => client.bytes(reply),
                _ => client.datagram(reply),
            }
        };
        assert_eq!(odd(&ask("hola", "HOLA")), [""; 0]);
        let said = ask("hola", "hola");
        assert_eq!(said[0], "<- show \"hola\"");
        assert_eq!(odd(&said), ["wrong-reply \"hola\""]);
        assert!(
            said.contains(&"<- prompt echo".to_owned()),
            "it goes on: {said:?}"
        );
        assert_eq!(odd(&ask("ñandú", "ñANDú")), ["wrong-reply \"ñANDú\""]);
        assert_eq!(odd(&ask("straße", "STRASSE")), [""; 0]);
        // The end of the exchange may be wrong too.
        assert_eq!(odd(&ask("hola", "FIN")), ["wrong-reply \"FIN\""]);
        assert_eq!(client.status(), Status::Done);
    }
}

#[test]
fn a_line_without_its_end_is_shown_and_named() {
    for ends in [true, false] {
        let mut client = up("capitals", Client);
        client.line("hola");
        client.bytes("HOLA");
        let said = if ends { client.end() } else { client.timer().1 };
        assert_eq!(said[0], "<- show \"HOLA\"");
        assert_eq!(client.status(), Status::Failed(Failure::NoLineEnd(SERVER)));
    }
}

#[test]
fn a_banner_and_its_end() {
    for (banner, odds) in [
        ("Bienvenido al Servidor", &[][..]),
        (
            "Bienvenido al Servidor\n",
            &[r#"wrong-banner "Bienvenido al Servidor\n""#],
        ),
        ("bienvenido", &["wrong-banner \"bienvenido\""]),
    ] {
        let mut client = up("welcome", Client);
        client.bytes(banner);
        let said = client.end();
        assert_eq!(odd(&said), odds);
        assert_eq!(client.status(), Status::Done);
    }
    let mut client = up("welcome", Client);
    client.bytes("Bienvenido al Servidor");
    let (_, said) = client.timer();
    assert_eq!(odd(&said), ["no-end \"Bienvenido al Servidor\""]);
    assert_eq!(client.status(), Status::Done);
}

#[test]
fn texts_that_only_look_like_fin_and_bytes_as_python_prints_them() {
    for (text, echo, chat) in [
        ("fin", None, None),
        ("FIN", None, Some("almost-fin")),
        ("fin\n", Some("almost-fin"), Some("almost-fin")),
        (" Fin ", Some("almost-fin"), Some("almost-fin")),
        ("final", None, None),
        ("b'hola'", Some("python-bytes"), Some("python-bytes")),
        ("b\"it's\"", Some("python-bytes"), Some("python-bytes")),
        ("b'", None, None),
        ("b'hola\"", None, None),
        ("b''", None, None),
    ] {
        let name = |said: &[String]| {
            let odd = odd(said).first().map(|line| line.split(' ').next());
            odd.flatten().map(str::to_owned)
        };
        let said = up("echo", Server).datagram(text);
        assert_eq!(name(&said).as_deref(), echo, "{text:?} to echo: {said:?}");
        let said = up("chat", Server).datagram(text);
        assert_eq!(name(&said).as_deref(), chat, "{text:?} to chat: {said:?}");
        let said = up("message", Server).datagram(text);
        let message = echo.filter(|odd| *odd == "python-bytes");
        assert_eq!(
            name(&said).as_deref(),
            message,
            "{text:?} to message: {said:?}"
        );
        let mut client = up("chat", Client);
        client.line("hola");
        let said = client.datagram(text);
        assert_eq!(name(&said).as_deref(), chat, "{text:?} from chat: {said:?}");
    }
}

#[test]
fn a_chat_that_answers_with_capitals() {
    let mut client = up("chat", Client);
    client.line("¿qué tal?");
    assert_eq!(
        odd(&client.datagram("¿QUÉ TAL?")),
        ["own-capitals \"¿QUÉ TAL?\""]
    );
    client.line("BIEN");
    assert_eq!(odd(&client.datagram("BIEN")), [""; 0]);
}
