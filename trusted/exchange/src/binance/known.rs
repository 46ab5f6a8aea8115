//! What is known of an account between two collections, and whether it adds up (EXCHANGES.md section 1, rule 9).

use super::{
    asked::Covered,
    endpoint::ACCOUNT,
    fills::{Cursor, Row},
    flows::{Source, Window},
    markets::{Markets, spot},
    wire::Account,
};
use crate::{
    Balance, Movement, MovementKind, MovementStatus, VenueError,
    saved::{Form, Instant, short_hash},
};
use ledger::{Asset, Decimal, Instrument, Side, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 3_600_000;
/// For how long a move between wallets is remembered by what it did.
const MOVES_KEPT_MS: i64 = 7 * 24 * HOUR_MS;

/// Everything that one round hands to the next. A round works on a copy, so that one that fails leaves no trace.
///
/// It must stay small: it is held for each account, and written after each round. So what only repeats is folded at the
/// end of a round: symbols without fills, balances of zero, and movements that are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Assets that the account holds, held, or paid with.
    pub(crate) assets: BTreeSet<Asset>,
    /// Assets of which there was something in Simple Earn.
    pub(crate) in_earn: BTreeSet<Asset>,
    /// How far each symbol was read.
    pub(crate) cursors: BTreeMap<Symbol, Cursor>,
    /// The symbol that a round broke off at, and the id that it is to be read on from.
    pub(crate) unfinished: Option<(Symbol, u64)>,
    /// Symbols that were asked for and have no cursor, since there was nothing.
    pub(crate) covered: Covered,
    /// The span of each list that was read.
    pub(crate) read: BTreeMap<Source, Window>,
    /// When the account first did anything.
    pub(crate) first_sign_ms: Option<i64>,
    /// The last symbol that was looked at in turn.
    pub(crate) turn: Option<Symbol>,
    /// What was held at the end of the last round: free, and locked.
    held: BTreeMap<Asset, (Decimal, Decimal)>,
    /// When balances or fills last changed, or the first round was.
    pub(crate) active_at_ms: i64,
    /// When the last round was.
    pub(crate) round_at_ms: Option<i64>,
    /// Since when there are prices that were wanted and could not be told yet: fills from then on are told again.
    pub(crate) owed_since_ms: Option<i64>,
    /// What no fill or movement explains, as of the last round.
    pub(crate) unexplained: BTreeMap<Asset, Decimal>,
    /// When symbols were last swept because of that.
    pub(crate) swept_at_ms: Option<i64>,
    /// The oldest dust that is listed, if there may be older.
    pub(crate) dust_from_ms: Option<i64>,
    /// Symbols whose fills the venue refused to list, when they were last asked for.
    pub(crate) refused: BTreeSet<Symbol>,
    /// When the first round ended.
    pub(crate) looked_since_ms: Option<i64>,
    /// Those that may still be told otherwise.
    movements: BTreeMap<(MovementKind, String), Effect>,
    /// Of each list, the span in which what is settled counts in `sums` and is not in `movements` any more.
    folded: BTreeMap<Source, Window>,
    /// Moves between wallets that count there as well. The other wallet tells of them, and who reads it later than spot is told
    /// old ones late: so each is known by (a hash of) its id.
    moved: BTreeSet<u64>,
    /// What all fills, and all movements that are over, did to each asset.
    sums: BTreeMap<Asset, Decimal>,
}

/// What a movement did to the balances.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Effect {
    at_ms: i64,
    state: State,
    received: Option<(Asset, Decimal)>,
    spent: Option<(Asset, Decimal)>,
}

/// Whether that may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Settled,
    Pending,
    Failed,
}

impl Known {
    /// Takes in fills of an instrument. How many are new.
    pub(crate) fn add_fills(&mut self, instrument: &Instrument, rows: &[Row], now: Timestamp) -> usize {
        // What is new in this round may turn out to have no price yet: then the next one tells it again. Older than
        // a day and an hour, every candle is closed.
        let told_ms = self.round_at_ms.unwrap_or(now.millis() - 25 * HOUR_MS);
        let keep_ms = self.owed_since_ms.map_or(told_ms, |owed_ms| owed_ms.min(told_ms));
        let cursor = self.cursors.entry(instrument.symbol.clone()).or_default();
        let new = cursor.advance(rows, keep_ms);
        if !new.is_empty() {
            self.active_at_ms = now.millis();
            cursor.traded.get_or_insert_with(|| (instrument.base.clone(), instrument.quote.clone()));
        }
        let count = new.len();
        for Row { fill, proceeds, .. } in new {
            let (base, quote) = match fill.side {
                Side::Buy => (fill.quantity.0, proceeds.negated()),
                Side::Sell => (fill.quantity.0.negated(), *proceeds),
            };
            add(&mut self.sums, &instrument.base, base);
            add(&mut self.sums, &instrument.quote, quote);
            add(&mut self.sums, &fill.fee_asset, fill.fee.negated());
            for asset in [&instrument.base, &instrument.quote, &fill.fee_asset] {
                if !self.assets.contains(asset) {
                    self.assets.insert(asset.clone());
                }
            }
            self.saw(fill.time.millis());
        }
        count
    }

    /// Takes in a movement, or what became of it.
    pub(crate) fn add_movement(&mut self, movement: &Movement) {
        let Movement { id, kind, time, received, spent, fee: _, transaction: _, status } = movement;
        let out = spent.clone().map(|(asset, amount)| (asset, amount.negated()));
        // What is asked to leave has left the balance already; what is to come is not in it yet.
        let (state, came, went) = match status {
            MovementStatus::Settled => (State::Settled, received.clone(), out),
            MovementStatus::Pending => (State::Pending, None, out),
            MovementStatus::Failed => (State::Failed, None, None),
        };
        let (key, at_ms) = ((*kind, id.clone()), time.millis());
        let counted = match kind {
            MovementKind::Transfer => self.moved.contains(&short_hash(id.as_bytes())),
            kind => self.folded.get(&Source::of(*kind)).is_some_and(|folded| folded.has(at_ms)),
        };
        if !counted || self.movements.contains_key(&key) {
            self.movements.insert(key, Effect { at_ms, state, received: came, spent: went });
        }
        self.assets.extend([received, spent].into_iter().flatten().map(|(asset, _)| asset.clone()));
        self.saw(time.millis());
    }

    fn saw(&mut self, at_ms: i64) {
        self.first_sign_ms = Some(self.first_sign_ms.map_or(at_ms, |first| first.min(at_ms)));
    }

    /// Since when something may still change its state.
    pub(crate) fn pending_since_ms(&self) -> Option<i64> {
        let pending = self.movements.values().filter(|effect| effect.state == State::Pending);
        pending.map(|effect| effect.at_ms).min()
    }

    /// Whether a symbol was ever asked for.
    pub(crate) fn was_asked(&self, symbol: &Symbol) -> bool {
        self.cursors.contains_key(symbol) || self.covered.has(symbol)
    }

    /// What is traded under a symbol with fills, listed or not.
    pub(crate) fn instrument(&self, symbol: &Symbol) -> Option<Instrument> {
        let (base, quote) = self.cursors.get(symbol)?.traded.clone()?;
        Some(spot(symbol.clone(), base, quote))
    }

    /// Whether balances are other than at the end of the last round.
    pub(crate) fn held_otherwise(&self, balances: &[Balance]) -> bool {
        held(balances) != self.held
    }

    /// A round that asked for these symbols is over.
    pub(crate) fn end_round(
        &mut self,
        asked: &BTreeSet<Symbol>,
        all_asked: bool,
        balances: &[Balance],
        now: Timestamp,
    ) {
        (self.round_at_ms, self.owed_since_ms) = (Some(now.millis()), None);
        self.looked_since_ms = self.looked_since_ms.or(self.round_at_ms);
        self.held = held(balances);
        self.covered.add(asked, self.turn.as_ref());
        if all_asked {
            self.covered.add_all();
        }
        let covered = &self.covered;
        self.cursors.retain(|symbol, cursor| cursor.traded.is_some() || !covered.has(symbol));
        self.fold();
    }

    /// What is settled and will not be read again by its id counts in the sums from now on. One that is told after all,
    /// when a list is read from its beginning, is known by its instant.
    fn fold(&mut self) {
        for (source, read) in &self.read {
            let to_ms = read.to_ms.saturating_sub(source.kept_ms());
            let whole = self.folded.get(source).copied();
            // Between two spans there may be something that was not read.
            let joined = whole.is_none_or(|whole| read.from_ms <= whole.to_ms.saturating_add(1));
            if joined && read.from_ms <= to_ms {
                let whole = whole.unwrap_or(Window { from_ms: read.from_ms, to_ms });
                let (from_ms, to_ms) = (whole.from_ms.min(read.from_ms), whole.to_ms.max(to_ms));
                self.folded.insert(*source, Window { from_ms, to_ms });
            }
        }
        let (folded, moved, sums) = (&self.folded, &mut self.moved, &mut self.sums);
        let moves_over_ms = self.round_at_ms.map_or(i64::MIN, |at_ms| at_ms.saturating_sub(MOVES_KEPT_MS));
        self.movements.retain(|(kind, id), Effect { at_ms, state, received, spent }| {
            let over = match kind {
                MovementKind::Transfer => *at_ms < moves_over_ms,
                kind => folded.get(&Source::of(*kind)).is_some_and(|folded| folded.has(*at_ms)),
            };
            if *state != State::Settled || !over {
                return true;
            }
            if *kind == MovementKind::Transfer {
                moved.insert(short_hash(id.as_bytes()));
            }
            for (asset, amount) in [received, spent].into_iter().flatten() {
                add(sums, asset, *amount);
            }
            false
        });
    }

    /// Symbols with fills.
    pub(crate) fn traded_symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.cursors.iter().filter(|(_, cursor)| cursor.traded.is_some()).map(|(symbol, _)| symbol)
    }

    /// Of each asset, what the balance is beyond what fills and movements explain; assets that add up are left out.
    pub(crate) fn residuals(&self, balances: &[Balance]) -> BTreeMap<Asset, Decimal> {
        let mut residuals = BTreeMap::new();
        for Balance { asset, free, locked } in balances {
            add(&mut residuals, asset, *free);
            add(&mut residuals, asset, *locked);
        }
        let moved = self.movements.values().flat_map(|effect| [&effect.received, &effect.spent]).flatten();
        for (asset, amount) in self
            .sums
            .iter()
            .map(|(asset, amount)| (asset, *amount))
            .chain(moved.map(|(asset, amount)| (asset, *amount)))
        {
            add(&mut residuals, asset, amount.negated());
        }
        residuals.retain(|_, amount| !amount.is_zero());
        residuals
    }
}

/// A sum that does not fit is a venue's nonsense: it stays as it was, and will not add up.
fn add(sums: &mut BTreeMap<Asset, Decimal>, asset: &Asset, amount: Decimal) {
    match sums.get_mut(asset) {
        Some(sum) => *sum = sum.checked_add(amount).unwrap_or(*sum),
        None => drop(sums.insert(asset.clone(), amount)),
    }
}

/// What is not zero.
fn held(balances: &[Balance]) -> BTreeMap<Asset, (Decimal, Decimal)> {
    let held = balances.iter().filter(|Balance { free, locked, .. }| !free.is_zero() || !locked.is_zero());
    held.map(|Balance { asset, free, locked }| (asset.clone(), (*free, *locked))).collect()
}

/// The balances of an account under our names, each asset once.
pub(crate) fn balances(
    account: &Account<'_>,
    markets: &Markets,
    in_earn: &mut BTreeSet<Asset>,
) -> Result<Vec<Balance>, VenueError> {
    let mut balances: BTreeMap<Asset, Balance> = BTreeMap::new();
    for row in &account.balances {
        let (asset, earns) = markets.own_name(row.asset.as_str(), in_earn);
        let (free, locked) =
            (row.free.decimal(ACCOUNT.path, "free")?, row.locked.decimal(ACCOUNT.path, "locked")?);
        if earns && !(free.is_zero() && locked.is_zero()) {
            in_earn.insert(asset.clone());
        }
        let sum =
            |a: Decimal, b: Decimal| a.checked_add(b).map_err(|_| super::wire::wrong(ACCOUNT.path, "free"));
        let balance = balances.entry(asset.clone()).or_insert(Balance {
            asset,
            free: Decimal::ZERO,
            locked: Decimal::ZERO,
        });
        // A position in Simple Earn is not free to use.
        let (free, locked) = if earns { (Decimal::ZERO, sum(free, locked)?) } else { (free, locked) };
        (balance.free, balance.locked) = (sum(balance.free, free)?, sum(balance.locked, locked)?);
    }
    Ok(balances.into_values().collect())
}

impl Form for Known {
    fn write(&self, out: &mut Vec<u8>) {
        // In full: a new field does not compile until somebody decides how it is saved, and raises the version.
        let Self {
            assets,
            in_earn,
            cursors,
            unfinished,
            covered,
            read,
            first_sign_ms,
            turn,
            held,
            active_at_ms,
            round_at_ms,
            owed_since_ms,
            unexplained,
            swept_at_ms,
            dust_from_ms,
            refused,
            looked_since_ms,
            movements,
            folded,
            moved,
            sums,
        } = self;
        assets.write(out);
        in_earn.write(out);
        cursors.write(out);
        unfinished.write(out);
        covered.write(out);
        read.write(out);
        first_sign_ms.map(Instant).write(out);
        turn.write(out);
        held.write(out);
        Instant(*active_at_ms).write(out);
        round_at_ms.map(Instant).write(out);
        owed_since_ms.map(Instant).write(out);
        unexplained.write(out);
        swept_at_ms.map(Instant).write(out);
        dust_from_ms.map(Instant).write(out);
        refused.write(out);
        looked_since_ms.map(Instant).write(out);
        movements.write(out);
        folded.write(out);
        moved.write(out);
        sums.write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        // In the order of `write`, which is the order of the fields.
        Some(Self {
            assets: Form::read(left)?,
            in_earn: Form::read(left)?,
            cursors: Form::read(left)?,
            unfinished: Form::read(left)?,
            covered: Form::read(left)?,
            read: Form::read(left)?,
            first_sign_ms: instant(left)?,
            turn: Form::read(left)?,
            held: Form::read(left)?,
            active_at_ms: Instant::read(left)?.0,
            round_at_ms: instant(left)?,
            owed_since_ms: instant(left)?,
            unexplained: Form::read(left)?,
            swept_at_ms: instant(left)?,
            dust_from_ms: instant(left)?,
            refused: Form::read(left)?,
            looked_since_ms: instant(left)?,
            movements: Form::read(left)?,
            folded: Form::read(left)?,
            moved: Form::read(left)?,
            sums: Form::read(left)?,
        })
    }
}

fn instant(left: &mut &[u8]) -> Option<Option<i64>> {
    Some(Option::<Instant>::read(left)?.map(|Instant(ms)| ms))
}

impl Form for Effect {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { at_ms, state, received, spent } = self;
        Instant(*at_ms).write(out);
        out.push(match state {
            State::Settled => 0,
            State::Pending => 1,
            State::Failed => 2,
        });
        received.write(out);
        spent.write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Some(Self {
            at_ms: Instant::read(left)?.0,
            state: match u64::read(left)? {
                0 => State::Settled,
                1 => State::Pending,
                2 => State::Failed,
                _ => return None,
            },
            received: Form::read(left)?,
            spent: Form::read(left)?,
        })
    }
}
