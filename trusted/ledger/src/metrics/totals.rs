//! Running sums of one currency (METRICS.md sections 2.3 to 2.6). A sum with an unknown part is the first reason why.

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

    /// As [`Self::fill`], of short amounts.
    #[inline(always)]
    pub(crate) fn fill_short(
        &mut self,
        time: Timestamp,
        liquidity: Liquidity,
        volume: Num,
        fee: Num,
    ) -> Result<(), NumberError> {
        self.fills = self.fills.saturating_add(1);
        self.first = self.first.or(Some(time));
        self.last = Some(time);
        // An index, since which of them it is cannot be foreseen.
        let at = match liquidity {
            Liquidity::Maker => 0,
            Liquidity::Taker => 1,
            Liquidity::Unknown => 2_usize,
        };
        if let Some(of) = self.volumes.get_mut(at) {
            add_short(of, volume)?;
        }
        add_short(&mut self.fees, fee)
    }

    /// As [`Self::matched`], of short amounts: gross, fees, cost and value.
    #[inline(always)]
    pub(crate) fn matched_short(
        &mut self,
        matches: u32,
        [gross, fees, cost, value]: [Num; 4],
    ) -> Result<(), NumberError> {
        self.matches = self.matches.saturating_add(matches.into());
        add_short(&mut self.gross, gross)?;
        add_short(&mut self.matched_fees, fees)?;
        add_short(&mut self.cost, cost)?;
        add_short(&mut self.matched_value, value)
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
        Self {
            fills: self.fills.saturating_add(other.fills),
            first: [self.first, other.first].into_iter().flatten().min(),
            last: self.last.max(other.last),
            matches: self.matches.saturating_add(other.matches),
            volumes: {
                let ([a, b, c], [x, y, z]) = (self.volumes, other.volumes);
                [sum(a, x), sum(b, y), sum(c, z)]
            },
            fees: sum(self.fees, other.fees),
            gross: sum(self.gross, other.gross),
            matched_fees: sum(self.matched_fees, other.matched_fees),
            cost: sum(self.cost, other.cost),
            matched_value: sum(self.matched_value, other.matched_value),
            unmatched_proceeds: sum(self.unmatched_proceeds, other.unmatched_proceeds),
        }
    }
}
