//! What fills and lines did to the holdings of an account.
//!
//! A spot fill moves base and quote, and its fee the fee's asset. A contract moves what balances show only when it is
//! closed: then by its profit, at the average entry, which is how venues book it. Between, the position is an exposure
//! that balances do not show: a linear one to its base less what it was entered at, an inverse one to its settlement
//! asset less the contracts' face value in quote. Marked at the prices of the record, balance and exposure together are
//! wallet plus unrealised profit; the basis between a contract and its asset is not part of it. Balances are anchored by
//! observations, exposures come from fills alone.
//!
//! Everything of one instant is one change, so that no order among equals can matter.

use crate::{
    Asset, Decimal, Fill, Instrument, InstrumentKind, LineKind, Lines, Measured, Reason, Side, Timestamp,
    TradeAggregator,
    fee::{Fee, FeeIn},
    reason::{add, sum},
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

/// Decimals of an amount in the quote currency that was converted.
const CONVERTED_DECIMALS: u8 = 30;

/// A change of a holding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Change {
    /// When.
    pub(super) time: Timestamp,
    /// How much.
    pub(super) amount: Decimal,
}

/// Sums over the fills that count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Activity {
    /// What fees took, below zero; in the quote currency.
    pub(super) fees: Measured<Decimal>,
    /// Notional of both sides, in the quote currency.
    pub(super) volume: Measured<Decimal>,
}

impl Activity {
    /// No fill.
    pub(super) const NONE: Self = Self { fees: Ok(Decimal::ZERO), volume: Ok(Decimal::ZERO) };

    /// Both together.
    pub(super) fn and(self, other: &Self) -> Self {
        Self { fees: sum(self.fees, other.fees), volume: sum(self.volume, other.volume) }
    }
}

/// From when on the fills of an account count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span {
    /// In its own figures.
    pub(super) own: Timestamp,
    /// In those of the record.
    pub(super) joined: Timestamp,
    /// The last instant of both.
    pub(super) until: Timestamp,
}

/// What happened to one account.
#[derive(Clone, Debug)]
pub(super) struct Effects {
    /// Changes that balances show, by asset, in order.
    pub(super) balances: BTreeMap<Asset, Vec<Change>>,
    /// Changes of exposures, by asset, in order.
    pub(super) exposures: BTreeMap<Asset, Vec<Change>>,
    /// Assets whose balance may be below zero: contracts settle in them, or interest was paid for them.
    pub(super) settled: BTreeSet<Asset>,
    /// The first thing that is known of it.
    pub(super) first: Option<Timestamp>,
    /// Of its own figures.
    pub(super) own: Activity,
    /// Of the record's figures.
    pub(super) joined: Activity,
}

impl Effects {
    const fn none() -> Self {
        Self {
            balances: BTreeMap::new(),
            exposures: BTreeMap::new(),
            settled: BTreeSet::new(),
            first: None,
            own: Activity::NONE,
            joined: Activity::NONE,
        }
    }

    fn begin(&mut self, time: Timestamp) {
        self.first = Some(self.first.map_or(time, |first| first.min(time)));
    }
}

/// What fills and lines did, by account.
pub(super) fn effects(
    aggregator: &TradeAggregator,
    lines: &Lines,
    spans: &BTreeMap<Arc<str>, Span>,
) -> BTreeMap<Arc<str>, Measured<Effects>> {
    let mut all: BTreeMap<Arc<str>, Measured<Effects>> =
        spans.keys().map(|account| (Arc::clone(account), Ok(Effects::none()))).collect();
    let mut book: Option<Applying<'_>> = None;
    for fill in aggregator.fills() {
        if book.as_ref().is_none_or(|book| !book.holds(&fill)) {
            finish(&mut all, book.take());
            let span = spans.get(&fill.account);
            book = span
                .zip(aggregator.instrument(&fill.symbol))
                .map(|(span, instrument)| Applying::new(&fill, instrument, *span, aggregator.reporting()));
        }
        if let Some(book) = &mut book
            && book.overflow.is_none()
        {
            book.overflow = book.apply(&fill).err();
        }
    }
    finish(&mut all, book);
    for line in lines.iter() {
        let Some((Ok(effects), span)) = all.get_mut(&line.account).zip(spans.get(&line.account)) else {
            continue;
        };
        effects.begin(line.time);
        if line.kind == LineKind::Interest && line.amount.is_negative() {
            // Interest is paid for what is owed.
            effects.settled.insert(line.asset.clone());
        }
        if line.time >= span.own {
            let changes = effects.balances.entry(line.asset.clone()).or_default();
            changes.push(Change { time: line.time, amount: line.amount });
        }
    }
    for effects in all.values_mut() {
        if let Err(why) = effects.as_mut().map_err(|why| *why).and_then(in_order) {
            *effects = Err(why);
        }
    }
    all
}

/// Adds the changes of a book to those of its account.
fn finish(all: &mut BTreeMap<Arc<str>, Measured<Effects>>, book: Option<Applying<'_>>) {
    let Some(book) = book else { return };
    let Some(held) = all.get_mut(&book.account) else { return };
    let Ok(effects) = held else { return };
    if let Some(why) = book.overflow {
        *held = Err(why);
        return;
    }
    let instrument = book.instrument;
    if instrument.kind != InstrumentKind::Spot {
        effects.settled.insert(instrument.settlement().clone());
    }
    effects.first = effects.first.into_iter().chain(book.first).min();
    effects.own = effects.own.and(&book.own);
    // Mostly both count the same.
    let apart = book.span.joined > book.span.own;
    effects.joined = effects.joined.and(if apart { &book.joined } else { &book.own });
    let balances = [(instrument.base.clone(), book.base), (instrument.quote.clone(), book.quote)];
    for (asset, changes) in balances.into_iter().chain(book.others) {
        extend(&mut effects.balances, asset, changes);
    }
    for (asset, changes) in
        [(instrument.base.clone(), book.base_exposure), (instrument.quote.clone(), book.quote_exposure)]
    {
        extend(&mut effects.exposures, asset, changes);
    }
}

fn extend(all: &mut BTreeMap<Asset, Vec<Change>>, asset: Asset, changes: Vec<Change>) {
    if changes.is_empty() {
        return;
    }
    let held = all.entry(asset).or_default();
    if held.is_empty() {
        *held = changes;
    } else {
        held.extend(changes);
    }
}

/// Sorts changes, and makes one of those of an instant.
fn in_order(effects: &mut Effects) -> Measured<()> {
    for changes in effects.balances.values_mut().chain(effects.exposures.values_mut()) {
        // Books are in order already: this sort merges them.
        changes.sort_by_key(|change| change.time);
        let mut overflow = None;
        changes.dedup_by(|next, kept| {
            if next.time != kept.time {
                return false;
            }
            match kept.amount.checked_add(next.amount) {
                Ok(amount) => kept.amount = amount,
                Err(why) => overflow = Some(Reason::from(why)),
            }
            true
        });
        if let Some(why) = overflow {
            return Err(why);
        }
    }
    Ok(())
}

/// The changes of one book.
struct Applying<'a> {
    account: Arc<str>,
    instrument: &'a Instrument,
    span: Span,
    reporting: &'a Asset,
    first: Option<Timestamp>,
    base: Vec<Change>,
    quote: Vec<Change>,
    others: BTreeMap<Asset, Vec<Change>>,
    base_exposure: Vec<Change>,
    quote_exposure: Vec<Change>,
    position: Entered,
    own: Activity,
    joined: Activity,
    overflow: Option<Reason>,
}

impl<'a> Applying<'a> {
    fn new(fill: &Fill, instrument: &'a Instrument, span: Span, reporting: &'a Asset) -> Self {
        Self {
            account: Arc::clone(&fill.account),
            instrument,
            span,
            reporting,
            first: Some(fill.time),
            base: Vec::new(),
            quote: Vec::new(),
            others: BTreeMap::new(),
            base_exposure: Vec::new(),
            quote_exposure: Vec::new(),
            position: Entered::default(),
            own: Activity::NONE,
            joined: Activity::NONE,
            overflow: None,
        }
    }

    fn holds(&self, fill: &Fill) -> bool {
        self.account == fill.account && self.instrument.symbol == fill.symbol
    }

    fn apply(&mut self, fill: &Fill) -> Measured<()> {
        let instrument = self.instrument;
        let counts = fill.time >= self.span.own;
        if !counts && instrument.kind == InstrumentKind::Spot {
            return Ok(());
        }
        let value = notional(instrument, fill)?;
        let sign = |amount: Decimal| if fill.side == Side::Buy { amount } else { amount.negated() };
        match instrument.kind {
            InstrumentKind::Spot => {
                push(&mut self.base, fill.time, sign(fill.quantity.0))?;
                push(&mut self.quote, fill.time, sign(value).negated())?;
            }
            InstrumentKind::Linear => {
                let entered = self.position.moved(sign(fill.quantity.0), sign(value))?;
                let face = sign(fill.quantity.0.checked_mul(instrument.multiplier)?);
                push(&mut self.base_exposure, fill.time, face)?;
                push(&mut self.quote_exposure, fill.time, entered.negated())?;
                if counts {
                    push(&mut self.quote, fill.time, entered.checked_sub(sign(value))?)?;
                }
            }
            InstrumentKind::Inverse => {
                let entered = self.position.moved(sign(fill.quantity.0), sign(value))?;
                let face = sign(fill.quantity.0.checked_mul(instrument.multiplier)?);
                push(&mut self.base_exposure, fill.time, entered)?;
                push(&mut self.quote_exposure, fill.time, face.negated())?;
                if counts {
                    push(&mut self.base, fill.time, sign(value).checked_sub(entered)?)?;
                }
            }
        }
        if !counts {
            return Ok(());
        }
        self.fee(fill)?;
        self.count(fill, value)
    }

    /// The fee leaves the asset that it was paid in.
    fn fee(&mut self, fill: &Fill) -> Measured<()> {
        if fill.fee.is_zero() {
            return Ok(());
        }
        let changes = if fill.fee_asset == self.instrument.base {
            &mut self.base
        } else if fill.fee_asset == self.instrument.quote {
            &mut self.quote
        } else if let Some(changes) = self.others.get_mut(&fill.fee_asset) {
            changes
        } else {
            self.others.entry(fill.fee_asset.clone()).or_default()
        };
        push(changes, fill.time, fill.fee.negated())
    }

    /// Its fee and volume, where they count.
    fn count(&mut self, fill: &Fill, value: Decimal) -> Measured<()> {
        if fill.time > self.span.until {
            return Ok(());
        }
        let reported = |amount| reported(amount, self.instrument, fill, self.reporting);
        let fee = match settled_fee(self.instrument, fill)? {
            Some(fee) if fee.is_zero() => Ok(fee),
            Some(fee) => reported(fee.negated()),
            None => Err(Reason::FeeUnvalued),
        };
        let volume = reported(value);
        add(&mut self.own.fees, fee)?;
        add(&mut self.own.volume, volume)?;
        if self.span.joined > self.span.own && fill.time >= self.span.joined {
            add(&mut self.joined.fees, fee)?;
            add(&mut self.joined.volume, volume)?;
        }
        Ok(())
    }
}

/// Notional in the settlement asset: q·m·p, and for inverse contracts q·m/p.
fn notional(instrument: &Instrument, fill: &Fill) -> Measured<Decimal> {
    let (quantity, price) = (fill.quantity.0, fill.price.0);
    Ok(match instrument.kind {
        InstrumentKind::Spot => quantity.checked_mul(price)?,
        InstrumentKind::Linear => quantity.checked_mul(instrument.multiplier)?.checked_mul(price)?,
        InstrumentKind::Inverse => quantity.checked_mul(instrument.multiplier)?.amount_div(price)?,
    })
}

/// The fee in the settlement asset; `None` for a third asset without a rate.
fn settled_fee(instrument: &Instrument, fill: &Fill) -> Measured<Option<Decimal>> {
    let paid_in = if fill.fee_asset == *instrument.settlement() {
        FeeIn::Settlement
    } else if fill.fee_asset == instrument.base || fill.fee_asset == instrument.quote {
        FeeIn::Other
    } else {
        FeeIn::Third
    };
    let fee = Fee { amount: fill.fee, paid_in, rate: fill.fee_rate.map(|rate| rate.0) };
    Ok(fee.valued(instrument.kind, fill.price.0)?)
}

/// An amount of the settlement asset in the quote currency, at the rate of a fill.
///
/// # Errors
/// `no_price` if the fill has none, `overflow`.
pub(super) fn reported(
    amount: Decimal,
    instrument: &Instrument,
    fill: &Fill,
    reporting: &Asset,
) -> Measured<Decimal> {
    if instrument.settlement() == reporting {
        return Ok(amount);
    }
    let rate = fill.reporting_rate.ok_or(Reason::NoPrice)?;
    Ok(amount.rounded_mul(rate.0, CONVERTED_DECIMALS)?)
}

/// Appends a change; those of one instant are one.
fn push(changes: &mut Vec<Change>, time: Timestamp, amount: Decimal) -> Measured<()> {
    if amount.is_zero() {
        return Ok(());
    }
    match changes.last_mut() {
        Some(last) if last.time == time => last.amount = last.amount.checked_add(amount)?,
        _ => changes.push(Change { time, amount }),
    }
    Ok(())
}

/// A position at its average entry.
#[derive(Clone, Copy, Default)]
struct Entered {
    /// Above zero long.
    quantity: Decimal,
    /// Its notional at entry, with the same sign.
    value: Decimal,
}

impl Entered {
    /// Moves the position. Returns by how much its value at entry changed.
    fn moved(&mut self, quantity: Decimal, value: Decimal) -> Measured<Decimal> {
        let before = *self;
        let same_side = before.quantity.is_zero() || before.quantity.is_negative() == quantity.is_negative();
        self.quantity = before.quantity.checked_add(quantity)?;
        self.value = if same_side {
            before.value.checked_add(value)?
        } else if self.quantity.is_zero() {
            Decimal::ZERO
        } else if self.quantity.is_negative() == before.quantity.is_negative() {
            // What is left keeps the average entry.
            before.value.checked_mul(self.quantity)?.amount_div(before.quantity)?
        } else {
            // Flipped: what is over was entered at the price of this fill.
            value.checked_mul(self.quantity)?.amount_div(quantity)?
        };
        Ok(self.value.checked_sub(before.value)?)
    }
}
