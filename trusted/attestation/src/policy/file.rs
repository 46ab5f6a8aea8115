//! A policy as a file: the JSON of ATTESTATION.md section 5, read strictly and written in full.

use super::{Enforced, ExtraTcbStatus, PlatformPolicy, Policy, SnpMinTcb};
use crate::dcap::TcbStatus;
use crate::evidence::{Tee, canonical};
use crate::release::Release;
use core::fmt;
use serde::{Deserialize, Serialize};
use serde_json::error::Category;
use sha2::{Digest, Sha256};

/// A policy document as it is written. `releases` is required; everything else may be absent.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PolicyFile {
    tee: Option<Vec<Tee>>,
    releases: Vec<Release>,
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
    #[serde(default, with = "optional_hash")]
    pinned_config: Option<[u8; 32]>,
    min_epoch: Option<u64>,
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

    /// The policy as a file that says the same, every field of it. None of a policy that a `dangerous_` constructor
    /// made: what those leave out, no file can say.
    pub fn to_json(&self) -> Option<String> {
        serde_json::to_string_pretty(&PolicyFile::of(self)?).ok()
    }

    /// The SHA-256 of the policy's canonical form (RFC 8785). None where [`Policy::to_json`] has none, and where a number
    /// is beyond 2^53, which that form cannot write.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        let document = serde_json::to_value(PolicyFile::of(self)?).ok()?;
        Some(Sha256::digest(canonical(&document)?).into())
    }
}

impl PolicyFile {
    fn parse(json: &[u8]) -> Result<Self, PolicyError> {
        serde_json::from_slice(json).map_err(|error| PolicyError::Form {
            line: error.line(),
            column: error.column(),
            defect: PolicyDefect::of(&error),
        })
    }

    fn of(policy: &Policy) -> Option<Self> {
        let Policy {
            tee,
            releases,
            allow_debug,
            tcb_status,
            extra_tcb_status,
            min_tcb_evaluation_number,
            max_collateral_age_s,
            platform,
            snp_min_tcb,
            environment,
            require_operator_endorsement,
            require_nonce,
            require_channel,
            pinned_config,
            min_epoch,
            enforced: Enforced { identity: true, tcb: true },
        } = policy
        else {
            return None;
        };
        Some(Self {
            tee: Some(tee.clone()),
            releases: releases.clone(),
            allow_debug: Some(*allow_debug),
            tcb_status: Some(tcb_status.clone()),
            extra_tcb_status: Some(extra_tcb_status.clone()),
            min_tcb_evaluation_number: Some(*min_tcb_evaluation_number),
            max_collateral_age_s: Some(*max_collateral_age_s),
            platform: Some(platform.clone()),
            snp_min_tcb: Some(snp_min_tcb.clone()),
            environment: Some(environment.clone()),
            require_operator_endorsement: Some(*require_operator_endorsement),
            require_nonce: Some(*require_nonce),
            require_channel: Some(*require_channel),
            pinned_config: *pinned_config,
            min_epoch: *min_epoch,
        })
    }

    fn into_policy(self, base: Policy) -> Result<Policy, PolicyError> {
        let extra_tcb_status = self.extra_tcb_status.unwrap_or_default();
        if extra_tcb_status.iter().any(|extra| extra.reason.trim().is_empty()) {
            return Err(PolicyError::Reason);
        }
        let snp_min_tcb = self.snp_min_tcb.unwrap_or_default();
        let SnpMinTcb { milan, genoa, turin: _ } = &snp_min_tcb;
        if [milan, genoa].into_iter().flatten().any(|tcb| tcb.fmc.is_some()) {
            return Err(PolicyError::Fmc);
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
    /// Not JSON of the form of section 5. Of a release the place is where it ends.
    Form {
        /// From 1 on; 0 if there is no place.
        line: usize,
        /// From 1 on.
        column: usize,
        /// What is wrong there.
        defect: PolicyDefect,
    },
    /// A further TCB status without a reason.
    Reason,
    /// A product without an FMC whose lowest TCB names one: it would never be compared.
    Fmc,
}

/// What is wrong at a place of a policy file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyDefect {
    /// Not JSON.
    Json,
    /// It ends too early.
    Ends,
    /// A field that no policy has.
    UnknownField,
    /// A field that must be there and is not.
    MissingField,
    /// A field that is there twice.
    FieldTwice,
    /// A release that is of no family.
    Release,
    /// A value of another type, or none that is accepted there.
    Value,
}

impl PolicyDefect {
    /// The reader's own kinds are not told apart but by their words. Nothing is decided by this: it is for people.
    fn of(error: &serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof => return Self::Ends,
            Category::Syntax | Category::Io => return Self::Json,
            Category::Data => {}
        }
        let said = error.to_string();
        let known = [
            ("unknown field", Self::UnknownField),
            ("missing field", Self::MissingField),
            ("duplicate field", Self::FieldTwice),
            ("data did not match", Self::Release),
        ];
        known.into_iter().find(|(start, _)| said.starts_with(start)).map_or(Self::Value, |(_, defect)| defect)
    }

    const fn text(self) -> &'static str {
        match self {
            Self::Json => "this is not JSON",
            Self::Ends => "the text ends too early",
            Self::UnknownField => "a field that no policy has",
            Self::MissingField => "a field is missing that must be there",
            Self::FieldTwice => "a field that is there twice",
            Self::Release => {
                "a release whose fields are those of no family, or one of its values is none: hashes are in hex, a name has 1 to 64 printable characters"
            }
            Self::Value => "a value of another type, or none that is accepted here",
        }
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form { line: 0, column: _, defect } => f.write_str(defect.text()),
            Self::Form { line, column, defect } => {
                write!(f, "line {line}, column {column}: {}", defect.text())
            }
            Self::Reason => f.write_str("an entry of extra_tcb_status has no reason"),
            Self::Fmc => f.write_str("snp_min_tcb: only Turin has an fmc"),
        }
    }
}

impl core::error::Error for PolicyError {}

mod optional_hash {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(hash: &Option<[u8; 32]>, to: S) -> Result<S::Ok, S::Error> {
        hash.map(hex::encode).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<[u8; 32]>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| D::Error::custom("not a hash"))?;
        Ok(Some(bytes))
    }
}
