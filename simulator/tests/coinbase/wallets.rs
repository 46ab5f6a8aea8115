//! Balances and transactions: every wallet adds up, and each thing has a type of its own.

use crate::client::{Client, PAUSE_MS, units};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn text<'a>(row: &'a Value, name: &str) -> &'a str {
    row[name].as_str().unwrap_or_else(|| panic!("{name} of {row}"))
}

/// All transactions by coin, newest first.
fn whole(client: &Client) -> BTreeMap<String, Vec<Value>> {
    let wallets = client.wallets();
    let rows = |id: &str| client.rows(&format!("/v2/accounts/{id}/transactions"));
    wallets.iter().map(|(coin, id)| (coin.clone(), rows(id))).collect()
}

fn of_kind<'a>(
    all: &'a BTreeMap<String, Vec<Value>>,
    kind: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    let each = all.iter().flat_map(|(coin, rows)| rows.iter().map(move |row| (coin.as_str(), row)));
    each.filter(move |(_, row)| row["type"] == kind)
}

#[test]
fn completed_transactions_of_each_wallet_add_up_to_its_balance() {
    let client = Client::still(&[]);
    client.venue.tell("fills", r#"{"count":70}"#);
    let all = whole(&client);
    let accounts = client.answer("/api/v3/brokerage/accounts?limit=250");
    let accounts = accounts["accounts"].as_array().unwrap();
    let truth = client.venue.truth();
    assert_eq!(accounts.len(), all.len());
    let gone = accounts.iter().filter(|account| {
        truth["balances"].as_array().unwrap().iter().all(|row| row["asset"] != account["currency"])
    });
    assert!(gone.clone().all(|account| units(&account["available_balance"]["value"]) == 0), "all of it left");
    assert_eq!(truth["balances"].as_array().unwrap().len() + gone.count(), accounts.len());
    let wallets: BTreeMap<String, String> = client.wallets().into_iter().collect();
    for row in truth["balances"].as_array().unwrap() {
        let coin = text(row, "asset");
        let account = accounts.iter().find(|account| account["currency"] == coin).unwrap();
        let sums = |name: &str| units(&account[name]["value"]);
        assert_eq!((sums("available_balance"), sums("hold")), (units(&row["free"]), units(&row["locked"])));
        assert_eq!(account["uuid"], wallets[coin]);
        let completed = all[coin].iter().filter(|one| one["status"] == "completed");
        let sum: i128 = completed.map(|one| units(&one["amount"]["amount"])).sum();
        assert_eq!(sum, units(&row["free"]) + units(&row["locked"]), "{coin}");
        assert!(all[coin].iter().all(|one| one["amount"]["currency"] == coin));
        let times: Vec<&str> = all[coin].iter().map(|one| text(one, "created_at")).collect();
        assert!(times.windows(2).all(|pair| pair[0] >= pair[1]), "newest first");
    }
    let ids: BTreeSet<&str> = all.values().flatten().map(|row| text(row, "id")).collect();
    assert_eq!(ids.len(), all.values().map(Vec::len).sum::<usize>(), "each has an id of its own");
}

#[test]
fn each_fill_is_in_both_wallets_and_fees_in_other_coins_stand_alone() {
    let client = Client::still(&[]);
    let (all, truth) = (whole(&client), client.venue.truth());
    let fills = truth["fills"].as_array().unwrap();
    let mirrored: Vec<(&str, &Value)> = of_kind(&all, "advanced_trade_fill").collect();
    assert_eq!(mirrored.len(), 2 * fills.len());
    let ours = client.fills("");
    let orders: BTreeSet<&str> = ours.iter().map(|fill| text(fill, "order_id")).collect();
    for (coin, row) in &mirrored {
        let fill = &row["advanced_trade_fill"];
        assert!(orders.contains(text(fill, "order_id")), "{row}");
        let (base, quote) = text(fill, "product_id").split_once('-').unwrap();
        let came = units(&row["amount"]["amount"]) > 0;
        assert_eq!(came == (*coin == base), fill["order_side"] == "buy", "{row}");
        assert!(*coin == base || *coin == quote);
    }
    let mut expected: BTreeMap<&str, i128> = BTreeMap::new();
    for fill in fills {
        let coin = text(fill, "commissionAsset");
        let symbol = truth["symbols"].as_array().unwrap().iter().find(|row| row["symbol"] == fill["symbol"]);
        if symbol.unwrap()["quoteAsset"] != coin {
            *expected.entry(coin).or_default() -= units(&fill["commission"]);
        }
    }
    let mut told: BTreeMap<&str, i128> = BTreeMap::new();
    for (coin, row) in of_kind(&all, "subscription") {
        *told.entry(coin).or_default() += units(&row["amount"]["amount"]);
    }
    assert_eq!(told, expected);
    assert!(told.len() > 2, "in BNB and in what was bought: {told:?}");
}

#[test]
fn everything_else_has_a_type_of_its_own() {
    let client = Client::still(&[]);
    let (all, truth) = (whole(&client), client.venue.truth());
    let rows = |name: &str| truth[name].as_array().unwrap();
    let count = |kind: &str| of_kind(&all, kind).count();
    let reason = |words: &str| rows("dividends").iter().filter(|row| row["enInfo"] == words).count();
    assert_eq!(count("interest"), reason("Flexible"));
    assert_eq!(count("staking_reward"), reason("ETH 2.0 Staking"));
    assert_eq!(count("earn_payout"), reason("Launchpool distribution"));
    assert_eq!(count("incentives_rewards_payout"), reason("HODLer Airdrops"));

    let mut trades: BTreeMap<&str, Vec<(&str, &Value)>> = BTreeMap::new();
    for (coin, row) in of_kind(&all, "trade") {
        trades.entry(text(&row["trade"], "id")).or_default().push((coin, row));
    }
    let swept: usize =
        rows("dust").iter().map(|row| row["userAssetDribbletDetails"].as_array().unwrap().len()).sum();
    assert_eq!(trades.len(), rows("converts").len() + swept);
    for (id, sides) in &trades {
        let [(_, one), (_, other)] = sides.as_slice() else { panic!("{id}: {sides:?}") };
        assert!((units(&one["amount"]["amount"]) < 0) != (units(&other["amount"]["amount"]) < 0));
        assert_eq!((&one["status"], &one["created_at"]), (&other["status"], &other["created_at"]));
    }
    let failed = rows("converts").iter().filter(|row| row["orderStatus"] != "SUCCESS").count();
    let told = trades.values().filter(|sides| sides[0].1["status"] == "failed").count();
    assert_eq!((told, failed), (failed, 1));
}

#[test]
fn what_crosses_a_chain_is_told_with_its_fee_and_its_status() {
    let client = Client::still(&[]);
    let (all, truth) = (whole(&client), client.venue.truth());
    let sent: Vec<(&str, &Value)> = of_kind(&all, "send").collect();
    let find = |hash: &Value| sent.iter().find(|(_, row)| row["network"]["hash"] == *hash).unwrap();
    let never_left = |withdrawal: &Value| {
        let at = text(withdrawal, "applyTime").replace(' ', "T") + "Z";
        sent.iter().find(|(coin, row)| *coin == withdrawal["coin"] && row["created_at"] == at).unwrap()
    };
    let (deposits, withdrawals) =
        (truth["deposits"].as_array().unwrap(), truth["withdrawals"].as_array().unwrap());
    assert_eq!(sent.len(), deposits.len() + withdrawals.len());
    for deposit in deposits {
        let (coin, row) = find(&deposit["txId"]);
        assert_eq!(
            (*coin, units(&row["amount"]["amount"])),
            (text(deposit, "coin"), units(&deposit["amount"]))
        );
        assert_eq!(row["status"], if deposit["status"] == 0 { "pending" } else { "completed" });
    }
    let mut statuses = BTreeSet::new();
    for withdrawal in withdrawals {
        let left = withdrawal["status"] == 6;
        let (coin, row) = if left { find(&withdrawal["txId"]) } else { never_left(withdrawal) };
        assert_eq!(row["network"]["hash"].is_string(), left);
        let (amount, fee) = (units(&withdrawal["amount"]), units(&withdrawal["transactionFee"]));
        assert_eq!(*coin, withdrawal["coin"]);
        assert_eq!(units(&row["amount"]["amount"]), -(amount + fee));
        assert_eq!(units(&row["network"]["transaction_fee"]["amount"]), fee);
        assert_eq!(units(&row["network"]["transaction_amount"]["amount"]), amount);
        statuses.insert(text(row, "status"));
    }
    assert_eq!(statuses, ["canceled", "completed", "failed"].into());
}

#[test]
fn pages_go_from_row_to_row_in_either_order() {
    let client = Client::still(&[]);
    let (_, id) = client.wallets().into_iter().find(|(coin, _)| coin == "USDT").unwrap();
    let path = format!("/v2/accounts/{id}/transactions");
    let all = client.rows(&path);
    let page = |query: &str| client.answer(&format!("{path}?{query}"));
    assert_eq!(page("")["data"].as_array().unwrap().len(), 25);
    assert_eq!(page("limit=3")["data"], json!(all[..3]));
    let after = text(&all[2], "id");
    let second = page(&format!("limit=3&starting_after={after}"));
    assert_eq!(second["data"], json!(all[3..6]));
    let uri = format!("{path}?limit=3&starting_after={}", text(&all[5], "id"));
    assert_eq!(second["pagination"]["next_uri"], uri);
    assert_eq!(page(&format!("limit=2&ending_before={after}"))["data"], json!(all[..2]));
    let oldest = page("limit=2&order=asc");
    assert_eq!(oldest["data"], json!([all[all.len() - 1], all[all.len() - 2]]));
    assert_eq!(client.answer("/v2/accounts/USDT/transactions?limit=3")["data"], json!(all[..3]));
    for (query, status) in
        [("limit=0", 400), ("limit=301", 400), ("order=random", 400), ("starting_after=elsewhere", 404)]
    {
        let reply = client.ask(&format!("{path}?{query}"));
        assert_eq!(reply.status, status, "{query}");
        assert!(reply.json()["errors"][0]["message"].is_string());
    }
    assert_eq!(client.ask("/v2/accounts/EUR/transactions").status, 404, "no such wallet");
    for list in ["deposits", "withdrawals"] {
        let told = client.answer(&format!("/v2/accounts/{id}/{list}"));
        assert_eq!((&told["data"], &told["pagination"]["next_uri"]), (&json!([]), &Value::Null), "no money");
    }
}

#[test]
fn accounts_come_in_pages_too() {
    let client = Client::still(&[]);
    let path = "/api/v3/brokerage/accounts";
    let all = client.answer(&format!("{path}?limit=250"));
    assert_eq!((&all["has_next"], &all["cursor"]), (&json!(false), &json!("")));
    let (mut told, mut cursor) = (Vec::new(), String::new());
    loop {
        client.venue.advance(PAUSE_MS);
        let page = client.answer(&format!("{path}?limit=6&cursor={cursor}"));
        told.extend(page["accounts"].as_array().unwrap().clone());
        cursor = text(&page, "cursor").to_owned();
        if page["has_next"] == false {
            break;
        }
    }
    assert_eq!(json!(told), all["accounts"]);
    for query in ["limit=251", "limit=0", "cursor=x"] {
        assert_eq!(client.ask(&format!("{path}?{query}")).status, 400, "{query}");
    }
    let summary = client.answer("/api/v3/brokerage/transaction_summary");
    assert_eq!(summary["fee_tier"]["taker_fee_rate"], "0.001");
    let orders = client.answer("/api/v3/brokerage/orders/historical/batch?order_status=OPEN");
    assert_eq!(orders["orders"].as_array().unwrap().len(), 1);
}
