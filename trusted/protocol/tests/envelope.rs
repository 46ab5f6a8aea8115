//! Sealed calls against RFC 9180, against vectors made by another implementation, and against strangers.

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256,
    kem::X25519HkdfSha256, setup_receiver, setup_sender_with_rng,
};
use proptest::prelude::*;
use protocol::{Envelope, EnvelopeError, EnvelopeKey, Header, Route, fuzz_answer, fuzz_envelope, seal};
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;

fn vectors(path: &str) -> Value {
    let file = format!("{}/../../vectors/{path}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

fn bytes(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

/// Gives the bytes it was made of, then counts: sealing becomes repeatable.
struct Scripted(Vec<u8>);

impl TryRng for Scripted {
    type Error = core::convert::Infallible;
    fn try_next_u32(&mut self) -> Result<u32, Self::Error> {
        let mut word = [0; 4];
        self.try_fill_bytes(&mut word)?;
        Ok(u32::from_le_bytes(word))
    }
    fn try_next_u64(&mut self) -> Result<u64, Self::Error> {
        let mut word = [0; 8];
        self.try_fill_bytes(&mut word)?;
        Ok(u64::from_le_bytes(word))
    }
    fn try_fill_bytes(&mut self, target: &mut [u8]) -> Result<(), Self::Error> {
        for byte in target {
            *byte = if self.0.is_empty() { 0x5a } else { self.0.remove(0) };
        }
        Ok(())
    }
}
impl TryCryptoRng for Scripted {}

#[test]
fn the_suite_meets_rfc_9180() {
    let all = vectors("hpke/rfc9180-x25519-hkdfsha256-aes256gcm.json");
    let case = all.as_array().unwrap().iter().find(|case| case["mode"] == 0).expect("a base-mode vector");
    let (secret, public) = X25519HkdfSha256::derive_keypair(&bytes(&case["ikmR"]));
    // The crate clamps private keys as it stores them, so they are compared by their public halves.
    let listed = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&bytes(&case["skRm"])).unwrap();
    assert_eq!(X25519HkdfSha256::sk_to_pk(&listed).to_bytes().to_vec(), bytes(&case["pkRm"]));
    assert_eq!(public.to_bytes().to_vec(), bytes(&case["pkRm"]));

    let info = bytes(&case["info"]);
    let enc = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(&bytes(&case["enc"])).unwrap();
    let mut receiver =
        setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(&OpModeR::Base, &secret, &enc, &info)
            .unwrap();
    let (sent, mut sender) = setup_sender_with_rng::<AesGcm256, HkdfSha256, X25519HkdfSha256>(
        &OpModeS::Base,
        &public,
        &info,
        &mut Scripted(bytes(&case["ikmE"])),
    )
    .unwrap();
    assert_eq!(sent.to_bytes().to_vec(), bytes(&case["enc"]));

    let encryptions = case["encryptions"].as_array().unwrap();
    assert_eq!(encryptions.len(), 257);
    for message in encryptions {
        let (aad, plain, sealed) = (bytes(&message["aad"]), bytes(&message["pt"]), bytes(&message["ct"]));
        assert_eq!(sender.seal(&plain, &aad).unwrap(), sealed);
        assert_eq!(receiver.open(&sealed, &aad).unwrap(), plain);
    }
    for export in case["exports"].as_array().unwrap() {
        let expected = bytes(&export["exported_value"]);
        let mut exported = vec![0; expected.len()];
        receiver.export(&bytes(&export["exporter_context"]), &mut exported).unwrap();
        assert_eq!(exported, expected);
    }
}

#[test]
fn sealed_call_vectors_open_or_fail_as_they_say() {
    let vectors = vectors("envelope/cases.json");
    let key = EnvelopeKey::from_bytes(&bytes(&vectors["recipient_private_key"]).try_into().unwrap()).unwrap();
    assert_eq!(key.public().to_vec(), bytes(&vectors["recipient_public_key"]));
    for case in vectors["cases"].as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let opened =
            Envelope::parse(case["envelope"].as_str().unwrap().as_bytes()).and_then(|call| call.open(&key));
        match (case["expect"].as_str().unwrap(), opened) {
            ("opens", Ok((plain, _))) => {
                assert_eq!(plain.as_slice(), case["plaintext"].as_str().unwrap().as_bytes(), "{name}")
            }
            ("malformed", Err(EnvelopeError::Malformed))
            | ("too_large", Err(EnvelopeError::TooLarge))
            | ("rejected", Err(EnvelopeError::Rejected)) => {}
            (expected, got) => panic!("{name}: expected {expected}, got {:?}", got.map(|_| "opened")),
        }
    }
}

#[test]
fn answer_vectors_are_reproduced_and_bad_answers_refused() {
    let vectors = vectors("envelope/cases.json");
    let case = &vectors["cases"][0];
    let key = EnvelopeKey::from_bytes(&bytes(&vectors["recipient_private_key"]).try_into().unwrap()).unwrap();
    let envelope = Envelope::parse(case["envelope"].as_str().unwrap().as_bytes()).unwrap();
    assert_eq!(envelope.header.associated_data(), vectors["associated_data"].as_str().unwrap());
    let answer = case["answer"].as_str().unwrap();
    let answer_json: Value = serde_json::from_str(answer).unwrap();
    let nonce = protocol::wire::decode_array(answer_json["nonce"].as_str().unwrap()).unwrap();
    let (_, sealer) = envelope.open(&key).unwrap();
    let ours: Value = serde_json::from_str(
        &sealer.seal(case["answer_plaintext"].as_str().unwrap().as_bytes(), nonce).unwrap(),
    )
    .unwrap();
    assert_eq!(ours, answer_json);

    // With the same random bytes our client seals the same call, opens its answer, and no other.
    let (sealed, opener) = seal(
        key.public(),
        envelope.header,
        case["plaintext"].as_str().unwrap().as_bytes(),
        &mut Scripted(bytes(&vectors["ephemeral_ikm"])),
    )
    .unwrap();
    assert_eq!(sealed, envelope);
    let opened = opener.open(answer.as_bytes()).unwrap();
    assert_eq!(opened.as_slice(), case["answer_plaintext"].as_str().unwrap().as_bytes());
    for bad in vectors["bad_answers"].as_array().unwrap() {
        assert!(opener.open(bad["answer"].as_str().unwrap().as_bytes()).is_err(), "{}", bad["name"]);
    }
}

#[test]
fn altering_any_byte_of_an_answer_is_noticed() {
    let key = EnvelopeKey::generate(&mut Scripted(vec![3; 32]));
    let (envelope, opener) =
        seal(key.public(), header(Route::Summary), b"{}", &mut Scripted(vec![4; 32])).unwrap();
    let (_, sealer) = envelope.open(&key).unwrap();
    let answer = sealer.seal(b"{\"equity\":\"1\"}", [9; 32]).unwrap();
    assert_eq!(opener.open(answer.as_bytes()).unwrap().as_slice(), b"{\"equity\":\"1\"}");
    for at in (0..answer.len()).step_by(7) {
        let mut altered = answer.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(opener.open(&altered).is_err(), "byte {at}");
    }
}

fn header(route: Route) -> Header {
    Header { envelope_id: [1; 16], route, keyset_hash: [2; 64], expires_at: 1_770_000_000 }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_for_its_key_only(
        body in proptest::collection::vec(any::<u8>(), 0..4000),
        id in any::<[u8; 16]>(),
        seed in any::<[u8; 32]>(),
        route in proptest::sample::select(Route::ALL.to_vec()),
    ) {
        // Spaces at the end are padding by definition.
        prop_assume!(body.last() != Some(&b' '));
        let key = EnvelopeKey::generate(&mut Scripted(seed.to_vec()));
        let header = Header { envelope_id: id, ..header(route) };
        let (envelope, _) = seal(key.public(), header, &body, &mut Scripted(id.to_vec())).unwrap();
        let sent = Envelope::parse(envelope.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&sent, &envelope);
        let opened = sent.open(&key).unwrap();
        prop_assert_eq!(opened.0.as_slice(), body.as_slice());
        let other = EnvelopeKey::generate(&mut Scripted(vec![0xEE; 32]));
        prop_assert_eq!(sent.open(&other).map(|_| ()).unwrap_err(), EnvelopeError::Rejected);
    }

    #[test]
    fn lengths_are_told_in_steps_of_1024_only(len in 0usize..3000) {
        let key = EnvelopeKey::generate(&mut Scripted(vec![]));
        let (envelope, _) = seal(key.public(), header(Route::Register), &vec![b'x'; len], &mut Scripted(vec![])).unwrap();
        let json: Value = serde_json::from_str(&envelope.to_json()).unwrap();
        let sealed = protocol::wire::decode(json["ciphertext"].as_str().unwrap()).unwrap().len() - 16;
        prop_assert_eq!(sealed % 1024, 0);
        prop_assert!(sealed >= len && sealed < len.max(1) + 1024);
    }
}

#[test]
fn no_bytes_of_a_stranger_make_the_parsers_panic() {
    let corpus: Vec<Vec<u8>> = vectors("envelope/cases.json")["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| case["envelope"].as_str().unwrap().as_bytes().to_vec())
        .filter(|bytes| bytes.len() < 8192)
        .collect();
    let mut state: u64 = 1;
    let mut random = || {
        // Knuth's linear congruential generator: enough to choose where to bite.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize
    };
    for round in 0..4000 {
        let mut bytes = corpus[round % corpus.len()].clone();
        for _ in 0..=random() % 4 {
            let at = random() % bytes.len().max(1);
            match random() % 3 {
                0 if !bytes.is_empty() => bytes[at] = (random() % 256) as u8,
                1 => bytes.truncate(at),
                _ => bytes.insert(at.min(bytes.len()), b"\"{}[]:,\\0-_"[random() % 11]),
            }
        }
        fuzz_envelope(&bytes);
        fuzz_answer(&bytes);
    }
}
