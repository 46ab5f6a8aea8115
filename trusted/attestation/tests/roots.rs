//! Which root may vouch for which evidence, and the committed development root.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED};
use attestation::{Roots, RootsError};
use rcgen::{BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyPair, KeyUsagePurpose};
use sha2::{Digest, Sha256};
use world::World;

const COMMITTED: &str = include_str!("../development-root.pem");
const INTEL: &[u8] = include_bytes!("../src/roots/intel-sgx-root-ca.der");

#[test]
fn the_committed_development_root_is_that_of_the_public_seed() {
    let backend = DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, [0; 32]).unwrap();
    assert_eq!(
        COMMITTED,
        backend.root_pem(),
        "the root has changed; if that is meant, write it again: cargo run -p attestation --features development \
         --example development_root > trusted/attestation/development-root.pem"
    );
}

#[test]
fn a_development_root_may_be_given_as_der_or_as_pem() {
    let world = World::new();
    let pem = world.backend.root_pem();
    for root in [world.backend.root_der(), pem.as_bytes(), pem.replace('\n', "\r\n").as_bytes()] {
        assert!(Roots::dangerous_development(root).is_ok());
    }
    assert!(Roots::dangerous_development(COMMITTED.as_bytes()).is_ok());
}

#[test]
fn what_is_not_one_root_is_not_taken_as_one() {
    let pem = World::new().backend.root_pem();
    for text in
        ["", "-----BEGIN CERTIFICATE-----", &pem[..pem.len() / 2], &pem.repeat(2), &format!("{pem}more")]
    {
        assert_eq!(Roots::dangerous_development(text.as_bytes()).unwrap_err(), RootsError::NotARoot);
    }
}

#[test]
fn a_vendors_root_cannot_stand_for_development() {
    assert_eq!(Roots::dangerous_development(INTEL).unwrap_err(), RootsError::VendorRoot);
}

/// The fingerprints that two independent copies of each root agree on.
#[test]
fn the_vendors_roots_are_the_published_ones() {
    for (root, fingerprint) in [
        (INTEL, "44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3"),
        (
            include_bytes!("../src/roots/amd-ark-milan.der"),
            "69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd",
        ),
        (
            include_bytes!("../src/roots/amd-ark-genoa.der"),
            "4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1",
        ),
        (
            include_bytes!("../src/roots/amd-ark-turin.der"),
            "1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a",
        ),
        (
            include_bytes!("../src/roots/aws-nitro-root-g1.der"),
            "641a0321a3e244efe456463195d606317ed7cdcc3c1756e09893f3c68f79bb5b",
        ),
    ] {
        assert_eq!(hex::encode(Sha256::digest(root)), fingerprint);
    }
}

/// A self-signed certificate by another hand, with so many extensions of its own.
fn root_with(usage: KeyUsagePurpose, is_ca: IsCa, extensions: u64) -> Vec<u8> {
    let mut params = CertificateParams::default();
    params.is_ca = is_ca;
    params.key_usages = vec![usage];
    params.custom_extensions =
        (1..=extensions).map(|arc| CustomExtension::from_oid_content(&[1, 3, arc], vec![5, 0])).collect();
    params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

#[test]
fn a_root_is_a_ca_that_may_issue() {
    let ca = || IsCa::Ca(BasicConstraints::Unconstrained);
    assert!(Roots::dangerous_development(&root_with(KeyUsagePurpose::KeyCertSign, ca(), 0)).is_ok());
    for other in [
        root_with(KeyUsagePurpose::CrlSign, ca(), 0),
        root_with(KeyUsagePurpose::KeyCertSign, IsCa::NoCa, 0),
        root_with(KeyUsagePurpose::KeyCertSign, IsCa::ExplicitNoCa, 0),
    ] {
        assert_eq!(Roots::dangerous_development(&other).unwrap_err(), RootsError::NotARoot);
    }
    let mut forged = root_with(KeyUsagePurpose::KeyCertSign, ca(), 0);
    *forged.last_mut().unwrap() ^= 1;
    assert_eq!(Roots::dangerous_development(&forged).unwrap_err(), RootsError::NotARoot);
}

/// Each extension is compared with those before it: without a bound a stranger's certificate would cost its square.
#[test]
fn a_certificate_of_too_many_extensions_is_not_read() {
    let root = |extensions| {
        let ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Roots::dangerous_development(&root_with(KeyUsagePurpose::KeyCertSign, ca, extensions)).is_ok()
    };
    assert!(root(20));
    assert!(!root(40));
}
