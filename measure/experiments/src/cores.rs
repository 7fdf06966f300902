//! Which cores a server and its load run on.

pub use socklab_process::{allowed_cores, pin};

/// The cores of the generator and of the server. An empty list means all cores.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cores {
    /// The load generator's.
    pub generator: Vec<usize>,
    /// The server's.
    pub server: Vec<usize>,
}

impl Cores {
    /// Takes one core for the generator and the next `server` ones for the server. If there are not
    /// enough, pins neither.
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
