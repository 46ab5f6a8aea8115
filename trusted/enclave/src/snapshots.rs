//! Systematic snapshots (DESIGN.md section 5): while a key may be used, the equity of its account is taken at the end of each
//! UTC day and once more at an hour that is a keyed function of account and day. Nobody can ask for one, skip one or write
//! one anew: what was not taken in time is a miss, with its cause.
//!
//! Pure: when slots are due, and what became of them.

use ledger::{Day, Timestamp};
use serde::{Deserialize, Serialize};

const HOUR_MS: i64 = 3_600_000;
/// A snapshot that is later than this after its slot is a miss: the equity of another time says little of the slot's.
pub(crate) const LATE_MS_MAX: i64 = 15 * 60_000;
/// A lease of 90 days has fewer than half of that; it bounds what a clock gone wild could ask for.
const SLOTS_MAX: usize = 400;

/// Why there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// No process of ours ran, or none had the key.
    EnclaveDown,
    /// The venue did not answer.
    VenueNotAnswering,
    /// What was read could not be kept.
    StoreUnavailable,
    /// The history was still being read.
    SyncInProgress,
}

impl Cause {
    /// As it stands in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::EnclaveDown => "enclave_down",
            Self::VenueNotAnswering => "venue_not_answering",
            Self::StoreUnavailable => "store_unavailable",
            Self::SyncInProgress => "sync_in_progress",
        }
    }
}

/// What became of a slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Slot {
    /// When it was due, in milliseconds.
    pub(crate) due: i64,
    /// When its equity holds; `None`: it was missed.
    pub(crate) at: Option<i64>,
    /// The equity in the quote currency; `None` where it was missed, or has no value then.
    pub(crate) equity: Option<String>,
    /// Why it was missed.
    pub(crate) cause: Option<Cause>,
}

/// The slots of an account in (`after`, `until`], the earliest first. `hour_of` is the keyed hour of a day, 1 to 23.
pub(crate) fn due(after: Timestamp, until: Timestamp, hour_of: &dyn Fn(Day) -> u8) -> Vec<Timestamp> {
    let mut slots = Vec::new();
    let mut day = Day::of(after);
    while day.start() <= until && slots.len() < SLOTS_MAX {
        let hour = i64::from(hour_of(day).clamp(1, 23));
        let keyed = Timestamp::from_millis(day.start().millis().saturating_add(hour.saturating_mul(HOUR_MS)));
        slots.extend([day.start(), keyed].into_iter().filter(|slot| *slot > after && *slot <= until));
        day = Day::from_number(day.number().saturating_add(1));
    }
    slots.truncate(SLOTS_MAX);
    slots
}

/// The first slot after an instant.
pub(crate) fn next(after: Timestamp, hour_of: &dyn Fn(Day) -> u8) -> Timestamp {
    // There is one within a day, whatever the hours are.
    let day_later = Timestamp::from_millis(after.millis().saturating_add(24 * HOUR_MS));
    due(after, day_later, hour_of).first().copied().unwrap_or(day_later)
}

/// The hour of a keyed hash of account and day: each of 23 is as likely as the others, to one in ten million.
pub(crate) fn hour(hash: &[u8; 32]) -> u8 {
    let first = hash.iter().take(4).fold(0_u32, |number, byte| (number << 8) | u32::from(*byte));
    u8::try_from(first % 23).unwrap_or(0).saturating_add(1)
}

/// Slots that are over, each taken or missed. `equity` is that of `as_of`; `cause` says why one of an instant is missed.
pub(crate) fn settle(
    slots: Vec<Timestamp>,
    as_of: Timestamp,
    equity: Option<&str>,
    cause: &dyn Fn(Timestamp) -> Cause,
) -> Vec<Slot> {
    let settled = slots.into_iter().map(|due| {
        if as_of.millis().saturating_sub(due.millis()) <= LATE_MS_MAX {
            let (at, equity) = (Some(as_of.millis()), equity.map(str::to_owned));
            Slot { due: due.millis(), at, equity, cause: None }
        } else {
            Slot { due: due.millis(), at: None, equity: None, cause: Some(cause(due)) }
        }
    });
    settled.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY_MS: i64 = 86_400_000;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_millis(20_000 * DAY_MS + hours * HOUR_MS)
    }

    #[test]
    fn a_day_has_its_midnight_and_its_hour_and_no_other() {
        let hours = |after, until| -> Vec<i64> {
            let slots = due(at(after), at(until), &|_| 7);
            slots.into_iter().map(|slot| (slot.millis() - at(0).millis()) / HOUR_MS).collect()
        };
        assert_eq!(hours(0, 23), [7], "a bound that was handled is not handled again");
        assert_eq!(hours(-1, 24), [0, 7, 24]);
        assert_eq!(hours(7, 31), [24, 31]);
        assert!(hours(7, 23).is_empty());
        assert!(hours(5, 3).is_empty());
    }

    #[test]
    fn the_next_slot_is_the_hour_of_the_day_or_the_midnight_after_it() {
        let next = |after| (next(at(after), &|_| 7).millis() - at(0).millis()) / HOUR_MS;
        assert_eq!([-1, 0, 6, 7, 23, 24].map(next), [0, 7, 7, 24, 24, 31]);
    }

    #[test]
    fn a_slot_is_taken_in_time_or_missed_with_its_cause() {
        let late = Timestamp::from_millis(at(7).millis() + LATE_MS_MAX);
        let settled = settle(vec![at(0), at(7)], late, Some("1.5"), &|_| Cause::EnclaveDown);
        assert_eq!(settled[0].cause, Some(Cause::EnclaveDown));
        assert_eq!((settled[0].at, settled[0].equity.as_deref()), (None, None));
        assert_eq!(settled[1].cause, None);
        assert_eq!((settled[1].at, settled[1].equity.as_deref()), (Some(late.millis()), Some("1.5")));
        let later = Timestamp::from_millis(late.millis() + 1);
        assert_eq!(settle(vec![at(7)], later, Some("1"), &|_| Cause::VenueNotAnswering)[0].at, None);
    }

    #[test]
    fn every_hour_but_midnight_comes_up_about_as_often() {
        let mut counts = [0_u32; 24];
        for number in 0..23_000_u32 {
            let hash: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(number.to_be_bytes()).into();
            counts[usize::from(hour(&hash))] += 1;
        }
        assert_eq!(counts[0], 0);
        assert!(counts[1..].iter().all(|count| (850..1150).contains(count)), "{counts:?}");
    }

    #[test]
    fn a_clock_gone_wild_asks_for_a_bounded_number() {
        assert_eq!(due(at(0), at(24 * 10_000), &|_| 7).len(), SLOTS_MAX);
    }
}
