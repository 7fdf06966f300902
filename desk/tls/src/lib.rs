//! TLS as a layer around a machine: what the machine says leaves encrypted, what comes is decrypted
//! for it, and neither it nor a driver knows. So every exercise on a stream has TLS on every
//! runtime.
//!
//! [`Secure`] wraps a service, [`Client`] a client's machine:
//!
//! ```
//! use socklab_core::{lab, submit};
//! # fn example(certificates: &[u8], key: &[u8]) -> Result<(), socklab_tls::Error> {
//! let lab::ServerKind::Service(make) = submit::EXERCISE.server else { unreachable!() };
//! let plain = make(&lab::Settings::default());
//! let certificates = socklab_tls::Certificates::new(certificates, key)?;
//! let service = socklab_tls::Secure::new(plain, std::sync::Arc::new(certificates));
//! # drop(service); Ok(()) }
//! ```
//!
//! rustls does the protocol (TLS 1.2 and 1.3), with `ring`, which builds everywhere with a C
//! compiler alone; `aws-lc-rs` wants CMake, and on Windows NASM. rustls draws its own random bytes
//! and looks at the system's clock for certificates, so a machine inside this layer is no longer a
//! function of its inputs alone: what an observer sees, and a transcript shows, is what is on the
//! wire.

#![forbid(unsafe_code)]

mod config;
mod layer;
mod trouble;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use socklab_core::{Link, Machine, Service};

pub use config::{Certificates, Error, Trust, client};
pub use layer::{Client, HANDSHAKE};
pub use trouble::{CertificateFault, Refusal, Report, Trouble};

use layer::Layer;

/// A service whose connections are encrypted.
pub struct Secure<S> {
    plain: S,
    certificates: Arc<Certificates>,
    handshake: Duration,
    report: Report,
}

impl<S> std::fmt::Debug for Secure<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secure")
    }
}

impl<S: Service> Secure<S> {
    /// The service behind certificates.
    pub fn new(plain: S, certificates: Arc<Certificates>) -> Self {
        Secure {
            plain,
            certificates,
            handshake: HANDSHAKE,
            report: Arc::new(|_, _| {}),
        }
    }

    /// The same, with at most this time for a handshake. A machine that is told of its connection
    /// afterwards counts its own limits from the connection's beginning, so that the handshake is
    /// part of them.
    #[must_use]
    pub fn within(self, handshake: Duration) -> Self {
        Secure { handshake, ..self }
    }

    /// The same, with word of peers who refuse the certificate.
    #[must_use]
    pub fn reporting(self, report: Report) -> Self {
        Secure { report, ..self }
    }
}

impl<S: Service> Service for Secure<S> {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Self::Machine {
        let (machine, config) = (self.plain.accept(link), self.certificates.config());
        let report = Arc::clone(&self.report);
        Box::new(Layer::server(machine, config, self.handshake, report))
    }
}
