//! SEV-SNP evidence under a throw-away root, one thing changed at a time. Real evidence is in `tests/sev_snp.rs`.

use crate::policy::{Policy, SnpProduct, SnpTcb};
use crate::release::{Release, SnpRelease};
use crate::roots::Roots;
use crate::tests::throw_away::{
    Draft, Key, answers_one_request, bundle_verdict, integer, list, refused_at, tlv,
};
use crate::{
    Class, Collateral, Evidence, Failure, Identity, Outcome, SnpCollateral, SnpSigningKey, Step, Tee,
    VerifiedEvidence, verify_evidence,
};
use sha2::{Digest, Sha256};

/// 2026-11-24T12:00:00Z
const NOW: u64 = 1_795_521_600;
const DATES: (u64, u64) = (NOW - 86_400, NOW + 86_400);
const TCB: [u8; 8] = [4, 0, 0, 0, 0, 0, 24, 219];

/// Everything of one world, before it is signed. The throw-away root stands for the first product, Milan.
#[derive(Clone)]
struct World {
    report: Vec<u8>,
    ark: Draft,
    ask: Draft,
    vek: Draft,
    /// Dates and serials of the root's list.
    crl: Option<((u64, u64), Vec<u8>)>,
    ark_key: Key,
    ask_key: Key,
    /// Who signs ASK, VEK, list and report.
    signers: [Key; 4],
    vek_key: Key,
}

impl World {
    fn new() -> Self {
        let chip: Vec<u8> = (1..=64).collect();
        let mut report = vec![0; super::report::REPORT];
        report[0] = 3;
        report[0x0a] = 0x03; // SMT allowed, the bit that is always one
        report[0x34] = 1;
        report[0x40] = 1;
        report[0x50..0x90].fill(0xaa);
        report[0x90..0xc0].fill(0xbb);
        report[0xc0..0xe0].fill(0xcc);
        report[0x180..0x188].copy_from_slice(&TCB);
        report[0x188..0x18b].copy_from_slice(&[0x19, 1, 1]);
        report[0x1a0..0x1e0].copy_from_slice(&chip);
        let mut vek = Draft::new("SEV-Milan", "SEV-VCEK", DATES);
        vek.serial = 0;
        vek.extensions = extensions("Milan-B0", &TCB.map(|byte| byte), &[1, 2, 4, 5, 6, 7, 3, 8]);
        vek.extensions.push((HARDWARE_ID, false, chip));
        let (ark_key, ask_key, vek_key) = (Key::rsa(0), Key::rsa(1), Key::p384(1));
        let mut ask = Draft::new("ARK-Milan", "SEV-Milan", DATES).authority(Some(0));
        ask.serial = 2;
        Self {
            report,
            ark: Draft::new("ARK-Milan", "ARK-Milan", DATES).authority(None),
            ask,
            vek,
            crl: Some((DATES, vec![9])),
            signers: [ark_key.clone(), ask_key.clone(), ark_key.clone(), vek_key.clone()],
            ark_key,
            ask_key,
            vek_key,
        }
    }

    fn vlek() -> Self {
        let mut world = Self::new();
        world.report[0x48] = 1 << 2;
        world.ask.subject = "SEV-VLEK-Milan".to_owned();
        world.vek.issuer = "SEV-VLEK-Milan".to_owned();
        world.vek.subject = "SEV-VLEK".to_owned();
        world.vek.extensions.retain(|(id, ..)| *id != HARDWARE_ID);
        world
    }

    fn evidence(&self) -> Vec<u8> {
        let [.., signer] = &self.signers;
        let mut report = self.report.clone();
        let mut signature = signer.sign_raw(&report[..super::report::SIGNED]);
        let (r, s) = signature.split_at_mut(48);
        r.reverse();
        s.reverse();
        report[0x2a0..0x2a0 + 48].copy_from_slice(r);
        report[0x2e8..0x2e8 + 48].copy_from_slice(s);
        report
    }

    fn collateral(&self) -> SnpCollateral {
        let [of_ask, of_vek, of_list, _] = &self.signers;
        SnpCollateral {
            ark: self.ark.signed(&self.ark_key, &self.ark_key),
            ask: self.ask.signed(&self.ask_key, of_ask),
            vek: self.vek.signed(&self.vek_key, of_vek),
            crl: self.crl.as_ref().map(|(dates, serials)| list("ARK-Milan", *dates, serials, of_list)),
        }
    }

    fn judge(&self, policy: &Policy) -> Result<VerifiedEvidence, Failure> {
        judge(&self.evidence(), self.collateral(), policy)
    }
}

const HARDWARE_ID: &str = "1.3.6.1.4.1.3704.1.4";
const COMPONENTS: [&str; 10] = [
    "1.3.6.1.4.1.3704.1.3.0",
    "1.3.6.1.4.1.3704.1.3.1",
    "1.3.6.1.4.1.3704.1.3.2",
    "1.3.6.1.4.1.3704.1.3.3",
    "1.3.6.1.4.1.3704.1.3.4",
    "1.3.6.1.4.1.3704.1.3.5",
    "1.3.6.1.4.1.3704.1.3.6",
    "1.3.6.1.4.1.3704.1.3.7",
    "1.3.6.1.4.1.3704.1.3.8",
    "1.3.6.1.4.1.3704.1.3.9",
];

fn extensions(product: &str, tcb: &[u8], arcs: &[usize]) -> Vec<(&'static str, bool, Vec<u8>)> {
    let name = ("1.3.6.1.4.1.3704.1.2", false, tlv(0x16, product.as_bytes()));
    let components = tcb.iter().zip(arcs).map(|(value, &arc)| (COMPONENTS[arc], false, integer(&[*value])));
    [name].into_iter().chain(components).collect()
}

fn judge(evidence: &[u8], collateral: SnpCollateral, policy: &Policy) -> Result<VerifiedEvidence, Failure> {
    let roots = Roots::throw_away(&collateral.ark);
    verify_evidence(Tee::SevSnp, evidence, Some(&Collateral::Snp(collateral)), policy, &roots, None, NOW)
}

/// The release that the usual world is, and everything else strict.
fn strict() -> Policy {
    let release =
        SnpRelease { name: None, measurement: [0xbb; 48], host_data: Some([0xcc; 32]), not_after: Some(NOW) };
    Policy { tee: vec![Tee::SevSnp], releases: vec![Release::Snp(release)], ..Policy::default() }
}

/// The world with one change is refused under a strict policy, at this step and with this class.
fn refused(step: Step, class: Class, change: impl FnOnce(&mut World)) {
    let mut world = World::new();
    change(&mut world);
    refused_at(world.judge(&strict()), step, class);
}

#[test]
fn a_world_in_order_is_accepted_and_says_what_runs() {
    let verified = World::new().judge(&strict()).unwrap();
    let Identity::Snp(guest) = verified.identity() else { panic!("an SNP guest") };
    assert_eq!((guest.product, guest.signing_key, guest.vmpl), (SnpProduct::Milan, SnpSigningKey::Vcek, 0));
    let tcb = SnpTcb { bootloader: 4, tee: 0, snp: 24, microcode: 219, fmc: None };
    assert_eq!(guest.reported_tcb, tcb);
    assert_eq!((verified.measurement(), verified.report_data()), (&[0xbb; 48][..], &[0xaa; 64][..]));
    assert!(verified.measurement_checked() && !verified.debug());
    assert_eq!(verified.earliest_expiration(), DATES.1);
    let steps: Vec<_> = verified.passed().iter().map(|passed| passed.step.number()).collect();
    assert_eq!(steps, (1..=14).collect::<Vec<_>>());

    let world = World { crl: None, ..World::new() };
    assert!(world.judge(&strict()).is_ok(), "a list is not required");
    let verified = World::vlek().judge(&strict()).unwrap();
    let Identity::Snp(guest) = verified.identity() else { panic!("an SNP guest") };
    assert_eq!(guest.signing_key, SnpSigningKey::Vlek);
}

#[test]
fn a_report_of_another_form_is_refused() {
    let world = World::new();
    let (evidence, collateral) = (world.evidence(), world.collateral());
    for length in 0..evidence.len() {
        let class = judge(&evidence[..length], collateral.clone(), &strict()).unwrap_err().class;
        assert_eq!(class, Class::Malformed, "{length}");
    }
    let longer = [&evidence[..], &[0]].concat();
    assert_eq!(judge(&longer, collateral, &strict()).unwrap_err().class, Class::Malformed);

    for version in [0, 1, 4, 6, 255] {
        refused(Step::Supported, Class::Unsupported, |world| world.report[0] = version);
    }
    refused(Step::Supported, Class::Unsupported, |world| world.report[0x34] = 2);
    refused(Step::Supported, Class::Unsupported, |world| world.report[0x48] = 7 << 2);
    // Reserved in version 3: flags, behind the processor, behind the versions, mitigations, the rest, policy bits.
    for at in [0x49, 0x4c, 0x18b, 0x19f, 0x1eb, 0x1ef, 0x1f8, 0x207, 0x208, 0x29f, 0x0b, 0x0f] {
        refused(Step::Supported, Class::Malformed, |world| world.report[at] = 0x80);
    }
    refused(Step::Supported, Class::Malformed, |world| world.report[0x0a] = 0x01);
    refused(Step::Supported, Class::Malformed, |world| world.report[0] = 2); // the processor is not named yet
    for at in [0x2a0 + 48, 0x2e8 + 71, 0x330, 0x49f] {
        let mut evidence = World::new().evidence();
        evidence[at] = 1;
        let class = judge(&evidence, World::new().collateral(), &strict()).unwrap_err().class;
        assert_eq!(class, Class::Malformed, "{at:x}");
    }
    let mut world = World::new();
    world.report[0] = 5;
    world.report[0x1f8..0x208].fill(7);
    assert!(world.judge(&strict()).is_ok(), "version 5 names mitigations");
}

#[test]
fn a_chain_of_another_form_is_refused() {
    let (root, chain) = (Step::Collateral, Step::PlatformChain);
    let evidence = World::new().evidence();
    let none = verify_evidence(Tee::SevSnp, &evidence, None, &strict(), &Roots::default(), None, NOW);
    assert_eq!(none.unwrap_err().class, Class::Malformed);
    let own = Collateral::Snp(World::new().collateral());
    let real = verify_evidence(Tee::SevSnp, &evidence, Some(&own), &strict(), &Roots::default(), None, NOW);
    let failure = real.unwrap_err();
    assert_eq!((failure.step, failure.class), (root, Class::UntrustedRoot));

    refused(chain, Class::CertChain, |world| world.signers[0] = Key::rsa(1));
    refused(chain, Class::CertChain, |world| world.signers[1] = Key::rsa(0));
    refused(chain, Class::CertChain, |world| world.signers[1] = Key::p384(2));
    refused(chain, Class::CertChain, |world| world.ask.issuer = "ARK-Genoa".to_owned());
    refused(chain, Class::CertChain, |world| world.vek.issuer = "SEV-Genoa".to_owned());
    refused(chain, Class::CertChain, |world| world.ask.authority = None);
    refused(chain, Class::CertChain, |world| world.ask.key_usage = Some(0x80));
    refused(chain, Class::CertChain, |world| world.ark.authority = Some(Some(0)));
    refused(chain, Class::CertChain, |world| world.vek.authority = Some(None));
    refused(chain, Class::CertChain, |world| world.vek.subject = "SEV-VLEK".to_owned());
    refused(chain, Class::CertChain, |world| {
        world.vek.extensions.retain(|(id, ..)| *id != HARDWARE_ID);
    });
    refused(chain, Class::CertChain, |world| {
        world.ask.subject = "SEV-VLEK-Milan".to_owned();
        world.vek.issuer = "SEV-VLEK-Milan".to_owned();
    });
    refused(chain, Class::CollateralMismatch, |world| world.report[0x48] = 1 << 2);
    refused(chain, Class::CollateralMismatch, |world| {
        *world = World::vlek();
        world.report[0x48] = 0;
    });
    refused(root, Class::Malformed, |world| world.vek.extensions.push(("1.2.3", true, vec![1])));
    refused(root, Class::Malformed, |world| {
        let again = world.vek.extensions[0].clone();
        world.vek.extensions.push(again);
    });
    for part in 0..4 {
        let mut collateral = World::new().collateral();
        let SnpCollateral { vek, ask, crl, ark } = &mut collateral;
        *[vek, ask, crl.as_mut().unwrap(), ark][part] = vec![0x30, 3, 1, 2, 3];
        let failure = judge(&World::new().evidence(), collateral, &strict()).unwrap_err();
        assert_eq!((failure.step, failure.class), (root, Class::Malformed), "{part}");
    }
}

#[test]
fn what_is_revoked_or_outside_its_dates_is_refused() {
    for serial in [0, 1, 2] {
        refused(Step::PlatformChain, Class::Revoked, |world| world.crl = Some((DATES, vec![9, serial])));
    }
    refused(Step::Collateral, Class::CollateralSignature, |world| world.signers[2] = Key::rsa(1));
    let (past, future) = ((NOW - 20, NOW - 10), (NOW + 10, NOW + 20));
    for dates in [past, future] {
        refused(Step::Dates, Class::Expired, |world| world.crl = Some((dates, vec![])));
        refused(Step::Dates, Class::Expired, |world| world.vek.dates = dates);
        refused(Step::Dates, Class::Expired, |world| world.ask.dates = dates);
        refused(Step::Dates, Class::Expired, |world| world.ark.dates = dates);
    }
    let mut world = World::new();
    world.vek.dates = (NOW, NOW);
    assert_eq!(world.judge(&strict()).unwrap().earliest_expiration(), NOW);
}

#[test]
fn a_report_by_another_key_or_altered_is_refused() {
    refused(Step::QuoteSignature, Class::QuoteSignature, |world| world.signers[3] = Key::p384(9));
    let collateral = World::new().collateral();
    for at in [0x04, 0x50, 0x90, 0xc0, 0x180, 0x1a0, 0x2a0, 0x2e8] {
        let mut evidence = World::new().evidence();
        evidence[at] ^= 1;
        let failure = judge(&evidence, collateral.clone(), &Policy::dangerous_claims_only()).unwrap_err();
        assert_eq!(failure.class, Class::QuoteSignature, "{at:x}");
    }
}

#[test]
fn a_key_of_another_platform_is_refused() {
    let other = |change: fn(&mut World)| refused(Step::Match, Class::CollateralMismatch, change);
    other(|world| world.report[0x1a0] ^= 1);
    other(|world| world.report[0x1a0..0x1e0].fill(0)); // masked
    for at in 0x180..0x188 {
        refused(Step::Match, Class::CollateralMismatch, |world| world.report[at] ^= 1);
    }
    other(|world| drop(world.vek.extensions.remove(1)));
    other(|world| world.vek.extensions.push((COMPONENTS[9], false, integer(&[0]))));
    other(|world| world.vek.extensions[0].2 = tlv(0x16, b"Genoa"));
    other(|world| world.vek.extensions[0].2 = tlv(0x0c, b"Milan"));
    refused(Step::Match, Class::Malformed, |world| world.vek.extensions[1].2 = integer(&[1, 0]));
    refused(Step::Match, Class::CollateralMismatch, |world| {
        *world = World::vlek();
        world.report[0x187] ^= 1;
    });
}

#[test]
fn turin_has_another_order_of_bytes_and_a_shorter_chip_id() {
    let tcb = [1, 2, 3, 4, 0, 0, 0, 81];
    let arcs = [9, 1, 2, 3, 5, 6, 7, 8].map(|arc: u32| arc);
    let components: Vec<_> = SnpProduct::Turin.components(tcb).collect();
    assert_eq!(components, arcs.into_iter().zip(tcb).collect::<Vec<_>>());
    let words = SnpTcb { bootloader: 2, tee: 3, snp: 4, microcode: 81, fmc: Some(1) };
    assert_eq!(SnpProduct::Turin.tcb(tcb), words);
    assert_eq!(SnpProduct::Turin.chip_id_length(), 8);
}

#[test]
fn a_platform_against_the_policy_is_refused() {
    let at_least = |tcb: SnpTcb| {
        let mut policy = strict();
        policy.snp_min_tcb.milan = Some(tcb);
        World::new().judge(&policy).map(drop).map_err(|failure| (failure.step, failure.class))
    };
    let exact = SnpTcb { bootloader: 4, tee: 0, snp: 24, microcode: 219, fmc: None };
    assert_eq!(at_least(exact), Ok(()));
    for least in [
        SnpTcb { bootloader: 5, ..exact },
        SnpTcb { tee: 1, ..exact },
        SnpTcb { snp: 25, ..exact },
        SnpTcb { microcode: 220, ..exact },
        SnpTcb { fmc: Some(0), ..exact },
    ] {
        assert_eq!(at_least(least), Err((Step::TcbPolicy, Class::TcbStatus)), "{least:?}");
    }
    let chip: Vec<u8> = (1..=64).collect();
    let mut policy = strict();
    policy.platform.allowed_platform_ids = Some(vec![hex::encode_upper(Sha256::digest(chip))]);
    assert!(World::new().judge(&policy).is_ok());
    policy.platform.allowed_platform_ids = Some(vec!["00".repeat(32)]);
    assert_eq!(World::new().judge(&policy).unwrap_err().class, Class::Platform);
    let mut policy = strict();
    policy.platform.allow_smt = false;
    assert_eq!(World::new().judge(&policy).unwrap_err().class, Class::Platform);
    let mut policy = strict();
    policy.tee = vec![Tee::SgxDcap];
    let failure = World::new().judge(&policy).unwrap_err();
    assert_eq!((failure.step, failure.class), (Step::Root, Class::UntrustedRoot));
}

#[test]
fn a_chip_that_is_masked_has_no_id_to_pin() {
    let chip: Vec<u8> = (1..=64).collect();
    let shown = World::new().judge(&strict()).unwrap();
    assert_eq!(shown.platform_ids(), [hex::encode(Sha256::digest(chip))]);
    assert_eq!(shown.outcome(), Some(&Outcome::Green), "AMD signs no levels");
    assert_eq!(shown.release().map(Release::name), Some(None));
    let mut masked = World::vlek();
    masked.report[0x1a0..0x1e0].fill(0);
    let mut policy = strict();
    assert!(masked.clone().judge(&policy).unwrap().platform_ids().is_empty());
    // Every masked chip looks the same: the hash of zeros names none.
    policy.platform.allowed_platform_ids = Some(vec![hex::encode(Sha256::digest([0; 64]))]);
    assert_eq!(masked.judge(&policy).unwrap_err().class, Class::Platform);
}

#[test]
fn a_guest_that_can_be_read_or_moved_is_refused_but_shown() {
    let debug = |world: &mut World| world.report[0x0a] |= 0x08;
    let migratable = |world: &mut World| world.report[0x0a] |= 0x04;
    let vmpl = |world: &mut World| world.report[0x30] = 1;
    refused(Step::Attributes, Class::Debug, debug);
    refused(Step::Attributes, Class::Attributes, migratable);
    refused(Step::Attributes, Class::Attributes, vmpl);
    let mut allowed = strict();
    allowed.allow_debug = true;
    let mut world = World::new();
    debug(&mut world);
    assert_eq!(world.judge(&allowed).unwrap_err().class, Class::Debug, "there is no development root here");

    let shown = world.judge(&Policy::dangerous_claims_only()).unwrap();
    assert!(shown.debug() && !shown.measurement_checked());
}

#[test]
fn a_program_that_was_not_released_is_refused() {
    let verdict = |release: SnpRelease| {
        let mut policy = strict();
        policy.releases = vec![Release::Snp(release)];
        World::new().judge(&policy).map(drop).map_err(|failure| (failure.step, failure.class))
    };
    let own = SnpRelease { name: None, measurement: [0xbb; 48], host_data: None, not_after: None };
    assert_eq!(verdict(own.clone()), Ok(()));
    for other in [
        SnpRelease { measurement: [0; 48], ..own.clone() },
        SnpRelease { host_data: Some([0; 32]), ..own.clone() },
        SnpRelease { not_after: Some(NOW - 1), ..own },
    ] {
        assert_eq!(verdict(other.clone()), Err((Step::Identity, Class::Measurement)), "{other:?}");
    }
    let mut policy = strict();
    policy.releases.clear();
    assert_eq!(World::new().judge(&policy).unwrap_err().class, Class::Measurement);
}

/// A report over these bytes.
fn over(report_data: [u8; 64]) -> (Evidence, Roots) {
    let mut world = World::new();
    world.report[0x50..0x90].copy_from_slice(&report_data);
    let collateral = world.collateral();
    let roots = Roots::throw_away(&collateral.ark);
    (Evidence { evidence: world.evidence(), collateral: Some(Collateral::Snp(collateral)) }, roots)
}

#[test]
fn a_report_vouches_for_its_binding_and_no_other() {
    let verdict = |change: fn(&mut [u8; 64])| {
        bundle_verdict(Tee::SevSnp, NOW, &strict(), |binding| {
            let mut report_data = binding.report_data();
            change(&mut report_data);
            over(report_data)
        })
    };
    assert_eq!(verdict(|_| ()), Ok(()));
    let refused = Err((Step::ReportData.number(), Class::ReportData));
    assert_eq!(verdict(|report_data| report_data[0] ^= 1), refused);
    assert_eq!(verdict(|report_data| report_data[63] ^= 1), refused);
    assert_eq!(verdict(|report_data| *report_data = [0; 64]), refused);
}

#[test]
fn a_report_answers_one_request_for_one_minute() {
    let mut policy = strict();
    let release = SnpRelease { name: None, measurement: [0xbb; 48], host_data: None, not_after: None };
    policy.releases = vec![Release::Snp(release)];
    answers_one_request(Tee::SevSnp, NOW, &policy, |binding| over(binding.report_data()));
}
