//! Budgets: so many requests in so much time, for each endpoint alone. Public ones are counted by address, the others by
//! user. What is refused is not counted, and nobody is told how long to wait.
//! See <https://www.okx.com/docs-v5/en/#overview-rate-limits>.

use std::collections::BTreeMap;

/// Requests within a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit {
    pub(crate) requests: u32,
    pub(crate) span_ms: i64,
}

/// What was used of all budgets.
#[derive(Default)]
pub(crate) struct Limits(BTreeMap<&'static str, (i64, u32)>);

impl Limits {
    /// Takes one request of an endpoint's budget, if there is one left in the span that runs.
    pub(crate) fn take(&mut self, path: &'static str, limit: Limit, now_ms: i64) -> bool {
        let span = now_ms.div_euclid(limit.span_ms);
        let used = self.0.entry(path).or_default();
        if used.0 != span {
            *used = (span, 0);
        }
        let is_left = used.1 < limit.requests;
        used.1 += u32::from(is_left);
        is_left
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_is_full_again_in_the_next_span_and_is_one_endpoints_own() {
        let (limit, mut limits) = (Limit { requests: 5, span_ms: 2_000 }, Limits::default());
        assert_eq!((0..9).filter(|_| limits.take("/a", limit, 1_999)).count(), 5);
        assert!(limits.take("/b", limit, 1_999));
        assert!(limits.take("/a", limit, 2_000));
    }
}
