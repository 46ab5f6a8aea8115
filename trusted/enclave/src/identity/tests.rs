//! Epochs by the clock, and what clients see of them.

use super::*;
use crate::settings::Settings;
use attestation::{Expected, Policy, Roots, VerifiedEnclave, development::DevelopmentBackend, verify};

const NONCE: Nonce = [9; 32];
const START_S: i64 = 1_795_305_600;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis((START_S + i64::try_from(seconds).unwrap()) * 1000)
}

fn identity() -> (Identity, Roots) {
    let backend = DevelopmentBackend::new([1; 32], [2; 32]).unwrap();
    let roots = Roots::dangerous_development(backend.root_der()).unwrap();
    let key = ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap();
    let configuration =
        crate::service::configuration("development", "process", (86_400, 604_800), "none", None, &[]);
    (Identity::new(Box::new(backend), &configuration, key, None, at(0)).unwrap(), roots)
}

/// As a client sees it, over a fresh nonce.
fn seen(identity: &Identity, roots: &Roots, now: Timestamp) -> VerifiedEnclave {
    let bundle = identity.bundle(Some(NONCE), now, &BTreeMap::new()).unwrap();
    let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
    let expected = Expected { nonce: Some(NONCE), asked_at: seconds(now), ..Expected::default() };
    verify(&bundle, &Policy::dangerous_development(), roots, &expected, seconds(now)).unwrap()
}

#[test]
fn keys_turn_after_a_day_and_the_old_one_opens_for_an_hour_more() {
    let (identity, roots) = identity();
    let first = seen(&identity, &roots, at(0));
    let of_first = first.keyset_hash();
    assert_eq!(seen(&identity, &roots, at(86_399)).keyset_hash(), of_first, "the whole day");
    let second = seen(&identity, &roots, at(86_400));
    assert_ne!(second.hpke_public_key(), first.hpke_public_key());
    assert_ne!(second.keyset_hash(), of_first);
    assert!(second.epoch() > first.epoch());
    assert_eq!(second.result_key(), first.result_key(), "results stay verifiable");
    assert!(identity.epoch(&of_first, at(86_400 + 3599)).is_ok());
    assert_eq!(identity.epoch(&of_first, at(86_400 + 3600)).err(), Some(Code::EnvelopeKeyUnknown));
    assert!(identity.epoch(&second.keyset_hash(), at(86_400 + 3600)).is_ok());
}

#[test]
fn evidence_without_a_nonce_is_given_and_no_client_takes_it_for_fresh() {
    let (identity, roots) = identity();
    let bundle = identity.bundle(None, at(0), &BTreeMap::new()).unwrap();
    let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
    let expected = Expected { nonce: Some(NONCE), asked_at: seconds(at(0)), ..Expected::default() };
    let refused = verify(&bundle, &Policy::dangerous_development(), &roots, &expected, seconds(at(0)));
    assert_eq!(refused.unwrap_err().class, attestation::Class::Freshness);
}
