//! The attested binding against its vectors: each valid one has one encoding, and nothing else parses.
#![cfg(test)]

mod vectors;

use attestation::{Binding, ChallengeProof, Tee, Validity};
use serde_json::Value;
use std::path::Path;

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn array<const N: usize>(value: &Value) -> [u8; N] {
    bytes(value).try_into().unwrap()
}

fn optional(value: &Value) -> Option<[u8; 32]> {
    (value != "").then(|| array(value))
}

/// A binding from the fields of a case, without our parser.
fn from_fields(fields: &Value) -> Binding {
    let [before, after] = [0, 8].map(|at| {
        let dates: [u8; 16] = array(&fields["validity"]);
        u64::from_be_bytes(dates[at..at + 8].try_into().unwrap())
    });
    let hpke = bytes(&fields["hpke"]);
    assert_eq!(hpke[..6], [0x00, 0x20, 0x00, 0x01, 0x00, 0x02]);
    let tee = String::from_utf8(bytes(&fields["tee"])).unwrap();
    Binding {
        tee: serde_json::from_value(tee.into()).unwrap(),
        epoch: u64::from_be_bytes(array(&fields["epoch"])),
        hpke: hpke[6..].try_into().unwrap(),
        result_key: array(&fields["result_key"]),
        tls_spki: optional(&fields["tls_spki"]),
        config: array(&fields["config"]),
        log: optional(&fields["log"]),
        validity: Validity { not_before: before, not_after: after },
        challenge: optional(&fields["challenge"]),
        channel: optional(&fields["channel"]),
    }
}

fn check_file(file: &Path) {
    let vectors: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (valid, invalid) = (vectors["valid"].as_array().unwrap(), vectors["invalid"].as_array().unwrap());
    assert!(valid.len() >= 5 && invalid.len() >= 8, "{}", file.display());
    for case in valid {
        let encoded = bytes(&case["binding"]);
        let parsed = Binding::parse(&encoded).expect("a valid binding");
        assert_eq!(parsed, from_fields(&case["fields"]));
        assert_eq!(parsed.encode(), encoded);
        assert_eq!(parsed.tee.name(), case["tee"].as_str().unwrap());
        assert_eq!(parsed.report_data(), array::<64>(&case["report_data"]));
        assert_eq!(parsed.keyset_hash(), array::<64>(&case["keyset_hash"]));
        for proof in case["challenge_proofs"].as_array().unwrap() {
            check_proof(proof, parsed.challenge.expect("proofs lead to a challenge"));
        }
    }
    for case in invalid {
        assert_eq!(Binding::parse(&bytes(&case["binding"])), None, "{}", case["why"]);
    }
}

fn check_proof(proof: &Value, challenge: [u8; 32]) {
    let nonce = array(&proof["nonce"]);
    let path: Vec<[u8; 32]> = proof["path"].as_array().unwrap().iter().map(array).collect();
    let (index, size) = (proof["index"].as_u64().unwrap(), proof["size"].as_u64().unwrap());
    let proof = ChallengeProof { index, size, path };
    assert_eq!(proof.root(&nonce), Some(challenge), "{index} of {size}");
    let mut other = nonce;
    other[31] ^= 1;
    assert_ne!(proof.root(&other), Some(challenge));
    assert_ne!(
        ChallengeProof { index: (index + 1) % size, ..proof.clone() }.root(&nonce),
        Some(challenge).filter(|_| size > 1)
    );
}

#[test]
fn our_vectors_parse_or_are_refused_as_they_say() {
    check_file(&vectors::own("binding/vectors.json"));
}

#[test]
fn the_shared_vectors_parse_or_are_refused_as_they_say() {
    if let Some(folder) = vectors::shared("attestation/binding") {
        check_file(&folder.join("vectors.json"));
    }
}

fn example() -> Binding {
    Binding {
        tee: Tee::DevSgx,
        epoch: 1,
        hpke: [2; 32],
        result_key: [3; 32],
        tls_spki: Some([4; 32]),
        config: [5; 32],
        log: None,
        validity: Validity { not_before: 6, not_after: 7 },
        challenge: Some([8; 32]),
        channel: None,
    }
}

#[test]
fn a_binding_cut_or_lengthened_anywhere_is_refused() {
    let encoded = example().encode();
    for length in 0..encoded.len() {
        assert_eq!(Binding::parse(&encoded[..length]), None, "cut at {length}");
    }
    for more in [1, 6, 38, 2048] {
        assert_eq!(Binding::parse(&[&encoded[..], &vec![0; more]].concat()), None);
    }
}

#[test]
fn another_cipher_suite_cannot_be_said() {
    let encoded = example().encode();
    let at = encoded.windows(6).position(|window| window == [0, 0x20, 0, 1, 0, 2]).unwrap();
    for (byte, wrong) in [(1, 0x10), (3, 0x03), (5, 0x01), (5, 0x03)] {
        let mut other = encoded.clone();
        other[at + byte] = wrong;
        assert_eq!(Binding::parse(&other), None);
    }
}

#[test]
fn every_bit_changes_what_evidence_vouches_for() {
    let binding = example();
    let encoded = binding.encode();
    for bit in 0..8 * encoded.len() {
        let mut other = encoded.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        if let Some(parsed) = Binding::parse(&other) {
            assert_ne!(parsed.report_data(), binding.report_data(), "bit {bit}");
            assert_eq!(parsed.encode(), other, "bit {bit}");
        }
    }
}

#[test]
fn the_keyset_hash_names_the_keys_and_leaves_out_the_request() {
    let binding = example();
    for same in [
        Binding { challenge: None, ..binding.clone() },
        Binding { channel: Some([9; 32]), ..binding.clone() },
        Binding { validity: Validity { not_before: 0, not_after: 1 }, ..binding.clone() },
    ] {
        assert_eq!(same.keyset_hash(), binding.keyset_hash());
        assert_ne!(same.report_data(), binding.report_data());
    }
    for other in [
        Binding { tee: Tee::SgxDcap, ..binding.clone() },
        Binding { epoch: 2, ..binding.clone() },
        Binding { hpke: [9; 32], ..binding.clone() },
        Binding { result_key: [9; 32], ..binding.clone() },
        Binding { tls_spki: None, ..binding.clone() },
        Binding { config: [9; 32], ..binding.clone() },
        Binding { log: Some([9; 32]), ..binding.clone() },
    ] {
        assert_ne!(other.keyset_hash(), binding.keyset_hash());
    }
}
