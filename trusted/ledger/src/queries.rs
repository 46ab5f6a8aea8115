//! What may be asked of a [`TradeAggregator`]. Sums are ready; lists over several books and statistics over trades are
//! made when they are asked for.

use crate::{
    Asset, Book, Currency, Fill, Instrument, Match, Month, MonthTotals, Open, Performance, RoundTrip, Side,
    Symbol, Timestamp, Trade, TradeAggregator,
    book::{Place, same_execution},
    metrics::{Totals, round_trips, trades},
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

    /// Whether this very fill is held; its rates do not count.
    pub fn holds(&self, fill: &Fill) -> bool {
        let known = self.books.get(&(Arc::clone(&fill.account), fill.symbol.clone())).and_then(|book| {
            let place = book.place(&fill.id, fill.side)?;
            book.fills.get(&place)
        });
        known.is_some_and(|known| same_execution(known, fill))
    }

    /// The first and the last fill.
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let ends = |book: &Book| {
            let (first, _) = book.fills.first_key_value()?;
            let (last, _) = book.fills.last_key_value()?;
            Some((first.time, last.time))
        };
        self.books.values().filter_map(ends).reduce(|a, b| (a.0.min(b.0), a.1.max(b.1)))
    }

    /// Books in the order of account and symbol.
    pub fn books(&self) -> impl Iterator<Item = (&str, &Symbol, &Book)> {
        self.books.iter().map(|((account, symbol), book)| (&**account, symbol, book))
    }

    /// Accounts that have fills.
    pub fn accounts(&self) -> BTreeSet<&str> {
        self.books.keys().map(|(account, _)| &**account).collect()
    }

    /// Symbols that have fills.
    pub fn symbols(&self) -> BTreeSet<&Symbol> {
        self.books.keys().map(|(_, symbol)| symbol).collect()
    }

    /// Performance of everything, in the reporting currency.
    pub fn total(&self) -> Performance {
        Performance::of(self.books.iter(), Currency::Reporting, &self.reporting)
    }

    /// Performance of everything in the one asset that all books settle in.
    pub fn settled(&self) -> Performance {
        Performance::of(self.books.iter(), Currency::Settlement, &self.reporting)
    }

    /// Performance of one account, in the reporting currency.
    pub fn account(&self, account: &str) -> Performance {
        let books = self.books.iter().filter(|((held, _), _)| **held == *account);
        Performance::of(books, Currency::Reporting, &self.reporting)
    }

    /// Performance of one symbol, over all accounts.
    pub fn symbol(&self, symbol: &Symbol, currency: Currency) -> Performance {
        let books = self.books.iter().filter(|((_, held), _)| held == symbol);
        Performance::of(books, currency, &self.reporting)
    }

    /// What is open of one symbol, over all accounts.
    pub fn open(&self, symbol: &Symbol) -> Open {
        Open::of(self.books.iter().filter(|((_, held), _)| held == symbol).map(|(_, book)| book))
    }

    /// What each month brought, in the reporting currency.
    pub fn months(&self) -> BTreeMap<Month, MonthTotals> {
        let mut months: BTreeMap<Month, Totals> = BTreeMap::new();
        for (month, totals) in
            self.books.values().flat_map(|book| book.monthly(Currency::Reporting, &self.reporting).iter())
        {
            let sums = months.remove(month).unwrap_or_default();
            months.insert(*month, sums.and(totals));
        }
        months.into_iter().map(|(month, totals)| (month, MonthTotals::new(&totals))).collect()
    }

    /// All matches, in the order they happened.
    pub fn matches(&self) -> Vec<&Match> {
        let mut all: Vec<_> = self
            .books
            .iter()
            .flat_map(|(key, book)| {
                book.matches().iter().map(move |done| (place_of_close(book, done), key, done))
            })
            .collect();
        // Stable: the matches of one fill keep their order.
        all.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        all.into_iter().map(|(_, _, done)| done).collect()
    }

    /// All closed trades, by their last closing fill.
    pub fn trades(&self) -> Vec<&Trade> {
        trades(self.books.iter())
    }

    /// All round trips, by closing then opening time.
    pub fn round_trips(&self) -> Vec<&RoundTrip> {
        round_trips(self.books.iter())
    }
}

fn place_of_close(book: &Book, done: &Match) -> Option<Place> {
    let side = if done.direction == crate::Direction::Long { Side::Sell } else { Side::Buy };
    book.place(&done.close, side)
}
