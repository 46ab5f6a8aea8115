//! Claims and fences between enclaves, and how many claims a second a database gives.

use super::{super::claims, *};
use server::shared;
use std::{collections::BTreeSet, time::Instant};

const ACCOUNT: [u8; 32] = [7; 32];
const FIRST: Instance = [1; 16];
const SECOND: Instance = [2; 16];

/// A holder was not heard of for longer than a claim lasts.
fn expire(server: &Server, database: &str, holder: u8) {
    let sql = format!(
        "UPDATE holders SET expires_at = expires_at - interval '16 seconds' WHERE holder = '\\x{}'",
        format!("{holder:02x}").repeat(16)
    );
    server.sql(database, &sql);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_holder_that_was_frozen_and_thaws_writes_nothing_more() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let (first, second) = (store(server, &database).await, store(server, &database).await);
    first.enroll(ACCOUNT, LATER_S).await.unwrap();
    let old = first.claim_one(FIRST, ACCOUNT).await.unwrap().expect("nobody holds it");
    first.commit(batch(vec![put(b"row", Expect::Absent, 1, b"old")], vec![old])).await.unwrap();
    assert_eq!(second.claim(SECOND, 10).await, Ok(Vec::new()), "its holder lives");
    assert_eq!(second.claim_one(SECOND, ACCOUNT).await, Ok(None));

    expire(server, &database, 1);
    let [new] = second.claim(SECOND, 10).await.unwrap()[..] else { panic!("it expired") };
    assert_eq!(new.account, ACCOUNT);
    assert!(new.token > old.token);

    let late = batch(
        vec![put(b"row", Expect::Version(1), 2, b"late"), put(b"other", Expect::Absent, 1, b"late")],
        vec![old],
    );
    assert_eq!(first.commit(late).await, Err(StoreError::Fenced));
    assert!(first.get(Table::Account, b"row").await.unwrap().unwrap().sealed == b"old");
    assert!(first.get(Table::Account, b"other").await.unwrap().is_none(), "nothing of it was written");
    assert_eq!(first.renew(FIRST).await, Ok(Vec::new()), "it is told what it still holds");
    second.commit(batch(vec![put(b"row", Expect::Version(1), 2, b"new")], vec![new])).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_that_expired_and_that_nobody_took_is_kept_by_who_renews_it() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let (first, second) = (store(server, &database).await, store(server, &database).await);
    first.enroll(ACCOUNT, LATER_S).await.unwrap();
    let claim = first.claim_one(FIRST, ACCOUNT).await.unwrap().unwrap();
    expire(server, &database, 1);
    assert_eq!(first.renew(FIRST).await, Ok(vec![claim]));
    assert_eq!(second.claim(SECOND, 1).await, Ok(Vec::new()));
    assert_eq!(first.commit(batch(Vec::new(), vec![claim])).await, Ok(()));
    // Also without renewing: that it claims says that it lives.
    expire(server, &database, 1);
    assert_eq!(first.claim(FIRST, 1).await, Ok(Vec::new()), "what it holds is not free");
    assert_eq!(second.claim(SECOND, 1).await, Ok(Vec::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_back_or_withdrawn_is_written_by_nobody_who_held_it() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let store = store(server, &database).await;
    store.enroll(ACCOUNT, LATER_S).await.unwrap();
    let fenced = |claim| batch(Vec::new(), vec![claim]);
    let mut claims = Vec::new();
    for give_back in [0, 1, 2] {
        let claim = store.claim_one(FIRST, ACCOUNT).await.unwrap().expect("free");
        assert_eq!(store.commit(fenced(claim)).await, Ok(()));
        claims.push(claim);
        match give_back {
            0 => store.release(FIRST, Some(ACCOUNT)).await.unwrap(),
            1 => store.release(FIRST, None).await.unwrap(),
            _ => {
                store.withdraw(ACCOUNT).await.unwrap();
                store.enroll(ACCOUNT, LATER_S).await.unwrap();
            }
        }
        for claim in &claims {
            assert_eq!(store.commit(fenced(*claim)).await, Err(StoreError::Fenced));
        }
    }
    let last = store.claim_one(SECOND, ACCOUNT).await.unwrap().unwrap();
    assert!(claims.iter().all(|claim| claim.token < last.token), "{claims:?} {last:?}");
    assert_eq!(store.release(FIRST, Some(ACCOUNT)).await, Ok(()), "not its own");
    assert_eq!(store.renew(SECOND).await, Ok(vec![last]));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_polled_until_its_instant() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let store = store(server, &database).await;
    store.enroll(ACCOUNT, 1_000_000_000).await.unwrap();
    assert_eq!(store.claim(FIRST, 1).await, Ok(Vec::new()), "it is past");
    store.enroll(ACCOUNT, LATER_S).await.unwrap();
    assert_eq!(store.claim(FIRST, 1).await.unwrap().len(), 1, "said again with another");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_past_is_swept_and_nothing_else() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let store = store(server, &database).await;
    for (id, expires_s) in [([1; 16], 1_000_000_000), ([2; 16], LATER_S)] {
        assert_eq!(store.use_envelope(id, expires_s).await, Ok(true));
        assert_eq!(store.use_envelope(id, expires_s).await, Ok(false), "it is used");
    }
    let past = "INSERT INTO envelopes SELECT sha256(n::text::bytea), n FROM generate_series(1, 2500) AS n";
    server.sql(&database, past);
    store.enroll(ACCOUNT, LATER_S).await.unwrap();
    store.enroll([8; 32], 1_000_000_000).await.unwrap();
    store.claim_one(FIRST, ACCOUNT).await.unwrap().unwrap();
    server.sql(&database, "INSERT INTO holders VALUES ('old', now() - interval '2 days')");
    claims::sweep(&store.pool).await.unwrap();
    let left = "SELECT (SELECT count(*) FROM envelopes) || ' ' || (SELECT count(*) FROM claims) || ' ' \
        || (SELECT count(*) FROM holders)";
    assert_eq!(server.sql(&database, left), "1 1 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_is_stuck_keeps_its_account_and_stops_nobody_else() {
    let Some(server) = shared() else { return };
    let database = server.database();
    let (first, second) = (store(server, &database).await, store(server, &database).await);
    for account in [ACCOUNT, [8; 32]] {
        first.enroll(account, LATER_S).await.unwrap();
        first.claim_one(FIRST, account).await.unwrap().unwrap();
    }
    // What a commit with a fence holds, at the moment when its enclave is frozen.
    let lent = first.pool.lend().await.unwrap();
    let fence = format!("BEGIN; SELECT FROM claims WHERE account = '\\x{}' FOR UPDATE", "07".repeat(32));
    lent.client().unwrap().batch_execute(&fence).await.unwrap();
    expire(server, &database, 1);
    let taken = second.claim(SECOND, 9).await.unwrap();
    assert!(matches!(taken[..], [Claim { account, .. }] if account == [8; 32]), "{taken:?}");
    drop(lent);
    let mut taken = Vec::new();
    while taken.is_empty() {
        taken = second.claim(SECOND, 9).await.unwrap();
    }
    assert_eq!(taken[0].account, ACCOUNT, "as soon as its transaction is over");
}

/// Prints claims a second; what it asserts is that each account has one holder.
#[tokio::test(flavor = "multi_thread")]
async fn every_account_is_claimed_once_however_many_claim() {
    const ACCOUNTS: usize = 20_000;
    let Some(server) = shared() else { return };
    for instances in [1_u8, 4] {
        let database = server.database();
        let mut stores = Vec::new();
        for _ in 0..instances {
            stores.push(store(server, &database).await);
        }
        let enrol = format!(
            "INSERT INTO claims SELECT sha256(n::text::bytea), '', 1, {LATER_S} FROM generate_series(1, {ACCOUNTS}) AS n"
        );
        server.sql(&database, &enrol);
        server.sql(&database, "ANALYZE");
        #[expect(clippy::disallowed_methods, reason = "a figure, not a judgement")]
        let begun = Instant::now();
        let claiming = stores.into_iter().zip(1_u8..).map(|(store, instance)| {
            tokio::spawn(async move {
                let mut claims = Vec::new();
                loop {
                    let more = store.claim([instance; 16], 100).await.unwrap();
                    if more.is_empty() {
                        assert_eq!(store.renew([instance; 16]).await.unwrap().len(), claims.len());
                        return claims;
                    }
                    claims.extend(more);
                }
            })
        });
        let (claiming, mut all, mut total) = (claiming.collect::<Vec<_>>(), BTreeSet::new(), 0);
        for task in claiming {
            let claims = task.await.unwrap();
            total += claims.len();
            all.extend(claims.into_iter().map(|claim| (claim.account, claim.token)));
        }
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "{instances} enclaves: {total} accounts in {seconds:.2} s, {:.0} a second",
            total as f64 / seconds
        );
        assert_eq!((total, all.len()), (ACCOUNTS, ACCOUNTS));
        assert!(all.iter().all(|(_, token)| *token == 2), "each changed hands once");
    }
}
