//! Real Nitro documents, read in place, each at its own time. What has to be built with one thing wrong is in the
//! crate's own tests: no throw-away root passes through the public interface.
#![cfg(test)]

mod vectors;

use attestation::{
    Class, Failure, Identity, NitroRelease, Policy, Release, Roots, Tee, VerifiedEvidence, verify_evidence,
};
use serde_json::Value;
use std::path::Path;

struct Case {
    name: String,
    document: Vec<u8>,
    now: u64,
    expected: Value,
}

impl Case {
    fn read(folder: &Path) -> Self {
        let file = |name| std::fs::read(folder.join(name)).unwrap();
        let expected: Value = serde_json::from_slice(&file("expected.json")).unwrap();
        Self {
            name: folder.file_name().unwrap().to_string_lossy().into_owned(),
            document: file("document.cbor"),
            now: expected["verification_time"].as_u64().unwrap(),
            expected,
        }
    }

    fn all() -> Vec<Self> {
        vectors::shared_folders("attestation/nitro").iter().map(|folder| Self::read(folder)).collect()
    }

    fn named(name: &str) -> Option<Self> {
        Self::all().into_iter().find(|case| case.name == name)
    }

    fn judge_at(&self, policy: &Policy, now: u64) -> Result<VerifiedEvidence, Failure> {
        verify_evidence(Tee::Nitro, &self.document, None, policy, &Roots::default(), None, now)
    }

    fn judge(&self, policy: &Policy) -> Result<VerifiedEvidence, Failure> {
        self.judge_at(policy, self.now)
    }

    fn claims(&self) -> Result<VerifiedEvidence, Failure> {
        self.judge(&Policy::dangerous_claims_only())
    }

    fn pcr(&self, number: u8) -> [u8; 48] {
        let text = self.expected["decoded"]["pcrs"][number.to_string()].as_str().unwrap();
        hex::decode(text).unwrap().try_into().unwrap()
    }

    /// Strict, with the case's own program as the one release.
    fn strict(&self) -> Policy {
        let mut policy = Policy::default();
        policy.tee = vec![Tee::Nitro];
        policy.releases = vec![Release::Nitro(Box::new(NitroRelease {
            name: None,
            pcr0: self.pcr(0),
            pcr1: self.pcr(1),
            pcr2: self.pcr(2),
            pcr8: Some(self.pcr(8)),
            not_after: None,
        }))];
        policy
    }
}

#[test]
fn real_documents_say_what_aws_signed() {
    for case in Case::all() {
        let (name, decoded) = (&case.name, &case.expected["decoded"]);
        assert_eq!(case.expected["expected"]["accept_crypto"], true, "{name}");
        let verified = case.claims().unwrap_or_else(|why| panic!("{name}: {why}"));
        let Identity::Nitro(enclave) = verified.identity() else { panic!("{name}: a Nitro enclave") };
        assert_eq!(enclave.module_id, decoded["module_id"].as_str().unwrap(), "{name}");
        assert_eq!(enclave.timestamp_ms, decoded["timestamp_ms"].as_u64().unwrap(), "{name}");
        assert_eq!(enclave.pcrs.len(), decoded["pcrs"].as_object().unwrap().len(), "{name}");
        for (&number, pcr) in &enclave.pcrs {
            assert_eq!(pcr[..], case.pcr(number), "{name}: PCR{number}");
        }
        let user_data = decoded["user_data"].as_str().unwrap_or_default();
        assert_eq!(hex::encode(verified.report_data()), user_data, "{name}");
        assert_eq!(verified.debug(), decoded["debug"] == true, "{name}");
        assert_eq!(verified.passed().len(), 14, "{name}");

        let strict = case.judge(&case.strict()).map(drop).map_err(|failure| failure.class);
        let wanted = if verified.debug() { Err(Class::Debug) } else { Ok(()) };
        assert_eq!(strict, wanted, "{name}");
        assert_eq!(wanted.is_ok(), case.expected["expected"]["accept_default_policy"] == true, "{name}");
        assert_eq!(case.judge(&Policy::default()).unwrap_err().class, Class::UntrustedRoot, "{name}");
    }
}

#[test]
fn real_documents_expire_within_hours() {
    for case in Case::all() {
        let claims = Policy::dangerous_claims_only();
        let end = case.claims().unwrap().earliest_expiration();
        assert!(case.judge_at(&claims, end).is_ok(), "{}", case.name);
        for now in [end + 1, case.now + 4 * 3600, case.now - 86_400, 0, u64::MAX] {
            let failure = case.judge_at(&claims, now).unwrap_err();
            assert_eq!(failure.class, Class::Expired, "{} at {now}", case.name);
            assert!(failure.text.starts_with("device clock differs"), "{} at {now}: {failure}", case.name);
        }
    }
}

#[test]
fn real_documents_altered_are_refused() {
    for mut case in Case::all() {
        // A register of the payload, found by its bytes.
        let pcr4 = case.pcr(4);
        let at = case.document.windows(48).position(|window| window == pcr4).unwrap();
        case.document[at] ^= 1;
        assert_eq!(case.claims().unwrap_err().class, Class::QuoteSignature, "{}", case.name);
        case.document[at] ^= 1;
        let last = case.document.len() - 1;
        case.document[last] ^= 1;
        assert_eq!(case.claims().unwrap_err().class, Class::QuoteSignature, "{}", case.name);
    }
}

#[test]
fn truncation_anywhere_is_malformed() {
    let Some(mut case) = Case::named("nondebug") else { return };
    while case.document.pop().is_some() {
        let length = case.document.len();
        assert_eq!(case.claims().unwrap_err().class, Class::Malformed, "{length}");
    }
}
