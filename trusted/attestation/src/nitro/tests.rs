//! Nitro documents under a throw-away root, one thing changed at a time. Real ones are in `tests/nitro.rs`.

use super::cbor::put_bytes;
use crate::policy::Policy;
use crate::release::{NitroRelease, Release};
use crate::roots::Roots;
use crate::tests::throw_away::{Draft, Key, answers_one_request, bundle_verdict, refused_at};
use crate::{Binding, Class, Evidence, Failure, Identity, Step, Tee, VerifiedEvidence, verify_evidence};
use sha2::{Digest, Sha256};

/// 2026-11-24T12:00:00Z
const NOW: u64 = 1_795_521_600;
const DATES: (u64, u64) = (NOW - 86_400, NOW + 86_400);
const LEAF_DATES: (u64, u64) = (NOW - 60, NOW - 60 + 3 * 3600);

/// Everything of one document, before it is signed.
#[derive(Clone)]
struct World {
    /// Root, two issuers, leaf.
    chain: [Draft; 4],
    keys: [Key; 4],
    /// Who signs each certificate, and the document.
    signers: [Key; 5],
    protected: Vec<u8>,
    fields: Vec<(&'static str, Vec<u8>)>,
    /// Given as the root's bytes; the chain's own first certificate if none.
    pinned: Option<Vec<u8>>,
}

fn cbor(bytes: &[u8]) -> Vec<u8> {
    let mut to = Vec::new();
    put_bytes(&mut to, bytes).unwrap();
    to
}

fn text(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).unwrap();
    let head = if length < 24 { vec![0x60 | length] } else { vec![0x78, length] };
    [&head, text.as_bytes()].concat()
}

fn pcrs(values: &[(u8, u8)]) -> Vec<u8> {
    let head = 0xa0 | u8::try_from(values.len()).unwrap();
    let each = values.iter().flat_map(|(number, byte)| [vec![*number], cbor(&[*byte; 48])].concat());
    [head].into_iter().chain(each).collect()
}

fn timestamp(seconds: u64) -> Vec<u8> {
    [&[0x1b], &(seconds * 1000).to_be_bytes()[..]].concat()
}

impl World {
    fn new() -> Self {
        let keys = [1, 2, 3, 4].map(Key::p384);
        let [root, zone, instance, leaf] = keys.clone();
        Self {
            chain: [
                Draft::new("root", "root", DATES).authority(None),
                Draft::new("root", "zone", DATES).authority(Some(1)),
                Draft::new("zone", "instance", DATES).authority(Some(0)),
                Draft::new("instance", "leaf", LEAF_DATES),
            ],
            keys,
            signers: [root.clone(), root, zone, instance, leaf],
            protected: vec![0xa1, 0x01, 0x38, 0x22],
            fields: vec![
                ("module_id", text("i-0123-enc4567")),
                ("digest", text("SHA384")),
                ("timestamp", timestamp(NOW - 60)),
                ("pcrs", pcrs(&[(0, 0x10), (1, 0x11), (2, 0x12), (3, 0), (8, 0x18)])),
                ("public_key", vec![0xf6]),
                ("user_data", cbor(&[0xaa; 64])),
                ("nonce", cbor(&[0xbb; 32])),
            ],
            pinned: None,
        }
    }

    fn set(&mut self, name: &str, value: Vec<u8>) {
        let field = self.fields.iter_mut().find(|(field, _)| *field == name);
        field.unwrap().1 = value;
    }

    fn certificates(&self) -> Vec<Vec<u8>> {
        let parts = self.chain.iter().zip(&self.keys).zip(&self.signers);
        parts.map(|((draft, key), signer)| draft.signed(key, signer)).collect()
    }

    fn payload(&self) -> Vec<u8> {
        let mut bundle = self.certificates();
        let leaf = bundle.pop().unwrap();
        let bundle: Vec<_> = bundle.iter().flat_map(|der| cbor(der)).collect();
        let mut fields = self.fields.clone();
        if !fields.iter().any(|(name, _)| *name == "certificate") {
            fields.push(("certificate", cbor(&leaf)));
        }
        if !fields.iter().any(|(name, _)| *name == "cabundle") {
            fields.push(("cabundle", [&[0x83], &bundle[..]].concat()));
        }
        let head = 0xa0 | u8::try_from(fields.len()).unwrap();
        let each = fields.into_iter().flat_map(|(name, value)| [text(name), value].concat());
        [head].into_iter().chain(each).collect()
    }

    fn evidence(&self) -> Vec<u8> {
        let (protected, payload) = (cbor(&self.protected), cbor(&self.payload()));
        let signed = [b"\x84\x6aSignature1", &protected[..], &[0x40], &payload].concat();
        let [.., signer] = &self.signers;
        [&[0x84], &protected[..], &[0xa0], &payload, &cbor(&signer.sign_raw(&signed))].concat()
    }

    fn roots(&self) -> Roots {
        Roots::throw_away(self.pinned.as_ref().unwrap_or(&self.certificates()[0]))
    }

    fn judge_at(&self, policy: &Policy, now: u64) -> Result<VerifiedEvidence, Failure> {
        verify_evidence(Tee::Nitro, &self.evidence(), None, policy, &self.roots(), None, now)
    }

    fn judge(&self, policy: &Policy) -> Result<VerifiedEvidence, Failure> {
        self.judge_at(policy, NOW)
    }
}

fn release() -> NitroRelease {
    let pcr8 = Some([0x18; 48]);
    NitroRelease {
        name: None,
        pcr0: [0x10; 48],
        pcr1: [0x11; 48],
        pcr2: [0x12; 48],
        pcr8,
        not_after: Some(NOW),
    }
}

fn strict() -> Policy {
    let releases = vec![Release::Nitro(Box::new(release()))];
    Policy { tee: vec![Tee::Nitro], releases, ..Policy::default() }
}

/// The world with one change is refused under a strict policy, at this step and with this class.
fn refused(step: Step, class: Class, change: impl FnOnce(&mut World)) {
    let mut world = World::new();
    change(&mut world);
    refused_at(world.judge(&strict()), step, class);
}

#[test]
fn a_document_in_order_is_accepted_and_says_what_runs() {
    let verified = World::new().judge(&strict()).unwrap();
    let Identity::Nitro(enclave) = verified.identity() else { panic!("a Nitro enclave") };
    assert_eq!(enclave.module_id, "i-0123-enc4567");
    assert_eq!(enclave.timestamp_ms, (NOW - 60) * 1000);
    assert_eq!((verified.measurement(), verified.signer()), (&[0x10; 48][..], Some(&[0x18; 48][..])));
    assert_eq!(verified.report_data(), [0xaa; 64]);
    assert_eq!(verified.earliest_expiration(), LEAF_DATES.1);
    let steps: Vec<_> = verified.passed().iter().map(|passed| passed.step.number()).collect();
    assert_eq!(steps, (1..=14).collect::<Vec<_>>());

    let tagged = [&[0xd2], &World::new().evidence()[..]].concat();
    let judge = |evidence: &[u8]| {
        verify_evidence(Tee::Nitro, evidence, None, &strict(), &World::new().roots(), None, NOW).map(drop)
    };
    assert_eq!(judge(&tagged), Ok(()), "the tag of COSE_Sign1 may be there");
    let other = [&[0xd1], &World::new().evidence()[..]].concat();
    assert_eq!(judge(&other).unwrap_err().class, Class::Malformed);
}

#[test]
fn a_document_of_another_form_is_malformed() {
    let (evidence, roots) = (World::new().evidence(), World::new().roots());
    let class = |evidence: &[u8]| {
        verify_evidence(Tee::Nitro, evidence, None, &strict(), &roots, None, NOW).unwrap_err().class
    };
    for length in 0..evidence.len() {
        assert_eq!(class(&evidence[..length]), Class::Malformed, "{length}");
    }
    assert_eq!(class(&[&evidence[..], &[0]].concat()), Class::Malformed);
    assert_eq!(class(&vec![0x84; 10_000_000]), Class::Malformed);

    let malformed = |change: fn(&mut World)| refused(Step::Parse, Class::Malformed, change);
    for name in ["module_id", "digest", "timestamp", "pcrs"] {
        refused(Step::Parse, Class::Malformed, |world| world.fields.retain(|(field, _)| *field != name));
    }
    malformed(|world| world.fields.push(("more", vec![0])));
    malformed(|world| world.fields.push(("digest", text("SHA384"))));
    malformed(|world| world.set("module_id", text("")));
    malformed(|world| world.set("module_id", text("\n")));
    malformed(|world| world.set("timestamp", vec![0x20]));
    malformed(|world| world.set("pcrs", vec![0xa0]));
    malformed(|world| world.set("pcrs", pcrs(&[(0, 1), (0, 1)])));
    malformed(|world| world.set("pcrs", [vec![0xa1, 0x18, 32], cbor(&[0; 48])].concat()));
    malformed(|world| world.set("pcrs", [vec![0xa1, 0], cbor(&[0; 47])].concat()));
    malformed(|world| world.set("public_key", cbor(&[0; 1025])));
    malformed(|world| world.set("user_data", cbor(&[0; 513])));
    malformed(|world| world.set("nonce", cbor(&[0; 513])));
    malformed(|world| world.fields.push(("certificate", cbor(&[]))));
    malformed(|world| world.fields.push(("certificate", cbor(&[0; 1025]))));
    malformed(|world| world.fields.push(("cabundle", vec![0x80])));
    malformed(|world| {
        world.fields.push(("cabundle", vec![0x85, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0, 0x41, 0]))
    });
    malformed(|world| {
        world.fields.push(("cabundle", vec![0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))
    });
    malformed(|world| world.protected = vec![0xa0]);
    malformed(|world| world.protected = vec![0xa1, 0x02, 0x38, 0x22]);
    malformed(|world| world.protected.push(0));
    refused(Step::Collateral, Class::Malformed, |world| {
        world.fields.push(("certificate", cbor(&[0x30, 0])));
    });
}

#[test]
fn other_algorithms_are_unsupported() {
    refused(Step::Supported, Class::Unsupported, |world| world.protected = vec![0xa1, 0x01, 0x26]);
    refused(Step::Supported, Class::Unsupported, |world| world.set("digest", text("SHA512")));
    refused(Step::Supported, Class::Unsupported, |world| {
        world.set("pcrs", [vec![0xa1, 0], cbor(&[1; 32])].concat());
    });
    refused(Step::Supported, Class::Malformed, |world| world.set("pcrs", pcrs(&[(0, 1), (1, 1), (3, 1)])));
}

#[test]
fn a_chain_that_is_not_from_the_root_is_refused() {
    refused(Step::Root, Class::UntrustedRoot, |world| world.pinned = Some(vec![0]));
    let evidence = World::new().evidence();
    let real = verify_evidence(Tee::Nitro, &evidence, None, &strict(), &Roots::default(), None, NOW);
    assert_eq!(real.unwrap_err().class, Class::UntrustedRoot);

    let chain = |change: fn(&mut World)| refused(Step::PlatformChain, Class::CertChain, change);
    chain(|world| world.signers[1] = Key::p384(9));
    chain(|world| world.signers[2] = Key::p384(9));
    chain(|world| world.signers[3] = Key::p384(9));
    chain(|world| world.signers[3] = Key::rsa(0));
    chain(|world| world.chain[1].authority = None);
    chain(|world| world.chain[2].authority = None);
    chain(|world| world.chain[2].key_usage = Some(0x80));
    chain(|world| world.chain[1].authority = Some(Some(0)));
    chain(|world| world.chain[0].authority = Some(Some(1)));
    chain(|world| world.chain[3].authority = Some(None));
    chain(|world| world.chain[3].issuer = "zone".to_owned());
    refused(Step::QuoteSignature, Class::QuoteSignature, |world| world.signers[4] = Key::p384(9));
    refused(Step::QuoteSignature, Class::QuoteSignature, |world| world.chain[3].key_usage = Some(0x08));
    let mut world = World::new();
    world.chain[3].key_usage = Some(0x80);
    assert!(world.judge(&strict()).is_ok(), "a key for signatures");
}

#[test]
fn dates_are_kept_with_thirty_seconds_for_a_slow_clock() {
    let at = |now: u64| World::new().judge_at(&strict(), now).map(drop);
    let begins = LEAF_DATES.0;
    assert_eq!(at(begins - 30), Ok(()));
    let early = at(begins - 31).unwrap_err();
    assert_eq!((early.step, early.class), (Step::Dates, Class::Expired));
    assert!(!early.text.contains("device clock differs"), "{early}");

    let mut policy = strict();
    policy.releases = vec![Release::Nitro(Box::new(NitroRelease { not_after: None, ..release() }))];
    assert!(World::new().judge_at(&policy, LEAF_DATES.1).is_ok());
    let late = World::new().judge_at(&policy, LEAF_DATES.1 + 1).unwrap_err();
    assert_eq!((late.step, late.class), (Step::Dates, Class::Expired));
    assert!(late.text.contains("device clock differs"), "{late}");
}

#[test]
fn zero_registers_mean_debug() {
    for values in [[(0, 0), (1, 0), (2, 0)], [(0, 0), (1, 1), (2, 1)], [(0, 1), (1, 1), (2, 0)]] {
        refused(Step::Attributes, Class::Debug, |world| world.set("pcrs", pcrs(&values)));
    }
    let mut world = World::new();
    world.set("pcrs", pcrs(&[(0, 0), (1, 0), (2, 0)]));
    assert!(world.judge(&Policy::dangerous_claims_only()).unwrap().debug());
}

#[test]
fn a_program_or_instance_against_the_policy_is_refused() {
    let verdict = |release: NitroRelease| {
        let mut policy = strict();
        policy.releases = vec![Release::Nitro(Box::new(release))];
        World::new().judge(&policy).map(drop).map_err(|failure| failure.class)
    };
    assert_eq!(verdict(NitroRelease { pcr8: None, ..release() }), Ok(()));
    assert_eq!(verdict(NitroRelease { pcr0: [0; 48], ..release() }), Err(Class::Measurement));
    assert_eq!(verdict(NitroRelease { pcr1: [0; 48], ..release() }), Err(Class::Measurement));
    assert_eq!(verdict(NitroRelease { pcr2: [0; 48], ..release() }), Err(Class::Measurement));
    assert_eq!(verdict(NitroRelease { pcr8: Some([0; 48]), ..release() }), Err(Class::Signer));
    assert_eq!(verdict(NitroRelease { not_after: Some(NOW - 1), ..release() }), Err(Class::Measurement));

    let mut policy = strict();
    let instance = hex::encode(Sha256::digest("i-0123"));
    assert_eq!(World::new().judge(&policy).unwrap().platform_ids(), core::slice::from_ref(&instance));
    policy.platform.allowed_platform_ids = Some(vec![instance]);
    assert!(World::new().judge(&policy).is_ok());
    policy.platform.allowed_platform_ids = Some(Vec::new());
    assert_eq!(World::new().judge(&policy).unwrap_err().class, Class::Platform);
    policy.releases.clear();
    policy.platform.allowed_platform_ids = None;
    assert_eq!(World::new().judge(&policy).unwrap_err().class, Class::Measurement);
}

/// A document that says these three.
fn saying(said: [Option<Vec<u8>>; 3]) -> (Evidence, Roots) {
    let mut world = World::new();
    for (name, value) in ["user_data", "nonce", "public_key"].into_iter().zip(said) {
        world.set(name, value.map_or(vec![0xf6], |value| cbor(&value)));
    }
    (Evidence { evidence: world.evidence(), collateral: None }, world.roots())
}

/// What a document over a binding says.
fn own(binding: &Binding) -> [Option<Vec<u8>>; 3] {
    [
        Some(binding.report_data().to_vec()),
        binding.challenge.map(|challenge| challenge.to_vec()),
        Some(binding.hpke.to_vec()),
    ]
}

/// A bundle over a binding, whose document says these three.
fn bundle(said: impl FnOnce(&Binding) -> [Option<Vec<u8>>; 3]) -> Result<(), (u8, Class)> {
    bundle_verdict(Tee::Nitro, NOW, &strict(), |binding| saying(said(binding)))
}

#[test]
fn a_document_answers_one_request_for_one_minute() {
    let mut policy = strict();
    policy.releases = vec![Release::Nitro(Box::new(NitroRelease { not_after: None, ..release() }))];
    answers_one_request(Tee::Nitro, NOW, &policy, |binding| saying(own(binding)));
}

#[test]
fn user_data_nonce_and_key_are_all_the_bindings() {
    assert_eq!(bundle(own), Ok(()));
    let refused = Err((Step::ReportData.number(), Class::ReportData));
    for at in 0..3 {
        let with = |value: Option<Vec<u8>>| {
            bundle(|binding| {
                let mut said = own(binding);
                said[at] = value;
                said
            })
        };
        assert_eq!(with(None), refused, "{at} missing");
        assert_eq!(with(Some(vec![0; 32])), refused, "{at} another");
        assert_eq!(with(Some(vec![0; 64])), refused, "{at} another");
    }
}
