//! Accounts of exchanges' test systems through the whole service: which system a key is of, that a live one and a test one are
//! never taken for each other, and what is said of a system that tells less.
#![cfg(test)]

mod stack;

use serde_json::Value;
use stack::{Stack, wait_until};

/// Simulated seconds in one.
const RATE: &str = "150";

/// A registration with the key of the account, and these letters behind it; the problem's code if it was refused.
fn register(stack: &Stack, session: &str, venue: &str, suffix: &str, more: &[&str]) -> Result<Value, String> {
    let key = format!("{}{suffix}", stack::KEY);
    let passphrase = match venue {
        "okx" => stack.simulator.ready["okx"]["passphrase"].as_str().unwrap(),
        _ => "",
    };
    let output = stack.register_with(venue, session, [&key, stack::SECRET, passphrase], more);
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).unwrap());
    }
    let told: Value = serde_json::from_slice(&output.stderr).unwrap();
    Err(told["error"]["code"].as_str().unwrap_or_default().to_owned())
}

/// That figures are there, and what stays unseen is said.
fn assert_told(metrics: &Value, unseen: &str) {
    assert!(metrics["coverage"]["cannot_see"].to_string().contains(unseen), "{}", metrics["coverage"]);
    assert!(!metrics["coverage"]["unread"].to_string().contains("refused"), "{}", metrics["coverage"]);
    assert!(metrics["total"]["equity"]["equity"].is_string(), "{}", metrics["total"]["equity"]);
}

#[test]
fn a_key_of_a_test_system_of_binance_is_read_there_and_its_rights_are_undecided() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "sandbox", &["--contracts", "--time-rate", RATE]);
    let truth = stack.truth();

    let refused = Err("CREDENTIALS_REFUSED".to_owned());
    assert_eq!(register(&stack, "none", "binance", "", &["--sandbox"]), refused, "a live key");
    assert_eq!(register(&stack, "none", "binance", "Testnet", &[]), refused, "a test key");
    assert_eq!(
        register(&stack, "none", "binance", "Demo", &["--sandbox", "--account-type", "margin"]),
        Err("SANDBOX_UNSUPPORTED".to_owned())
    );

    let wait = ["--sandbox", "--ttl", "7d", "--wait"];
    let live = register(&stack, "live", "binance", "", &[]).unwrap();
    let testnet = register(&stack, "testnet", "binance", "Testnet", &wait).unwrap();
    let demo = register(&stack, "demo", "binance", "Demo", &wait).unwrap();
    for opened in [&testnet, &demo] {
        assert_eq!(opened["key_rights"]["verdict"], "undecided");
        assert_eq!(opened["account"]["venue"], "binance");
    }
    assert_eq!(live["key_rights"]["verdict"], "read_only");
    assert_eq!(testnet["account"]["types"], serde_json::json!(["spot"]));
    assert_eq!(demo["account"]["types"], serde_json::json!(["spot", "usdm", "coinm"]));
    let fingerprint = |opened: &Value| opened["account"]["fingerprint"].as_str().unwrap().to_owned();
    let all = [fingerprint(&live), fingerprint(&testnet), fingerprint(&demo)];
    assert!(
        all[0] != all[1] && all[1] != all[2] && all[0] != all[2],
        "one user id is three accounts: {all:?}"
    );

    let metrics = stack.perfagg_json("testnet", &["metrics"]);
    assert_eq!(metrics["total"]["fills"], truth["fills"].as_array().unwrap().len());
    assert_told(&metrics, "the testnet tells no deposits");
    let metrics = stack.perfagg_json("demo", &["metrics"]);
    let contracts = truth["contracts"]["fills"].as_array().unwrap().len();
    assert!(metrics["total"]["fills"].as_u64().unwrap() > u64::try_from(contracts).unwrap());
    assert_told(&metrics, "demo trading tells no deposits");
}

#[test]
fn test_accounts_of_other_venues_are_read_as_live_ones_are() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "sandbox-others", &["--time-rate", RATE]);
    let truth = stack.truth();
    let all = truth["fills"].as_array().unwrap();
    for (venue, suffix) in [("bybit", "Testnet"), ("okx", "Demo")] {
        let refused = Err("CREDENTIALS_REFUSED".to_owned());
        assert_eq!(register(&stack, "none", venue, suffix, &[]), refused, "{venue}: a test key");
        assert_eq!(register(&stack, "none", venue, "", &["--sandbox"]), refused, "{venue}: a live key");
        let opened = register(&stack, venue, venue, suffix, &["--sandbox", "--ttl", "7d", "--wait"]).unwrap();
        assert_eq!(opened["key_rights"]["verdict"], "read_only", "{venue}");
        let fills = stack.perfagg_json(venue, &["metrics"])["total"]["fills"].as_u64().unwrap();
        assert!(fills > 100 && fills <= u64::try_from(all.len()).unwrap(), "{venue}: {fills}");
    }
    for venue in ["kraken", "coinbase"] {
        let refused = Err("SANDBOX_UNSUPPORTED".to_owned());
        assert_eq!(register(&stack, "none", venue, "", &["--sandbox"]), refused, "{venue}");
    }
}

#[test]
fn a_record_is_of_live_accounts_or_of_test_accounts_and_a_restart_knows_which() {
    let Some(binaries) = stack::binaries() else { return };
    let mut stack = Stack::start(binaries, "sandbox-held", &["--time-rate", "20"]);
    let file = stack.directory.join("holder.key");
    let holder = file.to_str().unwrap();
    stack.perfagg_json("none", &["holder", "new", "--out", holder]);
    let held = ["--holder", holder, "--lease", "7d"];
    register(&stack, "test", "bybit", "Testnet", &[&held[..], &["--sandbox"]].concat()).unwrap();
    assert_eq!(register(&stack, "live", "bybit", "", &held), Err("SANDBOX_UNSUPPORTED".to_owned()));

    stack.enclave.kill();
    let port = stack.enclave.address().port();
    stack.enclave = stack.enclave_on(&stack.simulator.url, &stack.directory, port);
    let all = stack.truth()["fills"].as_array().unwrap().len();
    wait_until("every fill", || {
        (stack.perfagg_json("test", &["metrics"])["total"]["fills"] == all).then_some(())
    });
}
