//! The short way of a fill against the long one, with numbers of any size: decimals that change from fill to fill, fees far
//! smaller than what was traded, flips of a linear contract, sales beyond what is held.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test code")]

mod common;

use common::{
    cases,
    world::{NOW, decimal},
};
use ledger::{
    Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, Quantity, Side, Timestamp, TradeAggregator,
};
use proptest::prelude::*;

/// A fill with numbers of any size: mantissa and decimals of quantity, price, fee and its rate.
#[derive(Clone, Debug)]
struct Row {
    buy: bool,
    numbers: [(i128, u32); 4],
    fee_asset: usize,
    order: u64,
    after_ms: i64,
}

fn row() -> impl Strategy<Value = Row> {
    let number = |most: i128, decimals: u32| {
        // Often with the decimals of a venue's ticks and lots, sometimes with any.
        let decimals = prop_oneof![3 => Just(decimals / 2), 1 => 0..=decimals];
        (prop_oneof![2 => 1..1000_i128, 2 => 1..most, 1 => Just(1_i128)], decimals)
    };
    let numbers =
        (number(9_000_000_000, 10), number(90_000_000, 8), number(90_000_000, 16), number(9_000_000, 6));
    (any::<(bool, bool)>(), numbers, 0..3_usize, 0..30_u64, 0..90_000_000_i64).prop_map(
        |((buy, paid), (quantity, price, fee, rate), fee_asset, order, after_ms)| {
            let fee = (if paid { fee.0 } else { -fee.0 / 7 }, fee.1);
            Row { buy, numbers: [quantity, price, fee, rate], fee_asset, order, after_ms }
        },
    )
}

impl Row {
    fn fill(&self, at: usize) -> Fill {
        let [quantity, price, fee, rate] =
            self.numbers.map(|(number, scale)| decimal(number, 10_i128.pow(scale)));
        let at = i64::try_from(at).unwrap();
        Fill {
            account: "one".into(),
            symbol: "EEEUSDT".into(),
            id: u64::try_from(at + 1).unwrap().into(),
            order_id: Some(self.order.into()),
            time: Timestamp::from_millis(1_767_000_000_000 + at * 90_000_000 + self.after_ms),
            sequence: None,
            side: if self.buy { Side::Buy } else { Side::Sell },
            quantity: Quantity(quantity),
            price: Price(price),
            fee,
            fee_asset: ["USDT", "EEE", "BNB"][self.fee_asset].into(),
            liquidity: Liquidity::Taker,
            fee_rate: (self.fee_asset == 2).then_some(Price(rate)),
            reporting_rate: None,
        }
    }
}

proptest! {
    #![proptest_config(cases(200))]

    #[test]
    fn numbers_of_any_size_go_the_short_way_as_they_go_the_long(
        rows in prop::collection::vec(row(), 1..50),
        is_spot in any::<bool>(),
        page in 1..50_usize,
    ) {
        let instrument = |reporting: &str| {
            let mut ledger = TradeAggregator::new(reporting.into()).with_checkpoints(4);
            let kind = if is_spot { InstrumentKind::Spot } else { InstrumentKind::Linear };
            let (symbol, base, quote) = ("EEEUSDT".into(), "EEE".into(), "USDT".into());
            let instrument = Instrument { symbol, kind, base, quote, multiplier: Decimal::ONE };
            ledger.add_instrument(instrument).unwrap();
            ledger
        };
        let short: Vec<Fill> = rows.iter().enumerate().map(|(at, row)| row.fill(at)).collect();
        // A settlement asset that is not the reporting currency keeps a book from the short way. What is converted is
        // rounded to 48 decimals, so that what settles is compared.
        let rated = |fill: &Fill| Fill { reporting_rate: Some(Price(Decimal::ONE)), ..fill.clone() };
        let long: Vec<Fill> = short.iter().map(rated).collect();
        let (mut quick, mut slow) = (instrument("USDT"), instrument("EUR"));
        for (short, long) in short.chunks(page).zip(long.chunks(page)) {
            // A base fee that eats up what was traded refuses the page in both.
            let said = [quick.apply_slice(short, NOW), slow.apply_slice(long, NOW)];
            let [quick, slow] = said.map(|applied| applied.map_err(|error| error.refused()));
            prop_assert_eq!(quick, slow);
        }
        prop_assert_eq!(quick.settled(), slow.settled());
        prop_assert_eq!(quick.matches(), slow.matches());
        prop_assert_eq!(quick.open(&"EEEUSDT".into()), slow.open(&"EEEUSDT".into()));
    }
}
