//! Standard input whose lines a test types.

use std::io::{BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Lines that come when the test sends them.
#[derive(Debug)]
pub struct Keyboard(Receiver<Vec<u8>>);

impl Keyboard {
    /// Makes a keyboard without input, and a sender to type with. Dropping the sender ends the
    /// input.
    pub fn new() -> (Sender<Vec<u8>>, BufReader<Keyboard>) {
        let (keys, typed) = channel();
        (keys, BufReader::new(Keyboard(typed)))
    }
}

impl Read for Keyboard {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let line = self.0.recv().unwrap_or_default();
        buffer[..line.len()].copy_from_slice(&line);
        Ok(line.len())
    }
}
