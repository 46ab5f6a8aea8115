//! What enclaves leave for each other in the database: rows of `Table::Join`, not sealed as rows, since a newcomer has no keys.
//! Each is written once. Whoever can write there can send anything: what comes is parsed in bounds and then verified.

use crate::store::{Batch, Change, Expect, Store, StoreError, Stored, Table};
use protocol::wire;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::collections::{BTreeMap, BTreeSet};

/// Names one handover; random, chosen by the newcomer.
pub(super) type Id = [u8; 16];
/// What is proven to be fresh.
pub(super) type Nonce = [u8; 32];

/// Messages that are looked at at once.
const MESSAGES_MAX: usize = 256;

/// The steps of a handover, by a letter in the key of the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Ask,
    Offer,
    Evidence,
    Keys,
    /// The giver does not accept the newcomer. Anyone could write it: it is a hint for the operator.
    Refusal,
}

const STEPS: [(Step, u8); 5] = [
    (Step::Ask, b'a'),
    (Step::Offer, b'o'),
    (Step::Evidence, b'e'),
    (Step::Keys, b'k'),
    (Step::Refusal, b'r'),
];

/// The newcomer asks whoever has the keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ask {
    nonce: String,
}

/// The giver proves what it is, and asks for the same.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Offer {
    nonce: String,
    /// An evidence bundle, as clients get it.
    pub(super) bundle: String,
}

/// The newcomer proves what it is.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Evidence {
    pub(super) bundle: String,
}

/// The keys.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Keys {
    enc: String,
    ciphertext: String,
    signature: String,
}

/// The giver does not accept the newcomer.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Refusal {}

impl Ask {
    pub(super) fn new(nonce: &Nonce) -> Self {
        Self { nonce: wire::encode(nonce) }
    }

    pub(super) fn nonce(&self) -> Option<Nonce> {
        wire::decode_array(&self.nonce)
    }
}

impl Offer {
    pub(super) fn new(nonce: &Nonce, bundle: String) -> Self {
        Self { nonce: wire::encode(nonce), bundle }
    }

    pub(super) fn nonce(&self) -> Option<Nonce> {
        wire::decode_array(&self.nonce)
    }
}

impl Keys {
    pub(super) fn new(sealed: &protocol::handover::Sealed, signature: &[u8; 64]) -> Self {
        Self {
            enc: wire::encode(&sealed.enc),
            ciphertext: wire::encode(&sealed.ciphertext),
            signature: wire::encode(signature),
        }
    }

    pub(super) fn opened(&self) -> Option<(protocol::handover::Sealed, [u8; 64])> {
        let (enc, ciphertext) = (wire::decode_array(&self.enc)?, wire::decode(&self.ciphertext)?);
        Some((protocol::handover::Sealed { enc, ciphertext }, wire::decode_array(&self.signature)?))
    }
}

fn key(id: &Id, step: Step) -> Vec<u8> {
    let letter = STEPS.iter().find(|(other, _)| *other == step).map_or(0, |(_, letter)| *letter);
    [id, &[letter][..]].concat()
}

/// Leaves a message; `Conflict` if this step was made already.
pub(super) async fn put(
    store: &dyn Store,
    id: &Id,
    step: Step,
    message: &impl Serialize,
) -> Result<(), StoreError> {
    // Structs of texts: no map with other keys, nothing that fails.
    let sealed = serde_json::to_vec(message).unwrap_or_default();
    let row = Some(Stored { generation: 0, version: 1, sealed });
    let changes = vec![Change { table: Table::Join, key: key(id, step), expect: Expect::Absent, row }];
    store.commit(Batch { changes, fences: Vec::new() }).await
}

/// Reads a message; none if it is not there, or is none.
pub(super) async fn get<T: DeserializeOwned>(
    store: &dyn Store,
    id: &Id,
    step: Step,
) -> Result<Option<T>, StoreError> {
    let row = store.get(Table::Join, &key(id, step)).await?;
    Ok(row.and_then(|row| serde_json::from_slice(&row.sealed).ok()))
}

/// Which steps are there, of each handover.
pub(super) async fn all(store: &dyn Store) -> Result<BTreeMap<Id, BTreeSet<Step>>, StoreError> {
    let mut all: BTreeMap<Id, BTreeSet<Step>> = BTreeMap::new();
    for (key, _) in store.scan(Table::Join, &[], None, MESSAGES_MAX).await? {
        let Some((id, [letter])) = key.split_first_chunk() else { continue };
        let step = STEPS.iter().find(|(_, known)| known == letter);
        all.entry(*id).or_default().extend(step.map(|(step, _)| *step));
    }
    Ok(all)
}

/// A handover is over: nothing of it is left.
pub(super) async fn remove(store: &dyn Store, id: &Id) -> Result<(), StoreError> {
    let gone = |(step, _)| Change { table: Table::Join, key: key(id, step), expect: Expect::Any, row: None };
    store.commit(Batch { changes: STEPS.into_iter().map(gone).collect(), fences: Vec::new() }).await
}

/// For fuzzing: whatever another wrote, reading it ends in a value or nothing.
#[cfg(test)]
pub(super) fn fuzz_messages(data: &[u8]) {
    let _ = serde_json::from_slice::<Ask>(data).ok().and_then(|ask| ask.nonce());
    let _ = serde_json::from_slice::<Offer>(data).ok().and_then(|offer| offer.nonce());
    let _ = serde_json::from_slice::<Evidence>(data);
    let _ = serde_json::from_slice::<Keys>(data).ok().and_then(|keys| keys.opened());
    let _ = serde_json::from_slice::<Refusal>(data);
}
