//! What happened, put in the order of its time and written into the wallets that it changed.

use super::{Detail, Fill, Transaction};
use crate::{
    amount::Amount,
    coinbase::ids,
    faults::Faults,
    random::name,
    world::{
        World,
        account::{Convert, Deposit, Dividend, Dust, Fill as Filled, Withdrawal},
        market::Market,
    },
};
use std::collections::BTreeMap;

/// What fills have at most in one millisecond and still be told apart by their billionths.
const FILLS_A_MILLISECOND: i64 = 1_000_000;

/// Writes a book.
pub(super) struct Writer<'a> {
    world: &'a World,
    faults: Option<&'a Faults>,
    fills: Vec<Fill>,
    wallets: BTreeMap<&'static str, Vec<Transaction>>,
}

/// What transactions of one event have in common.
struct Head<'a> {
    /// Where their ids come from.
    of: &'a [u64],
    time_ms: i64,
    found_ms: i64,
    kind: &'static str,
    status: &'static str,
}

impl<'a> Head<'a> {
    const fn new(kind: &'static str, of: &'a [u64], time_ms: i64) -> Self {
        Self { of, time_ms, found_ms: time_ms, kind, status: "completed" }
    }
}

impl<'a> Writer<'a> {
    pub(super) const fn new(world: &'a World, faults: Option<&'a Faults>) -> Self {
        Self { world, faults, fills: Vec::new(), wallets: BTreeMap::new() }
    }

    pub(super) fn written(mut self) -> (Vec<Fill>, BTreeMap<&'static str, Vec<Transaction>>) {
        let account = &self.world.account;
        account.deposits.iter().for_each(|deposit| self.deposit(deposit));
        account.withdrawals.iter().for_each(|withdrawal| self.withdrawal(withdrawal));
        account.converts.iter().for_each(|convert| self.convert(convert));
        account.dust.iter().for_each(|dust| self.dust(dust));
        account.dividends.iter().for_each(|dividend| self.dividend(dividend));
        let by_market = self.world.markets.iter().zip(&account.fills).enumerate();
        let mut fills: Vec<(usize, &Market, &Filled)> = by_market
            .flat_map(|(index, (market, fills))| fills.iter().map(move |fill| (index, market, fill)))
            .collect();
        fills.sort_by_key(|(.., fill)| (fill.time_ms, fill.sequence));
        fills.into_iter().for_each(|(index, market, fill)| self.fill(index, market, fill));
        for transactions in self.wallets.values_mut() {
            transactions.sort_by_key(|transaction| transaction.time_ms);
        }
        (self.fills, self.wallets)
    }

    fn deposit(&mut self, deposit: &Deposit) {
        let status = if deposit.status == 0 { "pending" } else { "completed" };
        let of = [name("deposit"), deposit.id];
        let head = Head { status, ..Head::new("send", &of, deposit.time_ms) };
        let (network, hash) = (deposit.asset.network, deposit.transaction.clone());
        self.write(&head, deposit.asset.name, deposit.amount, Detail::Received { network, hash });
    }

    fn withdrawal(&mut self, withdrawal: &Withdrawal) {
        let status = match withdrawal.status {
            6 => "completed",
            1 => "canceled",
            _ => "failed",
        };
        let of = [name("withdrawal"), name(&withdrawal.id)];
        let head = Head { status, ..Head::new("send", &of, withdrawal.time_ms) };
        let Withdrawal { asset, amount, fee, .. } = withdrawal;
        let (network, hash) = (asset.network, withdrawal.transaction.clone());
        let detail = Detail::Sent { network, hash, arrives: *amount, fee: *fee };
        self.write(&head, asset.name, amount.plus(*fee).negative(), detail);
    }

    fn convert(&mut self, convert: &Convert) {
        let status = if convert.success { "completed" } else { "failed" };
        let of = [name("convert"), convert.order_id];
        let head = Head { status, ..Head::new("trade", &of, convert.time_ms) };
        self.exchanged(&head, (convert.from, convert.from_amount), (convert.to, convert.to_amount));
    }

    fn dust(&mut self, dust: &Dust) {
        for swept in &dust.swept {
            let of = [name("dust"), swept.id];
            let head = Head::new("trade", &of, dust.time_ms);
            self.exchanged(&head, (swept.asset, swept.amount), ("BNB", swept.received));
        }
    }

    fn exchanged(&mut self, head: &Head<'_>, from: (&'static str, Amount), to: (&'static str, Amount)) {
        let id = || Detail::Trade(ids::uuid("trade of two wallets", head.of));
        self.write(head, from.0, from.1.negative(), id());
        self.write(head, to.0, to.1, id());
    }

    fn dividend(&mut self, dividend: &Dividend) {
        let kind = match dividend.reason {
            "Flexible" => "interest",
            "ETH 2.0 Staking" => "staking_reward",
            "Launchpool distribution" => "earn_payout",
            _ => "incentives_rewards_payout",
        };
        let of = [name("dividend"), dividend.id, dividend.time_ms.unsigned_abs()];
        self.write(&Head::new(kind, &of, dividend.time_ms), dividend.asset, dividend.amount, Detail::None);
    }

    fn fill(&mut self, index: usize, market: &Market, fill: &Filled) {
        let (base, quote) = (market.base.name, market.quote.name);
        let in_quote = fill.fee_asset == quote;
        let commission = if in_quote { fill.fee } else { Amount::ZERO };
        let found_ms = self.faults.map_or(fill.time_ms, |faults| faults.indexed_ms(fill));
        let first_ns = fill.time_ms * FILLS_A_MILLISECOND;
        let sequence_ns = self.fills.last().map_or(first_ns, |last| first_ns.max(last.sequence_ns + 1));
        self.fills.push(Fill {
            id: fill.id,
            order_id: fill.order_id,
            market: index,
            time_ms: fill.time_ms,
            sequence_ns,
            found_ms,
            buyer: fill.buyer,
            maker: fill.maker,
            price: fill.price,
            quantity: fill.quantity,
            commission,
        });
        let place = self.fills.len() - 1;
        let of = [name("fill"), name(&market.symbol), fill.id];
        let head = Head { found_ms, ..Head::new("advanced_trade_fill", &of, fill.time_ms) };
        let (of_base, of_quote) = match fill.buyer {
            true => (fill.quantity, fill.quote.negative()),
            false => (fill.quantity.negative(), fill.quote),
        };
        self.write(&head, base, of_base, Detail::Fill(place));
        self.write(&head, quote, of_quote.minus(commission), Detail::Fill(place));
        if !in_quote && fill.fee.is_positive() {
            let of = [name("fee"), name(&market.symbol), fill.id];
            let head = Head { found_ms, ..Head::new("subscription", &of, fill.time_ms) };
            self.write(&head, fill.fee_asset, fill.fee.negative(), Detail::None);
        }
    }

    fn write(&mut self, head: &Head<'_>, asset: &'static str, amount: Amount, detail: Detail) {
        let of = [&[self.world.seed, name(asset)], head.of].concat();
        let Head { time_ms, found_ms, kind, status, .. } = *head;
        let id = ids::uuid("transaction", &of);
        let transaction = Transaction { id, time_ms, found_ms, kind, status, amount, detail };
        self.wallets.entry(asset).or_default().push(transaction);
    }
}
