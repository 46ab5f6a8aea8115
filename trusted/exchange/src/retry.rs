//! How long to wait after which error, and when to give up (EXCHANGES.md section 1, rule 10).

use crate::VenueError;
use core::sync::atomic::{AtomicU64, Ordering};

/// A request is tried again at most so often.
const RETRIES_MAX: u32 = 5;
/// The first wait; it doubles each time.
const BACK_OFF_MS: u64 = 250;
/// A venue that sends us away for longer than this is left to the next poll.
pub(crate) const TOLD_MS_MAX: u64 = 120_000;
/// A venue that does not say how long is left alone for the minute that its budgets take.
pub(crate) const UNTOLD_MS: u64 = 60_000;

/// Spreads the waits of many sessions. Predictable by whoever knows the seed: it guards nothing.
pub(crate) struct Jitter(AtomicU64);

impl Jitter {
    pub(crate) fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }

    /// From half of `ms` up to all of it.
    fn spread(&self, ms: u64) -> u64 {
        // SplitMix64, https://prng.di.unimi.it/splitmix64.c
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ms / 2 + (z ^ (z >> 31)) % (ms / 2 + 1)
    }
}

/// What one request was forgiven so far.
#[derive(Default)]
pub(crate) struct Patience {
    retries: u32,
    clock_fixed: bool,
}

impl Patience {
    /// How long to wait before trying again; an error, when that is over.
    pub(crate) fn wait_ms(&mut self, error: VenueError, jitter: &Jitter) -> Result<u64, VenueError> {
        match error {
            VenueError::Permanent(_) => return Err(error),
            VenueError::FixClock if self.clock_fixed => return Err(error),
            VenueError::FixClock => {
                self.clock_fixed = true;
                return Ok(0);
            }
            VenueError::Retry | VenueError::BackOff { .. } if self.retries == RETRIES_MAX => {
                return Err(error);
            }
            VenueError::Retry | VenueError::BackOff { .. } => self.retries += 1,
        }
        let own_ms = jitter.spread(BACK_OFF_MS << (self.retries - 1));
        match error {
            VenueError::BackOff { retry_after_ms } => {
                let told_ms = retry_after_ms.unwrap_or(UNTOLD_MS);
                // A moment that is over already is no leave to ask at once, again and again.
                if told_ms > TOLD_MS_MAX { Err(error) } else { Ok(told_ms.max(own_ms)) }
            }
            _ => Ok(own_ms),
        }
    }

    /// The request was answered. A new measurement of the clock is not yet the request that it was made for.
    pub(crate) fn answered(&mut self, measured_clock: bool) {
        self.retries = 0;
        self.clock_fixed &= measured_clock;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Refusal;

    #[test]
    fn waits_double_with_jitter_and_end_after_five() {
        let (jitter, mut patience) = (Jitter::new(7), Patience::default());
        for most in [250, 500, 1000, 2000, 4000] {
            let wait = patience.wait_ms(VenueError::Retry, &jitter).unwrap();
            assert!(wait >= most / 2 && wait <= most, "{wait} of {most}");
        }
        assert_eq!(patience.wait_ms(VenueError::Retry, &jitter), Err(VenueError::Retry));
        patience.answered(false);
        assert!(patience.wait_ms(VenueError::Retry, &jitter).is_ok(), "an answer makes patient again");
    }

    #[test]
    fn the_jitter_is_the_seeds_and_spreads() {
        let draw = |seed| [(); 8].map(|()| Jitter::new(seed)).map(|jitter| jitter.spread(1000));
        assert_eq!(draw(1), draw(1));
        let jitter = Jitter::new(1);
        let drawn: std::collections::BTreeSet<u64> = (0..100).map(|_| jitter.spread(1000)).collect();
        assert!(drawn.len() > 50 && drawn.iter().all(|ms| (500..=1000).contains(ms)), "{drawn:?}");
    }

    #[test]
    fn a_told_wait_is_kept_unless_it_is_long() {
        let (jitter, mut patience) = (Jitter::new(7), Patience::default());
        let told = |ms| VenueError::BackOff { retry_after_ms: ms };
        assert_eq!(patience.wait_ms(told(Some(7000)), &jitter), Ok(7000));
        assert_eq!(patience.wait_ms(told(None), &jitter), Ok(60_000));
        assert_eq!(patience.wait_ms(told(Some(120_001)), &jitter), Err(told(Some(120_001))));
    }

    #[test]
    fn a_clock_is_fixed_once_for_the_request_that_complained() {
        let (jitter, mut patience) = (Jitter::new(7), Patience::default());
        assert_eq!(patience.wait_ms(VenueError::FixClock, &jitter), Ok(0));
        patience.answered(true);
        assert_eq!(patience.wait_ms(VenueError::FixClock, &jitter), Err(VenueError::FixClock));
        patience.answered(false);
        assert_eq!(patience.wait_ms(VenueError::FixClock, &jitter), Ok(0));
        let refused = VenueError::Permanent(Refusal::Credentials);
        assert_eq!(patience.wait_ms(refused, &jitter), Err(refused));
    }
}
