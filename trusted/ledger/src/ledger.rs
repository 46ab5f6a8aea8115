//! The **TradeAggregator**: all books of all accounts, and the only way to change them (METRICS.md section 2.1).
//!
//! Whatever the order of arrival, the paging or the repetition of fills, the result is the same. A batch is applied
//! whole or not at all. A fill that is the newest of its book reads no history, however much there is; a late one, or a
//! rate that becomes known, replays its own book from its time, once a batch.
//!
//! Not here: what may be asked (`queries.rs`).

use crate::{
    Asset, Book, Fill, Instrument, InstrumentKind, LedgerError, LotRule, Refused, Symbol, Timestamp,
    amount::Decimal,
    error::FillName,
    fee::{Fee, FeeIn},
    fills::Inserted,
    log::{count, index},
    packed::Words,
    sequence::{Placed, Sequence},
};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};
use core::cmp::Ordering;

/// Account and symbol.
pub(crate) type BookKey = (Arc<str>, Symbol);

/// Fills between two checkpoints of a book: so many are replayed at most beside those after a late one.
const CHECKPOINT_FILLS: u32 = 1024;
/// 2009-01-03, when there was the first block to trade coins of.
const TIME_MIN: Timestamp = Timestamp::from_millis(1_230_940_800_000);
/// What a venue's clock may be ahead.
const AHEAD_MS_MAX: i64 = 60_000;
/// Digits of a number of a fill.
const DIGITS_MAX: u8 = 38;

/// Holds fills, lots, results and metrics; [`TradeAggregator::apply`] is the only way that they change.
#[derive(Clone, Debug)]
pub struct TradeAggregator {
    pub(crate) reporting: Asset,
    pub(crate) rule: LotRule,
    pub(crate) instruments: BTreeMap<Symbol, Instrument>,
    /// Books in the order in which they began; their index never changes.
    pub(crate) books: Vec<Book>,
    pub(crate) by_key: BTreeMap<BookKey, u32>,
    /// Closed trades of all books.
    pub(crate) trades: Sequence,
    /// Round trips of all books.
    pub(crate) trips: Sequence,
    fills: u64,
    interval: u32,
    scratch: Scratch,
}

/// Lists of one batch, kept so that the next needs no memory of its own.
#[derive(Clone, Debug, Default)]
struct Scratch {
    /// The book of each of the next fills.
    of: Vec<u32>,
    /// Books that the batch changes.
    touched: Vec<u32>,
    learnt: Vec<Placed>,
    /// Books by where the texts of account and symbol lie in memory: mostly fills share them, and need no search.
    nearby: Vec<Option<(BookKey, u32)>>,
}

/// Fills whose ids are asked for before the first of them is needed.
const AHEAD: usize = 64;
/// Places of [`Scratch::nearby`].
const NEARBY: usize = 64;

/// What a batch brought.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Fills that were not known.
    pub new: usize,
    /// Copies that were dropped.
    pub duplicates: usize,
    /// Books that went back, because a fill came late or a rate became known.
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

impl TradeAggregator {
    /// No fill yet. Totals will be in `reporting`.
    pub fn new(reporting: Asset) -> Self {
        Self::with_rule(reporting, LotRule::FirstIn)
    }

    /// The same with another rule of which lot is closed first. METRICS.md knows first in, first out only.
    pub fn with_rule(reporting: Asset, rule: LotRule) -> Self {
        Self {
            reporting,
            rule,
            instruments: BTreeMap::new(),
            books: Vec::new(),
            by_key: BTreeMap::new(),
            trades: Sequence::default(),
            trips: Sequence::default(),
            fills: 0,
            interval: CHECKPOINT_FILLS,
            scratch: Scratch::default(),
        }
    }

    /// The same with a checkpoint every so many fills; for tests, and before the first fill.
    #[doc(hidden)]
    #[must_use]
    pub fn with_checkpoints(mut self, interval: u32) -> Self {
        self.interval = interval;
        self
    }

    /// How many fills are held.
    pub fn len(&self) -> usize {
        usize::try_from(self.fills).unwrap_or(usize::MAX)
    }

    /// No fill is held.
    pub fn is_empty(&self) -> bool {
        self.fills == 0
    }

    /// Makes an instrument known; again with the same content changes nothing.
    ///
    /// # Errors
    /// If its multiplier is impossible, or fills of that symbol are held under another definition: the error names the
    /// newest of them.
    pub fn add_instrument(&mut self, instrument: Instrument) -> Result<(), LedgerError> {
        let possible = match instrument.kind {
            InstrumentKind::Spot => instrument.multiplier == Decimal::ONE,
            InstrumentKind::Linear | InstrumentKind::Inverse => instrument.multiplier.is_positive(),
        };
        if !possible
            || instrument.base == instrument.quote
            || !instrument.multiplier.has_digits_up_to(DIGITS_MAX)
        {
            return Err(Refused::InstrumentInvalid.into());
        }
        let symbol = instrument.symbol.clone();
        let differs = self.instruments.get(&symbol).is_some_and(|known| *known != instrument);
        let mut holding = self.books.iter().filter(|book| book.key.1 == symbol);
        if differs && let Some(newest) = holding.find_map(Book::newest) {
            return Err(LedgerError::at(Refused::InstrumentConflict, newest));
        }
        self.instruments.insert(symbol, instrument);
        Ok(())
    }

    /// Applies a batch of fills, in any order, with any repetition. `now` is the venue's time: what happened later than a
    /// minute from it did not happen.
    ///
    /// # Errors
    /// Then nothing of the batch was applied, and the error names the fill at fault.
    pub fn apply(&mut self, fills: Vec<Fill>, now: Timestamp) -> Result<Applied, LedgerError> {
        self.apply_slice(&fills, now)
    }

    /// The same for fills that the caller keeps.
    ///
    /// # Errors
    /// As [`Self::apply`].
    pub fn apply_slice(&mut self, fills: &[Fill], now: Timestamp) -> Result<Applied, LedgerError> {
        let books = self.books.len();
        let mut scratch = core::mem::take(&mut self.scratch);
        scratch.touched.clear();
        let outcome =
            self.insert(fills, now, &mut scratch).and_then(|applied| self.follow(applied, &scratch.touched));
        if let Ok(applied) = &outcome {
            self.fills = self.fills.saturating_add(u64::try_from(applied.new).unwrap_or(u64::MAX));
            self.each(&scratch.touched, Book::commit);
        } else {
            self.each(&scratch.touched, Book::take_back);
        }
        self.publish(&mut scratch);
        if outcome.is_err() {
            self.books.truncate(books);
            let books = count(books);
            self.by_key.retain(|_, at| *at < books);
            scratch.nearby.clear();
        }
        self.scratch = scratch;
        outcome
    }

    fn each(&mut self, touched: &[u32], change: fn(&mut Book)) {
        for at in touched {
            if let Some(book) = self.books.get_mut(index(*at)) {
                change(book);
            }
        }
    }

    /// Puts fills into their books, if they can have happened: METRICS.md section 2.1, rules 1 and 2. Begins books that are
    /// new.
    fn insert(
        &mut self,
        fills: &[Fill],
        now: Timestamp,
        scratch: &mut Scratch,
    ) -> Result<Applied, LedgerError> {
        let latest = Timestamp::from_millis(now.millis().saturating_add(AHEAD_MS_MAX));
        let mut applied = Applied::default();
        scratch.nearby.resize(NEARBY, None);
        for some in fills.chunks(AHEAD) {
            scratch.of.clear();
            for fill in some {
                let at = self.near(fill, scratch);
                let at = at.map_err(|refused| LedgerError::at(refused, FillName::of(fill)))?;
                if let Some(book) = self.books.get(index(at)) {
                    book.fills.expect(fill);
                }
                scratch.of.push(at);
            }
            for (fill, at) in some.iter().zip(&scratch.of) {
                let inserted = self.insert_one(fill, *at, latest, &mut scratch.touched);
                match inserted.map_err(|refused| LedgerError::at(refused, FillName::of(fill)))? {
                    true => applied.new = applied.new.saturating_add(1),
                    false => applied.duplicates = applied.duplicates.saturating_add(1),
                }
            }
        }
        Ok(applied)
    }

    /// The book of a fill.
    #[inline(always)]
    fn near(&mut self, fill: &Fill, scratch: &mut Scratch) -> Result<u32, Refused> {
        let place = fill.symbol.address().wrapping_add(address(&fill.account).wrapping_mul(3)) / 16 % NEARBY;
        let nearby = scratch.nearby.get_mut(place);
        if let Some(Some(((account, symbol), at))) = &nearby
            && Arc::ptr_eq(account, &fill.account)
            && symbol.is_same(&fill.symbol)
        {
            return Ok(*at);
        }
        let at = self.book_of(fill)?;
        if let Some(nearby) = nearby {
            *nearby = Some(((Arc::clone(&fill.account), fill.symbol.clone()), at));
        }
        Ok(at)
    }

    /// Says whether the fill was not known.
    #[inline(always)]
    fn insert_one(
        &mut self,
        fill: &Fill,
        at: u32,
        latest: Timestamp,
        touched: &mut Vec<u32>,
    ) -> Result<bool, Refused> {
        let Some(book) = self.books.get_mut(index(at)) else { return Ok(false) };
        let words = Words::of(fill);
        possible(fill, words, &book.instrument, latest)?;
        if book.begin() {
            touched.push(at);
        }
        Ok(match book.fills.insert(fill, words)? {
            Inserted::New => true,
            Inserted::Copy => false,
            Inserted::Rate(at, before) => {
                book.learnt(at, before);
                false
            }
        })
    }

    fn book_of(&mut self, fill: &Fill) -> Result<u32, Refused> {
        let key = (Arc::clone(&fill.account), fill.symbol.clone());
        if let Some(at) = self.by_key.get(&key) {
            return Ok(*at);
        }
        let instrument = self.instruments.get(&fill.symbol).ok_or(Refused::InstrumentUnknown)?.clone();
        let converts = *instrument.settlement() != self.reporting;
        let at = count(self.books.len());
        self.books.push(Book::new(key.clone(), instrument, converts, self.rule, self.interval));
        self.by_key.insert(key, at);
        Ok(at)
    }

    /// Brings the states of the books up to their fills: rule 3.
    fn follow(&mut self, mut applied: Applied, touched: &[u32]) -> Result<Applied, LedgerError> {
        for at in touched {
            let Some(book) = self.books.get_mut(index(*at)) else { continue };
            applied.replayed = applied.replayed.saturating_add(usize::from(book.follow()?));
        }
        Ok(applied)
    }

    /// Brings the sequences over all books up to the books.
    fn publish(&mut self, scratch: &mut Scratch) {
        for is_trades in [true, false] {
            let mut sequence = core::mem::take(if is_trades { &mut self.trades } else { &mut self.trips });
            let mut forgotten: Vec<Placed> = Vec::new();
            scratch.learnt.clear();
            for at in &scratch.touched {
                let Some(book) = self.books.get_mut(index(*at)) else { continue };
                let outcomes = if is_trades { &mut book.state.trades } else { &mut book.state.trips };
                forgotten.extend(outcomes.retracted().map(|placed| Placed { book: *at, ..placed }));
                outcomes.published(|placed| scratch.learnt.push(Placed { book: *at, ..placed }));
            }
            let tied = |a: &Placed, b: &Placed| tied(&self.books, is_trades, a, b);
            for placed in &forgotten {
                sequence.remove(placed, tied);
            }
            scratch.learnt.sort_by(|a, b| a.compare(b, tied));
            for placed in &scratch.learnt {
                sequence.insert(*placed, tied);
            }
            sequence.refresh();
            *(if is_trades { &mut self.trades } else { &mut self.trips }) = sequence;
        }
    }
}

/// The order of two trades whose closing fills have the same time and sequence number, or of two round trips with the
/// same beginning and end.
pub(crate) fn tied(books: &[Book], is_trades: bool, a: &Placed, b: &Placed) -> Ordering {
    let (Some(x), Some(y)) = (books.get(index(a.book)), books.get(index(b.book))) else {
        return a.book.cmp(&b.book);
    };
    let fills = || x.fills.compare_within_instant(a.at, &y.fills, b.at);
    let keys = || if a.book == b.book { Ordering::Equal } else { x.key.cmp(&y.key) };
    if is_trades { fills().then_with(keys) } else { keys().then_with(fills) }
}

/// Where a text lies.
fn address(text: &Arc<str>) -> usize {
    Arc::as_ptr(text).addr()
}

/// Whether a fill can have happened.
#[inline(always)]
fn possible(
    fill: &Fill,
    words: Option<Words>,
    instrument: &Instrument,
    latest: Timestamp,
) -> Result<(), Refused> {
    if fill.time < TIME_MIN || fill.time > latest {
        return Err(Refused::InvalidTime);
    }
    match words {
        Some(words) if words.are_positive() => {}
        Some(_) => return Err(Refused::InvalidFill),
        None => possible_long(fill)?,
    }
    if instrument.kind == InstrumentKind::Spot && fill.fee_asset.is(&instrument.base) {
        let fee = Fee { amount: fill.fee, paid_in: FeeIn::Other, rate: None };
        if !fee.moved(instrument.kind, fill.side, fill.quantity.0)?.is_positive() {
            return Err(Refused::InvalidFill);
        }
    }
    Ok(())
}

/// The same of numbers that may have any length.
#[cold]
fn possible_long(fill: &Fill) -> Result<(), Refused> {
    let rates = [fill.fee_rate, fill.reporting_rate];
    let short = |number: Decimal| number.has_digits_up_to(DIGITS_MAX);
    if ![fill.quantity.0, fill.price.0, fill.fee].into_iter().all(short)
        || !rates.into_iter().flatten().all(|rate| short(rate.0))
    {
        return Err(Refused::NumberTooLong);
    }
    let prices = rates.into_iter().flatten().chain([fill.price]);
    if !fill.quantity.0.is_positive() || !prices.into_iter().all(|price| price.0.is_positive()) {
        return Err(Refused::InvalidFill);
    }
    Ok(())
}
