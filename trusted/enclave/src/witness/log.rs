//! How far the log of a store has come: one sealed row in `Table::Anchor`. A leaf is written as pending before the witness
//! hears of it; whoever finds it there asks the witness again.

use super::tree::{Hash, Range};
use crate::{
    checkpoint::Chain,
    store::{Expect, StoreError, Table, Vault, Writes},
};
use protocol::wire;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

const LEAF_DOMAIN: &[u8] = b"perf-aggregator/anchor-leaf/v1\0";
const HEADS_DOMAIN: &[u8] = b"perf-aggregator/anchor-heads/v1\0";

/// Heads of chains, by account.
pub(super) type Heads = BTreeMap<[u8; 32], Chain>;

/// A leaf: a hash over heads, blinded. The random bytes hide what did not change, and make it one that nobody has seen before.
pub(super) fn leaf(random: [u8; 32], heads: &Heads) -> Hash {
    let mut hash = Sha256::new_with_prefix(HEADS_DOMAIN);
    for (account, Chain { seq, root }) in heads {
        hash.update(account);
        hash.update(seq.to_be_bytes());
        hash.update(root);
    }
    let heads = hash.finalize();
    Sha256::new_with_prefix(LEAF_DOMAIN).chain_update(random).chain_update(heads).finalize().into()
}

/// A log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Log {
    /// What its witness has cosigned.
    pub(super) cosigned: Range,
    /// The leaf that it may or may not have cosigned.
    pub(super) pending: Option<Hash>,
}

/// As it is kept.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    v: u8,
    size: u64,
    roots: Vec<String>,
    pending: Option<String>,
}

impl Log {
    /// The log as it is kept, and the version of its row; 0: nothing is kept yet.
    pub(super) async fn read(vault: &Vault, row: &[u8; 32]) -> Result<(Self, u64), StoreError> {
        let Some(found) = vault.get(Table::Anchor, row).await? else { return Ok(Default::default()) };
        Ok((Self::parse(&found.bytes).ok_or(StoreError::Corrupt)?, found.version))
    }

    /// Keeps it, in place of that version.
    pub(super) async fn write(&self, vault: &Vault, row: &[u8; 32], version: u64) -> Result<(), StoreError> {
        let kept = Kept {
            v: 1,
            size: self.cosigned.size(),
            roots: self.cosigned.roots().iter().map(|root| wire::encode(root)).collect(),
            pending: self.pending.map(|leaf| wire::encode(&leaf)),
        };
        let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
        let mut writes = Writes::new();
        // Numbers and texts always serialise.
        let bytes = serde_json::to_vec(&kept).unwrap_or_default();
        writes.put(Table::Anchor, row, expect, Zeroizing::new(bytes));
        vault.commit(writes).await
    }

    fn parse(bytes: &[u8]) -> Option<Self> {
        let Kept { v, size, roots, pending } = serde_json::from_slice(bytes).ok()?;
        let roots = roots.iter().map(|root| wire::decode_array(root)).collect::<Option<_>>()?;
        let pending = match pending {
            Some(leaf) => Some(wire::decode_array(&leaf)?),
            None => None,
        };
        (v == 1).then_some(Self { cosigned: Range::new(size, roots)?, pending })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_kept_is_read_and_nobody_overwrites_what_they_have_not_read() {
        let (vault, row) = (Vault::in_memory(), [1; 32]);
        assert_eq!(Log::read(&vault, &row).await, Ok((Log::default(), 0)));
        let mut log = Log { cosigned: Range::default(), pending: Some([9; 32]) };
        log.write(&vault, &row, 0).await.unwrap();
        assert_eq!(log.write(&vault, &row, 0).await, Err(StoreError::Conflict));
        for number in 0..5 {
            log = Log { cosigned: log.cosigned.and(&[number]), pending: None };
        }
        log.write(&vault, &row, 1).await.unwrap();
        assert_eq!(log.write(&vault, &row, 1).await, Err(StoreError::Conflict));
        assert_eq!(Log::read(&vault, &row).await, Ok((log, 2)));
    }

    #[test]
    fn a_row_of_another_form_is_no_log() {
        let parse = |text: &str| Log::parse(text.as_bytes());
        assert_eq!(parse(r#"{"v":1,"size":0,"roots":[],"pending":null}"#), Some(Log::default()));
        for text in [
            "",
            r#"{"v":2,"size":0,"roots":[],"pending":null}"#,
            r#"{"v":1,"size":1,"roots":[],"pending":null}"#,
            r#"{"v":1,"size":1,"roots":["AA"],"pending":null}"#,
            r#"{"v":1,"size":0,"roots":[],"pending":"AA"}"#,
            r#"{"v":1,"size":0,"roots":[],"pending":null,"more":1}"#,
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_leaf_is_another_one_for_other_heads_and_for_other_random_bytes() {
        let chain = Chain::default().after(b"a change");
        let heads = Heads::from([([1; 32], chain)]);
        let expected = {
            let bytes = [HEADS_DOMAIN, &[1; 32], &1_u64.to_be_bytes(), &chain.root].concat();
            let heads = Sha256::digest(bytes);
            Hash::from(Sha256::digest([LEAF_DOMAIN, &[7; 32], &heads].concat()))
        };
        assert_eq!(leaf([7; 32], &heads), expected);
        assert_ne!(leaf([8; 32], &heads), expected);
        assert_ne!(leaf([7; 32], &Heads::from([([1; 32], chain.after(b"more"))])), expected);
        assert_ne!(leaf([7; 32], &Heads::new()), expected);
    }
}
