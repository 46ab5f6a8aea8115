//! The invented world: what it must hold, and that it adds up, from its truth and by plain arithmetic.
#![cfg(test)]

mod venue;

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use venue::{DAY_MS, NOW_MS, Venue};

/// Hundred-millionths of a decimal string.
fn units(value: &Value) -> i128 {
    let text = value.as_str().unwrap_or_else(|| panic!("no text: {value}"));
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    assert!(part.len() <= 8, "{text}");
    format!("{whole}{part:0<8}").parse().unwrap()
}

/// Milliseconds of `2026-11-22 07:12:03`, by counting.
fn instant(text: &str) -> i64 {
    let numbers: Vec<i64> =
        text.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse().unwrap()).collect();
    let leap = |year: i64| i64::from(year % 4 == 0 && (year % 100 != 0 || year % 400 == 0));
    let mut days: i64 = (1970..numbers[0]).map(|year| 365 + leap(year)).sum();
    let months = [31, 28 + leap(numbers[0]), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    days += months.iter().take(usize::try_from(numbers[1] - 1).unwrap()).sum::<i64>() + numbers[2] - 1;
    ((days * 24 + numbers[3]) * 60 + numbers[4]) * 60_000 + numbers[5] * 1000
}

fn rows<'a>(truth: &'a Value, name: &str) -> &'a Vec<Value> {
    truth[name].as_array().unwrap()
}

fn text<'a>(row: &'a Value, field: &str) -> &'a str {
    row[field].as_str().unwrap()
}

/// Everything that changed a balance: when, which coin, by how much.
fn changes(truth: &Value) -> Vec<(i64, String, i128)> {
    let mut all = Vec::new();
    let mut add = |time: i64, asset: &str, amount: i128| all.push((time, asset.to_owned(), amount));
    let markets: BTreeMap<&str, &Value> =
        rows(truth, "symbols").iter().map(|row| (text(row, "symbol"), row)).collect();
    for fill in rows(truth, "fills") {
        let (market, time) = (markets[text(fill, "symbol")], fill["time"].as_i64().unwrap());
        let sign = if fill["isBuyer"] == true { 1 } else { -1 };
        add(time, text(market, "baseAsset"), sign * units(&fill["qty"]));
        add(time, text(market, "quoteAsset"), -sign * units(&fill["quoteQty"]));
        add(time, text(fill, "commissionAsset"), -units(&fill["commission"]));
    }
    for deposit in rows(truth, "deposits").iter().filter(|row| row["status"] != 0) {
        add(deposit["insertTime"].as_i64().unwrap(), text(deposit, "coin"), units(&deposit["amount"]));
    }
    for withdrawal in rows(truth, "withdrawals").iter().filter(|row| row["status"] == 6) {
        let whole = units(&withdrawal["amount"]) + units(&withdrawal["transactionFee"]);
        add(instant(text(withdrawal, "applyTime")), text(withdrawal, "coin"), -whole);
    }
    for dust in rows(truth, "dust").iter().flat_map(|dust| rows(dust, "userAssetDribbletDetails")) {
        let time = dust["operateTime"].as_i64().unwrap();
        add(time, text(dust, "fromAsset"), -units(&dust["amount"]));
        add(time, "BNB", units(&dust["transferedAmount"]));
    }
    for convert in rows(truth, "converts").iter().filter(|row| row["orderStatus"] == "SUCCESS") {
        let time = convert["createTime"].as_i64().unwrap();
        add(time, text(convert, "fromAsset"), -units(&convert["fromAmount"]));
        add(time, text(convert, "toAsset"), units(&convert["toAmount"]));
    }
    for dividend in rows(truth, "dividends") {
        add(dividend["divTime"].as_i64().unwrap(), text(dividend, "asset"), units(&dividend["amount"]));
    }
    all.sort();
    all
}

/// Balances after all changes; none may be below zero at the end of any millisecond on the way.
fn balances(truth: &Value) -> BTreeMap<String, i128> {
    let mut balances: BTreeMap<String, i128> = BTreeMap::new();
    for at_once in changes(truth).chunk_by(|a, b| a.0 == b.0) {
        for (_, asset, amount) in at_once {
            *balances.entry(asset.clone()).or_default() += amount;
        }
        let negative = balances.iter().find(|(_, balance)| **balance < 0);
        assert_eq!(negative, None, "below zero at {}", at_once[0].0);
    }
    balances.retain(|_, balance| *balance != 0);
    balances
}

fn told_balances(rows: &[Value]) -> BTreeMap<String, i128> {
    let each =
        rows.iter().map(|row| (text(row, "asset").to_owned(), units(&row["free"]) + units(&row["locked"])));
    each.filter(|(_, balance)| *balance != 0).collect()
}

#[test]
fn balances_are_what_all_that_happened_adds_up_to() {
    for seed in ["1", "2", "77"] {
        let venue = Venue::start(&["--seed", seed, "--now", &NOW_MS.to_string()]);
        let truth = venue.truth();
        assert_eq!(balances(&truth), told_balances(rows(&truth, "balances")), "seed {seed}");
        let account = venue.signed("/api/v3/account", "").json();
        assert_eq!(balances(&truth), told_balances(rows(&account, "balances")), "seed {seed}");
    }
}

#[test]
fn the_demo_year_holds_what_a_collection_must_cope_with() {
    let venue = Venue::still(&[]);
    let truth = venue.truth();
    let (fills, opened) = (rows(&truth, "fills"), truth["account"]["opened"].as_i64().unwrap());
    assert!(fills.len() >= 20_000, "{}", fills.len());
    assert_eq!(venue.ready["fills"].as_u64(), u64::try_from(fills.len()).ok());
    let times = || fills.iter().map(|fill| fill["time"].as_i64().unwrap());
    assert!(times().all(|time| (opened..=NOW_MS - 120_000).contains(&time)));
    assert!(NOW_MS - times().min().unwrap() > 360 * DAY_MS && NOW_MS - times().max().unwrap() < DAY_MS);
    assert!(
        changes(&truth).iter().all(|(time, ..)| *time >= opened),
        "nothing before the account was opened"
    );

    let symbols: BTreeSet<&str> = fills.iter().map(|fill| text(fill, "symbol")).collect();
    assert!(symbols.len() >= 12, "{symbols:?}");
    for quote in ["USDT", "BTC", "ETH", "FDUSD"] {
        assert!(symbols.iter().any(|symbol| symbol.ends_with(quote)), "{quote}");
    }
    let market = |fill: &Value| {
        rows(&truth, "symbols").iter().find(|row| row["symbol"] == fill["symbol"]).unwrap().clone()
    };
    let fees = fills.iter().map(|fill| match text(fill, "commissionAsset") {
        asset if market(fill)["baseAsset"] == asset => "base",
        asset if market(fill)["quoteAsset"] == asset => "quote",
        other => other,
    });
    assert_eq!(fees.collect::<BTreeSet<_>>(), ["BNB", "base", "quote"].into());

    let mut orders: BTreeMap<(&str, u64), BTreeSet<i64>> = BTreeMap::new();
    let mut instants: BTreeMap<(&str, i64), BTreeSet<u64>> = BTreeMap::new();
    for fill in fills {
        let (symbol, time) = (text(fill, "symbol"), fill["time"].as_i64().unwrap());
        let order = fill["orderId"].as_u64().unwrap();
        orders.entry((symbol, order)).or_default().insert(time);
        instants.entry((symbol, time)).or_default().insert(order);
    }
    assert!(orders.values().filter(|times| times.len() > 1).count() > 100, "orders filled over time");
    assert!(fills.len() - instants.len() > 1000, "fills of one millisecond");
    assert!(instants.values().any(|orders| orders.len() > 1), "even of two orders");
    for side in [true, false] {
        assert!(fills.iter().filter(|fill| fill["isMaker"] == side).count() > 5000);
        assert!(fills.iter().filter(|fill| fill["isBuyer"] == side).count() > 5000);
    }
    for (name, least) in
        [("deposits", 10), ("withdrawals", 8), ("dust", 3), ("converts", 8), ("dividends", 40)]
    {
        assert!(rows(&truth, name).len() >= least, "{name}");
    }
}

#[test]
fn ids_grow_with_time_and_are_unique_in_their_market() {
    let truth = Venue::still(&[]).truth();
    let mut last: BTreeMap<&str, (i64, u64)> = BTreeMap::new();
    for fill in rows(&truth, "fills") {
        let this = (fill["time"].as_i64().unwrap(), fill["id"].as_u64().unwrap());
        let before = last.insert(text(fill, "symbol"), this).unwrap_or((0, 0));
        assert!(this.0 >= before.0 && this.1 > before.1, "{fill}");
    }
}

#[test]
fn what_the_wallet_tells_is_in_the_order_of_its_time() {
    let truth = Venue::still(&[]).truth();
    for (name, field) in [
        ("deposits", "insertTime"),
        ("dust", "operateTime"),
        ("converts", "createTime"),
        ("dividends", "divTime"),
    ] {
        assert!(rows(&truth, name).is_sorted_by_key(|row| row[field].as_i64()), "{name}");
    }
    assert!(rows(&truth, "withdrawals").is_sorted_by_key(|row| instant(text(row, "applyTime"))));
}

#[test]
fn most_but_not_all_that_is_sold_was_bought_here() {
    for seed in ["1", "2", "77"] {
        let truth = Venue::start(&["--seed", seed, "--now", &NOW_MS.to_string()]).truth();
        let (mut held, mut sold, mut unmatched): (BTreeMap<&str, i128>, f64, f64) = Default::default();
        for fill in rows(&truth, "fills").iter().filter(|fill| text(fill, "symbol").ends_with("USDT")) {
            let (held, quantity) = (held.entry(text(fill, "symbol")).or_default(), units(&fill["qty"]));
            if fill["isBuyer"] == true {
                *held += quantity;
                continue;
            }
            let value = |quantity: i128| quantity as f64 * text(fill, "price").parse::<f64>().unwrap();
            sold += value(quantity);
            unmatched += value((quantity - *held).max(0));
            *held = (*held - quantity).max(0);
        }
        assert!((0.000_1..0.02).contains(&(unmatched / sold)), "seed {seed}: {}", unmatched / sold);
    }
}

#[test]
fn fills_are_priced_within_their_minute_and_cost_price_times_quantity() {
    let venue = Venue::still(&[]);
    let truth = venue.truth();
    for fill in rows(&truth, "fills") {
        let exact = units(&fill["price"]) * units(&fill["qty"]);
        assert_eq!(exact, units(&fill["quoteQty"]) * 100_000_000, "{fill}");
    }
    let seldom = rows(&truth, "fills").iter().step_by(41);
    for (count, fill) in seldom.enumerate() {
        if count % 200 == 0 {
            venue.advance(60_000);
        }
        let time = fill["time"].as_i64().unwrap();
        let symbol = text(fill, "symbol").replace("币安人生", "%E5%B8%81%E5%AE%89%E4%BA%BA%E7%94%9F");
        let minute = time / 60_000 * 60_000;
        let candle = &venue
            .public(&format!("/api/v3/klines?symbol={symbol}&interval=1m&startTime={minute}&limit=1"))
            .json()[0];
        assert_eq!(candle[0], minute);
        let price = units(&fill["price"]);
        assert!((units(&candle[3])..=units(&candle[2])).contains(&price), "{fill} in {candle}");
        assert_eq!(
            truth["prices"][text(fill, "symbol")][minute.to_string()],
            candle[4],
            "the truth tells what candles tell"
        );
    }
}

#[test]
fn prices_are_told_for_every_minute_in_which_something_happened() {
    let truth = Venue::still(&[]).truth();
    let minutes: BTreeSet<String> =
        changes(&truth).iter().map(|(time, ..)| (time / 60_000 * 60_000).to_string()).collect();
    let prices = truth["prices"].as_object().unwrap();
    assert!(prices.len() >= 12);
    // Two markets closed on the way, one has days without a trade.
    let gaps = ["DOTBTC", "MITHUSDT", "FIROUSDT"];
    for (symbol, closes) in prices {
        let closes = closes.as_object().unwrap();
        let all = minutes.iter().all(|minute| closes.contains_key(minute));
        assert_eq!(all, !gaps.contains(&symbol.as_str()), "{symbol}");
        let newest = closes.contains_key(&(NOW_MS - 60_000).to_string());
        assert_eq!(newest, !gaps[..2].contains(&symbol.as_str()), "the last hour is told: {symbol}");
    }
    // Whatever was paid, got or given has a price in the reporting currency, but what no market trades.
    for asset in changes(&truth).into_iter().map(|(_, asset, _)| asset).filter(|asset| asset != "USDT") {
        assert_eq!(prices.contains_key(&format!("{asset}USDT")), asset != "GIFT", "{asset}");
    }
}

#[test]
fn the_year_holds_what_equity_must_cope_with() {
    for seed in ["1", "2", "77"] {
        let truth = Venue::start(&["--seed", seed, "--now", &NOW_MS.to_string()]).truth();
        let changes = changes(&truth);
        let balances = told_balances(rows(&truth, "balances"));
        for asset in ["GIFT", "MITH", "FIRO"] {
            assert!(balances[asset] > 0, "{asset}, seed {seed}");
        }
        let words: BTreeSet<&str> = rows(&truth, "dividends").iter().map(|row| text(row, "enInfo")).collect();
        assert_eq!(
            words,
            ["ETH 2.0 Staking", "Flexible", "HODLer Airdrops", "Launchpool distribution"].into()
        );
        for (name, settled) in [("deposits", [1, 6].as_slice()), ("withdrawals", &[6])] {
            let there =
                rows(&truth, name).iter().filter(|row| settled.iter().any(|status| row["status"] == *status));
            let transactions: BTreeSet<&str> = there.map(|row| text(row, "txId")).collect();
            assert!(transactions.len() >= 8 && !transactions.contains(""), "{name}, seed {seed}");
        }
        let large = |sign: i128| {
            changes.iter().any(|(time, asset, amount)| {
                let year = time - truth["account"]["opened"].as_i64().unwrap() > 100 * DAY_MS;
                year && asset == "USDT" && amount * sign >= 25_000 * 100_000_000
            })
        };
        assert!(large(1) && large(-1), "seed {seed}");
        let days = truth["days"].as_object().unwrap();
        let told = |symbol: &str| days[symbol].as_object().unwrap().len();
        assert_eq!((told("BTCUSDT"), told("FIROBTC")), (366, 366));
        assert!((325..350).contains(&told("FIROUSDT")), "{}", told("FIROUSDT"));
        assert_eq!(told("MITHUSDT"), 219, "the day on which it closes has a candle, and none after it");
    }
}

#[test]
fn closes_of_days_are_those_of_the_daily_candles() {
    let venue = Venue::still(&[]);
    let truth = venue.truth();
    let first_ms = NOW_MS - 366 * DAY_MS;
    for symbol in ["BTCUSDT", "FIROUSDT", "MITHUSDT"] {
        let query = format!("symbol={symbol}&interval=1d&startTime={first_ms}&limit=1000");
        let candles = venue.public(&format!("/api/v3/klines?{query}")).json();
        let over = candles.as_array().unwrap().iter().filter(|row| row[6].as_i64().unwrap() < NOW_MS);
        let closes: BTreeMap<String, &Value> = over.map(|row| (row[0].to_string(), &row[4])).collect();
        let told: BTreeMap<String, &Value> = truth["days"][symbol]
            .as_object()
            .unwrap()
            .iter()
            .map(|(open, close)| (open.clone(), close))
            .collect();
        assert_eq!(closes, told, "{symbol}");
        // A day's close is the close of the last minute that traded in it.
        let (open, close) = closes.iter().next_back().unwrap();
        let end_ms = open.parse::<i64>().unwrap() + DAY_MS - 1;
        let minutes =
            venue.public(&format!("/api/v3/klines?symbol={symbol}&interval=1m&endTime={end_ms}&limit=1"));
        assert_eq!(&minutes.json()[0][4], *close, "{symbol}");
    }
}

#[test]
fn a_whole_first_collection_fits_twice_into_a_minute_of_weight() {
    let truth = Venue::still(&[]).truth();
    let market = |symbol: &str| rows(&truth, "symbols").iter().find(|row| row["symbol"] == symbol).unwrap();
    // Rates that fills need: of a third coin in the quote, of the quote in USDT.
    let mut minutes: BTreeMap<(String, String), BTreeSet<i64>> = BTreeMap::new();
    for fill in rows(&truth, "fills") {
        let (market, minute) = (market(text(fill, "symbol")), fill["time"].as_i64().unwrap() / 60_000);
        let (base, quote, fee) =
            (text(market, "baseAsset"), text(market, "quoteAsset"), text(fill, "commissionAsset"));
        for (asset, other, is_needed) in
            [(fee, quote, fee != base && fee != quote), (quote, "USDT", quote != "USDT")]
        {
            if is_needed {
                minutes.entry((asset.to_owned(), other.to_owned())).or_default().insert(minute);
            }
        }
    }
    let mut batches = 0;
    for minutes in minutes.values() {
        let mut covered = i64::MIN;
        for minute in minutes.iter().filter(|minute| **minute >= 0) {
            if *minute >= covered {
                (batches, covered) = (batches + 1, minute + 1000);
            }
        }
    }
    let pages = rows(&truth, "symbols").iter().map(|market| {
        let fills = rows(&truth, "fills").iter().filter(|fill| fill["symbol"] == market["symbol"]).count();
        // The last one is not full; each begins with the row that the one before ended with.
        fills / 999 + 1
    });
    let weight = 2 * batches + 20 * pages.sum::<usize>() + 100;
    assert!(weight <= 3000, "{weight}");
}

#[test]
fn a_year_has_as_many_fills_as_are_wanted_and_its_books_add_up() {
    for count in [500, 60_000] {
        let venue = Venue::still(&["--fills", &count.to_string()]);
        let truth = venue.truth();
        assert_eq!(rows(&truth, "fills").len(), count);
        assert_eq!(balances(&truth), told_balances(rows(&truth, "balances")));
    }
}

#[test]
fn a_seed_makes_one_world_and_another_seed_another() {
    let truth =
        |seed: &str, now: &str| Venue::start(&["--seed", seed, "--now", now, "--time-rate", "0"]).truth();
    let first = truth("5", "2026-11-22T00:00:00Z");
    assert_eq!(first, truth("5", &NOW_MS.to_string()));
    assert_eq!(first, truth("5", &(NOW_MS / 1000).to_string()));
    assert_ne!(first["fills"], truth("6", &NOW_MS.to_string())["fills"]);
}

#[test]
fn the_truth_in_a_file_is_the_truth_that_is_served() {
    let file = std::env::temp_dir().join(format!("simulator-truth-{}.json", std::process::id()));
    let venue = Venue::still(&["--truth", file.to_str().unwrap()]);
    let written: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    std::fs::remove_file(&file).unwrap();
    assert_eq!(written, venue.truth());
}

#[test]
fn new_fills_are_as_many_as_asked_for_and_add_up_too() {
    let venue = Venue::still(&[]);
    let before = rows(&venue.truth(), "fills").len();
    venue.advance(61_000);
    for count in [7, 1, 300] {
        assert_eq!(venue.tell("fills", &format!(r#"{{"count":{count}}}"#))["made"], count);
    }
    let truth = venue.truth();
    assert_eq!(rows(&truth, "fills").len(), before + 308);
    let new: Vec<&Value> =
        rows(&truth, "fills").iter().filter(|fill| fill["time"] == NOW_MS + 61_000).collect();
    assert_eq!(new.len(), 308);
    assert_eq!(balances(&truth), told_balances(rows(&truth, "balances")));
    let symbol = text(new[0], "symbol");
    let told = venue.rows("/api/v3/myTrades", &format!("symbol={symbol}&startTime={}", NOW_MS + 61_000));
    let expected: Vec<Value> =
        new.iter().filter(|fill| fill["symbol"] == symbol).map(|fill| (*fill).clone()).collect();
    assert_eq!(told, expected);
}
