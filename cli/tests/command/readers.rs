//! A reader that has stopped (Ctrl-S, a pager, a pipe that no program reads) does not stop a
//! server.

use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{PATIENCE, on_every_runtime, socklab};

/// A server whose two streams are pipes. One is read up to the address, and no further.
struct Server {
    child: Child,
    address: SocketAddr,
    // Kept, so that the pipe stays open; never read again.
    _stderr: BufReader<std::process::ChildStderr>,
}

fn serve(words: &str) -> Server {
    let mut command = socklab(words);
    command.stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stderr = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    stderr.read_line(&mut line).unwrap();
    let address = line.trim().rsplit(' ').next().unwrap().parse().unwrap();
    Server {
        child,
        address,
        _stderr: stderr,
    }
}

impl Server {
    /// It ends, although nobody reads what it says.
    fn ends(mut self, runtime: &str) {
        let pid = Pid::from_raw(i32::try_from(self.child.id()).unwrap()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            assert!(begun.elapsed() < PATIENCE, "{runtime}: it does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
        assert!(self.child.wait().unwrap().success(), "{runtime}");
    }
}

/// More notices than a pipe holds (64 KiB), one for each connection.
#[test]
fn unread_notices_stop_no_server() {
    on_every_runtime(|runtime| {
        let server = serve(&format!("welcome server --listen :0 {runtime}"));
        for _ in 0..2500 {
            let mut stream = TcpStream::connect(server.address).unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            let mut banner = String::new();
            stream.read_to_string(&mut banner).unwrap();
            assert_eq!(banner, "Bienvenido al Servidor", "{runtime}");
        }
        server.ends(runtime);
    });
}

/// More payload than a pipe and the queue hold: 3 MiB.
#[test]
fn unread_payload_stops_no_server() {
    on_every_runtime(|runtime| {
        let server = serve(&format!("echo server --listen :0 --keep-serving {runtime}"));
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.connect(server.address).unwrap();
        client.set_read_timeout(Some(PATIENCE)).unwrap();
        let (text, mut reply) = (vec![b'a'; 30_000], vec![0; 65_536]);
        for _ in 0..100 {
            client.send(&text).unwrap();
            assert_eq!(client.recv(&mut reply).unwrap(), text.len(), "{runtime}");
        }
        server.ends(runtime);
    });
}
