//! What the verifier is asked in tests: bundles of a development world, and evidence that lies in files.
#![allow(dead_code, reason = "each test binary uses a part")]

use attestation::development::{DevelopmentBackend, Knobs};
use attestation::{
    Backend as _, Binding, Bundle, ChallengeProof, Config, EnclaveTime, SnpCollateral, Tee, Validity,
};
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD, Engine as _};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// 2026-11-24T12:00:00Z
pub(crate) const NOW: u64 = 1_795_521_600;
const NONCE: [u8; 32] = [7; 32];
/// SHA-256 of the TLS key that the world's binding names.
pub(crate) const SPKI: [u8; 32] = [9; 32];
const CONFIG: &str = r#"{"environment":["development"],"lease_max":7776000,"limits":{},"release_set":null,"session_ttl":{"default":86400,"max":604800},"venues":["binance"],"version":"0.1.0"}"#;

/// A development enclave and its bundle.
pub(crate) struct World {
    pub(crate) backend: DevelopmentBackend,
    pub(crate) bundle: String,
}

impl World {
    pub(crate) fn with(knobs: Knobs) -> Self {
        let backend = DevelopmentBackend::with_knobs([1; 32], [2; 32], knobs).unwrap();
        let config = Config::parse(CONFIG).unwrap();
        let mut binding = Binding {
            tee: backend.tee(),
            epoch: 42,
            hpke: [3; 32],
            result_key: [4; 32],
            tls_spki: Some(SPKI),
            config: config.sha256(),
            log: None,
            validity: Validity { not_before: NOW - 60, not_after: NOW + 86_400 },
            challenge: None,
            channel: None,
        };
        binding.answer(&NONCE);
        let evidence = backend.evidence(binding.report_data(), NOW).unwrap();
        let time = EnclaveTime { enclave: NOW, ..EnclaveTime::default() };
        let bundle = Bundle::encode(&binding, Some(ChallengeProof::lone()), evidence, &config, time);
        Self { backend, bundle }
    }

    pub(crate) fn usual() -> Self {
        Self::with(Knobs::default())
    }

    /// The same bundle, said to be of another kind.
    pub(crate) fn bundle_of(&self, tee: &str) -> String {
        let mut bundle: Value = serde_json::from_str(&self.bundle).unwrap();
        let binding = BASE64_STANDARD.decode(bundle["binding"].as_str().unwrap()).unwrap();
        let mut binding = Binding::parse(&binding).unwrap();
        binding.tee = Tee::from_name(tee).unwrap();
        bundle["binding"] = BASE64_STANDARD.encode(binding.encode()).into();
        bundle["tee"] = tee.into();
        bundle.to_string()
    }

    /// A bundle of ours around evidence of others, which vouches for something else.
    pub(crate) fn bundle_around(&self, sample: &Sample) -> String {
        let asked = &sample.request;
        let mut bundle: Value =
            serde_json::from_str(&self.bundle_of(asked["tee"].as_str().unwrap())).unwrap();
        bundle["evidence"] = asked["evidence"].clone();
        bundle["collateral"] = match (asked["collateral"].as_str(), asked["vek"].as_str()) {
            (Some(json), _) => serde_json::from_str(json).unwrap(),
            (None, Some(vek)) => {
                let vek = BASE64_STANDARD.decode(vek).unwrap();
                let chain = asked["chain"].as_str().unwrap();
                serde_json::to_value(SnpCollateral::from_files(&vek, chain.as_bytes()).unwrap()).unwrap()
            }
            (None, None) => Value::Null,
        };
        bundle.to_string()
    }

    /// To verify its bundle as a client of the development root does.
    pub(crate) fn request(&self) -> Value {
        json!({
            "call": "verify", "bundle": self.bundle, "policy": null,
            "development_root": self.backend.root_pem(), "nonce": BASE64_URL_SAFE_NO_PAD.encode(NONCE),
            "asked_at": NOW - 1, "now": NOW, "direct": false, "connection": null,
        })
    }

    /// The policy of a client that knows which program must run.
    pub(crate) fn pinned(&self) -> Value {
        let usual = Knobs::default();
        json!({
            "tee": ["dev-sgx"], "environment": ["development"], "min_tcb_evaluation_number": 0,
            "releases": [{
                "name": "2026.11", "mr_enclave": hex::encode(self.backend.mr_enclave()),
                "mr_signer": hex::encode(usual.mr_signer), "isv_prod_id": usual.isv_prod_id,
                "min_isv_svn": usual.isv_svn,
            }],
        })
    }
}

/// A request with some members of another value.
pub(crate) fn with(mut request: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        request[name] = value.clone();
    }
    request
}

/// Evidence that lies in a folder, and what its page says of it.
pub(crate) struct Sample {
    pub(crate) name: String,
    pub(crate) request: Value,
    pub(crate) expected: Value,
}

impl Sample {
    /// Asked as claims, at its time. With a root beside it, it is development evidence under that root.
    fn read(folder: &Path) -> Self {
        let bytes = |name| std::fs::read(folder.join(name)).ok();
        let text = |name| std::fs::read_to_string(folder.join(name)).ok();
        let expected: Value = serde_json::from_str(&text("expected.json").unwrap()).unwrap();
        let root = bytes("root.der").map(|der| {
            let body = BASE64_STANDARD.encode(der);
            format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
        });
        let evidence = ["quote.bin", "report.bin", "document.cbor"].into_iter().find_map(bytes).unwrap();
        let is_tdx = evidence[4] == 0x81; // the TEE type in the header of a quote
        let tee = match (&root, bytes("vek.der"), bytes("collateral.json")) {
            (Some(_), ..) => {
                if is_tdx {
                    "dev-tdx"
                } else {
                    "dev-sgx"
                }
            }
            (None, Some(_), _) => "sev-snp",
            (None, None, Some(_)) => {
                if is_tdx {
                    "tdx"
                } else {
                    "sgx-dcap"
                }
            }
            (None, None, None) => "nitro",
        };
        let request = json!({
            "call": "verify_evidence", "tee": tee, "evidence": BASE64_STANDARD.encode(evidence),
            "collateral": text("collateral.json"), "vek": bytes("vek.der").map(|der| BASE64_STANDARD.encode(der)),
            "chain": text("chain.pem"), "development_root": root, "policy": null, "report_data": null,
            "now": expected["verification_time"],
        });
        let name = folder.file_name().unwrap().to_string_lossy().into_owned();
        Self { name, request, expected }
    }

    pub(crate) fn is_synthetic(&self) -> bool {
        self.expected["expect"].is_object()
    }

    /// Whether it is accepted as claims. Where a debug guest is what is wrong, its vendor vouches for it all the same.
    pub(crate) fn is_genuine(&self) -> bool {
        if self.is_synthetic() {
            return self.expected["expect"]["accept"] == true || self.expected["expect"]["scope"] == "policy";
        }
        let expected = self.expected["expected"]["accept_crypto"].as_bool();
        expected.unwrap_or(true)
    }

    /// The policy of a synthetic case, in our document, and its report data.
    pub(crate) fn by_its_policy(&self) -> Value {
        let of = &self.expected["policy"];
        let list = |name: &str| of[name].as_array().cloned().unwrap_or_default();
        let mut releases = Vec::new();
        for mr_enclave in list("mr_enclave") {
            releases.extend(list("mr_signer").into_iter().map(|mr_signer| {
                json!({
                    "mr_enclave": mr_enclave, "mr_signer": mr_signer, "isv_prod_id": of["isv_prod_id"],
                    "min_isv_svn": of["min_isv_svn"], "accepted_advisories": list("advisories"),
                })
            }));
        }
        releases.extend(
            list("mr_td")
                .into_iter()
                .map(|mr_td| json!({ "mr_td": mr_td, "accepted_advisories": list("advisories") })),
        );
        let policy = json!({
            "tee": [self.request["tee"]], "releases": releases, "allow_debug": of["allow_debug"],
            "tcb_status": of["tcb_status"], "min_tcb_evaluation_number": of["min_tcb_eval"],
            "platform": {
                "allow_smt": of["allow_smt"], "allow_dynamic_platform": of["allow_dynamic_platform"],
                "allow_cached_keys": of["allow_cached_keys"],
            },
        });
        with(self.request.clone(), json!({ "policy": policy, "report_data": self.expected["report_data"] }))
    }
}

/// Every sample in a folder of folders, by name.
fn samples(of: &Path) -> Vec<Sample> {
    let entries = std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "{}", of.display());
    folders.iter().map(|folder| Sample::read(folder)).collect()
}

/// This repository's own evidence.
pub(crate) fn own() -> Vec<Sample> {
    samples(&PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../vectors")).join("evidence"))
}

/// The shared evidence, real and synthetic; none and a line that says so where there is none.
pub(crate) fn shared() -> Vec<Sample> {
    let Some(vectors) = variable("PERFAGG_VECTORS", "no real evidence is read") else { return Vec::new() };
    ["sgx", "tdx", "snp", "nitro", "synthetic"]
        .iter()
        .flat_map(|family| samples(&Path::new(&vectors).join("attestation").join(family)))
        .collect()
}

/// What the test command hands over.
pub(crate) fn variable(name: &str, without: &str) -> Option<String> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands things over")]
    let value = std::env::var(name).ok();
    if value.is_none() {
        println!("skipped: {name} is not set, {without}");
    }
    value
}
