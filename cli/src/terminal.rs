//! The user's side: payload on standard output, everything else on standard error.

use std::io::{IsTerminal, stderr, stdin, stdout};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Once};

use socklab_core::{Console, Notice, Prompt, Unexpected, UnexpectedKind};
use socklab_system::Stop;

use crate::chat_wait;
use crate::listen_hint::{everywhere, listen_hint};
use crate::outlet::{self, Outlet, STDERR, STDOUT, StdStream};
use crate::print;
use crate::unexpected;
use crate::wording;
use socklab_text::Messages;
use socklab_text::escape;

/// After this many unexpected messages, one line says that there are more.
const MAX_UNEXPECTED: usize = 20;

/// What a terminal shows, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TerminalOptions {
    /// Shows nothing, for measurements.
    pub(crate) quiet: bool,
    /// Shows payload unescaped.
    pub(crate) raw: bool,
    /// The port that students use unless told another.
    pub(crate) port: u16,
}

/// A terminal, or what stands in for it.
pub(crate) struct Terminal {
    messages: &'static dyn Messages,
    options: TerminalOptions,
    /// A client ends with the reader of its payload.
    stop: Stop,
    /// An answer has come that cannot be right.
    wrong: Arc<AtomicBool>,
    /// How many unexpected messages have come.
    unexpected: AtomicUsize,
    interactive: bool,
    /// Is called when the user of a chat has the word for the first time.
    chat: Once,
    /// Standard output takes what it is given: a file, or a device that is no terminal.
    never_blocks: bool,
    /// What payload goes through.
    payload: &'static Outlet<StdStream>,
}

impl Terminal {
    /// Standard input, output and error of a run with that stop. `wrong` becomes true when an
    /// answer comes that cannot be right.
    pub(crate) fn new(
        messages: &'static dyn Messages,
        options: TerminalOptions,
        stop: Stop,
        wrong: Arc<AtomicBool>,
    ) -> Self {
        Terminal {
            messages,
            options,
            stop,
            wrong,
            unexpected: AtomicUsize::new(0),
            interactive: stdin().is_terminal(),
            chat: Once::new(),
            never_blocks: never_blocks(),
            payload: match stdout().is_terminal() && stderr().is_terminal() {
                true => &STDERR,
                false => &STDOUT,
            },
        }
    }

    fn ready(&self, local: SocketAddr) {
        let messages = self.messages;
        self.line(&messages.say_with("ready", &[("address", &local)]));
        if local.ip().is_loopback() {
            let everywhere = everywhere(local);
            let everywhere = match local.port() {
                port if port == self.options.port => everywhere.to_string(),
                port => SocketAddr::new(everywhere, port).to_string(),
            };
            self.line(&messages.say_with("ready-open-hint", &[("listen", &everywhere)]));
        }
        for address in listen_hint(local) {
            self.line(&messages.say_with("ready-students-use", &[("address", &address)]));
        }
    }

    fn line(&self, text: &str) {
        print::line(text);
    }
}

impl Console for Terminal {
    fn prompt(&self, prompt: Prompt) {
        if !self.interactive || self.options.quiet {
            return;
        }
        if prompt == Prompt::Chat {
            self.chat.call_once(|| chat_wait::watch(self.messages));
        }
        chat_wait::answered();
        let text = match prompt {
            Prompt::Message => self.messages.say("prompt-message"),
            Prompt::Echo => self.messages.say("prompt-echo"),
            Prompt::Chat => self.messages.say("prompt-chat"),
            Prompt::Name => self.messages.say("prompt-name"),
            Prompt::Dni => self.messages.say("prompt-dni"),
            Prompt::Code => self.messages.say("prompt-code"),
        };
        STDERR.line(StdStream::Error, text.into_bytes());
    }

    fn shows(&self) -> bool {
        !self.options.quiet
    }

    fn show(&self, bytes: &[u8]) {
        if self.chat.is_completed() {
            chat_wait::answered();
        }
        if self.options.quiet {
            return;
        }
        let mut line = Vec::with_capacity(bytes.len() + 1);
        if self.options.raw {
            line.extend_from_slice(bytes);
        } else {
            escape::write(bytes, &mut line);
        }
        line.push(b'\n');
        if self.never_blocks {
            outlet::payload(&line);
        } else {
            self.payload.line(StdStream::Output, line);
        }
        if outlet::reader_left() {
            self.stop.request();
        }
    }

    fn unexpected(&self, unexpected: &Unexpected<'_>) {
        if let UnexpectedKind::Reply | UnexpectedKind::Banner | UnexpectedKind::NoEnd =
            unexpected.kind
        {
            self.wrong.store(true, Ordering::Relaxed);
        }
        // A peer can cause this as often as it likes.
        match self.unexpected.fetch_add(1, Ordering::Relaxed) {
            ..MAX_UNEXPECTED => self.line(&unexpected::line(self.messages, unexpected)),
            MAX_UNEXPECTED => self.line(&self.messages.say("odd-more")),
            _ => {}
        }
    }

    fn notice(&self, notice: Notice) {
        match notice {
            Notice::Ready(local) => {
                if !self.options.quiet {
                    self.ready(local);
                }
                outlet::serve();
            }
            _ if self.options.quiet => {}
            _ => self.line(&wording::notice(self.messages, notice)),
        }
    }
}

/// Whether standard output never waits for a reader.
#[cfg(unix)]
fn never_blocks() -> bool {
    use std::os::fd::AsFd;

    let descriptor = stdout().as_fd().try_clone_to_owned();
    descriptor.is_ok_and(|descriptor| socklab_files::never_blocks(&descriptor.into()))
}

/// Whether standard output never waits for a reader: here that is not known.
#[cfg(not(unix))]
fn never_blocks() -> bool {
    false
}
