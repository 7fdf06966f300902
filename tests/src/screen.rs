//! A console that records what a program tells its user.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use socklab_core::{Console, Notice, Prompt};

/// One thing that a program told its user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// A prompt for a line.
    Prompt(Prompt),
    /// What the peer sent, to be shown.
    Show(Vec<u8>),
    /// A notice.
    Notice(Notice),
}

/// A console that passes everything to a test.
#[derive(Debug)]
pub struct Screen {
    to: Mutex<Sender<Said>>,
    from: Mutex<Receiver<Said>>,
}

impl Screen {
    /// An empty console.
    pub fn new() -> Arc<Self> {
        let (to, from) = channel();
        Arc::new(Screen {
            to: Mutex::new(to),
            from: Mutex::new(from),
        })
    }

    /// Waits for the next thing said.
    ///
    /// # Panics
    /// When no notice or text comes for 20 s.
    pub fn next(&self) -> Said {
        let from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        from.recv_timeout(Duration::from_secs(20))
            .expect("something said within 20 s")
    }

    /// Waits until the server is ready. Returns its address. Drops what is said before.
    ///
    /// # Panics
    /// When no notice or text comes for 20 s.
    pub fn ready(&self) -> std::net::SocketAddr {
        loop {
            if let Said::Notice(Notice::Ready(address)) = self.next() {
                return address;
            }
        }
    }

    /// Everything that was said and not taken yet.
    pub fn rest(&self) -> Vec<Said> {
        let from = self.from.lock().unwrap_or_else(PoisonError::into_inner);
        from.try_iter().collect()
    }

    /// Everything that was shown and not taken yet, as text. Drops what else was said.
    pub fn shown(&self) -> Vec<String> {
        let shown = self.rest().into_iter().filter_map(|said| match said {
            Said::Show(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
            _ => None,
        });
        shown.collect()
    }

    fn say(&self, said: Said) {
        let to = self.to.lock().unwrap_or_else(PoisonError::into_inner);
        // The receiver lives as long as the sender.
        let _ = to.send(said);
    }
}

impl Console for Screen {
    fn prompt(&self, prompt: Prompt) {
        self.say(Said::Prompt(prompt));
    }
    fn show(&self, bytes: &[u8]) {
        self.say(Said::Show(bytes.to_vec()));
    }
    fn notice(&self, notice: Notice) {
        self.say(Said::Notice(notice));
    }
}
