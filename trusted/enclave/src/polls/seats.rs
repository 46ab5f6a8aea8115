//! The right to have an account in memory to be polled, in turns where there are more accounts than room.

use protocol::limits;
use std::sync::Arc;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// As many accounts are in memory to be polled.
pub(super) struct Seats {
    free: Arc<Semaphore>,
    /// Told when one is free again.
    changed: Arc<Notify>,
}

/// A place in memory.
pub(crate) struct Seat {
    permit: Option<OwnedSemaphorePermit>,
    changed: Arc<Notify>,
}

impl Seats {
    /// All of them are free. `changed` is told when one is again.
    pub(super) fn new(changed: Arc<Notify>) -> Self {
        Self { free: Arc::new(Semaphore::new(limits::ACCOUNTS_IN_MEMORY_MAX)), changed }
    }

    /// One of them, if there is one.
    pub(super) fn take(&self) -> Option<Seat> {
        let permit = Arc::clone(&self.free).try_acquire_owned().ok()?;
        Some(Seat { permit: Some(permit), changed: Arc::clone(&self.changed) })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        // First it is free, then it is told.
        drop(self.permit.take());
        self.changed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_so_many_and_one_that_is_left_is_free_again() {
        let seats = Seats::new(Arc::default());
        let mut taken: Vec<_> = (0..limits::ACCOUNTS_IN_MEMORY_MAX).map_while(|_| seats.take()).collect();
        assert_eq!(taken.len(), limits::ACCOUNTS_IN_MEMORY_MAX);
        assert!(seats.take().is_none());
        taken.pop();
        assert!(seats.take().is_some());
    }
}
