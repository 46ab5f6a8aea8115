//! Randomness: the one source, made in `main` and handed down, and what is drawn from it.

use rand_core::{CryptoRng, UnwrapErr};

/// The operating system's source. It panics rather than give predictable bytes; a panic ends one request.
pub(crate) fn system() -> impl CryptoRng {
    UnwrapErr(getrandom::SysRng)
}

/// Random bytes.
pub(crate) fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand_core::Rng::fill_bytes(&mut system(), &mut bytes);
    bytes
}

/// `length` random digits and letters: 5.95 bits each, so 22 of them carry 130.
pub(crate) fn base62(length: usize) -> String {
    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut text = String::with_capacity(length);
    while text.len() < length {
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first letters.
        for byte in bytes::<32>().into_iter().filter(|byte| *byte < 248) {
            if text.len() < length
                && let Some(letter) = ALPHABET.get(usize::from(byte % 62))
            {
                text.push(char::from(*letter));
            }
        }
    }
    text
}

/// A seed for what needs spread, not secrecy.
pub(crate) fn system_seed() -> u64 {
    u64::from_le_bytes(bytes())
}
