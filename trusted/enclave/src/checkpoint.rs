//! How far the store has come with an account: a chain of hashes over every change that a restart must not undo
//! (DESIGN.md section 6). Whoever remembers a checkpoint notices a store that is older, or one that went another way since.
//!
//! ```text
//! root(n) = SHA-256("perf-aggregator/checkpoint/v1" 0 | root(n-1) | n | SHA-256(change n))      root(0) = 0…0
//! ```
//!
//! The roots of all changes are kept, 32 bytes each, in rows of [`ROOTS_PER_ROW`]: a client's memory may be old.
//!
//! A record of several accounts has their chains together. Of an earlier state of those only the count is held against what is:
//! a store that went another way since is noticed by who asks again at once, and by the account's own sessions.

use protocol::{Code, api, wire};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

const DOMAIN: &[u8] = b"perf-aggregator/checkpoint/v1\0";
const TOGETHER_DOMAIN: &[u8] = b"perf-aggregator/checkpoints/v1\0";
/// A row of roots has 16 KiB.
pub(crate) const ROOTS_PER_ROW: u64 = 512;

/// The head of a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(crate) struct Chain {
    /// How many changes.
    pub(crate) seq: u64,
    /// A hash over all of them.
    pub(crate) root: [u8; 32],
}

impl Chain {
    /// After one more change.
    pub(crate) fn after(self, change: &[u8]) -> Self {
        let seq = self.seq.saturating_add(1);
        let mut hash = Sha256::new();
        hash.update(DOMAIN);
        hash.update(self.root);
        hash.update(seq.to_be_bytes());
        hash.update(Sha256::digest(change));
        Self { seq, root: hash.finalize().into() }
    }

    /// Of several accounts together: as many changes as all of them have, and a hash over their heads, in the order of their
    /// keys. It grows with each of them, and with each that joins.
    pub(crate) fn together(chains: &BTreeMap<[u8; 32], Self>) -> Self {
        if let Some((_, only)) = chains.first_key_value().filter(|_| chains.len() == 1) {
            return *only;
        }
        let mut hash = Sha256::new();
        hash.update(TOGETHER_DOMAIN);
        for (account, Self { seq, root }) in chains {
            hash.update(account);
            hash.update(seq.to_be_bytes());
            hash.update(root);
        }
        let seq = chains.values().fold(0_u64, |sum, chain| sum.saturating_add(chain.seq));
        Self { seq, root: hash.finalize().into() }
    }

    /// As it stands in answers.
    pub(crate) fn told(self, anchored: bool) -> api::Checkpoint {
        api::Checkpoint { seq: self.seq, root: wire::encode(&self.root), anchored }
    }
}

/// The row that holds the root of a change, and its place there.
pub(crate) fn place(seq: u64) -> (u64, usize) {
    let before = seq.saturating_sub(1);
    (before / ROOTS_PER_ROW, usize::try_from(before % ROOTS_PER_ROW).unwrap_or(0))
}

/// What a client remembers, held against the chain; `root_at` is the root of an earlier change, if it is kept.
pub(crate) fn judge(
    remembered: &api::Checkpoint,
    chain: Chain,
    root_at: Option<[u8; 32]>,
) -> Result<(), Code> {
    let root: [u8; 32] = wire::decode_array(&remembered.root).ok_or(Code::EnvelopeMalformed)?;
    let ours = match remembered.seq {
        0 => Some([0; 32]),
        seq if seq > chain.seq => None,
        seq if seq == chain.seq => Some(chain.root),
        _ => root_at,
    };
    if ours == Some(root) { Ok(()) } else { Err(Code::StateRolledBack) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_seen_must_be_in_the_chain() {
        let first = Chain::default().after(b"first");
        let second = first.after(b"second");
        let other = first.after(b"other");
        assert_eq!(judge(&first.told(false), second, Some(first.root)), Ok(()));
        assert_eq!(judge(&second.told(false), second, None), Ok(()));
        assert_eq!(judge(&Chain::default().told(false), second, None), Ok(()), "nothing was seen yet");
        for (seen, chain, root_at) in [
            (second, first, Some(first.root)),
            (second, other, None),
            (second, other.after(b"more"), Some(other.root)),
            (first, second, None),
        ] {
            assert_eq!(judge(&seen.told(true), chain, root_at), Err(Code::StateRolledBack));
        }
        let not_a_root = api::Checkpoint { root: "planted".to_owned(), ..first.told(false) };
        assert_eq!(judge(&not_a_root, second, None), Err(Code::EnvelopeMalformed));
    }

    #[test]
    fn roots_stand_in_rows_in_their_order() {
        assert_eq!([1, 512, 513, 1024, 1025].map(place), [(0, 0), (0, 511), (1, 0), (1, 511), (2, 0)]);
    }

    #[test]
    fn several_accounts_have_one_checkpoint_that_only_grows() {
        let (one, two) = (Chain::default().after(b"a"), Chain::default().after(b"b").after(b"c"));
        let alone = Chain::together(&BTreeMap::from([([1; 32], one)]));
        assert_eq!(alone, one);
        let both = Chain::together(&BTreeMap::from([([1; 32], one), ([2; 32], two)]));
        assert_eq!(both.seq, 3);
        let later = Chain::together(&BTreeMap::from([([1; 32], one.after(b"d")), ([2; 32], two)]));
        assert!(later.seq > both.seq && later.root != both.root);
    }

    #[test]
    fn the_root_is_as_its_formula_says() {
        let root = |before: &[u8; 32], seq: u64, change: &[u8]| -> [u8; 32] {
            let change = Sha256::digest(change);
            let bytes =
                [b"perf-aggregator/checkpoint/v1\0".as_slice(), before, &seq.to_be_bytes(), &change].concat();
            Sha256::digest(bytes).into()
        };
        let first = root(&[0; 32], 1, b"a");
        let chain = Chain::default().after(b"a").after(b"b");
        assert_eq!(chain, Chain { seq: 2, root: root(&first, 2, b"b") });
    }
}
