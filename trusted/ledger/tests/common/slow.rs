//! METRICS.md sections 2 and 5 again, slow and obvious: quantities are counted unit by unit, money is in fractions, and
//! every figure is a sum over lists. It has no lots and no shares of fees: each unit carries its part of both fees.

use super::{
    fraction::Fraction,
    world::{Draft, FeeKind, INSTRUMENTS, kind, reporting_rate},
};
use ledger::{Currency, InstrumentKind};
use std::collections::{BTreeMap, VecDeque};

/// A number, or `None`: it does not exist.
pub(crate) type Maybe = Option<Fraction>;

/// One unit that was opened by one fill and closed by another. Amounts are in the settlement asset.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Unit {
    pub(crate) open: usize,
    pub(crate) close: usize,
    pub(crate) long: bool,
    pub(crate) gross: Fraction,
    pub(crate) fees: Maybe,
    pub(crate) cost: Fraction,
    pub(crate) value: Fraction,
}

/// One book: its fills in order, by their index in the drafts, and what follows.
#[derive(Clone, Debug, Default)]
pub(crate) struct SlowBook {
    pub(crate) fills: Vec<usize>,
    pub(crate) units: Vec<Unit>,
    /// Opening fill of each open unit, oldest first.
    pub(crate) open: VecDeque<usize>,
    pub(crate) long: bool,
    /// Selling fill of each unit that had no cost.
    pub(crate) unmatched: Vec<usize>,
    /// Units of each round trip, the last of which may not be over.
    pub(crate) trips: Vec<Vec<Unit>>,
    pub(crate) trip_is_over: bool,
}

/// Amounts of a fill.
pub(crate) struct Money<'a>(pub(crate) &'a Draft);

impl Money<'_> {
    fn multiplier(&self) -> Fraction {
        Fraction::new(INSTRUMENTS[self.0.instrument].4, 100)
    }

    pub(crate) fn price(&self) -> Fraction {
        Fraction::whole(self.0.price)
    }

    /// Of one unit, in the settlement asset.
    pub(crate) fn unit_notional(&self) -> Fraction {
        let contracts = Fraction::new(1, 1000).by(self.multiplier());
        match kind(self.0.instrument) {
            InstrumentKind::Inverse => contracts.over(self.price()),
            _ => contracts.by(self.price()),
        }
    }

    pub(crate) fn notional(&self) -> Fraction {
        self.unit_notional().by(Fraction::whole(self.0.units))
    }

    /// In quote.
    pub(crate) fn volume(&self) -> Fraction {
        match kind(self.0.instrument) {
            InstrumentKind::Inverse => Fraction::new(self.0.units, 1000).by(self.multiplier()),
            _ => self.notional(),
        }
    }

    pub(crate) fn fee(&self) -> Maybe {
        let raw = Fraction::new(self.0.fee, 1000);
        let inverse = kind(self.0.instrument) == InstrumentKind::Inverse;
        match self.0.fee_kind {
            _ if self.0.fee == 0 => Some(Fraction::ZERO),
            FeeKind::Quote if inverse => Some(raw.over(self.price())),
            FeeKind::Base if !inverse => Some(raw.by(self.price())),
            FeeKind::Quote | FeeKind::Base => Some(raw),
            FeeKind::Third(rate) => rate.map(|halves| raw.by(Fraction::new(halves, 2))),
        }
    }

    pub(crate) fn moved_units(&self) -> i128 {
        let base = kind(self.0.instrument) == InstrumentKind::Spot && self.0.fee_kind == FeeKind::Base;
        match (base, self.0.buy) {
            (false, _) => self.0.units,
            (true, true) => self.0.units - self.0.fee,
            (true, false) => self.0.units + self.0.fee,
        }
    }

    /// What one moved unit carries of the fee.
    pub(crate) fn unit_fee(&self) -> Maybe {
        Some(self.fee()?.over(Fraction::whole(self.moved_units())))
    }

    pub(crate) fn converted(&self, amount: Fraction, currency: Currency) -> Maybe {
        match currency {
            Currency::Settlement => Some(amount),
            Currency::Reporting if amount == Fraction::ZERO => Some(amount),
            Currency::Reporting => Some(amount.by(reporting_rate(self.0)?)),
        }
    }
}

/// Books by account and symbol. `times` are those of the fills.
pub(crate) fn books(drafts: &[Draft], times: &[i64]) -> BTreeMap<(usize, usize), SlowBook> {
    let mut order: Vec<usize> = (0..drafts.len()).collect();
    order.sort_by_key(|&at| (times[at], drafts[at].sequence.unwrap_or(0), at));
    let mut books: BTreeMap<(usize, usize), SlowBook> = BTreeMap::new();
    for at in order {
        let draft = &drafts[at];
        books.entry((draft.account, draft.instrument)).or_default().add(drafts, at);
    }
    books
}

impl SlowBook {
    fn add(&mut self, drafts: &[Draft], at: usize) {
        let draft = &drafts[at];
        self.fills.push(at);
        for _ in 0..Money(draft).moved_units() {
            if self.open.is_empty() || self.long == draft.buy {
                if !draft.buy && kind(draft.instrument) == InstrumentKind::Spot {
                    self.unmatched.push(at);
                    continue;
                }
                self.long = draft.buy;
                self.open.push_back(at);
                continue;
            }
            let open = self.open.pop_front().unwrap();
            let unit = unit(drafts, open, at, self.long);
            self.units.push(unit);
            if self.trips.is_empty() || self.trip_is_over {
                self.trips.push(Vec::new());
            }
            self.trips.last_mut().unwrap().push(unit);
            self.trip_is_over = self.open.is_empty();
        }
    }
}

fn unit(drafts: &[Draft], open: usize, close: usize, long: bool) -> Unit {
    let (opened, closed) = (Money(&drafts[open]), Money(&drafts[close]));
    let (cost, value) = (opened.unit_notional(), closed.unit_notional());
    // In quote a long earns what the price gained; in base its notional shrinks as the price rises.
    let rise = match kind(drafts[open].instrument) {
        InstrumentKind::Inverse => cost.minus(value),
        _ => value.minus(cost),
    };
    let gross = if long { rise } else { Fraction::ZERO.minus(rise) };
    let fees = opened.unit_fee().zip(closed.unit_fee()).map(|(open, close)| open.plus(close));
    Unit { open, close, long, gross, fees, cost, value }
}
