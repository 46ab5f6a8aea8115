//! Bad input by kind, where each kind is tried, and what no other file tries: each is refused with its step's own class,
//! and nothing panics. `src/…/tests.rs` is inside the crate, with throw-away roots in AMD's and AWS's place.
//!
//! | kind | SGX | TDX | SEV-SNP | Nitro |
//! | --- | --- | --- | --- | --- |
//! | a flipped bit anywhere | flips | flips | flips | flips |
//! | swapped chain | tamper | here | sev_snp, src/sev_snp | src/nitro |
//! | another root | pairings, tamper | pairings, here | pairings, src/sev_snp | pairings, src/nitro |
//! | expired certificate, list or document | knobs, evidence | here, evidence | src/sev_snp, sev_snp | src/nitro, nitro |
//! | revoked certificate | knobs, tamper | tdx | src/sev_snp | AWS has no lists |
//! | stale collateral | knobs | here | AMD's lists bound it | the leaf lives three hours |
//! | debug | knobs, evidence | tdx, evidence | src/sev_snp, sev_snp | src/nitro, nitro |
//! | forged signatures, quoting enclave | knobs, tamper | tdx | src/sev_snp | src/nitro |
//! | TCB level, status, advisory, evaluation | knobs, evidence | tdx, evidence | src/sev_snp | AWS has none |
//! | collateral of another platform | knobs, evidence | tdx | src/sev_snp, sev_snp | it has none |
//! | another program, signer, version | knobs | tdx, evidence | src/sev_snp | src/nitro |
//! | wrong report data | bundle | here | src/sev_snp | src/nitro |
//! | replayed nonce: of another request, after its minute | bundle, here | here | src/sev_snp | src/nitro |
//! | downgraded version | tamper, here | tdx, here | src/sev_snp | src/nitro (algorithms) |
//! | trailing bytes | tamper, here | tdx | src/sev_snp | src/nitro |
//! | lengths that lie | tamper, here | tdx | its length is fixed | src/nitro, src/nitro/cbor |
//! | cut anywhere | tamper | tdx | sev_snp, src/sev_snp | nitro, src/nitro |
//! | 10 MB of noise | here | here | here | here |
//!
//! Behind `perfagg verify-evidence` and `perfagg verify`: `clients/rust/tests/command/evidence.rs` and `saved.rs`. The
//! man in the middle and the relay are in `clients/rust/tests`.
#![cfg(test)]
#![cfg(feature = "development")]

mod seeded;
mod world;

use attestation::development::{Dates, DevelopmentBackend, Forged, Knobs, TdxKnobs};
use attestation::{
    Backend, Binding, Bundle, ChallengeProof, Class, Collateral, Config, DcapCollateral, EnclaveTime,
    Evidence, Expected, Policy, Roots, SnpCollateral, Step, Tee, verify, verify_evidence,
};
use base64ct::{Base64, Encoding};
use seeded::Seeded;
use serde_json::{Value, json};
use world::{EXECUTABLE, NONCE, NOW, World, Wrong, dcap, each_is_refused_by_its_step};

const DAY_S: u64 = 86_400;

fn domain() -> Knobs {
    Knobs { tdx: Some(TdxKnobs::default()), ..Knobs::default() }
}

/// An enclave and a trust domain in order.
fn worlds() -> [World; 2] {
    [World::new(), World::with(domain())]
}

#[test]
fn what_is_outside_its_dates_is_refused_of_a_trust_domain_too() {
    let mut wrong: Vec<Wrong> = Vec::new();
    let past = Dates { from: NOW - 20 * DAY_S, until: NOW - 1 };
    let future = Dates { from: NOW + 1, until: NOW + 20 * DAY_S };
    let stale = Dates { from: NOW - 36 * DAY_S, until: NOW + DAY_S };
    for dates in [Some(past), Some(future)] {
        wrong.extend([
            ("PCK", Knobs { pck_dates: dates, ..domain() }, 5, Class::Expired, true),
            ("root CRL", Knobs { root_crl_dates: dates, ..domain() }, 5, Class::Expired, true),
        ]);
    }
    for dates in [Some(past), Some(future), Some(stale)] {
        wrong.extend([
            ("PCK CRL", Knobs { pck_crl_dates: dates, ..domain() }, 5, Class::Expired, true),
            ("TCB info", Knobs { tcb_info_dates: dates, ..domain() }, 5, Class::Expired, true),
            ("QE identity", Knobs { qe_identity_dates: dates, ..domain() }, 5, Class::Expired, true),
        ]);
    }
    each_is_refused_by_its_step(wrong);
}

#[test]
fn a_trust_domain_below_another_chain_is_refused() {
    let forged = |forged| Knobs { forged: Some(forged), ..domain() };
    each_is_refused_by_its_step([
        ("a CA of another root", forged(Forged::PckCa), 7, Class::CertChain, true),
        ("a platform of another CA", forged(Forged::Pck), 7, Class::CertChain, true),
        ("a signer of another root", forged(Forged::TcbSigner), 6, Class::CertChain, true),
        ("a list by another root", forged(Forged::RootCrl), 4, Class::CollateralSignature, true),
        ("a list by another CA", forged(Forged::PckCrl), 7, Class::CollateralSignature, true),
    ]);
    let world = World::with(domain());
    let ours = dcap(world.evidence(&world.binding()).collateral);
    let foreign = DevelopmentBackend::with_knobs([8; 32], EXECUTABLE, domain()).unwrap();
    let Evidence { evidence: quote, collateral } = foreign.evidence([5; 64], NOW).unwrap();
    let theirs = dcap(collateral);
    let judge = |quote: &[u8], collateral: &DcapCollateral| {
        let (policy, roots, collateral) = (world.policy(), world.roots(), collateral.clone().into());
        let verdict = verify_evidence(Tee::DevTdx, quote, Some(&collateral), &policy, &roots, None, NOW);
        verdict.map(drop).map_err(|failure| (failure.step.number(), failure.class))
    };
    assert_eq!(judge(&quote, &theirs), Err((4, Class::UntrustedRoot)), "a foreign world");
    assert_eq!(judge(&quote, &ours), Err((7, Class::CertChain)), "a foreign quote");
    let own = world.evidence(&world.binding()).evidence;
    assert_eq!(judge(&own, &ours), Ok(()));
    let chains: [fn(&mut DcapCollateral) -> &mut String; 3] = [
        |collateral| &mut collateral.tcb_info_issuer_chain,
        |collateral| &mut collateral.qe_identity_issuer_chain,
        |collateral| &mut collateral.pck_crl_issuer_chain,
    ];
    for (chain, step) in chains.into_iter().zip([6, 6, 7]) {
        let (mut mixed, mut theirs) = (ours.clone(), theirs.clone());
        core::mem::swap(chain(&mut mixed), chain(&mut theirs));
        assert_eq!(judge(&own, &mixed), Err((step, Class::CertChain)));
    }
}

/// The verdict over a bundle as it arrives.
fn verdict(world: &World, json: &str, expected: &Expected, now: u64) -> Result<(), (Step, Class)> {
    let bundle = Bundle::parse(json.as_bytes());
    let verdict = bundle.and_then(|bundle| verify(&bundle, &world.policy(), &world.roots(), expected, now));
    verdict.map(drop).map_err(|failure| (failure.step, failure.class))
}

#[test]
fn a_bundle_answers_one_request_for_one_minute() {
    for world in worlds() {
        let json = world.json(&world.binding());
        let ask = |nonce| Expected { nonce: Some(nonce), asked_at: NOW, ..Expected::default() };
        let stale = Err((Step::Freshness, Class::Freshness));
        for now in [NOW, NOW + 59] {
            assert_eq!(verdict(&world, &json, &ask(NONCE), now), Ok(()));
        }
        for now in [NOW + 60, NOW + 3600, NOW - 1] {
            assert_eq!(verdict(&world, &json, &ask(NONCE), now), stale, "the same again, at {now}");
        }
        // Recorded, and sent again to one who asks anew: neither as it is nor with a proof made up for it.
        assert_eq!(verdict(&world, &json, &ask([8; 32]), NOW), stale);
        for (index, size, path) in [(0, 2, vec![[7; 32]]), (1, 2, vec![[7; 32]]), (0, 1, vec![])] {
            let proof = Some(ChallengeProof { index, size, path });
            let time = EnclaveTime { enclave: NOW, ..EnclaveTime::default() };
            let evidence = world.evidence(&world.binding());
            let json = Bundle::encode(&world.binding(), proof, evidence, &world.config, time);
            assert_eq!(verdict(&world, &json, &ask([8; 32]), NOW), stale);
        }
        // Nor does the nonce of the new request in the old evidence's binding help.
        let mut renewed = world.binding();
        renewed.answer(&[8; 32]);
        let time = EnclaveTime { enclave: NOW, ..EnclaveTime::default() };
        let evidence = world.evidence(&world.binding());
        let json = Bundle::encode(&renewed, Some(ChallengeProof::lone()), evidence, &world.config, time);
        let other = Err((Step::ReportData, Class::ReportData));
        assert_eq!(verdict(&world, &json, &ask([8; 32]), NOW), other);
    }
}

/// A bundle whose binding is other bytes.
fn with_binding(world: &World, binding: &[u8]) -> String {
    let mut document: Value = serde_json::from_str(&world.json(&world.binding())).unwrap();
    document["binding"] = json!(Base64::encode_string(binding));
    document.to_string()
}

const MALFORMED: Result<(), (Step, Class)> = Err((Step::Parse, Class::Malformed));

#[test]
fn a_binding_of_another_version_length_or_end_is_malformed() {
    for world in worlds() {
        let good = world.binding().encode();
        let expected = world::expected();
        let judge = |binding: &[u8]| verdict(&world, &with_binding(&world, binding), &expected, NOW);
        assert_eq!(judge(&good), Ok(()));
        let version = good.windows(3).position(|bytes| bytes == b"/v1").unwrap() + 2;
        for other in [b'0', b'2'] {
            let mut binding = good.clone();
            binding[version] = other;
            assert_eq!(judge(&binding), MALFORMED, "version {}", char::from(other));
        }
        assert_eq!(judge(&[&good[..], &[0]].concat()), MALFORMED);
        // Each field's length, four bytes behind its tag.
        let mut at = version + 2;
        for tag in 1..=10_u8 {
            assert_eq!(good[at..at + 2], [0, tag]);
            let length = u32::from_be_bytes(good[at + 2..at + 6].try_into().unwrap());
            for lie in [length.wrapping_sub(1), length + 1, 0xffff, u32::MAX] {
                let mut binding = good.clone();
                binding[at + 2..at + 6].copy_from_slice(&lie.to_be_bytes());
                assert_eq!(judge(&binding), MALFORMED, "field {tag} of {lie} bytes");
            }
            at += 6 + usize::try_from(length).unwrap();
        }
        assert_eq!(at, good.len());
    }
}

#[test]
fn what_trails_behind_collateral_policy_or_configuration_is_refused() {
    for world in worlds() {
        let good = dcap(world.evidence(&world.binding()).collateral);
        let parts: [fn(&mut DcapCollateral); 5] = [
            |collateral| collateral.root_ca_crl.push(0),
            |collateral| collateral.pck_crl.push(0),
            |collateral| collateral.tcb_info_issuer_chain.push('x'),
            |collateral| collateral.tcb_info.push('x'),
            |collateral| collateral.qe_identity.push('x'),
        ];
        let quote = world.evidence(&world.binding()).evidence;
        for trail in parts {
            let mut longer = good.clone();
            trail(&mut longer);
            let (policy, roots, longer) = (world.policy(), world.roots(), longer.into());
            let verdict =
                verify_evidence(world.backend.tee(), &quote, Some(&longer), &policy, &roots, None, NOW);
            let failure = verdict.unwrap_err();
            assert_eq!((failure.step, failure.class), (Step::Collateral, Class::Malformed));
        }
        for trail in ["x", "{}", "\0"] {
            let json = serde_json::to_string(&good).unwrap() + trail;
            assert_eq!(Collateral::parse(json.as_bytes()).unwrap_err().class, Class::Malformed);
            assert!(Policy::from_json(format!("{{\"releases\":[]}}{trail}").as_bytes()).is_err());
            assert!(Config::parse(&format!("{}{trail}", world.config.text())).is_none());
        }
    }
}

/// Ten megabytes: of one byte, of brackets and quotes that open and do not close, by seed, and behind a good beginning.
fn noise(beginning: &[u8]) -> impl Iterator<Item = Vec<u8>> {
    const BYTES: usize = 10_000_000;
    let mut random = Seeded(11);
    let random: Vec<u8> = core::iter::repeat_with(|| random.byte()).take(BYTES).collect();
    let of = |pattern: &[u8]| pattern.iter().copied().cycle().take(BYTES).collect::<Vec<_>>();
    let patterns =
        [&[0][..], &[0xff], &[0x30, 0x80], b"[", b"{\"type\":", b"\"", b"A", b"{\"releases\":[]} "];
    let mut all: Vec<_> = patterns.map(of).to_vec();
    let mut good = beginning.to_vec();
    good.extend_from_slice(&random[good.len()..]);
    all.extend([random, good, of(beginning)]);
    all.into_iter()
}

#[test]
fn ten_megabytes_of_noise_are_refused_as_evidence_of_any_kind() {
    let [enclave, domain] = worlds();
    for (tee, world) in [
        (Tee::SgxDcap, &enclave),
        (Tee::DevSgx, &enclave),
        (Tee::Tdx, &domain),
        (Tee::DevTdx, &domain),
        (Tee::SevSnp, &enclave),
        (Tee::Nitro, &enclave),
    ] {
        let Evidence { evidence, collateral } = world.evidence(&world.binding());
        for noise in noise(&evidence) {
            let (policy, roots) = (Policy::dangerous_claims_only(), world.roots());
            let verdict = verify_evidence(tee, &noise, collateral.as_ref(), &policy, &roots, None, NOW);
            let failure = verdict.unwrap_err();
            assert_eq!((failure.step, failure.class), (Step::Parse, Class::Malformed), "{tee:?}");
        }
    }
}

#[test]
fn ten_megabytes_of_noise_are_refused_as_bundle_binding_and_configuration() {
    for world in worlds() {
        for noise in noise(world.json(&world.binding()).as_bytes()) {
            assert_eq!(Bundle::parse(&noise).unwrap_err().class, Class::Malformed);
            assert!(Binding::parse(&noise).is_none());
            let text = String::from_utf8_lossy(&noise);
            assert!(Config::parse(&text).is_none());
            assert_eq!(verdict(&world, &text, &world::expected(), NOW), MALFORMED);
        }
        for member in ["binding", "evidence", "config", "tee", "type"] {
            let mut document: Value = serde_json::from_str(&world.json(&world.binding())).unwrap();
            document[member] = json!("A".repeat(10_000_000));
            assert_eq!(verdict(&world, &document.to_string(), &world::expected(), NOW), MALFORMED);
        }
    }
}

#[test]
fn ten_megabytes_of_noise_are_refused_as_collateral_policy_and_root() {
    let world = World::new();
    let Evidence { evidence, collateral } = world.evidence(&world.binding());
    let good = dcap(collateral);
    for noise in noise(&serde_json::to_vec(&good).unwrap()) {
        assert_eq!(Collateral::parse(&noise).unwrap_err().class, Class::Malformed);
        assert_eq!(SnpCollateral::from_files(&noise, &noise).unwrap_err().class, Class::Malformed);
        assert!(Policy::from_json(&noise).is_err() && Policy::from_offline_json(&noise).is_err());
        assert!(Roots::dangerous_development(&noise).is_err());
        // Given as parsed already, as a program may that has fetched it itself.
        let text = String::from_utf8_lossy(&noise).into_owned();
        let parts: [Collateral; 4] = [
            DcapCollateral { root_ca_crl: noise.clone(), ..good.clone() }.into(),
            DcapCollateral { tcb_info: text.clone(), ..good.clone() }.into(),
            DcapCollateral { pck_crl_issuer_chain: text, ..good.clone() }.into(),
            Collateral::Snp(SnpCollateral { vek: noise.clone(), ask: vec![], ark: vec![], crl: Some(noise) }),
        ];
        for (at, part) in parts.iter().enumerate() {
            let (policy, roots) = (world.policy(), world.roots());
            let verdict = verify_evidence(Tee::DevSgx, &evidence, Some(part), &policy, &roots, None, NOW);
            let failure = verdict.unwrap_err();
            assert_eq!((failure.step, failure.class), (Step::Collateral, Class::Malformed), "{at}");
        }
    }
}
