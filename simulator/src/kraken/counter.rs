//! Budgets that come back with time: every call adds to a counter, which falls at a steady rate. Who goes on after a
//! refusal is locked out.
//! See <https://docs.kraken.com/api/docs/guides/spot-rest-ratelimits>.

use super::refusal::Refusal;

/// Refused requests, with none between that was answered, before a lockout.
const PATIENCE: u32 = 10;
const LOCKOUT_MS: i64 = 15 * 60_000;

/// What was used of one budget.
#[derive(Clone, Copy)]
pub(crate) struct Counter {
    /// In how much time one point comes back.
    point_ms: i64,
    most: i64,
    /// When all of it is back.
    free_ms: i64,
    refused: u32,
    locked_until_ms: i64,
}

impl Counter {
    pub(crate) const fn new(point_ms: i64, most: i64) -> Self {
        Self { point_ms, most, free_ms: 0, refused: 0, locked_until_ms: 0 }
    }

    /// Adds `points`, if they are there.
    pub(crate) fn take(&mut self, points: i64, now_ms: i64) -> Result<(), Refusal> {
        if now_ms < self.locked_until_ms {
            return Err(Refusal::lockout());
        }
        let free_ms = self.free_ms.max(now_ms) + points * self.point_ms;
        if free_ms - now_ms <= self.most * self.point_ms {
            (self.free_ms, self.refused) = (free_ms, 0);
            return Ok(());
        }
        self.refused += 1;
        if self.refused > PATIENCE {
            (self.locked_until_ms, self.refused) = (now_ms + LOCKOUT_MS, 0);
            return Err(Refusal::lockout());
        }
        Err(Refusal::rate())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twenty_points_and_one_more_every_two_seconds() {
        let mut counter = Counter::new(2_000, 20);
        assert!((0..10).all(|_| counter.take(2, 1_000).is_ok()));
        assert_eq!(counter.take(1, 1_000), Err(Refusal::rate()));
        assert_eq!(counter.take(1, 2_999), Err(Refusal::rate()));
        assert_eq!(counter.take(1, 3_000), Ok(()));
        assert_eq!(counter.take(2, 5_000), Err(Refusal::rate()), "one point is not enough for two");
        assert_eq!(counter.take(20, 100_000), Ok(()));
    }

    #[test]
    fn who_does_not_wait_is_locked_out_for_a_quarter_of_an_hour() {
        let mut counter = Counter::new(2_000, 20);
        assert_eq!(counter.take(20, 0), Ok(()));
        assert!((0..PATIENCE).all(|_| counter.take(1, 0) == Err(Refusal::rate())));
        assert_eq!(counter.take(1, 0), Err(Refusal::lockout()));
        assert_eq!(counter.take(1, LOCKOUT_MS - 1), Err(Refusal::lockout()));
        assert_eq!(counter.take(1, LOCKOUT_MS), Ok(()));
    }
}
