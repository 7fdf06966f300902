//! `--transcript FILE` and `transcript show`.

use std::fs;
use std::io::{Read, Write};
use std::path::Path;

use crate::common::{
    Process, RUNTIMES, eventually, on_every_runtime, one_connection, pipe, run, scratch, socklab,
    stderr, stdout,
};

/// A transcript as the command reads it back.
fn show(file: &Path, options: &str) -> String {
    let mut command = socklab(&format!("transcript show {options}"));
    command.arg(file);
    stdout(&pipe(command, "").success().stderr_eq(""))
}

/// Both ends of an echo, in canonical form.
fn echo(runtime: &str) -> [String; 2] {
    let (client_file, server_file) = (scratch("echo client"), scratch("echo server"));
    let mut server = socklab(&format!("echo server --listen :0 {runtime}"));
    server.arg("--transcript").arg(&server_file);
    let mut server = Process::start(server);
    let ready = server.notes();
    let address = ready.rsplit(' ').next().expect("an address");
    let mut client = socklab(&format!("echo client {address} {runtime}"));
    client.arg("--transcript").arg(&client_file);
    pipe(client, "hola\nfin\n")
        .success()
        .stdout_eq("HOLA\nFIN\n");
    assert_eq!(server.end().code, Some(0));
    [client_file, server_file].map(|file| {
        // What is shown is what was written: it was read and written again without loss.
        let written = fs::read_to_string(&file).expect("a file");
        assert_eq!(show(&file, ""), written);
        assert!(written.starts_with("socklab transcript 1\nexercise echo\nrole "));
        assert!(
            written.contains(&format!("\n{}\n", runtime.replace("--", ""))),
            "{written}"
        );
        // Of a server with several machines, the one that met the client; the others met nobody.
        let canonical = show(&file, "--canonical");
        let all = canonical.trim_end().split("\n\n");
        let met: Vec<&str> = all.filter(|one| one.contains("-> datagram")).collect();
        assert_eq!(met.len(), 1, "{canonical}");
        met[0].to_owned()
    })
}

/// Whatever runs it, an exchange has one canonical transcript at each end.
#[test]
fn an_echo_at_both_ends() {
    let mut all = RUNTIMES
        .iter()
        .map(|runtime| echo(&format!("--runtime {runtime}")));
    let first = all.next().expect("a runtime");
    let [client, server] = &first;
    for line in [
        "-> line \"hola\"",
        "<- send server \"hola\"",
        "-> datagram server \"HOLA\"",
        "<- show \"HOLA\"",
        "<- show \"FIN\"",
        "-- ended done",
    ] {
        assert!(client.contains(line), "{line}:\n{client}");
    }
    for line in [
        "-> datagram client1 \"hola\"",
        "<- send client1 \"FIN\"",
        "-- ended done",
    ] {
        assert!(server.contains(line), "{line}:\n{server}");
    }
    for other in all {
        assert_eq!(first, other);
    }
}

/// A TCP server's file has a transcript for each connection.
#[test]
fn one_for_each_connection() {
    on_every_runtime(|runtime| {
        let file = scratch("welcome server");
        let mut server = socklab(&format!("welcome server --listen :0 {runtime}"));
        server.arg("--transcript").arg(&file);
        let mut server = Process::start(server);
        let ready = server.notes();
        let address = ready.rsplit(' ').next().expect("an address").to_owned();
        for number in 1..=3 {
            run(&format!("welcome client {address}")).success();
            // It is written when the connection is over, which may be after the client's end.
            eventually("another transcript", || {
                let so_far = fs::read_to_string(&file).ok()?;
                (so_far.matches("-- ended done").count() == number).then_some(())
            });
        }
        let shown = show(&file, "");
        assert_eq!(
            shown.matches("socklab transcript 1\n").count(),
            3,
            "{shown}"
        );
        assert_eq!(
            shown.matches("\"Bienvenido al Servidor\"").count(),
            3,
            "{shown}"
        );
    });
}

/// A submission with a transcript, and what is in the file.
fn submission(options: &str) -> String {
    let (serving, address) = one_connection(|mut stream| {
        assert!(stream.read(&mut [0; 1024]).expect("a message") > 0);
        stream.write_all(b"OK 12345678 con 987654").expect("sent");
    });
    let file = scratch("submit");
    let mut command = socklab(&format!(
        "submit client {address} --name Ana --dni 12345678 --otp 987654 {options}"
    ));
    command.arg("--transcript").arg(&file);
    pipe(command, "")
        .success()
        .stdout_eq("OK 12345678 con 987654\n")
        .stderr_eq("");
    serving.join().expect("a server");
    show(&file, "");
    fs::read_to_string(&file).expect("a file")
}

/// DNI and code stay out of the file, whoever sends them, unless they are asked for.
#[test]
fn submissions_are_masked_unless_asked_for() {
    on_every_runtime(|runtime| {
        let masked = submission(runtime);
        assert!(masked.contains("\nmasked digits\n"), "{masked}");
        assert!(masked.contains("\"Ana&********&******\""), "{masked}");
        assert!(masked.contains("\"OK ******** con ******\""), "{masked}");
        assert!(
            !masked.contains("12345678") && !masked.contains("987654"),
            "{masked}"
        );

        let unmasked = submission(&format!("--unmasked {runtime}"));
        assert!(!unmasked.contains("masked"), "{unmasked}");
        assert!(unmasked.contains("\"Ana&12345678&987654\""), "{unmasked}");
    });
}

/// What is typed is masked as what is sent.
#[test]
fn typed_fields_are_masked() {
    let (serving, address) = one_connection(|mut stream| {
        assert!(stream.read(&mut [0; 1024]).expect("a message") > 0);
        stream.write_all(b"OK").expect("sent");
    });
    let file = scratch("submit typed");
    let mut command = socklab(&format!("submit client {address}"));
    command.arg("--transcript").arg(&file);
    pipe(command, "Ana\n12345678\n987654\n").success();
    serving.join().expect("a server");
    let written = fs::read_to_string(&file).expect("a file");
    assert!(written.contains("-> line \"********\"\n"), "{written}");
    assert!(
        !written.contains("12345678") && !written.contains("987654"),
        "{written}"
    );
}

/// What a peer sends is quoted, so that it can be read back and cannot take over a terminal.
#[test]
fn payload_is_quoted() {
    let (serving, address) = one_connection(|mut stream| {
        stream
            .write_all("a\u{202e}\x1b[31m\n\"\\".as_bytes())
            .expect("sent");
    });
    let file = scratch("quoted");
    let mut command = socklab(&format!("welcome client {address}"));
    command.arg("--transcript").arg(&file);
    pipe(command, "").code(1);
    serving.join().expect("a server");
    let shown = show(&file, "");
    assert!(shown.contains(r#""a\u{202e}\u{1b}[31m\n\"\\""#), "{shown}");
}

/// A file's words other than its payloads are shown escaped.
#[test]
fn words_cannot_command_the_terminal() {
    let file = scratch("hostile transcript");
    let text = "socklab transcript 1\nexercise \x1b[31m\nrole server\nruntime \u{202e}\n\
                epoch 1.000000000\n\n0.000000000 -- scenario \x1b[2J\n";
    fs::write(&file, text).expect("a file");
    for options in ["", "--canonical"] {
        let shown = show(&file, options);
        assert!(!shown.contains(['\x1b', '\u{202e}']), "{shown:?}");
        assert!(shown.contains(r"exercise \x1b[31m"), "{shown}");
    }
}

/// A file that is no transcript is refused in one line that names it and the place.
#[test]
fn not_a_transcript() {
    for text in [
        "hola\n",
        "socklab transcript 99\n",
        "socklab transcript 1\nexercise echo\n",
    ] {
        let file = scratch("no transcript");
        fs::write(&file, text).expect("a file");
        let mut command = socklab("transcript show");
        command.arg(&file);
        let said = stderr(&pipe(command, "").code(1).stdout_eq(""));
        assert!(
            said.starts_with(&format!("{}: ", file.display())),
            "{text:?}: {said}"
        );
        assert_eq!(said.matches('\n').count(), 1, "{text:?}: {said}");
    }
}
