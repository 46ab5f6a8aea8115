//! Which heads of chains are in the log, and which are to come into it: of the accounts that changed, or were read, since
//! this process began.

use super::log::Heads;
use crate::{account::AccountKey, checkpoint::Chain};
use protocol::limits;
use std::collections::HashMap;

/// Heads of accounts. Beyond [`limits::ANCHORED_ACCOUNTS_MAX`] some are told as not anchored until they come again.
#[derive(Default)]
pub(super) struct Known {
    next: Heads,
    anchored: HashMap<AccountKey, Chain>,
}

impl Known {
    /// An account has come so far.
    pub(super) fn note(&mut self, account: AccountKey, chain: Chain) {
        if self.anchored.get(&account) == Some(&chain) {
            return;
        }
        let is_full = self.next.len() >= limits::ANCHORED_ACCOUNTS_MAX;
        if !is_full || self.next.contains_key(&account) {
            self.next.insert(account, chain);
        }
    }

    /// Whether the log has it as it is.
    pub(super) fn has(&self, account: &AccountKey, chain: Chain) -> bool {
        self.anchored.get(account) == Some(&chain)
    }

    /// What is to come into the log.
    pub(super) fn next(&self) -> &Heads {
        &self.next
    }

    /// These are in it.
    pub(super) fn anchored(&mut self, heads: Heads) {
        self.next.retain(|account, chain| heads.get(account) != Some(chain));
        if self.anchored.len().saturating_add(heads.len()) > limits::ANCHORED_ACCOUNTS_MAX {
            self.anchored.clear();
        }
        self.anchored.extend(heads);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_anchored_as_it_was_and_not_as_it_went_on() {
        let (mut known, first) = (Known::default(), Chain::default().after(b"first"));
        let second = first.after(b"second");
        known.note([1; 32], first);
        known.note([2; 32], first);
        assert!(!known.has(&[1; 32], first), "it is only to come");
        let sent = known.next().clone();
        known.note([1; 32], second);
        known.anchored(sent);
        assert!(known.has(&[2; 32], first) && known.has(&[1; 32], first) && !known.has(&[1; 32], second));
        assert_eq!(*known.next(), Heads::from([([1; 32], second)]), "what came meanwhile is to come");
        known.note([2; 32], first);
        assert_eq!(known.next().len(), 1, "nothing comes twice");
        known.anchored(known.next().clone());
        assert!(known.has(&[1; 32], second) && !known.has(&[1; 32], first) && known.next().is_empty());
    }

    #[test]
    fn there_is_a_bound_and_what_is_beyond_is_not_anchored() {
        let (mut known, chain) = (Known::default(), Chain::default().after(b"a change"));
        let account = |number: usize| {
            let mut key = [0; 32];
            key[..8].copy_from_slice(&number.to_be_bytes());
            key
        };
        for number in 0..limits::ANCHORED_ACCOUNTS_MAX {
            known.note(account(number), chain);
        }
        let beyond = account(limits::ANCHORED_ACCOUNTS_MAX);
        known.note(beyond, chain);
        known.anchored(known.next().clone());
        assert!(known.has(&account(0), chain) && !known.has(&beyond, chain));
        known.note(beyond, chain);
        known.anchored(known.next().clone());
        assert!(known.has(&beyond, chain) && !known.has(&account(0), chain), "the others come again");
    }
}
