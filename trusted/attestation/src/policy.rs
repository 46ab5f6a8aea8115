//! What a client accepts (ATTESTATION.md section 5). Strict by default, unknown fields refused. A policy without
//! releases accepts nothing: a client says so instead of trusting the first program it meets.
//!
//! Not here: applying it; that is `verify.rs` and the families' folders.

mod file;
mod warning;

use crate::dcap::TcbStatus;
use crate::evidence::Tee;
use crate::outcome::Behind;
use crate::release::{NitroRelease, Release, SgxRelease, SnpRelease, TdxRelease};
pub use file::{PolicyDefect, PolicyError};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
pub use warning::Warning;

/// The TCB evaluation data number current when this version was released.
const TCB_EVALUATION_AT_RELEASE: u32 = 20;
/// Step 14, in every family.
pub(crate) const NO_RELEASE: &str =
    "the policy names no release of this kind: this client has no published measurement yet";
/// 35 days: Intel serves one PCK CRL for most of its 30-day life, so a week would be wrong.
const COLLATERAL_AGE_MAX_S: u64 = 3_024_000;

/// A client's policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    /// Kinds of evidence.
    pub tee: Vec<Tee>,
    /// The programs that may run; empty means none.
    pub releases: Vec<Release>,
    /// Accept a debug enclave. Honoured for development evidence only.
    pub allow_debug: bool,
    /// TCB statuses accepted without a date.
    pub tcb_status: Vec<TcbStatus>,
    /// Further statuses, each with its reason and end.
    pub extra_tcb_status: Vec<ExtraTcbStatus>,
    /// The oldest TCB evaluation data number.
    pub min_tcb_evaluation_number: u32,
    /// The greatest age of issue dates, seconds.
    pub max_collateral_age_s: u64,
    /// What a platform may have switched on, and which platforms.
    pub platform: PlatformPolicy,
    /// The lowest SEV-SNP TCB, by product.
    pub snp_min_tcb: SnpMinTcb,
    /// Environments of which the enclave must serve one; `development` only if it stands here.
    pub environment: Vec<String>,
    /// Ask for the operator's endorsement.
    pub require_operator_endorsement: bool,
    /// Ask for evidence over this request's nonce.
    pub require_nonce: bool,
    /// Ask for evidence over this connection.
    pub require_channel: bool,
    /// The only configuration accepted, by its SHA-256.
    pub pinned_config: Option<[u8; 32]>,
    /// The highest epoch seen so far.
    pub min_epoch: Option<u64>,
    /// What is enforced at all; only the `dangerous_` constructors leave something out.
    pub(crate) enforced: Enforced,
}

/// Which appraisals are enforced, and which only reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Enforced {
    pub(crate) identity: bool,
    pub(crate) tcb: bool,
}

/// A TCB status that is accepted for a while, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraTcbStatus {
    /// The status; `Revoked` cannot be said.
    pub status: TcbStatus,
    /// Why.
    pub reason: String,
    /// The last second it is accepted, Unix seconds.
    pub until: u64,
}

/// The product lines of SEV-SNP, each with a root of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the vendor's own words")]
pub enum SnpProduct {
    Milan,
    Genoa,
    Turin,
}

/// The lowest TCB of each product; none asks for nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the vendor's own words")]
pub struct SnpMinTcb {
    pub milan: Option<SnpTcb>,
    pub genoa: Option<SnpTcb>,
    pub turin: Option<SnpTcb>,
}

/// The security versions of an SEV-SNP platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the vendor's own words")]
pub struct SnpTcb {
    pub bootloader: u8,
    pub tee: u8,
    pub snp: u8,
    pub microcode: u8,
    /// Only Turin has one.
    pub fmc: Option<u8>,
}

impl SnpMinTcb {
    /// What is asked of a product.
    pub fn of(&self, product: SnpProduct) -> Option<&SnpTcb> {
        match product {
            SnpProduct::Milan => self.milan.as_ref(),
            SnpProduct::Genoa => self.genoa.as_ref(),
            SnpProduct::Turin => self.turin.as_ref(),
        }
    }
}

/// Configuration and identity of platforms.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PlatformPolicy {
    /// Simultaneous multithreading.
    pub allow_smt: bool,
    /// Packages added after registration.
    pub allow_dynamic_platform: bool,
    /// Root keys kept by the vendor.
    pub allow_cached_keys: bool,
    /// SHA-256 of the PPID, platform instance id or SNP chip id, or of the instance id that a Nitro module id begins
    /// with; hex. None allows all.
    pub allowed_platform_ids: Option<Vec<String>>,
}

impl Default for PlatformPolicy {
    /// Data-centre platforms normally have all three set.
    fn default() -> Self {
        Self {
            allow_smt: true,
            allow_dynamic_platform: true,
            allow_cached_keys: true,
            allowed_platform_ids: None,
        }
    }
}

impl PlatformPolicy {
    /// True if a platform of these ids may be: one of them is listed, or none need be.
    pub(crate) fn allows(&self, ids: &[String]) -> bool {
        let listed = |allowed: &Vec<String>| {
            ids.iter().any(|id| allowed.iter().any(|allowed| allowed.eq_ignore_ascii_case(id)))
        };
        self.allowed_platform_ids.as_ref().is_none_or(listed)
    }
}

/// What stands for a platform in a policy; nothing for one that hides its id behind zeros.
pub(crate) fn platform_id(id: &[u8]) -> Option<String> {
    let hidden = id.iter().all(|&byte| byte == 0);
    (!hidden).then(|| hex::encode(Sha256::digest(id)))
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            tee: vec![Tee::SgxDcap],
            releases: Vec::new(),
            allow_debug: false,
            tcb_status: vec![TcbStatus::UpToDate, TcbStatus::SWHardeningNeeded],
            extra_tcb_status: Vec::new(),
            min_tcb_evaluation_number: TCB_EVALUATION_AT_RELEASE,
            max_collateral_age_s: COLLATERAL_AGE_MAX_S,
            platform: PlatformPolicy::default(),
            snp_min_tcb: SnpMinTcb::default(),
            environment: vec!["live".to_owned()],
            require_operator_endorsement: false,
            require_nonce: true,
            require_channel: false,
            pinned_config: None,
            min_epoch: None,
            enforced: Enforced { identity: true, tcb: true },
        }
    }
}

impl Policy {
    /// The releases that SGX evidence may be of.
    pub(crate) fn sgx_releases(&self) -> impl Iterator<Item = &SgxRelease> {
        self.releases.iter().filter_map(|release| match release {
            Release::Sgx(release) => Some(release),
            Release::Tdx(_) | Release::Snp(_) | Release::Nitro(_) => None,
        })
    }

    /// The releases that TDX evidence may be of.
    pub(crate) fn tdx_releases(&self) -> impl Iterator<Item = &TdxRelease> {
        self.releases.iter().filter_map(|release| match release {
            Release::Tdx(release) => Some(&**release),
            Release::Sgx(_) | Release::Snp(_) | Release::Nitro(_) => None,
        })
    }

    /// The releases that SEV-SNP evidence may be of.
    pub(crate) fn snp_releases(&self) -> impl Iterator<Item = &SnpRelease> {
        self.releases.iter().filter_map(|release| match release {
            Release::Snp(release) => Some(release),
            Release::Sgx(_) | Release::Tdx(_) | Release::Nitro(_) => None,
        })
    }

    /// The releases that Nitro evidence may be of.
    pub(crate) fn nitro_releases(&self) -> impl Iterator<Item = &NitroRelease> {
        self.releases.iter().filter_map(|release| match release {
            Release::Nitro(release) => Some(&**release),
            Release::Sgx(_) | Release::Tdx(_) | Release::Snp(_) => None,
        })
    }

    /// The same policy that accepts this patch level too, for as long as it lasts.
    pub(crate) fn accepting(&self, behind: &Behind) -> Self {
        let mut policy = self.clone();
        policy.tcb_status.push(behind.status);
        for accepted in policy.releases.iter_mut().filter_map(Release::accepted_advisories) {
            accepted.extend_from_slice(&behind.advisories);
        }
        policy
    }

    /// True if nothing but that evidence is genuine is asked.
    pub(crate) fn is_claims_only(&self) -> bool {
        !self.enforced.identity && !self.enforced.tcb
    }

    /// For development evidence, whose root the caller names: any measurement passes and is shown as `unchecked`.
    pub fn dangerous_development() -> Self {
        Self {
            tee: vec![Tee::DevSgx, Tee::DevTdx],
            min_tcb_evaluation_number: 0,
            environment: vec!["development".to_owned()],
            enforced: Enforced { identity: false, tcb: true },
            ..Self::default()
        }
    }

    /// No policy (section 16): the evidence must be genuine; measurement and TCB are reported, not enforced. Intel's must
    /// have sound attributes and not be debug; AMD's and AWS's say so among what was seen, because their vendors vouch
    /// for a debug guest as for any other. For tools that show evidence, never for sealing.
    pub fn dangerous_claims_only() -> Self {
        Self {
            tee: vec![Tee::SgxDcap, Tee::Tdx, Tee::SevSnp, Tee::Nitro, Tee::DevSgx, Tee::DevTdx],
            min_tcb_evaluation_number: 0,
            require_nonce: false,
            environment: ["live", "sandbox", "development"].map(str::to_owned).to_vec(),
            enforced: Enforced { identity: false, tcb: false },
            ..Self::default()
        }
    }
}
