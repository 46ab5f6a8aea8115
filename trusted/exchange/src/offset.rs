//! How far a venue's clock is from ours: what is signed bears the venue's time.

use ledger::Timestamp;

/// The clocks are compared so often at least.
const MEASURE_MS: i64 = 600_000;

/// Venue time minus ours, once it was measured.
#[derive(Default)]
pub(crate) struct Offset {
    measured: Option<Measured>,
}

struct Measured {
    offset_ms: i64,
    at: Timestamp,
}

impl Offset {
    /// The venue's time; ours, as long as nothing was measured.
    pub(crate) fn venue_time(&self, now: Timestamp) -> Timestamp {
        let offset_ms = self.measured.as_ref().map_or(0, |measured| measured.offset_ms);
        Timestamp::from_millis(now.millis().saturating_add(offset_ms))
    }

    pub(crate) fn is_old(&self, now: Timestamp) -> bool {
        self.measured.as_ref().is_none_or(|measured| now.millis() - measured.at.millis() >= MEASURE_MS)
    }

    /// Takes what the venue, whose clock tells steps of so many milliseconds, answered now to a question of then.
    pub(crate) fn measure(&mut self, venue: Timestamp, step_ms: i64, sent: Timestamp, now: Timestamp) {
        // The answer was made somewhere between the question and its arrival.
        let ours_ms = sent.millis() + (now.millis() - sent.millis()) / 2;
        // Within a step nothing is known better than by our own clock: two that measure get one time, not one each.
        let (first_ms, last_ms) = (venue.millis(), venue.millis().saturating_add(step_ms - 1));
        let offset_ms = ours_ms.clamp(first_ms, last_ms).saturating_sub(ours_ms);
        self.measured = Some(Measured { offset_ms, at: now });
    }

    /// It is measured anew before anything else is asked.
    pub(crate) fn forget(&mut self) {
        self.measured = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_tells_seconds_moves_ours_into_the_second_and_no_further() {
        let at = Timestamp::from_millis;
        for (ours_ms, seconds, expected_ms) in
            [(10_900, 10, 10_900), (10_000, 10, 10_000), (12_345, 10, 10_999), (9_700, 10, 10_000)]
        {
            let mut offset = Offset::default();
            offset.measure(at(seconds * 1000), 1000, at(ours_ms), at(ours_ms));
            assert_eq!(offset.venue_time(at(ours_ms)), at(expected_ms), "{ours_ms}");
        }
        let mut offset = Offset::default();
        offset.measure(at(7_000), 1, at(5_000), at(6_000));
        assert_eq!(
            offset.venue_time(at(6_000)),
            at(7_500),
            "half-way between question and answer it was 7 s"
        );
    }
}
