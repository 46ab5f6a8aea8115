//! Who owns an address (EXCHANGES.md section 11): whoever signs the challenge of an enclave with the key that the address
//! is of. Wallets sign texts by `personal_sign` (<https://eips.ethereum.org/EIPS/eip-191>, version 0x45): Keccak-256 over a
//! prefix, the length and the text. The signer's key follows from hash and signature, and its address from the key.
//!
//! Pure. Smart-contract wallets, which cannot sign (EIP-1271), prove nothing here.

use crate::Unproven;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use protocol::{Credentials, challenge};
use sha3::{Digest as _, Keccak256};

/// Whether the credentials of an address are it, and its signature of the challenge for the keys of that hash.
pub(crate) fn judge(credentials: &Credentials, keyset_hash: &[u8; 64]) -> Result<(), Unproven> {
    let (address, signature) = (credentials.api_key.expose(), credentials.secret.expose());
    if address_bytes(address.trim()).is_none() {
        return Err(Unproven::Address);
    }
    if signature_bytes(signature.trim()).is_none() {
        return Err(Unproven::Form);
    }
    if proves(address, keyset_hash, signature) { Ok(()) } else { Err(Unproven::Signature) }
}

/// Whether this is the signature of the owner of `address` under the challenge for the keys of that hash.
fn proves(address: &str, keyset_hash: &[u8; 64], signature: &str) -> bool {
    let (address, signature) = (address.trim(), signature.trim());
    let signed = challenge(address, keyset_hash).and_then(|text| signer(&text, signature));
    signed.is_some() && signed == address_bytes(address)
}

/// The bytes of an address. One in mixed case carries a checksum, which must be right
/// (<https://eips.ethereum.org/EIPS/eip-55>): a letter is upper-case where the hash of the lower-case digits has a nibble of
/// eight or more.
fn address_bytes(text: &str) -> Option<[u8; 20]> {
    let digits = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"))?;
    let mut bytes = [0; 20];
    hex::decode_to_slice(digits, &mut bytes).ok()?;
    let has = |is_of_case: fn(&u8) -> bool| digits.bytes().any(|digit| is_of_case(&digit));
    if !has(u8::is_ascii_lowercase) || !has(u8::is_ascii_uppercase) {
        return Some(bytes);
    }
    let hash = hex::encode(Keccak256::digest(digits.to_ascii_lowercase()));
    let is_right = |(digit, nibble): (u8, u8)| {
        digit.is_ascii_digit() || digit.is_ascii_uppercase() == matches!(nibble, b'8'..=b'9' | b'a'..=b'f')
    };
    digits.bytes().zip(hash.bytes()).all(is_right).then_some(bytes)
}

/// The bytes of a signature.
fn signature_bytes(text: &str) -> Option<[u8; 65]> {
    let mut bytes = [0; 65];
    hex::decode_to_slice(text.strip_prefix("0x").unwrap_or(text), &mut bytes).ok()?;
    Some(bytes)
}

/// The address whose key signed a text: 32 bytes r, 32 bytes s, and a byte that says which of the keys that fit. `None`: it
/// is no signature. Of the two that fit every text, only the one of the lower s is one (<https://eips.ethereum.org/EIPS/eip-2>).
fn signer(text: &str, signature: &str) -> Option<[u8; 20]> {
    let bytes = signature_bytes(signature)?;
    let (scalars, [recovery]) = bytes.split_first_chunk::<64>()? else { return None };
    let recovery = match recovery {
        0 | 27 => RecoveryId::new(false, false),
        1 | 28 => RecoveryId::new(true, false),
        _ => return None,
    };
    let signature = Signature::from_slice(scalars).ok()?;
    if signature.normalize_s() != signature {
        return None;
    }
    let hash = Keccak256::new()
        .chain_update(b"\x19Ethereum Signed Message:\n")
        .chain_update(text.len().to_string())
        .chain_update(text)
        .finalize();
    let key = VerifyingKey::recover_from_prehash(&hash, &signature, recovery).ok()?;
    let point = key.to_sec1_point(false);
    // Without the byte that says that both coordinates follow.
    let hash: [u8; 32] = Keccak256::digest(point.as_bytes().get(1..)?).into();
    hash.last_chunk().copied()
}

#[cfg(test)]
mod tests;
