//! Bytes on the wire: base64url without padding (RFC 4648 section 5), and the padding of plaintexts.

use crate::limits::PADDING_STEP_BYTES;
use alloc::{string::String, vec::Vec};
use base64ct::{Base64UrlUnpadded, Encoding};
use zeroize::Zeroizing;

/// Base64url without padding.
pub fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

/// The bytes of a base64url text; `None` if it is not one, in its one canonical form.
pub fn decode(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

/// As [`decode`], of exactly `N` bytes.
pub fn decode_array<const N: usize>(text: &str) -> Option<[u8; N]> {
    decode(text)?.try_into().ok()
}

/// A body padded with spaces to the next step: JSON ignores them, so padding needs no length of its own.
pub(crate) fn padded(body: &[u8]) -> Zeroizing<Vec<u8>> {
    let len = body.len().max(1).next_multiple_of(PADDING_STEP_BYTES);
    let mut padded = Zeroizing::new(Vec::with_capacity(len));
    padded.extend_from_slice(body);
    padded.resize(len, b' ');
    padded
}

/// A plaintext without its padding.
pub(crate) fn unpadded(opened: Vec<u8>) -> Zeroizing<Vec<u8>> {
    let mut plaintext = Zeroizing::new(opened);
    let len = unpadded_len(&plaintext);
    plaintext.truncate(len);
    plaintext
}

/// The length of a plaintext without the spaces at its end.
pub(crate) fn unpadded_len(plaintext: &[u8]) -> usize {
    plaintext.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last.saturating_add(1))
}
