//! What a client accepts (ATTESTATION.md section 5). Strict by default, unknown fields refused. A policy without
//! releases accepts nothing: a client says so instead of trusting the first program it meets.
//!
//! Not here: applying it; that is `verify.rs` and the families' folders.

use crate::dcap::TcbStatus;
use crate::evidence::Tee;
use crate::release::{NitroRelease, Release, SgxRelease, SnpRelease, TdxRelease};
use core::fmt;
use serde::{Deserialize, Deserializer, de::Error};

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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the vendor's own words")]
pub struct SnpMinTcb {
    pub milan: Option<SnpTcb>,
    pub genoa: Option<SnpTcb>,
    pub turin: Option<SnpTcb>,
}

/// The security versions of an SEV-SNP platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
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
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
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
    /// Reads a policy shipped with a client; absent fields take the strict defaults.
    ///
    /// # Errors
    /// If it is not of the form of section 5.
    pub fn from_json(json: &[u8]) -> Result<Self, PolicyError> {
        PolicyFile::parse(json)?.into_policy(Self::default())
    }

    /// Reads a policy file for `attest-verify` (section 16), where evidence is judged without a live request: an
    /// absent evaluation number is 0 and what is required of the request is off.
    ///
    /// # Errors
    /// If it is not of the form of section 5.
    pub fn from_offline_json(json: &[u8]) -> Result<Self, PolicyError> {
        let base = Self { min_tcb_evaluation_number: 0, require_nonce: false, ..Self::default() };
        PolicyFile::parse(json)?.into_policy(base)
    }

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

/// A policy document as it is written. `releases` is required; everything else may be absent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    releases: Vec<Release>,
    tee: Option<Vec<Tee>>,
    allow_debug: Option<bool>,
    tcb_status: Option<Vec<TcbStatus>>,
    extra_tcb_status: Option<Vec<ExtraTcbStatus>>,
    min_tcb_evaluation_number: Option<u32>,
    max_collateral_age_s: Option<u64>,
    platform: Option<PlatformPolicy>,
    snp_min_tcb: Option<SnpMinTcb>,
    environment: Option<Vec<String>>,
    require_operator_endorsement: Option<bool>,
    require_nonce: Option<bool>,
    require_channel: Option<bool>,
    #[serde(default, deserialize_with = "optional_hash")]
    pinned_config: Option<[u8; 32]>,
    min_epoch: Option<u64>,
}

impl PolicyFile {
    fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        serde_json::from_slice(json).map_err(|_| PolicyError::Form)
    }

    fn into_policy(self, base: Policy) -> Result<Policy, PolicyError> {
        let extra_tcb_status = self.extra_tcb_status.unwrap_or_default();
        if extra_tcb_status.iter().any(|extra| extra.reason.trim().is_empty()) {
            return Err(PolicyError::Reason);
        }
        let snp_min_tcb = self.snp_min_tcb.unwrap_or_default();
        let SnpMinTcb { milan, genoa, turin: _ } = &snp_min_tcb;
        if [milan, genoa].into_iter().flatten().any(|tcb| tcb.fmc.is_some()) {
            return Err(PolicyError::Form); // only Turin has one: it would never be compared
        }
        Ok(Policy {
            tee: self.tee.unwrap_or(base.tee),
            releases: self.releases,
            allow_debug: self.allow_debug.unwrap_or(base.allow_debug),
            tcb_status: self.tcb_status.unwrap_or(base.tcb_status),
            extra_tcb_status,
            min_tcb_evaluation_number: self
                .min_tcb_evaluation_number
                .unwrap_or(base.min_tcb_evaluation_number),
            max_collateral_age_s: self.max_collateral_age_s.unwrap_or(base.max_collateral_age_s),
            platform: self.platform.unwrap_or_default(),
            snp_min_tcb,
            environment: self.environment.unwrap_or(base.environment),
            require_operator_endorsement: self
                .require_operator_endorsement
                .unwrap_or(base.require_operator_endorsement),
            require_nonce: self.require_nonce.unwrap_or(base.require_nonce),
            require_channel: self.require_channel.unwrap_or(base.require_channel),
            pinned_config: self.pinned_config,
            min_epoch: self.min_epoch,
            enforced: base.enforced,
        })
    }
}

/// Why a policy cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyError {
    /// Not JSON of the form of section 5: a field unknown, missing or of another type.
    Form,
    /// A further TCB status without a reason.
    Reason,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Form => "the policy has a field that is unknown, missing or of another type",
            Self::Reason => "an entry of extra_tcb_status has no reason",
        })
    }
}

impl core::error::Error for PolicyError {}

fn optional_hash<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; 32]>, D::Error> {
    let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| D::Error::custom("not a hash"))?;
    Ok(Some(bytes))
}
