//! Records of several accounts: who counts from when, transfers between them, what is on its way.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "test code")]

mod market;

use ledger::{
    Decimal, Line, LineKind, Reason, Timestamp,
    record::{Gap, Mark, Observation},
};
use market::{DAY, HOUR, World, at, d, near, of_day};
use std::collections::BTreeMap;

/// BTC rises by 10 USDT a day.
fn rising(asset: &str, time: Timestamp) -> Option<Decimal> {
    match asset {
        "USDT" => Some(Decimal::ONE),
        "BTC" => Some(d(&(1000 + 10 * ((time.millis() - market::BEGIN).div_euclid(DAY))).to_string())),
        "ETH" => Some(d("100")),
        _ => None,
    }
}

/// `a` with 10 BTC and 1000 USDT from the first day on; `b` with 5000 USDT of its own, opened on day 2.
fn two() -> World {
    let mut world = World::new(rising);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "BTC", "10");
    world.line("a", at(0, HOUR), LineKind::Deposit, "USDT", "1000");
    world.account("b", at(2, 0), true);
    world.line("b", at(2, HOUR), LineKind::Deposit, "USDT", "5000");
    world
}

fn observed(world: &mut World, day: i64) {
    for account in ["a", "b"] {
        world.observe(account, at(day, 12 * HOUR));
    }
}

#[test]
fn an_account_that_joins_is_a_flow_and_its_past_stays_its_own() {
    let mut world = two();
    // Its luck before it joined is none of the record's.
    world.fill("b", at(3, HOUR), "ETHUSDT", "buy", "10", "50", "0", "USDT");
    world.record.accounts.get_mut("b").unwrap().registered = at(4, 6 * HOUR);
    world.fill("b", at(6, HOUR), "ETHUSDT", "sell", "10", "101", "1", "USDT");
    observed(&mut world, 9);
    let figures = world.figures(at(10, 0));
    let total = &figures.total.1;
    assert_eq!(total.explained.joined, Ok(d("5500")));
    assert_eq!(of_day(total, 4).net_flow, Ok(d("5500")));
    assert_eq!((of_day(total, 3).equity, of_day(total, 4).equity), (Ok(d("11300")), Ok(d("16900"))));
    near(of_day(total, 4).r.unwrap(), 11_400.0 / 11_300.0 - 1.0);
    // 900 of the price, 10 of the sale that counts; the 500 of the purchase are those of `b` alone.
    assert_eq!((total.cashflows.gain, total.explained.fees), (Ok(d("909")), Ok(d("-1"))));
    let b = &figures.accounts[1].2;
    assert_eq!((b.cashflows.gain, b.from), (Ok(d("509")), Some(at(2, 0))));
    assert_eq!((b.explained.joined, b.days.len()), (Ok(Decimal::ZERO), 8));
    assert_eq!(total.from, Some(at(0, 0)));
    // Volume of both, where it counts.
    let mean = total.days.iter().fold(Decimal::ZERO, |sum, day| market::plus(sum, day.equity.unwrap()));
    let turnover = d("1010").checked_div(mean.checked_div(d("10")).unwrap()).unwrap();
    assert_eq!(total.turnover.unwrap().rounded(20), turnover.rounded(20));
    assert_eq!(total.residual, Ok(Decimal::ZERO));
}

#[test]
fn accounts_of_the_first_registration_count_from_their_own_beginning() {
    let mut world = two();
    for account in world.record.accounts.values_mut() {
        account.registered = at(8, 0);
    }
    observed(&mut world, 9);
    let total = world.total(at(10, 0));
    assert_eq!(total.from, Some(at(0, 0)));
    // Opened empty: nothing joined, its deposit is a flow.
    assert_eq!((total.explained.joined, total.cashflows.net_flow), (Ok(Decimal::ZERO), Ok(d("16000"))));
    assert_eq!(total.explained.lines[&LineKind::Deposit], Ok(d("16000")));
    assert_eq!((total.cashflows.gain, total.equity), (Ok(d("900")), Ok(d("16900"))));
}

#[test]
fn a_record_of_one_account_has_the_figures_of_the_account() {
    let mut world = World::new(rising);
    world.account("a", at(0, 0), true);
    world.line("a", at(0, HOUR), LineKind::Deposit, "BTC", "10");
    world.observe("a", at(5, 0));
    // Registered long after its history begins.
    world.record.accounts.get_mut("a").unwrap().registered = at(5, 0);
    let figures = world.figures(at(6, 0));
    assert_eq!(figures.total.1, figures.accounts[0].2);
    assert_eq!(figures.total.1.days.len(), 6);
}

#[test]
fn a_transfer_within_a_record_is_no_flow_and_on_its_way_belongs_to_equity() {
    let mut world = two();
    // Over midnight, with a fee of the network.
    world.line_of("a", at(5, 20 * HOUR), LineKind::Withdrawal, "BTC", "-4", "w", None);
    world.line_of("a", at(5, 20 * HOUR), LineKind::NetworkFee, "BTC", "-0.01", "w", None);
    world.line_of("b", at(6, 3 * HOUR), LineKind::Deposit, "BTC", "4", "d", None);
    observed(&mut world, 9);
    let figures = world.figures(at(10, 0));
    let total = &figures.total.1;
    assert_eq!(figures.transfers, 1);
    assert_eq!(total.cashflows.net_flow, Ok(d("16000")));
    assert!(!total.explained.lines.contains_key(&LineKind::Withdrawal));
    assert_eq!(total.explained.lines[&LineKind::NetworkFee], Ok(d("-10.5")));
    // 9.99 BTC at 1050, 6000 USDT.
    assert_eq!(of_day(total, 5).equity, Ok(d("16489.5")));
    assert_eq!((of_day(total, 5).net_flow, of_day(total, 6).net_flow), (Ok(d("0")), Ok(d("0"))));
    near(of_day(total, 5).r.unwrap(), 16_489.5 / 16_400.0 - 1.0);
    assert_eq!(total.residual, Ok(Decimal::ZERO));
    // For each account alone it is one.
    let [a, b] = [0, 1].map(|account| figures.accounts[account].2.cashflows.net_flow.unwrap());
    assert_eq!((a, b), (d("6800"), d("9240")));
    // Not yet arrived, it has left.
    let before = world.total(at(6, HOUR));
    assert_eq!(before.explained.lines[&LineKind::Withdrawal], Ok(d("-4200")));
}

#[test]
fn lines_match_one_to_one_or_not_at_all() {
    type Short<'a> = (&'a str, i64, LineKind, &'a str, &'a str, Option<&'a str>);
    let transfers = |lines: &[Short<'_>]| {
        let mut world = two();
        for (number, (account, hours, kind, asset, amount, transaction)) in lines.iter().enumerate() {
            let id = number.to_string();
            world.line_of(account, at(5, hours * HOUR), *kind, asset, amount, &id, *transaction);
        }
        observed(&mut world, 9);
        let figures = world.figures(at(10, 0));
        assert_eq!(figures.total.1.residual, Ok(Decimal::ZERO));
        (figures.transfers, figures.total.1.cashflows.net_flow.unwrap())
    };
    use LineKind::{Deposit, Transfer, Withdrawal};
    let out = |hours, transaction| ("a", hours, Withdrawal, "USDT", "-100", transaction);
    let arrives = |hours, transaction| ("b", hours, Deposit, "USDT", "100", transaction);
    assert_eq!(transfers(&[out(1, None), arrives(2, None)]), (1, d("16000")));
    // Two ways to match: none is taken, and the sum is the same.
    assert_eq!(transfers(&[out(1, None), out(2, None), arrives(3, None)]), (0, d("15900")));
    assert_eq!(transfers(&[out(1, None), arrives(2, None), arrives(3, None)]), (0, d("16100")));
    // The transaction decides, whatever the time.
    assert_eq!(transfers(&[out(1, Some("x")), out(2, None), arrives(3, Some("x"))]), (1, d("15900")));
    assert_eq!(transfers(&[out(1, Some("x")), arrives(60, Some("x"))]), (1, d("16000")));
    assert_eq!(transfers(&[out(1, Some("x")), arrives(2, Some("y"))]), (0, d("16000")));
    // Too late, before it left, another amount, another asset, the same account.
    assert_eq!(transfers(&[out(1, None), arrives(26, None)]).0, 0);
    assert_eq!(transfers(&[out(3, None), arrives(2, None)]).0, 0);
    assert_eq!(transfers(&[out(1, None), ("b", 2, Deposit, "USDT", "99", None)]).0, 0);
    assert_eq!(transfers(&[out(1, None), ("b", 2, Deposit, "ETH", "100", None)]).0, 0);
    assert_eq!(transfers(&[out(1, None), ("a", 2, Deposit, "USDT", "100", None)]).0, 0);
    // Within a venue, both sides at once.
    let within = [("a", 1, Transfer, "USDT", "-100", None), ("b", 1, Transfer, "USDT", "100", None)];
    assert_eq!(transfers(&within), (1, d("16000")));
    let back = [("a", 1, Transfer, "USDT", "-100", None), ("b", 1, Transfer, "USDT", "100", None)];
    let back =
        [back[0], back[1], ("b", 5, Transfer, "USDT", "-70", None), ("a", 5, Transfer, "USDT", "70", None)];
    assert_eq!(transfers(&back), (2, d("16000")));
}

#[test]
fn a_network_fee_that_is_taken_from_what_arrives_is_a_cost() {
    let mut world = two();
    world.line_of("a", at(5, HOUR), LineKind::Withdrawal, "USDT", "-100", "w", None);
    world.line_of("b", at(5, 2 * HOUR), LineKind::Deposit, "USDT", "98", "d", None);
    world.line_of("a", at(5, HOUR), LineKind::NetworkFee, "USDT", "-2", "w", None);
    observed(&mut world, 9);
    let figures = world.figures(at(10, 0));
    assert_eq!((figures.transfers, figures.total.1.cashflows.net_flow), (1, Ok(d("16000"))));
    assert_eq!(figures.total.1.explained.lines[&LineKind::NetworkFee], Ok(d("-4")));
    assert_eq!(figures.total.1.cashflows.gain, Ok(d("896")));
}

#[test]
fn one_account_that_was_not_read_withholds_the_record_and_not_the_other() {
    let mut world = two();
    world.observe("a", at(9, 12 * HOUR));
    let figures = world.figures(at(10, 0));
    assert_eq!(figures.total.1.equity, Err(Reason::Partial));
    assert_eq!(figures.accounts[0].2.equity, Ok(d("11900")));
    assert_eq!(figures.accounts[1].2.equity, Err(Reason::Partial));
    // Fills of an account that nobody registered.
    let mut world = two();
    observed(&mut world, 9);
    world.record.accounts.remove("b");
    world.fill("b", at(3, HOUR), "ETHUSDT", "buy", "10", "50", "0", "USDT");
    let figures = world.figures(at(10, 0));
    assert_eq!((figures.accounts.len(), figures.total.1.equity), (2, Err(Reason::Partial)));
    assert_eq!(figures.accounts[0].2.equity, Ok(d("11900")));
}

#[test]
fn a_day_is_observed_if_every_account_that_counts_was_read() {
    let mut world = two();
    world.record.accounts.get_mut("b").unwrap().registered = at(4, 0);
    world.observe("a", at(3, HOUR / 2));
    world.observe("a", at(6, HOUR / 2));
    world.observe("b", at(6, HOUR / 4));
    world.observe("a", at(8, HOUR / 2));
    world.observe("b", at(8, 2 * HOUR));
    // What could not be read of an account before it joined is no gap of the record.
    let gap = Gap { from: at(2, HOUR), to: at(3, 2 * HOUR) };
    world.record.accounts.get_mut("b").unwrap().gaps.push(gap);
    let total = world.total(at(9, 0));
    assert_eq!(total.marks.get(&Mark::Partial), None);
    for (number, mark) in [(2, Mark::Observed), (5, Mark::Observed), (7, Mark::Reconstructed)] {
        assert_eq!(of_day(&total, number).mark, mark, "{number}");
    }
    assert_eq!(total.lateness_ms_max, HOUR / 2);
}

#[test]
fn of_a_day_the_first_and_the_last_reading_are_kept() {
    let mut world = two();
    let account = world.record.accounts.get_mut("a").unwrap();
    let hours = [30, 3, 5, 1, 2, 26, 25, 4, 27];
    for hour in hours {
        let balances = BTreeMap::from([("USDT".into(), Decimal::from(u64::try_from(hour).unwrap()))]);
        account.observe(Observation { at: at(0, hour * HOUR), balances });
    }
    let kept: Vec<_> =
        account.observations.iter().map(|found| (found.at.millis() - at(0, 0).millis()) / HOUR).collect();
    assert_eq!(kept, [1, 5, 25, 30]);
}

#[test]
fn a_minute_that_is_forgotten_is_wanted_again_only_where_it_is_needed() {
    let mut world = two();
    observed(&mut world, 4);
    let (now, later) = (at(4, 13 * HOUR), at(4, 13 * HOUR + 60_000));
    let figures = world.figures(now);
    let minutes = world.record.prices.minutes().count();
    world.record.prices.forget_minute(at(4, 13 * HOUR - 60_000));
    assert_eq!(world.record.prices.minutes().count(), minutes - 1);
    world.figures(later);
    assert_eq!(world.record.prices.minutes().count(), minutes);
    assert_eq!(world.figures(now), figures);
}

#[test]
fn lines_that_no_venue_writes_are_refused_whole() {
    let world = two();
    let known = world.record.lines.clone();
    let line = known.iter().next().unwrap().clone();
    let refused = |change: &dyn Fn(&mut Line)| {
        let (mut good, mut bad) = (line.clone(), line.clone());
        (good.id, bad.id) = ("good".into(), "bad".into());
        change(&mut bad);
        let mut lines = known.clone();
        let code = lines.apply(vec![good, bad]).unwrap_err().code();
        assert_eq!(lines, known, "nothing of a refused batch stays");
        code
    };
    assert_eq!(refused(&|line| line.time = Timestamp::from_millis(1_230_940_799_999)), "INVALID_TIME");
    assert_eq!(
        refused(&|line| line.amount = d("1.00000000000000000000000000000000000001")),
        "NUMBER_TOO_LONG"
    );
    let conflict = |line: &mut Line| (line.id, line.amount) = ("good".into(), d("3"));
    assert_eq!(refused(&conflict), "DUPLICATE_CONFLICT");
}

#[test]
fn a_position_joins_with_its_unrealised_profit() {
    let mut world = two();
    // 100 contracts of 0.01 BTC, entered at 1000, when an account with 5000 USDT joins at 1040.
    world.fill("b", at(2, 2 * HOUR), "BTCPERP", "buy", "100", "1000", "0", "USDT");
    world.record.accounts.get_mut("b").unwrap().registered = at(4, 6 * HOUR);
    observed(&mut world, 9);
    let figures = world.figures(at(10, 0));
    let total = &figures.total.1;
    assert_eq!(total.explained.joined, Ok(d("5040")));
    // Eleven coins from 1040 to 1090, and ten of them from 1000.
    assert_eq!(total.cashflows.gain, Ok(d("950")));
    assert_eq!(figures.accounts[1].2.cashflows.gain, Ok(d("90")));
    assert_eq!(total.residual, Ok(Decimal::ZERO));
}

#[test]
fn an_account_whose_history_begins_later_joins_then() {
    let mut world = two();
    for account in world.record.accounts.values_mut() {
        account.registered = at(0, 0);
    }
    let b = world.record.accounts.get_mut("b").unwrap();
    (b.complete_from, b.since_opening) = (at(6, 0), false);
    observed(&mut world, 9);
    let total = world.total(at(10, 0));
    assert_eq!((total.explained.joined, total.explained.opening), (Ok(d("5000")), Ok(Decimal::ZERO)));
    // At a midnight, which ends the day before.
    assert_eq!(of_day(&total, 5).net_flow, Ok(d("5000")));
    // What is missing of one account is not missing of the record.
    assert_eq!(total.marks.get(&Mark::Missing), None);
    assert_eq!(total.cashflows.gain, Ok(d("900")));
}
