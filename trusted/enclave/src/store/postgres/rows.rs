//! Rows: read, listed, and changed all or none.
//!
//! A change that was expected otherwise, or a claim that is no longer held, undoes the whole transaction. When the
//! connection breaks at `COMMIT`, what became of it is not known: `Unavailable`, and who asked reads the versions again.

use super::{
    pool::{Parameters, Pool, again, to_its_end},
    trouble::Trouble,
};
use crate::store::{Batch, Change, Claim, Expect, StoreError, Stored, Table};
use std::{collections::BTreeMap, sync::Arc};
use tokio_postgres::{Client, Error, Row, types::Type};

pub(super) async fn get(pool: &Pool, table: Table, key: &[u8]) -> Result<Option<Stored>, StoreError> {
    let sql = "SELECT generation, version, sealed FROM sealed_rows WHERE kind = $1 AND key = $2";
    let rows = pool.query(sql, &[(&table.name(), Type::TEXT), (&key, Type::BYTEA)]).await?;
    rows.first().map(|row| stored(row, 0)).transpose()
}

pub(super) async fn scan(
    pool: Arc<Pool>,
    table: Table,
    prefix: &[u8],
    after: Option<&[u8]>,
    at_most: usize,
) -> Result<Vec<(Vec<u8>, Stored)>, StoreError> {
    // The first key after another is that one with a zero byte.
    let from = after
        .filter(|after| *after >= prefix)
        .map_or_else(|| prefix.to_vec(), |after| [after, &[0]].concat());
    let to = end_of(prefix);
    let at_most = i64::try_from(at_most).unwrap_or(i64::MAX);
    let sql = "SELECT key, generation, version, sealed FROM sealed_rows \
        WHERE kind = $1 AND key >= $2 AND ($3::bytea IS NULL OR key < $3) ORDER BY key LIMIT $4";
    // Long answers do not stand in the way of short ones.
    let found = async move {
        let parameters: &Parameters<'_> =
            &[(&table.name(), Type::TEXT), (&from, Type::BYTEA), (&to, Type::BYTEA), (&at_most, Type::INT8)];
        again(|| async {
            let lent = pool.lend().await?;
            let rows = lent.client()?.query_typed(sql, parameters).await;
            let rows = rows.map_err(|error| Trouble::from(&error))?;
            lent.give_back();
            Ok(rows)
        })
        .await
    };
    let rows = to_its_end(found).await?;
    rows.iter().map(|row| Ok((row.try_get(0).map_err(|_| StoreError::Corrupt)?, stored(row, 1)?))).collect()
}

/// The first key after all that begin with `prefix`; none if there is no such key.
fn end_of(prefix: &[u8]) -> Option<Vec<u8>> {
    let last = prefix.iter().rposition(|byte| *byte != u8::MAX)?;
    let mut end = prefix.get(..=last)?.to_vec();
    let byte = end.last_mut()?;
    *byte = byte.checked_add(1)?;
    Some(end)
}

fn stored(row: &Row, first: usize) -> Result<Stored, StoreError> {
    let number = |at: usize| row.try_get::<_, i64>(first.saturating_add(at)).map_err(|_| StoreError::Corrupt);
    Ok(Stored {
        generation: u32::try_from(number(0)?).map_err(|_| StoreError::Corrupt)?,
        version: u64::try_from(number(1)?).map_err(|_| StoreError::Corrupt)?,
        sealed: row.try_get(first.saturating_add(2)).map_err(|_| StoreError::Corrupt)?,
    })
}

pub(super) async fn commit(pool: Arc<Pool>, batch: Batch) -> Result<(), StoreError> {
    to_its_end(async move { made(&pool, &Changes::of(&batch)?).await }).await
}

async fn made(pool: &Pool, changes: &Changes<'_>) -> Result<(), StoreError> {
    again(|| async {
        let lent = pool.lend().await?;
        let client = lent.client()?;
        if let Err(trouble) = changes.make(client).await {
            // A server that takes no writes is left, and so is one that cannot undo: the connection is closed.
            if !matches!(trouble, Trouble::Elsewhere | Trouble::Because(StoreError::Unavailable))
                && client.batch_execute("ROLLBACK").await.is_ok()
            {
                lent.give_back();
            }
            return Err(trouble);
        }
        client.batch_execute("COMMIT").await.map_err(|error| Trouble::from(&error))?;
        lent.give_back();
        Ok(())
    })
    .await
}

/// A batch, by what its changes expect: one statement for each kind of expectation.
#[derive(Default)]
struct Changes<'a> {
    fences: BTreeMap<&'a [u8], i64>,
    inserted: Rows<'a>,
    updated: Rows<'a>,
    deleted: Rows<'a>,
    forgotten: Rows<'a>,
    absent: Rows<'a>,
}

/// Rows in columns, as `unnest` takes them.
#[derive(Default)]
struct Rows<'a> {
    kinds: Vec<&'static str>,
    keys: Vec<&'a [u8]>,
    expected: Vec<i64>,
    /// Of the key that must have sealed the row, where that is said.
    sealed_by: Vec<Option<i64>>,
    generations: Vec<i64>,
    versions: Vec<i64>,
    sealed: Vec<&'a [u8]>,
}

impl<'a> Changes<'a> {
    fn of(batch: &'a Batch) -> Result<Self, StoreError> {
        if !batch.is_sound() {
            return Err(StoreError::Conflict);
        }
        let mut of = Self::default();
        for Claim { account, token } in &batch.fences {
            let token = i64::try_from(*token).map_err(|_| StoreError::Fenced)?;
            if of.fences.insert(account, token).is_some_and(|other| other != token) {
                return Err(StoreError::Fenced);
            }
        }
        // In one order everywhere: then two transactions seldom wait for each other.
        let mut changes: Vec<&Change> = batch.changes.iter().collect();
        changes.sort_unstable_by_key(|change| (change.table, &change.key));
        for Change { table, key, expect, row } in changes {
            let (mut sealed_by, mut expected) = (None, 0);
            match expect {
                Expect::Absent | Expect::Any => {}
                Expect::Version(version) => expected = *version,
                Expect::Sealed { generation, version } => {
                    (sealed_by, expected) = (Some(i64::from(*generation)), *version);
                }
            }
            let rows = match (expect, row) {
                (Expect::Any, Some(_)) => return Err(StoreError::Conflict),
                (Expect::Absent, Some(_)) => &mut of.inserted,
                (Expect::Version(_) | Expect::Sealed { .. }, Some(_)) => &mut of.updated,
                (Expect::Version(_) | Expect::Sealed { .. }, None) => &mut of.deleted,
                (Expect::Any, None) => &mut of.forgotten,
                (Expect::Absent, None) => &mut of.absent,
            };
            rows.sealed_by.push(sealed_by);
            rows.kinds.push(table.name());
            rows.keys.push(key);
            rows.expected.push(i64::try_from(expected).map_err(|_| StoreError::Conflict)?);
            if let Some(row) = row {
                rows.generations.push(i64::from(row.generation));
                rows.versions.push(i64::try_from(row.version).map_err(|_| StoreError::Corrupt)?);
                rows.sealed.push(&row.sealed);
            }
        }
        Ok(of)
    }

    /// All of it up to the commit, in one round trip.
    async fn make(&self, client: &Client) -> Result<(), Trouble> {
        let (begun, fences, inserted, updated, deleted, forgotten, absent, unhurried) = tokio::join!(
            biased;
            client.batch_execute("BEGIN"),
            self.fences(client),
            self.inserted.execute(client, INSERT, true),
            self.updated.execute(client, UPDATE, true),
            self.deleted.execute(client, DELETE, true),
            self.forgotten.execute(client, FORGET, false),
            self.absent.execute(client, PRESENT, false),
            // A commit that waits for a replica must not be told to have happened before it has.
            client.batch_execute("SET LOCAL statement_timeout = 0"),
        );
        let unhurried = unhurried.map_err(|error| Trouble::from(&error));
        let begun = begun.map_err(|error| Trouble::from(&error));
        let results = [begun, fences, inserted, updated, deleted, forgotten, absent, unhurried];
        // A claim that is lost is told before anything else; what only follows from an earlier failure says nothing.
        let troubles = || results.iter().filter_map(|result| result.err());
        let fenced = troubles().find(|trouble| *trouble == Trouble::Because(StoreError::Fenced));
        let first = troubles().find(|trouble| *trouble != Trouble::Undone);
        fenced.or(first).or_else(|| troubles().next()).map_or(Ok(()), Err)
    }

    async fn fences(&self, client: &Client) -> Result<(), Trouble> {
        if self.fences.is_empty() {
            return Ok(());
        }
        let accounts: Vec<&[u8]> = self.fences.keys().copied().collect();
        // The lock lasts to the end of the transaction: until then nobody takes the account over.
        let sql = "SELECT account, token FROM claims WHERE account = ANY($1) AND holder <> '' ORDER BY account FOR UPDATE";
        let rows = client.query_typed(sql, &[(&accounts, Type::BYTEA_ARRAY)]).await;
        let rows = rows.map_err(|error| Trouble::from(&error))?;
        let held = |row: &Row| {
            let (account, token) = (row.try_get::<_, &[u8]>(0).ok(), row.try_get::<_, i64>(1).ok());
            token.is_some() && account.and_then(|account| self.fences.get(account).copied()) == token
        };
        let all = rows.len() == self.fences.len() && rows.iter().all(held);
        if all { Ok(()) } else { Err(StoreError::Fenced.into()) }
    }
}

const INSERT: &str = "INSERT INTO sealed_rows (kind, key, generation, version, sealed) \
    SELECT n.kind, n.key, n.generation, n.version, n.sealed \
    FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[]) \
    AS n (kind, key, expected, sealed_by, generation, version, sealed) ON CONFLICT (kind, key) DO NOTHING";
const UPDATE: &str = "UPDATE sealed_rows AS r SET generation = n.generation, version = n.version, sealed = n.sealed \
    FROM unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[]) \
    AS n (kind, key, expected, sealed_by, generation, version, sealed) \
    WHERE r.kind = n.kind AND r.key = n.key AND r.version = n.expected \
    AND r.generation = COALESCE(n.sealed_by, r.generation)";
const DELETE: &str = "DELETE FROM sealed_rows AS r USING unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[]) \
    AS n (kind, key, expected, sealed_by) WHERE r.kind = n.kind AND r.key = n.key AND r.version = n.expected \
    AND r.generation = COALESCE(n.sealed_by, r.generation)";
const FORGET: &str = "DELETE FROM sealed_rows AS r USING unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[]) \
    AS n (kind, key, expected, sealed_by) WHERE r.kind = n.kind AND r.key = n.key";
const PRESENT: &str = "SELECT r.version FROM sealed_rows AS r, unnest($1::text[], $2::bytea[], $3::bigint[], $4::bigint[]) \
    AS n (kind, key, expected, sealed_by) WHERE r.kind = n.kind AND r.key = n.key";

impl Rows<'_> {
    /// Makes one statement of them, if there are any. Whether it must meet each of them.
    async fn execute(&self, client: &Client, sql: &str, each: bool) -> Result<(), Trouble> {
        if self.keys.is_empty() {
            return Ok(());
        }
        let mut parameters: Vec<(&(dyn tokio_postgres::types::ToSql + Sync), Type)> = vec![
            (&self.kinds, Type::TEXT_ARRAY),
            (&self.keys, Type::BYTEA_ARRAY),
            (&self.expected, Type::INT8_ARRAY),
            (&self.sealed_by, Type::INT8_ARRAY),
        ];
        if !self.sealed.is_empty() {
            parameters.push((&self.generations, Type::INT8_ARRAY));
            parameters.push((&self.versions, Type::INT8_ARRAY));
            parameters.push((&self.sealed, Type::BYTEA_ARRAY));
        }
        let met: Result<u64, Error> = client.execute_typed(sql, &parameters).await;
        let met = met.map_err(|error| Trouble::from(&error))?;
        let expected = match sql {
            PRESENT => Some(0),
            _ => each.then(|| u64::try_from(self.keys.len()).unwrap_or(u64::MAX)),
        };
        if expected.is_none_or(|expected| met == expected) {
            Ok(())
        } else {
            Err(StoreError::Conflict.into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_prefix_is_the_first_key_that_does_not_begin_with_it() {
        assert_eq!(end_of(b"ab"), Some(b"ac".to_vec()));
        assert_eq!(end_of(&[1, 255, 255]), Some(vec![2]));
        assert_eq!(end_of(&[255, 255]), None);
        assert_eq!(end_of(&[]), None);
    }
}
