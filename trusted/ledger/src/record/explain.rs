//! Where equity comes from, exactly, and what nothing explains (METRICS.md section 3.1).
//!
//! ```text
//! opening + lines + fees + trading + unexplained_in + unexplained_out + joined + newly_priced = closing
//! residual(interval) = sum of unexplained quantities at the prices of the valuation that ends it
//! ```
//!
//! Trading is what remains: what holdings gained by prices and by being traded, before fees.

use super::{
    Explained,
    curve::Valued,
    flows::{Flows, Priced, ends},
    pricing::Pricing,
    scope::{Cause, Scope},
};
use crate::{Decimal, LineKind, Measured, NumberError};
use alloc::{collections::BTreeMap, vec::Vec};

/// Sums what moved.
///
/// # Errors
/// `overflow`.
pub(super) fn explained(
    scope: &Scope<'_>,
    flows: &Flows<'_>,
    opening: Measured<Decimal>,
    closing: Measured<Decimal>,
) -> Measured<Explained> {
    let mut lines: BTreeMap<LineKind, Decimal> = BTreeMap::new();
    let (mut unexplained_in, mut unexplained_out) = (Decimal::ZERO, Decimal::ZERO);
    let mut joined = Decimal::ZERO;
    for Priced { moved, value } in &flows.moved {
        let value = value.unwrap_or_default();
        let sum = match moved.cause {
            Cause::Line(kind, _) => lines.entry(kind).or_default(),
            Cause::Unexplained if moved.amount.is_positive() => &mut unexplained_in,
            Cause::Unexplained => &mut unexplained_out,
            Cause::Joined => &mut joined,
        };
        *sum = sum.checked_add(value)?;
    }
    for (kind, brought) in &flows.exchanged {
        let sum = lines.entry(*kind).or_default();
        *sum = sum.checked_sub(*brought)?;
    }
    let fees = scope.activity.fees;
    let named = [unexplained_in, unexplained_out, joined, flows.priced];
    let known = total(lines.values().copied().chain(named))?;
    let trading = || -> Measured<Decimal> {
        Ok(closing?.checked_sub(opening?)?.checked_sub(known)?.checked_sub(fees?)?)
    };
    Ok(Explained {
        opening,
        lines: lines.into_iter().map(|(kind, sum)| (kind, Ok(sum))).collect(),
        fees,
        trading: trading(),
        unexplained_in: Ok(unexplained_in),
        unexplained_out: Ok(unexplained_out),
        joined: Ok(joined),
        newly_priced: Ok(flows.priced),
        closing,
    })
}

/// The sum of amounts.
///
/// # Errors
/// If it does not fit.
pub(super) fn total(mut amounts: impl Iterator<Item = Decimal>) -> Result<Decimal, NumberError> {
    amounts.try_fold(Decimal::ZERO, Decimal::checked_add)
}

/// What nothing explains in an interval.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Residual {
    /// Increases less decreases.
    pub(super) signed: Decimal,
    /// Both together.
    pub(super) absolute: Decimal,
}

/// What nothing explains, by the valuation that ends the interval.
///
/// # Errors
/// `overflow`.
pub(super) fn residuals(
    flows: &Flows<'_>,
    standing: &[&Valued],
    pricing: &mut Pricing<'_>,
) -> Measured<Vec<Residual>> {
    let mut all: Vec<Residual> = standing.iter().map(|_| Residual::default()).collect();
    for Priced { moved, .. } in &flows.moved {
        if moved.cause != Cause::Unexplained {
            continue;
        }
        let place = ends(standing, moved.time);
        let Some((valued, residual)) = standing.get(place).zip(all.get_mut(place)) else { continue };
        let Some(price) = pricing.price(moved.asset, valued.moment) else { continue };
        let value = moved.amount.checked_mul(price)?;
        residual.signed = residual.signed.checked_add(value)?;
        residual.absolute = residual.absolute.checked_add(value.abs())?;
    }
    Ok(all)
}
