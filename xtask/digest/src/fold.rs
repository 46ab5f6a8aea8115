//! Every figure as its canonical text, folded part by part. Doubles are written so that they read back to the same bits.

use crate::history::{self, Chance};
use ledger::{
    Currency, Day, Timestamp, TradeAggregator,
    returns::{self, Flow, Parameters, Valuation},
};
use std::fmt::{self, Debug, Write as _};

/// FNV-1a: nobody tries to deceive it.
struct Fold(u64);

impl fmt::Write for Fold {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

impl Fold {
    /// A part of the digest: what `figures` adds, each followed by a line's end.
    fn part(name: &'static str, figures: impl FnOnce(&mut Self)) -> (&'static str, u64) {
        let mut fold = Self(0xcbf2_9ce4_8422_2325);
        figures(&mut fold);
        (name, fold.0)
    }

    fn add(&mut self, figure: impl Debug) {
        let written = writeln!(self, "{figure:?}");
        debug_assert!(written.is_ok(), "our writer never fails");
    }

    fn all<T: Debug>(&mut self, figures: impl IntoIterator<Item = T>) {
        figures.into_iter().for_each(|figure| self.add(figure));
    }
}

/// The parts, by name.
pub(crate) fn digest() -> Vec<(&'static str, u64)> {
    let ledger = history::applied();
    vec![
        Fold::part("decimals", decimals),
        Fold::part("fills", |fold| fold.all(ledger.fills())),
        Fold::part("matches", |fold| fold.all(ledger.matches())),
        Fold::part("trades", |fold| fold.all(ledger.trades())),
        Fold::part("round trips", |fold| fold.all(ledger.round_trips())),
        Fold::part("books", |fold| books(&ledger, fold)),
        Fold::part("performance", |fold| performance(&ledger, fold)),
        Fold::part("months", |fold| fold.all(ledger.months())),
        Fold::part("returns", returns),
        Fold::part("cash flows", cashflows),
    ]
}

/// Numbers of all sizes through every operation that rounds or can overflow.
fn decimals(fold: &mut Fold) {
    let mut chance = Chance(11);
    for _ in 0..2000 {
        let mut next = || {
            let places = chance.one_of(&[0, 2, 8, 18]);
            chance.decimal(1 << 31, places)
        };
        let (a, b) = (next(), next());
        fold.add((a.checked_add(b), a.checked_sub(b), a.checked_mul(b), a.checked_div(b)));
        fold.add((a.rounded(3), a.sqrt(), a.rounded_mul(b, 6), a < b));
    }
}

fn books(ledger: &TradeAggregator, fold: &mut Fold) {
    for (account, symbol, book) in ledger.books() {
        fold.add((account, symbol, book.position(), book.open_cost(), book.average_entry()));
        fold.add((book.unmatched_quantity(), book.unmatched_proceeds(), book.average_cost()));
        fold.all(book.open_lots());
    }
}

fn performance(ledger: &TradeAggregator, fold: &mut Fold) {
    fold.add((ledger.len(), ledger.span(), ledger.total(), ledger.settled()));
    fold.all(ledger.accounts().into_iter().map(|account| ledger.account(account)));
    for symbol in ledger.symbols() {
        fold.add(ledger.symbol(symbol, Currency::Settlement));
        fold.add(ledger.symbol(symbol, Currency::Reporting));
        fold.add((ledger.open(symbol), ledger.average_cost(symbol, Currency::Settlement)));
    }
}

/// A decade, a year, a month, and too little.
fn returns(fold: &mut Fold) {
    let parameters = [
        Parameters::default(),
        Parameters { periods_per_year: 252.0, risk_free_annual: 0.03, mar_annual: 0.05 },
    ];
    let first = Day::from_number(19_000);
    for (seed, days) in [(1, 3653), (2, 365), (3, 30), (4, 1), (5, 0)] {
        let series = history::returns(seed, days);
        let benchmark = history::returns(seed + 10, days);
        let pairs: Vec<(f64, f64)> = series.iter().copied().zip(benchmark).collect();
        for parameters in &parameters {
            fold.add(returns::series(&series, Some(first), parameters));
            fold.add(returns::benchmark(&pairs, parameters));
            fold.add(returns::confidence(&series, parameters));
            fold.add(returns::dsr(&series, &[0.01, 0.07, -0.02, 0.04], parameters));
            fold.add(returns::rolling_sharpe(&series, 90, parameters));
        }
        fold.add(returns::months(&series, first));
    }
}

/// A year of daily equity with flows, some of them valued just before: time-weighted and money-weighted.
fn cashflows(fold: &mut Fold) {
    let mut chance = Chance(13);
    for _ in 0..20 {
        let mut equity = chance.decimal(1 << 30, 4);
        let (mut valuations, mut flows) = (Vec::new(), Vec::new());
        for day in 0..400 {
            let at = Day::from_number(19_000 + day).start();
            valuations.push(Valuation { at, equity });
            equity = history::grown(equity, &mut chance);
            if chance.below(20) == 0 {
                let before = (chance.below(2) == 0).then_some(equity);
                let amount = chance.decimal(1 << 28, 4);
                let at = Timestamp::from_millis(at.millis() + 1000 * (1 + chance.below(80_000)) as i64);
                flows.push(Flow { at, amount, before });
                equity = equity.checked_add(amount).unwrap_or(equity);
            }
        }
        fold.add(returns::cashflows(&valuations, &flows));
    }
}
