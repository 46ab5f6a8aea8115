//! Trust roots, one for each kind of evidence (ATTESTATION.md section 4 step 3). A development root is only ever
//! used for development evidence, and the vendor's root only for the vendor's.

use crate::dcap::Certificate;
use crate::evidence::Tee;
use core::fmt;

/// Intel SGX Root CA. What is pinned is its key: older copies of this certificate with other bytes are in use.
const INTEL_SGX_ROOT: &[u8] = include_bytes!("roots/intel-sgx-root-ca.der");

/// The roots that a verifier trusts. The default trusts the vendors' and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    development: Option<Vec<u8>>,
}

impl Roots {
    /// The vendors' roots and, for `dev-*` evidence only, the given root certificate: DER, or PEM with nothing else
    /// in it.
    ///
    /// # Errors
    /// If it is not one self-issued P-256 CA certificate, or holds a vendor's key.
    pub fn dangerous_development(root: &[u8]) -> Result<Self, RootsError> {
        let root = Certificate::parse(root)
            .or_else(|| Certificate::parse_chain(root, 1)?.pop())
            .filter(Certificate::is_root)
            .ok_or(RootsError::NotARoot)?;
        let vendor = Certificate::parse(INTEL_SGX_ROOT).ok_or(RootsError::NotARoot)?;
        if root.public_key == vendor.public_key {
            return Err(RootsError::VendorRoot);
        }
        Ok(Self { development: Some(root.der) })
    }

    /// The root certificate that evidence of this kind must lead to.
    pub(crate) fn for_tee(&self, tee: Tee) -> Option<&[u8]> {
        match tee {
            Tee::SgxDcap | Tee::Tdx => Some(INTEL_SGX_ROOT),
            Tee::DevSgx | Tee::DevTdx => self.development.as_deref(),
            Tee::SevSnp | Tee::Nitro => None,
        }
    }
}

/// Why a certificate cannot be a development root.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RootsError {
    /// Not one self-issued P-256 CA certificate.
    NotARoot,
    /// A vendor's own root: real evidence must not pass as development evidence.
    VendorRoot,
}

impl fmt::Display for RootsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotARoot => "not a self-issued P-256 CA certificate in DER or PEM",
            Self::VendorRoot => "a vendor's root cannot be a development root",
        })
    }
}

impl core::error::Error for RootsError {}
