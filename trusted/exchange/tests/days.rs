//! Prices at the midnights that end days, and what they cost (METRICS.md section 2.7).
#![cfg(test)]

mod desk;

use desk::{DAY_MS, Desk, KLINES, NOW_MS, connector, wanted};
use exchange::{ExchangeConnector, Finding, PriceAt, PriceWanted, Task};
use ledger::{Asset, Day, Interval, Price, PriceSource, Timestamp, Wanted};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const MARKETS: [[&str; 3]; 7] = [
    ["BNBUSDT", "BNB", "USDT"],
    ["BTCUSDT", "BTC", "USDT"],
    ["ETHUSDT", "ETH", "USDT"],
    ["THINUSDT", "THIN", "USDT"],
    ["THINBTC", "THIN", "BTC"],
    ["THINETH", "THIN", "ETH"],
    ["USDTEUR", "USDT", "EUR"],
];

type Told = BTreeMap<PriceWanted, Option<(Price, PriceSource)>>;

/// Some hours into a day, whose end is far, and the one before is over for long.
fn venue() -> Desk {
    let mut desk = Desk::new(&MARKETS);
    desk.now_ms = NOW_MS + DAY_MS / 4;
    desk
}

/// The day that lies so many days before the one that is not over.
fn day(before: i32) -> Day {
    Day::from_number(Day::of(Timestamp::from_millis(NOW_MS)).number() - before)
}

fn put(desk: &mut Desk, symbol: &str, day: Day, close: &str) {
    let key = (symbol.to_owned(), "1d".to_owned());
    desk.candles.entry(key).or_default().insert(day.start().millis(), close.to_owned());
}

fn days(asset: &str, quote: &str, from: Day, to: Day) -> Vec<PriceWanted> {
    PriceWanted::of_record(&Wanted::Days { asset: Asset::from(asset), from, to }, &Asset::from(quote))
}

fn ask(desk: &mut Desk, connector: &mut dyn ExchangeConnector, wanted: Vec<PriceWanted>) -> Told {
    let found = desk.converse(connector, Task::Price(wanted)).unwrap();
    let prices = found.into_iter().filter_map(|finding| match finding {
        Finding::Price(wanted, price) => Some((wanted, price)),
        _ => None,
    });
    prices.collect()
}

/// The price of an asset at the end of a day, with the pairs that it came by.
fn told_on(told: &Told, asset: &str, quote: &str, day: Day) -> Option<(String, String)> {
    let wanted =
        PriceWanted { asset: Asset::from(asset), quote: Asset::from(quote), at: PriceAt::EndOf(day) };
    told[&wanted].clone().map(|(price, source)| {
        assert_eq!(source.interval, Interval::Day);
        (price.to_string(), source.path.join(" "))
    })
}

fn some(price: &str, path: &str) -> Option<(String, String)> {
    Some((price.to_owned(), path.to_owned()))
}

#[test]
fn a_year_of_an_asset_is_one_request() {
    let mut desk = venue();
    for before in 1..=365 {
        put(&mut desk, "BNBUSDT", day(before), &before.to_string());
    }
    let (all, mut connector) = (days("BNB", "USDT", day(365), day(1)), connector());
    let told = ask(&mut desk, connector.as_mut(), all.clone());
    assert_eq!(told.len(), 365);
    for before in 1..=365 {
        assert_eq!(told_on(&told, "BNB", "USDT", day(before)), some(&before.to_string(), "BNBUSDT"));
    }
    let asked = desk.asked(KLINES);
    assert_eq!(asked.len(), 1);
    assert_eq!((asked[0].number("limit"), asked[0].weight), (Some(365), 2));
    assert_eq!(
        (asked[0].params["interval"].as_str(), asked[0].number("startTime")),
        ("1d", Some(day(365).start().millis()))
    );

    // What is known is not asked for again, in whatever range it is wanted; one day more is one request more.
    assert_eq!(ask(&mut desk, connector.as_mut(), days("BNB", "USDT", day(100), day(50))).len(), 51);
    assert_eq!(desk.asked(KLINES).len(), 1);
    assert_eq!(ask(&mut desk, connector.as_mut(), days("BNB", "USDT", day(366), day(1))).len(), 366);
    let asked = desk.asked(KLINES);
    assert_eq!((asked.len(), asked[1].number("limit")), (2, Some(1)));
}

#[test]
fn five_years_of_an_asset_are_two_requests() {
    let mut desk = venue();
    assert_eq!(ask(&mut desk, connector().as_mut(), days("BNB", "USDT", day(2000), day(1))).len(), 2000);
    // The asset has no other pair: two requests, and every day is known to have no price.
    assert_eq!(desk.asked(KLINES).len(), 2);
}

#[test]
fn a_day_goes_by_the_pair_else_its_inverse_else_through_a_bridge() {
    let mut desk = venue();
    for (symbol, close) in [("BTCUSDT", "50000"), ("ETHUSDT", "4000"), ("USDTEUR", "0.8"), ("BNBUSDT", "600")]
    {
        put(&mut desk, symbol, day(9), close);
    }
    put(&mut desk, "THINBTC", day(9), "0.0002");
    put(&mut desk, "THINETH", day(9), "0.003");
    let wanted = [
        ("BNB", "USDT"),
        ("EUR", "USDT"),
        ("THIN", "USDT"),
        ("BNB", "EUR"),
        ("USDT", "USDT"),
        ("GIFT", "USDT"),
    ];
    let all = wanted.iter().flat_map(|(asset, quote)| days(asset, quote, day(9), day(9))).collect();
    let told = ask(&mut desk, connector().as_mut(), all);
    assert_eq!(told_on(&told, "BNB", "USDT", day(9)), some("600", "BNBUSDT"));
    assert_eq!(told_on(&told, "EUR", "USDT", day(9)), some("1.25", "1/USDTEUR"));
    assert_eq!(told_on(&told, "THIN", "USDT", day(9)), some("10", "THINBTC BTCUSDT"), "BTC before ETH");
    assert_eq!(told_on(&told, "BNB", "EUR", day(9)), some("480", "BNBUSDT USDTEUR"));
    assert_eq!(told_on(&told, "USDT", "USDT", day(9)), some("1", ""));
    assert_eq!(told_on(&told, "GIFT", "USDT", day(9)), None, "no market at all");
}

#[test]
fn a_day_without_a_candle_goes_the_next_way_and_the_days_around_it_do_not() {
    let mut desk = venue();
    for before in [9, 8, 6, 5] {
        put(&mut desk, "THINUSDT", day(before), "7");
    }
    // The hour and the minute before midnight are no candles of a day.
    for interval in ["1m", "1h"] {
        let key = ("THINUSDT".to_owned(), interval.to_owned());
        let open_ms = day(7).end().millis() - if interval == "1m" { 60_000 } else { 3_600_000 };
        desk.candles.entry(key).or_default().insert(open_ms, "6".to_owned());
    }
    put(&mut desk, "THINBTC", day(7), "0.0002");
    put(&mut desk, "BTCUSDT", day(7), "50000");
    let told = ask(&mut desk, connector().as_mut(), days("THIN", "USDT", day(9), day(4)));
    for before in [9, 8, 6, 5] {
        assert_eq!(told_on(&told, "THIN", "USDT", day(before)), some("7", "THINUSDT"));
    }
    assert_eq!(told_on(&told, "THIN", "USDT", day(7)), some("10", "THINBTC BTCUSDT"));
    assert_eq!(told_on(&told, "THIN", "USDT", day(4)), None);
    let asked: Vec<(&str, Option<i64>)> = desk
        .asked(KLINES)
        .iter()
        .map(|asked| (asked.params["symbol"].as_str(), asked.number("limit")))
        .collect();
    // The whole range directly; then what is missing of it.
    assert_eq!(asked[0], ("THINUSDT", Some(6)));
    assert!(asked[1..].iter().all(|(_, limit)| limit.is_some_and(|limit| limit <= 4)), "{asked:?}");
}

#[test]
fn what_was_delisted_keeps_its_old_candles() {
    let mut desk = venue();
    desk.status.insert("BNBUSDT".to_owned(), "BREAK");
    for before in 100..=200 {
        put(&mut desk, "BNBUSDT", day(before), "3");
    }
    let told = ask(&mut desk, connector().as_mut(), days("BNB", "USDT", day(200), day(1)));
    let priced = told.values().filter(|price| price.is_some()).count();
    assert_eq!((priced, told.len()), (101, 200));
    assert_eq!(told_on(&told, "BNB", "USDT", day(100)), some("3", "BNBUSDT"));
    assert_eq!(told_on(&told, "BNB", "USDT", day(99)), None);
    assert_eq!(desk.asked(KLINES).len(), 1);
}

#[test]
fn a_day_that_is_not_over_is_not_told() {
    let mut desk = venue();
    put(&mut desk, "BNBUSDT", day(0), "5");
    put(&mut desk, "BNBUSDT", day(1), "4");
    let mut all = days("BNB", "USDT", day(1), day(0));
    all.extend(days("GIFT", "USDT", day(0), day(0)));
    let mut connector = connector();
    let end_ms = day(0).end().millis();
    for (now_ms, told) in [(NOW_MS, 1), (end_ms - 1, 1), (end_ms, 3)] {
        desk.now_ms = now_ms;
        assert_eq!(ask(&mut desk, connector.as_mut(), all.clone()).len(), told, "at {now_ms}");
    }
    assert_eq!(desk.asked(KLINES).len(), 2, "a day that is not over is not asked for");

    // A candle that is missing may only be late.
    let (late, day) = (days("BNB", "USDT", day(-1), day(-1)), day(-1));
    desk.now_ms = day.end().millis() + 1;
    assert_eq!(ask(&mut desk, connector.as_mut(), late.clone()), Told::new());
    put(&mut desk, "BNBUSDT", day, "6");
    let told = ask(&mut desk, connector.as_mut(), late);
    assert_eq!(told_on(&told, "BNB", "USDT", day), some("6", "BNBUSDT"));
}

#[test]
fn what_nobody_trades_any_more_keeps_nothing_waiting() {
    let mut desk = venue();
    let minute_ms = |before: i64| NOW_MS + DAY_MS / 4 - before * 60_000;
    // BNB was delisted an hour ago; THIN has no trade today but by another way; BTC trades.
    for (symbol, interval, open_ms) in [
        ("BNBUSDT", "1m", minute_ms(70)),
        ("BNBUSDT", "1h", NOW_MS),
        ("BNBUSDT", "1d", NOW_MS),
        ("THINBTC", "1m", minute_ms(1)),
        ("BTCUSDT", "1m", minute_ms(1)),
        ("ETHUSDT", "1m", minute_ms(2)),
    ] {
        let key = (symbol.to_owned(), interval.to_owned());
        desk.candles.entry(key).or_default().insert(open_ms, "2".to_owned());
    }
    let at = Timestamp::from_millis(minute_ms(1));
    let all = ["BNB", "THIN", "BTC", "ETH"].map(|asset| {
        PriceWanted::of_record(&Wanted::At { asset: Asset::from(asset), at }, &Asset::from("USDT")).remove(0)
    });
    let told = ask(&mut desk, connector().as_mut(), all.to_vec());
    let price =
        |at: usize| told.get(&all[at]).map(|price| price.as_ref().map(|(price, _)| price.to_string()));
    assert_eq!(price(0), Some(None), "the running hour and day have no close");
    assert_eq!(price(1), Some(Some("4".to_owned())));
    assert_eq!(price(2), Some(Some("2".to_owned())));
    assert_eq!(price(3), None, "it traded a minute before: its candle may only be late");
    // What has one price for all waits for the hour to be over, then for the day.
    let waits = ["BNB", "THIN"].map(|asset| wanted(asset, "USDT", minute_ms(1)));
    assert_eq!(ask(&mut desk, connector().as_mut(), waits.to_vec()), Told::new());
    // Nor does it right after the midnight that ends a day.
    desk.now_ms = day(0).end().millis() + 1000;
    put(&mut desk, "BTCUSDT", day(1), "3");
    let mut days_of = days("ETH", "USDT", day(0), day(0));
    days_of.extend(days("BTC", "USDT", day(0), day(0)));
    let told = ask(&mut desk, connector().as_mut(), days_of.clone());
    assert_eq!((told.get(&days_of[0]), told.get(&days_of[1])), (Some(&None), None));
}

#[test]
fn days_and_minutes_are_told_in_one_task_and_a_day_makes_no_fill_wait() {
    let mut desk = desk::trader::trader(0, 0);
    let hour_ms = 3_600_000;
    desk.fills = [1, 5]
        .map(|hour| {
            desk::fill("BTCUSDT", 100 + hour, NOW_MS + hour_ms * i64::try_from(hour).unwrap(), "1", "2")
        })
        .to_vec();
    desk::trader::settle(&mut desk);
    desk.now_ms += 6 * hour_ms;
    let minute = wanted("BTC", "USDT", NOW_MS + hour_ms);
    let key = ("BTCUSDT".to_owned(), "1m".to_owned());
    desk.candles.entry(key).or_default().insert(NOW_MS + hour_ms, "2".to_owned());
    put(&mut desk, "BTCUSDT", day(3), "1");
    let mut all = days("BTC", "USDT", day(3), day(0));
    all.push(minute.clone());
    let mut connector = connector();
    let rounds = [(); 3].map(|()| {
        let fills = desk::trader::fills(&desk.collect(connector.as_mut())).len();
        let told = ask(&mut desk, connector.as_mut(), all.clone());
        assert_eq!(told[&minute].as_ref().unwrap().0.to_string(), "2");
        assert_eq!(told.len(), 4, "two of the days have no candle, one is not over");
        desk.now_ms += 60_000;
        fills
    });
    // What a first round tells is told once more, and then only what may have been listed late.
    assert_eq!(rounds, [2, 2, 1]);
}

#[test]
fn what_one_task_still_owes_another_does_not_forget() {
    let mut desk = desk::trader::trader(0, 0);
    desk.fills = vec![
        desk::fill("BTCUSDT", 100, NOW_MS - 1000, "1", "2"),
        desk::fill("BTCUSDT", 101, NOW_MS - 10, "1", "2"),
    ];
    desk::trader::settle(&mut desk);
    let mut connector = connector();
    assert_eq!(desk::trader::fills(&desk.collect(connector.as_mut())).len(), 2);
    // The minute of the fills is not over; whatever else is asked for meanwhile, they come again.
    assert_eq!(ask(&mut desk, connector.as_mut(), vec![wanted("BNB", "USDT", NOW_MS - 1000)]), Told::new());
    ask(&mut desk, connector.as_mut(), days("BNB", "USDT", day(3), day(1)));
    desk.now_ms += 3 * 3_600_000;
    assert_eq!(desk::trader::fills(&desk.collect(connector.as_mut())).len(), 2);
}

/// The section's rule, day by day and way by way.
fn obvious(candles: &BTreeMap<(usize, i32), u32>, asset: &str, day: i32) -> Option<String> {
    let close = |symbol: &str| {
        let market = MARKETS.iter().position(|[known, ..]| *known == symbol)?;
        candles.get(&(market, day)).map(|close| f64::from(*close))
    };
    let ways: &[&[&str]] = match asset {
        "THIN" => &[&["THINUSDT"], &["THINBTC", "BTCUSDT"], &["THINETH", "ETHUSDT"]],
        "BTC" => &[&["BTCUSDT"]],
        _ => &[],
    };
    ways.iter()
        .find_map(|way| way.iter().map(|symbol| close(symbol)).product::<Option<f64>>())
        .map(|price| price.to_string())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_day_equals_an_obvious_search_and_no_candle_is_asked_for_twice(
        candles in prop::collection::btree_map((0_usize..6, 1_i32..60), 1_u32..1000, 0..150),
        ranges in prop::collection::vec((0_usize..3, 1_i32..60, 0_i32..60), 1..12),
    ) {
        let mut desk = venue();
        for ((market, before), close) in &candles {
            put(&mut desk, MARKETS[*market][0], day(*before), &close.to_string());
        }
        let mut connector = connector();
        for (asset, to, length) in ranges {
            let asset = ["THIN", "BTC", "GIFT"][asset];
            let told = ask(&mut desk, connector.as_mut(), days(asset, "USDT", day(to + length), day(to)));
            prop_assert_eq!(i32::try_from(told.len()).unwrap(), length + 1);
            for before in to..=to + length {
                let price = told_on(&told, asset, "USDT", day(before)).map(|(price, _)| price);
                prop_assert_eq!(price, obvious(&candles, asset, before), "{} {}", asset, before);
            }
        }
        // Spans may overlap where what was known lies between; their first candle is always a new one.
        let mut seen = BTreeSet::new();
        for asked in desk.asked(KLINES) {
            prop_assert_eq!(asked.params["interval"].as_str(), "1d");
            prop_assert!(seen.insert((asked.params["symbol"].clone(), asked.number("startTime"))), "asked twice");
        }
    }
}
