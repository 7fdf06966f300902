//! A process and its descendants.

use std::collections::BTreeSet;
use std::fs;

/// The process `root` and all its living descendants, the root first. Only the root if the system
/// does not say which processes are children.
pub fn members(root: u32) -> Vec<u32> {
    let mut members = vec![root];
    let mut seen = BTreeSet::from([root]);
    let mut at = 0;
    while let Some(&process) = members.get(at) {
        at += 1;
        for child in children(process) {
            if seen.insert(child) {
                members.push(child);
            }
        }
    }
    members
}

/// Whether a process still runs. One that has ended and was not waited for does not.
#[cfg(unix)]
pub(crate) fn lives(process: u32) -> bool {
    state(process).is_some_and(|state| state.lives)
}

/// Whether any process of a group still runs.
#[cfg(unix)]
pub(crate) fn group_lives(group: u32) -> bool {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let numbers = processes.filter_map(|one| one.file_name().to_str()?.parse().ok());
    let mut states = numbers.filter_map(state);
    states.any(|state| state.lives && state.group == group)
}

/// What the system says of a process.
#[cfg(unix)]
struct State {
    lives: bool,
    group: u32,
}

/// Reads the state and the group of a process; `None` if it is gone.
#[cfg(unix)]
fn state(process: u32) -> Option<State> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // These fields follow the program's name, which may contain any character: proc_pid_stat(5).
    let mut fields = stat.rsplit(')').next()?.split_whitespace();
    let (state, _parent, group) = (fields.next()?, fields.next()?, fields.next()?);
    // The main thread may have ended before the others, which still hold the sockets.
    let threads = || fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count);
    Some(State {
        lives: !matches!(state, "Z" | "X") || threads() > 1,
        group: group.parse().ok()?,
    })
}

/// The children of all threads of a process: `/proc/PID/task/TID/children`.
fn children(process: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{process}/task"));
    let of_task = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        let children = text.split_whitespace().filter_map(|one| one.parse().ok());
        children.collect::<Vec<u32>>()
    };
    tasks
        .into_iter()
        .flatten()
        .flatten()
        .flat_map(of_task)
        .collect()
}
