//! The short way of a fill: of spot and linear instruments that settle in the reporting currency, with numbers on the grid of
//! the book and a valued fee. It is what `matching.rs` does, in whole numbers that fit registers: first everything is
//! computed, and where something does not fit, nothing has changed and the fill goes the long way. Both give the same
//! numbers, so that nobody can tell which was taken.
//!
//! Quantities are words with the decimals of the grid, amounts are 128 bits with its. Only shares of a fee have more: what
//! is left of a lot's fee, and what a match takes of it.

use crate::{
    Decimal, Direction, InstrumentKind, NumberError, Side, Timestamp,
    amount::{Num, raised},
    fee::Divided,
    fills::{Fills, OTHER, SETTLEMENT},
    grid::{Grid, lifted},
    matching::State,
    outcomes::Closed,
    packed::Packed,
};
use core::cmp::Ordering;

/// A fill on the grid.
#[derive(Clone, Copy)]
struct Short {
    price: i64,
    /// Of the whole fill.
    notional: i128,
    moved: i64,
    /// As it was paid.
    fee: Num,
    fee_value: i128,
}

/// `quantity · price` as an amount of the grid.
#[inline(always)]
fn product(grid: Grid, quantity: i64, price: i64) -> Option<i128> {
    let product = i128::from(quantity).wrapping_mul(i128::from(price));
    match grid.amount.checked_sub(grid.quantity.wrapping_add(grid.price))? {
        // Of one book always or never.
        0 => Some(product),
        decimals => raised(product, decimals),
    }
}

/// What a fill moves and what its fee is worth, of a fill with this quantity and price on the grid.
#[inline(always)]
fn moved(kind: InstrumentKind, grid: Grid, fill: &Packed, quantity: i64, price: i64) -> Option<(i64, i128)> {
    let ([.., fee, rate], [.., fee_scale, rate_scale]) = fill.words();
    // Chosen without a branch, since which of them it is cannot be foreseen.
    let (value, scale) = match fill.fee_asset {
        SETTLEMENT => (1, 0),
        OTHER => (price, grid.price),
        _ => (rate, rate_scale),
    };
    // A scale that says that a number is elsewhere, or nowhere, is above any of the grid.
    let decimals = grid.amount.checked_sub(fee_scale.saturating_add(scale))?;
    let value = raised(i128::from(fee).wrapping_mul(i128::from(value)), decimals)?;
    if fill.fee_asset != OTHER || kind != InstrumentKind::Spot {
        return Some((quantity, value));
    }
    let base = lifted(fee, fee_scale, grid.quantity)?;
    let moved = match fill.side() {
        Side::Buy => quantity.checked_sub(base)?,
        Side::Sell => quantity.checked_add(base)?,
    };
    Some((moved, value))
}

/// Quantity and price of a fill on the grid.
#[inline(always)]
fn on_grid(grid: Grid, fill: &Packed) -> Option<(i64, i64)> {
    let ([quantity, price, ..], [quantity_scale, price_scale, ..]) = fill.words();
    Some((lifted(quantity, quantity_scale, grid.quantity)?, lifted(price, price_scale, grid.price)?))
}

impl Short {
    #[inline(always)]
    fn of(kind: InstrumentKind, grid: Grid, fill: &Packed) -> Option<Self> {
        let (quantity, price) = on_grid(grid, fill)?;
        let (moved, fee_value) = moved(kind, grid, fill, quantity, price)?;
        let ([_, _, fee, _], [_, _, fee_scale, _]) = fill.words();
        let notional = product(grid, quantity, price)?;
        Some(Self { price, notional, moved, fee: Num::new(fee.into(), fee_scale), fee_value })
    }

    /// The part of the fee that is for so much, where that is not all.
    fn share(&self, grid: Grid, quantity: i64) -> Option<Num> {
        let fee = Num::new(self.fee_value, grid.amount);
        if fee.is_zero() {
            return Some(fee);
        }
        let [quantity, whole] = [quantity, self.moved].map(|part| Num::new(part.into(), grid.quantity));
        fee.share(quantity, whole)
    }

    /// What is left of the fee for what is left of a fill that closed all that there was.
    #[cold]
    fn fee_after(&self, grid: Grid, plan: &Plan) -> Option<Num> {
        Num::new(self.fee_value, grid.amount).minus(plan.close_fee?)
    }

    #[inline(always)]
    fn worth(&self, grid: Grid, fill: &Packed, plan: &Plan) -> Option<Worth> {
        let amount = |mantissa: i128| Num::new(mantissa, grid.amount);
        let is_whole = plan.closed == self.moved && fill.fee_asset != OTHER;
        let value = if is_whole { self.notional } else { product(grid, plan.closed, self.price)? };
        let gross = match fill.side() {
            Side::Sell => value.checked_sub(plan.cost)?,
            Side::Buy => plan.cost.checked_sub(value)?,
        };
        let fees = match plan.close_fee {
            None => amount(plan.fees.checked_add(self.fee_value)?),
            Some(fee) => amount(plan.fees).plus(fee)?,
        };
        let fees = plan.shares.plus(fees)?;
        let net = match amount(gross).minus(fees) {
            Some(net) => net.decimal(),
            None => amount(gross).decimal().checked_sub(fees.decimal()).ok()?,
        };
        Some(Worth { value, gross, fees, net })
    }
}

/// A lot on the grid, or what is left of it.
#[derive(Clone, Copy)]
struct ShortLot {
    whole: i64,
    left: i64,
    fee: Num,
    fee_left: Num,
}

impl ShortLot {
    #[inline(always)]
    fn of(grid: Grid, lot: &Divided) -> Option<Self> {
        let quantity = |number: Decimal| {
            let (mantissa, scale) = number.short()?;
            lifted(mantissa, scale, grid.quantity)
        };
        let (fee, fee_left) = (lot.fee?.num()?, lot.fee_left?.num()?);
        Some(Self { whole: quantity(lot.whole)?, left: quantity(lot.left)?, fee, fee_left })
    }
}

/// What a fill closes.
struct Plan {
    matches: u32,
    /// Lots that are closed to the end.
    lots: u32,
    /// What is left of the next.
    left: Option<ShortLot>,
    /// How much of the fill closes something: all of it, or as much as there is.
    closed: i64,
    /// What of its fee is for that, where it is not all.
    close_fee: Option<Num>,
    cost: i128,
    /// Fees of whole lots.
    fees: i128,
    /// Fees of parts of lots.
    shares: Num,
    opened: Timestamp,
    held_ms: u64,
    held: Option<i128>,
}

/// What the closed part of a fill is worth.
struct Worth {
    value: i128,
    gross: i128,
    fees: Num,
    /// With the decimals of its fees it may be longer than either.
    net: Decimal,
}

/// What of a fill closes nothing.
enum Rest {
    Nothing,
    /// It opens a lot of this quantity, which is the whole fill or has this fee.
    Opens(i64, Option<Num>),
    /// Sold without a known lot: quantity and proceeds (METRICS.md section 2.5).
    Unmatched(i64, i128),
}

impl Plan {
    /// Closes as much of a lot as is `moving`, and says how much that is. `order` is how the lot compares.
    #[inline(always)]
    fn close(
        &mut self,
        grid: Grid,
        lot: &ShortLot,
        is_part: bool,
        moving: i64,
        order: Ordering,
    ) -> Option<i64> {
        if order == Ordering::Greater {
            let share = match lot.fee.is_zero() {
                true => lot.fee_left,
                false => lot.fee.share(Num::new(moving.into(), grid.quantity), whole(grid, lot))?,
            };
            self.shares = self.shares.plus(share)?;
            let left = lot.left.wrapping_sub(moving);
            self.left = Some(ShortLot { left, fee_left: lot.fee_left.minus(share)?, ..*lot });
            return Some(moving);
        }
        self.lots = self.lots.wrapping_add(1);
        if is_part {
            self.shares = self.shares.plus(lot.fee_left)?;
        } else {
            self.fees = self.fees.checked_add(lot.fee_left.mantissa())?;
        }
        Some(lot.left)
    }

    /// One more match, of a lot that was opened then. What was closed before it is `closed`.
    #[inline(always)]
    fn hold(&mut self, opened: Timestamp, held_ms: u64, quantity: i64, closed: i64) -> Option<()> {
        if self.matches == 0 {
            (self.opened, self.held_ms) = (opened, held_ms);
        } else if self.held.is_some() || self.held_ms != held_ms {
            let before = match self.held {
                Some(held) => held,
                None => long_product(closed, self.held_ms)?,
            };
            self.held = Some(before.checked_add(long_product(quantity, held_ms)?)?);
        }
        self.matches = self.matches.wrapping_add(1);
        Some(())
    }
}

#[inline(always)]
fn long_product(quantity: i64, held_ms: u64) -> Option<i128> {
    Some(i128::from(quantity).wrapping_mul(i128::from(i64::try_from(held_ms).ok()?)))
}

impl State {
    /// Applies the next fill, or does nothing at all (`None`).
    pub(crate) fn apply_short(&mut self, fills: &Fills, at: u32) -> Option<Result<(), NumberError>> {
        let fill = fills.get(at)?;
        let (kind, grid) = (self.terms.kind, fills.grid);
        let short = Short::of(kind, grid, fill)?;
        let open = match self.lots.peek(0) {
            Some((opening, _)) => Some(fills.get(opening)?.side()),
            None => None,
        };
        if open.is_some_and(|open| open != fill.side()) {
            return self.close_short(fills, at, fill, &short);
        }
        let rest = if kind == InstrumentKind::Spot && fill.side() == Side::Sell {
            Rest::Unmatched(short.moved, product(grid, short.moved, short.price)?)
        } else {
            Rest::Opens(short.moved, None)
        };
        Some(self.follow_short(fills, at, fill, &short, None, &rest))
    }

    fn close_short(
        &mut self,
        fills: &Fills,
        at: u32,
        fill: &Packed,
        short: &Short,
    ) -> Option<Result<(), NumberError>> {
        let (kind, grid) = (self.terms.kind, fills.grid);
        let plan = self.plan(fills, fill, short)?;
        let rest = match short.moved.wrapping_sub(plan.closed) {
            0 => Rest::Nothing,
            left if kind == InstrumentKind::Spot && fill.side() == Side::Sell => {
                Rest::Unmatched(left, product(grid, left, short.price)?)
            }
            left => Rest::Opens(left, Some(short.fee_after(grid, &plan)?)),
        };
        let worth = short.worth(grid, fill, &plan)?;
        Some(self.follow_short(fills, at, fill, short, Some((&worth, &plan)), &rest))
    }

    /// Goes through the lots that the fill closes.
    #[inline(always)]
    fn plan(&self, fills: &Fills, fill: &Packed, short: &Short) -> Option<Plan> {
        let (grid, open) = (fills.grid, self.cursor.open.num()?);
        let open = raised(open.mantissa(), grid.quantity.checked_sub(open.scale())?)?;
        let exceeds = open < i128::from(short.moved);
        let mut plan = Plan {
            matches: 0,
            lots: 0,
            left: None,
            closed: short.moved,
            close_fee: exceeds.then_some(Num::ZERO),
            cost: 0,
            fees: 0,
            shares: Num::ZERO,
            opened: fill.time,
            held_ms: 0,
            held: None,
        };
        let mut moving = short.moved;
        loop {
            let (opening, part) = self.lots.peek(plan.lots)?;
            let opened = fills.get(opening)?;
            let (quantity, price) = on_grid(grid, opened)?;
            let lot = match part {
                Some(part) => ShortLot::of(grid, part)?,
                None => {
                    let (moved, fee_value) = moved(self.terms.kind, grid, opened, quantity, price)?;
                    let fee = Num::new(fee_value, grid.amount);
                    ShortLot { whole: moved, left: moved, fee, fee_left: fee }
                }
            };
            let order = lot.left.cmp(&moving);
            let quantity = plan.close(grid, &lot, part.is_some(), moving, order)?;
            if let Some(fee) = plan.close_fee {
                plan.close_fee = Some(fee.plus(short.share(grid, quantity)?)?);
            }
            plan.cost = plan.cost.checked_add(product(grid, quantity, price)?)?;
            let held_ms = fill.time.since(opened.time);
            plan.hold(opened.time, held_ms, quantity, short.moved.wrapping_sub(moving))?;
            moving = moving.wrapping_sub(quantity);
            if order != Ordering::Less || (exceeds && plan.lots == self.lots.len()) {
                plan.closed = short.moved.wrapping_sub(moving);
                return Some(plan);
            }
        }
    }

    /// Does what was planned.
    #[inline(always)]
    fn follow_short(
        &mut self,
        fills: &Fills,
        at: u32,
        fill: &Packed,
        short: &Short,
        closing: Option<(&Worth, &Plan)>,
        rest: &Rest,
    ) -> Result<(), NumberError> {
        let grid = fills.grid;
        let amount = |mantissa: i128| Num::new(mantissa, grid.amount);
        let quantity = |mantissa: i64| Num::new(mantissa.into(), grid.quantity);
        let sums = &mut self.months.at(fill.time).settled;
        sums.fill_short(fill.time, fill.liquidity(), grid.amount, short.notional, short.fee_value)?;
        if let Some((Worth { value, gross, fees, .. }, plan)) = closing {
            sums.matched_short(plan.matches, *fees, [*gross, plan.cost, *value])?;
        }
        if let Rest::Unmatched(left, proceeds) = *rest {
            sums.unmatched(Ok(amount(proceeds).decimal()))?;
            self.cursor.unmatched_quantity.take_in(quantity(left))?;
            self.cursor.unmatched_proceeds.take_in(amount(proceeds))?;
        }
        self.cursor.paid(fill.fee_asset, short.fee)?;
        self.cursor.applied = self.cursor.applied.saturating_add(1);
        if let Some((worth, plan)) = closing {
            self.closed_short(fills, at, fill, plan, worth.net)?;
        }
        if let Rest::Opens(left, fee) = *rest {
            self.cursor.open.take_in(quantity(left))?;
            self.lots.open(at, fee.map(|fee| Divided::new(quantity(left).decimal(), Some(fee.decimal()))));
        }
        Ok(())
    }

    #[inline(always)]
    fn closed_short(
        &mut self,
        fills: &Fills,
        at: u32,
        fill: &Packed,
        plan: &Plan,
        net: Decimal,
    ) -> Result<(), NumberError> {
        let grid = fills.grid;
        let quantity = Num::new(plan.closed.into(), grid.quantity);
        self.cursor.open.take_in(Num::new(i128::from(plan.closed).wrapping_neg(), grid.quantity))?;
        self.lots.advance(plan.lots, plan.left.as_ref().map(|lot| left(grid, lot)));
        let direction = if fill.side() == Side::Sell { Direction::Long } else { Direction::Short };
        let closed = Closed {
            at,
            time: fill.time,
            tie: fills.beside.sequence(fill, at).unwrap_or(0),
            direction,
            quantity: quantity.decimal(),
            net: Ok(net),
            reported_net: Ok(net),
            held_ms: plan.held_ms,
            held: plan.held.map(|held| Num::new(held, grid.quantity).decimal()),
        };
        self.trades.close(fills, &closed)?;
        self.trip_short(plan.opened, net)?;
        if self.lots.is_empty() {
            self.flat(at, fill.time);
        }
        Ok(())
    }
}

#[inline(always)]
fn whole(grid: Grid, lot: &ShortLot) -> Num {
    Num::new(lot.whole.into(), grid.quantity)
}

/// What is left of a lot, as lots are kept.
#[inline(always)]
fn left(grid: Grid, lot: &ShortLot) -> Divided {
    let mut divided = Divided::new(whole(grid, lot).decimal(), Some(lot.fee.decimal()));
    divided.left = Num::new(lot.left.into(), grid.quantity).decimal();
    divided.fee_left = Some(lot.fee_left.decimal());
    divided
}
