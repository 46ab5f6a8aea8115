//! Bookings of the two accounts: every change of every balance, as long as they are kept.

use crate::{
    client::{Client, number, said, text, units},
    venue::DAY_MS,
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Each coin's first balance before a booking, and what all bookings add.
fn chains(bills: &[Value]) -> BTreeMap<&str, (i128, i128)> {
    let mut last: BTreeMap<&str, (i128, i128)> = BTreeMap::new();
    for bill in bills.iter().rev() {
        let (balance, change) = (units(&bill["bal"]), units(&bill["balChg"]));
        assert!(balance >= 0, "{bill}");
        match last.get_mut(text(&bill["ccy"])) {
            None => drop(last.insert(text(&bill["ccy"]), (balance - change, balance))),
            Some((_, before)) => {
                assert_eq!(
                    *before + change,
                    balance,
                    "each booking goes on where the one before ended: {bill}"
                );
                *before = balance;
            }
        }
    }
    last
}

#[test]
fn bookings_of_the_trading_account_end_at_its_balances_and_reach_back_three_months() {
    let client = Client::still(&[]);
    client.venue.tell("fills", r#"{"count":70}"#);
    let bills = client.all("account/bills-archive", "billId");
    let oldest = number(&bills.last().unwrap()["ts"]);
    let kept_since = client.venue.truth_ms() - 90 * DAY_MS;
    assert!((kept_since..kept_since + 5 * DAY_MS).contains(&oldest));
    let chains = chains(&bills);
    assert!(chains.values().any(|(before, _)| *before > 0), "there was an account before");
    let balances = client.rows("account/balance")[0]["details"].clone();
    let told: BTreeMap<&str, i128> =
        balances.as_array().unwrap().iter().map(|row| (text(&row["ccy"]), units(&row["cashBal"]))).collect();
    for (coin, (_, ended)) in chains {
        assert_eq!(told.get(coin).copied().unwrap_or(0), ended, "{coin}");
    }
    let recent = client.all("account/bills", "billId");
    let week = client.venue.truth_ms() - 7 * DAY_MS;
    assert_eq!(recent.len(), bills.iter().filter(|bill| number(&bill["ts"]) >= week).count());
    assert_eq!(recent, bills[..recent.len()]);
}

#[test]
fn balances_of_all_accounts_add_up_to_what_is_there() {
    let client = Client::still(&[]);
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    let trading = client.rows("account/balance")[0]["details"].clone();
    for row in trading.as_array().unwrap() {
        assert_eq!(units(&row["availBal"]) + units(&row["frozenBal"]), units(&row["cashBal"]));
        *sums.entry(text(&row["ccy"]).to_owned()).or_default() += units(&row["cashBal"]);
    }
    let (funding, savings) = (client.rows("asset/balances"), client.rows("finance/savings/balance"));
    assert_eq!((funding.len(), savings.len()), (1, 1), "what no market trades");
    *sums.entry(text(&funding[0]["ccy"]).to_owned()).or_default() += units(&funding[0]["bal"]);
    *sums.entry(text(&savings[0]["ccy"]).to_owned()).or_default() += units(&savings[0]["amt"]);
    for row in client.venue.truth()["balances"].as_array().unwrap() {
        let there = units(&row["free"]) + units(&row["locked"]);
        assert_eq!(sums.get(text(&row["asset"])).copied().unwrap_or(0), there, "{row}");
    }
    let one = client.rows("account/balance?ccy=BTC,USDT")[0]["details"].clone();
    assert_eq!(one.as_array().unwrap().len(), 2);
}

#[test]
fn every_execution_is_booked_with_its_fee_where_it_was_taken() {
    let client = Client::still(&[]);
    let bills = client.all("account/bills-archive?type=2", "billId");
    let fills = client.all("trade/fills-history?instType=SPOT", "billId");
    let mut fees: BTreeMap<(&str, &str, &str), i128> = BTreeMap::new();
    for bill in &bills {
        assert_eq!((&bill["type"], &bill["instType"]), (&"2".into(), &"SPOT".into()));
        let key = (text(&bill["instId"]), text(&bill["tradeId"]), text(&bill["ccy"]));
        *fees.entry(key).or_default() += units(&bill["fee"]);
    }
    fees.retain(|_, fee| *fee != 0);
    let expected = fills.iter().map(|fill| {
        ((text(&fill["instId"]), text(&fill["tradeId"]), text(&fill["feeCcy"])), units(&fill["fee"]))
    });
    let expected: BTreeMap<_, _> = expected.filter(|(_, fee)| *fee != 0).collect();
    assert_eq!(fees, expected);
    let ids: BTreeSet<&str> = bills.iter().map(|bill| text(&bill["billId"])).collect();
    assert!(
        fills.iter().all(|fill| ids.contains(text(&fill["billId"]))),
        "an execution has the id of a booking"
    );
}

#[test]
fn bookings_of_the_funding_account_are_kept_for_ever_and_cancel_out() {
    let client = Client::still(&[]);
    let truth = client.venue.truth();
    let bills = client.all("asset/bills-history?pagingType=2", "billId");
    assert!(chains(&bills).values().all(|(before, _)| *before == 0), "from the first one on");
    let count = |kind: &str| bills.iter().filter(|bill| bill["type"] == kind).count();
    let rows = |name: &str| truth[name].as_array().unwrap();
    let of = |name: &str, statuses: &[i64]| {
        rows(name).iter().filter(|row| statuses.contains(&row["status"].as_i64().unwrap())).count()
    };
    let reason = |words: &str| rows("dividends").iter().filter(|row| row["enInfo"] == words).count();
    for (kind, expected) in [
        ("1", of("deposits", &[1, 6])),
        ("2", of("withdrawals", &[6])),
        ("130", of("withdrawals", &[6])),
        ("77", reason("Launchpool distribution")),
        ("89", reason("Flexible")),
        ("139", reason("ETH 2.0 Staking")),
        ("229", reason("HODLer Airdrops")),
        ("75", 1),
    ] {
        assert!(expected > 0);
        assert_eq!(count(kind), expected, "{kind}");
    }
    assert_eq!(count("131"), count("1") + count("77") + count("89") + count("139"));
    let recent = client.all("asset/bills?ccy=USDT", "ts");
    let month = client.venue.truth_ms() - 30 * DAY_MS;
    assert!(!recent.is_empty());
    let expected = bills.iter().filter(|bill| bill["ccy"] == "USDT" && number(&bill["ts"]) >= month);
    assert_eq!(recent, expected.cloned().collect::<Vec<_>>());
}

#[test]
fn transfers_stand_on_both_sides_and_conversions_have_two_bookings() {
    let client = Client::still(&[]);
    let bills = client.all("account/bills-archive", "billId");
    let funding = client.all("asset/bills-history?pagingType=2", "billId");
    let other = |bill: &Value| {
        funding.iter().any(|other| {
            other["ts"] == bill["ts"]
                && other["ccy"] == bill["ccy"]
                && units(&other["balChg"]) == -units(&bill["balChg"])
                && ["130", "131"].contains(&text(&other["type"]))
        })
    };
    let transfers: Vec<&Value> = bills.iter().filter(|bill| bill["type"] == "1").collect();
    assert!(transfers.len() > 5);
    for bill in transfers {
        let came = units(&bill["balChg"]) > 0;
        let (from, to, subtype) = if came { ("6", "18", "11") } else { ("18", "6", "12") };
        assert_eq!((text(&bill["from"]), text(&bill["to"]), text(&bill["subType"])), (from, to, subtype));
        assert!(other(bill), "{bill}");
    }
    let converted = client.all("asset/convert/history", "ts");
    let kept_since = client.venue.truth_ms() - 90 * DAY_MS;
    let recent = converted
        .iter()
        .filter(|row| row["state"] == "fullyFilled" && number(&row["ts"]) >= kept_since)
        .count();
    let of = |kind: &str| bills.iter().filter(|bill| bill["type"] == kind).count();
    assert!(recent > 0 && of("28") > 0);
    assert_eq!((of("27"), of("28") % 2), (2 * recent, 0));
    for (query, code) in [("limit=101", (400, 51000)), ("instType=x", (400, 51000))] {
        assert_eq!(said(&client.private(&format!("account/bills-archive?{query}"))), code, "{query}");
    }
}
