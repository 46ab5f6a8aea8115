//! Rows to account: every piece in its order, each held against the chain.

use super::{
    CURSOR, Change, PAGES_MAX, PIECE, ROOTS, SLOTS, TIES, first_change,
    head::{Glance, Head},
};
use crate::{
    account::{Account, AccountKey, AccountRecord, Rows, empty},
    checkpoint::{Chain, place},
    store::{Opened, StoreError, Table, Vault},
};
use exchange::Site;
use ledger::{Price, PriceSource, Timestamp, record::Record};
use protocol::ledger_file;
use std::{collections::BTreeMap, sync::Arc};
use zeroize::Zeroizing;

/// Parts that are read at once.
const PARTS_AT_ONCE: usize = 64;

/// An account as it was read, and what its connector knows.
pub(crate) struct Loaded {
    pub(crate) account: Account,
    pub(crate) cursor: Option<Zeroizing<Vec<u8>>>,
}

/// The parts of an account, by kind and number.
type Parts = BTreeMap<(u8, u64), Opened>;

/// The account of a key; `None`: it is not in the store.
///
/// # Errors
/// `Corrupt` if the rows do not belong together: one was altered, or put back from an earlier time.
pub(crate) async fn load(
    vault: &Vault,
    key: AccountKey,
    now: Timestamp,
) -> Result<Option<Loaded>, StoreError> {
    let Some(head) = vault.get(Table::Account, &key).await? else { return Ok(None) };
    let parts = parts(vault, &key).await?;
    // A long history takes a while.
    let loaded = tokio::task::spawn_blocking(move || joined(key, &head, parts, now)).await;
    loaded.map_err(|_| StoreError::Unavailable)?.ok_or(StoreError::Corrupt).map(Some)
}

/// What the head of an account says of when it is due; `None`: it is not in the store.
pub(crate) async fn glance(vault: &Vault, key: &AccountKey) -> Result<Option<Glance>, StoreError> {
    let Some(head) = vault.get(Table::Account, key).await? else { return Ok(None) };
    Head::read(&head.bytes).and_then(|head| head.glance()).map(Some).ok_or(StoreError::Corrupt)
}

/// The root of an earlier change; `None` if it is not there.
pub(crate) async fn root_at(
    vault: &Vault,
    key: &AccountKey,
    seq: u64,
) -> Result<Option<[u8; 32]>, StoreError> {
    let (row, at) = place(seq);
    let found = vault.get(Table::Part, &super::part(key, ROOTS, row)).await?;
    Ok(found.and_then(|row| root_of(&row.bytes, at)))
}

fn root_of(row: &[u8], at: usize) -> Option<[u8; 32]> {
    row.get(at.checked_mul(32)?..)?.first_chunk::<32>().copied()
}

async fn parts(vault: &Vault, key: &AccountKey) -> Result<Parts, StoreError> {
    let (mut parts, mut after) = (Parts::new(), None);
    loop {
        let found = vault.scan(Table::Part, key, after.as_deref(), PARTS_AT_ONCE).await?;
        let is_last = found.len() < PARTS_AT_ONCE;
        for (name, opened) in found {
            let number = name.get(key.len()..).and_then(|rest| rest.split_first());
            let number = number.and_then(|(kind, number)| Some((*kind, number.try_into().ok()?)));
            let (kind, number) = number.ok_or(StoreError::Corrupt)?;
            parts.insert((kind, u64::from_be_bytes(number)), opened);
            after = Some(name);
        }
        if is_last {
            return Ok(parts);
        }
    }
}

fn joined(key: AccountKey, head: &Opened, mut parts: Parts, now: Timestamp) -> Option<Loaded> {
    let row = Head::read(&head.bytes)?;
    let site = Site::from_name(&row.venue)?;
    let venue = site.venue;
    let mut known = row.account(venue)?;
    let mut rows = Rows { head: head.version, saved_at: Some(now), ..Rows::default() };
    (rows.base, rows.bytes) = row.base();
    rows.restated = known.restated();
    rows.roots = roots(&known.chain, &parts)?;
    let mut record = empty(venue);
    pieces(&mut record, &known, &mut rows, &parts, now)?;
    slots(&mut known, &row, &mut rows, &parts)?;
    if let Some(ties) = parts.get(&(TIES, 0)) {
        known.ties = serde_json::from_slice(&ties.bytes).ok()?;
    }
    for (name, mut facts) in row.facts() {
        if let Some(account) = record.accounts.remove(&name) {
            facts.observations = account.observations;
        }
        record.accounts.insert(name, facts);
    }
    passing(&mut record, &mut known, row.passing.as_deref(), now)?;
    known.record = Arc::new(record);
    waiting(&mut known, &row)?;
    let cursor = parts.remove(&(CURSOR, 0)).map(|opened| {
        rows.cursor = opened.version;
        opened.bytes
    });
    let account = Account::new(key, site, row.account, known, rows);
    Some(Loaded { account, cursor })
}

/// The row that ends with the chain's head: its version, and its roots.
fn roots(chain: &Chain, parts: &Parts) -> Option<(u64, Vec<u8>)> {
    let (last, at) = place(chain.seq);
    let (version, roots) = match parts.get(&(ROOTS, last)) {
        Some(row) => (row.version, row.bytes.to_vec()),
        None => (0, first()?.root.to_vec()),
    };
    let is_whole = root_of(&roots, at) == Some(chain.root) && roots.len() == (at + 1) * 32;
    is_whole.then_some((version, roots))
}

/// The chain of an account that was registered only.
fn first() -> Option<Chain> {
    Some(Chain::default().after(first_change()?.as_bytes()))
}

/// Every piece, from the ledger that was written whole on.
fn pieces(
    record: &mut Record,
    known: &AccountRecord,
    rows: &mut Rows,
    parts: &Parts,
    now: Timestamp,
) -> Option<()> {
    let of_pieces = parts.range((PIECE, 0)..=(PIECE, u64::MAX));
    let mut pages: BTreeMap<u64, Vec<&[u8]>> = BTreeMap::new();
    for ((_, number), opened) in of_pieces {
        rows.pages.push(*number);
        pages.entry(number / PAGES_MAX).or_default().push(&opened.bytes);
    }
    // Changes from before the first round stand before the ledger that was written whole.
    let begin = pages.keys().next().copied().unwrap_or(2);
    let mut chain = match begin.checked_sub(1)? {
        0 => Chain::default(),
        seq => {
            let (row, at) = place(seq);
            match parts.get(&(ROOTS, row)) {
                Some(row) => Chain { seq, root: root_of(&row.bytes, at)? },
                None => first()?,
            }
        }
    };
    for (seq, pages) in pages {
        let change = pages.concat();
        chain = chain.after(&change);
        if chain.seq != seq {
            return None;
        }
        let end = change.iter().position(|byte| *byte == b'\n')?;
        let (facts, text) = change.split_at(end.checked_add(1)?);
        let facts: Change = serde_json::from_slice(facts).ok()?;
        if !text.is_empty() {
            let piece = ledger_file::read(text).ok()?;
            ledger_file::absorb(record, piece.record, later(now, piece.as_of)).ok()?;
        }
        for at in facts.passing {
            record.prices.forget_minute(Timestamp::from_millis(at));
        }
    }
    (chain == known.chain).then_some(())
}

/// Nothing of a ledger is refused because this machine's clock was set back since.
fn later(now: Timestamp, as_of: Timestamp) -> Timestamp {
    let latest = now.millis().max(as_of.millis()).saturating_add(ledger_file::AHEAD_MS_MAX);
    Timestamp::from_millis(latest)
}

fn slots(known: &mut AccountRecord, row: &Head, rows: &mut Rows, parts: &Parts) -> Option<()> {
    for (_, opened) in parts.range((SLOTS, 0)..=(SLOTS, u64::MAX)) {
        let slots: Vec<_> = serde_json::from_slice(&opened.bytes).ok()?;
        known.snapshots.extend::<Vec<_>>(slots);
        rows.slots = opened.version;
    }
    rows.slots_saved = row.snapshots;
    (u64::try_from(known.snapshots.len()).ok()? == row.snapshots).then_some(())
}

/// The prices and balances of the last figures.
fn passing(record: &mut Record, known: &mut AccountRecord, text: Option<&str>, now: Timestamp) -> Option<()> {
    let Some(text) = text else { return Some(()) };
    let piece = ledger_file::read(text.as_bytes()).ok()?;
    let told = |found: Option<(Price, &PriceSource)>| found.map(|(price, source)| (price, source.clone()));
    for (asset, at, found) in piece.record.prices.minutes() {
        known.waiting.passing.entry(at).or_default().push((asset.clone(), told(found)));
    }
    ledger_file::absorb(record, piece.record, later(now, piece.as_of)).ok()
}

fn waiting(known: &mut AccountRecord, row: &Head) -> Option<()> {
    let read = |text: &Option<String>| match text {
        Some(text) => Some(Some(ledger_file::read(text.as_bytes()).ok()?.record)),
        None => Some(None),
    };
    if let Some(mut record) = read(&row.waiting)? {
        known.waiting.lines = record.lines.iter().cloned().collect();
        let first = |(name, account): (Arc<str>, ledger::record::Account)| {
            Some((name, account.observations.into_iter().next()?))
        };
        known.waiting.observations =
            core::mem::take(&mut record.accounts).into_iter().filter_map(first).collect();
    }
    if let Some(record) = read(&row.under_way)? {
        known.under_way = record.lines.iter().cloned().collect();
    }
    Some(())
}
