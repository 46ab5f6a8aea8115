//! The choice of a backend, by what is present: Gramine first, then the kernel's provider. Never development evidence,
//! and nothing in place of what is there and does not work (ATTESTATION.md section 10).

use super::{
    collateral::{Keeper, sample_data},
    files::Files,
    gramine::Gramine,
    trouble::Trouble,
    tsm::{Provider, Tsm},
};
use crate::seal;
use attestation::{Backend, BackendError, Collateral, Evidence, Roots, SealRoot, Tee};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where the interfaces are. Compiled in: no setting leads elsewhere, only a test's constructor does.
pub(crate) struct Places {
    pub(crate) gramine: PathBuf,
    pub(crate) tsm: PathBuf,
}

impl Default for Places {
    fn default() -> Self {
        Self {
            gramine: PathBuf::from("/dev/attestation"),
            tsm: PathBuf::from("/sys/kernel/config/tsm/report"),
        }
    }
}

/// The hardware that is present, if any; `collateral` is the directory of whoever fetches it. A first quote is made,
/// so that what is missing is said at the start and not to the first client.
pub(crate) fn find(
    files: &Arc<dyn Files>,
    places: &Places,
    collateral: Option<&Path>,
) -> Result<Option<Box<dyn Backend>>, Trouble> {
    let keeper = |tee| Keeper::new(tee, Roots::default(), Arc::clone(files), collateral.map(Path::to_owned));
    if let Some(gramine) = Gramine::find(Arc::clone(files), places.gramine.clone())? {
        gramine.quote(&sample_data())?;
        return Ok(Some(Box::new(Dcap { device: Device::Gramine(gramine), keeper: keeper(Tee::SgxDcap) })));
    }
    let Some(tsm) = Tsm::find(Arc::clone(files), places.tsm.clone())? else { return Ok(None) };
    tsm.report(&sample_data())?;
    Ok(Some(match tsm.provider() {
        Provider::TdxGuest => Box::new(Dcap { device: Device::Tdx(tsm), keeper: keeper(Tee::Tdx) }),
        Provider::SevGuest => Box::new(Snp(tsm)),
    }))
}

/// Intel's family: quotes, and collateral that comes from elsewhere.
struct Dcap {
    device: Device,
    keeper: Keeper,
}

enum Device {
    Gramine(Gramine),
    Tdx(Tsm),
}

impl Dcap {
    fn quote(&self, report_data: &[u8; 64]) -> Result<Vec<u8>, BackendError> {
        match &self.device {
            Device::Gramine(gramine) => gramine.quote(report_data),
            Device::Tdx(tsm) => tsm.report(report_data).map(|report| report.outblob),
        }
        .map_err(told)
    }
}

impl Backend for Dcap {
    fn tee(&self) -> Tee {
        match self.device {
            Device::Gramine(_) => Tee::SgxDcap,
            Device::Tdx(_) => Tee::Tdx,
        }
    }

    fn evidence(&self, report_data: [u8; 64], _now: u64) -> Result<Evidence, BackendError> {
        let collateral = self.keeper.last().ok_or(BackendError::NoCollateral)?;
        Ok(Evidence { evidence: self.quote(&report_data)?, collateral: Some(collateral.into()) })
    }

    fn seal_root(&self) -> Result<Option<SealRoot>, BackendError> {
        // A trust domain has no such key.
        let Device::Gramine(gramine) = &self.device else { return Ok(None) };
        let measurement =
            attestation::claimed_mr_enclave(&self.sample()?).ok_or(BackendError::Unavailable)?;
        let key = gramine.seal_key().map_err(told)?;
        Ok(Some(SealRoot { secret: seal::widened(key.as_slice(), b"sgx-mrenclave"), measurement }))
    }

    fn upkeep(&self, now: u64) {
        self.keeper.upkeep(now, || self.sample());
    }

    fn sample(&self) -> Result<Vec<u8>, BackendError> {
        self.quote(&sample_data())
    }

    fn offer(&self, collateral: &[u8], now: u64) -> Result<(), BackendError> {
        self.keeper.offer(collateral, &self.sample()?, now)
    }
}

/// AMD SEV-SNP: the host hands out the chain with each report.
struct Snp(Tsm);

impl Backend for Snp {
    fn tee(&self) -> Tee {
        Tee::SevSnp
    }

    fn evidence(&self, report_data: [u8; 64], _now: u64) -> Result<Evidence, BackendError> {
        let report = self.0.report(&report_data).map_err(told)?;
        let chain = report.chain.ok_or_else(|| told(Trouble::NoCertificates))?;
        Ok(Evidence { evidence: report.outblob, collateral: Some(Collateral::Snp(chain)) })
    }
}

/// The cause goes to the operator's log; callers learn only that there is no evidence.
fn told(trouble: Trouble) -> BackendError {
    tracing::error!(code = trouble.code(), "the platform gives no evidence: {trouble}");
    BackendError::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::imitation::{Fault, GramineWorld, TsmWorld};
    use std::io;

    /// Both worlds under one roof.
    struct Both(GramineWorld, TsmWorld);

    impl Files for Both {
        fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
            if path.starts_with(GramineWorld::base()) {
                self.0.read(path, limit)
            } else {
                self.1.read(path, limit)
            }
        }
        fn write(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
            if path.starts_with(GramineWorld::base()) {
                self.0.write(path, bytes)
            } else {
                self.1.write(path, bytes)
            }
        }
        fn make_directory(&self, path: &Path) -> io::Result<()> {
            self.1.make_directory(path)
        }
        fn remove_directory(&self, path: &Path) -> io::Result<()> {
            self.1.remove_directory(path)
        }
    }

    fn present(gramine: GramineWorld, tsm: TsmWorld) -> Result<Option<Tee>, Trouble> {
        let files: Arc<dyn Files> = Arc::new(Both(gramine, tsm));
        find(&files, &Places::default(), None).map(|found| found.map(|backend| backend.tee()))
    }

    #[test]
    fn what_is_present_decides_gramine_first() {
        let gramine = || GramineWorld::new(b"dcap");
        assert_eq!(present(gramine(), TsmWorld::new("tdx_guest")), Ok(Some(Tee::SgxDcap)));
        assert_eq!(present(GramineWorld::absent(), TsmWorld::new("tdx_guest")), Ok(Some(Tee::Tdx)));
        assert_eq!(present(GramineWorld::absent(), TsmWorld::new("sev_guest")), Ok(Some(Tee::SevSnp)));
        assert_eq!(present(GramineWorld::absent(), TsmWorld::absent()), Ok(None));
        assert_eq!(present(GramineWorld::absent(), TsmWorld::without_provider()), Ok(None));
    }

    #[test]
    fn nothing_is_tried_in_place_of_what_is_there_and_does_not_work() {
        let tsm = || TsmWorld::new("tdx_guest");
        assert_eq!(present(GramineWorld::new(b"none"), tsm()), Err(Trouble::NotDcap));
        let broken = GramineWorld::new(b"dcap").with(&[Fault::Empty("quote")]);
        assert_eq!(present(broken, tsm()), Err(Trouble::Form));
        assert_eq!(present(GramineWorld::absent(), TsmWorld::new("arm_cca_guest")), Err(Trouble::Provider));
        let host = TsmWorld::new("sev_guest");
        host.fail(&[Fault::Empty("auxblob")]);
        assert_eq!(present(GramineWorld::absent(), host), Err(Trouble::NoCertificates));
    }

    #[test]
    fn dcap_evidence_waits_for_collateral_and_says_which_platform_it_needs() {
        let files: Arc<dyn Files> = Arc::new(Both(GramineWorld::new(b"dcap"), TsmWorld::absent()));
        let backend = find(&files, &Places::default(), None).unwrap().unwrap();
        backend.upkeep(1);
        assert_eq!(backend.evidence([1; 64], 1), Err(BackendError::NoCollateral));
        let sample = backend.sample().unwrap();
        assert_eq!(attestation::claimed_report_data(Tee::SgxDcap, &sample), Some(sample_data()));
        assert!(matches!(backend.offer(b"{}", 1), Err(BackendError::Collateral(_))));
    }
}
