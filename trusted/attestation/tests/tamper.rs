//! Evidence changed after it was made: each group of tampering gives its class, and no cut or changed byte passes.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::{DevelopmentBackend, Knobs, Revoked};
use attestation::{Class, DcapCollateral, Evidence, Failure, Policy, Tee, verify_evidence};
use world::{EXECUTABLE, NOW, World, dcap};

// Where things stand in a quote of version 3 (ATTESTATION.md section 9).
const MR_ENCLAVE: usize = 48 + 64;
const REPORT_DATA: usize = 48 + 320;
const LENGTH: usize = 432;
const SIGNATURE: usize = 436;
const ATTESTATION_KEY: usize = 500;
const QE_REPORT: usize = 564;
const QE_SIGNATURE: usize = 948;
const QE_AUTH_DATA: usize = 1014;
const CERTIFICATION_TYPE: usize = 1046;

/// Evidence of a world, to be changed.
struct Tampered {
    world: World,
    quote: Vec<u8>,
    collateral: DcapCollateral,
}

impl Tampered {
    fn of(knobs: Knobs) -> Self {
        let world = World::with(knobs);
        let Evidence { evidence, collateral } = world.evidence(&world.binding());
        Self { world, quote: evidence, collateral: dcap(collateral) }
    }

    fn usual() -> Self {
        Self::of(Knobs::default())
    }

    /// A valid platform under a root of its own.
    fn foreign() -> (DevelopmentBackend, Evidence) {
        let backend = DevelopmentBackend::new([8; 32], EXECUTABLE).unwrap();
        let evidence = attestation::Backend::evidence(&backend, [5; 64], NOW).unwrap();
        (backend, evidence)
    }

    fn judge_as(&self, policy: &Policy) -> Result<(), Failure> {
        let (roots, collateral) = (self.world.roots(), self.collateral.clone().into());
        verify_evidence(Tee::DevSgx, &self.quote, Some(&collateral), policy, &roots, None, NOW).map(drop)
    }

    fn class(&self) -> Class {
        self.judge_as(&self.world.policy()).expect_err("tampered evidence is refused").class
    }

    fn with_quote(change: impl FnOnce(&mut Vec<u8>)) -> Class {
        let mut tampered = Self::usual();
        change(&mut tampered.quote);
        tampered.class()
    }

    fn with_collateral(change: impl FnOnce(&mut DcapCollateral)) -> Class {
        let mut tampered = Self::usual();
        change(&mut tampered.collateral);
        tampered.class()
    }
}

fn flip(at: usize) -> impl FnOnce(&mut Vec<u8>) {
    move |quote| quote[at] ^= 1
}

fn put(at: usize, bytes: &'static [u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |quote| quote[at..at + bytes.len()].copy_from_slice(bytes)
}

#[test]
fn what_the_quote_signs_cannot_be_changed() {
    for at in [8, 28, MR_ENCLAVE, REPORT_DATA, REPORT_DATA + 63, SIGNATURE, SIGNATURE + 63] {
        assert_eq!(Tampered::with_quote(flip(at)), Class::QuoteSignature, "byte {at}");
    }
    for zero in [SIGNATURE, SIGNATURE + 32] {
        assert_eq!(Tampered::with_quote(put(zero, &[0; 32])), Class::QuoteSignature);
    }
}

#[test]
fn what_the_quoting_enclave_vouches_for_cannot_be_changed() {
    for at in [ATTESTATION_KEY, QE_REPORT, QE_REPORT + 48, QE_REPORT + 320, QE_SIGNATURE, QE_AUTH_DATA] {
        assert_eq!(Tampered::with_quote(flip(at)), Class::QeReport, "byte {at}");
    }
    let stranger = |quote: &mut Vec<u8>| {
        let (_, foreign) = Tampered::foreign();
        let parts = ATTESTATION_KEY..CERTIFICATION_TYPE;
        quote[parts.clone()].copy_from_slice(&foreign.evidence[parts]);
    };
    assert_eq!(Tampered::with_quote(stranger), Class::QeReport);
}

#[test]
fn the_platform_of_another_world_does_not_lead_to_this_root() {
    let (_, foreign) = Tampered::foreign();
    let mut whole = Tampered::usual();
    whole.quote = foreign.evidence.clone();
    assert_eq!(whole.class(), Class::CertChain, "a foreign quote with our collateral");
    whole.collateral = dcap(foreign.collateral.clone());
    assert_eq!(whole.class(), Class::UntrustedRoot, "a foreign world");

    let theirs = dcap(foreign.collateral);
    let chain = theirs.tcb_info_issuer_chain.clone();
    assert_eq!(
        Tampered::with_collateral(|ours| ours.tcb_info_issuer_chain = chain.clone()),
        Class::CertChain
    );
    assert_eq!(Tampered::with_collateral(|ours| ours.qe_identity_issuer_chain = chain), Class::CertChain);
    let signature = theirs.tcb_info_signature.clone();
    let class = Tampered::with_collateral(|ours| ours.tcb_info_signature = signature);
    assert_eq!(class, Class::CollateralSignature);
    let list = theirs.root_ca_crl.clone();
    assert_eq!(Tampered::with_collateral(|ours| ours.root_ca_crl = list), Class::CollateralSignature);
    let list = theirs.pck_crl;
    assert_eq!(Tampered::with_collateral(|ours| ours.pck_crl = list), Class::CollateralSignature);
}

#[test]
fn the_crl_of_the_other_ca_is_not_that_of_the_platforms() {
    let platform = Tampered::of(Knobs { platform_ca: true, ..Knobs::default() });
    let list = platform.collateral.pck_crl;
    assert_eq!(Tampered::with_collateral(|ours| ours.pck_crl = list), Class::CollateralMismatch);
    let class = Tampered::with_collateral(|ours| core::mem::swap(&mut ours.pck_crl, &mut ours.root_ca_crl));
    assert_eq!(class, Class::CollateralSignature);
}

#[test]
fn signed_texts_cannot_be_edited() {
    let mut old = Tampered::of(Knobs { tcb_status: "OutOfDate", ..Knobs::default() });
    assert_eq!(old.class(), Class::TcbStatus);
    old.collateral.tcb_info = old.collateral.tcb_info.replacen("OutOfDate", "UpToDate", 1);
    assert_eq!(old.class(), Class::CollateralSignature);

    let spaced = |text: &mut String| text.push(' ');
    assert_eq!(Tampered::with_collateral(|c| spaced(&mut c.tcb_info)), Class::CollateralSignature);
    assert_eq!(Tampered::with_collateral(|c| spaced(&mut c.qe_identity)), Class::CollateralSignature);
    for at in [0, 31, 32, 63] {
        let class = Tampered::with_collateral(|c| c.tcb_info_signature[at] ^= 1);
        assert_eq!(class, Class::CollateralSignature);
        let class = Tampered::with_collateral(|c| c.qe_identity_signature[at] ^= 1);
        assert_eq!(class, Class::CollateralSignature);
    }
    let short = Tampered::with_collateral(|c| c.tcb_info_signature.truncate(63));
    assert_eq!(short, Class::CollateralSignature);
    let swapped = Tampered::with_collateral(|c| core::mem::swap(&mut c.tcb_info, &mut c.qe_identity));
    assert_eq!(swapped, Class::Malformed);
}

/// A list that revokes nobody, of another day, does not help: what revokes is the list that is signed.
#[test]
fn a_revocation_cannot_be_edited_out() {
    let mut revoked = Tampered::of(Knobs { revoked: Some(Revoked::Pck), ..Knobs::default() });
    let serial = revoked.collateral.pck_crl.windows(3).position(|bytes| bytes == [2, 1, 4]).unwrap();
    assert_eq!(revoked.class(), Class::Revoked);
    revoked.collateral.pck_crl[serial + 2] = 5;
    assert_eq!(revoked.class(), Class::CollateralSignature);
}

#[test]
fn quotes_of_another_form_are_malformed_or_unsupported() {
    let version = |version: &'static [u8]| Tampered::with_quote(put(0, version));
    for other in [&[2_u8, 0][..], &[4, 0], &[5, 0], &[9, 0], &[3, 1]] {
        let other: &'static [u8] = other.to_vec().leak();
        assert_eq!(version(other), Class::Unsupported);
    }
    assert_eq!(Tampered::with_quote(put(2, &[3, 0])), Class::Unsupported, "P-384");
    assert_eq!(Tampered::with_quote(put(4, &[0x81, 0, 0, 0])), Class::Unsupported, "TDX");
    assert_eq!(Tampered::with_quote(flip(12)), Class::Unsupported, "another vendor");
    for kind in [1_u8, 2, 3, 4, 6, 7] {
        let class = Tampered::with_quote(|quote| quote[CERTIFICATION_TYPE] = kind);
        assert_eq!(class, Class::Unsupported, "certification data of type {kind}");
    }
    assert_eq!(Tampered::with_quote(put(LENGTH, &[0xff; 4])), Class::Malformed);
    assert_eq!(Tampered::with_quote(put(LENGTH, &[64, 0, 0, 0])), Class::Malformed);
    assert_eq!(Tampered::with_quote(put(QE_AUTH_DATA - 2, &[31, 0])), Class::Malformed);
    assert_eq!(Tampered::with_quote(put(CERTIFICATION_TYPE + 2, &[0xff; 4])), Class::Malformed);
    let long = Tampered::with_quote(|quote| quote.resize(attestation::limits::EVIDENCE + 1, 0));
    assert_eq!(long, Class::Malformed);
}

#[test]
fn a_quote_cut_anywhere_is_malformed() {
    let mut tampered = Tampered::usual();
    while tampered.quote.pop().is_some() {
        assert_eq!(tampered.class(), Class::Malformed, "{} bytes", tampered.quote.len());
    }
}

#[test]
fn collateral_that_does_not_parse_is_malformed() {
    for garbage in
        [&b"abcde"[..], b"", &[0x30, 0x03, 0x02, 0x01, 0x01], &[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]]
    {
        assert_eq!(Tampered::with_collateral(|c| c.root_ca_crl = garbage.to_vec()), Class::Malformed);
        assert_eq!(Tampered::with_collateral(|c| c.pck_crl = garbage.to_vec()), Class::Malformed);
    }
    for garbage in ["", "{}", "null", "\u{0}"] {
        assert_eq!(Tampered::with_collateral(|c| c.tcb_info = garbage.into()), Class::Malformed);
        assert_eq!(Tampered::with_collateral(|c| c.qe_identity = garbage.into()), Class::Malformed);
        assert_eq!(Tampered::with_collateral(|c| c.tcb_info_issuer_chain = garbage.into()), Class::Malformed);
        assert_eq!(
            Tampered::with_collateral(|c| c.qe_identity_issuer_chain = garbage.into()),
            Class::Malformed
        );
        assert_eq!(Tampered::with_collateral(|c| c.pck_crl_issuer_chain = garbage.into()), Class::Malformed);
    }
    let mut trailing = Tampered::usual();
    trailing.collateral.root_ca_crl.push(0);
    assert_eq!(trailing.class(), Class::Malformed);
}

#[test]
fn a_chain_is_exactly_what_it_must_be() {
    let root = World::new().backend.root_pem();
    let longer = |chain: &mut String| chain.push_str(&root);
    assert_eq!(Tampered::with_collateral(|c| longer(&mut c.tcb_info_issuer_chain)), Class::CertChain);
    assert_eq!(Tampered::with_collateral(|c| longer(&mut c.qe_identity_issuer_chain)), Class::CertChain);
    assert_eq!(Tampered::with_collateral(|c| c.tcb_info_issuer_chain = root.clone()), Class::CertChain);
    let platform_ca = |c: &mut DcapCollateral| c.tcb_info_issuer_chain = c.pck_crl_issuer_chain.clone();
    assert_eq!(Tampered::with_collateral(platform_ca), Class::CertChain, "the PCK CA does not sign TCB info");
}

#[test]
fn a_second_copy_of_the_platforms_chain_must_be_the_same() {
    let mut tampered = Tampered::usual();
    let chain = String::from_utf8(tampered.quote[CERTIFICATION_TYPE + 6..].to_vec()).unwrap();
    tampered.collateral.pck_certificate_chain = Some(chain);
    assert!(tampered.judge_as(&tampered.world.policy()).is_ok());
    for other in ["", "x", &tampered.collateral.pck_crl_issuer_chain.clone()] {
        tampered.collateral.pck_certificate_chain = Some(other.to_owned());
        assert_eq!(tampered.class(), Class::CertChain, "{other:.20}");
    }
}

#[test]
fn bytes_after_the_declared_length_are_ignored() {
    let mut padded = Tampered::usual();
    padded.quote.extend([0xaa; 70]);
    assert!(padded.judge_as(&padded.world.policy()).is_ok());
}

/// (r, n - s) verifies wherever (r, s) does: quote bytes name nothing, bindings do (ATTESTATION.md section 4).
#[test]
fn the_other_form_of_a_signature_says_the_same() {
    let order = hex::decode("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").unwrap();
    let mut other = Tampered::usual();
    let mut borrow = 0_i16;
    for at in (0..32).rev() {
        let s = i16::from(other.quote[SIGNATURE + 32 + at]);
        let difference = i16::from(order[at]) - s - borrow;
        borrow = i16::from(difference < 0);
        other.quote[SIGNATURE + 32 + at] = u8::try_from(difference.rem_euclid(256)).unwrap();
    }
    assert_ne!(other.quote, Tampered::usual().quote);
    assert!(other.judge_as(&other.world.policy()).is_ok());
}
