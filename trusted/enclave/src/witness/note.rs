//! The texts between a log and its witness, as C2SP writes them: a checkpoint (c2sp.org/tlog-checkpoint) is a note that the
//! log signed (c2sp.org/signed-note), and a witness adds its cosignature (c2sp.org/tlog-cosignature, `cosignature/v1`).
//!
//! ```text
//! perf-aggregator.com/store/0f3c…          origin
//! 7                                        how many leaves
//! CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3…=   root
//!
//! — perf-aggregator.com/store/0f3c… Az3g…  the log's signature
//! ```

use super::tree::Hash;
use base64ct::{Base64, Encoding as _};
use core::fmt;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use sha2::{Digest as _, Sha256};

/// The type of a key that signs notes.
const ED25519: u8 = 0x01;
/// The type of a key that cosigns checkpoints.
const COSIGNATURE_V1: u8 = 0x04;
/// What a signature line begins with.
const DASH: &str = "\u{2014} ";

/// The public key of a witness, and its name.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct WitnessKey {
    text: String,
    name: String,
    id: [u8; 4],
    key: VerifyingKey,
}

impl fmt::Debug for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WitnessKey").field(&self.text).finish()
    }
}

impl WitnessKey {
    /// `name+hash+base64(0x04 ‖ key)`, in its one form.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '+');
        let (name, hash, encoded) = (parts.next()?, parts.next()?, parts.next()?);
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return None;
        }
        let bytes: [u8; 33] = Base64::decode_vec(encoded).ok()?.try_into().ok()?;
        let (kind, public) = bytes.split_first()?;
        let public: [u8; 32] = public.try_into().ok()?;
        let id = key_id(name, *kind, &public);
        let key = VerifyingKey::from_bytes(&public).ok().filter(|key| !key.is_weak())?;
        let fits = *kind == COSIGNATURE_V1 && hash == hex(&id);
        fits.then(|| Self { text: text.to_owned(), name: name.to_owned(), id, key })
    }

    /// As it was given.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether these signature lines hold a cosignature of this witness over a checkpoint. Lines of others are passed over;
    /// one of its own that does not verify spoils all.
    pub(super) fn cosigned(&self, checkpoint: &str, lines: &[u8]) -> bool {
        let Some(lines) = core::str::from_utf8(lines).ok().and_then(|text| text.strip_suffix('\n')) else {
            return false;
        };
        let mut found = false;
        for line in lines.split('\n') {
            let Some((name, encoded)) = line.strip_prefix(DASH).and_then(|rest| rest.split_once(' ')) else {
                return false;
            };
            let Ok(bytes) = Base64::decode_vec(encoded) else { return false };
            if name != self.name || bytes.first_chunk::<4>() != Some(&self.id) {
                continue;
            }
            if self.verify(checkpoint, bytes.get(4..).unwrap_or_default()).is_none() {
                return false;
            }
            found = true;
        }
        found
    }

    /// The time and the signature over it: `time` is the witness's own word and nothing is made of it.
    fn verify(&self, checkpoint: &str, signed: &[u8]) -> Option<()> {
        let (time, signature) = signed.split_first_chunk::<8>()?;
        let time = i64::try_from(u64::from_be_bytes(*time)).ok()?;
        let signature = Signature::from_slice(signature).ok()?;
        let message = format!("cosignature/v1\ntime {time}\n{checkpoint}");
        self.key.verify_strict(message.as_bytes(), &signature).ok()
    }
}

/// The key with which a log signs, and the name that follows from it.
pub(super) struct LogKey {
    key: SigningKey,
    origin: String,
}

impl LogKey {
    pub(super) fn new(seed: &[u8; 32]) -> Self {
        let key = SigningKey::from_bytes(seed);
        let hash = Sha256::digest(key.verifying_key().as_bytes());
        let origin =
            format!("perf-aggregator.com/store/{}", hex(hash.first_chunk::<16>().unwrap_or(&[0; 16])));
        Self { key, origin }
    }

    /// What its witness has to know: `name+hash+base64(0x01 ‖ key)`.
    pub(super) fn public(&self) -> String {
        let public = self.key.verifying_key().to_bytes();
        let id = hex(&key_id(&self.origin, ED25519, &public));
        format!("{}+{id}+{}", self.origin, Base64::encode_string(&[&[ED25519], &public[..]].concat()))
    }

    /// The text that is signed and cosigned.
    pub(super) fn checkpoint(&self, size: u64, root: &Hash) -> String {
        format!("{}\n{size}\n{}\n", self.origin, Base64::encode_string(root))
    }

    /// It with the log's signature.
    pub(super) fn signed(&self, checkpoint: &str) -> String {
        format!("{checkpoint}\n{}", signature_line(&self.key, &self.origin, checkpoint))
    }
}

fn signature_line(key: &SigningKey, name: &str, text: &str) -> String {
    let id = key_id(name, ED25519, key.verifying_key().as_bytes());
    let bytes = [&id[..], &key.sign(text.as_bytes()).to_bytes()].concat();
    format!("{DASH}{name} {}\n", Base64::encode_string(&bytes))
}

fn key_id(name: &str, kind: u8, key: &[u8; 32]) -> [u8; 4] {
    let hash = Sha256::new().chain_update(name).chain_update([b'\n', kind]).chain_update(key).finalize();
    hash.first_chunk().copied().unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests;
