//! An address of Hyperliquid through the whole stack: its owner signs what `perfagg challenge` prints, and nobody else registers it.
#![cfg(test)]

mod stack;

use k256::ecdsa::SigningKey;
use serde_json::Value;
use sha3::{Digest as _, Keccak256};
use stack::{Stack, wait_until};
use std::process::Output;

/// Simulated seconds in one.
const RATE: &str = "100";

/// Both halves of the invented account: address, and key.
fn owner(stack: &Stack) -> (String, SigningKey) {
    let told = |name: &str| stack.simulator.ready["hyperliquid"][name].as_str().unwrap().to_owned();
    let key = hex::decode(&told("private_key")[2..]).unwrap();
    (told("address"), SigningKey::from_slice(&key).unwrap())
}

/// What a wallet makes of a text by `personal_sign`.
fn signed(key: &SigningKey, text: &str) -> String {
    let prefixed = format!("\u{19}Ethereum Signed Message:\n{}{text}", text.len());
    let hash = Keccak256::digest(prefixed);
    let (signature, recovery) = key.sign_prehash_recoverable(&hash);
    format!("0x{}{:02x}", hex::encode(signature.to_bytes()), recovery.to_byte() + 27)
}

fn challenge(stack: &Stack, address: &str) -> String {
    let arguments = ["challenge", "--service-url", &stack.enclave.url, "--address", address];
    let output = stack.perfagg("challenge", &arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().strip_suffix('\n').unwrap().to_owned()
}

fn register(stack: &Stack, (address, signature): (&str, &str), more: &[&str]) -> Output {
    let arguments = [
        &["--json", "register", "--user-id", "demo", "--exchange", "hyperliquid", "--service-url"],
        &[stack.enclave.url.as_str()][..],
        more,
    ]
    .concat();
    let mut command = stack.perfagg_command("hyperliquid", &arguments);
    command.env("PERFAGG_API_KEY", address).env("PERFAGG_API_SECRET", signature);
    command.env_remove("PERFAGG_PASSPHRASE").output().unwrap()
}

#[test]
fn an_address_is_registered_by_its_owner_and_read_to_the_last_digit() {
    let Some(binaries) = stack::binaries() else { return };
    let arguments = ["--contracts", "--fills", "5000", "--time-rate", RATE];
    let stack = Stack::start(binaries, "addresses", &arguments);
    let (address, key) = owner(&stack);
    let text = challenge(&stack, &address);
    let signature = signed(&key, &text);

    let refused = |address: &str, signature: &str, code: &str| {
        let output = register(&stack, (address, signature), &[]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(4) && told.contains(code), "{told}");
        assert!(!told.contains(&signature[2..20.min(signature.len())]), "{told}");
        told
    };
    refused(&address[..41], &signature, "CREDENTIALS_INVALID");
    refused(&address, &signature[..131], "CREDENTIALS_INVALID");
    let told = refused(&address, &signed(&key, &format!("{text}\n")), "CREDENTIALS_REFUSED");
    assert!(told.contains("perfagg challenge"), "{told}");
    let other = SigningKey::from_slice(&[7; 32]).unwrap();
    refused(&address, &signed(&other, &text), "CREDENTIALS_REFUSED");
    // Of the keys of another enclave.
    let (line, _) = text.rsplit_once(' ').unwrap();
    let elsewhere = format!("{line} {}", protocol::wire::encode(&[1; 64]));
    refused(&address, &signed(&key, &elsewhere), "CREDENTIALS_REFUSED");

    let output = register(&stack, (&address, &signature), &["--ttl", "7d", "--wait"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let opened: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        (&opened["account"]["venue"], &opened["key_rights"]["verdict"]),
        (&"hyperliquid".into(), &"read_only".into())
    );
    assert_eq!(
        (&opened["key_rights"]["read"], &opened["key_rights"]["trade"]),
        (&true.into(), &false.into())
    );

    // Both systems have the address, and what it did in one is no record of the other.
    let output = register(&stack, (&address, &signature), &["--sandbox", "--replace"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let test: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_ne!(test["account"]["fingerprint"], opened["account"]["fingerprint"]);
    let output = register(&stack, (&address, &signature), &["--ttl", "7d", "--replace"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // Funding falls on this very minute: what shows it counts when the minute is over.
    stack.advance(120_000);
    let valued = |metrics: Value| metrics["total"]["equity"]["residual"].is_string().then_some(metrics);
    let metrics = wait_until("equity", || valued(stack.perfagg_json("hyperliquid", &["metrics"])));
    let truth = stack.truth();
    let contracts = truth["contracts"]["fills"].as_array().unwrap();
    let linear = contracts.iter().filter(|fill| fill["asset"] == "USDT").count();
    assert_eq!(metrics["total"]["fills"], truth["fills"].as_array().unwrap().len() + linear);
    assert_eq!(metrics["quote_currency"], "USDC");
    for position in truth["contracts"]["positions"].as_array().unwrap() {
        let symbol = format!("{}/USDC:USDC", position["base"].as_str().unwrap());
        let told = metrics["symbols"].as_array().unwrap().iter().find(|row| row["symbol"] == symbol.as_str());
        if position["settle"] == "USDT" {
            assert_eq!(told.unwrap()["position"], position["quantity"], "{symbol}");
        }
    }
    let residual: f64 = metrics["total"]["equity"]["residual"].as_str().unwrap().parse().unwrap();
    // The world rounds a profit down to its eighth decimal, two thousand times over.
    assert!(residual.abs() < 0.0001, "{}", metrics["total"]["equity"]);
}
