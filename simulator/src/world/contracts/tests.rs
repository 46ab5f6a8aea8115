//! What must hold of contracts, computed here from the fills alone.

use super::*;
use crate::world::FILLS;

const NOW_MS: i64 = 1_795_305_600_000;
const DAY_MS: i64 = 86_400_000;

fn world(seed: u64) -> World {
    World::new(seed, NOW_MS, FILLS).with_contracts(NOW_MS)
}

/// Contracts and the world they are of.
fn check(judge: impl Fn(u64, &World, &Contracts)) {
    for seed in 1..5 {
        let world = world(seed);
        judge(seed, &world, world.contracts.as_ref().unwrap());
    }
}

#[test]
fn the_rest_of_the_world_does_not_depend_on_contracts() {
    let (plain, with) = (World::new(3, NOW_MS, FILLS), world(3));
    assert!(plain.contracts.is_none());
    assert_eq!(format!("{:?}", plain.account.fills), format!("{:?}", with.account.fills));
    assert_eq!(plain.account.deposits.len() + 4, with.account.deposits.len());
    assert!(with.account.deposits.is_sorted_by_key(|deposit| deposit.time_ms));
    // What came back is there, what was deposited for contracts is not.
    let more = |asset: &str| with.account.free(asset).minus(plain.account.free(asset));
    assert_eq!([more("USDT"), more("BTC"), more("ETH")].map(Amount::short), ["8123.45", "0.1", "0"]);
    let again = world(3);
    let told = |world: &World| format!("{:?}", world.contracts.as_ref().unwrap().fills);
    assert_eq!(told(&again), told(&with));
}

#[test]
fn profit_is_what_was_sold_for_more_than_it_was_bought() {
    check(|seed, world, contracts| {
        for (index, (market, fills)) in contracts.traded().enumerate() {
            // Money out and in by each fill, without any notion of a position.
            let flow = fills.iter().fold(Amount::ZERO, |flow, fill| {
                let value = if market.inverse {
                    fill.quantity.times(Amount::of(100, 0)).over(fill.price)
                } else {
                    fill.quantity.times(fill.price)
                };
                if fill.buyer == market.inverse { flow.plus(value) } else { flow.minus(value) }
            });
            let realized = fills.iter().fold(Amount::ZERO, |sum, fill| sum.plus(fill.realized));
            let held = contracts.position(index, NOW_MS);
            let cost =
                if held.quantity.is_positive() == market.inverse { held.cost.negative() } else { held.cost };
            let cost = if held.is_open() { cost } else { Amount::ZERO };
            assert_eq!(flow.plus(cost), realized, "seed {seed}, {}", market.symbol);
            let quantity = fills.iter().fold(Amount::ZERO, |sum, fill| {
                if fill.buyer { sum.plus(fill.quantity) } else { sum.minus(fill.quantity) }
            });
            assert_eq!(held.quantity, quantity, "seed {seed}, {}", market.symbol);
            assert_eq!(held.is_open(), market.symbol != "ETHUSDT", "seed {seed}");
            let mark = world.mark_price(market, NOW_MS);
            assert!(mark.minus(world.index_price(market, NOW_MS)) != Amount::ZERO);
        }
    });
}

#[test]
fn a_wallet_holds_what_was_moved_realized_and_paid_and_is_never_empty() {
    check(|seed, world, contracts| {
        for settle in ["USDT", "BTC"] {
            let of = |market: usize| contracts.markets[market].settle == settle;
            let mut events: Vec<(i64, Amount)> = Vec::new();
            for moved in contracts.transfers.iter().filter(|moved| moved.asset == settle) {
                events
                    .push((moved.time_ms, if moved.inward { moved.amount } else { moved.amount.negative() }));
            }
            for fill in (0..3).filter(|market| of(*market)).flat_map(|market| &contracts.fills[market]) {
                events.push((fill.time_ms, fill.realized.minus(fill.fee)));
            }
            let paid = contracts.funding_until(NOW_MS).iter().filter(|payment| of(payment.market));
            events.extend(paid.map(|payment| (payment.time_ms, payment.amount)));
            events.sort_by_key(|(time_ms, _)| *time_ms);
            let mut balance = Amount::ZERO;
            for (index, (time_ms, change)) in events.iter().enumerate() {
                balance = balance.plus(*change);
                let settled = events.get(index + 1).is_none_or(|(next_ms, _)| next_ms > time_ms);
                if !settled || index % 7 != 0 {
                    continue;
                }
                assert_eq!(balance, contracts.wallet(settle, *time_ms), "seed {seed}, {settle}");
                let open = (0..3).filter(|market| of(*market)).map(|market| {
                    let contract = &contracts.markets[market];
                    let mark = world.mark_price(contract, *time_ms);
                    contracts.position(market, *time_ms).unrealized(contract, mark)
                });
                assert!(open.fold(balance, Amount::plus).is_positive(), "seed {seed}, {settle}");
            }
            assert_eq!(balance, contracts.wallet(settle, NOW_MS), "seed {seed}, {settle}");
        }
    });
}

#[test]
fn everything_that_is_rare_happens_and_nothing_is_old() {
    check(|seed, world, contracts| {
        let count = contracts.fill_count();
        assert!((2_500..3_500).contains(&count), "seed {seed}: {count}");
        let first_ms = NOW_MS - 85 * DAY_MS;
        let mut sequence: Vec<usize> = Vec::new();
        for (market, fills) in contracts.traded() {
            assert!(fills.is_sorted_by_key(|fill| (fill.time_ms, fill.id)), "{}", market.symbol);
            assert!(fills.iter().all(|fill| (first_ms..NOW_MS - 120_000).contains(&fill.time_ms)));
            assert!(fills.iter().any(|fill| !fill.fee.is_positive()), "a rebate");
            assert!(fills.iter().any(|fill| fill.buyer) && fills.iter().any(|fill| !fill.buyer));
            let mut held = Position::default();
            let flips = fills.iter().filter(|fill| {
                let before = held;
                let realized = held.apply(market, fill.buyer, fill.quantity, fill.price);
                assert_eq!(realized, fill.realized);
                before.is_open()
                    && held.is_open()
                    && before.quantity.is_positive() != held.quantity.is_positive()
            });
            assert!(flips.count() > 5, "seed {seed}, {}", market.symbol);
            for fill in fills {
                let open_ms = fill.time_ms.div_euclid(60_000) * 60_000;
                let candle = world.contract_candle(market, open_ms, open_ms + 60_000, NOW_MS).unwrap();
                let ticks = i64::try_from(fill.price.count(market.tick)).unwrap();
                assert!((candle.low..=candle.high).contains(&ticks), "{fill:?}");
            }
            sequence.extend(fills.iter().map(|fill| fill.sequence));
        }
        sequence.sort_unstable();
        assert_eq!(sequence, (0..count).collect::<Vec<_>>());
        let liquidated: Vec<_> = contracts.fills.iter().flatten().filter(|fill| fill.liquidation).collect();
        assert!(matches!(liquidated.as_slice(), [fill] if !fill.maker), "seed {seed}");
        assert!(contracts.transfers.iter().all(|moved| moved.time_ms > first_ms));
        let funding = contracts.funding_until(NOW_MS);
        assert!(funding.len() > 300 && funding.iter().all(|payment| payment.time_ms > first_ms));
        // Time goes on, and what is held goes on paying.
        assert!(contracts.funding_until(NOW_MS + DAY_MS).len() > funding.len() + 2);
    });
}
