//! `income`, and what moves between wallets.

use crate::venue::{DAY_MS, NOW_MS, Venue};
use serde_json::Value;

const TRANSFERS: &str = "/sapi/v1/asset/transfer";

/// Hundred-millionths.
fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap();
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<8}").parse().unwrap()
}

/// All rows of a kind of the last ninety days, page after page.
fn pages(venue: &Venue, path: &str, query: &str) -> Vec<Value> {
    let mut all = Vec::new();
    for page in 1.. {
        let rows =
            venue.rows(path, &format!("startTime={}&page={page}&limit=1000{query}", NOW_MS - 90 * DAY_MS));
        let last = rows.len() < 1000;
        all.extend(rows);
        if last {
            break;
        }
    }
    all
}

#[test]
fn income_adds_up_to_the_wallets() {
    let venue = Venue::still(&["--contracts"]);
    let contracts = venue.truth()["contracts"].take();
    for (path, asset, symbols) in [
        ("/fapi/v1/income", "USDT", &["BTCUSDT", "ETHUSDT"][..]),
        ("/dapi/v1/income", "BTC", &["BTCUSD_PERP"]),
    ] {
        let all = pages(&venue, path, "");
        assert!(all.len() > 1000, "{path}: {}", all.len());
        assert!(all.is_sorted_by_key(|row| row["time"].as_i64()), "oldest first");
        let sum: i128 = all.iter().map(|row| units(&row["income"])).sum();
        assert_eq!(sum, units(&contracts["wallets"][asset]), "{path}");
        let mut ids: Vec<String> =
            all.iter().map(|row| format!("{} {}", row["incomeType"], row["tranId"])).collect();
        ids.sort();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "unique within a kind");
        for kind in ["FUNDING_FEE", "COMMISSION", "REALIZED_PNL", "TRANSFER"] {
            let of_kind: Vec<Value> = all.iter().filter(|row| row["incomeType"] == kind).cloned().collect();
            assert!(!of_kind.is_empty());
            assert_eq!(pages(&venue, path, &format!("&incomeType={kind}")), of_kind, "{kind}");
        }
        for symbol in symbols {
            let of_symbol: Vec<Value> = all.iter().filter(|row| row["symbol"] == *symbol).cloned().collect();
            assert_eq!(pages(&venue, path, &format!("&symbol={symbol}")), of_symbol);
        }
        let recent = venue.rows(path, "limit=1000");
        let week: Vec<Value> =
            all.iter().filter(|row| row["time"].as_i64().unwrap() >= NOW_MS - 7 * DAY_MS).cloned().collect();
        assert_eq!(recent, week, "seven days if not said");
        assert_eq!(venue.rows(path, "").len(), 100.min(week.len()), "a hundred if not said");
        assert_eq!(venue.signed(path, "incomeType=SALARY").refusal(), (400, -1130));
        assert_eq!(venue.signed(path, "page=0").refusal(), (400, -1130));
        assert_eq!(venue.signed(path, "limit=1001").refusal(), (400, -1130));
    }
}

#[test]
fn usd_margined_income_is_forgotten_after_three_months() {
    let venue = Venue::still(&["--contracts"]);
    let of = |path: &str| {
        let from = NOW_MS - 90 * DAY_MS;
        venue.rows(path, &format!("incomeType=TRANSFER&startTime={from}&limit=1000")).len()
    };
    assert_eq!((of("/fapi/v1/income"), of("/dapi/v1/income")), (3, 3));
    venue.advance(10 * DAY_MS);
    assert_eq!(
        (of("/fapi/v1/income"), of("/dapi/v1/income")),
        (2, 3),
        "the first is older than three months"
    );
    let year = format!("startTime={}", NOW_MS - 360 * DAY_MS);
    assert_eq!(venue.signed("/dapi/v1/income", &year).refusal(), (400, -1127), "a year at once, and no more");
}

#[test]
fn moves_are_told_by_kind_under_the_id_that_the_income_has() {
    let venue = Venue::still(&["--contracts"]);
    let contracts = venue.truth()["contracts"].take();
    for (kind, asset, inward, path) in [
        ("MAIN_UMFUTURE", "USDT", true, "/fapi/v1/income"),
        ("UMFUTURE_MAIN", "USDT", false, "/fapi/v1/income"),
        ("MAIN_CMFUTURE", "BTC", true, "/dapi/v1/income"),
        ("CMFUTURE_MAIN", "BTC", false, "/dapi/v1/income"),
    ] {
        let from = NOW_MS - 90 * DAY_MS;
        let told = venue.signed(TRANSFERS, &format!("type={kind}&startTime={from}&size=100")).json();
        let ids: Vec<u64> =
            told["rows"].as_array().unwrap().iter().map(|row| row["tranId"].as_u64().unwrap()).collect();
        let truth = contracts["transfers"].as_array().unwrap().iter().rev();
        let expected: Vec<u64> = truth
            .filter(|moved| moved["asset"] == asset && moved["inward"] == inward)
            .map(|moved| moved["id"].as_u64().unwrap())
            .collect();
        assert!(!expected.is_empty());
        assert_eq!(ids, expected, "{kind}: newest first");
        assert_eq!(told["total"], expected.len());
        let income = pages(&venue, path, "&incomeType=TRANSFER");
        for id in ids {
            let row = income.iter().find(|row| row["tranId"] == id).unwrap();
            assert_eq!(units(&row["income"]) > 0, inward);
        }
        let recent = venue.signed(TRANSFERS, &format!("type={kind}")).json();
        assert_eq!(recent["total"], 0, "seven days if not said");
    }
    let page = |current: u32| {
        let from = NOW_MS - 90 * DAY_MS;
        venue
            .signed(TRANSFERS, &format!("type=MAIN_UMFUTURE&startTime={from}&size=1&current={current}"))
            .json()
    };
    assert!(page(1)["rows"][0]["timestamp"].as_i64() > page(2)["rows"][0]["timestamp"].as_i64());
    assert_eq!(page(3)["rows"].as_array().unwrap().len(), 0);
    assert_eq!(venue.signed(TRANSFERS, "").refusal(), (400, -1102));
    assert_eq!(venue.signed(TRANSFERS, "type=MAIN_MOON").refusal(), (400, -1130));
    assert_eq!(venue.signed(TRANSFERS, "type=MAIN_UMFUTURE&size=101").refusal(), (400, -1130));
}
