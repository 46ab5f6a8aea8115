//! One round: collect what is new, price what needs a value, apply, ask for the prices that the figures want, and make
//! the figures.
//!
//! They hold as of the beginning of the minute in which the round began, or of the one before where prices are late:
//! everything before it is known, and so are its prices. What is younger waits for the next round, so that no figure depends on when it was read. A fault half-way
//! leaves a record that the next round completes.

use super::{Trouble, converse};
use crate::{
    account::{AccountRecord, PriceUses, StopReason, SyncState, account_name},
    publish,
    service::Service,
    session::Session,
};
use exchange::{
    ExchangeConnector, Finding, PriceAt, PriceWanted, Progress, Reach, Task, lines, lines_under_way,
};
use ledger::{
    Asset, Fill, Instrument, InstrumentKind, LedgerError, Line, Price, PriceSource, Symbol, Timestamp,
    minute,
    record::{Observation, Record},
};
use protocol::{api::Unread, limits, statement::Statement};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

/// Prices that were looked for. `None`: the venue has none; absent: its candle is not closed yet.
type Prices = BTreeMap<PriceWanted, Option<(Price, PriceSource)>>;

/// What was read too early to be used.
#[derive(Default)]
pub(super) struct Waiting {
    lines: Vec<Line>,
    observation: Option<Observation>,
    /// Minutes whose prices hold for the last figures only.
    passing: BTreeSet<Timestamp>,
}

pub(super) async fn round(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
    waiting: &mut Waiting,
) -> Result<(), Trouble> {
    let mut as_of = minute(service.clock.now());
    let mut found = Collection::new(account_name(session.venue), as_of);
    converse(service, session, connector, Task::Collect, &mut |finding, progress| {
        show_progress(service, session, 0, 600, progress);
        found.add(finding, &session.record());
    })
    .await?;

    let wanted = found.prices_wanted(&session.record().record);
    let prices = look_up(service, session, connector, wanted, (600, 200)).await?;
    let under_way = core::mem::take(&mut found.under_way);
    found.apply(&mut session.record_mut(), &prices, waiting);
    if !learn(service, session, connector, &under_way, (as_of, waiting)).await? {
        // In a thin market a minute may have no candle, and only a minute later it is sure that none is late.
        as_of = Timestamp::from_millis(as_of.millis().saturating_sub(MINUTE_MS));
        learn(service, session, connector, &under_way, (as_of, waiting)).await?;
    }

    let record = shown(session, &under_way);
    let figured = Arc::clone(&record);
    // In a thread of its own and under no lock: a long history takes a while.
    let statement =
        tokio::task::spawn_blocking(move || Statement::of(&figured, &figured.figures(as_of))).await;
    let Ok(statement) = statement else { return Err(Trouble::Stop(StopReason::Fault)) };
    let told = statement.as_of().to_owned();
    let with_under_way = (!under_way.is_empty()).then_some(record);
    let revision = publish::publish(service, session, Arc::new(statement), as_of, with_under_way);
    session.synced(SyncState::Live(service.clock.now()), service.clock.now());
    session.events.figured(&told, revision);
    Ok(())
}

/// Asks for what the figures want until there is nothing more, or for this round enough. `false`: what is held now cannot
/// be valued at this instant yet.
async fn learn(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
    under_way: &[Line],
    (as_of, waiting): (Timestamp, &mut Waiting),
) -> Result<bool, Trouble> {
    let mut asked = BTreeSet::new();
    for _ in 0..limits::PRICE_ROUNDS_MAX {
        let wanted: BTreeSet<PriceWanted> = {
            let record = shown(session, under_way);
            let wanted = record.wanted(as_of);
            wanted.iter().flat_map(|wanted| PriceWanted::of_record(wanted, record.prices.quote())).collect()
        };
        // What was asked for and not told may have a candle that is late; asking again in this round would not help.
        let fresh: BTreeSet<PriceWanted> = wanted.difference(&asked).cloned().collect();
        if fresh.is_empty() {
            return Ok(!wanted.iter().any(|wanted| is_of_the_minute(wanted, as_of)));
        }
        let prices = look_up(service, session, connector, fresh.clone(), (800, 200)).await?;
        asked.extend(fresh);
        let mut record = session.record_mut();
        let known = &mut Arc::make_mut(&mut record.record).prices;
        for (PriceWanted { asset, at, .. }, price) in prices {
            match at {
                PriceAt::EndOf(day) => known.learn_day(asset, day, price),
                PriceAt::Instant(at) | PriceAt::Minute(at) => {
                    let age_ms = as_of.millis().saturating_sub(at.millis());
                    // A candle may be late, and coarser ones follow: that there is none yet is no last word.
                    if age_ms <= MINUTE_MS || (price.is_none() && age_ms <= DAY_MS) {
                        waiting.passing.insert(at);
                    }
                    known.learn_at(asset, at, price);
                }
            }
        }
    }
    Ok(true)
}

/// Whether a price values what is held now.
fn is_of_the_minute(wanted: &PriceWanted, as_of: Timestamp) -> bool {
    match wanted.at {
        PriceAt::Minute(at) => at.millis() >= as_of.millis().saturating_sub(MINUTE_MS),
        PriceAt::Instant(_) | PriceAt::EndOf(_) => false,
    }
}

async fn look_up(
    service: &Service,
    session: &Session,
    connector: &mut dyn ExchangeConnector,
    wanted: BTreeSet<PriceWanted>,
    (from, share): (u32, u32),
) -> Result<Prices, Trouble> {
    let mut prices = Prices::new();
    if !wanted.is_empty() {
        let task = Task::Price(wanted.into_iter().collect());
        converse(service, session, connector, task, &mut |finding, progress| {
            show_progress(service, session, from, share, progress);
            if let Finding::Price(wanted, price) = finding {
                prices.insert(wanted, price);
            }
        })
        .await?;
    }
    Ok(prices)
}

/// The record that figures are made from: with what has left an account and is still on its way.
fn shown(session: &Session, under_way: &[Line]) -> Arc<Record> {
    let mut record = Arc::clone(&session.record().record);
    if !under_way.is_empty() {
        let with = Arc::make_mut(&mut record);
        for line in under_way {
            // One that contradicts what is known is on its way no more.
            let _ = with.lines.apply(vec![line.clone()]);
        }
    }
    record
}

/// The first collection is the one that takes long; later ones show nothing.
fn show_progress(service: &Service, session: &Session, from: u32, share: u32, progress: Progress) {
    let SyncState::Collecting(shown) = session.record().state else { return };
    let done =
        u64::from(share) * u64::from(progress.done.min(progress.total)) / u64::from(progress.total.max(1));
    // More may be discovered on the way; a bar that goes back would only confuse.
    let state = SyncState::Collecting(shown.max(from + u32::try_from(done).unwrap_or(0)));
    session.synced(state, service.clock.now());
}

/// What a round found before it is applied.
struct Collection {
    account: Arc<str>,
    as_of: Timestamp,
    instruments: BTreeMap<Symbol, Instrument>,
    fills: Vec<Fill>,
    lines: Vec<Line>,
    under_way: Vec<Line>,
    observation: Option<Observation>,
    reach: Option<Reach>,
    unread: BTreeSet<Unread>,
    too_many: bool,
}

impl Collection {
    fn new(account: Arc<str>, as_of: Timestamp) -> Self {
        Self {
            account,
            as_of,
            instruments: BTreeMap::new(),
            fills: Vec::new(),
            lines: Vec::new(),
            under_way: Vec::new(),
            observation: None,
            reach: None,
            unread: BTreeSet::new(),
            too_many: false,
        }
    }

    fn add(&mut self, finding: Finding, known: &AccountRecord) {
        match finding {
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
                self.lines.extend(lines(&self.account, &movement));
                self.under_way.extend(lines_under_way(&self.account, &movement));
            }
            Finding::Balances { at, balances } => {
                let held = balances.into_iter().filter_map(|balance| {
                    let held = balance.free.checked_add(balance.locked).ok()?;
                    (!held.is_zero()).then_some((balance.asset, held))
                });
                self.observation = Some(Observation { at, balances: held.collect() });
            }
            Finding::Reach(reach) => self.reach = Some(reach),
            Finding::Unread { what, why } => {
                self.unread.insert(Unread { what, why: why.to_owned() });
            }
            Finding::Rights(_) | Finding::Account { .. } | Finding::VenueTime(_) | Finding::Price(..) => {}
        }
    }

    /// The rates that the new fills need (METRICS.md sections 2.2 and 2.4), each minute once.
    fn prices_wanted(&self, record: &Record) -> BTreeSet<PriceWanted> {
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

    fn apply(mut self, known: &mut AccountRecord, prices: &Prices, waiting: &mut Waiting) {
        known.revision = known.revision.saturating_add(1);
        if self.too_many {
            known.gap("fills", "more than this enclave keeps for one account");
        }
        let begins_to_wait = self.fills.iter().map(|fill| fill.time).filter(|time| *time >= self.as_of).min();
        let (fills, uses) = self.priced(&known.record, prices);
        let mut faults: Vec<(&'static str, LedgerError)> = Vec::new();
        let record = Arc::make_mut(&mut known.record);
        for at in core::mem::take(&mut waiting.passing) {
            record.prices.forget_minute(at);
        }
        for instrument in self.instruments.into_values() {
            if let Err(error) = record.aggregator.add_instrument(instrument) {
                faults.push(("fills of an instrument", error));
            }
        }
        match record.aggregator.apply(fills, self.as_of) {
            Ok(_) => {
                for (source, fills) in uses {
                    *known.price_sources.entry(source).or_default() += fills;
                }
            }
            // The venue contradicts itself, or a number does not fit: nothing of this round's fills is believed.
            Err(error) => faults.push(("fills of a round", error)),
        }
        let told = core::mem::take(&mut waiting.lines).into_iter().chain(self.lines);
        let (over, young): (Vec<Line>, Vec<Line>) = told.partition(|line| line.time < self.as_of);
        for line in over {
            // One by one: what contradicts itself takes nothing else with it.
            if let Err(error) = record.lines.apply(vec![line]) {
                faults.push(("a movement", error));
            }
        }
        let begins_to_wait = young.iter().map(|line| line.time).chain(begins_to_wait).min();
        waiting.lines = young;
        if let Some(account) = record.accounts.get_mut(&self.account) {
            if let Some(Reach { from, since_opening, gaps }) = self.reach {
                (account.complete_from, account.since_opening, account.gaps) = (from, since_opening, gaps);
            }
            for observation in [waiting.observation.take(), self.observation].into_iter().flatten() {
                // Balances that already show what waits would not fit what is known.
                if begins_to_wait.is_some_and(|waits| waits <= observation.at) {
                    waiting.observation = Some(observation);
                } else {
                    account.observe(observation);
                }
            }
        }
        for (what, error) in faults {
            // The log is public: it has the code. Whose account it is may know which fill it was.
            tracing::error!(code = error.code(), "something that was read is not in the record");
            match error.fill() {
                Some(fill) => known.gap(&format!("{what}, for {fill}"), error.code()),
                None => known.gap(what, error.code()),
            }
        }
        known.unread = self.unread;
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

#[cfg(test)]
mod tests;
