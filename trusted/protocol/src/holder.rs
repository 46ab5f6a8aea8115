//! Holder keys (DESIGN.md sections 3 and 4): an Ed25519 key that the trader makes and keeps. A record belongs to it, and a
//! session that was registered with it answers only calls that it signed, so that a stolen session id is useless.
//!
//! A signed call is the inner body, a JSON object, with one member more at its very end: `holderSignature`, the signature in
//! base64url over the domain, the id of the envelope and the body as it was without that member. An envelope opens once, so
//! a signature serves one call.
//!
//! Not here: making and keeping keys, signing and judging.

use crate::wire;
use alloc::vec::Vec;

/// What every signed call begins with: no other signature of this protocol does.
const DOMAIN: &[u8] = b"perf-aggregator/holder/v1\0";
/// Before the 86 characters of a signature.
const OPENING: &[u8] = b"\"holderSignature\":\"";
const CLOSING: &[u8] = b"\"}";
/// 64 bytes in base64url without padding.
const SIGNATURE_CHARS: usize = 86;

/// The bytes that a holder signs: of one envelope, and of the body without its signature.
pub fn signed_bytes(envelope_id: &[u8; 16], body: &[u8]) -> Vec<u8> {
    [DOMAIN, envelope_id, body].concat()
}

/// The body of a signed call. `body` is a JSON object, as it was signed.
pub fn join(body: &[u8], signature: &[u8; 64]) -> Option<Vec<u8>> {
    let object = body.strip_suffix(b"}").filter(|object| object.starts_with(b"{"))?;
    let comma: &[u8] = if object == b"{" { b"" } else { b"," };
    Some([object, comma, OPENING, wire::encode(signature).as_bytes(), CLOSING].concat())
}

/// The body of a call as it was signed, and its signature; `None` where it has none.
pub fn split(body: &[u8]) -> Option<(Vec<u8>, [u8; 64])> {
    let signed = body.strip_suffix(CLOSING)?;
    let (signed, signature) = signed.split_at_checked(signed.len().checked_sub(SIGNATURE_CHARS)?)?;
    let signature = wire::decode_array(core::str::from_utf8(signature).ok()?)?;
    let object = signed.strip_suffix(OPENING)?;
    let object = match object.strip_suffix(b",") {
        Some(object) => object,
        None => Some(object).filter(|object| *object == b"{")?,
    };
    Some(([object, b"}"].concat(), signature))
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn what_was_joined_is_split_again() {
        for body in ["{}", r#"{"a":1}"#, r#"{"a":"\",\"holderSignature\":\""}"#] {
            let joined = join(body.as_bytes(), &[7; 64]).unwrap();
            assert_eq!(split(&joined), Some((body.as_bytes().to_vec(), [7; 64])));
            assert!(serde_json::from_slice::<serde_json::Value>(&joined).unwrap().is_object());
        }
    }

    #[test]
    fn what_is_not_signed_at_its_end_is_not_signed() {
        let joined = join(br#"{"a":1}"#, &[7; 64]).unwrap();
        let text = core::str::from_utf8(&joined).unwrap();
        for body in [
            "",
            "}",
            "{}",
            r#"{"a":1}"#,
            &text.replace("holderSignature", "holdersignature"),
            &text.replace("\"}", "\",\"b\":1}"),
            &text.replace(",\"h", "\"h"),
            &text.replace("BwcH", "BwcH="),
            &format!("{text} "),
        ] {
            assert_eq!(split(body.as_bytes()), None, "{body}");
        }
        assert_eq!(join(b"[]", &[7; 64]), None);
        assert_eq!(join(b"", &[7; 64]), None);
    }

    #[test]
    fn what_is_signed_is_written_out() {
        let signed = signed_bytes(&[1; 16], b"{}");
        assert_eq!(signed, [b"perf-aggregator/holder/v1\0".as_slice(), &[1; 16], b"{}"].concat());
    }
}
