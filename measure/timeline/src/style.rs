//! How a model waits, which decides what its lanes are.

/// How a model waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Threads, each in a call that blocks.
    Threads,
    /// Threads, each in a poll for many sockets.
    Loop,
    /// Tasks on an executor, whose reactor polls.
    Executor,
    /// A thread that asks every socket again and again.
    Spin,
    /// A thread that sleeps until a signal comes.
    Signal,
    /// A thread that waits for what the kernel has done.
    Completion,
}

impl Style {
    /// How the model of that name waits. An unknown model is drawn by its threads, which is never
    /// wrong.
    pub fn of(model: &str) -> Style {
        let is = |name: &str| model.starts_with(name);
        if ["mio", "select", "poll", "epoll"].into_iter().any(is) {
            Style::Loop
        } else if is("nonblocking") {
            Style::Spin
        } else if is("signal-driven") {
            Style::Signal
        } else if is("uring") {
            Style::Completion
        } else if is("async-std") || is("tokio") {
            Style::Executor
        } else {
            Style::Threads
        }
    }

    /// The word in the ids of messages.
    pub const fn name(self) -> &'static str {
        match self {
            Style::Threads => "threads",
            Style::Loop => "loop",
            Style::Executor => "executor",
            Style::Spin => "spin",
            Style::Signal => "signal",
            Style::Completion => "completion",
        }
    }
}
