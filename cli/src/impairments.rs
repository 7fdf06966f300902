//! `--pieces`, `--delay`, `--lose`, `--seed`: impairs what this end sends.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::time::Duration;

use clap::{Args, Command};
use socklab_core::Transport;
use socklab_core::impair::{ImpairedService, Impairments};
use socklab_core::lab::{BoxedService, Exercise};
use socklab_runtimes::Job;
use socklab_text::Messages;

use crate::numbers::{count, whole};
use crate::print;

/// The options that impair a client or a server.
#[derive(Args, Clone, Debug)]
pub(crate) struct ImpairmentArgs {
    #[arg(long, value_name = "N", value_parser = count(1..=65_536))]
    pieces: Option<u32>,
    #[arg(long, value_name = "MS", value_parser = count(0..=60_000))]
    delay: Option<u32>,
    #[arg(long, value_name = "P", value_parser = whole::<u16>(0..=100))]
    lose: Option<u16>,
    #[arg(long, value_name = "S", value_parser = whole::<u64>(0..=u64::MAX))]
    seed: Option<u64>,
}

/// Why the options do not fit together.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ImpairmentError {
    /// `--lose` over TCP.
    LoseOnStream,
    /// `--pieces` over UDP.
    PiecesOfDatagrams,
    /// `--seed` without anything random.
    SeedAlone,
}

impl ImpairmentError {
    pub(crate) fn say(self, messages: &dyn Messages) -> String {
        messages.say(match self {
            ImpairmentError::LoseOnStream => "usage-lose-stream",
            ImpairmentError::PiecesOfDatagrams => "usage-pieces-datagrams",
            ImpairmentError::SeedAlone => "usage-seed-alone",
        })
    }
}

/// The seed, if it was chosen at random.
static DRAWN: OnceLock<u64> = OnceLock::new();

/// Options for a process that this one starts with the same command line. Without them it would
/// choose another seed.
#[cfg(target_os = "linux")]
pub(crate) fn drawn() -> Option<[String; 2]> {
    Some(["--seed".to_owned(), DRAWN.get()?.to_string()])
}

/// The impairments that were asked for, and their seed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SeededImpairments {
    how: Impairments,
    seed: u64,
}

impl ImpairmentArgs {
    /// Adds these options to a command. Options that make no sense for the exercise's transport are
    /// not in its help, and are refused with a reason.
    pub(crate) fn augment(exercise: &Exercise, command: Command) -> Command {
        let useless = match exercise.transport {
            Transport::Datagram => "pieces",
            Transport::Stream => "lose",
        };
        ImpairmentArgs::augment_args(command).mut_arg(useless, |arg| arg.hide(true))
    }

    /// What was asked for. A seed that was not given is drawn, and said so that the run can be
    /// repeated.
    pub(crate) fn chosen(
        &self,
        transport: Transport,
        messages: &dyn Messages,
    ) -> Result<SeededImpairments, ImpairmentError> {
        match (transport, self.pieces, self.lose) {
            (Transport::Datagram, Some(_), _) => return Err(ImpairmentError::PiecesOfDatagrams),
            (Transport::Stream, _, Some(_)) => return Err(ImpairmentError::LoseOnStream),
            (_, None, None) if self.delay.is_none() && self.seed.is_some() => {
                return Err(ImpairmentError::SeedAlone);
            }
            _ => {}
        }
        let how = Impairments {
            pieces: self
                .pieces
                .and_then(|most| NonZeroUsize::new(most as usize)),
            delay: Duration::from_millis(self.delay.unwrap_or(0).into()),
            lose: 10 * self.lose.unwrap_or(0),
            ..Impairments::default()
        };
        let by_chance = how.pieces.is_some_and(|most| most.get() > 1) || how.lose > 0;
        let seed = self.seed.unwrap_or_else(|| {
            // Few digits, so that the seed can be typed again.
            let seed = RandomState::new().build_hasher().finish() % 100_000;
            if by_chance {
                let _ = DRAWN.set(seed);
                print::info(&messages.say_with("impairments-seed", &[("seed", &seed)]));
            }
            seed
        });
        Ok(SeededImpairments { how, seed })
    }
}

impl SeededImpairments {
    /// Impairs a job.
    pub(crate) fn job(self, transport: Transport, job: Job) -> Job {
        match self.how.any() {
            true => job.impaired(transport, self.how, self.seed),
            false => job,
        }
    }

    /// Impairs a service.
    pub(crate) fn service(self, service: BoxedService) -> BoxedService {
        match self.how.any() {
            true => Box::new(ImpairedService::new(service, self.how, self.seed)),
            false => service,
        }
    }
}
