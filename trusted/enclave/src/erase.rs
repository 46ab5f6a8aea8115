//! The erasure of a record (DESIGN.md section 3): its sessions and leases end, ledgers that nobody else reads are deleted, and a
//! tombstone stays. All of it is written in one transaction, and then the receipt is made.

use crate::{
    failure::Failure,
    kept, lease, publish,
    service::Service,
    session::RecordKey,
    store::{Expect, Table, Writes},
};
use ledger::Timestamp;
use protocol::{Code, api, rfc3339, wire};
use std::sync::Arc;

const NOTE: &str = "Sessions ended, keys were wiped, and the ledgers of the record were deleted from the enclave's store; a \
                    keyed hash of the holder key stays, so that a record which begins again says so. An account that is \
                    also read without this holder key is kept for those. Copies that the host made of its disk are sealed \
                    and end with the store's keys. Only deleting the key at the exchange is final.";

/// An account of the record may be registered meanwhile.
const WRITE_TRIES: usize = 8;

/// Erases the record of a holder's key.
pub(crate) async fn erase(
    service: &Arc<Service>,
    key: RecordKey,
    now: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let mut tries = 0;
    loop {
        match once(service, key, now).await {
            Err(failure) if failure.is_conflict() && tries < WRITE_TRIES => tries += 1,
            outcome => return outcome,
        }
    }
}

async fn once(service: &Arc<Service>, key: RecordKey, now: Timestamp) -> Result<Vec<u8>, Failure> {
    let found = service.holders.get(&key).await?;
    let found = found.filter(|(record, _)| record.erased_at.is_none());
    let Some((record, version)) = found else {
        return Err(Failure::new(Code::SessionUnknown, "There is no record of this holder key."));
    };
    let mut writes = Writes::new();
    for session in &record.sessions {
        let Some(known) = service.sessions.get(*session).await? else { continue };
        let account = known.terms.account;
        service.polls.end(service, &account, session).await;
        writes.delete(Table::Session, session, Expect::Any);
        writes.delete(Table::Lease, &lease::row_key(&account, session), Expect::Any);
    }
    let mut gone = Vec::new();
    for (account, _) in record.accounts() {
        let Some(account) = service.accounts.find(account, now).await? else { continue };
        let (mut ties, version) = kept::ties(&service.vault, &account.key).await?;
        ties.records.remove(&wire::encode(&key));
        if ties.records.is_empty() && ties.read_until <= now.millis() && !service.polls.has(&account.key) {
            kept::delete(&account.key, &*account.rows.lock().await, version, &mut writes);
            gone.push(account.key);
        } else {
            kept::put_ties(&account.key, &ties, version, &mut writes);
            account.record_mut().ties = ties;
        }
    }
    service.holders.bury(&key, version, now, &mut writes);
    service.vault.commit(writes).await?;
    for session in &record.sessions {
        service.sessions.forget(session);
    }
    for account in &gone {
        service.accounts.forget(account);
        service.vault.store().withdraw(*account).await?;
    }
    service.views.forget(&key);
    tracing::info!("a record was erased");
    Ok(publish::encode(&api::Erased {
        erased: true,
        at: rfc3339(now),
        accounts: u32::try_from(record.accounts.len()).unwrap_or(u32::MAX),
        sessions: u32::try_from(record.sessions.len()).unwrap_or(u32::MAX),
        note: NOTE.to_owned(),
    }))
}
