//! The time of a release: the host's clock, which is not trusted. It never goes back here; whether it is right is
//! judged by the venues' own time (`clock.rs`).

use exchange::{Clock, Wait};
use ledger::Timestamp;
use std::{
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// The host's clock, made once in `main`.
pub(crate) struct SystemClock {
    /// The latest that was told, milliseconds.
    told: AtomicI64,
    source: fn() -> SystemTime,
}

impl SystemClock {
    /// The clock of this machine.
    #[expect(clippy::disallowed_methods, reason = "the one clock of a release build")]
    pub(crate) fn new() -> Self {
        Self { told: AtomicI64::new(0), source: SystemTime::now }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = (self.source)().duration_since(UNIX_EPOCH).unwrap_or_default();
        let read = i64::try_from(since.as_millis()).unwrap_or(i64::MAX);
        Timestamp::from_millis(self.told.fetch_max(read, Ordering::AcqRel).max(read))
    }

    fn sleep_until(&self, at: Timestamp) -> Wait<'_> {
        /// The host may set its clock, or halt, while somebody waits: it is looked at again after a part of what is left, at
        /// least and at most so often. A hundred thousand wait for the ends of their leases.
        const LOOK_AGAIN_MS: (i64, i64) = (10_000, 60_000);
        const PART: i64 = 16;
        Box::pin(async move {
            loop {
                let left_ms = at.millis().saturating_sub(self.now().millis());
                let look_again_ms = (left_ms / PART).clamp(LOOK_AGAIN_MS.0, LOOK_AGAIN_MS.1);
                let Ok(wait_ms @ 1..) = u64::try_from(left_ms.min(look_again_ms)) else { return };
                tokio::time::sleep(Duration::from_millis(wait_ms)).await;
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn time_never_goes_back_and_what_is_past_is_not_waited_for() {
        static HOST_S: AtomicI64 = AtomicI64::new(1000);
        let source =
            || UNIX_EPOCH + Duration::from_secs(u64::try_from(HOST_S.load(Ordering::Acquire)).unwrap());
        let clock = SystemClock { told: AtomicI64::new(0), source };
        assert_eq!(clock.now(), Timestamp::from_millis(1_000_000));
        HOST_S.store(900, Ordering::Release);
        assert_eq!(clock.now(), Timestamp::from_millis(1_000_000), "the host set it back");
        HOST_S.store(1001, Ordering::Release);
        assert_eq!(clock.now(), Timestamp::from_millis(1_001_000));
        clock.sleep_until(Timestamp::from_millis(1_001_000)).await;
        clock.sleep_until(Timestamp::from_millis(i64::MIN)).await;
    }
}
