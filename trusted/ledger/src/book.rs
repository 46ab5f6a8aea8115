//! The book of one account and symbol: its fills in order, and what follows from them. Lots never cross books.
//!
//! A fill that comes last is applied to what is there. One that comes late, or a rate that becomes known, takes this book,
//! and no other, back to the last checkpoint before it, and on from there.

use crate::{
    AverageCost, Decimal, Direction, Fill, Instrument, InstrumentKind, LedgerError, Lot, LotRule, Match,
    Measured, NumberError, Price, Reason, Refused, RoundTrip, Trade,
    average::{Pool, Realized},
    error::FillName,
    fee::Divided,
    fills::{Fills, FillsMark},
    ledger::BookKey,
    matching::{Checkpoint, State},
    packed::Packed,
    trade::{MatchList, TradeList, TripList},
    watch::{Unwatched, Watch},
};
use alloc::{sync::Arc, vec::Vec};

/// Fills of a book, and what follows from them.
#[derive(Clone, Debug)]
pub struct Book {
    pub(crate) key: BookKey,
    pub(crate) instrument: Instrument,
    pub(crate) fills: Fills,
    pub(crate) state: State,
    rule: LotRule,
    /// Places to return to, oldest first; the state before the first fill needs none.
    checkpoints: Vec<Checkpoint>,
    /// Fills between two checkpoints.
    interval: u32,
    batch: Option<Batch>,
}

/// What the batch that is being applied has changed.
#[derive(Clone, Debug)]
struct Batch {
    before: FillsMark,
    applied: u32,
    /// Fills that learnt a rate, as they were.
    rates: Vec<(u32, Packed)>,
}

impl Book {
    pub(crate) fn new(
        key: BookKey,
        instrument: Instrument,
        converts: bool,
        rule: LotRule,
        interval: u32,
    ) -> Self {
        Self {
            fills: Fills::new(&instrument),
            state: State::new(&instrument, converts, rule),
            key,
            instrument,
            rule,
            checkpoints: Vec::new(),
            interval: interval.max(1),
            batch: None,
        }
    }

    /// Begins a batch, if none is begun. Says whether it did.
    pub(crate) fn begin(&mut self) -> bool {
        let begins = self.batch.is_none();
        if begins {
            let (before, applied) = (self.fills.mark(), self.state.cursor.applied);
            self.batch = Some(Batch { before, applied, rates: Vec::new() });
        }
        begins
    }

    /// A fill of the batch learnt a rate.
    pub(crate) fn learnt(&mut self, at: u32, before: Packed) {
        if let Some(batch) = &mut self.batch {
            batch.rates.push((at, before));
        }
    }

    /// Brings the state up to the fills of the batch. Says whether it had to go back for that.
    pub(crate) fn follow(&mut self) -> Result<bool, LedgerError> {
        let Some(batch) = &self.batch else { return Ok(false) };
        let (applied, changed) = (batch.applied, batch.rates.iter().map(|(at, _)| *at).collect::<Vec<_>>());
        let first = self.fills.sort(applied);
        let first = changed.into_iter().map(|at| self.fills.position(at)).min().unwrap_or(first).min(first);
        let goes_back = first < applied;
        if goes_back {
            self.rewind(first);
        }
        self.run()?;
        self.state.trades.refresh();
        self.state.trips.refresh();
        Ok(goes_back)
    }

    /// Applies all fills that are not applied.
    fn run(&mut self) -> Result<(), LedgerError> {
        let keeps = self.state.lots.has_marks();
        while let Some(at) = self.fills.at(self.state.cursor.applied) {
            let applied = self.state.cursor.applied;
            if keeps && applied > 0 && applied.is_multiple_of(self.interval) {
                self.checkpoint(applied);
            }
            if let Err(error) = self.state.apply(&self.fills, at, &mut Unwatched) {
                let name = self.name(at);
                let refused = Refused::from(error);
                return Err(name.map_or_else(|| refused.into(), |name| LedgerError::at(refused, name)));
            }
        }
        Ok(())
    }

    fn checkpoint(&mut self, applied: u32) {
        if self.checkpoints.last().is_none_or(|last| last.cursor.applied < applied) {
            self.checkpoints.push(self.state.checkpoint());
        }
    }

    /// Goes back to the last checkpoint that knows no fill from `position` on.
    fn rewind(&mut self, position: u32) {
        let kept = self.checkpoints.partition_point(|checkpoint| checkpoint.cursor.applied <= position);
        self.checkpoints.truncate(kept);
        match self.checkpoints.last() {
            Some(checkpoint) => self.state.rewind(checkpoint, &self.fills),
            None => self.state.restart(&self.instrument, self.rule, &self.fills),
        }
    }

    /// The batch is over.
    pub(crate) fn commit(&mut self) {
        self.batch = None;
    }

    /// Leaves everything as it was before the batch.
    pub(crate) fn take_back(&mut self) {
        let Some(batch) = self.batch.take() else { return };
        // The state goes back before its fills do: it still reads them.
        self.rewind(
            batch
                .rates
                .iter()
                .map(|(at, _)| self.fills.position(*at))
                .min()
                .map_or(self.fills.first_position_since(batch.before), |rates| {
                    rates.min(self.fills.first_position_since(batch.before))
                }),
        );
        for (at, before) in batch.rates.into_iter().rev() {
            self.fills.replace(at, before);
        }
        self.fills.rewind(batch.before);
        let followed = self.run();
        debug_assert!(followed.is_ok(), "what was applied once can be applied again");
        self.state.trades.refresh();
        self.state.trips.refresh();
    }

    /// How a fill is called.
    fn name(&self, at: u32) -> Option<FillName> {
        let fill = self.fills.fill(at, &self.key.0, &self.instrument)?;
        Some(FillName::of(&fill))
    }

    /// The newest fill.
    pub(crate) fn newest(&self) -> Option<FillName> {
        self.name(self.fills.at(self.fills.len().checked_sub(1)?)?)
    }

    /// Shows all matches of the book, by any rule.
    pub(crate) fn replay(&self, rule: LotRule, watch: &mut impl Watch) -> Result<(), NumberError> {
        let mut state = State::new(&self.instrument, self.state.terms.converts, rule);
        self.fills.positions().try_for_each(|at| state.apply(&self.fills, at, watch))
    }

    /// What was applied once can be applied again. Lists have sums that figures do not need: where one of those does not
    /// fit a number, of some 76 digits, the list ends.
    fn shown<W: Watch + Default>(&self) -> W {
        let mut watch = W::default();
        let _ended = self.replay(self.rule, &mut watch);
        watch
    }

    pub(crate) fn match_list(&self) -> MatchList {
        self.shown()
    }

    pub(crate) fn trade_list(&self) -> Vec<(u32, Trade)> {
        self.shown::<TradeList>().trades
    }

    pub(crate) fn trip_list(&self) -> Vec<RoundTrip> {
        self.shown::<TripList>().trips
    }

    /// What is traded here.
    pub fn instrument(&self) -> &Instrument {
        &self.instrument
    }

    /// Fills, in their order.
    pub fn fills(&self) -> impl Iterator<Item = Fill> {
        self.fills.positions().filter_map(|at| self.fills.fill(at, &self.key.0, &self.instrument))
    }

    /// Open lots, oldest first.
    pub fn open_lots(&self) -> impl Iterator<Item = Lot> {
        self.state.lots.iter().filter_map(|(at, left)| {
            let fill = self.fills.get(at)?;
            Some(Lot {
                id: crate::FillId(fill.id(&self.fills.beside)),
                opened: fill.time,
                direction: self.direction(fill),
                price: Price(fill.price(&self.fills.beside)),
                open: self.left(at, left).ok()?,
            })
        })
    }

    fn direction(&self, fill: &Packed) -> Direction {
        if fill.side() == crate::Side::Buy { Direction::Long } else { Direction::Short }
    }

    fn left(&self, at: u32, left: Option<Divided>) -> Result<Divided, NumberError> {
        left.map_or_else(|| self.state.whole(&self.fills, at), Ok)
    }

    /// Matches, in the order they happened. This replays the book.
    pub fn matches(&self) -> Vec<Match> {
        self.match_list().0.into_iter().map(|(_, done)| done).collect()
    }

    /// Matches by another rule than the one whose figures are shown. This replays the book.
    ///
    /// # Errors
    /// If what that rule gives does not fit a number.
    pub fn matches_by(&self, rule: LotRule) -> Measured<Vec<Match>> {
        let mut watch = MatchList::default();
        self.replay(rule, &mut watch)?;
        Ok(watch.0.into_iter().map(|(_, done)| done).collect())
    }

    /// Figures by average cost, in the settlement asset. This reads the fills.
    pub fn average_cost(&self) -> AverageCost {
        match Pool::of(&self.state.terms, &self.fills).map_err(Reason::from) {
            Ok(pool) => {
                let entry = average_entry(&self.instrument, pool.quantity, pool.cost);
                AverageCost::new(&pool.settled, Ok(pool.cost), entry)
            }
            Err(why) => AverageCost::new(&Realized { gross: Err(why), fees: Err(why) }, Err(why), Err(why)),
        }
    }

    /// What is open: above zero long, below zero short.
    ///
    /// # Errors
    /// If it does not fit a number.
    pub fn position(&self) -> Measured<Decimal> {
        Open::of([self]).position
    }

    /// Notional of the open lots at their entry, in the settlement asset.
    ///
    /// # Errors
    /// If it does not fit a number.
    pub fn open_cost(&self) -> Measured<Decimal> {
        Open::of([self]).open_cost
    }

    /// Quantity-weighted entry price; for inverse contracts the harmonic mean, which is what they earn.
    ///
    /// # Errors
    /// `insufficient_data` without an open lot.
    pub fn average_entry(&self) -> Measured<Decimal> {
        Open::of([self]).average_entry
    }

    /// Sold without a known lot.
    pub fn unmatched_quantity(&self) -> Decimal {
        self.state.cursor.unmatched_quantity
    }

    /// What that brought, in the settlement asset. Its cost is not known.
    pub fn unmatched_proceeds(&self) -> Decimal {
        self.state.cursor.unmatched_proceeds
    }
}

impl FillName {
    /// The name of a fill.
    pub(crate) fn of(fill: &Fill) -> Self {
        Self {
            account: Arc::clone(&fill.account),
            symbol: fill.symbol.clone(),
            id: fill.id.clone(),
            side: Some(fill.side),
        }
    }
}

/// Price of an entry that cost so much; for inverse contracts the harmonic mean.
pub(crate) fn average_entry(instrument: &Instrument, quantity: Decimal, cost: Decimal) -> Measured<Decimal> {
    if quantity.is_zero() {
        return Err(Reason::InsufficientData);
    }
    let contracts = quantity.checked_mul(instrument.multiplier)?;
    Ok(match instrument.kind {
        InstrumentKind::Spot | InstrumentKind::Linear => cost.checked_div(contracts)?,
        InstrumentKind::Inverse => contracts.checked_div(cost)?,
    })
}

/// What is open of one instrument, and what was sold of it without a known lot (METRICS.md section 2.5).
#[derive(Clone, Debug, PartialEq)]
pub struct Open {
    /// Above zero long, below zero short.
    pub position: Measured<Decimal>,
    /// How many lots.
    pub open_lots: u64,
    /// Their notional at entry, in the settlement asset.
    pub open_cost: Measured<Decimal>,
    /// Quantity-weighted entry price; for inverse contracts the harmonic mean.
    pub average_entry: Measured<Decimal>,
    /// Sold without a known lot.
    pub unmatched_quantity: Measured<Decimal>,
}

impl Open {
    /// Of books of one instrument. The average is over all lots, also where one account is long and another short.
    pub(crate) fn of<'a>(books: impl IntoIterator<Item = &'a Book>) -> Self {
        let mut sums = Ok(Sums::default());
        let (mut open_lots, mut unmatched, mut instrument) = (0_u64, Ok(Decimal::ZERO), None);
        for book in books {
            for lot in book.state.lots.iter() {
                open_lots = open_lots.saturating_add(1);
                sums = sums.and_then(|sums| sums.with(book, lot));
            }
            unmatched = unmatched.and_then(|sum: Decimal| sum.checked_add(book.unmatched_quantity()));
            instrument = Some(&book.instrument);
        }
        let entry = |sums: Sums| match instrument {
            Some(instrument) if open_lots > 0 => average_entry(instrument, sums.quantity, sums.cost),
            _ => Err(Reason::InsufficientData),
        };
        let sums = sums.map_err(Reason::from);
        Self {
            position: sums.map(|sums| sums.signed),
            open_lots,
            open_cost: sums.map(|sums| sums.cost),
            average_entry: sums.and_then(entry),
            unmatched_quantity: unmatched.map_err(Reason::from),
        }
    }
}

/// Sums over open lots.
#[derive(Clone, Copy, Default)]
struct Sums {
    signed: Decimal,
    quantity: Decimal,
    cost: Decimal,
}

impl Sums {
    fn with(self, book: &Book, (at, left): (u32, Option<Divided>)) -> Result<Self, NumberError> {
        let Some(fill) = book.fills.get(at) else { return Ok(self) };
        let quantity = book.left(at, left)?.left;
        let is_long = book.direction(fill) == Direction::Long;
        let cost = book.state.terms.notional(quantity, fill.price(&book.fills.beside))?;
        Ok(Self {
            signed: self.signed.checked_add(if is_long { quantity } else { quantity.negated() })?,
            quantity: self.quantity.checked_add(quantity)?,
            cost: self.cost.checked_add(cost)?,
        })
    }
}
