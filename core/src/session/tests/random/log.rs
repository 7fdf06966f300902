//! What can be observed of a machine.

use alloc::sync::Arc;
use std::sync::Mutex;

use super::*;

/// What a machine asked for.
pub(super) enum Asked {
    Tell(String),
    Send(Link, Vec<u8>),
    Open(Transport, Vec<SocketAddr>),
    Finish(Link),
    Abort,
    Store(StoreId),
}

/// What was seen of a machine.
#[derive(Clone)]
pub(super) struct Log(Arc<Mutex<Seen>>);

pub(super) struct Seen {
    /// What it was given, and what it asked for, since this was last looked at.
    given: Vec<String>,
    asked: Vec<Asked>,
    deadline: Option<Mono>,
    status: Status,
}

impl Log {
    pub(super) fn of(machine: &dyn Machine) -> Self {
        Log(Arc::new(Mutex::new(Seen {
            given: Vec::new(),
            asked: Vec::new(),
            deadline: machine.deadline().map(|deadline| deadline.at),
            status: machine.status(),
        })))
    }

    pub(super) fn take(&self) -> (Vec<String>, Vec<Asked>) {
        let mut seen = self.0.lock().unwrap();
        let Seen { given, asked, .. } = &mut *seen;
        (core::mem::take(given), core::mem::take(asked))
    }

    pub(super) fn view(&self) -> View {
        let seen = self.0.lock().unwrap();
        let (deadline, status) = (seen.deadline, seen.status);
        View { deadline, status }
    }
}

impl Observer for Log {
    fn input(&mut self, _: Now, input: &Input<'_>) {
        self.0.lock().unwrap().given.push(word(input));
    }
    fn output(&mut self, _: Now, output: &Output<'_>) {
        let asked = match *output {
            Output::Send { link, bytes } => Asked::Send(link, bytes.to_vec()),
            Output::Open { transport, to, .. } => Asked::Open(transport, to.to_vec()),
            Output::Finish { link } => Asked::Finish(link),
            Output::Abort { .. } => Asked::Abort,
            Output::Store { id, .. } => Asked::Store(id),
            ref told => Asked::Tell(format!("{told:?}")),
        };
        self.0.lock().unwrap().asked.push(asked);
    }
    fn deadline(&mut self, _: Now, deadline: Option<Deadline>) {
        self.0.lock().unwrap().deadline = deadline.map(|deadline| deadline.at);
    }
    fn ended(&mut self, _: Now, status: Status) {
        self.0.lock().unwrap().status = status;
    }
}

/// How the machine stands.
#[derive(Clone, Copy)]
pub(super) struct View {
    pub(super) status: Status,
    pub(super) deadline: Option<Mono>,
}

impl View {
    pub(super) fn is_running(&self) -> bool {
        self.status == Status::Running
    }
}
