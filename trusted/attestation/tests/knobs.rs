//! Each knob of the development backend turned by itself: which step refuses, and with which class. What `dcap-qvl`
//! alone says of the same evidence stands beside it.
#![cfg(test)]
#![cfg(feature = "development")]

mod world;

use attestation::development::{Dates, Forged, Knobs, Revoked};
use attestation::{Class, Evidence, Policy};
use world::{NOW, World, Wrong, each_is_refused_by_its_step, the_library_alone_says};

const DAY_S: u64 = 86_400;
const PAST: Option<Dates> = Some(Dates { from: NOW - 20 * DAY_S, until: NOW - 1 });
const FUTURE: Option<Dates> = Some(Dates { from: NOW + 1, until: NOW + 20 * DAY_S });
/// Still valid, but issued more than 35 days ago.
const STALE: Option<Dates> = Some(Dates { from: NOW - 36 * DAY_S, until: NOW + DAY_S });

fn usual() -> Knobs {
    Knobs::default()
}

fn forged(forged: Forged) -> Knobs {
    Knobs { forged: Some(forged), ..usual() }
}

fn revoked(revoked: Revoked) -> Knobs {
    Knobs { revoked: Some(revoked), ..usual() }
}

fn status(tcb_status: &'static str) -> Knobs {
    Knobs { tcb_status, ..usual() }
}

fn signatures_and_chains() -> Vec<Wrong> {
    vec![
        ("root CRL forged", forged(Forged::RootCrl), 4, Class::CollateralSignature, true),
        ("TCB signer forged", forged(Forged::TcbSigner), 6, Class::CertChain, true),
        ("TCB info forged", forged(Forged::TcbInfo), 6, Class::CollateralSignature, true),
        ("QE identity forged", forged(Forged::QeIdentity), 6, Class::CollateralSignature, true),
        ("TCB signer is a CA", Knobs { signer_is_ca: true, ..usual() }, 6, Class::CertChain, true),
        ("PCK CA forged", forged(Forged::PckCa), 7, Class::CertChain, true),
        ("PCK forged", forged(Forged::Pck), 7, Class::CertChain, true),
        ("PCK CA is no CA", Knobs { pck_ca_is_ca: false, ..usual() }, 7, Class::CertChain, true),
        ("PCK CRL forged", forged(Forged::PckCrl), 7, Class::CollateralSignature, true),
        ("PCK revoked", revoked(Revoked::Pck), 7, Class::Revoked, true),
        ("PCK CA revoked", revoked(Revoked::PckCa), 7, Class::Revoked, true),
        ("TCB signer revoked", revoked(Revoked::TcbSigner), 7, Class::Revoked, true),
        ("QE report forged", forged(Forged::QeReport), 8, Class::QeReport, true),
        ("QE vouches for another key", forged(Forged::AttestationKey), 8, Class::QeReport, true),
        ("quote forged", forged(Forged::Quote), 9, Class::QuoteSignature, true),
    ]
}

fn dates() -> Vec<Wrong> {
    let mut cases = Vec::new();
    for (when, dates) in [("ended", PAST), ("yet to begin", FUTURE)] {
        for (what, knobs) in [
            ("PCK", Knobs { pck_dates: dates, ..usual() }),
            ("root CRL", Knobs { root_crl_dates: dates, ..usual() }),
            ("PCK CRL", Knobs { pck_crl_dates: dates, ..usual() }),
            ("TCB info", Knobs { tcb_info_dates: dates, ..usual() }),
            ("QE identity", Knobs { qe_identity_dates: dates, ..usual() }),
        ] {
            // webpki asks of a CRL only that it has not ended.
            let second = when == "ended" || !what.ends_with("CRL");
            cases.push((what, knobs, 5, Class::Expired, second));
        }
    }
    cases.extend([
        ("stale PCK CRL", Knobs { pck_crl_dates: STALE, ..usual() }, 5, Class::Expired, false),
        ("stale TCB info", Knobs { tcb_info_dates: STALE, ..usual() }, 5, Class::Expired, false),
        ("stale QE identity", Knobs { qe_identity_dates: STALE, ..usual() }, 5, Class::Expired, false),
    ]);
    cases
}

fn quoting_enclave() -> Vec<Wrong> {
    vec![
        ("QE in debug", Knobs { qe_debug: true, ..usual() }, 8, Class::QeIdentity, true),
        ("QE product", Knobs { qe_isv_prod_id: 2, ..usual() }, 8, Class::QeIdentity, true),
        ("QE below every level", Knobs { qe_isv_svn: 1, ..usual() }, 11, Class::QeIdentity, true),
        ("QE revoked", Knobs { qe_status: "Revoked", ..usual() }, 11, Class::TcbStatus, true),
        ("QE hardening", Knobs { qe_status: "SWHardeningNeeded", ..usual() }, 11, Class::QeIdentity, true),
        ("QE out of date", Knobs { qe_isv_svn: 7, ..usual() }, 12, Class::TcbStatus, false),
        ("QE level out of date", Knobs { qe_status: "OutOfDate", ..usual() }, 12, Class::TcbStatus, false),
    ]
}

fn platform() -> Vec<Wrong> {
    let mut older = usual().cpu_svn;
    older[15] = 0;
    older[0] = 10;
    let mut newer = usual().level_svn;
    newer[0] = 12;
    let mismatch = Class::CollateralMismatch;
    let other_fmspc = Some([0xd0, 0xe0, 0xf0, 0, 0, 2]);
    vec![
        ("TCB info of an FMSPC", Knobs { tcb_info_fmspc: other_fmspc, ..usual() }, 10, mismatch, true),
        ("TCB info of a PCE", Knobs { tcb_info_pce_id: Some([0, 1]), ..usual() }, 10, mismatch, false),
        ("TCB info of TDX", Knobs { tcb_info_id: Some("TDX"), ..usual() }, 10, mismatch, true),
        ("no level fits", Knobs { level_svn: newer, ..usual() }, 11, Class::TcbNoLevel, true),
        ("level revoked", status("Revoked"), 11, Class::TcbStatus, true),
        ("CPU of a lower level", Knobs { cpu_svn: older, ..usual() }, 12, Class::TcbStatus, false),
        ("PCE of a lower level", Knobs { pce_svn: 12, ..usual() }, 12, Class::TcbStatus, false),
        ("out of date", status("OutOfDate"), 12, Class::TcbStatus, false),
        ("configuration", status("ConfigurationNeeded"), 12, Class::TcbStatus, false),
        ("both", status("ConfigurationAndSWHardeningNeeded"), 12, Class::TcbStatus, false),
        ("old and both", status("OutOfDateConfigurationNeeded"), 12, Class::TcbStatus, false),
        ("advisory", Knobs { advisories: vec!["INTEL-SA-00615"], ..usual() }, 12, Class::TcbAdvisory, false),
    ]
}

fn enclave() -> Vec<Wrong> {
    vec![
        ("debug", Knobs { debug: true, ..usual() }, 13, Class::Debug, true),
        ("not initialised", Knobs { initialised: false, ..usual() }, 13, Class::Attributes, false),
        ("provisioning key", Knobs { provision_key: true, ..usual() }, 13, Class::Attributes, false),
        ("launch key", Knobs { einittoken_key: true, ..usual() }, 13, Class::Attributes, false),
    ]
}

fn cases() -> Vec<Wrong> {
    [signatures_and_chains(), dates(), quoting_enclave(), platform(), enclave()].concat()
}

#[test]
fn each_wrong_thing_is_refused_by_its_step_with_its_class() {
    each_is_refused_by_its_step(cases());
}

#[test]
fn what_the_library_alone_accepts_is_what_our_steps_add() {
    the_library_alone_says(cases());
}

#[test]
fn no_policy_makes_wrong_evidence_genuine() {
    for (what, knobs, step, class, _) in cases() {
        let world = World::with(knobs);
        let verdict = world.judge(&Policy::dangerous_claims_only()).map_err(|failure| failure.class);
        match step {
            12 => assert!(verdict.is_ok(), "{what} is reported, not enforced: {verdict:?}"),
            _ => assert_eq!(verdict.unwrap_err(), class, "{what}"),
        }
    }
}

#[test]
fn other_platforms_in_order_are_accepted() {
    let on = Knobs { platform_ca: true, dynamic_platform: true, cached_keys: true, smt: true, ..usual() };
    for (what, knobs) in [
        ("Processor CA", usual()),
        ("Platform CA", Knobs { platform_ca: true, ..usual() }),
        ("Platform CA with everything on", on),
        ("another FMSPC", Knobs { fmspc: [0xd0, 0xe0, 0xf0, 9, 9, 9], ..usual() }),
        ("another PCE", Knobs { pce_id: [1, 2], ..usual() }),
        ("a newer PCE", Knobs { pce_svn: 200, ..usual() }),
        ("a newer CPU", Knobs { cpu_svn: [255; 16], ..usual() }),
        ("hardening without advisories", status("SWHardeningNeeded")),
        ("a root CRL that is old but valid", Knobs { root_crl_dates: STALE, ..usual() }),
        ("a QE that needs configuration", Knobs { qe_status: "ConfigurationNeeded", ..usual() }),
    ] {
        let world = World::with(knobs);
        let verified = world.judge(&world.policy()).unwrap_or_else(|failure| panic!("{what}: {failure}"));
        assert_eq!(verified.measurement(), &world.backend.mr_enclave(), "{what}");
    }
}

/// Intel's `convergeTcbStatuses`: an old quoting enclave makes its platform old, and keeps what else is said.
#[test]
fn an_old_quoting_enclave_makes_the_status_old() {
    for (tcb_status, converged) in [
        ("UpToDate", "OutOfDate"),
        ("SWHardeningNeeded", "OutOfDate"),
        ("ConfigurationNeeded", "OutOfDateConfigurationNeeded"),
        ("ConfigurationAndSWHardeningNeeded", "OutOfDateConfigurationNeeded"),
        ("OutOfDate", "OutOfDate"),
        ("OutOfDateConfigurationNeeded", "OutOfDateConfigurationNeeded"),
    ] {
        let world = World::with(Knobs { tcb_status, qe_status: "OutOfDate", ..usual() });
        let verified = world.judge(&Policy::dangerous_claims_only()).unwrap();
        assert_eq!(verified.tcb_status().unwrap().to_string(), converged, "{tcb_status}");
    }
}

#[test]
fn dates_hold_to_the_second() {
    let edges = Some(Dates { from: NOW - 100, until: NOW + 100 });
    // A document or certificate is valid in its last second; a CRL ends one second earlier, as in `webpki`.
    for (knobs, last) in [
        (Knobs { pck_dates: edges, ..usual() }, NOW + 100),
        (Knobs { tcb_info_dates: edges, ..usual() }, NOW + 100),
        (Knobs { qe_identity_dates: edges, ..usual() }, NOW + 100),
        (Knobs { root_crl_dates: edges, ..usual() }, NOW + 99),
        (Knobs { pck_crl_dates: edges, ..usual() }, NOW + 99),
    ] {
        let world = World::with(knobs);
        let Evidence { evidence, collateral } = world.evidence(&world.binding());
        let at = |now| {
            let (policy, roots) = (world.policy(), world.roots());
            let tee = attestation::Tee::DevSgx;
            attestation::verify_evidence(tee, &evidence, collateral.as_ref(), &policy, &roots, None, now)
                .map(|verified| verified.earliest_expiration())
                .map_err(|failure| failure.class)
        };
        assert_eq!(at(NOW - 101), Err(Class::Expired));
        assert_eq!(at(NOW - 100), Ok(NOW + 100));
        assert_eq!(at(last), Ok(NOW + 100));
        assert_eq!(at(last + 1), Err(Class::Expired));
    }
}
