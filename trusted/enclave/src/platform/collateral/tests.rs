//! Whoever brings collateral can withhold it and nothing else. The quotes are development ones, whose structure and
//! verifier are the vendor's.

use super::*;
use attestation::{
    Backend as _,
    development::{Dates, DevelopmentBackend, Knobs},
};
use std::path::Path;

const NOW: u64 = 1_795_521_600;
const DAY_S: u64 = 86_400;
/// Development collateral lives 30 days from the start of its day.
const LIFE_S: u64 = 30 * DAY_S;

/// A fetcher's directory that says whatever it is told.
#[derive(Default)]
struct Directory(Mutex<Option<Vec<u8>>>, Mutex<usize>);

impl Directory {
    fn holds(&self, json: impl Into<Option<Vec<u8>>>) {
        *self.0.lock().unwrap() = json.into();
    }

    fn reads(&self) -> usize {
        *self.1.lock().unwrap()
    }
}

impl Files for Directory {
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        assert_eq!(path, Path::new("/fetched/collateral.json"));
        *self.1.lock().unwrap() += 1;
        let held = self.0.lock().unwrap().clone().ok_or(io::ErrorKind::NotFound)?;
        if held.len() > limit { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(held) }
    }

    fn write(&self, _: &Path, _: &[u8]) -> io::Result<()> {
        panic!("nothing is written to a fetcher's directory")
    }

    fn make_directory(&self, _: &Path) -> io::Result<()> {
        panic!("nothing is made in a fetcher's directory")
    }

    fn remove_directory(&self, _: &Path) -> io::Result<()> {
        panic!("nothing is removed from a fetcher's directory")
    }
}

struct World {
    platform: DevelopmentBackend,
    directory: Arc<Directory>,
    keeper: Keeper,
}

fn world() -> World {
    let platform = DevelopmentBackend::new([1; 32], [2; 32]).unwrap();
    let roots = Roots::dangerous_development(platform.root_der()).unwrap();
    let directory = Arc::new(Directory::default());
    let files = Arc::<Directory>::clone(&directory);
    let keeper = Keeper::new(Tee::DevSgx, roots, files, Some("/fetched".into()));
    World { platform, directory, keeper }
}

impl World {
    fn quote(&self) -> Vec<u8> {
        self.platform.evidence(sample_data(), NOW).unwrap().evidence
    }

    fn upkeep(&self, now: u64) {
        self.keeper.upkeep(now, || Ok(self.quote()));
    }

    fn offer(&self, json: &[u8], now: u64) -> Result<(), BackendError> {
        self.keeper.offer(json, &self.quote(), now)
    }
}

fn collateral(platform: &DevelopmentBackend, now: u64) -> DcapCollateral {
    match platform.evidence([0; 64], now).unwrap().collateral {
        Some(Collateral::Dcap(collateral)) => collateral,
        other => panic!("{other:?}"),
    }
}

fn json(platform: &DevelopmentBackend, now: u64) -> Vec<u8> {
    serde_json::to_vec(&collateral(platform, now)).unwrap()
}

fn with(knobs: Knobs) -> DevelopmentBackend {
    DevelopmentBackend::with_knobs([1; 32], [2; 32], knobs).unwrap()
}

fn refused(class: Class) -> Result<(), BackendError> {
    Err(BackendError::Collateral(class))
}

#[test]
fn what_verifies_is_served_and_read_again_after_six_hours() {
    let world = world();
    world.directory.holds(json(&world.platform, NOW));
    world.upkeep(NOW);
    assert_eq!(world.keeper.last(), Some(collateral(&world.platform, NOW)));
    world.upkeep(NOW + REFRESH_S - 1);
    assert_eq!(world.directory.reads(), 1, "not before its time");
    world.directory.holds(json(&world.platform, NOW + DAY_S));
    world.upkeep(NOW + REFRESH_S);
    assert_eq!(world.directory.reads(), 2);
    assert_eq!(world.keeper.last(), Some(collateral(&world.platform, NOW)), "tomorrow's is not valid yet");
    world.upkeep(NOW + DAY_S);
    assert_eq!(world.keeper.last(), Some(collateral(&world.platform, NOW + DAY_S)));
}

#[test]
fn a_directory_that_is_empty_or_wrong_takes_nothing_away() {
    let world = world();
    world.upkeep(NOW);
    assert_eq!(world.keeper.last(), None);
    world.upkeep(NOW + RETRY_S - 1);
    assert_eq!(world.directory.reads(), 1);
    world.directory.holds(json(&world.platform, NOW));
    world.upkeep(NOW + RETRY_S);
    let first = world.keeper.last();
    assert!(first.is_some());
    let mut now = NOW + RETRY_S;
    let broken = [b"{}".to_vec(), Vec::new(), vec![b' '; limits::COLLATERAL + 1], b"null".to_vec()];
    for wrong in broken.map(Some).into_iter().chain([None]) {
        world.directory.holds(wrong);
        now += REFRESH_S;
        world.upkeep(now);
        assert_eq!(world.keeper.last(), first, "the last valid set stays");
    }
    world.upkeep(NOW + LIFE_S + DAY_S);
    assert_eq!(world.keeper.last(), first, "past its end, too: clients judge its dates");
}

#[test]
fn collateral_of_others_forged_revoked_or_out_of_date_is_refused() {
    let world = world();
    let usual = Knobs::default();
    let stranger = DevelopmentBackend::new([9; 32], [2; 32]).unwrap();
    let mut edited = collateral(&world.platform, NOW);
    edited.tcb_info = edited.tcb_info.replace("UpToDate", "uptodate");
    let edited = serde_json::to_vec(&edited).unwrap();
    let elsewhere = with(Knobs { tcb_info_fmspc: Some([1; 6]), ..usual.clone() });
    let revoked = with(Knobs { revoked: Some(attestation::development::Revoked::Pck), ..usual.clone() });
    let ended = Dates { from: NOW - 60 * DAY_S, until: NOW - 1 };
    let old = with(Knobs { qe_identity_dates: Some(ended), ..usual });
    for (json, class) in [
        (json(&stranger, NOW), Class::UntrustedRoot),
        (json(&elsewhere, NOW), Class::CollateralMismatch),
        (json(&revoked, NOW), Class::Revoked),
        (json(&old, NOW), Class::Expired),
        (json(&world.platform, NOW + 2 * DAY_S), Class::Expired),
        (b"[]".to_vec(), Class::Malformed),
    ] {
        assert_eq!(world.offer(&json, NOW), refused(class));
    }
    assert!(world.offer(&edited, NOW).is_err(), "a signed text was edited");
    assert_eq!(world.keeper.last(), None);
}

#[test]
fn a_quote_over_anything_else_judges_nothing() {
    let world = world();
    let quote = world.platform.evidence([0; 64], NOW).unwrap().evidence;
    let judged = world.keeper.offer(&json(&world.platform, NOW), &quote, NOW);
    assert_eq!(judged, refused(Class::ReportData));
    world.directory.holds(json(&world.platform, NOW));
    world.keeper.upkeep(NOW, || Err(BackendError::Unavailable));
    assert_eq!(world.keeper.last(), None);
}

#[test]
fn a_valid_set_is_never_replaced_by_an_older_one() {
    let world = world();
    let (early, late) = (json(&world.platform, NOW), json(&world.platform, NOW + 2 * DAY_S));
    let now = NOW + 2 * DAY_S;
    assert_eq!(world.offer(&late, now), Ok(()));
    assert_eq!(world.offer(&early, now), Err(BackendError::Older));
    assert_eq!(world.offer(&late, now), Ok(()), "the same again is no step back");
    let lower = with(Knobs { evaluation_number: 19, ..Knobs::default() });
    assert_eq!(world.offer(&json(&lower, now + DAY_S), now + DAY_S), Err(BackendError::Older));
    let higher = with(Knobs { evaluation_number: 21, ..Knobs::default() });
    assert_eq!(world.offer(&json(&higher, now), now), Ok(()));
}

#[test]
fn a_debug_enclave_is_given_no_collateral_to_serve() {
    let world = world();
    let debug = with(Knobs { debug: true, ..Knobs::default() });
    let quote = debug.evidence(sample_data(), NOW).unwrap().evidence;
    let judged = world.keeper.offer(&json(&world.platform, NOW), &quote, NOW);
    assert_eq!(judged, refused(Class::Debug));
}

#[test]
fn the_log_warns_at_seven_days_of_age_and_five_days_before_the_end() {
    let world = world();
    assert_eq!(warnings(None, NOW), ["collateral-none"]);
    world.offer(&json(&world.platform, NOW), NOW).unwrap();
    let state = world.keeper.state();
    let held = state.held.as_ref().unwrap();
    let issued = NOW - NOW % DAY_S;
    assert_eq!((held.issued_at, held.ends_at), (issued, issued + LIFE_S));
    for (now, codes) in [
        (issued, &[][..]),
        (issued + AGE_S_MAX, &[]),
        (issued + AGE_S_MAX + 1, &["collateral-old"]),
        (issued + LIFE_S - AHEAD_S_MIN, &["collateral-old"]),
        (issued + LIFE_S - AHEAD_S_MIN + 1, &["collateral-ends-soon", "collateral-old"]),
        (issued + LIFE_S, &["collateral-ends-soon", "collateral-old"]),
        (issued + LIFE_S + 1, &["collateral-ended", "collateral-old"]),
    ] {
        assert_eq!(warnings(Some(held), now), codes, "{now}");
    }
}

/// All but the last of the vendor's conditions: real quotes vouch for other bytes than those that are asked here, and
/// that is found after everything else has passed.
#[test]
fn real_collateral_is_judged_under_the_vendor_s_root() {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(vectors) = std::env::var_os("PERFAGG_VECTORS") else {
        println!("skipped: PERFAGG_VECTORS is not set");
        return;
    };
    let base = PathBuf::from(vectors).join("attestation/sgx");
    let cases = [
        ("v3-nondebug-processor-ca", Class::ReportData),
        ("v3-nondebug-platform-ca", Class::ReportData),
        ("v3-debug-processor-ca", Class::Debug),
        ("v3-stale-pck-crl", Class::Expired),
    ];
    for (folder, class) in cases {
        let read = |name: &str| std::fs::read(base.join(folder).join(name)).unwrap();
        let expected: serde_json::Value = serde_json::from_slice(&read("expected.json")).unwrap();
        let now = expected["verification_time"].as_u64().unwrap();
        let files = Arc::new(Directory::default());
        let keeper = Keeper::new(Tee::SgxDcap, Roots::default(), files, None);
        let (json, quote) = (read("collateral.json"), read("quote.bin"));
        assert_eq!(keeper.offer(&json, &quote, now), refused(class), "{folder}");
        assert_eq!(keeper.offer(&json, &quote, now + 40 * DAY_S), refused(Class::Expired), "{folder}");
        assert_eq!(keeper.last(), None);
    }
}
