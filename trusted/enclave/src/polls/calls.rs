//! Where enclaves share a store, an account may be read at one and polled at another: a row says to the other that somebody
//! reads it. It holds no more than the key of the account, and is gone when it was heard.
//!
//! Whoever writes such rows has accounts polled as often as active ones are, and whoever deletes them leaves idle ones as
//! they are; figures say how old they are in any case.

use crate::{
    account::AccountKey,
    service::Service,
    store::{Expect, StoreError, Table, Writes},
};
use zeroize::Zeroizing;

/// What the keys of these rows begin with.
const CALLED: &[u8] = b"called/";
/// Calls that are heard at once.
const HEARD_AT_ONCE: usize = 1024;

/// Tells whoever polls these accounts that they are read here.
pub(super) async fn call(service: &Service, accounts: &[AccountKey]) {
    for account in accounts {
        let mut writes = Writes::new();
        writes.put(Table::Meta, &row_key(account), Expect::Absent, Zeroizing::new(Vec::new()));
        match service.vault.commit(writes).await {
            // It was said already, and not heard yet.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => tracing::warn!(%error, "who polls an account cannot be told that it is read here"),
        }
    }
}

/// Accounts that are polled here and read elsewhere; each is told once.
pub(super) async fn heard(service: &Service) -> Result<Vec<AccountKey>, StoreError> {
    let (mut accounts, mut writes) = (Vec::new(), Writes::new());
    for (key, _) in service.vault.scan(Table::Meta, CALLED, None, HEARD_AT_ONCE).await? {
        let account = key.strip_prefix(CALLED).and_then(|account| account.try_into().ok());
        if let Some(account) = account.filter(|account| service.polls.claim(account).is_some()) {
            writes.delete(Table::Meta, &key, Expect::Any);
            accounts.push(account);
        }
    }
    if !accounts.is_empty() {
        service.vault.commit(writes).await?;
    }
    Ok(accounts)
}

fn row_key(account: &AccountKey) -> Vec<u8> {
    [CALLED, account].concat()
}
