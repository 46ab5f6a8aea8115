//! Ledger, then metrics, then answer (DESIGN.md section 4, Shapes): what a session may read. What the record decides is
//! written by `protocol::statement`; here stand the facts around it.

mod told;
mod view;

pub(crate) use told::Told;
pub(crate) use view::Views;

use crate::{
    account::{Account, AccountRecord, Published, StopReason, SyncState},
    checkpoint::Chain,
    environment,
    failure::Failure,
    holder::Record,
    kept,
    restatements::Days,
    service::Service,
    session::Session,
};
use exchange::{KeyRights, Verdict};
use ledger::{Line, Timestamp, record};
use protocol::{
    Code,
    api::{self, Checkpoint, LedgerPage},
    ledger_file::Export,
    limits, rfc3339,
    statement::{Frame, Statement},
};
use serde_json::{Value, json};
use std::{collections::BTreeMap, net::IpAddr, sync::Arc};
use told::Members;
use view::{Exported, View, view};

/// A body as it is sent.
pub(crate) fn encode(body: &impl serde::Serialize) -> Vec<u8> {
    // Strings, numbers and string-keyed maps always serialise.
    serde_json::to_vec(body).unwrap_or_default()
}

/// What a key may do, with the judgement on it.
pub(crate) fn key_rights(rights: &KeyRights, trading_accepted: bool) -> api::KeyRights {
    let KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict } = *rights;
    let verdict = match (verdict, trading_accepted) {
        (_, true) => "trading_accepted",
        (Verdict::Accept, false) => "read_only",
        (Verdict::Undecided | Verdict::Refuse, false) => "undecided",
    };
    api::KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict: verdict.to_owned() }
}

/// What each connector reads, how far back and why, what it cannot see, and which addresses a key must allow. Its hash
/// stands in the attested configuration, so that whoever relays it can change nothing.
pub(crate) fn exchanges(egress: &[IpAddr]) -> Vec<u8> {
    let mut told = exchange::exchanges();
    if let Value::Object(told) = &mut told {
        told.insert("egress_addresses".to_owned(), json!(egress));
    }
    encode(&told)
}

/// The headline.
pub(crate) async fn summary(
    service: &Service,
    session: &Session,
    seen: Option<&Checkpoint>,
    now: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let told = read(service, session, seen, now).await?;
    Ok(told.body(told.view.told.summary()))
}

/// Everything: the summary's envelope, and the figures in total, by account, by symbol and by month.
pub(crate) async fn metrics(
    service: &Service,
    session: &Session,
    seen: Option<&Checkpoint>,
    now: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let told = read(service, session, seen, now).await?;
    Ok(told.body(&told.view.told.metrics()))
}

/// What an answer is made of, and how far the store has come.
struct Answer<'a> {
    session: &'a Session,
    checkpoint: Checkpoint,
    view: View,
}

async fn read<'a>(
    service: &Service,
    session: &'a Session,
    seen: Option<&Checkpoint>,
    now: Timestamp,
) -> Result<Answer<'a>, Failure> {
    service.venue_times.check(now)?;
    let account = service.accounts.get(session.terms.account, now).await?;
    let checkpoint = checkpoint(service, session, &account, seen, now).await?;
    let view = view(service, session, &account, now).await?;
    Ok(Answer { session, checkpoint, view })
}

impl Answer<'_> {
    /// With what holds for this moment and this session. Members are in the order of their names.
    fn body(&self, members: &Members) -> Vec<u8> {
        let Self { session, checkpoint, view: View { told: _, sync, snapshots, restatements, restarted_at } } =
            self;
        // In the order of their names as well: two sorted lists make one.
        let of_now = [
            ("checkpoint", encode(checkpoint)),
            ("record_restarted_at", encode(restarted_at)),
            ("restatements", encode(restatements)),
            ("session_expires", encode(&rfc3339(session.terms.expires_at))),
            ("snapshots", encode(snapshots)),
            ("sync", encode(sync)),
        ];
        debug_assert!(of_now.is_sorted_by_key(|(name, _)| *name));
        let told = members.iter().map(|(name, value)| (name.as_str(), value.get().as_bytes()));
        let mut told = told.filter(|(name, _)| of_now.iter().all(|(other, _)| other != name)).peekable();
        let bytes = told.clone().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        let more = of_now.iter().map(|(name, value)| name.len() + value.len() + 4).sum::<usize>();
        let mut body = Vec::with_capacity(bytes + more + 2);
        for (name, value) in &of_now {
            while let Some((name, value)) = told.next_if(|(other, _)| other < name) {
                member(&mut body, name, value);
            }
            member(&mut body, name, value);
        }
        told.for_each(|(name, value)| member(&mut body, name, value));
        body.push(b'}');
        body
    }
}

/// One more member of an object under way. Names are ours, and need no escape.
fn member(body: &mut Vec<u8>, name: &str, value: &[u8]) {
    body.push(if body.is_empty() { b'{' } else { b',' });
    body.push(b'"');
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(b"\":");
    body.extend_from_slice(value);
}

/// How far the store has come with what a session reads; refuses if the caller has seen more, or something else.
pub(crate) async fn checkpoint(
    service: &Service,
    session: &Session,
    account: &Account,
    seen: Option<&Checkpoint>,
    now: Timestamp,
) -> Result<Checkpoint, Failure> {
    let record = view::of_holder(service, session).await?;
    let several = record.filter(|record| record.accounts.len() > 1);
    let (chain, anchored) = match &several {
        Some(record) => together(service, record, now).await?,
        None => alone(service, account),
    };
    if let Some(seen) = seen {
        let earlier = match seen.seq < chain.seq && seen.seq > 0 {
            true if several.is_some() => protocol::wire::decode_array(&seen.root),
            true => kept::root_at(&service.vault, &account.key, seen.seq).await?,
            false => None,
        };
        crate::checkpoint::judge(seen, chain, earlier)?;
    }
    Ok(chain.told(anchored))
}

/// The chain of an account, and whether it is anchored.
pub(crate) fn alone(service: &Service, account: &Account) -> (Chain, bool) {
    let chain = account.record().chain;
    (chain, service.anchors.has(account.key, chain))
}

/// The chains of all accounts of a record, and whether all of them are anchored.
pub(crate) async fn together(
    service: &Service,
    record: &Record,
    now: Timestamp,
) -> Result<(Chain, bool), Failure> {
    let (mut chains, mut anchored) = (BTreeMap::new(), true);
    for (key, _) in record.accounts() {
        let account = service.accounts.get(key, now).await?;
        let (chain, is_anchored) = alone(service, &account);
        anchored &= is_anchored;
        chains.insert(key, chain);
    }
    Ok((Chain::together(&chains), anchored))
}

/// A page of the ledger, for `perfagg replay`.
pub(crate) async fn ledger(
    service: &Service,
    session: &Session,
    after: Option<&str>,
    revision: Option<u64>,
    now: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let account = service.accounts.get(session.terms.account, now).await?;
    let exported = view::exported(service, session, &account, now).await?;
    let Some(Exported { record, frame, as_of, revision: current }) = exported else {
        let detail = "A round of the collection is under way. Ask for the first page again.";
        return Err(Failure::new(Code::LedgerChanged, detail).retry_after(2));
    };
    if revision.is_some_and(|asked| asked != current) {
        return Err(Code::LedgerChanged.into());
    }
    let cursor = |text: &str| text.parse().ok();
    let from = after.map_or(Some(0), cursor).filter(|_| after.is_none() || revision.is_some());
    let from = from.ok_or_else(|| {
        Failure::new(
            Code::RequestMalformed,
            "after takes what next was, together with the revision of that page.",
        )
    })?;
    let export = Export::new(&record, &frame, as_of).map_err(|_| Code::Internal)?;
    let page = export.page(from, limits::LEDGER_PAGE_BYTES_MAX);
    Ok(encode(&LedgerPage {
        revision: current,
        lines: page.lines,
        next: page.next.map(|next| next.to_string()),
    }))
}

/// Publishes what a round came to. Returns the revision that it has.
pub(crate) fn publish(
    service: &Service,
    account: &Account,
    (statement, days): (Statement, Arc<Days>),
    as_of: Timestamp,
    with_under_way: Option<Arc<record::Record>>,
) -> u64 {
    let mut record = account.record_mut();
    let (revision, frame) = (record.revision, frame(service.environment, account, &record));
    let (told, days) = (Arc::new(Told::new(statement, frame)), (days, record.restated()));
    record.published = Some(Published { told, days, as_of, revision, with_under_way });
    revision
}

/// The facts around the record changed, and nothing else: they are published anew.
pub(crate) fn republish(service: &Service, account: &Account) {
    let mut record = account.record_mut();
    let (revision, frame) = (record.revision, frame(service.environment, account, &record));
    if let Some(published) = &mut record.published {
        published.told = Arc::new(published.told.reframed(frame));
        if published.revision == revision {
            published.revision = revision.saturating_add(1);
        }
    }
    record.revision = revision.saturating_add(1);
}

/// A record with what has left an account and is still on its way; none where nothing is.
pub(crate) fn with_under_way(
    record: &Arc<record::Record>,
    under_way: &[Line],
) -> Option<Arc<record::Record>> {
    if under_way.is_empty() {
        return None;
    }
    let mut with = Arc::clone(record);
    let lines = &mut Arc::make_mut(&mut with).lines;
    for line in under_way {
        // One that contradicts what is known is on its way no more.
        let _ = lines.apply(vec![line.clone()]);
    }
    Some(with)
}

/// What stands in answers and does not follow from the record.
pub(crate) fn frame(served: &str, account: &Account, record: &AccountRecord) -> Frame {
    let accounts = record.record.accounts.keys();
    let capability = account.site.venue.capability();
    let types: Vec<&str> = account.shown.types.iter().map(String::as_str).collect();
    Frame {
        environment: environment::of(account.site, served).to_owned(),
        accounts: accounts.map(|name| (name.to_string(), account.shown.clone())).collect(),
        history_limit: capability.history_limit(&types),
        cannot_see: account.site.unseen(&types),
        unread: record.missing(),
        key_rights: rights_in_words(record),
        prices: kept::uses(&record.price_sources),
    }
}

/// Why there are no figures yet.
fn uncollected(record: &AccountRecord) -> &'static str {
    match record.state {
        SyncState::Stopped(..) => "key_no_longer_used",
        SyncState::Waiting(_) => "venue_not_answering",
        SyncState::Collecting(_) | SyncState::Live(_) => "sync_in_progress",
    }
}

fn rights_in_words(record: &AccountRecord) -> String {
    let may = match (record.rights.verdict, record.trading_accepted) {
        (_, true) => "the key can trade, and its holder accepted that",
        (Verdict::Accept, false) => "read-only",
        (Verdict::Undecided | Verdict::Refuse, false) => "the exchange does not tell what the key may do",
    };
    let ended = match record.state {
        SyncState::Stopped(_, StopReason::Refused) => "; no longer used: the exchange refuses it",
        SyncState::Stopped(_, StopReason::RightsWidened) => "; no longer used: its rights were widened",
        SyncState::Stopped(_, StopReason::Fault) => "; no longer used: this enclave failed at the account",
        SyncState::Stopped(_, StopReason::LeaseEnded) => {
            "; no longer used: the time it was given for is over"
        }
        _ => "",
    };
    let times = record.rights_checks;
    format!("{may}, checked {times} {}{ended}", if times == 1 { "time" } else { "times" })
}
