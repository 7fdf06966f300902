//! Transition tables: each exercise begins with one, and runs on it.

/// One row of a table: in `from`, on `on`, do `does`, then be in `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The state before.
    pub from: &'static str,
    /// What happened.
    pub on: &'static str,
    /// The state after.
    pub to: &'static str,
    /// What the machine does on the way.
    pub does: &'static str,
}

/// Writes the states and events of a table, the function that looks a transition up, and the rows
/// as data for diagrams: one source, so that the table in the file is what runs.
///
/// An event that is not in a state's rows is not for that state: `next` gives `None`.
///
/// Exercises may be written outside of this crate, so the macro is exported.
///
/// ```
/// socklab_core::table! { State on Event { Start, Stop }
///     Idle {
///         Start => Busy: "begin",
///         Stop  => Done: "",
///     }
///     Busy {
///         Stop  => Done: "close",
///     }
///     Done {}
/// }
///
/// let mut state = State::Idle;
/// assert!(state.go(Event::Start));
/// assert!(!state.go(Event::Start), "not for a state that is busy");
/// assert_eq!(state.name(), "Busy");
/// assert_eq!(State::ROWS.len(), 3);
/// ```
#[macro_export]
macro_rules! table {
    (
        $state:ident on $event:ident { $($on_all:ident),* $(,)? }
        $( $from:ident { $( $on:ident => $to:ident : $does:literal ),* $(,)? } )*
    ) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $state { $($from),* }

        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        enum $event { $($on_all),* }

        impl $state {
            /// The table as data.
            const ROWS: &'static [$crate::table::Row] = &[$($(
                $crate::table::Row {
                    from: stringify!($from),
                    on: stringify!($on),
                    to: stringify!($to),
                    does: $does,
                },
            )*)*];

            const fn name(self) -> &'static str {
                match self { $($state::$from => stringify!($from)),* }
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
pub(crate) use table;

/// Draws a table as a Mermaid state diagram, which many Markdown viewers show.
pub fn mermaid(rows: &[Row]) -> alloc::string::String {
    use core::fmt::Write as _;
    let mut text = alloc::string::String::from("stateDiagram-v2\n");
    if let Some(first) = rows.first() {
        let _ = writeln!(text, "    [*] --> {}", first.from);
    }
    for row in rows {
        let _ = writeln!(
            text,
            "    {} --> {}: {} / {}",
            row.from, row.to, row.on, row.does
        );
    }
    for end in ["Done", "Stopped", "Failed"] {
        if rows.iter().any(|row| row.to == end) {
            let _ = writeln!(text, "    {end} --> [*]");
        }
    }
    text
}
