//! One account to which everything happens: fills with fees in three coins and against two quotes, every kind of line, a
//! deposit in mid-period, a withdrawal to zero and a return, a price that is missing for a day, a coin that is delisted
//! and one that gets its first price. Its books close to a residual of zero, and every day's equity is what the diary of
//! the account is worth.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code")]

mod market;

use ledger::{Day, Decimal, LineClass, LineKind, Reason, Side, Timestamp, record::Mark};
use market::{BEGIN, DAY, HOUR, MINUTE, World, at, d, day, minus, near, of_day, plus, times};
use std::collections::BTreeMap;

/// Prices that move every minute; ETH has none on day 8, NEW none before day 12, XYZ none from day 20 on, SPAM never.
fn market_of(asset: &str, time: Timestamp) -> Option<Decimal> {
    let (day, minute) = ((time.millis() - BEGIN).div_euclid(DAY), (time.millis() - BEGIN).div_euclid(MINUTE));
    let moving = |base: i64, daily: i64, swing: i64| {
        let hundredths = base * 100 + daily * day + (minute * 37).rem_euclid(swing) - swing / 2;
        Some(d(&format!("{}.{:02}", hundredths / 100, hundredths % 100)))
    };
    match asset {
        "USDT" => Some(Decimal::ONE),
        "BTC" => moving(1000, 700, 2300),
        "ETH" if day != 8 => moving(100, -30, 310),
        "BNB" => moving(10, 5, 60),
        "NEW" if day >= 12 => moving(3, 10, 30),
        "XYZ" if day < 20 => moving(2, 0, 50),
        "DST" => Some(d("0.5")),
        _ => None,
    }
}

fn everything() -> World {
    let mut world = World::new(market_of);
    world.account("a", at(0, 0), true);
    let a = "a";
    world.line(a, at(0, HOUR), LineKind::Deposit, "USDT", "10000");
    world.line(a, at(0, HOUR + 7), LineKind::Deposit, "BNB", "5");
    world.fill(a, at(0, 2 * HOUR), "BTCUSDT", "buy", "2.5", "1001.3", "2.5", "USDT");
    world.fill(a, at(1, 3 * HOUR), "ETHUSDT", "buy", "20", "99.7", "0.015", "BNB");
    world.fill(a, at(2, 4 * HOUR), "ETHBTC", "buy", "3", "0.0991", "0.003", "ETH");
    world.fill(a, at(2, 4 * HOUR + 1), "BTCUSDT", "sell", "0.5", "1013.77", "0.0005", "BTC");
    world.fill(a, at(3, 5 * HOUR), "XYZUSDT", "buy", "50", "2.01", "0.05", "XYZ");
    world.line(a, at(4, 0), LineKind::Funding, "USDT", "-1.25");
    world.line(a, at(4, 8 * HOUR), LineKind::Funding, "USDT", "0.75");
    world.line(a, at(5, HOUR), LineKind::Interest, "BTC", "0.0123");
    world.line(a, at(6, HOUR), LineKind::Airdrop, "NEW", "100");
    world.line(a, at(6, 2 * HOUR), LineKind::Airdrop, "SPAM", "1000000");
    world.line(a, at(6, 3 * HOUR), LineKind::Airdrop, "DST", "3");
    world.line(a, at(7, 12 * HOUR), LineKind::Deposit, "USDT", "5000");
    world.line_of(a, at(9, HOUR), LineKind::Conversion, "ETH", "-1", "c1", None);
    world.line_of(a, at(9, HOUR), LineKind::Conversion, "USDT", "96.5", "c1", None);
    world.line_of(a, at(10, HOUR), LineKind::Dust, "DST", "-3", "s1", None);
    world.line_of(a, at(10, HOUR), LineKind::Dust, "XYZ", "-0.95", "s1", None);
    world.line_of(a, at(10, HOUR), LineKind::Dust, "BNB", "0.3", "s1", None);
    world.line(a, at(14, HOUR), LineKind::Withdrawal, "USDT", "-1000");
    world.line(a, at(14, HOUR), LineKind::NetworkFee, "USDT", "-1.5");
    world.line(a, at(15, HOUR), LineKind::Rebate, "BNB", "0.02");
    world.line(a, at(15, 2 * HOUR), LineKind::Liquidation, "USDT", "-3.3");
    world.line(a, at(16, HOUR), LineKind::Transfer, "ETH", "2");
    // To zero: all that has a price is sold or withdrawn; XYZ was delisted two days before.
    world.fill(a, at(22, HOUR), "BTCUSDT", "sell", "1", "1150.01", "1.1", "USDT");
    world.line(a, at(22, 2 * HOUR), LineKind::Withdrawal, "NEW", "-100");
    for (asset, n) in [("BTC", 0), ("ETH", 1), ("BNB", 2), ("USDT", 3)] {
        let held = world.truth(a, at(22, 2 * HOUR))[asset].to_string();
        world.line(a, at(22, 3 * HOUR + n), LineKind::Withdrawal, asset, &format!("-{held}"));
    }
    world.line(a, at(25, HOUR), LineKind::Deposit, "USDT", "3000");
    world.fill(a, at(25, 2 * HOUR), "BTCUSDT", "buy", "1", "1171", "1", "USDT");
    world.observe(a, at(28, 7 * HOUR));
    world
}

#[test]
fn an_account_with_every_kind_of_line_closes_its_books_to_a_residual_of_zero() {
    let mut world = everything();
    let figures = world.total(at(28, 8 * HOUR));
    assert_eq!(figures.residual, Ok(Decimal::ZERO));
    assert_eq!(figures.residual_bps, Ok(Decimal::ZERO));
    let explained = &figures.explained;
    assert_eq!((explained.unexplained_in, explained.unexplained_out), (Ok(Decimal::ZERO), Ok(Decimal::ZERO)));
    assert_eq!(explained.lines.keys().copied().collect::<Vec<_>>(), LineKind::ALL);
    // Every day, by the diary.
    for found in &figures.days {
        let truth = world.truth("a", found.day.end());
        if found.day == day(8) {
            assert_eq!((found.mark, found.equity), (Mark::Bridged, Err(Reason::NoPrice)));
            assert_eq!(found.unpriced, ["ETH".into(), "NEW".into(), "SPAM".into()]);
            continue;
        }
        assert_eq!(found.equity, Ok(world.worth(&truth, found.day)), "{}", found.day);
        assert_eq!((found.mark, found.residual), (Mark::Reconstructed, Ok(Decimal::ZERO)), "{}", found.day);
    }
    assert_eq!(figures.days.len(), 28);
    assert_eq!(figures.marks, BTreeMap::from([(Mark::Reconstructed, 27), (Mark::Bridged, 1)]));
    assert_eq!(of_day(&figures, 23).equity, Ok(Decimal::ZERO));
    near(of_day(&figures, 23).r.unwrap(), 0.0);
    assert_eq!(figures.unpriced, BTreeMap::from([("SPAM".into(), d("1000000")), ("XYZ".into(), d("49"))]));
    // 28 days less the one that is bridged.
    assert_eq!((figures.series.n_obs, figures.low_sample), (27, true));
    // Coins that never had a price do not keep a large flow from being valued.
    assert_eq!(figures.approximated_days, 0);
    assert!(figures.cashflows.twr.is_ok() && !figures.negative_equity);
}

#[test]
fn its_lines_fees_and_trading_are_those_of_its_diary() {
    let mut world = everything();
    let as_of = at(28, 8 * HOUR);
    let figures = world.total(as_of);
    let price = |asset: &str, time| market_of(asset, time).unwrap_or_default();
    let mut lines: BTreeMap<LineKind, Decimal> = BTreeMap::new();
    for line in world.record.lines.iter() {
        let sum = lines.entry(line.kind).or_default();
        *sum = plus(*sum, times(line.amount, price(line.asset.as_str(), line.time)));
    }
    let lines_of = figures.explained.lines.iter().map(|(kind, sum)| (*kind, sum.unwrap()));
    assert_eq!(lines_of.collect::<BTreeMap<_, _>>(), lines);
    // Fees as METRICS.md section 2.4 values them, and what executions differ from the close of their minute by.
    let (mut fees, mut executed) = (Decimal::ZERO, Decimal::ZERO);
    for fill in world.record.aggregator.fills() {
        let instrument = world.record.aggregator.instrument(&fill.symbol).unwrap();
        let [base, quote] =
            [&instrument.base, &instrument.quote].map(|asset| price(asset.as_str(), fill.time));
        let (q, in_quote) = (fill.quantity.0, times(fill.price.0, quote));
        let edge = minus(times(q, base), times(q, in_quote));
        executed = plus(executed, if fill.side == Side::Buy { edge } else { edge.negated() });
        let fee_price = if fill.fee_asset == instrument.base {
            in_quote
        } else {
            price(fill.fee_asset.as_str(), fill.time)
        };
        fees = minus(fees, times(fill.fee, fee_price));
        let holding_lost = times(fill.fee, price(fill.fee_asset.as_str(), fill.time));
        executed = plus(executed, minus(times(fill.fee, fee_price), holding_lost));
    }
    assert_eq!(figures.explained.fees, Ok(fees));
    // Per asset: what is left at the end, less every change at the price of its minute.
    let entered = times(d("100"), world.close("NEW", day(12)).unwrap());
    let mut trading = minus(executed, entered);
    for asset in ["USDT", "BTC", "ETH", "BNB", "NEW", "XYZ", "DST", "SPAM"] {
        let last = price(asset, Timestamp::from_millis(as_of.millis() - MINUTE));
        let left = world.truth("a", as_of).get(asset).copied().unwrap_or_default();
        trading = plus(trading, times(left, last));
        for entry in world.diary.iter().filter(|entry| entry.asset == asset) {
            trading = minus(trading, times(entry.amount, price(asset, entry.time)));
        }
    }
    // `executed` legs are already in the diary at the price of their minute.
    assert_eq!(figures.explained.newly_priced, Ok(entered));
    assert_eq!(figures.explained.trading, Ok(trading));
}

#[test]
fn its_net_flow_is_what_came_and_went_and_nothing_else() {
    let mut world = everything();
    let figures = world.total(at(28, 8 * HOUR));
    let price = |asset: &str, time| market_of(asset, time).unwrap_or_default();
    let mut expected = times(d("100"), world.close("NEW", day(12)).unwrap());
    for line in world.record.lines.iter().filter(|line| line.kind.class() == LineClass::Flow) {
        expected = plus(expected, times(line.amount, price(line.asset.as_str(), line.time)));
    }
    assert_eq!(figures.cashflows.net_flow, Ok(expected));
    // The first price of a coin is no profit: all of it is a flow of that day.
    assert_eq!(of_day(&figures, 12).net_flow, Ok(times(d("100"), world.close("NEW", day(12)).unwrap())));
    assert_eq!(of_day(&figures, 22).equity, Ok(Decimal::ZERO));
}

#[test]
fn every_order_of_arrival_gives_the_same_figures() {
    let mut world = everything();
    let as_of = at(28, 8 * HOUR);
    world.observe("a", at(3, HOUR));
    world.observe("a", at(12, HOUR));
    let expected = world.figures(as_of);
    let mut shuffled = World::new(market_of);
    shuffled.record.accounts = world.record.accounts.clone();
    shuffled.record.accounts.get_mut("a").unwrap().observations.reverse();
    let mut fills: Vec<_> = world.record.aggregator.fills().collect();
    fills.reverse();
    for fill in fills {
        market::apply(&mut shuffled.record, vec![fill.clone(), fill]);
    }
    let lines: Vec<_> = world.record.lines.iter().cloned().collect();
    for line in lines.into_iter().rev() {
        shuffled.record.lines.apply(vec![line]).unwrap();
    }
    assert_eq!(shuffled.figures(as_of), expected);
    // Rates that are known do not change what was not valued by them, and asking again asks nothing.
    let asked = shuffled.asked;
    shuffled.learn(as_of);
    assert_eq!(shuffled.asked, asked);
    assert!(Day::of(as_of) > day(27));
}
