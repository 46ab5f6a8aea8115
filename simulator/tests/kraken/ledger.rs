//! The ledger: every change of every balance, and what it is called.

use crate::{
    client::{Client, ROWS, coin, instant, units},
    venue::NOW_MS,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

fn whole(client: &Client) -> BTreeMap<String, Value> {
    client.all("Ledgers", "ledger", &format!("end={}", NOW_MS / 1000))
}

fn count(entries: &BTreeMap<String, Value>, kind: &str, subtype: &str) -> usize {
    entries.values().filter(|entry| entry["type"] == kind && entry["subtype"] == subtype).count()
}

#[test]
fn entries_of_each_coin_add_up_to_its_balance() {
    let client = Client::still(&[]);
    client.venue.tell("fills", r#"{"count":70}"#);
    let entries = whole(&client);
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    let mut balances: BTreeMap<&str, BTreeSet<i128>> = BTreeMap::new();
    for entry in entries.values() {
        let asset = entry["asset"].as_str().unwrap();
        assert!(units(&entry["balance"]) >= 0 && units(&entry["fee"]) >= 0, "{entry}");
        let change = units(&entry["amount"]) - units(&entry["fee"]);
        *sums.entry(asset).or_default() += change;
        // What is before an entry must be after another one, or nothing.
        balances.entry(asset).or_insert_with(|| [0].into()).insert(units(&entry["balance"]));
    }
    for entry in entries.values() {
        let before = units(&entry["balance"]) - units(&entry["amount"]) + units(&entry["fee"]);
        assert!(balances[entry["asset"].as_str().unwrap()].contains(&before), "{entry}");
    }
    let (plain, extended) = (client.result("Balance", ""), client.result("BalanceEx", ""));
    let told: BTreeMap<&str, i128> =
        plain.as_object().unwrap().iter().map(|(asset, balance)| (asset.as_str(), units(balance))).collect();
    assert_eq!(sums, told);
    for row in client.venue.truth()["balances"].as_array().unwrap() {
        let (id, both) = extended
            .as_object()
            .unwrap()
            .iter()
            .find(|(id, _)| coin(id) == row["asset"].as_str().unwrap())
            .unwrap_or_else(|| panic!("{row}"));
        assert_eq!(units(&both["hold_trade"]), units(&row["locked"]), "{id}");
        assert_eq!(units(&both["balance"]), units(&row["free"]) + units(&row["locked"]), "{id}");
    }
}

#[test]
fn a_trades_entries_say_what_the_fee_was_taken_from() {
    let client = Client::still(&[]);
    let entries = whole(&client);
    let mut fees: BTreeMap<(i64, String), i128> = BTreeMap::new();
    let mut of_trades: BTreeMap<&str, usize> = BTreeMap::new();
    for entry in entries.values().filter(|entry| entry["type"] == "trade") {
        let key = (instant(&entry["time"]), coin(entry["asset"].as_str().unwrap()).to_owned());
        *fees.entry(key).or_default() += units(&entry["fee"]);
        *of_trades.entry(entry["refid"].as_str().unwrap()).or_default() += 1;
        if units(&entry["amount"]) == 0 {
            assert_eq!(entry["asset"], "BNB", "only a third coin moves by its fee alone");
        }
    }
    fees.retain(|_, fee| *fee != 0);
    let truth = client.venue.truth();
    let mut expected: BTreeMap<(i64, String), i128> = BTreeMap::new();
    for fill in truth["fills"].as_array().unwrap() {
        let key = (fill["time"].as_i64().unwrap(), fill["commissionAsset"].as_str().unwrap().to_owned());
        *expected.entry(key).or_default() += units(&fill["commission"]);
    }
    expected.retain(|_, fee| *fee != 0);
    assert_eq!(fees, expected);
    assert_eq!(of_trades.len(), truth["fills"].as_array().unwrap().len());
    assert_eq!(of_trades.values().copied().collect::<BTreeSet<_>>(), [2, 3].into());
    let trades =
        client.all("TradesHistory", "trades", &format!("consolidate_taker=false&end={}", NOW_MS / 1000));
    assert!(of_trades.keys().all(|refid| trades.contains_key(*refid)));
}

#[test]
fn everything_else_has_a_type_of_its_own() {
    let client = Client::still(&[]);
    let (truth, entries) = (client.venue.truth(), whole(&client));
    let rows = |name: &str| truth[name].as_array().unwrap();
    let reason = |words: &[&str]| {
        rows("dividends").iter().filter(|row| words.iter().any(|word| row["enInfo"] == *word)).count()
    };
    let swept: usize =
        rows("dust").iter().map(|row| row["userAssetDribbletDetails"].as_array().unwrap().len()).sum();
    let made = rows("converts").iter().filter(|row| row["orderStatus"] == "SUCCESS").count();
    let settled = |name: &str, statuses: &[i64]| {
        rows(name).iter().filter(|row| statuses.contains(&row["status"].as_i64().unwrap())).count()
    };
    for (kind, subtype, expected) in [
        ("deposit", "", settled("deposits", &[1, 6])),
        ("withdrawal", "", settled("withdrawals", &[6])),
        ("spend", "", made),
        ("receive", "", made),
        ("spend", "dustsweeping", swept),
        ("receive", "dustsweeping", swept),
        ("earn", "reward", reason(&["Flexible"])),
        ("staking", "", reason(&["ETH 2.0 Staking"])),
        ("transfer", "", reason(&["HODLer Airdrops", "Launchpool distribution"])),
    ] {
        assert!(expected > 0);
        assert_eq!(count(&entries, kind, subtype), expected, "{kind} {subtype}");
        let asked = client.all("Ledgers", "ledger", &format!("type={kind}&end={}", NOW_MS / 1000));
        assert_eq!(count(&asked, kind, subtype), expected, "{kind} {subtype}");
        assert!(asked.values().all(|entry| entry["type"] == kind));
    }
}

#[test]
fn entries_are_asked_for_by_coin() {
    let client = Client::still(&[]);
    client.venue.advance(60_000);
    let page = client.result("Ledgers", "asset=XBT,ZUSD,SOL");
    let assets: BTreeSet<&str> =
        page["ledger"].as_object().unwrap().values().map(|entry| entry["asset"].as_str().unwrap()).collect();
    assert_eq!(assets, ["SOL", "XXBT"].into());
    let by_name = |name: &str| client.result("Ledgers", &format!("asset={name}&type=deposit"));
    assert_eq!(by_name("XBT"), by_name("XXBT"));
    assert_eq!(client.result("Ledgers", "asset=all")["ledger"].as_object().unwrap().len(), ROWS);
    assert_eq!(by_name("ZUSD")["count"], 0);
}
