//! Development evidence, whole: made, carried in a bundle, verified.
#![cfg(feature = "development")]

mod common;

use attestation::verify;
use common::{NOW, World, expected};

#[test]
fn a_development_bundle_is_accepted_under_its_own_root() {
    let world = World::new();
    let enclave = verify(&world.bundle(), &world.policy(), &world.roots(), &expected(), NOW).unwrap();
    assert!(enclave.development());
    assert_eq!(enclave.environment(), ["development"]);
    assert_eq!(enclave.hpke_public_key(), &world.binding().hpke);
    assert_eq!(enclave.keyset_hash(), world.binding().keyset_hash());
    assert_eq!(enclave.evidence().measurement(), &world.backend.mr_enclave());
    assert!(!enclave.evidence().measurement_checked());
    let steps: Vec<_> = enclave.evidence().passed().iter().map(|passed| passed.step.number()).collect();
    assert_eq!(steps, [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
}
