//! Transfers between accounts of a record: what left one and arrived in another is no flow (METRICS.md section 3.1).
//!
//! A withdrawal and a deposit are one transfer if they are of two accounts, of one asset, and of one amount, or differ by
//! the network fee that the withdrawal declares; and if they carry the same transaction, or the deposit follows within a
//! day and neither fits any other line. What is ambiguous stays a withdrawal and a deposit: both are flows, and their
//! sum is the same. Whether two lines match does not depend on the order in which they were read.

use super::effects::Span;
use crate::{Asset, Decimal, Line, LineKind, Lines, Timestamp};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

/// How long coins may be on their way.
const TRANSIT_MS: i64 = 86_400_000;
/// How far the clocks of two venues may be apart.
const CLOCKS_MS: i64 = 60_000;

/// A transfer between two accounts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Transfer<'a> {
    /// What left.
    pub(super) sent: &'a Line,
    /// What arrived.
    pub(super) received: &'a Line,
}

/// A line, as one end of a transfer.
struct End<'a> {
    line: &'a Line,
    amount: Decimal,
    /// What the network took from a withdrawal.
    fee: Option<Decimal>,
}

/// All transfers among accounts, each line of which lies in the span of its account.
pub(super) fn transfers<'a>(lines: &'a Lines, spans: &BTreeMap<Arc<str>, Span>) -> Vec<Transfer<'a>> {
    if spans.len() < 2 {
        return Vec::new();
    }
    let counts = |line: &&Line| {
        spans.get(&line.account).is_some_and(|span| (span.joined..=span.until).contains(&line.time))
    };
    let fees: BTreeMap<(&str, &str, &Asset), Decimal> = lines
        .iter()
        .filter(|line| line.kind == LineKind::NetworkFee)
        .map(|line| ((&*line.account, &*line.id, &line.asset), line.amount.abs()))
        .collect();
    let (mut sent, mut received) = (Vec::new(), Vec::new());
    for line in lines.iter().filter(counts) {
        let ends = match line.kind {
            LineKind::Withdrawal | LineKind::Transfer if line.amount.is_negative() => &mut sent,
            LineKind::Deposit | LineKind::Transfer if line.amount.is_positive() => &mut received,
            _ => continue,
        };
        let fee = fees.get(&(&*line.account, &*line.id, &line.asset)).copied();
        ends.push(End { line, amount: line.amount.abs(), fee });
    }
    let mut matching = Matching { sent: BTreeSet::new(), received: BTreeSet::new(), found: Vec::new() };
    for same in [Same::Transaction, Same::Time] {
        for difference in [Difference::None, Difference::Fee] {
            matching.round(&sent, &received, same, difference);
        }
    }
    matching.found
}

/// What two ends have in common beside accounts, asset and amount.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Same {
    Transaction,
    Time,
}

/// What may be missing from the amount that arrives.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Difference {
    None,
    Fee,
}

/// Ends that are matched, by their places.
struct Matching<'a> {
    sent: BTreeSet<usize>,
    received: BTreeSet<usize>,
    found: Vec<Transfer<'a>>,
}

impl<'a> Matching<'a> {
    /// Matches what fits one other line only.
    fn round(&mut self, sent: &[End<'a>], received: &[End<'a>], same: Same, difference: Difference) {
        let mut arrivals: BTreeMap<(&Asset, Decimal), Vec<(Timestamp, usize)>> = BTreeMap::new();
        for (place, end) in received.iter().enumerate().filter(|(place, _)| !self.received.contains(place)) {
            arrivals.entry((&end.line.asset, end.amount)).or_default().push((end.line.time, place));
        }
        for arrived in arrivals.values_mut() {
            arrived.sort_unstable();
        }
        // Of each end, the only other that fits; `None` once there are two.
        let mut of_sent: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        let mut of_received: BTreeMap<usize, Option<usize>> = BTreeMap::new();
        for (place, end) in sent.iter().enumerate().filter(|(place, _)| !self.sent.contains(place)) {
            let amount = match (difference, end.fee) {
                (Difference::None, _) => Ok(end.amount),
                (Difference::Fee, Some(fee)) => end.amount.checked_sub(fee),
                (Difference::Fee, None) => continue,
            };
            let Some(arrived) = amount.ok().and_then(|amount| arrivals.get(&(&end.line.asset, amount)))
            else {
                continue;
            };
            let (from, to) = window(end.line.time, same);
            let first = arrived.partition_point(|(time, _)| *time < from);
            let fitting = arrived.iter().skip(first).take_while(|(time, _)| *time <= to);
            for (_, other) in fitting {
                if received.get(*other).is_some_and(|other| fits(end.line, other.line, same)) {
                    of_sent.entry(place).and_modify(|only| *only = None).or_insert(Some(*other));
                    of_received.entry(*other).and_modify(|only| *only = None).or_insert(Some(place));
                }
            }
        }
        for (place, other) in of_sent {
            let Some(other) = other.filter(|other| of_received.get(other) == Some(&Some(place))) else {
                continue;
            };
            let Some((out, arrived)) = sent.get(place).zip(received.get(other)) else { continue };
            self.sent.insert(place);
            self.received.insert(other);
            self.found.push(Transfer { sent: out.line, received: arrived.line });
        }
    }
}

/// When what was sent may have arrived.
const fn window(sent: Timestamp, same: Same) -> (Timestamp, Timestamp) {
    let (earlier, later) = match same {
        Same::Transaction => (i64::MAX, i64::MAX),
        Same::Time => (CLOCKS_MS, TRANSIT_MS),
    };
    (
        Timestamp::from_millis(sent.millis().saturating_sub(earlier)),
        Timestamp::from_millis(sent.millis().saturating_add(later)),
    )
}

fn fits(sent: &Line, received: &Line, same: Same) -> bool {
    let transactions = (&sent.transaction, &received.transaction);
    sent.account != received.account
        && match (same, transactions) {
            (Same::Transaction, (Some(a), Some(b))) => a == b,
            // Two transactions on a chain are two transfers.
            (Same::Transaction, _) | (Same::Time, (Some(_), Some(_))) => false,
            (Same::Time, _) => true,
        }
}
