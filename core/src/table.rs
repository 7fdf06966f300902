//! Transition tables: each exercise begins with one for each end, and runs on it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::machine::Interest;

/// One state of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableState {
    /// Its name.
    pub name: &'static str,
    /// What can happen in it, beside a fault and a stop.
    pub waits_for: &'static [EventSource],
    /// What it does on each event that is for it.
    pub transitions: &'static [Transition],
}

/// One transition of a table: on `on`, do `does`, then be in `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// What happened.
    pub on: &'static str,
    /// The state after.
    pub to: &'static str,
    /// What the machine does on the way.
    pub does: &'static str,
}

/// What a state can wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventSource {
    /// A socket that is being opened, bound or accepted.
    Socket,
    /// Datagrams, or bytes of a stream.
    Network,
    /// A line from the user.
    Line,
    /// The machine's deadline.
    Timer,
    /// The system, which is to take all that was sent.
    Flush,
    /// A decision of the register.
    Register,
}

impl EventSource {
    /// Its name in a diagram.
    pub const fn name(self) -> &'static str {
        match self {
            EventSource::Socket => "socket",
            EventSource::Network => "network",
            EventSource::Line => "line",
            EventSource::Timer => "timer",
            EventSource::Flush => "flush",
            EventSource::Register => "register",
        }
    }
}

impl Interest {
    /// The interest of a state that waits for these.
    pub const fn of(sources: &[EventSource]) -> Self {
        let mut interest = Interest::NONE;
        let mut at = 0;
        while at < sources.len() {
            match sources[at] {
                EventSource::Network => interest.network = true,
                EventSource::Line => interest.line = true,
                EventSource::Socket
                | EventSource::Timer
                | EventSource::Flush
                | EventSource::Register => {}
            }
            at += 1;
        }
        interest
    }
}

/// Writes the states and events of a table, what runs on it, and the table as data for diagrams.
///
/// A state says what it [waits for](EventSource); it has a transition for each event that can
/// happen in it. `ends in` names the states in which the conversation is over: `Done`, `Stopped`
/// and `Failed`, each for the [`Status`](crate::Status) of that name.
///
/// `go` takes a transition. It returns `false` and keeps the state for an event that is not in the
/// state's transitions. [`from_table!`](crate::from_table) writes what a
/// [`Machine`](crate::Machine) is asked about its state.
///
/// Exercises may be written outside of this crate, so the macro is exported.
///
/// ```
/// socklab_core::table! { State on Event { Start, Reply, Stop } ends in Done, Stopped;
///     Idle {
///         Start => Busy: "ask",
///         Stop  => Stopped: "",
///     }
///     Busy waits for Network or Timer {
///         Reply => Done: "show it",
///         Stop  => Stopped: "close",
///     }
/// }
///
/// let mut state = State::Idle;
/// assert!(state.go(Event::Start));
/// assert!(!state.go(Event::Start), "not for a state that is busy");
/// assert_eq!(state.name(), "Busy");
/// assert!(state.interest().network);
/// assert_eq!(State::TABLE[1].transitions.len(), 2);
/// ```
#[macro_export]
macro_rules! table {
    (@status Done, $failed:expr) => { $crate::Status::Done };
    (@status Stopped, $failed:expr) => { $crate::Status::Stopped };
    (@status Failed, $failed:expr) => { $failed };
    (
        $state:ident on $event:ident { $($on_all:ident),* $(,)? } ends in $($end:ident),+;
        $( $from:ident $(waits for $($source:ident)or+)? {
            $( $on:ident => $to:ident : $does:literal ),* $(,)?
        } )*
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $state { $($from,)* $($end),+ }

        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $event { $($on_all),* }

        impl $state {
            /// The table as data.
            const TABLE: &'static [$crate::table::TableState] = &[
                $($crate::table::TableState {
                    name: stringify!($from),
                    waits_for: &[$($($crate::table::EventSource::$source),+)?],
                    transitions: &[$($crate::table::Transition {
                        on: stringify!($on),
                        to: stringify!($to),
                        does: $does,
                    }),*],
                },)*
                $($crate::table::TableState {
                    name: stringify!($end),
                    waits_for: &[],
                    transitions: &[],
                }),+
            ];

            const fn name(self) -> &'static str {
                match self {
                    $($state::$from => stringify!($from),)*
                    $($state::$end => stringify!($end)),+
                }
            }

            const fn interest(self) -> $crate::Interest {
                match self {
                    $($state::$from => const {
                        $crate::Interest::of(&[$($($crate::table::EventSource::$source),+)?])
                    },)*
                    $($state::$end)|+ => $crate::Interest::NONE,
                }
            }

            /// `failed` is the status of the state `Failed`.
            #[allow(unused_variables, reason = "a table may have no such state")]
            const fn status(self, failed: $crate::Status) -> $crate::Status {
                match self {
                    $($state::$end => $crate::table!(@status $end, failed),)+
                    _ => $crate::Status::Running,
                }
            }

            #[allow(unreachable_patterns, reason = "a table may cover every pair")]
            const fn next(self, on: $event) -> Option<$state> {
                match (self, on) {
                    $($( ($state::$from, $event::$on) => Some($state::$to), )*)*
                    _ => None,
                }
            }

            /// Takes the transition if there is one, and says whether there was.
            fn go(&mut self, on: $event) -> bool {
                match self.next(on) {
                    Some(to) => { *self = to; true }
                    None => false,
                }
            }
        }
    };
}

/// Writes `state`, `interest` and `status` of a [`Machine`](crate::Machine) that runs on a
/// [`table!`](crate::table!): `from_table!(state, failure)` for one that keeps its state in the
/// field `state` and why it failed in `failure`; `from_table!(state)` for one that cannot fail.
#[macro_export]
macro_rules! from_table {
    ($state:tt) => { $crate::from_table!(@ $state, |_| $crate::Status::Running); };
    ($state:tt, $failure:ident) => {
        $crate::from_table!(@ $state, |machine: &Self| $crate::Status::Failed(machine.$failure));
    };
    (@ $state:tt, $failed:expr) => {
        fn state(&self) -> &'static str {
            self.$state.name()
        }

        fn interest(&self) -> $crate::Interest {
            self.$state.interest()
        }

        fn status(&self) -> $crate::Status {
            self.$state.status(($failed)(self))
        }
    };
}

pub(crate) use {from_table, table};

/// Draws a table as a Mermaid state diagram, which many Markdown viewers show, with one arrow from
/// a state to another whatever the number of events.
pub fn mermaid(table: &[TableState]) -> String {
    let mut text = String::from("stateDiagram-v2\n");
    if let Some(first) = table.first() {
        let _ = writeln!(text, "    [*] --> {}", first.name);
    }
    for TableState {
        name, transitions, ..
    } in table
    {
        for to in table.iter().map(|state| state.name) {
            let events = transitions
                .iter()
                .filter(|row| row.to == to)
                .map(|row| row.on);
            let events = events.collect::<Vec<_>>().join(", ");
            if !events.is_empty() {
                let _ = writeln!(text, "    {name} --> {to}: {events}");
            }
        }
        if transitions.is_empty() {
            let _ = writeln!(text, "    {name} --> [*]");
        }
    }
    text
}

/// Writes a table as a table of Markdown, with a line for each transition.
pub fn markdown(table: &[TableState]) -> String {
    let mut text =
        String::from("| state | waits for | on | go to | and do |\n|---|---|---|---|---|\n");
    for state in table {
        for (nth, transition) in state.transitions.iter().enumerate() {
            let (mut name, mut sources) = ("", String::new());
            if nth == 0 {
                name = state.name;
                let names = state.waits_for.iter().map(|source| source.name());
                sources = names.collect::<Vec<_>>().join(" or ");
            }
            let (on, to, does) = (transition.on, transition.to, transition.does);
            let _ = writeln!(text, "| {name} | {sources} | {on} | {to} | {does} |");
        }
    }
    text
}
