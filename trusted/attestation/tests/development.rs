//! Development evidence, whole: made, carried in a bundle, verified.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED, measurement};
use attestation::{Backend, Class, Policy, Roots, verify};
use sha2::{Digest, Sha256};
use world::{EXECUTABLE, NOW, SEED, World, expected};

#[test]
fn a_development_bundle_is_accepted_under_its_own_root() {
    let world = World::new();
    let enclave = verify(&world.bundle(), &world.policy(), &world.roots(), &expected(), NOW).unwrap();
    assert!(enclave.development());
    assert_eq!(enclave.environment(), ["development"]);
    assert_eq!(enclave.hpke_public_key(), &world.binding().hpke);
    assert_eq!(enclave.result_key(), &world.binding().result_key);
    assert_eq!(enclave.epoch(), 42);
    assert_eq!(enclave.tls_spki(), None);
    assert_eq!(enclave.keyset_hash(), world.binding().keyset_hash());
    assert_eq!(enclave.config().text(), world.config.text());
    assert_eq!(enclave.time().enclave, NOW);
    assert_eq!(world.bundle().time(), enclave.time());
    assert_eq!(enclave.evidence().measurement(), &world.backend.mr_enclave());
    assert_eq!(enclave.evidence().report_data(), &world.binding().report_data());
    assert!(!enclave.evidence().measurement_checked());
    let json = world.json(&world.binding());
    assert_eq!(enclave.bundle_sha256(), &<[u8; 32]>::from(Sha256::digest(json)));
    let steps: Vec<_> = enclave.evidence().passed().iter().map(|passed| passed.step.number()).collect();
    assert_eq!(steps, [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
}

#[test]
fn no_default_accepts_development_evidence() {
    let world = World::new();
    for (policy, roots) in [
        (Policy::default(), Roots::default()),
        (Policy::default(), world.roots()),
        (Policy::dangerous_development(), Roots::default()),
        (Policy::dangerous_claims_only(), Roots::default()),
    ] {
        let failure = verify(&world.bundle(), &policy, &roots, &expected(), NOW).unwrap_err();
        assert_eq!((failure.step.number(), failure.class), (3, Class::UntrustedRoot));
    }
}

#[test]
fn a_complete_world_under_another_root_is_refused() {
    let world = World::new();
    let other = DevelopmentBackend::new([8; 32], EXECUTABLE).unwrap();
    let roots = Roots::dangerous_development(other.root_der()).unwrap();
    let failure = verify(&world.bundle(), &world.policy(), &roots, &expected(), NOW).unwrap_err();
    assert_eq!((failure.step.number(), failure.class), (4, Class::UntrustedRoot));
}

#[test]
fn the_same_seed_executable_and_day_give_the_same_evidence() {
    let make = |seed, executable, now| {
        DevelopmentBackend::new(seed, executable).unwrap().evidence([5; 64], now).unwrap()
    };
    let first = make(SEED, EXECUTABLE, NOW);
    assert_eq!(make(SEED, EXECUTABLE, NOW + 3600), first);
    assert_ne!(make(SEED, EXECUTABLE, NOW + 86_400).collateral, first.collateral);
    assert_ne!(make(SEED, [9; 32], NOW).evidence, first.evidence);
    assert_ne!(make(PUBLIC_DEVELOPMENT_SEED, EXECUTABLE, NOW).evidence, first.evidence);
}

#[test]
fn one_backend_serves_any_day() {
    let world = World::new();
    for now in [NOW, NOW + 40 * 86_400, NOW, NOW - 400 * 86_400, 1_600_000_000] {
        let made = world.backend.evidence(world.binding().report_data(), now).unwrap();
        let (policy, roots) = (world.policy(), world.roots());
        let (evidence, collateral) = (&made.evidence[..], made.collateral.as_ref());
        let tee = world.backend.tee();
        let verdict = attestation::verify_evidence(tee, evidence, collateral, &policy, &roots, None, now);
        assert!(verdict.is_ok(), "{now}: {verdict:?}");
    }
}

/// SHA-256("dev-sgx" || SHA-256(executable)), ATTESTATION.md section 9; the value from `sha256sum`.
#[test]
fn the_measurement_is_that_of_the_executable() {
    let executable: [u8; 32] = Sha256::digest("an executable").into();
    let expected = "46f310e487c13b1cd877760624e9f4b09cf3f4fcab82bcefa80deac02058eb18";
    assert_eq!(hex::encode(measurement(&executable)), expected);
}
