//! What is known of one account: the ledger, what moved beside it, and how complete both are.

use crate::publish::Figures;
use exchange::{Balance, KeyRights, Movement, MovementKind};
use ledger::{Asset, Timestamp, TradeAggregator};
use protocol::api::{Sync, Unread};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How far the collection is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum SyncState {
    /// The history is being read: the share that is done, in thousandths.
    Collecting(u32),
    /// Everything was read at that instant.
    Live(Timestamp),
    /// The venue did not answer; everything up to that instant, if any, is here.
    Waiting(Option<Timestamp>),
    /// The key is no longer used, and was wiped; everything up to that instant, if any, is here.
    Stopped(Option<Timestamp>, StopReason),
}

/// Why a key is no longer used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StopReason {
    /// The venue refuses it.
    Refused,
    /// It can do more than it could when it was accepted.
    RightsWidened,
    /// The task that polls broke: our fault.
    Fault,
}

/// How a price was found that values a figure (METRICS.md section 2.7).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct PriceUse {
    pub(crate) asset: Asset,
    pub(crate) quote: Asset,
    pub(crate) path: Vec<String>,
    pub(crate) interval: &'static str,
}

/// The account of a session. Its poll task writes it, readers look.
pub(crate) struct AccountRecord {
    pub(crate) ledger: TradeAggregator,
    /// What follows from it, as of the last whole round; none before the first.
    pub(crate) figures: Option<Arc<Figures>>,
    /// Deposits, withdrawals, conversions, credits: for the equity, which comes later, and for the coverage.
    pub(crate) movements: BTreeMap<(MovementKind, String), Movement>,
    pub(crate) balances: Vec<Balance>,
    /// What the last round could not read.
    pub(crate) unread: BTreeSet<Unread>,
    /// What was read and is not in the ledger: no later round brings it back, so it is told to the end.
    gaps: BTreeSet<Unread>,
    /// How many fills each source of prices values.
    pub(crate) price_sources: BTreeMap<PriceUse, u64>,
    pub(crate) rights: KeyRights,
    pub(crate) rights_checks: u32,
    pub(crate) state: SyncState,
}

impl AccountRecord {
    /// Nothing is known yet but the key's rights.
    pub(crate) fn new(rights: KeyRights, reporting: Asset) -> Self {
        Self {
            ledger: TradeAggregator::new(reporting),
            figures: None,
            movements: BTreeMap::new(),
            balances: Vec::new(),
            unread: BTreeSet::new(),
            gaps: BTreeSet::new(),
            price_sources: BTreeMap::new(),
            rights,
            rights_checks: 1,
            state: SyncState::Collecting(0),
        }
    }

    /// When everything was last read.
    pub(crate) fn collected_at(&self) -> Option<Timestamp> {
        match self.state {
            SyncState::Collecting(_) => None,
            SyncState::Live(at) => Some(at),
            SyncState::Waiting(at) | SyncState::Stopped(at, _) => at,
        }
    }

    /// The state as it is shown.
    pub(crate) fn sync(&self, now: Timestamp) -> Sync {
        let (state, progress) = match self.state {
            SyncState::Collecting(thousandths) => ("collecting", f64::from(thousandths.min(1000)) / 1000.0),
            SyncState::Live(_) => ("live", 1.0),
            SyncState::Waiting(at) => ("waiting", if at.is_some() { 1.0 } else { 0.0 }),
            SyncState::Stopped(at, _) => ("stopped", if at.is_some() { 1.0 } else { 0.0 }),
        };
        let age = |at: Timestamp| u64::try_from((now.millis() - at.millis()).div_euclid(1000)).unwrap_or(0);
        Sync { state: state.to_owned(), progress, age_seconds: self.collected_at().map(age) }
    }

    /// Remembers that something is missing for good.
    pub(crate) fn gap(&mut self, what: &str, why: &str) {
        self.gaps.insert(Unread { what: what.to_owned(), why: why.to_owned() });
    }

    /// All that is missing, and why.
    pub(crate) fn missing(&self) -> Vec<Unread> {
        self.unread.union(&self.gaps).cloned().collect()
    }

    /// Drops everything: the session is over.
    pub(crate) fn forget(&mut self) {
        *self = Self::new(self.rights, self.ledger.reporting().clone());
    }
}
