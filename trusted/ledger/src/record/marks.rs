//! How the equity of a day is known (DESIGN.md section 5), and how late after its midnight balances were read.

use super::{
    Mark,
    curve::Valued,
    history::OBSERVED_MS,
    scope::{Member, Scope},
};
use crate::{Reason, Timestamp};
use alloc::vec::Vec;

/// When the balances of each account were read.
pub(super) struct Readings<'a> {
    members: Vec<(&'a Member<'a>, Vec<Timestamp>)>,
}

impl<'a> Readings<'a> {
    /// Of the accounts of a scope.
    pub(super) fn of(scope: &'a Scope<'_>) -> Self {
        let times = |member: &Member<'_>| {
            let observations = member.account.observations.iter().map(|observation| observation.at);
            let mut times: Vec<Timestamp> =
                observations.filter(|at| *at >= member.account.complete_from).collect();
            times.sort_unstable();
            times
        };
        Self { members: scope.members.iter().map(|member| (member, times(member))).collect() }
    }

    /// How a valuation is known, and how late its balances were read, if they were.
    pub(super) fn mark(&self, valued: &Valued) -> (Mark, i64) {
        match valued.equity {
            Err(Reason::Partial) => return (Mark::Partial, 0),
            Err(_) => return (Mark::Bridged, 0),
            Ok(_) => {}
        }
        let mut latest = 0;
        for (_, times) in self.members.iter().filter(|(member, _)| member.joined <= valued.at) {
            let Some(late) = lateness(times, valued.at) else { return (Mark::Reconstructed, 0) };
            latest = late.max(latest);
        }
        (Mark::Observed, latest)
    }
}

/// How long after a midnight balances were read; zero if it was shortly before.
fn lateness(times: &[Timestamp], midnight: Timestamp) -> Option<i64> {
    let after = times.partition_point(|at| *at < midnight);
    let near = |at: &&Timestamp| at.since(midnight) <= OBSERVED_MS;
    if let Some(at) = times.get(after).filter(near) {
        return Some(at.millis().saturating_sub(midnight.millis()));
    }
    after.checked_sub(1).and_then(|before| times.get(before)).filter(near).map(|_| 0)
}
