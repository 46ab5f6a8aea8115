//! What is known of one account: the ledger, what moved beside it, and how complete both are.

use exchange::{KeyRights, Venue};
use ledger::{
    Asset, PriceSource, Timestamp,
    record::{Account, Record},
};
use protocol::{
    api::{Sync, Unread},
    statement::{Frame, Statement},
};
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

/// The account of a session. Its poll task writes it, readers look.
pub(crate) struct AccountRecord {
    /// Everything known. Who computes or writes from it holds on to what it was; it is changed in place when nobody does.
    pub(crate) record: Arc<Record>,
    /// What follows from it, as of the last whole round; none before the first.
    pub(crate) published: Option<Published>,
    /// Grows with each round that touches the record.
    pub(crate) revision: u64,
    /// What the last round could not read.
    pub(crate) unread: BTreeSet<Unread>,
    /// What was read and is not in the record: no later round brings it back, so it is told to the end.
    gaps: BTreeSet<Unread>,
    /// How many fills each source of prices values.
    pub(crate) price_sources: PriceUses,
    pub(crate) rights: KeyRights,
    pub(crate) rights_checks: u32,
    pub(crate) state: SyncState,
    venue: Venue,
    opened_at: Timestamp,
}

/// How many fills each source of prices of an asset in another values.
pub(crate) type PriceUses = BTreeMap<(Asset, Asset, PriceSource), u64>;

/// Figures, and what they were made from.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) statement: Arc<Statement>,
    /// What stands around the record.
    pub(crate) frame: Frame,
    pub(crate) as_of: Timestamp,
    /// That of the record they were made from.
    pub(crate) revision: u64,
    /// The record with what is under way at the venue, where something is; else they are made from the record itself.
    pub(crate) with_under_way: Option<Arc<Record>>,
}

/// The asset whose daily close returns are held against (METRICS.md section 6).
const BENCHMARK: &str = "BTC";

impl AccountRecord {
    /// Nothing is known yet but the key's rights.
    pub(crate) fn new(venue: Venue, rights: KeyRights, opened_at: Timestamp) -> Self {
        let mut record = Record::new(venue.reporting_currency().into(), BENCHMARK.into());
        // Until the venue told how far back it is read: nothing before this moment.
        let account = Account {
            registered: opened_at,
            complete_from: opened_at,
            since_opening: false,
            gaps: Vec::new(),
            observations: Vec::new(),
        };
        record.accounts.insert(account_name(venue), account);
        Self {
            record: Arc::new(record),
            published: None,
            revision: 0,
            unread: BTreeSet::new(),
            gaps: BTreeSet::new(),
            price_sources: BTreeMap::new(),
            rights,
            rights_checks: 1,
            state: SyncState::Collecting(0),
            venue,
            opened_at,
        }
    }

    /// The figures, and the record that they are of; none while a round changes it.
    pub(crate) fn exported(&self) -> Option<(Published, Arc<Record>)> {
        let published = self.published.clone().filter(|published| published.revision == self.revision)?;
        let record = published.with_under_way.clone().unwrap_or_else(|| Arc::clone(&self.record));
        Some((published, record))
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
        *self = Self::new(self.venue, self.rights, self.opened_at);
    }
}

/// What an account of a venue is called in its record, its fills and its lines.
pub(crate) fn account_name(venue: Venue) -> Arc<str> {
    match venue {
        Venue::Binance => "binance/spot".into(),
    }
}
