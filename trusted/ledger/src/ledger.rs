//! The **TradeAggregator**: all books of all accounts, and the only way to change them (METRICS.md section 2.1).
//!
//! Whatever the order of arrival, the paging or the repetition of fills, the result is the same. A batch is applied
//! whole or not at all. A fill that is the newest of its book costs the logarithm of the book's length and reads no
//! history; a late one, or a rate that becomes known, replays its own book once a batch.
//!
//! Not here: what may be asked (`queries.rs`).

use crate::{
    Asset, Fill, Instrument, InstrumentKind, LedgerError, Symbol,
    amount::Decimal,
    book::{Book, Inserted, Place},
    fee::moved_quantity,
};
use alloc::{boxed::Box, collections::BTreeMap, collections::BTreeSet, sync::Arc, vec::Vec};

/// Account and symbol.
pub(crate) type BookKey = (Arc<str>, Symbol);

/// A book with its key.
pub(crate) type BookEntry<'a> = (&'a BookKey, &'a Book);

/// Holds fills, lots, results and metrics; [`TradeAggregator::apply`] is the only way that they change.
#[derive(Clone, Debug)]
pub struct TradeAggregator {
    pub(crate) reporting: Asset,
    pub(crate) instruments: BTreeMap<Symbol, Instrument>,
    pub(crate) books: BTreeMap<BookKey, Book>,
    fills: usize,
}

/// What a batch brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Fills that were not known.
    pub new: usize,
    /// Copies that were dropped.
    pub duplicates: usize,
    /// Books that started again, because a fill came late or a rate became known.
    pub replayed: usize,
}

/// In which currency a query answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Currency {
    /// The asset that the books settle in; they must all have the same.
    Settlement,
    /// The reporting currency.
    Reporting,
}

/// How to undo one insertion.
struct Undo {
    book: BookKey,
    place: Place,
    /// The fill as it was, if it was known.
    before: Option<Box<Fill>>,
}

/// What a batch changed in a book.
struct Change<'a> {
    first: &'a Place,
    new: usize,
    /// A rate became known of a fill that was applied without it.
    rates: bool,
}

impl TradeAggregator {
    /// No fill yet. Totals will be in `reporting`.
    pub fn new(reporting: Asset) -> Self {
        Self { reporting, instruments: BTreeMap::new(), books: BTreeMap::new(), fills: 0 }
    }

    /// How many fills are held.
    pub fn len(&self) -> usize {
        self.fills
    }

    /// No fill is held.
    pub fn is_empty(&self) -> bool {
        self.fills == 0
    }

    /// Makes an instrument known; again with the same content changes nothing.
    ///
    /// # Errors
    /// If its multiplier is impossible, or fills of that symbol are held under another definition.
    pub fn add_instrument(&mut self, instrument: Instrument) -> Result<(), LedgerError> {
        let possible = match instrument.kind {
            InstrumentKind::Spot => instrument.multiplier == Decimal::ONE,
            InstrumentKind::Linear | InstrumentKind::Inverse => instrument.multiplier.is_positive(),
        };
        if !possible {
            return Err(LedgerError::InstrumentInvalid);
        }
        let symbol = instrument.symbol.clone();
        let differs = self.instruments.get(&symbol).is_some_and(|known| *known != instrument);
        if differs && self.books.keys().any(|(_, held)| *held == symbol) {
            return Err(LedgerError::InstrumentConflict);
        }
        self.instruments.insert(symbol, instrument);
        Ok(())
    }

    /// Applies a batch of fills, in any order, with any repetition.
    ///
    /// # Errors
    /// Then nothing of the batch was applied.
    pub fn apply(&mut self, fills: Vec<Fill>) -> Result<Applied, LedgerError> {
        self.check(&fills)?;
        let mut undo = Vec::new();
        let outcome = self.insert(fills, &mut undo).and_then(|applied| self.follow(applied, &undo));
        if outcome.is_err() {
            self.take_back(undo);
        }
        outcome
    }

    /// METRICS.md section 2.1, rule 1.
    fn check(&self, fills: &[Fill]) -> Result<(), LedgerError> {
        for fill in fills {
            let instrument = self.instruments.get(&fill.symbol).ok_or(LedgerError::InstrumentUnknown)?;
            let rates = [fill.fee_rate, fill.reporting_rate];
            let prices = rates.into_iter().flatten().chain([fill.price]);
            let above_zero =
                fill.quantity.0.is_positive() && prices.into_iter().all(|price| price.0.is_positive());
            if !above_zero || !moved_quantity(instrument, fill)?.is_positive() {
                return Err(LedgerError::InvalidFill);
            }
        }
        Ok(())
    }

    /// Puts fills into their books: rule 2, and the order of rule 3.
    fn insert(&mut self, fills: Vec<Fill>, undo: &mut Vec<Undo>) -> Result<Applied, LedgerError> {
        let mut applied = Applied::default();
        for fill in fills {
            let instrument = self.instruments.get(&fill.symbol).ok_or(LedgerError::InstrumentUnknown)?;
            let key = (Arc::clone(&fill.account), fill.symbol.clone());
            let book = self.books.entry(key.clone()).or_insert_with(|| Book::new(instrument.clone()));
            let (place, before) = match book.insert(fill)? {
                Inserted::New(place) => {
                    self.fills = self.fills.saturating_add(1);
                    applied.new = applied.new.saturating_add(1);
                    (place, None)
                }
                Inserted::Copy(rates) => {
                    applied.duplicates = applied.duplicates.saturating_add(1);
                    let Some((place, before)) = rates else { continue };
                    (place, Some(before))
                }
            };
            undo.push(Undo { book: key, place, before });
        }
        Ok(applied)
    }

    /// Brings the states of the books up to their fills.
    fn follow(&mut self, mut applied: Applied, undo: &[Undo]) -> Result<Applied, LedgerError> {
        let mut changes: BTreeMap<&BookKey, Change<'_>> = BTreeMap::new();
        for Undo { book, place, before } in undo {
            let change = changes.entry(book).or_insert(Change { first: place, new: 0, rates: false });
            change.first = change.first.min(place);
            change.new = change.new.saturating_add(usize::from(before.is_none()));
            change.rates |= before.is_some();
        }
        for (key, Change { first, new, rates }) in changes {
            let Some(book) = self.books.get_mut(key) else { continue };
            // In order: what stands from the first new fill on is new, all of it.
            if !rates && book.fills.range(first..).count() == new {
                book.follow(first, &self.reporting)?;
            } else {
                book.replay(&self.reporting)?;
                applied.replayed = applied.replayed.saturating_add(1);
            }
        }
        Ok(applied)
    }

    /// Leaves everything as it was before the batch.
    fn take_back(&mut self, undo: Vec<Undo>) {
        let touched: BTreeSet<BookKey> = undo.iter().map(|change| change.book.clone()).collect();
        for Undo { book, place, before } in undo.into_iter().rev() {
            let Some(book) = self.books.get_mut(&book) else { continue };
            if before.is_none() {
                self.fills = self.fills.saturating_sub(1);
            }
            book.take_back(place, before);
        }
        self.books.retain(|_, book| !book.fills.is_empty());
        for key in touched {
            if let Some(book) = self.books.get_mut(&key) {
                // These very fills were applied before.
                let replayed = book.replay(&self.reporting);
                debug_assert!(replayed.is_ok(), "what was applied once can be applied again");
            }
        }
    }
}
