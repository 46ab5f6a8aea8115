//! What every store does alike. A store's own tests call [`run`] with an empty one; it is not empty after that.

use super::{Batch, Change, Claim, Expect, Instance, Store, StoreError, Stored, Table};
use std::sync::Arc;
use tokio::task::JoinSet;

/// Holds an empty store to the contract.
pub(crate) async fn run(store: Arc<dyn Store>) {
    a_change_is_made_only_when_what_it_expects_is_so(&*store).await;
    a_batch_is_made_all_or_none(&*store).await;
    rows_come_in_the_order_of_their_keys(&*store).await;
    tables_do_not_mix(&*store).await;
    rows_are_kept_as_they_are(&*store).await;
    of_many_who_write_one_row_one_wins(&store).await;
    an_account_is_held_by_one(&*store).await;
    a_fence_holds_as_long_as_its_claim(&*store).await;
    accounts_are_handed_out_once(&store).await;
    an_envelope_is_used_once(&*store).await;
}

const A: Instance = [0xa; 16];
const B: Instance = [0xb; 16];
/// Far enough for every clock.
const LATER_S: u64 = 4_000_000_000;

pub(crate) fn row(version: u64, sealed: &[u8]) -> Stored {
    Stored { generation: 1, version, sealed: sealed.to_vec() }
}

pub(crate) fn put(table: Table, key: &[u8], expect: Expect, row: Stored) -> Change {
    Change { table, key: key.to_vec(), expect, row: Some(row) }
}

pub(crate) fn delete(table: Table, key: &[u8], expect: Expect) -> Change {
    Change { table, key: key.to_vec(), expect, row: None }
}

pub(crate) fn batch(changes: impl IntoIterator<Item = Change>) -> Batch {
    Batch { changes: changes.into_iter().collect(), fences: Vec::new() }
}

async fn keys(
    store: &dyn Store,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    at_most: usize,
) -> Vec<Vec<u8>> {
    store.scan(table, prefix, after, at_most).await.unwrap().into_iter().map(|(key, _)| key).collect()
}

async fn a_change_is_made_only_when_what_it_expects_is_so(store: &dyn Store) {
    let (table, key) = (Table::Session, b"expects".as_slice());
    let conflict = Err(StoreError::Conflict);
    let commit = |change| store.commit(batch([change]));
    assert!(store.get(table, key).await.unwrap().is_none());
    assert_eq!(commit(put(table, key, Expect::Version(1), row(2, b"x"))).await, conflict, "there is none");
    assert_eq!(
        commit(put(table, key, Expect::Any, row(1, b"x"))).await,
        conflict,
        "who writes says what was there"
    );
    assert_eq!(commit(put(table, key, Expect::Absent, row(1, b"one"))).await, Ok(()));
    assert_eq!(commit(put(table, key, Expect::Absent, row(1, b"x"))).await, conflict, "there is one");
    assert_eq!(commit(put(table, key, Expect::Version(2), row(3, b"x"))).await, conflict, "it is another");
    assert_eq!(commit(delete(table, key, Expect::Version(2))).await, conflict);
    assert_eq!(commit(delete(table, key, Expect::Absent)).await, conflict);
    assert!(store.get(table, key).await.unwrap() == Some(row(1, b"one")));
    assert_eq!(commit(put(table, key, Expect::Version(1), row(2, b"two"))).await, Ok(()));
    assert!(store.get(table, key).await.unwrap() == Some(row(2, b"two")));
    // The same version again, in another generation: what sealing anew does.
    let anew = Stored { generation: 7, ..row(2, b"anew") };
    for (generation, version) in [(7, 2), (1, 1)] {
        let expect = Expect::Sealed { generation, version };
        assert_eq!(
            commit(put(table, key, expect, anew.clone())).await,
            conflict,
            "another generation, or version"
        );
    }
    let expect = Expect::Sealed { generation: 1, version: 2 };
    assert_eq!(commit(put(table, key, expect, anew.clone())).await, Ok(()));
    assert!(store.get(table, key).await.unwrap() == Some(anew));
    assert_eq!(commit(delete(table, key, Expect::Version(2))).await, Ok(()));
    assert!(store.get(table, key).await.unwrap().is_none());
    assert_eq!(commit(delete(table, key, Expect::Any)).await, Ok(()), "what is gone may be deleted");
    assert_eq!(commit(delete(table, key, Expect::Absent)).await, Ok(()), "as expected");
    assert_eq!(commit(put(table, key, Expect::Absent, row(1, b"again"))).await, Ok(()));
    assert_eq!(commit(delete(table, key, Expect::Any)).await, Ok(()));
}

async fn a_batch_is_made_all_or_none(store: &dyn Store) {
    let table = Table::Account;
    let new = |key: &[u8]| put(table, key, Expect::Absent, row(1, key));
    assert_eq!(store.commit(batch([new(b"all-1"), new(b"all-2")])).await, Ok(()));
    // The one that does not hold first, in the middle and last; and in another table.
    let bad = put(table, b"all-1", Expect::Version(9), row(10, b"x"));
    let other = put(Table::Lease, b"all-4", Expect::Absent, row(1, b"x"));
    for at in 0..4 {
        let mut changes = vec![new(b"all-3"), delete(table, b"all-2", Expect::Version(1)), other.clone()];
        changes.insert(at, bad.clone());
        assert_eq!(store.commit(batch(changes)).await, Err(StoreError::Conflict), "at {at}");
        assert_eq!(keys(store, table, b"all-", None, 9).await, [b"all-1", b"all-2"], "at {at}");
        assert_eq!(keys(store, Table::Lease, b"", None, 9).await, Vec::<Vec<u8>>::new(), "at {at}");
    }
    assert!(store.get(table, b"all-1").await.unwrap() == Some(row(1, b"all-1")));
    // What is expected is judged before anything is changed, so one row is named once.
    let twice = [new(b"all-5"), put(table, b"all-5", Expect::Version(1), row(2, b"x"))];
    assert_eq!(store.commit(batch(twice)).await, Err(StoreError::Conflict));
    assert_eq!(store.commit(batch([])).await, Ok(()), "nothing is done at once");
    let both = [delete(table, b"all-1", Expect::Any), delete(table, b"all-2", Expect::Version(1))];
    assert_eq!(store.commit(batch(both)).await, Ok(()));
    assert_eq!(keys(store, table, b"all-", None, 9).await, Vec::<Vec<u8>>::new());
}

async fn rows_come_in_the_order_of_their_keys(store: &dyn Store) {
    let table = Table::Part;
    let all: [&[u8]; 8] = [b"p", b"p\0", b"p\0\0", b"p\x01", b"p\x7f\xff", b"p\x80", b"p\xff", b"p\xff\xff"];
    // Written in another order than they come in.
    let mixed = [5, 0, 7, 2, 4, 1, 6, 3].map(|at| put(table, all[at], Expect::Absent, row(1, all[at])));
    store.commit(batch(mixed)).await.unwrap();
    store
        .commit(batch([b"o\xff".as_slice(), b"q"].map(|key| put(table, key, Expect::Absent, row(1, b"")))))
        .await
        .unwrap();
    assert_eq!(keys(store, table, b"p", None, 99).await, all);
    assert_eq!(keys(store, table, b"p\0", None, 99).await, all[1..3]);
    assert_eq!(keys(store, table, b"p\xff", None, 99).await, all[6..8], "a prefix that ends in 0xff");
    assert_eq!(keys(store, table, b"\xff", None, 99).await, all[..0]);
    assert_eq!(keys(store, table, b"", None, 99).await.len(), 10);
    // After a row, after one that is not there, before the prefix, behind it.
    assert_eq!(keys(store, table, b"p", Some(b"p\0"), 99).await, all[2..]);
    assert_eq!(keys(store, table, b"p", Some(b"p\x02"), 99).await, all[4..]);
    assert_eq!(keys(store, table, b"p", Some(b"a"), 99).await, all);
    assert_eq!(keys(store, table, b"p\0", Some(b"p"), 99).await, all[1..3]);
    assert_eq!(keys(store, table, b"p", Some(b"q"), 99).await, all[..0]);
    assert_eq!(keys(store, table, b"p", None, 0).await, all[..0]);
    // Page by page they are the same.
    for page in 1..4 {
        let (mut paged, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let found = keys(store, table, b"p", after.as_deref(), page).await;
            assert!(found.len() <= page);
            let Some(last) = found.last() else { break };
            after = Some(last.clone());
            paged.extend(found);
        }
        assert_eq!(paged, all, "pages of {page}");
    }
    for (key, stored) in store.scan(table, b"p", None, 99).await.unwrap() {
        assert!(stored == row(1, &key), "each with its own row");
    }
}

async fn tables_do_not_mix(store: &dyn Store) {
    for (at, table) in Table::ALL.into_iter().enumerate() {
        let own = row(1, &[u8::try_from(at).unwrap()]);
        assert_eq!(store.commit(batch([put(table, b"mix", Expect::Absent, own)])).await, Ok(()));
    }
    for (at, table) in Table::ALL.into_iter().enumerate() {
        let found = store.get(table, b"mix").await.unwrap();
        assert!(found == Some(row(1, &[u8::try_from(at).unwrap()])), "{}", table.name());
        assert_eq!(keys(store, table, b"mix", None, 9).await, [b"mix"]);
        assert_eq!(store.commit(batch([delete(table, b"mix", Expect::Version(1))])).await, Ok(()));
    }
}

async fn rows_are_kept_as_they_are(store: &dyn Store) {
    let table = Table::Record;
    let big: Vec<u8> = (0..1_u32 << 20).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let long_key = [0xee; 200];
    let rows = [
        (b"empty".as_slice(), row(1, b"")),
        (b"zeros", row(1, &[0; 40])),
        (b"big", row(1, &big)),
        (b"\0", row(1, b"a key that is a zero")),
        (&long_key, row(1, b"a long key")),
        (b"largest", Stored { generation: i32::MAX as u32, version: i64::MAX as u64, sealed: vec![1] }),
    ];
    let changes = rows.iter().map(|(key, row)| put(table, key, Expect::Absent, row.clone()));
    assert_eq!(store.commit(batch(changes)).await, Ok(()));
    for (key, row) in &rows {
        assert!(store.get(table, key).await.unwrap().as_ref() == Some(row));
    }
    let last = rows.last().unwrap().1.version;
    assert_eq!(store.commit(batch([delete(table, b"largest", Expect::Version(last))])).await, Ok(()));
}

async fn of_many_who_write_one_row_one_wins(store: &Arc<dyn Store>) {
    let (table, key) = (Table::Session, b"race".as_slice());
    for version in 0..4_u64 {
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let mut writers = JoinSet::new();
        for writer in 0..16_u8 {
            let store = Arc::clone(store);
            writers.spawn(async move {
                let change = put(table, key, expect, row(version + 1, &[writer]));
                (writer, store.commit(batch([change])).await)
            });
        }
        let ended = writers.join_all().await;
        let won: Vec<u8> = ended.iter().filter(|(_, made)| made.is_ok()).map(|(writer, _)| *writer).collect();
        assert_eq!(won.len(), 1, "{ended:?}");
        assert!(
            ended.iter().all(|(_, made)| made.is_ok() || *made == Err(StoreError::Conflict)),
            "{ended:?}"
        );
        assert!(
            store.get(table, key).await.unwrap() == Some(row(version + 1, &won)),
            "what the winner wrote"
        );
    }
}

async fn an_account_is_held_by_one(store: &dyn Store) {
    let account = [1; 32];
    assert_eq!(store.claim(A, 9).await, Ok(vec![]), "nobody enrolled one");
    assert_eq!(store.claim_one(A, account).await, Ok(None));
    store.enroll(account, LATER_S).await.unwrap();
    let first = store.claim_one(A, account).await.unwrap().unwrap();
    assert_eq!(first.account, account);
    assert_eq!(store.claim_one(B, account).await, Ok(None), "another holds it");
    assert_eq!(store.claim_one(A, account).await, Ok(None), "it is not free for its holder either");
    store.enroll(account, LATER_S + 1).await.unwrap();
    assert_eq!(store.claim(B, 9).await, Ok(vec![]), "to enrol again sets nothing free");
    assert_eq!((store.renew(A).await, store.renew(B).await), (Ok(vec![first]), Ok(vec![])));
    store.release(B, None).await.unwrap();
    store.release(B, Some(account)).await.unwrap();
    assert_eq!(store.renew(A).await, Ok(vec![first]), "nobody gives back what another holds");
    store.release(A, Some(account)).await.unwrap();
    assert_eq!(store.renew(A).await, Ok(vec![]));
    let second = store.claim(B, 9).await.unwrap();
    assert!(
        matches!(second[..], [claim] if claim.account == account && claim.token > first.token),
        "{second:?}"
    );
    store.withdraw(account).await.unwrap();
    assert_eq!((store.renew(B).await, store.claim(A, 9).await), (Ok(vec![]), Ok(vec![])));
    store.enroll(account, LATER_S).await.unwrap();
    let third = store.claim_one(A, account).await.unwrap().unwrap();
    assert!(third.token > second[0].token, "tokens grow over a withdrawal too");
    store.withdraw(account).await.unwrap();
    store.withdraw(account).await.unwrap();
}

async fn a_fence_holds_as_long_as_its_claim(store: &dyn Store) {
    let (table, account) = (Table::Account, [2; 32]);
    let fenced = |version: u64, fences: &[Claim]| {
        let expect = if version == 1 { Expect::Absent } else { Expect::Version(version - 1) };
        let changes = vec![put(table, b"fenced", expect, row(version, b"x"))];
        store.commit(Batch { changes, fences: fences.to_vec() })
    };
    store.enroll(account, LATER_S).await.unwrap();
    let claim = store.claim_one(A, account).await.unwrap().unwrap();
    assert_eq!(fenced(1, &[claim]).await, Ok(()));
    for (other, why) in [
        (Claim { token: claim.token + 1, ..claim }, "a later token"),
        (Claim { token: claim.token - 1, ..claim }, "an earlier token"),
        (Claim { account: [3; 32], ..claim }, "an account that nobody enrolled"),
    ] {
        assert_eq!(fenced(2, &[claim, other]).await, Err(StoreError::Fenced), "{why}");
    }
    store.release(A, None).await.unwrap();
    assert_eq!(fenced(2, &[claim]).await, Err(StoreError::Fenced), "it was given back");
    let next = store.claim_one(B, account).await.unwrap().unwrap();
    assert_eq!(fenced(2, &[claim]).await, Err(StoreError::Fenced), "another has it");
    assert_eq!(fenced(2, &[next]).await, Ok(()));
    store.withdraw(account).await.unwrap();
    assert_eq!(fenced(3, &[next]).await, Err(StoreError::Fenced), "it was withdrawn");
    assert!(
        store.get(table, b"fenced").await.unwrap() == Some(row(2, b"x")),
        "nothing was made without a claim"
    );
}

async fn accounts_are_handed_out_once(store: &Arc<dyn Store>) {
    let accounts: Vec<[u8; 32]> = (0..40).map(|at| [100 + at; 32]).collect();
    for account in &accounts {
        store.enroll(*account, LATER_S).await.unwrap();
    }
    let mut claiming = JoinSet::new();
    for by in 0..8_u8 {
        let store = Arc::clone(store);
        claiming.spawn(async move {
            let mut claimed = Vec::new();
            loop {
                let some = store.claim([by; 16], 3).await.unwrap();
                assert!(some.len() <= 3);
                if some.is_empty() {
                    break;
                }
                claimed.extend(some);
            }
            let mut held = store.renew([by; 16]).await.unwrap();
            held.sort_by_key(|claim| claim.account);
            claimed.sort_by_key(|claim| claim.account);
            assert_eq!(held, claimed, "it holds what it was given");
            claimed
        });
    }
    let mut handed: Vec<_> = claiming.join_all().await.concat().iter().map(|claim| claim.account).collect();
    handed.sort_unstable();
    assert_eq!(handed, accounts, "each once, and all");
    for account in accounts {
        store.withdraw(account).await.unwrap();
    }
}

async fn an_envelope_is_used_once(store: &dyn Store) {
    assert_eq!(store.use_envelope([1; 16], LATER_S).await, Ok(true));
    assert_eq!(store.use_envelope([1; 16], LATER_S).await, Ok(false));
    assert_eq!(store.use_envelope([2; 16], LATER_S).await, Ok(true));
}
