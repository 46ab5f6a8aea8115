//! The kernel's interface as it should be, and as it should not: what is wrong is never handed out, and no entry is
//! left behind.

use super::*;
use crate::platform::imitation::{Fault, TsmWorld, certificate};

const ASKED: [u8; 64] = [7; 64];

/// One report in a world with these faults; afterwards no entry is left, whatever came of it.
fn report(provider: &'static str, faults: &[Fault]) -> Result<Report, Trouble> {
    let world = Arc::new(TsmWorld::new(provider));
    let tsm = Tsm::find(Arc::<TsmWorld>::clone(&world), TsmWorld::base()).unwrap().expect("it is there");
    world.fail(faults);
    let report = tsm.report(&ASKED);
    assert_eq!(world.entries(), 0, "an entry is left: {faults:?}");
    report
}

fn find(world: &Arc<TsmWorld>) -> Result<Option<Provider>, Trouble> {
    let found = Tsm::find(Arc::<TsmWorld>::clone(world), TsmWorld::base());
    assert_eq!(world.entries(), 0, "an entry is left");
    found.map(|tsm| tsm.map(|tsm| tsm.provider()))
}

fn refused(operation: Operation, kind: io::ErrorKind) -> Trouble {
    Trouble::Refused(operation, kind)
}

#[test]
fn tdx_gives_a_quote_and_sev_snp_a_report_with_its_chain() {
    let quote = report("tdx_guest\n", &[]).unwrap();
    assert_eq!(attestation::claimed_report_data(Tee::Tdx, &quote.outblob), Some(ASKED));
    assert_eq!(quote.chain, None);
    let report = report("sev_guest\n", &[]).unwrap();
    assert_eq!(attestation::claimed_report_data(Tee::SevSnp, &report.outblob), Some(ASKED));
    let chain = report.chain.unwrap();
    assert_eq!((chain.vek, chain.ask, chain.ark), (certificate(1), certificate(2), certificate(3)));
}

#[test]
fn the_provider_decides_and_only_two_are_known() {
    assert_eq!(find(&Arc::new(TsmWorld::new("tdx_guest\n"))), Ok(Some(Provider::TdxGuest)));
    assert_eq!(find(&Arc::new(TsmWorld::new("sev_guest\n"))), Ok(Some(Provider::SevGuest)));
    for unknown in ["arm_cca_guest\n", "", "sev_guest2", "tdx_guest\nsev_guest", "TDX_GUEST"] {
        assert_eq!(find(&Arc::new(TsmWorld::new(unknown))), Err(Trouble::Provider), "{unknown:?}");
    }
    assert_eq!(find(&Arc::new(TsmWorld::absent())), Ok(None), "no such interface");
    assert_eq!(find(&Arc::new(TsmWorld::without_provider())), Ok(None), "no provider behind it");
}

#[test]
fn an_interface_that_refuses_is_not_taken_for_absent() {
    let world = Arc::new(TsmWorld::new("tdx_guest\n"));
    world.fail(&[Fault::Make(1)]);
    assert_eq!(find(&world), Err(refused(Operation::MakeEntry, io::ErrorKind::PermissionDenied)));
    world.fail(&[Fault::Read("provider", 1)]);
    assert_eq!(find(&world), Err(refused(Operation::ReadProvider, io::ErrorKind::PermissionDenied)));
}

#[test]
fn a_generation_that_moves_once_is_tried_again_and_one_that_never_rests_is_given_up() {
    for provider in ["tdx_guest\n", "sev_guest\n"] {
        let once = report(provider, &[Fault::Moves(1)]).unwrap();
        let tee = if provider.starts_with('t') { Tee::Tdx } else { Tee::SevSnp };
        assert_eq!(
            attestation::claimed_report_data(tee, &once.outblob),
            Some(ASKED),
            "read again after the move"
        );
        assert!(report(provider, &[Fault::Moves(ATTEMPTS_MAX - 1)]).is_ok());
        assert_eq!(report(provider, &[Fault::Moves(usize::MAX)]), Err(Trouble::Moving));
    }
    assert_eq!(report("tdx_guest", &[Fault::Text("generation", "soon")]), Err(Trouble::Form));
    assert_eq!(report("tdx_guest", &[Fault::Text("generation", "")]), Err(Trouble::Form));
}

#[test]
fn a_busy_interface_is_tried_again_and_a_forbidden_one_is_not() {
    const EPERM: i32 = 1;
    const EAGAIN: i32 = 11;
    const EBUSY: i32 = 16;
    for (name, operation) in [("inblob", Operation::WriteInblob), ("privlevel", Operation::WritePrivlevel)] {
        assert_eq!(report("sev_guest", &[Fault::Write(name, EBUSY)]), Err(Trouble::Moving));
        assert_eq!(
            report("sev_guest", &[Fault::Write(name, EPERM)]),
            Err(refused(operation, io::ErrorKind::PermissionDenied))
        );
    }
    assert_eq!(report("tdx_guest", &[Fault::Read("outblob", EAGAIN)]), Err(Trouble::Moving));
    for (name, operation) in [
        ("provider", Operation::ReadProvider),
        ("generation", Operation::ReadGeneration),
        ("outblob", Operation::ReadOutblob),
        ("auxblob", Operation::ReadAuxblob),
    ] {
        let trouble = Err(refused(operation, io::ErrorKind::PermissionDenied));
        assert_eq!(report("sev_guest", &[Fault::Read(name, EPERM)]), trouble);
    }
    // EINVAL: a paravisor keeps the highest level for itself.
    let floor = Err(refused(Operation::WritePrivlevel, io::ErrorKind::InvalidInput));
    assert_eq!(report("sev_guest", &[Fault::Write("privlevel", 22)]), floor);
}

#[test]
fn evidence_that_is_empty_too_long_cut_short_or_of_others_is_never_handed_out() {
    let too_long = refused(Operation::ReadOutblob, io::ErrorKind::FileTooLarge);
    for provider in ["tdx_guest\n", "sev_guest\n"] {
        for (fault, trouble) in [
            (Fault::Empty("outblob"), Trouble::Form),
            (Fault::Long("outblob"), too_long),
            (Fault::Short("outblob", 47), Trouble::Form),
            (Fault::Short("outblob", 700), Trouble::Form),
            (Fault::OtherReportData, Trouble::ReportData),
            // The kernel tells the failure of a binary write to nobody.
            (Fault::IgnoreWrite("inblob"), refused(Operation::ReadOutblob, io::ErrorKind::InvalidInput)),
            (Fault::StaleWrite, Trouble::ReportData),
        ] {
            assert_eq!(report(provider, &[fault]), Err(trouble), "{provider} {fault:?}");
        }
    }
}

#[test]
fn certificates_that_the_host_keeps_or_breaks_are_named_as_what_is_missing() {
    assert_eq!(report("sev_guest", &[Fault::Empty("auxblob")]), Err(Trouble::NoCertificates));
    assert_eq!(report("sev_guest", &[Fault::Short("auxblob", 100)]), Err(Trouble::Certificates));
    let too_long = refused(Operation::ReadAuxblob, io::ErrorKind::FileTooLarge);
    assert_eq!(report("sev_guest", &[Fault::Long("auxblob")]), Err(too_long));
    assert!(report("tdx_guest", &[Fault::Empty("auxblob")]).is_ok(), "TDX has none, and none is read");
}

#[test]
fn an_entry_of_the_same_name_is_somebody_else_s() {
    let world = Arc::new(TsmWorld::new("tdx_guest"));
    let tsm = Tsm::find(Arc::<TsmWorld>::clone(&world), TsmWorld::base()).unwrap().unwrap();
    world.fail(&[Fault::Exists(2)]);
    assert!(tsm.report(&ASKED).is_ok(), "another name is taken");
    world.fail(&[Fault::Exists(usize::MAX)]);
    let exists = refused(Operation::MakeEntry, io::ErrorKind::AlreadyExists);
    assert_eq!(tsm.report(&ASKED), Err(exists));
    assert_eq!(world.entries(), 0);
}

#[test]
fn a_provider_that_changes_is_refused() {
    assert_eq!(report("tdx_guest", &[Fault::Text("provider", "sev_guest")]), Err(Trouble::Provider));
}

#[test]
fn reports_at_the_same_time_have_entries_of_their_own() {
    let world = Arc::new(TsmWorld::new("tdx_guest"));
    let tsm = Tsm::find(Arc::<TsmWorld>::clone(&world), TsmWorld::base()).unwrap().unwrap();
    std::thread::scope(|scope| {
        for caller in 0..8_u8 {
            let tsm = &tsm;
            scope.spawn(move || {
                for _ in 0..50 {
                    let report = tsm.report(&[caller; 64]).expect("nobody else knows the entry");
                    assert_eq!(
                        attestation::claimed_report_data(Tee::Tdx, &report.outblob),
                        Some([caller; 64])
                    );
                }
            });
        }
    });
    assert_eq!(world.entries(), 0);
}
