//! What changed since the ledger was written last: a record of its own with nothing else in it, which is written as a piece
//! (`kept.rs`) and joined again when the ledger is read.

use exchange::Venue;
use ledger::{
    Asset, Day, Fill, Instrument, Line, Price, PriceSource, Timestamp,
    record::{Account, Record},
};
use std::{collections::BTreeMap, sync::Arc};

/// Until when balances of each account are in the store, for good.
pub(crate) type ObservedUntil = BTreeMap<Arc<str>, Timestamp>;

/// What is not in the store yet.
pub(crate) struct Unsaved {
    /// Nothing of the ledger is in the store: all of it is to be written.
    pub(crate) everything: bool,
    piece: Option<Record>,
    pub(crate) observed_until: ObservedUntil,
}

impl Default for Unsaved {
    fn default() -> Self {
        Self { everything: true, piece: None, observed_until: ObservedUntil::new() }
    }
}

impl Unsaved {
    /// Notes what was added, as far as it counts: what the ledger refused is not told here.
    fn note(&mut self, venue: Venue, add: impl FnOnce(&mut Record)) {
        if !self.everything {
            add(self.piece.get_or_insert_with(|| super::empty(venue)));
        }
    }

    /// Fills that the ledger took, with instruments of theirs.
    pub(crate) fn fills(&mut self, venue: Venue, fills: Vec<Fill>, known: &Record, now: Timestamp) {
        if fills.is_empty() || self.everything {
            return;
        }
        self.note(venue, |piece| {
            for fill in &fills {
                if let Some(instrument) = known.aggregator.instrument(&fill.symbol) {
                    // What the ledger took, its copy takes.
                    let _ = piece.aggregator.add_instrument(instrument.clone());
                }
            }
            let _ = piece.aggregator.apply(fills, now);
        });
    }

    /// An instrument that the ledger took.
    pub(crate) fn instrument(&mut self, venue: Venue, instrument: Instrument) {
        self.note(venue, |piece| {
            let _ = piece.aggregator.add_instrument(instrument);
        });
    }

    /// A line that the ledger took.
    pub(crate) fn line(&mut self, venue: Venue, line: Line) {
        self.note(venue, |piece| {
            let _ = piece.lines.apply(vec![line]);
        });
    }

    /// The price at the end of a day.
    pub(crate) fn day(&mut self, venue: Venue, asset: Asset, day: Day, found: Option<(Price, PriceSource)>) {
        self.note(venue, |piece| piece.prices.learn_day(asset, day, found));
    }

    /// The price in a minute, for good.
    pub(crate) fn minute(
        &mut self,
        venue: Venue,
        asset: Asset,
        at: Timestamp,
        found: Option<(Price, PriceSource)>,
    ) {
        self.note(venue, |piece| piece.prices.learn_at(asset, at, found));
    }

    /// The piece to be written: with what is known of the account beside fills and lines, and with the balances that will
    /// not be replaced any more. None if nothing is new.
    pub(crate) fn piece(&self, venue: Venue, known: &Arc<Record>) -> Option<Piece> {
        let (mut observed_until, mut accounts) = (self.observed_until.clone(), Vec::new());
        for (name, account) in &known.accounts {
            // The last ones of a day are replaced by those of the next minute.
            let lasting = account.observations.split_last().map_or(&[][..], |(_, lasting)| lasting);
            let until = self.observed_until.get(name);
            let new = lasting.iter().filter(|seen| until.is_none_or(|until| seen.at > *until));
            let observations: Vec<_> = new.cloned().collect();
            if let Some(last) = observations.last() {
                observed_until.insert(Arc::clone(name), last.at);
            }
            let Account { registered, complete_from, since_opening, gaps, observations: _ } = account;
            let (registered, complete_from, since_opening) = (*registered, *complete_from, *since_opening);
            let gaps = gaps.clone();
            let account = Account { registered, complete_from, since_opening, gaps, observations };
            accounts.push((Arc::clone(name), account));
        }
        if self.everything {
            return Some(Piece { record: Arc::clone(known), observed_until });
        }
        if self.piece.is_none() && accounts.iter().all(|(_, account)| account.observations.is_empty()) {
            return None;
        }
        let mut record = self.piece.clone().unwrap_or_else(|| super::empty(venue));
        record.accounts.extend(accounts);
        Some(Piece { record: Arc::new(record), observed_until })
    }

    /// All of it was written.
    pub(crate) fn saved(&mut self, observed_until: ObservedUntil) {
        *self = Self { everything: false, piece: None, observed_until };
    }
}

/// A piece of a ledger.
pub(crate) struct Piece {
    pub(crate) record: Arc<Record>,
    /// Balances up to here are in it, or in an earlier one.
    pub(crate) observed_until: ObservedUntil,
}
