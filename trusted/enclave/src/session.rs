//! A session: the right to read one account, or the record that it is in, for a bounded time (DESIGN.md section 3). Its phases
//! are open, then expired or revoked, then forgotten.
//!
//! Ids are kept as keyed hashes only: whoever reads the store or a memory dump cannot read an account. What a session reads
//! outlives it (`account.rs`), and so may the key (`lease.rs`).

use crate::{
    account::AccountKey,
    failure::Failure,
    random,
    store::{Expect, StoreError, Table, Vault, Writes},
};
use core::fmt;
use ledger::Timestamp;
use protocol::{Code, Secret, api, wire};
use serde::{Deserialize, Serialize};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;
use zeroize::Zeroizing;

/// The keyed hash under which a session is kept.
pub(crate) type SessionKey = [u8; 32];
/// The keyed hash of a holder's public key.
pub(crate) type RecordKey = [u8; 32];

/// When a session was read last is kept to a quarter of an hour: it is for its holder to recognise, and costs a write.
const USED_STEP_MS: i64 = 900_000;

/// A row that somebody else writes too is written at the next try, or the one after.
const WRITE_TRIES: usize = 8;

/// What a session was opened on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Terms {
    pub(crate) opened_at: Timestamp,
    /// When it ends, to the millisecond.
    pub(crate) expires_at: Timestamp,
    /// Whether plain reads are allowed.
    pub(crate) bearer: bool,
    /// Whose account.
    pub(crate) account: AccountKey,
    /// As it is shown.
    pub(crate) shown: api::Account,
    /// What the trader calls it.
    pub(crate) label: Option<String>,
    /// The public key that signs every call, and the record that it stands for.
    pub(crate) holder: Option<([u8; 32], RecordKey)>,
    /// Until when the key may be used.
    pub(crate) lease_until: Timestamp,
}

/// One session.
pub(crate) struct Session {
    /// Its keyed hash.
    pub(crate) key: SessionKey,
    /// What it was opened on.
    pub(crate) terms: Terms,
    /// Of its row.
    row: Mutex<Row>,
    /// Tells who listens that it was revoked.
    revoked: watch::Sender<bool>,
}

#[derive(Clone, Copy)]
struct Row {
    version: u64,
    last_used: Option<Timestamp>,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    opened_at: i64,
    expires_at: i64,
    bearer: bool,
    account: String,
    shown: api::Account,
    label: Option<String>,
    holder: Option<[String; 2]>,
    lease_until: i64,
    last_used: Option<i64>,
    revoked: bool,
}

impl Session {
    /// The session whose row is written with `writes`.
    pub(crate) fn opened(key: SessionKey, terms: Terms, writes: &mut Writes) -> Self {
        let row = Mutex::new(Row { version: 1, last_used: None });
        let session = Self { key, terms, row, revoked: watch::Sender::new(false) };
        writes.put(Table::Session, &key, Expect::Absent, session.bytes(None, false));
        session
    }

    fn bytes(&self, last_used: Option<Timestamp>, revoked: bool) -> Zeroizing<Vec<u8>> {
        let Terms { opened_at, expires_at, bearer, account, shown, label, holder, lease_until } = &self.terms;
        let kept = Kept {
            v: 1,
            opened_at: opened_at.millis(),
            expires_at: expires_at.millis(),
            bearer: *bearer,
            account: wire::encode(account),
            shown: shown.clone(),
            label: label.clone(),
            holder: holder.as_ref().map(|(public, record)| [wire::encode(public), wire::encode(record)]),
            lease_until: lease_until.millis(),
            last_used: last_used.map(Timestamp::millis),
            revoked,
        };
        // Texts, numbers and flags always serialise.
        Zeroizing::new(serde_json::to_vec(&kept).unwrap_or_default())
    }

    fn read(key: SessionKey, version: u64, bytes: &[u8]) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(bytes).ok().filter(|kept: &Kept| kept.v == 1)?;
        let at = Timestamp::from_millis;
        let holder = match &kept.holder {
            Some([public, record]) => Some((wire::decode_array(public)?, wire::decode_array(record)?)),
            None => None,
        };
        let terms = Terms {
            opened_at: at(kept.opened_at),
            expires_at: at(kept.expires_at),
            bearer: kept.bearer,
            account: wire::decode_array(&kept.account)?,
            shown: kept.shown,
            label: kept.label,
            holder,
            lease_until: at(kept.lease_until),
        };
        let row = Mutex::new(Row { version, last_used: kept.last_used.map(at) });
        Some(Self { key, terms, row, revoked: watch::Sender::new(kept.revoked) })
    }

    /// Tells of a revocation.
    pub(crate) fn revocation(&self) -> watch::Receiver<bool> {
        self.revoked.subscribe()
    }

    /// Whether it may be read.
    pub(crate) fn state(&self, now: Timestamp) -> Result<(), Code> {
        if *self.revoked.borrow() {
            Err(Code::SessionRevoked)
        } else if now >= self.terms.expires_at {
            Err(Code::SessionExpired)
        } else {
            Ok(())
        }
    }

    /// As its holder sees it.
    pub(crate) fn held(&self, now: Timestamp) -> api::HeldSession {
        let state = match self.state(now) {
            Ok(()) => "open",
            Err(Code::SessionRevoked) => "revoked",
            Err(_) => "expired",
        };
        let is_leased = state != "revoked" && now < self.terms.lease_until;
        api::HeldSession {
            session: wire::encode(self.key.first_chunk::<12>().unwrap_or(&[0; 12])),
            account: self.terms.shown.clone(),
            label: self.terms.label.clone(),
            created: protocol::rfc3339(self.terms.opened_at),
            last_used: lock(&self.row).last_used.map(protocol::rfc3339),
            expires: protocol::rfc3339(self.terms.expires_at),
            lease_until: is_leased.then(|| protocol::rfc3339(self.terms.lease_until)),
            state: state.to_owned(),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

/// All sessions. Those that were asked for are remembered; the store has all of them.
pub(crate) struct Sessions {
    vault: Arc<Vault>,
    known: Mutex<HashMap<SessionKey, Arc<Session>>>,
}

impl Sessions {
    /// None is known yet.
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        Self { vault, known: Mutex::default() }
    }

    /// A new id, `session_<unix seconds>_<random>`, and its key.
    pub(crate) fn draw(&self, now: Timestamp) -> (Secret, SessionKey) {
        let id = format!("session_{}_{}", now.seconds(), random::base62(22));
        let key = self.key(&id);
        (Secret::new(id), key)
    }

    /// Remembers a session whose row is written.
    pub(crate) fn remember(&self, session: Arc<Session>) {
        lock(&self.known).insert(session.key, session);
    }

    /// The open session of an id.
    pub(crate) async fn find(&self, id: &str, now: Timestamp) -> Result<Arc<Session>, Failure> {
        let session = self.get(self.key(id)).await?.ok_or(Code::SessionUnknown)?;
        session.state(now)?;
        self.used(&session, now);
        Ok(session)
    }

    /// The session of a key, in whatever state.
    pub(crate) async fn get(&self, key: SessionKey) -> Result<Option<Arc<Session>>, StoreError> {
        let known = lock(&self.known).get(&key).map(Arc::clone);
        // What another enclave did to it is known to the store alone.
        if known.is_some() && !self.vault.store().is_shared() {
            return Ok(known);
        }
        let Some(row) = self.vault.get(Table::Session, &key).await? else {
            if let Some(gone) = lock(&self.known).remove(&key) {
                gone.revoked.send_replace(true);
            }
            return Ok(None);
        };
        let read = Session::read(key, row.version, &row.bytes).ok_or(StoreError::Corrupt)?;
        let session = match known {
            Some(known) => {
                lock(&known.row).version = row.version;
                if *read.revoked.borrow() {
                    known.revoked.send_replace(true);
                }
                known
            }
            None => Arc::new(read),
        };
        Ok(Some(Arc::clone(lock(&self.known).entry(key).or_insert(session))))
    }

    /// Ends a session: its row says so, and its lease is deleted with it.
    pub(crate) async fn revoke(&self, session: &Session, lease: &[u8]) -> Result<(), StoreError> {
        // Nothing is read through it any more, whatever the store says.
        session.revoked.send_replace(true);
        for _ in 0..WRITE_TRIES {
            let Row { version, last_used } = *lock(&session.row);
            let mut writes = Writes::new();
            let bytes = session.bytes(last_used, true);
            writes.put(Table::Session, &session.key, Expect::Version(version), bytes);
            writes.delete(Table::Lease, lease, Expect::Any);
            match self.vault.commit(writes).await {
                // When it was read last was being written.
                Err(StoreError::Conflict) => match self.vault.get(Table::Session, &session.key).await? {
                    Some(row) => lock(&session.row).version = row.version,
                    None => return Ok(()),
                },
                outcome => return outcome,
            }
        }
        Err(StoreError::Conflict)
    }

    /// Forgets what expired or was revoked. Those that it forgot.
    pub(crate) async fn sweep(&self, now: Timestamp) -> Result<Vec<Arc<Session>>, StoreError> {
        const AT_ONCE: usize = 256;
        let (mut over, mut after) = (Vec::new(), None);
        loop {
            let found = self.vault.scan(Table::Session, &[], after.as_deref(), AT_ONCE).await?;
            let is_last = found.len() < AT_ONCE;
            let mut writes = Writes::new();
            for (name, row) in found {
                let read = name.as_slice().try_into().ok();
                let read = read.and_then(|key| Session::read(key, row.version, &row.bytes));
                let session = read.ok_or(StoreError::Corrupt)?;
                if session.state(now).is_err() {
                    writes.delete(Table::Session, &name, Expect::Any);
                    over.push(Arc::new(session));
                }
                after = Some(name);
            }
            if !writes.is_empty() {
                self.vault.commit(writes).await?;
            }
            if is_last {
                break;
            }
        }
        let mut known = lock(&self.known);
        for session in &over {
            known.remove(&session.key);
        }
        // What nobody asked for lately is in the store.
        known.retain(|_, session| Arc::strong_count(session) > 1 || session.is_in_use(now));
        Ok(over)
    }

    /// Forgets a session that is gone from the store.
    pub(crate) fn forget(&self, key: &SessionKey) {
        if let Some(session) = lock(&self.known).remove(key) {
            session.revoked.send_replace(true);
        }
    }

    /// How many of those that are remembered are in each state.
    pub(crate) fn by_state(&self, now: Timestamp) -> [(&'static str, usize); 3] {
        let (mut open, mut expired, mut revoked) = (0, 0, 0);
        for session in lock(&self.known).values() {
            match session.state(now) {
                Ok(()) => open += 1,
                Err(Code::SessionRevoked) => revoked += 1,
                Err(_) => expired += 1,
            }
        }
        [("open", open), ("expired", expired), ("revoked", revoked)]
    }

    /// Notes that a session was read; what is not written for it is no loss.
    fn used(&self, session: &Arc<Session>, now: Timestamp) {
        let step = Timestamp::from_millis(now.millis().div_euclid(USED_STEP_MS).saturating_mul(USED_STEP_MS));
        let Row { version, last_used } = {
            let mut row = lock(&session.row);
            let before = *row;
            row.last_used = Some(step);
            before
        };
        if last_used == Some(step) {
            return;
        }
        let (vault, session) = (Arc::clone(&self.vault), Arc::clone(session));
        tokio::spawn(async move {
            let mut writes = Writes::new();
            let bytes = session.bytes(Some(step), false);
            writes.put(Table::Session, &session.key, Expect::Version(version), bytes);
            if vault.commit(writes).await.is_ok() {
                let mut row = lock(&session.row);
                row.version = row.version.max(version.saturating_add(1));
            }
        });
    }

    fn key(&self, id: &str) -> SessionKey {
        self.vault.id("session", &[id.as_bytes()])
    }
}

impl Session {
    fn is_in_use(&self, now: Timestamp) -> bool {
        let last_used = lock(&self.row).last_used;
        last_used.is_some_and(|used| now.millis().saturating_sub(used.millis()) < 4 * USED_STEP_MS)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
