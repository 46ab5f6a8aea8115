//! A store and a witness through crashes, copies and company.

use super::*;
use crate::{
    checkpoint::Chain,
    store::{Expect, KeyRing, Memory, Stored, Table, Writes},
};
use std::sync::{
    Mutex,
    atomic::{AtomicBool, Ordering::Relaxed},
};

const ROW: [u8; 32] = [7; 32];

/// A witness that remembers the size and the root of the largest log that it saw.
#[derive(Default)]
struct Remembering {
    seen: Mutex<(u64, Option<Hash>)>,
    silent: AtomicBool,
    /// It hears, and its answer is lost.
    mute: AtomicBool,
}

impl Remembering {
    fn verdict(&self, cosigned: &Range, leaf: &Hash) -> Result<Verdict, Unhelpful> {
        let (next, silent) = (cosigned.and(leaf), Unhelpful::Silent(exchange::PostError::Late));
        if self.silent.load(Relaxed) {
            return Err(silent);
        }
        let mut seen = self.seen.lock().unwrap();
        let (size, root) = *seen;
        let continues = size == cosigned.size() && (size == 0 || root == Some(cosigned.root()));
        if continues {
            *seen = (next.size(), Some(next.root()));
        } else if *seen != (next.size(), Some(next.root())) {
            return Ok(Verdict::Otherwise);
        }
        if self.mute.load(Relaxed) { Err(silent) } else { Ok(Verdict::Cosigned) }
    }

    async fn anchors(&self, vault: &Vault) -> Result<(), Trouble> {
        anchor(vault, &ROW, &heads(), self).await
    }

    fn size(&self) -> u64 {
        self.seen.lock().unwrap().0
    }
}

impl Asked for Remembering {
    async fn ask(&self, cosigned: &Range, leaf: &Hash) -> Result<Verdict, Unhelpful> {
        // Others come before and after.
        tokio::task::yield_now().await;
        let verdict = self.verdict(cosigned, leaf);
        tokio::task::yield_now().await;
        verdict
    }
}

fn heads() -> Heads {
    Heads::from([([1; 32], Chain::default().after(b"a change"))])
}

/// A store whose rows can be copied, under keys that stay.
fn vault(store: &Arc<Memory>) -> Vault {
    let mut next = 0;
    let ring = KeyRing::born(|| {
        next += 1;
        [next; 32]
    });
    Vault::new(Arc::clone(store) as Arc<dyn crate::store::Store>, ring)
}

async fn log(vault: &Vault) -> (u64, bool) {
    let (log, _) = Log::read(vault, &ROW).await.unwrap();
    (log.cosigned.size(), log.pending.is_some())
}

async fn row(store: &Memory) -> Option<Stored> {
    use crate::store::Store as _;
    store.get(Table::Anchor, &ROW).await.unwrap()
}

/// Puts a row back as it was, or deletes it.
async fn put_back(store: &Memory, old: Option<Stored>) {
    use crate::store::{Batch, Change, Store as _};
    for row in [None, old] {
        let expect = if row.is_some() { Expect::Absent } else { Expect::Any };
        let change = Change { table: Table::Anchor, key: ROW.to_vec(), expect, row };
        store.commit(Batch { changes: vec![change], fences: Vec::new() }).await.unwrap();
    }
}

#[tokio::test]
async fn each_anchoring_adds_a_leaf_and_leaves_nothing_pending() {
    let (vault, witness) = (Vault::in_memory(), Remembering::default());
    for size in 1..20 {
        assert_eq!(witness.anchors(&vault).await, Ok(()));
        assert_eq!(log(&vault).await, (size, false));
    }
}

#[tokio::test]
async fn a_leaf_that_was_left_pending_is_settled_whatever_the_witness_heard_of_it() {
    for mute in [false, true] {
        let (vault, witness) = (Vault::in_memory(), Remembering::default());
        witness.anchors(&vault).await.unwrap();
        (if mute { &witness.mute } else { &witness.silent }).store(true, Relaxed);
        assert!(matches!(witness.anchors(&vault).await, Err(Trouble::Witness(_))));
        assert_eq!(log(&vault).await, (1, true));
        assert_eq!(witness.size(), 1 + u64::from(mute));
        witness.silent.store(false, Relaxed);
        witness.mute.store(false, Relaxed);
        // What was left, and one that is new: whoever asks now sees to it that the answer is not an old one.
        assert_eq!(witness.anchors(&vault).await, Ok(()));
        assert_eq!(log(&vault).await, (3, false));
    }
}

#[tokio::test]
async fn an_older_row_is_noticed_however_old_and_so_is_one_that_is_gone() {
    for age in 0..5 {
        let (store, witness) = (Arc::new(Memory::new()), Remembering::default());
        let vault = vault(&store);
        let mut rows = vec![row(&store).await];
        for _ in 0..4 {
            witness.anchors(&vault).await.unwrap();
            rows.push(row(&store).await);
        }
        put_back(&store, rows[4 - age].clone()).await;
        let expected = if age == 0 { Ok(()) } else { Err(Trouble::RolledBack) };
        assert_eq!(witness.anchors(&vault).await, expected, "{age} anchorings ago");
        if age > 0 {
            assert_eq!(witness.anchors(&vault).await, expected, "nor is it forgotten");
        }
    }
}

#[tokio::test]
async fn of_two_copies_of_a_store_one_goes_on() {
    let (store, copy) = (Arc::new(Memory::new()), Arc::new(Memory::new()));
    let (one, other, witness) = (vault(&store), vault(&copy), Remembering::default());
    witness.anchors(&one).await.unwrap();
    put_back(&copy, row(&store).await).await;
    assert_eq!(witness.anchors(&other).await, Ok(()));
    assert_eq!(witness.anchors(&one).await, Err(Trouble::RolledBack));
    assert_eq!(witness.anchors(&other).await, Ok(()), "the other is not to blame");
}

#[tokio::test]
async fn enclaves_that_share_a_store_take_turns_and_none_takes_another_for_a_rollback() {
    let (store, witness) = (Arc::new(Memory::new()), Remembering::default());
    let enclaves = [vault(&store), vault(&store), vault(&store)];
    let busy = |vault| {
        let witness = &witness;
        async move {
            let mut good = 0;
            for _ in 0..30 {
                match witness.anchors(vault).await {
                    Ok(()) => good += 1,
                    outcome => assert_eq!(outcome, Err(Trouble::Busy)),
                }
                tokio::task::yield_now().await;
            }
            good
        }
    };
    let (one, two, three): (u64, u64, u64) =
        tokio::join!(busy(&enclaves[0]), busy(&enclaves[1]), busy(&enclaves[2]));
    let (size, _) = log(&enclaves[0]).await;
    assert!(one > 0 && two > 0 && three > 0 && size >= one + two + three, "{one} {two} {three} of {size}");
    assert!(witness.size() >= size);
}

/// A store that fails says so; the witness is not asked about what is not written.
#[tokio::test]
async fn a_row_that_does_not_open_is_not_taken_for_none() {
    let (vault, witness) = (Vault::in_memory(), Remembering::default());
    let mut writes = Writes::new();
    writes.put(Table::Anchor, &ROW, Expect::Absent, zeroize::Zeroizing::new(b"planted".to_vec()));
    vault.commit(writes).await.unwrap();
    assert_eq!(witness.anchors(&vault).await, Err(Trouble::Store(StoreError::Corrupt)));
    assert_eq!(witness.size(), 0);
}

#[test]
fn after_a_failure_it_is_tried_again_soon_and_then_less_often() {
    assert_eq!([0, 1, 2, 3, 5, 6, 7, 1000].map(wait_s), [60, 2, 4, 8, 32, 60, 60, 60]);
}

#[test]
fn a_store_that_does_not_change_is_anchored_once_an_hour() {
    let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
    assert!(is_due(&Heads::new(), None, at(0)), "at the start");
    assert!(is_due(&heads(), Some(at(0)), at(60)));
    assert!(!is_due(&Heads::new(), Some(at(0)), at(3599)));
    assert!(is_due(&Heads::new(), Some(at(0)), at(3600)));
}
