//! One function for each parser of a stranger's bytes, called by tests with seeded mutations.

use crate::dcap::Certificate;
use crate::evidence::Tee;
use crate::x509;
use crate::{
    Binding, Bundle, Collateral, Config, Expected, Policy, Roots, claimed_mr_enclave, claimed_platform,
    claimed_report_data, dcap, verify, verify_evidence,
};

/// A bundle must not panic anything, and what parses is never accepted by a client's default.
pub fn fuzz_bundle(data: &[u8]) {
    if let Ok(bundle) = Bundle::parse(data) {
        let verdict = verify(&bundle, &Policy::default(), &Roots::default(), &Expected::default(), 0);
        assert!(verdict.is_err());
    }
}

/// What parses as a binding is the one encoding of what it says.
pub fn fuzz_binding(data: &[u8]) {
    if let Some(binding) = Binding::parse(data) {
        assert_eq!(binding.encode(), data);
    }
}

/// A quote without collateral goes through its parser and no further, of an enclave and of a trust domain alike. What
/// claims to be of a platform is a quote of one of the two.
pub fn fuzz_quote(data: &[u8]) {
    let policy = Policy::dangerous_claims_only();
    assert!(claimed_mr_enclave(data).is_none() || claimed_report_data(Tee::SgxDcap, data).is_some());
    if let Some(claimed) = claimed_platform(data) {
        assert!(claimed_report_data(claimed.tee, data).is_some());
    }
    for tee in [Tee::SgxDcap, Tee::Tdx] {
        assert!(verify_evidence(tee, data, None, &policy, &Roots::default(), None, 0).is_err());
    }
}

/// Collateral, its chains, lists and documents, under Intel's root; a root that signed none of it never accepts it.
pub fn fuzz_collateral(data: &[u8]) {
    let root = Roots::default().for_tee(Tee::SgxDcap).and_then(Certificate::parse);
    if let (Ok(collateral), Some(mut root)) = (Collateral::parse(data), root) {
        let _ = dcap::complete(Some(&collateral), &root);
        root.public_key.reverse();
        assert!(dcap::complete(Some(&collateral), &root).is_err());
    }
}

/// An SEV-SNP report without certificates goes through its parser and no further.
pub fn fuzz_snp_report(data: &[u8]) {
    let policy = Policy::dangerous_claims_only();
    assert!(verify_evidence(Tee::SevSnp, data, None, &policy, &Roots::default(), None, 0).is_err());
}

/// A Nitro document and the certificates in it, long before any of them is valid.
pub fn fuzz_nitro_document(data: &[u8]) {
    let policy = Policy::dangerous_claims_only();
    assert!(verify_evidence(Tee::Nitro, data, None, &policy, &Roots::default(), None, 0).is_err());
}

/// A certificate or revocation list of AMD's or AWS's form: as itself, and as its own issuer.
pub fn fuzz_x509(data: &[u8]) {
    if let Some(certificate) = x509::Certificate::parse(data) {
        let _ = (certificate.is_issued_by(&certificate, 0), certificate.common_name());
        assert_eq!(certificate.der, data);
    }
    if let Some(list) = x509::RevocationList::parse(data) {
        assert!(list.next_update > 0);
    }
}

/// What parses as a policy says the same when it is written and read again, and has warnings at any time.
pub fn fuzz_policy(data: &[u8]) {
    if let Ok(policy) = Policy::from_json(data) {
        let written = policy.to_json().unwrap_or_default();
        assert_eq!(Policy::from_json(written.as_bytes()).as_ref(), Ok(&policy));
        for now in [0, u64::MAX] {
            assert!(policy.warnings(now).iter().all(|warning| !warning.to_string().is_empty()));
        }
    }
}

/// What parses as a configuration document has one spelling.
pub fn fuzz_config(data: &[u8]) {
    if let Some(config) = core::str::from_utf8(data).ok().and_then(Config::parse) {
        assert_eq!(Config::from_document(config.document()).as_ref(), Some(&config));
    }
}
