//! An answer that was kept, with its signature and the evidence that vouches for the key that signed it: somebody who was
//! not there can judge it later, offline.

use crate::{seal, trust::Trust};
use attestation::{Bundle, Expected, Policy, VerifiedEnclave, verify};
use core::fmt;
use ed25519_dalek::{Signature, VerifyingKey};
use protocol::{
    limits,
    signed::{Signed, SignedAnswer, SignedError, Tag},
    wire,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What the file says it is.
const TYPE: &str = "perf-aggregator.saved-answer.v1";

/// An answer and everything that vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    #[serde(rename = "type")]
    kind: String,
    /// What the enclave answered, and its signature.
    pub answer: SignedAnswer,
    /// The evidence bundle, to the letter.
    bundle: String,
}

/// Why a saved answer is refused. The first two prove nothing; the last is genuine, and not what the policy accepts.
#[derive(Clone, Debug)]
pub enum SavedError {
    /// Not a file that `--save` wrote, or changed since.
    Form(&'static str),
    /// The evidence is not genuine.
    Evidence(Box<attestation::Failure>),
    /// Genuine evidence that the policy does not accept.
    Policy(Box<attestation::Failure>),
}

/// A saved answer that holds.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Who signed it.
    pub enclave: VerifiedEnclave,
    /// When, by the enclave's clock, and what for.
    pub signed: Signed,
    /// What it says.
    pub body: Value,
}

impl fmt::Display for SavedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Form(what) => f.write_str(what),
            Self::Evidence(failure) | Self::Policy(failure) => failure.fmt(f),
        }
    }
}

impl std::error::Error for SavedError {}

impl SavedError {
    /// The stable name of what is wrong.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Form(_) => "malformed",
            Self::Evidence(failure) | Self::Policy(failure) => failure.class.as_str(),
        }
    }
}

impl From<SignedError> for SavedError {
    fn from(error: SignedError) -> Self {
        Self::Form(error.as_str())
    }
}

/// A nonce for a signature.
pub(crate) fn nonce() -> String {
    wire::encode(&seal::random::<32>())
}

/// Verifies the signature of an answer, by the key that it names.
pub(crate) fn verified(answer: &SignedAnswer) -> Result<Signed, SavedError> {
    let signed = answer.signed()?;
    let key = VerifyingKey::from_bytes(&signed.key).map_err(|_| SavedError::Form("the key is none"))?;
    key.verify_strict(&signed.base, &Signature::from_bytes(&signed.signature))
        .map_err(|_| SavedError::Form("the signature is not over this answer"))?;
    Ok(signed)
}

impl Saved {
    pub(crate) fn new(answer: SignedAnswer, bundle: String) -> Self {
        Self { kind: TYPE.to_owned(), answer, bundle }
    }

    /// As it is kept.
    pub fn to_json(&self) -> String {
        // Strings and numbers always serialise.
        serde_json::to_string_pretty(self).unwrap_or_default() + "\n"
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it is not one that was saved so.
    pub fn parse(json: &[u8]) -> Result<Self, SavedError> {
        if json.len() > Self::BYTES_MAX {
            return Err(SavedError::Form("the file is larger than any saved answer"));
        }
        let saved: Self = serde_json::from_slice(json)
            .map_err(|_| SavedError::Form("not an answer that perfagg saved, or one that was changed"))?;
        if saved.kind != TYPE {
            return Err(SavedError::Form("saved by another version, or something else"));
        }
        Ok(saved)
    }

    /// No file is longer: an answer and a bundle, as JSON texts in JSON.
    pub const BYTES_MAX: usize = 2 * (limits::ANSWER_BYTES_MAX + attestation::limits::BUNDLE);

    /// Judges it by what it holds itself: the evidence as of the instant at which the answer was signed.
    ///
    /// # Errors
    /// What does not hold.
    pub fn judge(&self, trust: &Trust) -> Result<Judged, SavedError> {
        let signed = verified(&self.answer)?;
        if signed.tag != Tag::Answer || self.answer.status != 200 {
            return Err(SavedError::Form("signed, but not an answer to a read"));
        }
        let body: Value = serde_json::from_str(&self.answer.body)
            .map_err(|_| SavedError::Form("the answer is not in a form that this version knows"))?;
        let at_s = u64::try_from(signed.created_s)
            .map_err(|_| SavedError::Form("signed before there were computers"))?;
        let evidence = |failure| SavedError::Evidence(Box::new(failure));
        let bundle = Bundle::parse(self.bundle.as_bytes()).map_err(evidence)?;
        // Nobody who judges later has a nonce in it, or has seen epochs.
        let expected = Expected::default();
        let later = |mut policy: Policy| {
            (policy.require_nonce, policy.min_epoch) = (false, None);
            policy
        };
        let mut genuine = later(Policy::dangerous_claims_only());
        // What the policy says of form and age, a genuine bundle need not exceed.
        (genuine.allow_debug, genuine.max_collateral_age_s) =
            (trust.policy.allow_debug, trust.policy.max_collateral_age_s);
        let enclave = verify(&bundle, &genuine, &trust.roots, &expected, at_s).map_err(evidence)?;
        if *enclave.result_key() != signed.key {
            return Err(SavedError::Form("the evidence vouches for another key than the one that signed"));
        }
        let environment = body.get("environment").and_then(Value::as_str).unwrap_or_default();
        if !enclave.environment().iter().any(|served| served == environment) {
            return Err(SavedError::Form("figures of an environment that this enclave does not serve"));
        }
        let enclave = verify(&bundle, &later(trust.policy.clone()), &trust.roots, &expected, at_s)
            .map_err(|failure| SavedError::Policy(Box::new(failure)))?;
        Ok(Judged { enclave, signed, body })
    }
}
