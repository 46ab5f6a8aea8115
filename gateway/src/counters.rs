//! What the operator's listener on loopback tells: how often what happened, by route and status. No id, no address.

use crate::{
    problem::{Failure, own_answer},
    relay::Answer,
};
use hyper::{Method, Request};
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Counts since the start of the program.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    calls: Mutex<BTreeMap<(&'static str, u16), u64>>,
    failures: Mutex<BTreeMap<&'static str, u64>>,
    /// Calls that are missing in the access log.
    pub(crate) log_lost: AtomicU64,
    /// How often the enclave signed the head of the access log,
    pub(crate) countersigned: AtomicU64,
    /// and was asked in vain.
    pub(crate) countersign_missed: AtomicU64,
}

impl Counters {
    /// A call was answered.
    pub(crate) fn call(&self, route: &'static str, status: u16) {
        add(&mut self.calls.lock().unwrap_or_else(PoisonError::into_inner), (route, status));
    }

    /// And in this program's own name.
    pub(crate) fn failure(&self, failure: Failure) {
        add(&mut self.failures.lock().unwrap_or_else(PoisonError::into_inner), failure.code());
    }

    /// In the text format of Prometheus.
    pub(crate) fn text(&self) -> String {
        let mut text = String::from("# TYPE perfagg_main_calls_total counter\n");
        for ((route, status), count) in &*self.calls.lock().unwrap_or_else(PoisonError::into_inner) {
            text.push_str(&format!(
                "perfagg_main_calls_total{{route=\"{route}\",status=\"{status}\"}} {count}\n"
            ));
        }
        text.push_str("# TYPE perfagg_main_failures_total counter\n");
        for (code, count) in &*self.failures.lock().unwrap_or_else(PoisonError::into_inner) {
            text.push_str(&format!("perfagg_main_failures_total{{code=\"{code}\"}} {count}\n"));
        }
        text.push_str("# TYPE perfagg_main_countersigns_total counter\n");
        for (outcome, count) in [("signed", &self.countersigned), ("missed", &self.countersign_missed)] {
            let count = count.load(Ordering::Relaxed);
            text.push_str(&format!("perfagg_main_countersigns_total{{outcome=\"{outcome}\"}} {count}\n"));
        }
        let lost = self.log_lost.load(Ordering::Relaxed);
        text.push_str("# TYPE perfagg_main_access_log_lost_total counter\n");
        text.push_str(&format!("perfagg_main_access_log_lost_total {lost}\n"));
        text
    }

    /// Answers the operator.
    pub(crate) fn answer<B>(&self, request: &Request<B>) -> Answer {
        let mut answer = match (request.method(), request.uri().path()) {
            (&Method::GET | &Method::HEAD, "/metrics") => {
                own_answer(200, "text/plain; version=0.0.4", self.text().into_bytes())
            }
            _ => own_answer(404, "text/plain; charset=utf-8", b"GET /metrics\n".to_vec()),
        };
        // Counters are the operator's, not for any web page that is open on this machine.
        answer.headers_mut().remove("access-control-allow-origin");
        answer
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, of: K) {
    let count = counts.entry(of).or_default();
    *count = count.saturating_add(1);
}
