//! How often an account is asked for news: every minute while something happens on it or somebody reads it, and up to an
//! hour apart when nothing does. A slot of a snapshot and the check of the key never wait for a quiet account's turn.
//!
//! Pure: what was seen of an account to the instant when it is due. Nothing here is random: what spreads accounts over
//! time is their key, a keyed hash that nobody chose.

use crate::{account::AccountKey, snapshots::LATE_MS_MAX};
use ledger::Timestamp;
use protocol::limits;

/// An account rests for this part of the time that nothing happened for: what then happens is read after a sixteenth of
/// the silence before it.
const PART: i64 = 16;
/// Whoever read an account so lately may read it again.
const READ_MS: i64 = 600_000;
/// Long intervals are shortened by up to this part, each account's by another one: who fell quiet together drifts apart.
const SPREAD_PART: i64 = 8;
/// Where something is due for all accounts at once, quiet ones take turns: so much time for each that there is.
const TURN_MS: i64 = 60;
/// After a slot of a snapshot at most so much for all: two thirds of the time in which one counts.
const SLOT_MS_MAX: i64 = LATE_MS_MAX / 3 * 2;
/// A venue that does not answer is asked by a quiet account after a time that doubles up to this: a slot that begins
/// meanwhile can still be taken.
const RETRY_MS_MAX: i64 = LATE_MS_MAX;

/// What is seen of an account.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    /// When a round last brought a fill, a movement, another balance or another reach.
    pub(crate) changed_at: Timestamp,
    /// When somebody read it last, if that is known: now, where somebody listens.
    pub(crate) read_at: Option<Timestamp>,
    /// The first slot of a snapshot that can still be taken.
    pub(crate) slot: Timestamp,
    /// When the rights of its key are to be read again.
    pub(crate) key_check: Timestamp,
    /// How many accounts there are with it.
    pub(crate) accounts: usize,
}

/// The shortest interval.
pub(crate) fn often_ms() -> i64 {
    ms(limits::POLL_INTERVAL_S)
}

impl Seen {
    /// When an account is due that was read to the end now.
    pub(crate) fn next(&self, key: &AccountKey, now: Timestamp) -> Timestamp {
        let soonest = after(now, often_ms());
        after(now, self.spread_ms(key, now)).min(self.deadline(key).max(soonest))
    }

    /// When it is due after so many rounds in a row that failed.
    pub(crate) fn again(&self, key: &AccountKey, now: Timestamp, failures: u32) -> Timestamp {
        let doubled_ms = often_ms().saturating_mul(1 << failures.saturating_sub(1).min(16));
        let wait_ms = doubled_ms.min(self.spread_ms(key, now)).min(RETRY_MS_MAX);
        after(now, wait_ms).min(self.deadline(key).max(after(now, often_ms())))
    }

    /// When it is due at a start, if it was read to the end at `collected_at`, and never if that is none. Who is active goes
    /// first; the others have their turns one after the other, within their interval, so that they are not all due at once.
    pub(crate) fn resumed(
        &self,
        key: &AccountKey,
        now: Timestamp,
        collected_at: Option<Timestamp>,
    ) -> Timestamp {
        let interval_ms = self.interval_ms(now);
        let Some(collected_at) = collected_at.filter(|_| interval_ms > often_ms()) else { return now };
        let in_turn = after(now, phase_ms(key, 0, self.turns_ms(interval_ms)));
        let planned = after(collected_at, self.spread_ms(key, now));
        let due = if planned > now { planned.min(in_turn) } else { in_turn };
        due.min(self.deadline(key)).max(now)
    }

    /// How long an account rests.
    fn interval_ms(&self, now: Timestamp) -> i64 {
        let since_ms = |at: Timestamp| now.millis().saturating_sub(at.millis());
        if self.read_at.is_some_and(|at| since_ms(at) < READ_MS) {
            return often_ms();
        }
        (since_ms(self.changed_at) / PART).clamp(often_ms(), ms(limits::POLL_IDLE_INTERVAL_S_MAX))
    }

    fn spread_ms(&self, key: &AccountKey, now: Timestamp) -> i64 {
        let interval_ms = self.interval_ms(now);
        interval_ms.saturating_sub(phase_ms(key, 1, interval_ms / SPREAD_PART)).max(often_ms())
    }

    /// What a quiet account's turn is not to be later than.
    fn deadline(&self, key: &AccountKey) -> Timestamp {
        after(self.slot, phase_ms(key, 2, self.turns_ms(SLOT_MS_MAX))).min(self.key_check)
    }

    /// How long it takes until all accounts had a turn.
    fn turns_ms(&self, at_most: i64) -> i64 {
        TURN_MS.saturating_mul(i64::try_from(self.accounts).unwrap_or(i64::MAX)).min(at_most)
    }
}

/// A part of `below` that an account always has, and others by it; `which` tells independent ones apart.
fn phase_ms(key: &AccountKey, which: usize, below: i64) -> i64 {
    let bytes = key.iter().skip(which.saturating_mul(8)).take(8);
    let drawn = bytes.fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
    let below = u64::try_from(below).unwrap_or(0);
    i64::try_from(drawn.checked_rem(below).unwrap_or(0)).unwrap_or(0)
}

fn after(from: Timestamp, ms: i64) -> Timestamp {
    Timestamp::from_millis(from.millis().saturating_add(ms))
}

fn ms(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX / 1000).saturating_mul(1000)
}

#[cfg(test)]
mod tests;
