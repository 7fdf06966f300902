//! TLS as a layer around a machine: what the machine says leaves encrypted, what comes is decrypted for it,
//! and neither it nor a driver knows. So every exercise on a stream has TLS on every runtime.
//!
//! [`Secure`] wraps a service, [`Client`] a client's machine:
//!
//! ```
//! use socklab_core::{lab, submit};
//! # fn example(certificates: &[u8], key: &[u8]) -> Result<(), socklab_tls::Error> {
//! let lab::Server::Service(make) = submit::EXERCISE.server else { unreachable!() };
//! let plain = make(&lab::Settings::default());
//! let service = socklab_tls::Secure::new(plain, socklab_tls::server(certificates, key)?);
//! # drop(service); Ok(()) }
//! ```
//!
//! rustls does the protocol (TLS 1.2 and 1.3), with `ring`, which builds everywhere with a C compiler alone;
//! `aws-lc-rs` wants CMake, and on Windows NASM. rustls draws its own random bytes and looks at the system's
//! clock for certificates, so a machine inside this layer is no longer a function of its inputs alone: what an observer sees, and a
//! transcript shows, is what is on the wire.

#![forbid(unsafe_code)]

mod config;
mod layer;

use std::sync::Arc;

use rustls::ServerConfig;
use socklab_core::{Link, Machine, Service};

pub use config::{Error, Trust, client, server};
pub use layer::{Client, HANDSHAKE};

use layer::Layer;

/// A service whose connections are encrypted.
pub struct Secure<S> {
    plain: S,
    config: Arc<ServerConfig>,
}

impl<S> std::fmt::Debug for Secure<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secure")
    }
}

impl<S: Service> Secure<S> {
    /// The service behind certificates.
    pub fn new(plain: S, config: Arc<ServerConfig>) -> Self {
        Secure { plain, config }
    }
}

impl<S: Service> Service for Secure<S> {
    type Machine = Box<dyn Machine>;

    fn accept(&self, link: Link) -> Self::Machine {
        let machine = self.plain.accept(link);
        Box::new(Layer::server(machine, Arc::clone(&self.config)))
    }
}
