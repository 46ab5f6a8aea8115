//! 1200 weight a minute for an address that asks. An answer's rows weigh too, and are known only when it is made: what is
//! over the budget then is refused from the next request on.

const MINUTE_MS: i64 = 60_000;
const LIMIT: u32 = 1_200;

/// What was used this minute.
#[derive(Default)]
pub(crate) struct Budget {
    minute: i64,
    used: u32,
}

impl Budget {
    pub(crate) fn is_used_up(&mut self, now_ms: i64) -> bool {
        self.turn(now_ms);
        self.used >= LIMIT
    }

    pub(crate) fn take(&mut self, weight: u32, now_ms: i64) {
        self.turn(now_ms);
        self.used = self.used.saturating_add(weight);
    }

    fn turn(&mut self, now_ms: i64) {
        let minute = now_ms.div_euclid(MINUTE_MS);
        if self.minute != minute {
            *self = Self { minute, used: 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_has_its_budget_and_the_last_answer_may_go_over_it() {
        let mut budget = Budget::default();
        budget.take(1_199, 59_000);
        assert!(!budget.is_used_up(59_000));
        budget.take(120, 59_999);
        assert!(budget.is_used_up(59_999) && !budget.is_used_up(60_000));
    }
}
