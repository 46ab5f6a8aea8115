//! Budgets: so many requests within a time that rolls, for each path of an account, and for everything of an address.
//! See <https://bybit-exchange.github.io/docs/v5/rate-limit>.

use std::collections::{BTreeMap, VecDeque};

/// Everything of one address.
const ADDRESS: Limit = Limit { requests: 600, span_ms: 5_000 };
/// For so long an address that went over it is shut out.
const SHUT_OUT_MS: i64 = 600_000;

/// So many requests in so long a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limit {
    pub(super) requests: usize,
    pub(super) span_ms: i64,
}

/// What was used.
#[derive(Default)]
pub(super) struct Budgets {
    address: VecDeque<i64>,
    shut_out_until_ms: i64,
    paths: BTreeMap<&'static str, VecDeque<i64>>,
}

/// What headers tell of a path's budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) limit: usize,
    pub(super) left: usize,
    pub(super) reset_ms: i64,
    pub(super) refused: bool,
}

impl Budgets {
    /// Whether an address may ask.
    pub(super) fn admit(&mut self, now_ms: i64) -> bool {
        if now_ms < self.shut_out_until_ms {
            return false;
        }
        let admitted = took(&mut self.address, ADDRESS, now_ms);
        if !admitted {
            self.shut_out_until_ms = now_ms + SHUT_OUT_MS;
        }
        admitted
    }

    /// One request of a path.
    pub(super) fn take(&mut self, path: &'static str, limit: Limit, now_ms: i64) -> Left {
        let used = self.paths.entry(path).or_default();
        let refused = !took(used, limit, now_ms);
        let first_ms = used.front().copied().unwrap_or(now_ms);
        Left {
            limit: limit.requests,
            left: limit.requests.saturating_sub(used.len()),
            reset_ms: if refused { first_ms + limit.span_ms } else { now_ms },
            refused,
        }
    }
}

fn took(used: &mut VecDeque<i64>, limit: Limit, now_ms: i64) -> bool {
    while used.front().is_some_and(|at_ms| now_ms - at_ms >= limit.span_ms) {
        used.pop_front();
    }
    let room = used.len() < limit.requests;
    if room {
        used.push_back(now_ms);
    }
    room
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_room_again_when_its_first_request_is_old_enough() {
        let (mut budgets, limit) = (Budgets::default(), Limit { requests: 2, span_ms: 1_000 });
        assert_eq!(budgets.take("a", limit, 0), Left { limit: 2, left: 1, reset_ms: 0, refused: false });
        assert!(!budgets.take("a", limit, 400).refused);
        assert_eq!(budgets.take("a", limit, 999), Left { limit: 2, left: 0, reset_ms: 1_000, refused: true });
        assert!(!budgets.take("b", limit, 999).refused, "another path");
        assert!(!budgets.take("a", limit, 1_000).refused);
        assert!(budgets.take("a", limit, 1_000).refused);
    }

    #[test]
    fn an_address_that_asks_too_often_is_shut_out_for_ten_minutes() {
        let mut budgets = Budgets::default();
        assert!((0..600).all(|_| budgets.admit(0)));
        assert!(!budgets.admit(4_999), "the six hundred and first");
        assert!(!budgets.admit(4_999 + SHUT_OUT_MS - 1));
        assert!(budgets.admit(4_999 + SHUT_OUT_MS));
    }
}
