//! Executions and the logs of both wallets: the world's history, in Bybit's form and on its pages.

use crate::{
    client::{Client, MINUTE_MS, code, number, units},
    venue::{DAY_MS, NOW_MS},
};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const EXECUTIONS: &str = "/v5/execution/list";
const LOG: &str = "/v5/account/transaction-log";
const FUNDING: &str = "/v5/asset/fundinghistory";
const WEEK_MS: i64 = 7 * DAY_MS;

#[test]
fn executions_are_the_fills_of_the_world() {
    let client = Client::still(&[]);
    client.venue.tell("fills", r#"{"count":120}"#);
    let truth = client.venue.truth();
    let told = client.year(EXECUTIONS, "list", "category=spot&limit=100", 7);
    let key = |symbol: &Value, at_ms: i64, quantity: i128, price: i128, buyer: bool| {
        (symbol.as_str().unwrap().to_owned(), at_ms, quantity, price, buyer)
    };
    let count = |keys: Vec<_>| {
        let mut counts = BTreeMap::new();
        keys.into_iter().for_each(|key| *counts.entry(key).or_insert(0) += 1);
        counts
    };
    let fee =
        |row: &Value, amount: &str, coin: &str| (units(&row[amount]), row[coin].as_str().unwrap().to_owned());
    let ours = truth["fills"].as_array().unwrap().iter().map(|fill| {
        let at_ms = fill["time"].as_i64().unwrap();
        let buyer = fill["isBuyer"] == true;
        let key = key(&fill["symbol"], at_ms, units(&fill["qty"]), units(&fill["price"]), buyer);
        (key, units(&fill["quoteQty"]), fee(fill, "commission", "commissionAsset"), fill["isMaker"] == true)
    });
    let theirs = told.iter().map(|row| {
        let at_ms = number(&row["execTime"]);
        let key = key(
            &row["symbol"],
            at_ms,
            units(&row["execQty"]),
            units(&row["execPrice"]),
            row["side"] == "Buy",
        );
        assert_eq!(row["execType"], "Trade");
        (key, units(&row["execValue"]), fee(row, "execFee", "feeCurrency"), row["isMaker"] == true)
    });
    assert_eq!(count(theirs.collect()), count(ours.collect()));
    let ids: BTreeSet<&str> = told.iter().map(|row| row["execId"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), told.len());
}

#[test]
fn pages_are_newest_first_and_go_on_where_the_cursor_stands_although_more_happens() {
    let client = Client::still(&[]);
    let window =
        format!("category=spot&startTime={}&endTime={}&limit=30", NOW_MS - 6 * DAY_MS, NOW_MS + MINUTE_MS);
    let ask = |more: &str| client.result(EXECUTIONS, &format!("{window}{more}"));
    let first = ask("");
    client.venue.advance(1000);
    client.venue.tell("fills", r#"{"count":10}"#);
    let second = ask(&format!("&cursor={}", first["nextPageCursor"].as_str().unwrap()));
    let whole = client.pages(EXECUTIONS, "list", &window.replace("limit=30", "limit=100"));
    let rows = |page: &Value| page["list"].as_array().unwrap().clone();
    assert_eq!(whole[10..40], rows(&first), "ten are new");
    assert_eq!(whole[40..70], rows(&second));
    assert!(whole.is_sorted_by(|a, b| number(&a["execTime"]) >= number(&b["execTime"])));
}

#[test]
fn windows_and_limits_are_checked() {
    let client = Client::still(&[]);
    let start = NOW_MS - 30 * DAY_MS;
    let both = |length: i64| format!("&startTime={start}&endTime={}", start + length);
    for (path, query, expected) in [
        (EXECUTIONS, "category=spot".to_owned() + &both(WEEK_MS), 0),
        (EXECUTIONS, "category=spot".to_owned() + &both(WEEK_MS + 1), 10001),
        (EXECUTIONS, "category=spot".to_owned() + &both(-1), 10001),
        (EXECUTIONS, "category=spot&limit=101".to_owned(), 10001),
        (EXECUTIONS, "category=spot&cursor=elsewhere".to_owned(), 10001),
        (EXECUTIONS, "category=spot&execType=Sometimes".to_owned(), 10001),
        (EXECUTIONS, "category=spot&startTime=1795305600".to_owned(), 10001),
        (EXECUTIONS, String::new(), 10001),
        (EXECUTIONS, format!("category=spot&endTime={}", NOW_MS - 732 * DAY_MS), 10001),
        (LOG, "limit=51".to_owned(), 10001),
        (LOG, "accountType=CONTRACT".to_owned(), 10001),
        (LOG, both(WEEK_MS)[1..].to_owned(), 0),
        (LOG, both(WEEK_MS + 1)[1..].to_owned(), 10001),
        (FUNDING, format!("createTimeFrom={}&createTimeTo={}", start / 1000, (start + WEEK_MS) / 1000), 0),
        (FUNDING, format!("createTimeFrom={}", start / 1000), 10001),
        (FUNDING, format!("createTimeFrom={}&createTimeTo={}", start / 1000, NOW_MS / 1000), 10001),
        (FUNDING, "limit=101".to_owned(), 10001),
    ] {
        assert_eq!(code(&client.signed(path, &query)), expected, "{path}?{query}");
    }
}

#[test]
fn the_log_looks_a_day_far_with_one_bound_and_executions_a_week() {
    let client = Client::still(&[]);
    let start = NOW_MS - 40 * DAY_MS;
    let span = |path: &str, name: &str, query: &str| {
        let times: Vec<i64> =
            client.pages(path, "list", query).iter().map(|row| number(&row[name])).collect();
        (times.iter().min().copied().unwrap_or(start), times.iter().max().copied().unwrap_or(start))
    };
    let (first, last) = span(EXECUTIONS, "execTime", &format!("category=spot&startTime={start}&limit=100"));
    assert!(first >= start && last > start + DAY_MS && last <= start + WEEK_MS);
    let (first, last) = span(LOG, "transactionTime", &format!("startTime={start}&limit=50"));
    assert!(first >= start && last <= start + DAY_MS);
}

#[test]
fn the_log_and_the_funding_log_add_up_to_what_is_held() {
    let client = Client::still(&[]);
    let log = client.year(LOG, "list", "limit=50", 7);
    let mut sums: BTreeMap<String, i128> = BTreeMap::new();
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for row in &log {
        let fee = units(&row["fee"]);
        assert_eq!(units(&row["change"]), units(&row["cashFlow"]) - fee, "{row}");
        *sums.entry(row["currency"].as_str().unwrap().to_owned()).or_default() += units(&row["change"]);
        *kinds.entry(row["type"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let told = client.result("/v5/account/wallet-balance", "accountType=UNIFIED");
    for coin in told["list"][0]["coin"].as_array().unwrap() {
        let name = coin["coin"].as_str().unwrap();
        assert_eq!(sums.remove(name).unwrap_or_default(), units(&coin["walletBalance"]), "{name}");
    }
    assert!(sums.is_empty(), "{sums:?}");

    let mut funded: BTreeMap<String, i128> = BTreeMap::new();
    let mut words: BTreeMap<String, usize> = BTreeMap::new();
    let mut to = NOW_MS / 1000;
    while to > (NOW_MS - 366 * DAY_MS) / 1000 {
        let from = to - 7 * 86_400 + 1;
        let query = format!("createTimeFrom={from}&createTimeTo={to}&limit=100");
        for row in client.pages(FUNDING, "list", &query) {
            let sign = if row["ioDirection"] == "I" { 1 } else { -1 };
            let amount = units(&row["txnAmt"]);
            assert!(amount > 0);
            *funded.entry(row["currency"].as_str().unwrap().to_owned()).or_default() += sign * amount;
            *words.entry(row["showBusiTypeEn"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        to = from - 1;
    }
    funded.retain(|_, sum| *sum != 0);
    let held = client.result("/v5/asset/transfer/query-account-coins-balance", "accountType=FUND");
    let held = held["balance"].as_array().unwrap();
    assert_eq!(held.len(), 1);
    assert_eq!(funded, [("GIFT".to_owned(), units(&held[0]["walletBalance"]))].into());

    let truth = client.venue.truth();
    let rows = |name: &str| truth[name].as_array().unwrap();
    let arrived = rows("deposits").iter().filter(|row| row["status"] != 0).count();
    let left = rows("withdrawals").iter().filter(|row| row["status"] == 6).count();
    let interest = rows("dividends")
        .iter()
        .filter(|row| row["enInfo"] == "Flexible" || row["enInfo"] == "ETH 2.0 Staking");
    let interest = interest.count();
    assert_eq!((kinds["TRANSFER_IN"], kinds["TRANSFER_OUT"]), (arrived + interest, left));
    assert_eq!((words["Deposit"], words["Withdraw"], words["Earn"]), (arrived, left, interest));
    assert_eq!(words["Transfer"], arrived + left + interest);
    assert_eq!(words["Rewards"], 2);
    assert_eq!(kinds["AIRDROP"], rows("dividends").len() - interest - 2);
    assert_eq!(kinds["CURRENCY_BUY"], kinds["CURRENCY_SELL"]);
}

#[test]
fn a_trade_is_booked_by_coin_and_a_fee_in_a_third_coin_apart() {
    let client = Client::still(&[]);
    let window = format!("startTime={}&endTime={NOW_MS}", NOW_MS - WEEK_MS);
    let log = client.pages(LOG, "list", &format!("type=TRADE&limit=50&{window}"));
    let executions = client.pages(EXECUTIONS, "list", &format!("category=spot&limit=100&{window}"));
    let mut booked: BTreeMap<&str, BTreeMap<&str, (i128, i128)>> = BTreeMap::new();
    for row in &log {
        let of = booked.entry(row["tradeId"].as_str().unwrap()).or_default();
        let both = (units(&row["cashFlow"]), units(&row["fee"]));
        assert!(of.insert(row["currency"].as_str().unwrap(), both).is_none());
    }
    assert_eq!(booked.len(), executions.len());
    for row in &executions {
        let of = &booked[row["execId"].as_str().unwrap()];
        let coin = row["feeCurrency"].as_str().unwrap();
        assert_eq!(of[coin].1, units(&row["execFee"]), "{row}");
        assert_eq!(of.values().map(|(_, fee)| fee).sum::<i128>(), units(&row["execFee"]));
        let sign = if row["side"] == "Buy" { 1 } else { -1 };
        assert!(of.values().any(|(flow, _)| *flow == sign * units(&row["execQty"])), "{row}");
        assert!(of.values().any(|(flow, _)| *flow == -sign * units(&row["execValue"])), "{row}");
    }
}
