//! What rows mean has a version, which is a row of its own. A later program brings what an earlier one wrote to its own
//! version, step by step, each in one transaction together with the new number: a stop at any instant leaves one version or
//! the next. What a later program wrote is left alone.
//!
//! Version 1 is the first. A change of what rows mean adds a step to [`STEPS`], and never changes one.

use super::{Expect, StoreError, Table, Vault, Writes};
use core::{future::Future, pin::Pin};
use zeroize::Zeroizing;

/// What a step changes; the number of the version is added to it. It reads through the vault, and expects of each row what
/// it read.
type Changes<'a> = Pin<Box<dyn Future<Output = Result<Writes, StoreError>> + Send + 'a>>;

/// From one version to the next.
type Step = for<'a> fn(&'a Vault) -> Changes<'a>;

/// From version 1 to 2, from 2 to 3, and so on.
const STEPS: &[Step] = &[];

/// The key of the row that says the version.
const SCHEMA: &[u8] = b"schema";
const FIRST: u32 = 1;
/// Where many start at once, each makes a step that another has made, and looks again.
const ATTEMPTS_MAX: usize = 100;

/// Brings a store to the version of this program, and says which that is.
pub(crate) async fn migrate(vault: &Vault) -> Result<u32, StoreError> {
    run(vault, STEPS).await
}

/// Brings a store to the version that these steps lead to, and says which that is.
async fn run(vault: &Vault, steps: &[Step]) -> Result<u32, StoreError> {
    let now = u32::try_from(steps.len()).ok().and_then(|steps| FIRST.checked_add(steps));
    let now = now.ok_or(StoreError::Newer)?;
    for _ in 0..ATTEMPTS_MAX {
        let (expect, writes, next) = match version(vault).await? {
            Some((_, version)) if version == now => return Ok(now),
            Some((_, version)) if version > now => return Err(StoreError::Newer),
            Some((row, version)) => {
                let step = version.checked_sub(FIRST).and_then(|at| steps.get(usize::try_from(at).ok()?));
                let writes = step.ok_or(StoreError::Corrupt)?(vault).await?;
                (Expect::Version(row), writes, version.saturating_add(1))
            }
            None if is_empty(vault).await? => (Expect::Absent, Writes::new(), now),
            // Rows of a version that nobody says.
            None => return Err(StoreError::Corrupt),
        };
        match write(vault, expect, writes, next).await {
            // Somebody else did the same, or wrote a row that the step had read.
            Ok(()) | Err(StoreError::Conflict) => {}
            Err(error) => return Err(error),
        }
    }
    Err(StoreError::Conflict)
}

/// The first rows of an empty store, with the version that they have; `Conflict` if somebody else wrote first ones.
pub(crate) async fn found(vault: &Vault, mut writes: Writes) -> Result<(), StoreError> {
    let now = u32::try_from(STEPS.len()).ok().and_then(|steps| FIRST.checked_add(steps));
    let now = now.ok_or(StoreError::Newer)?;
    if !is_empty(vault).await? {
        let founded = vault.store().get(Table::Meta, SCHEMA).await?.is_some();
        return Err(if founded { StoreError::Conflict } else { StoreError::Corrupt });
    }
    writes.put(Table::Meta, SCHEMA, Expect::Absent, Zeroizing::new(now.to_be_bytes().to_vec()));
    vault.commit(writes).await
}

/// The version of the row, and the version that it says.
async fn version(vault: &Vault) -> Result<Option<(u64, u32)>, StoreError> {
    let Some(row) = vault.get(Table::Meta, SCHEMA).await? else { return Ok(None) };
    let version = row.bytes.as_slice().try_into().map_err(|_| StoreError::Corrupt)?;
    Ok(Some((row.version, u32::from_be_bytes(version))))
}

async fn write(vault: &Vault, expect: Expect, mut writes: Writes, version: u32) -> Result<(), StoreError> {
    writes.put(Table::Meta, SCHEMA, expect, Zeroizing::new(version.to_be_bytes().to_vec()));
    vault.commit(writes).await?;
    tracing::info!(version, "the store has this version now");
    Ok(())
}

async fn is_empty(vault: &Vault) -> Result<bool, StoreError> {
    for table in Table::ALL {
        if !vault.store().scan(table, &[], None, 1).await?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests;
