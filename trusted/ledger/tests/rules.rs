//! Rules of METRICS.md sections 1, 2 and 5, one by one, where the vectors have no case: what is refused, what is
//! withheld and why, and numbers at the edge of what fits.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

use ledger::{
    Applied, Currency, Decimal, Fill, Instrument, InstrumentKind, LedgerError, Liquidity, Price, Quantity,
    Reason, Refused, Side, Timestamp, TradeAggregator,
};

fn number(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn instrument(symbol: &str, kind: InstrumentKind, base: &str, quote: &str, multiplier: &str) -> Instrument {
    Instrument {
        symbol: symbol.into(),
        kind,
        base: base.into(),
        quote: quote.into(),
        multiplier: number(multiplier),
    }
}

fn ledger() -> TradeAggregator {
    let mut ledger = TradeAggregator::new("USDT".into());
    for (symbol, kind, base, quote) in [
        ("BTCUSDT", InstrumentKind::Spot, "BTC", "USDT"),
        ("ETHBTC", InstrumentKind::Spot, "ETH", "BTC"),
        ("BTCPERP", InstrumentKind::Linear, "BTC", "USDT"),
    ] {
        ledger.add_instrument(instrument(symbol, kind, base, quote, "1")).unwrap();
    }
    ledger
}

/// `buy 2 @ 100 fee 0.1 USDT`, as fill `id` of `symbol`, `id` seconds after 2026 began.
fn fill(symbol: &str, id: u64, side: &str, quantity: &str, price: &str, fee: &str, fee_asset: &str) -> Fill {
    Fill {
        account: "a".into(),
        symbol: symbol.into(),
        id: id.to_string().into(),
        order_id: None,
        time: Timestamp::from_millis(1_767_225_600_000 + 1000 * i64::try_from(id).unwrap()),
        sequence: None,
        side: if side == "buy" { Side::Buy } else { Side::Sell },
        quantity: Quantity(number(quantity)),
        price: Price(number(price)),
        fee: number(fee),
        fee_asset: fee_asset.into(),
        liquidity: Liquidity::Taker,
        fee_rate: None,
        reporting_rate: None,
    }
}

/// The instant at which everything was read.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn refused(applied: Result<Applied, LedgerError>) -> Refused {
    applied.unwrap_err().refused()
}

fn with(fills: Vec<Fill>) -> TradeAggregator {
    let mut ledger = ledger();
    ledger.apply(fills, NOW).unwrap();
    ledger
}

#[test]
fn a_result_that_is_zero_but_for_rounded_shares_is_a_scratch() {
    // Three sixths of a fee of 1 are 0.5, but as rounded quotients a little more.
    let mut fills = vec![fill("BTCUSDT", 1, "buy", "6", "100", "1", "USDT")];
    for (id, price) in [(2, "100.1"), (3, "100.2"), (4, "100.2")] {
        let order_id = Some("x".into());
        fills.push(Fill { order_id, ..fill("BTCUSDT", id, "sell", "1", price, "0", "USDT") });
    }
    let figures = with(fills).total().trades.figures.unwrap();
    assert_eq!((figures.wins, figures.losses, figures.scratches), (0, 0, 1));
    assert_eq!(figures.average_loss, Err(Reason::InsufficientData));
    assert_eq!(figures.profit_factor, Err(Reason::NoLosses));
}

#[test]
fn an_unvalued_fee_withholds_only_what_it_touches() {
    let mut fills = vec![
        fill("BTCUSDT", 1, "buy", "1", "100", "0.1", "USDT"),
        fill("BTCUSDT", 2, "buy", "1", "100", "0.3", "BNB"),
        fill("BTCUSDT", 3, "sell", "1", "110", "0.1", "USDT"),
    ];
    let total = with(fills.clone()).total();
    assert_eq!(total.realized_net, Ok(number("9.8")));
    assert_eq!(total.fees_valued, Ok(number("0.2")));
    assert_eq!(total.fees_unvalued[&"BNB".into()], Ok(number("0.3")));
    fills.push(fill("BTCUSDT", 4, "sell", "1", "120", "0", "USDT"));
    let total = with(fills).total();
    assert_eq!(total.realized_gross, Ok(number("30")));
    assert_eq!(total.realized_fees, Err(Reason::FeeUnvalued));
    assert_eq!(total.realized_net, Err(Reason::FeeUnvalued));
    assert_eq!(total.return_on_cost, Err(Reason::FeeUnvalued));
    assert_eq!((total.trades.count, total.trades.figures), (2, Err(Reason::FeeUnvalued)));
}

#[test]
fn without_a_rate_only_the_reporting_currency_is_withheld() {
    let mut fills = vec![
        fill("ETHBTC", 1, "buy", "2", "0.05", "0", "ETH"),
        fill("ETHBTC", 2, "sell", "1", "0.06", "0.001", "BTC"),
    ];
    let ledger = with(fills.clone());
    assert_eq!(ledger.total().realized_net, Err(Reason::NoPrice));
    assert_eq!(ledger.total().volume, Err(Reason::NoPrice));
    assert_eq!(ledger.months().into_values().next().unwrap().realized_gross, Err(Reason::NoPrice));
    let settled = ledger.symbol(&"ETHBTC".into(), Currency::Settlement);
    assert_eq!(settled.realized_net, Ok(number("0.009")));
    // Each fill counts at its own rate, a match at that of its close.
    for (fill, rate) in fills.iter_mut().zip(["60000", "50000"]) {
        fill.reporting_rate = Some(Price(number(rate)));
    }
    let total = with(fills).total();
    assert_eq!(total.volume, Ok(number("9000")));
    assert_eq!(total.realized_net, Ok(number("450")));
    assert_eq!(total.matched_cost, Ok(number("2500")));
}

#[test]
fn amounts_in_different_assets_are_never_added() {
    let mut fills = vec![
        fill("BTCUSDT", 1, "buy", "1", "100", "0", "USDT"),
        fill("ETHBTC", 2, "buy", "1", "0.05", "0", "BTC"),
    ];
    fills[1].reporting_rate = Some(Price(number("100")));
    let ledger = with(fills);
    assert_eq!(ledger.settled().volume, Err(Reason::NoPrice));
    assert_eq!(ledger.settled().fills, 2);
    assert_eq!(ledger.total().volume, Ok(number("105")));
}

#[test]
fn impossible_fills_and_instruments_are_refused() {
    let good = fill("BTCUSDT", 1, "buy", "1", "100", "0", "USDT");
    let rate = Some(Price(Decimal::ZERO));
    for bad in [
        fill("BTCUSDT", 1, "buy", "-1", "100", "0", "USDT"),
        fill("BTCUSDT", 1, "buy", "1", "0", "0", "USDT"),
        fill("BTCUSDT", 1, "buy", "1", "100", "1", "BTC"),
        fill("BTCUSDT", 1, "sell", "1", "100", "-1", "BTC"),
        Fill { fee_rate: rate, ..good.clone() },
        Fill { reporting_rate: rate, ..good.clone() },
    ] {
        // Whatever else is wrong with the batch, and wherever.
        for batch in [vec![good.clone(), bad.clone()], vec![bad, good.clone()]] {
            assert_eq!(refused(ledger().apply(batch, NOW)), Refused::InvalidFill);
        }
    }
    let mut ledger = with(vec![good]);
    for (kind, multiplier) in
        [(InstrumentKind::Linear, "0"), (InstrumentKind::Inverse, "-1"), (InstrumentKind::Spot, "10")]
    {
        let refused = ledger.add_instrument(instrument("NEW", kind, "N", "USDT", multiplier));
        assert_eq!(refused.unwrap_err().refused(), Refused::InstrumentInvalid);
    }
    let other = instrument("BTCUSDT", InstrumentKind::Linear, "BTC", "USDT", "1");
    let renamed = ledger.add_instrument(other).unwrap_err();
    assert_eq!(renamed.refused(), Refused::InstrumentConflict);
    assert_eq!(renamed.fill().unwrap().id, "1".into());
    assert_eq!(
        ledger.add_instrument(instrument("BTCUSDT", InstrumentKind::Spot, "BTC", "USDT", "1.0")),
        Ok(())
    );
}

#[test]
fn a_copy_that_is_written_otherwise_is_a_copy_and_a_rate_that_differs_is_none() {
    let mut ledger = with(vec![fill("BTCUSDT", 1, "buy", "1", "100", "0.1", "BNB")]);
    let copy = fill("BTCUSDT", 1, "buy", "1.000", "1e2", "0.10", "BNB");
    let priced = |rate: &str| Fill { fee_rate: Some(Price(number(rate))), ..copy.clone() };
    let applied = ledger.apply(vec![copy.clone(), priced("300"), priced("300.0")], NOW).unwrap();
    assert_eq!((applied.new, applied.duplicates, applied.replayed), (0, 3, 1));
    assert_eq!(ledger.total().fees_valued, Ok(number("30")));
    assert_eq!(refused(ledger.apply(vec![priced("301")], NOW)), Refused::DuplicateConflict);
    assert_eq!(ledger.total().fees_valued, Ok(number("30")));
}

#[test]
fn ids_of_digits_are_numbers_of_any_length_and_come_first() {
    let long = "100000000000000000000000000000000000001";
    let mut ids =
        vec!["x", long, "9", "18446744073709551616", "07", "7", "A", "18446744073709551615", "10", ""];
    ids.sort_by_key(|id| ledger::FillId::from(*id));
    assert_eq!(
        ids,
        ["07", "7", "9", "10", "18446744073709551615", "18446744073709551616", long, "", "A", "x"]
    );
}

#[test]
fn the_ends_of_the_possible_are_instants_like_others() {
    let at = |fill: Fill, millis: i64| Fill { time: Timestamp::from_millis(millis), ..fill };
    let (first, last) = (1_230_940_800_000, NOW.millis() + 60_000);
    let ledger = with(vec![
        at(fill("BTCUSDT", 1, "buy", "1", "100", "0", "USDT"), first),
        at(fill("BTCUSDT", 2, "sell", "1", "101", "0", "USDT"), last),
    ]);
    let held = u64::try_from(last - first).unwrap();
    assert_eq!(ledger.matches()[0].held_ms(), held);
    assert_eq!(ledger.total().round_trips.figures.unwrap().average_holding_ms, Ok(held.into()));
    assert_eq!(ledger.span(), Some((Timestamp::from_millis(first), Timestamp::from_millis(last))));
    let months: Vec<String> = ledger.months().keys().map(ToString::to_string).collect();
    assert_eq!(months, ["2009-01", "2027-01"]);
}

#[test]
fn what_does_not_fit_is_an_error_of_the_book_and_withheld_over_books() {
    let large = |symbol: &str| fill(symbol, 1, "buy", "6e75", "1", "5e75", "USDT");
    let mut ledger = with(vec![large("BTCUSDT"), large("BTCPERP")]);
    let total = ledger.total();
    assert_eq!(total.volume, Err(Reason::Overflow));
    assert_eq!(total.fees_by_asset[&"USDT".into()], Err(Reason::Overflow));
    assert_eq!(ledger.symbol(&"BTCUSDT".into(), Currency::Reporting).volume, Ok(number("6e75")));
    let second = fill("BTCUSDT", 2, "buy", "6e75", "1", "0", "USDT");
    assert_eq!(refused(ledger.apply(vec![second], NOW)), Refused::Overflow);
    assert_eq!(ledger.total(), total);
}

#[test]
fn large_amounts_with_long_fractions_have_ratios() {
    // Shares of a third make 30 decimals beside 20 digits.
    let ledger = with(vec![
        fill("BTCUSDT", 1, "buy", "30000000000", "10000000000", "1", "USDT"),
        fill("BTCUSDT", 2, "sell", "10000000000", "10000000001", "1", "USDT"),
        fill("BTCUSDT", 3, "sell", "10000000000", "9999999998", "1", "USDT"),
    ]);
    let figures = ledger.total().trades.figures.unwrap();
    // (1e10 - 4/3) / (2e10 + 4/3)
    assert!(figures.profit_factor.unwrap().to_string().starts_with("0.4999999999000000000066666666"));
    assert!(figures.sqn.is_ok() && figures.kelly.is_ok() && ledger.total().return_on_cost.is_ok());
}

#[test]
fn quality_is_measured_where_profits_hardly_differ() {
    let mut fills = vec![fill("BTCPERP", 1, "buy", "3", "100", "0", "USDT")];
    for (id, price) in [(2, "101"), (3, "101.00000000000002"), (4, "101.00000000000003")] {
        fills.push(fill("BTCPERP", id, "sell", "1", price, "0", "USDT"));
    }
    let trades = with(fills).total().trades;
    // Python's decimal at 60 digits: sqrt(3) * mean / standard deviation with divisor 2.
    assert!(trades.low_sample());
    let sqn = trades.figures.unwrap().sqn.unwrap().to_string();
    assert!(sqn.starts_with("113389341902770.0579867200070"), "{sqn}");
}

#[test]
fn what_is_open_is_told_over_accounts() {
    let other = Fill { account: "b".into(), ..fill("BTCPERP", 2, "sell", "3", "120", "0", "USDT") };
    let ledger = with(vec![fill("BTCPERP", 1, "buy", "1", "100", "0", "USDT"), other]);
    let open = ledger.open(&"BTCPERP".into());
    assert_eq!((open.position, open.open_lots), (Ok(number("-2")), 2));
    assert_eq!((open.open_cost, open.average_entry), (Ok(number("460")), Ok(number("115"))));
    assert_eq!(ledger.account("b").volume, Ok(number("360")));
    assert_eq!(ledger.accounts().into_iter().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(ledger.open(&"ETHBTC".into()).average_entry, Err(Reason::InsufficientData));
}
