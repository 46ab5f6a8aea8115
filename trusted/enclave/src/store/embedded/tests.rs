//! One file: the contract, and what disks and other processes do to it.

use super::disk::{Dice, Disk, Fault};
use super::*;
use crate::store::{
    Expect,
    contract::{self, batch, put, row},
    scratch::Directory,
};
use std::fs;

const LARGE: u64 = 0;
/// As files that are checked when they open, and as those that are too large for that.
const BOTH: [u64; 2] = [file::CHECKED_BYTES_MAX, LARGE];

fn on(disk: &Disk, checked_bytes_max: u64) -> Result<Embedded, StoreError> {
    let disk = disk.clone();
    Embedded::opened_by(Box::new(move |watch| file::on(disk.clone(), watch, checked_bytes_max)))
}

#[tokio::test]
async fn a_file_keeps_the_contract_of_stores() {
    let directory = Directory::new();
    let store = Embedded::open(&directory.file("store.redb")).unwrap();
    contract::run(Arc::new(store)).await;
    for checked_bytes_max in BOTH {
        contract::run(Arc::new(on(&Disk::default(), checked_bytes_max).unwrap())).await;
    }
}

#[tokio::test]
async fn what_was_written_is_there_when_the_file_is_opened_again() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new();
    let path = directory.file("store.redb");
    let store = Embedded::open(&path).unwrap();
    store.commit(batch([put(Table::Part, b"k", Expect::Absent, row(1, b"planted"))])).await.unwrap();
    // What still waits when the store is dropped is written before it closes.
    let waiting = store.commit(batch([put(Table::Part, b"l", Expect::Absent, row(1, b"x"))]));
    waiting.await.unwrap();
    drop(store);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let store = Embedded::open(&path).unwrap();
    assert!(store.get(Table::Part, b"k").await.unwrap() == Some(row(1, b"planted")));
    assert!(store.get(Table::Part, b"l").await.unwrap().is_some());
}

/// Batches of three rows, several writers at once, until the disk fails or the rounds are over.
struct Load {
    store: Arc<Embedded>,
    /// Round and writer of each batch, and what was answered.
    told: Vec<(u64, u64, Result<(), StoreError>)>,
}

const WRITERS: u64 = 3;

fn rows_of(round: u64, writer: u64) -> Vec<(Vec<u8>, Stored)> {
    let key = |at: u64| [round, writer, at].map(u64::to_be_bytes).concat();
    (0..3).map(|at| (key(at), row(1, &[7; 700][..usize::try_from(100 + 200 * at).unwrap()]))).collect()
}

impl Load {
    async fn run(store: Embedded, rounds: u64) -> Self {
        let mut load = Self { store: Arc::new(store), told: Vec::new() };
        for round in 0..rounds {
            let mut writers = tokio::task::JoinSet::new();
            for writer in 0..WRITERS {
                let store = Arc::clone(&load.store);
                writers.spawn(async move {
                    let rows = rows_of(round, writer);
                    let mut changes: Vec<_> = rows
                        .into_iter()
                        .map(|(key, row)| put(Table::Part, &key, Expect::Absent, row))
                        .collect();
                    // A row that each round writes anew, so that pages are freed and used again.
                    let expect = if round == 0 { Expect::Absent } else { Expect::Version(round) };
                    let counter = row(round + 1, &[0; 500]);
                    changes.push(put(Table::Account, &writer.to_be_bytes(), expect, counter));
                    (round, writer, store.commit(batch(changes)).await)
                });
            }
            let told = writers.join_all().await;
            let failed = told.iter().any(|(_, _, told)| told.is_err());
            load.told.extend(told);
            if failed {
                break;
            }
        }
        load
    }

    /// Every batch that was acknowledged is there, and no half of any.
    async fn check(&self, store: &Embedded, context: &str) {
        for (round, writer, told) in &self.told {
            let mut found = 0;
            for (key, row) in rows_of(*round, *writer) {
                match store.get(Table::Part, &key).await.unwrap() {
                    Some(there) if there == row => found += 1,
                    Some(_) => panic!("{context}: another row"),
                    None => {}
                }
            }
            assert!(found == 0 || found == 3, "{context}: half a batch");
            assert!(found == 3 || told.is_err(), "{context}: an acknowledged batch is lost");
            let counter = store.get(Table::Account, &writer.to_be_bytes()).await.unwrap();
            let version = counter.map_or(0, |counter| counter.version);
            assert!(found == 0 || version > *round, "{context}: the counter is of the same batch");
            // Only an error that says so leaves it open whether a batch was made.
            let open = matches!(told, Err(StoreError::Unavailable)) || told.is_ok();
            assert!(open || found == 0, "{context}: {told:?} and yet it was made");
        }
    }
}

#[tokio::test]
async fn after_a_cut_at_any_instant_every_acknowledged_batch_is_there_and_no_half_of_one() {
    let (mut cut_while_open, mut kept) = (0, 0);
    for checked_bytes_max in BOTH {
        for seed in 0..150 {
            let context = format!("seed {seed}, {checked_bytes_max}");
            let mut dice = Dice::new(seed);
            let disk = Disk::default();
            disk.fail(1 + dice.roll(160), Fault::Cut);
            let load = match on(&disk, checked_bytes_max) {
                Ok(store) => Load::run(store, 12).await,
                Err(error) => {
                    assert_eq!(error, StoreError::Unavailable, "{context}");
                    continue;
                }
            };
            cut_while_open += u32::from(load.told.iter().any(|(_, _, told)| told.is_err()));
            kept += load.told.iter().filter(|(_, _, told)| told.is_ok()).count();
            // Twice: a cut while it recovers loses nothing either.
            let disk = disk.after_a_cut(&mut dice);
            disk.fail(1 + dice.roll(6), Fault::Cut);
            drop(on(&disk, checked_bytes_max));
            let disk = disk.after_a_cut(&mut dice);
            let store = on(&disk, checked_bytes_max).unwrap_or_else(|error| panic!("{context}: {error}"));
            load.check(&store, &context).await;
            let more = batch([put(Table::Meta, b"more", Expect::Absent, row(1, b"x"))]);
            assert_eq!(store.commit(more).await, Ok(()), "{context}: it goes on");
        }
    }
    assert!(
        cut_while_open > 150 && kept > 1000,
        "{cut_while_open} cuts, {kept} batches: the seeds reach what is tested"
    );
}

#[tokio::test]
async fn one_failed_or_short_write_ends_one_transaction() {
    let mut failures = 0;
    for checked_bytes_max in BOTH {
        for (seed, fault) in (0..100).flat_map(|seed| [(seed, Fault::Input), (seed, Fault::Short)]) {
            let context = format!("seed {seed}, {fault:?}, {checked_bytes_max}");
            let mut dice = Dice::new(seed);
            let disk = Disk::default();
            let store = on(&disk, checked_bytes_max).unwrap();
            disk.fail(1 + dice.roll(60), fault);
            let load = Load::run(store, 8).await;
            failures += u32::from(load.told.iter().any(|(_, _, told)| told.is_err()));
            for (_, _, told) in &load.told {
                assert!(matches!(told, Ok(()) | Err(StoreError::Unavailable)), "{context}: {told:?}");
            }
            let more = batch([put(Table::Meta, b"more", Expect::Absent, row(1, b"x"))]);
            let went_on = load.store.commit(more).await;
            // A sync that failed is the one thing that it does not go on after.
            assert!(matches!(went_on, Ok(()) | Err(StoreError::Unavailable)), "{context}: {went_on:?}");
            assert!(went_on.is_ok() || fault == Fault::Input, "{context}");
            if went_on.is_ok() {
                load.check(&load.store, &context).await;
            }
            let after = on(&disk.after_a_cut(&mut dice), checked_bytes_max);
            load.check(&after.unwrap_or_else(|error| panic!("{context}: {error}")), &context).await;
        }
    }
    assert!(failures > 100, "{failures}");
}

#[tokio::test]
async fn after_a_sync_that_failed_nothing_is_acknowledged_any_more() {
    for checked_bytes_max in BOTH {
        for seed in 0..60 {
            let context = format!("seed {seed}, {checked_bytes_max}");
            let mut dice = Dice::new(seed);
            let disk = Disk::default();
            let store = on(&disk, checked_bytes_max).unwrap();
            disk.fail(1 + dice.roll(40), Fault::Sync);
            let load = Load::run(store, 8).await;
            assert!(load.told.iter().any(|(_, _, told)| *told == Err(StoreError::Unavailable)), "{context}");
            let more = batch([put(Table::Meta, b"more", Expect::Absent, row(1, b"x"))]);
            assert_eq!(load.store.commit(more).await, Err(StoreError::Unavailable), "{context}");
            let after = on(&disk.after_a_cut(&mut dice), checked_bytes_max);
            load.check(&after.unwrap_or_else(|error| panic!("{context}: {error}")), &context).await;
        }
    }
}

#[tokio::test]
async fn a_sync_that_fails_while_it_recovers_is_not_forgotten() {
    let mut lost = 0;
    for seed in 0..100 {
        let mut dice = Dice::new(seed);
        let disk = Disk::default();
        let store = on(&disk, BOTH[0]).unwrap();
        let first = 1 + dice.roll(30);
        disk.fail(first, Fault::Short);
        disk.fail(first, Fault::Sync);
        let load = Load::run(store, 8).await;
        let more = batch([put(Table::Meta, b"more", Expect::Absent, row(1, b"x"))]);
        let more = load.store.commit(more).await;
        lost += u32::from(more.is_err());
        let after = on(&disk.after_a_cut(&mut dice), BOTH[0]);
        let after = after.unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        load.check(&after, &format!("seed {seed}")).await;
        assert!(more.is_err() || after.get(Table::Meta, b"more").await.unwrap().is_some(), "seed {seed}");
    }
    assert!(lost > 50, "{lost}");
}

#[tokio::test]
async fn a_full_disk_is_said_and_goes_on_once_there_is_room() {
    for checked_bytes_max in BOTH {
        for room in [0, 1, 3, 5, 8, 20] {
            let disk = Disk::default();
            let store = on(&disk, checked_bytes_max).unwrap();
            disk.limit(Some(disk.blocks() + room));
            let load = Load::run(store, 100).await;
            let last = load.told.last().unwrap().2;
            assert_eq!(last, Err(StoreError::Full), "room for {room}");
            load.check(&load.store, "while it is full").await;
            disk.limit(None);
            let more = batch([put(Table::Meta, b"more", Expect::Absent, row(1, b"x"))]);
            assert_eq!(load.store.commit(more).await, Ok(()), "room for {room}");
            let after = on(&disk.after_a_cut(&mut Dice::new(room as u64)), checked_bytes_max).unwrap();
            load.check(&after, "after that").await;
        }
    }
}

#[tokio::test]
async fn a_disk_that_can_no_longer_be_written_is_said() {
    let disk = Disk::default();
    let load = Load::run(on(&disk, BOTH[0]).unwrap(), 2).await;
    disk.fail(0, Fault::ReadOnly);
    let more = || batch([put(Table::Meta, b"more", Expect::Absent, row(1, b"x"))]);
    assert_eq!(
        load.store.commit(more()).await,
        Err(StoreError::Unavailable),
        "whether it was made is not known"
    );
    assert_eq!(load.store.commit(more()).await, Err(StoreError::ReadOnly), "this one was not");
    let bytes = disk.bytes();
    let disk = Disk::holding(bytes);
    disk.fail(0, Fault::ReadOnly);
    assert_eq!(on(&disk, BOTH[0]).err(), Some(StoreError::ReadOnly));
}

#[tokio::test]
async fn a_changed_byte_is_found_or_does_not_matter() {
    let disk = Disk::default();
    let load = Load::run(on(&disk, BOTH[0]).unwrap(), 12).await;
    assert!(load.told.iter().all(|(_, _, told)| told.is_ok()));
    let before = load.store.scan(Table::Part, b"", None, 999).await.unwrap();
    drop(load);
    let whole = disk.bytes();
    let mut refused = 0;
    for at in (0..whole.len()).step_by(193) {
        let mut changed = whole.clone();
        changed[at] ^= 0x55;
        match on(&Disk::holding(changed.clone()), BOTH[0]) {
            Ok(store) => {
                let after = store.scan(Table::Part, b"", None, 999).await.unwrap();
                assert!(after == before, "byte {at} matters and was not found");
            }
            Err(error) => {
                assert!(matches!(error, StoreError::Corrupt | StoreError::NotAStore), "byte {at}: {error}");
                refused += 1;
            }
        }
        // A file that is too large to be checked: what is found may be wrong, which the seals of rows tell, but nothing ends.
        if let Ok(store) = on(&Disk::holding(changed), LARGE) {
            let read = store.scan(Table::Part, b"", None, 999).await.err();
            assert!(
                matches!(read, None | Some(StoreError::Corrupt | StoreError::Unavailable)),
                "byte {at}: {read:?}"
            );
            let more = batch([put(Table::Part, b"more", Expect::Absent, row(1, &[1; 5000]))]);
            let more = store.commit(more).await.err();
            assert!(
                matches!(more, None | Some(StoreError::Corrupt | StoreError::Unavailable)),
                "byte {at}: {more:?}"
            );
        }
    }
    assert!(refused > 100, "{refused}");
    for length in (0..whole.len()).step_by(4096).skip(1) {
        let cut = on(&Disk::holding(whole[..length].to_vec()), BOTH[0]).err();
        assert!(matches!(cut, Some(StoreError::Corrupt | StoreError::NotAStore)), "{length} bytes: {cut:?}");
    }
}

#[tokio::test]
async fn what_is_no_store_is_refused_and_left_as_it_is() {
    let directory = Directory::new();
    let path = directory.file("store.redb");
    for bytes in [b"planted".to_vec(), vec![0; 65_536], vec![0xff; 4096], b"redb".to_vec()] {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(Embedded::open(&path).err(), Some(StoreError::NotAStore), "{} bytes", bytes.len());
        assert!(fs::read(&path).unwrap() == bytes);
    }
    fs::write(&path, b"").unwrap();
    drop(Embedded::open(&path).expect("an empty file is a new store"));
    assert!(Embedded::open(&directory.file("nowhere/store.redb")).is_err());
    // The tree of another program, and of a later release of this one.
    let tree = |name: &str, key: &str, value: u64| {
        let other = directory.file(&crate::random::base62(8));
        let database = redb::Database::create(&other).unwrap();
        let writing = database.begin_write().unwrap();
        writing
            .open_table(redb::TableDefinition::<&str, u64>::new(name))
            .unwrap()
            .insert(key, value)
            .unwrap();
        writing.commit().unwrap();
        other
    };
    assert_eq!(Embedded::open(&tree("users", "x", 1)).err(), Some(StoreError::NotAStore));
    assert_eq!(Embedded::open(&tree("store", "format", 2)).err(), Some(StoreError::Newer));
    assert_eq!(
        Embedded::open(&tree("store", "format", 1)).err(),
        Some(StoreError::Corrupt),
        "tables are missing"
    );
}

#[tokio::test]
async fn a_second_store_on_the_same_file_is_refused() {
    let directory = Directory::new();
    let path = directory.file("store.redb");
    let first = Embedded::open(&path).unwrap();
    assert_eq!(Embedded::open(&path).err(), Some(StoreError::InUse));
    first.commit(batch([put(Table::Part, b"k", Expect::Absent, row(1, b"x"))])).await.unwrap();
    drop(first);
    assert!(Embedded::open(&path).is_ok());
}

mod processes;
