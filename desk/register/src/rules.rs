//! A server's settings for judging attempts.

use socklab_core::otp::Window;
use socklab_core::policy::{Policy, Secret};

/// Which students may submit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Admit {
    /// Whoever has a DNI, or, with random secrets, whoever was given one.
    #[default]
    Everybody,
    /// Those on the roster.
    Listed,
}

/// How a server judges and files what it is sent.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The exercise under which submissions are filed.
    pub lab: String,
    /// Which codes count: at most one step before the current one and one after it.
    pub window: Window,
    /// What the codes are made from; `None`: what the register remembers, at first the DNI.
    pub secret: Option<Secret>,
    /// Whether foreigners' numbers (NIE) are taken, with their letters.
    pub nie: bool,
    /// Who may submit.
    pub admit: Admit,
    /// How many DNIs that are on no list one address prefix may submit for at once; after that, one
    /// more each second. `localhost` is not limited.
    pub new_dnis: u32,
    /// How many attempts share a commit at most.
    pub batch: usize,
}

impl Rules {
    /// So many attempts share a commit at most, unless it is said otherwise.
    pub const BATCH: usize = 256;

    /// So many DNIs that are on no list one address prefix may submit for at once, unless it is
    /// said otherwise: the students of several classes behind one router.
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
