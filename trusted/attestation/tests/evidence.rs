//! Evidence by others: the synthetic cases of `vectors/evidence`, and real SGX and TDX evidence read in place. Each is
//! judged at its own time; a verdict without its time is meaningless.
#![cfg(test)]

mod vectors;

use attestation::{
    Class, Collateral, Failure, Identity, Policy, Roots, Tee, VerifiedEvidence, verify_evidence,
};
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
        let quote = file("quote.bin").unwrap();
        let is_tdx = quote[4] == 0x81; // the header's TEE type
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
            quote,
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

/// The policy of a synthetic case, in our document: a release for each pair of measurement and signer, or for each
/// trust domain.
fn policy(of: &Value, tee: Tee) -> Policy {
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
    for mr_td in list("mr_td") {
        releases.push(json!({ "mr_td": mr_td, "accepted_advisories": list("advisories") }));
    }
    let document = json!({
        "tee": [tee.name()], "releases": releases, "allow_debug": of["allow_debug"],
        "tcb_status": of["tcb_status"], "min_tcb_evaluation_number": of["min_tcb_eval"],
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
    let verdict = case.judge(&policy(&case.expected["policy"], case.tee), Some(&report_data));
    let claims = case.judge(&Policy::dangerous_claims_only(), None);
    if expect["accept"] == true {
        let verified = verdict.unwrap_or_else(|failure| panic!("{name}: {failure}"));
        assert!(verified.measurement_checked(), "{name}");
    } else {
        let failure = verdict.expect_err(name);
        assert_eq!(failure.class.as_str(), expect["error"], "{name}: {failure}");
        assert_eq!(failure.is_against_policy(), expect["scope"] == "policy", "{name}: {failure}");
        assert_eq!(claims.is_ok(), expect["scope"] == "policy", "{name}");
    }
    let tee = if case.tee == Tee::DevTdx { Tee::Tdx } else { Tee::SgxDcap };
    let intel = Case { roots: Roots::default(), tee, ..case };
    let under_intel = intel.judge(&Policy::dangerous_claims_only(), None).unwrap_err().class;
    assert_eq!(under_intel, Class::UntrustedRoot, "{}", intel.name);
}

/// Which program it is, in the words of its family.
fn check_identity(verified: &VerifiedEvidence, decoded: &Value) {
    let is = match verified.identity() {
        Identity::Sgx(enclave) => json!({
            "mrenclave": hex::encode(enclave.mr_enclave), "mrsigner": hex::encode(enclave.mr_signer),
            "isv_prod_id": enclave.isv_prod_id, "isv_svn": enclave.isv_svn, "misc_select": enclave.misc_select,
            "attributes": hex::encode([enclave.flags.to_le_bytes(), enclave.xfrm.to_le_bytes()].concat()),
        }),
        Identity::Tdx(domain) => json!({
            "mr_td": hex::encode(domain.mr_td), "mr_seam": hex::encode(domain.mr_seam),
            "rtmr0": hex::encode(domain.rtmr[0]), "rtmr1": hex::encode(domain.rtmr[1]),
            "rtmr2": hex::encode(domain.rtmr[2]), "rtmr3": hex::encode(domain.rtmr[3]),
            "mr_config_id": hex::encode(domain.mr_config_id), "mr_owner": hex::encode(domain.mr_owner),
            "tee_tcb_svn": hex::encode(domain.tee_tcb_svn), "xfam": hex::encode(domain.xfam.to_le_bytes()),
            "td_attributes": hex::encode(domain.attributes.to_le_bytes()),
        }),
        other => panic!("not Intel's: {other:?}"),
    };
    for (name, value) in is.as_object().unwrap() {
        assert_eq!(value, &decoded[name], "{name}");
    }
}

/// Judged as claims, then by the default policy, then under a development root.
fn check_real(folder: &Path) {
    let case = Case::read(folder);
    let (name, decoded, tcb) = (&case.name, &case.expected["decoded"], &case.expected["tcb"]);
    match case.judge(&Policy::dangerous_claims_only(), None) {
        Ok(verified) => {
            assert_eq!(case.expected["expected"]["accept_crypto"], true, "{name}");
            check_identity(&verified, decoded);
            assert_eq!(verified.report_data(), &hash::<64>(&decoded["report_data"]), "{name}");
            assert!(!verified.debug() && !verified.measurement_checked(), "{name}");
            assert_eq!(verified.tcb_status().unwrap().to_string(), tcb["status"], "{name}");
            assert_eq!(json!(verified.advisories()), tcb["advisory_ids"], "{name}");
            assert_eq!(json!(verified.tcb_evaluation_number()), tcb["tcb_evaluation_data_number"], "{name}");
            assert_eq!(json!(verified.earliest_expiration()), tcb["earliest_expiration"], "{name}");
            let platform = &verified.passed().iter().find(|passed| passed.step.number() == 7).unwrap().seen;
            assert!(platform.contains(decoded["fmspc"].as_str().unwrap()), "{name}: {platform}");
        }
        Err(failure) => {
            assert_eq!(case.expected["expected"]["accept_crypto"], false, "{name}: {failure}");
            let class = match name.as_str() {
                "v3-debug-processor-ca" | "v4-debug-td" => Class::Debug,
                "v3-stale-pck-crl" => Class::Expired,
                "v4-td10-no-tcb-level" | "v5-td15-no-tcb-level" => Class::TcbNoLevel,
                _ => panic!("{name}: {failure}"),
            };
            assert_eq!(failure.class, class, "{name}: {failure}");
        }
    }
    assert!(case.judge(&Policy::default(), None).is_err(), "{name}: no default policy names this program");
    let development = std::fs::read(vectors::own("evidence/sgx-control-processor-ca/root.der")).unwrap();
    let roots = Roots::dangerous_development(&development).unwrap();
    let tee = if case.tee == Tee::Tdx { Tee::DevTdx } else { Tee::DevSgx };
    let under_development = Case { roots, tee, ..case };
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

/// Every folder of real evidence by Intel's processors, if it is there.
fn real() -> Vec<PathBuf> {
    ["attestation/sgx", "attestation/tdx"]
        .into_iter()
        .filter_map(vectors::shared)
        .flat_map(|of| folders(&of))
        .collect()
}

#[test]
fn real_evidence_is_judged_as_three_other_verifiers_did() {
    real().iter().for_each(|folder| check_real(folder));
}

#[test]
fn real_evidence_is_not_that_of_the_other_kind() {
    for folder in real() {
        let case = Case::read(&folder);
        let other = if case.tee == Tee::Tdx { Tee::SgxDcap } else { Tee::Tdx };
        let verdict = Case { tee: other, ..case }.judge(&Policy::dangerous_claims_only(), None);
        let failure = verdict.unwrap_err();
        assert_eq!((failure.step.number(), failure.class), (2, Class::Unsupported), "{}", folder.display());
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

/// Where the vectors name no end (evidence that is refused anyway): nothing of Intel's collateral lives longer than a
/// month.
#[test]
fn a_day_after_its_collateral_real_evidence_is_expired() {
    for folder in real() {
        let mut case = Case::read(&folder);
        let end = case.expected["tcb"]["earliest_expiration"].as_u64().unwrap_or(case.now + 31 * 86_400);
        case.now = end + 86_400;
        let failure = case.judge(&Policy::dangerous_claims_only(), None).unwrap_err();
        assert_eq!((failure.step.number(), failure.class), (5, Class::Expired), "{}", case.name);
    }
}

/// A release names the firmware and the registers; each of them is compared.
#[test]
fn a_real_trust_domain_is_compared_with_its_release() {
    let Some(real) = vectors::shared("attestation/tdx") else { return };
    let case = Case::read(&real.join("v4-td10-uptodate"));
    let decoded = &case.expected["decoded"];
    let mut right = json!({});
    for (field, name) in
        [("mr_td", "mr_td"), ("rtmr0", "rtmr0"), ("rtmr1", "rtmr1"), ("rtmr2", "rtmr2"), ("rtmr3", "rtmr3")]
    {
        right[field] = decoded[name].clone();
    }
    let judge = |release: &Value| {
        let document = json!({ "tee": ["tdx"], "releases": [release] });
        let policy = Policy::from_offline_json(document.to_string().as_bytes()).unwrap();
        case.judge(&policy, Some(&hash(&decoded["report_data"]))).map_err(|failure| failure.class)
    };
    assert!(judge(&right).unwrap().measurement_checked());
    for field in ["mr_td", "rtmr0", "rtmr1", "rtmr2", "rtmr3"] {
        let mut wrong = right.clone();
        wrong[field] = json!("99".repeat(48));
        assert_eq!(judge(&wrong).unwrap_err(), Class::Measurement, "{field}");
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

/// Report data of an enclave; report data, RTMR3 and the signature of a trust domain of each form.
#[test]
fn a_bit_of_what_a_real_quote_signs_breaks_its_signature() {
    if !real().is_empty() {
        for (name, places) in [
            ("sgx/v3-nondebug-processor-ca", &[368][..]),
            ("tdx/v4-td10-uptodate", &[48 + 520, 48 + 472, 48 + 584 + 4]),
            ("tdx/v5-td15-uptodate", &[54 + 520, 54 + 472, 54 + 584, 54 + 647]),
            ("tdx/v5-td15ex", &[54 + 520, 54 + 472, 54 + 648, 54 + 884]),
        ] {
            let case = Case::read(&vectors::shared("attestation").unwrap().join(name));
            for &at in places {
                let mut quote = case.quote.clone();
                quote[at] ^= 1;
                let collateral = Collateral::parse(&case.collateral).unwrap();
                let (policy, roots) = (Policy::dangerous_claims_only(), &case.roots);
                let verdict =
                    verify_evidence(case.tee, &quote, Some(&collateral), &policy, roots, None, case.now);
                let failure = verdict.unwrap_err();
                assert_eq!((failure.step.number(), failure.class), (9, Class::QuoteSignature), "{name} {at}");
            }
        }
    }
}
