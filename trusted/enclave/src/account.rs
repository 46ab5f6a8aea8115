//! What is known of one account: the ledger, what moved beside it, and how complete both are.
//!
//! The task that polls an account is its one writer; readers look under the lock. Not here: how it is kept (`kept.rs`).

mod unsaved;

pub(crate) use unsaved::{ObservedUntil, Piece, Unsaved};

use crate::{
    checkpoint::Chain,
    events::Events,
    publish::Told,
    restatements::{Days, Restatement},
    snapshots::{Cause, Slot},
};
use exchange::{KeyRights, Site, Venue};
use ledger::{
    Asset, Decimal, Line, Price, PriceSource, Timestamp,
    record::{self, Observation, Record},
};
use protocol::api::{self, Sync, Unread};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

/// The keyed hash of a venue's own id of an account.
pub(crate) type AccountKey = [u8; 32];

/// An account in memory.
pub(crate) struct Account {
    /// Its key.
    pub(crate) key: AccountKey,
    /// Where it is.
    pub(crate) site: Site,
    /// As it is shown.
    pub(crate) shown: api::Account,
    /// What happens, for those who listen.
    pub(crate) events: Arc<Events>,
    /// How it stands in the store. Whoever writes its rows holds this.
    pub(crate) rows: tokio::sync::Mutex<Rows>,
    record: RwLock<AccountRecord>,
}

/// The rows of an account, as they were read or written last: their versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Rows {
    /// Of the head; 0: there is none yet.
    pub(crate) head: u64,
    /// Of what the connector knows; 0: there is none.
    pub(crate) cursor: u64,
    /// Of the row that the last root stands in, and its roots.
    pub(crate) roots: (u64, Vec<u8>),
    /// Of the row that the last snapshot stands in; 0: there is none.
    pub(crate) slots: u64,
    /// How many snapshots are written.
    pub(crate) slots_saved: u64,
    /// The number of the last restatement that is written.
    pub(crate) restated: u64,
    /// Numbers of the pages of all pieces.
    pub(crate) pages: Vec<u64>,
    /// The change that the ledger was last written whole with; the pieces of all later ones follow it.
    pub(crate) base: u64,
    /// Bytes of the ledger as it was written whole, and of the pieces since.
    pub(crate) bytes: (u64, u64),
    /// When the head was written last.
    pub(crate) saved_at: Option<Timestamp>,
}

impl Account {
    /// An account as it was read, or new.
    pub(crate) fn new(
        key: AccountKey,
        site: Site,
        shown: api::Account,
        record: AccountRecord,
        rows: Rows,
    ) -> Self {
        let (record, rows) = (RwLock::new(record), tokio::sync::Mutex::new(rows));
        Self { key, site, shown, events: Arc::new(Events::new()), rows, record }
    }

    /// What is known of it.
    pub(crate) fn record(&self) -> RwLockReadGuard<'_, AccountRecord> {
        // A writer that panicked was replacing the whole record or one field: what is there is consistent.
        self.record.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// For the one writer.
    pub(crate) fn record_mut(&self) -> RwLockWriteGuard<'_, AccountRecord> {
        self.record.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The collection stands so; who listens is told.
    pub(crate) fn synced(&self, state: SyncState, now: Timestamp) {
        let sync = {
            let mut record = self.record_mut();
            record.state = state;
            record.sync(now)
        };
        self.events.synced(&sync);
    }
}

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

impl SyncState {
    /// When everything was last read.
    pub(crate) const fn collected_at(self) -> Option<Timestamp> {
        match self {
            Self::Collecting(_) => None,
            Self::Live(at) => Some(at),
            Self::Waiting(at) | Self::Stopped(at, _) => at,
        }
    }
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
    /// The time for which the key was given is over, or the session that it was given for.
    LeaseEnded,
}

/// All that is known of an account.
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
    pub(crate) gaps: BTreeSet<Unread>,
    /// How many fills each source of prices values.
    pub(crate) price_sources: PriceUses,
    pub(crate) rights: KeyRights,
    pub(crate) rights_checks: u32,
    /// When the rights were read last.
    pub(crate) rights_checked: Timestamp,
    /// Its holder accepted that the key can trade.
    pub(crate) trading_accepted: bool,
    pub(crate) state: SyncState,
    /// What was read too early to be used.
    pub(crate) waiting: Waiting,
    /// What is not in the store yet.
    pub(crate) unsaved: Unsaved,
    /// What has left the account and is on its way, as of the last round.
    pub(crate) under_way: Vec<Line>,
    /// How far the store has come.
    pub(crate) chain: Chain,
    /// Snapshots, taken and missed.
    pub(crate) snapshots: Vec<Slot>,
    /// Changes of what was published of days that were over; the latest.
    pub(crate) restatements: Vec<Restatement>,
    /// Slots up to here are settled.
    pub(crate) settled_until: Timestamp,
    /// When rounds last began to fail, and at what; none while they do not.
    pub(crate) trouble: Option<(Timestamp, Cause)>,
    /// Who has to do with it.
    pub(crate) ties: Ties,
    pub(crate) opened_at: Timestamp,
    /// When a round last brought something that was not known: how often it is polled follows from it.
    pub(crate) changed_at: Timestamp,
    /// When the figures hold that were published last.
    pub(crate) as_of: Option<Timestamp>,
}

/// Who has to do with an account: leases, sessions and records. Registrations write it, and never the head.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Ties {
    /// Since when there has been a lease without a break, in milliseconds. Snapshots are due from then on.
    pub(crate) leased_from: i64,
    /// Until when, of all leases the latest.
    pub(crate) leased_until: i64,
    /// When the leases before that break ended: up to then snapshots were due, too.
    pub(crate) leased_before: Option<i64>,
    /// Until when sessions without a holder read it, of all the latest.
    pub(crate) read_until: i64,
    /// Records that it is in, by their keys in base64url.
    pub(crate) records: BTreeSet<String>,
}

impl Ties {
    /// A key may be used from now until then.
    pub(crate) fn lease(&mut self, now: Timestamp, until: Timestamp) {
        let (now, until) = (now.millis(), until.millis());
        if self.leased_until < now {
            self.leased_before = (self.leased_until > 0).then_some(self.leased_until);
            (self.leased_from, self.leased_until) = (now, until);
        }
        self.leased_until = self.leased_until.max(until);
    }

    /// All leases are over.
    pub(crate) fn end(&mut self, now: Timestamp) {
        self.leased_until = self.leased_until.min(now.millis());
    }
}

/// What was read too early to be used.
#[derive(Clone, Default)]
pub(crate) struct Waiting {
    pub(crate) lines: Vec<Line>,
    /// Of each account, by its name in the books.
    pub(crate) observations: BTreeMap<Arc<str>, Observation>,
    /// Prices that hold for the last figures only, by their minute.
    pub(crate) passing: BTreeMap<Timestamp, Vec<PassingPrice>>,
}

/// The price of an asset in a minute; `None`: the venue has none.
pub(crate) type PassingPrice = (Asset, Option<(Price, PriceSource)>);

/// How many fills each source of prices of an asset in another values.
pub(crate) type PriceUses = BTreeMap<(Asset, Asset, PriceSource), u64>;

/// Figures, and what they were made from.
#[derive(Clone)]
pub(crate) struct Published {
    pub(crate) told: Arc<Told>,
    /// Of each day that was over, and the number of the last restatement by then.
    pub(crate) days: (Arc<Days>, u64),
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
        let mut record = empty(venue);
        // Until the venue told how far back it is read: nothing before this moment.
        let account = record::Account {
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
            rights_checked: opened_at,
            trading_accepted: false,
            state: SyncState::Collecting(0),
            waiting: Waiting::default(),
            unsaved: Unsaved::default(),
            under_way: Vec::new(),
            chain: Chain::default(),
            snapshots: Vec::new(),
            restatements: Vec::new(),
            settled_until: opened_at,
            trouble: None,
            ties: Ties::default(),
            opened_at,
            changed_at: opened_at,
            as_of: None,
        }
    }

    /// The figures, and the record that they are of; none while a round changes it.
    pub(crate) fn exported(&self) -> Option<(Published, Arc<Record>)> {
        let published = self.published.clone().filter(|published| published.revision == self.revision)?;
        let record = published.with_under_way.clone().unwrap_or_else(|| Arc::clone(&self.record));
        Some((published, record))
    }

    /// What it holds, as the venue said last: of each of its accounts.
    pub(crate) fn held(&self) -> BTreeMap<Arc<str>, BTreeMap<Asset, Decimal>> {
        let told = self
            .record
            .accounts
            .iter()
            .filter_map(|(name, account)| Some((name, account.observations.last()?)));
        let held = told.chain(&self.waiting.observations);
        held.map(|(name, observation)| (Arc::clone(name), observation.balances.clone())).collect()
    }

    /// It is about to be read with a key. One that was not read any more is read again from where it stopped.
    pub(crate) fn attend(&mut self) {
        if matches!(self.state, SyncState::Stopped(..)) {
            self.state = SyncState::Collecting(0);
        }
    }

    /// When everything was last read.
    pub(crate) fn collected_at(&self) -> Option<Timestamp> {
        self.state.collected_at()
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

    /// The number of the last restatement; 0: there was none.
    pub(crate) fn restated(&self) -> u64 {
        self.restatements.last().map_or(0, |last| last.number)
    }

    /// Remembers that something is missing for good.
    pub(crate) fn gap(&mut self, what: &str, why: &str) {
        self.gaps.insert(Unread { what: what.to_owned(), why: why.to_owned() });
    }

    /// All that is missing, and why.
    pub(crate) fn missing(&self) -> Vec<Unread> {
        self.unread.union(&self.gaps).cloned().collect()
    }
}

/// A record of a venue's accounts before there is any.
pub(crate) fn empty(venue: Venue) -> Record {
    Record::new(venue.reporting_currency().into(), BENCHMARK.into())
}

/// What an account of a venue is called in its record, its fills and its lines.
pub(crate) fn account_name(venue: Venue) -> Arc<str> {
    venue.account().into()
}
