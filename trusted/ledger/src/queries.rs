//! What may be asked of a [`TradeAggregator`]. Sums are ready; lists are made when they are asked for, by replaying.

use crate::{
    Asset, AverageCost, Book, Currency, Decimal, Fill, Instrument, Match, Month, MonthTotals, Open,
    Performance, Reason, RoundTrip, Symbol, Timestamp, Trade, TradeAggregator,
    average::{Pool, Realized},
    book::average_entry,
    ledger::{BookKey, tied},
    log::index,
    metrics::{Sign, Totals},
    reason::sum,
    sequence::Placed,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

impl TradeAggregator {
    /// The currency of totals.
    pub fn reporting(&self) -> &Asset {
        &self.reporting
    }

    /// An instrument that was made known.
    pub fn instrument(&self, symbol: &Symbol) -> Option<&Instrument> {
        self.instruments.get(symbol)
    }

    /// Instruments that were made known, by symbol.
    pub fn instruments(&self) -> impl Iterator<Item = &Instrument> {
        self.instruments.values()
    }

    /// Books by account and symbol, each with its index.
    pub(crate) fn indexed(&self) -> impl Iterator<Item = (u32, &Book)> + Clone {
        self.by_key.values().filter_map(|at| Some((*at, self.books.get(index(*at))?)))
    }

    /// Every fill, book by book, each book in its order.
    pub fn fills(&self) -> impl Iterator<Item = Fill> {
        self.indexed().flat_map(|(_, book)| book.fills())
    }

    /// Whether this very fill is held; its rates do not count.
    pub fn holds(&self, fill: &Fill) -> bool {
        let key: BookKey = (Arc::clone(&fill.account), fill.symbol.clone());
        let held = || {
            let fills = &self.books.get(index(*self.by_key.get(&key)?))?.fills;
            let at = fills.find(&fill.id.0, fill.side)?;
            Some(fills.same_execution(at, fills.get(at)?, fill))
        };
        held().unwrap_or(false)
    }

    /// The first and the last fill.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let spans = self.books.iter().filter_map(|book| book.fills.span());
        spans.reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Books in the order of account and symbol.
    pub fn books(&self) -> impl Iterator<Item = (&str, &Symbol, &Book)> {
        self.indexed().map(|(_, book)| (&*book.key.0, &book.key.1, book))
    }

    /// Accounts that have fills.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.by_key.keys().map(|(account, _)| &**account).collect()
    }

    /// Symbols that have fills.
    pub fn symbols(&self) -> BTreeSet<&Symbol> {
        self.by_key.keys().map(|(_, symbol)| symbol).collect()
    }

    /// Performance of everything, in the reporting currency.
    pub fn total(&self) -> Performance {
        Performance::of(self, Currency::Reporting, |_| true)
    }

    /// Performance of everything in the one asset that all books settle in.
    pub fn settled(&self) -> Performance {
        Performance::of(self, Currency::Settlement, |_| true)
    }

    /// Performance of one account, in the reporting currency.
    pub fn account(&self, account: &str) -> Performance {
        Performance::of(self, Currency::Reporting, |key| *key.0 == *account)
    }

    /// Performance of one symbol, over all accounts.
    pub fn symbol(&self, symbol: &Symbol, currency: Currency) -> Performance {
        Performance::of(self, currency, |key| key.1 == *symbol)
    }

    /// What is open of one symbol, over all accounts.
    pub fn open(&self, symbol: &Symbol) -> Open {
        Open::of(self.indexed().map(|(_, book)| book).filter(|book| book.key.1 == *symbol))
    }

    /// Figures of one symbol by average cost, over all accounts. Each account has a pool of its own. This reads the fills.
    pub fn average_cost(&self, symbol: &Symbol, currency: Currency) -> AverageCost {
        self.average_cost_of(currency, |key| key.1 == *symbol)
    }

    /// Figures of one account by average cost, in the reporting currency. Open cost is that of the entries, unconverted:
    /// it is withheld where a book settles in another asset.
    pub fn account_average_cost(&self, account: &str) -> AverageCost {
        self.average_cost_of(Currency::Reporting, |key| *key.0 == *account)
    }

    fn average_cost_of(&self, currency: Currency, is_of: impl Fn(&BookKey) -> bool) -> AverageCost {
        let none = Ok(Decimal::ZERO);
        let (mut realized, mut cost, mut entry_cost, mut quantity) = (Realized::default(), none, none, none);
        let (mut instrument, mut one_symbol): (Option<&Instrument>, bool) = (None, true);
        for (_, book) in self.indexed().filter(|(_, book)| is_of(&book.key)) {
            let reports = book.state.terms.converts && currency == Currency::Reporting;
            match Pool::of(&book.state.terms, &book.fills).map_err(Reason::from) {
                Ok(pool) => {
                    realized = realized.and(if reports { &pool.reported } else { &pool.settled });
                    let converts = reports && !pool.quantity.is_zero();
                    cost = sum(cost, if converts { Err(Reason::NoPrice) } else { Ok(pool.cost) });
                    entry_cost = sum(entry_cost, Ok(pool.cost));
                    quantity = sum(quantity, Ok(pool.quantity));
                }
                Err(why) => {
                    realized = realized.and(&Realized { gross: Err(why), fees: Err(why) });
                    (cost, entry_cost) = (Err(why), Err(why));
                }
            }
            one_symbol &= instrument.is_none_or(|held| held.symbol == book.instrument.symbol);
            instrument = Some(&book.instrument);
        }
        let entry = match instrument {
            Some(instrument) if one_symbol => {
                quantity.and_then(|quantity| average_entry(instrument, quantity, entry_cost?))
            }
            _ => Err(Reason::InsufficientData),
        };
        AverageCost::new(&realized, cost, entry)
    }

    /// What each month brought, in the reporting currency.
    pub fn months(&self) -> BTreeMap<Month, MonthTotals> {
        let mut months: BTreeMap<Month, Totals> = BTreeMap::new();
        for (month, totals) in
            self.indexed().flat_map(|(_, book)| book.state.months.iter(Currency::Reporting))
        {
            let sums = months.remove(&month).unwrap_or_default();
            months.insert(month, sums.and(totals));
        }
        months.into_iter().map(|(month, totals)| (month, MonthTotals::new(&totals))).collect()
    }

    /// All matches, in the order they happened. This replays every book.
    pub fn matches(&self) -> Vec<Match> {
        let mut all: Vec<(Placed, Match)> = Vec::new();
        for (at, book) in self.indexed() {
            let listed = book.match_list().0.into_iter();
            all.extend(listed.map(|(close, done)| (self.placed(at, book, close, done.closed), done)));
        }
        // Stable: the matches of one fill keep their order.
        all.sort_by(|(a, _), (b, _)| a.compare(b, |a, b| tied(&self.books, true, a, b)));
        all.into_iter().map(|(_, done)| done).collect()
    }

    fn placed(&self, at: u32, book: &Book, close: u32, time: Timestamp) -> Placed {
        let fills = &book.fills;
        let sequence = fills.get(close).and_then(|fill| fills.beside.sequence(fill, close));
        Placed { time, tie: sequence.unwrap_or(0), at: close, book: at, signs: [Sign::Scratch; 2] }
    }

    /// All closed trades, by their last closing fill. This replays every book.
    pub fn trades(&self) -> Vec<Trade> {
        let mut all: Vec<(Placed, Trade)> = Vec::new();
        for (at, book) in self.indexed() {
            let listed = book.trade_list().into_iter();
            all.extend(listed.map(|(last, trade)| (self.placed(at, book, last, trade.closed), trade)));
        }
        all.sort_by(|(a, _), (b, _)| a.compare(b, |a, b| tied(&self.books, true, a, b)));
        all.into_iter().map(|(_, trade)| trade).collect()
    }

    /// All round trips, by closing then opening time. This replays every book.
    pub fn round_trips(&self) -> Vec<RoundTrip> {
        let mut all: Vec<RoundTrip> = self.indexed().flat_map(|(_, book)| book.trip_list()).collect();
        // Stable: those of the same times stay in the order of account and symbol.
        all.sort_by_key(|trip| (trip.closed, trip.opened));
        all
    }
}
