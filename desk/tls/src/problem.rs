//! Faults of a certificate, as far as either end can tell.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{AlertDescription, CertificateError, RootCertStore};

/// Hears of a peer's problem with a certificate, or of ours. It is called on the serving path.
pub type ProblemHandler = Arc<dyn Fn(SocketAddr, &CertificateProblem) + Send + Sync>;

/// What is wrong with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateFault {
    /// It was valid until then, as Unix time, by this computer's clock.
    Expired(Duration),
    /// It will be valid from then on, as Unix time, by this computer's clock.
    NotYetValid(Duration),
    /// It is another server's.
    OtherName {
        /// The name that was asked for.
        asked: String,
        /// The names that it has.
        names: Vec<String>,
    },
    /// No authority that is trusted has signed it, nor is it trusted itself.
    UnknownIssuer,
    /// It is an authority's (CA), where a server's own is expected: it can sign others, or the
    /// chain is in the wrong order.
    Authority,
    /// Something else, in the library's words.
    Other(String),
}

/// Why a peer refuses a server's certificate, as it says itself by an alert (RFC 8446, 6.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// `certificate_expired`: by its clock it is not valid now, or not yet.
    Expired,
    /// `unknown_ca`, or `decrypt_error` where it trusts an older certificate of the same name:
    /// nobody whom it trusts has signed it.
    UnknownIssuer,
    /// `bad_certificate`: of another name, or damaged.
    Bad,
    /// `unsupported_certificate`: not a server's.
    Unsupported,
    /// `certificate_revoked`: taken back by its authority.
    Revoked,
    /// `certificate_unknown`: it does not say why.
    Unknown,
}

/// Something that the layer knows and a machine is not told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CertificateProblem {
    /// We do not trust the peer's certificate.
    Distrusted(CertificateFault),
    /// The peer does not trust ours.
    Refused(Refusal),
}

impl CertificateProblem {
    pub(crate) fn of(error: &rustls::Error) -> Option<CertificateProblem> {
        if let rustls::Error::AlertReceived(alert) = error {
            return refusal(*alert).map(CertificateProblem::Refused);
        }
        certificate_fault(error).map(CertificateProblem::Distrusted)
    }
}

fn refusal(alert: AlertDescription) -> Option<Refusal> {
    use AlertDescription as A;
    Some(match alert {
        A::CertificateExpired => Refusal::Expired,
        A::UnknownCA | A::DecryptError => Refusal::UnknownIssuer,
        A::BadCertificate => Refusal::Bad,
        A::UnsupportedCertificate => Refusal::Unsupported,
        A::CertificateRevoked => Refusal::Revoked,
        A::CertificateUnknown => Refusal::Unknown,
        _ => return None,
    })
}

/// What an error says of a certificate, if it is about one.
pub(crate) fn certificate_fault(error: &rustls::Error) -> Option<CertificateFault> {
    let rustls::Error::InvalidCertificate(error) = error else {
        return None;
    };
    let since = |time: &UnixTime| Duration::from_secs(time.as_secs());
    Some(match error {
        CertificateError::ExpiredContext { not_after, .. } => {
            CertificateFault::Expired(since(not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            CertificateFault::NotYetValid(since(not_before))
        }
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => CertificateFault::OtherName {
            asked: expected.to_str().into_owned(),
            names: presented.iter().map(|name| plain(name)).collect(),
        },
        // One that is trusted has the name of its issuer and another key: an older certificate.
        CertificateError::UnknownIssuer | CertificateError::BadSignature => {
            CertificateFault::UnknownIssuer
        }
        CertificateError::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
            Some(webpki::Error::CaUsedAsEndEntity) => CertificateFault::Authority,
            _ => CertificateFault::Other(other.0.to_string()),
        },
        other => CertificateFault::Other(other.to_string()),
    })
}

/// A name without the library's words around it: `DnsName("lab.example")`.
fn plain(presented: &str) -> String {
    let quoted = presented.split('"').nth(1);
    quoted.unwrap_or(presented).to_owned()
}

/// What is wrong with a certificate now, but for its name and its issuer.
pub(crate) fn fault_of(certificate: &CertificateDer<'static>) -> Option<CertificateFault> {
    let nobody = RootCertStore::empty();
    let algorithms = default_provider().signature_verification_algorithms.all;
    let checked = ParsedCertificate::try_from(certificate).and_then(|parsed| {
        let now = UnixTime::now();
        verify_server_cert_signed_by_trust_anchor(&parsed, &nobody, &[], now, algorithms)
    });
    certificate_fault(&checked.err()?).filter(|fault| *fault != CertificateFault::UnknownIssuer)
}
