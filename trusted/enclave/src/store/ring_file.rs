//! The keys of the store while no process runs: `ring.sealed` in the data directory, beside the rows in `store.redb`, sealed
//! by the platform (`seal.rs`). Another program or machine cannot open it: both files are then moved aside, since neither
//! is of use without the other, and the service starts empty.
//!
//! A platform without a secret keeps nothing, and sessions end with the process. Only a development build keeps the keys
//! in clear, in a file that only its owner reads.

use super::KeyRing;
use crate::{
    random,
    seal::{self, Header, SealError},
    sealed_file::{put_aside, read, write},
};
use anyhow::Context as _;
use attestation::SealRoot;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use zeroize::Zeroizing;

/// Where the keys are kept.
pub(crate) struct RingFile {
    directory: PathBuf,
    kept: Kept,
}

enum Kept {
    #[cfg_attr(feature = "development", allow(dead_code, reason = "a development build keeps keys in clear"))]
    Nowhere,
    Sealed {
        root: SealRoot,
        /// Of the last seal.
        sequence: AtomicU64,
    },
    #[cfg(feature = "development")]
    Clear,
}

/// What the seal is for.
const PURPOSE: &str = "store-keys";
const RING: &str = "ring.sealed";
const STORE: &str = "store.redb";

impl RingFile {
    /// The keys in a data directory, or new ones where there are none, or none that open any more. `root` is what the
    /// platform seals with, if it can.
    pub(crate) fn open(directory: &Path, root: Option<SealRoot>) -> anyhow::Result<(Self, KeyRing)> {
        let (file, ring) = Self::find(directory, root)?;
        let ring = ring.map_or_else(|| file.born(), Ok).context("ENCLAVE_DATA_DIR: the keys of the store")?;
        Ok((file, ring))
    }

    /// The keys in a data directory, if there are any that open.
    pub(crate) fn find(directory: &Path, root: Option<SealRoot>) -> anyhow::Result<(Self, Option<KeyRing>)> {
        match root {
            Some(root) => Self::sealed(directory, root),
            None => Self::without_a_seal(directory),
        }
        .context("ENCLAVE_DATA_DIR: the keys of the store")
    }

    fn sealed(directory: &Path, root: SealRoot) -> anyhow::Result<(Self, Option<KeyRing>)> {
        let kept = |root, sequence| Self {
            directory: directory.to_owned(),
            kept: Kept::Sealed { root, sequence: AtomicU64::new(sequence) },
        };
        let Some(text) = read(&directory.join(RING))? else { return Ok((kept(root, 0), None)) };
        match seal::open(&root, PURPOSE, &text) {
            Ok((header, bytes)) => {
                let ring = KeyRing::decode(&bytes).context("the seal holds no keys")?;
                Ok((kept(root, header.sequence), Some(ring)))
            }
            Err(SealError::Form) => anyhow::bail!(
                "{RING} is not a file that this program sealed, and is refused: keys in clear, or made elsewhere, could \
                 be known to the host. Move it away, and the enclave makes new keys"
            ),
            Err(lost) => {
                let file = kept(root, 0);
                file.put_aside()?;
                tracing::warn!(
                    code = "store-keys-lost",
                    other_program = lost == SealError::OtherProgram,
                    "the sealed keys of the store do not open here: they were moved aside, and a store beside them too. \
                     Alone the service starts empty; where enclaves share a database, another one gives the keys"
                );
                Ok((file, None))
            }
        }
    }

    #[cfg(not(feature = "development"))]
    fn without_a_seal(directory: &Path) -> anyhow::Result<(Self, Option<KeyRing>)> {
        Ok((Self { directory: directory.to_owned(), kept: Kept::Nowhere }, None))
    }

    #[cfg(feature = "development")]
    fn without_a_seal(directory: &Path) -> anyhow::Result<(Self, Option<KeyRing>)> {
        let file = Self { directory: directory.to_owned(), kept: Kept::Clear };
        let Some(text) = read(&directory.join(RING))? else { return Ok((file, None)) };
        let ring =
            clear::parse(&text).with_context(|| format!("{RING} is not a file that this program wrote"))?;
        Ok((file, Some(ring)))
    }

    /// New keys, which are kept before anything is sealed by them.
    fn born(&self) -> anyhow::Result<KeyRing> {
        if matches!(self.kept, Kept::Nowhere) {
            tracing::warn!(
                code = "store-keys-not-kept",
                "this platform has no secret to seal with: nothing is kept, and sessions end with the process"
            );
        } else if self.directory.join(STORE).exists() {
            self.put_aside()?;
            tracing::warn!(
                code = "store-keys-missing",
                "there is a store and no keys to open it: it was moved aside, and the service starts empty"
            );
        }
        let ring = KeyRing::born(random::bytes);
        self.save(&ring)?;
        Ok(ring)
    }

    /// Both files under one number, the keys last: a stop half-way is gone on with at the next start.
    pub(crate) fn put_aside(&self) -> anyhow::Result<()> {
        let (store, ring) = (self.directory.join(STORE), self.directory.join(RING));
        // Another program may still be at it: an upgrade that is started before the old one has stopped.
        if store.exists() {
            let free = fs::File::open(&store).is_ok_and(|file| file.try_lock().is_ok());
            anyhow::ensure!(free, "another process has {STORE} open: stop it first");
        }
        put_aside(&[&store, &ring])
    }

    /// Keeps the keys. When this returns they outlive a loss of power.
    pub(crate) fn save(&self, ring: &KeyRing) -> anyhow::Result<()> {
        let text = match &self.kept {
            Kept::Nowhere => return Ok(()),
            Kept::Sealed { root, sequence } => {
                let sequence = sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1);
                // The keys outlive epochs.
                let header = Header { purpose: PURPOSE, measurement: root.measurement, epoch: 0, sequence };
                Zeroizing::new(seal::seal(root, &header, &ring.encode())?)
            }
            #[cfg(feature = "development")]
            Kept::Clear => clear::text(ring),
        };
        write(&self.directory.join(RING), &text)
            .with_context(|| format!("ENCLAVE_DATA_DIR: {RING} cannot be written"))
    }

    /// The file for rows; none when the keys end with the process, and rows are for memory.
    pub(crate) fn store_file(&self) -> Option<PathBuf> {
        match self.kept {
            Kept::Nowhere => None,
            _ => Some(self.directory.join(STORE)),
        }
    }

    /// How long the keys live, for the configuration document.
    pub(crate) const fn life(&self) -> &'static str {
        match self.kept {
            Kept::Nowhere => "process",
            Kept::Sealed { .. } => "sealed",
            #[cfg(feature = "development")]
            Kept::Clear => "clear",
        }
    }
}

#[cfg(feature = "development")]
mod clear {
    //! Keys in clear, for development builds.

    use super::KeyRing;
    use zeroize::Zeroizing;

    const FORMAT: &str = "perf-aggregator-development-store-keys/1";

    pub(super) fn text(ring: &KeyRing) -> Zeroizing<String> {
        Zeroizing::new(format!("{FORMAT} {}\n", protocol::wire::encode(&ring.encode())))
    }

    pub(super) fn parse(text: &[u8]) -> Option<KeyRing> {
        let mut words = core::str::from_utf8(text).ok()?.split_whitespace();
        let format = words.next()?;
        let bytes = Zeroizing::new(protocol::wire::decode(words.next()?)?);
        let ring = KeyRing::decode(&bytes)?;
        (format == FORMAT && words.next().is_none()).then_some(ring)
    }
}

#[cfg(test)]
mod tests;
