//! `userTrades`, accounts and positions of USD-M and COIN-M.

use crate::{
    COINM_TRADES, USDM_TRADES,
    venue::{DAY_MS, NOW_MS, Venue},
};
use serde_json::Value;

fn with_contracts() -> Venue {
    Venue::still(&["--contracts"])
}

/// Ids of a contract's fills between two times, oldest first.
fn ids(truth: &Value, symbol: &str, from_ms: i64, to_ms: i64) -> Vec<u64> {
    let fills = truth["contracts"]["fills"].as_array().unwrap().iter();
    let here = fills.filter(|fill| {
        fill["symbol"] == symbol && (from_ms..=to_ms).contains(&fill["time"].as_i64().unwrap())
    });
    here.map(|fill| fill["id"].as_u64().unwrap()).collect()
}

fn told(rows: &[Value]) -> Vec<u64> {
    rows.iter().map(|row| row["id"].as_u64().unwrap()).collect()
}

#[test]
fn fills_are_those_of_seven_days_and_no_window_is_longer() {
    let venue = with_contracts();
    let truth = venue.truth();
    for (path, symbol, name, default) in
        [(USDM_TRADES, "BTCUSDT", "BTCUSDT", 500), (COINM_TRADES, "BTCUSD_PERP", "BTCUSD", 50)]
    {
        let ask = |query: String| venue.signed(path, &format!("symbol={symbol}{query}"));
        let rows = |query: String| told(&venue.rows(path, &format!("symbol={symbol}{query}")));
        let week = ids(&truth, name, NOW_MS - 7 * DAY_MS, NOW_MS);
        assert!(week.len() > 10);
        assert_eq!(rows("&limit=1000".to_owned()), week, "the last seven days");
        let newest = &week[week.len().saturating_sub(default)..];
        assert_eq!(rows(String::new()), newest, "the newest of them");
        let from = NOW_MS - 40 * DAY_MS;
        let there = ids(&truth, name, from, from + 7 * DAY_MS);
        assert_eq!(rows(format!("&startTime={from}&endTime={}&limit=1000", from + 7 * DAY_MS)), there);
        assert_eq!(
            rows(format!("&startTime={from}&limit=1000")),
            there,
            "a start alone: seven days from there"
        );
        assert_eq!(rows(format!("&startTime={from}&limit=3")), there[..3], "the oldest from there");
        let before = ids(&truth, name, from - 7 * DAY_MS, from);
        assert_eq!(
            rows(format!("&endTime={from}&limit=3")),
            before[before.len() - 3..],
            "the newest up to there"
        );
        let longer = format!("&startTime={from}&endTime={}", from + 7 * DAY_MS + 1);
        assert_eq!(ask(longer).refusal(), (400, -4165));
    }
}

#[test]
fn a_first_id_stands_alone_and_pages_lead_through_everything() {
    let venue = with_contracts();
    let truth = venue.truth();
    let all = ids(&truth, "ETHUSDT", 0, NOW_MS);
    let page = |from: u64| told(&venue.rows(USDM_TRADES, &format!("symbol=ETHUSDT&fromId={from}&limit=400")));
    let mut seen = page(0);
    while seen.len() < all.len() {
        let next = page(seen.last().unwrap() + 1);
        assert!(!next.is_empty());
        seen.extend(next);
    }
    assert_eq!(seen, all);
    let ask = |query: &str| venue.signed(USDM_TRADES, &format!("symbol=ETHUSDT&{query}")).refusal();
    assert_eq!(ask(&format!("fromId=1&startTime={NOW_MS}")), (400, -1128));
    assert_eq!(ask(&format!("fromId=1&endTime={NOW_MS}")), (400, -1128));
    assert_eq!(ask("limit=1001"), (400, -1130), "more than the most is refused here");
    assert_eq!(ask("colour=red"), (400, -1104));
    assert_eq!(venue.signed(USDM_TRADES, "").refusal(), (400, -1102));
    assert_eq!(venue.signed(USDM_TRADES, "symbol=BTCUSD_PERP").refusal(), (400, -1121), "of the other side");
    assert_eq!(venue.signed(COINM_TRADES, "symbol=BTCUSDT").refusal(), (400, -1121));
}

#[test]
fn coin_margined_fills_are_asked_for_by_symbol_or_pair() {
    let venue = with_contracts();
    let by_symbol = venue.signed(COINM_TRADES, "symbol=BTCUSD_PERP&limit=1000");
    let by_pair = venue.signed(COINM_TRADES, "pair=BTCUSD&limit=1000");
    assert_eq!(by_symbol.json(), by_pair.json());
    assert_eq!(by_symbol.header("x-mbx-used-weight-1m"), Some("20"));
    assert_eq!(by_pair.header("x-mbx-used-weight-1m"), Some("60"), "20, and 40 by pair");
    for (query, code) in [
        ("pair=BTCUSD&symbol=BTCUSD_PERP", -1128),
        ("pair=BTCUSD&fromId=1", -1128),
        ("pair=NOUSD", -4141),
        ("", -1102),
    ] {
        assert_eq!(venue.signed(COINM_TRADES, query).refusal(), (400, code), "{query}");
    }
    for fill in by_symbol.json().as_array().unwrap() {
        let number = |field: &str| fill[field].as_str().unwrap().parse::<f64>().unwrap();
        assert!((number("baseQty") - number("qty") * 100.0 / number("price")).abs() < 2e-8, "{fill}");
        assert_eq!((&fill["pair"], &fill["marginAsset"]), (&"BTCUSD".into(), &"BTC".into()));
    }
}

#[test]
fn wallets_and_positions_are_what_the_fills_left() {
    let venue = with_contracts();
    let contracts = venue.truth()["contracts"].take();
    for (path, balance, asset) in
        [("/fapi/v3/account", "/fapi/v3/balance", "USDT"), ("/dapi/v1/account", "/dapi/v1/balance", "BTC")]
    {
        let account = venue.signed(path, "").json();
        let of =
            |rows: &Value| rows.as_array().unwrap().iter().find(|row| row["asset"] == asset).unwrap().clone();
        let wallet = of(&account["assets"]);
        let number = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        assert_eq!(number(&wallet["walletBalance"]), number(&contracts["wallets"][asset]), "{path}");
        let equity = number(&wallet["walletBalance"]) + number(&wallet["unrealizedProfit"]);
        assert!((equity - number(&wallet["marginBalance"])).abs() < 1e-7);
        assert_eq!(of(&venue.signed(balance, "").json())["balance"], wallet["walletBalance"]);
    }
    let symbols = |path: &str| -> Vec<String> {
        venue.rows(path, "").iter().map(|row| row["symbol"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(symbols("/fapi/v3/positionRisk"), ["BTCUSDT"], "only what is open");
    assert_eq!(symbols("/fapi/v2/positionRisk"), ["BTCUSDT", "ETHUSDT"]);
    assert_eq!(symbols("/dapi/v1/positionRisk"), ["BTCUSD_PERP"]);
    let account = venue.signed("/fapi/v3/account", "").json();
    assert_eq!(account["positions"].as_array().unwrap().len(), 1);
    let rate = venue.signed("/fapi/v1/commissionRate", "symbol=BTCUSDT").json();
    assert_eq!(
        (&rate["makerCommissionRate"], &rate["takerCommissionRate"]),
        (&"0.0002".into(), &"0.0005".into())
    );
}

#[test]
fn an_account_without_contracts_is_refused_and_lists_nothing() {
    let venue = Venue::still(&[]);
    for path in [USDM_TRADES, COINM_TRADES, "/fapi/v1/income", "/fapi/v3/account", "/dapi/v1/positionRisk"] {
        assert_eq!(venue.signed(path, "").refusal().1, -2015, "{path}");
    }
    for path in ["/fapi/v1/exchangeInfo", "/dapi/v1/exchangeInfo"] {
        assert_eq!(venue.public(path).json()["symbols"].as_array().unwrap().len(), 0);
    }
    let orders = with_contracts().signed_at("POST", "/fapi/v1/order", "symbol=BTCUSDT", NOW_MS);
    assert_eq!(orders.refusal(), (401, -2015), "a reading key takes no orders");
}

#[test]
fn contracts_have_a_budget_of_their_own_and_it_is_smaller() {
    let venue = with_contracts();
    let ask = || venue.signed("/fapi/v1/income", "");
    let used: Vec<(u16, Option<String>)> = (0..81)
        .map(|_| ask())
        .map(|reply| (reply.status, reply.header("x-mbx-used-weight-1m").map(str::to_owned)))
        .collect();
    assert_eq!(used[79], (200, Some("2400".to_owned())));
    assert_eq!(used[80], (429, Some("2430".to_owned())));
    assert!(ask().header("retry-after").is_some());
    assert_eq!(venue.signed("/dapi/v1/income", "").status, 200, "the other side has its own");
    assert_eq!(venue.public("/api/v3/time").status, 200);
    venue.advance(60_000);
    assert_eq!(ask().header("x-mbx-used-weight-1m"), Some("30"));
}
