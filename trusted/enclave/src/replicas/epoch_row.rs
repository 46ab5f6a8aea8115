//! The last epoch of a deployment, by its number: a sealed row, so that only who has the keys writes it, and one at a time.

use crate::{
    identity::Identity,
    store::{self, Expect, StoreError, Table, Vault, Writes},
};
use protocol::wire;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Its key. A newcomer, who has no keys, sees that it is there: somebody has them.
pub(super) const KEY: &[u8] = b"epoch";

/// The last epoch that was made.
#[derive(Clone, Copy)]
pub(super) struct Last {
    pub(super) number: u64,
    /// Whether those who have it are configured as this enclave is.
    pub(super) is_ours: bool,
    version: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    number: u64,
    config: String,
}

/// What the row says; `Corrupt` if it is not of these keys.
pub(super) async fn read(vault: &Vault, identity: &Identity) -> Result<Option<Last>, StoreError> {
    let Some(row) = vault.get(Table::Meta, KEY).await? else { return Ok(None) };
    let Row { number, config } = serde_json::from_slice(&row.bytes).map_err(|_| StoreError::Corrupt)?;
    let is_ours = config == wire::encode(&identity.config());
    Ok(Some(Last { number, is_ours, version: row.version }))
}

/// Writes that this enclave made an epoch, after the last one; `Conflict` if another one was faster.
pub(super) async fn write(
    vault: &Vault,
    identity: &Identity,
    last: Option<&Last>,
    number: u64,
) -> Result<(), StoreError> {
    let row = Row { number, config: wire::encode(&identity.config()) };
    let bytes = Zeroizing::new(serde_json::to_vec(&row).unwrap_or_default());
    let expect = last.map_or(Expect::Absent, |last| Expect::Version(last.version));
    let mut writes = Writes::new();
    writes.put(Table::Meta, KEY, expect, bytes);
    match last {
        Some(_) => vault.commit(writes).await,
        // Together with what else a store begins with: of two that are first, one is.
        None => store::found(vault, writes).await,
    }
}
