//! TLS as a layer around a machine: it encrypts what the machine sends and decrypts what comes in.
//! Neither the machine nor its driver notices, so every exercise on a stream has TLS on every
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
//! rustls implements TLS 1.2 and 1.3, here with `ring`, which needs only a C compiler; `aws-lc-rs`
//! needs CMake, and on Windows NASM. rustls draws its own random bytes and reads the system's clock
//! to check certificates. So a machine inside this layer is no longer a pure function of its
//! inputs, and observers and transcripts see the encrypted bytes.

#![forbid(unsafe_code)]

mod config;
mod layer;
mod problem;
mod verify;

use std::sync::Arc;
use std::time::Duration;

use socklab_core::{Link, Machine, Service};

pub use config::{Certificates, Error, Trust, client};
pub use layer::{Client, HANDSHAKE};
pub use problem::{CertificateFault, CertificateProblem, ProblemHandler, Refusal};

use layer::Layer;

/// A service whose connections are encrypted.
pub struct Secure<S> {
    plain: S,
    certificates: Arc<Certificates>,
    handshake: Duration,
    on_problem: ProblemHandler,
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
            on_problem: Arc::new(|_, _| {}),
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
    pub fn on_problem(self, on_problem: ProblemHandler) -> Self {
        Secure { on_problem, ..self }
    }
}

impl<S: Service> Service for Secure<S> {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Self::Machine {
        let (machine, config) = (self.plain.accept(link), self.certificates.config());
        let on_problem = Arc::clone(&self.on_problem);
        Box::new(Layer::server(machine, config, self.handshake, on_problem))
    }
}
