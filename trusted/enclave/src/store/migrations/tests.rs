//! Steps of tests only: version 2 doubles what sessions hold, version 3 moves them to records. From every version, with stops,
//! and by several at once.

use super::*;
use crate::store::{KeyRing, Memory};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

const STEPS_OF_TESTS: [Step; 2] = [double, move_to_records];

fn double(vault: &Vault) -> Changes<'_> {
    Box::pin(async move {
        let mut writes = Writes::new();
        for (key, row) in vault.scan(Table::Session, b"", None, 99).await? {
            let twice = Zeroizing::new([&row.bytes[..], &row.bytes].concat());
            writes.put(Table::Session, &key, Expect::Version(row.version), twice);
        }
        Ok(writes)
    })
}

fn move_to_records(vault: &Vault) -> Changes<'_> {
    Box::pin(async move {
        let mut writes = Writes::new();
        for (key, row) in vault.scan(Table::Session, b"", None, 99).await? {
            writes.delete(Table::Session, &key, Expect::Version(row.version));
            writes.put(Table::Record, &key, Expect::Absent, row.bytes);
        }
        Ok(writes)
    })
}

fn vault() -> Vault {
    Vault::new(Arc::new(Memory::new()), KeyRing::born(crate::random::bytes))
}

/// A store as the program of a version left it: two rows, in the form of that version.
async fn left_by(version: u32) -> Vault {
    let vault = vault();
    let mut writes = Writes::new();
    for key in [b"a", b"b"] {
        let (table, bytes) = match version {
            1 => (Table::Session, key.to_vec()),
            2 => (Table::Session, key.repeat(2)),
            _ => (Table::Record, key.repeat(2)),
        };
        writes.put(table, key, Expect::Absent, Zeroizing::new(bytes));
    }
    write(&vault, Expect::Absent, writes, version).await.unwrap();
    vault
}

/// Every row but that of the version.
async fn rows(vault: &Vault) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    for table in Table::ALL.into_iter().filter(|table| *table != Table::Meta) {
        for (key, row) in vault.scan(table, b"", None, 99).await.unwrap() {
            rows.push((table, key, row.bytes.to_vec()));
        }
    }
    rows
}

fn in_form(version: u32) -> Vec<(Table, Vec<u8>, Vec<u8>)> {
    let row = |key: &[u8]| match version {
        1 => (Table::Session, key.to_vec(), key.to_vec()),
        2 => (Table::Session, key.to_vec(), key.repeat(2)),
        _ => (Table::Record, key.to_vec(), key.repeat(2)),
    };
    vec![row(b"a"), row(b"b")]
}

#[tokio::test]
async fn every_earlier_version_is_brought_to_each_later_one() {
    for from in 1..=3 {
        for to in from..=3 {
            let vault = left_by(from).await;
            assert_eq!(rows(&vault).await, in_form(from));
            let steps = &STEPS_OF_TESTS[..usize::try_from(to).unwrap() - 1];
            assert_eq!(run(&vault, steps).await, Ok(to), "from {from}");
            assert_eq!(rows(&vault).await, in_form(to), "from {from} to {to}");
            assert_eq!(run(&vault, steps).await, Ok(to), "a second start changes nothing");
            assert_eq!(rows(&vault).await, in_form(to), "from {from} to {to}");
        }
    }
}

#[tokio::test]
async fn a_later_version_is_left_alone() {
    for (there, ours) in [(3, 1), (3, 2), (2, 1), (u32::MAX, 3)] {
        let vault = left_by(there).await;
        let meta = vault.store().get(Table::Meta, SCHEMA).await.unwrap();
        assert_eq!(run(&vault, &STEPS_OF_TESTS[..ours - 1]).await, Err(StoreError::Newer));
        assert_eq!(rows(&vault).await, in_form(there));
        assert!(vault.store().get(Table::Meta, SCHEMA).await.unwrap() == meta);
    }
}

#[tokio::test]
async fn an_empty_store_begins_with_the_latest_version() {
    let vault = vault();
    assert_eq!(run(&vault, &STEPS_OF_TESTS).await, Ok(3));
    assert_eq!(version(&vault).await, Ok(Some((1, 3))));
    let first = self::vault();
    assert_eq!(run(&first, STEPS).await, Ok(u32::try_from(STEPS.len()).unwrap() + 1));
}

#[tokio::test]
async fn rows_of_a_version_that_nobody_says_are_not_guessed_at() {
    let vault = left_by(1).await;
    let mut writes = Writes::new();
    writes.delete(Table::Meta, SCHEMA, Expect::Any);
    vault.commit(writes).await.unwrap();
    assert_eq!(run(&vault, &STEPS_OF_TESTS).await, Err(StoreError::Corrupt));
    for said in [&b""[..], &[0; 4], &[1], &[0, 0, 0, 1, 0]] {
        let vault = self::vault();
        let mut writes = Writes::new();
        writes.put(Table::Meta, SCHEMA, Expect::Absent, Zeroizing::new(said.to_vec()));
        vault.commit(writes).await.unwrap();
        assert_eq!(run(&vault, &STEPS_OF_TESTS).await, Err(StoreError::Corrupt), "{said:?}");
    }
}

#[tokio::test]
async fn a_stop_leaves_one_version_or_the_next() {
    fn stopped(_: &Vault) -> Changes<'_> {
        Box::pin(async { Err(StoreError::Unavailable) })
    }
    let vault = left_by(1).await;
    assert_eq!(run(&vault, &[stopped, move_to_records]).await, Err(StoreError::Unavailable));
    assert_eq!(rows(&vault).await, in_form(1), "the first step was not made");
    assert_eq!(run(&vault, &[double, stopped]).await, Err(StoreError::Unavailable));
    assert_eq!(rows(&vault).await, in_form(2), "the first was, the second not");
    assert_eq!(run(&vault, &STEPS_OF_TESTS).await, Ok(3));
    assert_eq!(rows(&vault).await, in_form(3), "no step is made twice");
}

#[tokio::test]
async fn a_row_that_was_written_meanwhile_is_read_again() {
    static ROUND: AtomicU32 = AtomicU32::new(0);
    fn disturbed(vault: &Vault) -> Changes<'_> {
        Box::pin(async move {
            let writes = double(vault).await?;
            if ROUND.fetch_add(1, Ordering::Relaxed) == 0 {
                let mut other = Writes::new();
                other.put(Table::Session, b"a", Expect::Version(1), Zeroizing::new(b"new".to_vec()));
                vault.commit(other).await?;
            }
            Ok(writes)
        })
    }
    let vault = left_by(1).await;
    assert_eq!(run(&vault, &[disturbed]).await, Ok(2));
    let expected = [(Table::Session, b"a".to_vec(), b"newnew".to_vec()), in_form(2)[1].clone()];
    assert_eq!(rows(&vault).await, expected);
    assert_eq!(ROUND.load(Ordering::Relaxed), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_that_start_at_once_make_each_step_once() {
    for _ in 0..20 {
        let vault = Arc::new(left_by(1).await);
        let mut starts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let vault = Arc::clone(&vault);
            starts.spawn(async move { run(&vault, &STEPS_OF_TESTS).await });
        }
        assert_eq!(starts.join_all().await, [Ok(3); 6]);
        assert_eq!(rows(&vault).await, in_form(3));
    }
}
