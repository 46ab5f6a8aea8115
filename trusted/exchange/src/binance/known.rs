//! What is known of an account between two collections, and whether it adds up (EXCHANGES.md section 1, rule 9).

use super::{
    endpoint::ACCOUNT,
    fills::{Cursor, Row},
    flows::{Source, Window},
    markets::Markets,
    wire::Account,
};
use crate::{Balance, Movement, MovementKind, MovementStatus, VenueError};
use ledger::{Asset, Decimal, Instrument, Side, Symbol, Timestamp};
use std::collections::{BTreeMap, BTreeSet};

const HOUR_MS: i64 = 3_600_000;

/// Everything that one round hands to the next. A round works on a copy, so that one that fails leaves no trace.
#[derive(Clone, Default)]
pub(crate) struct Known {
    /// Assets that the account holds, held, or paid with.
    pub(crate) assets: BTreeSet<Asset>,
    /// How far each symbol was read.
    pub(crate) cursors: BTreeMap<Symbol, Cursor>,
    /// The span of each list that was read.
    pub(crate) read: BTreeMap<Source, Window>,
    /// When the account first did anything.
    pub(crate) first_sign_ms: Option<i64>,
    /// The last symbol that was looked at in turn.
    pub(crate) turn: Option<Symbol>,
    /// At the end of the last round.
    pub(crate) balances: Vec<Balance>,
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
    movements: BTreeMap<(MovementKind, String), Effect>,
    /// What all fills together did to each asset.
    traded: BTreeMap<Asset, Decimal>,
}

/// What a movement did to the balances, and since when it is pending if it is.
#[derive(Clone)]
struct Effect {
    changes: [Option<(Asset, Decimal)>; 2],
    pending_since_ms: Option<i64>,
}

impl Known {
    /// Takes in new fills of an instrument.
    pub(crate) fn add_fills(&mut self, instrument: &Instrument, rows: &[Row], now: Timestamp) {
        // What is new in this round may turn out to have no price yet: then the next one tells it again. Older than
        // a day and an hour, every candle is closed.
        let told_ms = self.round_at_ms.unwrap_or(now.millis() - 25 * HOUR_MS);
        let keep_ms = self.owed_since_ms.map_or(told_ms, |owed_ms| owed_ms.min(told_ms));
        let new = self.cursors.entry(instrument.symbol.clone()).or_default().advance(rows, keep_ms);
        if !new.is_empty() {
            self.active_at_ms = now.millis();
        }
        for Row { fill, proceeds, .. } in new {
            let (base, quote) = match fill.side {
                Side::Buy => (fill.quantity.0, proceeds.negated()),
                Side::Sell => (fill.quantity.0.negated(), *proceeds),
            };
            add(&mut self.traded, &instrument.base, base);
            add(&mut self.traded, &instrument.quote, quote);
            add(&mut self.traded, &fill.fee_asset, fill.fee.negated());
            for asset in [&instrument.base, &instrument.quote, &fill.fee_asset] {
                self.assets.insert(asset.clone());
            }
            self.saw(fill.time.millis());
        }
    }

    /// Takes in a movement, or what became of it.
    pub(crate) fn add_movement(&mut self, movement: &Movement) {
        let Movement { id, kind, time, received, spent, fee: _, transaction: _, status } = movement;
        let out = spent.clone().map(|(asset, amount)| (asset, amount.negated()));
        // What is asked to leave has left the balance already; what is to come is not in it yet.
        let changes = match status {
            MovementStatus::Settled => [received.clone(), out],
            MovementStatus::Pending => [None, out],
            MovementStatus::Failed => [None, None],
        };
        let pending_since_ms = (*status == MovementStatus::Pending).then_some(time.millis());
        self.movements.insert((*kind, id.clone()), Effect { changes, pending_since_ms });
        self.assets.extend([received, spent].into_iter().flatten().map(|(asset, _)| asset.clone()));
        self.saw(time.millis());
    }

    fn saw(&mut self, at_ms: i64) {
        self.first_sign_ms = Some(self.first_sign_ms.map_or(at_ms, |first| first.min(at_ms)));
    }

    /// Since when something may still change its state.
    pub(crate) fn pending_since_ms(&self) -> Option<i64> {
        self.movements.values().filter_map(|effect| effect.pending_since_ms).min()
    }

    /// Symbols with fills.
    pub(crate) fn traded_symbols(&self) -> impl Iterator<Item = &Symbol> {
        self.cursors.iter().filter(|(_, cursor)| cursor.traded).map(|(symbol, _)| symbol)
    }

    /// Of each asset, what the balance is beyond what fills and movements explain; assets that add up are left out.
    pub(crate) fn residuals(&self, balances: &[Balance]) -> BTreeMap<Asset, Decimal> {
        let mut residuals = BTreeMap::new();
        for Balance { asset, free, locked } in balances {
            add(&mut residuals, asset, *free);
            add(&mut residuals, asset, *locked);
        }
        let moved = self.movements.values().flat_map(|effect| effect.changes.iter().flatten());
        for (asset, amount) in self
            .traded
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
    let sum = sums.entry(asset.clone()).or_default();
    *sum = sum.checked_add(amount).unwrap_or(*sum);
}

/// The balances of an account under our names, each asset once.
pub(crate) fn balances(account: &Account<'_>, markets: &Markets) -> Result<Vec<Balance>, VenueError> {
    let mut balances: BTreeMap<Asset, Balance> = BTreeMap::new();
    for row in &account.balances {
        let (asset, in_earn) = markets.own_name(row.asset.as_str());
        let (free, locked) =
            (row.free.decimal(ACCOUNT.path, "free")?, row.locked.decimal(ACCOUNT.path, "locked")?);
        let sum =
            |a: Decimal, b: Decimal| a.checked_add(b).map_err(|_| super::wire::wrong(ACCOUNT.path, "free"));
        let balance = balances.entry(asset.clone()).or_insert(Balance {
            asset,
            free: Decimal::ZERO,
            locked: Decimal::ZERO,
        });
        // A position in Simple Earn is not free to use.
        let (free, locked) = if in_earn { (Decimal::ZERO, sum(free, locked)?) } else { (free, locked) };
        (balance.free, balance.locked) = (sum(balance.free, free)?, sum(balance.locked, locked)?);
    }
    Ok(balances.into_values().collect())
}
