//! Bad input, case by case: a typed error that names the fill, and a ledger that is what it was.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

use ledger::{FillId, Instrument, InstrumentKind, Names, RawFill, Refused, Side, Timestamp, TradeAggregator};

/// The instant at which everything was read.
const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

const GOOD: RawFill<'_> = RawFill {
    account: "main",
    symbol: "BTCUSDT",
    id: "42",
    order_id: Some("7"),
    time: "1767225600000",
    sequence: Some("3"),
    side: "sell",
    quantity: "0.5",
    price: "87000.10",
    fee: "0.1",
    fee_asset: "USDT",
    liquidity: "maker",
    fee_rate: None,
    reporting_rate: None,
};

fn instrument(base: &str) -> Instrument {
    Instrument {
        symbol: "BTCUSDT".into(),
        kind: InstrumentKind::Spot,
        base: base.into(),
        quote: "USDT".into(),
        multiplier: "1".parse().unwrap(),
    }
}

fn ledger() -> TradeAggregator {
    let mut ledger = TradeAggregator::new("USDT".into());
    ledger.add_instrument(instrument("BTC")).unwrap();
    let bought = RawFill { id: "41", side: "buy", quantity: "2", time: "1767225000000", ..GOOD };
    ledger.apply(vec![bought.read(&mut Names::default()).unwrap()], NOW).unwrap();
    ledger
}

/// Reads and applies a batch of a good fill and a bad one, in either order.
fn check(bad: RawFill<'_>, refused: Refused) {
    for bad_first in [true, false] {
        let (mut ledger, mut names) = (ledger(), Names::default());
        let before = ledger.digest();
        let good = RawFill { id: "40", ..GOOD };
        let batch = if bad_first { [bad, good] } else { [good, bad] };
        let read: Result<Vec<_>, _> = batch.iter().map(|raw| raw.read(&mut names)).collect();
        let error = read.and_then(|fills| ledger.apply(fills, NOW)).unwrap_err();
        assert_eq!(error.refused(), refused, "{bad:?}");
        let name = error.fill().unwrap();
        assert_eq!((&*name.account, name.symbol.as_str()), (bad.account, bad.symbol));
        assert_eq!(name.id, FillId::from(bad.id));
        assert_eq!(
            name.side,
            [("buy", Side::Buy), ("sell", Side::Sell)]
                .into_iter()
                .find(|(text, _)| *text == bad.side)
                .map(|(_, side)| side)
        );
        // The text is for people and names the fill; the code is for logs and does not.
        assert!(error.to_string().contains(&format!("fill {}", bad.id)), "{error}");
        assert_eq!(error.code(), refused.code());
        assert!(error.code().bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_'));
        assert_eq!(ledger.digest(), before);
        assert_eq!(ledger.len(), 1);
    }
}

#[test]
fn what_is_no_fill_is_refused_by_name() {
    let sixty = "123456789012345678901234567890.123456789012345678901234567890";
    let cases = [
        (RawFill { quantity: "-0.5", ..GOOD }, Refused::InvalidFill),
        (RawFill { quantity: "0", ..GOOD }, Refused::InvalidFill),
        (RawFill { price: "0.00", ..GOOD }, Refused::InvalidFill),
        (RawFill { fee_rate: Some("0"), ..GOOD }, Refused::InvalidFill),
        (RawFill { fee: "-0.5", fee_asset: "BTC", ..GOOD }, Refused::InvalidFill),
        (RawFill { side: "short", ..GOOD }, Refused::InvalidSide),
        (RawFill { side: "BUY", ..GOOD }, Refused::InvalidSide),
        (RawFill { time: "1230940799999", ..GOOD }, Refused::InvalidTime),
        (RawFill { time: "1767225660001", ..GOOD }, Refused::InvalidTime),
        (RawFill { time: "9223372036854775807", ..GOOD }, Refused::InvalidTime),
        (RawFill { time: "-1", ..GOOD }, Refused::InvalidTime),
        (RawFill { time: "+1767225600000", ..GOOD }, Refused::InvalidTime),
        (RawFill { time: "yesterday", ..GOOD }, Refused::InvalidTime),
        (RawFill { sequence: Some("-3"), ..GOOD }, Refused::InvalidNumber),
        (RawFill { quantity: "NaN", ..GOOD }, Refused::InvalidNumber),
        (RawFill { price: "inf", ..GOOD }, Refused::InvalidNumber),
        (RawFill { price: "-Infinity", ..GOOD }, Refused::InvalidNumber),
        (RawFill { fee: "nan", ..GOOD }, Refused::InvalidNumber),
        (RawFill { quantity: "", ..GOOD }, Refused::InvalidNumber),
        (RawFill { quantity: "1,5", ..GOOD }, Refused::InvalidNumber),
        (RawFill { quantity: "0x10", ..GOOD }, Refused::InvalidNumber),
        (RawFill { quantity: sixty, ..GOOD }, Refused::NumberTooLong),
        (RawFill { price: sixty, ..GOOD }, Refused::NumberTooLong),
        (RawFill { fee: sixty, ..GOOD }, Refused::NumberTooLong),
        (RawFill { fee_rate: Some(sixty), ..GOOD }, Refused::NumberTooLong),
        (RawFill { reporting_rate: Some(sixty), ..GOOD }, Refused::NumberTooLong),
        (RawFill { price: "1e99", ..GOOD }, Refused::NumberTooLong),
        (RawFill { symbol: "XBTUSDT", ..GOOD }, Refused::InstrumentUnknown),
        // Of the fill that is held.
        (RawFill { id: "41", side: "buy", quantity: "2", ..GOOD }, Refused::DuplicateConflict),
    ];
    for (bad, refused) in cases {
        check(bad, refused);
    }
}

#[test]
fn what_does_not_fit_is_refused_at_the_fill_where_it_does_not() {
    check(RawFill { quantity: "7e75", price: "1000", ..GOOD }, Refused::Overflow);
}

#[test]
fn an_asset_renamed_on_the_way_is_refused_and_names_the_newest_fill() {
    let mut ledger = ledger();
    let before = ledger.digest();
    let error = ledger.add_instrument(instrument("XBT")).unwrap_err();
    assert_eq!(error.refused(), Refused::InstrumentConflict);
    let name = error.fill().unwrap();
    assert_eq!((&*name.account, &name.id, name.side), ("main", &FillId::from("41"), Some(Side::Buy)));
    assert_eq!(ledger.digest(), before);
    assert_eq!(ledger.instrument(&"BTCUSDT".into()), Some(&instrument("BTC")));
}

#[test]
fn the_limits_themselves_are_no_fault() {
    let digits = "12345678901234567890123456789012345678";
    for good in [
        RawFill { time: "1230940800000", ..GOOD },
        RawFill { time: "1767225660000", ..GOOD },
        RawFill { quantity: digits, price: "0.00000000000000000000000000000000000012", ..GOOD },
        RawFill { quantity: "500000000000000000000000000000000000000000000000", ..GOOD },
        RawFill { fee: "-0.1", ..GOOD },
        RawFill { fee: "0", liquidity: "", sequence: None, order_id: None, ..GOOD },
    ] {
        let fill = good.read(&mut Names::default()).unwrap();
        assert_eq!(ledger().apply(vec![fill], NOW).unwrap().new, 1, "{good:?}");
    }
}

#[test]
fn every_code_is_one_of_a_closed_list() {
    let mut codes: Vec<&str> = Refused::ALL.iter().map(|refused| refused.code()).collect();
    codes.sort_unstable();
    codes.dedup();
    assert_eq!(codes.len(), Refused::ALL.len());
}

#[test]
fn ids_are_read_as_they_are_written() {
    for id in ["0", "7", "07", "18446744073709551615", "18446744073709551616", "a-1", "", "1.0", "-1"] {
        assert_eq!(FillId::from(id).to_string(), id);
    }
    assert_eq!(FillId::from("12"), FillId::from(12));
    assert!(FillId::from("0") < FillId::from("00") && FillId::from("00") < FillId::from("1"));
    assert!(FillId::from("99999999999999999999") > FillId::from(u64::MAX));
}
