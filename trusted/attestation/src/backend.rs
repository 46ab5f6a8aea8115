//! The attester's side: whatever can make evidence over 64 bytes (ATTESTATION.md section 10). The platforms' devices
//! are opened by the enclave, not here; the development backend is in `development`.

use crate::evidence::{Collateral, Tee};
use core::fmt;

/// Evidence and what is needed to judge it offline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Quote, report or document.
    pub evidence: Vec<u8>,
    /// DCAP collateral; none where the evidence carries its own chain.
    pub collateral: Option<Collateral>,
}

/// A source of evidence.
pub trait Backend: Send + Sync {
    /// The kind of evidence it makes.
    fn tee(&self) -> Tee;

    /// Evidence whose report data is `report_data`, with collateral that is valid at `now` (Unix seconds).
    ///
    /// # Errors
    /// If the platform does not give any.
    fn evidence(&self, report_data: [u8; 64], now: u64) -> Result<Evidence, BackendError>;
}

/// Why no evidence was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// The platform refused or is absent.
    Unavailable,
    /// A certificate, list or document could not be made.
    Encoding,
}

impl fmt::Display for BackendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unavailable => "the platform gives no evidence",
            Self::Encoding => "evidence could not be encoded",
        })
    }
}

impl core::error::Error for BackendError {}
