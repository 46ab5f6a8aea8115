//! Account to rows: a change, if there is one, and the head, in one transaction.

use super::{
    CURSOR, Change, PAGES_MAX, PIECE, PIECES_BYTES_MIN, ROOTS, SLOTS, SLOTS_PER_ROW, TIES, first_change,
    head::{Head, Texts},
    page, part, small_text, text,
};
use crate::{
    account::{Account, AccountKey, Piece, Rows, SyncState, Ties, empty},
    checkpoint::{Chain, ROOTS_PER_ROW, place},
    store::{Claim, Expect, StoreError, Table, Vault, Writes},
};
use ledger::{Timestamp, record::Record};
use std::sync::Arc;
use zeroize::Zeroizing;

/// An account is written at least so often while it is polled: what holds until the next round only is lost with a process.
const SAVE_INTERVAL_MS: i64 = 600_000;

/// What is saved.
#[derive(Clone, Copy)]
pub(crate) struct Saving<'a> {
    /// What happened: `registered`, `round`, `stopped`.
    pub(crate) what: &'static str,
    /// What the connector knows; none: it is left as it is.
    pub(crate) cursor: Option<&'a [u8]>,
    /// The right to write.
    pub(crate) claim: Option<Claim>,
    /// How the collection will stand once it is written; none: as it does.
    pub(crate) state: Option<SyncState>,
    /// Now.
    pub(crate) at: Timestamp,
}

/// What was seen when it was looked at, under the lock.
struct Seen {
    record: Arc<Record>,
    piece: Option<Piece>,
    whole: bool,
    slots: Vec<u8>,
    slots_count: u64,
    restated: u64,
    change: Change,
    chain: Chain,
}

/// Writes what is new of an account, in one transaction with `writes`. Whether anything was written: while nothing lasting is
/// new, it is not each time.
///
/// # Errors
/// Then nothing is known to be written, and what is new is still to be.
pub(crate) async fn save(
    vault: &Vault,
    account: &Account,
    saving: Saving<'_>,
    mut writes: Writes,
) -> Result<bool, StoreError> {
    let mut rows = account.rows.lock().await;
    let seen = seen(account, &rows, saving.what)?;
    let is_change = seen.piece.is_some()
        || seen.slots_count > rows.slots_saved
        || seen.restated > rows.restated
        || saving.what != "round";
    let age_ms = rows.saved_at.map(|saved| saving.at.millis().saturating_sub(saved.millis()));
    if !is_change && writes.is_empty() && age_ms.is_some_and(|age| age < SAVE_INTERVAL_MS) {
        return Ok(false);
    }
    let (mut next, mut chain) = (rows.clone(), seen.chain);
    if is_change {
        chain = put_change(account, &seen, saving, &mut next, &mut writes).await?;
        put_slots(account, &seen, &mut next, &mut writes);
        next.restated = seen.restated;
    }
    if let Some(cursor) = saving.cursor {
        next.cursor = put(&mut writes, &part(&account.key, CURSOR, 0), next.cursor, cursor.to_vec());
    }
    put_head(account, &seen, (saving, chain), &mut next, &mut writes)?;
    if let Some(claim) = saving.claim {
        writes.fence(claim);
    }
    vault.commit(writes).await?;
    *rows = next;
    let mut known = account.record_mut();
    known.chain = chain;
    if let Some(Piece { observed_until, .. }) = seen.piece {
        known.unsaved.saved(observed_until);
    }
    Ok(true)
}

/// Who has to do with an account, and the version of the row that says so; 0: there is none yet.
pub(crate) async fn ties(vault: &Vault, key: &AccountKey) -> Result<(Ties, u64), StoreError> {
    let Some(row) = vault.get(Table::Part, &part(key, TIES, 0)).await? else { return Ok(Default::default()) };
    Ok((serde_json::from_slice(&row.bytes).map_err(|_| StoreError::Corrupt)?, row.version))
}

/// Writes who has to do with an account.
pub(crate) fn put_ties(key: &AccountKey, ties: &Ties, version: u64, writes: &mut Writes) {
    // Numbers and texts always serialise.
    put(writes, &part(key, TIES, 0), version, serde_json::to_vec(ties).unwrap_or_default());
}

fn seen(account: &Account, rows: &Rows, what: &'static str) -> Result<Seen, StoreError> {
    let known = account.record();
    let whole = known.unsaved.everything || rows.bytes.1 > rows.bytes.0.max(PIECES_BYTES_MIN);
    let mut piece = match what {
        // Nothing was read yet.
        "registered" => None,
        _ => known.unsaved.piece(account.site.venue, &known.record),
    };
    if let Some(piece) = piece.as_mut().filter(|_| whole) {
        piece.record = Arc::clone(&known.record);
    }
    // The last row of snapshots is written anew, with what it held before.
    let first = usize::try_from(rows.slots_saved).unwrap_or(0) / SLOTS_PER_ROW * SLOTS_PER_ROW;
    let slots = known.snapshots.get(first..).unwrap_or_default();
    Ok(Seen {
        record: Arc::clone(&known.record),
        whole: whole && piece.is_some(),
        piece,
        slots: serde_json::to_vec(slots).map_err(|_| StoreError::Corrupt)?,
        slots_count: u64::try_from(known.snapshots.len()).unwrap_or(u64::MAX),
        restated: known.restated(),
        change: Change {
            what: what.to_owned(),
            revision: known.revision,
            passing: known.waiting.passing.keys().map(|at| at.millis()).collect(),
            snapshots: u64::try_from(known.snapshots.len()).unwrap_or(u64::MAX),
        },
        chain: known.chain,
    })
}

/// The pages of a change and its root.
async fn put_change(
    account: &Account,
    seen: &Seen,
    saving: Saving<'_>,
    next: &mut Rows,
    writes: &mut Writes,
) -> Result<Chain, StoreError> {
    let mut pages = vec![seen.change.line()?];
    if let Some(chain) = first(&seen.chain, &pages).filter(|_| seen.piece.is_none()) {
        next.roots = (0, chain.root.to_vec());
        return Ok(chain);
    }
    if let Some(Piece { record, .. }) = &seen.piece {
        let (record, venue, shown) = (Arc::clone(record), account.site.venue, account.shown.clone());
        let at = saving.at;
        // A long history takes a while.
        let texts = tokio::task::spawn_blocking(move || text(&record, venue, &shown, at)).await;
        pages.extend(texts.map_err(|_| StoreError::Unavailable)??);
    }
    let chain = seen.chain.after(pages.concat().as_bytes());
    let bytes = pages.iter().map(|page| u64::try_from(page.len()).unwrap_or(0)).sum::<u64>();
    if seen.whole {
        for number in core::mem::take(&mut next.pages) {
            writes.delete(Table::Part, &part(&account.key, PIECE, number), Expect::Any);
        }
        (next.base, next.bytes) = (chain.seq, (bytes, 0));
    } else {
        next.bytes.1 = next.bytes.1.saturating_add(bytes);
    }
    for (number, text) in (0..).zip(pages) {
        let number = page(chain.seq, number);
        put(writes, &part(&account.key, PIECE, number), 0, text.into_bytes());
        next.pages.push(number);
    }
    let (row, at) = place(chain.seq);
    if at == 0 {
        next.roots = (0, Vec::new());
    }
    next.roots.1.extend_from_slice(&chain.root);
    debug_assert!(next.roots.1.len() <= usize::try_from(ROOTS_PER_ROW * 32).unwrap_or(0));
    next.roots.0 = put(writes, &part(&account.key, ROOTS, row), next.roots.0, next.roots.1.clone());
    Ok(chain)
}

/// The chain after a first change that follows from what every account begins with: it is not kept.
fn first(chain: &Chain, pages: &[String]) -> Option<Chain> {
    let change = first_change()?;
    (*chain == Chain::default() && pages == [change.as_str()]).then(|| chain.after(change.as_bytes()))
}

fn put_slots(account: &Account, seen: &Seen, next: &mut Rows, writes: &mut Writes) {
    if seen.slots_count == next.slots_saved {
        return;
    }
    let per_row = u64::try_from(SLOTS_PER_ROW).unwrap_or(1);
    let first = next.slots_saved / per_row;
    let slots: Vec<serde_json::Value> = serde_json::from_slice(&seen.slots).unwrap_or_default();
    for (row, slots) in (first..).zip(slots.chunks(SLOTS_PER_ROW)) {
        let version = if row == first && !next.slots_saved.is_multiple_of(per_row) { next.slots } else { 0 };
        let bytes = serde_json::to_vec(slots).unwrap_or_default();
        next.slots = put(writes, &part(&account.key, SLOTS, row), version, bytes);
    }
    next.slots_saved = seen.slots_count;
}

fn put_head(
    account: &Account,
    seen: &Seen,
    (saving, chain): (Saving<'_>, Chain),
    next: &mut Rows,
    writes: &mut Writes,
) -> Result<(), StoreError> {
    let known = account.record();
    let at = saving.at;
    let texts = texts(account, &seen.record, &known, at)?;
    let state = saving.state.unwrap_or(known.state);
    let observed_until = match &seen.piece {
        Some(piece) => piece.observed_until.clone(),
        None => known.unsaved.observed_until.clone(),
    };
    let head =
        Head::of(account, &known, next, (chain, observed_until, state), texts).ok_or(StoreError::Corrupt)?;
    let bytes = serde_json::to_vec(&head).map_err(|_| StoreError::Corrupt)?;
    drop(known);
    next.head = put_in(writes, Table::Account, &account.key, next.head, bytes);
    next.saved_at = Some(at);
    Ok(())
}

/// What holds until the next round only.
fn texts(
    account: &Account,
    record: &Record,
    known: &crate::account::AccountRecord,
    at: Timestamp,
) -> Result<Texts, StoreError> {
    let facts = || {
        let accounts = record.accounts.iter().map(|(name, account)| {
            let bare = ledger::record::Account { observations: Vec::new(), ..account.clone() };
            (Arc::clone(name), bare)
        });
        accounts.collect::<Vec<_>>()
    };
    let of = |piece: Record| small_text(&piece, account, at).map(Some);
    let with = |fill: &dyn Fn(&mut Record)| {
        let mut piece = empty(account.site.venue);
        piece.accounts.extend(facts());
        fill(&mut piece);
        of(piece)
    };
    let newest =
        record.accounts.iter().filter_map(|(name, account)| Some((name, account.observations.last()?)));
    let newest: Vec<_> = newest.collect();
    let mut texts = Texts::default();
    if !known.waiting.passing.is_empty() || !newest.is_empty() {
        texts.passing = with(&|piece| {
            for (at, prices) in &known.waiting.passing {
                for (asset, found) in prices {
                    piece.prices.learn_at(asset.clone(), *at, found.clone());
                }
            }
            for (name, newest) in &newest {
                if let Some(account) = piece.accounts.get_mut(*name) {
                    account.observations.push((*newest).clone());
                }
            }
        })?;
    }
    if !known.waiting.lines.is_empty() || !known.waiting.observations.is_empty() {
        texts.waiting = with(&|piece| {
            for line in &known.waiting.lines {
                // Told twice it waits once; what contradicts itself is told again by the venue.
                let _ = piece.lines.apply(vec![line.clone()]);
            }
            for (name, waits) in &known.waiting.observations {
                if let Some(account) = piece.accounts.get_mut(name) {
                    account.observations.push(waits.clone());
                }
            }
        })?;
    }
    if !known.under_way.is_empty() {
        texts.under_way = with(&|piece| {
            for line in &known.under_way {
                let _ = piece.lines.apply(vec![line.clone()]);
            }
        })?;
    }
    Ok(texts)
}

fn put(writes: &mut Writes, key: &[u8], version: u64, bytes: Vec<u8>) -> u64 {
    put_in(writes, Table::Part, key, version, bytes)
}

/// The version that the row then has; 0 is none yet.
pub(super) fn put_in(writes: &mut Writes, table: Table, key: &[u8], version: u64, bytes: Vec<u8>) -> u64 {
    let expect = if version == 0 { Expect::Absent } else { Expect::Version(version) };
    writes.put(table, key, expect, Zeroizing::new(bytes));
    version.saturating_add(1)
}

/// Deletes everything that is kept of an account, if who has to do with it is as it was read at this version: who registers
/// it meanwhile keeps it.
pub(crate) fn delete(key: &AccountKey, rows: &Rows, ties: u64, writes: &mut Writes) {
    writes.delete(Table::Account, key, Expect::Any);
    for number in &rows.pages {
        writes.delete(Table::Part, &part(key, PIECE, *number), Expect::Any);
    }
    let per_row = u64::try_from(SLOTS_PER_ROW).unwrap_or(1);
    for row in 0..=rows.slots_saved / per_row {
        writes.delete(Table::Part, &part(key, SLOTS, row), Expect::Any);
    }
    let changes = rows.pages.last().map_or(0, |number| number / PAGES_MAX);
    for row in 0..=place(changes).0 {
        writes.delete(Table::Part, &part(key, ROOTS, row), Expect::Any);
    }
    writes.delete(Table::Part, &part(key, CURSOR, 0), Expect::Any);
    let expect = if ties == 0 { Expect::Absent } else { Expect::Version(ties) };
    writes.delete(Table::Part, &part(key, TIES, 0), expect);
}
