//! TDX and SEV-SNP through the kernel's configfs-tsm (ATTESTATION.md section 10; Linux 6.7,
//! `Documentation/ABI/testing/configfs-tsm-report`).
//!
//! Each report has an entry of its own, with a name that nobody guesses, and it is removed again whatever happens. An
//! entry's `generation` counts what is written to it: if it moved while evidence was read, somebody else wrote, and
//! everything is done again, a few times.

use super::{
    certificates,
    files::Files,
    report,
    trouble::{Operation, Trouble},
};
use crate::random;
use attestation::{SnpCollateral, Tee, limits};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// How often a report is tried before another writer wins.
const ATTEMPTS_MAX: usize = 4;
/// Longest text of `provider` and `generation` that is looked at.
const TEXT_BYTES_MAX: usize = 64;
/// The certificate table: a host may hand out four pages and more.
const TABLE_BYTES_MAX: usize = 64 * 1024;
/// ENXIO: the kernel has the interface, and no provider behind it.
const NO_PROVIDER: i32 = 6;

/// Who makes evidence behind the kernel's interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Provider {
    /// Intel TDX.
    TdxGuest,
    /// AMD SEV-SNP.
    SevGuest,
}

impl Provider {
    const fn tee(self) -> Tee {
        match self {
            Self::TdxGuest => Tee::Tdx,
            Self::SevGuest => Tee::SevSnp,
        }
    }
}

/// What a provider gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Report {
    /// Quote or report.
    pub(crate) outblob: Vec<u8>,
    /// The chain beside it; SEV-SNP only.
    pub(crate) chain: Option<SnpCollateral>,
}

/// What was read while nobody else wrote.
struct Blobs {
    outblob: Vec<u8>,
    table: Option<Vec<u8>>,
}

/// The kernel's interface.
pub(crate) struct Tsm {
    files: Arc<dyn Files>,
    base: PathBuf,
    provider: Provider,
}

impl Tsm {
    /// The interface, if the kernel has one at `base` and a provider behind it. There and not usable is an error, so
    /// that nothing else is tried in its place.
    pub(crate) fn find(files: Arc<dyn Files>, base: PathBuf) -> Result<Option<Self>, Trouble> {
        let entry = match Entry::make(files.as_ref(), &base) {
            Ok(entry) => entry,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(NO_PROVIDER) => return Ok(None),
            Err(error) => return Err(Trouble::Refused(Operation::MakeEntry, error.kind())),
        };
        let provider = entry.provider()?;
        drop(entry);
        Ok(Some(Self { files, base, provider }))
    }

    /// Who makes evidence here.
    pub(crate) fn provider(&self) -> Provider {
        self.provider
    }

    /// A quote or report over `report_data`.
    pub(crate) fn report(&self, report_data: &[u8; 64]) -> Result<Report, Trouble> {
        let entry = Entry::make(self.files.as_ref(), &self.base)
            .map_err(|error| Trouble::Refused(Operation::MakeEntry, error.kind()))?;
        if entry.provider()? != self.provider {
            return Err(Trouble::Provider);
        }
        for _ in 0..ATTEMPTS_MAX {
            if let Some(Blobs { outblob, table }) = entry.attempt(self.provider, report_data)? {
                report::vouches(self.provider.tee(), &outblob, report_data)?;
                let chain = table.map(|table| certificates::chain(&table)).transpose()?;
                return Ok(Report { outblob, chain });
            }
        }
        Err(Trouble::Moving)
    }
}

/// One entry of the interface, for one report.
struct Entry<'a> {
    files: &'a dyn Files,
    path: PathBuf,
}

impl<'a> Entry<'a> {
    /// An entry that was not there: one of the same name would be somebody else's.
    fn make(files: &'a dyn Files, base: &Path) -> io::Result<Self> {
        let mut attempt = 0;
        loop {
            let path = base.join(format!("perf-aggregator-{}", random::base62(22)));
            match files.make_directory(&path) {
                Ok(()) => return Ok(Self { files, path }),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && attempt < ATTEMPTS_MAX => {
                    attempt += 1;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn provider(&self) -> Result<Provider, Trouble> {
        match self.read("provider", TEXT_BYTES_MAX, Operation::ReadProvider)?.trim_ascii() {
            b"tdx_guest" => Ok(Provider::TdxGuest),
            b"sev_guest" => Ok(Provider::SevGuest),
            _ => Err(Trouble::Provider),
        }
    }

    /// Evidence and certificate table, or nothing if somebody else wrote meanwhile.
    fn attempt(&self, provider: Provider, report_data: &[u8; 64]) -> Result<Option<Blobs>, Trouble> {
        let read = || {
            if provider == Provider::SevGuest {
                self.write("privlevel", b"0", Operation::WritePrivlevel)?;
            }
            self.write("inblob", report_data, Operation::WriteInblob)?;
            let before = self.generation()?;
            let outblob = self.read("outblob", limits::EVIDENCE, Operation::ReadOutblob)?;
            let table = match provider {
                Provider::TdxGuest => None,
                Provider::SevGuest => Some(self.read("auxblob", TABLE_BYTES_MAX, Operation::ReadAuxblob)?),
            };
            Ok((self.generation()? == before).then_some(Blobs { outblob, table }))
        };
        match read() {
            // EBUSY and EAGAIN: another writer is at the entry just now.
            Err(Trouble::Refused(_, io::ErrorKind::ResourceBusy | io::ErrorKind::WouldBlock)) => Ok(None),
            done => done,
        }
    }

    fn generation(&self) -> Result<u64, Trouble> {
        let text = self.read("generation", TEXT_BYTES_MAX, Operation::ReadGeneration)?;
        let text = core::str::from_utf8(&text).map_err(|_| Trouble::Form)?;
        text.trim_ascii().parse().map_err(|_| Trouble::Form)
    }

    fn read(&self, name: &str, limit: usize, operation: Operation) -> Result<Vec<u8>, Trouble> {
        let read = self.files.read(&self.path.join(name), limit);
        read.map_err(|error| Trouble::Refused(operation, error.kind()))
    }

    fn write(&self, name: &str, bytes: &[u8], operation: Operation) -> Result<(), Trouble> {
        let written = self.files.write(&self.path.join(name), bytes);
        written.map_err(|error| Trouble::Refused(operation, error.kind()))
    }
}

impl Drop for Entry<'_> {
    fn drop(&mut self) {
        if self.files.remove_directory(&self.path).is_err() {
            tracing::warn!(code = "entry-left", "an entry of the kernel's interface could not be removed");
        }
    }
}

#[cfg(test)]
mod tests;
