//! Trust domains by the development builder: each wrong thing has its step and class, and each form of body passes.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::{Forged, Knobs, Revoked, TdxKnobs};
use attestation::{
    Class, DcapCollateral, Evidence, Expected, Identity, Policy, Release, TcbStatus, TdxRelease, Tee, verify,
    verify_evidence,
};
use world::{NOW, World, Wrong, dcap, each_is_refused_by_its_step, expected, the_library_alone_says};

const SEPT_VE_DISABLE: u64 = 1 << 28;
// Where things stand in a quote of version 4.
const RTMR3: usize = 48 + 472;
const REPORT_DATA: usize = 48 + 520;
const LENGTH: usize = 632;
const SIGNATURE: usize = 636;
const ATTESTATION_KEY: usize = 700;
const OUTER_TYPE: usize = 764;
const QE_REPORT: usize = 770;
const QE_AUTH_DATA: usize = QE_REPORT + 384 + 64 + 2;
const INNER_TYPE: usize = QE_AUTH_DATA + 32;

fn tdx(tdx: TdxKnobs) -> Knobs {
    Knobs { tdx: Some(tdx), ..Knobs::default() }
}

fn usual() -> TdxKnobs {
    TdxKnobs::default()
}

/// Of TDX 1.5.
fn newer() -> TdxKnobs {
    TdxKnobs { quote_version: 5, body_type: 3, ..usual() }
}

fn svn(isv: u8, version: u8) -> [u8; 16] {
    [isv, version, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
}

fn whole() -> Knobs {
    tdx(usual())
}

fn refused(world: &World, policy: &Policy) -> (u8, Class) {
    let failure = world.judge(policy).expect_err("the policy refuses this");
    (failure.step.number(), failure.class)
}

#[test]
fn a_bundle_over_a_trust_domain_is_accepted_under_its_own_root() {
    let world = World::with(whole());
    let enclave = verify(&world.bundle(), &world.policy(), &world.roots(), &expected(), NOW).unwrap();
    assert!(enclave.development());
    let evidence = enclave.evidence();
    assert_eq!(evidence.tee(), Tee::DevTdx);
    assert_eq!(evidence.measurement(), &world.backend.mr_td());
    assert_eq!((evidence.signer(), evidence.product()), (None, None));
    let Identity::Tdx(domain) = evidence.identity() else { panic!("a trust domain") };
    assert_eq!((domain.rtmr, domain.attributes), (usual().rtmr, SEPT_VE_DISABLE));
    let steps: Vec<_> = evidence.passed().iter().map(|passed| passed.step.number()).collect();
    assert_eq!(steps, [1, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18]);
    let other = Expected { nonce: Some([8; 32]), ..expected() };
    let failure = verify(&world.bundle(), &world.policy(), &world.roots(), &other, NOW).unwrap_err();
    assert_eq!(failure.class, Class::Freshness);
}

#[test]
fn each_form_of_a_trust_domains_body_is_judged() {
    for (quote_version, body_type) in [(4, 2), (5, 2), (5, 3), (5, 4)] {
        let world = World::with(tdx(TdxKnobs { quote_version, body_type, ..usual() }));
        let verified = world.judge(&world.pinned_to(Release::Tdx(world.tdx_release().into())));
        let verified = verified.unwrap_or_else(|failure| panic!("{quote_version}, {body_type}: {failure}"));
        assert!(verified.measurement_checked());
        assert_eq!(verified.tcb_status(), Some(TcbStatus::UpToDate));
    }
}

/// What is wrong, its step and class, and whether the library alone refuses it too.
fn status(tcb_status: &'static str) -> Knobs {
    Knobs { tcb_status, ..whole() }
}

/// Up to step 10: what trust domains share with enclaves.
fn wrong_collateral() -> Vec<Wrong> {
    let forged = |forged| Knobs { forged: Some(forged), ..whole() };
    let revoked = |revoked| Knobs { revoked: Some(revoked), ..whole() };
    vec![
        ("a TCB info forged", forged(Forged::TcbInfo), 6, Class::CollateralSignature, true),
        ("a QE identity forged", forged(Forged::QeIdentity), 6, Class::CollateralSignature, true),
        ("a PCK revoked", revoked(Revoked::Pck), 7, Class::Revoked, true),
        ("a PCK CA revoked", revoked(Revoked::PckCa), 7, Class::Revoked, true),
        ("a QE report forged", forged(Forged::QeReport), 8, Class::QeReport, true),
        ("another attestation key", forged(Forged::AttestationKey), 8, Class::QeReport, true),
        ("a QE under debug", Knobs { qe_debug: true, ..whole() }, 8, Class::QeIdentity, true),
        (
            "the QE identity of SGX",
            Knobs { qe_identity_id: Some("QE"), ..whole() },
            8,
            Class::QeIdentity,
            true,
        ),
        ("a quote forged", forged(Forged::Quote), 9, Class::QuoteSignature, true),
        (
            "the TCB info of SGX",
            Knobs { tcb_info_id: Some("SGX"), ..whole() },
            10,
            Class::CollateralMismatch,
            true,
        ),
        (
            "another FMSPC",
            Knobs { tcb_info_fmspc: Some([9; 6]), ..whole() },
            10,
            Class::CollateralMismatch,
            true,
        ),
    ]
}

/// Step 11.
fn wrong_level() -> Vec<Wrong> {
    vec![
        ("no level", Knobs { level_svn: [255; 16], ..whole() }, 11, Class::TcbNoLevel, true),
        ("a level revoked", status("Revoked"), 11, Class::TcbStatus, true),
        ("a level no platform has", status("TDRelaunchAdvised"), 11, Class::TcbStatus, true),
        (
            "a module revoked",
            tdx(TdxKnobs { module_status: "Revoked", ..usual() }),
            11,
            Class::TcbStatus,
            true,
        ),
        (
            "a module's status no module has",
            tdx(TdxKnobs { module_status: "SWHardeningNeeded", ..usual() }),
            11,
            Class::TcbModule,
            true,
        ),
        (
            "another module's signer",
            tdx(TdxKnobs { mr_signer_seam: [1; 48], ..usual() }),
            11,
            Class::TcbModule,
            true,
        ),
        (
            "a module's attributes",
            tdx(TdxKnobs { seam_attributes: 1, ..usual() }),
            11,
            Class::TcbModule,
            true,
        ),
        (
            "a module nobody knows",
            tdx(TdxKnobs { module_id: "TDX_03", ..usual() }),
            11,
            Class::TcbModule,
            true,
        ),
        (
            "a module below every level",
            tdx(TdxKnobs { tee_tcb_svn: svn(1, 1), ..usual() }),
            11,
            Class::TcbModule,
            true,
        ),
        (
            "a current TCB without a level",
            tdx(TdxKnobs { tee_tcb_svn2: svn(1, 1), ..newer() }),
            11,
            Class::TcbModule,
            true,
        ),
    ]
}

/// Steps 12 and 13.
fn wrong_domain() -> Vec<Wrong> {
    let attributes = |more: u64| tdx(TdxKnobs { attributes: SEPT_VE_DISABLE | more, ..usual() });
    vec![
        ("an old platform", status("OutOfDate"), 12, Class::TcbStatus, false),
        (
            "an old module",
            tdx(TdxKnobs { module_status: "OutOfDate", ..usual() }),
            12,
            Class::TcbStatus,
            false,
        ),
        (
            "a module's advisory",
            tdx(TdxKnobs { module_advisories: vec!["INTEL-SA-00003"], ..usual() }),
            12,
            Class::TcbAdvisory,
            false,
        ),
        ("a debug domain", Knobs { debug: true, ..whole() }, 13, Class::Debug, true),
        ("a profiled domain", attributes(1 << 4), 13, Class::Debug, true),
        ("another profiled domain", attributes(1 << 6), 13, Class::Debug, true),
        ("pages that can be taken", tdx(TdxKnobs { attributes: 0, ..usual() }), 13, Class::Attributes, true),
        ("a domain that can be migrated", attributes(1 << 29), 13, Class::Attributes, true),
        ("a reserved attribute", attributes(1 << 40), 13, Class::Attributes, true),
        ("another reserved attribute", attributes(1 << 1), 13, Class::Attributes, true),
        ("an extension by service domains", attributes(1 << 17), 13, Class::Attributes, true),
        (
            "a service domain",
            tdx(TdxKnobs { mr_service_td: [1; 48], ..newer() }),
            13,
            Class::Attributes,
            true,
        ),
    ]
}

fn wrong() -> impl Iterator<Item = Wrong> {
    wrong_collateral().into_iter().chain(wrong_level()).chain(wrong_domain())
}

#[test]
fn each_wrong_thing_is_refused_by_its_step_with_its_class() {
    each_is_refused_by_its_step(wrong());
}

#[test]
fn what_the_library_alone_accepts_is_what_our_steps_add() {
    the_library_alone_says(wrong());
}

/// A domain that started under an old module and runs on a current one needs a new start (Intel's
/// `checkForRelaunch`); one that started under a current module is what it was.
#[test]
fn launch_and_current_tcb_converge_as_intels_library_says() {
    let with = |tcb_status, launch, current| {
        let knobs = TdxKnobs { tee_tcb_svn: svn(launch, 1), tee_tcb_svn2: svn(current, 1), ..newer() };
        let world = World::with(Knobs { tcb_status, ..tdx(knobs) });
        world.judge(&Policy::dangerous_claims_only()).unwrap().tcb_status().unwrap()
    };
    let (old, new) = (3, 5);
    for (tcb_status, launch, current, converged) in [
        ("UpToDate", new, new, TcbStatus::UpToDate),
        ("UpToDate", old, old, TcbStatus::OutOfDate),
        ("UpToDate", new, old, TcbStatus::UpToDate),
        ("UpToDate", old, new, TcbStatus::TDRelaunchAdvised),
        ("SWHardeningNeeded", old, new, TcbStatus::TDRelaunchAdvised),
        ("ConfigurationNeeded", old, new, TcbStatus::TDRelaunchAdvisedConfigurationNeeded),
        ("ConfigurationNeeded", old, old, TcbStatus::OutOfDateConfigurationNeeded),
        ("OutOfDate", new, new, TcbStatus::OutOfDate),
    ] {
        assert_eq!(with(tcb_status, launch, current), converged, "{tcb_status}, {launch} to {current}");
    }
}

#[test]
fn the_released_domain_is_accepted_and_each_difference_refused() {
    let world = World::with(whole());
    let right = world.tdx_release();
    let pinned = |release: &TdxRelease| world.pinned_to(Release::Tdx(release.clone().into()));
    assert!(world.judge(&pinned(&right)).unwrap().measurement_checked());
    let other = Some([9; 48]);
    for wrong in [
        TdxRelease { mr_td: [9; 48], ..right.clone() },
        TdxRelease { rtmr0: other, ..right.clone() },
        TdxRelease { rtmr1: other, ..right.clone() },
        TdxRelease { rtmr2: other, ..right.clone() },
        TdxRelease { rtmr3: other, ..right.clone() },
        TdxRelease { not_after: Some(NOW - 1), ..right.clone() },
    ] {
        assert_eq!(refused(&world, &pinned(&wrong)), (14, Class::Measurement), "{wrong:?}");
    }
    let open = TdxRelease { rtmr3: None, not_after: Some(NOW), ..right.clone() };
    assert!(world.judge(&pinned(&open)).is_ok(), "a register that is left out is not compared");
    let enclave = world.pinned(world.release());
    assert_eq!(refused(&world, &enclave), (14, Class::Measurement), "the release of another family");
    assert_eq!(refused(&World::new(), &pinned(&right)).1, Class::UntrustedRoot, "a policy of another kind");
}

#[test]
fn an_advisory_is_mitigated_by_the_release_that_runs() {
    let advisories = vec!["INTEL-SA-00615"];
    let world = World::with(Knobs { tcb_status: "SWHardeningNeeded", advisories, ..whole() });
    let (right, mut lenient) = (world.tdx_release(), world.tdx_release());
    lenient.accepted_advisories = vec!["INTEL-SA-00615".into()];
    let pinned = |release: &TdxRelease| world.pinned_to(Release::Tdx(release.clone().into()));
    assert_eq!(refused(&world, &pinned(&right)), (12, Class::TcbAdvisory));
    assert!(world.judge(&pinned(&lenient)).is_ok());
    let mut policy = pinned(&right);
    policy.releases.push(Release::Tdx(TdxRelease { rtmr1: Some([9; 48]), ..lenient }.into()));
    assert_eq!(refused(&world, &policy), (14, Class::TcbAdvisory), "the mitigation of another build");
}

#[test]
fn a_debug_domain_needs_a_development_root_and_the_policys_word() {
    let world = World::with(Knobs { debug: true, ..whole() });
    let mut policy = world.policy();
    assert_eq!(refused(&world, &policy), (13, Class::Debug));
    policy.allow_debug = true;
    assert!(world.judge(&policy).unwrap().debug());
}

fn judge(world: &World, quote: &[u8], collateral: DcapCollateral) -> Result<(), Class> {
    let (policy, roots) = (world.policy(), world.roots());
    let verdict = verify_evidence(Tee::DevTdx, quote, Some(&collateral.into()), &policy, &roots, None, NOW);
    verdict.map(drop).map_err(|failure| failure.class)
}

/// One change of a good quote of version 4.
fn changed(change: impl FnOnce(&mut Vec<u8>)) -> Result<(), Class> {
    let world = World::with(whole());
    let Evidence { mut evidence, collateral } = world.evidence(&world.binding());
    change(&mut evidence);
    judge(&world, &evidence, dcap(collateral))
}

fn put(at: usize, bytes: &[u8]) -> impl FnOnce(&mut Vec<u8>) {
    move |quote| quote[at..at + bytes.len()].copy_from_slice(bytes)
}

#[test]
fn what_the_quote_signs_and_its_enclave_vouches_for_cannot_be_changed() {
    for at in [8, 28, 48, RTMR3, REPORT_DATA, LENGTH - 1, SIGNATURE, SIGNATURE + 63] {
        assert_eq!(changed(|quote| quote[at] ^= 1), Err(Class::QuoteSignature), "byte {at}");
    }
    for at in [ATTESTATION_KEY, QE_REPORT, QE_REPORT + 384, QE_AUTH_DATA] {
        assert_eq!(changed(|quote| quote[at] ^= 1), Err(Class::QeReport), "byte {at}");
    }
}

#[test]
fn quotes_of_another_form_are_malformed_or_unsupported() {
    assert_eq!(changed(|_| ()), Ok(()));
    for version in [0, 2, 3, 6, 9] {
        assert_eq!(changed(put(0, &[version, 0])), Err(Class::Unsupported), "version {version}");
    }
    assert_eq!(changed(put(0, &[5, 0])), Err(Class::Unsupported), "no body type stands there");
    assert_eq!(changed(put(2, &[3, 0])), Err(Class::Unsupported), "P-384");
    assert_eq!(changed(put(4, &[0])), Err(Class::Unsupported), "SGX");
    assert_eq!(changed(|quote| quote[12] ^= 1), Err(Class::Unsupported), "another vendor");
    for kind in [0_u8, 1, 5, 7] {
        assert_eq!(changed(put(OUTER_TYPE, &[kind])), Err(Class::Unsupported), "outer type {kind}");
    }
    for kind in [0_u8, 1, 2, 3, 4, 6, 7] {
        assert_eq!(changed(put(INNER_TYPE, &[kind])), Err(Class::Unsupported), "inner type {kind}");
    }
    for (at, bytes) in [
        (LENGTH, &[0xff; 4][..]),
        (LENGTH, &[64, 0, 0, 0]),
        (OUTER_TYPE + 2, &[0xff; 4]),
        (OUTER_TYPE + 2, &[64, 0, 0, 0]),
        (QE_AUTH_DATA - 2, &[31, 0]),
        (INNER_TYPE + 2, &[0xff; 4]),
        (INNER_TYPE + 2, &[9, 0, 0, 0]),
    ] {
        assert_eq!(changed(put(at, bytes)), Err(Class::Malformed), "{bytes:?} at {at}");
    }
    for length in [47, 435, 600, 1100, 2000] {
        let cut = changed(|quote| quote.truncate(length));
        assert_eq!(cut, Err(Class::Malformed), "cut at {length}");
    }
    assert_eq!(changed(|quote| quote.extend([0xaa; 70])), Ok(()), "padding is ignored");
}

#[test]
fn a_body_of_version_5_is_of_its_type_and_length() {
    let world = World::with(tdx(newer()));
    let Evidence { evidence, collateral } = world.evidence(&world.binding());
    let collateral = dcap(collateral);
    assert_eq!(judge(&world, &evidence, collateral.clone()), Ok(()));
    for (at, byte, class) in [
        (48, 1, Class::Unsupported), // an SGX enclave
        (48, 5, Class::Unsupported),
        (49, 1, Class::Unsupported),
        (48, 2, Class::Malformed), // the length is another body's
        (48, 4, Class::Malformed),
        (50, 0, Class::Malformed),
        (53, 1, Class::Malformed),
    ] {
        let mut other = evidence.clone();
        other[at] = byte;
        assert_eq!(judge(&world, &other, collateral.clone()), Err(class), "{byte} at {at}");
    }
}

#[test]
fn the_collateral_of_another_kind_is_refused() {
    let (domain, enclave) = (World::with(whole()), World::new());
    let quote = domain.evidence(&domain.binding()).evidence;
    let of_enclave = dcap(enclave.evidence(&enclave.binding()).collateral);
    assert_eq!(judge(&domain, &quote, of_enclave.clone()), Err(Class::QeIdentity));
    let of_domain = dcap(domain.evidence(&domain.binding()).collateral);
    let mixed = DcapCollateral {
        tcb_info: of_enclave.tcb_info,
        tcb_info_signature: of_enclave.tcb_info_signature,
        ..of_domain
    };
    assert_eq!(judge(&domain, &quote, mixed), Err(Class::CollateralMismatch));
}
