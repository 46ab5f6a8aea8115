//! Contracts, as executions and as changes of the unified wallet.

use super::{
    Execution, Told,
    writer::{Head, Writer},
};
use crate::{
    amount::Amount,
    bybit::{contracts, ids},
    random::{hash, name},
    world::contracts::{ContractFill, ContractMarket, FundingPayment},
};

impl Writer<'_> {
    /// What it realized, and its fee.
    pub(super) fn contract(&mut self, market: &ContractMarket, fill: &ContractFill) {
        let of_market = name(market.symbol);
        let of = [self.world.seed, name("contract"), of_market, fill.id];
        let found_ms = self.faults.map_or(fill.time_ms, |faults| faults.found_ms(fill.id, fill.time_ms));
        let head = Head {
            told: Told { found_ms, ..Told::at(fill.time_ms, hash(&of)) },
            category: contracts::category(market).name(),
            symbol: market.symbol.to_owned(),
            side: if fill.buyer { "Buy" } else { "Sell" },
            price: fill.price,
            trade_id: ids::uuid(&of),
            order_id: ids::uuid(&[self.world.seed, name("order"), of_market, fill.order_id]),
        };
        let quantity = contracts::counted(market, fill.quantity);
        let size = self.positions.entry(market.symbol).or_default();
        *size = size.plus(if fill.buyer { quantity } else { quantity.negative() });
        let size = *size;
        self.log(&head, "TRADE", market.settle, fill.realized, fill.fee);
        self.amend(|entry| (entry.quantity, entry.size) = (quantity, size));
        self.execute(
            head,
            fill.sequence,
            (quantity, market.value(fill.quantity, fill.price), fill.fee),
            |one| {
                one.kind = if fill.liquidation { "BustTrade" } else { "Trade" };
                (one.buyer, one.maker) = (fill.buyer, fill.maker);
            },
        );
    }

    /// What is received is a fee below zero in executions, and above zero in the log.
    pub(super) fn funding_payment(&mut self, market: &ContractMarket, payment: &FundingPayment) {
        let of = [self.world.seed, name("funding"), name(market.symbol), payment.time_ms.unsigned_abs()];
        let buyer = payment.quantity.is_positive();
        let head = Head {
            told: Told::at(payment.time_ms, hash(&of)),
            category: contracts::category(market).name(),
            symbol: market.symbol.to_owned(),
            side: if buyer { "Buy" } else { "Sell" },
            price: payment.mark,
            trade_id: ids::uuid(&of),
            order_id: format!("{}-{}", payment.time_ms / 1000, payment.id),
        };
        let held = payment.quantity.max(payment.quantity.negative());
        let (quantity, size) =
            (contracts::counted(market, held), contracts::counted(market, payment.quantity));
        self.log(&head, "SETTLEMENT", market.settle, payment.amount, Amount::ZERO);
        self.amend(|entry| {
            (entry.quantity, entry.size) = (quantity, size);
            (entry.funding, entry.cash_flow) = (Some(payment.amount), Amount::ZERO);
        });
        let value = market.value(held, payment.mark);
        self.execute(head, 0, (quantity, value, payment.amount.negative()), |one| {
            (one.kind, one.buyer) = ("Funding", buyer);
        });
    }

    fn amend(&mut self, amend: impl FnOnce(&mut super::Entry)) {
        if let Some(entry) = self.book.log.last_mut() {
            amend(entry);
        }
    }

    fn execute(
        &mut self,
        head: Head,
        sequence: usize,
        (quantity, value, fee): (Amount, Amount, Amount),
        amend: impl FnOnce(&mut Execution),
    ) {
        let mut execution = Execution {
            told: head.told,
            category: head.category,
            symbol: head.symbol,
            id: head.trade_id,
            order_id: head.order_id,
            sequence,
            kind: "Trade",
            buyer: true,
            maker: false,
            price: head.price,
            quantity,
            value,
            fee,
            fee_coin: "",
        };
        amend(&mut execution);
        self.book.executions.push(execution);
    }
}
