//! Who polls which account, by the clock of the database; and sealed calls that were made already.
//!
//! ```text
//! enrolled ──claim──► held ──(holder silent for CLAIM_S)──► expired ──claim by another──► held, with a larger token
//!     ▲                 │
//!     └────release──────┘        withdraw: the row is gone
//! ```
//!
//! That a holder lives is one row for all that it holds, so renewing a million claims writes one. The token, not the
//! clock, keeps a late holder from writing (`rows`): were the clock of the database wrong, an account would be polled
//! twice or late, and still be written by one.

use super::pool::Pool;
use crate::store::{CLAIM_S, Claim, Instance, StoreError};
use tokio_postgres::{Row, types::Type};

/// Rows that one statement of the sweep deletes at most.
const SWEPT: i64 = 1000;

/// A first token: above all that an account had before it was withdrawn, so that a claim from then stays void.
/// Microseconds grow faster than accounts change hands.
const ENROLL: &str = "INSERT INTO claims (account, holder, token, until_s) \
    VALUES ($1, '', (extract(epoch FROM now()) * 1000000)::bigint, $2) \
    ON CONFLICT (account) DO UPDATE SET until_s = excluded.until_s";

/// `ANY (ARRAY (…))` is evaluated once, before the rows are looked for; a join could be made again for each of them and
/// take more than the limit. Rows that somebody else is claiming are passed over. A holder counts as expired only by its
/// own row, so one that is newer than what this statement sees is left alone.
const CLAIM: &str = "WITH heard AS ( \
        INSERT INTO holders (holder, expires_at) VALUES ($1, now() + $3::bigint * interval '1 second') \
        ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at RETURNING holder \
    ) \
    UPDATE claims SET holder = $1, token = token + 1 WHERE account = ANY (ARRAY ( \
        SELECT free.account FROM claims AS free \
        WHERE free.holder = ANY (ARRAY ( \
            SELECT ''::bytea UNION ALL \
            SELECT gone.holder FROM holders AS gone WHERE gone.expires_at < now() AND gone.holder <> $1 \
        )) AND free.until_s > extract(epoch FROM now()) AND ($4::bytea IS NULL OR free.account = $4) \
        LIMIT $2 FOR UPDATE SKIP LOCKED \
    )) RETURNING account, token";

const RENEW: &str = "WITH heard AS ( \
        INSERT INTO holders (holder, expires_at) VALUES ($1, now() + $2::bigint * interval '1 second') \
        ON CONFLICT (holder) DO UPDATE SET expires_at = excluded.expires_at RETURNING holder \
    ) SELECT account, token FROM claims WHERE holder = $1";

pub(super) async fn enroll(pool: &Pool, account: [u8; 32], until_s: u64) -> Result<(), StoreError> {
    let until_s = i64::try_from(until_s).unwrap_or(i64::MAX);
    pool.execute(ENROLL, &[(&account.as_slice(), Type::BYTEA), (&until_s, Type::INT8)]).await.map(drop)
}

pub(super) async fn withdraw(pool: &Pool, account: [u8; 32]) -> Result<(), StoreError> {
    let sql = "DELETE FROM claims WHERE account = $1";
    pool.execute(sql, &[(&account.as_slice(), Type::BYTEA)]).await.map(drop)
}

/// Claims accounts that are free: any, or the one.
pub(super) async fn claim(
    pool: &Pool,
    by: Instance,
    only: Option<[u8; 32]>,
    at_most: usize,
) -> Result<Vec<Claim>, StoreError> {
    let (at_most, lasts_s) = (i64::try_from(at_most).unwrap_or(i64::MAX), lasts_s());
    let only = only.as_ref().map(<[u8; 32]>::as_slice);
    let parameters = [
        (&by.as_slice() as _, Type::BYTEA),
        (&at_most as _, Type::INT8),
        (&lasts_s as _, Type::INT8),
        (&only as _, Type::BYTEA),
    ];
    pool.query(CLAIM, &parameters).await?.iter().map(claimed).collect()
}

pub(super) async fn renew(pool: &Pool, by: Instance) -> Result<Vec<Claim>, StoreError> {
    let parameters = [(&by.as_slice() as _, Type::BYTEA), (&lasts_s() as _, Type::INT8)];
    pool.query(RENEW, &parameters).await?.iter().map(claimed).collect()
}

pub(super) async fn others(pool: &Pool, by: Instance) -> Result<bool, StoreError> {
    let sql = "SELECT 1 FROM holders WHERE holder <> $1 AND expires_at >= now() LIMIT 1";
    Ok(!pool.query(sql, &[(&by.as_slice() as _, Type::BYTEA)]).await?.is_empty())
}

pub(super) async fn release(pool: &Pool, by: Instance, account: Option<[u8; 32]>) -> Result<(), StoreError> {
    let by = by.as_slice();
    if let Some(account) = account {
        let sql = "UPDATE claims SET holder = '' WHERE account = $1 AND holder = $2";
        return pool.execute(sql, &[(&account.as_slice(), Type::BYTEA), (&by, Type::BYTEA)]).await.map(drop);
    }
    // Its row stays, expired: what it claims at the same moment is then free as well.
    let sql = "WITH ended AS (UPDATE holders SET expires_at = now() - interval '1 second' WHERE holder = $1 RETURNING holder) \
        UPDATE claims SET holder = '' WHERE holder = $1";
    pool.execute(sql, &[(&by, Type::BYTEA)]).await.map(drop)
}

fn lasts_s() -> i64 {
    i64::try_from(CLAIM_S).unwrap_or(i64::MAX)
}

fn claimed(row: &Row) -> Result<Claim, StoreError> {
    let account: &[u8] = row.try_get(0).map_err(|_| StoreError::Corrupt)?;
    let token: i64 = row.try_get(1).map_err(|_| StoreError::Corrupt)?;
    Ok(Claim {
        account: account.try_into().map_err(|_| StoreError::Corrupt)?,
        token: u64::try_from(token).map_err(|_| StoreError::Corrupt)?,
    })
}

/// Marks an envelope as used; whether it was not. Not made again when the answer is lost: it would find itself.
pub(super) async fn use_envelope(pool: &Pool, id: [u8; 16], expires_s: u64) -> Result<bool, StoreError> {
    let expires_s = i64::try_from(expires_s).unwrap_or(i64::MAX);
    let sql = "INSERT INTO envelopes (id, expires_s) VALUES ($1, $2) ON CONFLICT (id) DO NOTHING";
    Ok(pool.execute(sql, &[(&id.as_slice(), Type::BYTEA), (&expires_s, Type::INT8)]).await? == 1)
}

/// Deletes what is past, a little at a time: envelopes, enrolments that nobody holds, and holders that hold nothing; frees
/// what is held by nobody that is known. There
/// is no index by time, which all writers would meet at: what lives for minutes is few rows.
pub(super) async fn sweep(pool: &Pool) -> Result<(), StoreError> {
    for sql in [
        "DELETE FROM envelopes WHERE id = ANY (ARRAY (SELECT id FROM envelopes \
            WHERE expires_s < extract(epoch FROM now()) - 1 LIMIT $1))",
        "DELETE FROM claims WHERE holder = '' AND until_s <= extract(epoch FROM now()) \
            AND account = ANY (ARRAY (SELECT account FROM claims WHERE holder = '' \
            AND until_s <= extract(epoch FROM now()) LIMIT $1))",
        // Who polled these is not known any more: nobody would ever count as silent.
        "UPDATE claims SET holder = '' WHERE account = ANY (ARRAY (SELECT c.account FROM claims AS c \
            WHERE c.holder <> '' AND NOT EXISTS (SELECT 1 FROM holders AS h WHERE h.holder = c.holder) LIMIT $1)) \
            AND NOT EXISTS (SELECT 1 FROM holders AS h WHERE h.holder = claims.holder)",
        // One that comes back meanwhile has renewed its row, which is then left.
        "DELETE FROM holders WHERE expires_at < now() - interval '1 day' AND holder = ANY (ARRAY (SELECT h.holder \
            FROM holders AS h WHERE h.expires_at < now() - interval '1 day' \
            AND NOT EXISTS (SELECT 1 FROM claims AS c WHERE c.holder = h.holder) LIMIT $1))",
    ] {
        while pool.execute(sql, &[(&SWEPT, Type::INT8)]).await? == SWEPT.unsigned_abs() {}
    }
    Ok(())
}
