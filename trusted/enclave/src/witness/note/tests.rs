//! Published notes and cosignatures, and what must not pass for one.

use super::*;
use proptest::prelude::*;

/// A checkpoint of a log of certificates, its signatures, and the key of one of its witnesses, as all three stand on the web.
const REAL: &str =
    "arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n";
const LINES: &str = "\
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
";
const WITNESSES: [&str; 2] = [
    "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
    "transparency.dev/DEV:witness-little-garden+d8042a87+BCtusOxINQNUTN5Oj8HObRkh2yHf/MwYaGX4CPdiVEPM",
];

#[test]
fn cosignatures_of_witnesses_that_others_run_verify() {
    for text in WITNESSES {
        let witness = WitnessKey::parse(text).unwrap();
        assert_eq!(witness.as_str(), text);
        assert!(witness.cosigned(REAL, LINES.as_bytes()), "{text}");
        assert!(!witness.cosigned(&REAL.replace("32\n", "33\n"), LINES.as_bytes()), "another size");
    }
    // One that did not sign.
    let other = "witness.stagemole.eu+67f7aea0+BEqSG3yu9YrmcM3BHvQYTxwFj3uSWakQepafafpUqklv";
    assert!(!WitnessKey::parse(other).unwrap().cosigned(REAL, LINES.as_bytes()));
}

#[test]
fn a_note_is_signed_as_the_first_implementation_signs_it() {
    let text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
    let private = Base64::decode_vec("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz").unwrap();
    let key = SigningKey::from_bytes(private[1..].try_into().unwrap());
    let expected = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert_eq!(signature_line(&key, "PeterNeumann", text), expected);
}

#[test]
fn key_ids_are_those_of_the_specification() {
    let key = Base64::decode_vec("AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k").unwrap();
    assert_eq!(hex(&key_id("example.com/foo", ED25519, key[1..].try_into().unwrap())), "530d903a");
}

#[test]
fn a_log_is_named_after_its_key() {
    let log = LogKey::new(&[7; 32]);
    let public = log.public();
    let (origin, rest) = public.split_once('+').unwrap();
    assert!(origin.starts_with("perf-aggregator.com/store/") && origin.len() == 26 + 32);
    let (id, encoded) = rest.split_once('+').unwrap();
    let key = Base64::decode_vec(encoded).unwrap();
    assert!(id.len() == 8 && key[0] == 1 && key[1..] == log.key.verifying_key().to_bytes());
    let checkpoint = log.checkpoint(3, &[0; 32]);
    assert_eq!(checkpoint, format!("{origin}\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n"));
    let note = log.signed(&checkpoint);
    let (text, line) = note.split_once("\n\n").unwrap();
    assert_eq!(format!("{text}\n"), checkpoint);
    let encoded =
        line.strip_prefix(&format!("— {origin} ")).and_then(|rest| rest.strip_suffix('\n')).unwrap();
    let bytes = Base64::decode_vec(encoded).unwrap();
    let signature = Signature::from_slice(&bytes[4..]).unwrap();
    assert_eq!(hex(&bytes[..4]), id);
    log.key.verifying_key().verify_strict(checkpoint.as_bytes(), &signature).unwrap();
}

#[test]
fn keys_of_another_form_are_refused() {
    let good = WITNESSES[0];
    for text in [
        "",
        "remora.n621.de",
        "remora.n621.de+da77ade7",
        "+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2",
        // Another name, hash, spelling of the hash, or length.
        &good.replace("remora", "remorb"),
        &good.replace("da77ade7", "da77ade8"),
        &good.replace("da77ade7", "DA77ADE7"),
        &good.replace("lmtw2", "lmtw"),
        &good.replace("remora.n621.de", "remora n621.de"),
        // Keys that sign notes, and the small-order point.
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        &weak(),
    ] {
        assert_eq!(WitnessKey::parse(text), None, "{text}");
    }
}

fn weak() -> String {
    let mut point = [0; 32];
    point[0] = 1;
    let encoded = Base64::encode_string(&[&[COSIGNATURE_V1][..], &point].concat());
    format!("w+{}+{encoded}", hex(&key_id("w", COSIGNATURE_V1, &point)))
}

#[test]
fn a_line_that_is_wrong_spoils_the_answer_and_one_of_others_does_not() {
    let witness = WitnessKey::parse(WITNESSES[0]).unwrap();
    let own = LINES.lines().last().unwrap();
    let with = |line: &str| witness.cosigned(REAL, format!("{line}\n{own}\n").as_bytes());
    assert!(with("— somebody.else AAAAAAAA"));
    // The name is ours and the key is another one.
    assert!(with("— remora.n621.de AAAAAAAA"));
    assert!(!with("— remora.n621.de 2net5wAAAAA="), "too short");
    assert!(!with(&own.replace("2net5wAAAAB", "2net54AAAAB")), "after 2^63 seconds");
    assert!(!with(&own.replace("fBw==", "fBg==")), "another signature");
    assert!(!with("somebody.else AAAAAAAA"));
    assert!(!with("— somebody.else"));
    assert!(!with("— somebody.else not-base64"));
    assert!(!with(""));
    assert!(!witness.cosigned(REAL, own.as_bytes()), "the last line ends too");
    assert!(!witness.cosigned(REAL, b""));
}

proptest! {
    #[test]
    fn no_bytes_of_a_stranger_are_a_cosignature(
        noise in prop::collection::vec(any::<u8>(), 0..400),
        at in 0..LINES.len(),
        bit in 0_u32..8,
    ) {
        let witness = WitnessKey::parse(WITNESSES[0]).unwrap();
        prop_assert!(!witness.cosigned(REAL, &noise));
        let mut bytes = LINES.as_bytes().to_vec();
        bytes[at] ^= 1 << bit;
        // It is one as long as its own line is untouched, and all are lines.
        let own = LINES.rfind('—').unwrap();
        prop_assert!(!witness.cosigned(REAL, &bytes) || at < own);
        let _ = WitnessKey::parse(&String::from_utf8_lossy(&bytes));
        let _ = WitnessKey::parse(&String::from_utf8_lossy(&noise));
    }
}
