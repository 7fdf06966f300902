//! Which language it speaks: `--lang`, else `SOCKLAB_LANG`, else the locale, else English.

use std::process::Command;

use crate::common::{Process, in_no_locale, nobody_on_udp, pipe, socklab, stderr};

const SPANISH: &str = "el DNI va sin su letra: escriba solo las cifras\n";
const ENGLISH: &str = "the DNI goes without its letter: type only its digits\n";

#[test]
fn what_chooses_the_language() {
    for (environment, flag, expected) in [
        (&[][..], &[][..], None),
        (&[("SOCKLAB_LANG", "es")], &[], Some(SPANISH)),
        (&[("SOCKLAB_LANG", "en")], &[], Some(ENGLISH)),
        (&[("LC_ALL", "es_ES.UTF-8")], &[], Some(SPANISH)),
        (&[("LC_ALL", "C")], &[], Some(ENGLISH)),
        (&[("LC_ALL", "fr_FR.UTF-8")], &[], Some(ENGLISH)),
        (&[("LANG", "es_MX.UTF-8")], &[], Some(SPANISH)),
        (
            &[("LC_MESSAGES", "en_GB"), ("LANG", "es_ES")],
            &[],
            Some(ENGLISH),
        ),
        (
            &[("LC_ALL", "es_ES"), ("LANG", "en_US")],
            &[],
            Some(SPANISH),
        ),
        (
            &[("SOCKLAB_LANG", "en"), ("LC_ALL", "es_ES")],
            &[],
            Some(ENGLISH),
        ),
        (
            &[("SOCKLAB_LANG", "xx"), ("LC_ALL", "es_ES")],
            &[],
            Some(SPANISH),
        ),
        (&[("SOCKLAB_LANG", "en")], &["--lang", "es"], Some(SPANISH)),
        (&[("SOCKLAB_LANG", "es")], &["--lang=en"], Some(ENGLISH)),
        (
            &[("LC_ALL", "C")],
            &["--lang", "es_ES.UTF-8"],
            Some(SPANISH),
        ),
    ] {
        let mut command = in_no_locale(Command::new(env!("CARGO_BIN_EXE_socklab")));
        command.envs(environment.iter().copied());
        command
            .args(["otp", "code", "--dni", "12345678Z"])
            .args(flag);
        let said = stderr(&pipe(command, "").code(2).stdout_eq(""));
        match expected {
            Some(line) => assert_eq!(said, line, "{environment:?} {flag:?}"),
            // macOS and Windows know the user's language without being told.
            None => assert!([SPANISH, ENGLISH].contains(&&*said), "{said}"),
        }
    }
}

/// `--lang` may stand anywhere, before or behind the command.
#[test]
fn where_the_flag_stands() {
    for words in [
        "--lang es otp code --dni 12345678Z",
        "otp --lang es code --dni 12345678Z",
        "otp code --lang es --dni 12345678Z",
        "otp code --dni 12345678Z --lang=es",
    ] {
        pipe(socklab(words), "").code(2).stderr_eq(SPANISH);
    }
}

/// The process that `compare` starts and measures.
#[test]
fn a_measured_server_speaks_the_language() {
    for (lang, spec, said) in [
        (
            "es",
            r#"{"exercise":"?","runtime":"blocking"}"#,
            "no conoce ese ejercicio",
        ),
        (
            "en",
            r#"{"exercise":"?","runtime":"blocking"}"#,
            "no such exercise or runtime",
        ),
        ("es", "{", "no se puede leer la especificación"),
        ("en", "{", "cannot be read: EOF"),
    ] {
        pipe(
            socklab(&format!("--lang {lang} measured-server {spec}")),
            "",
        )
        .code(1)
        .stderr_eq(format!("[..]{said}[..]\n"));
    }
}

/// In Spanish it says what the course says. What goes over the network does not change.
#[test]
fn an_exchange_in_spanish() {
    let mut server = Process::start(socklab("welcome server --listen :0 --lang es"));
    let ready = server.notes();
    let address = ready
        .strip_prefix("el Servidor está listo en ")
        .expect("it is ready");
    let hint = server.notes();
    assert!(
        hint.starts_with("solo se llega a él desde este equipo;"),
        "{hint}"
    );
    pipe(socklab(&format!("welcome client {address}")), "")
        .success()
        .stdout_eq("Bienvenido al Servidor\n");
    let connection = server.notes();
    assert!(
        connection.starts_with("Conexión desde 127.0.0.1:"),
        "{connection}"
    );
    assert!(connection.ends_with(" establecida!"), "{connection}");

    let (address, _taken) = nobody_on_udp();
    pipe(
        socklab(&format!("echo client {address} --lang es")),
        "hola\n",
    )
    .code(1)
    .stdout_eq("")
    .stderr_eq(format!(
        "nadie escucha en {address}: inicie primero el servidor\n"
    ));
}
