//! A seeded history with every kind of instrument, fees in three assets, late fills and copies, and series of returns.

#![expect(clippy::unwrap_used, reason = "a test that is a program: what does not hold must stop it")]

use ledger::{
    Asset, Decimal, Fill, Instrument, InstrumentKind, Liquidity, Price, Quantity, Side, Symbol, Timestamp,
    TradeAggregator,
};
use std::sync::Arc;

const FILLS: u64 = 4000;
/// 2023-11-14: the history spans several months.
const FIRST_MS: i64 = 1_700_000_000_000;
const STEP_MS: u64 = 3_600_000;
/// Nothing of it lies in the future.
const NOW: Timestamp = Timestamp::from_millis(FIRST_MS + 4000 * 3_600_000);
/// How many fills a page holds; pages come in any order, and some twice.
const PAGE: usize = 40;

/// Knuth's generator: the same everywhere.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    /// From 0 up to below `bound`.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33).checked_rem(bound).unwrap_or_default()
    }

    /// One of several.
    pub(crate) fn one_of<T: Copy>(&mut self, several: &[T]) -> T {
        let at = usize::try_from(self.below(several.len() as u64)).unwrap();
        several.get(at).copied().unwrap()
    }

    /// A decimal from 0.00…1 up to `bound` units of its last place.
    pub(crate) fn decimal(&mut self, bound: u64, decimals: usize) -> Decimal {
        let digits = format!("{:0width$}", self.below(bound) + 1, width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        format!("{whole}.{part}").trim_end_matches('.').parse().unwrap()
    }
}

/// Symbol, kind, base, quote, multiplier.
const INSTRUMENTS: [(&str, InstrumentKind, &str, &str, &str); 4] = [
    ("BTCUSDT", InstrumentKind::Spot, "BTC", "USDT", "1"),
    ("ETHBTC", InstrumentKind::Spot, "ETH", "BTC", "1"),
    ("ETHUSDT-PERP", InstrumentKind::Linear, "ETH", "USDT", "0.01"),
    ("BTCUSD-COIN", InstrumentKind::Inverse, "BTC", "USD", "100"),
];

/// The ledger after all of it.
pub(crate) fn applied() -> TradeAggregator {
    let mut ledger = TradeAggregator::new("USDT".into());
    for (symbol, kind, base, quote, multiplier) in INSTRUMENTS {
        ledger
            .add_instrument(Instrument {
                symbol: symbol.into(),
                kind,
                base: base.into(),
                quote: quote.into(),
                multiplier: multiplier.parse().unwrap(),
            })
            .unwrap();
    }
    let mut chance = Chance(7);
    let fills: Vec<Fill> = (0..FILLS).map(|n| fill(n, &mut chance)).collect();
    let mut pages: Vec<&[Fill]> = fills.chunks(PAGE).collect();
    while !pages.is_empty() {
        // Mostly the oldest page that is left, now and then a later one; one in five comes a second time.
        let late = if chance.below(4) == 0 { chance.below(3) } else { 0 };
        let at = usize::try_from(late).unwrap().min(pages.len() - 1);
        let page = if chance.below(5) == 0 { pages.get(at).copied().unwrap() } else { pages.remove(at) };
        ledger.apply(page.to_vec(), NOW).unwrap();
    }
    ledger
}

fn fill(n: u64, chance: &mut Chance) -> Fill {
    let (symbol, kind, base, quote, _) = chance.one_of(&INSTRUMENTS);
    let inverse = kind == InstrumentKind::Inverse;
    let quantity = if inverse { chance.decimal(500, 0) } else { chance.decimal(50_000_000, 8) };
    let price = chance.decimal(6_000_000, 2);
    let (fee_asset, fee) = match chance.below(3) {
        0 => (quote, chance.decimal(1_000_000, 8)),
        1 if inverse => (base, chance.decimal(1000, 10)),
        1 => (base, quantity.checked_div(Decimal::from(1000_u64)).unwrap().rounded(8)),
        _ => ("BNB", chance.decimal(100_000, 8)),
    };
    let account = if chance.below(6) == 0 { "second" } else { "first" };
    let rebate = chance.below(10) == 0;
    let reports_itself = symbol == "BTCUSDT" || symbol == "ETHUSDT-PERP";
    Fill {
        account: Arc::from(account),
        symbol: Symbol::from(symbol),
        id: (1_000_000 + n).into(),
        order_id: (chance.below(8) > 0).then(|| (500_000 + n / 3).into()),
        // Some in the same millisecond as the one before.
        time: Timestamp::from_millis(FIRST_MS + i64::try_from((n - n % 7 % 2) * STEP_MS).unwrap()),
        sequence: (chance.below(2) == 0).then_some(n),
        side: chance.one_of(&[Side::Buy, Side::Sell]),
        quantity: Quantity(quantity),
        price: Price(price),
        fee: if rebate && fee_asset != base { fee.negated() } else { fee },
        fee_asset: Asset::from(fee_asset),
        liquidity: chance.one_of(&[Liquidity::Maker, Liquidity::Taker, Liquidity::Unknown]),
        // Unknown in one book alone, so that elsewhere every figure exists.
        fee_rate: (account == "first" || symbol != "ETHBTC").then(|| Price(chance.decimal(90_000, 2))),
        reporting_rate: (!reports_itself).then(|| Price(chance.decimal(9_000_000, 2))),
    }
}

/// Daily returns within about -4% and +4%, now and then a flat day.
pub(crate) fn returns(seed: u64, days: usize) -> Vec<f64> {
    let mut chance = Chance(seed);
    let mut next = || chance.below(1 << 20);
    let mut day = || if next() % 16 == 0 { 0.0 } else { (next() as f64 / 1_048_576.0 - 0.49) * 0.08 };
    (0..days).map(|_| day()).collect()
}

/// An equity after a day between -2% and +2%.
pub(crate) fn grown(equity: Decimal, chance: &mut Chance) -> Decimal {
    let factor = Decimal::from(9800_u64 + chance.below(401)).checked_div(Decimal::from(10_000_u64)).unwrap();
    equity.checked_mul(factor).unwrap().rounded(4)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_history_holds_every_kind_of_thing_and_figures_exist() {
        let ledger = applied();
        assert_eq!(ledger.len(), 4000);
        assert_eq!((ledger.symbols().len(), ledger.accounts().len()), (4, 2));
        assert!(ledger.matches().len() > 2000 && ledger.round_trips().len() > 40);
        let first = ledger.account("first");
        assert!(first.realized_net.is_ok() && first.trades.figures.is_ok(), "{first:?}");
        assert!(ledger.account("second").realized_net.is_err(), "a fee there has no rate");
        assert!(ledger.total().incomplete_basis, "something was sold that was never bought");
        assert!(ledger.total().fees_by_asset.len() > 3);
    }
}
