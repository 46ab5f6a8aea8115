//! Proof of which program holds the key (ATTESTATION.md).
//!
//! A client fetches an evidence bundle, calls [`Bundle::parse`] and [`verify`], and gets either a [`VerifiedEnclave`],
//! the only value that may name a key to seal to, or a [`Failure`] with a stable class. Verification is a pure
//! function of bundle, policy, roots, request and time: no clock, no network, no global state.
//!
//! Not here: fetching bundles, sealing, and anything that opens a device.

#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::cast_possible_truncation))]

mod instant;
mod outcome;
mod failure;
mod nonce_tree;
mod binding;
mod evidence;
mod release;
mod policy;
mod peer;
mod roots;
mod genuine;
mod dcap;
mod x509;
mod sev_snp;
mod nitro;
mod request;
mod verify;
pub mod verdict;
mod backend;
#[cfg(feature = "development")]
pub mod development;
mod fuzz;
#[cfg(test)]
mod tests;

pub use backend::{Backend, BackendError, Evidence, SealRoot};
pub use binding::{Binding, Validity};
pub use dcap::{ClaimedPlatform, PckCa, TcbStatus};
pub use evidence::{Bundle, Collateral, Config, DcapCollateral, EnclaveTime, SnpCollateral, Tee, limits};
pub use failure::{Class, Failure, Passed, Step};
pub use genuine::{Identity, NitroIdentity, SgxIdentity, SnpIdentity, SnpSigningKey, TdxIdentity};
pub use nonce_tree::{ChallengeProof, Nonce};
pub use outcome::{Amber, Behind, Outcome, TcbPart};
pub use policy::{
    ExtraTcbStatus, PlatformPolicy, Policy, PolicyDefect, PolicyError, SnpMinTcb, SnpProduct, SnpTcb, Warning,
};
pub use release::{NitroRelease, Release, SgxRelease, SnpRelease, TdxRelease};
pub use request::{Connection, Expected, Mode};
pub use roots::{Roots, RootsError};
pub use verify::{
    Families, VerifiedEnclave, VerifiedEvidence, claimed_mr_enclave, claimed_platform, claimed_report_data,
    verify, verify_among, verify_evidence,
};

#[doc(hidden)]
pub use fuzz::{
    fuzz_binding, fuzz_bundle, fuzz_collateral, fuzz_config, fuzz_nitro_document, fuzz_policy, fuzz_quote,
    fuzz_snp_report, fuzz_x509,
};
