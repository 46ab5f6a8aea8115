//! A collection: what to read next, until nothing is left to read.
//!
//! Binance tells fills by symbol only, and not which symbols were traded. So assets are gathered from everything
//! that shows some, pairs of them are asked for, which shows more assets, until there are none. Then the books must
//! add up: where they do not, symbols that were not asked for yet are, and what stays unexplained is told.
//!
//! A long history is read in parts, so that it is kept in parts: a round that read many fills ends there, and the next one
//! goes on with the page behind.

use super::{
    endpoint::{ACCOUNT, Ask},
    fills,
    flows::{DAY_MS, GENESIS_MS, PENDING_MS_MAX, Source, Window},
    known::{self, Known},
    markets::Markets,
    reach, wire,
};
use crate::{Balance, Finding, Progress, Refusal, VenueError};
use core::ops::ControlFlow;
use ledger::{Asset, Decimal, Instrument, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Wallet records are indexed late: so much is read again.
const OVERLAP_MS: i64 = DAY_MS;
/// A list of balances may name every asset of the venue. Those at zero are no sign of anything when they would
/// make more symbols candidates than this.
const ZERO_CANDIDATES_MAX: usize = 100;
/// An account that did nothing for so long is quiet: its symbols are asked for in turn, not each round.
const QUIET_MS: i64 = 3_600_000;
/// Symbols that there is no reason to ask for are asked for in turn, so many a round, whatever the books say.
const TURN_SYMBOLS: usize = 5;
/// When the books do not add up, so many a round: all symbols of Binance are 70,000 weight.
const SWEEP_SYMBOLS: usize = 200;
/// A round that read so many new fills ends there. Each part costs a page of every pair anew, so most accounts have one.
const FILLS_A_ROUND: usize = 50_000;
/// Symbols that were asked for before are swept again at most so often: interest changes balances all the time.
const SWEEP_INTERVAL_MS: i64 = 3_600_000;

#[derive(Clone, Debug)]
enum Step {
    Account,
    Flow { source: Source, window: Window },
    Fills { symbol: Symbol, from_id: u64 },
}

impl Step {
    fn fills(self) -> Option<(Symbol, u64)> {
        match self {
            Self::Fills { symbol, from_id } => Some((symbol, from_id)),
            Self::Account | Self::Flow { .. } => None,
        }
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// Balances and the lists that are read from the beginning.
    #[default]
    Opening,
    /// The lists that are read from the first sign of life, and all else that shows symbols.
    Looking,
    /// Balances once more, to see whether they add up.
    Closing,
    Finished,
}

/// One round.
#[derive(Default)]
pub(crate) struct Collect {
    steps: VecDeque<Step>,
    done: u32,
    stage: Stage,
    /// Symbols that this round asked for.
    asked: BTreeSet<Symbol>,
    /// New ones, in this round.
    fills: usize,
    /// Whose turn it was before this round.
    turn_before: Option<Symbol>,
    /// As of the last look in this round.
    balances: Vec<Balance>,
    swept: bool,
    unread: BTreeMap<String, &'static str>,
    /// A list is not there where the account is: what it had at first came from nowhere that can be seen.
    is_given: bool,
}

impl Collect {
    pub(crate) fn new() -> Self {
        Self { steps: VecDeque::from([Step::Account]), ..Self::default() }
    }

    /// What to ask for now.
    pub(crate) fn next(&self) -> Option<Ask> {
        self.steps.front().map(|step| match step {
            Step::Account => ACCOUNT.ask(),
            Step::Flow { source, window } => source.ask(*window),
            Step::Fills { symbol, from_id } => fills::ask(symbol, *from_id),
        })
    }

    pub(crate) fn progress(&self) -> Progress {
        let more = usize::from(self.stage != Stage::Finished);
        let left = u32::try_from(self.steps.len() + more).unwrap_or(u32::MAX);
        Progress { done: self.done, total: self.done.saturating_add(left) }
    }

    /// Reads the answer to what was asked. `now` is the venue's time.
    pub(crate) fn take(
        &mut self,
        known: &mut Known,
        markets: &Markets,
        answer: Result<&[u8], VenueError>,
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let Some(step) = self.steps.front().cloned() else { return Ok(Vec::new()) };
        let refused = matches!(answer, Err(VenueError::Permanent(Refusal::Request { .. })));
        let mut findings = match step {
            Step::Account => self.take_account(known, markets, answer?, now)?,
            // Partial, never lower: it is said, and the next round asks again from the beginning.
            Step::Flow { source, .. } if refused => {
                self.unread.insert(source.name().to_owned(), "the venue refused to list them");
                self.leave_out(known, source);
                self.steps.push_front(step);
                Vec::new()
            }
            Step::Flow { source, window } => self.take_flow(known, source, window, answer?)?,
            Step::Fills { symbol, .. } if refused => {
                known.cursors.entry(symbol.clone()).or_default();
                known.refused.insert(symbol);
                Vec::new()
            }
            Step::Fills { symbol, from_id } => {
                self.take_fills(known, markets, &symbol, from_id, answer?, now)?
            }
        };
        self.steps.pop_front();
        if self.is_long() {
            self.break_off(known);
            findings.push(Finding::More);
        }
        self.go_on(known, markets, now);
        Ok(findings)
    }

    /// Lists count as read from when they are planned, so none may be left.
    fn is_long(&self) -> bool {
        let is_fills = |step: &Step| matches!(step, Step::Fills { .. });
        self.fills >= FILLS_A_ROUND && !self.steps.is_empty() && self.steps.iter().all(is_fills)
    }

    /// Ends the round before it is whole: what was not asked for is left to the next one.
    fn break_off(&mut self, known: &mut Known) {
        let left: Vec<(Symbol, u64)> = self.steps.drain(..).filter_map(Step::fills).collect();
        self.asked.retain(|symbol| left.iter().all(|(other, _)| other != symbol));
        known.covered.add(&self.asked, None);
        known.turn = self.turn_before.take();
        known.unfinished = left.into_iter().next().filter(|(symbol, _)| known.cursors.contains_key(symbol));
        self.stage = Stage::Finished;
    }

    /// There is no such list where the account is; `false`: it is no list that was asked for.
    pub(crate) fn absent(&mut self, known: &mut Known, markets: &Markets, now: Timestamp) -> bool {
        let Some(Step::Flow { source, .. }) = self.steps.front() else { return false };
        self.is_given = true;
        self.leave_out(known, *source);
        self.go_on(known, markets, now);
        true
    }

    fn leave_out(&mut self, known: &mut Known, source: Source) {
        self.steps.retain(|step| !matches!(step, Step::Flow { source: other, .. } if *other == source));
        known.read.remove(&source);
    }

    fn go_on(&mut self, known: &mut Known, markets: &Markets, now: Timestamp) {
        self.done = self.done.saturating_add(1);
        while self.steps.is_empty() && self.stage != Stage::Finished {
            self.plan(known, markets, now);
        }
    }

    /// What comes next when all that was planned is done.
    fn plan(&mut self, known: &mut Known, markets: &Markets, now: Timestamp) {
        if let Some((symbol, from_id)) = known.unfinished.take() {
            let owed = known.owed_since_ms.and_then(|_| known.cursors.get(&symbol)).map(fills::Cursor::start);
            self.asked.insert(symbol.clone());
            self.steps.push_back(Step::Fills { symbol, from_id: owed.unwrap_or(from_id) });
        }
        let quiet = now.millis() - known.active_at_ms > QUIET_MS && known.owed_since_ms.is_none();
        let due = |symbol: &&Symbol| !self.asked.contains(*symbol);
        let new = candidates(markets, &known.assets).filter(|symbol| !known.was_asked(symbol));
        let new: Vec<Symbol> = new.filter(due).cloned().collect();
        let traded: Vec<Symbol> = known.traded_symbols().filter(|_| !quiet).filter(due).cloned().collect();
        // What is new comes first: a long history is read on before what is known is read again.
        self.plan_fills(known, if new.is_empty() && self.steps.is_empty() { traded } else { new });
        if !self.steps.is_empty() {
            return;
        }
        if self.stage == Stage::Looking {
            self.stage = Stage::Closing;
            return self.steps.push_back(Step::Account);
        }
        self.stage = Stage::Looking;
        let first_ms = known.first_sign_ms.unwrap_or(now.millis());
        for (source, windows_back) in Source::DEAR {
            self.plan_flow(known, source, first_ms, windows_back, now);
        }
        let symbols = || {
            let all = markets.all().map(|instrument| &instrument.symbol);
            all.filter(|symbol| !self.asked.contains(*symbol))
        };
        let after = symbols().filter(|symbol| Some(*symbol) > known.turn.as_ref());
        let turn: Vec<Symbol> = after.chain(symbols()).take(TURN_SYMBOLS).cloned().collect();
        known.turn = turn.last().cloned();
        self.plan_fills(known, turn);
    }

    fn plan_fills(&mut self, known: &Known, symbols: Vec<Symbol>) {
        for symbol in symbols {
            if self.asked.insert(symbol.clone()) {
                let from_id = known.cursors.get(&symbol).map_or(0, fills::Cursor::start);
                self.steps.push_back(Step::Fills { symbol, from_id });
            }
        }
    }

    /// Plans what is new of a list, and some windows of what is older than what was read.
    fn plan_flow(
        &mut self,
        known: &mut Known,
        source: Source,
        first_ms: i64,
        windows_back: i64,
        now: Timestamp,
    ) {
        let (length_ms, now_ms) = (source.window_ms(), now.millis());
        let mut windows = Vec::new();
        let read = match known.read.get(&source) {
            None => {
                let read = Window { from_ms: first_ms.min(now_ms), to_ms: now_ms };
                windows.extend(read.split(length_ms));
                read
            }
            Some(read) => {
                let pending_ms =
                    known.pending_since_ms().map(|since_ms| since_ms.max(now_ms - PENDING_MS_MAX));
                let again_ms = (read.to_ms - OVERLAP_MS).min(pending_ms.unwrap_or(now_ms)).max(read.from_ms);
                windows.extend(Window { from_ms: again_ms, to_ms: now_ms }.split(length_ms));
                let older_ms =
                    read.from_ms.saturating_sub(length_ms.saturating_mul(windows_back)).max(GENESIS_MS);
                let older = Window { from_ms: older_ms.min(read.from_ms), to_ms: read.from_ms - 1 };
                windows.extend(older.split(length_ms));
                Window { from_ms: older.from_ms, to_ms: now_ms }
            }
        };
        known.read.insert(source, read);
        self.steps.extend(windows.into_iter().map(|window| Step::Flow { source, window }));
    }

    fn take_account(
        &mut self,
        known: &mut Known,
        markets: &Markets,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let account: wire::Account<'_> = wire::read(ACCOUNT.path, body)?;
        let balances = known::balances(&account, markets, &mut known.in_earn)?;
        let (held, at_zero): (Vec<&Balance>, Vec<&Balance>) =
            balances.iter().partition(|balance| !balance.free.is_zero() || !balance.locked.is_zero());
        known.assets.extend(held.into_iter().map(|balance| balance.asset.clone()));
        known.assets.insert(Asset::from("BNB"));
        let mut with_zeros = known.assets.clone();
        with_zeros.extend(at_zero.into_iter().map(|balance| balance.asset.clone()));
        if candidates(markets, &with_zeros).nth(ZERO_CANDIDATES_MAX).is_none() {
            known.assets = with_zeros;
        }
        if self.stage == Stage::Opening {
            self.turn_before.clone_from(&known.turn);
            known.covered.relist(markets);
            if known.held_otherwise(&balances) {
                known.active_at_ms = now.millis();
            }
            self.balances = balances;
            for source in Source::CHEAP {
                self.plan_flow(known, source, GENESIS_MS, 0, now);
            }
            return Ok(Vec::new());
        }
        Ok(self.close(known, markets, balances, now))
    }

    /// Whether the books add up. What changed during the round cannot be judged in it.
    fn close(
        &mut self,
        known: &mut Known,
        markets: &Markets,
        balances: Vec<Balance>,
        now: Timestamp,
    ) -> Vec<Finding> {
        let settled = |asset: &Asset| amount(&balances, asset) == amount(&self.balances, asset);
        let mut residuals = known.residuals(&balances);
        let assets: BTreeSet<Asset> = residuals.keys().chain(known.unexplained.keys()).cloned().collect();
        for asset in assets.into_iter().filter(|asset| !settled(asset)) {
            match known.unexplained.get(&asset) {
                Some(before) => residuals.insert(asset, *before),
                None => residuals.remove(&asset),
            };
        }
        let changed: BTreeSet<&Asset> = residuals
            .iter()
            .filter(|(asset, rest)| known.unexplained.get(asset) != Some(rest))
            .map(|(asset, _)| asset)
            .collect();
        let again = known.swept_at_ms.is_none_or(|at_ms| now.millis() - at_ms >= SWEEP_INTERVAL_MS);
        let unasked = |symbol: &Symbol| !known.was_asked(symbol);
        let concerned = |instrument: &&Instrument| {
            let touched = changed.contains(&instrument.base) || changed.contains(&instrument.quote);
            !residuals.is_empty()
                && !self.asked.contains(&instrument.symbol)
                && (unasked(&instrument.symbol) || (again && touched))
        };
        let sweep: Vec<Symbol> = markets
            .all()
            .filter(concerned)
            .take(SWEEP_SYMBOLS)
            .map(|instrument| instrument.symbol.clone())
            .collect();
        if !self.swept && !sweep.is_empty() {
            (self.swept, self.balances, self.stage) = (true, balances, Stage::Looking);
            known.swept_at_ms = Some(now.millis());
            self.plan_fills(known, sweep);
            return Vec::new();
        }
        let left = markets.all().filter(|instrument| unasked(&instrument.symbol)).count();
        if !residuals.is_empty() && left > 0 {
            self.unread
                .insert(format!("fills of {left} symbols"), "not asked for yet; the balances do not add up");
        }
        for (asset, rest) in residuals.iter().filter(|_| !self.is_given) {
            self.unread
                .insert(format!("{rest} {asset} of the balance"), "nothing that can be read explains it");
        }
        for symbol in &known.refused {
            self.unread.insert(format!("fills of {symbol}"), "the venue refused to list them");
        }
        self.stage = Stage::Finished;
        known.end_round(&self.asked, left == 0, &balances, now);
        known.unexplained = residuals;
        let unread =
            core::mem::take(&mut self.unread).into_iter().map(|(what, why)| Finding::Unread { what, why });
        let reach = reach::reach(known, left == 0, self.is_given, now);
        [Finding::Balances { at: now, balances }, Finding::Reach(reach)].into_iter().chain(unread).collect()
    }

    fn take_flow(
        &mut self,
        known: &mut Known,
        source: Source,
        window: Window,
        body: &[u8],
    ) -> Result<Vec<Finding>, VenueError> {
        let (movements, full) = source.read(body)?;
        if source == Source::Dust {
            let oldest = movements.iter().map(|movement| movement.time.millis()).min();
            known.dust_from_ms = oldest.filter(|_| full);
            if full {
                let what = format!("{} but the newest", source.name());
                self.unread.insert(what, "the venue lists the newest 100 only");
            }
        } else if full {
            let halves = window.halves().ok_or_else(|| wire::wrong(source.endpoint().path, "endTime"))?;
            // Behind this step, which is done.
            for window in halves {
                self.steps.insert(1, Step::Flow { source, window });
            }
            return Ok(Vec::new());
        }
        for movement in &movements {
            known.add_movement(movement);
        }
        Ok(movements.into_iter().map(Finding::Movement).collect())
    }

    fn take_fills(
        &mut self,
        known: &mut Known,
        markets: &Markets,
        symbol: &Symbol,
        from_id: u64,
        body: &[u8],
        now: Timestamp,
    ) -> Result<Vec<Finding>, VenueError> {
        let (rows, next) = fills::read(body, symbol, from_id)?;
        known.refused.remove(symbol);
        let listed = markets.instrument(symbol).cloned();
        let Some(instrument) = listed.or_else(|| known.instrument(symbol)) else { return Ok(Vec::new()) };
        self.fills = self.fills.saturating_add(known.add_fills(&instrument, &rows, now));
        if let ControlFlow::Continue(from_id) = next {
            self.steps.insert(1, Step::Fills { symbol: symbol.clone(), from_id });
        }
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let fills = rows.into_iter().map(|row| row.fill).collect();
        Ok(vec![Finding::Instrument(instrument), Finding::Fills(fills)])
    }
}

/// Symbols whose base and quote are both among these assets.
fn candidates<'a>(markets: &'a Markets, assets: &'a BTreeSet<Asset>) -> impl Iterator<Item = &'a Symbol> {
    let both =
        |instrument: &&Instrument| assets.contains(&instrument.base) && assets.contains(&instrument.quote);
    markets.all().filter(both).map(|instrument| &instrument.symbol)
}

fn amount(balances: &[Balance], asset: &Asset) -> Option<Decimal> {
    let balance = balances.iter().find(|balance| balance.asset == *asset)?;
    balance.free.checked_add(balance.locked).ok()
}
