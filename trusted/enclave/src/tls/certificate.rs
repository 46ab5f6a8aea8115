//! Certificates over the enclave's TLS keys: its own, the request for another's, and the reading of what comes back.

use crate::random;
use core::{fmt, net::IpAddr, str::FromStr as _, time::Duration};
use p256::ecdsa::{DerSignature, SigningKey};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use x509_cert::{
    Certificate,
    builder::{Builder as _, CertificateBuilder, profile::BuilderProfile},
    certificate::TbsCertificate,
    der::{
        Decode as _, Encode as _, EncodePem as _,
        asn1::{GeneralizedTime, Ia5String},
        oid::db::rfc5280::ID_KP_SERVER_AUTH,
        pem::LineEnding,
    },
    ext::{
        Extension,
        pkix::{ExtendedKeyUsage, SubjectAltName, name::GeneralName},
    },
    name::Name,
    request::RequestBuilder,
    serial_number::SerialNumber,
    spki::{SubjectPublicKeyInfo, SubjectPublicKeyInfoRef},
    time::{Time, Validity},
};

/// Names that a certificate may be for.
const NAMES_MAX: usize = 16;
/// A chain, as bundles bound theirs.
const CHAIN_MAX: usize = 5;
/// The text of a chain.
pub(crate) const PEM_BYTES_MAX: usize = 64 * 1024;
/// A certificate of one's own outlives its key, which is replaced daily.
const SELF_SIGNED_LIFE_S: u64 = 90 * 86_400;
/// For clocks that differ.
const BACKDATED_S: u64 = 3600;
/// Stands where nobody named the host: `.invalid` is nobody's (RFC 2606).
const NAMELESS: &str = "enclave.invalid";

/// The hosts that a certificate is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Names(Vec<Host>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Dns(String),
    Address(IpAddr),
}

/// Host names and addresses, separated by commas.
pub(crate) fn names(text: &str) -> Option<Names> {
    let hosts: Option<Vec<Host>> = text.split(',').map(|name| host(name.trim())).collect();
    hosts.filter(|hosts| hosts.len() <= NAMES_MAX).map(Names)
}

fn host(text: &str) -> Option<Host> {
    if let Ok(address) = text.parse() {
        return Some(Host::Address(address));
    }
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fits = text.len() <= 253 && text.split('.').all(is_label);
    // A name that ends in a number is an address that was not one.
    let is_name = !text.rsplit('.').next().unwrap_or_default().bytes().all(|byte| byte.is_ascii_digit());
    (fits && is_name).then(|| Host::Dns(text.to_ascii_lowercase()))
}

impl Names {
    fn subject(&self) -> anyhow::Result<Name> {
        let first = self.0.iter().find_map(|host| match host {
            Host::Dns(name) if name.len() <= 64 => Some(name.as_str()),
            _ => None,
        });
        Ok(Name::from_str(&format!("CN={}", first.unwrap_or(NAMELESS)))?)
    }

    fn alternatives(&self) -> anyhow::Result<SubjectAltName> {
        let name = |text: &str| Ia5String::new(text).map(GeneralName::DnsName);
        let hosts = self.0.iter().map(|host| match host {
            Host::Dns(text) => name(text),
            Host::Address(address) => Ok(GeneralName::from(*address)),
        });
        let mut hosts: Vec<GeneralName> = hosts.collect::<Result<_, _>>()?;
        if hosts.is_empty() {
            hosts.push(name(NAMELESS)?);
        }
        Ok(SubjectAltName(hosts))
    }
}

/// A certificate that the key signs itself (RFC 5280).
pub(super) fn self_signed(
    key: &SigningKey,
    names: &Names,
    now_s: u64,
) -> anyhow::Result<CertificateDer<'static>> {
    let time =
        |unix_s| GeneralizedTime::from_unix_duration(Duration::from_secs(unix_s)).map(Time::GeneralTime);
    let validity = Validity::new(
        time(now_s.saturating_sub(BACKDATED_S))?,
        time(now_s.saturating_add(SELF_SIGNED_LIFE_S))?,
    );
    let mut serial = random::bytes::<16>();
    if let Some(first) = serial.first_mut() {
        *first = (*first & 0x7f) | 0x40; // positive, and of 16 bytes
    }
    let subject = SubjectPublicKeyInfo::from_key(key.verifying_key())?;
    let profile = Own(names.subject()?);
    let mut builder = CertificateBuilder::new(profile, SerialNumber::new(&serial)?, validity, subject)?;
    builder.add_extension(&names.alternatives()?)?;
    builder.add_extension(&ExtendedKeyUsage(vec![ID_KP_SERVER_AUTH]))?;
    let certificate = builder.build::<_, DerSignature>(key)?;
    Ok(CertificateDer::from(certificate.to_der()?))
}

/// No more than what is added by hand.
struct Own(Name);

impl BuilderProfile for Own {
    fn get_issuer(&self, subject: &Name) -> Name {
        subject.clone()
    }

    fn get_subject(&self) -> Name {
        self.0.clone()
    }

    fn build_extensions(
        &self,
        _: SubjectPublicKeyInfoRef<'_>,
        _: SubjectPublicKeyInfoRef<'_>,
        _: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(Vec::new())
    }
}

/// A request for a certificate, PEM.
pub(super) fn request(key: &SigningKey, names: &Names) -> anyhow::Result<String> {
    let mut builder = RequestBuilder::new(names.subject()?)?;
    builder.add_extension(&names.alternatives()?)?;
    Ok(builder.build::<_, DerSignature>(key)?.to_pem(LineEnding::LF)?)
}

/// A certificate and what leads to its root, as an authority gave them. Whether anybody trusts that authority is not
/// ours to judge.
pub(super) struct Chain {
    pub(super) certificates: Vec<CertificateDer<'static>>,
    /// The leaf's key, DER.
    pub(super) spki: Vec<u8>,
    pub(super) not_after_s: u64,
}

/// Why a certificate is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CertificateError {
    /// Not one to five certificates in PEM.
    Form,
    /// For a key that is not ours.
    OtherKey,
    /// Not valid at this time.
    Dates,
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => {
                "takes one to five certificates in PEM, the enclave's own first, and no private key"
            }
            Self::OtherKey => {
                "the first certificate is for another key: have one made from GET /tls.csr of this start"
            }
            Self::Dates => "the first certificate is not valid at the enclave's time",
        })
    }
}

impl std::error::Error for CertificateError {}

/// Reads a chain.
pub(super) fn chain(pem: &[u8], now_s: u64) -> Result<Chain, CertificateError> {
    let form = CertificateError::Form;
    // Whatever else stands in the text is a mistake, a private key above all.
    let only_certificates = pem
        .split(|byte| *byte == b'\n')
        .filter(|line| line.starts_with(b"-----BEGIN"))
        .all(|line| line.trim_ascii_end() == b"-----BEGIN CERTIFICATE-----");
    if pem.len() > PEM_BYTES_MAX || !only_certificates {
        return Err(form);
    }
    let certificates: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(pem)
        .take(CHAIN_MAX + 1)
        .collect::<Result<_, _>>()
        .map_err(|_| form)?;
    if certificates.len() > CHAIN_MAX {
        return Err(form);
    }
    let leaf = certificates.first().ok_or(form)?;
    let leaf = Certificate::from_der(leaf).map_err(|_| form)?;
    let leaf = leaf.tbs_certificate();
    let spki = leaf.subject_public_key_info().to_der().map_err(|_| form)?;
    let seconds = |time: &Time| time.to_unix_duration().as_secs();
    let validity = leaf.validity();
    let not_after_s = seconds(&validity.not_after);
    if not_after_s <= now_s || seconds(&validity.not_before) > now_s {
        return Err(CertificateError::Dates);
    }
    Ok(Chain { certificates, spki, not_after_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_hosts_and_addresses() {
        for text in ["perf-aggregator.com", "a.example, 192.0.2.1,::1", "localhost", "X.Example"] {
            assert!(names(text).is_some(), "{text}");
        }
        for text in
            ["", "a..b", "-a.example", "a_b.example", "*.example", "a b", "1.2.3", "a,", "http://a", "a:1"]
        {
            assert_eq!(names(text), None, "{text}");
        }
        assert_eq!(names(&"a.example,".repeat(17)), None);
        assert_eq!(names("X.Example"), names("x.example"));
    }
}
