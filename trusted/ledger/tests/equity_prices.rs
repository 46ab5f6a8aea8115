//! Equity where prices are missing, late or moving under a flow: what is left out, what is bridged, what is withheld.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code")]

mod market;

use ledger::{Decimal, LineKind, Reason, Timestamp, record::Mark};
use market::{DAY, HOUR, World, at, d, near, of_day, plain, rising};

/// BTC has no price on day 4; XYZ has one on days 3 to 6 only.
fn patchy(asset: &str, time: Timestamp) -> Option<Decimal> {
    let day = (time.millis() - market::BEGIN).div_euclid(DAY);
    match asset {
        "BTC" if day == 4 => None,
        "XYZ" => (3..=6).contains(&day).then(|| d("10")),
        _ => rising(asset, time),
    }
}

#[test]
fn a_day_without_the_price_of_a_large_holding_is_bridged() {
    let mut world = plain(patchy, |world| world.observe("a", at(9, 12 * HOUR)));
    let figures = world.total(at(10, 0));
    let bridged = of_day(&figures, 4);
    assert_eq!((bridged.mark, bridged.equity), (Mark::Bridged, Err(Reason::NoPrice)));
    assert_eq!(bridged.unpriced, ["BTC".into()]);
    near(of_day(&figures, 5).r.unwrap(), 40.0 / 10_059.0);
    assert_eq!((figures.marks[&Mark::Bridged], figures.series.n_obs), (1, 9));
    assert_eq!(figures.equity, Ok(d("10179")));
    assert_eq!(figures.explained.newly_priced, Ok(Decimal::ZERO));
}

#[test]
fn a_small_holding_without_a_price_is_lost_and_comes_back_as_a_flow() {
    // 20 of XYZ at 10 are below 2% of 10000; 21 are not.
    let of = |quantity: &str| {
        let mut world = plain(patchy, |world| {
            world.line("a", at(1, HOUR), LineKind::Airdrop, "XYZ", quantity);
            world.observe("a", at(9, 12 * HOUR));
        });
        world.total(at(10, 0))
    };
    let small = of("20");
    assert_eq!(of_day(&small, 2).unpriced, ["XYZ".into()]);
    assert_eq!((of_day(&small, 3).net_flow, of_day(&small, 3).equity), (Ok(d("200")), Ok(d("10259"))));
    near(of_day(&small, 3).r.unwrap(), 20.0 / 10_039.0);
    near(of_day(&small, 7).r.unwrap(), (20.0 - 200.0) / 10_319.0);
    assert_eq!(small.explained.newly_priced, Ok(d("200")));
    assert_eq!((small.equity, small.cashflows.gain), (Ok(d("10179")), Ok(d("-21"))));
    assert_eq!(small.unpriced.len(), 1);
    let large = of("2000");
    assert_eq!((of_day(&large, 7).mark, large.equity), (Mark::Bridged, Err(Reason::NoPrice)));
    assert_eq!((large.cashflows.twr, large.series.sharpe), (Err(Reason::NoPrice), Err(Reason::NoPrice)));
    assert_eq!(large.explained.trading, Err(Reason::NoPrice));
    assert!(of_day(&large, 6).r.is_ok());
}

#[test]
fn what_an_asset_without_a_price_is_sold_for_is_no_profit() {
    let mut world = plain(rising, |world| {
        world.line("a", at(1, HOUR), LineKind::Airdrop, "XYZ", "100");
        world.fill("a", at(3, HOUR), "XYZUSDT", "sell", "60", "5", "0", "USDT");
        world.line_of("a", at(5, HOUR), LineKind::Dust, "XYZ", "-40", "s", None);
        world.line_of("a", at(5, HOUR), LineKind::Dust, "BNB", "0.7", "s", None);
        world.observe("a", at(9, 12 * HOUR));
    });
    let figures = world.total(at(10, 0));
    assert_eq!((figures.equity, figures.cashflows.gain), (Ok(d("10486")), Ok(d("179"))));
    assert_eq!(figures.explained.newly_priced, Ok(d("307")));
    assert_eq!(figures.explained.lines[&LineKind::Dust], Ok(Decimal::ZERO));
    assert_eq!((of_day(&figures, 3).net_flow, of_day(&figures, 5).net_flow), (Ok(d("300")), Ok(d("7"))));
    near(of_day(&figures, 3).r.unwrap(), 20.0 / 10_039.0);
}

#[test]
fn two_percent_without_a_price_are_left_out_and_a_hair_more_withholds() {
    let of = |quantity: &str| {
        let mut world = World::new(patchy);
        world.account("a", at(0, 0), true);
        world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "9800");
        world.line("a", at(1, HOUR), LineKind::Airdrop, "XYZ", quantity);
        world.observe("a", at(9, 12 * HOUR));
        of_day(&world.total(at(10, 0)), 7).mark
    };
    assert_eq!(of("20"), Mark::Reconstructed);
    assert_eq!(of("20.0000000001"), Mark::Bridged);
}

#[test]
fn two_large_flows_of_a_day_are_each_held_against_the_equity_of_their_instant() {
    // BTC doubles at noon of day 1, and rises by a tenth in the evening.
    let doubling = |asset: &str, time: Timestamp| match asset {
        "BTC" if time < at(1, 12 * HOUR) => Some(d("1000")),
        "BTC" => Some(d(if time < at(1, 20 * HOUR) { "2000" } else { "2200" })),
        _ => rising(asset, time),
    };
    let mut world = World::new(doubling);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "BTC", "1");
    // Large: 2000 just before. Then 190 is large against 1500, but small against 2500.
    world.line("a", at(1, 13 * HOUR), LineKind::Deposit, "USDT", "500");
    world.line("a", at(1, 14 * HOUR), LineKind::Deposit, "USDT", "190");
    world.observe("a", at(2, HOUR));
    let figures = world.total(at(2, 0));
    near(of_day(&figures, 1).r.unwrap(), 2.0 * (1.0 + 200.0 / (2500.0 + 190.0 * 10.0 / 11.0)) - 1.0);
    assert_eq!(figures.approximated_days, 0);
}

#[test]
fn a_large_flow_that_cannot_be_valued_is_approximated_and_counted() {
    // No price of BTC all day long but at its end.
    let patchy = |asset: &str, time: Timestamp| {
        let known = time < at(1, 0) || time >= at(1, DAY - market::MINUTE);
        if asset == "BTC" && !known { None } else { rising(asset, time) }
    };
    let mut world = plain(patchy, |world| {
        world.line("a", at(1, 12 * HOUR), LineKind::Deposit, "USDT", "10000");
        world.observe("a", at(3, HOUR));
    });
    let figures = world.total(at(3, 0));
    assert_eq!(figures.approximated_days, 1);
    near(of_day(&figures, 1).r.unwrap(), 20.0 / (9999.0 + 5000.0));
    assert_eq!(figures.cashflows.gain, Ok(d("39")));
}

#[test]
fn what_happens_in_a_minute_that_is_not_over_has_the_price_of_the_last_that_is() {
    let mut world = plain(rising, |world| {
        // At 23:59:59.990, ten milliseconds before BTC rises.
        world.line("a", at(2, DAY - 10), LineKind::Deposit, "BTC", "1");
        world.observe("a", at(3, 0));
    });
    let now = world.total(at(3, -5));
    assert_eq!((now.cashflows.net_flow, now.equity), (Ok(d("11020")), Ok(d("11059"))));
    near(now.cashflows.twr.unwrap(), 10_039.0 / 10_000.0 - 1.0);
}

#[test]
fn of_more_than_was_left_out_only_that_share_of_a_sale_is_a_flow() {
    let mut world = plain(rising, |world| {
        world.line("a", at(1, HOUR), LineKind::Airdrop, "XYZ", "100");
        world.fill("a", at(3, HOUR), "XYZUSDT", "buy", "300", "4", "0", "USDT");
        world.fill("a", at(3, 2 * HOUR), "XYZUSDT", "sell", "400", "5", "0", "USDT");
        world.observe("a", at(9, 12 * HOUR));
    });
    let figures = world.total(at(10, 0));
    // A quarter of the 2000; the other 300 were bought at 4 and sold at 5.
    assert_eq!(figures.explained.newly_priced, Ok(d("500")));
    assert_eq!(figures.cashflows.gain, Ok(d("479")));
}

#[test]
fn a_fee_without_a_value_withholds_fees_and_trading_and_nothing_else() {
    let mut world = plain(rising, |world| {
        world.fill("a", at(1, HOUR), "BTCUSDT", "buy", "1", "1010", "0.1", "BNB");
        world.line("a", at(0, HOUR), LineKind::Deposit, "BNB", "1");
        world.observe("a", at(3, HOUR));
        let mut fills: Vec<_> = world.record.aggregator.fills().collect();
        let fresh = World::new(rising);
        world.record.aggregator = fresh.record.aggregator;
        for fill in &mut fills {
            fill.fee_rate = None;
        }
        market::apply(&mut world.record, fills);
    });
    let figures = world.total(at(3, 0));
    assert_eq!(figures.explained.fees, Err(Reason::FeeUnvalued));
    assert_eq!(figures.explained.trading, Err(Reason::FeeUnvalued));
    assert_eq!((figures.residual, figures.equity), (Ok(Decimal::ZERO), Ok(d("10058"))));
    assert!(figures.cashflows.twr.is_ok());
}
