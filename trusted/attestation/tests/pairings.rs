//! Every kind of evidence with every root that is not its own: development and vendors' evidence, development and
//! vendors' roots (ATTESTATION.md section 16). Each wrong pair is refused as `untrusted-root`, each right one accepted.
#![cfg(test)]

mod vectors;

use attestation::{Class, Collateral, Policy, Roots, SnpCollateral, Tee, verify_evidence};
use std::path::Path;

const AWS: &[u8] = include_bytes!("../src/roots/aws-nitro-root-g1.der");
const INTEL: &[u8] = include_bytes!("../src/roots/intel-sgx-root-ca.der");
const MILAN: &[u8] = include_bytes!("../src/roots/amd-ark-milan.der");

/// Evidence of one kind, at its time.
struct Sample {
    name: String,
    evidence: Vec<u8>,
    collateral: Option<Collateral>,
    now: u64,
}

impl Sample {
    fn read(folder: &Path, tee: Tee) -> Self {
        let file = |name: &str| std::fs::read(folder.join(name)).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&file("expected.json")).unwrap();
        let (evidence, collateral) = match tee {
            Tee::SevSnp => (
                file("report.bin"),
                Some(Collateral::Snp(
                    SnpCollateral::from_files(&file("vek.der"), &file("chain.pem")).unwrap(),
                )),
            ),
            Tee::Nitro => (file("document.cbor"), None),
            _ => (file("quote.bin"), Some(Collateral::parse(&file("collateral.json")).unwrap())),
        };
        let now = expected["verification_time"].as_u64().unwrap();
        Self { name: folder.display().to_string(), evidence, collateral, now }
    }

    /// As evidence of a kind.
    fn judge(&self, tee: Tee, roots: &Roots) -> Result<(), Class> {
        let (policy, collateral) = (Policy::dangerous_claims_only(), self.collateral.as_ref());
        let verdict = verify_evidence(tee, &self.evidence, collateral, &policy, roots, None, self.now);
        verdict.map(drop).map_err(|failure| failure.class)
    }
}

/// The roots of this repository's synthetic cases, each a development root of its own.
fn development_roots() -> [(&'static str, Vec<u8>); 2] {
    ["sgx-control-processor-ca", "tdx-td-control"]
        .map(|case| (case, std::fs::read(vectors::own("evidence").join(case).join("root.der")).unwrap()))
}

fn trusting(root: Option<&[u8]>) -> Roots {
    root.map_or_else(Roots::default, |root| Roots::dangerous_development(root).unwrap())
}

const UNTRUSTED: Result<(), Class> = Err(Class::UntrustedRoot);

#[test]
fn development_evidence_is_accepted_under_its_own_root_alone() {
    for (case, tee, vendors) in
        [("sgx-control-processor-ca", Tee::DevSgx, Tee::SgxDcap), ("tdx-td-control", Tee::DevTdx, Tee::Tdx)]
    {
        let sample = Sample::read(&vectors::own("evidence").join(case), tee);
        for (of, root) in development_roots() {
            let expected = if of == case { Ok(()) } else { UNTRUSTED };
            assert_eq!(sample.judge(tee, &trusting(Some(&root))), expected, "{case} under {of}");
            assert_eq!(sample.judge(vendors, &trusting(Some(&root))), UNTRUSTED, "{case} under Intel's");
        }
        assert_eq!(sample.judge(tee, &trusting(None)), UNTRUSTED, "{case}, nobody gave a root");
        assert_eq!(sample.judge(vendors, &trusting(None)), UNTRUSTED, "{case} under Intel's");
    }
    assert!(Roots::dangerous_development(INTEL).is_err(), "Intel's cannot be given as a development root");
    for vendor in [AWS, MILAN] {
        assert!(Roots::dangerous_development(vendor).is_err(), "nor can a root of another form");
    }
}

#[test]
fn intels_evidence_is_accepted_under_intels_root_alone() {
    for (folder, tee, development) in
        [("attestation/sgx", Tee::SgxDcap, Tee::DevSgx), ("attestation/tdx", Tee::Tdx, Tee::DevTdx)]
    {
        for folder in vectors::shared_folders(folder) {
            let sample = Sample::read(&folder, tee);
            let under_intel = sample.judge(tee, &trusting(None));
            assert_ne!(under_intel, UNTRUSTED, "{}", sample.name);
            assert_eq!(sample.judge(development, &trusting(None)), UNTRUSTED, "{}", sample.name);
            for (of, root) in development_roots() {
                let roots = trusting(Some(&root));
                assert_eq!(sample.judge(development, &roots), UNTRUSTED, "{} under {of}", sample.name);
                assert_eq!(sample.judge(tee, &roots), under_intel, "{} beside {of}", sample.name);
            }
        }
    }
}

/// The chain of AMD's evidence ends in a certificate that comes with it; another one there is another root.
#[test]
fn amds_evidence_is_accepted_under_amds_root_alone() {
    for folder in vectors::shared_folders("attestation/snp") {
        let mut sample = Sample::read(&folder, Tee::SevSnp);
        for (_, root) in development_roots() {
            assert_eq!(sample.judge(Tee::SevSnp, &trusting(Some(&root))), Ok(()), "{}", sample.name);
        }
        let Some(Collateral::Snp(own)) = sample.collateral.clone() else { panic!("AMD's collateral") };
        let others = development_roots().map(|(_, root)| root);
        for ark in [INTEL.to_vec(), AWS.to_vec(), own.ask.clone()].into_iter().chain(others) {
            sample.collateral = Some(Collateral::Snp(SnpCollateral { ark, ..own.clone() }));
            assert_eq!(sample.judge(Tee::SevSnp, &trusting(None)), UNTRUSTED, "{}", sample.name);
            for (_, root) in development_roots() {
                assert_eq!(sample.judge(Tee::SevSnp, &trusting(Some(&root))), UNTRUSTED, "{}", sample.name);
            }
        }
    }
}

/// A Nitro document with another certificate where its root was, the lengths around it put right.
fn with_root(document: &[u8], root: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u16::try_from(bytes).unwrap().to_be_bytes();
    let at = document.windows(AWS.len()).position(|bytes| bytes == AWS).expect("the document's root");
    let mut other = document.to_vec();
    other.splice(at - 2..at + AWS.len(), [&length(root.len())[..], root].concat());
    // Behind array, protected header and the empty map stands the payload: 0x59 and two bytes of length.
    let payload = document.windows(2).position(|bytes| bytes == [0xa0, 0x59]).unwrap() + 2;
    let before = usize::from(u16::from_be_bytes([document[payload], document[payload + 1]]));
    other[payload..payload + 2].copy_from_slice(&length(before + root.len() - AWS.len()));
    other
}

#[test]
fn awss_evidence_is_accepted_under_awss_root_alone() {
    for folder in vectors::shared_folders("attestation/nitro") {
        let mut sample = Sample::read(&folder, Tee::Nitro);
        let document = sample.evidence.clone();
        assert_eq!(with_root(&document, AWS), document);
        for (_, root) in development_roots() {
            assert_eq!(sample.judge(Tee::Nitro, &trusting(Some(&root))), Ok(()), "{}", sample.name);
        }
        let others = development_roots().map(|(_, root)| root);
        for root in [INTEL.to_vec()].into_iter().chain(others) {
            sample.evidence = with_root(&document, &root);
            assert_eq!(sample.judge(Tee::Nitro, &trusting(None)), UNTRUSTED, "{}", sample.name);
            for (_, given) in development_roots() {
                assert_eq!(sample.judge(Tee::Nitro, &trusting(Some(&given))), UNTRUSTED, "{}", sample.name);
            }
        }
    }
}
