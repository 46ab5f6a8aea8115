//! Ledgers to draw: small numbers, every instrument kind, every kind of fee, several accounts, missing rates, fills of
//! the same millisecond. Quantities are whole units, so that a reference may count them one by one.

use super::fraction::Fraction;
use ledger::{
    Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, Quantity, Side, Timestamp, TradeAggregator,
};
use proptest::prelude::*;

/// The currency of totals.
pub(crate) const REPORTING: &str = "USDT";

/// Symbol, kind, base, quote, multiplier in hundredths.
pub(crate) const INSTRUMENTS: [(&str, InstrumentKind, &str, &str, i128); 4] = [
    ("AAAUSDT", InstrumentKind::Spot, "AAA", "USDT", 100),
    ("BBBBTC", InstrumentKind::Spot, "BBB", "BTC", 100),
    ("CCCUSDT", InstrumentKind::Linear, "CCC", "USDT", 5),
    ("DDDUSD", InstrumentKind::Inverse, "DDD", "USD", 1000),
];

/// What a fee is paid in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FeeKind {
    Quote,
    Base,
    /// A third asset, with its rate in halves, if known.
    Third(Option<i128>),
}

/// A fill, in whole numbers.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) account: usize,
    pub(crate) instrument: usize,
    pub(crate) buy: bool,
    /// Of 0.001, above zero, also after a base fee.
    pub(crate) units: i128,
    pub(crate) price: i128,
    /// Thousandths of the fee asset.
    pub(crate) fee: i128,
    pub(crate) fee_kind: FeeKind,
    pub(crate) maker: Option<bool>,
    pub(crate) order: Option<u8>,
    pub(crate) after_ms: i64,
    pub(crate) sequence: Option<u64>,
    /// Halves of the reporting currency, if known.
    pub(crate) rate: Option<i128>,
}

pub(crate) fn kind(instrument: usize) -> InstrumentKind {
    INSTRUMENTS[instrument].1
}

/// Value of the settlement asset in the reporting currency; one where they are the same.
pub(crate) fn reporting_rate(draft: &Draft) -> Option<Fraction> {
    if INSTRUMENTS[draft.instrument].3 == REPORTING {
        return Some(Fraction::whole(1));
    }
    draft.rate.map(|halves| Fraction::new(halves, 2))
}

pub(crate) fn draft() -> impl Strategy<Value = Draft> {
    let place = (0..2_usize, 0..INSTRUMENTS.len(), any::<bool>());
    // Prices whose reciprocals have a small common denominator.
    let size = (1..=12_i128, prop::sample::select(vec![2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 15_i128]));
    let fee = (
        -2..=5_i128,
        prop_oneof![
            3 => Just(FeeKind::Quote),
            2 => Just(FeeKind::Base),
            2 => (1..9_i128).prop_map(|rate| FeeKind::Third(Some(rate))),
            1 => Just(FeeKind::Third(None)),
        ],
    );
    let venue = (
        prop::option::weighted(0.9, any::<bool>()),
        prop::option::weighted(0.8, 0..12_u8),
        // Often the same millisecond, sometimes the next month.
        prop_oneof![4 => Just(0), 8 => 1..90_000_i64, 1 => 86_400_000..3_000_000_000_i64],
        prop::option::weighted(0.3, 0..4_u64),
        prop::option::weighted(0.95, 1..9_i128),
    );
    (place, size, fee, venue).prop_map(|(place, (units, price), (fee, fee_kind), venue)| {
        let (account, instrument, buy) = place;
        let (maker, order, after_ms, sequence, rate) = venue;
        // A spot fee in base must leave something of the fill.
        let moves = kind(instrument) == InstrumentKind::Spot && fee_kind == FeeKind::Base;
        let left = if buy { units - fee } else { units + fee };
        let fee = if moves && left < 1 { 0 } else { fee };
        Draft {
            account,
            instrument,
            buy,
            units,
            price,
            fee,
            fee_kind,
            maker,
            order,
            after_ms,
            sequence,
            rate,
        }
    })
}

pub(crate) fn drafts(most: usize) -> impl Strategy<Value = Vec<Draft>> {
    prop::collection::vec(draft(), 0..most)
}

/// A number of thousandths (or hundredths, or halves) as a decimal.
pub(crate) fn decimal(numerator: i128, denominator: i128) -> Decimal {
    Fraction::new(numerator, denominator).decimal()
}

/// The fills themselves, in the order of time, numbered from 1.
pub(crate) fn fills(drafts: &[Draft]) -> Vec<Fill> {
    let mut time = 1_767_000_000_000;
    drafts
        .iter()
        .enumerate()
        .map(|(at, draft)| {
            time += draft.after_ms;
            let (symbol, _, base, quote, _) = INSTRUMENTS[draft.instrument];
            let (fee_asset, fee_rate) = match draft.fee_kind {
                FeeKind::Quote => (quote, None),
                FeeKind::Base => (base, None),
                FeeKind::Third(rate) => ("BNB", rate),
            };
            Fill {
                account: ["first", "second"][draft.account].into(),
                symbol: symbol.into(),
                id: (at + 1).to_string().into(),
                order_id: draft.order.map(|order| format!("o{order}").into()),
                time: Timestamp::from_millis(time),
                sequence: draft.sequence,
                side: if draft.buy { Side::Buy } else { Side::Sell },
                quantity: Quantity(decimal(draft.units, 1000)),
                price: Price(decimal(draft.price, 1)),
                fee: decimal(draft.fee, 1000),
                fee_asset: fee_asset.into(),
                liquidity: match draft.maker {
                    Some(true) => Liquidity::Maker,
                    Some(false) => Liquidity::Taker,
                    None => Liquidity::Unknown,
                },
                fee_rate: fee_rate.map(|rate| Price(decimal(rate, 2))),
                reporting_rate: draft.rate.map(|rate| Price(decimal(rate, 2))),
            }
        })
        .collect()
}

/// The instant at which everything was read.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(4_000_000_000_000);

/// A ledger that knows the instruments, and no fill.
pub(crate) fn ledger() -> TradeAggregator {
    knowing(TradeAggregator::new(REPORTING.into()))
}

/// The same with a checkpoint every so many fills, so that few are enough to have some.
pub(crate) fn ledger_with_checkpoints(interval: u32) -> TradeAggregator {
    knowing(TradeAggregator::new(REPORTING.into()).with_checkpoints(interval))
}

/// A ledger that knows the instruments now.
pub(crate) fn knowing(mut ledger: TradeAggregator) -> TradeAggregator {
    for (symbol, kind, base, quote, multiplier) in INSTRUMENTS {
        let multiplier = decimal(multiplier, 100);
        let instrument =
            Instrument { symbol: symbol.into(), kind, base: base.into(), quote: quote.into(), multiplier };
        ledger.add_instrument(instrument).unwrap();
    }
    ledger
}

/// A ledger with these fills, applied at once.
pub(crate) fn ledger_of(fills: Vec<Fill>) -> TradeAggregator {
    let mut ledger = ledger();
    ledger.apply(fills, NOW).unwrap();
    ledger
}
