//! The margin wallets, cross and isolated.

use crate::venue::{DAY_MS, NOW_MS, Venue};
use serde_json::Value;

const FILLS: &str = "/sapi/v1/margin/myTrades";
const INTEREST: &str = "/sapi/v1/margin/interestHistory";
const LOANS: &str = "/sapi/v1/margin/borrow-repay";

#[test]
fn fills_are_asked_for_by_id_or_by_a_day() {
    let venue = Venue::still(&["--contracts"]);
    let truth = venue.truth()["margin"]["fills"].take();
    let fills: Vec<&Value> =
        truth.as_array().unwrap().iter().filter(|fill| fill["symbol"] == "BTCUSDT").collect();
    let ids: Vec<u64> = fills.iter().map(|fill| fill["id"].as_u64().unwrap()).collect();
    let ask = |query: &str| -> Vec<u64> {
        let rows = venue.rows(FILLS, &format!("symbol=BTCUSDT&{query}"));
        assert!(rows.iter().all(|row| row["isIsolated"] == false && row["quoteQty"].is_null()));
        rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
    };
    assert_eq!(ask("fromId=0&limit=1000&isIsolated=FALSE"), ids);
    assert_eq!(ask(&format!("fromId={}&limit=2", ids[3])), ids[3..5]);
    let first_ms = fills[0]["time"].as_i64().unwrap();
    let day: Vec<u64> = fills
        .iter()
        .filter(|fill| (first_ms..=first_ms + DAY_MS).contains(&fill["time"].as_i64().unwrap()))
        .map(|fill| fill["id"].as_u64().unwrap())
        .collect();
    assert_eq!(ask(&format!("startTime={first_ms}")), day, "a day from there");
    let longer = format!("symbol=BTCUSDT&startTime={first_ms}&endTime={}", first_ms + DAY_MS + 1);
    assert_eq!(venue.signed(FILLS, &longer).refusal(), (400, -1127));
    assert_eq!(venue.signed(FILLS, "").refusal(), (400, -1102));
    // On spot nothing is known of them.
    let spot = venue.rows("/api/v3/myTrades", &format!("symbol=BTCUSDT&fromId={}", ids[0]));
    assert_eq!(spot.len(), 0);
}

#[test]
fn interest_and_loans_add_up_to_what_is_owed() {
    let venue = Venue::still(&["--contracts"]);
    let truth = venue.truth()["margin"].take();
    let mut interest: Vec<Value> = Vec::new();
    for window in 0..3 {
        let end = NOW_MS - window * 30 * DAY_MS;
        for current in 1.. {
            let query =
                format!("startTime={}&endTime={end}&size=100&current={current}", end - 30 * DAY_MS + 1);
            let page = venue.signed(INTEREST, &query).json()["rows"].take();
            let page = page.as_array().unwrap().clone();
            let last = page.len() < 100;
            interest.extend(page);
            if last {
                break;
            }
        }
    }
    interest.reverse();
    assert!(interest.len() > 900, "{}", interest.len());
    assert_eq!(Value::from(interest), truth["interest"]);
    for (kind, repaid) in [("BORROW", false), ("REPAY", true)] {
        let count: u64 = (0..3)
            .map(|window| {
                let end = NOW_MS - window * 30 * DAY_MS;
                let query = format!("type={kind}&startTime={}&endTime={end}", end - 30 * DAY_MS + 1);
                venue.signed(LOANS, &query).json()["total"].as_u64().unwrap()
            })
            .sum();
        let truth = truth["loans"].as_array().unwrap().iter().filter(|loan| loan["repaid"] == repaid);
        assert_eq!(count, u64::try_from(truth.count()).unwrap(), "{kind}");
    }
    let month = format!("startTime={}&endTime={NOW_MS}", NOW_MS - 30 * DAY_MS - 1);
    assert_eq!(venue.signed(INTEREST, &month).refusal(), (400, -1127));
    assert_eq!(venue.signed(INTEREST, "size=101").refusal(), (400, -1130));
    assert_eq!(venue.signed(LOANS, "").refusal(), (400, -1102));
}

#[test]
fn the_account_tells_what_is_held_and_owed() {
    let venue = Venue::still(&["--contracts"]);
    let truth = venue.truth()["margin"]["held"].take();
    let account = venue.signed("/sapi/v1/margin/account", "").json();
    for held in truth.as_array().unwrap() {
        let row = account["userAssets"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["asset"] == held["asset"])
            .unwrap();
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        for (told, true_one) in
            [("free", "free"), ("borrowed", "borrowed"), ("interest", "interest"), ("netAsset", "net")]
        {
            assert_eq!(number(&row[told]), number(&held[true_one]), "{held}");
        }
    }
    let pairs = venue.rows("/sapi/v1/margin/allPairs", "");
    let symbols: Vec<&str> = pairs.iter().map(|pair| pair["symbol"].as_str().unwrap()).collect();
    assert_eq!(symbols, ["BTCUSDT", "ETHUSDT"]);
}

#[test]
fn each_isolated_pair_is_told_by_its_name_and_shows_in_no_other() {
    let venue = Venue::still(&["--contracts"]);
    let truth = venue.truth()["isolated"].take();
    let account = venue.signed("/sapi/v1/margin/isolated/account", "").json();
    let symbols: Vec<&str> = truth.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(symbols, ["BTCUSDT", "ETHBTC"]);
    let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
    for pair in account["assets"].as_array().unwrap() {
        let symbol = pair["symbol"].as_str().unwrap();
        let truth = &truth[symbol];
        for side in ["baseAsset", "quoteAsset"] {
            let held =
                truth["held"].as_array().unwrap().iter().find(|row| row["asset"] == pair[side]["asset"]);
            for (told, held_as) in
                [("free", "free"), ("borrowed", "borrowed"), ("interest", "interest"), ("netAsset", "net")]
            {
                assert_eq!(number(&pair[side][told]), number(&held.unwrap()[held_as]), "{symbol} {side}");
            }
        }
        let fills = venue.rows(FILLS, &format!("symbol={symbol}&fromId=0&limit=1000&isIsolated=TRUE"));
        assert!(fills.iter().all(|fill| fill["isIsolated"] == true));
        let ids = |rows: &[Value]| rows.iter().map(|row| row["id"].as_u64().unwrap()).collect::<Vec<_>>();
        assert_eq!(ids(&fills), ids(truth["fills"].as_array().unwrap()), "{symbol}");
        let month = NOW_MS - 30 * DAY_MS;
        let query = format!("isolatedSymbol={symbol}&startTime={month}&size=100");
        let rows = venue.signed(INTEREST, &query).json()["rows"].take();
        assert!(rows.as_array().unwrap().iter().all(|row| row["isolatedSymbol"] == symbol));
        let all = truth["interest"].as_array().unwrap();
        let newest: Vec<&Value> = all.iter().rev().take(100).collect();
        assert!(!newest.is_empty() && rows.as_array().unwrap().iter().eq(newest), "{symbol}");
    }
    assert_eq!(account["assets"].as_array().unwrap().len(), 2);
    let one = venue.signed("/sapi/v1/margin/isolated/account", "symbols=ETHBTC").json();
    assert_eq!(one["assets"].as_array().unwrap().len(), 1);
    assert!(one["totalAssetOfBtc"].is_null());
    let empty = venue.signed(INTEREST, "isolatedSymbol=BNBUSDT").json();
    assert_eq!(empty["total"], 0, "a pair without a wallet");
    assert_eq!(venue.signed(INTEREST, "isolatedSymbol=NONE").refusal(), (400, -1121));
    assert_eq!(venue.rows("/sapi/v1/margin/isolated/allPairs", "").len(), 2);
}

#[test]
fn moves_of_isolated_pairs_are_told_by_kind() {
    let venue = Venue::still(&["--contracts"]);
    let truth = venue.truth()["isolated"].take();
    let moved = |kind: &str, with: &str| -> Vec<u64> {
        let query = format!("type={kind}&startTime={}&size=100{with}", NOW_MS - 100 * DAY_MS);
        let rows = venue.signed("/sapi/v1/asset/transfer", &query).json()["rows"].take();
        let mut ids: Vec<u64> =
            rows.as_array().unwrap().iter().map(|row| row["tranId"].as_u64().unwrap()).collect();
        ids.sort_unstable();
        ids
    };
    let of = |symbol: &str, list: &str, inward: bool| -> Vec<u64> {
        let rows = truth[symbol][list].as_array().unwrap().iter().filter(|row| row["inward"] == inward);
        rows.map(|row| row["id"].as_u64().unwrap()).collect()
    };
    let mut inward = of("BTCUSDT", "transfers", true);
    inward.extend(of("ETHBTC", "transfers", true));
    inward.sort_unstable();
    assert_eq!(moved("MAIN_ISOLATED_MARGIN", ""), inward, "of all pairs");
    assert_eq!(moved("MAIN_ISOLATED_MARGIN", "&toSymbol=ETHBTC"), of("ETHBTC", "transfers", true));
    assert_eq!(moved("ISOLATED_MARGIN_MAIN", ""), of("ETHBTC", "transfers", false));
    assert_eq!(moved("MARGIN_ISOLATEDMARGIN", "&toSymbol=BTCUSDT"), of("BTCUSDT", "between", true));
    assert_eq!(moved("ISOLATEDMARGIN_MARGIN", "&fromSymbol=BTCUSDT"), of("BTCUSDT", "between", false));
    assert_eq!(moved("ISOLATEDMARGIN_MARGIN", "&fromSymbol=ETHBTC"), [] as [u64; 0]);
    for (kind, why) in
        [("MARGIN_ISOLATEDMARGIN", -1102), ("ISOLATEDMARGIN_MARGIN", -1102), ("MARGIN_NOWHERE", -1130)]
    {
        let query = format!("type={kind}");
        assert_eq!(venue.signed("/sapi/v1/asset/transfer", &query).refusal(), (400, why), "{kind}");
    }
}

#[test]
fn an_account_without_margin_is_told_so() {
    let venue = Venue::still(&[]);
    let isolated = venue.signed("/sapi/v1/margin/isolated/account", "").json();
    assert_eq!(isolated["assets"].as_array().unwrap().len(), 0);
    for (path, query) in
        [(FILLS, "symbol=BTCUSDT"), (INTEREST, ""), (LOANS, "type=BORROW"), ("/sapi/v1/margin/account", "")]
    {
        assert_eq!(venue.signed(path, query).refusal(), (400, -3003), "{path}");
    }
}
