//! A session: the right to read one account for a bounded time (DESIGN.md section 3). Its phases are open,
//! then expired or revoked, then forgotten.
//!
//! The task that polls is the one writer of a session's account; readers look under the lock. Ids are kept as
//! keyed hashes only: whoever reads this memory dump cannot read an account.

use crate::{
    account::{AccountRecord, SyncState},
    events::Events,
    random,
};
use core::fmt;
use exchange::{KeyRights, Venue};
use hmac::{Hmac, KeyInit, Mac};
use ledger::Timestamp;
use protocol::{Code, Secret, limits};
use sha2::Sha256;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};
use tokio::task::JoinHandle;

/// The keyed hash under which a session is kept.
pub(crate) type SessionKey = [u8; 32];

/// One session.
pub(crate) struct Session {
    /// When it ends, to the millisecond.
    pub(crate) expires_at: Timestamp,
    /// Whether plain reads are allowed.
    pub(crate) bearer: bool,
    /// Which venue.
    pub(crate) venue: Venue,
    /// The account as it is shown.
    pub(crate) account: protocol::api::Account,
    /// Whether the trader accepted a key that can trade.
    pub(crate) trading_accepted: bool,
    /// What happens, for those who listen.
    pub(crate) events: Events,
    record: RwLock<AccountRecord>,
    ending: Mutex<Ending>,
}

/// What a session was opened on.
pub(crate) struct Terms {
    pub(crate) opened_at: Timestamp,
    pub(crate) expires_at: Timestamp,
    pub(crate) bearer: bool,
    pub(crate) trading_accepted: bool,
}

#[derive(Default)]
struct Ending {
    revoked: bool,
    task: Option<JoinHandle<()>>,
}

impl Session {
    /// A session that nobody polls yet.
    pub(crate) fn new(
        terms: Terms,
        venue: Venue,
        account: protocol::api::Account,
        rights: KeyRights,
    ) -> Self {
        let Terms { opened_at, expires_at, bearer, trading_accepted } = terms;
        let record = RwLock::new(AccountRecord::new(venue, rights, opened_at));
        let (events, ending) = (Events::new(), Mutex::default());
        Self { expires_at, bearer, venue, account, trading_accepted, events, record, ending }
    }

    /// What is known of the account.
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

    /// Who polls; it owns the key.
    pub(crate) fn polled_by(&self, task: JoinHandle<()>) {
        let mut ending = lock(&self.ending);
        if ending.revoked {
            task.abort();
        }
        ending.task = Some(task);
    }

    /// Ends the session: returns when the task is gone, and the key with it. Who listens is told why: `expired` or
    /// `revoked`.
    async fn end(&self, why: &str) {
        let task = {
            let mut ending = lock(&self.ending);
            ending.revoked = true;
            ending.task.take()
        };
        if let Some(task) = task {
            task.abort();
            // Its outcome does not matter: cancelled, finished or panicked, it no longer holds the key.
            let _ = task.await;
        }
        self.record_mut().forget();
        self.events.ending(why, self);
    }

    fn state(&self, now: Timestamp) -> Result<(), Code> {
        if lock(&self.ending).revoked {
            Err(Code::SessionRevoked)
        } else if now >= self.expires_at {
            Err(Code::SessionExpired)
        } else {
            Ok(())
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

/// All sessions of this process.
pub(crate) struct Sessions {
    hash_key: Secret32,
    all: Mutex<BTreeMap<SessionKey, Arc<Session>>>,
}

type Secret32 = zeroize::Zeroizing<[u8; 32]>;

impl Sessions {
    /// None yet.
    pub(crate) fn new() -> Self {
        Self { hash_key: zeroize::Zeroizing::new(random::bytes()), all: Mutex::default() }
    }

    /// Keeps a session and gives its id: `session_<unix seconds>_<random>`.
    pub(crate) fn insert(&self, session: Arc<Session>, now: Timestamp) -> Result<Secret, Code> {
        let id = format!("session_{}_{}", now.seconds(), random::base62(22));
        let mut all = lock(&self.all);
        if all.len() >= limits::SESSIONS_MAX {
            return Err(Code::StoreUnavailable);
        }
        all.insert(self.key(&id), session);
        Ok(Secret::new(id))
    }

    /// The open session of that id.
    pub(crate) fn find(&self, id: &str, now: Timestamp) -> Result<Arc<Session>, Code> {
        let session = lock(&self.all).get(&self.key(id)).cloned().ok_or(Code::SessionUnknown)?;
        session.state(now).map(|()| session)
    }

    /// Ends the open session of that id.
    pub(crate) async fn revoke(&self, id: &str, now: Timestamp) -> Result<(), Code> {
        self.find(id, now)?.end("revoked").await;
        Ok(())
    }

    /// Forgets what expired or was revoked. Returns how many.
    pub(crate) async fn sweep(&self, now: Timestamp) -> usize {
        let over: Vec<_> = {
            let mut all = lock(&self.all);
            all.extract_if(.., |_, session| session.state(now).is_err()).map(|(_, session)| session).collect()
        };
        for session in &over {
            session.end("expired").await;
        }
        over.len()
    }

    /// Ends all of them: the service stops.
    pub(crate) async fn end_all(&self) {
        let all = core::mem::take(&mut *lock(&self.all));
        for session in all.values() {
            session.end("revoked").await;
        }
    }

    /// How many are kept.
    pub(crate) fn len(&self) -> usize {
        lock(&self.all).len()
    }

    /// A keyed hash of what must not be kept or shown in clear, such as the venue's id of an account.
    pub(crate) fn fingerprint(&self, purpose: &str, text: &str) -> String {
        let hash = self.hash(purpose, text);
        protocol::wire::encode(hash.get(..16).unwrap_or(&hash))
    }

    fn key(&self, id: &str) -> SessionKey {
        self.hash("session", id)
    }

    fn hash(&self, purpose: &str, text: &str) -> [u8; 32] {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(self.hash_key.as_slice()) else {
            unreachable!("HMAC takes keys of any length")
        };
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
