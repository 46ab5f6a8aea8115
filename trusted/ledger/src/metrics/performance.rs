//! What fills brought (METRICS.md sections 2.3, 2.4, 2.6 and 2.8), of one book or of many, in one currency.
//!
//! ```text
//! realized_net   = realized_gross - realized_fees, over matches
//! return_on_cost = realized_net / matched_cost
//! maker_share    = maker volume / volume with known liquidity
//! matched_share  = value closed against known lots / value of all that was closed or sold
//! ```

use super::{Runs, Statistics, Summary, Totals};
use crate::{
    Asset, Book, Currency, Decimal, Measured, Reason, Timestamp, TradeAggregator,
    ledger::BookKey,
    outcomes::Outcomes,
    reason::{ratio, sum},
    sequence::Sequence,
};
use alloc::{collections::BTreeMap, vec::Vec};

/// Performance over fills. Amounts are in the settlement asset, or in the reporting currency for a total.
#[derive(Clone, Debug, PartialEq)]
pub struct Performance {
    /// Fills, without duplicates.
    pub fills: u64,
    /// The oldest of them.
    pub first_fill: Option<Timestamp>,
    /// The newest of them.
    pub last_fill: Option<Timestamp>,
    /// Quote notional of both sides.
    pub volume: Measured<Decimal>,
    /// Share of the volume that made liquidity.
    pub maker_share: Measured<Decimal>,
    /// Fees as they were paid.
    pub fees_by_asset: BTreeMap<Asset, Measured<Decimal>>,
    /// Valued fees, of matched and open quantity alike.
    pub fees_valued: Measured<Decimal>,
    /// Fees that could not be valued, as they were paid.
    pub fees_unvalued: BTreeMap<Asset, Measured<Decimal>>,
    /// How many matches.
    pub matches: u64,
    /// Profit of the matches before fees.
    pub realized_gross: Measured<Decimal>,
    /// Fees of the matches.
    pub realized_fees: Measured<Decimal>,
    /// Profit of the matches after fees.
    pub realized_net: Measured<Decimal>,
    /// Notional of the matches at their opening.
    pub matched_cost: Measured<Decimal>,
    /// A return on turnover, not on the account.
    pub return_on_cost: Measured<Decimal>,
    /// How much of what was sold has a known cost.
    pub matched_share: Measured<Decimal>,
    /// What was sold without a known cost.
    pub unmatched_proceeds: Measured<Decimal>,
    /// Something was sold without a known cost: the profit is that of the rest.
    pub incomplete_basis: bool,
    /// Statistics of closed trades.
    pub trades: Statistics,
    /// Statistics of round trips.
    pub round_trips: Statistics,
}

impl Performance {
    /// Of some books. In the settlement asset they must all have the same quote and settle in the same asset: other
    /// amounts are never added (METRICS.md section 2.2), and every figure in money is `no_price`.
    pub(crate) fn of(ledger: &TradeAggregator, currency: Currency, is_of: impl Fn(&BookKey) -> bool) -> Self {
        let books: Vec<(u32, &Book)> = ledger.indexed().filter(|(_, book)| is_of(&book.key)).collect();
        let assets = |book: &Book| (book.instrument.settlement().clone(), book.instrument.quote.clone());
        let first = books.first().map(|(_, book)| assets(book));
        let mixed =
            currency == Currency::Settlement && books.iter().any(|(_, book)| Some(assets(book)) != first);
        let start = if mixed { Totals::unknown(Reason::NoPrice) } else { Totals::default() };
        let totals = books.iter().fold(start, |sums, (_, book)| {
            book.state.months.iter(currency).fold(sums, |sums, (_, totals)| sums.and(totals))
        });
        let is_all = books.len() == ledger.books.len();
        let statistics = |sequence: &Sequence, of: fn(&Book) -> &Outcomes| {
            let summary = summary(&books, currency, sequence, is_all, of);
            Statistics::of(&if mixed { summary.withheld(Reason::NoPrice) } else { summary })
        };
        Self {
            trades: statistics(&ledger.trades, |book| &book.state.trades),
            round_trips: statistics(&ledger.trips, |book| &book.state.trips),
            fees_by_asset: nonzero(by_asset(&books, |book, at| book.state.cursor.fees.get(at).copied())),
            fees_unvalued: by_asset(&books, |book, at| {
                book.state.cursor.fees_unvalued.get(at).copied().flatten()
            }),
            incomplete_basis: books.iter().any(|(_, book)| !book.unmatched_quantity().is_zero()),
            fills: totals.fills,
            first_fill: totals.first,
            last_fill: totals.last,
            volume: totals.volume(),
            maker_share: ratio(totals.maker_volume(), totals.known_volume()),
            fees_valued: totals.fees,
            matches: totals.matches,
            realized_gross: totals.gross,
            realized_fees: totals.matched_fees,
            realized_net: totals.net(),
            matched_cost: totals.cost,
            return_on_cost: ratio(totals.net(), totals.cost),
            matched_share: ratio(totals.matched_value, sum(totals.matched_value, totals.unmatched_proceeds)),
            unmatched_proceeds: totals.unmatched_proceeds,
        }
    }
}

/// Trades or round trips of some books. Sums are theirs; runs go across, in the order of all of them.
fn summary(
    books: &[(u32, &Book)],
    currency: Currency,
    sequence: &Sequence,
    is_all: bool,
    of: fn(&Book) -> &Outcomes,
) -> Summary {
    let mut all = Summary::default();
    books.iter().for_each(|(_, book)| all.append(&of(book).summary(currency)));
    if books.len() > 1 {
        let is_of = |book| books.iter().any(|(at, _)| *at == book);
        let runs: Runs = if is_all { sequence.runs(currency) } else { sequence.runs_of(currency, is_of) };
        all.runs = runs;
    }
    all
}

/// Without what adds up to nothing.
fn nonzero(mut fees: BTreeMap<Asset, Measured<Decimal>>) -> BTreeMap<Asset, Measured<Decimal>> {
    fees.retain(|_, fee| *fee != Ok(Decimal::ZERO));
    fees
}

/// Raw fees of many books.
fn by_asset(
    books: &[(u32, &Book)],
    fee: impl Fn(&Book, usize) -> Option<Decimal>,
) -> BTreeMap<Asset, Measured<Decimal>> {
    let mut all: BTreeMap<Asset, Measured<Decimal>> = BTreeMap::new();
    for (_, book) in books {
        for at in 0..book.state.cursor.fees.len() {
            let asset = u16::try_from(at).ok().and_then(|at| book.fills.asset(at));
            let (Some(asset), Some(fee)) = (asset, fee(book, at)) else { continue };
            let total = all.entry(asset.clone()).or_insert(Ok(Decimal::ZERO));
            *total = sum(*total, Ok(fee));
        }
    }
    all
}
