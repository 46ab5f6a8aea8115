//! Time is an input: one clock is made in `main` and handed down.

use core::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    task::Poll,
};
use ledger::Timestamp;

/// Work that a clock does while somebody waits.
pub type Wait<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// Tells the time and waits for it.
pub trait Clock: Send + Sync {
    /// Now. Never earlier than what it said before.
    fn now(&self) -> Timestamp;

    /// Completes at or after `at`.
    fn sleep_until(&self, at: Timestamp) -> Wait<'_>;

    /// Looks at its source, if it has one that is not read at each `now`.
    fn refresh(&self) -> Wait<'_> {
        Box::pin(core::future::ready(()))
    }
}

/// `ms` after `from`.
pub(crate) fn later(from: Timestamp, ms: u64) -> Timestamp {
    Timestamp::from_millis(from.millis().saturating_add(i64::try_from(ms).unwrap_or(i64::MAX)))
}

/// What `work` comes to, unless the clock reaches `until` first.
pub(crate) async fn within<T>(
    clock: &dyn Clock,
    until: Timestamp,
    work: impl Future<Output = T> + Send,
) -> Option<T> {
    let (mut work, mut alarm) = (pin!(work), clock.sleep_until(until));
    poll_fn(|context| match work.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending => alarm.as_mut().poll(context).map(|()| None),
    })
    .await
}
