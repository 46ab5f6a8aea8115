//! A year of the account: money comes and goes in the night, orders are given by day, so that everything happens in
//! the order of its time.

use super::{
    World,
    account::{Convert, Deposit, Dividend, Dust, OpenOrder, Swept, Withdrawal},
    oddities::Oddities,
    price::MINUTE_MS,
    trader::Trader,
};
use crate::{
    amount::Amount,
    random::{Random, hash},
};

const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;
pub(super) const DAYS: i64 = 365;
/// Nothing happens in the last minutes, so that the newest candle anybody needs is complete.
const QUIET_MS: i64 = 180_000;
/// Charge of a dust sweep: two hundredths.
const DUST_CHARGE_PERMILLE: i128 = 20;

/// What somebody comes with: coin and hundredths of it.
const FIRST_DEPOSITS: [(&str, i128); 5] =
    [("USDT", 15_000_000), ("BTC", 160), ("ETH", 1_450), ("BNB", 4_200), ("FDUSD", 3_000_000)];

/// Lives the year up to `now_ms`, in which so many fills come about.
pub(super) fn live(world: &mut World, trader: &mut Trader, now_ms: i64, fills: u64) {
    let opened_ms = world.account.opened_ms;
    let mut random = Random::new(world.seed, "year");
    let active: Vec<i64> = (0..DAYS).filter(|day| is_active(world.seed, *day)).collect();
    let sessions = u64::try_from(active.len()).unwrap_or(1);
    let mut oddities = Oddities::new(world.seed);
    let (mut done, mut so_far) = (0, 0);
    for day in 0..DAYS {
        let midnight_ms = opened_ms + day * DAY_MS;
        oddities.evening(world, day, midnight_ms + HOUR_MS);
        night(world, &mut random, day, midnight_ms);
        oddities.morning(world, day, midnight_ms + 7 * HOUR_MS);
        if active.contains(&day) {
            done += 1;
            let start_ms =
                midnight_ms + 8 * HOUR_MS + i64::try_from(random.between(0, 5_000_000)).unwrap_or(0);
            let end_ms = (midnight_ms + 23 * HOUR_MS).min(now_ms - QUIET_MS);
            // In some weeks fees are paid in what was traded.
            trader.bnb_fees = day / 9 % 4 != 2;
            let last_minutes = if day == DAYS - 1 { 40 } else { 0 };
            so_far += session(
                world,
                trader,
                start_ms,
                end_ms,
                (fills * done / sessions).saturating_sub(so_far + last_minutes),
            );
        }
    }
    // Somebody who traded a few minutes ago.
    let last_ms = now_ms - QUIET_MS - 25 * MINUTE_MS;
    so_far += session(world, trader, last_ms, now_ms - QUIET_MS, fills.saturating_sub(so_far));
    debug_assert!(so_far + 60 >= fills, "{so_far} fills");
    open_order(world, now_ms - QUIET_MS);
}

fn is_active(seed: u64, day: i64) -> bool {
    day == 0 || day == DAYS - 1 || hash(&[seed, 77, day.unsigned_abs()]) % 100 < 40
}

/// Orders from `start_ms` on until there are so many fills, or the day ends.
fn session(world: &mut World, trader: &mut Trader, start_ms: i64, end_ms: i64, fills: u64) -> u64 {
    let (mut time_ms, mut done) = (start_ms, 0);
    // Within a thousand minutes of prices, however much is wanted.
    let pause_max =
        u64::try_from((end_ms - start_ms).max(0)).unwrap_or(0).min(11 * 3_600_000) * 5 / (fills + 10);
    while done < fills && time_ms < end_ms {
        done += trader.trade(world, time_ms, end_ms, fills - done);
        let latest = world.account.updated_ms.max(time_ms);
        // Two orders in one millisecond happen.
        let pause =
            if trader.random().chance(30) { 0 } else { trader.random().between(1_500, pause_max.max(3_000)) };
        time_ms = latest.saturating_add_unsigned(pause);
    }
    done
}

fn night(world: &mut World, random: &mut Random, day: i64, midnight_ms: i64) {
    let mut at = |hour: i64| {
        midnight_ms + hour * HOUR_MS + i64::try_from(random.between(1_000, 3_500_000)).unwrap_or(0)
    };
    let (early, credit, out, swap, sweep) = (at(0), at(2), at(4), at(5), at(6));
    if day == 0 {
        let mut at_ms = early;
        for (asset, hundredths) in FIRST_DEPOSITS {
            at_ms = at_ms.saturating_add_unsigned(random.between(20_000, 400_000));
            deposit(world, random, asset, Amount::of(hundredths, 2), 1, at_ms);
        }
    } else if day % 27 == 0 {
        let (asset, hundredths) =
            in_turn([("USDT", 640_000), ("BNB", 350), ("BTC", 9), ("ETH", 130)], day / 27);
        let odd = Amount::of(i128::from(random.between(0, 99_999_999)), 8).times(Amount::of(hundredths, 3));
        deposit(world, random, asset, Amount::of(hundredths, 2).plus(odd).floored(6), 1, early);
    } else if day == DAYS - 1 {
        deposit(world, random, "USDT", Amount::of(123_456, 2), 6, early);
        deposit(world, random, "ETH", Amount::of(5, 1), 0, early + 60_000);
    }
    if day % 6 == 3 {
        dividend(world, random, in_turn(["ATOM", "币安人生", "UNI", "ADA"], day / 6), credit);
    }
    if day % 31 == 17 {
        let usdt = ("USDT", Amount::of(287_550, 2));
        let (asset, amount) = in_turn([usdt, usdt, ("BTC", Amount::of(45, 3)), usdt], day / 31);
        // One was cancelled, one was rejected.
        let status = match day {
            48 => 1,
            203 => 3,
            _ => 6,
        };
        withdraw(world, random, asset, amount, status, out);
    }
    if day % 24 == 11 {
        let (from, to) =
            in_turn([("USDT", "BNB"), ("FDUSD", "USDT"), ("BTC", "USDT"), ("USDT", "ETH")], day / 24);
        convert(world, random, from, to, day != 155, swap);
    }
    if day % 45 == 40 {
        dust(world, random, sweep);
    }
}

/// One after the other, and from the first again.
fn in_turn<T: Copy>(all: [T; 4], turn: i64) -> T {
    let [first, second, third, fourth] = all;
    match turn.rem_euclid(4) {
        0 => first,
        1 => second,
        2 => third,
        _ => fourth,
    }
}

pub(super) fn deposit(
    world: &mut World,
    random: &mut Random,
    asset: &str,
    amount: Amount,
    status: u8,
    time_ms: i64,
) {
    let Some(asset) = super::asset(asset) else { return };
    if status != 0 {
        world.account.give(asset.name, amount, time_ms);
    }
    let id = 700_000_000_000_000_000 + random.next() % 100_000_000_000_000_000;
    let transaction = random.hex(64);
    world.account.deposits.push(Deposit { id, asset, amount, status, time_ms, transaction });
}

pub(super) fn withdraw(
    world: &mut World,
    random: &mut Random,
    asset: &str,
    amount: Amount,
    status: u8,
    time_ms: i64,
) {
    let Some(asset) = super::asset(asset) else { return };
    let (id, transaction) = (random.hex(32), random.hex(64));
    // The venue tells withdrawals by the second.
    let time_ms = time_ms.div_euclid(1000) * 1000;
    let whole = amount.plus(asset.withdraw_fee);
    if status != 6 || world.account.take(&[(asset.name, whole)], time_ms) {
        let fee = asset.withdraw_fee;
        world.account.withdrawals.push(Withdrawal { id, asset, amount, fee, status, time_ms, transaction });
    }
}

fn dividend(world: &mut World, random: &mut Random, asset: &str, time_ms: i64) {
    let (Some(asset), Some(usdt)) = (super::asset(asset), super::asset("USDT")) else { return };
    let worth =
        Amount::of(i128::from(random.between(60, if asset.name == "币安人生" { 9_000 } else { 480 })), 2);
    let amount = worth.over(world.prices.rate(asset, usdt, time_ms.div_euclid(MINUTE_MS)));
    credit(world, random, (asset.name, amount), "Launchpool distribution", time_ms);
}

/// Coins from the venue, with its words for why.
pub(super) fn credit(
    world: &mut World,
    random: &mut Random,
    (asset, amount): (&'static str, Amount),
    reason: &'static str,
    time_ms: i64,
) {
    world.account.give(asset, amount, time_ms);
    let id = 1_000_000_000 + random.next() % 1_000_000_000;
    world.account.dividends.push(Dividend { id, asset, amount, time_ms, reason });
}

pub(super) fn convert(
    world: &mut World,
    random: &mut Random,
    from: &str,
    to: &str,
    success: bool,
    time_ms: i64,
) {
    let (Some(from), Some(to), Some(usdt)) = (super::asset(from), super::asset(to), super::asset("USDT"))
    else {
        return;
    };
    let minute = time_ms.div_euclid(MINUTE_MS);
    let worth = Amount::of(i128::from(random.between(400, 1_900)), 0);
    let from_amount = worth.over(world.prices.rate(from, usdt, minute)).floored(6);
    // The venue keeps a thousandth in its price.
    let to_amount = from_amount.times(world.prices.rate(from, to, minute)).permille(999);
    if success {
        if !world.account.take(&[(from.name, from_amount)], time_ms) {
            return;
        }
        world.account.give(to.name, to_amount, time_ms);
    }
    let (quote_id, order_id) =
        (random.hex(32), 940_000_000_000_000_000 + random.next() % 9_000_000_000_000_000);
    let (from, to) = (from.name, to.name);
    world.account.converts.push(Convert {
        quote_id,
        order_id,
        success,
        from,
        from_amount,
        to,
        to_amount,
        time_ms,
    });
}

/// Sweeps what is worth less than ten USDT.
fn dust(world: &mut World, random: &mut Random, time_ms: i64) {
    let (Some(usdt), Some(bnb)) = (super::asset("USDT"), super::asset("BNB")) else { return };
    let minute = time_ms.div_euclid(MINUTE_MS);
    let mut swept = Vec::new();
    for asset in super::market::ASSETS.iter().filter(|asset| asset.name != "BNB" && asset.name != "USDT") {
        // What cannot be sold is not swept either.
        if !world.has_market(asset.name, minute) {
            continue;
        }
        let amount = world.account.free(asset.name);
        let small = amount.times(world.prices.rate(asset, usdt, minute)) < Amount::of(10, 0);
        let before_charge = amount.times(world.prices.rate(asset, bnb, minute));
        let charge = before_charge.permille(DUST_CHARGE_PERMILLE);
        if small && charge.is_positive() && world.account.take(&[(asset.name, amount)], time_ms) {
            let received = before_charge.minus(charge);
            world.account.give("BNB", received, time_ms);
            let id = 4_000_000_000 + random.next() % 1_000_000_000;
            swept.push(Swept { id, asset: asset.name, amount, received, charge });
        }
    }
    if !swept.is_empty() {
        let id = 45_000_000_000 + random.next() % 1_000_000_000;
        world.account.dust.push(Dust { id, time_ms, swept });
    }
}

/// An order that never fills: half the price of the day.
fn open_order(world: &mut World, time_ms: i64) {
    let Some(market) = world.markets.first() else { return };
    let price =
        world.prices.close_amount(market, time_ms.div_euclid(MINUTE_MS)).permille(500).floored(market.tick);
    let quantity = Amount::of(25, 3);
    if world.account.lock(market.quote.name, price.times(quantity), time_ms) {
        world.account.open_order =
            Some(OpenOrder { market: 0, id: 77_000_000_001, price, quantity, time_ms });
    }
}
