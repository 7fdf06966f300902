//! Which cores a thread runs on.

/// Pins this thread, and the threads and processes that it starts from now on, to some cores. Does
/// nothing if the list is empty, or on systems that cannot pin.
pub fn pin(cores: &[usize]) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if !cores.is_empty() {
        let mut set = nix::sched::CpuSet::new();
        for &core in cores {
            let _ = set.set(core);
        }
        // Ignore a refusal: the cores are then shared, and the recorded environment says how many
        // there are.
        let _ = nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = cores;
}

/// The cores that this thread may use; empty if the system does not say.
pub fn allowed_cores() -> Vec<usize> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Ok(set) = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)) {
        return (0..nix::sched::CpuSet::count())
            .filter(|&core| set.is_set(core).unwrap_or(false))
            .collect();
    }
    Vec::new()
}
