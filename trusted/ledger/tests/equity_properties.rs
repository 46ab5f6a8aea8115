//! Accounts that are drawn, lived forward in a diary, and reconstructed backwards from their last balance: every day's
//! equity is the same, nothing is left unexplained, and the return is that of the life that was lived. And records that
//! make no sense, which must not stop the program.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::arithmetic_side_effects,
    reason = "test code"
)]

#[path = "common/mod.rs"]
mod common;
mod market;

use ledger::{
    Asset, Day, Decimal, Interval, Line, LineClass, LineKind, Price, PriceSource, Timestamp, Wanted, minute,
    record::{Account, Gap, Mark, Observation, Record},
};
use market::{BEGIN, DAY, HOUR, MINUTE, World, at, d, plus, times};
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Prices that move every minute.
fn moving(asset: &str, time: Timestamp) -> Option<Decimal> {
    let minute = (time.millis() - BEGIN).div_euclid(MINUTE);
    let price = |base: i64, swing: i64| Some(d(&(base + (minute * 7919).rem_euclid(swing)).to_string()));
    match asset {
        "USDT" => Some(Decimal::ONE),
        "BTC" => price(1000, 97),
        "ETH" => price(100, 13),
        "BNB" => price(10, 2),
        _ => None,
    }
}

/// What an account does, after so many minutes: how much of what it holds, in hundredths.
#[derive(Clone, Debug)]
struct Step {
    minutes: i64,
    kind: u8,
    hundredths: u8,
    fee: u8,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (1..900_i64, 0..12_u8, 20..80_u8, 0..4_u8).prop_map(|(minutes, kind, hundredths, fee)| Step {
        minutes,
        kind,
        hundredths,
        fee,
    });
    prop::collection::vec(step, 1..60)
}

/// Lives the steps. Returns the last instant.
fn live(world: &mut World, steps: &[Step], large_only: bool) -> i64 {
    world.account("a", at(0, 0), true);
    world.line("a", at(0, MINUTE + 5), LineKind::Deposit, "USDT", "100000");
    world.line("a", at(0, MINUTE + 5), LineKind::Deposit, "BNB", "1000");
    let mut now = MINUTE + 5;
    for (number, step) in steps.iter().enumerate() {
        now += step.minutes * MINUTE + i64::try_from(number).unwrap();
        let time = at(0, now);
        let held = world.truth("a", time);
        let part = |asset: &str, decimals: u8| {
            let held = held.get(asset).copied().unwrap_or_default();
            times(times(held, u64::from(step.hundredths).into()), d("0.01")).rounded(decimals)
        };
        let price = |asset: &str| moving(asset, time).unwrap();
        let (symbol, base, quote) = match step.kind % 3 {
            0 => ("BTCUSDT", "BTC", "USDT"),
            1 => ("ETHUSDT", "ETH", "USDT"),
            _ => ("ETHBTC", "ETH", "BTC"),
        };
        let executed = price(base).checked_div(price(quote)).unwrap().rounded(5);
        let (fee, fee_asset) = match step.fee {
            0 => ("0", quote),
            1 => ("0.00001", base),
            2 => ("0.00001", quote),
            _ => ("0.01", "BNB"),
        };
        let mut fill = |side: &str, quantity: Decimal| {
            if quantity > d("0.001") {
                let (quantity, price) = (quantity.to_string(), executed.to_string());
                world.fill("a", time, symbol, side, &quantity, &price, fee, fee_asset);
            }
        };
        match step.kind {
            0..=3 => {
                let bought = part(quote, 5).checked_div(executed).unwrap().rounded(4);
                fill("buy", bought.checked_sub(d("0.0001")).unwrap());
            }
            4..=6 => fill("sell", part(base, 4)),
            7 | 8 => {
                // A fifth of everything at least: a large flow.
                let whole = held.iter();
                let whole =
                    whole.fold(Decimal::ZERO, |sum, (asset, held)| plus(sum, times(*held, price(asset))));
                let share = times(d("0.01"), u64::from(step.hundredths).into());
                let amount = times(whole, share).rounded(2).to_string();
                world.line("a", time, LineKind::Deposit, "USDT", &amount);
            }
            9 if !large_only => {
                let amount = part("BTC", 4).negated().to_string();
                world.line("a", time, LineKind::Withdrawal, "BTC", &amount);
            }
            10 => world.line("a", time, LineKind::Interest, "ETH", "0.013"),
            11 => world.line("a", time, LineKind::Funding, "USDT", "-0.07"),
            _ => {}
        }
    }
    now
}

fn worth_at(world: &World, time: Timestamp) -> Decimal {
    world
        .truth("a", time)
        .iter()
        .fold(Decimal::ZERO, |sum, (asset, held)| plus(sum, times(*held, moving(asset, time).unwrap())))
}

fn double(value: Decimal) -> f64 {
    value.to_string().parse().unwrap()
}

/// The return of the life that was lived, valued at each flow and each midnight.
fn lived(world: &World, as_of: Timestamp) -> f64 {
    let (mut growth, mut last) = (1.0, 0.0);
    let mut cut = |before: f64, after: f64| {
        if last != 0.0 {
            growth *= before / last;
        }
        last = after;
    };
    let mut flows: BTreeMap<Timestamp, Decimal> = BTreeMap::new();
    for line in world.record.lines.iter().filter(|line| line.kind.class() == LineClass::Flow) {
        let flow = flows.entry(line.time).or_default();
        *flow = plus(*flow, times(line.amount, moving(line.asset.as_str(), line.time).unwrap()));
    }
    let mut flows = flows.into_iter().peekable();
    let mut day = Day::of(at(0, 0));
    loop {
        let end = day.end().min(as_of);
        while let Some((time, flow)) = flows.next_if(|(time, _)| *time <= end) {
            let after = double(worth_at(world, time));
            cut(after - double(flow), after);
        }
        let equity = if day.end() <= as_of {
            double(world.worth(&world.truth("a", end), day))
        } else {
            let balances = world.truth("a", as_of);
            let time = Timestamp::from_millis(minute(as_of).millis() - MINUTE);
            balances
                .iter()
                .fold(0.0, |sum, (asset, held)| sum + double(times(*held, moving(asset, time).unwrap())))
        };
        cut(equity, equity);
        day = day.next();
        if day.start() >= as_of {
            return growth - 1.0;
        }
    }
}

proptest! {
    #![proptest_config(common::cases(150))]

    #[test]
    fn a_life_reconstructed_backwards_is_the_life_that_was_lived(steps in steps(), late in 0..40 * HOUR) {
        let mut world = World::new(moving);
        let end = live(&mut world, &steps, false);
        let as_of = at(0, end + HOUR + late);
        world.observe("a", at(0, end + 1));
        let figures = world.total(as_of);
        prop_assert_eq!(figures.residual, Ok(Decimal::ZERO));
        for day in &figures.days {
            prop_assert_eq!(day.equity, Ok(world.worth(&world.truth("a", day.day.end()), day.day)));
            prop_assert_eq!(day.residual, Ok(Decimal::ZERO));
        }
        prop_assert_eq!(i64::try_from(figures.days.len()).unwrap(), (end + HOUR + late) / DAY);
    }

    #[test]
    fn the_return_is_that_of_the_life_that_was_lived(steps in steps(), late in 0..40 * HOUR) {
        let mut world = World::new(moving);
        let end = live(&mut world, &steps, true);
        let as_of = at(0, end + HOUR + late);
        world.observe("a", at(0, end + 1));
        let figures = world.total(as_of);
        let (twr, lived) = (figures.cashflows.twr.unwrap(), lived(&world, as_of));
        prop_assert!((twr - lived).abs() <= 1e-9 * (1.0 + lived.abs()), "{} is not {}", twr, lived);
        prop_assert_eq!(figures.approximated_days, 0);
    }

    #[test]
    fn observations_on_the_way_change_nothing_of_a_life_that_is_known(
        steps in steps(),
        readings in prop::collection::vec(0..20 * DAY, 0..6),
    ) {
        let mut world = World::new(moving);
        let end = live(&mut world, &steps, false);
        let as_of = at(0, end + HOUR);
        world.observe("a", at(0, end + 1));
        let once = world.total(as_of);
        for reading in readings {
            world.observe("a", at(0, reading % end));
        }
        let often = world.total(as_of);
        prop_assert_eq!(once.explained, often.explained);
        prop_assert_eq!(once.cashflows, often.cashflows);
        for (a, b) in once.days.iter().zip(&often.days) {
            prop_assert_eq!((a.equity, a.r, a.net_flow, a.residual), (b.equity, b.r, b.net_flow, b.residual));
            prop_assert!(b.mark == Mark::Reconstructed || b.mark == Mark::Observed);
        }
    }
}

/// An instant that may be any.
fn instant() -> impl Strategy<Value = i64> {
    prop_oneof![
        6 => BEGIN..BEGIN + 40 * DAY,
        1 => any::<i64>(),
        1 => prop::sample::select(vec![0, -1, i64::MIN, i64::MAX, BEGIN]),
    ]
}

/// A number that may be any.
fn amount() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        4 => (-2000..2000_i64).prop_map(|value| times(value.into(), d("0.01"))),
        1 => prop::sample::select(vec!["0", "1e70", "-1e70", "1e-70", "99999999999999999999999999999999999999.1"])
            .prop_map(d),
    ]
}

fn asset() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["USDT", "BTC", "ETH", "", "\u{1F4A9}"])
}

#[derive(Clone, Debug)]
struct Garbage {
    accounts: Vec<(i64, i64, bool, i64, i64)>,
    lines: Vec<(usize, usize, i64, &'static str, Decimal, bool)>,
    observations: Vec<(usize, i64, &'static str, Decimal)>,
    fills: Vec<(usize, i64, bool, u32)>,
    prices: Vec<(u8, Option<Decimal>)>,
    as_of: i64,
}

fn garbage() -> impl Strategy<Value = Garbage> {
    let accounts = prop::collection::vec((instant(), instant(), any::<bool>(), instant(), instant()), 0..4);
    let line = (0..4_usize, 0..LineKind::ALL.len(), instant(), asset(), amount(), any::<bool>());
    let observation = (0..4_usize, instant(), asset(), amount());
    let fill = (0..4_usize, instant(), any::<bool>(), 1..1000_u32);
    (
        accounts,
        prop::collection::vec(line, 0..20),
        prop::collection::vec(observation, 0..6),
        prop::collection::vec(fill, 0..10),
        prop::collection::vec((any::<u8>(), prop::option::of(amount())), 1..6),
        instant(),
    )
        .prop_map(|(accounts, lines, observations, fills, prices, as_of)| Garbage {
            accounts,
            lines,
            observations,
            fills,
            prices,
            as_of,
        })
}

fn record_of(garbage: &Garbage) -> Record {
    let mut world = World::new(moving);
    let names = ["a", "b", "c", "d"];
    let time = Timestamp::from_millis;
    for (name, (registered, from, since_opening, gap, to)) in names.iter().zip(&garbage.accounts) {
        let account = Account {
            registered: time(*registered),
            complete_from: time(*from),
            since_opening: *since_opening,
            gaps: vec![Gap { from: time(*gap), to: time(*to) }],
            observations: Vec::new(),
        };
        world.record.accounts.insert((*name).into(), account);
    }
    for (number, (account, kind, at, asset, amount, transaction)) in garbage.lines.iter().enumerate() {
        let line = Line {
            account: names[*account].into(),
            id: number.to_string().into(),
            kind: LineKind::ALL[*kind],
            time: time(*at),
            asset: Asset::from(*asset),
            amount: *amount,
            transaction: transaction.then(|| "x".into()),
        };
        // A line may be refused; what matters is what comes of those that are not.
        let _ = world.record.lines.apply(vec![line]);
    }
    for (account, at, asset, held) in &garbage.observations {
        if let Some(account) = world.record.accounts.get_mut(names[*account]) {
            let balances = BTreeMap::from([(Asset::from(*asset), *held)]);
            account.observations.push(Observation { at: time(*at), balances });
        }
    }
    for (account, at, buy, quantity) in &garbage.fills {
        let symbol = ["BTCUSDT", "ETHBTC", "BTCPERP", "BTCUSD"][*account];
        // Instants that no venue tells are refused by the ledger itself.
        if (BEGIN..BEGIN + 40 * DAY).contains(at) {
            let side = if *buy { "buy" } else { "sell" };
            world.fill(names[*account], time(*at), symbol, side, &quantity.to_string(), "3", "0.1", "BTC");
        }
    }
    world.record
}

proptest! {
    #![proptest_config(common::cases(300))]

    #[test]
    fn a_record_that_makes_no_sense_stops_nothing(garbage in garbage()) {
        let mut record = record_of(&garbage);
        let as_of = Timestamp::from_millis(garbage.as_of);
        for (round, (_, price)) in garbage.prices.iter().enumerate() {
            let source = PriceSource { path: vec!["X".into()], interval: Interval::Minute };
            let found = |number: usize| {
                let (skip, _) = garbage.prices[(number + round) % garbage.prices.len()];
                price.filter(|_| skip % 5 != 0).map(|price| (Price(price), source.clone()))
            };
            for (number, wanted) in record.wanted(as_of).into_iter().enumerate().take(400) {
                match wanted {
                    Wanted::Days { asset, from, to } => {
                        let mut day = from;
                        for number in 0..400 {
                            record.prices.learn_day(asset.clone(), day, found(number));
                            if day == to {
                                break;
                            }
                            day = day.next();
                        }
                    }
                    Wanted::At { asset, at } => record.prices.learn_at(asset, at, found(number)),
                }
            }
            let figures = record.figures(as_of);
            for (_, _, equity) in &figures.accounts {
                market::adds_up(equity);
            }
            market::adds_up(&figures.total.1);
        }
    }
}
