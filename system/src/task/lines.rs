//! The user's lines, for a task that waits for other things as well.

use std::sync::Arc;

use socklab_core::Watch;

use super::mailbox::{Mailbox, Word};
use crate::lines::{LineEvent, LineReader};
use crate::run::Run;

/// The lines of one conversation. One may come when the machine no longer wants any, and is kept until it does.
#[derive(Debug, Default)]
pub struct Lines {
    reader: Option<LineReader>,
    kept: Option<LineEvent>,
    /// Nobody types.
    none: bool,
}

impl Lines {
    /// The next line, for a machine that wants one. If it has not come yet it is asked for, and left in `mailbox`. If
    /// nobody types, that is the end, once.
    pub fn next<W: Watch>(
        &mut self,
        run: &Run<W>,
        mailbox: &Arc<Mailbox<Word>>,
    ) -> Option<LineEvent> {
        if self.kept.is_some() || self.none {
            return self.kept.take();
        }
        if self.reader.is_none()
            && let Some(source) = run.take_lines()
        {
            let mailbox = Arc::clone(mailbox);
            let sink = move |line| mailbox.leave(Word::Line(line));
            self.reader = LineReader::spawn(source, sink).ok();
        }
        let Some(reader) = &mut self.reader else {
            self.none = true;
            return Some(LineEvent::End);
        };
        reader.ask();
        None
    }

    /// A line came.
    pub fn came(&mut self, line: LineEvent) {
        if let Some(reader) = &mut self.reader {
            reader.came();
        }
        self.kept = Some(line);
    }
}
