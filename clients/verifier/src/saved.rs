//! An answer that was kept, with its signature and the evidence that vouches for the key that signed it: somebody who was
//! not there can judge it later, offline.

use crate::words::Speaker;
use attestation::{Bundle, Class, Expected, Policy, Roots, VerifiedEnclave, verify};
use core::fmt;
use ed25519_dalek::{Signature, VerifyingKey};
use protocol::{
    Route, limits,
    signed::{Signed, SignedAnswer, SignedError, Tag},
};
use serde::{Deserialize, Deserializer, Serialize, de::Error as _};
use serde_json::{Value, value::RawValue};

/// What the file says it is.
const TYPE: &str = "perf-aggregator.saved-answer.v1";

/// An answer and everything that vouches for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Saved {
    #[serde(rename = "type")]
    kind: String,
    /// What the enclave answered, and its signature.
    #[serde(deserialize_with = "by_name")]
    pub answer: SignedAnswer,
    /// The evidence bundle, to the letter.
    bundle: String,
}

/// Why a saved answer is refused. The first two prove nothing; the last is genuine, and not what the policy accepts.
#[derive(Clone, Debug)]
pub enum SavedError {
    /// Not a file that a client saved, or changed since.
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
    pub fn class(&self) -> Class {
        match self {
            Self::Form(_) => Class::Malformed,
            Self::Evidence(failure) | Self::Policy(failure) => failure.class,
        }
    }

    /// The stable name of what it comes to.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Form(_) | Self::Evidence(_) => "NOT_VERIFIED",
            Self::Policy(_) => "AGAINST_POLICY",
        }
    }

    /// What is wrong, in a sentence.
    pub fn title(&self) -> String {
        let begins = match self {
            Self::Form(_) => "it proves nothing",
            Self::Evidence(_) => "its evidence is not genuine",
            Self::Policy(_) => "genuine evidence that the policy does not accept",
        };
        format!("{begins}: {self}")
    }

    /// What to do with the file, where it was judged by this policy.
    pub const fn advice(&self, policy: &Policy, speaker: Speaker) -> &'static str {
        match (self, speaker) {
            (Self::Form(_), _) => {
                "The file was changed, or was never an answer of an enclave. Believe nothing of it."
            }
            (Self::Evidence(_), Speaker::Command) => {
                "Believe nothing of it. If it is of a development enclave: --dangerous-development-root PEM accepts \
                 evidence under that root, which proves nothing about hardware."
            }
            (Self::Evidence(_), Speaker::Library) => {
                "Believe nothing of it. If it is of a development enclave: dangerousDevelopment(root) accepts evidence \
                 under that root, which proves nothing about hardware."
            }
            (Self::Policy(_), _) if policy.releases.is_empty() => {
                "No release of the enclave is published yet, so no program is accepted by default."
            }
            (Self::Policy(_), _) => {
                "It was signed inside such hardware, by a program or on a platform that this policy refuses."
            }
        }
    }
}

impl From<SignedError> for SavedError {
    fn from(error: SignedError) -> Self {
        Self::Form(error.as_str())
    }
}

/// Verifies the signature of an answer, by the key that it names.
///
/// # Errors
/// If it is not over this answer.
pub fn verified(answer: &SignedAnswer) -> Result<Signed, SavedError> {
    let signed = answer.signed()?;
    let key = VerifyingKey::from_bytes(&signed.key).map_err(|_| SavedError::Form("the key is none"))?;
    key.verify_strict(&signed.base, &Signature::from_bytes(&signed.signature))
        .map_err(|_| SavedError::Form("the signature is not over this answer"))?;
    Ok(signed)
}

/// Members by their place instead of their name would be read too, and one file would have two forms.
fn object<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, serde_json::Error> {
    if json.trim_ascii_start().starts_with('{') {
        return serde_json::from_str(json);
    }
    Err(serde_json::Error::custom("not an object"))
}

fn by_name<'de, D: Deserializer<'de>>(from: D) -> Result<SignedAnswer, D::Error> {
    object(<&RawValue>::deserialize(from)?.get()).map_err(D::Error::custom)
}

impl Saved {
    /// An answer and the bundle that vouches for its key.
    pub fn new(answer: SignedAnswer, bundle: String) -> Self {
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
        let saved: Self = core::str::from_utf8(json)
            .ok()
            .and_then(|json| object(json).ok())
            .ok_or(SavedError::Form("not an answer that was saved, or one that was changed"))?;
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
    pub fn judge(&self, policy: &Policy, roots: &Roots) -> Result<Judged, SavedError> {
        self.vouched(Tag::Answer, "signed, but not an answer to a read", policy, roots)
    }

    /// True if it says that it is the receipt of a revocation or an erasure, and no answer to a read.
    pub fn is_receipt(&self) -> bool {
        self.answer.signed().is_ok_and(|signed| signed.tag == Tag::Receipt)
    }

    /// Judges a receipt as [`Self::judge`] does an answer, so that neither passes for the other.
    ///
    /// # Errors
    /// What does not hold.
    pub fn judge_receipt(&self, policy: &Policy, roots: &Roots) -> Result<Judged, SavedError> {
        let route = [self.answer.method.as_str(), &self.answer.path].join(" ");
        if ![Route::Revoke, Route::Erase].iter().any(|ends| ends.as_str() == route) {
            return Err(SavedError::Form("not a receipt of a revocation or an erasure"));
        }
        self.vouched(Tag::Receipt, "signed, but not a receipt", policy, roots)
    }

    fn vouched(
        &self,
        tag: Tag,
        otherwise: &'static str,
        policy: &Policy,
        roots: &Roots,
    ) -> Result<Judged, SavedError> {
        let signed = verified(&self.answer)?;
        if signed.tag != tag || self.answer.status != 200 {
            return Err(SavedError::Form(otherwise));
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
            (policy.allow_debug, policy.max_collateral_age_s);
        let enclave = verify(&bundle, &genuine, roots, &expected, at_s).map_err(evidence)?;
        if *enclave.result_key() != signed.key {
            return Err(SavedError::Form("the evidence vouches for another key than the one that signed"));
        }
        let environment = body.get("environment").and_then(Value::as_str).unwrap_or_default();
        let served = enclave.environment().iter().any(|served| served == environment);
        // A receipt has no figures.
        if tag == Tag::Answer && !served {
            return Err(SavedError::Form("figures of an environment that this enclave does not serve"));
        }
        let enclave = verify(&bundle, &later(policy.clone()), roots, &expected, at_s)
            .map_err(|failure| SavedError::Policy(Box::new(failure)))?;
        Ok(Judged { enclave, signed, body })
    }
}
