//! The DCAP quote: version 3 over the report of an SGX enclave (Intel SGX ECDSA QuoteLibReference, appendix A.4),
//! versions 4 and 5 over that of a trust domain (Intel TDX DCAP Quoting Library API, appendix A.3 and A.4). Fixed
//! offsets; lengths are compared with what is there, never used to allocate.

use super::report::{Bytes, Domain, Report};
use crate::evidence::Tee;
use crate::failure::{Class, Refusal, ensure, refuse};
use crate::genuine::Identity;

const INTEL_QE_VENDOR: [u8; 16] =
    [0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9, 0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07];
const HEADER: usize = 48;
const REPORT: usize = 384;
/// TEE types.
const SGX: u32 = 0;
const TDX: u32 = 0x81;
/// Body types of version 5: trust domains of TDX 1.0, 1.5, and 1.5 with what service domains add.
const TD_10: u16 = 2;
const TD_15: u16 = 3;
const TD_15_EX: u16 = 4;
/// The key type of ECDSA P-256.
const ECDSA_P256: u16 = 2;
/// Certification data types: a PEM chain; and a quoting enclave's report around further certification data.
const PCK_CHAIN: u16 = 5;
const QE_REPORT: u16 = 6;
/// The quoting enclave's own authentication data.
const QE_AUTH_DATA: usize = 32;

/// The header, before it is known whether the rest can be judged.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header {
    pub(crate) version: u16,
    key_type: u16,
    tee_type: u32,
    vendor: [u8; 16],
}

impl Header {
    /// Step 1.
    pub(crate) fn parse(quote: &[u8]) -> Result<Self, Refusal> {
        let mut bytes = Bytes::new(quote);
        let header = (|| {
            let (version, key_type, tee_type) = (bytes.u16()?, bytes.u16()?, bytes.u32()?);
            let _svns = bytes.u32()?;
            let vendor = bytes.array()?;
            let _user_data = bytes.array::<20>()?;
            Some(Self { version, key_type, tee_type, vendor })
        })();
        header.map_or_else(|| refuse(Class::Malformed, "the quote ends inside its header"), Ok)
    }

    /// Step 2: what the kind of evidence promises.
    pub(crate) fn supported(self, tee: Tee) -> Result<(), Refusal> {
        let (versions, tee_type): (&[u16], _) = if is_of_domain(tee) { (&[4, 5], TDX) } else { (&[3], SGX) };
        let right_version = versions.contains(&self.version);
        ensure(right_version, Class::Unsupported, "the quote's version is not one of its kind")?;
        ensure(self.key_type == ECDSA_P256, Class::Unsupported, "the quote's key type is not ECDSA P-256")?;
        ensure(self.tee_type == tee_type, Class::Unsupported, "the quote is of another kind of TEE")?;
        ensure(self.vendor == INTEL_QE_VENDOR, Class::Unsupported, "the quoting enclave is of another vendor")
    }
}

/// True for the kinds that are quoted as trust domains.
pub(crate) const fn is_of_domain(tee: Tee) -> bool {
    matches!(tee, Tee::Tdx | Tee::DevTdx)
}

/// What the quote is about.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Enclave(Report),
    Domain(Box<Domain>),
}

impl Body {
    pub(crate) fn identity(&self) -> Identity {
        match self {
            Self::Enclave(report) => Identity::Sgx(report.identity()),
            Self::Domain(domain) => Identity::Tdx(Box::new(domain.identity.clone())),
        }
    }

    pub(crate) const fn report_data(&self) -> &[u8; 64] {
        match self {
            Self::Enclave(report) => &report.report_data,
            Self::Domain(domain) => &domain.report_data,
        }
    }

    pub(crate) const fn is_debug(&self) -> bool {
        match self {
            Self::Enclave(report) => report.is_debug(),
            Self::Domain(domain) => domain.is_debug(),
        }
    }

    /// The domain, if it is one.
    pub(crate) fn domain(&self) -> Option<&Domain> {
        match self {
            Self::Enclave(_) => None,
            Self::Domain(domain) => Some(domain),
        }
    }
}

/// A quote.
#[derive(Clone, Debug)]
pub(crate) struct Quote {
    /// Header and body: what the attestation key signs.
    pub(crate) signed: Vec<u8>,
    pub(crate) body: Body,
    pub(crate) signature: [u8; 64],
    /// x || y of the attestation key.
    pub(crate) attestation_key: [u8; 64],
    pub(crate) qe_report: Report,
    pub(crate) qe_report_bytes: [u8; REPORT],
    pub(crate) qe_report_signature: [u8; 64],
    pub(crate) qe_auth_data: [u8; QE_AUTH_DATA],
    pub(crate) chain_pem: Vec<u8>,
}

impl Quote {
    /// Parses everything after a supported header; bytes after the declared signature length are ignored.
    pub(crate) fn parse(header: Header, quote: &[u8]) -> Result<Self, Refusal> {
        let mut bytes = Bytes::new(quote);
        let Some(body) = bytes.skip(HEADER).and_then(|()| body(header, &mut bytes)) else {
            return refuse(Class::Malformed, "the quote ends inside its body");
        };
        let Some(body) = body else {
            return refuse(Class::Unsupported, "the quote's body is of a type that is not judged here");
        };
        let signed = quote.get(..quote.len() - bytes.len()).unwrap_or_default().to_vec();
        match Self::parse_signature(header, signed, body, &mut bytes) {
            Some(Some(quote)) => Ok(quote),
            Some(None) => {
                refuse(Class::Unsupported, "the quote's certification data is not a certificate chain")
            }
            None => refuse(Class::Malformed, "the quote's lengths do not fit its form"),
        }
    }

    /// The signature data; the inner nothing is certification data of another type.
    #[expect(clippy::option_option, reason = "the outer one is malformed, the inner one unsupported")]
    fn parse_signature(
        header: Header,
        signed: Vec<u8>,
        body: Body,
        bytes: &mut Bytes<'_>,
    ) -> Option<Option<Self>> {
        let mut bytes = bytes.counted_u32()?;
        let (signature, attestation_key) = (bytes.array()?, bytes.array()?);
        if header.version != 3 {
            // From version 4 on, what follows the key is certification data of its own type.
            let kind = bytes.u16()?;
            let inner = bytes.counted_u32()?;
            if kind != QE_REPORT {
                return Some(None);
            }
            bytes.is_empty().then_some(())?;
            bytes = inner;
        }
        let qe_report_bytes = bytes.array()?;
        let qe_report = Report::parse(&qe_report_bytes)?;
        let qe_report_signature = bytes.array()?;
        let auth_length = bytes.u16()?;
        let qe_auth_data = bytes.take(usize::from(auth_length))?.try_into().ok()?;
        let kind = bytes.u16()?;
        let chain = bytes.counted_u32()?;
        let chain_pem = chain.rest().to_vec();
        let quote = Self {
            signed,
            body,
            signature,
            attestation_key,
            qe_report,
            qe_report_bytes,
            qe_report_signature,
            qe_auth_data,
            chain_pem,
        };
        bytes.is_empty().then_some((kind == PCK_CHAIN).then_some(quote))
    }
}

/// The body of a version; the inner nothing is one of another type.
#[expect(clippy::option_option, reason = "the outer one is malformed, the inner one unsupported")]
fn body(header: Header, bytes: &mut Bytes<'_>) -> Option<Option<Body>> {
    if header.version == 3 {
        return Some(Some(Body::Enclave(Report::parse(bytes.take(REPORT)?)?)));
    }
    let kind = if header.version == 5 { bytes.u16()? } else { TD_10 };
    let length = match kind {
        TD_10 => Domain::TD_10,
        TD_15 => Domain::TD_15,
        TD_15_EX => Domain::TD_15_EX,
        _ => return Some(None),
    };
    if header.version == 5 && usize::try_from(bytes.u32()?).ok()? != length {
        return None;
    }
    Some(Some(Body::Domain(Box::new(Domain::parse(bytes.take(length)?)?))))
}
