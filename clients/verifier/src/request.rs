//! What is asked, read strictly: every member is there, and no other one.

use crate::{REQUEST_BYTES_MAX, SAVED_REQUEST_BYTES_MAX};
use attestation::{Collateral, Connection, Expected, Failure, Nonce, Policy, Roots, SnpCollateral, Tee};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// To judge a bundle, as a client does before it seals.
pub(crate) struct Verify {
    pub(crate) bundle: String,
    pub(crate) policy: Policy,
    pub(crate) roots: Roots,
    pub(crate) expected: Expected,
    pub(crate) now: u64,
}

/// To judge evidence by itself, as `perfagg verify-evidence` does.
pub(crate) struct Evidence {
    pub(crate) tee: Tee,
    pub(crate) evidence: Vec<u8>,
    pub(crate) collateral: Option<Result<Collateral, Failure>>,
    /// A policy or a root that is none cannot judge, and the command says so in the form of a verdict.
    pub(crate) judged_by: Result<(Policy, Roots), String>,
    pub(crate) report_data: Option<[u8; 64]>,
    pub(crate) now: u64,
}

/// To judge an answer that was kept, as `perfagg verify` does.
pub(crate) struct Kept {
    pub(crate) saved: String,
    /// It is to be the receipt of a revocation or an erasure, and no answer to a read.
    pub(crate) receipt: bool,
    pub(crate) policy: Policy,
    pub(crate) roots: Roots,
}

/// Which call; the other members are read once it is known which they are.
#[derive(Deserialize)]
struct Head {
    call: Call,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Call {
    Verify,
    VerifyEvidence,
    VerifySaved,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VerifyForm<'a> {
    #[serde(rename = "call")]
    _call: Call,
    #[serde(borrow)]
    bundle: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "stated")]
    policy: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "stated")]
    development_root: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "stated")]
    nonce: Option<Cow<'a, str>>,
    asked_at: u64,
    now: u64,
    direct: bool,
    #[serde(deserialize_with = "stated")]
    connection: Option<ConnectionForm>,
}

/// `"plain"`, or what TLS showed.
#[derive(Deserialize)]
#[serde(untagged)]
enum ConnectionForm {
    Plain(Plain),
    Tls(Tls),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Plain {
    Plain,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tls {
    tls_spki: String,
    certified: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EvidenceForm<'a> {
    #[serde(rename = "call")]
    _call: Call,
    tee: Tee,
    #[serde(borrow)]
    evidence: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "stated")]
    collateral: Option<Cow<'a, str>>,
    // Of SEV-SNP only.
    #[serde(borrow, default)]
    vek: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    chain: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "stated")]
    development_root: Option<Cow<'a, str>>,
    #[serde(borrow, deserialize_with = "stated")]
    policy: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "stated")]
    report_data: Option<Cow<'a, str>>,
    now: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptForm<'a> {
    #[serde(rename = "call")]
    _call: Call,
    #[serde(borrow)]
    saved: Cow<'a, str>,
    // Only those who mean a receipt say so: neither passes for the other.
    #[serde(default)]
    receipt: bool,
    #[serde(borrow, deserialize_with = "stated")]
    policy: Option<&'a RawValue>,
    #[serde(borrow, deserialize_with = "stated")]
    development_root: Option<Cow<'a, str>>,
}

/// `null` has to be written: what a caller forgot to say is not the same as nothing.
fn stated<'de, D: Deserializer<'de>, T: Deserialize<'de>>(from: D) -> Result<Option<T>, D::Error> {
    Option::deserialize(from)
}

/// Which call, and the text it stands in. The error is for people.
pub(crate) fn call(request: &[u8]) -> Result<(Call, &str), String> {
    let too_large = || Err("the request is too large".to_owned());
    if request.len() > SAVED_REQUEST_BYTES_MAX {
        return too_large();
    }
    let Ok(json) = core::str::from_utf8(request) else {
        return Err("the request is not UTF-8".to_owned());
    };
    // Members by their place instead of their name would be read too.
    let head = json.trim_ascii_start().starts_with('{').then(|| form(json).ok()).flatten();
    let Some(Head { call }) = head else {
        return Err("the request names no call that is known".to_owned());
    };
    if call != Call::VerifySaved && request.len() > REQUEST_BYTES_MAX {
        return too_large();
    }
    Ok((call, json))
}

impl Verify {
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        form::<VerifyForm<'_>>(json)?.read()
    }
}

impl Evidence {
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        form::<EvidenceForm<'_>>(json)?.read()
    }
}

impl Kept {
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        form::<KeptForm<'_>>(json)?.read()
    }
}

/// The place of what is wrong is told, and not what stands there.
fn form<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, String> {
    serde_json::from_slice(json.as_bytes()).map_err(|error| {
        format!("the request is not of its call's form, at line {} column {}", error.line(), error.column())
    })
}

impl VerifyForm<'_> {
    fn read(self) -> Result<Verify, String> {
        let (policy, roots) = trust(self.policy, self.development_root.as_deref())?;
        let expected = Expected {
            nonce: self.nonce.as_deref().map(nonce).transpose()?,
            asked_at: self.asked_at,
            connection: self.connection.map_or(Ok(Connection::None), ConnectionForm::read)?,
            direct: self.direct,
            channel: None,
        };
        Ok(Verify { bundle: self.bundle.into_owned(), policy, roots, expected, now: self.now })
    }
}

impl ConnectionForm {
    fn read(self) -> Result<Connection, String> {
        Ok(match self {
            Self::Plain(Plain::Plain) => Connection::Plain,
            Self::Tls(Tls { tls_spki, certified }) => {
                Connection::Tls { spki: hash(&tls_spki, "connection.tls_spki")?, certified }
            }
        })
    }
}

impl EvidenceForm<'_> {
    fn read(self) -> Result<Evidence, String> {
        let decode = |text: &str, name: &str| {
            BASE64_STANDARD.decode(text).map_err(|_| format!("{name} is not base64"))
        };
        let collateral = match (&self.collateral, &self.vek, &self.chain) {
            (Some(json), _, _) => Some(Collateral::parse(json.as_bytes())),
            (None, Some(vek), Some(chain)) => {
                let vek = decode(vek, "vek")?;
                Some(SnpCollateral::from_files(&vek, chain.as_bytes()).map(Collateral::Snp))
            }
            _ => None,
        };
        let policy = match self.policy {
            Some(policy) => {
                Policy::from_offline_json(policy.get().as_bytes()).map_err(|error| format!("policy: {error}"))
            }
            None => Ok(Policy::dangerous_claims_only()),
        };
        Ok(Evidence {
            tee: self.tee,
            evidence: decode(&self.evidence, "evidence")?,
            collateral,
            judged_by: roots(self.development_root.as_deref()).and_then(|roots| Ok((policy?, roots))),
            report_data: self.report_data.map(|text| hash(&text, "report_data")).transpose()?,
            now: self.now,
        })
    }
}

impl KeptForm<'_> {
    fn read(self) -> Result<Kept, String> {
        let (policy, roots) = trust(self.policy, self.development_root.as_deref())?;
        Ok(Kept { saved: self.saved.into_owned(), receipt: self.receipt, policy, roots })
    }
}

/// What its caller believes: without a policy the one that was released, or development evidence where a root was named.
fn trust(policy: Option<&RawValue>, development: Option<&str>) -> Result<(Policy, Roots), String> {
    let roots = roots(development)?;
    let policy = match policy {
        Some(policy) => {
            Policy::from_json(policy.get().as_bytes()).map_err(|error| format!("policy: {error}"))?
        }
        None if development.is_some() => Policy::dangerous_development(),
        None => Policy::default(),
    };
    Ok((policy, roots))
}

fn roots(development: Option<&str>) -> Result<Roots, String> {
    let roots = development.map(|root| Roots::dangerous_development(root.as_bytes())).transpose();
    Ok(roots.map_err(|error| format!("development_root: {error}"))?.unwrap_or_default())
}

fn nonce(text: &str) -> Result<Nonce, String> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| "nonce is not 32 bytes in base64url without padding".to_owned())
}

fn hash<const N: usize>(text: &str, name: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes).map_err(|_| format!("{name} is not {N} bytes in hex"))?;
    Ok(bytes)
}
