//! Evidence by others: the synthetic cases of `vectors/evidence`, and real SGX evidence read in place. Each is
//! judged at its own time; a verdict without its time is meaningless.
#![cfg(test)]

mod vectors;

use attestation::{Class, Collateral, Failure, Policy, Roots, Tee, VerifiedEvidence, verify_evidence};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

struct Case {
    name: String,
    tee: Tee,
    quote: Vec<u8>,
    collateral: Vec<u8>,
    roots: Roots,
    now: u64,
    expected: Value,
}

impl Case {
    /// With a root beside it the evidence is judged as development evidence under that root.
    fn read(folder: &Path) -> Self {
        let file = |name| std::fs::read(folder.join(name));
        let expected: Value = serde_json::from_slice(&file("expected.json").unwrap()).unwrap();
        let root = file("root.der").ok();
        let is_tdx = expected["tee"] == "tdx";
        let tee = match (&root, is_tdx) {
            (Some(_), false) => Tee::DevSgx,
            (Some(_), true) => Tee::DevTdx,
            (None, false) => Tee::SgxDcap,
            (None, true) => Tee::Tdx,
        };
        let roots = root.map_or_else(Roots::default, |root| Roots::dangerous_development(&root).unwrap());
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            tee,
            quote: file("quote.bin").unwrap(),
            collateral: file("collateral.json").unwrap(),
            roots,
            now: expected["verification_time"].as_u64().unwrap(),
            expected,
        }
    }

    fn judge(&self, policy: &Policy, wanted: Option<&[u8; 64]>) -> Result<VerifiedEvidence, Failure> {
        let collateral = Collateral::parse(&self.collateral)?;
        verify_evidence(self.tee, &self.quote, Some(&collateral), policy, &self.roots, wanted, self.now)
    }
}

fn folders(of: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(of).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty(), "{}", of.display());
    folders
}

fn hash<const N: usize>(value: &Value) -> [u8; N] {
    hex::decode(value.as_str().unwrap()).unwrap().try_into().unwrap()
}

/// The policy of a synthetic case, in our document: a release for each pair of measurement and signer.
fn policy(of: &Value) -> Policy {
    let list = |name: &str| of[name].as_array().cloned().unwrap_or_default();
    let mut releases = Vec::new();
    for mr_enclave in list("mr_enclave") {
        for mr_signer in list("mr_signer") {
            releases.push(json!({
                "mr_enclave": mr_enclave, "mr_signer": mr_signer, "isv_prod_id": of["isv_prod_id"],
                "min_isv_svn": of["min_isv_svn"], "accepted_advisories": list("advisories"),
            }));
        }
    }
    let document = json!({
        "tee": ["dev-sgx"], "releases": releases, "allow_debug": of["allow_debug"], "tcb_status": of["tcb_status"],
        "min_tcb_evaluation_number": of["min_tcb_eval"],
        "platform": {
            "allow_smt": of["allow_smt"], "allow_dynamic_platform": of["allow_dynamic_platform"],
            "allow_cached_keys": of["allow_cached_keys"],
        },
    });
    Policy::from_offline_json(document.to_string().as_bytes()).unwrap()
}

/// Judged by the case's policy; what is wrong in itself is refused without a policy too.
fn check_synthetic(folder: &Path) {
    let case = Case::read(folder);
    let (name, expect) = (&case.name, &case.expected["expect"]);
    let report_data = hash(&case.expected["report_data"]);
    let verdict = case.judge(&policy(&case.expected["policy"]), Some(&report_data));
    let claims = case.judge(&Policy::dangerous_claims_only(), None);
    if matches!(case.tee, Tee::DevTdx) {
        assert_eq!(verdict.unwrap_err().class, Class::Unsupported, "{name}: TDX is not judged yet");
    } else if expect["accept"] == true {
        let verified = verdict.unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert!(verified.measurement_checked(), "{name}");
    } else {
        let failure = verdict.expect_err(name);
        assert_eq!(failure.class.as_str(), expect["error"], "{name}: {failure}");
        assert_eq!(failure.is_against_policy(), expect["scope"] == "policy", "{name}: {failure}");
        assert_eq!(claims.is_ok(), expect["scope"] == "policy", "{name}");
    }
    let intel = Case { roots: Roots::default(), tee: Tee::SgxDcap, ..case };
    let under_intel = intel.judge(&Policy::dangerous_claims_only(), None).unwrap_err().class;
    let class = if intel.expected["tee"] == "tdx" { Class::Unsupported } else { Class::UntrustedRoot };
    assert_eq!(under_intel, class, "{}", intel.name);
}

/// Judged as claims, then by the default policy, then under a development root.
fn check_real(folder: &Path) {
    let case = Case::read(folder);
    let (name, decoded, tcb) = (&case.name, &case.expected["decoded"], &case.expected["tcb"]);
    match case.judge(&Policy::dangerous_claims_only(), None) {
        Ok(verified) => {
            assert_eq!(case.expected["expected"]["accept_crypto"], true, "{name}");
            assert_eq!(verified.measurement(), &hash(&decoded["mrenclave"]), "{name}");
            assert_eq!(verified.signer(), &hash(&decoded["mrsigner"]), "{name}");
            let (product, svn) = verified.product();
            assert_eq!(
                (json!(product), json!(svn)),
                (decoded["isv_prod_id"].clone(), decoded["isv_svn"].clone())
            );
            assert_eq!(verified.report_data(), &hash(&decoded["report_data"]), "{name}");
            assert_eq!(verified.tcb_status().to_string(), tcb["status"], "{name}");
            assert_eq!(json!(verified.advisories()), tcb["advisory_ids"], "{name}");
            assert_eq!(json!(verified.tcb_evaluation_number()), tcb["tcb_evaluation_data_number"], "{name}");
            assert_eq!(json!(verified.earliest_expiration()), tcb["earliest_expiration"], "{name}");
            let platform = &verified.passed().iter().find(|passed| passed.step.number() == 7).unwrap().seen;
            assert!(platform.contains(decoded["fmspc"].as_str().unwrap()), "{name}: {platform}");
        }
        Err(failure) => {
            assert_eq!(case.expected["expected"]["accept_crypto"], false, "{name}: {failure}");
            let class = if decoded["debug"] == true { Class::Debug } else { Class::Expired };
            assert_eq!(failure.class, class, "{name}: {failure}");
        }
    }
    assert!(case.judge(&Policy::default(), None).is_err(), "{name}: no default policy names this program");
    let development = std::fs::read(vectors::own("evidence/sgx-control-processor-ca/root.der")).unwrap();
    let roots = Roots::dangerous_development(&development).unwrap();
    let under_development = Case { roots, tee: Tee::DevSgx, ..case };
    let failure = under_development.judge(&Policy::dangerous_claims_only(), None).unwrap_err();
    assert_eq!(failure.class, Class::UntrustedRoot, "{}", under_development.name);
}

#[test]
fn our_synthetic_evidence_is_judged_as_it_says() {
    folders(&vectors::own("evidence")).iter().for_each(|folder| check_synthetic(folder));
}

#[test]
fn the_shared_synthetic_evidence_is_judged_as_it_says() {
    if let Some(synthetic) = vectors::shared("attestation/synthetic") {
        folders(&synthetic).iter().for_each(|folder| check_synthetic(folder));
    }
}

#[test]
fn real_evidence_is_judged_as_three_other_verifiers_did() {
    if let Some(real) = vectors::shared("attestation/sgx") {
        folders(&real).iter().for_each(|folder| check_real(folder));
    }
}

#[test]
fn real_evidence_of_other_kinds_is_unsupported() {
    let Some(real) = vectors::shared("attestation/tdx") else { return };
    for folder in folders(&real) {
        let case = Case::read(&folder);
        for tee in [Tee::Tdx, Tee::SgxDcap] {
            let collateral = Collateral::parse(&case.collateral).unwrap();
            let policy = Policy::dangerous_claims_only();
            let verdict =
                verify_evidence(tee, &case.quote, Some(&collateral), &policy, &case.roots, None, case.now);
            assert_eq!(verdict.unwrap_err().class, Class::Unsupported, "{}", case.name);
        }
    }
}

/// The status of one needs configuration, which no default accepts; the other passes once its advisory is mitigated.
#[test]
fn a_client_of_real_programs_is_told_what_the_platform_lacks() {
    let Some(real) = vectors::shared("attestation/sgx") else { return };
    for (name, mitigated, expected) in [
        ("v3-nondebug-processor-ca", &["INTEL-SA-00289", "INTEL-SA-00615"][..], Some(Class::TcbStatus)),
        ("v3-nondebug-platform-ca", &[], Some(Class::TcbAdvisory)),
        ("v3-nondebug-platform-ca", &["INTEL-SA-00615"], None),
    ] {
        let case = Case::read(&real.join(name));
        let decoded = &case.expected["decoded"];
        let release = json!({
            "mr_enclave": decoded["mrenclave"], "mr_signer": decoded["mrsigner"], "isv_prod_id": 0,
            "min_isv_svn": 0, "accepted_advisories": mitigated,
        });
        let document = json!({ "releases": [release], "min_tcb_evaluation_number": 17 });
        let policy = Policy::from_json(document.to_string().as_bytes()).unwrap();
        let verdict = case.judge(&policy, Some(&hash(&decoded["report_data"])));
        assert_eq!(verdict.err().map(|failure| failure.class), expected, "{name}, {mitigated:?}");
    }
}

#[test]
fn a_day_after_its_collateral_real_evidence_is_expired() {
    let Some(real) = vectors::shared("attestation/sgx") else { return };
    for name in ["v3-nondebug-processor-ca", "v3-nondebug-platform-ca"] {
        let mut case = Case::read(&real.join(name));
        case.now = case.expected["tcb"]["earliest_expiration"].as_u64().unwrap() + 86_400;
        let failure = case.judge(&Policy::dangerous_claims_only(), None).unwrap_err();
        assert_eq!((failure.step.number(), failure.class), (5, Class::Expired), "{name}");
    }
}

#[test]
fn real_evidence_with_the_collateral_of_another_platform_does_not_match() {
    let Some(real) = vectors::shared("attestation/sgx") else { return };
    let mut case = Case::read(&real.join("v3-nondebug-processor-ca"));
    let other = Case::read(&real.join("v3-nondebug-platform-ca"));
    (case.collateral, case.now) = (other.collateral, other.now);
    let failure = case.judge(&Policy::dangerous_claims_only(), None).unwrap_err();
    assert_eq!(failure.class, Class::CollateralMismatch, "{failure}");
}

#[test]
fn a_bit_of_real_report_data_breaks_the_quotes_signature() {
    let Some(real) = vectors::shared("attestation/sgx") else { return };
    let mut case = Case::read(&real.join("v3-nondebug-processor-ca"));
    case.quote[368] ^= 1;
    let failure = case.judge(&Policy::dangerous_claims_only(), None).unwrap_err();
    assert_eq!((failure.step.number(), failure.class), (9, Class::QuoteSignature));
}
