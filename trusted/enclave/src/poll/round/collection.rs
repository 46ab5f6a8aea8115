//! What a round found, of each account that the key reads, and how it is applied: whole, or not at all.

use super::Prices;
use crate::{
    account::{AccountRecord, PriceUses, account_name},
    restatements::Brought,
};
use exchange::{Finding, PriceAt, PriceWanted, Reach, Venue, lines, lines_under_way};
use ledger::{
    Asset, Book, Decimal, Fill, Instrument, InstrumentKind, LedgerError, Line, Symbol, Timestamp, minute,
    record::{self, Observation, Record},
};
use protocol::{api::Unread, limits};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What a round found before it is applied.
pub(super) struct Collection {
    venue: Venue,
    account: Arc<str>,
    as_of: Timestamp,
    instruments: BTreeMap<Symbol, Instrument>,
    fills: Vec<Fill>,
    lines: Vec<Line>,
    pub(super) under_way: Vec<Line>,
    observations: BTreeMap<Arc<str>, Observation>,
    positions: BTreeMap<Arc<str>, Vec<(Symbol, Decimal)>>,
    reaches: BTreeMap<Arc<str>, Reach>,
    unread: BTreeSet<Unread>,
    too_many: bool,
    /// A part of a long history: there is more.
    pub(super) is_part: bool,
}

impl Collection {
    pub(super) fn new(venue: Venue, as_of: Timestamp) -> Self {
        Self {
            venue,
            account: account_name(venue),
            as_of,
            instruments: BTreeMap::new(),
            fills: Vec::new(),
            lines: Vec::new(),
            under_way: Vec::new(),
            observations: BTreeMap::new(),
            positions: BTreeMap::new(),
            reaches: BTreeMap::new(),
            unread: BTreeSet::new(),
            too_many: false,
            is_part: false,
        }
    }

    pub(super) fn add(&mut self, finding: Finding, known: &AccountRecord) {
        let account = Arc::clone(&self.account);
        self.add_of(&account, finding, known);
    }

    /// Adds what was found of an account.
    fn add_of(&mut self, account: &Arc<str>, finding: Finding, known: &AccountRecord) {
        match finding {
            Finding::Within { account, finding } => self.add_of(&Arc::from(account), *finding, known),
            Finding::More => self.is_part = true,
            Finding::Positions { at: _, positions } => {
                self.positions.insert(Arc::clone(account), positions);
            }
            Finding::Instrument(instrument) => {
                self.instruments.insert(instrument.symbol.clone(), instrument);
            }
            Finding::Fills(fills) => {
                let ledger = &known.record.aggregator;
                self.fills.extend(fills.into_iter().filter(|fill| !ledger.holds(fill)));
                self.too_many |= self.fills.len() + ledger.len() > limits::FILLS_PER_ACCOUNT_MAX;
                if self.too_many {
                    self.fills.clear();
                }
            }
            Finding::Movement(movement) => {
                self.lines.extend(lines(account, &movement));
                self.under_way.extend(lines_under_way(account, &movement));
            }
            Finding::Balances { at, balances } => {
                let held = balances.into_iter().filter_map(|balance| {
                    let held = balance.free.checked_add(balance.locked).ok()?;
                    (!held.is_zero()).then_some((balance.asset, held))
                });
                let observation = Observation { at, balances: held.collect() };
                self.observations.insert(Arc::clone(account), observation);
            }
            Finding::Reach(reach) => {
                self.reaches.insert(Arc::clone(account), reach);
            }
            Finding::Unread { what, why } => {
                self.unread.insert(Unread { what, why: why.to_owned() });
            }
            Finding::Rights(_) | Finding::Account { .. } | Finding::VenueTime(_) | Finding::Price(..) => {}
        }
    }

    /// The rates that the new fills need (METRICS.md sections 2.2 and 2.4), each minute once.
    pub(super) fn prices_wanted(&self, record: &Record) -> BTreeSet<PriceWanted> {
        let mut wanted = BTreeSet::new();
        for fill in self.fills.iter().filter(|fill| fill.time < self.as_of) {
            let Some(instrument) = self.instrument(record, &fill.symbol) else { continue };
            let (fee, reporting) = rates_needed(fill, instrument, record.aggregator.reporting());
            wanted.extend(fee);
            wanted.extend(reporting);
        }
        wanted
    }

    fn instrument<'a>(&'a self, record: &'a Record, symbol: &Symbol) -> Option<&'a Instrument> {
        self.instruments.get(symbol).or_else(|| record.aggregator.instrument(symbol))
    }

    pub(super) fn apply(mut self, known: &mut AccountRecord, prices: &Prices) -> Brought {
        let mut brought = Brought::default();
        known.revision = known.revision.saturating_add(1);
        if self.too_many {
            known.gap("fills", "more than this enclave keeps for one account");
        }
        let read: BTreeSet<Arc<str>> = self.reaches.keys().cloned().collect();
        self.open_accounts(Arc::make_mut(&mut known.record));
        let begins_to_wait = self.fills.iter().map(|fill| fill.time).filter(|time| *time >= self.as_of).min();
        let mut faults = self.apply_fills(known, prices, &mut brought);
        let told =
            core::mem::take(&mut known.waiting.lines).into_iter().chain(core::mem::take(&mut self.lines));
        let (over, young): (Vec<Line>, Vec<Line>) = told.partition(|line| line.time < self.as_of);
        let begins_to_wait = young.iter().map(|line| line.time).chain(begins_to_wait).min();
        faults.extend(apply_lines(known, self.venue, over, &mut brought));
        known.waiting.lines = young;
        let AccountRecord { record, waiting, .. } = known;
        let accounts = &mut Arc::make_mut(record).accounts;
        let seen = core::mem::take(&mut waiting.observations).into_iter();
        for (name, observation) in seen.chain(core::mem::take(&mut self.observations)) {
            // Balances that already show what waits would not fit what is known.
            if begins_to_wait.is_some_and(|waits| waits <= observation.at) {
                waiting.observations.insert(name, observation);
            } else if let Some(account) = accounts.get_mut(&name) {
                account.observe(observation);
            }
        }
        for (name, reach) in core::mem::take(&mut self.reaches) {
            brought.reach |= reaches(Arc::make_mut(record), &name, reach, brought.first());
        }
        if begins_to_wait.is_none() {
            self.compare_positions(&known.record);
        }
        for (what, error) in faults {
            // The log is public: it has the code. Whose account it is may know which fill it was.
            tracing::error!(code = error.code(), "something that was read is not in the record");
            match error.fill() {
                Some(fill) => known.gap(&format!("{what}, for {fill}"), error.code()),
                None => known.gap(what, error.code()),
            }
        }
        // Of what is not read any more the last is known, and that is said.
        let read = |name: &&Arc<str>| **name == self.account || self.is_part || read.contains(*name);
        for name in known.record.accounts.keys().filter(|name| !read(name)) {
            let why =
                "this registration does not read it: what is known of it is from an earlier one".to_owned();
            self.unread.insert(Unread { what: name.to_string(), why });
        }
        known.unread = self.unread;
        brought
    }

    /// What was found of an account whose name the record does not know yet is of one that joins it: it counts as the first.
    fn open_accounts(&self, record: &mut Record) {
        let Some(first) = record.accounts.get(&self.account).cloned() else { return };
        let fills = self.fills.iter().map(|fill| &fill.account);
        let lines = self.lines.iter().chain(&self.under_way).map(|line| &line.account);
        for name in fills.chain(lines).chain(self.observations.keys()).chain(self.reaches.keys()) {
            if !record.accounts.contains_key(name) {
                let complete_from = first.registered;
                let account = record::Account {
                    complete_from,
                    since_opening: false,
                    gaps: Vec::new(),
                    observations: Vec::new(),
                    ..first.clone()
                };
                record.accounts.insert(Arc::clone(name), account);
            }
        }
    }

    /// What a venue holds open and what its fills come to should be the same; where it is not, it is said.
    fn compare_positions(&mut self, record: &Record) {
        for (account, open) in core::mem::take(&mut self.positions) {
            let mut held: BTreeMap<Symbol, Decimal> = open.into_iter().collect();
            let is_contract = |symbol: &Symbol| {
                let instrument = record.aggregator.instrument(symbol);
                instrument.is_some_and(|instrument| instrument.kind != InstrumentKind::Spot)
            };
            let books = record
                .aggregator
                .books()
                .filter(|(name, symbol, _)| **name == *account && is_contract(symbol));
            let differs = |(_, symbol, book): (&str, &Symbol, &Book)| {
                let held = held.remove(symbol).unwrap_or_default();
                (book.position() != Ok(held)).then(|| symbol.clone())
            };
            let mut wrong: Vec<Symbol> = books.filter_map(differs).collect();
            wrong.extend(held.into_keys());
            for symbol in wrong {
                let what = format!("how the position in {} was opened", symbol.as_str());
                let why = "the venue holds another one than the fills that it tells come to".to_owned();
                self.unread.insert(Unread { what, why });
            }
        }
    }

    fn apply_fills(&mut self, known: &mut AccountRecord, prices: &Prices, brought: &mut Brought) -> Faults {
        let (fills, uses) = self.priced(&known.record, prices);
        let mut faults = Faults::new();
        let AccountRecord { record, waiting, unsaved, price_sources, .. } = known;
        let record = Arc::make_mut(record);
        for at in core::mem::take(&mut waiting.passing).into_keys() {
            record.prices.forget_minute(at);
        }
        for instrument in core::mem::take(&mut self.instruments).into_values() {
            let is_new = record.aggregator.instrument(&instrument.symbol) != Some(&instrument);
            match record.aggregator.add_instrument(instrument.clone()) {
                Ok(()) if is_new => unsaved.instrument(self.venue, instrument),
                Ok(()) => {}
                Err(error) => faults.push(("fills of an instrument", error)),
            }
        }
        // A copy of what is known already changes nothing, and is not written again.
        let new: Vec<Fill> = fills.iter().filter(|fill| !record.aggregator.holds(fill)).cloned().collect();
        match record.aggregator.apply(fills, self.as_of) {
            Ok(_) => {
                brought.fill = new.iter().map(|fill| fill.time).min();
                unsaved.fills(self.venue, new, record, self.as_of);
                for (source, fills) in uses {
                    *price_sources.entry(source).or_default() += fills;
                }
            }
            // The venue contradicts itself, or a number does not fit: nothing of this round's fills is believed.
            Err(error) => faults.push(("fills of a round", error)),
        }
        faults
    }

    /// The fills before the instant of the figures, with their prices, and how many each source values.
    fn priced(&mut self, record: &Record, prices: &Prices) -> (Vec<Fill>, PriceUses) {
        let (mut priced, mut uses) = (Vec::with_capacity(self.fills.len()), BTreeMap::new());
        // A round may tell a fill twice; the ledger drops the copy, and it values nothing.
        let mut counted = BTreeSet::new();
        for mut fill in core::mem::take(&mut self.fills) {
            let Some(instrument) = self.instrument(record, &fill.symbol) else { continue };
            let (fee, reporting) = rates_needed(&fill, instrument, record.aggregator.reporting());
            let found = |wanted: &Option<PriceWanted>| match wanted {
                Some(wanted) => prices.get(wanted).map(|found| found.as_ref().map(|(price, _)| *price)),
                None => Some(None),
            };
            if fill.time >= self.as_of {
                continue;
            }
            // A price that was not told is not final: the next round reads the fill again, as the connector's overlap
            // promises.
            let (Some(fee_rate), Some(reporting_rate)) = (found(&fee), found(&reporting)) else { continue };
            (fill.fee_rate, fill.reporting_rate) = (fee_rate, reporting_rate);
            let first = counted.insert((fill.symbol.clone(), fill.id.clone(), fill.side));
            for wanted in [fee, reporting].into_iter().flatten().filter(|_| first) {
                if let Some(Some((_, source))) = prices.get(&wanted) {
                    let PriceWanted { asset, quote, .. } = wanted;
                    *uses.entry((asset, quote, source.clone())).or_default() += 1;
                }
            }
            priced.push(fill);
        }
        (priced, uses)
    }
}

/// From when on an account is known. One that held nothing there begins with the first thing that happened to it. `first`: the
/// first of what is new. Whether anything changed.
fn reaches(record: &mut Record, name: &Arc<str>, reach: Reach, first: Option<Timestamp>) -> bool {
    let Reach { from, since_opening, gaps } = reach;
    let Some(account) = record.accounts.get_mut(name) else { return false };
    let before = (account.complete_from, core::mem::replace(&mut account.gaps, gaps));
    let begun = account.complete_from;
    (account.complete_from, account.since_opening) = (from, since_opening);
    if !since_opening {
        let is_settled =
            begun > from && before.0 != account.registered && first.is_none_or(|first| first >= begun);
        let begins = if is_settled { Some(begun) } else { record.begins_empty(name).filter(|at| *at > from) };
        if let Some((account, begins)) = record.accounts.get_mut(name).zip(begins) {
            account.complete_from = begins;
        }
    }
    let Some(account) = record.accounts.get(name) else { return false };
    (account.complete_from, &account.gaps) != (before.0, &before.1)
}

/// What was read and is refused, and why.
type Faults = Vec<(&'static str, LedgerError)>;

fn apply_lines(known: &mut AccountRecord, venue: Venue, lines: Vec<Line>, brought: &mut Brought) -> Faults {
    let mut faults = Faults::new();
    let AccountRecord { record, unsaved, .. } = known;
    for line in lines {
        // One by one: what contradicts itself takes nothing else with it.
        match Arc::make_mut(record).lines.apply(vec![line.clone()]) {
            Ok(0) => {}
            Ok(_) => {
                brought.movement = Some(brought.movement.map_or(line.time, |first| first.min(line.time)));
                unsaved.line(venue, line);
            }
            Err(error) => faults.push(("a movement", error)),
        }
    }
    faults
}

/// Value of the fee's asset in the settlement asset, and of the settlement asset in the reporting currency, where
/// they differ. A minute is as exact as candles are, so an instant is rounded down to its minute.
fn rates_needed(
    fill: &Fill,
    instrument: &Instrument,
    reporting: &Asset,
) -> (Option<PriceWanted>, Option<PriceWanted>) {
    let settlement = match instrument.kind {
        InstrumentKind::Spot | InstrumentKind::Linear => &instrument.quote,
        InstrumentKind::Inverse => &instrument.base,
    };
    let at = PriceAt::Instant(minute(fill.time));
    let wanted =
        |asset: &Asset, quote: &Asset| PriceWanted { asset: asset.clone(), quote: quote.clone(), at };
    let third =
        fill.fee_asset != instrument.base && fill.fee_asset != instrument.quote && !fill.fee.is_zero();
    (
        third.then(|| wanted(&fill.fee_asset, settlement)),
        (settlement != reporting).then(|| wanted(settlement, reporting)),
    )
}
