//! Restatements (DESIGN.md section 3): figures of days that were over and had been published, and are others now. Each has a
//! number, the first day that changed, how many did, and why: a reader who kept an earlier answer can tell the two apart.
//!
//! Pure: what was told, held against what is to be told.

use ledger::{Day, Timestamp, record::EquityDay};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// Restatements that are kept; the number of the last one counts all.
pub(crate) const KEPT_MAX: usize = 64;

/// Why days changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// A deposit, withdrawal, transfer or other movement was read later.
    MovementReadLater,
    /// Fills were read later.
    FillsReadLater,
    /// The history reaches back to another instant than it did, or has other gaps.
    HistoryReach,
    /// Nothing new was read of those days but prices and balances.
    PriceReadLater,
}

impl Cause {
    /// As it stands in answers.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::MovementReadLater => "movement_read_later",
            Self::FillsReadLater => "fills_read_later",
            Self::HistoryReach => "history_reach",
            Self::PriceReadLater => "price_read_later",
        }
    }
}

/// One restatement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Restatement {
    /// From 1 on, without a gap.
    pub(crate) number: u64,
    /// When it was made, in milliseconds.
    pub(crate) at: i64,
    /// The first day whose figures changed: its number.
    pub(crate) from: i32,
    /// How many days changed.
    pub(crate) days: u64,
    pub(crate) cause: Cause,
}

/// What was told of the days that were over: of each a hash of its equity and flows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Days(BTreeMap<Day, [u8; 8]>);

/// What a round brought of the past: the earliest of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Brought {
    pub(crate) fill: Option<Timestamp>,
    pub(crate) movement: Option<Timestamp>,
    pub(crate) reach: bool,
}

impl Brought {
    /// The earliest of all.
    pub(crate) fn first(self) -> Option<Timestamp> {
        self.fill.into_iter().chain(self.movement).min()
    }
}

impl Days {
    /// What these days tell.
    pub(crate) fn of(days: &[EquityDay]) -> Self {
        Self(days.iter().map(|day| (day.day, hash(day))).collect())
    }

    /// The first day whose figures are others in `next`, and how many are. What was not told before is not restated, unless
    /// days come before all that were told.
    fn changed(&self, next: &Self) -> Option<(Day, u64)> {
        let (first, _) = self.0.first_key_value()?;
        let gone_or_other = self.0.iter().filter(|(day, told)| next.0.get(day) != Some(told));
        let earlier = next.0.range(..first);
        let changed: Vec<Day> = earlier.chain(gone_or_other).map(|(day, _)| *day).collect();
        Some((*changed.first()?, u64::try_from(changed.len()).unwrap_or(u64::MAX)))
    }

    /// The restatement that telling `next` after this is, if it is one. `last` is the number of the one before.
    pub(crate) fn restated(
        &self,
        next: &Self,
        brought: Brought,
        last: u64,
        at: Timestamp,
    ) -> Option<Restatement> {
        let (from, days) = self.changed(next)?;
        let until = self.0.last_key_value().map(|(day, _)| Day::from_number(day.number().saturating_add(1)));
        let is_past = |at: Option<Timestamp>| at.zip(until).is_some_and(|(at, until)| at < until.start());
        let cause = match brought {
            Brought { reach: true, .. } => Cause::HistoryReach,
            Brought { movement, .. } if is_past(movement) => Cause::MovementReadLater,
            Brought { fill, .. } if is_past(fill) => Cause::FillsReadLater,
            Brought { .. } => Cause::PriceReadLater,
        };
        Some(Restatement {
            number: last.saturating_add(1),
            at: at.millis(),
            from: from.number(),
            days,
            cause,
        })
    }
}

fn hash(day: &EquityDay) -> [u8; 8] {
    // Amounts and reasons as answers have them.
    let told = [&day.equity, &day.net_flow].map(|amount| match amount {
        Ok(amount) => amount.to_string(),
        Err(reason) => reason.as_str().to_owned(),
    });
    let hash: [u8; 32] = Sha256::digest(told.join(" ")).into();
    hash.first_chunk().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ledger::{Decimal, Reason, record::Mark};

    fn day(number: i32, equity: i64, net_flow: i64) -> EquityDay {
        EquityDay {
            day: Day::from_number(number),
            mark: Mark::Observed,
            equity: Ok(Decimal::from(equity)),
            net_flow: Ok(Decimal::from(net_flow)),
            r: Ok(0.0),
            residual: Ok(Decimal::ZERO),
            residual_bps: Ok(Decimal::ZERO),
            unpriced: Vec::new(),
        }
    }

    fn told(days: &[EquityDay]) -> Days {
        Days::of(days)
    }

    fn at(number: i32) -> Option<Timestamp> {
        Some(Day::from_number(number).start())
    }

    #[test]
    fn a_day_that_was_told_and_changed_is_restated_and_a_new_one_is_not() {
        let before = told(&[day(10, 100, 0), day(11, 110, 5)]);
        let now = Day::from_number(13).start();
        let restated = |next: &[EquityDay], brought: Brought| before.restated(&told(next), brought, 7, now);
        let nothing = Brought::default();
        assert_eq!(restated(&[day(10, 100, 0), day(11, 110, 5), day(12, 9, 9)], nothing), None);
        let flow = restated(&[day(10, 100, 0), day(11, 110, 0)], Brought { movement: at(11), ..nothing });
        let expected =
            Restatement { number: 8, at: now.millis(), from: 11, days: 1, cause: Cause::MovementReadLater };
        assert_eq!(flow, Some(expected));
        let causes = [
            (Brought { fill: at(11), ..nothing }, Cause::FillsReadLater),
            (Brought { fill: at(12), ..nothing }, Cause::PriceReadLater),
            (Brought { fill: at(10), movement: at(11), ..nothing }, Cause::MovementReadLater),
            (Brought { fill: at(10), reach: true, ..nothing }, Cause::HistoryReach),
        ];
        for (brought, cause) in causes {
            let restated = restated(&[day(10, 101, 0), day(11, 110, 5)], brought).unwrap();
            assert_eq!((restated.from, restated.days, restated.cause), (10, 1, cause));
        }
    }

    #[test]
    fn days_that_come_before_the_first_or_vanish_are_restated() {
        let before = told(&[day(10, 100, 0), day(11, 110, 5)]);
        let restated = |next: &[EquityDay]| {
            let restated = before.restated(&told(next), Brought::default(), 0, Day::from_number(12).start());
            restated.map(|restated| (restated.from, restated.days))
        };
        assert_eq!(restated(&[day(9, 90, 0), day(10, 100, 0), day(11, 110, 5)]), Some((9, 1)));
        assert_eq!(restated(&[day(11, 110, 5)]), Some((10, 1)));
        let unvalued = EquityDay { equity: Err(Reason::NoPrice), ..day(11, 110, 5) };
        assert_eq!(restated(&[day(10, 100, 0), unvalued]), Some((11, 1)));
        assert_eq!(
            Days::default().restated(&before, Brought::default(), 0, Day::from_number(12).start()),
            None
        );
    }
}
