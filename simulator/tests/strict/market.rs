//! What is public: markets, candles, prices.

use crate::{
    TRADES,
    venue::{DAY_MS, NOW_MS, Venue},
};
use serde_json::Value;

#[test]
fn symbols_are_listed_or_not() {
    let venue = Venue::still(&[]);
    let ask = |symbol: &str| venue.signed(TRADES, &format!("symbol={symbol}")).refusal();
    assert_eq!(ask("NOSUCH"), (400, -1121));
    assert_eq!(ask("btcusdt"), (400, -1100));
    assert_eq!(
        venue.rows(TRADES, "symbol=UNIUSDT"),
        Vec::<Value>::new(),
        "listed and never traded: an empty list"
    );
    assert_eq!(venue.public("/api/v3/klines?symbol=NOSUCH&interval=1m").refusal(), (400, -1121));
    assert_eq!(venue.public("/api/v3/klines?symbol=BTCUSDT&interval=7m").refusal(), (400, -1120));
    // A name that is not ASCII is signed as it is sent: percent-encoded.
    let encoded = "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9FUSDT";
    let rows = venue.rows(TRADES, &format!("symbol={encoded}"));
    assert!(!rows.is_empty() && rows.iter().all(|row| row["symbol"] == "币安人生USDT"));
}

#[test]
fn markets_are_told_with_their_filters() {
    let venue = Venue::still(&[]);
    let all = venue.public("/api/v3/exchangeInfo").json();
    let symbols = all["symbols"].as_array().unwrap();
    assert!((25..=40).contains(&symbols.len()));
    for row in symbols {
        assert_eq!(
            row["symbol"],
            format!("{}{}", row["baseAsset"].as_str().unwrap(), row["quoteAsset"].as_str().unwrap())
        );
        let filter = |kind: &str| {
            let filters = row["filters"].as_array().unwrap();
            filters
                .iter()
                .find(|filter| filter["filterType"] == kind)
                .unwrap_or_else(|| panic!("{kind}: {row}"))
                .clone()
        };
        assert!(filter("PRICE_FILTER")["tickSize"].is_string() && filter("LOT_SIZE")["stepSize"].is_string());
        assert!(filter("NOTIONAL")["minNotional"].is_string());
    }
    assert!(symbols.iter().any(|row| row["status"] == "BREAK"));
    let limit =
        all["rateLimits"].as_array().unwrap().iter().find(|limit| limit["rateLimitType"] == "REQUEST_WEIGHT");
    assert_eq!(limit.unwrap()["limit"], 6000);
    let one = venue.public("/api/v3/exchangeInfo?symbol=BNBBTC").json();
    assert_eq!(one["symbols"].as_array().unwrap().len(), 1);
    let two = venue.public("/api/v3/exchangeInfo?symbols=%5B%22BNBBTC%22,%22ETHBTC%22%5D").json();
    assert_eq!(two["symbols"][1]["symbol"], "ETHBTC");
    assert_eq!(venue.public("/api/v3/exchangeInfo?symbol=NOSUCH").refusal(), (400, -1121));
    assert_eq!(
        venue.public("/api/v3/exchangeInfo?symbol=BNBBTC&symbols=%5B%22ETHBTC%22%5D").refusal(),
        (400, -1128)
    );
}

#[test]
fn candles_follow_start_end_and_limit() {
    let venue = Venue::still(&[]);
    let ask = |query: &str| {
        let reply = venue.public(&format!("/api/v3/klines?symbol=BTCUSDT&{query}"));
        assert_eq!(reply.status, 200, "{query}");
        reply.json().as_array().unwrap().clone()
    };
    let opens = |rows: &[Value]| rows.iter().map(|row| row[0].as_i64().unwrap()).collect::<Vec<_>>();
    let minutes =
        |first: i64, count: i64| (0..count).map(|minute| first + minute * 60_000).collect::<Vec<_>>();
    assert_eq!(opens(&ask("interval=1m&limit=3")), minutes(NOW_MS - 120_000, 3), "the newest, oldest first");
    assert_eq!(ask("interval=1m").len(), 500);
    assert_eq!(ask("interval=1m&limit=5000").len(), 1000);
    let at = NOW_MS - 9 * DAY_MS;
    assert_eq!(opens(&ask(&format!("interval=1m&startTime={at}&limit=4"))), minutes(at, 4));
    assert_eq!(
        opens(&ask(&format!("interval=1m&startTime={}&limit=2", at + 1))),
        minutes(at + 60_000, 2),
        "opens at or after"
    );
    assert_eq!(
        opens(&ask(&format!("interval=1m&endTime={at}&limit=2"))),
        minutes(at - 60_000, 2),
        "the newest up to there"
    );
    let within = format!("interval=1m&startTime={at}&endTime={}", at + 119_999);
    assert_eq!(opens(&ask(&within)), minutes(at, 2));
    assert_eq!(
        ask(&format!("interval=1m&startTime={}", NOW_MS + 60_000)),
        Vec::<Value>::new(),
        "nothing is known of the future"
    );
    assert_eq!(ask("interval=1m&endTime=1000"), Vec::<Value>::new(), "nor of the time before the listing");

    let row = &ask(&format!("interval=1d&startTime={at}&limit=1"))[0];
    assert_eq!(
        (row[0].as_i64(), row[6].as_i64()),
        (Some(at), Some(at + DAY_MS - 1)),
        "days begin at midnight"
    );
    assert!(
        [1, 2, 3, 4, 5, 7, 9, 10].iter().all(|field| row[*field].is_string()) && row[8].is_u64(),
        "{row}"
    );
    let hours = ask(&format!("interval=1h&startTime={at}&limit=24"));
    let last_minute = &ask(&format!("interval=1m&startTime={}&limit=1", at + 3_600_000 - 60_000))[0];
    assert_eq!((&hours[0][4], &hours[23][4]), (&last_minute[4], &row[4]), "closes agree");
    let monday = &ask(&format!("interval=1w&startTime={at}&limit=1"))[0];
    assert_eq!((monday[0].as_i64().unwrap() / DAY_MS + 3) % 7, 0);
    assert_eq!(opens(&ask("interval=1M&limit=1")), [1_793_491_200_000], "2026-11-01");
}

#[test]
fn a_market_that_closed_and_a_day_without_a_trade_have_no_candles() {
    let venue = Venue::still(&[]);
    let ask = |query: &str| {
        let reply = venue.public(&format!("/api/v3/klines?{query}"));
        assert_eq!(reply.status, 200, "{query}");
        reply.json().as_array().unwrap().clone()
    };
    let opens = |rows: &[Value]| rows.iter().map(|row| row[0].as_i64().unwrap()).collect::<Vec<_>>();
    // Closed 148 days ago, three hours into the day: still listed, as a break.
    let closed = NOW_MS - 148 * DAY_MS + 3 * 3_600_000;
    let listed = venue.public("/api/v3/exchangeInfo?symbol=MITHUSDT").json();
    assert_eq!(listed["symbols"][0]["status"], "BREAK");
    for (interval, length) in [("1m", 60_000), ("1h", 3_600_000)] {
        assert_eq!(opens(&ask(&format!("symbol=MITHUSDT&interval={interval}&limit=1"))), [closed - length]);
        assert_eq!(
            ask(&format!("symbol=MITHUSDT&interval={interval}&startTime={closed}")),
            Vec::<Value>::new()
        );
    }
    let last_day = &ask("symbol=MITHUSDT&interval=1d&limit=1")[0];
    let last_minute = &ask("symbol=MITHUSDT&interval=1m&limit=1")[0];
    assert_eq!((last_day[0].as_i64(), &last_day[4]), (Some(NOW_MS - 148 * DAY_MS), &last_minute[4]));
    assert_eq!(last_day[6], NOW_MS - 147 * DAY_MS - 1, "it ends with the day all the same");
    assert_eq!(venue.public("/api/v3/ticker/price?symbol=MITHUSDT").json()["price"], last_minute[4]);

    // A thousand rows are a thousand candles, however many days they span.
    let days = opens(&ask("symbol=FIROUSDT&interval=1d&limit=400"));
    assert_eq!(days.len(), 400);
    let missing: Vec<i64> =
        (1..400).map(|day| days[0] + day * DAY_MS).filter(|day| !days.contains(day)).collect();
    assert!((15..60).contains(&missing.len()), "{}", missing.len());
    for day in &missing[..3] {
        for interval in ["1m", "1h", "1d"] {
            let within =
                format!("symbol=FIROUSDT&interval={interval}&startTime={day}&endTime={}", day + DAY_MS - 1);
            assert_eq!(ask(&within), Vec::<Value>::new());
        }
        let both = format!("symbol=FIROBTC&interval=1d&startTime={day}&limit=1");
        assert_eq!(opens(&ask(&both)), [*day], "its other market trades");
    }
}

#[test]
fn a_reply_with_a_price_agrees_with_the_candles() {
    let venue = Venue::still(&[]);
    let candle = &venue.public("/api/v3/klines?symbol=BNBBTC&interval=1m&limit=1").json()[0];
    assert_eq!(venue.public("/api/v3/ticker/price?symbol=BNBBTC").json()["price"], candle[4]);
    assert_eq!(venue.public("/api/v3/ticker/24hr?symbol=BNBBTC").json()["lastPrice"], candle[4]);
    let all = venue.public("/api/v3/ticker/price").json();
    assert!(all.as_array().unwrap().iter().any(|row| row["symbol"] == "BNBBTC" && row["price"] == candle[4]));
}

#[test]
fn what_does_not_exist_is_not_there() {
    let venue = Venue::still(&[]);
    assert_eq!(venue.public("/api/v3/nothing").status, 404);
    assert_eq!(venue.public("/sapi/v1/nothing").status, 404);
    assert_eq!(venue.send("POST", "/api/v3/time", &[], "").status, 405);
    assert_eq!(venue.public("/simulator/nothing").status, 404);
}
