//! The command at a terminal: prompts, typed lines, Ctrl-D and Ctrl-C, a QR code to scan.
#![cfg(unix)]

mod common;

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;

use common::{
    PATIENCE, Process, code_now, datagram, datagrams, not, one_connection, scan, socklab,
    within_one_step,
};
use pty_process::{Size, blocking};

const CTRL_C: &str = "\x03";
const CTRL_D: &str = "\x04";

/// What the course has its programs ask.
const ASKS: &str = "Introduzca su mensaje en minúsculas: ";

/// A program at a terminal of its own, of 80 by 24, and what its screen has shown so far.
struct Terminal {
    child: Child,
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    shown: Vec<u8>,
    /// Up to where the test has looked.
    seen: usize,
}

impl Terminal {
    /// The command, in Spanish.
    fn spanish(words: &str) -> Self {
        Terminal::start(socklab(&format!("{words} --lang es")))
    }

    fn start(command: Command) -> Self {
        let (pty, pts) = blocking::open().expect("a pseudo-terminal");
        pty.resize(Size::new(24, 80)).expect("a size");
        let child = blocking::Command::from(command)
            .spawn(pts)
            .expect("a program that can be run");
        let keyboard = File::from(OwnedFd::from(pty));
        let mut reader = keyboard.try_clone().expect("a descriptor");
        let (sender, screen) = channel();
        thread::spawn(move || {
            let mut buffer = [0; 4096];
            // Linux reports an error, others an end, when nobody has the terminal any more.
            while let Ok(len @ 1..) = reader.read(&mut buffer) {
                let _ = sender.send(buffer[..len].to_vec());
            }
        });
        Terminal {
            child,
            keyboard,
            screen,
            shown: Vec::new(),
            seen: 0,
        }
    }

    /// Presses these keys.
    fn press(&mut self, keys: &str) {
        self.keyboard
            .write_all(keys.as_bytes())
            .expect("a keyboard");
    }

    /// Types a line.
    fn types(&mut self, line: &str) {
        self.press(&format!("{line}\n"));
    }

    /// Waits until the screen shows this, behind what was seen before, and gives what came before
    /// it.
    #[track_caller]
    fn sees(&mut self, text: &str) -> String {
        loop {
            let new = String::from_utf8_lossy(&self.shown[self.seen..]);
            if let Some(at) = new.find(text) {
                let before = new[..at].to_owned();
                self.seen += at + text.len();
                return before;
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.shown.extend(bytes),
                Err(error) => panic!("no {text:?} ({error}), but {:?}", self.rest()),
            }
        }
    }

    fn rest(&self) -> String {
        String::from_utf8_lossy(&self.shown[self.seen..]).into_owned()
    }

    /// Waits for the program to end, and gives its exit status and what the screen showed since.
    #[track_caller]
    fn ends(mut self) -> (Option<i32>, String) {
        loop {
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.shown.extend(bytes),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("it goes on: {:?}", self.rest()),
            }
        }
        // Its end let go of the terminal, so waiting takes no time after that.
        let code = self.child.wait().expect("an end").code();
        (code, self.rest())
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The course's dialogue: a question, what is typed, the answer, the question again.
#[test]
fn an_echo_client() {
    let (mut server, address) = Process::serve("echo server");
    let mut client = Terminal::spanish(&format!("echo client {address}"));
    assert_eq!(client.sees(ASKS), "");
    client.types("hola");
    // The terminal shows what is typed, the program the reply.
    assert_eq!(client.sees(ASKS), "hola\r\nHOLA\r\n");
    client.types("ñandú");
    assert_eq!(client.sees(ASKS), "ñandú\r\nÑANDÚ\r\n");
    client.types("fin");
    assert_eq!(client.ends(), (Some(0), "fin\r\nFIN\r\n".to_owned()));
    assert_eq!(
        [server.says(), server.says(), server.says()],
        ["hola", "ñandú", "fin"]
    );
}

/// Nothing is read before it is asked for, so what is typed too early waits its turn.
#[test]
fn lines_typed_ahead() {
    let (mut server, address) = Process::serve("echo server");
    let mut client = Terminal::spanish(&format!("echo client {address}"));
    client.press("uno\ndos\nfin\n");
    assert_eq!(client.ends().0, Some(0));
    assert_eq!(
        [server.says(), server.says(), server.says()],
        ["uno", "dos", "fin"]
    );
}

#[test]
fn a_message_client() {
    let (mut server, address) = Process::serve("message server");
    let mut client = Terminal::spanish(&format!("message client {address}"));
    assert_eq!(client.sees(ASKS), "");
    client.types("hola, Servidor");
    assert_eq!(client.ends(), (Some(0), "hola, Servidor\r\n".to_owned()));
    assert_eq!(server.says(), "hola, Servidor");
}

/// Two terminals, turn by turn.
#[test]
fn a_chat() {
    let asks = "Introduzca su mensaje (fin para terminar): ";
    let mut server = Terminal::spanish("chat server --listen :0");
    server.sees("el Servidor está listo en ");
    let address = server.sees("\r\n");
    let mut client = Terminal::spanish(&format!("chat client {address}"));
    client.sees(asks);
    client.types("hola");
    server.sees("ha empezado la charla con 127.0.0.1:");
    server.sees("\r\nhola\r\n");
    assert_eq!(server.sees(asks), "");
    server.types("buenas");
    assert_eq!(client.sees(asks), "hola\r\nbuenas\r\n");
    client.types("fin");
    assert_eq!(client.ends(), (Some(0), "fin\r\n".to_owned()));
    assert_eq!(server.ends(), (Some(0), "buenas\r\nfin\r\n".to_owned()));
}

/// The fields of a submission, each with its own question, the code last.
#[test]
fn a_submission() {
    let (serving, address) = one_connection(|mut stream| {
        let mut message = [0; 1024];
        let len = stream.read(&mut message).expect("a message");
        stream.write_all(b"OK registrado").expect("sent");
        String::from_utf8_lossy(&message[..len]).into_owned()
    });
    let mut client = Terminal::spanish(&format!("submit client {address}"));
    assert_eq!(client.sees("Introduzca su nombre: "), "");
    client.types("Ana García");
    client.sees("Introduzca su DNI, sin la letra: ");
    client.types("12345678Z");
    client.sees("el DNI va sin su letra: escriba solo las cifras\r\n");
    assert_eq!(client.sees("Introduzca su DNI, sin la letra: "), "");
    client.types("12345678");
    client.sees("ingresa el código OTP: ");
    client.types("123456");
    assert_eq!(
        client.ends(),
        (Some(0), "123456\r\nOK registrado\r\n".to_owned())
    );
    let message = serving.join().expect("a server");
    assert_eq!(message, "Ana García&12345678&123456");
}

/// Ctrl-D is the end of the input: an echo just stops, a message was not sent, a chat says `fin`.
#[test]
fn ctrl_d() {
    let (socket, address) = datagrams();
    for (exercise, asks, code, says) in [
        ("echo", ASKS, 0, ""),
        (
            "message",
            ASKS,
            1,
            "no hay ninguna línea que enviar: escriba una o pásela por la entrada estándar\r\n",
        ),
        ("chat", "Introduzca su mensaje (fin para terminar): ", 0, ""),
    ] {
        let mut client = Terminal::spanish(&format!("{exercise} client {address}"));
        client.sees(asks);
        client.press(CTRL_D);
        let (status, rest) = client.ends();
        assert_eq!(status, Some(code), "{exercise}");
        assert!(rest.ends_with(says), "{exercise}: {rest:?}");
    }
    // The chat is the only one that sent anything.
    assert_eq!(datagram(&socket).0, "fin");
    socket.set_nonblocking(true).expect("a mode");
    assert!(socket.recv(&mut [0; 16]).is_err());
}

/// Ctrl-C ends a client with 130, whether it waits for its user or for its peer.
#[test]
fn ctrl_c() {
    for runtime in common::RUNTIMES {
        let (socket, address) = datagrams();
        let words = format!("echo client {address} --timeout 0 --runtime {runtime}");
        let mut client = Terminal::spanish(&words);
        client.sees(ASKS);
        client.press(CTRL_C);
        assert_eq!(client.ends().0, Some(130), "at the prompt, {runtime}");

        let mut client = Terminal::spanish(&words);
        client.sees(ASKS);
        client.types("hola");
        assert_eq!(datagram(&socket).0, "hola");
        client.press(CTRL_C);
        assert_eq!(client.ends().0, Some(130), "in the exchange, {runtime}");
    }
}

/// Ctrl-C stops a server cleanly.
///
/// What it says is looked at in pipes: at a Ctrl-C a terminal throws away what is being written.
#[test]
fn ctrl_c_at_a_server() {
    for runtime in common::RUNTIMES {
        for exercise in ["echo", "welcome"] {
            let words = format!("{exercise} server --listen :0 --runtime {runtime}");
            let mut server = Terminal::spanish(&words);
            server.sees("--listen 0.0.0.0:");
            server.sees("\r\n");
            server.press(CTRL_C);
            assert_eq!(server.ends().0, Some(0), "{exercise}, {runtime}");
        }
    }
}

/// The quiet are not asked either.
#[test]
fn quiet() {
    let (_server, address) = Process::serve("echo server");
    let mut client = Terminal::spanish(&format!("echo client {address} --quiet"));
    client.types("hola");
    client.types("fin");
    let (code, shown) = client.ends();
    assert_eq!(code, Some(0));
    // Only the terminal's own echo of what was typed.
    assert_eq!(shown, "hola\r\nfin\r\n");
}

/// A payload cannot move the cursor of the user's terminal.
#[test]
fn the_screen_is_safe() {
    let (socket, address) = datagrams();
    let mut client = Terminal::spanish(&format!("echo client {address}"));
    client.sees(ASKS);
    client.types("hola");
    let (_, peer) = datagram(&socket);
    socket
        .send_to(b"\x1b[2J\x1b]0;title\x07", peer)
        .expect("sent");
    let shown = client.sees(ASKS);
    let reply = r"\x1b[2J\x1b]0;title\x07";
    let wrong = format!("respuesta equivocada: {reply} en vez de HOLA, desde el carácter 1");
    assert_eq!(shown, format!("hola\r\n{reply}\r\n{wrong}\r\n"));
}

/// The lab's, byte for byte.
const URI: &str =
    "otpauth://totp/Mi%20App:mi_usuario?secret=GEZDGNBVGY%3D%3D%3D%3D%3D%3D&issuer=Mi%20App";

const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";

/// The phone scans the screen and shows a code; the code is asked for, and is valid.
#[test]
fn enrolment_with_the_phones_code() {
    let (code, rest) = within_one_step(|| {
        let mut enrolment = Terminal::spanish("otp enroll --dni 123456");
        let screen = enrolment.sees("ingresa el código OTP: ");
        assert!(screen.contains("mi secreto: GEZDGNBVGY======\r\n"));
        assert!(screen.contains(&format!("mi URI de aprovisionamiento: {URI}\r\n")));
        // Black on white whatever the theme is, on every line of the picture, reset at its end.
        let picture: Vec<&str> = screen
            .lines()
            .filter(|line| line.starts_with(BLACK_ON_WHITE))
            .collect();
        assert!(
            picture.len() > 20 && picture.len() < 24,
            "{}",
            picture.len()
        );
        assert!(picture.iter().all(|line| line.ends_with("\x1b[0m")));
        assert_eq!(scan(&screen).as_deref(), Some(URI));
        enrolment.types(&code_now("123456"));
        enrolment.ends()
    });
    assert_eq!(code, Some(0), "{rest}");
    assert!(
        rest.ends_with("el código es válido en este momento\r\n"),
        "{rest}"
    );
}

/// What else may be typed there.
#[test]
fn enrolment_with_other_answers() {
    for (typed, status, says) in [
        // A code of another moment.
        (
            format!("{}\n", not(&code_now("123456"))),
            1,
            "el código no es válido en este momento\r\n\
             si ningún código de este teléfono es nunca válido, quizá no admite el relleno del \
             secreto: socklab otp enroll --uri-style rfc\r\n",
        ),
        // A slip.
        (
            "12345\n".to_owned(),
            1,
            "el código tiene exactamente 6 cifras: escriba el que muestra ahora su teléfono\r\n",
        ),
        // Nothing: it need not be checked.
        ("\n".to_owned(), 0, ""),
        (CTRL_D.to_owned(), 0, ""),
    ] {
        let mut enrolment = Terminal::spanish("otp enroll --dni 123456 --no-qr");
        enrolment.sees("ingresa el código OTP: ");
        enrolment.press(&typed);
        let (code, rest) = enrolment.ends();
        assert_eq!(code, Some(status), "{typed:?}: {rest}");
        assert!(rest.ends_with(says), "{typed:?}: {rest:?}");
    }
}

/// Without a picture, a question, or colours, for whoever does not want them.
#[test]
fn enrolment_with_less() {
    let plain = Terminal::spanish("otp enroll --dni 123456 --no-qr --no-verify").ends();
    assert_eq!(plain.0, Some(0));
    assert!(plain.1.ends_with(&format!("{URI}\r\n")), "{}", plain.1);

    let mut command = socklab("otp enroll --dni 123456 --no-verify");
    command.env("NO_COLOR", "1");
    let (code, screen) = Terminal::start(command).ends();
    assert_eq!(code, Some(0));
    assert!(!screen.contains('\x1b'), "{screen}");
    // It is drawn in light for a dark terminal.
    assert_eq!(scan(&screen).as_deref(), Some(URI));
}

/// How long a code still lasts is for people, not for pipes.
#[test]
fn a_code_with_the_time_it_has_left() {
    let (code, shown) = Terminal::spanish("otp code --dni 123456").ends();
    assert_eq!(code, Some(0));
    let mut lines = shown.lines();
    assert_eq!(lines.next().map(str::len), Some(6), "{shown}");
    let left = lines.next().expect("a line");
    assert!(
        left.starts_with("cambia dentro de ") && left.contains(" segundo"),
        "{left}"
    );
}

/// A lesson asks until it has an answer, and then measures.
#[test]
fn a_lesson_asks_for_a_prediction() {
    let mut lesson = Terminal::spanish("lesson ports --quick");
    let before = lesson.sees("Su predicción (un número; Intro si no tiene): ");
    assert!(before.contains("¿Cuántos puertos"), "{before}");
    lesson.types("uno");
    lesson.sees("«uno» no es una respuesta a esta lección: dé un número");
    lesson.sees("Su predicción (un número; Intro si no tiene): ");
    lesson.types("1");
    let (code, rest) = lesson.ends();
    assert_eq!(code, Some(0), "{rest}");
    assert!(rest.contains("Predicho:  1\r\nMedido:    5\r\n"), "{rest}");

    // Enter alone: no prediction.
    let mut lesson = Terminal::spanish("lesson ports --quick");
    lesson.sees("Intro si no tiene): ");
    lesson.types("");
    let (_, rest) = lesson.ends();
    assert!(rest.contains("no se ha hecho ninguna"), "{rest}");
}

/// In English the questions are the English ones.
#[test]
fn prompts_in_english() {
    let (_socket, address) = datagrams();
    for (exercise, asks) in [
        ("message", "Enter your message in lower case: "),
        ("echo", "Enter your message in lower case: "),
        ("chat", "Enter your message (fin to end): "),
        ("submit", "Enter your name: "),
    ] {
        let command = socklab(&format!("{exercise} client {address}"));
        let mut client = Terminal::start(command);
        assert_eq!(client.sees(asks), "", "{exercise}");
    }
}

/// The DNI is a secret: it is typed unseen, and Ctrl-C leaves a terminal that shows what is typed.
#[test]
fn a_dni_is_typed_unseen() {
    let mut code = Terminal::spanish("otp code");
    assert_eq!(code.sees("Introduzca su DNI, sin la letra: "), "");
    code.types("123456Z");
    let wrong = code.sees("Introduzca su DNI, sin la letra: ");
    assert!(wrong.contains("el DNI va sin su letra"), "{wrong}");
    code.types("123456");
    let (status, shown) = code.ends();
    assert_eq!(status, Some(0), "{shown}");
    assert!(!shown.contains("123456\r\n"), "{shown}");

    let mut shell = Command::new("sh");
    shell.env("SOCKLAB_LANG", "es");
    let script = "trap : INT; \"$0\" otp code; echo \"ended $?\"; stty -a | tr ' ' '\\n' | grep -x -e echo -e -echo";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_socklab")]);
    let mut shell = Terminal::start(shell);
    shell.sees("Introduzca su DNI, sin la letra: ");
    shell.press(CTRL_C);
    shell.sees("ended 130\r\n");
    assert_eq!(shell.ends(), (Some(0), "echo\r\n".to_owned()));
}

/// A QR code that does not fit would be torn apart: it says so, and what to do.
#[test]
fn a_qr_code_that_does_not_fit() {
    let mut shell = Command::new("sh");
    let script = "stty cols 40; exec \"$0\" otp enroll --dni 123456 --no-verify --lang en";
    shell.args(["-c", script, env!("CARGO_BIN_EXE_socklab")]);
    let (status, shown) = Terminal::start(shell).ends();
    assert_eq!(status, Some(0));
    let said = "the QR code takes 45 columns and the terminal has 40: make it wider";
    assert!(shown.contains(said), "{shown}");
    assert!(!shown.contains('█'), "{shown}");
}

/// Help, lists, charts and lessons end at the terminal's last column, between words.
#[test]
fn long_lines_are_wrapped() {
    for command in [
        "--help",
        "compare --help",
        "check --help",
        "compare --list",
        "timeline message --models mio",
        "timeline echo --models mio,uring --slide",
        "lesson ports --quick --predict 1",
        "lesson start-order --quick --predict a",
        "lesson spin --quick --predict a",
        "lesson level-edge --quick --predict b",
        "tour submit",
        "tour submit --transcript",
        "tour",
    ] {
        let (code, shown) = Terminal::spanish(command).ends();
        assert_eq!(code, Some(0), "{command}");
        let longest = shown.lines().map(|line| line.trim_end().chars().count());
        let longest = longest.max().expect("a line");
        assert!(
            (60..=80).contains(&longest),
            "{command}: {longest}\n{shown}"
        );
    }
}
