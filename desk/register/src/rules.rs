//! A server's settings for judging attempts.

use socklab_core::otp::Window;
use socklab_core::policy::{Policy, SecretKind};

/// Which students may submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admit {
    /// Any student with a DNI, or, with random secrets, any student who was given a secret.
    #[default]
    Everybody,
    /// The students on the roster.
    Listed,
}

/// How a server judges and records attempts.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The exercise under which submissions are recorded.
    pub lab: String,
    /// Which codes count: at most one step before the current one and one after it.
    pub window: Window,
    /// The secret from which codes are made. `None` means the one that the register remembers,
    /// which is at first the DNI.
    pub secret: Option<SecretKind>,
    /// Whether foreigners' numbers (NIE), with their letters, are accepted.
    pub nie: bool,
    /// Which students may submit.
    pub admit: Admit,
    /// For how many DNIs that are on no list one address prefix may submit at once. After that, it
    /// may for one more each second. `localhost` is not limited.
    pub new_dnis: u32,
    /// The most attempts that share a commit.
    pub batch: usize,
}

impl Rules {
    /// The default of [`batch`](Rules::batch).
    pub const BATCH: usize = 256;

    /// The default of [`new_dnis`](Rules::new_dnis): enough for the students of several classes
    /// behind one router.
    pub const NEW_DNIS: u32 = 1_000;

    /// The lab's rules: the DNI is the secret unless the register remembers otherwise, and
    /// everybody may submit.
    pub fn of(lab: &str) -> Self {
        Rules {
            lab: lab.to_owned(),
            window: Policy::default().window,
            secret: None,
            nie: false,
            admit: Admit::Everybody,
            new_dnis: Rules::NEW_DNIS,
            batch: Rules::BATCH,
        }
    }
}
