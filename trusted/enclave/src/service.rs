//! The service: what every call may reach. Made once in `main`.

use crate::{
    clock::VenueTimes, events::Streams, http::Limiter, identity::Identity, session::Sessions,
    store::UsedEnvelopes,
};
use exchange::{Clock, Transport};
use protocol::limits;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// All that calls share. Each part guards itself; no call holds two locks.
pub(crate) struct Service {
    /// `live` or `development`: stamped on every figure.
    pub(crate) environment: &'static str,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) venue_times: VenueTimes,
    pub(crate) identity: Identity,
    pub(crate) used_envelopes: UsedEnvelopes,
    pub(crate) sessions: Sessions,
    pub(crate) streams: Streams,
    pub(crate) transport: Arc<Transport>,
    pub(crate) limits: Limits,
    pub(crate) counters: Counters,
    pub(crate) session_ttl_default_s: u64,
    pub(crate) session_ttl_max_s: u64,
}

/// How often things may be asked.
pub(crate) struct Limits {
    pub(crate) quotes: Limiter,
    pub(crate) envelopes: Limiter,
    pub(crate) registrations: Limiter,
    pub(crate) plain_reads: Limiter,
    pub(crate) countersigns: Limiter,
}

impl Limits {
    pub(crate) fn new() -> Self {
        Self {
            quotes: Limiter::new(limits::QUOTES_PER_MINUTE),
            envelopes: Limiter::new(limits::ENVELOPES_PER_MINUTE),
            registrations: Limiter::new(limits::REGISTRATIONS_PER_MINUTE),
            plain_reads: Limiter::new(limits::PLAIN_READS_PER_MINUTE),
            countersigns: Limiter::new(limits::COUNTERSIGNS_PER_MINUTE),
        }
    }
}

/// The public configuration document (ATTESTATION.md section 2): what the operator chose and what is compiled in.
/// Clients recompute its hash and judge it.
pub(crate) fn configuration(
    environment: &str,
    result_key: &str,
    ttl_default_s: u64,
    ttl_max_s: u64,
) -> Value {
    let rate = |rate: limits::Rate| json!({ "per_source": rate.per_source, "total": rate.total });
    json!({
        "environment": [environment],
        "venues": exchange::Venue::ALL.map(|venue| venue.name()),
        "session_ttl": { "default": ttl_default_s, "max": ttl_max_s },
        // Keys are not kept beyond their session yet.
        "lease_max": ttl_max_s,
        "limits": {
            "envelope_bytes": limits::ENVELOPE_BYTES_MAX,
            "envelope_life_s": limits::ENVELOPE_LIFE_S_MAX,
            "epoch_s": limits::EPOCH_LIFE_S,
            "epoch_grace_s": limits::EPOCH_GRACE_S,
            "poll_interval_s": limits::POLL_INTERVAL_S,
            "fills_per_account": limits::FILLS_PER_ACCOUNT_MAX,
            "event_streams": { "per_session": limits::EVENT_STREAMS_PER_SESSION_MAX, "total": limits::EVENT_STREAMS_MAX },
            "per_minute": {
                "quotes": rate(limits::QUOTES_PER_MINUTE),
                "envelopes": rate(limits::ENVELOPES_PER_MINUTE),
                "registrations": rate(limits::REGISTRATIONS_PER_MINUTE),
                "plain_reads": rate(limits::PLAIN_READS_PER_MINUTE),
            },
        },
        "release_set": null,
        // `process`, or `sealed` to this program on this machine, or, in a development build, in `clear`.
        "result_key": result_key,
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// The operator's counters: calls by route and status, and what failed. They name nobody.
#[derive(Default)]
pub(crate) struct Counters(Mutex<BTreeMap<(&'static str, String), u64>>);

impl Counters {
    /// A call was answered.
    pub(crate) fn call(&self, route: &'static str, status: u16) {
        self.count("perfagg_calls_total", format!("route=\"{route}\",status=\"{status}\""));
    }

    /// An account was collected, or could not be.
    pub(crate) fn collection(&self, venue: &'static str, outcome: &'static str) {
        self.count("perfagg_collections_total", format!("venue=\"{venue}\",outcome=\"{outcome}\""));
    }

    fn count(&self, name: &'static str, labels: String) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry((name, labels)).or_default();
        *counter = counter.saturating_add(1);
    }

    /// In the text format of Prometheus.
    pub(crate) fn text(&self, sessions: usize) -> String {
        let mut text = format!("# TYPE perfagg_sessions gauge\nperfagg_sessions {sessions}\n");
        let mut last = "";
        for ((name, labels), count) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            if last != *name {
                text.push_str(&format!("# TYPE {name} counter\n"));
                last = name;
            }
            text.push_str(&format!("{name}{{{labels}}} {count}\n"));
        }
        text
    }
}

/// What is due by the clock alone: new epochs, wiped keys, the hourly sweep.
pub(crate) async fn keep_house(service: Arc<Service>) {
    const ROUND_MS: i64 = 60_000;
    let mut swept = service.clock.now();
    let mut caring = tokio::task::spawn_blocking(|| ());
    loop {
        let now = service.clock.now();
        service.identity.turn(now);
        // It reads files and makes evidence, and may hang with them: the rest of the house does not wait for it.
        if caring.is_finished() {
            let asked = Arc::clone(&service);
            caring = tokio::task::spawn_blocking(move || asked.identity.upkeep(now));
        }
        if now.millis() - swept.millis() >= i64::try_from(limits::SWEEP_INTERVAL_S).unwrap_or(3600) * 1000 {
            let forgotten = service.sessions.sweep(now).await;
            tracing::info!(forgotten, "swept what expired or was revoked");
            swept = now;
        }
        service.clock.sleep_until(ledger::Timestamp::from_millis(now.millis() + ROUND_MS)).await;
    }
}
