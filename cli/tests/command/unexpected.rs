//! What cannot be right is said in one line, and what is near where nothing listens.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::thread;

use crate::common::{
    PATIENCE, Process, datagram, datagrams, eventually, one_connection, pipe, run, socklab, stderr,
    stdout,
};

/// Answers each datagram so, until one is `fin`.
fn echo(answer: impl Fn(&str) -> String + Send + 'static) -> SocketAddr {
    let (socket, address) = datagrams();
    thread::spawn(move || {
        loop {
            let (text, client) = datagram(&socket);
            socket.send_to(answer(&text).as_bytes(), client).unwrap();
            if text == "fin" {
                break;
            }
        }
    });
    address
}

#[test]
fn wrong_replies_of_an_echo_server() {
    let upper = |text: &str| text.to_uppercase();
    for (answer, shown, said) in [
        (
            Box::new(|text: &str| text.to_owned()) as Box<dyn Fn(&str) -> String + Send>,
            "ñandú",
            "wrong reply: ñandú instead of ÑANDÚ, from character 1 on. The text came back as it was. \
             In Python: reply = message.decode().upper().encode()",
        ),
        (
            Box::new(|text: &str| text.to_ascii_uppercase()),
            "ñANDú",
            "wrong reply: ñANDú instead of ÑANDÚ, from character 1 on. Only letters without an \
             accent changed. In Python: reply = message.decode().upper().encode()",
        ),
        (
            Box::new(move |text: &str| upper(text).chars().take(3).collect()),
            "ÑAN",
            "wrong reply: ÑAN instead of ÑANDÚ, 3 bytes too few",
        ),
        (
            Box::new(move |text: &str| format!("{}\n", upper(text))),
            r"ÑANDÚ\n",
            "wrong reply: ÑANDÚ\\n instead of ÑANDÚ, 1 byte too many. There is a line end too many. \
             In Python: send the text alone, without \"\\n\"",
        ),
        (
            Box::new(move |text: &str| format!("B'{}'", upper(text))),
            "B'ÑANDÚ'",
            "wrong reply: B'ÑANDÚ' instead of ÑANDÚ, from character 1 on",
        ),
    ] {
        let client = socklab(&format!("echo client {}", echo(answer)));
        // Its user's input ends.
        let ended = pipe(client, "ñandú\n").code(1);
        assert_eq!(stdout(&ended), format!("{shown}\n"));
        assert_eq!(stderr(&ended), format!("{said}\n"));
    }
    let client = socklab(&format!(
        "--lang es echo client {}",
        echo(ToOwned::to_owned)
    ));
    let said = stderr(&pipe(client, "hola\n").code(1));
    assert!(
        said.starts_with("respuesta equivocada: hola en vez de HOLA, desde el carácter 1. "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1);
}

/// A peer that is always wrong does not fill the screen.
#[test]
fn what_is_odd_is_said_a_limited_number_of_times() {
    let client = socklab(&format!("echo client {}", echo(ToOwned::to_owned)));
    let said = stderr(&pipe(client, "hola\n".repeat(50)).code(1));
    assert_eq!(said.lines().count(), 21, "{said}");
    assert!(said.ends_with("more of this comes, and is not said any more\n"));
}

#[test]
fn a_banner_with_a_byte_too_many() {
    let (serving, address) = one_connection(|mut stream| {
        stream.write_all(b"Bienvenido al Servidor\n").unwrap();
    });
    let ended = run(&format!("welcome client {address}")).code(1);
    assert_eq!(stdout(&ended), "Bienvenido al Servidor\\n\n");
    assert_eq!(
        stderr(&ended),
        "wrong greeting: Bienvenido al Servidor\\n instead of Bienvenido al Servidor, 1 byte too \
         many. There is a line end too many. In Python: send the text alone, without \"\\n\"\n"
    );
    serving.join().unwrap();
}

#[test]
fn a_reply_and_a_line_without_their_ends() {
    let (serving, address) = one_connection(|mut stream| {
        let mut line = [0; 5];
        stream.read_exact(&mut line).unwrap();
        stream.write_all(b"HOLA").unwrap();
    });
    let client = socklab(&format!("capitals client {address}"));
    let ended = pipe(client, "hola\n").code(1).stdout_eq("HOLA\n");
    assert_eq!(
        stderr(&ended),
        format!(
            "what {address} answered has no line end: a line feed belongs after each reply (in \
             Python, reply + b\"\\n\")\n"
        )
    );
    serving.join().unwrap();

    let (mut server, address) = Process::serve("capitals server");
    let mut client = std::net::TcpStream::connect(address).unwrap();
    client.write_all(b"hola").unwrap();
    assert!(server.notes().starts_with("Connection from "));
    assert!(
        server
            .notes()
            .starts_with("a line has begun with hola and does not end: ")
    );
    // It is answered all the same.
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"\n").unwrap();
    let mut reply = [0; 5];
    client.read_exact(&mut reply).unwrap();
    assert_eq!(&reply, b"HOLA\n");
}

#[test]
fn texts_that_a_server_is_sent() {
    let (mut server, address) = Process::serve("echo server");
    let (client, _) = datagrams();
    for text in ["b'hola'", "fin\n"] {
        client.send_to(text.as_bytes(), address).unwrap();
    }
    assert!(
        server
            .notes()
            .starts_with("b'hola' is how Python prints bytes: ")
    );
    assert!(server.notes().starts_with(r"fin\n is not the last word"));
}

/// A free port, and a socket at the next. Both are low: neither the system nor `free_port` gives
/// them to another program.
#[cfg(target_os = "linux")]
fn two_ports() -> (u16, UdpSocket) {
    let free = |port: u16| {
        let tcp = TcpListener::bind(("0.0.0.0", port)).is_ok();
        UdpSocket::bind(("0.0.0.0", port)).ok().filter(|_| tcp)
    };
    (10_000..20_000)
        .step_by(40)
        .find_map(|port| {
            free(port)?;
            Some((port, free(port + 1)?))
        })
        .expect("two ports")
}

#[cfg(target_os = "linux")]
#[test]
fn where_nothing_listens_what_is_near_is_named() {
    let ask = |words: &str| {
        let command = socklab(words);
        stderr(&pipe(command, "hola\n"))
    };
    let (port, near) = two_ports();
    let said = ask(&format!("echo client :{port}"));
    assert!(
        said.starts_with(&format!("nothing listens at 127.0.0.1:{port}, but ")),
        "{said}"
    );
    let ends = format!(
        " does at port {}: both ends must use the same port\n",
        port + 1
    );
    assert!(said.ends_with(&ends), "{said}");
    let said = ask(&format!("message client :{port}"));
    assert!(
        said.starts_with("sent, and nothing listens at ") && said.ends_with(&ends),
        "{said}"
    );
    let said = ask(&format!("--lang es echo client :{port}"));
    assert!(
        said.contains(&format!("sí en el puerto {}", port + 1)),
        "{said}"
    );
    drop(near);

    // A program that another test starts has a copy of our sockets until it runs, so a port may not
    // be free at once.
    let tcp = eventually("the port", || TcpListener::bind(("127.0.0.1", port)).ok());
    let said = ask(&format!("echo client :{port}"));
    assert_eq!(
        said,
        format!(
            "nothing listens at 127.0.0.1:{port} over UDP, but a program does over TCP: this exercise \
         is UDP (in Python, SOCK_DGRAM)\n"
        )
    );
    drop(tcp);
    let udp = eventually("the port", || UdpSocket::bind(("127.0.0.1", port)).ok());
    let said = ask(&format!("welcome client :{port}"));
    assert!(
        said.contains("over TCP, but a program does over UDP: this exercise is TCP"),
        "{said}"
    );
    drop(udp);
    let elsewhere = UdpSocket::bind(("127.0.0.2", port)).unwrap();
    let said = ask(&format!("echo client :{port}"));
    assert!(
        said.contains(&format!("but a program does at 127.0.0.2:{port}: use that")),
        "{said}"
    );
    drop(elsewhere);
}

/// `compare` refuses a wrong server with the same cause.
#[cfg(target_os = "linux")]
#[test]
fn a_comparison_names_the_cause_too() {
    let (socket, address) = datagrams();
    thread::spawn(move || {
        let mut buffer = [0; 2048];
        while let Ok((len, peer)) = socket.recv_from(&mut buffer) {
            let _ = socket.send_to(&buffer[..len], peer);
        }
    });
    let said = stderr(&run(&format!("compare echo --quick --target {address}")).code(1));
    let cause =
        "The text came back as it was. In Python: reply = message.decode().upper().encode()";
    assert!(said.trim_end().ends_with(cause), "{said}");
}
