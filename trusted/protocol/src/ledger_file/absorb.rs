//! A piece of a record, joined to the rest: a ledger that is kept in pieces is whole again when all were absorbed, in the order
//! in which they were written.

use alloc::{collections::btree_map::Entry, vec::Vec};
use ledger::{
    LedgerError, Price, PriceSource, Timestamp,
    record::{Account, Record},
};

/// Takes what a piece knows into a record of the same accounts. What the piece says of an account holds from then on;
/// nothing in it may have happened after `now`.
///
/// # Errors
/// If the pieces contradict each other. The record is then of no use.
pub fn absorb(all: &mut Record, piece: Record, now: Timestamp) -> Result<(), LedgerError> {
    let Record { aggregator, lines, accounts, prices, benchmark: _, parameters: _ } = piece;
    for instrument in aggregator.instruments() {
        all.aggregator.add_instrument(instrument.clone())?;
    }
    let fills: Vec<_> = aggregator.fills().collect();
    all.aggregator.apply(fills, now)?;
    all.lines.apply(lines.iter().cloned().collect())?;
    for (name, account) in accounts {
        match all.accounts.entry(name) {
            Entry::Vacant(free) => {
                free.insert(account);
            }
            Entry::Occupied(mut known) => {
                let Account { registered, complete_from, since_opening, gaps, observations } = account;
                let known = known.get_mut();
                (known.registered, known.complete_from) = (registered, complete_from);
                (known.since_opening, known.gaps) = (since_opening, gaps);
                for observation in observations {
                    // Balances that are replaced by the next ones may stand in two pieces.
                    if !known.observations.contains(&observation) {
                        known.observe(observation);
                    }
                }
            }
        }
    }
    let told = |found: Option<(Price, &PriceSource)>| found.map(|(price, source)| (price, source.clone()));
    for (asset, day, found) in prices.days() {
        all.prices.learn_day(asset.clone(), day, told(found));
    }
    for (asset, at, found) in prices.minutes() {
        all.prices.learn_at(asset.clone(), at, told(found));
    }
    Ok(())
}
