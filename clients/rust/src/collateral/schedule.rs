//! When to fetch again: a pure function of what happened last, the time, and a random number.

/// How often, if nothing else is said (ATTESTATION.md section 10).
pub const EVERY_S: u64 = 6 * 3600;
/// The bounds of what may be said: Intel's service is not ours to load, and the enclave warns after a week.
pub const EVERY_S_MIN: u64 = 600;
/// See [`EVERY_S_MIN`].
pub const EVERY_S_MAX: u64 = 24 * 3600;
/// From so long before its end on, what is served is looked after more often; the enclave warns from then on, too.
const SOON_S: u64 = 5 * 86_400;
const VERY_SOON_S: u64 = 86_400;
/// How often then.
const SOON_EVERY_S: u64 = 3600;
const VERY_SOON_EVERY_S: u64 = 900;
/// After the first failure; each further one doubles it.
const RETRY_S: u64 = 60;
const RETRY_S_MAX: u64 = 3600;
/// No answer makes us wait longer: what is served may end meanwhile.
const ADVISED_S_MAX: u64 = 6 * 3600;

/// What happened last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Last {
    /// What is served now ends then, Unix seconds.
    Good {
        /// When the first of its parts ends.
        ends_at: u64,
    },
    /// It failed, so often in a row.
    Failed {
        /// This one included.
        in_a_row: u32,
        /// What the answer advised, seconds.
        advised_s: Option<u64>,
    },
}

/// Seconds until the next fetch. `random` keeps many machines that began together from coming together: it takes up to
/// a tenth off a usual pause, and up to half off one after a failure. What an answer advised is waited for in full.
pub fn pause_s(every_s: u64, last: Last, now: u64, random: u32) -> u64 {
    match last {
        Last::Good { ends_at } => {
            let left_s = ends_at.saturating_sub(now);
            let often = if left_s < VERY_SOON_S {
                VERY_SOON_EVERY_S
            } else if left_s < SOON_S {
                SOON_EVERY_S
            } else {
                every_s
            };
            let pause = often.min(every_s);
            pause - part(pause / 10, random)
        }
        Last::Failed { in_a_row, advised_s } => {
            let doubled = RETRY_S << in_a_row.saturating_sub(1).min(8);
            let pause = doubled.min(RETRY_S_MAX).min(every_s);
            let jittered = pause - part(pause / 2, random);
            jittered.max(advised_s.unwrap_or(0).min(ADVISED_S_MAX))
        }
    }
}

/// `whole` times `random` of 2^32.
fn part(whole: u64, random: u32) -> u64 {
    // A pause has far less than 32 bits of seconds.
    whole.saturating_mul(u64::from(random)) >> 32
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_795_521_600;
    const H: u64 = 3600;
    const D: u64 = 86_400;

    #[test]
    fn what_ends_soon_is_looked_after_more_often() {
        for (every_s, left_s, pause) in [
            (6 * H, 30 * D, 6 * H),
            (6 * H, 5 * D, 6 * H),
            (6 * H, 5 * D - 1, H),
            (6 * H, D, H),
            (6 * H, D - 1, 900),
            (6 * H, 0, 900),
            (600, 30 * D, 600),
            (600, 2 * D, 600),
            (600, 0, 600),
            (24 * H, 30 * D, 24 * H),
        ] {
            let last = Last::Good { ends_at: NOW + left_s };
            assert_eq!(pause_s(every_s, last, NOW, 0), pause, "{every_s} {left_s}");
            let least = pause_s(every_s, last, NOW, u32::MAX);
            assert!(least >= pause - pause / 10 && least < pause, "{every_s} {left_s}: {least}");
        }
        assert_eq!(pause_s(6 * H, Last::Good { ends_at: NOW - D }, NOW, 0), 900, "past its end");
    }

    #[test]
    fn pauses_grow_after_failures_up_to_an_hour() {
        let pauses = |random| {
            let pause = |in_a_row| pause_s(6 * H, Last::Failed { in_a_row, advised_s: None }, NOW, random);
            [1, 2, 3, 4, 5, 6, 7, 8, 1000, u32::MAX].map(pause)
        };
        assert_eq!(pauses(0), [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600, 3600]);
        assert_eq!(pauses(u32::MAX), [31, 61, 121, 241, 481, 961, 1801, 1801, 1801, 1801]);
        assert_eq!(
            pause_s(600, Last::Failed { in_a_row: 9, advised_s: None }, NOW, 0),
            600,
            "not above --every"
        );
    }

    #[test]
    fn what_an_answer_advises_is_waited_for_within_reason() {
        for (advised_s, in_a_row, pause) in
            [(7, 1, 60), (90, 1, 90), (90, 2, 120), (7200, 1, 7200), (u64::MAX, 1, 6 * H), (0, 1, 60)]
        {
            let last = Last::Failed { in_a_row, advised_s: Some(advised_s) };
            assert_eq!(pause_s(6 * H, last, NOW, 0), pause, "{advised_s}");
        }
        let last = Last::Failed { in_a_row: 1, advised_s: Some(90) };
        assert_eq!(pause_s(6 * H, last, NOW, u32::MAX), 90, "chance takes nothing off it");
    }
}
