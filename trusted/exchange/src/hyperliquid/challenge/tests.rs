//! Signatures that other programs made and published, and what is none.

use super::*;

/// From the documentation of web3.js (`eth.accounts.sign`), ethers (`signMessage`) and eth-account (`sign_message`).
const PUBLISHED: [(&str, &str, &str); 3] = [
    (
        "Some data",
        "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23",
        "0xb91467e570a6466aa9e9876cbcd013baba02900b8979d43fe208a4a4f339f5fd\
         6007e74cd82e037b800186422fc2da167c747ef045e5d18a5f5d4300f8e1a0291c",
    ),
    (
        "Hello World!",
        "0x7357589f8e367c2C31F51242fB77B350A11830F3",
        "0xea09d6e94e52b48489bd66754c9c02a772f029d4a2f136bba9917ab3042a0474\
         301198d8c2afb71351753436b7e5a420745fed77b6c3089bbcca64113575ec3c1c",
    ),
    (
        "I♥SF",
        "0x5ce9454909639D2D17A3F753ce7d93fa0b9aB12E",
        "0xe6ca9bba58c88611fad66a6ce8f996908195593807c4b38bd528d2cff09d4eb3\
         3e5bfbbf4d3e39b1a2fd816a7680c19ebebaf3a141b239934ad43cb33fcec8ce1c",
    ),
];

/// Of `vectors/challenge`: address, keys, signature.
fn shared() -> Vec<(String, [u8; 64], String)> {
    let file = include_str!("../../../../../vectors/challenge/cases.json");
    let cases: Vec<serde_json::Value> = serde_json::from_str(file).unwrap();
    let text = |case: &serde_json::Value, name: &str| case[name].as_str().unwrap().to_owned();
    let one = |case: &serde_json::Value| {
        let keys = protocol::wire::decode_array(&text(case, "keyset_hash")).unwrap();
        assert_eq!(challenge(&text(case, "address"), &keys), Some(text(case, "text")));
        (text(case, "address"), keys, text(case, "signature"))
    };
    cases.iter().map(one).collect()
}

#[test]
fn published_signatures_name_their_signers() {
    for (text, address, signature) in PUBLISHED {
        let bytes = address_bytes(address);
        assert!(bytes.is_some() && signer(text, signature) == bytes, "{text}");
        assert_ne!(signer(&format!("{text} "), signature), bytes, "of another text");
    }
}

#[test]
fn a_checksum_in_an_address_is_right() {
    for right in [
        // EIP-55's own.
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0x8617E340B3D01FA5F11F306F4090FD50E238070D",
        "0xde709f2102306220921060314715629080e2fb77",
        "0x27b1fdb04752bbc536007a920d24acb045561c26",
    ] {
        assert!(address_bytes(right).is_some(), "{right}");
        assert_eq!(address_bytes(&right.to_ascii_lowercase()), address_bytes(right), "without one");
        assert_eq!(address_bytes(&right.to_ascii_uppercase()), address_bytes(right), "nor in capitals");
    }
    for wrong in [
        "0x5aAeb6053f3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
        "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedee",
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
        "0xé",
        "0x",
        "",
    ] {
        assert_eq!(address_bytes(wrong), None, "{wrong}");
    }
}

#[test]
fn control_is_proved_for_one_address_and_the_keys_of_one_enclave() {
    let cases = shared();
    assert_eq!(cases.len(), 4);
    for (at, (address, keys, signature)) in cases.iter().enumerate() {
        assert!(proves(address, keys, signature), "{at}");
        assert!(proves(&format!(" {} ", address.to_lowercase()), keys, &format!("{signature}\n")));
        for (other, (address, keys, _)) in cases.iter().enumerate() {
            assert_eq!(proves(address, keys, signature), other == at, "{at} for {other}");
        }
    }
    let (address, keys, signature) = &cases[0];
    let wrong = address.replace('E', "e");
    assert!(!proves(&wrong, keys, signature), "a checksum that is wrong");
}

#[test]
fn the_last_byte_is_0_or_1_or_27_more_and_the_prefix_may_be_missing() {
    for (address, keys, signature) in shared() {
        let (scalars, recovery) = signature.split_at(130);
        let recovery = u8::from_str_radix(recovery, 16).unwrap() - 27;
        for v in 0..=255_u8 {
            let told = format!("{scalars}{v:02x}");
            let fits = v == recovery || v == recovery + 27;
            assert_eq!(proves(&address, &keys, &told), fits, "{v}");
            assert_eq!(proves(&address, &keys, &told[2..].to_uppercase()), fits, "{v}");
        }
    }
}

#[test]
fn what_is_no_signature_proves_nothing() {
    let (address, keys, signature) = shared().remove(0);
    let zeros = "0".repeat(64);
    // The order of the group, and one more than half of it.
    let order = "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";
    let high = "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a1";
    let (r, s) = (&signature[2..66], &signature[66..130]);
    let bad = [
        String::new(),
        "0x".to_owned(),
        signature[..130].to_owned(),
        format!("{signature}00"),
        signature.replace('a', "g"),
        format!("0x{zeros}{s}1c"),
        format!("0x{r}{zeros}1c"),
        format!("0x{order}{s}1c"),
        format!("0x{r}{order}1c"),
        format!("0x{r}{high}1c"),
        format!("0x{s}{r}1c"),
        "é".repeat(65),
    ];
    for signature in bad {
        assert!(!proves(&address, &keys, &signature), "{signature}");
    }
    assert!(!proves("", &keys, &signature) && !proves("0x", &keys, &signature));
}

/// Whoever has a signature can make the other one that fits: s becomes the order less s, and the key the other one.
#[test]
fn the_other_signature_that_fits_is_none() {
    for (address, keys, signature) in shared() {
        let bytes = hex::decode(&signature[2..130]).unwrap();
        let low = Signature::from_slice(&bytes).unwrap();
        let high = Signature::from_scalars(low.r(), -low.s()).unwrap();
        assert_eq!(high.normalize_s(), low);
        for v in ["1b", "1c"] {
            assert!(!proves(&address, &keys, &format!("0x{}{v}", hex::encode(high.to_bytes()))));
        }
    }
}

#[test]
fn what_is_wrong_with_credentials_is_told_apart() {
    let (address, keys, signature) = shared().remove(0);
    let judged = |address: &str, signature: &str| {
        let secret = |text: &str| protocol::Secret::new(text.to_owned());
        judge(&Credentials { api_key: secret(address), secret: secret(signature), passphrase: None }, &keys)
    };
    assert_eq!(judged(&address, &signature), Ok(()));
    assert_eq!(judged(&address[1..], &signature), Err(Unproven::Address));
    assert_eq!(judged(&address.replace('E', "e"), &signature), Err(Unproven::Address), "its checksum");
    assert_eq!(judged(&address, "a secret"), Err(Unproven::Form));
    assert_eq!(judged(&address, PUBLISHED[0].2), Err(Unproven::Signature), "of another text");
    assert_eq!(judged(PUBLISHED[1].1, &signature), Err(Unproven::Signature), "of another address");
}
