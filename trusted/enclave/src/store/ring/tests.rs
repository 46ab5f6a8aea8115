//! The ring as bytes, as keyed hashes, and as keys of rows; each against a making of its own.

use super::*;
use proptest::prelude::*;
use sha2::Digest as _;

/// A ring of bytes that count up.
fn ring() -> KeyRing {
    let mut last = 0;
    KeyRing::born(|| {
        last += 1;
        [last; 32]
    })
}

#[test]
fn a_ring_comes_back_as_it_was() {
    let mut ring = ring();
    for key in 10..10 + u8::try_from(GENERATIONS_MAX).unwrap() - 1 {
        let decoded = KeyRing::decode(&ring.encode()).expect("its own bytes");
        assert_eq!(decoded.encode(), ring.encode());
        assert_eq!((decoded.current(), decoded.older()), (ring.current(), ring.older()));
        assert_eq!(decoded.ids().id("x", &[b"y"]), ring.ids().id("x", &[b"y"]));
        assert!(ring.rotate([key; 32]).is_some());
    }
    assert_eq!(ring.rotate([99; 32]), None, "no more at once");
    assert!(!ring.retire(ring.current()), "the one that seals stays");
    assert!(ring.retire(2) && !ring.retire(2));
    assert_eq!(ring.rotate([99; 32]), Some(17), "numbers never come twice");
    assert_eq!(KeyRing::decode(&ring.encode()).unwrap().older().first(), Some(&1));
}

#[test]
fn the_bytes_of_a_ring_are_these() {
    let mut ring = ring();
    ring.rotate([9; 32]);
    let bytes = [
        b"perf-aggregator/key-ring/v1\0".as_slice(),
        &[1; 32],
        &[0, 0, 0, 2],
        &[0, 0, 0, 1],
        &[2; 32],
        &[0, 0, 0, 2],
        &[9; 32],
    ];
    assert_eq!(ring.encode().as_slice(), bytes.concat());
}

#[test]
fn nothing_else_is_a_ring() {
    let mut ring = ring();
    ring.rotate([9; 32]);
    let bytes = ring.encode();
    for length in 0..bytes.len() {
        assert!(KeyRing::decode(&bytes[..length]).is_none(), "{length} bytes");
    }
    assert!(KeyRing::decode(&[&bytes[..], &[0]].concat()).is_none(), "a byte too many");
    let count = RING_DOMAIN.len() + 32;
    let changed = |at: usize, to: &[u8]| {
        let mut bytes = bytes.to_vec();
        bytes[at..at + to.len()].copy_from_slice(to);
        KeyRing::decode(&bytes).is_none()
    };
    assert!(changed(0, b"P"), "another domain");
    for other in [0, 1, 3, 17, u32::MAX] {
        assert!(changed(count, &other.to_be_bytes()), "a count of {other}");
    }
    let (first, second) = (count + 4, count + 40);
    assert!(changed(first, &[0; 4]), "generation 0");
    assert!(changed(first, &[0, 0, 0, 2]), "a generation twice");
    assert!(changed(second, &[0, 0, 0, 1]), "a generation twice");
    assert!(changed(first, &[0, 0, 0, 3]), "not ascending");
    assert!(!changed(first, &[0, 0, 0, 1]), "as it was");
    let none = [RING_DOMAIN, &[1; 32], &[0; 4]].concat();
    assert!(KeyRing::decode(&none).is_none(), "no generation");
    let head = [RING_DOMAIN, &[1; 32], &[0, 0, 0, 17]].concat();
    let keys = (1..=17_u32).flat_map(|generation| [generation.to_be_bytes().to_vec(), vec![7; 32]].concat());
    let many: Vec<u8> = head.into_iter().chain(keys).collect();
    assert!(KeyRing::decode(&many).is_none(), "more than are ever kept");
}

proptest! {
    #[test]
    fn whatever_decodes_encodes_to_the_same_bytes(
        ids in any::<[u8; 32]>(),
        count in 0_u32..20,
        rest in proptest::collection::vec(any::<u8>(), 0..800),
        keys in proptest::collection::vec((0_u32..40, any::<[u8; 32]>()), 0..18),
        well_formed in any::<bool>(),
    ) {
        let tail: Vec<u8> = if well_formed {
            keys.iter().flat_map(|(generation, key)| [generation.to_be_bytes().to_vec(), key.to_vec()].concat()).collect()
        } else {
            rest
        };
        let count = if well_formed { u32::try_from(keys.len()).unwrap() } else { count };
        let bytes = [RING_DOMAIN, &ids, &count.to_be_bytes(), &tail].concat();
        let ascending = keys.windows(2).all(|pair| pair[0].0 < pair[1].0) && keys.first().is_some_and(|key| key.0 > 0);
        let decoded = KeyRing::decode(&bytes);
        if well_formed {
            prop_assert_eq!(decoded.is_some(), ascending && keys.len() <= GENERATIONS_MAX);
        }
        if let Some(ring) = decoded {
            prop_assert_eq!(ring.encode().to_vec(), bytes);
        }
        // Bytes of a stranger, without any form.
        prop_assert!(KeyRing::decode(&tail).is_none());
    }
}

/// HMAC-SHA256 (RFC 2104) by hand, for keys of 32 bytes.
fn hmac(key: [u8; 32], message: &[u8]) -> [u8; 32] {
    let pad = |byte: u8| -> Vec<u8> { (0..64).map(|at| key.get(at).copied().unwrap_or(0) ^ byte).collect() };
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).into()
}

#[test]
fn an_id_is_a_keyed_hash_of_length_prefixed_parts() {
    let message = b"perf-aggregator/store-id/v1\0\0\0\0\x07session\0\0\0\x02ab\0\0\0\0";
    assert_eq!(ring().ids().id("session", &[b"ab".as_slice(), b""]), hmac([1; 32], message));
    const OTHERS: [(&str, &[&[u8]]); 6] = [
        ("session", &[b"ab", b""]),
        ("session", &[b"ab"]),
        ("session", &[b"a", b"b"]),
        ("session", &[b"", b"ab"]),
        ("sessio", &[b"n", b"ab"]),
        ("session", &[]),
    ];
    let ids: std::collections::BTreeSet<_> =
        OTHERS.iter().map(|(purpose, parts)| ring().ids().id(purpose, parts)).collect();
    assert_eq!(ids.len(), OTHERS.len(), "no two lists of parts meet");
}

#[test]
fn a_row_key_is_of_its_generation_and_table() {
    let mut ring = ring();
    ring.rotate([9; 32]);
    // HKDF (RFC 5869) for one block, without salt.
    let by_hand = |secret: [u8; 32], info: &[u8]| hmac(hmac([0; 32], &secret), &[info, &[1]].concat());
    let info = b"perf-aggregator/store/v1\0\0\0\x07session";
    assert_eq!(*ring.row_key(1, Table::Session).unwrap(), by_hand([2; 32], info));
    assert_eq!(*ring.row_key(2, Table::Session).unwrap(), by_hand([9; 32], info));
    let keys: std::collections::BTreeSet<_> =
        Table::ALL.into_iter().flat_map(|table| [1, 2].map(|of| *ring.row_key(of, table).unwrap())).collect();
    assert_eq!(keys.len(), 14, "each its own");
    assert!(ring.row_key(3, Table::Session).is_none() && ring.row_key(0, Table::Session).is_none());
}
