//! Whether the venues agree with our time (DESIGN.md section 4, Time). The clock itself is the platform's.

use ledger::Timestamp;
use protocol::{Code, limits};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// What the venues last said of the time, inside TLS.
#[derive(Default)]
pub(crate) struct VenueTimes(Mutex<BTreeMap<String, Heard>>);

#[derive(Clone, Copy)]
struct Heard {
    venue: Timestamp,
    ours: Timestamp,
}

impl Heard {
    /// Whether it still counts.
    fn is_fresh(&self, now: Timestamp) -> bool {
        let age_ms_max = i64::try_from(limits::CLOCK_AGE_S_MAX).unwrap_or(i64::MAX).saturating_mul(1000);
        now.millis().saturating_sub(self.ours.millis()) <= age_ms_max
    }

    fn skew_ms(&self) -> i64 {
        self.venue.millis().saturating_sub(self.ours.millis()).saturating_abs()
    }
}

impl VenueTimes {
    /// A venue told its time when ours was `ours`.
    pub(crate) fn heard(&self, venue_name: &str, venue: Timestamp, ours: Timestamp) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.insert(venue_name.to_owned(), Heard { venue, ours });
    }

    /// How long ago a venue was heard, in milliseconds; none: never.
    pub(crate) fn age_ms(&self, now: Timestamp) -> Option<i64> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard.values().map(|heard| now.millis().saturating_sub(heard.ours.millis())).min()
    }

    /// Whether a venue disagreed with our time when it was heard last, not long ago.
    pub(crate) fn disagrees(&self, venue_name: &str, now: Timestamp) -> bool {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .get(venue_name)
            .is_some_and(|heard| heard.is_fresh(now) && heard.skew_ms() > limits::CLOCK_SKEW_MS_MAX)
    }

    /// The venues' times, Unix seconds, for the quote.
    pub(crate) fn seconds(&self) -> BTreeMap<String, u64> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        heard
            .iter()
            .map(|(name, heard)| (name.clone(), u64::try_from(heard.venue.seconds()).unwrap_or(0)))
            .collect()
    }

    /// Refuses when a venue disagrees with our time, or when none was heard for an hour.
    pub(crate) fn check(&self, now: Timestamp) -> Result<(), Code> {
        let heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = heard.values().filter(|heard| heard.is_fresh(now));
        let mut skews_ms = fresh.map(Heard::skew_ms).peekable();
        let known = skews_ms.peek().is_some();
        if known && skews_ms.all(|skew_ms| skew_ms <= limits::CLOCK_SKEW_MS_MAX) {
            Ok(())
        } else {
            Err(Code::ClockUntrusted)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_venue_that_disagreed_lately_is_to_be_asked_again() {
        let (times, at) = (VenueTimes::default(), Timestamp::from_millis);
        assert!(!times.disagrees("kraken", at(0)), "it was not heard");
        times.heard("kraken", at(1_061_000), at(1_000_000));
        assert!(times.disagrees("kraken", at(1_000_000)) && !times.disagrees("binance", at(1_000_000)));
        assert!(!times.disagrees("kraken", at(1_000_001 + 3_600_000)), "long ago");
        times.heard("kraken", at(1_062_000), at(1_062_500));
        assert!(!times.disagrees("kraken", at(1_062_500)));
    }

    #[test]
    fn nothing_is_said_when_a_venue_disagrees_or_none_was_heard_for_an_hour() {
        let (times, at) = (VenueTimes::default(), Timestamp::from_millis);
        assert_eq!(times.check(at(0)), Err(Code::ClockUntrusted), "nobody was heard");
        times.heard("binance", at(1_030_000), at(1_000_000));
        assert_eq!(times.check(at(1_000_000)), Ok(()));
        assert_eq!(times.check(at(1_000_000 + 3_600_000)), Ok(()));
        assert_eq!(times.check(at(1_000_001 + 3_600_000)), Err(Code::ClockUntrusted), "too old");
        times.heard("binance", at(5_030_001), at(5_000_000));
        assert_eq!(times.check(at(5_000_000)), Err(Code::ClockUntrusted), "30 s and a millisecond apart");
    }
}
