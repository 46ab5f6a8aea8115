//! What the wallet of an address signs where there is no API key (DESIGN.md section 4): a text that names the address and the
//! keys of one enclave. So the signature proves control of the address to that enclave alone, and only as long as it has
//! these keys, which is a day. It is readable, since wallets show what they are about to sign.

use crate::wire;
use alloc::{format, string::String};

/// The text for an address, which is `0x` and forty hexadecimal digits in either case, and the hash of the keys that a
/// registration is sealed to (`keyset_hash` of its header). `None`: it is no address.
///
/// ```text
/// Perf-Aggregator: read and prove the record of 0x2c7536e3605d9c16a7a3d7b1898e529396a65c23
/// Enclave keys: AAECAwQF…
/// ```
pub fn challenge(address: &str, keyset_hash: &[u8; 64]) -> Option<String> {
    let digits = address.strip_prefix("0x").or_else(|| address.strip_prefix("0X"))?;
    let is_address = digits.len() == 40 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_address.then(|| {
        format!(
            "Perf-Aggregator: read and prove the record of 0x{}\nEnclave keys: {}",
            digits.to_ascii_lowercase(),
            wire::encode(keyset_hash),
        )
    })
}
