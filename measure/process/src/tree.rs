//! A process and its descendants.

use std::collections::BTreeSet;
use std::fs;

/// The process `root` and all its living descendants, the root first. Only the root if the system
/// does not say which processes are children.
pub(crate) fn members(root: u32) -> Vec<u32> {
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
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The state follows the program's name, which may contain any character: proc_pid_stat(5).
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start();
    !state.is_empty() && !state.starts_with(['Z', 'X'])
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
