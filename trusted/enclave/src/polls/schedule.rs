//! When which account is to be looked at: one list of instants for all of them, so that an account that rests costs an
//! entry and no task.
//!
//! Pure: accounts and instants in, who is due out. Who polls, and with what, is in `polls.rs`.

use crate::account::AccountKey;
use ledger::Timestamp;
use std::collections::BTreeSet;

/// Accounts that rest, in the order in which something is to be done for them.
#[derive(Default)]
pub(super) struct Schedule {
    /// When they are asked for news.
    due: BTreeSet<(Timestamp, AccountKey)>,
    /// When the first of their leases ends: that waits for nothing.
    ends: BTreeSet<(Timestamp, AccountKey)>,
    /// Those of `due` that are in memory, and so keep others out.
    held: BTreeSet<(Timestamp, AccountKey)>,
}

/// How an account rests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rest {
    /// When it is asked for news.
    pub(super) due: Timestamp,
    /// When it is asked at the earliest, if somebody wants it.
    pub(super) soonest: Timestamp,
    /// When the first of its leases ends.
    pub(super) end: Timestamp,
    /// Whether it is in memory meanwhile.
    pub(super) held: bool,
}

impl Schedule {
    /// An account rests. Whether nothing else is to be looked at before it.
    pub(super) fn put(&mut self, key: AccountKey, rest: Rest) -> bool {
        let Rest { due, soonest: _, end, held } = rest;
        self.due.insert((due, key));
        self.ends.insert((end, key));
        if held {
            self.held.insert((due, key));
        }
        let is_first =
            |set: &BTreeSet<(Timestamp, AccountKey)>| set.first().is_some_and(|(_, first)| *first == key);
        is_first(&self.due) || is_first(&self.ends)
    }

    /// An account rests no more.
    pub(super) fn take(&mut self, key: AccountKey, rest: Rest) {
        let Rest { due, soonest: _, end, held } = rest;
        self.due.remove(&(due, key));
        self.ends.remove(&(end, key));
        if held {
            self.held.remove(&(due, key));
        }
    }

    /// The account that waits longest, if its time has come.
    pub(super) fn due(&self, now: Timestamp) -> Option<AccountKey> {
        self.due.first().filter(|(due, _)| *due <= now).map(|(_, key)| *key)
    }

    /// An account whose lease is over.
    pub(super) fn over(&self, now: Timestamp) -> Option<AccountKey> {
        self.ends.first().filter(|(end, _)| *end <= now).map(|(_, key)| *key)
    }

    /// Of those in memory the one that is due last.
    pub(super) fn last_held(&self) -> Option<AccountKey> {
        self.held.last().map(|(_, key)| *key)
    }

    /// An account leaves memory, and rests on.
    pub(super) fn let_go(&mut self, key: AccountKey, rest: Rest) {
        self.held.remove(&(rest.due, key));
    }

    /// When to look again, if those that are due now can only wait.
    pub(super) fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let due = self.due.first().map(|(due, _)| *due).filter(|due| *due > now);
        let end = self.ends.first().map(|(end, _)| *end);
        [due, end].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn rest(due: i64, end: i64) -> Rest {
        Rest { due: at(due), soonest: at(due), end: at(end), held: false }
    }

    #[test]
    fn who_waits_longest_is_first_and_what_was_taken_is_gone() {
        let mut schedule = Schedule::default();
        assert!(schedule.put([1; 32], rest(200, 900)));
        assert!(schedule.put([2; 32], rest(100, 950)), "it is due before the other");
        assert!(!schedule.put([3; 32], rest(300, 960)));
        assert_eq!((schedule.due(at(99)), schedule.next(at(99))), (None, Some(at(100))));
        assert_eq!(schedule.due(at(250)), Some([2; 32]));
        schedule.take([2; 32], rest(100, 950));
        assert_eq!(schedule.due(at(250)), Some([1; 32]));
        schedule.take([1; 32], rest(200, 900));
        assert_eq!(schedule.due(at(250)), None);
        assert_eq!(schedule.next(at(250)), Some(at(300)));
    }

    #[test]
    fn a_lease_that_ends_is_seen_however_many_others_wait() {
        let mut schedule = Schedule::default();
        schedule.put([1; 32], rest(100, 5000));
        assert!(schedule.put([2; 32], rest(4000, 700)));
        // The first one is due, and finds no place: what is looked at next is the end of the other's lease.
        assert_eq!(schedule.next(at(200)), Some(at(700)));
        assert_eq!((schedule.over(at(699)), schedule.over(at(700))), (None, Some([2; 32])));
        schedule.take([2; 32], rest(4000, 700));
        assert_eq!((schedule.over(at(700)), schedule.next(at(700))), (None, Some(at(5000))));
    }

    #[test]
    fn the_one_in_memory_that_is_due_last_leaves_it_first() {
        let mut schedule = Schedule::default();
        for (key, due, held) in [(1, 100, true), (2, 300, true), (3, 900, false), (4, 200, true)] {
            schedule.put([key; 32], Rest { held, ..rest(due, 5000) });
        }
        assert_eq!(schedule.last_held(), Some([2; 32]));
        schedule.let_go([2; 32], rest(300, 5000));
        assert_eq!(schedule.last_held(), Some([4; 32]));
        schedule.take([4; 32], Rest { held: true, ..rest(200, 5000) });
        assert_eq!(schedule.last_held(), Some([1; 32]));
    }
}
