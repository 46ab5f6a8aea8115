//! Time as the client takes it: made once in `main`, handed down.

use core::{fmt, time::Duration};
use std::{sync::Arc, time::UNIX_EPOCH};

/// One look at the clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Wall time, Unix seconds: judges evidence by hardware.
    pub unix_s: u64,
    /// Time that only goes forward: measures how old something is.
    pub elapsed: Duration,
}

/// A source of time.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Moment + Send + Sync>);

impl Clock {
    /// Time as `look` tells it, for tests.
    pub fn new(look: impl Fn() -> Moment + Send + Sync + 'static) -> Self {
        Self(Arc::new(look))
    }

    /// The machine's.
    #[expect(clippy::disallowed_methods, reason = "this is the clock")]
    pub fn system() -> Self {
        let start = std::time::Instant::now();
        Self::new(move || Moment {
            // A machine before 1970 trusts no certificate.
            unix_s: std::time::SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| since.as_secs()),
            elapsed: start.elapsed(),
        })
    }

    /// Now.
    pub fn now(&self) -> Moment {
        (self.0)()
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock(…)")
    }
}
