//! One account by the interfaces of two venues: the same history, the same record. Kraken allows some twenty requests a minute,
//! so a long history takes hours there; the simulator's hours are seconds.

#![cfg(test)]

mod stack;

use serde_json::Value;
use stack::{Stack, patiently, wait_until};

/// Simulated seconds in one.
const RATE: &str = "150";

/// The twenty seconds that a venue has for an answer are some hundred milliseconds here, which a busy machine may take: then
/// nothing was kept, and it is tried again.
const TOO_LATE: [&str; 1] = ["VENUE_UNREACHABLE"];

fn registered(stack: &Stack, session: &str, more: &[&str]) -> Value {
    patiently(&TOO_LATE, || stack.register_kraken(session, &[&["--ttl", "7d", "--wait"], more].concat()))
}

/// At a venue, with key, secret and passphrase.
fn registered_with(stack: &Stack, venue: &str, key: [&str; 3]) -> Value {
    patiently(&TOO_LATE, || stack.register_with(venue, venue, key, &["--ttl", "7d", "--wait"]))
}

fn registered_at_binance(stack: &Stack) -> Value {
    registered_with(stack, "binance", [stack::KEY, stack::SECRET, ""])
}

fn metrics(stack: &Stack, session: &str) -> Value {
    stack.perfagg_json(session, &["metrics"])
}

/// What follows from the fills alone, instrument by instrument. Their names are the venues' own.
fn trading(metrics: &Value) -> Value {
    let of = |part: &Value, fields: &[&str]| {
        let each = fields.iter().map(|field| {
            assert!(part.get(field).is_some(), "{field} is not there");
            part[field].clone()
        });
        Value::Array(each.collect())
    };
    let symbols = metrics["symbols"].as_array().unwrap();
    assert!(symbols.len() > 10, "{} symbols", symbols.len());
    let mut symbols: Vec<Value> = symbols
        .iter()
        .map(|symbol| {
            of(
                symbol,
                &[
                    "base",
                    "quote",
                    "fills",
                    "fees_by_asset",
                    "position",
                    "realized_gross",
                    "matches",
                    "open_lots",
                ],
            )
        })
        .collect();
    symbols.sort_by_key(Value::to_string);
    let total = of(&metrics["total"], &["fills", "fees_by_asset", "first_fill", "last_fill"]);
    serde_json::json!({ "symbols": symbols, "total": total })
}

/// What moved without a fill, and what is left that nothing explains.
fn moved(metrics: &Value) -> Value {
    let equity = &metrics["total"]["equity"];
    assert!(equity["explained"]["deposit"].is_string(), "{equity}");
    serde_json::json!([equity["residual"], equity["unpriced"], equity["explained"]["unexplained_in"]])
}

#[test]
fn one_history_is_one_record_through_either_venue() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "venues", &["--time-rate", RATE]);
    let opened = registered(&stack, "kraken", &[]);
    assert_eq!(opened["key_rights"]["verdict"], "read_only", "{opened}");
    assert_eq!(opened["account"]["venue"], "kraken");
    registered_at_binance(&stack);
    let (kraken, binance) = (metrics(&stack, "kraken"), metrics(&stack, "binance"));
    assert!(kraken["total"]["fills"].as_u64().unwrap() > 20_000);
    assert_eq!(trading(&kraken), trading(&binance));
    // Kraken keeps candles of the minute for twelve hours only, so what is worth what differs; what there is does not.
    assert_eq!(moved(&kraken), moved(&binance));
    assert_eq!(kraken["total"]["equity"]["residual"], "0", "every entry is explained to the last digit");
}

#[test]
fn the_same_account_is_read_through_the_whole_service_at_bybit_okx_and_coinbase() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "venues-others", &["--time-rate", RATE]);
    let truth = stack.truth();
    let own = |pointer: &str| {
        stack.simulator.ready.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let pem = own("/coinbase/secret");
    let passphrase = own("/okx/passphrase");
    let fills = truth["fills"].as_array().unwrap();
    let kept_ms = truth["now"].as_i64().unwrap() - 88 * 86_400_000;
    let recent = fills.iter().filter(|fill| fill["time"].as_i64().unwrap() > kept_ms).count();
    for (venue, [secret, passphrase], least) in [
        ("bybit", [stack::SECRET, ""], fills.len()),
        ("okx", [stack::SECRET, &passphrase], recent),
        ("coinbase", [&pem, ""], fills.len()),
    ] {
        registered_with(&stack, venue, [stack::KEY, secret, passphrase]);
        let metrics = metrics(&stack, venue);
        let (told, all) = (metrics["total"]["fills"].as_u64().unwrap(), u64::try_from(fills.len()).unwrap());
        assert!((u64::try_from(least).unwrap()..=all).contains(&told), "{venue}: {told} of {least}");
        // Coinbase tells whole seconds, in which coins seem to go before they came.
        let residual: f64 = metrics["total"]["equity"]["residual"].as_str().unwrap().parse().unwrap();
        assert!(residual.abs() < 1.0, "{venue}: {residual} is explained by nothing");
    }
}

#[test]
fn binance_with_all_its_wallets_closes_its_books() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "venues-wallets", &["--contracts", "--time-rate", RATE]);
    let opened = registered_at_binance(&stack);
    assert_eq!(
        opened["account"]["types"],
        serde_json::json!(["spot", "usdm", "coinm", "isolated", "margin"])
    );
    // Funding falls on this very minute: what shows it counts when the minute is over.
    let metrics = wait_until("equity", || {
        Some(metrics(&stack, "binance")).filter(|told| told["total"]["equity"]["residual"].is_string())
    });
    let truth = stack.truth();
    assert_eq!(metrics["accounts"].as_array().unwrap().len(), 5);
    let spot = truth["fills"].as_array().unwrap().len();
    assert!(metrics["total"]["fills"].as_u64().unwrap() > u64::try_from(spot).unwrap() + 2000);
    assert_eq!(moved(&metrics)[0], "0", "what five wallets hold is explained to the last digit");
    let told = metrics["coverage"]["unread"].to_string();
    assert!(told.contains("stablecoin_at_par") && !told.contains("position"), "{told}");
}

#[test]
fn with_every_fault_on_it_is_the_same_ledger() {
    let Some(binaries) = stack::binaries() else { return };
    let truth = Stack::start(binaries.clone(), "venues-truth", &[]).truth();
    for seed in 1..=stack::rounds("PERFAGG_FAULT_SEEDS", 1) {
        let seed = seed.to_string();
        let stack =
            Stack::start(binaries.clone(), "venues-stormy", &["--time-rate", RATE, "--faults", &seed]);
        registered(&stack, "kraken", &[]);
        let metrics = metrics(&stack, "kraken");
        assert_eq!(metrics["total"]["fills"], truth["fills"].as_array().unwrap().len(), "fault seed {seed}");
        assert_eq!(moved(&metrics)[0], "0", "fault seed {seed}: every entry is there, once");
    }
}

#[test]
fn a_key_that_could_do_more_than_read_is_refused() {
    let Some(binaries) = stack::binaries() else { return };
    for (rights, word) in [("withdraw", "withdraw"), ("trade", "trade")] {
        let stack = Stack::start(binaries.clone(), &format!("venues-{rights}"), &["--rights", rights]);
        let output = stack.register_kraken("kraken", &[]);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && told.contains("KEY_NOT_READ_ONLY"), "{told}");
        assert!(told.contains(&format!("The key can {word}.")), "{told}");
    }
}
