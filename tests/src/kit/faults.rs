//! Cases for machines that go on after a fault of their stream. No exercise of the lab does so, but
//! one could: for example a relay that tells its other side. Its driver must not use the dead
//! stream.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use socklab_core::{CLOSE_TIMEOUT, Doing};
use socklab_system::{Backend, socket};

use super::survivor::Survivors;
use super::{Server, pattern, take, wait_until};

/// How long an idle driver is watched.
const WATCHED: Duration = Duration::from_millis(200);

/// A server of survivors, one of which has had a fault.
struct Survived {
    server: Server,
    all: Survivors,
}

impl Survived {
    /// Starts a server, runs `before` on a connection, and then resets that connection.
    fn after<B: Backend>(before: impl FnOnce(&mut TcpStream)) -> Self {
        let all = Survivors::default();
        let server = Server::watched::<B, _>(all.clone(), all.clone());
        let mut stream = server.connect();
        before(&mut stream);
        socket::reset_on_close(&stream);
        drop(stream);
        wait_until("a survivor's last words", || all.log().silent == 1);
        Survived { server, all }
    }

    /// Asserts that the driver left the dead stream alone, and was idle.
    fn assert_left_alone<B: Backend>(&self, doing: Doing) {
        let done = || {
            let log = self.all.log();
            // A driver that spins calls `accept` again and again, so its operations are not
            // compared.
            (log.steps, (!B::SPINS).then_some(log.operations))
        };
        // A driver may still be about to make its last wait.
        thread::sleep(WATCHED / 4);
        let before = done();
        thread::sleep(WATCHED);
        assert_eq!(done(), before, "an idle driver makes no call");
        let log = self.all.log();
        assert_eq!(log.faults, [doing], "it was told once");
        assert!(log.given.is_empty(), "{:?}", log.given);
        assert!(log.used.is_empty(), "{:?}", log.used);
    }

    /// Stops the server. Asserts that it ends without waiting for bytes to be sent, that the fault
    /// was reported once, and that the dead stream was not used.
    fn finish(self) {
        let begun = Instant::now();
        self.server.finish();
        assert!(begun.elapsed() < CLOSE_TIMEOUT, "{:?}", begun.elapsed());
        let log = self.all.log();
        assert_eq!((log.faults.len(), log.silent), (1, 1));
        assert!(log.given.is_empty(), "{:?}", log.given);
        assert!(log.used.is_empty(), "{:?}", log.used);
    }
}

fn repeated(stream: &mut TcpStream) {
    stream.write_all(b"hola").unwrap();
    assert_eq!(take(stream, 4), b"hola");
}

/// A machine that goes on after a reset is told of it once. Its driver then receives and sends no
/// more for it, and does not spin.
pub fn a_stream_is_dead_after_a_fault<B: Backend>() {
    let survived = Survived::after::<B>(repeated);
    survived.assert_left_alone::<B>(Doing::Receiving);
    survived.finish();
}

/// If many bytes are unsent at the fault, they are dropped with the stream.
pub fn what_is_unsent_is_dropped_after_a_fault<B: Backend>() {
    let survived = Survived::after::<B>(|stream| {
        stream.write_all(b"!").unwrap();
        assert_eq!(take(stream, 1), [pattern(0)]);
    });
    survived.assert_left_alone::<B>(Doing::Sending);
    survived.finish();
}

/// A machine that goes on for a while after a stop is waited for. Its driver does not spin.
pub fn who_outlives_a_stop_is_waited_for<B: Backend>() {
    let all = Survivors::default();
    let server = Server::watched::<B, _>(all.clone(), all.clone());
    let mut stream = server.connect();
    stream.write_all(b"?").unwrap();
    wait_until("it to be heard", || all.log().steps == 3);
    server.finish();
    let operations = all.log().operations;
    assert!(B::SPINS || operations < 30, "{operations} calls");
}

/// Other connections are served beside a machine whose stream is dead.
pub fn who_survives_a_fault_delays_nobody<B: Backend>() {
    let survived = Survived::after::<B>(repeated);
    for _ in 0..10 {
        let mut stream = survived.server.connect();
        repeated(&mut stream);
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
    survived.assert_left_alone::<B>(Doing::Receiving);
    survived.finish();
}
