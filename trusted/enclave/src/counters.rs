//! What the operator's collector reads on loopback, in the text format of Prometheus: counters of what happened, and how
//! things stand. No label names a user, a session, an account, a symbol or an amount.

use crate::{service::Service, snapshots::Slot, store::StoreError};
use ledger::Timestamp;
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

/// Counters by name and labels.
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

    /// The store did not do what it was asked.
    pub(crate) fn store_failed(&self, error: StoreError) {
        self.count("perfagg_store_errors_total", format!("class=\"{}\"", error.class()));
    }

    /// A snapshot was taken, or missed.
    pub(crate) fn snapshot(&self, slot: &Slot) {
        let outcome = slot.cause.map_or("taken", |cause| cause.as_str());
        self.count("perfagg_snapshots_total", format!("outcome=\"{outcome}\""));
    }

    /// The store was anchored with its witness, or was not.
    pub(crate) fn anchoring(&self, outcome: &'static str) {
        self.count("perfagg_anchorings_total", format!("outcome=\"{outcome}\""));
    }

    fn count(&self, name: &'static str, labels: String) {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry((name, labels)).or_default();
        *counter = counter.saturating_add(1);
    }

    fn write(&self, text: &mut String) {
        let mut last = "";
        for ((name, labels), count) in &*self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            if last != *name {
                let _ = writeln!(text, "# TYPE {name} counter");
                last = name;
            }
            let _ = writeln!(text, "{name}{{{labels}}} {count}");
        }
    }
}

/// Everything, as of now.
pub(crate) fn text(service: &Service, now: Timestamp) -> String {
    let mut text = String::new();
    gauge(
        &mut text,
        "perfagg_sessions",
        &service.sessions.by_state(now).map(|(state, count)| ("state", state, count)),
    );
    let (polled, leases) = service.polls.counts();
    let in_memory = service.accounts.len();
    gauge(&mut text, "perfagg_accounts", &[("state", "polled", polled), ("state", "in_memory", in_memory)]);
    let _ = writeln!(text, "# TYPE perfagg_leases gauge\nperfagg_leases {leases}");
    let _ =
        writeln!(text, "# TYPE perfagg_event_streams gauge\nperfagg_event_streams {}", service.streams.len());
    let lag_s = service.polls.lag_s(now);
    let _ = writeln!(text, "# TYPE perfagg_poll_lag_seconds gauge\nperfagg_poll_lag_seconds {lag_s}");
    let budgets = service.transport.budgets();
    if !budgets.is_empty() {
        let _ = writeln!(text, "# TYPE perfagg_venue_weight_used gauge");
    }
    for (host, budget, used) in budgets {
        let _ = writeln!(text, "perfagg_venue_weight_used{{host=\"{host}\",budget=\"{budget}\"}} {used}");
    }
    service.vault.latency().write(&mut text);
    service.counters.write(&mut text);
    text
}

fn gauge(text: &mut String, name: &str, values: &[(&str, &str, usize)]) {
    let _ = writeln!(text, "# TYPE {name} gauge");
    for (label, value, count) in values {
        let _ = writeln!(text, "{name}{{{label}=\"{value}\"}} {count}");
    }
}
