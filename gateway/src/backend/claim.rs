//! Which TLS key an evidence bundle names: field 5 of its binding (ATTESTATION.md section 3). What follows is not read,
//! and nothing is judged; that is for clients.

use crate::limits;
use base64ct::{Base64, Encoding as _};
use serde::Deserialize;
use std::borrow::Cow;

const DOMAIN: &[u8] = b"perf-aggregator/attested-binding/v1\0";
const TLS_SPKI: u16 = 5;

#[derive(Deserialize)]
struct Bundle<'a> {
    #[serde(borrow)]
    binding: Cow<'a, str>,
}

/// SHA-256 of the SubjectPublicKeyInfo that the bundle names; `None` if it names none or is none.
pub(crate) fn claimed(bundle: &[u8]) -> Option<[u8; 32]> {
    if bundle.len() > limits::BUNDLE_BYTES_MAX {
        return None;
    }
    let Bundle { binding } = serde_json::from_slice(bundle).ok()?;
    if binding.len() > limits::BINDING_BYTES_MAX.div_ceil(3) * 4 {
        return None;
    }
    let binding = Base64::decode_vec(&binding).ok()?;
    let mut rest = binding.strip_prefix(DOMAIN)?;
    for tag in 1..=TLS_SPKI {
        let (length, after) = rest.strip_prefix(&tag.to_be_bytes())?.split_first_chunk::<4>()?;
        let (value, after) = after.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        if tag == TLS_SPKI {
            return value.try_into().ok();
        }
        rest = after;
    }
    None
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A bundle that names this key and says nothing else that anybody would believe.
    pub(crate) fn bundle(key: &[u8]) -> String {
        let mut binding = DOMAIN.to_vec();
        for (tag, value) in [(1_u16, &b"dev-sgx"[..]), (2, &[0; 8]), (3, &[7; 38]), (4, &[8; 32]), (5, key)] {
            binding.extend_from_slice(&tag.to_be_bytes());
            binding.extend_from_slice(&u32::try_from(value.len()).unwrap().to_be_bytes());
            binding.extend_from_slice(value);
        }
        serde_json::json!({ "type": "x", "binding": Base64::encode_string(&binding), "time": {} }).to_string()
    }

    #[test]
    fn the_key_of_field_five_is_what_a_bundle_claims() {
        assert_eq!(claimed(bundle(&[9; 32]).as_bytes()), Some([9; 32]));
        for key in [&[][..], &[9; 31], &[9; 33]] {
            assert_eq!(claimed(bundle(key).as_bytes()), None);
        }
        let long = "A".repeat(4096);
        for text in ["", "{}", "[", r#"{"binding":7}"#, r#"{"binding":"!"}"#, r#"{"binding":"AAAA"}"#] {
            assert_eq!(claimed(text.as_bytes()), None, "{text}");
        }
        assert_eq!(claimed(format!(r#"{{"binding":"{long}"}}"#).as_bytes()), None);
        assert_eq!(claimed(&vec![b'['; limits::BUNDLE_BYTES_MAX]), None);
    }

    #[test]
    fn the_bindings_of_the_vectors_are_read_the_same() {
        let vectors = include_str!("../../../vectors/binding/vectors.json");
        let vectors: serde_json::Value = serde_json::from_str(vectors).unwrap();
        for case in vectors["valid"].as_array().unwrap() {
            let binding = hex::decode(case["binding"].as_str().unwrap()).unwrap();
            let bundle = serde_json::json!({ "binding": Base64::encode_string(&binding) }).to_string();
            let key = hex::decode(case["fields"]["tls_spki"].as_str().unwrap()).unwrap();
            assert_eq!(claimed(bundle.as_bytes()).map(Vec::from), Some(key).filter(|key| !key.is_empty()));
        }
    }

    /// A claim is in the bytes or is none: no bytes of a stranger break the search for it.
    #[test]
    fn no_bytes_of_a_stranger_break_the_reader_of_claims() {
        let mut random = crate::tests::Random::new(0x7e57_0002);
        let good = bundle(&[9; 32]).into_bytes();
        for _ in 0..20_000 {
            let mut bytes = good.clone();
            for _ in 0..=random.below(4) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = b"\0\"A/=+\xff9{"[random.below(9)],
                    1 => bytes.truncate(at.max(1)),
                    _ => bytes.insert(at, b"\"A=\\"[random.below(4)]),
                }
            }
            if let Some(key) = claimed(&bytes) {
                let text = String::from_utf8_lossy(&bytes);
                let binding = serde_json::from_str::<serde_json::Value>(&text).unwrap()["binding"].take();
                let binding = Base64::decode_vec(binding.as_str().unwrap()).unwrap();
                assert!(binding.windows(32).any(|part| part == key));
            }
        }
    }
}
