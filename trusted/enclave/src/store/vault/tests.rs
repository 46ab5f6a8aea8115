//! Rows that were moved, changed or forged do not open; keys change under those who write.

use super::*;
use crate::store::{Memory, Stored};
use aes_gcm::{Aes256Gcm, KeyInit as _, aead::Aead as _, aead::Payload};
use tokio::task::JoinSet;

fn ring() -> KeyRing {
    let mut last = 0;
    KeyRing::born(|| {
        last += 1;
        [last; 32]
    })
}

fn vault() -> Vault {
    Vault::new(Arc::new(Memory::new()), ring())
}

fn clear(bytes: &[u8]) -> Zeroizing<Vec<u8>> {
    Zeroizing::new(bytes.to_vec())
}

async fn put(
    vault: &Vault,
    table: Table,
    key: &[u8],
    expect: Expect,
    bytes: &[u8],
) -> Result<(), StoreError> {
    let mut writes = Writes::new();
    writes.put(table, key, expect, clear(bytes));
    vault.commit(writes).await
}

async fn read(vault: &Vault, table: Table, key: &[u8]) -> Result<Option<(u64, Vec<u8>)>, StoreError> {
    Ok(vault.get(table, key).await?.map(|opened| (opened.version, opened.bytes.to_vec())))
}

/// Puts a row where it is wanted, past the vault: what a host can do.
async fn plant(vault: &Vault, table: Table, key: &[u8], row: Stored) {
    let forget = Change { table, key: key.to_vec(), expect: Expect::Any, row: None };
    let plant = Change { table, key: key.to_vec(), expect: Expect::Absent, row: Some(row) };
    for change in [forget, plant] {
        vault.store.commit(Batch { changes: vec![change], fences: vec![] }).await.unwrap();
    }
}

async fn stored(vault: &Vault, table: Table, key: &[u8]) -> Stored {
    vault.store.get(table, key).await.unwrap().unwrap()
}

#[tokio::test]
async fn rows_come_back_with_the_version_that_the_next_write_expects() {
    let (vault, table) = (vault(), Table::Session);
    assert_eq!(read(&vault, table, b"a").await, Ok(None));
    assert_eq!(put(&vault, table, b"a", Expect::Absent, b"planted").await, Ok(()));
    assert_eq!(read(&vault, table, b"a").await, Ok(Some((1, b"planted".to_vec()))));
    assert_eq!(put(&vault, table, b"a", Expect::Absent, b"x").await, Err(StoreError::Conflict));
    assert_eq!(put(&vault, table, b"a", Expect::Any, b"x").await, Err(StoreError::Conflict));
    assert_eq!(put(&vault, table, b"a", Expect::Version(u64::MAX), b"x").await, Err(StoreError::Conflict));
    assert_eq!(put(&vault, table, b"a", Expect::Version(1), b"").await, Ok(()));
    assert_eq!(read(&vault, table, b"a").await, Ok(Some((2, vec![]))));
    let mut writes = Writes::new();
    writes.put(table, b"b", Expect::Absent, clear(b"two")).delete(table, b"a", Expect::Version(2));
    assert_eq!(vault.commit(writes).await, Ok(()));
    let found = vault.scan(table, b"", None, 9).await.unwrap();
    let found: Vec<_> =
        found.iter().map(|(key, opened)| (&key[..], opened.version, &opened.bytes[..])).collect();
    assert_eq!(found, [(&b"b"[..], 1, &b"two"[..])]);
    let mut fenced = Writes::new();
    fenced.delete(table, b"b", Expect::Any).fence(Claim { account: [1; 32], token: 1 });
    assert_eq!(vault.commit(fenced).await, Err(StoreError::Fenced), "nobody holds that account");
}

#[tokio::test]
async fn the_store_learns_neither_the_bytes_nor_their_length() {
    let vault = vault();
    // What a row takes: nonce, length, bytes, zeros, tag.
    for (length, sealed) in [(0, 284), (1, 284), (252, 284), (253, 540), (508, 540), (509, 796)] {
        let (key, bytes) = (length.to_string(), vec![b'P'; length]);
        put(&vault, Table::Part, key.as_bytes(), Expect::Absent, &bytes).await.unwrap();
        let row = stored(&vault, Table::Part, key.as_bytes()).await;
        assert_eq!(row.sealed.len(), sealed, "{length} bytes");
        assert!(!row.sealed.windows(8).any(|window| window == b"PPPPPPPP"));
        assert_eq!(read(&vault, Table::Part, key.as_bytes()).await, Ok(Some((1, bytes))));
    }
    put(&vault, Table::Part, b"again", Expect::Absent, b"").await.unwrap();
    let (one, other) = (stored(&vault, Table::Part, b"0").await, stored(&vault, Table::Part, b"again").await);
    assert!(one.sealed[..12] != other.sealed[..12], "no nonce comes twice");
}

/// A row sealed here by hand, from the format's words.
fn by_hand(
    key: &[u8; 32],
    table: &str,
    row_key: &[u8],
    version: u64,
    generation: u32,
    padded: &[u8],
) -> Stored {
    let mut bound = b"perf-aggregator/row/v1\0".to_vec();
    for part in [table.as_bytes(), row_key, &version.to_be_bytes(), &generation.to_be_bytes()] {
        bound.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        bound.extend_from_slice(part);
    }
    let nonce = [7; 12];
    let sealed = Aes256Gcm::new(key.into()).encrypt((&nonce).into(), Payload { msg: padded, aad: &bound });
    Stored { generation, version, sealed: [&nonce[..], &sealed.unwrap()].concat() }
}

#[tokio::test]
async fn a_row_made_by_the_words_of_the_format_opens_and_none_with_other_padding() {
    let (vault, table) = (vault(), Table::Account);
    let key = ring().row_key(1, table).unwrap();
    let padded = |length: u32, bytes: &[u8], full: usize| {
        let mut padded = [&length.to_be_bytes()[..], bytes].concat();
        padded.resize(full, 0);
        by_hand(&key, "account", b"k", 5, 1, &padded)
    };
    plant(&vault, table, b"k", padded(3, b"abc", 256)).await;
    assert_eq!(read(&vault, table, b"k").await, Ok(Some((5, b"abc".to_vec()))));
    for (row, why) in [
        (padded(3, b"abcd", 256), "what follows the bytes is not zero"),
        (padded(3, b"abc", 512), "more zeros than needed"),
        (padded(3, b"abc", 255), "fewer"),
        (padded(253, b"abc", 256), "longer than there is"),
        (padded(u32::MAX, b"abc", 256), "far longer"),
        (by_hand(&key, "account", b"k", 5, 1, b""), "nothing"),
        (by_hand(&key, "account", b"k", 5, 1, &[0, 0, 0]), "no length"),
    ] {
        plant(&vault, table, b"k", row).await;
        assert_eq!(read(&vault, table, b"k").await, Err(StoreError::Corrupt), "{why}");
    }
}

#[tokio::test]
async fn a_row_that_was_changed_in_any_byte_does_not_open() {
    let (vault, table) = (vault(), Table::Lease);
    put(&vault, table, b"k", Expect::Absent, b"planted").await.unwrap();
    let whole = stored(&vault, table, b"k").await;
    for at in 0..whole.sealed.len() {
        for bit in [0x01, 0x80] {
            let mut changed = whole.clone();
            changed.sealed[at] ^= bit;
            plant(&vault, table, b"k", changed).await;
            assert_eq!(read(&vault, table, b"k").await, Err(StoreError::Corrupt), "byte {at}");
        }
        let cut = Stored { sealed: whole.sealed[..at].to_vec(), ..whole.clone() };
        plant(&vault, table, b"k", cut).await;
        assert_eq!(read(&vault, table, b"k").await, Err(StoreError::Corrupt), "{at} bytes");
    }
    for (other, why) in [
        (Stored { version: 2, ..whole.clone() }, "another version"),
        (Stored { version: 0, ..whole.clone() }, "another version"),
        (Stored { generation: 2, ..whole.clone() }, "a generation that is not there"),
        (Stored { generation: 0, ..whole.clone() }, "a generation that never was"),
        (Stored { sealed: [&whole.sealed[..], &[0]].concat(), ..whole.clone() }, "a byte more"),
    ] {
        plant(&vault, table, b"k", other).await;
        assert_eq!(read(&vault, table, b"k").await, Err(StoreError::Corrupt), "{why}");
        assert_eq!(vault.scan(table, b"", None, 9).await.err(), Some(StoreError::Corrupt), "{why}");
    }
    plant(&vault, table, b"k", whole).await;
    assert_eq!(read(&vault, table, b"k").await, Ok(Some((1, b"planted".to_vec()))), "as it was it does");
}

#[tokio::test]
async fn a_row_opens_in_its_own_place_only() {
    let vault = vault();
    for table in Table::ALL {
        put(&vault, table, b"k", Expect::Absent, b"planted").await.unwrap();
    }
    for from in Table::ALL {
        let row = stored(&vault, from, b"k").await;
        for to in Table::ALL {
            plant(&vault, to, b"moved", row.clone()).await;
            assert_eq!(read(&vault, to, b"moved").await, Err(StoreError::Corrupt), "to another key");
            let own = stored(&vault, to, b"k").await;
            plant(&vault, to, b"k", row.clone()).await;
            let expected =
                if from == to { Ok(Some((1, b"planted".to_vec()))) } else { Err(StoreError::Corrupt) };
            assert_eq!(read(&vault, to, b"k").await, expected, "{} to {}", from.name(), to.name());
            plant(&vault, to, b"k", own).await;
        }
    }
    let other = Vault::new(Arc::clone(&vault.store), KeyRing::born(crate::random::bytes));
    assert_eq!(read(&other, Table::Meta, b"k").await, Err(StoreError::Corrupt), "other keys");
}

/// One pass over all rows, in steps of so many.
async fn pass(vault: &Vault, at_most: usize) -> (usize, usize) {
    let (mut resealed, mut skipped, mut after) = (0, 0, None);
    for _ in 0..10_000 {
        let step = vault.reseal(after, at_most).await.unwrap();
        (resealed, skipped) = (resealed + step.resealed, skipped + step.skipped);
        match step.next {
            Some(next) => after = Some(next),
            None => return (resealed, skipped),
        }
    }
    panic!("a pass ends");
}

fn kept(_: &KeyRing) -> Result<(), StoreError> {
    Ok(())
}

#[tokio::test]
async fn sealing_anew_takes_every_row_along_and_then_the_old_key_may_go() {
    for at_most in [1, 2, 7, 100] {
        let vault = vault();
        for table in Table::ALL {
            for key in 0..5_u8 {
                put(&vault, table, &[key], Expect::Absent, &[key; 300]).await.unwrap();
            }
        }
        assert_eq!(pass(&vault, at_most).await, (0, 0), "all are of this generation");
        assert_eq!(vault.rotate([77; 32], kept).await, Ok(Some(2)));
        put(&vault, Table::Part, &[3], Expect::Version(1), b"newer").await.unwrap();
        assert_eq!(vault.retire(1, kept).await, Ok(false), "its rows are still needed");
        assert_eq!(pass(&vault, at_most).await, (34, 0), "all but the one that was written since");
        assert_eq!(pass(&vault, at_most).await, (0, 0));
        assert_eq!(vault.retire(2, kept).await, Ok(false), "the one that seals stays");
        assert_eq!(vault.retire(1, kept).await, Ok(true));
        for table in Table::ALL {
            for key in 0..5_u8 {
                let newer = table == Table::Part && key == 3;
                let expected = if newer { (2, b"newer".to_vec()) } else { (1, vec![key; 300]) };
                assert_eq!(read(&vault, table, &[key]).await, Ok(Some(expected)), "versions stay");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_writes_while_keys_change_loses_nothing() {
    let vault = Arc::new(vault());
    for key in 0..8_u8 {
        put(&vault, Table::Session, &[key], Expect::Absent, &1_u64.to_be_bytes()).await.unwrap();
    }
    let mut writers = JoinSet::new();
    for key in 0..8_u8 {
        let vault = Arc::clone(&vault);
        writers.spawn(async move {
            for version in 1..100_u64 {
                let bytes = (version + 1).to_be_bytes();
                assert_eq!(
                    put(&vault, Table::Session, &[key], Expect::Version(version), &bytes).await,
                    Ok(())
                );
                tokio::task::yield_now().await;
            }
        });
    }
    for generation in 2..12 {
        assert_eq!(vault.rotate([generation; 32], kept).await, Ok(Some(u32::from(generation))));
        let old = u32::from(generation) - 1;
        // A row that was written between being read and being sealed anew is for the next pass.
        while !vault.retire(old, kept).await.unwrap() {
            pass(&vault, 3).await;
        }
    }
    writers.join_all().await;
    for key in 0..8_u8 {
        assert_eq!(
            read(&vault, Table::Session, &[key]).await,
            Ok(Some((100, 100_u64.to_be_bytes().to_vec())))
        );
    }
}

#[tokio::test]
async fn a_key_that_could_not_be_kept_seals_nothing() {
    let vault = vault();
    let full = vault.rotate([77; 32], |_| Err(StoreError::Full)).await;
    assert_eq!(full, Err(StoreError::Full));
    put(&vault, Table::Meta, b"k", Expect::Absent, b"x").await.unwrap();
    assert_eq!(stored(&vault, Table::Meta, b"k").await.generation, 1);
    let mut seen = Vec::new();
    let keep = |ring: &KeyRing| {
        seen = ring.encode().to_vec();
        Ok::<_, StoreError>(())
    };
    assert_eq!(vault.rotate([78; 32], keep).await, Ok(Some(2)));
    assert_eq!(KeyRing::decode(&seen).unwrap().current(), 2, "what is kept has the new key");
    pass(&vault, 9).await;
    assert_eq!(vault.retire(1, |_| Err(StoreError::Full)).await, Err(StoreError::Full));
    assert_eq!(vault.retire(1, kept).await, Ok(true), "it was not forgotten while the file still had it");
}
