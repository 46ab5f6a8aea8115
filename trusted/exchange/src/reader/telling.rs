//! Rows of venues whose lists stand each for itself, as findings. A row that comes twice is told once.

use super::{Digest, Markets, instrument};
use crate::{
    Conversion, Crossing, Execution, Finding, FundingPayment, Movement, MovementKind, MovementStatus, Status,
};
use ledger::{Asset, Decimal, Fill, FillId, Instrument, OrderId, Price, Quantity, Symbol, Timestamp};
use std::{collections::BTreeSet, sync::Arc};

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
