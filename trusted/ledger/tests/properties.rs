//! What holds on any fills (METRICS.md section 9): nothing depends on arrival, nothing is lost, nothing is half applied.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use common::{
    cases,
    fraction::Fraction,
    world::{
        Draft, FeeKind, INSTRUMENTS, NOW, decimal, draft, drafts, fills, kind, knowing, ledger, ledger_of,
        ledger_with_checkpoints,
    },
};
use ledger::{
    Book, Currency, Decimal, Direction, Fill, InstrumentKind, LotRule, Measured, Performance, Price,
    Quantity, Refused, Side, Timestamp, TradeAggregator,
};
use proptest::prelude::*;

/// Everything a ledger holds and says, as text: equal text, equal bytes of any answer.
fn said(ledger: &TradeAggregator) -> String {
    let mut said = format!("{}\n{:?}\n", ledger.len(), ledger.fills().collect::<Vec<_>>());
    ledger.write_figures(&mut said).unwrap();
    said
}

fn add(a: Decimal, b: Decimal) -> Decimal {
    a.checked_add(b).unwrap()
}

fn times(a: Decimal, b: Decimal) -> Decimal {
    a.checked_mul(b).unwrap()
}

fn sum(values: impl IntoIterator<Item = Decimal>) -> Decimal {
    values.into_iter().fold(Decimal::ZERO, add)
}

/// Equal up to what rounded quotients may differ in.
fn close(a: Decimal, b: Decimal) -> bool {
    a.checked_sub(b).unwrap().abs() <= "0.00000000000000000000000001".parse().unwrap()
}

/// What a fill moves, with its sign.
fn moved(instrument: InstrumentKind, base: &str, fill: &Fill) -> Decimal {
    let in_base = instrument == InstrumentKind::Spot && fill.fee_asset.as_str() == base;
    let fee = if in_base { fill.fee } else { Decimal::ZERO };
    let bought = fill.quantity.0.checked_sub(fee).unwrap();
    let sold = add(fill.quantity.0, fee).negated();
    if fill.side == Side::Buy { bought } else { sold }
}

/// Each book with its fills.
fn with_fills<'a>(ledger: &'a TradeAggregator, fills: &'a [Fill]) -> Vec<(&'a Book, Vec<&'a Fill>)> {
    let of = |account: &str, symbol: &ledger::Symbol| {
        fills.iter().filter(|fill| &*fill.account == account && fill.symbol == *symbol).collect()
    };
    ledger.books().map(|(account, symbol, book)| (book, of(account, symbol))).collect()
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn order_of_arrival_paging_and_repetition_change_nothing(
        arrivals in drafts(40).prop_flat_map(|drafts| {
            let fills = fills(&drafts);
            let again = prop::sample::subsequence(fills.clone(), 0..=fills.len());
            let shuffled = again.prop_flat_map({
                let fills = fills.clone();
                move |again| Just([fills.clone(), again].concat()).prop_shuffle()
            });
            (Just(fills), shuffled)
        }),
        page in 1..30_usize,
        interval in 1..9_u32,
    ) {
        let (fills, arrivals) = arrivals;
        let mut paged = ledger_with_checkpoints(interval);
        let mut duplicates = 0;
        for page in arrivals.chunks(page) {
            duplicates += paged.apply(page.to_vec(), NOW).unwrap().duplicates;
        }
        prop_assert_eq!(duplicates, arrivals.len() - fills.len());
        prop_assert_eq!(paged.len(), fills.len());
        prop_assert_eq!(said(&paged), said(&ledger_of(fills)));
    }

    #[test]
    fn fills_in_order_are_never_replayed_and_a_late_one_replays_its_own_book(drafts in drafts(40), late in draft()) {
        // One instant for each, so that order of arrival is order of time.
        let drafts: Vec<Draft> = drafts.into_iter().map(|draft| Draft { after_ms: 1, ..draft }).collect();
        let mut fills = fills(&drafts);
        let mut one_by_one = ledger();
        for fill in &fills {
            prop_assert_eq!(one_by_one.apply(vec![fill.clone()], NOW).unwrap().replayed, 0);
        }
        prop_assert_eq!(said(&one_by_one), said(&ledger_of(fills.clone())));
        let mut late = common::world::fills(&[late]).remove(0);
        (late.id, late.time) = ("late".into(), Timestamp::from_millis(1_300_000_000_000));
        let own = fills.iter().any(|fill| (&fill.account, &fill.symbol) == (&late.account, &late.symbol));
        prop_assert_eq!(one_by_one.apply(vec![late.clone()], NOW).unwrap().replayed, usize::from(own));
        fills.push(late);
        prop_assert_eq!(said(&one_by_one), said(&ledger_of(fills)));
    }

    #[test]
    fn a_rate_that_becomes_known_later_is_as_if_it_had_always_been(drafts in drafts(30), without in any::<u64>()) {
        let fills = fills(&drafts);
        let mut ledger = ledger();
        let unpriced = fills.iter().enumerate().map(|(at, fill)| match without >> (at % 64) & 1 {
            0 => fill.clone(),
            _ => Fill { fee_rate: None, reporting_rate: None, ..fill.clone() },
        });
        ledger.apply(unpriced.collect(), NOW).unwrap();
        prop_assert!(fills.iter().all(|fill| ledger.holds(fill)));
        ledger.apply(fills.clone(), NOW).unwrap();
        prop_assert_eq!(said(&ledger), said(&ledger_of(fills)));
    }

    #[test]
    fn a_refused_batch_leaves_no_trace(drafts in drafts(30), held in 0..30_usize, bad in 0..5_usize, at in 0..30_usize) {
        let mut fills = fills(&drafts);
        prop_assume!(!fills.is_empty());
        let mut ledger = ledger_of(fills.drain(..held.min(fills.len() - 1)).collect());
        let before = said(&ledger);
        let model = fills[0].clone();
        let (bad, error) = match bad {
            0 => (Fill { quantity: Quantity(Decimal::ZERO), ..model }, Refused::InvalidFill),
            1 => (Fill { price: Price(decimal(-1, 1)), ..model }, Refused::InvalidFill),
            2 => (Fill { symbol: "UNKNOWN".into(), ..model }, Refused::InstrumentUnknown),
            3 => (Fill { time: Timestamp::from_millis(1_300_000_000_000), ..model }, Refused::DuplicateConflict),
            _ => {
                let price = Price("1000".parse().unwrap());
                (Fill { id: "x".into(), quantity: Quantity("7e75".parse().unwrap()), price, ..model }, Refused::Overflow)
            }
        };
        // After the fill that it contradicts.
        fills.insert((at % fills.len()) + 1, bad);
        let refused = ledger.apply(fills, NOW).unwrap_err();
        prop_assert_eq!(refused.refused(), error);
        prop_assert!(refused.fill().is_some());
        prop_assert_eq!(said(&ledger), before);
    }

    #[test]
    fn profit_is_cash_flow_plus_the_value_of_the_position(drafts in drafts(50), mark in 1..20_i128) {
        let fills = fills(&drafts);
        let ledger = ledger_of(fills.clone());
        for (book, fills) in with_fills(&ledger, &fills) {
            let instrument = book.instrument();
            let mark = Price(decimal(mark, 1));
            let value = |quantity: Decimal, price: Price| {
                let contracts = times(quantity, instrument.multiplier);
                match instrument.kind {
                    // In base, what is long is worth less of it the higher the price.
                    InstrumentKind::Inverse => contracts.checked_div(price.0).unwrap().negated(),
                    _ => times(contracts, price.0),
                }
            };
            let signed = |fill: &Fill| moved(instrument.kind, instrument.base.as_str(), fill);
            let moved = add(sum(fills.iter().map(|fill| signed(fill))), book.unmatched_quantity());
            prop_assert_eq!(book.position(), Ok(moved));
            let flow = sum(fills.iter().map(|fill| value(signed(fill), fill.price).negated()));
            let worth = add(flow.checked_sub(book.unmatched_proceeds()).unwrap(), value(moved, mark));
            let unrealized = sum(book.open_lots().map(|lot| {
                let quantity = if lot.direction == Direction::Long { lot.quantity() } else { lot.quantity().negated() };
                value(quantity, mark).checked_sub(value(quantity, lot.price)).unwrap()
            }));
            let gross = sum(book.matches().iter().map(|done| done.gross));
            prop_assert!(close(add(gross, unrealized), worth), "{} + {} is not {}", gross, unrealized, worth);
        }
    }

    #[test]
    fn shares_of_a_fee_add_up_to_it(drafts in drafts(50)) {
        let fills = fills(&drafts);
        let ledger = ledger_of(fills.clone());
        for (book, fills) in with_fills(&ledger, &fills) {
            for fill in fills {
                let all = book.matches();
                let matches = || all.iter();
                let opened = matches().filter(|done| done.open == fill.id).map(|done| (done.quantity, done.open_fee));
                let closed = matches().filter(|done| done.close == fill.id).map(|done| (done.quantity, done.close_fee));
                let left = book.open_lots().filter(|lot| lot.id == fill.id).map(|lot| (lot.quantity(), lot.fee_left()));
                let shares: Vec<_> = opened.chain(closed).chain(left).collect();
                let instrument = book.instrument();
                let whole = moved(instrument.kind, instrument.base.as_str(), fill).abs();
                // The share of what was sold without a known cost belongs to no trade.
                if sum(shares.iter().map(|(quantity, _)| *quantity)) != whole {
                    prop_assert!(fill.side == Side::Sell && !book.unmatched_quantity().is_zero());
                    continue;
                }
                let at: usize = fill.id.to_string().parse().unwrap();
                let fee = common::slow::Money(&drafts[at - 1]).fee();
                let total: Option<Vec<Decimal>> = shares.iter().map(|(_, fee)| *fee).collect();
                match fee {
                    None => prop_assert!(shares.iter().all(|(_, fee)| fee.is_none())),
                    // The fee itself may be a quotient on inverse; its shares add up to the very one.
                    Some(fee) => prop_assert!(fee.is(sum(total.unwrap()))),
                }
            }
            // To the last digit, over the book.
            let matched = book.matches().into_iter().flat_map(|done| [done.open_fee, done.close_fee]);
            let shares: Option<Vec<Decimal>> = matched.chain(book.open_lots().map(|lot| lot.fee_left())).collect();
            if let Some(shares) = shares.filter(|_| book.unmatched_quantity().is_zero()) {
                let fees = ledger.symbol(&book.instrument().symbol, Currency::Settlement);
                let alone = ledger.books().filter(|(_, _, other)| other.instrument() == book.instrument()).count() == 1;
                if alone && fees.fees_unvalued.is_empty() {
                    prop_assert_eq!(fees.fees_valued, Ok(sum(shares)));
                }
            }
        }
    }

    #[test]
    fn how_an_order_is_sliced_changes_no_total(drafts in drafts(40), cut in any::<u64>()) {
        // Every order is named; ids leave room for the slices.
        let whole: Vec<Fill> = fills(&drafts)
            .into_iter()
            .map(|fill| Fill {
                id: format!("{}0", fill.id).into(),
                order_id: fill.order_id.or_else(|| Some(format!("own{}", fill.id).into())),
                ..fill
            })
            .collect();
        let sliced: Vec<Fill> = whole.iter().enumerate().flat_map(|(at, fill)| slices(fill, cut >> (at % 60) & 7)).collect();
        let (whole, sliced) = (ledger_of(whole), ledger_of(sliced));
        for (symbol, kind, ..) in INSTRUMENTS {
            let [whole, sliced] = [&whole, &sliced].map(|ledger| ledger.symbol(&symbol.into(), Currency::Settlement));
            prop_assert_eq!(whole.volume, sliced.volume);
            prop_assert_eq!(whole.maker_share, sliced.maker_share);
            prop_assert_eq!(&whole.fees_by_asset, &sliced.fees_by_asset);
            prop_assert_eq!(whole.trades.count, sliced.trades.count);
            prop_assert_eq!(whole.round_trips.count, sliced.round_trips.count);
            for (a, b) in [(whole.realized_gross, sliced.realized_gross), (whole.matched_cost, sliced.matched_cost)] {
                let same = if kind == InstrumentKind::Inverse { close(a.unwrap(), b.unwrap()) } else { a == b };
                prop_assert!(same);
            }
            if let (Ok(a), Ok(b)) = (&whole.trades.figures, &sliced.trades.figures) {
                prop_assert_eq!((a.wins, a.losses, a.scratches), (b.wins, b.losses, b.scratches));
            }
            prop_assert_eq!(whole.trades.figures.is_ok(), sliced.trades.figures.is_ok());
        }
        for (symbol, ..) in INSTRUMENTS {
            prop_assert_eq!(whole.open(&symbol.into()).position, sliced.open(&symbol.into()).position);
        }
    }

    #[test]
    fn a_flat_book_earned_what_average_cost_says(drafts in prop::collection::vec(draft(), 1..40), instrument in 2..4_usize) {
        let mut drafts: Vec<Draft> =
            drafts.into_iter().map(|draft| Draft { account: 0, instrument, fee: 0, ..draft }).collect();
        let position: i128 = drafts.iter().map(|draft| if draft.buy { draft.units } else { -draft.units }).sum();
        if position != 0 {
            drafts.push(Draft { buy: position < 0, units: position.abs(), after_ms: 1, ..drafts[0].clone() });
        }
        let ledger = ledger_of(fills(&drafts));
        let total = ledger.symbol(&INSTRUMENTS[instrument].0.into(), Currency::Settlement);
        prop_assert_eq!(ledger.open(&INSTRUMENTS[instrument].0.into()).position, Ok(Decimal::ZERO));
        let times: Vec<i64> = fills(&drafts).iter().map(|fill| fill.time.millis()).collect();
        let (earned, ..) = average_cost(&drafts, &times, kind(instrument));
        let contracts = Fraction::new(INSTRUMENTS[instrument].4, 100_000);
        prop_assert!(earned.by(contracts).is(total.realized_gross.unwrap()));
        // Whichever lot was closed first.
        let mut newest_first = knowing(TradeAggregator::with_rule("USDT".into(), LotRule::LastIn));
        newest_first.apply(fills(&drafts), NOW).unwrap();
        let by_newest = newest_first.symbol(&INSTRUMENTS[instrument].0.into(), Currency::Settlement);
        prop_assert!(close(by_newest.realized_gross.unwrap(), total.realized_gross.unwrap()));
        let (_, _, book) = ledger.books().next().unwrap();
        let matches = book.matches_by(LotRule::LastIn).unwrap();
        prop_assert!(close(sum(matches.iter().map(|done| done.gross)), total.realized_gross.unwrap()));
    }

    #[test]
    fn the_newest_lot_first_is_a_stack_whatever_the_order_of_arrival(
        drafts in prop::collection::vec(draft(), 1..30).prop_map(|drafts| {
            drafts.into_iter().map(|draft| Draft { account: 0, instrument: 2, fee: 0, ..draft }).collect::<Vec<_>>()
        }),
        cut in 0..30_usize,
    ) {
        let all = fills(&drafts);
        let mut ledger = knowing(TradeAggregator::with_rule("USDT".into(), LotRule::LastIn).with_checkpoints(2));
        let cut = cut.min(all.len());
        ledger.apply(all[cut..].to_vec(), NOW).unwrap();
        ledger.apply(all[..cut].to_vec(), NOW).unwrap();
        // Units of one direction on a stack, by their price.
        let mut order: Vec<usize> = (0..drafts.len()).collect();
        order.sort_by_key(|&at| (all[at].time, drafts[at].sequence.unwrap_or(0), at));
        let (mut stack, mut long, mut earned): (Vec<i128>, bool, i128) = (Vec::new(), true, 0);
        for draft in order.into_iter().map(|at| &drafts[at]) {
            for _ in 0..draft.units {
                if !stack.is_empty() && long != draft.buy {
                    let opened = stack.pop().unwrap();
                    earned += if long { draft.price - opened } else { opened - draft.price };
                } else {
                    long = draft.buy;
                    stack.push(draft.price);
                }
            }
        }
        let gross = ledger.symbol(&"CCCUSDT".into(), Currency::Settlement).realized_gross.unwrap();
        prop_assert!(Fraction::new(earned * 5, 100_000).is(gross));
        let open: usize = stack.len();
        let left = sum(ledger.books().flat_map(|(_, _, book)| book.open_lots().collect::<Vec<_>>()).map(|lot| lot.quantity()));
        prop_assert!(Fraction::new(open as i128, 1000).is(left));
    }

    #[test]
    fn average_cost_is_that_of_the_slow_reference(drafts in prop::collection::vec(draft(), 1..40), instrument in 2..4_usize) {
        let drafts: Vec<Draft> = drafts
            .into_iter()
            .map(|draft| Draft { account: 0, instrument, fee_kind: FeeKind::Quote, fee: draft.fee.abs(), ..draft })
            .collect();
        let ledger = ledger_of(fills(&drafts));
        let times: Vec<i64> = fills(&drafts).iter().map(|fill| fill.time.millis()).collect();
        let (earned, position, average) = average_cost(&drafts, &times, kind(instrument));
        let contracts = Fraction::new(INSTRUMENTS[instrument].4, 100_000);
        let figures = ledger.average_cost(&INSTRUMENTS[instrument].0.into(), Currency::Settlement);
        prop_assert!(earned.by(contracts).is(figures.realized_gross.unwrap()));
        // In the reference an inverse unit is worth minus the reciprocal of its price.
        let inverse = kind(instrument) == InstrumentKind::Inverse;
        let cost = if inverse { Fraction::ZERO.minus(average) } else { average };
        let cost_of_one = cost;
        let cost = cost.by(Fraction::whole(position.abs())).by(contracts);
        prop_assert!(cost.is(figures.open_cost.unwrap()));
        match figures.average_entry {
            Err(_) => prop_assert_eq!(position, 0),
            Ok(price) => {
                let entry = if inverse { Fraction::whole(1).over(cost_of_one) } else { cost_of_one };
                prop_assert!(entry.is(price));
            }
        }
        // Fees leave the pool as they entered it: what is realised is no more than was paid.
        let fifo = ledger.symbol(&INSTRUMENTS[instrument].0.into(), Currency::Settlement);
        let (fees, paid) = (figures.realized_fees.unwrap(), fifo.fees_valued.unwrap());
        prop_assert!(!fees.is_negative() && fees <= paid);
        if position == 0 {
            prop_assert!(close(fees, paid));
        }
        prop_assert!(close(figures.realized_net.unwrap(), figures.realized_gross.unwrap().checked_sub(fees).unwrap()));
    }

    #[test]
    fn the_short_way_and_the_long_way_give_the_same_numbers(drafts in drafts(60), zeros in any::<u64>()) {
        // One spot book in the reporting currency goes the short way. In another one at a rate of one, or with numbers
        // that are written longer than a word, nothing does.
        let drafts: Vec<Draft> = drafts
            .into_iter()
            .map(|draft| Draft { account: 0, instrument: 0, units: draft.units + draft.fee.abs(), ..draft })
            .collect();
        let short: Vec<Fill> = fills(&drafts);
        let rated: Vec<Fill> = short
            .iter()
            .map(|fill| Fill { reporting_rate: Some(Price(Decimal::ONE)), ..fill.clone() })
            .collect();
        let mut long = knowing(TradeAggregator::new("EUR".into()));
        long.apply(rated, NOW).unwrap();
        let longer = |value: Decimal| times(value, "1.0000000000000000000000000".parse().unwrap());
        let mixed: Vec<Fill> = short
            .iter()
            .enumerate()
            .map(|(at, fill)| match zeros >> (at % 64) & 1 {
                1 => Fill { quantity: Quantity(longer(fill.quantity.0)), fee: longer(fill.fee), ..fill.clone() },
                _ => fill.clone(),
            })
            .collect();
        let (short, mixed) = (ledger_of(short), ledger_of(mixed));
        prop_assert_eq!(said(&short), said(&mixed));
        prop_assert_eq!(short.settled(), long.settled());
        prop_assert_eq!(short.total(), long.total());
        prop_assert_eq!(short.matches(), long.matches());
        prop_assert_eq!(short.trades(), long.trades());
    }

    #[test]
    fn prices_and_fees_times_c_are_profits_times_c(drafts in drafts(40), c in 2..9_i128) {
        let scale = |fill: &Fill| {
            let by = |value: Decimal| times(value, decimal(c, 1));
            // A fee in base grows with the price already, one in a third asset with its rate.
            let in_quote = ["USDT", "BTC"].contains(&fill.fee_asset.as_str());
            Fill {
                price: Price(by(fill.price.0)),
                fee: if in_quote { by(fill.fee) } else { fill.fee },
                fee_rate: fill.fee_rate.map(|rate| Price(by(rate.0))),
                ..fill.clone()
            }
        };
        let fills: Vec<Fill> = fills(&drafts).into_iter().filter(|fill| fill.symbol.as_str() != "DDDUSD").collect();
        let scaled = ledger_of(fills.iter().map(scale).collect());
        let ledger = ledger_of(fills);
        let amounts = |of: &Performance| {
            [of.volume, of.realized_gross, of.realized_fees, of.realized_net, of.matched_cost, of.fees_valued]
        };
        for (symbol, ..) in &INSTRUMENTS[..3] {
            let [one, other] = [&ledger, &scaled].map(|ledger| ledger.symbol(&(*symbol).into(), Currency::Settlement));
            for (one, other) in amounts(&one).into_iter().zip(amounts(&other)) {
                let expected: Measured<Decimal> = one.map(|one| times(one, decimal(c, 1)));
                match (expected, other) {
                    (Ok(expected), Ok(other)) => prop_assert!(close(expected, other)),
                    (expected, other) => prop_assert_eq!(expected, other),
                }
            }
            prop_assert_eq!(one.maker_share, other.maker_share);
            prop_assert_eq!(one.matched_share.is_ok(), other.matched_share.is_ok());
        }
    }
}

/// A fill in as many pieces as `cut` says, each with its part of the fee.
fn slices(fill: &Fill, cut: u64) -> Vec<Fill> {
    let pieces = [1, 2, 4, 5][(cut % 4) as usize];
    (0..pieces)
        .map(|at| Fill {
            id: format!("{}{at}", fill.id.to_string().strip_suffix('0').unwrap()).into(),
            quantity: Quantity(times(fill.quantity.0, decimal(1, pieces))),
            fee: times(fill.fee, decimal(1, pieces)),
            ..fill.clone()
        })
        .collect()
}

/// Profit by average cost of contracts, for a multiplier of one, with what is open and its average; harmonic for inverse
/// ones.
fn average_cost(drafts: &[Draft], times: &[i64], kind: InstrumentKind) -> (Fraction, i128, Fraction) {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&at| (times[at], drafts[at].sequence.unwrap_or(0), at));
    // What a unit is worth: the price, or less of the base the higher the price.
    let worth = |draft: &Draft| match kind {
        InstrumentKind::Inverse => Fraction::new(-1, draft.price),
        _ => Fraction::whole(draft.price),
    };
    let (mut position, mut average, mut earned) = (0_i128, Fraction::ZERO, Fraction::ZERO);
    for draft in order.into_iter().map(|at| &drafts[at]) {
        let mut left = if draft.buy { draft.units } else { -draft.units };
        if position.signum() == -left.signum() {
            let closed = left.abs().min(position.abs()) * position.signum();
            earned = earned.plus(worth(draft).minus(average).by(Fraction::whole(closed)));
            position -= closed;
            left += closed;
        }
        if left != 0 {
            let cost = average.by(Fraction::whole(position)).plus(worth(draft).by(Fraction::whole(left)));
            position += left;
            average = cost.over(Fraction::whole(position));
        }
    }
    (earned, position, average)
}

#[test]
fn three_and_seven_are_ten() {
    let one = draft_of(true, 10, 100);
    let parts = [draft_of(true, 3, 100), draft_of(true, 7, 100)];
    let sale = draft_of(false, 10, 110);
    let gross = |drafts: &[Draft]| ledger_of(fills(drafts)).total().realized_gross;
    assert_eq!(gross(&[one, sale.clone()]), Ok("0.1".parse().unwrap()));
    assert_eq!(gross(&[parts[0].clone(), parts[1].clone(), sale]), Ok("0.1".parse().unwrap()));
}

fn draft_of(buy: bool, units: i128, price: i128) -> Draft {
    Draft {
        account: 0,
        instrument: 0,
        buy,
        units,
        price,
        fee: 0,
        fee_kind: FeeKind::Quote,
        maker: None,
        order: None,
        after_ms: 1,
        sequence: None,
        rate: None,
    }
}
