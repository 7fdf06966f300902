//! Which cores a server and its load run on.

/// Which cores are whose; an empty list is all of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cores {
    /// The load generator's.
    pub generator: Vec<usize>,
    /// The server's.
    pub server: Vec<usize>,
}

impl Cores {
    /// One core for the generator and the next `server` ones for the server. Where there are not
    /// enough, neither is kept to any.
    pub fn share(allowed: &[usize], server: usize) -> Self {
        match allowed {
            [generator, rest @ ..] if rest.len() >= server.max(1) => Cores {
                generator: vec![*generator],
                server: rest[..server.max(1)].to_vec(),
            },
            _ => Cores::default(),
        }
    }
}

/// Keeps this thread, and those that it makes from now on, to some cores. An empty list changes
/// nothing.
pub fn pin(cores: &[usize]) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if !cores.is_empty() {
        let mut set = nix::sched::CpuSet::new();
        for &core in cores {
            let _ = set.set(core);
        }
        // Where this is not allowed the cores are shared, and the report says how many there are.
        let _ = nix::sched::sched_setaffinity(nix::unistd::Pid::from_raw(0), &set);
    }
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = cores;
}

/// The cores that this process may use, where the system says it.
pub fn allowed_cores() -> Vec<usize> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Ok(set) = nix::sched::sched_getaffinity(nix::unistd::Pid::from_raw(0)) {
        return (0..nix::sched::CpuSet::count())
            .filter(|&core| set.is_set(core).unwrap_or(false))
            .collect();
    }
    Vec::new()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cores_are_shared_only_when_there_are_enough() {
        assert_eq!(Cores::share(&[0], 1), Cores::default());
        assert_eq!(Cores::share(&[], 1), Cores::default());
        let shared = Cores::share(&[2, 5, 7], 2);
        assert_eq!((shared.generator, shared.server), (vec![2], vec![5, 7]));
        assert_eq!(Cores::share(&[2, 5], 2), Cores::default());
    }
}
