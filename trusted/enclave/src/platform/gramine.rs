//! SGX under Gramine: `/dev/attestation` of the library OS inside the enclave (ATTESTATION.md section 10).
//!
//! <https://gramine.readthedocs.io/en/stable/attestation.html>: 64 bytes are written to `user_report_data`; then
//! opening `quote` makes a quote over them. The pair belongs to the whole process, so one lock holds both.

use super::{
    files::Files,
    report,
    trouble::{Operation, Trouble},
};
use attestation::{Tee, limits};
use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};
use zeroize::Zeroizing;

/// Longest text of `attestation_type` that is looked at.
const TYPE_BYTES_MAX: usize = 64;

/// `_sgx_mrenclave`, EGETKEY's SEAL_KEY under policy MRENCLAVE.
const SEAL_KEY_BYTES: usize = 16;

/// The pseudo-files of Gramine.
pub(crate) struct Gramine {
    files: Arc<dyn Files>,
    base: PathBuf,
    /// Held from the write of `user_report_data` to the end of `quote`.
    pair: Mutex<()>,
}

impl Gramine {
    /// Gramine, if its pseudo-files are at `base`. There and not attesting with DCAP is an error, so that nothing
    /// else is tried in its place.
    pub(crate) fn find(files: Arc<dyn Files>, base: PathBuf) -> Result<Option<Self>, Trouble> {
        match files.read(&base.join("attestation_type"), TYPE_BYTES_MAX) {
            Ok(kind) if kind.trim_ascii() == b"dcap" => Ok(Some(Self { files, base, pair: Mutex::new(()) })),
            Ok(_) => Err(Trouble::NotDcap),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Trouble::Refused(Operation::ReadAttestationType, error.kind())),
        }
    }

    /// The secret that the processor derives for this measurement on this machine, 128 bits. It changes with the
    /// processor's microcode.
    pub(crate) fn seal_key(&self) -> Result<Zeroizing<[u8; SEAL_KEY_BYTES]>, Trouble> {
        let refused = |error: io::Error| Trouble::Refused(Operation::ReadSealKey, error.kind());
        let key = self.files.read(&self.base.join("keys/_sgx_mrenclave"), SEAL_KEY_BYTES).map_err(refused)?;
        let key = Zeroizing::new(key);
        let key: [u8; SEAL_KEY_BYTES] = key.as_slice().try_into().map_err(|_| Trouble::Form)?;
        // A processor's key is never all zero; a file that was made and not filled is.
        if key == [0; SEAL_KEY_BYTES] { Err(Trouble::Form) } else { Ok(Zeroizing::new(key)) }
    }

    /// A quote over `report_data`.
    pub(crate) fn quote(&self, report_data: &[u8; 64]) -> Result<Vec<u8>, Trouble> {
        let refused = |operation| move |error: io::Error| Trouble::Refused(operation, error.kind());
        let quote = {
            // A holder that panicked left nothing behind: both files are used anew.
            let _pair = self.pair.lock().unwrap_or_else(PoisonError::into_inner);
            self.files
                .write(&self.base.join("user_report_data"), report_data)
                .map_err(refused(Operation::WriteUserReportData))?;
            self.files
                .read(&self.base.join("quote"), limits::EVIDENCE)
                .map_err(refused(Operation::ReadQuote))?
        };
        report::vouches(Tee::SgxDcap, &quote, report_data)?;
        Ok(quote)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::imitation::{Fault, GramineWorld};

    fn found(world: &Arc<GramineWorld>) -> Result<Option<Gramine>, Trouble> {
        Gramine::find(Arc::<GramineWorld>::clone(world), GramineWorld::base())
    }

    fn quote(faults: &[Fault]) -> Result<Vec<u8>, Trouble> {
        let world = Arc::new(GramineWorld::new(b"dcap\n").with(faults));
        found(&world).unwrap().expect("it is there").quote(&[7; 64])
    }

    #[test]
    fn a_quote_is_over_the_bytes_that_were_asked() {
        let quote = quote(&[]).unwrap();
        assert_eq!(attestation::claimed_report_data(Tee::SgxDcap, &quote), Some([7; 64]));
    }

    #[test]
    fn only_dcap_is_taken_and_nothing_else_is_tried_in_its_place() {
        for kind in ["none", "epid", "", "dcap2", "DCAP", "none\ndcap"] {
            let world = Arc::new(GramineWorld::new(kind.as_bytes()));
            assert_eq!(found(&world).err(), Some(Trouble::NotDcap), "{kind:?}");
        }
        let long = Arc::new(GramineWorld::new(&[b'd'; 65]));
        let refused = Trouble::Refused(Operation::ReadAttestationType, io::ErrorKind::FileTooLarge);
        assert_eq!(found(&long).err(), Some(refused));
        let secret =
            Arc::new(GramineWorld::new(b"dcap").with(&[Fault::Read("attestation_type", libc_eperm())]));
        assert!(matches!(found(&secret), Err(Trouble::Refused(Operation::ReadAttestationType, _))));
        assert!(matches!(found(&Arc::new(GramineWorld::absent())), Ok(None)));
    }

    const fn libc_eperm() -> i32 {
        1
    }

    #[test]
    fn the_sealing_key_is_sixteen_bytes_and_never_zero() {
        let key = |faults: &[Fault]| {
            let world = Arc::new(GramineWorld::new(b"dcap").with(faults));
            found(&world).unwrap().unwrap().seal_key().map(|key| *key)
        };
        assert_eq!(key(&[]), Ok([0x5e; 16]));
        for (fault, trouble) in [
            (Fault::Short("_sgx_mrenclave", 15), Trouble::Form),
            (Fault::Empty("_sgx_mrenclave"), Trouble::Form),
            (Fault::Text("_sgx_mrenclave", "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), Trouble::Form),
            (
                Fault::Long("_sgx_mrenclave"),
                Trouble::Refused(Operation::ReadSealKey, io::ErrorKind::FileTooLarge),
            ),
        ] {
            assert_eq!(key(&[fault]), Err(trouble), "{fault:?}");
        }
    }

    #[test]
    fn what_gramine_gets_wrong_is_never_handed_out() {
        let cases: [(Fault, Trouble); 8] = [
            (Fault::Empty("quote"), Trouble::Form),
            (Fault::Short("quote", 47), Trouble::Form),
            (Fault::Short("quote", 600), Trouble::Form),
            (Fault::Long("quote"), Trouble::Refused(Operation::ReadQuote, io::ErrorKind::FileTooLarge)),
            (Fault::OtherReportData, Trouble::ReportData),
            (Fault::IgnoreWrite("user_report_data"), Trouble::ReportData),
            (
                Fault::Write("user_report_data", 1),
                Trouble::Refused(Operation::WriteUserReportData, io::ErrorKind::PermissionDenied),
            ),
            (
                Fault::Read("quote", 1),
                Trouble::Refused(Operation::ReadQuote, io::ErrorKind::PermissionDenied),
            ),
        ];
        for (fault, trouble) in cases {
            assert_eq!(quote(&[fault]), Err(trouble), "{fault:?}");
        }
    }

    #[test]
    fn callers_at_the_same_time_get_each_their_own_quote() {
        let world = Arc::new(GramineWorld::new(b"dcap"));
        let gramine = found(&world).unwrap().unwrap();
        std::thread::scope(|scope| {
            for caller in 0..8_u8 {
                let gramine = &gramine;
                scope.spawn(move || {
                    for round in 0..50 {
                        let asked = [caller * 16 + round % 16; 64];
                        let quote = gramine.quote(&asked).expect("the pair is held together");
                        assert_eq!(attestation::claimed_report_data(Tee::SgxDcap, &quote), Some(asked));
                    }
                });
            }
        });
    }
}
