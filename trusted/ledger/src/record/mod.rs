//! The record: everything known of the accounts of one holder, and the figures that follow from it, and from nothing
//! else (METRICS.md sections 2 to 7, DESIGN.md section 5). Whoever has the same record computes the same figures.
//!
//! ```text
//! fills, lines ─► effects ─► history (holdings of each account, what nothing explains)
//!                               │        transfers between accounts
//!                               ▼            ▼
//! prices ─► pricing ─► scope: one account, or all ─► curve (equity at midnights) ─► flows ─► explain, marks
//!                                                                                    └─► statistics (`returns`)
//! ```
//!
//! Nothing is kept between calls: all of it costs one pass over the fills. Money is exact; what is withheld says why.
//!
//! Not here: lots and realised profit (`TradeAggregator`), and how a return or a ratio is computed (`returns`).

mod pricing;
mod effects;
mod history;
mod transfers;
mod scope;
mod curve;
mod flows;
mod explain;
mod marks;
mod statistics;
mod figures;

use crate::{
    Asset, Day, Decimal, LineKind, Lines, Measured, Month, MonthTotals, Performance, Prices, Reason, Symbol,
    Timestamp, TradeAggregator, Wanted,
    returns::{BenchmarkFigures, CashflowFigures, Confidence, MonthReturn, Parameters, SeriesFigures},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec,
    vec::Vec,
};
use effects::{Span, effects};
use figures::Reading;
use history::History;
use pricing::Pricing;
use scope::{Member, Scope, spans};
use transfers::{Transfer, transfers};

/// Everything known.
#[derive(Clone, Debug)]
pub struct Record {
    /// Fills, by account and symbol.
    pub aggregator: TradeAggregator,
    /// What else changed the accounts.
    pub lines: Lines,
    /// Beside fills and lines, of each account.
    pub accounts: BTreeMap<Arc<str>, Account>,
    /// Prices in the quote currency of the record.
    pub prices: Prices,
    /// The asset whose daily close is the benchmark.
    pub benchmark: Asset,
    /// How returns are read.
    pub parameters: Parameters,
}

/// What is known of one account beside its fills and lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// From when on it counts in a record of several; alone, it counts from its beginning.
    pub registered: Timestamp,
    /// The earliest instant from which every source is complete.
    pub complete_from: Timestamp,
    /// Nothing was there before `complete_from`: the account was opened then.
    pub since_opening: bool,
    /// Spans that a source could not be read for.
    pub gaps: Vec<Gap>,
    /// Balances as they were read, in the order of time.
    pub observations: Vec<Observation>,
}

impl Account {
    /// Adds balances that were read, once everything that happened up to then was applied: a fill that is still held back
    /// would be taken for unexplained. Of each day the first and the last reading are kept: the first says how its
    /// midnight was, the last how things stand, and a reading every minute would be a million of them.
    pub fn observe(&mut self, observation: Observation) {
        let at = self.observations.partition_point(|known| known.at <= observation.at);
        self.observations.insert(at, observation);
        let day_at = |at: usize| self.observations.get(at).map(|observation| Day::of(observation.at));
        let between = |at: usize| {
            let before = at.checked_sub(1).and_then(day_at);
            before.is_some() && before == day_at(at) && before == day_at(at.saturating_add(1))
        };
        // The new one may stand between two others, or put one between two others.
        let around = [at.checked_sub(1), Some(at), at.checked_add(1)];
        if let Some(dropped) = around.into_iter().flatten().find(|at| between(*at)) {
            self.observations.remove(dropped);
        }
    }
}

/// A span, bounds included, of which something is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
}

/// Balances of an account at an instant, complete: an asset that is not there is zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// By the venue's clock.
    pub at: Timestamp,
    /// Free and locked together.
    pub balances: BTreeMap<Asset, Decimal>,
}

/// How a day's equity is known (DESIGN.md section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Balances were read close to the midnight that ends it.
    Observed,
    /// Computed backwards from later balances, through fills and lines.
    Reconstructed,
    /// It could not be priced: the interval goes on to the next day that could.
    Bridged,
    /// A source of the day could not be read.
    Partial,
    /// Nothing is known of it.
    Missing,
}

impl Mark {
    /// As it stands in answers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Reconstructed => "reconstructed",
            Self::Bridged => "bridged",
            Self::Partial => "partial",
            Self::Missing => "missing",
        }
    }
}

/// A day of the equity curve.
#[derive(Clone, Debug, PartialEq)]
pub struct EquityDay {
    /// Which.
    pub day: Day,
    /// How it is known.
    pub mark: Mark,
    /// Equity at the midnight that ends it.
    pub equity: Measured<Decimal>,
    /// External flows of the day, unexplained increases included.
    pub net_flow: Measured<Decimal>,
    /// The day's return; of the whole interval where days before it were bridged.
    pub r: Measured<f64>,
    /// What nothing explains, in the quote currency.
    pub residual: Measured<Decimal>,
    /// The same in ten-thousandths of the day's equity.
    pub residual_bps: Measured<Decimal>,
    /// Assets that were held and had no price.
    pub unpriced: Vec<Asset>,
}

/// What explains the change of equity: all amounts add up to the total exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Explained {
    /// Equity at the beginning.
    pub opening: Measured<Decimal>,
    /// Lines by kind, each at the price of its instant.
    pub lines: BTreeMap<LineKind, Measured<Decimal>>,
    /// Fees of fills: zero or below, rebates above.
    pub fees: Measured<Decimal>,
    /// What holdings gained by prices and by trading, before fees.
    pub trading: Measured<Decimal>,
    /// Increases that nothing explains: they count as flows.
    pub unexplained_in: Measured<Decimal>,
    /// Decreases that nothing explains: they count as losses.
    pub unexplained_out: Measured<Decimal>,
    /// Equity that accounts brought when they joined: a flow.
    pub joined: Measured<Decimal>,
    /// What counts as a flow because it got a price while it was held, or was exchanged without one.
    pub newly_priced: Measured<Decimal>,
    /// Equity at the end.
    pub closing: Measured<Decimal>,
}

/// Equity, returns and risk of an account, or of the record.
#[derive(Clone, Debug, PartialEq)]
pub struct EquityFigures {
    /// Every day from the beginning to yesterday.
    pub days: Vec<EquityDay>,
    /// From when on there is equity.
    pub from: Option<Timestamp>,
    /// Equity at the instant of the figures.
    pub equity: Measured<Decimal>,
    /// Where it comes from.
    pub explained: Explained,
    /// What nothing explains, in all: the sum of both directions with their signs.
    pub residual: Measured<Decimal>,
    /// The same, without signs, in ten-thousandths of the mean equity.
    pub residual_bps: Measured<Decimal>,
    /// Section 3, from the beginning to the instant of the figures.
    pub cashflows: CashflowFigures,
    /// Section 4, on whole days.
    pub series: SeriesFigures,
    /// Section 4, by UTC month.
    pub months: Vec<MonthReturn>,
    /// Section 4, on windows of 30 days: the day on which each ends.
    pub rolling_sharpe: Vec<(Day, Measured<f64>)>,
    /// Section 6.
    pub benchmark: BenchmarkFigures,
    /// Section 7.
    pub confidence: Confidence,
    /// Volume of both sides / mean daily equity (section 2.6).
    pub turnover: Measured<Decimal>,
    /// Days by mark.
    pub marks: BTreeMap<Mark, u32>,
    /// Days whose return is Modified Dietz with a large flow in it.
    pub approximated_days: u32,
    /// Fewer than 30 returns.
    pub low_sample: bool,
    /// Equity was below zero on some day.
    pub negative_equity: bool,
    /// Assets that are left out because they have no price, with what is held of them.
    pub unpriced: BTreeMap<Asset, Decimal>,
    /// How late after their midnight balances were read, at most, in milliseconds, of observed days.
    pub lateness_ms_max: i64,
}

/// All figures of a record.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordFigures {
    /// When they hold.
    pub as_of: Timestamp,
    /// Of everything.
    pub total: (Performance, EquityFigures),
    /// Of each account.
    pub accounts: Vec<(Arc<str>, Performance, EquityFigures)>,
    /// Of each month that has fills.
    pub months: BTreeMap<Month, MonthTotals>,
    /// Symbols that have fills.
    pub symbols: Vec<Symbol>,
    /// Transfers between accounts of the record: they are no flows.
    pub transfers: u32,
}

impl Record {
    /// Nothing is known yet.
    pub fn new(quote: Asset, benchmark: Asset) -> Self {
        Self {
            aggregator: TradeAggregator::new(quote.clone()),
            lines: Lines::default(),
            accounts: BTreeMap::new(),
            prices: Prices::new(quote),
            benchmark,
            parameters: Parameters::default(),
        }
    }

    /// Prices that the figures at `as_of` need and that were not looked for yet. Once they are known, there may be more:
    /// ask again until there are none.
    pub fn wanted(&self, as_of: Timestamp) -> Vec<Wanted> {
        let known = Known::of(self, as_of);
        let mut pricing = Pricing::new(&self.prices, as_of);
        let reading = self.reading();
        for account in self.accounts.keys() {
            if let Ok(Some(scope)) = known.alone(account) {
                figures::ask(&scope, &mut pricing, reading);
            }
        }
        if self.accounts.len() > 1
            && let Ok(Some(scope)) = known.together()
        {
            figures::ask(&scope, &mut pricing, reading);
        }
        pricing.wanted()
    }

    /// When the first thing happened to an account that held nothing when it begins to be known: before that it was not at work,
    /// as far as anybody can tell. `None`: it held something, nothing happened, or its balances were never read.
    pub fn begins_empty(&self, name: &str) -> Option<Timestamp> {
        let known = Known::of(self, Timestamp::from_millis(i64::MAX));
        let first = *known.firsts.get(name)?;
        let history = known.histories.get(name)?.as_ref().ok()?;
        let is_empty = history.tracks.values().flatten().all(|track| track.opening.is_zero());
        let is_explained = history.unexplained.iter().all(|change| change.time >= first);
        (is_empty && is_explained).then_some(first)
    }

    /// All figures at an instant. What needs a price that was not looked for has none (`no_price`).
    pub fn figures(&self, as_of: Timestamp) -> RecordFigures {
        let known = Known::of(self, as_of);
        let mut pricing = Pricing::new(&self.prices, as_of);
        let reading = self.reading();
        let mut of = |scope: Measured<Option<Scope<'_>>>| match scope {
            Ok(Some(scope)) => figures::figures(&scope, &mut pricing, reading),
            Ok(None) => figures::withheld(Reason::InsufficientData),
            Err(why) => figures::withheld(why),
        };
        let mut names: BTreeSet<Arc<str>> = self.accounts.keys().cloned().collect();
        names.extend(self.aggregator.accounts().into_iter().map(Arc::from));
        let accounts: Vec<_> = names
            .into_iter()
            .map(|name| {
                let (performance, equity) = (self.aggregator.account(&name), of(known.alone(&name)));
                (name, performance, equity)
            })
            .collect();
        let equity = match accounts.as_slice() {
            [(_, _, only)] => only.clone(),
            _ => of(known.together()),
        };
        RecordFigures {
            as_of,
            total: (self.aggregator.total(), equity),
            accounts,
            months: self.aggregator.months(),
            symbols: self.aggregator.symbols().into_iter().cloned().collect(),
            transfers: u32::try_from(known.transfers.len()).unwrap_or(u32::MAX),
        }
    }

    const fn reading(&self) -> Reading<'_> {
        Reading { benchmark: &self.benchmark, parameters: &self.parameters }
    }
}

/// What follows from fills, lines and balances without any price.
struct Known<'a> {
    record: &'a Record,
    as_of: Timestamp,
    spans: BTreeMap<Arc<str>, Span>,
    histories: BTreeMap<Arc<str>, Measured<History>>,
    /// The first thing that is known of each account.
    firsts: BTreeMap<Arc<str>, Timestamp>,
    transfers: Vec<Transfer<'a>>,
}

impl<'a> Known<'a> {
    fn of(record: &'a Record, as_of: Timestamp) -> Self {
        let spans = spans(&record.accounts, as_of);
        let mut firsts = BTreeMap::new();
        let mut histories = BTreeMap::new();
        for (name, effects) in effects(&record.aggregator, &record.lines, &spans) {
            let Some(account) = record.accounts.get(&name) else { continue };
            let history = effects.and_then(|effects| {
                firsts.extend(effects.first.map(|first| (Arc::clone(&name), first)));
                History::of(account, effects)
            });
            histories.insert(name, history);
        }
        let transfers = transfers(&record.lines, &spans);
        Self { record, as_of, spans, histories, firsts, transfers }
    }

    /// One account, over its own history.
    fn alone(&self, name: &str) -> Measured<Option<Scope<'_>>> {
        let Some((name, account)) = self.record.accounts.get_key_value(name) else {
            // It has fills, and nobody read its balances.
            return Err(Reason::Partial);
        };
        let member = self.member(name, account, account.complete_from)?;
        Scope::of(vec![member], &self.record.aggregator, &self.record.lines, &[], self.as_of)
    }

    /// All accounts, each from when on it counts.
    fn together(&self) -> Measured<Option<Scope<'_>>> {
        if self.record.aggregator.accounts().iter().any(|name| !self.record.accounts.contains_key(*name)) {
            return Err(Reason::Partial);
        }
        let mut members = Vec::new();
        for (name, account) in &self.record.accounts {
            let Some(span) = self.spans.get(name).filter(|span| span.joined <= self.as_of) else { continue };
            members.push(self.member(name, account, span.joined)?);
        }
        Scope::of(members, &self.record.aggregator, &self.record.lines, &self.transfers, self.as_of)
    }

    fn member<'b>(
        &'b self,
        name: &'b Arc<str>,
        account: &'b Account,
        joined: Timestamp,
    ) -> Measured<Member<'b>> {
        let history = self.histories.get(name).ok_or(Reason::Partial)?;
        let history = history.as_ref().map_err(|why| *why)?;
        // What an account was before it joined is not missing.
        let first = self.firsts.get(name).copied().filter(|_| joined == account.complete_from);
        Ok(Member { name, account, history, joined, first })
    }
}
