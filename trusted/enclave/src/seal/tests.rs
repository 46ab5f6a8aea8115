//! Seals against changes of every byte, and against an independent making of the same.

use super::*;
use sha2::Digest as _;

fn root() -> SealRoot {
    SealRoot { secret: Zeroizing::new([7; 32]), measurement: [2; 32] }
}

fn header() -> Header {
    Header { purpose: "result-key", measurement: [2; 32], epoch: 1000, sequence: 3 }
}

#[test]
fn what_was_sealed_opens_with_its_header() {
    let text = seal(&root(), &header(), b"planted").unwrap();
    assert!(!text.contains("planted"));
    let (opened, plaintext) = open(&root(), "result-key", text.as_bytes()).unwrap();
    assert_eq!((opened, plaintext.as_slice()), (header(), &b"planted"[..]));
    assert_ne!(seal(&root(), &header(), b"planted").unwrap(), text, "no key and nonce come twice");
}

#[test]
fn no_changed_byte_opens() {
    let text = seal(&root(), &header(), b"planted").unwrap();
    for at in 0..text.len() {
        for bit in [1, 2, 0x20] {
            let mut changed = text.clone().into_bytes();
            changed[at] ^= bit;
            // White space behind the line is nobody's.
            let opened = open(&root(), "result-key", &changed);
            assert!(opened.is_err() || changed[at].is_ascii_whitespace(), "byte {at}");
        }
    }
    for length in 0..text.len() - 1 {
        assert!(open(&root(), "result-key", &text.as_bytes()[..length]).is_err());
    }
}

#[test]
fn each_reason_not_to_open_has_its_name() {
    let text = seal(&root(), &header(), b"x").unwrap();
    let other = |secret: u8, measurement: u8| SealRoot {
        secret: Zeroizing::new([secret; 32]),
        measurement: [measurement; 32],
    };
    assert_eq!(open(&other(7, 3), "result-key", text.as_bytes()).err(), Some(SealError::OtherProgram));
    assert_eq!(open(&other(8, 2), "result-key", text.as_bytes()).err(), Some(SealError::NotOurs));
    assert_eq!(open(&root(), "ledger", text.as_bytes()).err(), Some(SealError::Form));
    let later = text.replace("\"sequence\":3", "\"sequence\":4");
    assert_eq!(open(&root(), "result-key", later.as_bytes()).err(), Some(SealError::NotOurs));
    for form in ["", "{}", "null", &text.replace("v1", "v2"), &text.replace("null", "[]")] {
        assert_eq!(open(&root(), "result-key", form.as_bytes()).err(), Some(SealError::Form), "{form}");
    }
}

/// HKDF (RFC 5869) from HMAC by hand, for one block.
fn by_hand(secret: &[u8], info: &[u8]) -> [u8; 32] {
    let hmac = |key: &[u8], message: &[u8]| -> [u8; 32] {
        let pad =
            |byte: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect() };
        let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
        Sha256::digest([pad(0x5c), inner.to_vec()].concat()).into()
    };
    let extracted = hmac(&[0; 32], secret);
    hmac(&extracted, &[info, &[1]].concat())
}

#[test]
fn keys_are_derived_by_label_and_length_prefixed_context() {
    let info = [b"perf-aggregator/seal-root/v1".as_slice(), &[0, 0, 0, 13], b"sgx-mrenclave"].concat();
    assert_eq!(*widened(&[0x5e; 16], b"sgx-mrenclave"), by_hand(&[0x5e; 16], &info));
    let numbers = [&[0, 0, 0, 8][..], &1000_u64.to_be_bytes(), &[0, 0, 0, 8], &3_u64.to_be_bytes()].concat();
    let info = [b"perf-aggregator/seal/v1".as_slice(), &[0, 0, 0, 10], b"result-key", &numbers].concat();
    let key = derived(&[7; 32], KEY_LABEL, &[b"result-key", &1000_u64.to_be_bytes(), &3_u64.to_be_bytes()]);
    assert_eq!(*key, by_hand(&[7; 32], &info));
}
