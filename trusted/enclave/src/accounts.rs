//! The accounts in memory: those that are polled, and those that were read lately. The store has all of them.

use crate::{
    account::{Account, AccountKey, Published},
    failure::Failure,
    kept::{self, Loaded},
    publish::{self, Told},
    restatements::Days,
    store::{StoreError, Table, Vault},
};
use ledger::Timestamp;
use protocol::{Code, limits, statement::Statement};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::{Notify, OnceCell};
use zeroize::Zeroizing;

/// An account that nobody read for so long, and nobody polls, leaves memory.
const IDLE_MS_MAX: i64 = 600_000;

/// That somebody reads an account is told again after so long.
const TOLD_MS: i64 = 60_000;

/// When an account was read that was only polled.
const NEVER: Timestamp = Timestamp::from_millis(i64::MIN);

/// What a connector knew after the last round that was written.
pub(crate) type Cursor = Option<Zeroizing<Vec<u8>>>;

/// The accounts in memory.
pub(crate) struct Accounts {
    vault: Arc<Vault>,
    environment: &'static str,
    all: Mutex<HashMap<AccountKey, Entry>>,
    /// Accounts that somebody reads, until whoever polls looks.
    arrivals: Mutex<Vec<AccountKey>>,
    arrived: Notify,
}

struct Entry {
    cell: Arc<OnceCell<Arc<Account>>>,
    used: Timestamp,
    /// When it was told last that somebody reads it.
    told: Timestamp,
}

impl Entry {
    fn is_used(&self, now: Timestamp, idle_ms_max: i64) -> bool {
        let held = self.cell.get().is_none_or(|account| Arc::strong_count(account) > 1);
        held || now.millis().saturating_sub(self.used.millis()) < idle_ms_max
    }
}

impl Accounts {
    /// None is in memory yet.
    pub(crate) fn new(vault: Arc<Vault>, environment: &'static str) -> Self {
        let (all, arrivals, arrived) = Default::default();
        Self { vault, environment, all, arrivals, arrived }
    }

    /// An account, from memory or from the store; `None`: nobody registered it.
    pub(crate) async fn find(
        &self,
        key: AccountKey,
        now: Timestamp,
    ) -> Result<Option<Arc<Account>>, Failure> {
        let cell = {
            let mut all = self.lock();
            let entry =
                all.entry(key).or_insert_with(|| Entry { cell: Arc::default(), used: now, told: NEVER });
            entry.used = now;
            Arc::clone(&entry.cell)
        };
        // Whoever comes meanwhile waits for the one that reads.
        let opened = cell.get_or_try_init(|| {
            // Boxed: most are there already, and need no room for it.
            Box::pin(async { self.read(key, now).await.map(|(account, _)| Arc::new(account)) })
        });
        let account = match opened.await {
            Ok(account) => Arc::clone(account),
            Err(Missing::Nowhere) => {
                self.forget_empty(&key);
                return Ok(None);
            }
            Err(Missing::Store(error)) => {
                self.forget_empty(&key);
                return Err(error.into());
            }
        };
        if self.vault.store().is_shared() && self.is_behind(&account).await? {
            return match Box::pin(self.read(key, now)).await {
                Ok((account, _)) => Ok(Some(self.replace(account, now))),
                Err(Missing::Nowhere) => Ok(None),
                Err(Missing::Store(error)) => Err(error.into()),
            };
        }
        Ok(Some(account))
    }

    /// The account that a session reads.
    pub(crate) async fn get(&self, key: AccountKey, now: Timestamp) -> Result<Arc<Account>, Failure> {
        // Its record was erased by another holder of the session's key, or by a store that lost it.
        let found = self.find(key, now).await?.ok_or_else(|| Failure::from(Code::SessionUnknown))?;
        // Where nobody may use a key there is nobody to be told.
        if found.record().ties.leased_until > now.millis() && self.is_news(&key, now) {
            self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).push(key);
            self.arrived.notify_one();
        }
        Ok(found)
    }

    /// The account as it stands in the store, for whoever begins to write it, and what its connector knew then.
    pub(crate) async fn begin(
        &self,
        key: AccountKey,
        now: Timestamp,
    ) -> Result<(Arc<Account>, Cursor), StoreError> {
        match self.read(key, now).await {
            Ok((account, cursor)) => {
                account.record_mut().attend();
                // Who reads it says when.
                Ok((self.replace(account, NEVER), cursor))
            }
            Err(Missing::Nowhere) => Err(StoreError::Corrupt),
            Err(Missing::Store(error)) => Err(error),
        }
    }

    /// Puts an account into memory, in place of what was there.
    pub(crate) fn replace(&self, mut account: Account, now: Timestamp) -> Arc<Account> {
        let mut all = self.lock();
        // Who listens to what was there goes on with what is there now.
        if let Some(before) = all.get(&account.key).and_then(|entry| entry.cell.get()) {
            account.events = Arc::clone(&before.events);
        }
        let account = Arc::new(account);
        let (used, told) = all.get(&account.key).map_or((now, NEVER), |entry| (entry.used, entry.told));
        let entry = Entry { cell: Arc::new(OnceCell::new_with(Some(Arc::clone(&account)))), used, told };
        all.insert(account.key, entry);
        account
    }

    /// When an account in memory was read last; none: it is not there, or was only polled.
    pub(crate) fn read_at(&self, key: &AccountKey) -> Option<Timestamp> {
        self.lock().get(key).map(|entry| entry.used).filter(|used| *used > NEVER)
    }

    /// Whether it is to be told that somebody reads an account.
    fn is_news(&self, key: &AccountKey, now: Timestamp) -> bool {
        let mut all = self.lock();
        let Some(entry) = all.get_mut(key) else { return true };
        let is_news = now.millis().saturating_sub(entry.told.millis()) >= TOLD_MS;
        if is_news {
            entry.told = now;
        }
        is_news
    }

    /// Accounts that somebody reads, each told once a minute.
    pub(crate) fn arrivals(&self) -> Vec<AccountKey> {
        core::mem::take(&mut *self.arrivals.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Completes when somebody reads an account.
    pub(crate) async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Whether an account is in memory, or on its way there.
    pub(crate) fn has(&self, key: &AccountKey) -> bool {
        self.lock().contains_key(key)
    }

    /// Takes an account out of memory.
    pub(crate) fn forget(&self, key: &AccountKey) {
        self.lock().remove(key);
    }

    /// Takes those out of memory that nobody uses; where there are too many, at once.
    pub(crate) fn rest(&self, now: Timestamp) {
        let mut all = self.lock();
        let idle_ms_max = if all.len() > limits::ACCOUNTS_IN_MEMORY_MAX { 0 } else { IDLE_MS_MAX };
        all.retain(|_, entry| entry.is_used(now, idle_ms_max));
    }

    /// Takes an account out of memory that is between two rounds, unless somebody read it lately.
    pub(crate) fn leave(&self, key: &AccountKey, now: Timestamp) {
        let mut all = self.lock();
        if all.get(key).is_some_and(|entry| !entry.is_used(now, IDLE_MS_MAX)) {
            all.remove(key);
        }
    }

    /// How many are in memory.
    pub(crate) fn len(&self) -> usize {
        self.lock().len()
    }

    async fn read(&self, key: AccountKey, now: Timestamp) -> Result<(Account, Cursor), Missing> {
        let loaded = kept::load(&self.vault, key, now).await.map_err(Missing::Store)?;
        let Some(Loaded { account, cursor }) = loaded else { return Err(Missing::Nowhere) };
        figured(&account, self.environment).await;
        Ok((account, cursor))
    }

    async fn is_behind(&self, account: &Account) -> Result<bool, StoreError> {
        let Ok(rows) = account.rows.try_lock() else {
            // It is being written here.
            return Ok(false);
        };
        let head = self.vault.get(Table::Account, &account.key).await?;
        Ok(head.is_none_or(|head| head.version != rows.head))
    }

    fn forget_empty(&self, key: &AccountKey) {
        let mut all = self.lock();
        if all.get(key).is_some_and(|entry| !entry.cell.initialized()) {
            all.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<AccountKey, Entry>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why an account cannot be read.
enum Missing {
    Nowhere,
    Store(StoreError),
}

/// Makes the figures anew that were published last: they follow from what was read.
async fn figured(account: &Account, environment: &str) {
    let (record, as_of, under_way) = {
        let known = account.record();
        (Arc::clone(&known.record), known.as_of, known.under_way.clone())
    };
    let Some(as_of) = as_of else { return };
    // In a thread of its own: a long history takes a while.
    let made = tokio::task::spawn_blocking(move || {
        let with_under_way = publish::with_under_way(&record, &under_way);
        let figured = with_under_way.as_ref().unwrap_or(&record);
        let figures = figured.figures(as_of);
        let days = Arc::new(Days::of(&figures.total.1.days));
        (Statement::of(figured, &figures), days, with_under_way)
    });
    let Ok((statement, days, with_under_way)) = made.await else { return };
    let mut known = account.record_mut();
    let (revision, frame) = (known.revision, publish::frame(environment, account, &known));
    let (told, days) = (Arc::new(Told::new(statement, frame)), (days, known.restated()));
    known.published = Some(Published { told, days, as_of, revision, with_under_way });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        account::{AccountRecord, Rows, Ties},
        kept::Saving,
        store::Writes,
    };
    use exchange::{KeyRights, Venue, Verdict};

    #[tokio::test]
    async fn an_account_between_two_rounds_leaves_memory_unless_somebody_read_it_lately() {
        let (key, now) = ([7; 32], Timestamp::from_millis(1_795_305_600_000));
        let vault = Arc::new(Vault::in_memory());
        let rights = KeyRights {
            read: true,
            trade: None,
            withdraw: None,
            transfer: None,
            ip_restricted: None,
            verdict: Verdict::Accept,
        };
        let known = AccountRecord::new(Venue::Binance, rights, now);
        let account = Account::new(
            key,
            Venue::Binance.into(),
            protocol::api::Account::default(),
            known,
            Rows::default(),
        );
        let saving = Saving { what: "registered", cursor: None, claim: None, state: None, at: now };
        let (mut writes, mut ties) = (Writes::new(), Ties::default());
        ties.lease(now, Timestamp::from_millis(now.millis() + 2 * IDLE_MS_MAX));
        kept::put_ties(&key, &ties, 0, &mut writes);
        kept::save(&vault, &account, saving, writes).await.unwrap();

        let accounts = Accounts::new(vault, "development");
        let (polled, _) = accounts.begin(key, now).await.unwrap();
        accounts.leave(&key, now);
        assert_eq!(accounts.len(), 1, "its round is not over");
        drop(polled);
        accounts.leave(&key, now);
        assert_eq!(accounts.len(), 0);
        drop(accounts.begin(key, now).await.unwrap());
        assert!(accounts.arrivals().is_empty() && accounts.read_at(&key).is_none(), "nobody read it");
        drop(accounts.get(key, now).await.unwrap());
        drop(accounts.get(key, now).await.unwrap());
        assert_eq!(accounts.arrivals(), [key], "who came is told once");
        assert!(accounts.arrivals().is_empty() && accounts.read_at(&key) == Some(now));
        accounts.leave(&key, now);
        assert_eq!(accounts.len(), 1, "it was read");
        let later = Timestamp::from_millis(now.millis() + TOLD_MS);
        drop(accounts.get(key, later).await.unwrap());
        assert_eq!(accounts.arrivals(), [key], "and again when a minute has passed");
        accounts.leave(&key, Timestamp::from_millis(later.millis() + IDLE_MS_MAX));
        assert_eq!(accounts.len(), 0);
    }
}
