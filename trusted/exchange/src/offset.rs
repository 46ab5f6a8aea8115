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

    /// Takes what the venue answered now to a question of then.
    pub(crate) fn measure(&mut self, venue: Timestamp, sent: Timestamp, now: Timestamp) {
        // The answer was made somewhere between the question and its arrival.
        let ours_ms = sent.millis() + (now.millis() - sent.millis()) / 2;
        self.measured = Some(Measured { offset_ms: venue.millis().saturating_sub(ours_ms), at: now });
    }

    /// It is measured anew before anything else is asked.
    pub(crate) fn forget(&mut self) {
        self.measured = None;
    }
}
