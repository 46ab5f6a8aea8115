//! A fill as a book keeps it: 80 bytes, where almost every number and id has its place. What is longer stands in a table
//! beside, and the place says where.

use crate::{
    Decimal, Fill, Liquidity, Price, Side, Timestamp,
    grid::{Grid, lifted},
    id::Id,
    log::count,
};
use alloc::{sync::Arc, vec::Vec};

/// A scale that says: no number.
const NONE: u8 = 254;
/// A scale that says: the number stands beside.
const BESIDE: u8 = 255;

/// A fill. What belongs to each bit is in [`flag`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Packed {
    pub(crate) time: Timestamp,
    id: u64,
    order: u64,
    quantity: i64,
    price: i64,
    fee: i64,
    fee_rate: i64,
    reporting_rate: i64,
    scales: [u8; 5],
    flags: u8,
    pub(crate) fee_asset: u16,
}

/// Bits of a packed fill.
mod flag {
    pub(super) const SELL: u8 = 1;
    pub(super) const MAKER: u8 = 2;
    pub(super) const TAKER: u8 = 4;
    pub(super) const ID_BESIDE: u8 = 8;
    pub(super) const ORDER: u8 = 16;
    pub(super) const ORDER_BESIDE: u8 = 32;
    pub(super) const SEQUENCE: u8 = 64;
}

/// What does not fit a packed fill.
#[derive(Clone, Debug, Default)]
pub(crate) struct Beside {
    texts: Vec<Arc<str>>,
    numbers: Vec<Decimal>,
    /// Of fills that have one, by their index.
    sequences: Vec<(u32, u64)>,
}

/// How much there was, to return to.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BesideMark {
    texts: usize,
    numbers: usize,
    sequences: usize,
}

/// The numbers of a fill where each fits a word: quantity, price, fee, fee rate and reporting rate.
#[derive(Clone, Copy)]
pub(crate) struct Words {
    mantissas: [i64; 5],
    scales: [u8; 5],
}

impl Words {
    /// `None`: one of them is longer.
    #[inline(always)]
    pub(crate) fn of(fill: &Fill) -> Option<Self> {
        let rate = |rate: &Option<Price>| rate.as_ref().map_or(Some((0, NONE)), |rate| rate.0.short());
        let (quantity, price, fee) = (fill.quantity.0.short()?, fill.price.0.short()?, fill.fee.short()?);
        let (fee_rate, reporting_rate) = (rate(&fill.fee_rate)?, rate(&fill.reporting_rate)?);
        let numbers = [quantity, price, fee, fee_rate, reporting_rate];
        Some(Self {
            mantissas: numbers.map(|(mantissa, _)| mantissa),
            scales: numbers.map(|(_, scale)| scale),
        })
    }

    /// They are the numbers of a packed fill, where those are short too.
    #[inline(always)]
    pub(crate) fn are_of(&self, fill: &Packed) -> bool {
        let held = [fill.quantity, fill.price, fill.fee, fill.fee_rate, fill.reporting_rate];
        let ours = self.mantissas.iter().zip(self.scales);
        ours.zip(held.iter().zip(fill.scales)).all(|((ours, scale), (held, held_scale))| {
            held_scale != BESIDE && lifted(*ours, scale, held_scale) == Some(*held)
        })
    }

    /// Every number but the fee is above zero.
    #[inline(always)]
    pub(crate) const fn are_positive(&self) -> bool {
        let [quantity, price, _, fee_rate, reporting_rate] = self.mantissas;
        let [.., fee_rate_scale, reporting_rate_scale] = self.scales;
        quantity > 0
            && price > 0
            && (fee_rate > 0 || fee_rate_scale == NONE)
            && (reporting_rate > 0 || reporting_rate_scale == NONE)
    }
}

impl Beside {
    fn text(&mut self, text: &Arc<str>) -> u64 {
        self.texts.push(Arc::clone(text));
        u64::from(count(self.texts.len()).wrapping_sub(1))
    }

    fn number(&mut self, number: Decimal) -> (i64, u8) {
        number.short().unwrap_or_else(|| {
            self.numbers.push(number);
            (i64::from(count(self.numbers.len()).wrapping_sub(1)), BESIDE)
        })
    }

    fn rate(&mut self, rate: Option<Price>) -> (i64, u8) {
        rate.map_or((0, NONE), |rate| self.number(rate.0))
    }

    #[cold]
    fn words(&mut self, fill: &Fill) -> Words {
        let numbers = [
            self.number(fill.quantity.0),
            self.number(fill.price.0),
            self.number(fill.fee),
            self.rate(fill.fee_rate),
            self.rate(fill.reporting_rate),
        ];
        Words { mantissas: numbers.map(|(mantissa, _)| mantissa), scales: numbers.map(|(_, scale)| scale) }
    }

    /// Packs the fill that will have this index.
    #[inline(always)]
    pub(crate) fn pack(&mut self, at: u32, fill: &Fill, words: Option<Words>, fee_asset: u16) -> Packed {
        let mut flags = if fill.side == Side::Sell { flag::SELL } else { 0 };
        flags |= match fill.liquidity {
            Liquidity::Maker => flag::MAKER,
            Liquidity::Taker => flag::TAKER,
            Liquidity::Unknown => 0,
        };
        let id = match &fill.id.0 {
            Id::Number(number) => *number,
            Id::Text(text) => {
                flags |= flag::ID_BESIDE;
                self.text(text)
            }
        };
        let order = match fill.order_id.as_ref().map(|order| &order.0) {
            None => 0,
            Some(Id::Number(number)) => {
                flags |= flag::ORDER;
                *number
            }
            Some(Id::Text(text)) => {
                flags |= flag::ORDER | flag::ORDER_BESIDE;
                self.text(text)
            }
        };
        if let Some(sequence) = fill.sequence {
            flags |= flag::SEQUENCE;
            self.sequences.push((at, sequence));
        }
        let Words { mantissas, scales } = words.unwrap_or_else(|| self.words(fill));
        let [quantity, price, fee, fee_rate, reporting_rate] = mantissas;
        let time = fill.time;
        Packed { time, id, order, quantity, price, fee, fee_rate, reporting_rate, scales, flags, fee_asset }
    }

    /// How much there is.
    pub(crate) fn mark(&self) -> BesideMark {
        BesideMark { texts: self.texts.len(), numbers: self.numbers.len(), sequences: self.sequences.len() }
    }

    /// Forgets what came since.
    pub(crate) fn rewind(&mut self, mark: BesideMark) {
        self.texts.truncate(mark.texts);
        self.numbers.truncate(mark.numbers);
        self.sequences.truncate(mark.sequences);
    }

    #[inline]
    fn value(&self, mantissa: i64, scale: u8) -> Option<Decimal> {
        if scale < NONE {
            return Some(Decimal::from_short(mantissa, scale));
        }
        self.beside(mantissa, scale)
    }

    #[cold]
    fn beside(&self, mantissa: i64, scale: u8) -> Option<Decimal> {
        if scale == NONE { None } else { self.numbers.get(usize::try_from(mantissa).ok()?).copied() }
    }

    fn id(&self, number: u64, beside: bool) -> Id {
        if !beside {
            return Id::Number(number);
        }
        let text = usize::try_from(number).ok().and_then(|at| self.texts.get(at));
        text.map_or_else(|| Id::read(""), |text| Id::Text(Arc::clone(text)))
    }

    /// The sequence number of a fill, by its index.
    #[inline(always)]
    pub(crate) fn sequence(&self, fill: &Packed, at: u32) -> Option<u64> {
        if fill.flags & flag::SEQUENCE == 0 { None } else { self.sequence_of(at) }
    }

    #[inline(never)]
    fn sequence_of(&self, at: u32) -> Option<u64> {
        let found = self.sequences.binary_search_by_key(&at, |(at, _)| *at).ok()?;
        self.sequences.get(found).map(|(_, sequence)| *sequence)
    }
}

impl Packed {
    #[inline]
    pub(crate) fn side(&self) -> Side {
        if self.flags & flag::SELL == 0 { Side::Buy } else { Side::Sell }
    }

    pub(crate) fn liquidity(&self) -> Liquidity {
        match self.flags & (flag::MAKER | flag::TAKER) {
            flag::MAKER => Liquidity::Maker,
            flag::TAKER => Liquidity::Taker,
            _ => Liquidity::Unknown,
        }
    }

    /// Its id, if that is a number.
    #[inline]
    pub(crate) fn id_number(&self) -> Option<u64> {
        (self.flags & flag::ID_BESIDE == 0).then_some(self.id)
    }

    pub(crate) fn id(&self, beside: &Beside) -> Id {
        beside.id(self.id, self.flags & flag::ID_BESIDE != 0)
    }

    /// Its order, if that is a number.
    #[inline]
    pub(crate) fn order_number(&self) -> Option<u64> {
        (self.flags & (flag::ORDER | flag::ORDER_BESIDE) == flag::ORDER).then_some(self.order)
    }

    /// It belongs to an order.
    #[inline]
    pub(crate) fn has_order(&self) -> bool {
        self.flags & flag::ORDER != 0
    }

    pub(crate) fn order(&self, beside: &Beside) -> Option<Id> {
        self.has_order().then(|| beside.id(self.order, self.flags & flag::ORDER_BESIDE != 0))
    }

    /// Writes quantity and price with the decimals of its book, and makes room there for more. `decimals` are those that the
    /// fee gives to the quantity, and to its own value.
    #[inline]
    pub(crate) fn settle(&mut self, grid: &mut Grid, decimals: impl Fn(&Self) -> (u8, u8)) {
        let [quantity, price, ..] = &mut self.scales;
        grid.settle_price(&mut self.price, price);
        grid.settle_quantity(&mut self.quantity, quantity);
        let (of_quantity, of_value) = decimals(self);
        grid.widen_quantity(of_quantity);
        grid.widen_amount(of_value);
    }

    /// Quantity, price, fee and its rate as they are written: mantissas and scales. A scale of [`NONE`] or more is none.
    #[inline(always)]
    pub(crate) const fn words(&self) -> ([i64; 4], [u8; 4]) {
        let [quantity, price, fee, fee_rate, _] = self.scales;
        ([self.quantity, self.price, self.fee, self.fee_rate], [quantity, price, fee, fee_rate])
    }

    #[inline]
    pub(crate) fn quantity(&self, beside: &Beside) -> Decimal {
        let [scale, ..] = self.scales;
        beside.value(self.quantity, scale).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn price(&self, beside: &Beside) -> Decimal {
        let [_, scale, ..] = self.scales;
        beside.value(self.price, scale).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn fee(&self, beside: &Beside) -> Decimal {
        let [_, _, scale, ..] = self.scales;
        beside.value(self.fee, scale).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn fee_rate(&self, beside: &Beside) -> Option<Decimal> {
        let [.., scale, _] = self.scales;
        beside.value(self.fee_rate, scale)
    }

    #[inline]
    pub(crate) fn reporting_rate(&self, beside: &Beside) -> Option<Decimal> {
        let [.., scale] = self.scales;
        beside.value(self.reporting_rate, scale)
    }

    /// The same fill with these rates.
    pub(crate) fn with_rates(
        self,
        fee_rate: Option<Price>,
        reporting_rate: Option<Price>,
        beside: &mut Beside,
    ) -> Self {
        let (fee_rate, fee_rate_scale) = beside.rate(fee_rate);
        let (reporting_rate, reporting_rate_scale) = beside.rate(reporting_rate);
        let [quantity, price, fee, ..] = self.scales;
        let scales = [quantity, price, fee, fee_rate_scale, reporting_rate_scale];
        Self { fee_rate, reporting_rate, scales, ..self }
    }
}
