//! What a set of figures is about: one account over its own history, or all accounts of a record together.
//!
//! An account counts in a record from its registration there; what it was before stands in its own figures. So nobody
//! improves a record by adding an account whose past was good. The accounts that the record began with, those of the
//! earliest registration, count from their own beginning: with them nothing was chosen afterwards, and the figures of a
//! record of one account are that account's. An account that joins later, also one whose history begins later, brings its
//! equity of that instant as a flow.

use super::{
    Account,
    effects::{Activity, Change, Span, reported},
    history::{History, Track},
    transfers::Transfer,
};
use crate::{
    Asset, Decimal, Instrument, InstrumentKind, Line, LineKind, Lines, Measured, Side, Timestamp,
    TradeAggregator,
};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    vec::Vec,
};

/// A holding of one account, from when it counts.
#[derive(Clone, Copy)]
struct Counted<'a> {
    /// `None`: from the beginning.
    joined: Option<Timestamp>,
    track: &'a Track,
}

/// Why a holding changed otherwise than by fills.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause<'a> {
    /// A line of that kind; legs of one exchange have the same account and id.
    Line(LineKind, Option<(&'a str, &'a str)>),
    /// Nothing explains it.
    Unexplained,
    /// Its account joined.
    Joined,
}

/// A change of a holding otherwise than by fills.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved<'a> {
    pub(super) time: Timestamp,
    pub(super) asset: &'a Asset,
    pub(super) amount: Decimal,
    pub(super) cause: Cause<'a>,
}

/// One account of a scope.
pub(super) struct Member<'a> {
    pub(super) name: &'a Arc<str>,
    pub(super) account: &'a Account,
    pub(super) history: &'a History,
    /// From when on it counts.
    pub(super) joined: Timestamp,
    /// The first thing that is known of it.
    pub(super) first: Option<Timestamp>,
}

/// One account, or several.
pub(super) struct Scope<'a> {
    /// From when on there is equity.
    pub(super) from: Timestamp,
    /// The last instant.
    pub(super) until: Timestamp,
    pub(super) members: Vec<Member<'a>>,
    /// What is not by fills, up to the last instant.
    pub(super) moved: Vec<Moved<'a>>,
    pub(super) activity: Activity,
    aggregator: &'a TradeAggregator,
    holdings: BTreeMap<&'a Asset, Vec<Counted<'a>>>,
    /// On its way from one account to another.
    transit: BTreeMap<&'a Asset, Track>,
}

/// A sale of an asset for money.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sale {
    pub(super) time: Timestamp,
    pub(super) quantity: Decimal,
    /// What it brought, in the quote currency.
    pub(super) value: Decimal,
}

/// At which side of an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// Before everything; of the first instant of all, too.
    Opening,
    /// After all of it.
    After(Timestamp),
}

impl<'a> Scope<'a> {
    /// Of members, of which there is at least one.
    ///
    /// # Errors
    /// `overflow`.
    pub(super) fn of(
        members: Vec<Member<'a>>,
        aggregator: &'a TradeAggregator,
        lines: &'a Lines,
        transfers: &[Transfer<'a>],
        until: Timestamp,
    ) -> Measured<Option<Self>> {
        let Some(from) = members.iter().map(|member| member.joined).min() else { return Ok(None) };
        let mut scope = Self {
            from,
            until,
            members: Vec::new(),
            moved: Vec::new(),
            activity: Activity::NONE,
            aggregator,
            holdings: BTreeMap::new(),
            transit: BTreeMap::new(),
        };
        let alone = members.len() == 1;
        for member in &members {
            let joined = (member.joined > from).then_some(member.joined);
            for (asset, tracks) in &member.history.tracks {
                let counted = tracks.iter().map(|track| Counted { joined, track });
                scope.holdings.entry(asset).or_default().extend(counted);
            }
            let activity = if alone { &member.history.own } else { &member.history.joined };
            scope.activity = scope.activity.and(activity);
            scope.joins(member, joined)?;
        }
        scope.lines(&members, lines, transfers)?;
        scope.members = members;
        scope.moved.retain(|moved| moved.time <= until && !moved.amount.is_zero());
        // Stable, and of one instant only sums matter.
        scope.moved.sort_by_key(|moved| moved.time);
        Ok(Some(scope))
    }

    fn joins(&mut self, member: &Member<'a>, joined: Option<Timestamp>) -> Measured<()> {
        let unexplained = member.history.unexplained.iter().filter(|found| found.time >= member.joined);
        self.moved.extend(unexplained.map(|found| Moved {
            time: found.time,
            asset: &found.asset,
            amount: found.amount,
            cause: Cause::Unexplained,
        }));
        let Some(time) = joined else { return Ok(()) };
        for (asset, tracks) in &member.history.tracks {
            let mut amount = Decimal::ZERO;
            for track in tracks {
                amount = amount.checked_add(track.before(time))?;
            }
            self.moved.push(Moved { time, asset, amount, cause: Cause::Joined });
        }
        Ok(())
    }

    fn lines(
        &mut self,
        members: &[Member<'a>],
        lines: &'a Lines,
        transfers: &[Transfer<'a>],
    ) -> Measured<()> {
        let joined: BTreeMap<&str, Timestamp> =
            members.iter().map(|member| (&**member.name, member.joined)).collect();
        let mut own: BTreeSet<*const Line> = BTreeSet::new();
        let mut transit: BTreeMap<&'a Asset, Vec<Change>> = BTreeMap::new();
        for Transfer { sent, received } in transfers {
            own.extend([core::ptr::from_ref(*sent), core::ptr::from_ref(*received)]);
            let changes = transit.entry(&sent.asset).or_default();
            changes.push(Change { time: sent.time, amount: sent.amount.negated() });
            changes.push(Change { time: received.time, amount: sent.amount });
            self.moved.push(Moved {
                time: received.time,
                asset: &sent.asset,
                amount: received.amount.checked_add(sent.amount)?,
                cause: Cause::Line(LineKind::NetworkFee, None),
            });
        }
        for (asset, mut changes) in transit {
            changes.sort_by_key(|change| change.time);
            self.transit.insert(asset, Track::of(&changes)?);
        }
        let counted = lines.iter().filter(|line| {
            joined.get(&*line.account).is_some_and(|joined| line.time >= *joined)
                && (transfers.is_empty() || !own.contains(&core::ptr::from_ref(*line)))
        });
        self.moved.extend(counted.map(|line| Moved {
            time: line.time,
            asset: &line.asset,
            amount: line.amount,
            cause: Cause::Line(line.kind, Some((&line.account, &line.id))),
        }));
        Ok(())
    }

    /// Spot sales of some assets, for what can be valued.
    ///
    /// # Errors
    /// `overflow`.
    pub(super) fn sales(&self, assets: &BTreeSet<&Asset>) -> Measured<BTreeMap<Asset, Vec<Sale>>> {
        let mut sales: BTreeMap<Asset, Vec<Sale>> = BTreeMap::new();
        let reporting = self.aggregator.reporting();
        let traded = |instrument: &Instrument| {
            instrument.kind == InstrumentKind::Spot && assets.contains(&instrument.base)
        };
        if !self.aggregator.instruments().any(traded) {
            return Ok(sales);
        }
        let member = |name: &str| self.members.iter().any(|member| **member.name == *name);
        for fill in self.aggregator.fills().filter(|fill| fill.side == Side::Sell && member(&fill.account)) {
            let instrument = self.aggregator.instrument(&fill.symbol).filter(|instrument| traded(instrument));
            let Some(instrument) = instrument else { continue };
            let value = fill.quantity.0.checked_mul(fill.price.0)?;
            if let Ok(value) = reported(value, instrument, &fill, reporting) {
                let sale = Sale { time: fill.time, quantity: fill.quantity.0, value };
                sales.entry(instrument.base.clone()).or_default().push(sale);
            }
        }
        Ok(sales)
    }

    /// What is held, assets of which there is none left out.
    ///
    /// # Errors
    /// `overflow`.
    pub(super) fn held(&self, edge: Edge) -> Measured<Vec<(&'a Asset, Decimal)>> {
        let mut held = Vec::new();
        for (asset, counted) in &self.holdings {
            let mut amount = match self.transit.get(asset) {
                Some(transit) => match edge {
                    Edge::Opening => Decimal::ZERO,
                    Edge::After(time) => transit.at(time),
                },
                None => Decimal::ZERO,
            };
            for Counted { track, .. } in counted.iter().filter(|counted| counts(counted.joined, edge)) {
                let of_one = match edge {
                    Edge::Opening => track.before(self.from),
                    Edge::After(time) => track.at(time),
                };
                if !of_one.is_zero() {
                    amount = amount.checked_add(of_one)?;
                }
            }
            if !amount.is_zero() {
                held.push((*asset, amount));
            }
        }
        Ok(held)
    }
}

fn counts(joined: Option<Timestamp>, edge: Edge) -> bool {
    match (joined, edge) {
        (None, _) => true,
        (Some(_), Edge::Opening) => false,
        (Some(joined), Edge::After(time)) => joined <= time,
    }
}

/// From when on each account counts (see above).
pub(super) fn spans(accounts: &BTreeMap<Arc<str>, Account>, until: Timestamp) -> BTreeMap<Arc<str>, Span> {
    let first = accounts.values().map(|account| account.registered).min();
    let span = |account: &Account| {
        let founding = Some(account.registered) == first;
        let own = account.complete_from;
        Span { own, joined: if founding { own } else { own.max(account.registered) }, until }
    };
    accounts.iter().map(|(name, account)| (Arc::clone(name), span(account))).collect()
}
