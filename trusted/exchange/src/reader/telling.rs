//! Rows of venues whose lists stand each for itself, as findings. A row that comes twice is told once.

use super::{Digest, Markets, instrument};
use crate::{
    Conversion, Crossing, Execution, Finding, FundingPayment, Movement, MovementKind, MovementStatus, Status,
};
use ledger::{Asset, Decimal, Fill, FillId, Instrument, OrderId, Price, Quantity, Symbol, Timestamp};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Tells rows of one account.
pub(crate) struct Telling<'a> {
    account: Arc<str>,
    markets: &'a Markets,
    digest: Digest,
    instruments: BTreeSet<Symbol>,
    told: BTreeSet<(MovementKind, String)>,
    fills: BTreeSet<(Symbol, FillId)>,
}

impl<'a> Telling<'a> {
    pub(crate) fn new(account: &str, markets: &'a Markets) -> Self {
        Self {
            account: Arc::from(account),
            markets,
            digest: Digest::default(),
            instruments: BTreeSet::new(),
            told: BTreeSet::new(),
            fills: BTreeSet::new(),
        }
    }

    /// What was told.
    pub(crate) fn end(self) -> Digest {
        self.digest
    }

    /// What was told, of an account that is several wallets: what left one for another is no change, though both sides are told.
    /// They are of one coin and one amount, ten minutes apart at most. `since` is from when on rows were read: what is closer to it
    /// may have its other side before it, and was told or cancelled by then.
    pub(crate) fn end_as_one(mut self, since: Option<Timestamp>, now: Timestamp) -> Digest {
        let (mut open, mut moved): (Sides, BTreeSet<usize>) = (Sides::new(), BTreeSet::new());
        let findings = core::mem::take(&mut self.digest.findings);
        for (at, finding) in findings.iter().enumerate() {
            let Some((key, came, time)) = side(finding) else { continue };
            let waiting = open.entry((key.clone(), !came)).or_default();
            let near =
                waiting.iter().position(|(_, other)| other.millis().abs_diff(time.millis()) <= MOVE_MS);
            match near.map(|found| waiting.remove(found)) {
                Some((other, _)) => moved.extend([at, other]),
                None => open.entry((key, came)).or_default().push((at, time)),
            }
        }
        let move_ms = i64::try_from(MOVE_MS).unwrap_or(i64::MAX);
        for (at, time) in open.into_values().flatten() {
            if since.is_some_and(|since| time.millis() < since.millis().saturating_add(move_ms)) {
                moved.insert(at);
            } else if time.millis() > now.millis().saturating_sub(move_ms) {
                moved.insert(at);
                self.digest.hold(time);
            }
        }
        let kept = findings.into_iter().enumerate().filter(|(at, _)| !moved.contains(at));
        self.digest.findings = kept.map(|(_, finding)| finding).collect();
        self.digest
    }

    /// A fill, with its instrument before it. A fee in a second asset is a movement beside it.
    pub(crate) fn fill(&mut self, execution: Execution) {
        let listed = self.markets.listings().find(&execution.symbol, execution.board);
        match listed.and_then(instrument) {
            Some(instrument) => self.fill_of(execution, instrument),
            None => {
                self.unread("fills of instruments that the venue lists no more", "what they were is not told")
            }
        }
    }

    /// The same, of an instrument that is known otherwise.
    pub(crate) fn fill_of(&mut self, execution: Execution, instrument: Instrument) {
        let symbol = instrument.symbol.clone();
        let id = FillId::from(execution.id.as_str());
        if !self.fills.insert((symbol.clone(), id.clone())) {
            return;
        }
        let settlement = instrument.settlement().clone();
        if self.instruments.insert(symbol.clone()) {
            self.digest.findings.push(Finding::Instrument(instrument));
        }
        let mut fees = execution.fees.into_iter().filter(|(_, fee)| !fee.is_zero());
        let (fee_asset, fee) = fees.next().unwrap_or((settlement, Decimal::ZERO));
        self.digest.findings.push(Finding::Fills(vec![Fill {
            account: Arc::clone(&self.account),
            symbol: symbol.clone(),
            id,
            order_id: execution.order_id.as_deref().map(OrderId::from),
            time: execution.time,
            sequence: execution.sequence,
            side: execution.side,
            quantity: Quantity(execution.quantity),
            price: Price(execution.price),
            fee,
            fee_asset,
            liquidity: execution.liquidity,
            fee_rate: None,
            reporting_rate: None,
        }]));
        for (asset, fee) in fees {
            let id = format!("{}/{}/{}", symbol.as_str(), execution.id, asset.as_str());
            self.change(MovementKind::Interest, id, (asset, fee.negated()), execution.time);
        }
    }

    /// A deposit or withdrawal.
    pub(crate) fn crossing(&mut self, row: Crossing) {
        let Crossing { id, transaction, incoming, asset, amount, status, time, fee, .. } = row;
        let kind = if incoming { MovementKind::Deposit } else { MovementKind::Withdrawal };
        let id = id
            .or_else(|| transaction.clone())
            .unwrap_or_else(|| format!("{}/{}", time.millis(), asset.as_str()));
        // What a withdrawal is told as is what arrives: the fee comes on top.
        let on_top =
            fee.as_ref().filter(|(of, _)| *of == asset && !incoming).map_or(Decimal::ZERO, |(_, fee)| *fee);
        let Ok(whole) = amount.checked_add(on_top) else {
            return self.unread("a deposit or withdrawal", "its amount is no number that a ledger takes");
        };
        let (received, spent) =
            if incoming { (Some((asset, amount)), None) } else { (None, Some((asset, whole))) };
        let status = settled(&status);
        self.movement(Movement { id, kind, time, received, spent, fee, transaction, status });
    }

    /// Funding, or what else a contract paid without a fill.
    pub(crate) fn funding(&mut self, row: FundingPayment) {
        let FundingPayment { id, symbol, asset, amount, time } = row;
        let id = id.unwrap_or_else(|| format!("{symbol}/{}", time.millis()));
        self.change(MovementKind::Funding, id, (asset, amount), time);
    }

    /// One asset turned into another.
    pub(crate) fn conversion(&mut self, row: Conversion) {
        let Conversion { id, from, to, time } = row;
        let movement = empty(MovementKind::Convert, id, time);
        self.movement(Movement { received: Some(to), spent: Some(from), ..movement });
    }

    /// One change of one balance, with its sign.
    pub(crate) fn change(
        &mut self,
        kind: MovementKind,
        id: String,
        (asset, amount): (Asset, Decimal),
        time: Timestamp,
    ) {
        let movement = empty(kind, id, time);
        if amount.is_negative() {
            self.movement(Movement { spent: Some((asset, amount.negated())), ..movement });
        } else if !amount.is_zero() {
            self.movement(Movement { received: Some((asset, amount)), ..movement });
        }
    }

    /// Anything else that changed balances.
    pub(crate) fn movement(&mut self, movement: Movement) {
        if self.told.insert((movement.kind, movement.id.clone())) {
            self.digest.findings.push(Finding::Movement(movement));
        }
    }

    /// Something of another account of the same key.
    pub(crate) fn within(&mut self, account: &'static str, finding: Finding) {
        let finding = Finding::Within { account, finding: Box::new(finding) };
        if !self.digest.findings.contains(&finding) {
            self.digest.findings.push(finding);
        }
    }

    /// What could not be read, and why.
    pub(crate) fn unread(&mut self, what: &str, why: &'static str) {
        let unread = Finding::Unread { what: what.to_owned(), why };
        if !self.digest.findings.contains(&unread) {
            self.digest.findings.push(unread);
        }
    }

    /// Something of then cannot be told yet.
    pub(crate) fn hold(&mut self, since: Timestamp) {
        self.digest.hold(since);
    }
}

/// How far apart both sides of a move are told at most.
const MOVE_MS: u64 = 600_000;

/// A coin and an amount.
type Moved = (Asset, Decimal);

/// What is open, by what it is and whether it came: its place, and when it was.
type Sides = BTreeMap<(Moved, bool), Vec<(usize, Timestamp)>>;

/// A side of a move between wallets: what moved, whether it came, and when.
fn side(finding: &Finding) -> Option<(Moved, bool, Timestamp)> {
    let Finding::Movement(Movement { kind: MovementKind::Transfer, received, spent, time, .. }) = finding
    else {
        return None;
    };
    match (received, spent) {
        (Some(came), None) => Some((came.clone(), true, *time)),
        (None, Some(went)) => Some((went.clone(), false, *time)),
        _ => None,
    }
}

/// A movement that is settled and moves nothing yet.
pub(crate) fn empty(kind: MovementKind, id: String, time: Timestamp) -> Movement {
    let status = MovementStatus::Settled;
    Movement { id, kind, time, received: None, spent: None, fee: None, transaction: None, status }
}

/// A status that nobody explains is one that waits: it settles, or it never counts.
fn settled(status: &Status) -> MovementStatus {
    match status {
        Status::Ok => MovementStatus::Settled,
        Status::Pending | Status::Other(_) => MovementStatus::Pending,
        Status::Failed | Status::Canceled => MovementStatus::Failed,
    }
}

#[cfg(test)]
mod tests;
