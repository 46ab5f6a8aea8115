//! Bad days, drawn from a seed: the same request number meets the same fault. About one request in six is hit, and
//! none so often that a patient client fails for good.

use crate::{
    http::Reply,
    random::{Random, hash},
    world::account::Fill,
};
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Failed answers in a row on one path; then one is good.
const FAILURES_IN_A_ROW_MAX: u32 = 3;
/// How much later a fill may be found than it happened.
const INDEXED_LATE_MS_MAX: u64 = 45_000;
/// A connection on which nothing comes is closed after this much simulated time.
pub(crate) const HANG_MS: i64 = 25_000;

/// All faults of a seed.
pub(crate) struct Faults {
    seed: u64,
    start_ms: i64,
    requests: AtomicU64,
    failures: Mutex<BTreeMap<String, u32>>,
}

/// What happens to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing.
    None,
    /// 429, or 418 when banned, with seconds to wait.
    Limited { banned: bool, wait_s: i64 },
    /// An error of the server, of this kind.
    Broken(u64),
    /// No answer, ever.
    Hang,
    /// An answer that breaks off.
    Cut,
    /// Rows in disorder; the number decides how.
    Disorder(Disorder, u64),
}

/// What can happen to rows without losing one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Disorder {
    /// Some come twice.
    Twice,
    /// Their order is another.
    Shuffled,
    /// A page begins with the end of the one before.
    Repeated,
}

impl Faults {
    pub(crate) const fn new(seed: u64, start_ms: i64) -> Self {
        Self { seed, start_ms, requests: AtomicU64::new(0), failures: Mutex::new(BTreeMap::new()) }
    }

    /// The fault of the next request, which goes to `path`.
    pub(crate) fn next(&self, path: &str) -> Fault {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let fault = drawn(self.seed, number);
        let mut failures = self.failures.lock().unwrap_or_else(PoisonError::into_inner);
        let in_a_row = failures.entry(path.to_owned()).or_default();
        let fails = !matches!(fault, Fault::None | Fault::Disorder(..));
        if fails && *in_a_row < FAILURES_IN_A_ROW_MAX {
            *in_a_row += 1;
            return fault;
        }
        *in_a_row = 0;
        if fails { Fault::None } else { fault }
    }

    /// How far the venue's clock is off: seconds, and a little more each hour.
    pub(crate) fn skew_ms(&self, now_ms: i64) -> i64 {
        let part = |purpose: u64, low: i64, span: u64| {
            low + i64::try_from(hash(&[self.seed, purpose]) % span).unwrap_or(0)
        };
        let (constant_ms, per_million) = (part(1, 1_500, 5_000), part(2, 20, 60));
        let skew = constant_ms + (now_ms - self.start_ms).max(0) * per_million / 1_000_000;
        if hash(&[self.seed, 3]).is_multiple_of(2) { skew } else { -skew }
    }

    /// When a fill can be found.
    pub(crate) fn indexed_ms(&self, fill: &Fill) -> i64 {
        self.found_ms(fill.id, fill.time_ms)
    }

    /// When a row with this id, of this time, can be found.
    pub(crate) fn found_ms(&self, id: u64, time_ms: i64) -> i64 {
        let late = hash(&[self.seed, 4, id]);
        let delay_ms = if late.is_multiple_of(3) { late / 3 % INDEXED_LATE_MS_MAX } else { 0 };
        time_ms.saturating_add_unsigned(delay_ms)
    }
}

fn drawn(seed: u64, number: u64) -> Fault {
    let word = hash(&[seed, 5, number]);
    let detail = word >> 16;
    match word % 1000 {
        0..10 => Fault::Limited { banned: false, wait_s: i64::try_from(1 + detail % 3).unwrap_or(1) },
        10..13 => Fault::Limited { banned: true, wait_s: i64::try_from(2 + detail % 3).unwrap_or(2) },
        13..58 => Fault::Broken(detail % 6),
        58..60 => Fault::Hang,
        60..85 => Fault::Cut,
        85..115 => Fault::Disorder(Disorder::Twice, detail),
        115..145 => Fault::Disorder(Disorder::Shuffled, detail),
        145..167 => Fault::Disorder(Disorder::Repeated, detail),
        _ => Fault::None,
    }
}

/// Errors of a server: in its own JSON, and as what stands before it writes them.
pub(crate) fn broken(kind: u64) -> Reply {
    let error =
        |status: u16, code: i64, message: &str| Reply::json(status, json!({ "code": code, "msg": message }));
    match kind {
        0 => error(500, -1000, "An unknown error occurred while processing the request."),
        1 => error(
            503,
            -1008,
            "Server is currently overloaded with other requests. Please try again in a few minutes.",
        ),
        2 => error(500, -1001, "Internal error; unable to process your request. Please try again."),
        3 => Reply::html(502, "Bad Gateway"),
        4 => Reply::html(503, "Service Temporarily Unavailable"),
        _ => Reply::html(504, "Gateway Time-out"),
    }
}

/// Puts rows into disorder, without losing one: a full page stays as long as it is.
pub(crate) fn disturb<T: Clone>(rows: &mut Vec<T>, limit: usize, disorder: Disorder, detail: u64) {
    let mut random = Random::new(detail, "disorder");
    let mut index = |length: usize| {
        usize::try_from(random.between(0, u64::try_from(length.max(1) - 1).unwrap_or(0))).unwrap_or(0)
    };
    if disorder == Disorder::Shuffled {
        for at in (1..rows.len()).rev() {
            rows.swap(at, index(at + 1));
        }
        return;
    }
    for _ in 0..3 {
        let at = index(rows.len());
        if let Some(row) = rows.get(at).filter(|_| rows.len() < limit).cloned() {
            rows.insert(at, row);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn one_request_in_six_is_hit_and_every_kind_happens() {
        for seed in 0..5 {
            let all: Vec<Fault> = (0..6000).map(|number| drawn(seed, number)).collect();
            let hit = all.iter().filter(|fault| **fault != Fault::None).count();
            assert!((800..1200).contains(&hit), "seed {seed}: {hit}");
            let kinds: [fn(&Fault) -> bool; 6] = [
                |fault| matches!(fault, Fault::Limited { banned: false, wait_s: 1..=3 }),
                |fault| matches!(fault, Fault::Limited { banned: true, .. }),
                |fault| matches!(fault, Fault::Broken(_)),
                |fault| *fault == Fault::Hang,
                |fault| *fault == Fault::Cut,
                |fault| matches!(fault, Fault::Disorder(..)),
            ];
            assert!(kinds.iter().all(|kind| all.iter().any(kind)), "seed {seed}");
        }
    }

    #[test]
    fn a_path_never_fails_more_than_three_times_in_a_row() {
        let faults = Faults::new(3, 0);
        let (mut in_a_row, mut most) = (0, 0);
        for _ in 0..200_000 {
            let fails = !matches!(faults.next("/path"), Fault::None | Fault::Disorder(..));
            in_a_row = if fails { in_a_row + 1 } else { 0 };
            most = most.max(in_a_row);
        }
        assert_eq!(most, FAILURES_IN_A_ROW_MAX);
    }

    #[test]
    fn the_clock_is_off_by_more_than_a_request_may_be_ahead() {
        for seed in 0..50 {
            let faults = Faults::new(seed, 1_000);
            let (first, later) = (faults.skew_ms(1_000), faults.skew_ms(86_401_000));
            assert!((1_500..=6_500).contains(&first.abs()), "{first}");
            assert!(later.abs() > first.abs() && later.abs() < 20_000, "{later}");
        }
    }

    #[test]
    fn no_row_is_lost_and_a_page_grows_no_longer_than_asked() {
        for detail in 0..50 {
            for disorder in [Disorder::Twice, Disorder::Shuffled, Disorder::Repeated] {
                let mut rows: Vec<Value> = (0..9).map(Value::from).collect();
                disturb(&mut rows, 10, disorder, detail);
                assert!(
                    rows.len() <= 10 && (0..9).all(|row| rows.contains(&Value::from(row))),
                    "{disorder:?}: {rows:?}"
                );
            }
        }
    }
}
