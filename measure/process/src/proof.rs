//! Proves that a program does its exercise: compares its replies with the reference before anything
//! is timed.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream, UdpSocket};
use std::time::Duration;

use socklab_core::uppercase;
use socklab_core::welcome::BANNER;

/// How long a reply may take. Only a server that does not reply takes that long.
const PATIENCE: Duration = Duration::from_secs(2);

/// Texts for `echo` and `capitals`: letters of the course, and letters that are harder to
/// capitalise than they look.
const TEXTS: [&str; 5] = [
    "hola",
    "ñandú",
    "pingüino 12",
    "straße",
    "el ñandú cruzó la pampa",
];

/// Why a program is not measured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unproved {
    /// The server stopped replying.
    Silent {
        /// How many right replies came before.
        after: u32,
    },
    /// A reply was wrong.
    Differs {
        /// The expected reply.
        expected: Vec<u8>,
        /// The server's reply.
        got: Vec<u8>,
    },
}

/// Asks a server the questions of an exercise, which is given by its name. Returns how many replies
/// came; all of them were right.
///
/// # Errors
/// The first reply that differs or does not come.
pub fn prove(exercise: &str, at: SocketAddr) -> Result<u32, Unproved> {
    let mut right = 0;
    let mut compare = |expected: &[u8], got: io::Result<Vec<u8>>| match got {
        Ok(got) if got == expected => {
            right += 1;
            Ok(())
        }
        Ok(got) if !got.is_empty() => Err(Unproved::Differs {
            expected: expected.to_vec(),
            got,
        }),
        _ => Err(Unproved::Silent { after: right }),
    };
    match exercise {
        "echo" => {
            for text in TEXTS {
                compare(&capitals(text), datagram(at, text.as_bytes()))?;
            }
        }
        "capitals" => {
            for text in TEXTS {
                compare(&line(text), conversation(at, &[&format!("{text}\n")]))?;
            }
            // One line in two segments, and two lines in one.
            compare(&line("partida"), conversation(at, &["par", "tida\n"]))?;
            let two = [line("una"), line("dos")].concat();
            compare(&two, conversation(at, &["una\ndos\n"]))?;
        }
        _ => {
            for _ in 0..3 {
                compare(BANNER, to_its_end(at))?;
            }
        }
    }
    Ok(right)
}

fn capitals(text: &str) -> Vec<u8> {
    let mut reply = Vec::new();
    uppercase::upper(text.as_bytes(), &mut reply);
    reply
}

fn line(text: &str) -> Vec<u8> {
    [&capitals(text)[..], b"\n"].concat()
}

fn datagram(to: SocketAddr, question: &[u8]) -> io::Result<Vec<u8>> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect(to)?;
    socket.send(question)?;
    let mut reply = vec![0; 65_536];
    let len = socket.recv(&mut reply)?;
    reply.truncate(len);
    Ok(reply)
}

/// Sends some pieces, a moment apart, and reads as many lines as they contain.
fn conversation(to: SocketAddr, pieces: &[&str]) -> io::Result<Vec<u8>> {
    let mut stream = connect(to)?;
    for (number, piece) in pieces.iter().enumerate() {
        if number > 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        stream.write_all(piece.as_bytes())?;
    }
    let lines = pieces.concat().matches('\n').count();
    let (mut reply, mut buffer) = (Vec::new(), [0; 1024]);
    while reply.iter().filter(|byte| **byte == b'\n').count() < lines {
        match stream.read(&mut buffer) {
            // Compare what has come so far.
            Ok(0) | Err(_) => break,
            Ok(len) => reply.extend_from_slice(&buffer[..len]),
        }
    }
    Ok(reply)
}

fn to_its_end(to: SocketAddr) -> io::Result<Vec<u8>> {
    let mut reply = Vec::new();
    connect(to)?.read_to_end(&mut reply)?;
    Ok(reply)
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
