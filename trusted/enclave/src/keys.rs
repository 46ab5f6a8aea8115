//! The result key: it signs what verifiers keep, so it may outlive a process, with the number of the last epoch.
//!
//! `ENCLAVE_PRIVATE_KEY` names the file where it is kept **sealed** by the platform; no platform of this release
//! seals, so a release build refuses the setting, above all a key in clear. A development build keeps it in
//! clear, in a file that only its owner reads. `ENCLAVE_PUBLIC_KEY` names the file for the public half.

use crate::{random, settings::Settings};
use anyhow::Context as _;
use ed25519_dalek::{Signer, SigningKey};
use std::path::Path;

/// The key that signs results.
pub(crate) struct ResultKey {
    key: SigningKey,
    last_epoch: u64,
    #[cfg_attr(
        not(feature = "development"),
        expect(dead_code, reason = "a release build keeps nothing in clear")
    )]
    file: Option<std::path::PathBuf>,
}

/// DER of an Ed25519 SubjectPublicKeyInfo (RFC 8410 section 4), before its 32 bytes.
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

impl ResultKey {
    /// The key that the settings name, or a new one that lives as long as the process.
    pub(crate) fn open(settings: &Settings) -> anyhow::Result<Self> {
        let key = match &settings.private_key {
            None => Self::born(None),
            Some(file) => Self::kept(file)?,
        };
        if let Some(file) = &settings.public_key {
            std::fs::write(file, key.spki_pem()).context("ENCLAVE_PUBLIC_KEY: the file cannot be written")?;
        }
        Ok(key)
    }

    fn born(file: Option<&Path>) -> Self {
        let seed = zeroize::Zeroizing::new(random::bytes::<32>());
        Self { key: SigningKey::from_bytes(&seed), last_epoch: 0, file: file.map(Path::to_owned) }
    }

    #[cfg(not(feature = "development"))]
    fn kept(_: &Path) -> anyhow::Result<Self> {
        anyhow::bail!(
            "ENCLAVE_PRIVATE_KEY: this release cannot seal a key to the platform, and a key in clear would be the \
             host's. Unset it: the enclave makes a new result key at each start"
        )
    }

    #[cfg(feature = "development")]
    fn kept(file: &Path) -> anyhow::Result<Self> {
        match std::fs::read_to_string(file) {
            Ok(text) => clear::parse(&zeroize::Zeroizing::new(text))
                .map(|(seed, last_epoch)| Self {
                    key: SigningKey::from_bytes(&seed),
                    last_epoch,
                    file: Some(file.to_owned()),
                })
                .context("ENCLAVE_PRIVATE_KEY: the file is not one that this program wrote"),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::born(Some(file))),
            Err(error) => Err(error).context("ENCLAVE_PRIVATE_KEY: the file cannot be read"),
        }
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

    #[cfg(not(feature = "development"))]
    fn save(&self, _: u64) -> anyhow::Result<()> {
        Ok(())
    }

    #[cfg(feature = "development")]
    fn save(&self, epoch: u64) -> anyhow::Result<()> {
        let Some(file) = &self.file else { return Ok(()) };
        clear::write(file, &clear::text(&self.key, epoch))
            .context("ENCLAVE_PRIVATE_KEY: the file cannot be written")
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
    use std::{
        fs,
        io::{self, Write as _},
        os::unix::fs::OpenOptionsExt as _,
        path::Path,
    };
    use zeroize::Zeroizing;

    const FORMAT: &str = "perf-aggregator-development-result-key/1";

    pub(super) fn text(key: &SigningKey, epoch: u64) -> Zeroizing<String> {
        Zeroizing::new(format!("{FORMAT} {epoch} {}\n", protocol::wire::encode(key.as_bytes())))
    }

    pub(super) fn parse(text: &str) -> Option<(Zeroizing<[u8; 32]>, u64)> {
        let mut words = text.split_whitespace();
        let format = words.next()?;
        let epoch = words.next()?.parse().ok()?;
        let seed = Zeroizing::new(protocol::wire::decode_array(words.next()?)?);
        (format == FORMAT && words.next().is_none()).then_some((seed, epoch))
    }

    /// Written beside and renamed, so that a stop half-way leaves the old file whole.
    pub(super) fn write(file: &Path, text: &str) -> io::Result<()> {
        let beside = file.with_extension("new");
        let mut options = fs::OpenOptions::new();
        let mut open = options.write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        open.write_all(text.as_bytes())?;
        open.sync_all()?;
        fs::rename(&beside, file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_half_is_written_as_spki_pem() {
        let directory = std::env::temp_dir().join(format!("perfagg-keys-{}", random::base62(12)));
        std::fs::create_dir(&directory).unwrap();
        let public = directory.join("result.pub");
        let settings =
            Settings::read(|name| (name == "ENCLAVE_PUBLIC_KEY").then(|| public.display().to_string()))
                .unwrap();
        let key = ResultKey::open(&settings).unwrap();
        let pem = std::fs::read_to_string(&public).unwrap();
        // RFC 8410 section 10.1 gives this form: the prefix in base64 is MCowBQYDK2VwAyEA.
        let body = pem.lines().nth(1).unwrap().strip_prefix("MCowBQYDK2VwAyEA").expect("an Ed25519 key");
        assert_eq!(
            protocol::wire::decode_array(&body.trim_end_matches('=').replace('+', "-").replace('/', "_")),
            Some(key.public())
        );
        std::fs::remove_dir_all(&directory).unwrap();
    }

    #[cfg(not(feature = "development"))]
    #[test]
    fn a_release_build_refuses_a_private_key_in_clear() {
        let settings =
            Settings::read(|name| (name == "ENCLAVE_PRIVATE_KEY").then(|| "/nowhere".to_owned())).unwrap();
        let error = ResultKey::open(&settings).err().expect("refused").to_string();
        assert!(error.contains("in clear"), "{error}");
    }

    #[cfg(feature = "development")]
    #[test]
    fn a_development_key_outlives_a_start_and_epochs_only_grow() {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::env::temp_dir().join(format!("perfagg-key-{}", random::base62(12)));
        let settings =
            Settings::read(|name| (name == "ENCLAVE_PRIVATE_KEY").then(|| file.display().to_string()))
                .unwrap();
        let mut first = ResultKey::open(&settings).unwrap();
        assert_eq!(first.next_epoch(1000).unwrap(), 1000);
        let mut second = ResultKey::open(&settings).unwrap();
        assert_eq!(second.public(), first.public());
        assert_eq!(second.next_epoch(5).unwrap(), 1001, "even when the clock was set back");
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "planted").unwrap();
        assert!(ResultKey::open(&settings).is_err());
        std::fs::remove_file(&file).unwrap();
    }
}
