//! Prices from candles (METRICS.md section 2.7), against an obvious search through the same candles.
#![cfg(test)]

mod desk;

use desk::{DAY_MS, Desk, NOW_MS, connector, wanted};
use exchange::{ExchangeConnector, Finding, PriceAt, PriceWanted, Task};
use ledger::{Decimal, Price, PriceSource};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;
const MARKETS: [[&str; 3]; 5] = [
    ["BNBUSDT", "BNB", "USDT"],
    ["BTCUSDT", "BTC", "USDT"],
    ["ETHBTC", "ETH", "BTC"],
    ["XYZETH", "XYZ", "ETH"],
    ["BTCEUR", "BTC", "EUR"],
];

type Told = BTreeMap<PriceWanted, Option<(Price, PriceSource)>>;

fn put(desk: &mut Desk, symbol: &str, interval: &str, open_ms: i64, close: &str) {
    let key = (symbol.to_owned(), interval.to_owned());
    desk.candles.entry(key).or_default().insert(open_ms, close.to_owned());
}

fn ask(desk: &mut Desk, connector: &mut dyn ExchangeConnector, wanted: Vec<PriceWanted>) -> Told {
    let found = desk.converse(connector, Task::Price(wanted)).unwrap();
    let prices = found.into_iter().filter_map(|finding| match finding {
        Finding::Price(wanted, price) => Some((wanted, price)),
        _ => None,
    });
    prices.collect()
}

fn check(told: &Told, wanted: &PriceWanted, price: &str, path: &[&str], interval: &str) {
    let (got, source) = told[wanted].clone().expect("a price");
    assert_eq!(got.to_string(), price, "{wanted:?}");
    assert_eq!(
        (source.path, source.interval.as_str()),
        (path.iter().map(|&step| step.to_owned()).collect(), interval)
    );
}

#[test]
fn a_dollar_that_no_market_trades_is_at_par_with_its_stablecoins_and_says_so() {
    let mut desk = Desk::new(&MARKETS);
    let question = |asset: &str, quote: &str| wanted(asset, quote, NOW_MS - DAY_MS);
    let questions: Vec<_> = [("USD", "USDT"), ("USD", "USDC"), ("USD", "BTC"), ("AUD", "USDT")]
        .map(|(a, b)| question(a, b))
        .into();
    let told = ask(&mut desk, connector().as_mut(), questions);
    check(&told, &question("USD", "USDT"), "1", &[exchange::AT_PAR], "1m");
    check(&told, &question("USD", "USDC"), "1", &[exchange::AT_PAR], "1m");
    assert_eq!((&told[&question("USD", "BTC")], &told[&question("AUD", "USDT")]), (&None, &None));
    // Where one trades it, its price counts.
    let mut desk = Desk::new(&[["USDTUSD", "USDT", "USD"]]);
    put(&mut desk, "USDTUSD", "1m", NOW_MS - DAY_MS, "0.8");
    let told = ask(&mut desk, connector().as_mut(), vec![question("USD", "USDT")]);
    check(&told, &question("USD", "USDT"), "1.25", &["1/USDTUSD"], "1m");
}

#[test]
fn the_direct_pair_else_the_inverse_else_through_a_bridge() {
    let mut desk = Desk::new(&MARKETS);
    let at_ms = NOW_MS - DAY_MS;
    for (symbol, close) in [
        ("BNBUSDT", "600"),
        ("BTCUSDT", "90000"),
        ("ETHBTC", "0.03"),
        ("XYZETH", "0.0001"),
        ("BTCEUR", "80000"),
    ] {
        put(&mut desk, symbol, "1m", at_ms, close);
    }
    let question = |asset: &str, quote: &str| wanted(asset, quote, at_ms);
    let pairs = [
        ("BNB", "USDT"),
        ("USDT", "BNB"),
        ("ETH", "USDT"),
        ("BNB", "BTC"),
        ("XYZ", "BTC"),
        ("EUR", "USDT"),
        ("XYZ", "EUR"),
        ("BNB", "BNB"),
    ];
    let all: Vec<PriceWanted> = pairs.iter().map(|(asset, quote)| question(asset, quote)).collect();
    let told = ask(&mut desk, connector().as_mut(), all.clone());
    check(&told, &all[0], "600", &["BNBUSDT"], "1m");
    // 28 digits, half-even: 1/600.
    check(&told, &all[1], "0.001666666666666666666666666667", &["1/BNBUSDT"], "1m");
    check(&told, &all[2], "2700", &["ETHBTC", "BTCUSDT"], "1m");
    // 1/90000 to 28 digits, times 600.
    check(&told, &all[3], "0.006666666666666666666666666666", &["BNBUSDT", "1/BTCUSDT"], "1m");
    check(&told, &all[4], "0.000003", &["XYZETH", "ETHBTC"], "1m");
    check(&told, &all[5], "1.125", &["1/BTCEUR", "BTCUSDT"], "1m");
    assert_eq!(told[&all[6]], None, "two bridges are one too many");
    check(&told, &all[7], "1", &[], "1m");
}

#[test]
fn a_price_has_twenty_eight_digits() {
    let mut desk = Desk::new(&MARKETS);
    let question = wanted("BNB", "BTC", NOW_MS - DAY_MS);
    put(&mut desk, "BNBUSDT", "1m", NOW_MS - DAY_MS, "613.37");
    put(&mut desk, "BTCUSDT", "1m", NOW_MS - DAY_MS, "90007");
    let told = ask(&mut desk, connector().as_mut(), vec![question.clone()]);
    // Python: getcontext().prec = 28; 1 / Decimal(90007) * Decimal('613.37')
    check(&told, &question, "0.006814692190607397202439810234", &["BNBUSDT", "1/BTCUSDT"], "1m");
}

#[test]
fn a_request_has_a_thousand_candles_at_most() {
    for (minutes, requests) in [(999, 1), (1000, 2)] {
        let mut desk = Desk::new(&MARKETS);
        let first_ms = NOW_MS - 10 * DAY_MS;
        let both = [first_ms, first_ms + minutes * MINUTE_MS];
        both.iter().for_each(|at_ms| put(&mut desk, "BNBUSDT", "1m", *at_ms, "5"));
        let told =
            ask(&mut desk, connector().as_mut(), both.map(|at_ms| wanted("BNB", "USDT", at_ms)).to_vec());
        assert_eq!((told.len(), desk.asked(desk::KLINES).len()), (2, requests), "{minutes} minutes apart");
    }
}

#[test]
fn the_minute_else_the_hour_else_the_day() {
    let mut desk = Desk::new(&MARKETS);
    let day_ms = NOW_MS - 3 * DAY_MS;
    put(&mut desk, "BNBUSDT", "1d", day_ms, "3");
    put(&mut desk, "BNBUSDT", "1h", day_ms + HOUR_MS, "2");
    put(&mut desk, "BNBUSDT", "1m", day_ms + HOUR_MS + MINUTE_MS, "1");
    let at = |offset_ms| wanted("BNB", "USDT", day_ms + offset_ms);
    let all = vec![at(HOUR_MS + MINUTE_MS), at(HOUR_MS + 2 * MINUTE_MS - 1), at(HOUR_MS), at(0), at(-1)];
    let told = ask(&mut desk, connector().as_mut(), all.clone());
    check(&told, &all[0], "1", &["BNBUSDT"], "1m");
    check(&told, &all[1], "1", &["BNBUSDT"], "1m");
    check(&told, &all[2], "2", &["BNBUSDT"], "1h");
    check(&told, &all[3], "3", &["BNBUSDT"], "1d");
    assert_eq!(told[&all[4]], None);
}

#[test]
fn a_candle_that_is_not_closed_gives_nothing_yet() {
    let mut desk = Desk::new(&MARKETS);
    let minute_ms = NOW_MS;
    put(&mut desk, "BNBUSDT", "1m", minute_ms, "7");
    let (question, mut connector) = (wanted("BNB", "USDT", minute_ms), connector());
    for (passed_ms, told) in [(0, false), (59_999, false), (60_000, true)] {
        desk.now_ms = minute_ms + passed_ms;
        assert_eq!(
            ask(&mut desk, connector.as_mut(), vec![question.clone()]).contains_key(&question),
            told,
            "{passed_ms}"
        );
    }
    assert_eq!(desk.asked(desk::KLINES).len(), 1, "an open candle is not asked for");

    // One that is missing may only be late: the hour must not stand for it yet.
    let question = wanted("BNB", "USDT", minute_ms + 60_000);
    desk.now_ms = minute_ms + 121_000;
    assert_eq!(ask(&mut desk, connector.as_mut(), vec![question.clone()]), Told::new());
    put(&mut desk, "BNBUSDT", "1m", minute_ms + 60_000, "8");
    check(&ask(&mut desk, connector.as_mut(), vec![question.clone()]), &question, "8", &["BNBUSDT"], "1m");
}

#[test]
fn a_candle_is_asked_for_once_and_spans_share_a_request() {
    let mut desk = Desk::new(&MARKETS);
    let first_ms = NOW_MS - 40 * DAY_MS;
    // Each third minute of some days, with a week of nothing in between.
    let minutes =
        (0..1500).map(|number| first_ms + number * 3 * MINUTE_MS + if number < 700 { 0 } else { 7 * DAY_MS });
    let minutes: Vec<i64> = minutes.collect();
    for at_ms in &minutes {
        put(&mut desk, "BNBUSDT", "1m", *at_ms, "5");
    }
    let all: Vec<_> = minutes
        .iter()
        .flat_map(|at_ms| [wanted("BNB", "USDT", *at_ms), wanted("BNB", "USDT", at_ms + 59_000)])
        .collect();
    let mut connector = connector();
    assert_eq!(ask(&mut desk, connector.as_mut(), all.clone()).len(), 3000);
    let requests = desk.asked(desk::KLINES);
    assert_eq!(requests.len(), 3 + 3, "2100 and 2400 minutes, a thousand each");
    let span = |asked: &&desk::Asked| {
        (asked.number("endTime").unwrap() - asked.number("startTime").unwrap()) / MINUTE_MS + 1
    };
    assert!(requests.iter().all(|asked| span(asked) <= 1000 && asked.number("limit") == Some(span(asked))));
    // What was told once is known.
    desk.log.clear();
    assert_eq!(ask(&mut desk, connector.as_mut(), all).len(), 3000);
    assert_eq!(desk.asked(desk::KLINES).len(), 0);
}

#[test]
fn rows_twice_in_another_order_or_not_asked_for_change_nothing() {
    let mut desk = Desk::new(&MARKETS);
    let first_ms = NOW_MS - DAY_MS;
    for number in 0..50 {
        put(&mut desk, "BNBUSDT", "1m", first_ms + number * MINUTE_MS, &(number + 1).to_string());
    }
    desk.mangle = Box::new(move |_, rows| {
        rows.reverse();
        rows.extend_from_within(..rows.len() / 2);
        let other_ms = first_ms - 10 * DAY_MS;
        rows.push(serde_json::json!([other_ms, "1", "1", "1", "99", "1", other_ms + MINUTE_MS - 1]));
    });
    let all: Vec<_> =
        (0..50).step_by(7).map(|number| wanted("BNB", "USDT", first_ms + number * MINUTE_MS)).collect();
    let told = ask(&mut desk, connector().as_mut(), all.clone());
    for (question, number) in all.iter().zip((0..50).step_by(7)) {
        check(&told, question, &(number + 1).to_string(), &["BNBUSDT"], "1m");
    }
}

#[test]
fn a_symbol_that_the_venue_refuses_has_no_candles() {
    let mut desk = Desk::new(&MARKETS);
    desk.fixed.insert(desk::KLINES, (400, r#"{"code":-1121,"msg":"Invalid symbol."}"#.to_owned()));
    let question = wanted("BNB", "USDT", NOW_MS - DAY_MS);
    assert_eq!(ask(&mut desk, connector().as_mut(), vec![question.clone()]), [(question, None)].into());
}

/// The section's rule, word by word.
fn obvious(desk: &Desk, question: &PriceWanted) -> Option<Decimal> {
    let close = |symbol: &str| {
        [("1m", MINUTE_MS), ("1h", HOUR_MS), ("1d", DAY_MS)].into_iter().find_map(|(interval, length_ms)| {
            let PriceAt::Instant(at) = question.at else { panic!("an instant") };
            let open_ms = at.millis() - at.millis() % length_ms;
            let text = desk.candles.get(&(symbol.to_owned(), interval.to_owned()))?.get(&open_ms)?;
            Some(text.parse::<Decimal>().unwrap())
        })
    };
    let pair = |from: &str, to: &str| {
        desk.markets.iter().find_map(|[symbol, base, quote]| {
            match (base == from && quote == to, base == to && quote == from) {
                (true, _) => Some(close(symbol)),
                (_, true) => {
                    Some(close(symbol).map(|close| Decimal::ONE.checked_div(close).unwrap().rounded(32)))
                }
                _ => None,
            }
        })?
    };
    let (asset, quote) = (question.asset.as_str(), question.quote.as_str());
    let through = |bridge: &str| pair(asset, bridge)?.checked_mul(pair(bridge, quote)?).ok();
    pair(asset, quote).or_else(|| through("USDT")).or_else(|| through("BTC")).or_else(|| through("ETH"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn prices_equal_an_obvious_search(
        candles in prop::collection::vec((0_usize..5, 0_usize..3, 0_i64..4000, 1_u32..100_000), 0..400),
        questions in prop::collection::vec((0_usize..6, 0_usize..6, 0_i64..4000), 1..60),
    ) {
        let mut desk = Desk::new(&MARKETS);
        let first_ms = NOW_MS - 10 * DAY_MS;
        for (market, interval, minute, close) in candles {
            let (name, length_ms) = [("1m", MINUTE_MS), ("1h", HOUR_MS), ("1d", DAY_MS)][interval];
            let at_ms = first_ms + minute * MINUTE_MS;
            put(&mut desk, MARKETS[market][0], name, at_ms - at_ms % length_ms, &format!("0.{close:05}1"));
        }
        let assets = ["BNB", "USDT", "BTC", "ETH", "XYZ", "EUR"];
        let all: BTreeSet<PriceWanted> = questions.into_iter().filter(|(asset, quote, _)| asset != quote)
            .map(|(asset, quote, minute)| wanted(assets[asset], assets[quote], first_ms + minute * MINUTE_MS)).collect();
        let told = ask(&mut desk, connector().as_mut(), all.iter().cloned().collect());
        prop_assert_eq!(told.len(), all.len());
        for question in &all {
            match (told[question].as_ref().map(|(price, _)| price.0), obvious(&desk, question)) {
                (Some(ours), Some(theirs)) => {
                    // Each of up to three roundings to 28 digits is off by at most 5e-28.
                    let error = ours.checked_sub(theirs).unwrap().abs();
                    let limit = theirs.rounded(36).checked_mul("2e-27".parse().unwrap()).unwrap();
                    prop_assert!(error <= limit, "{:?}: {} {}", question, ours, theirs);
                }
                (ours, theirs) => prop_assert_eq!(ours, theirs, "{:?}", question),
            }
        }
        let mut seen = BTreeSet::new();
        for asked in desk.asked(desk::KLINES) {
            let text = |name: &str| asked.params[name].clone();
            let key = (text("symbol"), text("interval"), asked.number("startTime").unwrap());
            prop_assert!(seen.insert(key), "asked twice");
        }
    }
}
