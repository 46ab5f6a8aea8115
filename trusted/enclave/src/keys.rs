//! The result key: it signs what verifiers keep, so it may outlive a process, with the number of the last epoch.
//!
//! `ENCLAVE_PRIVATE_KEY` names the file where it is kept **sealed** by the platform (`seal.rs`): another program or
//! machine cannot open it. A key in clear is refused, since the host could have read it; only a development build keeps
//! one, in a file that only its owner reads. `ENCLAVE_PUBLIC_KEY` names the file for the public half.

use crate::{
    random,
    seal::{self, Header, SealError},
    sealed_file::{put_aside, read, write},
    settings::Settings,
};
use anyhow::Context as _;
use attestation::SealRoot;
use ed25519_dalek::{Signer, SigningKey};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};
use zeroize::Zeroizing;

/// The key that signs results.
pub(crate) struct ResultKey {
    key: SigningKey,
    last_epoch: u64,
    kept: Kept,
    /// Where the public half is written.
    public_file: Option<PathBuf>,
}

/// Where the key is while no process runs.
enum Kept {
    Nowhere,
    Sealed(SealedFile),
    #[cfg(feature = "development")]
    Clear(PathBuf),
}

struct SealedFile {
    file: PathBuf,
    root: SealRoot,
    /// Of the last seal.
    sequence: AtomicU64,
}

/// What the seal is for.
const PURPOSE: &str = "result-key";
/// DER of an Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4), before its 32 bytes.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl ResultKey {
    /// The key that the settings name, or a new one that lives as long as the process. `root` is what the platform
    /// seals with, if it can.
    pub(crate) fn open(settings: &Settings, root: Option<SealRoot>) -> anyhow::Result<Self> {
        let key = match (&settings.private_key, root) {
            (None, _) => Self::born(Kept::Nowhere),
            (Some(file), Some(root)) => Self::sealed(file, root),
            (Some(file), None) => Self::without_a_seal(file),
        };
        let mut key = key.context("ENCLAVE_PRIVATE_KEY")?;
        key.public_file = settings.public_key.clone();
        key.publish()?;
        Ok(key)
    }

    fn publish(&self) -> anyhow::Result<()> {
        let Some(file) = &self.public_file else { return Ok(()) };
        fs::write(file, self.spki_pem()).context("ENCLAVE_PUBLIC_KEY: the file cannot be written")
    }

    fn born(kept: Kept) -> anyhow::Result<Self> {
        let seed = Zeroizing::new(random::bytes::<32>());
        Ok(Self { key: SigningKey::from_bytes(&seed), last_epoch: 0, kept, public_file: None })
    }

    /// The key in the file, or a new one where there is none, or none that opens any more.
    fn sealed(file: &Path, root: SealRoot) -> anyhow::Result<Self> {
        let kept = |sequence, root| {
            Kept::Sealed(SealedFile { file: file.to_owned(), root, sequence: AtomicU64::new(sequence) })
        };
        let Some(text) = read(file)? else { return Self::born(kept(0, root)) };
        match seal::open(&root, PURPOSE, &text) {
            Ok((header, seed)) => {
                let seed: &[u8; 32] = seed.as_slice().try_into().context("the seal holds no key")?;
                let key = SigningKey::from_bytes(seed);
                let kept = kept(header.sequence, root);
                Ok(Self { key, last_epoch: header.epoch, kept, public_file: None })
            }
            Err(SealError::Form) => anyhow::bail!(
                "the file is not one that this program sealed. A key in clear, or one made elsewhere, is refused: the \
                 host could have read it. Name a file that is not there yet, and the enclave makes a new key"
            ),
            Err(lost) => {
                put_aside(&[file])?;
                tracing::warn!(
                    code = "result-key-lost",
                    other_program = lost == SealError::OtherProgram,
                    "the sealed result key does not open here and was moved aside: a new one was made"
                );
                Self::born(kept(0, root))
            }
        }
    }

    #[cfg(not(feature = "development"))]
    fn without_a_seal(_: &Path) -> anyhow::Result<Self> {
        anyhow::bail!(
            "this platform has no secret to seal with (TDX and SEV-SNP have none that this release uses), and a key in \
             clear would be the host's. Unset it: the enclave makes a new result key at each start"
        )
    }

    #[cfg(feature = "development")]
    fn without_a_seal(file: &Path) -> anyhow::Result<Self> {
        let kept = Kept::Clear(file.to_owned());
        let Some(text) = read(file)? else { return Self::born(kept) };
        let (seed, last_epoch) =
            clear::parse(&text).context("the file is not one that this program wrote")?;
        Ok(Self { key: SigningKey::from_bytes(&seed), last_epoch, kept, public_file: None })
    }

    /// `max(last + 1, Unix seconds)`: an epoch never comes twice.
    pub(crate) fn next_epoch(&mut self, now_s: u64) -> anyhow::Result<u64> {
        self.last_epoch = now_s.max(self.last_epoch.saturating_add(1));
        self.save(self.last_epoch)?;
        Ok(self.last_epoch)
    }

    /// Keeps the number of a later epoch. That it could not be kept is told, and harmless: the clock is ahead of it.
    pub(crate) fn remember(&self, epoch: u64) {
        if self.save(epoch).is_err() {
            tracing::warn!("ENCLAVE_PRIVATE_KEY: the epoch's number could not be written");
        }
    }

    fn save(&self, epoch: u64) -> anyhow::Result<()> {
        let (file, text) = match &self.kept {
            Kept::Nowhere => return Ok(()),
            Kept::Sealed(SealedFile { file, root, sequence }) => {
                let sequence = sequence.fetch_add(1, Ordering::Relaxed).saturating_add(1);
                let header = Header { purpose: PURPOSE, measurement: root.measurement, epoch, sequence };
                (file, Zeroizing::new(seal::seal(root, &header, self.key.as_bytes())?))
            }
            #[cfg(feature = "development")]
            Kept::Clear(file) => (file, clear::text(&self.key, epoch)),
        };
        write(file, &text).context("ENCLAVE_PRIVATE_KEY: the file cannot be written")
    }

    /// Becomes the key that another enclave of the same program has.
    pub(crate) fn replace(&mut self, seed: &[u8; 32]) -> anyhow::Result<()> {
        self.key = SigningKey::from_bytes(seed);
        self.publish()
    }

    /// The secret half, for another enclave of the same program.
    pub(crate) fn secret(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.key.to_bytes())
    }

    /// Whether this is its secret half.
    pub(crate) fn is(&self, seed: &[u8; 32]) -> bool {
        SigningKey::from_bytes(seed).verifying_key() == self.key.verifying_key()
    }

    /// How long it lives, for the configuration document.
    pub(crate) const fn life(&self) -> &'static str {
        match self.kept {
            Kept::Nowhere => "process",
            Kept::Sealed(_) => "sealed",
            #[cfg(feature = "development")]
            Kept::Clear(_) => "clear",
        }
    }

    /// The public half.
    pub(crate) fn public(&self) -> [u8; 32] {
        self.key.verifying_key().to_bytes()
    }

    /// A signature (RFC 8032).
    pub(crate) fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.key.sign(message).to_bytes()
    }

    fn spki_pem(&self) -> String {
        use base64ct::{Base64, Encoding};
        let der = [&SPKI_PREFIX[..], &self.public()].concat();
        format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", Base64::encode_string(&der))
    }
}

#[cfg(feature = "development")]
mod clear {
    //! A key in clear, for development builds.

    use ed25519_dalek::SigningKey;
    use zeroize::Zeroizing;

    const FORMAT: &str = "perf-aggregator-development-result-key/1";

    pub(super) fn text(key: &SigningKey, epoch: u64) -> Zeroizing<String> {
        Zeroizing::new(format!("{FORMAT} {epoch} {}\n", protocol::wire::encode(key.as_bytes())))
    }

    pub(super) fn parse(text: &[u8]) -> Option<(Zeroizing<[u8; 32]>, u64)> {
        let mut words = core::str::from_utf8(text).ok()?.split_whitespace();
        let format = words.next()?;
        let epoch = words.next()?.parse().ok()?;
        let seed = Zeroizing::new(protocol::wire::decode_array(words.next()?)?);
        (format == FORMAT && words.next().is_none()).then_some((seed, epoch))
    }
}

#[cfg(test)]
mod tests;
