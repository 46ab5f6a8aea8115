//! The holdings of one account through time: anchored at observed balances, computed backwards from the first of them
//! and forwards from one to the next, through everything that is known to have happened (DESIGN.md section 5).
//!
//! - Backwards from the first observation to `complete_from`, and no further. Where a balance that cannot be below zero
//!   would have been, something left at that moment that nothing explains: an unexplained decrease, and the walk goes on
//!   from zero. What is left at `complete_from` is the opening balance; of an account that was opened then it is an
//!   unexplained increase.
//! - From one observation to the next, what the balance changed by beyond what is explained is unexplained at the later
//!   one. Earlier days keep what was known of them. Where the balance would fall below zero between, the unexplained
//!   increase is at that moment.
//! - An observation within an hour after a midnight is rolled back to it through what happened since: what it finds
//!   unexplained belongs to the day that it observes.
//!
//! Exact: there is no tolerance, a difference in the last digit is a residual.

use super::{
    Account, Observation,
    effects::{Activity, Change, Effects},
};
use crate::{Asset, Day, Decimal, Measured, Reason, Timestamp};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

/// How far from a midnight an observation is one of it.
pub(super) const OBSERVED_MS: u64 = 3_600_000;

/// A holding from an instant on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Point {
    /// From when on.
    pub(super) time: Timestamp,
    /// How much.
    pub(super) held: Decimal,
}

/// One holding through time.
#[derive(Clone, Debug, Default)]
pub(super) struct Track {
    /// Before the first point.
    pub(super) opening: Decimal,
    /// In the order of time; of several at one instant the last holds.
    pub(super) points: Vec<Point>,
}

impl Track {
    /// After everything up to an instant.
    pub(super) fn at(&self, time: Timestamp) -> Decimal {
        self.after(self.points.partition_point(|point| point.time <= time))
    }

    /// Before anything of an instant.
    pub(super) fn before(&self, time: Timestamp) -> Decimal {
        self.after(self.points.partition_point(|point| point.time < time))
    }

    fn after(&self, points: usize) -> Decimal {
        let last = points.checked_sub(1).and_then(|last| self.points.get(last));
        last.map_or(self.opening, |point| point.held)
    }

    /// From zero, through changes in order.
    pub(super) fn of(changes: &[Change]) -> Measured<Self> {
        let mut held = Decimal::ZERO;
        let mut points = Vec::with_capacity(changes.len());
        for Change { time, amount } in changes {
            held = held.checked_add(*amount)?;
            points.push(Point { time: *time, held });
        }
        Ok(Self { opening: Decimal::ZERO, points })
    }
}

/// A change of a holding that nothing explains.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unexplained {
    /// When it is booked.
    pub(super) time: Timestamp,
    /// Of which asset.
    pub(super) asset: Asset,
    /// How much: above zero it increased.
    pub(super) amount: Decimal,
}

/// The holdings of an account.
#[derive(Clone, Debug)]
pub(super) struct History {
    /// By asset: its balance, and what contracts expose to it.
    pub(super) tracks: BTreeMap<Asset, Vec<Track>>,
    /// What nothing explains, by asset and time.
    pub(super) unexplained: Vec<Unexplained>,
    /// Fees and volume of its own figures.
    pub(super) own: Activity,
    /// Fees and volume in those of the record.
    pub(super) joined: Activity,
}

impl History {
    /// From what happened and what was observed.
    ///
    /// # Errors
    /// `partial` if balances were never read, `overflow`.
    pub(super) fn of(account: &Account, effects: Effects) -> Measured<Self> {
        let from = account.complete_from;
        let mut observations: Vec<&Observation> =
            account.observations.iter().filter(|observation| observation.at >= from).collect();
        observations.sort_by(|a, b| (a.at, &a.balances).cmp(&(b.at, &b.balances)));
        if observations.is_empty() {
            return Err(Reason::Partial);
        }
        let assets: BTreeSet<Asset> = observations
            .iter()
            .flat_map(|observation| observation.balances.keys())
            .chain(effects.balances.keys())
            .cloned()
            .collect();
        let Effects { mut balances, exposures, settled, own, joined, first: _ } = effects;
        let mut history = Self { tracks: BTreeMap::new(), unexplained: Vec::new(), own, joined };
        for asset in assets {
            let changes = balances.remove(&asset).unwrap_or_default();
            let observed: Vec<Observed> = observations
                .iter()
                .map(|observation| Observed {
                    at: observation.at,
                    held: observation.balances.get(&asset).copied().unwrap_or_default(),
                })
                .collect();
            // Borrowed coins and contracts can take a balance below zero; spot cannot.
            let bounded =
                !settled.contains(&asset) && observed.iter().all(|observed| !observed.held.is_negative());
            let walk = Walk { from, since_opening: account.since_opening, bounded };
            let (track, unexplained) = walk.through(&changes, &observed)?;
            history.unexplained.extend(unexplained.into_iter().map(|Change { time, amount }| Unexplained {
                time,
                asset: asset.clone(),
                amount,
            }));
            history.tracks.entry(asset).or_default().push(track);
        }
        for (asset, changes) in exposures {
            history.tracks.entry(asset).or_default().push(Track::of(&changes)?);
        }
        Ok(history)
    }
}

/// A balance as it was read.
#[derive(Clone, Copy)]
struct Observed {
    at: Timestamp,
    held: Decimal,
}

/// How the balance of one asset is walked.
struct Walk {
    from: Timestamp,
    since_opening: bool,
    /// It cannot be below zero.
    bounded: bool,
}

impl Walk {
    fn through(&self, changes: &[Change], observed: &[Observed]) -> Measured<(Track, Vec<Change>)> {
        let Some((first, later)) = observed.split_first() else { return Err(Reason::Partial) };
        let (before, mut ahead) = split_after(changes, first.at);
        let mut unexplained = Vec::new();
        let (mut points, mut opening) = self.backwards(first.held, before, &mut unexplained)?;
        if self.since_opening && !opening.is_zero() {
            unexplained.push(Change { time: self.from, amount: opening });
            points.push(Point { time: self.from, held: opening });
            opening = Decimal::ZERO;
        }
        points.reverse();
        unexplained.reverse();
        let (mut held, mut known) = (first.held, first.at);
        for observation in later {
            let midnight = Day::of(observation.at).start();
            let rolled = midnight > known && observation.at.since(midnight) <= OBSERVED_MS;
            let booked = if rolled { midnight } else { observation.at };
            let (explained, rest) = split_after(ahead, booked);
            held = self.forwards(held, explained, &mut points, &mut unexplained)?;
            let (since, rest) = split_after(rest, observation.at);
            let mut deficits = Vec::new();
            let (mut rolled, at_booked) = self.backwards(observation.held, since, &mut deficits)?;
            let difference = at_booked.checked_sub(held)?;
            if !difference.is_zero() {
                unexplained.push(Change { time: booked, amount: difference });
                points.push(Point { time: booked, held: at_booked });
            }
            rolled.reverse();
            points.append(&mut rolled);
            unexplained.extend(deficits.into_iter().rev());
            (held, known, ahead) = (observation.held, observation.at, rest);
        }
        self.forwards(held, ahead, &mut points, &mut unexplained)?;
        Ok((Track { opening, points }, unexplained))
    }

    /// From a balance back through changes. Returns points, the latest first, and the balance before all changes.
    fn backwards(
        &self,
        mut held: Decimal,
        changes: &[Change],
        unexplained: &mut Vec<Change>,
    ) -> Measured<(Vec<Point>, Decimal)> {
        let mut points = Vec::with_capacity(changes.len());
        for Change { time, amount } in changes.iter().rev() {
            points.push(Point { time: *time, held });
            held = held.checked_sub(*amount)?;
            if self.bounded && held.is_negative() {
                unexplained.push(Change { time: *time, amount: held });
                held = Decimal::ZERO;
            }
        }
        Ok((points, held))
    }

    /// From a balance on through changes. Returns the balance after them.
    fn forwards(
        &self,
        mut held: Decimal,
        changes: &[Change],
        points: &mut Vec<Point>,
        unexplained: &mut Vec<Change>,
    ) -> Measured<Decimal> {
        for Change { time, amount } in changes {
            held = held.checked_add(*amount)?;
            if self.bounded && held.is_negative() {
                unexplained.push(Change { time: *time, amount: held.negated() });
                held = Decimal::ZERO;
            }
            points.push(Point { time: *time, held });
        }
        Ok(held)
    }
}

/// Changes up to an instant, and those after it.
fn split_after(changes: &[Change], time: Timestamp) -> (&[Change], &[Change]) {
    changes.split_at(changes.partition_point(|change| change.time <= time))
}
