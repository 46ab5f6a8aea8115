//! Trust roots, one for each kind of evidence (ATTESTATION.md section 4 step 3). A development root is only ever
//! used for development evidence, and the vendor's root only for the vendor's.

use crate::dcap::Certificate;
use crate::evidence::Tee;
use crate::failure::{Class, Refusal, refuse};
use crate::policy::{Policy, SnpProduct};
use core::fmt;

/// Intel SGX Root CA. What is pinned is its key: older copies of this certificate with other bytes are in use.
const INTEL_SGX_ROOT: &[u8] = include_bytes!("roots/intel-sgx-root-ca.der");
/// The AMD root keys (ARK), one a product line.
const AMD_ARK_MILAN: &[u8] = include_bytes!("roots/amd-ark-milan.der");
const AMD_ARK_GENOA: &[u8] = include_bytes!("roots/amd-ark-genoa.der");
const AMD_ARK_TURIN: &[u8] = include_bytes!("roots/amd-ark-turin.der");
/// AWS Nitro Enclaves Root G1.
const AWS_NITRO_ROOT: &[u8] = include_bytes!("roots/aws-nitro-root-g1.der");

/// The roots that a verifier trusts. The default trusts the vendors' and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Roots {
    development: Option<Vec<u8>>,
    /// In AMD's and AWS's place, in this crate's own tests; no build has it.
    #[cfg(test)]
    throw_away: Option<Vec<u8>>,
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
        Ok(Self {
            development: Some(root.der),
            #[cfg(test)]
            throw_away: None,
        })
    }

    #[cfg(test)]
    pub(crate) fn throw_away(root: &[u8]) -> Self {
        Self { throw_away: Some(root.to_vec()), ..Self::default() }
    }

    /// The root certificate that evidence of this kind must lead to, DER. AMD has one for each product: see
    /// [`Roots::amd`].
    pub(crate) fn for_tee(&self, tee: Tee) -> Option<&[u8]> {
        match tee {
            Tee::SgxDcap | Tee::Tdx => Some(INTEL_SGX_ROOT),
            Tee::Nitro => Some(self.vendor(AWS_NITRO_ROOT)),
            Tee::DevSgx | Tee::DevTdx => self.development.as_deref(),
            Tee::SevSnp => None,
        }
    }

    /// AMD's root certificate of a product, DER.
    pub(crate) fn amd(&self, product: SnpProduct) -> &[u8] {
        self.vendor(match product {
            SnpProduct::Milan => AMD_ARK_MILAN,
            SnpProduct::Genoa => AMD_ARK_GENOA,
            SnpProduct::Turin => AMD_ARK_TURIN,
        })
    }

    fn vendor(&self, root: &'static [u8]) -> &[u8] {
        #[cfg(test)]
        if let Some(throw_away) = &self.throw_away {
            return throw_away;
        }
        root
    }
}

/// Step 3, what every family asks: the policy accepts this kind of evidence at all.
pub(crate) fn accepted(tee: Tee, policy: &Policy) -> Result<(), Refusal> {
    if policy.tee.contains(&tee) {
        return Ok(());
    }
    refuse(Class::UntrustedRoot, format!("the policy does not accept evidence of kind {}", tee.name()))
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
