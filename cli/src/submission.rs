//! `submit server`: the exercise's server, with its register.

mod certificates;
mod log;
mod rehearsal;
mod review;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, ValueEnum};
use socklab_core::lab::{BoxedService, ServerKind, Settings};
use socklab_core::otp::Window;
use socklab_core::policy::{Policy, SecretKind};
use socklab_core::register::Register;
use socklab_core::{submit, with_port};
use socklab_files::Outputs;
use socklab_register::{Admit, Column, Location, Rules};
use socklab_system::{ConnectionLimit, MAX_REFUSALS};

use crate::address;
use crate::files::{FileError, LogFile, warn_if_open};
use crate::numbers::count;
use crate::print;
use crate::register::roster::{self, RosterFileError};
use crate::register::{LabRegister, register_error};
use crate::replies::Replies;
use certificates::Identity;
use log::SubmissionLog;
use rehearsal::{Rehearsal, Reviewed};
use review::Reviewer;
use socklab_experiments::measured::raise_descriptors;
use socklab_text::{Messages, impl_error};

pub(crate) use certificates::{CertificateError, Rejection, distrusted, encrypted};

/// The port of encrypted submissions.
pub(crate) const TLS_PORT: u16 = 21_001;

/// Descriptors that are reserved: for the register and its log, for other files, and for the driver
/// itself.
const RESERVED: usize = 64;

/// The options of a submission server. Their help is in the translations.
#[derive(Args, Clone, Debug)]
pub(crate) struct RegisterArgs {
    #[command(flatten)]
    place: LabRegister,
    #[arg(long, value_enum)]
    secret: Option<SecretArg>,
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
    #[arg(long, value_name = "FIELD=HEADER", requires = "roster")]
    column: Vec<Column>,
    #[arg(long)]
    ahead: bool,
    #[arg(long)]
    nie: bool,
    #[arg(
        long,
        value_name = "N",
        default_value_t = Rules::NEW_DNIS,
        value_parser = count(1..=u32::MAX.into())
    )]
    new_dnis: u32,
    #[arg(long, value_name = "N", default_value_t = 4096, value_parser = count(1..=1_000_000))]
    max_connections: u32,
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = count(1..=1_000_000))]
    per_address: u32,
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = count(1..=3600))]
    patience: u32,
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = count(1..=256))]
    batch: u32,
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
    #[arg(long, num_args = 2, value_names = ["CERT", "KEY"], id = "tls-files")]
    tls: Option<Vec<PathBuf>>,
    #[arg(long, value_name = "ADDR", requires = "tls-files")]
    tls_listen: Option<String>,
    #[arg(long, conflicts_with_all = ["register", "secret", "key", "roster"])]
    rehearse: bool,
}

/// What codes are made from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum SecretArg {
    Dni,
    Random,
}

impl RegisterArgs {
    fn key_file(&self) -> PathBuf {
        let beside = || self.place.location().key_file();
        self.key.clone().unwrap_or_else(beside)
    }

    /// Which codes count.
    fn window(&self) -> Window {
        Window {
            ahead: self.ahead.into(),
            ..Policy::default().window
        }
    }

    /// Lets no output of the server overwrite a file that it reads.
    fn protect(&self, outputs: &mut Outputs) {
        self.place.location().protect(outputs);
        outputs.protect(self.key_file());
        for file in self.tls.iter().flatten().chain(&self.roster) {
            outputs.protect(file);
        }
    }
}

/// The resources of a submission server besides its plain service.
pub(crate) struct ServerResources {
    pub(crate) register: Arc<dyn Register>,
    pub(crate) limit: ConnectionLimit,
    /// The encrypted service, if there is a certificate.
    pub(crate) secure: Option<TlsService>,
    /// In a rehearsal: prints what is wrong with each message.
    pub(crate) reviewer: Option<Arc<Reviewer>>,
    log: Arc<SubmissionLog>,
}

impl ServerResources {
    /// The file of the log, if there is one.
    pub(crate) fn log_file(&self) -> Option<Arc<LogFile>> {
        self.log.file.clone()
    }

    /// Wraps the service with a review, in a rehearsal.
    pub(crate) fn offer(&self, service: BoxedService) -> BoxedService {
        reviewed(service, self.reviewer.as_ref())
    }
}

/// Wraps a service so that each connection is reviewed, if there is a reviewer.
fn reviewed(service: BoxedService, reviewer: Option<&Arc<Reviewer>>) -> BoxedService {
    match reviewer {
        Some(reviewer) => Box::new(Reviewed {
            service,
            reviewer: Arc::clone(reviewer),
        }),
        None => service,
    }
}

/// Why a submission server cannot start.
#[derive(Debug)]
pub(crate) enum PrepareError {
    Address(address::Error),
    Certificate(CertificateError),
    Log(FileError),
    Roster(RosterFileError),
    Register(Location, Box<socklab_register::Error>),
}

impl PrepareError {
    /// What happened, and what to do.
    pub(crate) fn say(&self, messages: &dyn Messages) -> String {
        match self {
            PrepareError::Address(error) => error.say(messages),
            PrepareError::Certificate(error) => error.say(messages),
            PrepareError::Log(error) => error.say(messages),
            PrepareError::Roster(error) => error.say(messages),
            PrepareError::Register(location, error) => register_error(messages, location, error),
        }
    }
}

impl_error!(PrepareError);

/// Opens all that the server needs.
pub(crate) fn prepare(
    args: &RegisterArgs,
    settings: &mut Settings,
    listen: SocketAddr,
    messages: &'static dyn Messages,
    quiet: bool,
    outputs: &mut Outputs,
) -> Result<ServerResources, PrepareError> {
    args.protect(outputs);
    settings.wording = Arc::new(Replies {
        messages,
        nie: args.nie,
    });
    settings.limits.patience = Duration::from_secs(args.patience.into());
    let reviewer = args
        .rehearse
        .then(|| Arc::new(Reviewer::new(messages, quiet)));
    let secure = secure(args, settings, listen, messages, reviewer.as_ref())?;
    // In a rehearsal, the review replaces the log's lines, because it says more.
    let log = SubmissionLog::open(
        args.log.as_deref(),
        messages,
        quiet || args.rehearse,
        &args.place.lab,
        outputs,
    );
    let log = Arc::new(log.map_err(PrepareError::Log)?);
    let register: Arc<dyn Register> = if args.rehearse {
        print::line(&messages.say("rehearsing"));
        let policy = Policy {
            window: args.window(),
            nie: args.nie,
            ..Policy::default()
        };
        Arc::new(Rehearsal::new(policy, Arc::clone(&log)))
    } else {
        Arc::new(open(args, Arc::clone(&log), messages)?)
    };
    let most = args.max_connections as usize;
    Ok(ServerResources {
        register,
        limit: ConnectionLimit::new(most, args.per_address as usize)
            .with_capacity(capacity(most, messages)),
        secure,
        reviewer,
        log,
    })
}

/// How many connections the system has descriptors for. A server needs descriptors for up to `most`
/// connections, and for those over the limit while it refuses them. If there are fewer, further
/// connections wait in the backlog instead.
fn capacity(most: usize, messages: &dyn Messages) -> usize {
    let wanted = most.saturating_add(MAX_REFUSALS);
    let descriptors = usize::try_from(raise_descriptors()).unwrap_or(usize::MAX);
    let possible = descriptors.saturating_sub(RESERVED).max(1);
    if possible < wanted {
        let said = messages.say_with(
            "few-descriptors",
            &[("most", &most), ("possible", &possible)],
        );
        print::line(&said);
    }
    possible
}

/// The encrypted service, at a port of its own.
pub(crate) struct TlsService {
    pub(crate) address: SocketAddr,
    pub(crate) service: BoxedService,
    pub(crate) identity: Identity,
}

/// Makes the encrypted service, if a certificate and a key are given. It listens at the address of
/// `--tls-listen`, or else at the plain service's address, at the port [`TLS_PORT`].
fn secure(
    args: &RegisterArgs,
    settings: &Settings,
    listen: SocketAddr,
    messages: &'static dyn Messages,
    reviewer: Option<&Arc<Reviewer>>,
) -> Result<Option<TlsService>, PrepareError> {
    let Some([certificate, key]) = args.tls.as_deref() else {
        return Ok(None);
    };
    let address = match &args.tls_listen {
        Some(text) => address::listen(text, TLS_PORT).map_err(PrepareError::Address)?,
        None => with_port(listen, TLS_PORT),
    };
    warn_if_open(messages, key);
    let identity =
        Identity::open([certificate, key], messages).map_err(PrepareError::Certificate)?;
    let ServerKind::Service(make) = submit::EXERCISE.server else {
        return Ok(None);
    };
    let service = reviewed(make(settings), reviewer);
    Ok(Some(TlsService {
        address,
        service: identity.protect(service, settings.limits.patience),
        identity,
    }))
}

fn open(
    args: &RegisterArgs,
    log: Arc<SubmissionLog>,
    messages: &dyn Messages,
) -> Result<socklab_register::Writer, PrepareError> {
    ignore_file_size_signal();
    let location = args.place.location();
    let failed = |error| PrepareError::Register(location.clone(), Box::new(error));
    if let Some(path) = &args.roster {
        let roster = roster::read(path, &args.column, false).map_err(PrepareError::Roster)?;
        let mut archive = location.archive_or_create().map_err(failed)?;
        archive.set_roster(&roster.entries).map_err(failed)?;
        // Mask the DNI, because a class may see this.
        roster::report(path, &roster, messages, log::masked);
    }
    let mut rules = Rules {
        window: args.window(),
        secret: args.secret.map(|secret| match secret {
            SecretArg::Dni => SecretKind::Dni,
            SecretArg::Random => SecretKind::Random,
        }),
        nie: args.nie,
        new_dnis: args.new_dnis,
        batch: args.batch as usize,
        ..Rules::of(&args.place.lab)
    };
    if args.roster.is_some() {
        rules.admit = Admit::Listed;
    }
    let writer = location.serve(rules, Some(&args.key_file()), log);
    let writer = writer.map_err(failed)?;
    if location.is_in_memory() {
        let place = location.to_string();
        print::line(&messages.say_with("register-in-memory", &[("place", &place)]));
    }
    Ok(writer)
}

/// Makes writes fail with an error at a limit on the size of files. Otherwise the system would end
/// the program with a signal.
fn ignore_file_size_signal() {
    #[cfg(unix)]
    {
        // Nothing reads the flag: it is enough that the signal has a handler.
        let noted = Arc::new(std::sync::atomic::AtomicBool::new(false));
        // If this fails, the signal may end the program, but no confirmed submission is lost.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, noted);
    }
}
