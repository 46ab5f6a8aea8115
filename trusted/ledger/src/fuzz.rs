//! One function for each border where a stranger's bytes become numbers or fills, called by tests with seeded bytes.

use crate::{
    Asset, Decimal, Direction, Fill, Instrument, InstrumentKind, Liquidity, NumberError, Price, Quantity,
    Refused, Side, Timestamp, TradeAggregator,
};
use alloc::{format, string::ToString, vec::Vec};

/// What reads as a number prints as one text that reads as the same number, and computes without panic: what does
/// not fit is an error, and what fits can be undone.
pub fn fuzz_decimal(data: &[u8]) {
    let text = core::str::from_utf8(data).unwrap_or_default();
    let numbers: Vec<Decimal> = text.split(' ').filter_map(|number| number.parse().ok()).take(8).collect();
    for a in &numbers {
        assert_eq!(a.to_string().parse(), Ok(*a));
        let _ = (a.sqrt(), a.rounded(3));
        for b in &numbers {
            if let Ok(sum) = a.checked_add(*b) {
                assert_eq!(b.checked_add(*a), Ok(sum));
                assert!(sum.checked_sub(*b).is_ok_and(|back| back == *a));
            }
            assert_eq!(a.checked_mul(*b), b.checked_mul(*a));
            if let Ok(product) = a.rounded_mul(*b, 40) {
                assert!(
                    a.checked_mul(*b).is_ok_and(|exact| exact == product) || product.rounded(40) == product
                );
            }
            let _ = a.checked_div(*b);
            assert_eq!(a.cmp(b), b.cmp(a).reverse());
        }
    }
}

/// Bytes as fills of every instrument kind, with numbers of any size. Nothing panics, what is refused leaves no trace,
/// what is applied again is a copy, and every unit that moved is open, matched or sold without a known cost. Says how
/// many matches were made, so that a test can tell whether its bytes reach them.
pub fn fuzz_ledger_apply(data: &[u8]) -> usize {
    // A checkpoint every few fills, so that late ones find some.
    let mut ledger = TradeAggregator::new(Asset::from("USDT")).with_checkpoints(3);
    for instrument in instruments() {
        assert_eq!(ledger.add_instrument(instrument), Ok(()));
    }
    let fills: Vec<Fill> = data.chunks_exact(16).filter_map(fill).collect();
    for batch in fills.chunks(usize::from(data.first().copied().unwrap_or(0) % 7).saturating_add(1)) {
        let before = (ledger.len(), ledger.digest());
        match ledger.apply(batch.to_vec(), NOW) {
            Ok(applied) => {
                assert_eq!(applied.new.saturating_add(applied.duplicates), batch.len());
                let again = ledger.apply(batch.to_vec(), NOW);
                assert!(again.is_ok_and(|again| again.duplicates == batch.len()));
            }
            Err(error) => {
                assert_ne!(error.refused(), Refused::InstrumentUnknown);
                // An overflow may be that of a fill which was held before, behind a late one.
                let named = error.fill().is_some_and(|name| {
                    error.refused() == Refused::Overflow || batch.iter().any(|fill| fill.id == name.id)
                });
                assert!(named, "{error} is of none of the batch");
                assert_eq!((ledger.len(), ledger.digest()), before);
            }
        }
    }
    // In one batch it is the same ledger.
    let mut at_once = TradeAggregator::new(Asset::from("USDT"));
    for instrument in instruments() {
        assert_eq!(at_once.add_instrument(instrument), Ok(()));
    }
    assert!(at_once.apply(ledger.fills().collect(), NOW).is_ok_and(|all| all.new == ledger.len()));
    assert_eq!(at_once.digest(), ledger.digest());
    for (_, symbol, book) in ledger.books() {
        let signed = |fill: &Fill| {
            let moved = moved(book.instrument(), fill)?;
            Ok(if fill.side == Side::Buy { moved } else { moved.negated() })
        };
        let moved =
            book.fills().try_fold(book.unmatched_quantity(), |sum, fill| sum.checked_add(signed(&fill)?));
        if let (Ok(moved), Ok(position)) = (moved, book.position()) {
            assert_eq!(moved, position);
        }
        assert!(book.open_lots().all(|lot| lot.quantity().is_positive()));
        let shorts = book.open_lots().filter(|lot| lot.direction == Direction::Short).count();
        assert!(shorts == 0 || shorts == book.open_lots().count());
        let _ = (ledger.open(symbol), ledger.symbol(symbol, crate::Currency::Settlement));
    }
    let _ = (ledger.months(), ledger.settled(), ledger.span());
    ledger.matches().len()
}

/// The instant at which everything was read.
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn moved(instrument: &Instrument, fill: &Fill) -> Result<Decimal, NumberError> {
    if instrument.kind != InstrumentKind::Spot || fill.fee_asset != instrument.base {
        return Ok(fill.quantity.0);
    }
    match fill.side {
        Side::Buy => fill.quantity.0.checked_sub(fill.fee),
        Side::Sell => fill.quantity.0.checked_add(fill.fee),
    }
}

fn instruments() -> [Instrument; 3] {
    [("S", InstrumentKind::Spot), ("L", InstrumentKind::Linear), ("I", InstrumentKind::Inverse)].map(
        |(symbol, kind)| {
            let multiplier = if kind == InstrumentKind::Spot { Decimal::ONE } else { Decimal::from(7_u64) };
            Instrument { symbol: symbol.into(), kind, base: "BTC".into(), quote: "USD".into(), multiplier }
        },
    )
}

/// A fill of 16 bytes. Numbers are mostly small, so that fills meet; some are as large or as long as they come.
fn fill(bytes: &[u8]) -> Option<Fill> {
    let [flags, id, time, order, q0, q1, p0, p1, f0, f1, r0, r1, assets, far, _, _] = *bytes.first_chunk()?;
    let rate = |mantissa: u8, form: u8| number(mantissa, form).filter(|_| !form.is_multiple_of(3)).map(Price);
    // Mostly of one quarter of a second; now and then too late.
    let millis = if far == 255 { i64::MAX } else { 1_767_225_600_000_i64.saturating_add(i64::from(time)) };
    Some(Fill {
        account: ["a", "b"].get(usize::from(flags & 1)).copied()?.into(),
        symbol: ["S", "L", "I"].get(usize::from(flags >> 1) % 3).copied()?.into(),
        id: format!("{}", id % 64).into(),
        order_id: (order % 4 > 0).then(|| format!("{}", order % 9).into()),
        time: Timestamp::from_millis(millis),
        sequence: (flags & 8 > 0).then(|| u64::from(order)),
        side: if flags & 16 > 0 { Side::Buy } else { Side::Sell },
        quantity: Quantity(number(q0, q1)?),
        price: Price(number(p0, p1)?),
        fee: number(f0, f1).map(|fee| if flags & 32 > 0 { fee.negated() } else { fee })?,
        fee_asset: ["USD", "BTC", "BNB"].get(usize::from(assets) % 3).copied()?.into(),
        liquidity: if flags & 64 > 0 { Liquidity::Maker } else { Liquidity::Unknown },
        fee_rate: rate(r0, assets),
        reporting_rate: rate(r1, assets >> 2),
    })
}

fn number(mantissa: u8, form: u8) -> Option<Decimal> {
    let text = match form {
        0..=199 => format!("{}.{:03}", mantissa % 8, u32::from(form).wrapping_mul(5)),
        200..=219 => format!("{mantissa}e-{}", form % 77),
        220..=239 => format!("{mantissa}e{}", form % 75),
        _ => format!("{mantissa}{:0>30}.{:0>36}", form, mantissa),
    };
    text.parse().ok()
}
