//! Cases for `capitals`, whose connections stay open: what a server must do on long streams.

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use socklab_core::capitals::{self, MAX_LINE};
use socklab_core::{CLOSE_TIMEOUT, Notice};
use socklab_system::{Backend, socket};

use super::{PATIENCE, Server, take};
use crate::screen::Said;

fn serving<B: Backend>() -> Server {
    Server::of_streams::<B>(8, capitals::Server)
}

/// Sends lines as they are, and asserts that their capitals come back.
fn ask(stream: &mut TcpStream, lines: &str) {
    stream.write_all(lines.as_bytes()).unwrap();
    hear(stream, lines);
}

fn hear(stream: &mut TcpStream, lines: &str) {
    let expected = lines.to_uppercase();
    let answer = take(stream, expected.len());
    assert!(
        answer == expected.as_bytes(),
        "not its capitals: {lines:.80}"
    );
}

/// Reads to the end of the stream.
fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    rest
}

/// Many lines, all of them different.
fn many_lines(count: usize, filling: usize) -> String {
    let filling = "ñ".repeat(filling / 2);
    let lines = (0..count).map(|nth| format!("line {nth} {filling}\n"));
    lines.collect()
}

/// A line is answered wherever the network cuts it: in the middle of a letter, or before the line
/// end.
pub fn a_line_one_byte_at_a_time<B: Backend>() {
    let server = serving::<B>();
    let mut stream = server.connect();
    for lines in ["ñandú\n", "\n", "two\nlines\r\n"] {
        for byte in lines.as_bytes() {
            stream.write_all(&[*byte]).unwrap();
        }
        hear(&mut stream, &lines.replace('\r', ""));
    }
    ask(&mut stream, "fin\n");
    assert_eq!(rest(&mut stream), b"");
    server.finish();
}

/// One write may contain a thousand lines.
pub fn a_thousand_lines_in_one_write<B: Backend>() {
    let server = serving::<B>();
    let mut stream = server.connect();
    for _ in 0..3 {
        ask(&mut stream, &many_lines(1000, 20));
    }
    server.finish();
}

/// One line may come in many segments.
pub fn a_line_in_many_segments<B: Backend>() {
    let server = serving::<B>();
    let mut stream = server.connect();
    let line = format!("{}\n", "ñ".repeat(MAX_LINE / 2));
    for piece in line.as_bytes().chunks(1021) {
        stream.write_all(piece).unwrap();
    }
    hear(&mut stream, &line);
    ask(&mut stream, "hola\n");
    server.finish();
}

/// A line may have 64 KiB, with either line end. A line with one byte more ends its connection,
/// after all earlier lines were answered.
pub fn the_longest_line<B: Backend>() {
    let server = serving::<B>();
    let mut stream = server.connect();
    let longest = "a".repeat(MAX_LINE);
    ask(&mut stream, &format!("{longest}\n"));
    stream
        .write_all(format!("{longest}\r\n").as_bytes())
        .unwrap();
    hear(&mut stream, &format!("{longest}\n"));
    stream
        .write_all(format!("hola\n{longest}a").as_bytes())
        .unwrap();
    hear(&mut stream, "hola\n");
    assert_eq!(rest(&mut stream), b"");
    let peer = stream.local_addr().unwrap();
    let too_long = Said::Notice(Notice::LineTooLong(peer, MAX_LINE));
    assert!(server.screen.rest().contains(&too_long));
    drop(stream);
    ask(&mut server.connect(), "next\n");
    server.finish();
}

/// A peer may end its stream after a line, in the middle of one, or at once. It receives all
/// replies, and then the end of the stream.
pub fn an_end_anywhere<B: Backend>() {
    let server = serving::<B>();
    for said in ["", "hola\n", "hola\nadi", "adi"] {
        let mut stream = server.connect();
        stream.write_all(said.as_bytes()).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut expected = said.to_uppercase();
        if !said.is_empty() && !said.ends_with('\n') {
            expected.push('\n');
        }
        assert_eq!(rest(&mut stream), expected.as_bytes(), "{said:?}");
    }
    server.finish();
}

/// A peer that resets in the middle of a line or of a reply ends only its own connection.
pub fn a_reset_anywhere<B: Backend>() {
    let server = serving::<B>();
    let much = many_lines(100_000, 30);
    for said in ["", "hol", "hola\n", &much] {
        let mut stream = server.connect();
        // The server takes only part of so much, because its replies are not read.
        stream
            .set_write_timeout(Some(Duration::from_millis(100)))
            .unwrap();
        let _ = stream.write_all(said.as_bytes());
        socket::reset_on_close(&stream);
    }
    ask(&mut server.connect(), "still there?\n");
    server.finish();
}

/// A peer that sends megabytes of lines before it reads gets every reply, in order.
pub fn megabytes_before_the_first_reply_is_read<B: Backend>() {
    let server = serving::<B>();
    let mut stream = server.connect();
    let lines = many_lines(100_000, 80);
    let asked = lines.clone().into_bytes();
    let (began, begun) = channel();
    let writer = {
        let mut stream = stream.try_clone().unwrap();
        thread::spawn(move || {
            let (first, more) = asked.split_at(512 << 10);
            stream.write_all(first)?;
            began.send(()).unwrap();
            stream.write_all(more)?;
            stream.shutdown(Shutdown::Write)
        })
    };
    begun.recv_timeout(PATIENCE).unwrap();
    hear(&mut stream, &lines);
    writer.join().unwrap().unwrap();
    assert_eq!(rest(&mut stream), b"");
    server.finish();
}

/// Sends lines without reading a reply, until the server takes no more. Returns how many bytes it
/// took.
fn never_read(server: &Server) -> (TcpStream, usize) {
    let mut stream = server.connect();
    // The system may grant smaller buffers.
    let socket = socket2::SockRef::from(&stream);
    let _ = socket.set_recv_buffer_size(64 * 1024);
    let _ = socket.set_send_buffer_size(64 * 1024);
    stream
        .set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let lines = many_lines(1000, 60);
    let mut taken = 0;
    while taken <= MOST_TAKEN {
        match stream.write(lines.as_bytes()) {
            Ok(len) => taken += len,
            // Windows returns `TimedOut`.
            Err(error) if [ErrorKind::WouldBlock, ErrorKind::TimedOut].contains(&error.kind()) => {
                break;
            }
            Err(error) => panic!("{error}"),
        }
    }
    (stream, taken)
}

/// More than the server's two buffers in the kernel and its own high-water mark hold.
const MOST_TAKEN: usize = 64 << 20;

/// If a peer never reads, the server takes no more from it than its buffers hold, so that its
/// memory does not grow. It can still be stopped.
pub fn a_peer_that_never_reads<B: Backend>() {
    let server = serving::<B>();
    let (_deaf, taken) = never_read(&server);
    assert!(taken < MOST_TAKEN, "it was read on and on");
    let begun = Instant::now();
    server.finish();
    assert!(begun.elapsed() < CLOSE_TIMEOUT * 3, "{:?}", begun.elapsed());
}

/// Other connections are served beside one whose peer never reads.
pub fn a_peer_that_never_reads_delays_nobody<B: Backend>() {
    let server = serving::<B>();
    let (_deaf, taken) = never_read(&server);
    assert!(taken < MOST_TAKEN, "it was read on and on");
    for _ in 0..10 {
        ask(&mut server.connect(), &many_lines(20, 60));
    }
    server.finish();
}
