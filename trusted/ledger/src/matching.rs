//! FIFO matching (METRICS.md sections 2.3 to 2.6): what the next fill of a book does to its lots and sums.
//!
//! Not here: the order of fills and what happens to a late one (`book.rs`).

use crate::{
    Asset, Decimal, Direction, Fill, Instrument, InstrumentKind, Liquidity, Lot, Match, Measured, Month,
    NumberError, Reason, Side,
    book::Place,
    fee::{Divided, moved_quantity, valued_fee},
    lot::{notional, profit},
    metrics::{Activity, Closing, Monthly},
    trade::{Closed, Trades},
};
use alloc::{
    collections::{BTreeMap, VecDeque},
    vec::Vec,
};

/// Decimals of an amount that was converted: its rate is a price, and may itself be a rounded quotient.
const CONVERTED_DECIMALS: u8 = 48;

/// What follows from the fills of a book.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct State {
    pub(crate) lots: VecDeque<Lot>,
    pub(crate) matches: Vec<Match>,
    pub(crate) trades: Trades,
    /// In the settlement asset.
    pub(crate) settled: Monthly,
    /// In the reporting currency; empty where that is the settlement asset.
    pub(crate) reported: Monthly,
    pub(crate) fees_by_asset: BTreeMap<Asset, Decimal>,
    pub(crate) fees_unvalued: BTreeMap<Asset, Decimal>,
    pub(crate) unmatched_quantity: Decimal,
    pub(crate) unmatched_proceeds: Decimal,
}

/// The next fill, and what is known of it before it meets a lot.
#[derive(Clone, Copy)]
struct Next<'a> {
    instrument: &'a Instrument,
    place: &'a Place,
    fill: &'a Fill,
    month: Month,
    conversion: Conversion,
}

impl State {
    /// Applies the next fill. On an error this state is not used any more.
    pub(crate) fn apply(
        &mut self,
        instrument: &Instrument,
        reporting: &Asset,
        place: &Place,
        fill: &Fill,
    ) -> Result<(), NumberError> {
        let conversion = Conversion::of(instrument, reporting, fill);
        let next = Next { instrument, place, fill, month: Month::of(fill.time), conversion };
        let fee = self.activity(next)?;
        let mut moving = Divided::new(moved_quantity(instrument, fill)?, fee);
        let closes = match fill.side {
            Side::Buy => Direction::Short,
            Side::Sell => Direction::Long,
        };
        while let Some(lot) = self.lots.front_mut().filter(|lot| lot.direction == closes) {
            let done = close(instrument, lot, fill, &mut moving)?;
            if lot.quantity().is_zero() {
                self.lots.pop_front();
            }
            self.closed(next, done)?;
            if moving.left.is_zero() {
                return Ok(());
            }
        }
        self.rest(next, moving)
    }

    /// Volume and fees (sections 2.4 and 2.6). Returns the fee in the settlement asset.
    fn activity(&mut self, next: Next<'_>) -> Result<Option<Decimal>, NumberError> {
        let Next { instrument, fill, month, conversion, .. } = next;
        let settled = notional(instrument, fill.quantity.0, fill.price)?;
        let volume = match instrument.kind {
            InstrumentKind::Spot | InstrumentKind::Linear => settled,
            InstrumentKind::Inverse => fill.quantity.0.checked_mul(instrument.multiplier)?,
        };
        let maker = match fill.liquidity {
            Liquidity::Maker => Some(true),
            Liquidity::Taker => Some(false),
            Liquidity::Unknown => None,
        };
        let fee = valued_fee(instrument, fill)?;
        let activity = Activity { time: fill.time, volume: Ok(volume), maker, fee: fee.map(Ok) };
        self.settled.of(month).fill(activity)?;
        if conversion != Conversion::Same {
            let volume = conversion.apply(Ok(settled))?;
            let fee = fee.map(|fee| conversion.apply(Ok(fee))).transpose()?;
            self.reported.of(month).fill(Activity { time: fill.time, volume, maker, fee })?;
        }
        if !fill.fee.is_zero() {
            add_to(&mut self.fees_by_asset, &fill.fee_asset, fill.fee)?;
        }
        if fee.is_none() {
            add_to(&mut self.fees_unvalued, &fill.fee_asset, fill.fee)?;
        }
        Ok(fee)
    }

    fn closed(&mut self, next: Next<'_>, done: Match) -> Result<(), NumberError> {
        let Next { instrument, place, fill, month, conversion } = next;
        let fees = done.fees().transpose()?.ok_or(Reason::FeeUnvalued);
        let closing = Closing {
            gross: Ok(done.gross),
            fees,
            cost: Ok(notional(instrument, done.quantity, done.open_price)?),
            value: Ok(notional(instrument, done.quantity, done.close_price)?),
        };
        let net = match fees {
            Ok(fees) => Ok(done.gross.checked_sub(fees)?),
            Err(why) => Err(why),
        };
        self.settled.of(month).matched(closing)?;
        if conversion != Conversion::Same {
            self.reported.of(month).matched(Closing {
                gross: conversion.apply(closing.gross)?,
                fees: conversion.apply(closing.fees)?,
                cost: conversion.apply(closing.cost)?,
                value: conversion.apply(closing.value)?,
            })?;
        }
        let reported_net = conversion.apply(net)?;
        self.trades.closed(Closed { done: &done, fill, place, fees, net, reported_net })?;
        if self.lots.is_empty() {
            self.trades.flat();
        }
        self.matches.push(done);
        Ok(())
    }

    /// What closed no lot: it opens one, but a spot sale beyond the inventory has no known cost (section 2.5).
    fn rest(&mut self, next: Next<'_>, rest: Divided) -> Result<(), NumberError> {
        let Next { instrument, fill, month, conversion, .. } = next;
        if instrument.kind == InstrumentKind::Spot && fill.side == Side::Sell {
            let proceeds = rest.left.checked_mul(fill.price.0)?;
            self.unmatched_quantity = self.unmatched_quantity.checked_add(rest.left)?;
            self.unmatched_proceeds = self.unmatched_proceeds.checked_add(proceeds)?;
            self.settled.of(month).unmatched(Ok(proceeds))?;
            if conversion != Conversion::Same {
                self.reported.of(month).unmatched(conversion.apply(Ok(proceeds))?)?;
            }
            return Ok(());
        }
        self.lots.push_back(Lot {
            id: fill.id.clone(),
            opened: fill.time,
            direction: if fill.side == Side::Buy { Direction::Long } else { Direction::Short },
            price: fill.price,
            open: Divided::new(rest.left, rest.fee_left),
        });
        Ok(())
    }
}

/// Closes as much of a lot as the fill can.
fn close(
    instrument: &Instrument,
    lot: &mut Lot,
    fill: &Fill,
    moving: &mut Divided,
) -> Result<Match, NumberError> {
    let quantity = lot.quantity().min(moving.left);
    Ok(Match {
        open: lot.id.clone(),
        close: fill.id.clone(),
        direction: lot.direction,
        quantity,
        open_price: lot.price,
        close_price: fill.price,
        gross: profit(instrument, lot.direction, quantity, lot.price, fill.price)?,
        open_fee: lot.open.take(quantity)?,
        close_fee: moving.take(quantity)?,
        opened: lot.opened,
        closed: fill.time,
    })
}

fn add_to(sums: &mut BTreeMap<Asset, Decimal>, asset: &Asset, amount: Decimal) -> Result<(), NumberError> {
    match sums.get_mut(asset) {
        Some(sum) => *sum = sum.checked_add(amount)?,
        None => {
            sums.insert(asset.clone(), amount);
        }
    }
    Ok(())
}

/// How an amount of a fill becomes one in the reporting currency.
#[derive(Clone, Copy, PartialEq)]
enum Conversion {
    /// The settlement asset is the reporting currency.
    Same,
    /// Times this rate.
    At(Decimal),
    /// Not at all: nobody knows the rate.
    Unknown,
}

impl Conversion {
    fn of(instrument: &Instrument, reporting: &Asset, fill: &Fill) -> Self {
        if instrument.settlement() == reporting {
            return Self::Same;
        }
        fill.reporting_rate.map_or(Self::Unknown, |rate| Self::At(rate.0))
    }

    /// Nothing is nothing in any currency.
    fn apply(self, amount: Measured<Decimal>) -> Result<Measured<Decimal>, NumberError> {
        match (self, amount) {
            (Self::At(rate), Ok(amount)) => amount.rounded_mul(rate, CONVERTED_DECIMALS).map(Ok),
            (Self::Unknown, Ok(amount)) if !amount.is_zero() => Ok(Err(Reason::NoPrice)),
            (_, amount) => Ok(amount),
        }
    }
}
