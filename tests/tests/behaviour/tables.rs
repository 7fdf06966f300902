//! The tables of all exercises, as data.

use std::fmt::Write as _;
use std::path::Path;

use snapbox::Data;
use snapbox::data::DataFormat;
use socklab_core::Transport;
use socklab_core::lab::EXERCISES;
use socklab_core::table::{EventSource, TableState, markdown, mermaid};

fn tables() -> impl Iterator<Item = &'static [TableState]> {
    EXERCISES
        .iter()
        .flat_map(|one| [one.client_table, one.server_table])
}

/// Every transition goes somewhere that the table knows, and every state can be reached.
#[test]
fn tables_are_whole() {
    for table in tables() {
        for (nth, state) in table.iter().enumerate() {
            let from_elsewhere = |other: &&TableState| other.name != state.name;
            let goes_there =
                |other: &TableState| other.transitions.iter().any(|row| row.to == state.name);
            assert!(
                nth == 0 || table.iter().filter(from_elsewhere).any(goes_there),
                "{state:?}"
            );
            for row in state.transitions {
                assert!(table.iter().any(|other| other.name == row.to), "{row:?}");
            }
        }
    }
}

/// A state says that it waits for what its transitions are for: a reply, a line, a decision.
#[test]
fn a_state_waits_for_what_its_transitions_are_for() {
    let sources = |on: &str| match on {
        "Opened" | "Bound" => Some(EventSource::Socket),
        "Line" | "InputEnd" => Some(EventSource::Line),
        "Reply" | "Text" | "Bytes" | "Datagram" | "First" => Some(EventSource::Network),
        "GaveUp" | "Lost" | "Drained" | "Unended" => Some(EventSource::Timer),
        "Finished" => Some(EventSource::Flush),
        "Stored" => Some(EventSource::Register),
        _ => None,
    };
    for table in tables() {
        for state in table {
            let mut wanted: Vec<_> = state
                .transitions
                .iter()
                .filter_map(|transition| sources(transition.on))
                .collect();
            wanted.dedup();
            for source in wanted {
                assert!(state.waits_for.contains(&source), "{source:?} in {state:?}");
            }
            for source in state.waits_for {
                assert!(
                    state
                        .transitions
                        .iter()
                        .any(|transition| sources(transition.on) == Some(*source)),
                    "{source:?} in {state:?}"
                );
            }
        }
    }
}

/// `docs/exercises.md` shows the tables that run: `SNAPSHOTS=overwrite` writes it anew.
#[test]
fn the_page_shows_the_tables() {
    let mut page = String::from(
        "# The exercises, as tables\n\n\
         Each end of an exercise runs on one of these tables: in this state, on this event, go to \
         that state\nand do this. An event that is not in a state's rows changes nothing.\n\n\
         This page is written from the tables in `core/src` by\n\
         `SNAPSHOTS=overwrite cargo test -p socklab-tests --test behaviour the_page_shows`.\n",
    );
    for exercise in EXERCISES {
        let carrier = match exercise.transport {
            Transport::Datagram => "UDP",
            Transport::Stream => "TCP",
        };
        let (name, port) = (exercise.name, exercise.port);
        let _ = write!(page, "\n## `{name}` ({carrier} {port})\n");
        for (end, table) in [
            ("client", exercise.client_table),
            ("server", exercise.server_table),
        ] {
            let (rows, diagram) = (markdown(table), mermaid(table));
            let _ = write!(
                page,
                "\n### {name} {end}\n\n{rows}\n```mermaid\n{diagram}```\n"
            );
        }
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/exercises.md");
    let shown = Data::read_from(&path, Some(DataFormat::Text)).raw();
    snapbox::assert_data_eq!(page, shown);
}
