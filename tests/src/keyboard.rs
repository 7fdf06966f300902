//! A user who types when a test says so.

use std::io::{BufReader, Read};
use std::sync::mpsc::{Receiver, Sender, channel};

/// Lines that come when a test sends them: a user who has not typed yet.
#[derive(Debug)]
pub struct Keyboard(Receiver<Vec<u8>>);

impl Keyboard {
    /// A keyboard without input yet, and where to type. Its lines end when that is dropped.
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
