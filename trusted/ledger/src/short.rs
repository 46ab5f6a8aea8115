//! The short way of a fill: of spot and linear instruments that settle in the reporting currency, with numbers of a word,
//! a valued fee, and no flip. It is what `matching.rs` does, in numbers that fit registers: first everything is computed,
//! and where something does not fit, nothing has changed and the fill goes the long way. Both give the same numbers, so that
//! nobody can tell which was taken.

use crate::{
    Decimal, Direction, InstrumentKind, NumberError, Side, Timestamp,
    amount::Num,
    fee::Divided,
    fills::{Fills, OTHER, SETTLEMENT},
    matching::State,
    metrics::{Activity, Closing},
    outcomes::Closed,
    packed::Packed,
};
use core::cmp::Ordering;

/// A fill in short numbers.
#[derive(Clone, Copy)]
struct Short {
    price: Num,
    /// Of the whole fill.
    notional: Num,
    moved: Num,
    fee: Num,
    fee_value: Num,
}

impl Short {
    #[inline(always)]
    fn of(kind: InstrumentKind, fill: &Packed) -> Option<Self> {
        let (quantity, price, fee) = fill.short()?;
        let is_spot = kind == InstrumentKind::Spot;
        let (moved, fee_value) = match fill.fee_asset {
            SETTLEMENT => (quantity, fee),
            _ if fee.is_zero() => (quantity, fee),
            OTHER if is_spot && fill.side() == Side::Buy => (quantity.minus(fee)?, fee.times(price)?),
            OTHER if is_spot => (quantity.plus(fee)?, fee.times(price)?),
            OTHER => (quantity, fee.times(price)?),
            _ => (quantity, fee.times(fill.short_fee_rate()?)?),
        };
        Some(Self { price, notional: quantity.times(price)?, moved, fee, fee_value })
    }
}

/// What is left of a lot, in short numbers.
#[derive(Clone, Copy)]
struct ShortLot {
    whole: Num,
    left: Num,
    fee: Num,
    fee_left: Num,
}

impl ShortLot {
    #[inline(always)]
    fn of(lot: &Divided) -> Option<Self> {
        let (fee, fee_left) = (lot.fee?.num()?, lot.fee_left?.num()?);
        Some(Self { whole: lot.whole.num()?, left: lot.left.num()?, fee, fee_left })
    }
}

/// What a fill closes.
struct Plan {
    matches: u32,
    /// Lots that are closed to the end.
    lots: u32,
    /// What is left of the next.
    left: Option<Divided>,
    cost: Num,
    open_fees: Num,
    opened: Timestamp,
    held_ms: u64,
    held: Option<Num>,
}

impl State {
    /// Applies the next fill, or does nothing at all (`None`).
    pub(crate) fn apply_short(&mut self, fills: &Fills, at: u32) -> Option<Result<(), NumberError>> {
        let fill = fills.get(at)?;
        let short = Short::of(self.terms.kind, fill)?;
        let open = match self.lots.peek(0) {
            Some((opening, _)) => Some(fills.get(opening)?.side()),
            None => None,
        };
        if open.is_some_and(|open| open != fill.side()) {
            let plan = self.plan(fills, fill, &short)?;
            let value =
                if fill.fee_asset == OTHER { short.moved.times(short.price)? } else { short.notional };
            let rise = value.minus(plan.cost)?;
            let gross = if fill.side() == Side::Sell { rise } else { Num::ZERO.minus(rise)? };
            let fees = plan.open_fees.plus(short.fee_value)?;
            let net = gross.minus(fees)?;
            return Some(self.close_short(fills, at, &short, &plan, [value, gross, fees, net]));
        }
        if self.terms.kind == InstrumentKind::Spot && fill.side() == Side::Sell {
            return None;
        }
        Some(self.open_short(fill, at, &short))
    }

    /// Goes through the lots that the fill closes; `None` also where it closes more than there is.
    fn plan(&self, fills: &Fills, fill: &Packed, short: &Short) -> Option<Plan> {
        if self.cursor.open.num()?.compare(short.moved)? == Ordering::Less {
            return None;
        }
        let none = Num::ZERO;
        let mut plan = Plan {
            matches: 0,
            lots: 0,
            left: None,
            cost: none,
            open_fees: none,
            opened: fill.time,
            held_ms: 0,
            held: None,
        };
        let (mut moving, mut closed) = (short.moved, none);
        loop {
            let (opening, part) = self.lots.peek(plan.lots)?;
            let opened = fills.get(opening)?;
            let (lot, price) = match part {
                Some(part) => (ShortLot::of(&part)?, opened.short()?.1),
                None => {
                    let Short { moved, fee_value, price, .. } = Short::of(self.terms.kind, opened)?;
                    (ShortLot { whole: moved, left: moved, fee: fee_value, fee_left: fee_value }, price)
                }
            };
            let order = lot.left.compare(moving)?;
            let (quantity, fee) = if order == Ordering::Greater {
                let share =
                    if lot.fee.is_zero() { lot.fee_left } else { lot.fee.share(moving, lot.whole)? };
                let mut left = Divided::new(lot.whole.decimal(), Some(lot.fee.decimal()));
                left.left = lot.left.minus(moving)?.decimal();
                left.fee_left = Some(lot.fee_left.minus(share)?.decimal());
                plan.left = Some(left);
                (moving, share)
            } else {
                plan.lots = plan.lots.saturating_add(1);
                (lot.left, lot.fee_left)
            };
            let held_ms = fill.time.since(opened.time);
            if plan.matches == 0 {
                (plan.cost, plan.open_fees) = (quantity.times(price)?, fee);
                (plan.opened, plan.held_ms) = (opened.time, held_ms);
            } else {
                plan.cost = plan.cost.plus(quantity.times(price)?)?;
                plan.open_fees = plan.open_fees.plus(fee)?;
                if plan.held.is_some() || plan.held_ms != held_ms {
                    let before = match plan.held {
                        Some(held) => held,
                        None => closed.times(milliseconds(plan.held_ms)?)?,
                    };
                    plan.held = Some(before.plus(quantity.times(milliseconds(held_ms)?)?)?);
                }
                closed = closed.plus(quantity)?;
            }
            if plan.matches == 0 {
                closed = quantity;
            }
            plan.matches = plan.matches.saturating_add(1);
            if order != Ordering::Less {
                return Some(plan);
            }
            moving = moving.minus(quantity)?;
        }
    }

    fn activity_short(&mut self, fill: &Packed, short: &Short) -> Result<(), NumberError> {
        let activity = Activity {
            time: fill.time,
            volume: Ok(short.notional.decimal()),
            liquidity: fill.liquidity(),
            fee: Some(Ok(short.fee_value.decimal())),
        };
        self.months.at(fill.time).settled.fill(&activity)?;
        self.cursor.add_fee(fill.fee_asset, short.fee.decimal(), true)?;
        self.cursor.applied = self.cursor.applied.saturating_add(1);
        Ok(())
    }

    fn open_short(&mut self, fill: &Packed, at: u32, short: &Short) -> Result<(), NumberError> {
        self.activity_short(fill, short)?;
        self.cursor.open.accumulate(short.moved.decimal())?;
        self.lots.open(at, None);
        Ok(())
    }

    fn close_short(
        &mut self,
        fills: &Fills,
        at: u32,
        short: &Short,
        plan: &Plan,
        [value, gross, fees, net]: [Num; 4],
    ) -> Result<(), NumberError> {
        let Some(fill) = fills.get(at) else { return Ok(()) };
        self.activity_short(fill, short)?;
        let closing = Closing {
            matches: plan.matches.into(),
            gross: Ok(gross.decimal()),
            fees: Ok(fees.decimal()),
            cost: Ok(plan.cost.decimal()),
            value: Ok(value.decimal()),
        };
        self.months.at(fill.time).settled.matched(&closing)?;
        let (quantity, net) = (short.moved.decimal(), Ok(net.decimal()));
        self.cursor.open = self.cursor.open.checked_sub(quantity)?;
        self.lots.advance(plan.lots, plan.left);
        let direction = if fill.side() == Side::Sell { Direction::Long } else { Direction::Short };
        let (held, held_ms) = (plan.held.map(Num::decimal), plan.held_ms);
        self.trades.close(
            fills,
            &Closed { at, time: fill.time, direction, quantity, net, reported_net: net, held_ms, held },
        )?;
        self.trip(plan.opened, net, Ok(Decimal::ZERO))?;
        if self.lots.is_empty() {
            self.flat(at, fill.time);
        }
        Ok(())
    }
}

fn milliseconds(held: u64) -> Option<Num> {
    i64::try_from(held).ok().map(|held| Num::new(held, 0))
}
