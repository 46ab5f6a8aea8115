//! Rounds: what waits for its price, what is told when something is refused, and what is remembered.

mod kept;
mod restated;

use super::*;
use crate::account::account_name;
use exchange::{KeyRights, Movement, MovementKind, MovementStatus, Reach, Venue, Verdict};
use ledger::{Asset, Decimal, Fill, Instrument, InstrumentKind, Interval, Liquidity, Quantity, Side};

/// A minute begins here.
const AT: i64 = 1_795_305_600_000;

fn known() -> AccountRecord {
    let rights = KeyRights {
        read: true,
        trade: Some(false),
        withdraw: Some(false),
        transfer: Some(false),
        ip_restricted: None,
        verdict: Verdict::Accept,
    };
    AccountRecord::new(Venue::Binance, rights, Timestamp::from_millis(AT))
}

/// A buy of one BTC whose fee is a BNB, a second after a minute began.
fn fill(id: &str, price: &str) -> Fill {
    Fill {
        account: account_name(Venue::Binance),
        symbol: "BTCUSDT".into(),
        id: id.into(),
        order_id: None,
        time: Timestamp::from_millis(AT + 1000),
        sequence: None,
        side: Side::Buy,
        quantity: Quantity(Decimal::ONE),
        price: price.parse().unwrap(),
        fee: Decimal::ONE,
        fee_asset: "BNB".into(),
        liquidity: Liquidity::Taker,
        fee_rate: None,
        reporting_rate: None,
    }
}

/// A deposit of one BTC, so many milliseconds after that minute began.
fn deposit(id: &str, after_ms: i64) -> Finding {
    Finding::Movement(Movement {
        id: id.to_owned(),
        kind: MovementKind::Deposit,
        time: Timestamp::from_millis(AT + after_ms),
        received: Some(("BTC".into(), Decimal::ONE)),
        spent: None,
        fee: None,
        transaction: None,
        status: MovementStatus::Settled,
    })
}

fn balances(after_ms: i64) -> Finding {
    let (asset, locked) = (Asset::from("BTC"), Decimal::ZERO);
    let balances = vec![exchange::Balance { asset, free: Decimal::ONE, locked }];
    Finding::Balances { at: Timestamp::from_millis(AT + after_ms), balances }
}

/// A round that begins so many minutes after that minute.
fn round(known: &mut AccountRecord, minutes: i64, found: Vec<Finding>, prices: &Prices) {
    let mut collection = Collection::new(Venue::Binance, Timestamp::from_millis(AT + minutes * MINUTE_MS));
    let instrument = Instrument {
        symbol: "BTCUSDT".into(),
        kind: InstrumentKind::Spot,
        base: "BTC".into(),
        quote: "USDT".into(),
        multiplier: Decimal::ONE,
    };
    collection.add(Finding::Instrument(instrument), known);
    found.into_iter().for_each(|finding| collection.add(finding, known));
    collection.apply(known, prices);
}

fn prices(price: Option<&str>) -> Prices {
    let at = PriceAt::Instant(Timestamp::from_millis(AT));
    let wanted = PriceWanted { asset: "BNB".into(), quote: "USDT".into(), at };
    let source = PriceSource { path: vec!["BNBUSDT".to_owned()], interval: Interval::Minute };
    Prices::from([(wanted, price.map(|price| (price.parse().unwrap(), source)))])
}

#[test]
fn a_fill_waits_until_its_minute_is_over_and_its_price_known() {
    let mut known = known();
    let fills = |count: usize| vec![Finding::Fills(vec![fill("1", "100"); count])];
    round(&mut known, 0, fills(1), &prices(Some("600")));
    assert!(known.record.aggregator.is_empty(), "its minute is running");
    round(&mut known, 1, fills(1), &Prices::new());
    assert!(known.record.aggregator.is_empty(), "its price may still move");
    // Told twice, it counts once.
    round(&mut known, 1, fills(2), &prices(Some("600")));
    assert_eq!(known.record.aggregator.total().fees_valued.unwrap().to_string(), "600");
    assert_eq!(known.price_sources.values().sum::<u64>(), 1);
}

#[test]
fn a_fee_without_any_price_is_told_and_not_left_out() {
    let mut known = known();
    let found = vec![Finding::Fills(vec![fill("1", "100")])];
    round(&mut known, 1, found, &prices(None));
    let total = known.record.aggregator.total();
    assert_eq!(total.fills, 1);
    assert_eq!(total.fees_unvalued.get(&Asset::from("BNB")), Some(&Ok(Decimal::ONE)));
}

#[test]
fn a_round_that_contradicts_the_ledger_is_missing_for_good_and_said_so() {
    let mut known = known();
    let found = |price| vec![Finding::Fills(vec![fill("1", price)])];
    round(&mut known, 1, found("100"), &prices(Some("600")));
    let contradiction = vec![Finding::Fills(vec![fill("1", "101"), fill("2", "100")])];
    round(&mut known, 2, contradiction, &prices(Some("600")));
    assert_eq!(known.record.aggregator.len(), 1, "nothing of that round");
    round(&mut known, 3, Vec::new(), &Prices::new());
    let missing = known.missing();
    assert_eq!(missing.len(), 1, "{missing:?}");
    assert_eq!(missing[0].why, "DUPLICATE_CONFLICT");
}

#[test]
fn a_deposit_and_the_balances_that_show_it_are_believed_together() {
    let mut known = known();
    let counts = |known: &AccountRecord| {
        let account = known.record.accounts.values().next().unwrap();
        (known.record.lines.len(), account.observations.len())
    };
    round(&mut known, 0, vec![deposit("1", 10), balances(20)], &Prices::new());
    assert_eq!(counts(&known), (0, 0), "its minute is running, and the balances have it already");
    round(&mut known, 1, Vec::new(), &Prices::new());
    assert_eq!(counts(&known), (1, 1), "nothing was told again");
    round(&mut known, 1, vec![deposit("1", 10), balances(MINUTE_MS + 5)], &Prices::new());
    assert_eq!(counts(&known), (1, 2), "known lines are one");
}

#[test]
fn an_account_that_held_nothing_where_it_begins_to_be_known_begins_with_what_happened_first() {
    let complete_from = |known: &AccountRecord| known.record.accounts.values().next().unwrap().complete_from;
    let from = Timestamp::from_millis(AT - 700 * DAY_MS);
    let reach = || Finding::Reach(Reach { from, since_opening: false, gaps: Vec::new() });
    let mut known = known();
    for minute in [1, 2] {
        round(&mut known, minute, vec![deposit("1", 10), balances(20), reach()], &Prices::new());
        assert_eq!(complete_from(&known), Timestamp::from_millis(AT + 10));
    }
    // Balances have more than what happened comes to: it was there before.
    let mut known = self::known();
    round(&mut known, 1, vec![balances(20), reach()], &Prices::new());
    assert_eq!(complete_from(&known), from);
}

#[test]
fn what_is_found_within_another_account_of_the_key_is_kept_apart() {
    let mut known = known();
    let within = |finding| Finding::Within { account: "binance/usdm", finding: Box::new(finding) };
    let reach = Reach { from: Timestamp::from_millis(AT), since_opening: true, gaps: Vec::new() };
    let (own, other) =
        (vec![deposit("1", 10), balances(20)], vec![within(balances(30)), within(Finding::Reach(reach))]);
    round(
        &mut known,
        1,
        own.into_iter().chain(other).chain([within(deposit("1", 20))]).collect(),
        &Prices::new(),
    );
    let accounts = &known.record.accounts;
    let seen: Vec<_> = accounts.iter().map(|(name, account)| (&**name, account.observations.len())).collect();
    assert_eq!(seen, [("binance/spot", 1), ("binance/usdm", 1)]);
    assert_eq!(known.record.lines.len(), 2, "one name in two accounts is two lines");
    assert_eq!(
        accounts["binance/usdm"].registered, accounts["binance/spot"].registered,
        "they join together"
    );
    assert_eq!(accounts["binance/usdm"].complete_from, Timestamp::from_millis(AT));
}

#[test]
fn a_position_that_its_fills_do_not_come_to_is_said() {
    let mut known = known();
    let position = |held: &str| Finding::Positions {
        at: Timestamp::from_millis(AT),
        positions: vec![("BTC/USDT:USDT".into(), held.parse().unwrap())],
    };
    round(&mut known, 1, vec![position("-2")], &Prices::new());
    let missing = known.missing();
    assert_eq!(missing.len(), 1);
    assert!(missing[0].what.contains("BTC/USDT:USDT"), "{missing:?}");
    let contract = Instrument {
        symbol: "BTC/USDT:USDT".into(),
        kind: InstrumentKind::Linear,
        base: "BTC".into(),
        quote: "USDT".into(),
        multiplier: Decimal::ONE,
    };
    let mut short = fill("9", "100");
    (short.symbol, short.side, short.quantity) =
        ("BTC/USDT:USDT".into(), Side::Sell, Quantity(Decimal::from(2_u64)));
    let found = vec![Finding::Instrument(contract), Finding::Fills(vec![short])];
    round(&mut known, 2, [found, vec![position("-2")]].concat(), &prices(Some("600")));
    assert!(known.missing().is_empty());
    round(
        &mut known,
        3,
        vec![Finding::Positions { at: Timestamp::from_millis(AT), positions: Vec::new() }],
        &Prices::new(),
    );
    assert_eq!(known.missing().len(), 1, "it is open here and not there");
}

#[test]
fn prices_that_only_passing_figures_needed_are_forgotten() {
    let mut known = known();
    let (asset, at) = (Asset::from("BTC"), Timestamp::from_millis(AT));
    Arc::make_mut(&mut known.record).prices.learn_at(asset.clone(), at, None);
    known.waiting.passing.insert(at, vec![(asset.clone(), None)]);
    round(&mut known, 1, Vec::new(), &Prices::new());
    assert_eq!(known.record.prices.at(&asset, at), ledger::Known::Unasked);
    assert!(known.waiting.passing.is_empty());
}
