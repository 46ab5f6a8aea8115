//! Where the keys are kept, what is moved aside, and what is refused.

use super::*;
use crate::store::{Embedded, scratch::Directory};

fn root(secret: u8, measurement: u8) -> Option<SealRoot> {
    Some(SealRoot { secret: Zeroizing::new([secret; 32]), measurement: [measurement; 32] })
}

fn open(directory: &Directory, root: Option<SealRoot>) -> anyhow::Result<(RingFile, KeyRing)> {
    RingFile::open(directory.path(), root)
}

#[test]
fn sealed_keys_outlive_a_start_and_say_nothing_to_the_host() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = Directory::new();
    let (file, mut ring) = open(&directory, root(1, 2)).unwrap();
    assert_eq!((file.life(), file.store_file()), ("sealed", Some(directory.file("store.redb"))));
    assert_eq!(
        *open(&directory, root(1, 2)).unwrap().1.encode(),
        *ring.encode(),
        "kept from the first moment"
    );
    for generation in 2..=16 {
        assert_eq!(ring.rotate([generation; 32]), Some(u32::from(generation)));
    }
    file.save(&ring).unwrap();
    let text = fs::read(directory.file("ring.sealed")).unwrap();
    for hidden in [ring.encode()[28..60].to_vec(), vec![5; 32], protocol::wire::encode(&[5; 32]).into_bytes()]
    {
        assert!(!text.windows(hidden.len()).any(|window| window == hidden));
    }
    let (again, kept) = open(&directory, root(1, 2)).unwrap();
    assert_eq!(*kept.encode(), *ring.encode(), "the largest ring there is");
    let mode = fs::metadata(directory.file("ring.sealed")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(
        matches!(&again.kept, Kept::Sealed { sequence, .. } if sequence.load(Ordering::Relaxed) == 2),
        "it grows"
    );
}

#[test]
fn keys_that_do_not_open_are_moved_aside_together_with_their_store() {
    let directory = Directory::new();
    let (ring, store) = (directory.file("ring.sealed"), directory.file("store.redb"));
    for (at, (secret, measurement)) in [(1, 2), (9, 2), (1, 2), (1, 9)].into_iter().enumerate() {
        let (file, _) = open(&directory, root(secret, measurement)).unwrap();
        assert!(!store.exists(), "it starts empty");
        drop(Embedded::open(&file.store_file().unwrap()).unwrap());
        fs::write(directory.file(&format!("store.was-{at}")), fs::read(&store).unwrap()).unwrap();
        fs::write(directory.file(&format!("ring.was-{at}")), fs::read(&ring).unwrap()).unwrap();
    }
    for at in 0..3 {
        for name in ["store", "ring"] {
            let aside = fs::read(directory.file(&format!("{name}.unopened-{}", at + 1))).unwrap();
            assert!(
                aside == fs::read(directory.file(&format!("{name}.was-{at}"))).unwrap(),
                "{name} of start {at}"
            );
        }
    }
}

#[test]
fn a_stop_between_moving_the_two_is_gone_on_with() {
    let directory = Directory::new();
    open(&directory, root(1, 2)).unwrap();
    let text = fs::read(directory.file("ring.sealed")).unwrap();
    fs::write(directory.file("store.unopened-1"), "moved before the stop").unwrap();
    open(&directory, root(9, 2)).unwrap();
    assert_eq!(fs::read(directory.file("ring.unopened-1")).unwrap(), text, "under the same number");
}

#[test]
fn a_store_without_keys_is_moved_aside() {
    let directory = Directory::new();
    drop(Embedded::open(&directory.file("store.redb")).unwrap());
    let (file, _) = open(&directory, root(1, 2)).unwrap();
    assert!(directory.file("store.unopened-1").exists() && !file.store_file().unwrap().exists());
}

#[test]
fn nothing_is_moved_away_from_under_a_process_that_has_it_open() {
    let directory = Directory::new();
    let (file, _) = open(&directory, root(1, 2)).unwrap();
    let store = Embedded::open(&file.store_file().unwrap()).unwrap();
    let text = fs::read(directory.file("ring.sealed")).unwrap();
    let error = open(&directory, root(1, 9)).err().expect("refused");
    assert!(format!("{error:#}").contains("another process has store.redb open"), "{error:#}");
    assert_eq!(fs::read(directory.file("ring.sealed")).unwrap(), text);
    assert!(directory.file("store.redb").exists());
    drop(store);
    open(&directory, root(1, 9)).unwrap();
}

#[test]
fn a_file_that_this_program_did_not_seal_is_refused_and_left_where_it_is() {
    let key = "perf-aggregator-development-store-keys/1 cGxhbnRlZA\n";
    let result_key = seal::seal(
        &root(1, 2).unwrap(),
        &Header { purpose: "result-key", measurement: [2; 32], epoch: 0, sequence: 1 },
        b"planted",
    );
    let empty = seal::seal(
        &root(1, 2).unwrap(),
        &Header { purpose: PURPOSE, measurement: [2; 32], epoch: 0, sequence: 1 },
        b"planted",
    );
    for text in [key, "planted", "", "{}", &result_key.unwrap(), &empty.unwrap()] {
        let directory = Directory::new();
        fs::write(directory.file("ring.sealed"), text).unwrap();
        let error = open(&directory, root(1, 2)).err().expect("refused");
        let error = format!("{error:#}");
        assert!(error.contains("ENCLAVE_DATA_DIR") && !error.contains("planted"), "{error}");
        assert_eq!(fs::read_to_string(directory.file("ring.sealed")).unwrap(), text);
    }
}

#[cfg(not(feature = "development"))]
#[test]
fn a_release_without_a_seal_keeps_nothing() {
    let directory = Directory::new();
    let (file, first) = open(&directory, None).unwrap();
    file.save(&first).unwrap();
    assert_eq!((file.life(), file.store_file()), ("process", None));
    assert!(!directory.file("ring.sealed").exists());
    assert!(*open(&directory, None).unwrap().1.encode() != *first.encode());
}

#[cfg(feature = "development")]
#[test]
fn development_keys_outlive_a_start_in_clear() {
    let directory = Directory::new();
    let (file, ring) = open(&directory, None).unwrap();
    assert_eq!((file.life(), file.store_file()), ("clear", Some(directory.file("store.redb"))));
    assert_eq!(*open(&directory, None).unwrap().1.encode(), *ring.encode());
    // Sealed by a platform, it is none of a build that has no platform.
    open(&Directory::new(), root(1, 2)).unwrap();
    fs::write(directory.file("ring.sealed"), "planted").unwrap();
    assert!(open(&directory, None).is_err());
}
