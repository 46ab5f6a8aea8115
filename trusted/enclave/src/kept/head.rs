//! The head of an account as it is written: JSON, destructured in full, so that a new field does not compile until someone
//! decides how it is kept.

use crate::{
    account::{Account, AccountRecord, ObservedUntil, PriceUses, Rows, StopReason, SyncState},
    checkpoint::Chain,
    restatements::Restatement,
};
use exchange::{KeyRights, Venue, Verdict};
use ledger::{
    Asset, Interval, PriceSource, Timestamp,
    record::{self, Gap},
};
use protocol::{
    api::{self, PriceUse, Unread},
    wire,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What the rows of this release call themselves.
const VERSION: u8 = 2;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Head {
    v: u8,
    pub(super) venue: String,
    pub(super) account: api::Account,
    opened_at: i64,
    /// Rows of before say nothing of it: then it is when it was opened.
    #[serde(default)]
    changed_at: Option<i64>,
    revision: u64,
    rights: Rights,
    rights_checks: u32,
    rights_checked: i64,
    trading_accepted: bool,
    state: State,
    unread: BTreeSet<Unread>,
    gaps: BTreeSet<Unread>,
    prices: Vec<PriceUse>,
    /// Of each account that the key reads, by its name in the books.
    facts: BTreeMap<String, Facts>,
    /// When the figures hold that were published last.
    pub(super) as_of: Option<i64>,
    /// Ledger texts: prices and balances of the last figures, what waits, what is under way.
    pub(super) passing: Option<String>,
    pub(super) waiting: Option<String>,
    pub(super) under_way: Option<String>,
    observed_until: BTreeMap<String, i64>,
    seq: u64,
    root: String,
    pub(super) snapshots: u64,
    settled_until: i64,
    restatements: Vec<Restatement>,
    base: u64,
    bytes: (u64, u64),
}

/// What a head says without the rest of the account.
pub(crate) struct Glance {
    /// When it was read to the end, as far as it was written.
    pub(crate) collected_at: Option<Timestamp>,
    pub(crate) changed_at: Timestamp,
    pub(crate) settled_until: Timestamp,
    pub(crate) rights_checked: Timestamp,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rights {
    read: bool,
    trade: Option<bool>,
    withdraw: Option<bool>,
    transfer: Option<bool>,
    ip_restricted: Option<bool>,
    verdict: String,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case", deny_unknown_fields)]
enum State {
    Collecting { thousandths: u32 },
    Live { at: i64 },
    Waiting { at: Option<i64> },
    Stopped { at: Option<i64>, why: String },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Facts {
    registered: i64,
    complete_from: i64,
    since_opening: bool,
    gaps: Vec<[i64; 2]>,
}

const STOPS: [(StopReason, &str); 4] = [
    (StopReason::Refused, "refused"),
    (StopReason::RightsWidened, "rights_widened"),
    (StopReason::Fault, "fault"),
    (StopReason::LeaseEnded, "lease_ended"),
];
const VERDICTS: [(Verdict, &str); 3] =
    [(Verdict::Accept, "accept"), (Verdict::Refuse, "refuse"), (Verdict::Undecided, "undecided")];

/// Ledger texts of a head.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) passing: Option<String>,
    pub(super) waiting: Option<String>,
    pub(super) under_way: Option<String>,
}

impl Head {
    /// Of an account as it is now; `rows` as they will be.
    pub(super) fn of(
        account: &Account,
        known: &AccountRecord,
        rows: &Rows,
        (Chain { seq, root }, observed_until, state): (Chain, ObservedUntil, SyncState),
        texts: Texts,
    ) -> Option<Self> {
        let AccountRecord {
            record,
            published: _,
            revision,
            unread,
            gaps,
            price_sources,
            rights,
            rights_checks,
            rights_checked,
            trading_accepted,
            state: _,
            waiting: _,
            unsaved: _,
            under_way: _,
            chain: _,
            snapshots,
            restatements,
            settled_until,
            trouble: _,
            ties: _,
            opened_at,
            changed_at,
            as_of,
        } = known;
        let Texts { passing, waiting, under_way } = texts;
        Some(Self {
            v: VERSION,
            venue: account.site.name().to_owned(),
            account: account.shown.clone(),
            opened_at: opened_at.millis(),
            changed_at: Some(changed_at.millis()),
            revision: *revision,
            rights: Rights::of(rights),
            rights_checks: *rights_checks,
            rights_checked: rights_checked.millis(),
            trading_accepted: *trading_accepted,
            state: State::of(state),
            unread: unread.clone(),
            gaps: gaps.clone(),
            prices: uses(price_sources),
            facts: record.accounts.iter().map(|(name, of)| (name.to_string(), Facts::of(of))).collect(),
            as_of: as_of.map(Timestamp::millis),
            passing,
            waiting,
            under_way,
            observed_until: observed_until.iter().map(|(name, at)| (name.to_string(), at.millis())).collect(),
            seq,
            root: wire::encode(&root),
            snapshots: u64::try_from(snapshots.len()).ok()?,
            settled_until: settled_until.millis(),
            restatements: restatements.clone(),
            base: rows.base,
            bytes: rows.bytes,
        })
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok().filter(|head: &Self| head.v == VERSION)
    }

    /// What it says of the account; the ledger is still to be joined.
    pub(super) fn account(&self, venue: Venue) -> Option<AccountRecord> {
        let at = Timestamp::from_millis;
        let mut known = AccountRecord::new(venue, self.rights.known()?, at(self.opened_at));
        known.revision = self.revision;
        (known.rights_checks, known.rights_checked) = (self.rights_checks, at(self.rights_checked));
        known.trading_accepted = self.trading_accepted;
        known.state = self.state.known()?;
        (known.unread, known.gaps) = (self.unread.clone(), self.gaps.clone());
        for PriceUse { asset, quote, path, interval, fills } in &self.prices {
            let source = PriceSource { path: path.clone(), interval: Interval::parse(interval)? };
            let key = (Asset::from(asset.as_str()), Asset::from(quote.as_str()), source);
            known.price_sources.insert(key, *fills);
        }
        known.chain = Chain { seq: self.seq, root: wire::decode_array(&self.root)? };
        known.settled_until = at(self.settled_until);
        known.restatements.clone_from(&self.restatements);
        known.as_of = self.as_of.map(at);
        let observed = self.observed_until.iter().map(|(name, until)| (Arc::from(name.as_str()), at(*until)));
        known.unsaved.saved(observed.collect());
        known.changed_at = at(self.changed_at.unwrap_or(self.opened_at));
        known.unsaved.everything = self.base == 0;
        Some(known)
    }

    /// What decides when the account is due.
    pub(super) fn glance(&self) -> Option<Glance> {
        let at = Timestamp::from_millis;
        Some(Glance {
            collected_at: self.state.known()?.collected_at(),
            changed_at: at(self.changed_at.unwrap_or(self.opened_at)),
            settled_until: at(self.settled_until),
            rights_checked: at(self.rights_checked),
        })
    }

    /// What it says of the accounts in its record.
    pub(super) fn facts(&self) -> impl Iterator<Item = (Arc<str>, record::Account)> {
        self.facts.iter().map(|(name, facts)| (Arc::from(name.as_str()), facts.known()))
    }

    pub(super) const fn base(&self) -> (u64, (u64, u64)) {
        (self.base, self.bytes)
    }
}

impl Facts {
    fn of(account: &record::Account) -> Self {
        let record::Account { registered, complete_from, since_opening, gaps, observations: _ } = account;
        Self {
            registered: registered.millis(),
            complete_from: complete_from.millis(),
            since_opening: *since_opening,
            gaps: gaps.iter().map(|Gap { from, to }| [from.millis(), to.millis()]).collect(),
        }
    }

    fn known(&self) -> record::Account {
        let at = Timestamp::from_millis;
        let Self { registered, complete_from, since_opening, ref gaps } = *self;
        record::Account {
            registered: at(registered),
            complete_from: at(complete_from),
            since_opening,
            gaps: gaps.iter().map(|[from, to]| Gap { from: at(*from), to: at(*to) }).collect(),
            observations: Vec::new(),
        }
    }
}

impl Rights {
    fn of(rights: &KeyRights) -> Self {
        let KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict } = *rights;
        let verdict = VERDICTS.iter().find(|(known, _)| *known == verdict).map_or("", |(_, name)| name);
        Self { read, trade, withdraw, transfer, ip_restricted, verdict: verdict.to_owned() }
    }

    fn known(&self) -> Option<KeyRights> {
        let Self { read, trade, withdraw, transfer, ip_restricted, ref verdict } = *self;
        let (verdict, _) = VERDICTS.into_iter().find(|(_, name)| name == verdict)?;
        Some(KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict })
    }
}

impl State {
    fn of(state: SyncState) -> Self {
        let ms = |at: Option<Timestamp>| at.map(Timestamp::millis);
        match state {
            SyncState::Collecting(thousandths) => Self::Collecting { thousandths },
            SyncState::Live(at) => Self::Live { at: at.millis() },
            SyncState::Waiting(at) => Self::Waiting { at: ms(at) },
            SyncState::Stopped(at, why) => {
                let name = STOPS.iter().find(|(known, _)| *known == why).map_or("", |(_, name)| name);
                Self::Stopped { at: ms(at), why: name.to_owned() }
            }
        }
    }

    fn known(&self) -> Option<SyncState> {
        let at = |ms: &Option<i64>| ms.map(Timestamp::from_millis);
        Some(match self {
            Self::Collecting { thousandths } => SyncState::Collecting(*thousandths),
            Self::Live { at } => SyncState::Live(Timestamp::from_millis(*at)),
            Self::Waiting { at: ms } => SyncState::Waiting(at(ms)),
            Self::Stopped { at: ms, why } => {
                SyncState::Stopped(at(ms), STOPS.into_iter().find(|(_, name)| name == why)?.0)
            }
        })
    }
}

/// Uses of prices as they stand in answers.
pub(crate) fn uses(sources: &PriceUses) -> Vec<PriceUse> {
    let uses = sources.iter().map(|((asset, quote, PriceSource { path, interval }), fills)| PriceUse {
        asset: asset.to_string(),
        quote: quote.to_string(),
        path: path.clone(),
        interval: interval.as_str().to_owned(),
        fills: *fills,
    });
    uses.collect()
}
