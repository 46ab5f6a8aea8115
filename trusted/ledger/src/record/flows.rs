//! What moved holdings otherwise than by fills, each at the price of its instant, and which of it are external flows
//! (METRICS.md sections 3.1 and 3.2).
//!
//! - What has no price at its instant is valued with the valuation that ends its interval; where that has none either it
//!   counts zero, for then its asset is no part of equity.
//! - A flow above 10% of equity is large: everything is valued just before it, which cuts the interval there. Whether it
//!   is large is held against the last valuation and the flows since, since a price is only asked for where it is needed.
//!   What happens at the very instant of a flow and is none, such as the fee of a withdrawal, counts before it.
//! - An asset that was left out for want of a price enters, once it has one, as a flow of its value; what of it was sold
//!   till then, as a flow of what that brought. Both at the valuation.
//! - What an exchange outside the order book brings for assets that have no price is a flow too: nobody gains by a price
//!   that was not read.

use super::{
    curve::Valued,
    pricing::Pricing,
    scope::{Cause, Edge, Moved, Sale, Scope},
};
use crate::{Asset, Day, Decimal, Known, LineClass, LineKind, Measured, Price, Reason, Timestamp};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

/// 1 / 10%.
const LARGE_SHARE: u64 = 10;

/// A change and its value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Priced<'a> {
    pub(super) moved: Moved<'a>,
    /// `None`: its asset has no price.
    pub(super) value: Option<Decimal>,
}

/// External flows of an instant.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Inflow {
    pub(super) amount: Decimal,
    /// Equity just before, where it was valued.
    pub(super) before: Option<Decimal>,
}

/// Everything that moved otherwise than by fills.
pub(super) struct Flows<'a> {
    /// In the order of time.
    pub(super) moved: Vec<Priced<'a>>,
    /// External flows, by instant.
    pub(super) external: BTreeMap<Timestamp, Inflow>,
    /// What entered because it has a price now, and what was got for what has none.
    pub(super) priced: Decimal,
    /// The part of `priced` that lines brought, by kind: it is none of their result.
    pub(super) exchanged: BTreeMap<LineKind, Decimal>,
}

impl<'a> Flows<'a> {
    /// Of a scope; `standing` are the valuations that stand.
    ///
    /// # Errors
    /// `no_price` if one was not looked for, `overflow`.
    pub(super) fn of(scope: &Scope<'a>, standing: &[&Valued], pricing: &mut Pricing<'_>) -> Measured<Self> {
        let mut flows = Self {
            moved: Vec::with_capacity(scope.moved.len()),
            external: BTreeMap::new(),
            priced: Decimal::ZERO,
            exchanged: BTreeMap::new(),
        };
        let mut unasked = false;
        for moved in &scope.moved {
            let value = match value(moved, standing, pricing) {
                // All of them are asked for at once.
                Err(Reason::NoPrice) => {
                    unasked = true;
                    continue;
                }
                value => value?,
            };
            flows.moved.push(Priced { moved: *moved, value });
            if let Some(value) = value.filter(|_| is_flow(moved)) {
                flows.enters(moved.time, value)?;
            }
        }
        if unasked {
            return Err(Reason::NoPrice);
        }
        flows.exchanges()?;
        flows.newly_priced(scope, standing, pricing)?;
        Ok(flows)
    }

    fn enters(&mut self, time: Timestamp, value: Decimal) -> Measured<()> {
        let inflow = self.external.entry(time).or_default();
        inflow.amount = inflow.amount.checked_add(value)?;
        Ok(())
    }

    /// Exchanges in which something without a price was given: what they brought beyond the rest is a flow.
    fn exchanges(&mut self) -> Measured<()> {
        struct Exchange {
            last: Timestamp,
            net: Decimal,
            unpriced: bool,
        }
        let mut exchanges: BTreeMap<(LineKind, &str, &str), Exchange> = BTreeMap::new();
        for Priced { moved, value } in &self.moved {
            let Cause::Line(kind, Some((account, id))) = moved.cause else { continue };
            if kind.class() != LineClass::Exchange {
                continue;
            }
            let exchange = exchanges.entry((kind, account, id)).or_insert(Exchange {
                last: moved.time,
                net: Decimal::ZERO,
                unpriced: false,
            });
            exchange.last = exchange.last.max(moved.time);
            exchange.net = exchange.net.checked_add(value.unwrap_or_default())?;
            exchange.unpriced |= value.is_none() && moved.amount.is_negative();
        }
        for ((kind, ..), Exchange { last, net, unpriced }) in exchanges {
            if unpriced && net.is_positive() {
                self.enters(last, net)?;
                self.priced = self.priced.checked_add(net)?;
                let of_kind = self.exchanged.entry(kind).or_default();
                *of_kind = of_kind.checked_add(net)?;
            }
        }
        Ok(())
    }

    /// What was left out of a valuation, and has a price at the next.
    fn newly_priced(
        &mut self,
        scope: &Scope<'_>,
        standing: &[&Valued],
        pricing: &mut Pricing<'_>,
    ) -> Measured<()> {
        let left_out: BTreeSet<&Asset> = standing.iter().flat_map(|valued| valued.unpriced.keys()).collect();
        let sales = scope.sales(&left_out)?;
        for (before, after) in standing.iter().zip(standing.iter().skip(1)) {
            // What is owed lowers equity when it enters, and that is a loss.
            for (asset, held) in before.unpriced.iter().filter(|(_, held)| held.is_positive()) {
                let sales = sales.get(asset).map_or(&[][..], Vec::as_slice);
                let (sold, brought) = sold(sales, before.at, after.at)?;
                let mut value =
                    if sold > *held { brought.checked_mul(*held)?.amount_div(sold)? } else { brought };
                let left = held.checked_sub(sold)?;
                if left.is_positive()
                    && !after.unpriced.contains_key(asset)
                    && let Some(price) = pricing.price(asset, after.moment)
                {
                    value = value.checked_add(left.checked_mul(price)?)?;
                }
                self.enters(after.at, value)?;
                self.priced = self.priced.checked_add(value)?;
            }
        }
        Ok(())
    }

    /// Values everything just before each large flow.
    ///
    /// # Errors
    /// `overflow`.
    pub(super) fn value_large(
        &mut self,
        scope: &Scope<'_>,
        standing: &[&Valued],
        pricing: &mut Pricing<'_>,
    ) -> Measured<()> {
        let (mut reference, mut interval) = (Decimal::ZERO, None);
        for (time, inflow) in self.external.iter_mut().filter(|(_, inflow)| !inflow.amount.is_zero()) {
            let next = ends(standing, *time);
            let Some((before, after)) = standing.get(next.saturating_sub(1)).zip(standing.get(next)) else {
                continue;
            };
            if interval != Some(next) {
                (reference, interval) = (before.equity?, Some(next));
            }
            let large = inflow.amount.abs().checked_mul(LARGE_SHARE.into())? > reference;
            let valued = if after.at == *time {
                Some(after.equity?)
            } else if large {
                equity_after(scope, before, *time, pricing)?
            } else {
                None
            };
            inflow.before = valued.map(|equity| equity.checked_sub(inflow.amount)).transpose()?;
            reference = match valued {
                Some(equity) => equity,
                None => reference.checked_add(inflow.amount)?,
            };
        }
        Ok(())
    }
}

/// Equity after everything of an instant; `None` if a price is missing.
fn equity_after(
    scope: &Scope<'_>,
    last: &Valued,
    time: Timestamp,
    pricing: &mut Pricing<'_>,
) -> Measured<Option<Decimal>> {
    let moment = pricing.moment(time);
    let mut equity = Some(Decimal::ZERO);
    for (asset, held) in scope.held(Edge::After(time))? {
        // What the last valuation left out enters with the next.
        if last.unpriced.contains_key(asset) {
            continue;
        }
        // All of them are asked for, also where one is missing.
        let price = pricing.price(asset, moment);
        equity = match equity.zip(price) {
            Some((equity, price)) => Some(equity.checked_add(held.checked_mul(price)?)?),
            None => None,
        };
    }
    Ok(equity)
}

/// The value of what moved, at its instant; else as the valuation after it has it. `None`: it has no price.
fn value(moved: &Moved<'_>, standing: &[&Valued], pricing: &mut Pricing<'_>) -> Measured<Option<Decimal>> {
    // What is found unexplained at a midnight is priced as the equity of that midnight is.
    let midnight = moved.cause == Cause::Unexplained && Day::of(moved.time).start() == moved.time;
    let moment = if midnight { pricing.valuation(moved.time) } else { pricing.moment(moved.time) };
    let price = match pricing.known(moved.asset, moment) {
        Known::At(Price(price)) => Some(price),
        Known::Absent => standing
            .get(ends(standing, moved.time))
            .and_then(|after| pricing.price(moved.asset, after.moment)),
        Known::Unasked => return Err(Reason::NoPrice),
    };
    Ok(price.map(|price| moved.amount.checked_mul(price)).transpose()?)
}

/// What was sold after one instant and up to another, and what it brought.
fn sold(sales: &[Sale], after: Timestamp, until: Timestamp) -> Measured<(Decimal, Decimal)> {
    let (mut sold, mut brought) = (Decimal::ZERO, Decimal::ZERO);
    for sale in sales.iter().filter(|sale| after < sale.time && sale.time <= until) {
        sold = sold.checked_add(sale.quantity)?;
        brought = brought.checked_add(sale.value)?;
    }
    Ok((sold, brought))
}

/// Which valuation ends the interval that an instant lies in.
pub(super) fn ends(standing: &[&Valued], time: Timestamp) -> usize {
    // What happens at the very beginning belongs to the first interval.
    standing.partition_point(|valued| valued.at < time).max(1)
}

/// External, by METRICS.md section 3.1.
pub(super) fn is_flow(moved: &Moved<'_>) -> bool {
    match moved.cause {
        Cause::Line(kind, _) => kind.class() == LineClass::Flow,
        Cause::Unexplained => moved.amount.is_positive(),
        Cause::Joined => true,
    }
}
