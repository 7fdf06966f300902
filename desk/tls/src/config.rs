//! Certificates and keys.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use socklab_text::{Messages, impl_error};

use crate::problem::{CertificateFault, fault_of};
use crate::verify::{Pinned, Unverified};

/// Why certificates or keys cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no certificate in PEM.
    NoCertificate,
    /// There is no private key in PEM.
    NoKey,
    /// The private key is encrypted under a passphrase.
    EncryptedKey,
    /// The key is of a kind that cannot be used.
    Key(String),
    /// The key belongs to none of the certificates.
    Mismatch,
    /// The key belongs to a certificate that is not the first: the chain is in the wrong order.
    Order {
        /// Which certificate it belongs to, from 1.
        at: usize,
    },
    /// A certificate cannot be read.
    Unreadable(String),
    /// That is no name that a certificate can have.
    Name(String),
}

impl Error {
    /// Says it in the user's language.
    pub fn say(&self, messages: &dyn Messages) -> String {
        match self {
            Error::NoCertificate => messages.say("tls-no-certificate"),
            Error::NoKey => messages.say("tls-no-key"),
            Error::EncryptedKey => messages.say("tls-encrypted-key"),
            Error::Key(detail) => messages.say_with("tls-key", &[("detail", detail)]),
            Error::Mismatch => messages.say("tls-mismatch"),
            Error::Order { at } => messages.say_with("tls-order", &[("at", at)]),
            Error::Unreadable(detail) => messages.say_with("tls-unreadable", &[("detail", detail)]),
            Error::Name(name) => messages.say_with("tls-name", &[("name", name)]),
        }
    }
}

impl_error!(Error);

/// Whose certificates a client trusts.
#[derive(Clone, Debug)]
pub enum Trust {
    /// Those that Mozilla trusts, as compiled in.
    Public,
    /// These alone, in PEM: a lab's own authority, or the server's own certificate, which may then
    /// be that of an authority too, as `openssl req -x509` makes it.
    These(Vec<u8>),
    /// Anybody's: encrypted, and no proof of who is at the other end.
    Unverified,
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| Error::Unreadable(error.to_string()))?;
    if read.is_empty() {
        return Err(Error::NoCertificate);
    }
    Ok(read)
}

/// A server's certificates and their key. Connections that come after [`replace`](Self::replace)
/// have the new ones.
pub struct Certificates(RwLock<Current>);

struct Current {
    config: Arc<ServerConfig>,
    chain: Vec<CertificateDer<'static>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Certificates")
    }
}

impl Certificates {
    /// Certificates, the server's own first, and its key, in PEM.
    ///
    /// # Errors
    /// Says which of them is wrong. A certificate that has expired is none of the errors, but one
    /// of the [faults](Self::faults).
    pub fn new(certificates: &[u8], key: &[u8]) -> Result<Self, Error> {
        Ok(Certificates(RwLock::new(Current::new(certificates, key)?)))
    }

    /// Takes others from now on.
    ///
    /// # Errors
    /// As [`new`](Self::new); then the old ones stay.
    pub fn replace(&self, certificates: &[u8], key: &[u8]) -> Result<(), Error> {
        let new = Current::new(certificates, key)?;
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    /// What a client would find wrong with them now, whatever name it asks for and whom it trusts.
    pub fn faults(&self) -> Vec<CertificateFault> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let own = current.chain.first().and_then(fault_of);
        // The others are those of authorities.
        let others = current.chain.iter().skip(1).filter_map(fault_of);
        let others = others.filter(|fault| *fault != CertificateFault::Authority);
        own.into_iter().chain(others).collect()
    }

    pub(crate) fn config(&self) -> Arc<ServerConfig> {
        let current = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&current.config)
    }
}

impl Current {
    fn new(certificate_pem: &[u8], key_pem: &[u8]) -> Result<Self, Error> {
        let chain = certificates(certificate_pem)?;
        let provider = Arc::new(default_provider());
        let key = private_key(key_pem)?;
        let usable = provider.key_provider.load_private_key(key.clone_key());
        let usable = usable.map_err(|error| Error::Key(error.to_string()))?;
        let fits = |one: &CertificateDer<'static>| {
            let pair = CertifiedKey::new(vec![one.clone()], Arc::clone(&usable));
            pair.keys_match().is_ok()
        };
        match chain.iter().position(fits) {
            Some(0) => {}
            Some(at) => return Err(Error::Order { at: at + 1 }),
            None => return Err(Error::Mismatch),
        }
        let unreadable = |error: rustls::Error| Error::Unreadable(error.to_string());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(unreadable)?
            .with_no_client_auth()
            .with_single_cert(chain.clone(), key)
            .map_err(unreadable)?;
        Ok(Current {
            config: Arc::new(config),
            chain,
        })
    }
}

fn private_key(pem: &[u8]) -> Result<PrivateKeyDer<'static>, Error> {
    let has = |mark: &str| pem.windows(mark.len()).any(|some| some == mark.as_bytes());
    let encrypted = has("BEGIN ENCRYPTED PRIVATE KEY") || has("Proc-Type: 4,ENCRYPTED");
    PrivateKeyDer::from_pem_slice(pem).map_err(|_| match encrypted {
        true => Error::EncryptedKey,
        false => Error::NoKey,
    })
}

/// What a client needs.
///
/// # Errors
/// When what it is to trust cannot be read.
pub fn client(trust: &Trust) -> Result<Arc<ClientConfig>, Error> {
    let provider = Arc::new(default_provider());
    let mut roots = RootCertStore::empty();
    let mut pinned = Vec::new();
    match trust {
        Trust::Public => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Trust::These(pem) => {
            pinned = certificates(pem)?;
            for certificate in &pinned {
                let added = roots.add(certificate.clone());
                added.map_err(|error| Error::Unreadable(error.to_string()))?;
            }
        }
        Trust::Unverified => {}
    }
    let verifier: Arc<dyn ServerCertVerifier> = match trust {
        Trust::Unverified => Arc::new(Unverified(Arc::clone(&provider))),
        Trust::Public | Trust::These(_) => {
            let roots = Arc::new(roots);
            let builder = WebPkiServerVerifier::builder_with_provider(roots, Arc::clone(&provider));
            let verifier = builder.build();
            let verifier = verifier.map_err(|error| Error::Unreadable(error.to_string()))?;
            Arc::new(Pinned { verifier, pinned })
        }
    };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::Unreadable(error.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    Ok(Arc::new(config))
}
