//! Sealed calls and their answers against vectors made by another implementation, and as properties.
#![cfg(test)]

mod vectors;

use proptest::prelude::*;
use protocol::{Envelope, EnvelopeError, EnvelopeKey, Header, Route, limits, seal, wire};
use serde_json::Value;
use vectors::{Scripted, bytes, header, recipient, sealed_calls, text};

#[test]
fn sealed_call_vectors_open_or_fail_as_they_say() {
    let vectors = sealed_calls();
    let key = recipient(&vectors);
    assert_eq!(key.public().to_vec(), bytes(&vectors["recipient_public_key"]));
    for case in vectors["cases"].as_array().unwrap() {
        let name = text(&case["name"]);
        let opened = Envelope::parse(text(&case["envelope"]).as_bytes()).and_then(|call| call.open(&key));
        match (text(&case["expect"]), opened) {
            ("opens", Ok((plain, _))) => {
                assert_eq!(plain.as_slice(), text(&case["plaintext"]).as_bytes(), "{name}");
            }
            ("malformed", Err(EnvelopeError::Malformed))
            | ("too_large", Err(EnvelopeError::TooLarge))
            | ("rejected", Err(EnvelopeError::Rejected)) => {}
            (expected, got) => panic!("{name}: expected {expected}, got {:?}", got.map(|_| "opened")),
        }
    }
}

/// With the same nonce our enclave seals the very answer that the other implementation sealed.
#[test]
fn answer_vectors_are_reproduced() {
    let vectors = sealed_calls();
    let key = recipient(&vectors);
    let answered = vectors["cases"].as_array().unwrap().iter().filter(|case| case["answer"].is_string());
    let mut count = 0;
    for case in answered {
        let envelope = Envelope::parse(text(&case["envelope"]).as_bytes()).unwrap();
        let theirs: Value = serde_json::from_str(text(&case["answer"])).unwrap();
        let nonce = wire::decode_array(text(&theirs["nonce"])).unwrap();
        let (_, sealer) = envelope.open(&key).unwrap();
        let ours = sealer.seal(text(&case["answer_plaintext"]).as_bytes(), nonce).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&ours).unwrap(), theirs, "{}", case["name"]);
        count += 1;
    }
    assert!(count >= 2);
}

/// With the same random bytes our client seals the same call; it opens its answer and no bad one.
#[test]
fn the_worked_call_is_reproduced_and_bad_answers_are_refused() {
    let vectors = sealed_calls();
    let case = &vectors["cases"][0];
    let envelope = Envelope::parse(text(&case["envelope"]).as_bytes()).unwrap();
    assert_eq!(envelope.header.associated_data(), text(&vectors["associated_data"]));
    let mut random = Scripted(bytes(&vectors["ephemeral_ikm"]));
    let body = text(&case["plaintext"]).as_bytes();
    let (sealed, opener) = seal(recipient(&vectors).public(), envelope.header, body, &mut random).unwrap();
    assert_eq!(sealed, envelope);
    assert_eq!(
        opener.open(text(&case["answer"]).as_bytes()).unwrap().as_slice(),
        text(&case["answer_plaintext"]).as_bytes()
    );
    for bad in vectors["bad_answers"].as_array().unwrap() {
        assert!(opener.open(text(&bad["answer"]).as_bytes()).is_err(), "{}", bad["name"]);
    }
}

/// RFC 8785 by a JSON library: members sorted, no white space. Every value here is ASCII.
#[test]
fn associated_data_is_the_canonical_form_of_version_and_header() {
    for route in Route::ALL {
        let data = header(route).associated_data();
        let sorted: std::collections::BTreeMap<String, Value> = serde_json::from_str(&data).unwrap();
        assert_eq!(serde_json::to_string(&sorted).unwrap(), data);
        let members: Vec<_> = sorted.keys().map(String::as_str).collect();
        assert_eq!(members, ["envelope_id", "expires_at", "keyset_hash", "route", "v"]);
        assert_eq!(sorted["route"], route.as_str());
        assert_eq!(sorted["v"], 1);
    }
}

/// What the enclave says to a header that was changed on the way.
fn opened_under(other: Header) -> Result<(), EnvelopeError> {
    let key = EnvelopeKey::generate(&mut Scripted(vec![3; 32]));
    let (mut envelope, _) =
        seal(key.public(), header(Route::Summary), b"{}", &mut Scripted(vec![4; 32])).unwrap();
    envelope.header = other;
    envelope.open(&key).map(drop)
}

#[test]
fn every_member_of_the_header_is_sealed_with_the_call() {
    let good = header(Route::Summary);
    assert_eq!(opened_under(good), Ok(()));
    let (mut id, mut keyset_hash) = (good.envelope_id, good.keyset_hash);
    id[15] ^= 1;
    keyset_hash[63] ^= 1;
    for other in [
        Header { envelope_id: id, ..good },
        Header { keyset_hash, ..good },
        Header { expires_at: good.expires_at + 1, ..good },
        Header { route: Route::Metrics, ..good },
        Header { route: Route::Revoke, ..good },
        Header { route: Route::Register, ..good },
    ] {
        assert_eq!(opened_under(other), Err(EnvelopeError::Rejected), "{other:?}");
    }
}

#[test]
fn altering_any_byte_of_a_call_is_noticed() {
    let key = EnvelopeKey::generate(&mut Scripted(vec![3; 32]));
    let (envelope, _) =
        seal(key.public(), header(Route::Summary), b"{}", &mut Scripted(vec![4; 32])).unwrap();
    let json = envelope.to_json();
    for at in 0..json.len() {
        let mut altered = json.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        let opened = Envelope::parse(&altered).and_then(|call| call.open(&key));
        assert!(opened.is_err(), "byte {at}");
    }
}

#[test]
fn altering_any_byte_of_an_answer_is_noticed() {
    let key = EnvelopeKey::generate(&mut Scripted(vec![3; 32]));
    let (envelope, opener) =
        seal(key.public(), header(Route::Summary), b"{}", &mut Scripted(vec![4; 32])).unwrap();
    let (_, sealer) = envelope.open(&key).unwrap();
    let answer = sealer.seal(b"{\"fills\":1}", [9; 32]).unwrap();
    assert_eq!(opener.open(answer.as_bytes()).unwrap().as_slice(), b"{\"fills\":1}");
    for at in 0..answer.len() {
        let mut altered = answer.clone().into_bytes();
        altered[at] = if altered[at] == b'A' { b'B' } else { b'A' };
        assert!(opener.open(&altered).is_err(), "byte {at}");
    }
}

#[test]
fn an_answer_is_for_its_own_call() {
    let key = EnvelopeKey::generate(&mut Scripted(vec![3; 32]));
    let call = |ikm| seal(key.public(), header(Route::Summary), b"{}", &mut Scripted(vec![ikm; 32])).unwrap();
    let ((first, opens_first), (_, opens_second)) = (call(4), call(5));
    let answer = first.open(&key).unwrap().1.seal(b"{}", [9; 32]).unwrap();
    assert!(opens_first.open(answer.as_bytes()).is_ok());
    assert!(opens_second.open(answer.as_bytes()).is_err());
}

#[test]
fn the_largest_body_fits_and_one_byte_more_does_not() {
    let key = EnvelopeKey::generate(&mut Scripted(vec![3; 32]));
    let sealed = |len| seal(key.public(), header(Route::Register), &vec![b'x'; len], &mut Scripted(vec![]));
    let (envelope, _) = sealed(limits::PLAINTEXT_BYTES_MAX).unwrap();
    let json = envelope.to_json();
    assert!(json.len() <= limits::ENVELOPE_BYTES_MAX);
    let opened = Envelope::parse(json.as_bytes()).unwrap().open(&key).unwrap().0;
    assert_eq!(opened.len(), limits::PLAINTEXT_BYTES_MAX);
    assert_eq!(sealed(limits::PLAINTEXT_BYTES_MAX + 1).map(drop).unwrap_err(), EnvelopeError::TooLarge);
}

#[test]
fn a_key_of_low_order_cannot_be_sealed_to() {
    let mut one = [0; 32];
    one[0] = 1;
    for point in [[0; 32], one] {
        let sealed = seal(&point, header(Route::Summary), b"{}", &mut Scripted(vec![4; 32]));
        assert_eq!(sealed.map(drop).unwrap_err(), EnvelopeError::Rejected);
    }
}

proptest! {
    #[test]
    fn what_is_sealed_opens_for_its_key_only(
        body in proptest::collection::vec(any::<u8>(), 0..4000),
        id in any::<[u8; 16]>(),
        keyset_hash in any::<[u8; 64]>(),
        expires_at in any::<u64>(),
        seed in any::<[u8; 32]>(),
        route in proptest::sample::select(Route::ALL.to_vec()),
    ) {
        // Spaces at the end are padding by definition.
        prop_assume!(body.last() != Some(&b' '));
        let key = EnvelopeKey::generate(&mut Scripted(seed.to_vec()));
        let header = Header { envelope_id: id, route, keyset_hash, expires_at };
        let (envelope, opener) = seal(key.public(), header, &body, &mut Scripted(id.to_vec())).unwrap();
        let sent = Envelope::parse(envelope.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&sent, &envelope);
        let (opened, sealer) = sent.open(&key).unwrap();
        prop_assert_eq!(opened.as_slice(), body.as_slice());
        let answer = sealer.seal(&body, seed).unwrap();
        let opened = opener.open(answer.as_bytes()).unwrap();
        prop_assert_eq!(opened.as_slice(), body.as_slice());
        let other = EnvelopeKey::generate(&mut Scripted(vec![0xEE; 32]));
        prop_assert_eq!(sent.open(&other).map(|_| ()).unwrap_err(), EnvelopeError::Rejected);
    }

    #[test]
    fn lengths_are_told_in_steps_of_1024_only(len in 0_usize..5000) {
        let key = EnvelopeKey::generate(&mut Scripted(vec![]));
        let body = vec![b'x'; len];
        let (envelope, _) = seal(key.public(), header(Route::Register), &body, &mut Scripted(vec![])).unwrap();
        let answer = envelope.open(&key).unwrap().1.seal(&body, [0; 32]).unwrap();
        for sealed in [envelope.to_json(), answer] {
            let json: Value = serde_json::from_str(&sealed).unwrap();
            let padded = wire::decode(text(&json["ciphertext"])).unwrap().len() - 16;
            prop_assert_eq!(padded % 1024, 0);
            prop_assert!(padded >= len && padded < len.max(1) + 1024);
        }
    }
}
