//! The attester's side: whatever can make evidence over 64 bytes (ATTESTATION.md section 10). The platforms' devices
//! are opened by the enclave, not here; the development backend is in `development`.

use crate::evidence::{Collateral, Tee};
use crate::failure::Class;
use core::fmt;
use zeroize::Zeroizing;

/// Evidence and what is needed to judge it offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Quote, report or document.
    pub evidence: Vec<u8>,
    /// DCAP collateral; none where the evidence carries its own chain.
    pub collateral: Option<Collateral>,
}

/// What data at rest is sealed with: a secret of this program on this machine, which no other program gets.
pub struct SealRoot {
    /// Never used itself; keys are derived from it, by purpose.
    pub secret: Zeroizing<[u8; 32]>,
    /// The program's measurement, so that a seal can say which program made it.
    pub measurement: [u8; 32],
}

impl fmt::Debug for SealRoot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealRoot(…)")
    }
}

/// A source of evidence. What it does may block for a moment.
pub trait Backend: Send + Sync {
    /// The kind of evidence it makes.
    fn tee(&self) -> Tee;

    /// Evidence whose report data is `report_data`, with collateral that is valid at `now` (Unix seconds).
    ///
    /// # Errors
    /// If the platform does not give any.
    fn evidence(&self, report_data: [u8; 64], now: u64) -> Result<Evidence, BackendError>;

    /// What data at rest is sealed with, where the platform has such a secret.
    ///
    /// # Errors
    /// If it has one and does not give it.
    fn seal_root(&self) -> Result<Option<SealRoot>, BackendError> {
        Ok(None)
    }

    /// What is due by the clock alone, such as looking for newer collateral.
    fn upkeep(&self, _now: u64) {}

    /// Evidence over nothing of a client's, for whoever fetches collateral: it says which platform this is.
    ///
    /// # Errors
    /// If the platform does not give any, or needs no collateral.
    fn sample(&self) -> Result<Vec<u8>, BackendError> {
        Err(BackendError::Unavailable)
    }

    /// Collateral that somebody hands in. It is not trusted: only what verifies this platform's own evidence is kept.
    ///
    /// # Errors
    /// If it does not, or the platform needs none.
    fn offer(&self, _collateral: &[u8], _now: u64) -> Result<(), BackendError> {
        Err(BackendError::Unavailable)
    }
}

/// Why no evidence was made, or collateral not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// The platform refused or is absent.
    Unavailable,
    /// A certificate, list or document could not be made.
    Encoding,
    /// No collateral that verifies has been seen yet.
    NoCollateral,
    /// Collateral that does not verify this platform's evidence.
    Collateral(Class),
    /// Collateral that verifies, and is older than what is kept.
    Older,
}

impl BackendError {
    /// Its name in logs.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unavailable => "platform-unavailable",
            Self::Encoding => "encoding",
            Self::NoCollateral => "collateral-none",
            Self::Collateral(_) => "collateral-refused",
            Self::Older => "collateral-older",
        }
    }
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the platform gives no evidence",
            Self::Encoding => "evidence could not be encoded",
            Self::NoCollateral => "there is no collateral yet that verifies this platform's evidence",
            Self::Collateral(class) => {
                return write!(f, "the collateral does not verify this platform's evidence: {class}");
            }
            Self::Older => "the collateral is older than what is served",
        })
    }
}

impl core::error::Error for BackendError {}
