//! Certificates and keys.

use std::fmt;
use std::sync::Arc;

use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};

/// Why certificates or keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no certificate in PEM.
    NoCertificate,
    /// There is no private key in PEM.
    NoKey,
    /// The key is another certificate's, or of a kind that cannot be used.
    Mismatch(String),
    /// A certificate cannot be read.
    Unreadable(String),
    /// That is no name that a certificate can have.
    Name(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoCertificate => {
                f.write_str("no certificate in PEM (-----BEGIN CERTIFICATE-----)")
            }
            Error::NoKey => f.write_str("no private key in PEM (-----BEGIN PRIVATE KEY-----)"),
            Error::Mismatch(detail) => write!(f, "the key does not fit the certificate: {detail}"),
            Error::Unreadable(detail) => write!(f, "a certificate cannot be read: {detail}"),
            Error::Name(name) => write!(f, "{name} is no name that a certificate can have"),
        }
    }
}

impl std::error::Error for Error {}

/// Whose certificates a client trusts.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that Mozilla trusts, as compiled in.
    Public,
    /// These alone, in PEM: a lab's own authority, or the server's own certificate.
    These(Vec<u8>),
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| Error::Unreadable(error.to_string()))?;
    if read.is_empty() {
        return Err(Error::NoCertificate);
    }
    Ok(read)
}

/// What a server needs: its certificates, its own first, and their key, in PEM.
///
/// # Errors
/// Says which of them is wrong.
pub fn server(certificate_pem: &[u8], key_pem: &[u8]) -> Result<Arc<ServerConfig>, Error> {
    let chain = certificates(certificate_pem)?;
    let key = PrivateKeyDer::from_pem_slice(key_pem).map_err(|_| Error::NoKey)?;
    let mismatch = |error: rustls::Error| Error::Mismatch(error.to_string());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(mismatch)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(mismatch)?;
    Ok(Arc::new(config))
}

/// What a client needs.
///
/// # Errors
/// When what it is to trust cannot be read.
pub fn client(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    let mut roots = RootCertStore::empty();
    match trust {
        Trust::Public => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Trust::These(pem) => {
            for certificate in certificates(pem)? {
                let added = roots.add(certificate);
                added.map_err(|error| Error::Unreadable(error.to_string()))?;
            }
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unreadable(error.to_string()))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
