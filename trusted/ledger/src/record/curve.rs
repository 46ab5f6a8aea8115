//! Equity at each valuation: the beginning, every midnight, and the instant of the figures (METRICS.md sections 2.7, 3.1
//! and 3.3).
//!
//! An asset without a price is left out of a valuation, if what it was last worth is no more than 2% of equity, or if it
//! never had a price: then it cannot be said what it is worth. With more the valuation does not stand, and its interval
//! goes on to the next that does. What is left out is a loss as long as it has no price, and a flow once it has one. It
//! is counted as lost once: what the last valuation left out already is not held against equity again, or a delisted
//! remainder would withhold the figures of an account that is emptied.
//!
//! An event at the very midnight belongs to the day that ends there, as METRICS.md section 3.2 has it; one at the very
//! beginning to the first day.

use super::{
    Gap,
    pricing::{Moment, Pricing},
    scope::{Edge, Scope},
};
use crate::{Asset, Day, Decimal, Known, Measured, Price, Reason, Timestamp};
use alloc::{collections::BTreeMap, vec::Vec};

/// 1 / 2%.
const UNPRICED_SHARE: u64 = 50;
/// No account is a century old. A span that is longer comes of an instant that is none.
const DAYS_MAX: i64 = 36_600;

/// What everything was worth at an instant.
#[derive(Clone, Debug)]
pub(super) struct Valued {
    /// When.
    pub(super) at: Timestamp,
    /// By which candles.
    pub(super) moment: Moment,
    /// The day that ends then.
    pub(super) day: Option<Day>,
    /// How much; an error where the valuation does not stand.
    pub(super) equity: Measured<Decimal>,
    /// What was held and had no price.
    pub(super) unpriced: BTreeMap<Asset, Decimal>,
}

/// All valuations of a scope, in the order of time: the first is the beginning.
///
/// # Errors
/// `overflow`, also if the history is longer than a century.
pub(super) fn valuations(scope: &Scope<'_>, pricing: &mut Pricing<'_>) -> Measured<Vec<Valued>> {
    let (from, until) = (scope.from, scope.until);
    if from > until {
        return Err(Reason::InsufficientData);
    }
    let (first, last) = (Day::of(from), Day::of(until));
    let days = i64::from(last.number()).saturating_sub(i64::from(first.number()));
    if days > DAYS_MAX {
        return Err(Reason::Overflow);
    }
    let mut all = Vec::with_capacity(usize::try_from(days).unwrap_or(0).saturating_add(2));
    let midnights = core::iter::successors(Some(first), |day| Some(day.next())).take_while(|day| *day < last);
    let midnights = midnights.map(|day| (Edge::After(day.end()), day.end(), Some(day)));
    let now = (last.start() < until || first == last).then_some((Edge::After(until), until, None));
    let mut left_out = BTreeMap::new();
    for (edge, at, day) in [(Edge::Opening, from, None)].into_iter().chain(midnights).chain(now) {
        let valued = valued(scope, pricing, edge, at, day, &left_out)?;
        if valued.equity.is_ok() {
            left_out.clone_from(&valued.unpriced);
        }
        all.push(valued);
    }
    Ok(all)
}

fn valued(
    scope: &Scope<'_>,
    pricing: &mut Pricing<'_>,
    edge: Edge,
    at: Timestamp,
    day: Option<Day>,
    left_out: &BTreeMap<Asset, Decimal>,
) -> Measured<Valued> {
    let moment = pricing.valuation(at);
    let mut equity = Decimal::ZERO;
    let mut unpriced = BTreeMap::new();
    let (mut estimate, mut withheld, mut unasked) = (Decimal::ZERO, Decimal::ZERO, false);
    for (asset, held) in scope.held(edge)? {
        match pricing.known(asset, moment) {
            Known::At(Price(price)) => {
                equity = equity.checked_add(held.checked_mul(price)?)?;
                continue;
            }
            Known::Absent => {}
            Known::Unasked => unasked = true,
        }
        unpriced.insert(asset.clone(), held);
        // At the beginning nothing was priced before.
        if edge != Edge::Opening
            && !left_out.contains_key(asset)
            && let Some(price) = pricing.last_before(asset, at)
        {
            let worth = held.checked_mul(price)?;
            estimate = estimate.checked_add(worth)?;
            withheld = withheld.checked_add(worth.abs())?;
        }
    }
    let whole = equity.checked_add(estimate)?.abs();
    let equity = if partial(scope, at, day) {
        Err(Reason::Partial)
    } else if unasked || withheld.checked_mul(UNPRICED_SHARE.into())? > whole {
        Err(Reason::NoPrice)
    } else {
        Ok(equity)
    };
    Ok(Valued { at, moment, day, equity, unpriced })
}

/// Whether a gap touches the day that ends, or reaches the instant of the figures.
fn partial(scope: &Scope<'_>, at: Timestamp, day: Option<Day>) -> bool {
    let touches = |gap: &Gap| match day {
        Some(day) => gap.from <= at && gap.to > day.start(),
        None => at == scope.until && gap.from <= at && gap.to >= at,
    };
    scope.members.iter().any(|member| {
        let counts = |gap: &Gap| gap.to >= member.joined;
        member.joined <= at && member.account.gaps.iter().any(|gap| counts(gap) && touches(gap))
    })
}
