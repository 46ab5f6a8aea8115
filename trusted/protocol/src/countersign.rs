//! Countersignatures: the enclave's result key over the head of somebody's log, and the time. Who keeps a chain of
//! lines can write it anew; a signature over a line's hash fixes that line and all before it.
//!
//! An enclave signs any 32 bytes that it is shown, and says when: of the log it knows nothing. What it signs begins with
//! a name of its own and no signed answer does (`signed.rs`: those begin with a quoted component), so neither can be
//! shown as the other.

use alloc::{string::String, vec::Vec};
use serde::{Deserialize, Serialize};

/// What is signed begins with this, and a zero byte. It is the name of the log's format.
pub const DOMAIN: &str = "perf-aggregator/access-log/v1";

/// What asks for a countersignature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountersignCall {
    /// The hash of the last line, 32 bytes in base64url.
    pub head: String,
}

/// A countersignature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Countersignature {
    /// What was asked for.
    pub head: String,
    /// When it was signed, Unix seconds by the enclave's clock.
    pub created: u64,
    /// The result key, 32 bytes in base64url.
    pub keyid: String,
    /// Ed25519 over [`bytes`], 64 bytes in base64url.
    pub signature: String,
}

/// What is signed: the domain, a zero byte, the head, and the time.
pub fn bytes(head: &[u8; 32], created_s: u64) -> Vec<u8> {
    [DOMAIN.as_bytes(), b"\0", head, &created_s.to_be_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signed::{Message, Tag};
    use core::cell::RefCell;

    #[test]
    fn what_is_signed_is_written_out() {
        let mut expected = b"perf-aggregator/access-log/v1\0".to_vec();
        expected.extend_from_slice(&[7; 32]);
        expected.extend_from_slice(&[0, 0, 0, 0, 0x69, 0x80, 0x56, 0x80]);
        assert_eq!(bytes(&[7; 32], 0x6980_5680), expected);
    }

    #[test]
    fn no_signed_answer_begins_as_a_countersignature_does() {
        // The base is built from what a caller chose, so the choice that comes closest is made here.
        let signed = RefCell::new(Vec::new());
        for status in [0, 200, u16::MAX] {
            let message = Message { status, method: DOMAIN, path: DOMAIN, nonce: Some(DOMAIN), body: b"" };
            for tag in [Tag::Answer, Tag::Receipt] {
                message.sign(tag, 0, DOMAIN, |base| {
                    signed.borrow_mut().push(base.to_vec());
                    [0; 64]
                });
            }
        }
        assert_eq!(signed.borrow().len(), 6);
        for base in signed.borrow().iter() {
            assert_eq!(base.first(), Some(&b'"'));
        }
        assert_eq!(bytes(&[b'"'; 32], 0).first(), Some(&b'p'));
    }
}
