//! The certificate of encrypted submissions: reports what is wrong with it, at both ends, and
//! reloads it while the server runs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use socklab_core::Machine;
use socklab_core::lab::BoxedService;
use socklab_register::rfc3339;
use socklab_tls::{
    CertificateFault, CertificateProblem, Certificates, Error, ProblemHandler, Refusal, Secure,
    Trust,
};

use crate::files::{self, FileError};
use crate::print;
use socklab_text::{Messages, impl_error};

/// A server's certificate and key, and the files that they were read from.
pub(crate) struct Identity {
    certificate: PathBuf,
    /// Read again on SIGHUP, which only Unix has.
    #[cfg_attr(not(unix), expect(dead_code))]
    key: PathBuf,
    certificates: Arc<Certificates>,
    /// Why peers have refused the certificate, as reported so far.
    reported: Arc<Mutex<BTreeSet<Refusal>>>,
    messages: &'static dyn Messages,
}

impl Identity {
    /// Reads the certificate and the key, and warns of what clients would reject.
    pub(super) fn open(
        files: [&Path; 2],
        messages: &'static dyn Messages,
    ) -> Result<Self, CertificateError> {
        let [certificate, key] = files.map(Path::to_owned);
        let pems = [read(&certificate)?, read(&key)?];
        let certificates = Certificates::new(&pems[0], &pems[1])
            .map_err(|error| CertificateError::of_pair(&certificate, &key, error))?;
        let identity = Identity {
            certificate,
            key,
            certificates: Arc::new(certificates),
            reported: Arc::default(),
            messages,
        };
        identity.warn();
        Ok(identity)
    }

    fn warn(&self) {
        let messages = self.messages;
        for fault in self.certificates.faults() {
            let (file, said) = (&self.certificate, described(messages, &fault));
            print::line(
                &messages.say_with("certificate-warning", &[("file", file), ("detail", &said)]),
            );
        }
    }

    /// Reads the files again. If they cannot be used, keeps the old certificate and key.
    #[cfg(unix)]
    fn reload(&self) {
        let messages = self.messages;
        let replace = || {
            let pems = [read(&self.certificate)?, read(&self.key)?];
            let replaced = self.certificates.replace(&pems[0], &pems[1]);
            replaced.map_err(|error| CertificateError::of_pair(&self.certificate, &self.key, error))
        };
        match replace() {
            Ok(()) => {
                lock(&self.reported).clear();
                print::info(
                    &messages.say_with("certificate-reloaded", &[("file", &self.certificate)]),
                );
                self.warn();
            }
            Err(error) => {
                let detail = error.say(messages);
                print::line(&messages.say_with("certificate-kept", &[("detail", &detail)]));
            }
        }
    }

    /// Makes SIGHUP reload the files. It still stops a server whose terminal is gone.
    #[cfg(unix)]
    pub(crate) fn reload_on_hangup(self, stop: socklab_system::Stop) {
        use std::io::{IsTerminal, stderr};
        let had_terminal = stderr().is_terminal();
        let Ok(mut signals) = signal_hook::iterator::Signals::new([signal_hook::consts::SIGHUP])
        else {
            return;
        };
        let thread = std::thread::Builder::new().name("certificates".to_owned());
        // If no thread can be started, the certificate stays in use until the server is restarted.
        let _ = thread.spawn(move || {
            for _ in signals.forever() {
                if had_terminal && !stderr().is_terminal() {
                    return stop.request();
                }
                self.reload();
            }
        });
    }

    #[cfg(not(unix))]
    pub(crate) fn reload_on_hangup(self, _: socklab_system::Stop) {}

    /// Wraps a service in TLS. Reports each reason why peers refuse a certificate once, because a
    /// whole class would refuse it for the same reason.
    pub(super) fn protect(
        &self,
        service: BoxedService,
        handshake: std::time::Duration,
    ) -> BoxedService {
        let (messages, certificates) = (self.messages, Arc::clone(&self.certificates));
        let reported = Arc::clone(&self.reported);
        let handler: ProblemHandler = Arc::new(move |peer, problem| {
            let CertificateProblem::Refused(refusal) = problem else {
                return;
            };
            if !lock(&reported).insert(*refusal) {
                return;
            }
            let known = certificates
                .faults()
                .into_iter()
                .find(|fault| explains(*refusal, fault));
            let why = match known {
                Some(fault) => described(messages, &fault),
                None => messages.say(refusal_id(*refusal)),
            };
            print::line(
                &messages.say_with("certificate-refused", &[("peer", &peer), ("detail", &why)]),
            );
        });
        let secure = Secure::new(service, Arc::clone(&self.certificates));
        Box::new(secure.within(handshake).on_problem(handler))
    }
}

fn lock(reported: &Mutex<BTreeSet<Refusal>>) -> MutexGuard<'_, BTreeSet<Refusal>> {
    reported.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Why a certificate, a key or a name cannot be used.
#[derive(Debug)]
pub(crate) enum CertificateError {
    /// A file cannot be read.
    File(FileError),
    /// The content of this file, or the server's name, cannot be used for TLS.
    Tls(Option<PathBuf>, Error),
}

impl CertificateError {
    fn new(file: Option<&Path>, error: Error) -> Self {
        CertificateError::Tls(file.map(Path::to_owned), error)
    }

    /// Attributes an error to the certificate's file or to the key's.
    fn of_pair(certificate: &Path, key: &Path, error: Error) -> Self {
        let file = match error {
            Error::NoKey | Error::EncryptedKey | Error::Key(_) | Error::Mismatch => key,
            _ => certificate,
        };
        CertificateError::new(Some(file), error)
    }

    pub(crate) fn say(&self, messages: &dyn Messages) -> String {
        let (file, error) = match self {
            CertificateError::File(error) => return error.say(messages),
            CertificateError::Tls(file, error) => (file, error),
        };
        let detail = error.say(messages);
        match file {
            Some(file) => messages.say_with("file-error", &[("file", file), ("detail", &detail)]),
            None => detail,
        }
    }
}

impl_error!(CertificateError);

/// Why a client rejected a server's certificate, if it did.
pub(crate) type Rejection = Arc<Mutex<Option<CertificateFault>>>;

/// Wraps a client's machine in TLS. Also returns where it notes what is wrong with the certificate.
pub(crate) fn encrypted(
    machine: Box<dyn Machine>,
    server: &str,
    ca: Option<&PathBuf>,
) -> Result<(Box<dyn Machine>, Rejection), CertificateError> {
    let trust = match ca {
        Some(file) => Trust::These(read(file)?),
        None => Trust::Public,
    };
    let file = ca.map(PathBuf::as_path);
    let config = socklab_tls::client(&trust).map_err(|error| CertificateError::new(file, error))?;
    let client = socklab_tls::Client::new(machine, config, server);
    let client = client.map_err(|error| CertificateError::new(None, error))?;
    let rejection = Rejection::default();
    let found = Arc::clone(&rejection);
    let client = client.on_problem(Arc::new(move |_, problem| {
        if let CertificateProblem::Distrusted(fault) = problem {
            *found.lock().unwrap_or_else(PoisonError::into_inner) = Some(fault.clone());
        }
    }));
    Ok((Box::new(client), rejection))
}

/// Says what a client found wrong with the server's certificate, and what to do.
pub(crate) fn distrusted(messages: &dyn Messages, rejection: &Rejection) -> Option<String> {
    let fault = rejection
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()?;
    let detail = described(messages, &fault);
    Some(messages.say_with("failure-certificate", &[("detail", &detail)]))
}

fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    files::read(file).map_err(CertificateError::File)
}

fn described(messages: &dyn Messages, fault: &CertificateFault) -> String {
    let time = |id: &str, at: &std::time::Duration| {
        messages.say_with(id, &[("time", &rfc3339(at.as_secs()))])
    };
    match fault {
        CertificateFault::Expired(at) => time("certificate-expired", at),
        CertificateFault::NotYetValid(from) => time("certificate-not-yet", from),
        CertificateFault::OtherName { asked, names } => {
            let names = names.join(", ");
            messages.say_with("certificate-name", &[("name", asked), ("list", &names)])
        }
        CertificateFault::UnknownIssuer => messages.say("certificate-issuer"),
        CertificateFault::Authority => messages.say("certificate-authority"),
        CertificateFault::Other(detail) => {
            messages.say_with("certificate-other", &[("detail", detail)])
        }
    }
}

/// Whether a known fault of the certificate explains why a peer refuses it. OpenSSL reports a
/// certificate that is not yet valid as a bad certificate.
fn explains(refusal: Refusal, fault: &CertificateFault) -> bool {
    match fault {
        CertificateFault::Expired(_) => refusal == Refusal::Expired,
        CertificateFault::NotYetValid(_) => [Refusal::Expired, Refusal::Bad].contains(&refusal),
        CertificateFault::Authority => {
            [Refusal::Bad, Refusal::Unsupported, Refusal::Unknown].contains(&refusal)
        }
        _ => false,
    }
}

fn refusal_id(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Expired => "refusal-expired",
        Refusal::UnknownIssuer => "refusal-issuer",
        Refusal::Bad => "refusal-bad",
        Refusal::Unsupported => "refusal-unsupported",
        Refusal::Revoked => "refusal-revoked",
        Refusal::Unknown => "refusal-unknown",
    }
}
