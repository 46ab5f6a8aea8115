//! The suite of sealed calls against the vectors of RFC 9180, through the same calls of the `hpke` crate that
//! `envelope.rs` makes. Sealed calls use base mode; the other modes of the files are not ours.
#![cfg(test)]

mod vectors;

use hpke::{
    Deserializable, Kem, OpModeR, OpModeS, Serializable, aead::AesGcm256, kdf::HkdfSha256,
    kem::X25519HkdfSha256, setup_receiver, setup_sender_with_rng,
};
use protocol::EnvelopeKey;
use serde_json::Value;
use std::path::PathBuf;
use vectors::{Scripted, bytes, json, root};

/// Base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM.
fn is_ours(case: &&Value) -> bool {
    (&case["mode"], &case["kem_id"], &case["kdf_id"], &case["aead_id"])
        == (&0.into(), &32.into(), &1.into(), &2.into())
}

/// Key derivation, sealing, opening and exporting, from both ends; how many messages were compared.
fn check(case: &Value) -> usize {
    let (secret, public) = X25519HkdfSha256::derive_keypair(&bytes(&case["ikmR"]));
    assert_eq!(public.to_bytes().to_vec(), bytes(&case["pkRm"]));
    // Keys are clamped as they are stored, so the private ones are compared by their public halves.
    let listed = EnvelopeKey::from_bytes(&bytes(&case["skRm"]).try_into().unwrap()).unwrap();
    assert_eq!(listed.public().to_vec(), bytes(&case["pkRm"]));

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
        sender.export(&bytes(&export["exporter_context"]), &mut exported).unwrap();
        assert_eq!(exported, expected);
    }
    encryptions.len()
}

fn check_file(file: PathBuf) {
    let all = json(&file);
    let ours: Vec<_> = all.as_array().unwrap().iter().filter(is_ours).collect();
    assert!(!ours.is_empty(), "{} has no vector of our suite", file.display());
    let messages: usize = ours.into_iter().map(check).sum();
    assert!(messages >= 257, "{messages} messages in {}", file.display());
}

#[test]
fn the_suite_meets_rfc_9180() {
    check_file(root().join("vectors/hpke/rfc9180-x25519-hkdfsha256-aes256gcm.json"));
}

#[test]
fn the_suite_meets_the_complete_file_of_the_rfc() {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(shared) = std::env::var_os("PERFAGG_VECTORS").map(PathBuf::from) else {
        println!("skipped: PERFAGG_VECTORS is not set, hpke is not read");
        return;
    };
    let files = std::fs::read_dir(shared.join("hpke")).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|file| file.extension().is_some_and(|end| end == "json")).for_each(check_file);
}
