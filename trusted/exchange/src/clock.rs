//! Time is an input: one clock is made in `main` and handed down.

use core::{future::Future, pin::Pin};
use ledger::Timestamp;

/// Tells the time and waits for it.
pub trait Clock: Send + Sync {
    /// Now. Never earlier than what it said before.
    fn now(&self) -> Timestamp;

    /// Completes at or after `at`.
    fn sleep_until(&self, at: Timestamp) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}
