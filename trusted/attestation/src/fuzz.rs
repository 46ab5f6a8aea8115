//! One function for each parser of a stranger's bytes, called by tests with seeded mutations.

use crate::{Binding, Bundle, Collateral, Config, Expected, Policy, Roots, Tee, verify, verify_evidence};

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

/// A quote without collateral goes through its parser and no further.
pub fn fuzz_quote(data: &[u8]) {
    let policy = Policy::dangerous_claims_only();
    assert!(verify_evidence(Tee::SgxDcap, data, None, &policy, &Roots::default(), None, 0).is_err());
}

/// Policies, collateral and configuration documents.
pub fn fuzz_policy(data: &[u8]) {
    let _ = Policy::from_json(data);
    let _ = Collateral::parse(data);
    if let Some(config) = core::str::from_utf8(data).ok().and_then(Config::parse) {
        assert_eq!(config.text().as_bytes(), data);
    }
}
