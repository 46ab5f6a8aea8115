//! Holders and their records (DESIGN.md section 3): which accounts and sessions belong to a holder's key, and their erasure.
//!
//! A record is kept under a keyed hash of the key. When it is erased its row stays as a tombstone, which says when and nothing
//! else: a record that begins again under the same key says that it did.

use crate::{
    account::AccountKey,
    failure::Failure,
    session::{RecordKey, SessionKey},
    store::{Expect, StoreError, Table, Vault, Writes},
};
use ed25519_dalek::{Signature, VerifyingKey};
use ledger::Timestamp;
use protocol::{Code, api, holder, limits, rfc3339, wire};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use zeroize::Zeroizing;

/// A call that a holder signed, before it is known whether with the right key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Signed {
    envelope_id: [u8; 16],
    body: Vec<u8>,
    signature: [u8; 64],
}

impl Signed {
    /// The body of a call without its signature, and the signature if there is one.
    pub(crate) fn split(
        envelope_id: [u8; 16],
        body: Zeroizing<Vec<u8>>,
    ) -> (Zeroizing<Vec<u8>>, Option<Self>) {
        match holder::split(&body) {
            Some((unsigned, signature)) => {
                let signed = Self { envelope_id, body: unsigned.clone(), signature };
                (Zeroizing::new(unsigned), Some(signed))
            }
            None => (body, None),
        }
    }

    /// Whether the holder of a key signed it (RFC 8032; weak keys and signatures that are not canonical are refused).
    pub(crate) fn is_by(&self, public: &[u8; 32]) -> bool {
        let bytes = holder::signed_bytes(&self.envelope_id, &self.body);
        VerifyingKey::from_bytes(public)
            .is_ok_and(|key| key.verify_strict(&bytes, &Signature::from_bytes(&self.signature)).is_ok())
    }
}

impl Drop for Signed {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.body);
    }
}

/// A record.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// When its first account was registered.
    pub(crate) began_at: Option<Timestamp>,
    /// When it began anew after an erasure.
    pub(crate) restarted_at: Option<Timestamp>,
    /// When it was erased; nothing else is known of it then.
    pub(crate) erased_at: Option<Timestamp>,
    /// Its accounts, in the order in which they joined.
    pub(crate) accounts: Vec<Member>,
    /// Its sessions that were not purged yet.
    pub(crate) sessions: Vec<SessionKey>,
}

/// An account of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    account: AccountKey,
    shown: api::Account,
    registered: Timestamp,
    /// It is of a test system.
    sandbox: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    began_at: Option<i64>,
    restarted_at: Option<i64>,
    erased_at: Option<i64>,
    accounts: Vec<KeptMember>,
    sessions: Vec<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KeptMember {
    account: String,
    shown: api::Account,
    registered: i64,
    /// Rows of before know live accounts only.
    #[serde(default)]
    sandbox: bool,
}

impl Record {
    /// Its accounts, and from when on each counts.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = (AccountKey, Timestamp)> + Clone {
        self.accounts.iter().map(|member| (member.account, member.registered)).collect::<Vec<_>>().into_iter()
    }

    /// As its holder sees it; none where it was erased.
    pub(crate) fn held(&self) -> Option<api::HeldRecord> {
        let accounts = self.accounts.iter().map(|Member { account: _, shown, registered, sandbox: _ }| {
            api::HeldAccount { account: shown.clone(), registered: rfc3339(*registered) }
        });
        Some(api::HeldRecord {
            began: rfc3339(self.began_at?),
            record_restarted_at: self.restarted_at.map(rfc3339),
            accounts: accounts.collect(),
        })
    }

    /// With one more session, of an account that may be new to it.
    fn joined(
        mut self,
        (account, shown, sandbox): (AccountKey, &api::Account, bool),
        session: SessionKey,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        if self.accounts.iter().any(|member| member.sandbox != sandbox) {
            let detail = "A record is of live accounts or of test accounts, and this one is of the other kind. Register with another \
                          holder key.";
            return Err(Failure::new(Code::SandboxUnsupported, detail));
        }
        if self.began_at.is_none() {
            self.restarted_at = self.erased_at.take().map(|_| now);
            self.began_at = Some(now);
        }
        if !self.accounts.iter().any(|member| member.account == account) {
            if self.accounts.len() >= limits::ACCOUNTS_PER_RECORD_MAX {
                let detail =
                    "The record has as many accounts as one may have. Register with another holder key.";
                return Err(Failure::new(Code::RateLimited, detail));
            }
            self.accounts.push(Member { account, shown: shown.clone(), registered: now, sandbox });
        }
        if self.sessions.len() >= limits::SESSIONS_PER_HOLDER_MAX {
            let detail = "The holder key has too many sessions. Revoke some, or wait until they are purged.";
            return Err(Failure::new(Code::RateLimited, detail).retry_after(limits::SWEEP_INTERVAL_S));
        }
        self.sessions.push(session);
        Ok(self)
    }

    fn bytes(&self) -> Zeroizing<Vec<u8>> {
        let Self { began_at, restarted_at, erased_at, accounts, sessions } = self;
        let ms = |at: &Option<Timestamp>| at.map(Timestamp::millis);
        let kept = Kept {
            v: 1,
            began_at: ms(began_at),
            restarted_at: ms(restarted_at),
            erased_at: ms(erased_at),
            accounts: accounts
                .iter()
                .map(|Member { account, shown, registered, sandbox }| KeptMember {
                    account: wire::encode(account),
                    shown: shown.clone(),
                    registered: registered.millis(),
                    sandbox: *sandbox,
                })
                .collect(),
            sessions: sessions.iter().map(|key| wire::encode(key)).collect(),
        };
        // Texts and numbers always serialise.
        Zeroizing::new(serde_json::to_vec(&kept).unwrap_or_default())
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let kept: Kept = serde_json::from_slice(bytes).ok().filter(|kept: &Kept| kept.v == 1)?;
        let at = |ms: Option<i64>| ms.map(Timestamp::from_millis);
        let members = kept.accounts.into_iter().map(|KeptMember { account, shown, registered, sandbox }| {
            let account = wire::decode_array(&account)?;
            Some(Member { account, shown, registered: Timestamp::from_millis(registered), sandbox })
        });
        Some(Self {
            began_at: at(kept.began_at),
            restarted_at: at(kept.restarted_at),
            erased_at: at(kept.erased_at),
            accounts: members.collect::<Option<_>>()?,
            sessions: kept.sessions.iter().map(|key| wire::decode_array(key)).collect::<Option<_>>()?,
        })
    }
}

/// All records.
pub(crate) struct Holders {
    vault: Arc<Vault>,
}

impl Holders {
    pub(crate) fn new(vault: Arc<Vault>) -> Self {
        Self { vault }
    }

    /// Under which the record of a public key is kept.
    pub(crate) fn key(&self, public: &[u8; 32]) -> RecordKey {
        self.vault.id("holder", &[public])
    }

    /// The record, or the tombstone, of a key, and the version of its row.
    pub(crate) async fn get(&self, key: &RecordKey) -> Result<Option<(Record, u64)>, StoreError> {
        let Some(row) = self.vault.get(Table::Record, key).await? else { return Ok(None) };
        Ok(Some((Record::read(&row.bytes).ok_or(StoreError::Corrupt)?, row.version)))
    }

    /// Writes that a session of an account joins the record. The record as it then is.
    pub(crate) async fn join(
        &self,
        key: &RecordKey,
        account: (AccountKey, &api::Account, bool),
        session: SessionKey,
        now: Timestamp,
        writes: &mut Writes,
    ) -> Result<Record, Failure> {
        let (record, version) = self.get(key).await?.unwrap_or_default();
        let record = record.joined(account, session, now)?;
        put(key, &record, version, writes);
        Ok(record)
    }

    /// Writes the tombstone of a record.
    pub(crate) fn bury(&self, key: &RecordKey, version: u64, now: Timestamp, writes: &mut Writes) {
        put(key, &Record { erased_at: Some(now), ..Record::default() }, version, writes);
    }

    /// A session was purged. What cannot be written now is written with the next.
    pub(crate) async fn purge(&self, key: &RecordKey, session: &SessionKey) -> Result<(), StoreError> {
        let Some((mut record, version)) = self.get(key).await? else { return Ok(()) };
        record.sessions.retain(|known| known != session);
        let mut writes = Writes::new();
        put(key, &record, version, &mut writes);
        self.vault.commit(writes).await
    }
}

fn put(key: &RecordKey, record: &Record, version: u64, writes: &mut Writes) {
    let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
    writes.put(Table::Record, key, expect, record.bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1000)
    }

    #[test]
    fn only_the_holder_of_the_key_signs_for_this_envelope_and_body() {
        let key = SigningKey::from_bytes(&[7; 32]);
        let signature = key.sign(&holder::signed_bytes(&[1; 16], br#"{"a":1}"#)).to_bytes();
        let joined = holder::join(br#"{"a":1}"#, &signature).unwrap();
        let (body, signed) = Signed::split([1; 16], Zeroizing::new(joined.clone()));
        assert_eq!(body.as_slice(), br#"{"a":1}"#);
        assert!(signed.unwrap().is_by(&key.verifying_key().to_bytes()));
        let (_, signed) = Signed::split([2; 16], Zeroizing::new(joined));
        assert!(!signed.clone().unwrap().is_by(&key.verifying_key().to_bytes()), "another envelope");
        let other = SigningKey::from_bytes(&[8; 32]).verifying_key().to_bytes();
        assert!(!signed.clone().unwrap().is_by(&other), "another key");
        assert!(!signed.unwrap().is_by(&[0; 32]), "a weak key");
        assert_eq!(Signed::split([1; 16], Zeroizing::new(b"{}".to_vec())).1, None);
    }

    #[test]
    fn a_record_that_was_erased_begins_again_and_says_so() {
        let shown = api::Account::default();
        let join = |record: Record, account: u8, at_s| {
            record.joined(([account; 32], &shown, false), [9; 32], at(at_s)).unwrap()
        };
        let record = join(join(Record::default(), 1, 10), 2, 20);
        assert_eq!((record.began_at, record.restarted_at), (Some(at(10)), None));
        let again = join(record.clone(), 1, 30);
        assert_eq!(again.accounts, record.accounts, "an account counts from its first registration");
        assert_eq!(Record::read(&again.bytes()), Some(again));
        let tombstone = Record { erased_at: Some(at(40)), ..Record::default() };
        assert_eq!(tombstone.held(), None);
        let restarted = join(tombstone, 1, 50);
        assert_eq!((restarted.began_at, restarted.restarted_at), (Some(at(50)), Some(at(50))));
        assert_eq!(restarted.erased_at, None);
    }

    #[test]
    fn live_accounts_and_those_of_test_systems_share_no_record() {
        let shown = api::Account::default();
        let join = |record: Record, account: u8, sandbox| {
            record.joined(([account; 32], &shown, sandbox), [9; 32], at(1))
        };
        for first in [false, true] {
            let record = join(Record::default(), 1, first).unwrap();
            let read = Record::read(&record.bytes()).unwrap();
            assert_eq!(join(read, 2, !first).unwrap_err().code, Code::SandboxUnsupported);
            assert!(join(record, 2, first).is_ok());
        }
    }

    #[test]
    fn accounts_and_sessions_of_a_record_are_bounded() {
        let shown = api::Account::default();
        let mut record = Record::default();
        for number in 0..limits::ACCOUNTS_PER_RECORD_MAX {
            let account = [u8::try_from(number).unwrap(); 32];
            record = record.joined((account, &shown, false), [1; 32], at(1)).unwrap();
        }
        assert_eq!(
            record.clone().joined(([255; 32], &shown, false), [1; 32], at(1)).unwrap_err().code,
            Code::RateLimited
        );
        while record.sessions.len() < limits::SESSIONS_PER_HOLDER_MAX {
            record.sessions.push([2; 32]);
        }
        assert_eq!(
            record.joined(([0; 32], &shown, false), [1; 32], at(1)).unwrap_err().code,
            Code::RateLimited
        );
    }
}
