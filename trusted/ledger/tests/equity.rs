//! Equity of one account: the curve, what explains it and what does not, against sums made by hand or from a diary.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code")]

mod market;

use ledger::{
    Decimal, LineKind, Reason, Timestamp,
    record::{Gap, Mark},
};
use market::{DAY, HOUR, World, at, d, day, near, of_day, plain, rising};

#[test]
fn a_deposit_is_not_profit_and_a_rising_price_is() {
    let mut world = World::new(rising);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "10000");
    world.fill("a", at(0, 2 * HOUR), "BTCUSDT", "buy", "2", "1000", "1", "USDT");
    world.line("a", at(2, HOUR), LineKind::Deposit, "USDT", "50000");
    world.observe("a", at(4, HOUR / 2));
    let figures = world.total(at(4, HOUR));
    assert_eq!(figures.equity, Ok(d("60079")));
    assert_eq!(figures.cashflows.net_flow, Ok(d("60000")));
    assert_eq!(figures.cashflows.gain, Ok(d("79")));
    assert_eq!(figures.explained.fees, Ok(d("-1")));
    assert_eq!(figures.explained.trading, Ok(d("80")));
    assert_eq!(figures.residual, Ok(Decimal::ZERO));
    let equities: Vec<_> = figures.days.iter().map(|day| day.equity.unwrap()).collect();
    assert_eq!(equities, ["9999", "10019", "60039", "60059"].map(d));
    assert_eq!(figures.days.iter().map(|day| day.day).collect::<Vec<_>>(), [0, 1, 2, 3].map(day));
    near(of_day(&figures, 0).r.unwrap(), 9999.0 / 10000.0 - 1.0);
    near(of_day(&figures, 1).r.unwrap(), 20.0 / 9999.0);
    // Valued just before the deposit, at noon of a day whose price is already that of its evening.
    near(of_day(&figures, 2).r.unwrap(), 10039.0 / 10019.0 - 1.0);
    assert_eq!(figures.days[3].mark, Mark::Observed);
    assert_eq!(figures.days[2].mark, Mark::Reconstructed);
    assert_eq!(figures.lateness_ms_max, HOUR / 2);
}

#[test]
fn unread_income_between_two_observations_is_a_flow_and_no_profit() {
    let with = |unread: &str| {
        let mut world = plain(rising, |world| {
            world.observe("a", at(4, 12 * HOUR));
            world.unread("a", at(5, HOUR), "USDT", unread);
            world.observe("a", at(5, 12 * HOUR));
            world.observe("a", at(9, 12 * HOUR));
        });
        world.total(at(10, 0))
    };
    let (without, with) = (with("0"), with("500"));
    assert_eq!((without.residual, without.residual_bps), (Ok(Decimal::ZERO), Ok(Decimal::ZERO)));
    assert_eq!(with.residual, Ok(d("500")));
    assert_eq!(with.explained.unexplained_in, Ok(d("500")));
    assert_eq!(with.explained.unexplained_out, Ok(Decimal::ZERO));
    assert_eq!((of_day(&with, 5).residual, of_day(&with, 5).net_flow), (Ok(d("500")), Ok(d("500"))));
    // 500 of 10599 USDT.
    let bps = of_day(&with, 5).residual_bps.unwrap();
    assert_eq!(bps.rounded(6), d("471.742617"));
    assert_eq!(of_day(&with, 4), of_day(&without, 4));
    assert_eq!(with.cashflows.gain, without.cashflows.gain);
    // Below 10%, it is weighted with the rest of its day, of which the price rose at midnight only.
    near(of_day(&with, 5).r.unwrap(), 20.0 / (10_079.0 + 250.0));
    assert_eq!(with.approximated_days, 0);
}

#[test]
fn a_coin_that_interest_was_paid_for_may_have_been_owed_before_anybody_looked() {
    let with = |interest: bool| {
        let mut world = World::new(rising);
        world.account("a", at(0, 0), true);
        world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "10000");
        world.line("a", at(0, HOUR), LineKind::Deposit, "BTC", "0.01");
        // A coin that was borrowed: it is sold, and bought back to be given back.
        world.fill("a", at(0, 2 * HOUR), "BTCUSDT", "sell", "1", "1000", "0", "USDT");
        world.fill("a", at(1, 2 * HOUR), "BTCUSDT", "buy", "1", "1000", "0", "USDT");
        if interest {
            world.line("a", at(1, HOUR), LineKind::Interest, "BTC", "-0.001");
        }
        world.observe("a", at(4, HOUR / 2));
        world.total(at(4, HOUR)).residual
    };
    assert_eq!(with(true), Ok(Decimal::ZERO));
    assert_ne!(with(false), Ok(Decimal::ZERO), "nothing says that it was lent: it must have been there");
}

#[test]
fn unread_spending_between_two_observations_is_a_loss() {
    let mut world = plain(rising, |world| {
        world.observe("a", at(4, 12 * HOUR));
        world.unread("a", at(5, HOUR), "BTC", "-0.5");
        world.observe("a", at(5, 12 * HOUR));
        world.observe("a", at(9, 12 * HOUR));
    });
    let figures = world.total(at(10, 0));
    assert_eq!(figures.residual, Ok(d("-525")));
    assert_eq!(figures.explained.unexplained_out, Ok(d("-525")));
    assert_eq!(figures.cashflows.net_flow, Ok(d("10000")));
    // 7999 USDT and 1.5 BTC at 1050, after 2 BTC at 1040.
    near(of_day(&figures, 5).r.unwrap(), 9574.0 / 10_079.0 - 1.0);
}

#[test]
fn unread_income_before_the_only_observation_is_a_flow_at_the_opening() {
    let mut world = plain(rising, |world| {
        world.unread("a", at(5, HOUR), "ETH", "3");
        world.observe("a", at(9, 12 * HOUR));
    });
    let figures = world.total(at(10, 0));
    assert_eq!(figures.residual, Ok(d("300")));
    assert_eq!(figures.explained.unexplained_in, Ok(d("300")));
    assert_eq!(of_day(&figures, 0).residual, Ok(d("300")));
    assert_eq!(figures.explained.opening, Ok(Decimal::ZERO));
    // Nothing was ever gained with it.
    assert_eq!(figures.cashflows.gain, Ok(d("179")));
}

#[test]
fn what_the_only_observation_lacks_is_lost_where_it_would_have_been_below_zero() {
    let mut world = plain(rising, |world| {
        world.unread("a", at(5, HOUR), "USDT", "-7000");
        world.observe("a", at(9, 12 * HOUR));
    });
    let figures = world.total(at(10, 0));
    // 999 USDT are left: after the deposit there were 3000, and before it no less than none.
    assert_eq!(figures.residual, Ok(d("-7000")));
    assert_eq!(of_day(&figures, 0).residual, Ok(d("-7000")));
    assert_eq!(figures.cashflows.net_flow, Ok(d("10000")));
    assert_eq!(figures.equity, Ok(d("3179")));
}

#[test]
fn a_sale_of_what_was_not_there_is_unread_income_at_that_moment() {
    let mut world = plain(rising, |world| {
        world.observe("a", at(1, 12 * HOUR));
        world.unread("a", at(2, HOUR), "BTC", "1");
        world.fill("a", at(2, 2 * HOUR), "BTCUSDT", "sell", "3", "1020", "0", "USDT");
    });
    let figures = world.total(at(3, 0));
    assert_eq!(figures.explained.unexplained_in, Ok(d("1020")));
    assert_eq!(figures.equity, Ok(d("7999").checked_add(d("3060")).unwrap()));
    assert_eq!(figures.cashflows.gain, Ok(d("39")));
    assert_eq!(of_day(&figures, 2).net_flow, Ok(d("1020")));
}

#[test]
fn a_history_that_begins_later_opens_with_what_was_there() {
    let mut world = plain(rising, |world| {
        world.line("a", at(2, HOUR), LineKind::Deposit, "USDT", "1000");
        world.line("a", at(6, HOUR), LineKind::Deposit, "USDT", "2000");
        world.observe("a", at(9, 12 * HOUR));
        let account = world.record.accounts.get_mut("a").unwrap();
        (account.complete_from, account.since_opening) = (at(4, 6 * HOUR), false);
    });
    let figures = world.total(at(10, 0));
    assert_eq!(figures.from, Some(at(4, 6 * HOUR)));
    // Two BTC at the price of that minute.
    assert_eq!(figures.explained.opening, Ok(d("11079")));
    assert_eq!(figures.cashflows.net_flow, Ok(d("2000")));
    assert_eq!(figures.explained.fees, Ok(Decimal::ZERO));
    assert_eq!(figures.residual, Ok(Decimal::ZERO));
    assert_eq!(figures.turnover, Ok(Decimal::ZERO));
    for (number, mark) in [(0, Mark::Missing), (3, Mark::Missing), (4, Mark::Reconstructed)] {
        assert_eq!(of_day(&figures, number).mark, mark, "{number}");
    }
    assert_eq!(of_day(&figures, 3).equity, Err(Reason::HistoryMissing));
    assert_eq!(figures.days.len(), 10);
    near(of_day(&figures, 4).r.unwrap(), 0.0);
    near(of_day(&figures, 5).r.unwrap(), 20.0 / 11_079.0);
}

#[test]
fn a_gap_withholds_the_days_that_it_touches_and_the_interval_goes_on() {
    let mut world = plain(rising, |world| {
        world.observe("a", at(9, 12 * HOUR));
        let gap = Gap { from: at(4, 20 * HOUR), to: at(5, HOUR) };
        world.record.accounts.get_mut("a").unwrap().gaps.push(gap);
    });
    let figures = world.total(at(10, 0));
    for number in [4, 5] {
        let found = of_day(&figures, number);
        assert_eq!(
            (found.mark, found.equity, found.r),
            (Mark::Partial, Err(Reason::Partial), Err(Reason::Partial))
        );
    }
    // Three days' rise in one return.
    near(of_day(&figures, 6).r.unwrap(), 60.0 / 10_059.0);
    assert_eq!((figures.series.n_obs, figures.marks[&Mark::Partial]), (8, 2));
    assert_eq!(figures.months.iter().map(|month| month.days).sum::<u32>(), 8);
    near(figures.months[0].r.unwrap(), figures.cashflows.twr.unwrap());
    // Until the gap is over, there is no equity now.
    world.record.accounts.get_mut("a").unwrap().gaps.push(Gap { from: at(9, 23 * HOUR), to: at(10, 0) });
    let figures = world.total(at(10, 0));
    assert_eq!((figures.equity, figures.cashflows.twr), (Err(Reason::Partial), Err(Reason::Partial)));
    assert_eq!(figures.series.sharpe, Err(Reason::Partial));
    assert!(of_day(&figures, 8).r.is_ok());
}

/// BTC halves on day 3.
fn falling(asset: &str, time: Timestamp) -> Option<Decimal> {
    let day = (time.millis() - market::BEGIN).div_euclid(DAY);
    if asset == "BTC" { Some(d(if day < 3 { "1000" } else { "500" })) } else { rising(asset, time) }
}

#[test]
fn equity_below_zero_is_shown_and_counts_as_nothing_in_a_return() {
    let mut world = World::new(falling);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "1000");
    world.fill("a", at(0, 2 * HOUR), "BTCUSDT", "buy", "3", "1000", "0", "USDT");
    world.observe("a", at(5, HOUR));
    let figures = world.total(at(6, 0));
    assert!(figures.negative_equity);
    assert_eq!(figures.equity, Ok(d("-500")));
    near(of_day(&figures, 3).r.unwrap(), -1.0);
    near(figures.cashflows.twr.unwrap(), -1.0);
    assert_eq!((figures.cashflows.gain, figures.residual), (Ok(d("-1500")), Ok(Decimal::ZERO)));
}

#[test]
fn a_withdrawal_of_everything_costs_its_network_fee_and_no_more() {
    let mut world = plain(rising, |world| {
        world.fill("a", at(1, HOUR), "BTCUSDT", "sell", "2", "1010", "0", "USDT");
        world.line("a", at(2, HOUR), LineKind::NetworkFee, "USDT", "-19");
        world.line("a", at(2, HOUR), LineKind::Withdrawal, "USDT", "-10000");
        world.line("a", at(5, HOUR), LineKind::Deposit, "BTC", "1");
        world.observe("a", at(9, 12 * HOUR));
    });
    let figures = world.total(at(10, 0));
    near(of_day(&figures, 2).r.unwrap(), -19.0 / 10_019.0);
    near(of_day(&figures, 4).r.unwrap(), 0.0);
    near(of_day(&figures, 5).r.unwrap(), 0.0);
    let of_days: f64 = figures.days.iter().map(|day| 1.0 + day.r.unwrap()).product();
    near(figures.cashflows.twr.unwrap(), of_days - 1.0);
    near(of_days, 10_000.0 / 10_000.0 * (1090.0 / 1050.0));
    assert_eq!(figures.explained.lines[&LineKind::NetworkFee], Ok(d("-19")));
}

#[test]
fn an_observation_just_after_midnight_is_rolled_back_to_it() {
    let mut world = plain(rising, |world| {
        world.observe("a", at(3, 10 * market::MINUTE));
        world.unread("a", at(5, HOUR), "USDT", "500");
        // Traded between midnight and the reading.
        world.fill("a", at(6, 5 * market::MINUTE), "BTCUSDT", "sell", "1", "1060", "0", "USDT");
        world.observe("a", at(6, 10 * market::MINUTE));
        world.observe("a", at(6, 20 * HOUR));
        world.observe("a", at(7, -20 * market::MINUTE));
    });
    let figures = world.total(at(8, 0));
    let marks: Vec<_> = (0..8).map(|number| of_day(&figures, number).mark == Mark::Observed).collect();
    assert_eq!(marks, [false, false, true, false, false, true, true, false]);
    // The unread income of day 5 is found by the reading of its own midnight.
    assert_eq!(
        (of_day(&figures, 5).residual, of_day(&figures, 6).residual),
        (Ok(d("500")), Ok(Decimal::ZERO))
    );
    assert_eq!(of_day(&figures, 5).equity, Ok(d("10599")));
    // Twenty minutes before a midnight are no delay.
    assert_eq!(figures.lateness_ms_max, 10 * market::MINUTE);
}

#[test]
fn what_a_midnight_finds_unexplained_has_the_price_of_that_midnight() {
    let mut world = plain(rising, |world| {
        world.observe("a", at(3, 12 * HOUR));
        world.unread("a", at(5, HOUR), "BTC", "0.1");
        world.unread("a", at(5, 2 * HOUR), "USDT", "-60");
        world.observe("a", at(6, 10 * market::MINUTE));
    });
    let figures = world.total(at(8, 0));
    // At 1050, the close of day 5, and not at 1060.
    assert_eq!(figures.explained.unexplained_in, Ok(d("105")));
    assert_eq!((of_day(&figures, 5).net_flow, of_day(&figures, 5).residual), (Ok(d("105")), Ok(d("45"))));
    // With signs 45, without 165.
    let mean = figures.days.iter().fold(Decimal::ZERO, |sum, day| market::plus(sum, day.equity.unwrap()));
    let bps = d("1650000").checked_div(mean.checked_div(d("8")).unwrap()).unwrap();
    assert_eq!((figures.residual, figures.residual_bps.unwrap().rounded(9)), (Ok(d("45")), bps.rounded(9)));
}

#[test]
fn the_wallet_of_contracts_may_fall_below_zero_on_the_way() {
    let mut world = World::new(falling);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "1000");
    world.fill("a", at(0, 2 * HOUR), "BTCPERP", "buy", "300", "1000", "0", "USDT");
    world.fill("a", at(3, 2 * HOUR), "BTCPERP", "sell", "300", "500", "0", "USDT");
    world.unread("a", at(3, 2 * HOUR), "USDT", "-1500");
    world.line("a", at(4, HOUR), LineKind::Deposit, "USDT", "700");
    world.observe("a", at(5, HOUR));
    let figures = world.total(at(6, 0));
    assert_eq!((figures.residual, figures.equity), (Ok(Decimal::ZERO), Ok(d("200"))));
    assert_eq!((of_day(&figures, 3).equity, figures.negative_equity), (Ok(d("-500")), true));
}

#[test]
fn figures_before_any_price_or_balance_say_why_there_are_none() {
    let mut world = plain(rising, |_| {});
    let figures = world.record.figures(at(3, 0)).total.1;
    assert_eq!((figures.equity, figures.cashflows.twr), (Err(Reason::Partial), Err(Reason::Partial)));
    world.observe("a", at(2, 0));
    let figures = world.record.figures(at(3, HOUR)).total.1;
    assert_eq!((figures.equity, figures.series.sharpe), (Err(Reason::NoPrice), Err(Reason::NoPrice)));
    let figures = world.total(at(-1, 0));
    assert_eq!(figures.equity, Err(Reason::InsufficientData));
    assert!(figures.days.is_empty());
    let figures = World::new(rising).total(at(3, 0));
    assert_eq!((figures.equity, figures.low_sample), (Err(Reason::InsufficientData), true));
}

#[test]
fn contracts_are_wallet_plus_unrealised_profit() {
    let mut world = World::new(rising);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "1000");
    // 100 contracts of 0.01 BTC at 1000, 40 of them closed at 1010; then flipped at 1020 into 20 short.
    world.fill("a", at(0, 2 * HOUR), "BTCPERP", "buy", "100", "1000", "0.5", "USDT");
    world.unread("a", at(0, 2 * HOUR), "USDT", "-0.5");
    world.fill("a", at(1, 2 * HOUR), "BTCPERP", "sell", "40", "1010", "0", "USDT");
    world.unread("a", at(1, 2 * HOUR), "USDT", "4");
    world.fill("a", at(2, 2 * HOUR), "BTCPERP", "sell", "80", "1020", "0", "USDT");
    world.unread("a", at(2, 2 * HOUR), "USDT", "12");
    world.observe("a", at(2, 20 * HOUR));
    world.line("a", at(3, 8 * HOUR), LineKind::Funding, "USDT", "-0.3");
    world.observe("a", at(3, 20 * HOUR));
    let figures = world.total(at(5, 0));
    let equities: Vec<_> = figures.days.iter().map(|day| day.equity.unwrap()).collect();
    assert_eq!(equities, ["999.5", "1009.5", "1015.5", "1013.2", "1011.2"].map(d));
    assert_eq!((figures.residual, figures.explained.fees), (Ok(Decimal::ZERO), Ok(d("-0.5"))));
    assert_eq!(figures.explained.trading, Ok(d("12")));
    // Inverse: 5 contracts of 100 USDT long from 1000 to 1250 earn 500·(1/1000 - 1/1250) BTC.
    let mut world = World::new(|asset, time| {
        let late = time >= at(2, 0);
        if asset == "BTC" { Some(d(if late { "1250" } else { "1000" })) } else { rising(asset, time) }
    });
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "BTC", "1");
    world.fill("a", at(0, 2 * HOUR), "BTCUSD", "buy", "5", "1000", "0.001", "BTC");
    world.unread("a", at(0, 2 * HOUR), "BTC", "-0.001");
    world.fill("a", at(3, 2 * HOUR), "BTCUSD", "sell", "5", "1250", "0", "BTC");
    world.unread("a", at(3, 2 * HOUR), "BTC", "0.1");
    world.observe("a", at(4, 20 * HOUR));
    let figures = world.total(at(5, 0));
    let equities: Vec<_> = figures.days.iter().map(|day| day.equity.unwrap()).collect();
    assert_eq!(equities, ["999", "999", "1373.75", "1373.75", "1373.75"].map(d));
    assert_eq!(figures.residual, Ok(Decimal::ZERO));
}

#[test]
fn the_benchmark_is_aligned_with_the_days_of_the_account() {
    // All in BTC: the account is its benchmark, but for the bridged day.
    let mut world = World::new(|asset, time| {
        let number = (time.millis() - market::BEGIN).div_euclid(DAY);
        match asset {
            "BTC" if number == 4 => None,
            "BTC" => Some(d(&(1000 + 37 * (number * number % 11)).to_string())),
            _ => rising(asset, time),
        }
    });
    world.account("a", at(0, 0), false);
    world.unread("a", at(-1, 0), "BTC", "2");
    world.observe("a", at(39, 12 * HOUR));
    let figures = world.total(at(40, 0));
    assert_eq!((figures.benchmark.n_obs, figures.series.n_obs, figures.low_sample), (39, 39, false));
    near(figures.benchmark.beta.unwrap(), 1.0);
    near(figures.benchmark.alpha.unwrap(), 0.0);
    near(figures.benchmark.tracking_error.unwrap(), 0.0);
    let ends: Vec<_> = figures.rolling_sharpe.iter().map(|(day, _)| *day).collect();
    assert_eq!(ends, (30..40).map(day).collect::<Vec<_>>());
    assert!(figures.rolling_sharpe.last().unwrap().1.is_ok());
    assert!(figures.confidence.psr_0.is_ok());
}

#[test]
fn what_happens_at_a_midnight_ends_its_day_and_at_the_beginning_begins_it() {
    let mut world = World::new(rising);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, 0), LineKind::Deposit, "USDT", "5000");
    world.line("a", at(2, 0), LineKind::Deposit, "USDT", "700");
    world.fill("a", at(3, 0), "BTCUSDT", "buy", "1", "1020", "0", "USDT");
    world.line("a", at(4, 0), LineKind::Withdrawal, "USDT", "-100");
    world.observe("a", at(4, HOUR));
    let figures = world.total(at(4, 0));
    let found: Vec<_> = figures.days.iter().map(|day| (day.net_flow.unwrap(), day.equity.unwrap())).collect();
    let expected = [("5000", "5000"), ("700", "5700"), ("0", "5700"), ("-100", "5610")];
    assert_eq!(found, expected.map(|(flow, equity)| (d(flow), d(equity))));
    assert_eq!((figures.cashflows.gain, figures.equity), (Ok(d("10")), Ok(d("5610"))));
    for number in 0..3 {
        near(of_day(&figures, number).r.unwrap(), 0.0);
    }
    near(of_day(&figures, 3).r.unwrap(), 10.0 / 5700.0);
}
