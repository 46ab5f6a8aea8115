//! Bytes of strangers on the client's side: a corpus of what they may send, and seeded mutations of it.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

use perfagg::{fuzz_access_log, fuzz_pcs, fuzz_reply, fuzz_service_url, fuzz_session};

const REPLIES: [&[u8]; 8] = [
    b"\x00\xc8{\"v\":1,\"nonce\":\"AAAA\",\"ciphertext\":\"AAAA\"}",
    b"\x01\xf6{\"type\":\"urn:x\",\"title\":\"t\",\"status\":502,\"code\":\"RELAY_TIMEOUT\",\"detail\":\"d\",\"request_id\":\"r\"}",
    b"\x01\x99{\"type\":\"u\",\"title\":\"t\",\"status\":409,\"code\":\"ENVELOPE_KEY_UNKNOWN\",\"detail\":\"d\",\"request_id\":\"r\"}",
    b"\x01\x91{\"type\":\"u\",\"title\":\"t\",\"status\":401,\"code\":\"SESSION_REVOKED\",\"detail\":\"d\",\"request_id\":\"r\"}",
    b"\x00\xc8{\"session_id\":\"session_1_x\",\"environment\":\"live\"}",
    b"\x01\x2e<html>moved</html>",
    b"\x00\xcc",
    b"\x01\xf4[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
];

const URLS: [&[u8]; 6] = [
    b"https://enclave.example:8443/",
    b"http://localhost:3000",
    b"http://[::1]:3000",
    b"https://user:pass@[2001:db8::1]:1/?q#f",
    b"HTTP://127.0.0.1:65535",
    b"https://a:b:c",
];

const SESSIONS: [&[u8]; 2] = [
    br#"{"v":1,"service_url":"http://localhost:3000","session_id":"session_1_x","expires_at":"2026-11-25T12:00:00Z","venue":"binance","environment":"live","epoch":1,"keyset_hash":"00"}"#,
    br#"{"v":1,"session_id":7}"#,
];

#[test]
fn no_bytes_of_a_stranger_are_believed_or_break_anything() {
    mutate(&REPLIES, fuzz_reply);
}

#[test]
fn no_text_breaks_the_parser_of_service_urls() {
    mutate(&URLS, fuzz_service_url);
}

const PCS: [&[u8]; 4] = [
    br#"{"tcbInfo":{"id":"SGX","version":3},"signature":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}"#,
    br#"{"enclaveIdentity":{"id":"QE","e":"\u00e9"},"signature":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}"#,
    b"-----BEGIN%20CERTIFICATE-----%0AMIIC%2B%2F8%3D%0A-----END%20CERTIFICATE-----%0A",
    b"3003020101",
];

#[test]
fn no_bytes_of_a_service_break_the_parsers_of_collateral() {
    mutate(&PCS, fuzz_pcs);
}

#[test]
fn no_bytes_break_the_parser_of_session_files() {
    mutate(&SESSIONS, fuzz_session);
}

#[test]
fn no_bytes_of_a_log_break_its_judge_or_pass_for_a_chain() {
    let log = include_bytes!("access-log/access-2026-11-24.jsonl");
    let tail = &log[log[..log.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1..];
    mutate(&[log, tail], fuzz_access_log);
}

/// Each seed as it is, and twenty thousand times with some bytes changed, cut, doubled or taken from another seed.
fn mutate(seeds: &[&[u8]], target: fn(&[u8])) {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for seed in seeds {
        target(seed);
        target(&seed[..seed.len() / 2]);
    }
    for _ in 0..20_000 {
        let mut bytes = seeds[random.below(seeds.len())].to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len() + 1);
            match random.below(5) {
                0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
                1 => bytes.truncate(at),
                2 => bytes.insert(at, b"\0\"{}[]:,@/#%\xff 9"[random.below(15)]),
                3 => bytes.splice(at..at, bytes.clone()).for_each(drop),
                _ => bytes.splice(at.., seeds[random.below(seeds.len())].iter().copied()).for_each(drop),
            }
        }
        bytes.truncate(4096);
        target(&bytes);
    }
}

/// xorshift64, so that a failure comes back.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % bound as u64).unwrap()
    }
}
