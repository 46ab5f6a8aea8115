//! Running sums of one currency (METRICS.md sections 2.3 to 2.6). A sum with an unknown part is the first reason why.

use super::tally::{Part, Tally};
use crate::{
    Decimal, Liquidity, Measured, NumberError, Reason, Timestamp,
    amount::Num,
    reason::{add, add_short, sum},
};

/// Sums over fills and matches.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Totals {
    pub(crate) fills: u64,
    pub(crate) first: Option<Timestamp>,
    pub(crate) last: Option<Timestamp>,
    pub(crate) matches: u64,
    /// Volume that made liquidity, that took it, and of which nobody knows.
    volumes: [Measured<Decimal>; 3],
    pub(crate) fees: Measured<Decimal>,
    pub(crate) gross: Measured<Decimal>,
    pub(crate) matched_fees: Measured<Decimal>,
    pub(crate) cost: Measured<Decimal>,
    /// Value of what was closed, at the closing price.
    pub(crate) matched_value: Measured<Decimal>,
    pub(crate) unmatched_proceeds: Measured<Decimal>,
    /// What is not yet part of the sums above.
    tally: Tally,
}

/// What a fill adds, whatever it closes.
#[derive(Clone, Copy)]
pub(crate) struct Activity {
    pub(crate) time: Timestamp,
    pub(crate) volume: Measured<Decimal>,
    pub(crate) liquidity: Liquidity,
    /// `None`: it could not be valued, and stands elsewhere.
    pub(crate) fee: Option<Measured<Decimal>>,
}

/// What the matches of a closing fill add.
#[derive(Clone, Copy)]
pub(crate) struct Closing {
    pub(crate) matches: u64,
    pub(crate) gross: Measured<Decimal>,
    pub(crate) fees: Measured<Decimal>,
    pub(crate) cost: Measured<Decimal>,
    pub(crate) value: Measured<Decimal>,
}

impl Default for Totals {
    fn default() -> Self {
        Self::all(Ok(Decimal::ZERO))
    }
}

impl Totals {
    /// Every amount is unknown.
    pub(crate) fn unknown(why: Reason) -> Self {
        Self::all(Err(why))
    }

    fn all(amount: Measured<Decimal>) -> Self {
        Self {
            fills: 0,
            first: None,
            last: None,
            matches: 0,
            volumes: [amount; 3],
            fees: amount,
            gross: amount,
            matched_fees: amount,
            cost: amount,
            matched_value: amount,
            unmatched_proceeds: amount,
            tally: Tally::default(),
        }
    }

    pub(crate) fn fill(
        &mut self,
        &Activity { time, volume, liquidity, fee }: &Activity,
    ) -> Result<(), NumberError> {
        self.fills = self.fills.saturating_add(1);
        // Fills come in the order of time.
        self.first = self.first.or(Some(time));
        self.last = Some(time);
        let [maker, taker, unknown] = &mut self.volumes;
        let of = match liquidity {
            Liquidity::Maker => maker,
            Liquidity::Taker => taker,
            Liquidity::Unknown => unknown,
        };
        add(of, volume)?;
        fee.map_or(Ok(()), |fee| add(&mut self.fees, fee))
    }

    pub(crate) fn matched(
        &mut self,
        &Closing { matches, gross, fees, cost, value }: &Closing,
    ) -> Result<(), NumberError> {
        self.matches = self.matches.saturating_add(matches);
        add(&mut self.gross, gross)?;
        add(&mut self.matched_fees, fees)?;
        add(&mut self.cost, cost)?;
        add(&mut self.matched_value, value)
    }

    /// As [`Self::fill`], of amounts with so many decimals.
    #[inline(always)]
    pub(crate) fn fill_short(
        &mut self,
        time: Timestamp,
        liquidity: Liquidity,
        scale: u8,
        volume: i128,
        fee: i128,
    ) -> Result<(), NumberError> {
        self.fills = self.fills.saturating_add(1);
        self.first = self.first.or(Some(time));
        self.last = Some(time);
        if self.tally.scale() != scale {
            self.settle(scale)?;
        }
        let of = match liquidity {
            Liquidity::Maker => Part::Maker,
            Liquidity::Taker => Part::Taker,
            Liquidity::Unknown => Part::Unknown,
        };
        self.tell(of, volume)?;
        self.tell(Part::Fees, fee)
    }

    /// As [`Self::matched`], with the decimals of the fill: gross, cost and value; and fees, which may have more.
    #[inline(always)]
    pub(crate) fn matched_short(
        &mut self,
        matches: u32,
        fees: Num,
        [gross, cost, value]: [i128; 3],
    ) -> Result<(), NumberError> {
        self.matches = self.matches.saturating_add(matches.into());
        add_short(&mut self.matched_fees, fees)?;
        self.tell(Part::Gross, gross)?;
        self.tell(Part::Cost, cost)?;
        self.tell(Part::Value, value)
    }

    #[inline(always)]
    fn tell(&mut self, part: Part, amount: i128) -> Result<(), NumberError> {
        if self.tally.add(part, amount) {
            return Ok(());
        }
        self.settle(self.tally.scale())?;
        if self.tally.add(part, amount) { Ok(()) } else { Err(NumberError::Overflow) }
    }

    /// Makes the tally part of the sums, and begins another with these decimals.
    #[cold]
    fn settle(&mut self, scale: u8) -> Result<(), NumberError> {
        let tally = core::mem::replace(&mut self.tally, Tally::new(scale));
        for (part, sum) in self.parts() {
            add(sum, Ok(tally.sum(part)))?;
        }
        Ok(())
    }

    fn parts(&mut self) -> [(Part, &mut Measured<Decimal>); 7] {
        let [maker, taker, unknown] = &mut self.volumes;
        [
            (Part::Maker, maker),
            (Part::Taker, taker),
            (Part::Unknown, unknown),
            (Part::Fees, &mut self.fees),
            (Part::Gross, &mut self.gross),
            (Part::Cost, &mut self.cost),
            (Part::Value, &mut self.matched_value),
        ]
    }

    /// The same sums without a tally.
    fn settled(&self) -> Self {
        let mut all = self.clone();
        let tally = core::mem::take(&mut all.tally);
        for (part, held) in all.parts() {
            *held = sum(*held, Ok(tally.sum(part)));
        }
        all
    }

    pub(crate) fn unmatched(&mut self, proceeds: Measured<Decimal>) -> Result<(), NumberError> {
        add(&mut self.unmatched_proceeds, proceeds)
    }

    /// Of everything.
    pub(crate) fn volume(&self) -> Measured<Decimal> {
        let [.., unknown] = self.volumes;
        sum(self.known_volume(), unknown)
    }

    pub(crate) fn maker_volume(&self) -> Measured<Decimal> {
        let [maker, ..] = self.volumes;
        maker
    }

    /// Volume whose liquidity is known.
    pub(crate) fn known_volume(&self) -> Measured<Decimal> {
        let [maker, taker, _] = self.volumes;
        sum(maker, taker)
    }

    pub(crate) fn net(&self) -> Measured<Decimal> {
        let (gross, fees) = (self.gross?, self.matched_fees?);
        Ok(gross.checked_sub(fees)?)
    }

    /// Both together.
    pub(crate) fn and(self, other: &Self) -> Self {
        let (this, other) = (self.settled(), other.settled());
        Self {
            fills: this.fills.saturating_add(other.fills),
            first: [this.first, other.first].into_iter().flatten().min(),
            last: this.last.max(other.last),
            matches: this.matches.saturating_add(other.matches),
            volumes: {
                let ([a, b, c], [x, y, z]) = (this.volumes, other.volumes);
                [sum(a, x), sum(b, y), sum(c, z)]
            },
            fees: sum(this.fees, other.fees),
            gross: sum(this.gross, other.gross),
            matched_fees: sum(this.matched_fees, other.matched_fees),
            cost: sum(this.cost, other.cost),
            matched_value: sum(this.matched_value, other.matched_value),
            unmatched_proceeds: sum(this.unmatched_proceeds, other.unmatched_proceeds),
            tally: Tally::default(),
        }
    }
}
