//! How far back an account's history is complete, in the terms of a [`Reach`].
//!
//! The venue keeps deposits, distributions and fills since its own beginning, and they are always read whole.
//! Withdrawals and conversions are read from the first sign of life of the account, and further back bit by bit in
//! later rounds; of dust it tells the newest hundred. So, of an account with a first sign of life:
//!
//! - `from` is that sign, if withdrawals and conversions were read back to it, else where the shorter of them begins.
//!   Something older, in what is not read yet, would have needed coins, and whatever brings coins was read. If it turns
//!   up all the same it is a new first sign, and `from` moves back as reading goes on.
//! - Dust that is not listed any more moves `from` to the oldest that is, but only while the balances do not add up:
//!   a sweep changes two balances for good, so where all add up there was none.
//! - A list that the venue refused makes a gap of everything. So do symbols that were refused or not asked for yet,
//!   while the balances do not add up: each fill changes two balances for good as well.
//!
//! What the venue has no list for (EXCHANGES.md section 15) is no gap: nobody knows whether there was any. It is the
//! residual.

use super::{
    flows::{GENESIS_MS, Source},
    known::Known,
};
use crate::Reach;
use ledger::{Timestamp, record::Gap};

/// As of the end of a round. `all_asked`: there is no symbol that was never asked for. `is_given`: at a test system, which has
/// lists of fills alone, what an account had at first was given to it.
pub(crate) fn reach(known: &Known, all_asked: bool, is_given: bool, now: Timestamp) -> Reach {
    let adds_up = known.unexplained.is_empty();
    let all_listed = Source::CHEAP
        .into_iter()
        .chain(Source::DEAR.map(|(source, _)| source))
        .all(|source| is_given || known.read.contains_key(&source));
    let windows = known.read.values().map(|window| window.from_ms);
    let dust_ms = known.dust_from_ms.filter(|_| !adds_up);
    let lists_ms = windows.chain(dust_ms).max().unwrap_or(GENESIS_MS);
    let (from_ms, since_opening) = match known.first_sign_ms {
        Some(first_ms) => (first_ms.max(lists_ms), lists_ms <= first_ms && all_listed),
        // Nothing ever happened: what is there came from nowhere that we can see.
        None => (known.looked_since_ms.unwrap_or(now.millis()), adds_up && all_listed),
    };
    let from = Timestamp::from_millis(from_ms);
    let hidden = !all_listed || (!adds_up && (!all_asked || !known.refused.is_empty()));
    let gaps = if hidden { vec![Gap { from, to: now.max(from) }] } else { Vec::new() };
    Reach { from, since_opening: since_opening && !is_given, gaps }
}
