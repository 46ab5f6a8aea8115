//! What fills brought (METRICS.md sections 2.3, 2.4, 2.6 and 2.8), of one book or of many, in one currency.
//!
//! ```text
//! realized_net   = realized_gross - realized_fees, over matches
//! return_on_cost = realized_net / matched_cost
//! maker_share    = maker volume / volume with known liquidity
//! matched_share  = value closed against known lots / value of all that was closed or sold
//! ```

use super::{Statistics, Totals, statistics::Observation};
use crate::{
    Asset, Decimal, Measured, Reason, RoundTrip, Timestamp, Trade,
    ledger::{BookEntry, Currency},
    matching::State,
    reason::{ratio, sum},
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
    pub(crate) fn of<'a>(
        books: impl Iterator<Item = BookEntry<'a>> + Clone,
        currency: Currency,
        reporting: &Asset,
    ) -> Self {
        let states: Vec<&State> = books.clone().map(|(_, book)| &book.state).collect();
        let assets = |(_, book): BookEntry<'a>| (book.instrument.settlement(), &book.instrument.quote);
        let first = books.clone().map(assets).next();
        let mixed =
            currency == Currency::Settlement && books.clone().any(|entry| Some(assets(entry)) != first);
        let start = if mixed { Totals::unknown(Reason::NoPrice) } else { Totals::default() };
        let totals = books.clone().fold(start, |sums, (_, book)| {
            book.monthly(currency, reporting).iter().fold(sums, |sums, (_, totals)| sums.and(totals))
        });
        let observed = |net: Measured<Decimal>, reported_net, held_ms| {
            let net = match currency {
                Currency::Settlement if mixed => Err(Reason::NoPrice),
                Currency::Settlement => net,
                Currency::Reporting => reported_net,
            };
            Observation { net, held_ms }
        };
        let of_trade = |trade: &Trade| observed(trade.net, trade.reported_net, trade.held_ms());
        let of_trip = |trip: &RoundTrip| observed(trip.net, trip.reported_net, Ok(trip.held_ms().into()));
        Self {
            trades: Statistics::of(&trades(books.clone()).into_iter().map(of_trade).collect::<Vec<_>>()),
            round_trips: Statistics::of(&round_trips(books).into_iter().map(of_trip).collect::<Vec<_>>()),
            fees_by_asset: nonzero(by_asset(states.iter().map(|state| &state.fees_by_asset))),
            fees_unvalued: by_asset(states.iter().map(|state| &state.fees_unvalued)),
            incomplete_basis: states.iter().any(|state| !state.unmatched_quantity.is_zero()),
            fills: totals.fills,
            first_fill: totals.first,
            last_fill: totals.last,
            volume: totals.volume,
            maker_share: ratio(totals.maker_volume, totals.known_volume),
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

/// Without what adds up to nothing.
fn nonzero(mut fees: BTreeMap<Asset, Measured<Decimal>>) -> BTreeMap<Asset, Measured<Decimal>> {
    fees.retain(|_, fee| *fee != Ok(Decimal::ZERO));
    fees
}

/// Raw fees of many books.
fn by_asset<'a>(
    books: impl Iterator<Item = &'a BTreeMap<Asset, Decimal>>,
) -> BTreeMap<Asset, Measured<Decimal>> {
    let mut all = BTreeMap::new();
    for (asset, fee) in books.flatten() {
        let total = all.entry(asset.clone()).or_insert(Ok(Decimal::ZERO));
        *total = sum(*total, Ok(*fee));
    }
    all
}

/// Closed trades of some books, by their last closing fill.
pub(crate) fn trades<'a>(books: impl Iterator<Item = BookEntry<'a>>) -> Vec<&'a Trade> {
    let mut all: Vec<_> = books
        .flat_map(|(key, book)| book.state.trades.trades.iter().map(move |trade| (key, trade)))
        .collect();
    all.sort_by(|(a_key, a), (b_key, b)| (&a.last, *a_key).cmp(&(&b.last, *b_key)));
    all.into_iter().map(|(_, trade)| trade).collect()
}

/// Round trips of some books, by closing then opening time.
pub(crate) fn round_trips<'a>(books: impl Iterator<Item = BookEntry<'a>>) -> Vec<&'a RoundTrip> {
    let mut all: Vec<_> = books.flat_map(|(_, book)| &book.state.trades.trips).collect();
    // Stable: those of the same times stay in the order of account and symbol.
    all.sort_by_key(|trip| (trip.closed, trip.opened));
    all
}
