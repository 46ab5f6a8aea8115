//! The evidence bundle (ATTESTATION.md section 2): its JSON, its limits, and the documents inside it. Used by both
//! sides: the enclave builds and serialises a bundle, a client parses one.
//!
//! Not here: judging any of it.

use crate::backend::Evidence;
use crate::binding::Binding;
use crate::failure::{Class, Failure, Refusal, Step, ensure, refuse};
use crate::nonce_tree::ChallengeProof;
use base64::prelude::{BASE64_STANDARD, Engine as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// Bounds that are enforced before anything is parsed (ATTESTATION.md section 2).
pub mod limits {
    /// Bytes of a bundle.
    pub const BUNDLE: usize = 512 * 1024;
    /// Bytes of a quote, report or document.
    pub const EVIDENCE: usize = 32 * 1024;
    /// Bytes of a binding.
    pub const BINDING: usize = 2 * 1024;
    /// Bytes of all collateral together.
    pub const COLLATERAL: usize = 256 * 1024;
    /// Certificates in one chain.
    pub const CHAIN: usize = 5;
    /// Hashes in the path of a nonce.
    pub const PATH: usize = 10;
    /// Nonces answered by one evidence.
    pub const NONCES: u64 = 1024;
    /// Seconds a nonce stays fresh by the client's clock.
    pub const NONCE_AGE_S: u64 = 60;
}

const TYPE: &str = "perf-aggregator.attestation.v1";

/// Kinds of evidence. Closed: a new kind does not compile until every match has decided about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tee {
    /// Intel SGX, DCAP quote v3.
    SgxDcap,
    /// Intel TDX.
    Tdx,
    /// AMD SEV-SNP.
    SevSnp,
    /// AWS Nitro enclaves.
    Nitro,
    /// The form of `SgxDcap` under a development root: proves nothing about hardware.
    DevSgx,
    /// The form of `Tdx` under a development root.
    DevTdx,
}

impl Tee {
    /// Its name in bundles and bindings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::SgxDcap => "sgx-dcap",
            Self::Tdx => "tdx",
            Self::SevSnp => "sev-snp",
            Self::Nitro => "nitro",
            Self::DevSgx => "dev-sgx",
            Self::DevTdx => "dev-tdx",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::SgxDcap, Self::Tdx, Self::SevSnp, Self::Nitro, Self::DevSgx, Self::DevTdx]
            .into_iter()
            .find(|tee| tee.name() == name)
    }

    /// True for evidence that proves nothing about hardware.
    pub const fn is_development(self) -> bool {
        matches!(self, Self::DevSgx | Self::DevTdx)
    }
}

/// What is needed to judge evidence offline. Nitro documents carry their own chain and need none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Collateral {
    /// Intel's, for SGX and TDX.
    Dcap(DcapCollateral),
    /// AMD's, for SEV-SNP.
    Snp(SnpCollateral),
}

/// DCAP collateral, in the shape of QuoteCollateralV3. `tcb_info` and `qe_identity` are the exact signed texts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields carry the names of the vendor's documents")]
pub struct DcapCollateral {
    pub pck_crl_issuer_chain: String,
    #[serde(with = "hex_bytes")]
    pub root_ca_crl: Vec<u8>,
    #[serde(with = "hex_bytes")]
    pub pck_crl: Vec<u8>,
    pub tcb_info_issuer_chain: String,
    pub tcb_info: String,
    #[serde(with = "hex_bytes")]
    pub tcb_info_signature: Vec<u8>,
    pub qe_identity_issuer_chain: String,
    pub qe_identity: String,
    #[serde(with = "hex_bytes")]
    pub qe_identity_signature: Vec<u8>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pck_certificate_chain: Option<String>,
}

impl Collateral {
    /// Parses a collateral document by itself.
    ///
    /// # Errors
    /// `malformed` if it is too large or not of exactly this shape.
    pub fn parse(json: &[u8]) -> Result<Self, Failure> {
        let parsed =
            ensure(json.len() <= limits::COLLATERAL, Class::Malformed, "the collateral is too large")
                .and_then(|()| {
                    serde_json::from_slice(json)
                        .or_else(|_| refuse(Class::Malformed, "the collateral is not of its form"))
                });
        parsed.map_err(|refusal| at_parse(refusal, Step::Collateral))
    }

    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Dcap(collateral) => collateral.len(),
            Self::Snp(SnpCollateral { vek, ask, ark, crl }) => {
                vek.len() + ask.len() + ark.len() + crl.as_ref().map_or(0, Vec::len)
            }
        }
    }
}

impl From<DcapCollateral> for Collateral {
    fn from(collateral: DcapCollateral) -> Self {
        Self::Dcap(collateral)
    }
}

impl DcapCollateral {
    pub(crate) fn len(&self) -> usize {
        let Self { pck_crl_issuer_chain, root_ca_crl, pck_crl, tcb_info_issuer_chain, tcb_info, .. } = self;
        let Self { tcb_info_signature, qe_identity_issuer_chain, qe_identity, qe_identity_signature, .. } =
            self;
        let texts =
            [pck_crl_issuer_chain, tcb_info_issuer_chain, tcb_info, qe_identity_issuer_chain, qe_identity];
        let bytes = [root_ca_crl, pck_crl, tcb_info_signature, qe_identity_signature];
        texts.iter().map(|text| text.len()).sum::<usize>()
            + bytes.iter().map(|bytes| 2 * bytes.len()).sum::<usize>()
            + self.pck_certificate_chain.as_ref().map_or(0, String::len)
    }
}

/// AMD's certificates, DER: of the key that signed the report, its issuer (ASK or ASVK) and the root (ARK), and the
/// root's revocation list if there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "the fields carry the names of the vendor's certificates")]
pub struct SnpCollateral {
    #[serde(with = "base64_bytes")]
    pub vek: Vec<u8>,
    #[serde(with = "base64_bytes")]
    pub ask: Vec<u8>,
    #[serde(with = "base64_bytes")]
    pub ark: Vec<u8>,
    #[serde(with = "optional_base64_bytes", default, skip_serializing_if = "Option::is_none")]
    pub crl: Option<Vec<u8>>,
}

impl SnpCollateral {
    /// From the files that vendors and tools keep: the key's certificate in DER, and its issuer and the root, in this
    /// order, in PEM.
    ///
    /// # Errors
    /// `malformed` if they are too large, or the chain is not two certificates.
    pub fn from_files(vek: &[u8], chain: &[u8]) -> Result<Self, Failure> {
        let fits = ensure(
            vek.len() + chain.len() <= limits::COLLATERAL,
            Class::Malformed,
            "the collateral is too large",
        );
        let collateral = fits.and_then(|()| match pem_bodies(chain).as_deref() {
            Some([ask, ark]) => Ok(Self { vek: vek.to_vec(), ask: ask.clone(), ark: ark.clone(), crl: None }),
            _ => refuse(Class::Malformed, "the chain is not two PEM certificates"),
        });
        collateral.map_err(|refusal| at_parse(refusal, Step::Collateral))
    }
}

/// What stands between the lines of PEM certificates; between them only white space.
fn pem_bodies(pem: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut rest = core::str::from_utf8(pem).ok()?.trim();
    let mut bodies = Vec::new();
    while !rest.is_empty() {
        let inside = rest.strip_prefix("-----BEGIN CERTIFICATE-----")?;
        let (body, after) = inside.split_once("-----END CERTIFICATE-----")?;
        let base64: String = body.split_ascii_whitespace().collect();
        bodies.push(BASE64_STANDARD.decode(base64).ok()?);
        rest = after.trim_start();
    }
    Some(bodies)
}

/// The enclave's time when it answered, and the venues' times it was checked against, all Unix seconds. Not attested.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnclaveTime {
    /// The enclave's own time.
    pub enclave: u64,
    /// A venue's time, by the venue's name.
    #[serde(default)]
    pub venues: BTreeMap<String, u64>,
}

/// One evidence bundle, parsed and not yet judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Bundle {
    pub(crate) tee: Tee,
    pub(crate) binding: Vec<u8>,
    pub(crate) challenge_proof: Option<ChallengeProof>,
    pub(crate) evidence: Vec<u8>,
    pub(crate) config: String,
    pub(crate) time: EnclaveTime,
    pub(crate) collateral: Option<Collateral>,
    pub(crate) sha256: [u8; 32],
}

/// The bundle as it is sent. The last two members have their place and are not read yet (section 17).
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    #[serde(rename = "type")]
    kind: String,
    tee: Tee,
    binding: String,
    #[serde(default)]
    challenge_proof: Option<ChallengeProof>,
    evidence: String,
    config: String,
    time: EnclaveTime,
    #[serde(default)]
    collateral: Option<Collateral>,
    #[serde(default)]
    operator_endorsement: Option<Value>,
    #[serde(default)]
    release: Option<Value>,
}

impl Bundle {
    /// Parses the JSON of section 2 (step 1).
    ///
    /// # Errors
    /// `malformed` for anything too large, unknown, missing or of another form.
    pub fn parse(json: &[u8]) -> Result<Self, Failure> {
        Self::parse_wire(json).map_err(|refusal| at_parse(refusal, Step::Parse))
    }

    fn parse_wire(json: &[u8]) -> Result<Self, Refusal> {
        ensure(json.len() <= limits::BUNDLE, Class::Malformed, "the bundle is too large")?;
        let Ok(wire) = serde_json::from_slice::<Wire>(json) else {
            return refuse(Class::Malformed, "the bundle is not of the form of its version");
        };
        ensure(wire.kind == TYPE, Class::Malformed, "the bundle's type is not the one of version 1")?;
        let collateral_bytes = wire.collateral.as_ref().map_or(0, Collateral::len);
        ensure(collateral_bytes <= limits::COLLATERAL, Class::Malformed, "the collateral is too large")?;
        let proof_fits = wire.challenge_proof.as_ref().is_none_or(ChallengeProof::is_bounded);
        ensure(proof_fits, Class::Malformed, "the nonce's path is longer than any tree allows")?;
        Ok(Self {
            tee: wire.tee,
            binding: decode(&wire.binding, limits::BINDING)?,
            challenge_proof: wire.challenge_proof,
            evidence: decode(&wire.evidence, limits::EVIDENCE)?,
            config: wire.config,
            time: wire.time,
            collateral: wire.collateral,
            sha256: Sha256::digest(json).into(),
        })
    }

    /// The JSON that a client parses, for the enclave's answer. `evidence` must be over `binding.report_data()`, and
    /// `proof` lead from the client's nonce to `binding.challenge`.
    pub fn encode(
        binding: &Binding,
        proof: Option<ChallengeProof>,
        evidence: Evidence,
        config: &Config,
        time: EnclaveTime,
    ) -> String {
        let wire = Wire {
            kind: TYPE.to_owned(),
            tee: binding.tee,
            binding: BASE64_STANDARD.encode(binding.encode()),
            challenge_proof: proof,
            evidence: BASE64_STANDARD.encode(&evidence.evidence),
            config: config.text().to_owned(),
            time,
            collateral: evidence.collateral,
            operator_endorsement: None,
            release: None,
        };
        serde_json::to_string(&wire).expect("strings, numbers and string-keyed maps always serialise")
    }

    /// The kind of evidence it claims to be.
    pub fn tee(&self) -> Tee {
        self.tee
    }

    /// The time the enclave gave: development evidence is judged at it, hardware evidence by the client's own clock.
    pub fn time(&self) -> &EnclaveTime {
        &self.time
    }
}

fn decode(base64: &str, limit: usize) -> Result<Vec<u8>, Refusal> {
    match BASE64_STANDARD.decode(base64) {
        Ok(bytes) if bytes.len() <= limit => Ok(bytes),
        Ok(_) => refuse(Class::Malformed, "a field of the bundle is too large"),
        Err(_) => refuse(Class::Malformed, "a field of the bundle is not base64"),
    }
}

fn at_parse(refusal: Refusal, step: Step) -> Failure {
    Failure { class: refusal.class, step, text: refusal.text, passed: Vec::new(), behind: None }
}

/// The public configuration document, read from its canonical text.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    text: String,
    document: Value,
    environment: Vec<String>,
    sha256: [u8; 32],
}

impl Config {
    /// Reads the text; nothing unless it is a JSON object in canonical form (RFC 8785) with an `environment` list.
    /// Numbers are integers: no other kind has one obvious spelling.
    pub fn parse(text: &str) -> Option<Self> {
        let document: Value = serde_json::from_slice(text.as_bytes()).ok()?;
        if canonical(&document)? != text {
            return None;
        }
        let names = document.as_object()?.get("environment")?.as_array()?;
        let environment: Vec<_> =
            names.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>()?;
        let sha256 = Sha256::digest(text).into();
        (!environment.is_empty()).then_some(Self { text: text.to_owned(), document, environment, sha256 })
    }

    /// Puts a document into canonical form, for the enclave that publishes it.
    pub fn from_document(document: &Value) -> Option<Self> {
        Self::parse(&canonical(document)?)
    }

    /// The canonical text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The environments this enclave serves.
    pub fn environment(&self) -> &[String] {
        &self.environment
    }

    /// The whole document.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// Field 6 of the binding.
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }
}

/// RFC 8785. Members are sorted by their UTF-16 units (section 3.2.3); strings are escaped as serde_json does, which
/// is what section 3.2.2.2 asks for.
pub(crate) fn canonical(value: &Value) -> Option<String> {
    const SAFE_INTEGER: i64 = (1 << 53) - 1;
    Some(match value {
        Value::Null | Value::Bool(_) | Value::String(_) => value.to_string(),
        Value::Number(number) => {
            let number = number.as_i64().filter(|number| (-SAFE_INTEGER..=SAFE_INTEGER).contains(number))?;
            number.to_string()
        }
        Value::Array(items) => {
            let items = items.iter().map(canonical).collect::<Option<Vec<_>>>()?;
            format!("[{}]", items.join(","))
        }
        Value::Object(members) => {
            let mut in_order = BTreeMap::new();
            for (name, value) in members {
                let member = format!("{}:{}", Value::from(name.as_str()), canonical(value)?);
                in_order.insert(name.encode_utf16().collect::<Vec<_>>(), member);
            }
            let members: Vec<_> = in_order.into_values().collect();
            format!("{{{}}}", members.join(","))
        }
    })
}

mod hex_bytes {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        hex::decode(String::deserialize(from)?).map_err(|_| D::Error::custom("not hex"))
    }
}

mod base64_bytes {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&BASE64_STANDARD.encode(bytes))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        BASE64_STANDARD.decode(String::deserialize(from)?).map_err(|_| D::Error::custom("not base64"))
    }
}

mod optional_base64_bytes {
    use base64::prelude::{BASE64_STANDARD, Engine as _};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(super) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, to: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(|bytes| BASE64_STANDARD.encode(bytes)).serialize(to)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Vec<u8>>, D::Error> {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| BASE64_STANDARD.decode(text).map_err(|_| D::Error::custom("not base64"))).transpose()
    }
}
