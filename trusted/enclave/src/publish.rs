//! Ledger, then metrics, then answer (DESIGN.md section 4, Shapes): what a session may read. What the record decides is
//! written by `protocol::statement`; here stand the facts around it.

use crate::{
    account::{AccountRecord, Published, StopReason, SyncState},
    failure::Failure,
    service::Service,
    session::Session,
};
use exchange::{KeyRights, Venue, Verdict};
use ledger::{PriceSource, Timestamp, record::Record};
use protocol::{
    Code,
    api::{self, LedgerPage, PriceUse},
    ledger_file::Export,
    limits, rfc3339,
    statement::{Frame, Statement},
};
use serde_json::{Map, Value, json};
use std::sync::Arc;

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

/// What each connector reads, how far back, and what it cannot see.
pub(crate) fn exchanges() -> Vec<u8> {
    let venues: Vec<Value> = Venue::ALL
        .into_iter()
        .map(|venue| {
            json!({
                "exchange": venue.name(),
                "account_types": venue.account_types(),
                "quote_currency": venue.reporting_currency(),
                "sandbox": venue.has_sandbox(),
                "reads": venue.reads(),
                "cannot_see": venue.cannot_see(),
                "history_limit": venue.history_limit(),
            })
        })
        .collect();
    encode(&json!({ "exchanges": venues }))
}

/// The headline.
pub(crate) fn summary(service: &Service, session: &Session, now: Timestamp) -> Result<Vec<u8>, Failure> {
    read(service, session, now, Statement::summary)
}

/// Everything: the summary's envelope, and the figures in total, by account, by symbol and by month.
pub(crate) fn metrics(service: &Service, session: &Session, now: Timestamp) -> Result<Vec<u8>, Failure> {
    read(service, session, now, Statement::metrics)
}

fn read(
    service: &Service,
    session: &Session,
    now: Timestamp,
    body: fn(&Statement, &Frame) -> Map<String, Value>,
) -> Result<Vec<u8>, Failure> {
    service.venue_times.check(now)?;
    let (statement, frame, sync) = {
        let record = session.record();
        let (statement, frame) = match &record.published {
            Some(published) => (Arc::clone(&published.statement), published.frame.clone()),
            None => {
                let quote = record.record.aggregator.reporting();
                let none = Statement::none(quote, now, uncollected(&record));
                (Arc::new(none), frame(service, session, &record))
            }
        };
        (statement, frame, record.sync(now))
    };
    let mut body = body(&statement, &frame);
    body.insert("session_expires".to_owned(), rfc3339(session.expires_at).into());
    body.insert("sync".to_owned(), json!(sync));
    body.sort_keys();
    Ok(encode(&body))
}

/// A page of the ledger, for `perfagg replay`.
pub(crate) fn ledger(
    session: &Session,
    after: Option<&str>,
    revision: Option<u64>,
) -> Result<Vec<u8>, Failure> {
    let exported = session.record().exported();
    let Some((published, record)) = exported else {
        let detail = "A round of the collection is under way. Ask for the first page again.";
        return Err(Failure::new(Code::LedgerChanged, detail).retry_after(2));
    };
    if revision.is_some_and(|asked| asked != published.revision) {
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
    let export = Export::new(&record, &published.frame, published.as_of).map_err(|_| Code::Internal)?;
    let page = export.page(from, limits::LEDGER_PAGE_BYTES_MAX);
    Ok(encode(&LedgerPage {
        revision: published.revision,
        lines: page.lines,
        next: page.next.map(|next| next.to_string()),
    }))
}

/// Publishes what a round came to. Returns the revision that it has.
pub(crate) fn publish(
    service: &Service,
    session: &Session,
    statement: Arc<Statement>,
    as_of: Timestamp,
    with_under_way: Option<Arc<Record>>,
) -> u64 {
    let mut record = session.record_mut();
    let (revision, frame) = (record.revision, frame(service, session, &record));
    record.published = Some(Published { statement, frame, as_of, revision, with_under_way });
    revision
}

/// The facts around the record changed, and nothing else: they are published anew.
pub(crate) fn republish(service: &Service, session: &Session) {
    let mut record = session.record_mut();
    let (revision, frame) = (record.revision, frame(service, session, &record));
    if let Some(published) = &mut record.published {
        published.frame = frame;
        if published.revision == revision {
            published.revision = revision.saturating_add(1);
        }
    }
    record.revision = revision.saturating_add(1);
}

/// What stands in answers and does not follow from the record.
fn frame(service: &Service, session: &Session, record: &AccountRecord) -> Frame {
    let prices =
        record.price_sources.iter().map(|((asset, quote, PriceSource { path, interval }), fills)| PriceUse {
            asset: asset.to_string(),
            quote: quote.to_string(),
            path: path.clone(),
            interval: interval.as_str().to_owned(),
            fills: *fills,
        });
    let accounts = record.record.accounts.keys();
    Frame {
        environment: service.environment.to_owned(),
        accounts: accounts.map(|name| (name.to_string(), session.account.clone())).collect(),
        history_limit: session.venue.history_limit().to_owned(),
        unread: record.missing(),
        key_rights: rights_in_words(record, session.trading_accepted),
        prices: prices.collect(),
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

fn rights_in_words(record: &AccountRecord, trading_accepted: bool) -> String {
    let may = match (record.rights.verdict, trading_accepted) {
        (_, true) => "the key can trade, and its holder accepted that",
        (Verdict::Accept, false) => "read-only",
        (Verdict::Undecided | Verdict::Refuse, false) => "the exchange does not tell what the key may do",
    };
    let ended = match record.state {
        SyncState::Stopped(_, StopReason::Refused) => "; no longer used: the exchange refuses it",
        SyncState::Stopped(_, StopReason::RightsWidened) => "; no longer used: its rights were widened",
        SyncState::Stopped(_, StopReason::Fault) => "; no longer used: this enclave failed at the account",
        _ => "",
    };
    let times = record.rights_checks;
    format!("{may}, checked {times} {}{ended}", if times == 1 { "time" } else { "times" })
}
