//! The fetcher of collateral as a library, at given times: development documents, and real ones of Intel's in place.
#![cfg(test)]

mod asked;
#[path = "service/front.rs"]
mod front;
mod pcs;

use attestation::{Backend as _, Collateral, DcapCollateral, Roots, claimed_platform, development};
use core::time::Duration;
use development::{DevelopmentBackend, Knobs, TdxKnobs};
use pcs::{Documents, Response, Server};
use perfagg::{
    Clock, Moment, ServiceUrl, Unreachable,
    collateral::{Early, FetchError, Fetcher, For, HandedIn, Recovery, Round, Source},
};
use serde_json::Value;
use std::path::PathBuf;

/// 2026-11-24T12:00:00Z
const NOW: u64 = 1_795_521_600;
const SEED: [u8; 32] = [1; 32];

fn at(unix_s: u64) -> Clock {
    Clock::new(move || Moment { unix_s, elapsed: Duration::ZERO })
}

fn dcap(collateral: Option<Collateral>) -> DcapCollateral {
    match collateral {
        Some(Collateral::Dcap(collateral)) => collateral,
        other => panic!("not DCAP collateral: {other:?}"),
    }
}

/// A development platform.
fn platform(knobs: Knobs) -> (DevelopmentBackend, Vec<u8>, DcapCollateral) {
    let backend = DevelopmentBackend::with_knobs(SEED, [2; 32], knobs).unwrap();
    let evidence = backend.evidence([3; 64], NOW).unwrap();
    let collateral = dcap(evidence.collateral);
    (backend, evidence.evidence, collateral)
}

fn fetcher(pcs: &Server, whom: For) -> Fetcher {
    let root_crl = format!("{}/IntelSGXRootCA.der", pcs.url());
    Fetcher {
        source: Source::new(&pcs.url(), &root_crl).unwrap(),
        whom,
        directory: None,
        roots: Roots::default(),
        development: false,
        clock: at(NOW),
    }
}

fn round(fetcher: &Fetcher) -> Result<Round, FetchError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(fetcher.round())
}

#[test]
fn enclaves_and_trust_domains_get_what_verifies_them() {
    for tdx in [None, Some(TdxKnobs::default())] {
        for platform_ca in [false, true] {
            let (backend, quote, collateral) =
                platform(Knobs { tdx: tdx.clone(), platform_ca, ..Knobs::default() });
            let pcs = pcs::pcs(Documents::of(&quote, collateral.clone()));
            let roots = Roots::dangerous_development(backend.root_der()).unwrap();
            let enclave = pcs::enclave(backend.tee(), quote, roots.clone(), || NOW);
            let whom = For::Enclave(ServiceUrl::parse(&enclave.url()).unwrap());
            let fetcher = Fetcher { roots, development: true, ..fetcher(&pcs, whom) };
            let round = round(&fetcher).unwrap();
            assert_eq!(round.handed_in, Some(HandedIn::Kept));
            assert!(matches!(round.early, Early::Harmless), "{:?}", round.early);
            let asked = enclave.asked();
            assert_eq!(asked.iter().map(|asked| asked.method.as_str()).collect::<Vec<_>>(), ["GET", "PUT"]);
            assert_eq!(Collateral::parse(&asked[1].body).unwrap(), collateral.into(), "to the letter");
            assert_eq!(pcs.asked().len(), 6, "four documents, and two ahead of time");
        }
    }
}

#[test]
fn a_host_that_the_web_does_not_vouch_for_is_not_asked() {
    let (backend, quote, collateral) = platform(Knobs::default());
    let pcs = pcs::pcs(Documents::of(&quote, collateral));
    let address = pcs.url().strip_prefix("http://").unwrap().parse().unwrap();
    let enclave = pcs::enclave(backend.tee(), quote, Roots::default(), || NOW);
    let front = front::Front::before(address);
    let source = Source::new(&front.url(), &format!("{}/root.crl", front.url())).unwrap();
    let whom = For::Enclave(ServiceUrl::parse(&enclave.url()).unwrap());
    let error = round(&Fetcher { source, ..fetcher(&pcs, whom) }).err().unwrap();
    assert!(matches!(error, FetchError::Unreachable(_, Unreachable::Tls)), "{error}");
    assert!(pcs.asked().is_empty());
}

#[test]
fn a_recovery_that_is_coming_is_told_in_time() {
    let (backend, quote, standard) = platform(Knobs::default());
    let recovered = |knobs: Knobs| platform(Knobs { evaluation_number: 21, ..knobs }).2;
    let lower =
        recovered(Knobs { tcb_status: "OutOfDate", advisories: vec!["INTEL-SA-9"], ..Knobs::default() });
    let revoked = recovered(Knobs { tcb_status: "Revoked", ..Knobs::default() });
    let mut above = [0xff; 16];
    above[0] = 12;
    let no_level = recovered(Knobs { level_svn: above, ..Knobs::default() });
    let harmless = recovered(Knobs::default());
    let stranger = platform(Knobs { forged: Some(development::Forged::TcbInfo), ..Knobs::default() }).2;
    let told = |early: DcapCollateral| {
        let pcs = pcs::pcs(Documents { early, ..Documents::of(&quote, standard.clone()) });
        let roots = Roots::dangerous_development(backend.root_der()).unwrap();
        let fetcher = Fetcher { roots, development: true, ..fetcher(&pcs, For::Quote(quote.clone())) };
        let round = round(&fetcher).unwrap();
        assert_eq!(round.judged.level.evaluation, 20, "what holds is handed on");
        round.early
    };
    assert!(matches!(told(harmless), Early::Harmless));
    let Early::Recovery(Recovery::To(level)) = told(lower) else { panic!("no warning") };
    assert_eq!((level.status.to_string().as_str(), level.evaluation), ("OutOfDate", 21));
    assert_eq!(level.advisories, ["INTEL-SA-9"]);
    for early in [revoked, no_level] {
        assert!(matches!(told(early), Early::Recovery(Recovery::Refused(_))));
    }
    assert!(matches!(told(stranger), Early::Unknown(FetchError::NotVerified(_))), "nobody's word");
}

#[test]
fn without_an_early_data_set_nothing_is_known_and_nothing_is_lost() {
    let (backend, quote, collateral) = platform(Knobs::default());
    let pcs = pcs::pcs(Documents::of(&quote, collateral));
    pcs.passes(
        |asked, response| {
            if asked.target.contains("early") { Response::new(503, "") } else { response }
        },
    );
    let roots = Roots::dangerous_development(backend.root_der()).unwrap();
    let fetcher = Fetcher { roots, development: true, ..fetcher(&pcs, For::Quote(quote)) };
    let round = round(&fetcher).unwrap();
    assert!(matches!(round.early, Early::Unknown(FetchError::Status { status: 503, .. })));
}

/// The real samples, if they are there.
fn samples() -> Vec<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(vectors) = std::env::var_os("PERFAGG_VECTORS") else {
        println!("skipped: PERFAGG_VECTORS is not set");
        return Vec::new();
    };
    let folder = PathBuf::from(vectors).join("attestation");
    let kinds = ["sgx", "tdx"].into_iter();
    kinds
        .flat_map(|kind| std::fs::read_dir(folder.join(kind)).unwrap())
        .map(|entry| entry.unwrap().path())
        .collect()
}

#[test]
fn intels_own_documents_come_through_to_the_letter() {
    for folder in samples() {
        let file = |name| std::fs::read(folder.join(name)).unwrap();
        let expected: Value = serde_json::from_slice(&file("expected.json")).unwrap();
        let now = expected["verification_time"].as_u64().unwrap();
        let quote = file("quote.bin");
        let Collateral::Dcap(original) = Collateral::parse(&file("collateral.json")).unwrap() else {
            panic!("{folder:?}")
        };
        // The service does not give the quote's own chain again.
        let original = DcapCollateral { pck_certificate_chain: None, ..original };
        let pcs = pcs::pcs(Documents::of(&quote, original.clone()));
        // As caches have it.
        let root_crl = format!("{}/sgx/certification/v4/rootcacrl", pcs.url());
        let source = Source::new(&pcs.url(), &root_crl).unwrap();
        let fetcher = |now| Fetcher {
            source: source.clone(),
            clock: at(now),
            ..fetcher(&pcs, For::Quote(quote.clone()))
        };
        let accepted = expected["expected"]["accept_crypto"] == true;
        match round(&fetcher(now)) {
            Ok(round) => {
                assert!(accepted, "{folder:?}");
                assert_eq!(Collateral::parse(round.judged.json.as_bytes()).unwrap(), original.into());
                assert_eq!(round.judged.platform, claimed_platform(&quote).unwrap());
                let tcb = &expected["tcb"];
                assert_eq!(tcb["status"], round.judged.level.status.to_string());
                assert_eq!(tcb["tcb_evaluation_data_number"], round.judged.level.evaluation);
                assert_eq!(tcb["earliest_expiration"], round.judged.ends_at);
                assert!(matches!(round.early, Early::Harmless), "{folder:?}: {:?}", round.early);
                let late = round_at_the_end(&fetcher(round.judged.ends_at + 86_400));
                assert_eq!(late, "expired", "{folder:?}");
            }
            Err(FetchError::NotVerified(_)) => assert!(!accepted, "{folder:?}"),
            Err(other) => panic!("{folder:?}: {other}"),
        }
    }
}

fn round_at_the_end(fetcher: &Fetcher) -> &'static str {
    match round(fetcher) {
        Err(FetchError::NotVerified(failure)) => failure.class.as_str(),
        other => panic!("{other:?}"),
    }
}
