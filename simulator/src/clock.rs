//! Simulated time: it starts where it was told, runs with the machine's monotonic clock, and can be moved ahead.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::sync::Notify;

/// The one clock of the program.
pub(crate) struct Clock {
    start_ms: i64,
    started: Instant,
    rate: u32,
    advanced_ms: Mutex<i64>,
    moved: Notify,
}

impl Clock {
    pub(crate) fn new(start_ms: i64, rate: u32) -> Self {
        Self { start_ms, started: monotonic(), rate, advanced_ms: Mutex::new(0), moved: Notify::new() }
    }

    pub(crate) fn now_ms(&self) -> i64 {
        let run_us = i64::try_from(self.started.elapsed().as_micros()).unwrap_or(i64::MAX);
        let run_ms = run_us.saturating_mul(i64::from(self.rate)) / 1000;
        let advanced_ms = *self.advanced_ms.lock().unwrap_or_else(PoisonError::into_inner);
        self.start_ms.saturating_add(run_ms).saturating_add(advanced_ms)
    }

    /// Simulated seconds in a real one.
    pub(crate) const fn rate(&self) -> u32 {
        self.rate
    }

    /// Moves time ahead and wakes all who wait for it.
    pub(crate) fn advance(&self, milliseconds: i64) {
        let mut advanced_ms = self.advanced_ms.lock().unwrap_or_else(PoisonError::into_inner);
        *advanced_ms = advanced_ms.saturating_add(milliseconds.max(0));
        drop(advanced_ms);
        self.moved.notify_waiters();
    }

    /// Waits for an instant, but no longer than `patience` of real time. Says whether it has come.
    pub(crate) async fn wait_until(&self, until_ms: i64, patience: Duration) -> bool {
        let give_up = tokio::time::sleep(patience);
        tokio::pin!(give_up);
        loop {
            let moved = self.moved.notified();
            let left_ms = u64::try_from(until_ms.saturating_sub(self.now_ms())).unwrap_or(0);
            if left_ms == 0 {
                return true;
            }
            // A stopped clock comes to an instant only by being moved.
            let real_ms = left_ms.checked_div(u64::from(self.rate)).unwrap_or(u64::MAX / 2).saturating_add(1);
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep(Duration::from_millis(real_ms.min(3_600_000))) => {}
                () = &mut give_up => return self.now_ms() >= until_ms,
            }
        }
    }
}

/// What the machine believes, for a world that starts now.
#[expect(clippy::disallowed_methods, reason = "the one clock is made here")]
pub(crate) fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(0)
}

#[expect(clippy::disallowed_methods, reason = "the one clock is made here")]
fn monotonic() -> Instant {
    Instant::now()
}
