//! What most venues sign with: a MAC under the secret as it was given, without the white space that copying brings along.

use crate::saved::short_hash;
use hmac::{Hmac, KeyInit as _, Mac as _};
use protocol::Secret;
use sha2::{Sha256, Sha512};

/// HMAC-SHA256 over the parts; `None`: the secret is empty, and signs nothing.
pub(crate) fn hmac_sha256(secret: &Secret, parts: &[&str]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key(secret)?).ok()?;
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    Some(mac.finalize().into_bytes().into())
}

/// The same with SHA-512.
pub(crate) fn hmac_sha512(secret: &Secret, parts: &[&str]) -> Option<[u8; 64]> {
    let mut mac = Hmac::<Sha512>::new_from_slice(key(secret)?).ok()?;
    parts.iter().for_each(|part| mac.update(part.as_bytes()));
    Some(mac.finalize().into_bytes().into())
}

fn key(secret: &Secret) -> Option<&[u8]> {
    Some(secret.expose().trim().as_bytes()).filter(|key| !key.is_empty())
}

/// Tells accounts' budgets apart, and tells nothing of the key.
pub(crate) fn key_hash(api_key: &Secret) -> u64 {
    short_hash(api_key.expose().as_bytes())
}
