//! What a round read, and what it comes to.

use crate::{Booking, Conversion, Crossing, Execution, Finding, FundingPayment, Said, Shift};
use ledger::Timestamp;
use std::collections::BTreeMap;

/// Everything that a round read, by the lists' names. Rows may be there twice.
#[derive(Debug, Default)]
pub(crate) struct Rows {
    lists: BTreeMap<&'static str, Listed>,
    /// From when on each list was read.
    since_ms: BTreeMap<&'static str, i64>,
}

/// The rows of one list.
#[derive(Debug, Default)]
pub(crate) struct Listed {
    pub(crate) fills: Vec<Execution>,
    pub(crate) conversions: Vec<Conversion>,
    pub(crate) crossings: Vec<Crossing>,
    pub(crate) shifts: Vec<Shift>,
    pub(crate) bookings: Vec<Booking>,
    pub(crate) funding: Vec<FundingPayment>,
}

impl Rows {
    /// The rows of a list, which are gone from here then.
    pub(crate) fn take(&mut self, list: &str) -> Listed {
        self.lists.remove(list).unwrap_or_default()
    }

    /// Those of a list that were read so far.
    pub(crate) fn of(&self, list: &str) -> Option<&Listed> {
        self.lists.get(list)
    }

    /// From when on all of these lists were read in this round.
    pub(crate) fn since(&self, lists: &[&str]) -> Option<Timestamp> {
        let since = lists.iter().filter_map(|list| self.since_ms.get(list));
        since.max().map(|ms| Timestamp::from_millis(*ms))
    }

    /// A list is read from then on.
    pub(super) fn begin(&mut self, list: &'static str, from_ms: i64) {
        let since_ms = self.since_ms.entry(list).or_insert(from_ms);
        *since_ms = from_ms.min(*since_ms);
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.lists.values().map(Listed::count).sum()
    }

    /// When the first thing happened.
    pub(super) fn first(&self) -> Option<Timestamp> {
        self.lists.values().flat_map(Listed::times).min()
    }

    /// When the first thing of a list happened.
    pub(super) fn first_of(&self, list: &str) -> Option<Timestamp> {
        self.of(list).into_iter().flat_map(Listed::times).min()
    }

    /// Takes rows in; what no list tells is left out.
    pub(super) fn add(&mut self, list: &'static str, said: Said) {
        let listed = self.lists.entry(list).or_default();
        match said {
            Said::Fills(rows) => listed.fills.extend(rows),
            Said::Conversions(rows) => listed.conversions.extend(rows),
            Said::Crossings(rows) => listed.crossings.extend(rows),
            Said::Transfers(rows) => listed.shifts.extend(rows),
            Said::Ledger(rows) => listed.bookings.extend(rows),
            Said::Funding(rows) => listed.funding.extend(rows),
            _ => {}
        }
    }
}

impl Said {
    /// Leaves out bookings and fills of before.
    pub(super) fn keep_from(&mut self, from: Timestamp) {
        match self {
            Self::Fills(rows) => rows.retain(|row| row.time >= from),
            Self::Ledger(rows) => rows.retain(|row| row.time.is_none_or(|time| time >= from)),
            _ => {}
        }
    }

    /// How many rows of a list these are; `None`: it is nothing that a list tells.
    pub(super) const fn rows(&self) -> Option<usize> {
        Some(match self {
            Self::Fills(rows) => rows.len(),
            Self::Conversions(rows) => rows.len(),
            Self::Crossings(rows) => rows.len(),
            Self::Transfers(rows) => rows.len(),
            Self::Ledger(rows) => rows.len(),
            Self::Funding(rows) => rows.len(),
            _ => return None,
        })
    }
}

impl Listed {
    fn count(&self) -> usize {
        let Self { fills, conversions, crossings, shifts, bookings, funding } = self;
        [fills.len(), conversions.len(), crossings.len(), shifts.len(), bookings.len(), funding.len()]
            .iter()
            .sum()
    }

    fn times(&self) -> impl Iterator<Item = Timestamp> {
        let Self { fills, conversions, crossings, shifts, bookings, funding } = self;
        let fills = fills.iter().map(|row| row.time).chain(conversions.iter().map(|row| row.time));
        let moved = crossings.iter().map(|row| row.time).chain(shifts.iter().map(|row| row.time));
        let booked = bookings.iter().filter_map(|row| row.time).chain(funding.iter().map(|row| row.time));
        fills.chain(moved).chain(booked)
    }
}

/// What rows come to.
#[derive(Debug, Default)]
pub(crate) struct Digest {
    /// Instruments before their fills, then movements and what could not be read.
    pub(crate) findings: Vec<Finding>,
    /// When the earliest thing was that cannot be told yet: the next round reads from there.
    pub(crate) held_since: Option<Timestamp>,
}

impl Digest {
    /// Something of then cannot be told yet.
    pub(crate) fn hold(&mut self, since: Timestamp) {
        self.held_since = Some(self.held_since.map_or(since, |held| held.min(since)));
    }
}
