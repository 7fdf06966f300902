//! Slow clients that run beside the measured ones.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// The line of `capitals` on which a server that is measured with slow requests blocks its thread
/// for [`SLOW_WORK`].
pub const SLOW_LINE: &str = "wait 20 ms";

/// How long such a request takes: as long as a database query may.
pub const SLOW_WORK: Duration = Duration::from_millis(20);

/// How long a slow client waits for its reply.
const PATIENCE: Duration = Duration::from_secs(2);

/// A client of `capitals` that sends its line a byte at a time.
#[derive(Debug)]
pub struct SlowClient(JoinHandle<io::Result<Duration>>);

impl SlowClient {
    /// Connects and sends the first byte. A thread sends the others.
    ///
    /// # Errors
    /// When no program listens there.
    pub fn begin(to: SocketAddr, line: &str, every: Duration) -> io::Result<SlowClient> {
        let mut stream = connect(to)?;
        let bytes = [line.as_bytes(), b"\n"].concat();
        let (first, rest) = bytes.split_at(1);
        stream.write_all(first)?;
        let rest = rest.to_vec();
        Ok(SlowClient(thread::spawn(move || {
            for byte in rest {
                thread::sleep(every);
                stream.write_all(&[byte])?;
            }
            let begun = Instant::now();
            finish_reply(&mut stream)?;
            Ok(begun.elapsed())
        })))
    }

    /// Waits for the reply. Returns how long it took after the last byte was sent.
    ///
    /// # Errors
    /// When no reply came.
    pub fn end(self) -> io::Result<Duration> {
        self.0
            .join()
            .unwrap_or_else(|_| Err(ErrorKind::Other.into()))
    }
}

/// A client of `capitals` that sends [`SLOW_LINE`] again and again, over a new connection each
/// time.
#[derive(Debug)]
pub struct SlowRequests {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Duration>>,
}

impl SlowRequests {
    /// Starts asking, with a pause after each reply.
    pub fn begin(to: SocketAddr, pause: Duration) -> SlowRequests {
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let mut replies = Vec::new();
            while !seen.load(Ordering::Relaxed) {
                let asked = connect(to).and_then(|mut stream| {
                    let begun = Instant::now();
                    stream.write_all(format!("{SLOW_LINE}\n").as_bytes())?;
                    finish_reply(&mut stream)?;
                    Ok(begun.elapsed())
                });
                replies.extend(asked);
                thread::sleep(pause);
            }
            replies
        });
        SlowRequests { over, thread }
    }

    /// Stops asking. Returns how long each reply took.
    pub fn end(self) -> Vec<Duration> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

fn connect(to: SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&to, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Reads the rest of a line.
fn finish_reply(stream: &mut TcpStream) -> io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        match stream.read(&mut buffer)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            len if buffer[..len].ends_with(b"\n") => return Ok(()),
            _ => {}
        }
    }
}
